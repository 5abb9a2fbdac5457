//! What the operator has chosen, typed, as far as the clients' side needs it. Made once, from settings that were checked before.

use std::sync::Arc;

use ottla_machine::NodeId;
use ottla_metadata::config::StaticConfig;

use crate::limits;

/// One listener for clients. Its place in the list is the number that `Peer::listener` bears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerAddress {
    /// Its name, as in the broker's registration.
    pub name: String,
    /// The host that clients are told.
    pub host: String,
    /// The port that clients are told.
    pub port: u16,
}

/// The broker's settings. Names are Kafka's, with underscores.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "each is Kafka's key of that name")]
pub struct BrokerConfig {
    pub node_id: NodeId,
    /// The listeners for clients.
    pub listeners: Vec<ListenerAddress>,
    pub socket_request_max_bytes: i32,
    pub queued_max_request_bytes: usize,
    pub connections_max_idle_ms: i64,
    pub max_connections: usize,
    pub fetch_max_bytes: usize,
    pub max_incremental_fetch_session_cache_slots: usize,
    pub auto_create_topics_enable: bool,
    pub num_partitions: i32,
    pub default_replication_factor: i16,
    pub delete_topic_enable: bool,
    /// Everything, as DescribeConfigs shows it.
    pub statics: Arc<StaticConfig>,
}

impl BrokerConfig {
    /// Types the settings. `node.id` must be set.
    pub fn new(statics: Arc<StaticConfig>, listeners: Vec<ListenerAddress>) -> BrokerConfig {
        let size = |name: &str| usize::try_from(statics.whole(name)).ok();
        let int = |name: &str| i32::try_from(statics.whole(name)).unwrap_or(i32::MAX);
        BrokerConfig {
            node_id: NodeId(int("node.id")),
            listeners,
            socket_request_max_bytes: int("socket.request.max.bytes"),
            queued_max_request_bytes: size("queued.max.request.bytes")
                .filter(|size| *size > 0)
                .unwrap_or(limits::HELD_BYTES),
            connections_max_idle_ms: statics.whole("connections.max.idle.ms"),
            max_connections: size("max.connections").unwrap_or(usize::MAX),
            fetch_max_bytes: size("fetch.max.bytes").unwrap_or(usize::MAX),
            max_incremental_fetch_session_cache_slots: size(
                "max.incremental.fetch.session.cache.slots",
            )
            .unwrap_or(0),
            auto_create_topics_enable: statics.is("auto.create.topics.enable"),
            num_partitions: int("num.partitions"),
            default_replication_factor: i16::try_from(statics.whole("default.replication.factor"))
                .unwrap_or(1),
            delete_topic_enable: statics.is("delete.topic.enable"),
            statics,
        }
    }
}
