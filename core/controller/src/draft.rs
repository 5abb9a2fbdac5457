//! Records on their way into a decision, and the image as it will be with them.
//!
//! F1: every record was applied to the draft's image before it is handed out (C2).

use bytes::Bytes;
use ottla_machine::{LeaderEpoch, Offset};
use ottla_metadata::{Fold, Image};
use ottla_protocol::messages::MetadataRecord;

/// What is about to be decided.
pub(crate) struct Draft {
    fold: Fold,
    first: Offset,
    records: Vec<Bytes>,
}

impl Draft {
    /// Nothing yet; the first record will be appended at `first`.
    pub(crate) fn new(fold: &Fold, first: Offset) -> Draft {
        Draft {
            fold: fold.clone(),
            first,
            records: Vec::new(),
        }
    }

    /// The image with everything that is in the draft.
    pub(crate) fn image(&self) -> &Image {
        self.fold.image()
    }

    /// Where the first record of this decision will be.
    pub(crate) fn first_offset(&self) -> Offset {
        self.first
    }

    pub(crate) fn push(&mut self, record: MetadataRecord<'_>) {
        let value = record.encode(record.write_version());
        let value = value.expect("F1: a decided record can be written");
        let offset = self.first.plus(self.records.len() as i64);
        let applied = self.fold.apply(offset, LeaderEpoch::NONE, &value);
        assert!(applied.is_ok(), "F1: {applied:?}");
        self.records.push(value);
    }

    pub(crate) fn into_records(self) -> Vec<Bytes> {
        self.records
    }
}
