//! The keys of a group, and those of a client metrics subscription.

use super::keys;
use crate::config::Definition;

pub(super) const KEYS: &[Definition] = keys! { Group
    "consumer.assignment.interval.ms" Int "1000" [0..] Medium dynamic;
    "consumer.heartbeat.interval.ms" Int "5000" [1..] Medium dynamic;
    "consumer.session.timeout.ms" Int "45000" [1..] Medium dynamic;
    "share.assignment.interval.ms" Int "1000" [0..] Medium dynamic;
    "share.auto.offset.reset" String "latest" [reset] Medium dynamic;
    "share.delivery.count.limit" Int "5" [2..] Medium dynamic;
    "share.heartbeat.interval.ms" Int "5000" [1..] Medium dynamic;
    "share.isolation.level" String "read_uncommitted" [of "read_committed" "read_uncommitted"] Medium dynamic;
    "share.partition.max.record.locks" Int "2000" [100..] Medium dynamic;
    "share.record.lock.duration.ms" Int "30000" [1000..] Medium dynamic;
    "share.renew.acknowledge.enable" Boolean "true" any Medium dynamic;
    "share.session.timeout.ms" Int "45000" [1..] Medium dynamic;
    "streams.assignment.interval.ms" Int "1000" [0..] Medium dynamic;
    "streams.heartbeat.interval.ms" Int "5000" [1..] Medium dynamic;
    "streams.initial.rebalance.delay.ms" Int "3000" [0..] Medium dynamic;
    "streams.num.standby.replicas" Int "0" [0..] Medium dynamic;
    "streams.session.timeout.ms" Int "45000" [1..] Medium dynamic;
};

pub(super) const CLIENT_METRICS: &[Definition] = keys! { ClientMetrics
    "interval.ms" Int "300000" any Medium dynamic;
    "match" List "" any Medium dynamic;
    "metrics" List "" any Medium dynamic;
};
