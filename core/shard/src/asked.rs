//! A question as it was asked. It is all that is kept while it waits: never a half-built answer.

use ottla_log::Absent;
use ottla_machine::{Offset, Ticket};
use ottla_protocol::ErrorCode;

use crate::tickets::Claim;
use crate::{PartitionId, Question, Read};

/// Who is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asker {
    /// Somebody who has just asked.
    Now(Ticket),
    /// Somebody who waits.
    Waits(Claim),
    /// The coordinator in this slot, which reads its own log; the slot's generation.
    Loader(u32, u32),
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    /// A read.
    Read(Read),
    /// Another question.
    Question(PartitionId, Question),
}

/// A question as it was asked, and how often it lacked something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Who asks.
    pub asker: Asker,
    /// What.
    pub what: What,
    /// Blocks it lacked.
    pub faults: u8,
    /// The segment that it last waited for.
    pub warmed: Option<Offset>,
    /// What had been taken when it first asked for the end, which is flushed now, or undone; or below what everything was to be given up,
    /// which is done.
    pub end: Option<Offset>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// Refused.
    Refused(ErrorCode, Option<String>),
    /// The log is not open yet.
    Open,
    /// Everything below must be flushed first.
    Flush(Offset),
    /// Everything below must be given up first.
    Delete(Offset),
    /// Something of an old segment.
    Old(Absent),
}

impl From<ErrorCode> for Lack {
    fn from(error: ErrorCode) -> Lack {
        Lack::Refused(error, None)
    }
}

impl From<Absent> for Lack {
    fn from(absent: Absent) -> Lack {
        match absent {
            Absent::OutOfRange => ErrorCode::OffsetOutOfRange.into(),
            Absent::Closed => ErrorCode::KafkaStorageError.into(),
            Absent::Damaged(why) => Lack::Refused(ErrorCode::KafkaStorageError, Some(why)),
            old => Lack::Old(old),
        }
    }
}

impl What {
    /// Of which partition.
    pub fn partition(&self) -> PartitionId {
        match self {
            What::Read(read) => read.partition,
            What::Question(partition, _) => *partition,
        }
    }
}
