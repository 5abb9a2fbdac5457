//! What the controller is asked and what it answers. All of it is owned: an answer may wait for the high watermark.

use std::ops::Range;

use ottla_machine::{NodeId, Offset};
use ottla_metadata::{ControllerNode, Endpoint, FeatureRange};
use ottla_protocol::{ErrorCode, Uuid};
use ottla_replicated::Refused;

/// Why not: a code for the client, a sentence for its user.
pub type Refusal = (ErrorCode, String);

/// What the controller is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// The tenure has begun. Must be the first; with the features of a fresh cluster, which an old one does not need.
    Bootstrap {
        /// Names and levels.
        features: Vec<(String, i16)>,
    },
    /// This controller is here.
    RegisterController(ControllerNode),
    /// A broker is here.
    RegisterBroker(Registration),
    /// A broker is still here, and wants something.
    BrokerHeartbeat(Heartbeat),
    /// Create topics.
    CreateTopics {
        /// Each name once.
        topics: Vec<NewTopic>,
        /// Only say what would happen.
        validate_only: bool,
    },
    /// Delete topics.
    DeleteTopics {
        /// Each by its name, or by its id when there is none.
        topics: Vec<(Option<String>, Uuid)>,
    },
    /// Lease producer ids to a broker.
    AllocateProducerIds {
        /// The broker.
        broker: NodeId,
        /// Its epoch.
        epoch: i64,
    },
}

/// What it answers: to each request the variant of its name, or `Refused`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// Whether the cluster was fresh.
    Bootstrap(Result<bool, Refusal>),
    /// Written.
    RegisterController(Result<(), Refusal>),
    /// The broker's epoch.
    RegisterBroker(Result<i64, Refusal>),
    /// What the broker is now.
    BrokerHeartbeat(Result<HeartbeatAnswer, Refusal>),
    /// Each name once.
    CreateTopics(Vec<(String, Result<Created, Refusal>)>),
    /// In the order in which they were asked for.
    DeleteTopics(Vec<Deleted>),
    /// The ids that were leased.
    AllocateProducerIds(Result<Range<i64>, Refusal>),
    /// Nothing was done about the whole request.
    Refused(Refusal),
}

/// A broker as it registers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The node.
    pub id: NodeId,
    /// Which life of the process.
    pub incarnation: Uuid,
    /// Where clients and brokers find it; no controller's listeners.
    pub endpoints: Vec<Endpoint>,
    /// What it can do.
    pub features: Vec<FeatureRange>,
    /// Where it stands.
    pub rack: Option<String>,
    /// Its log directories.
    pub dirs: Vec<Uuid>,
    /// The epoch under which it was stopped cleanly; -1 when it was not, or is new.
    pub previous_epoch: i64,
}

/// A broker's sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heartbeat {
    /// The broker.
    pub broker: NodeId,
    /// Its epoch.
    pub epoch: i64,
    /// The last offset of the metadata log that it has applied.
    pub metadata_offset: Offset,
    /// It wants to be fenced.
    pub want_fence: bool,
    /// It wants to stop.
    pub want_shutdown: bool,
}

/// What a broker is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeartbeatAnswer {
    /// It has applied its own registration.
    pub caught_up: bool,
    /// It is fenced.
    pub fenced: bool,
    /// It may stop: it leads nothing, and everybody knows.
    pub should_shut_down: bool,
}

/// A topic to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// How many partitions; -1 is the default, or as many as are assigned.
    pub partitions: i32,
    /// How many replicas of each; -1 is the default, or as many as are assigned.
    pub replication_factor: i16,
    /// The replicas of each partition, when the client places them itself.
    pub assignments: Vec<(i32, Vec<i32>)>,
    /// Its settings.
    pub configs: Vec<(String, Option<String>)>,
}

impl NewTopic {
    /// A topic about which nothing is said.
    pub fn with_defaults(name: &str) -> NewTopic {
        NewTopic {
            name: name.to_owned(),
            partitions: -1,
            replication_factor: -1,
            ..NewTopic::default()
        }
    }
}

/// A topic that was created, or would have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Created {
    /// Its id; zero when it was only validated.
    pub id: Uuid,
    /// How many partitions.
    pub partitions: i32,
    /// How many replicas of each.
    pub replication_factor: i16,
}

/// What became of a topic that was to be deleted: its name and id as far as they are known.
pub type Deleted = (Option<String>, Uuid, Result<(), Refusal>);

/// What a client is told when the metadata log took nothing.
pub fn refusal(refused: Refused) -> Refusal {
    match refused {
        Refused::NotLeader => (
            ErrorCode::NotController,
            "this node is not the controller any more".to_owned(),
        ),
        Refused::TooLarge => (
            ErrorCode::PolicyViolation,
            "the request makes more metadata than fits one batch; split it".to_owned(),
        ),
        Refused::Full => (
            ErrorCode::KafkaStorageError,
            "the metadata log has no room".to_owned(),
        ),
    }
}
