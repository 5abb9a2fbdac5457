//! A committed batch of the metadata log, as the controller and the broker fold it in.

use bytes::Bytes;
use ottla_machine::{LeaderEpoch, Offset};
use ottla_record::{Batch, Header, Malformed};

use crate::limits;

/// One batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedBatch {
    /// Its first offset.
    pub base_offset: Offset,
    /// The offset after its last.
    pub next_offset: Offset,
    /// The epoch of the leader that appended it.
    pub epoch: LeaderEpoch,
    /// Milliseconds.
    pub timestamp: i64,
    /// Whether it is raft's own and says nothing to the state.
    pub control: bool,
    /// The whole batch.
    pub bytes: Bytes,
}

impl CommittedBatch {
    /// A whole batch with its offset and epoch in place.
    pub fn new(bytes: Bytes) -> Result<CommittedBatch, Malformed> {
        let header = Header::parse(&bytes)?;
        Ok(CommittedBatch {
            base_offset: Offset(header.base_offset),
            next_offset: Offset(header.next_offset()),
            epoch: LeaderEpoch(header.partition_leader_epoch),
            timestamp: header.max_timestamp,
            control: header.is_control(),
            bytes,
        })
    }

    /// Its records: offset, key and value.
    pub fn records(&self) -> Result<Vec<(Offset, Bytes, Bytes)>, Malformed> {
        let records = Batch::parse(&self.bytes)?.records(limits::BATCH_UNPACKED)?;
        records
            .iter()
            .map(|record| {
                let record = record?;
                let offset = self.base_offset.plus(i64::from(record.offset_delta));
                let own = |part: Option<&[u8]>| Bytes::copy_from_slice(part.unwrap_or_default());
                Ok((offset, own(record.key), own(record.value)))
            })
            .collect()
    }
}
