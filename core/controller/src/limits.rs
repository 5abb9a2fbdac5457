//! The bounds of the controller.

/// Partitions that one request may create: their records must fit one batch, and the step that decides them a turn.
/// Kafka's own bound.
pub const PARTITIONS_PER_REQUEST: usize = 10_000;

/// Producer ids in one lease, as in Kafka.
pub const PRODUCER_IDS: i64 = 1_000;

/// The longest name of a topic: its directory's name must have room for the partition.
pub const TOPIC_NAME: usize = 249;
