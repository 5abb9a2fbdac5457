//! The keys of a topic.

use super::keys;
use crate::config::Definition;

pub(super) const KEYS: &[Definition] = keys! { Topic
    "cleanup.policy" List "delete" [of "compact" "delete"] Medium dynamic served;
    "compression.gzip.level" Int "-1" [1..9 or -1] Medium dynamic served;
    "compression.lz4.level" Int "9" [1..17] Medium dynamic served;
    "compression.type" String "producer" [of "uncompressed" "zstd" "lz4" "snappy" "gzip" "producer"] Medium dynamic served;
    "compression.zstd.level" Int "3" [-131072..22] Medium dynamic served;
    "delete.retention.ms" Long "86400000" [0..] Medium dynamic served;
    "file.delete.delay.ms" Long "60000" [0..] Medium dynamic;
    "flush.messages" Long "9223372036854775807" [1..] Medium dynamic served;
    "flush.ms" Long "9223372036854775807" [0..] Medium dynamic served;
    "follower.replication.throttled.replicas" List "" [throttled] Medium dynamic;
    "index.interval.bytes" Int "4096" [0..] Medium dynamic served;
    "internal.segment.bytes" Int null any Medium dynamic internal served;
    "leader.replication.throttled.replicas" List "" [throttled] Medium dynamic;
    "local.retention.bytes" Long "-2" [-2..] Medium dynamic;
    "local.retention.ms" Long "-2" [-2..] Medium dynamic;
    "max.compaction.lag.ms" Long "9223372036854775807" [1..] Medium dynamic served;
    "max.message.bytes" Int "1048588" [0..] Medium dynamic served;
    "message.timestamp.after.max.ms" Long "3600000" [0..] Medium dynamic served;
    "message.timestamp.before.max.ms" Long "9223372036854775807" [0..] Medium dynamic served;
    "message.timestamp.type" String "CreateTime" [of "CreateTime" "LogAppendTime"] Medium dynamic served;
    "min.cleanable.dirty.ratio" Double "0.5" [0.0 to 1.0] Medium dynamic served;
    "min.compaction.lag.ms" Long "0" [0..] Medium dynamic served;
    "min.insync.replicas" Int "1" [1..] Medium dynamic served;
    "preallocate" Boolean "false" any Medium dynamic;
    "remote.log.copy.disable" Boolean "false" any Medium dynamic;
    "remote.log.delete.on.disable" Boolean "false" any Medium dynamic;
    "remote.storage.enable" Boolean "false" any Medium dynamic;
    "retention.bytes" Long "-1" any Medium dynamic served;
    "retention.ms" Long "604800000" [-1..] Medium dynamic served;
    "segment.bytes" Int "1073741824" [1048576..] Medium dynamic served;
    "segment.index.bytes" Int "10485760" [4..] Medium dynamic served;
    "segment.jitter.ms" Long "0" [0..] Medium dynamic served;
    "segment.ms" Long "604800000" [1..] Medium dynamic served;
    "unclean.leader.election.enable" Boolean "false" any Medium dynamic;
};
