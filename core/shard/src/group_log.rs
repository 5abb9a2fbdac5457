//! The log of a coordinator: what was decided about groups becomes batches of its partition.
//!
//! L1: all records of a decision are appended, or none.

use ottla_coordinator::Record;
use ottla_machine::{Now, Offset};
use ottla_record::{Builder, BuilderSettings, Compression};
use ottla_replica::{Acks, Replica};
use ottla_replicated::{Refused, Tail};

/// The end of one coordinator's log.
pub(crate) struct GroupLog<'a> {
    pub replica: &'a mut Replica,
    pub now: Now,
    /// What a batch may take, bytes.
    pub max_bytes: usize,
    /// `offsets.topic.compression.codec`.
    pub compression: Compression,
}

impl GroupLog<'_> {
    fn builder(&self, base: i64) -> Builder {
        Builder::new(BuilderSettings {
            base_offset: base,
            compression: self.compression,
            ..BuilderSettings::default()
        })
    }

    fn write(&mut self, batch: Builder) -> Result<(), Refused> {
        let appended = self.replica.append_own(self.now, batch.finish());
        appended.map(drop).map_err(|_| Refused::Full)
    }
}

impl Tail<Record> for GroupLog<'_> {
    fn append(&mut self, records: &[Record], atomic: bool) -> Result<Offset, Refused> {
        let may = self.replica.judge_append(Acks::All);
        may.map_err(|_| Refused::NotLeader)?;
        let base = self.replica.log().assigned();
        let mut encoded = Vec::with_capacity(records.len());
        for record in records {
            // What cannot be written is longer than a field may be.
            encoded.push(record.encode().map_err(|_| Refused::TooLarge)?);
        }
        let mut batches = Vec::with_capacity(1);
        let mut batch = self.builder(base.0);
        for (key, value) in &encoded {
            let len = key.len() + value.as_ref().map_or(0, |value| value.len()) + RECORD_FRAME;
            if batch.count() > 0 && batch.size() + len > self.max_bytes {
                if atomic {
                    return Err(Refused::TooLarge);
                }
                let next = self.builder(batch.next_offset());
                batches.push(std::mem::replace(&mut batch, next));
            }
            if batch.size() + len > self.max_bytes {
                return Err(Refused::TooLarge);
            }
            batch.append(self.now.wall.0, Some(key), value.as_deref(), &[]);
        }
        batches.push(batch);
        for (nth, batch) in batches.into_iter().enumerate() {
            let written = self.write(batch);
            assert!(
                nth == 0 || written.is_ok(),
                "L1: a log that took one batch takes the next"
            );
            written?;
        }
        Ok(base)
    }
}

/// More than a record's own framing: lengths, deltas, no headers.
const RECORD_FRAME: usize = 32;
