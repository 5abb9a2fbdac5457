//! What a decision about groups looks at besides them: the metadata, the node's settings; and what its deadlines are named by.

use std::sync::Arc;

use ottla_machine::{Rng, Switch, Ticket};
use ottla_metadata::Image;
use ottla_metadata::config::StaticConfig;

/// What groups look at besides themselves.
#[derive(Clone, Debug)]
pub struct View {
    /// The committed metadata.
    pub image: Arc<Image>,
    /// The node's settings.
    pub settings: Arc<Settings>,
    /// Where member ids are drawn from; another stream for each life and partition.
    pub rng: Rng,
    /// Which planted mistake is switched on, and the bounds.
    pub switch: Switch,
}

/// The node's settings about groups. Names are Kafka's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `group.min.session.timeout.ms`.
    pub min_session_timeout_ms: i32,
    /// `group.max.session.timeout.ms`.
    pub max_session_timeout_ms: i32,
    /// `group.max.size`.
    pub max_size: usize,
    /// `group.initial.rebalance.delay.ms`.
    pub initial_rebalance_delay_ms: i64,
    /// `offset.metadata.max.bytes`.
    pub offset_metadata_max_bytes: usize,
    /// `offsets.retention.minutes`, in milliseconds.
    pub offsets_retention_ms: i64,
    /// `offsets.retention.check.interval.ms`.
    pub offsets_retention_check_interval_ms: i64,
}

impl Settings {
    /// Types them.
    pub fn new(statics: &StaticConfig) -> Settings {
        let int = |name: &str| i32::try_from(statics.whole(name)).unwrap_or(i32::MAX);
        let size = |name: &str| usize::try_from(statics.whole(name)).unwrap_or(0);
        Settings {
            min_session_timeout_ms: int("group.min.session.timeout.ms"),
            max_session_timeout_ms: int("group.max.session.timeout.ms"),
            max_size: size("group.max.size"),
            initial_rebalance_delay_ms: statics.whole("group.initial.rebalance.delay.ms").max(0),
            offset_metadata_max_bytes: size("offset.metadata.max.bytes"),
            offsets_retention_ms: statics
                .whole("offsets.retention.minutes")
                .saturating_mul(60_000),
            offsets_retention_check_interval_ms: statics
                .whole("offsets.retention.check.interval.ms"),
        }
    }
}

/// What the deadlines of groups are named by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// A member of a group has been silent for too long, or has not come again with its id.
    Member(Arc<str>, Arc<str>),
    /// A group waits no longer for members to join.
    Join(Arc<str>),
    /// A group waits no longer for members to fetch their assignment.
    Sync(Arc<str>),
    /// What has expired is looked for.
    Expiry,
    /// Commits of topics that are no more are looked for.
    Deletion,
    /// The members that the log knows are taken up.
    Revival,
    /// A long list goes on.
    List(Ticket),
}
