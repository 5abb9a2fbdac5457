//! What groups are asked and what they answer. All of it is owned: a question may wait for others, an answer for the high watermark.

use std::sync::Arc;

use bytes::Bytes;
use ottla_protocol::{ErrorCode, Uuid};

use super::record::Kind;

/// Who speaks: a member of a generation, or nobody in particular.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The group.
    pub group: Arc<str>,
    /// The generation that the member believes in; -1 for none.
    pub generation: i32,
    /// Its id; empty for none.
    pub member: Arc<str>,
    /// Its static id.
    pub instance: Option<Arc<str>>,
}

/// What groups are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Be a member of the next generation.
    Join(Box<Join>),
    /// Hand in or fetch the assignment of this generation.
    Sync(Box<Sync>),
    /// Still here.
    Heartbeat(Identity),
    /// Members go.
    Leave {
        /// The group.
        group: Arc<str>,
        /// Member id, perhaps empty, and static id of each.
        members: Vec<(Arc<str>, Option<Arc<str>>)>,
    },
    /// Commit offsets.
    Commit(Box<CommitOffsets>),
    /// Read committed offsets.
    FetchOffsets {
        /// The group.
        group: Arc<str>,
        /// Which; `None` is all there are.
        topics: Option<Vec<(Arc<str>, Vec<i32>)>>,
        /// Whether what a transaction has left open is an error.
        require_stable: bool,
    },
    /// Forget committed offsets.
    DeleteOffsets {
        /// The group.
        group: Arc<str>,
        /// Of which partitions.
        topics: Vec<(Arc<str>, Vec<i32>)>,
    },
    /// Describe a classic group.
    Describe(Arc<str>),
    /// Describe a group of consumers (KIP-848).
    DescribeConsumers(Arc<str>),
    /// List the groups.
    List {
        /// Only in these states; empty is all. Lower case.
        states: Vec<String>,
        /// Only of these types; empty is all. Lower case.
        kinds: Vec<String>,
    },
    /// Delete an empty group with its offsets.
    Delete(Arc<str>),
}

/// JoinGroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Join {
    /// The group.
    pub group: Arc<str>,
    /// Its id; empty for a new member.
    pub member: Arc<str>,
    /// Its static id.
    pub instance: Option<Arc<str>>,
    /// Its client's id.
    pub client_id: Arc<str>,
    /// Where it is.
    pub client_host: Arc<str>,
    /// How long it may be silent, milliseconds.
    pub session_timeout_ms: i32,
    /// How long a rebalance waits for it, milliseconds.
    pub rebalance_timeout_ms: i32,
    /// `consumer`, `connect`, ..
    pub protocol_type: Arc<str>,
    /// What it can do, the best first, each with what it has to say about it.
    pub protocols: Vec<(Arc<str>, Bytes)>,
    /// Whether a new member must come again with the id it is given (version 4).
    pub requires_member_id: bool,
    /// Whether it understands that the leader need not assign (version 9).
    pub can_skip_assignment: bool,
}

/// SyncGroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sync {
    /// Who.
    pub identity: Identity,
    /// The protocol type that it believes in.
    pub protocol_type: Option<Arc<str>>,
    /// The protocol that it believes in.
    pub protocol: Option<Arc<str>>,
    /// The leader's decision: an assignment per member id.
    pub assignments: Vec<(Arc<str>, Bytes)>,
}

/// OffsetCommit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitOffsets {
    /// Who.
    pub identity: Identity,
    /// Whether the client knows GROUP_ID_NOT_FOUND (version 9).
    pub knows_group_not_found: bool,
    /// How long they are kept, milliseconds; -1: as the broker says.
    pub retention_ms: i64,
    /// What.
    pub commits: Vec<NewCommit>,
}

/// One offset to commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCommit {
    /// The topic.
    pub topic: Arc<str>,
    /// Its id.
    pub topic_id: Uuid,
    /// The partition.
    pub partition: i32,
    /// The next record to be read.
    pub offset: i64,
    /// The epoch of the one before; -1 unknown.
    pub leader_epoch: i32,
    /// The client's note.
    pub metadata: Box<str>,
}

/// What groups answer: to each request the variant of its name, or `Refused`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// Of `Join`.
    Joined(Box<Joined>),
    /// Of `Sync`.
    Synced(Result<Synced, ErrorCode>),
    /// Of `Heartbeat`.
    Heartbeat(Result<(), ErrorCode>),
    /// Of `Leave`: per member, in order.
    Left(Vec<ErrorCode>),
    /// Of `Commit`: per offset, in order.
    Committed(Result<Vec<Said>, ErrorCode>),
    /// Of `FetchOffsets`.
    Offsets(Vec<FetchedTopic>),
    /// Of `DeleteOffsets`: per partition, in order.
    OffsetsDeleted(Result<Vec<Said>, ErrorCode>),
    /// Of `Describe`.
    Described(Result<Box<Described>, Undescribed>),
    /// Of `DescribeConsumers`.
    ConsumersDescribed(Result<Box<Consumers>, Undescribed>),
    /// Of `List`.
    Listed(Vec<Listed>),
    /// Of `Delete`.
    Deleted(Result<(), ErrorCode>),
    /// Nothing was done about the whole request.
    Refused(ErrorCode),
}

/// What became of one partition: it bears its name, for whoever asked may know other topics by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The topic.
    pub topic: Arc<str>,
    /// Its id, as far as it was asked for.
    pub topic_id: Uuid,
    /// The partition.
    pub partition: i32,
    /// NONE, or why not.
    pub error: ErrorCode,
}

/// JoinGroup's answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Joined {
    /// NONE, or why not.
    pub error: Option<ErrorCode>,
    /// The new generation; -1 with an error.
    pub generation: i32,
    /// The type of all members.
    pub protocol_type: Option<Arc<str>>,
    /// The protocol that all have.
    pub protocol: Option<Arc<str>>,
    /// Who assigns; empty with an error.
    pub leader: Arc<str>,
    /// The leader need not assign: the assignment stands.
    pub skip_assignment: bool,
    /// The member's id.
    pub member: Arc<str>,
    /// For the leader: every member, its static id, and what it has said.
    pub members: Vec<(Arc<str>, Option<Arc<str>>, Bytes)>,
}

/// SyncGroup's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    /// The type of all members.
    pub protocol_type: Option<Arc<str>>,
    /// The protocol that all have.
    pub protocol: Option<Arc<str>>,
    /// What is the member's.
    pub assignment: Bytes,
}

/// A topic of OffsetFetch's answer.
pub type FetchedTopic = (Arc<str>, Vec<(i32, Result<Fetched, ErrorCode>)>);

/// A committed offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The next record to be read; -1 when nothing was committed.
    pub offset: i64,
    /// The epoch of the one before; -1 unknown.
    pub leader_epoch: i32,
    /// The client's note.
    pub metadata: Box<str>,
}

impl Fetched {
    /// Nothing was committed.
    pub fn none() -> Fetched {
        Fetched {
            offset: -1,
            leader_epoch: -1,
            metadata: "".into(),
        }
    }
}

/// Where a group is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nobody is here.
    Empty,
    /// Members are asked to join again.
    PreparingRebalance,
    /// All have joined; the leader's assignment is not stored yet.
    CompletingRebalance,
    /// The assignment is stored.
    Stable,
}

impl State {
    /// Kafka's word.
    pub fn name(self) -> &'static str {
        match self {
            State::Empty => "Empty",
            State::PreparingRebalance => "PreparingRebalance",
            State::CompletingRebalance => "CompletingRebalance",
            State::Stable => "Stable",
        }
    }
}

/// Why a group is not described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undescribed {
    /// There is none of that name.
    NotFound,
    /// It is of another kind.
    OtherKind,
}

/// A classic group, described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Where it is.
    pub state: State,
    /// `consumer`, ..; empty when no member was ever here.
    pub protocol_type: Arc<str>,
    /// The protocol of a stable group.
    pub protocol: Arc<str>,
    /// Who is here.
    pub members: Vec<DescribedMember>,
}

/// A member, described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedMember {
    /// Its id.
    pub id: Arc<str>,
    /// Its static id.
    pub instance: Option<Arc<str>>,
    /// Its client's id.
    pub client_id: Arc<str>,
    /// Where it is.
    pub client_host: Arc<str>,
    /// What it has said; only of a stable group.
    pub metadata: Bytes,
    /// What is its own; only of a stable group.
    pub assignment: Bytes,
}

/// A group in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its name.
    pub group: Arc<str>,
    /// `consumer`, ..
    pub protocol_type: Arc<str>,
    /// Where it is, as Kafka calls it.
    pub state: &'static str,
    /// Which protocol it speaks.
    pub kind: Kind,
}

/// Where a group of consumers is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nobody is here.
    Empty,
    /// It has changed since it was last assigned.
    Assigning,
    /// Not all members have taken up what they were assigned.
    Reconciling,
    /// All have.
    Stable,
}

impl Progress {
    /// Kafka's word.
    pub fn name(self) -> &'static str {
        match self {
            Progress::Empty => "Empty",
            Progress::Assigning => "Assigning",
            Progress::Reconciling => "Reconciling",
            Progress::Stable => "Stable",
        }
    }
}

/// A group of consumers (KIP-848), described.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumers {
    /// Where it is.
    pub progress: Progress,
    /// How often it has changed.
    pub epoch: i32,
    /// Of which epoch its assignment is.
    pub assignment_epoch: i32,
    /// The assignor that most members want; `None`: nobody has said.
    pub assignor: Option<Arc<str>>,
    /// Who is in it.
    pub members: Vec<Consumer>,
}

/// A member of a group of consumers, described.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Consumer {
    /// Its id.
    pub id: Arc<str>,
    /// Its static id.
    pub instance: Option<Arc<str>>,
    /// Where it is, as it says.
    pub rack: Option<Arc<str>>,
    /// Which assignment it has taken up.
    pub epoch: i32,
    /// Its client's id.
    pub client_id: Arc<str>,
    /// Where it is.
    pub client_host: Arc<str>,
    /// The topics that it wants by name.
    pub topics: Vec<Arc<str>>,
    /// .. and by a pattern.
    pub pattern: Option<Arc<str>>,
    /// Whether it speaks the classic protocol.
    pub is_classic: bool,
    /// The partitions that it has taken up, by topic.
    pub assigned: Vec<(Uuid, Vec<i32>)>,
    /// The partitions that it is to have.
    pub target: Vec<(Uuid, Vec<i32>)>,
}
