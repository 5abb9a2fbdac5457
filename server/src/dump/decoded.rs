//! What the records of Kafka's own topics say. In: a topic's name, a record's key and value. Out: the record's type and its fields as text.

use std::fmt::Debug;

use ottla_protocol::messages::MetadataRecord;
use ottla_protocol::messages::coordinator_record::{GroupRecord, ShareRecord, TransactionRecord};
use ottla_protocol::messages::kraft_version_record::KRaftVersionRecord;
use ottla_protocol::messages::leader_change_message::LeaderChangeMessage;
use ottla_protocol::messages::snapshot_footer_record::SnapshotFooterRecord;
use ottla_protocol::messages::snapshot_header_record::SnapshotHeaderRecord;
use ottla_protocol::messages::voters_record::VotersRecord;
use ottla_protocol::{DecodeError, Reader};
use ottla_record as record;

/// A topic whose records are Kafka's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Own {
    /// `__cluster_metadata`, and its snapshots.
    Metadata,
    /// `__consumer_offsets`
    Groups,
    /// `__transaction_state`
    Transactions,
    /// `__share_group_state`
    Shares,
}

impl Own {
    /// Which of them this topic is.
    pub fn of(topic: &str) -> Option<Own> {
        match topic {
            "__cluster_metadata" => Some(Own::Metadata),
            "__consumer_offsets" => Some(Own::Groups),
            "__transaction_state" => Some(Own::Transactions),
            "__share_group_state" => Some(Own::Shares),
            _ => None,
        }
    }

    /// What a record of it says.
    pub fn decode(self, key: Option<&[u8]>, value: Option<&[u8]>) -> Result<String, DecodeError> {
        let own = key.unwrap_or_default();
        match self {
            Own::Metadata => MetadataRecord::decode(value.unwrap_or_default()).map(said),
            Own::Groups => GroupRecord::decode(own, value).map(said),
            Own::Transactions => TransactionRecord::decode(own, value).map(said),
            Own::Shares => ShareRecord::decode(own, value).map(said),
        }
    }
}

/// What a control record of any topic says.
pub fn control(kind: i16, value: Option<&[u8]>) -> Result<String, String> {
    let mut reader = Reader::new(value.unwrap_or_default());
    let r = &mut reader;
    let ended = |name: &str| {
        let epoch = record::end_transaction_epoch(value).map_err(|why| why.to_string())?;
        Ok(format!("{name} {{ coordinator_epoch: {epoch} }}"))
    };
    let decoded = match kind {
        record::ABORT => return ended("Abort"),
        record::COMMIT => return ended("Commit"),
        record::LEADER_CHANGE => LeaderChangeMessage::decode(r, 0).map(said),
        record::SNAPSHOT_HEADER => SnapshotHeaderRecord::decode(r, 0).map(said),
        record::SNAPSHOT_FOOTER => SnapshotFooterRecord::decode(r, 0).map(said),
        record::KRAFT_VERSION => KRaftVersionRecord::decode(r, 0).map(said),
        record::KRAFT_VOTERS => VotersRecord::decode(r, 0).map(said),
        other => return Ok(format!("a control record of kind {other}")),
    };
    decoded.map_err(|why| why.to_string())
}

fn said(record: impl Debug) -> String {
    format!("{record:?}")
}
