//! The records of `__consumer_offsets`, owned. In and out: Kafka's keys and values (types 0 to 2 are a classic group's and everybody's
//! commits; the others are kept for whoever understands them).

use std::sync::Arc;

use bytes::Bytes;
use ottla_machine::Offset;
use ottla_protocol::messages::group_metadata_value::{GroupMetadataValue, MemberMetadata};
use ottla_protocol::messages::{GroupMetadataKey, GroupRecord, OffsetCommitKey, OffsetCommitValue};
use ottla_protocol::{DecodeError, EncodeError, Reader, Uuid};

/// Which protocol a group speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// JoinGroup and SyncGroup; or only commits.
    Classic,
    /// KIP-848.
    Consumer,
    /// KIP-932.
    Share,
    /// KIP-1071.
    Streams,
}

impl Kind {
    /// Kafka's word.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Classic => "classic",
            Kind::Consumer => "consumer",
            Kind::Share => "share",
            Kind::Streams => "streams",
        }
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// Types 0 and 1: an offset was committed, or is forgotten.
    Commit {
        /// The group.
        group: Arc<str>,
        /// The topic.
        topic: Arc<str>,
        /// The partition.
        partition: i32,
        /// What was committed.
        commit: Option<Commit>,
    },
    /// Type 2: a classic group as it is now, or is no more.
    Group {
        /// The group.
        group: Arc<str>,
        /// What is known of it.
        metadata: Option<Arc<Metadata>>,
    },
    /// A record of a group of another kind, kept as it is.
    Kept {
        /// The group.
        group: Arc<str>,
        /// Of which kind.
        kind: Kind,
        /// What it is about.
        about: About,
        /// Its key.
        key: Bytes,
        /// What it says, if it is there still; of the kinds that nobody asks about only that it is there.
        value: Option<Bytes>,
    },
    /// A type that nobody here knows.
    Unknown,
}

/// What a kept record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// The group itself.
    Group,
    /// A member.
    Member,
    /// Something else.
    Other,
}

/// A committed offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The next record to be read.
    pub offset: i64,
    /// The epoch of the one before; -1 unknown.
    pub leader_epoch: i32,
    /// The client's note.
    pub metadata: Box<str>,
    /// When it was committed, wall time in milliseconds.
    pub commit_timestamp: i64,
    /// When it expires; -1: as the broker says.
    pub expire_timestamp: i64,
    /// The topic's id; zero unknown.
    pub topic_id: Uuid,
    /// Where the record is. Not written.
    pub at: Offset,
}

/// A classic group, as its record says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// `consumer`, ..; empty when no member was ever here.
    pub protocol_type: Arc<str>,
    /// The generation.
    pub generation: i32,
    /// The protocol that all members have.
    pub protocol: Option<Arc<str>>,
    /// Who assigned.
    pub leader: Option<Arc<str>>,
    /// Since when it is in its state, wall time in milliseconds; -1 unknown.
    pub since: i64,
    /// Its members.
    pub members: Vec<StoredMember>,
}

/// A member, as the group's record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredMember {
    /// Its id.
    pub id: Arc<str>,
    /// Its static id.
    pub instance: Option<Arc<str>>,
    /// Its client's id.
    pub client_id: Arc<str>,
    /// Where it is.
    pub client_host: Arc<str>,
    /// How long a rebalance waits for it, milliseconds.
    pub rebalance_timeout_ms: i32,
    /// How long it may be silent, milliseconds.
    pub session_timeout_ms: i32,
    /// What it has said about the group's protocol.
    pub subscription: Bytes,
    /// What is its own.
    pub assignment: Bytes,
}

impl Metadata {
    /// Whether nobody has assigned this generation: it was told, and another one followed.
    pub fn is_unassigned(&self) -> bool {
        self.leader.is_none() && !self.members.is_empty()
    }

    /// A member by its id.
    pub fn member(&self, id: &str) -> Option<&StoredMember> {
        self.members.iter().find(|member| &*member.id == id)
    }
}

/// The protocol type of consumers.
pub(super) const CONSUMER: &str = "consumer";

/// The version in which Kafka 4.3.1 writes a classic group.
const GROUP_VERSION: i16 = 3;
/// .. a commit ..
const COMMIT_VERSION: i16 = 4;
/// .. and a commit with a time of its own to expire.
const EXPIRING_COMMIT_VERSION: i16 = 1;

impl Record {
    /// Reads a record.
    pub fn decode(key: &[u8], value: Option<&[u8]>) -> Result<Record, DecodeError> {
        let mut reader = Reader::new(key);
        if let Some((kind, about)) = kept(reader.i16()?) {
            // Whatever else is in the key: it begins with the group.
            return Ok(Record::Kept {
                group: (*reader.string(false)?).into(),
                kind,
                about,
                key: Bytes::copy_from_slice(key),
                value: value.map(|value| match kind {
                    Kind::Consumer => Bytes::copy_from_slice(value),
                    _ => Bytes::new(),
                }),
            });
        }
        Ok(match GroupRecord::decode(key, value)? {
            GroupRecord::LegacyOffsetCommit(key, value) => Record::Commit {
                group: (*key.group).into(),
                topic: (*key.topic).into(),
                partition: key.partition,
                commit: value.map(|value| Commit {
                    offset: value.offset,
                    leader_epoch: -1,
                    metadata: (*value.metadata).into(),
                    commit_timestamp: value.commit_timestamp,
                    expire_timestamp: -1,
                    topic_id: Uuid::ZERO,
                    at: Offset(-1),
                }),
            },
            GroupRecord::OffsetCommit(key, value) => Record::Commit {
                group: (*key.group).into(),
                topic: (*key.topic).into(),
                partition: key.partition,
                commit: value.map(|value| Commit {
                    offset: value.offset,
                    leader_epoch: value.leader_epoch,
                    metadata: (*value.metadata).into(),
                    commit_timestamp: value.commit_timestamp,
                    expire_timestamp: value.expire_timestamp,
                    topic_id: value.topic_id,
                    at: Offset(-1),
                }),
            },
            GroupRecord::GroupMetadata(key, value) => Record::Group {
                group: (*key.group).into(),
                metadata: value.map(|value| Arc::new(metadata(value))),
            },
            _ => Record::Unknown,
        })
    }

    /// Writes a record: key and value.
    pub fn encode(&self) -> Result<(Bytes, Option<Bytes>), EncodeError> {
        match self {
            Record::Commit {
                group,
                topic,
                partition,
                commit,
            } => {
                let key = OffsetCommitKey {
                    group: (&**group).into(),
                    topic: (&**topic).into(),
                    partition: *partition,
                };
                let value = commit.as_ref().map(|commit| OffsetCommitValue {
                    offset: commit.offset,
                    leader_epoch: commit.leader_epoch,
                    metadata: (&*commit.metadata).into(),
                    commit_timestamp: commit.commit_timestamp,
                    expire_timestamp: commit.expire_timestamp,
                    topic_id: commit.topic_id,
                });
                let expires = commit.as_ref().is_some_and(|it| it.expire_timestamp >= 0);
                if expires {
                    // That version knows nothing newer.
                    let value = value.map(|value| OffsetCommitValue {
                        leader_epoch: -1,
                        topic_id: Uuid::ZERO,
                        ..value
                    });
                    return GroupRecord::OffsetCommit(key, value).encode(EXPIRING_COMMIT_VERSION);
                }
                GroupRecord::OffsetCommit(key, value).encode(COMMIT_VERSION)
            }
            Record::Group { group, metadata } => {
                let key = GroupMetadataKey {
                    group: (&**group).into(),
                };
                let value = metadata.as_deref().map(group_value);
                GroupRecord::GroupMetadata(key, value).encode(GROUP_VERSION)
            }
            // Of what is only kept nothing is written but its end.
            Record::Kept { key, .. } => Ok((key.clone(), None)),
            Record::Unknown => Ok((Bytes::new(), None)),
        }
    }

    /// The group it is about.
    pub fn group(&self) -> Option<&Arc<str>> {
        match self {
            Record::Commit { group, .. }
            | Record::Group { group, .. }
            | Record::Kept { group, .. } => Some(group),
            Record::Unknown => None,
        }
    }
}

/// The types of record that belong to groups of other kinds.
fn kept(record_type: i16) -> Option<(Kind, About)> {
    Some(match record_type {
        3 => (Kind::Consumer, About::Group),
        5 => (Kind::Consumer, About::Member),
        4 | 6..=8 | 16 => (Kind::Consumer, About::Other),
        11 => (Kind::Share, About::Group),
        10 => (Kind::Share, About::Member),
        12..=15 => (Kind::Share, About::Other),
        17 => (Kind::Streams, About::Group),
        19 => (Kind::Streams, About::Member),
        20..=23 => (Kind::Streams, About::Other),
        _ => return None,
    })
}

fn metadata(value: GroupMetadataValue<'_>) -> Metadata {
    let members = value.members.iter().map(|member| StoredMember {
        id: (*member.member_id).into(),
        instance: member.group_instance_id.as_deref().map(Into::into),
        client_id: (*member.client_id).into(),
        client_host: (*member.client_host).into(),
        rebalance_timeout_ms: match member.rebalance_timeout {
            // Version 0 knows one time only.
            -1 => member.session_timeout,
            timeout => timeout,
        },
        session_timeout_ms: member.session_timeout,
        subscription: Bytes::copy_from_slice(&member.subscription),
        assignment: Bytes::copy_from_slice(&member.assignment),
    });
    Metadata {
        members: members.collect(),
        protocol_type: (*value.protocol_type).into(),
        generation: value.generation,
        protocol: value.protocol.as_deref().map(Into::into),
        leader: value.leader.as_deref().map(Into::into),
        since: value.current_state_timestamp,
    }
}

fn group_value(metadata: &Metadata) -> GroupMetadataValue<'_> {
    let members = metadata.members.iter().map(|member| MemberMetadata {
        member_id: (&*member.id).into(),
        group_instance_id: member.instance.as_deref().map(Into::into),
        client_id: (&*member.client_id).into(),
        client_host: (&*member.client_host).into(),
        rebalance_timeout: member.rebalance_timeout_ms,
        session_timeout: member.session_timeout_ms,
        subscription: (&*member.subscription).into(),
        assignment: (&*member.assignment).into(),
    });
    GroupMetadataValue {
        members: members.collect(),
        protocol_type: (&*metadata.protocol_type).into(),
        generation: metadata.generation,
        protocol: metadata.protocol.as_deref().map(Into::into),
        leader: metadata.leader.as_deref().map(Into::into),
        current_state_timestamp: metadata.since,
    }
}
