//! The CPU work of a log that would hold up a step: unpacking, and what a compaction does with its chunks.

use std::sync::Arc;

use bytes::Bytes;
use ottla_machine::{Job, WallMs};
use ottla_record::{Batch, Malformed, unpack};

use crate::clean::{Filtered, Filtering, Mapped, Mapping};
use crate::validate::unpack_limit;
use crate::{LogConfig, Origin, Ready, Refusal};

/// Work on owned inputs.
#[derive(Clone, Debug)]
pub enum LogJob {
    /// Judge a batch by its records. Product: [`LogProduct::Judged`].
    Judge {
        /// The topic's settings.
        config: Arc<LogConfig>,
        /// When it came.
        now: WallMs,
        /// The batch.
        records: Bytes,
        /// The size of the buffer that it keeps alive.
        pins: usize,
        /// Who appends it.
        origin: Origin,
    },
    /// Unpack the records of the batch at the front of these bytes. Product: [`LogProduct::Unpacked`].
    Unpack {
        /// A whole batch.
        batch: Bytes,
        /// What it may unpack to.
        limit: usize,
    },
    /// Note the keys of a chunk for a compaction. Product: [`LogProduct::Mapped`].
    Map(Box<Mapping>),
    /// Leave out of a chunk what a compaction does. Product: [`LogProduct::Filtered`].
    Filter(Box<Filtering>),
}

impl LogJob {
    /// The unpacking that [`crate::Absent::Unpacked`] asks for, of the bytes read.
    pub fn unpack(batch: Bytes) -> LogJob {
        let limit = unpack_limit(batch.len());
        LogJob::Unpack { batch, limit }
    }
}

/// What comes of a [`LogJob`].
#[derive(Clone, Debug)]
pub enum LogProduct {
    /// Of `Judge`: what to give to [`crate::Log::append_ready`].
    Judged(Result<Ready, Refusal>),
    /// Of `Unpack`: the records, to be put into [`crate::Blocks`].
    Unpacked(Result<Bytes, Malformed>),
    /// Of `Map`: to be given to [`crate::Log::on_product`].
    Mapped(Result<Mapped, String>),
    /// Of `Filter`: to be given to [`crate::Log::on_product`].
    Filtered(Result<Filtered, String>),
}

impl Job for LogJob {
    type Product = LogProduct;

    fn run(self) -> LogProduct {
        match self {
            LogJob::Judge {
                config,
                now,
                records,
                pins,
                origin,
            } => LogProduct::Judged(crate::validate::judge(&config, now, records, pins, origin)),
            LogJob::Unpack { batch, limit } => {
                let unpacked = Batch::parse(&batch).and_then(|batch| {
                    let codec = batch.header().compression()?;
                    unpack(codec, batch.packed(), limit)
                });
                // It will be held, and be charged what it is.
                LogProduct::Unpacked(unpacked.map(|records| records.into_boxed_slice().into()))
            }
            LogJob::Map(mapping) => LogProduct::Mapped(mapping.run()),
            LogJob::Filter(filtering) => LogProduct::Filtered(filtering.run()),
        }
    }
}
