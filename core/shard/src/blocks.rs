//! Blocks of old data that questions lack: one `Read` per block whoever waits for it, perhaps a job that unpacks it, then everybody asks
//! again. What was read stays in [`ottla_log::Blocks`], bounded.
//!
//! | a block is | on | becomes |
//! |---|---|---|
//! | absent | a question lacks it | reading |
//! | reading | read | held, or unpacking |
//! | unpacking | unpacked | held |
//! | reading, unpacking | a fault, a batch that is none | absent; who waited is told |
//!
//! B2: a block is read once for all that wait for it.

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_log::{BlockKey, Blocks, LogJob};
use ottla_machine::{DiskOp, DiskOutput, Fault, Switch};

use crate::asked::Asked;
use crate::limits;

/// Who waits for a block, and in which slot's life the question is at home.
#[derive(Clone, Debug)]
pub(crate) struct Lacking {
    /// The replica's slot.
    pub slot: u32,
    /// Which life of the slot.
    pub generation: u32,
    /// The question.
    pub asked: Asked,
}

/// What to do next about a block.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    /// Nothing: it is on its way.
    Wait,
    /// Read it.
    Read(u64, DiskOp),
    /// Unpack it.
    Unpack(u64, LogJob),
    /// These may ask again.
    Ask(Vec<Lacking>),
    /// These cannot be answered.
    Fail(Vec<Lacking>, Failure),
}

/// Why a block will not come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The disk failed.
    Fault(Fault),
    /// What lies there is no batch.
    Damaged(String),
}

/// The blocks held and those on their way.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    held: Blocks,
    lacking: BTreeMap<BlockKey, Vec<Lacking>>,
    coming: BTreeMap<u64, BlockKey>,
}

impl Faults {
    pub(crate) fn new(switch: Switch) -> Faults {
        Faults {
            held: Blocks::new(limits::BLOCK_BYTES.of(switch)),
            lacking: BTreeMap::new(),
            coming: BTreeMap::new(),
        }
    }

    /// What questions read from.
    pub fn held(&self) -> &Blocks {
        &self.held
    }

    /// A question lacks a block. `number` is for the operation, if there must be one.
    pub fn want(&mut self, key: BlockKey, lacking: Lacking, number: u64) -> Next {
        let waiting = self.lacking.entry(key).or_default();
        waiting.push(lacking);
        if waiting.len() > 1 {
            return Next::Wait; // B2
        }
        self.coming.insert(number, key);
        let (file, at, len) = Blocks::want(key);
        Next::Read(number, DiskOp::Read { file, at, len })
    }

    /// A block was read. `number` is for the job, if there must be one.
    pub fn on_read(&mut self, of: u64, result: Result<DiskOutput, Fault>, number: u64) -> Next {
        let Some(key) = self.coming.remove(&of) else {
            return Next::Wait;
        };
        match result {
            Ok(DiskOutput::Read(bytes)) if key.unpacked => {
                self.coming.insert(number, key);
                Next::Unpack(number, LogJob::unpack(bytes))
            }
            Ok(DiskOutput::Read(bytes)) => self.put(key, bytes),
            Ok(_) => self.fail(key, Failure::Fault(Fault::Broken)),
            Err(fault) => self.fail(key, Failure::Fault(fault)),
        }
    }

    /// A block was unpacked.
    pub fn on_unpacked(&mut self, of: u64, result: Result<Bytes, String>) -> Next {
        match (self.coming.remove(&of), result) {
            (Some(key), Ok(bytes)) => self.put(key, bytes),
            (Some(key), Err(why)) => self.fail(key, Failure::Damaged(why)),
            (None, _) => Next::Wait,
        }
    }

    /// How many blocks are on their way.
    pub fn coming(&self) -> usize {
        self.coming.len()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.held.bytes()
    }

    fn put(&mut self, key: BlockKey, bytes: Bytes) -> Next {
        self.held.put(key, bytes);
        Next::Ask(self.lacking.remove(&key).unwrap_or_default())
    }

    fn fail(&mut self, key: BlockKey, why: Failure) -> Next {
        Next::Fail(self.lacking.remove(&key).unwrap_or_default(), why)
    }
}
