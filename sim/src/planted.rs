//! The planted bugs: what is wrong when one is switched on, where it comes from, and how a user would see it. What must happen in a run
//! for it to show is for whoever looks why one was not found.

use ottla_broker::Broker;
use ottla_machine::Effects;

/// A bug that can be switched on.
#[derive(Clone, Copy, Debug)]
pub struct Planted {
    /// Its name at `planted!` in the core.
    pub id: &'static str,
    /// What goes wrong.
    pub mechanism: &'static str,
    /// Where it happened before, or that it is ours.
    pub source: &'static str,
    /// What a user sees.
    pub seen: &'static str,
    /// What a run needs for it to show.
    pub needs: &'static str,
}

/// All of them.
pub const PLANTED: &[Planted] = &[
    Planted {
        id: "ack-before-flush",
        mechanism: "acks=all is released when written, not when the high watermark has passed",
        source: "KAFKA-10533 class",
        seen: "acknowledged batch gone",
        needs: "F, acks=all, cut between write and sync",
    },
    Planted {
        id: "high-watermark-over-written",
        mechanism: "this node's promise is what is written, not what is flushed; so is the high watermark (V1 is judged by the same function and stays silent)",
        source: "ours, KAFKA-10533",
        seen: "batches that readers saw, or acks=all had, are gone; high watermark above flushed in Broker::logs()",
        needs: "F, any acks, cut between write and sync",
    },
    Planted {
        id: "acks-1-before-written",
        mechanism: "acks=1 (and acks=0's charge) is released when the offset is given, not when the write is done",
        source: "ours",
        seen: "acks=1 batch gone after a mere kill, or after a full disk",
        needs: "acks=1, kill in a turn of the write, or disk full",
    },
    Planted {
        id: "offset-assigned-twice",
        mechanism: "a full disk undoes appends and nobody refuses their producers: they are answered with offsets that others get",
        source: "ours, KAFKA-7866 class",
        seen: "two batches acknowledged at one offset; acknowledged data missing",
        needs: "disk fills (Allocate/Write Full) under several producers, then heals",
    },
    Planted {
        id: "old-leader-epoch-served",
        mechanism: "a client's older leader epoch is not fenced",
        source: "KAFKA-9338, KIP-320",
        seen: "Fetch/ListOffsets/OffsetForLeaderEpoch with an old epoch answered instead of FENCED_LEADER_EPOCH (74)",
        needs: "a restart (the epoch rises), then a request that bears the old epoch",
    },
    Planted {
        id: "duplicate-answered-with-log-end",
        mechanism: "a duplicate is answered with the log's end, not the offsets it was given",
        source: "ours",
        seen: "base offset in the answer is not where the batch lies",
        needs: "idempotent producer that loses an answer (connection dies) and sends again",
    },
    Planted {
        id: "undone-batch-remembered",
        mechanism: "appends undone by a full disk stay in the producers' state",
        source: "KAFKA-6683 class",
        seen: "the retry is taken for a duplicate: acknowledged, never there",
        needs: "idempotent producer, disk full and healed, retry",
    },
    Planted {
        id: "sequence-gap-accepted",
        mechanism: "any sequence is next",
        source: "KAFKA-18202 class",
        seen: "order of one producer's batches broken; a lost batch's successors are there",
        needs: "idempotent producer with several batches in flight, one of them refused or lost (full disk, closed connection, cut)",
    },
    Planted {
        id: "only-newest-batch-remembered",
        mechanism: "duplicates are recognised in one batch instead of five",
        source: "ours",
        seen: "OUT_OF_ORDER_SEQUENCE_NUMBER for batches that are there",
        needs: "idempotent producer, 2 to 5 in flight, connection dies before the answers, all sent again",
    },
    Planted {
        id: "append-after-io-error",
        mechanism: "a write that failed counts as done",
        source: "KAFKA-10778",
        seen: "acknowledged data missing or a hole after the next start; reads from disk are damaged",
        needs: "a Write that fails (Broken, or Full/short without Allocate's refusal)",
    },
    Planted {
        id: "full-disk-not-healing",
        mechanism: "after Allocate/Open was refused for want of room the writer stays busy",
        source: "ours",
        seen: "produce hangs for ever although there is room again; clean stop runs out of time",
        needs: "disk full (or no descriptors) and healed",
    },
    Planted {
        id: "directory-name-not-synced",
        mechanism: "the partition's directory is not synced in its parent",
        source: "ours (A4)",
        seen: "the whole partition is empty, with acknowledged data gone",
        needs: "new topic, acks, cut before anything else syncs the log directory (checkpoints do, every 60 s; another topic does not)",
    },
    Planted {
        id: "segment-name-not-synced",
        mechanism: "a new segment's name counts as durable at once (the \"directory-entry-not-synced\" of the list)",
        source: "ours (A4)",
        seen: "acknowledged data of the newest segment gone",
        needs: "cut soon after a roll or a partition's first batch, before an index, snapshot or epochs file syncs the directory; small segment.bytes",
    },
    Planted {
        id: "leader-epoch-checkpoint-not-synced",
        mechanism: "leader-epoch-checkpoint is renamed into place unsynced",
        source: "KAFKA-16541",
        seen: "OffsetForLeaderEpoch / leader epoch of ListOffsets(earliest) wrong for old offsets",
        needs: "several restarts (epochs), cut soon after a start, a recovery point beyond the old epochs' segments (small segments, checkpoint passed)",
    },
    Planted {
        id: "vote-not-synced",
        mechanism: "quorum-state is renamed into place unsynced",
        source: "Raft, Q1",
        seen: "the node does not come back (\"quorum-state is not readable\"); with one voter nothing else shows",
        needs: "cut soon after a start",
    },
    Planted {
        id: "crc-not-checked",
        mechanism: "recovery believes a batch whose header is whole",
        source: "ours",
        seen: "damaged batch served (CRC error in the client), metadata log that does not fit",
        needs: "cut that leaves the first sectors of a batch and not the rest: batches larger than a sector/page, unsynced",
    },
    Planted {
        id: "damage-cut-off",
        mechanism: "what was durable and is damaged is cut off instead of refused",
        source: "ours",
        seen: "acknowledged durable data gone in silence",
        needs: "bit rot, misdirected write or lost sector below the recovery point, then an unclean start (a clean one reads only the end)",
    },
    Planted {
        id: "crash-hole-kept",
        mechanism: "segments behind a hole that the crash made are kept",
        source: "ours",
        seen: "a gap in the offsets of a topic that is not compacted; a producer's later batch there, its earlier one not",
        needs: "several unsynced segments (W or acks=1 without readers; small segment.bytes), cut that keeps a later file and loses an earlier one's end",
    },
    Planted {
        id: "producer-state-not-rebuilt",
        mechanism: "batches after the snapshot are not taken into the producers' state",
        source: "ours",
        seen: "duplicate records",
        needs: "idempotent producer, batch written, answer lost with a kill or cut, unclean start, sent again",
    },
    Planted {
        id: "epoch-0-not-recovered",
        mechanism: "recovery does not enter epoch 0",
        source: "KAFKA-10432",
        seen: "ListOffsets(earliest) answers leader epoch -1; OffsetForLeaderEpoch(0) right only by luck",
        needs: "topic's first life ends in a kill or cut with data of epoch 0 in the recovered part",
    },
    Planted {
        id: "index-trusted-after-power-cut",
        mechanism: "after an unclean stop only the last segment is judged, sealed ones are believed",
        source: "ours",
        seen: "fetch below the end fails (KAFKA_STORAGE_ERROR), or damaged or missing batches in a sealed segment",
        needs: "small segments, sealed but unsynced data (W, or acks=1 without readers), cut",
    },
    Planted {
        id: "recovery-point-advanced-in-recovery",
        mechanism: "what recovery has read counts as flushed without being synced: it may lie in the page cache only",
        source: "KAFKA-10101",
        seen: "data that was shown or acknowledged after the restart is gone, or \"damaged although durable\"",
        needs: "kill with unsynced data, start, then cut",
    },
    Planted {
        id: "size-retention-takes-one-too-many",
        mechanism: "a segment goes as soon as there is any surplus",
        source: "ours",
        seen: "less than retention.bytes is kept; the last segment goes too",
        needs: "retention.bytes and segment.bytes small, retention check passes",
    },
    Planted {
        id: "retention-above-high-watermark",
        mechanism: "segments above the high watermark may go",
        source: "KAFKA-5634",
        seen: "log start above the high watermark: ListOffsets(earliest) > latest, reader at the end out of range, data gone that nobody could read",
        needs: "F, acks=1 or 0 without readers (unflushed), small segments, small retention.bytes/ms",
    },
    Planted {
        id: "compacted-topic-retained-by-size",
        mechanism: "retention.bytes counts for a topic that is only compacted",
        source: "ours",
        seen: "records of a compacted topic gone",
        needs: "cleanup.policy=compact with retention.bytes and small segments",
    },
    Planted {
        id: "retention-removes-newest-first",
        mechanism: "dropped segments' files go newest first",
        source: "ours (found by review, N3)",
        seen: "after a crash the log ends at the gap: everything acknowledged behind it gone",
        needs: "retention drops several segments at once, cut/kill between the removals, recovery point older than them",
    },
    Planted {
        id: "clean-stop-without-sync",
        mechanism: "a clean stop does not sync segments",
        source: "ours",
        seen: "acks=1/W data gone, or the directory offline as damaged, after a cut that follows a CLEAN stop",
        needs: "W or acks=1 unflushed, clean stop, cut while down (or after the next start)",
    },
    Planted {
        id: "max-timestamp-of-active-segment-only",
        mechanism: "only the newest segment is looked at",
        source: "ours",
        seen: "ListOffsets(-3) names another record, or none",
        needs: "several segments, timestamps out of order",
    },
    Planted {
        id: "wrong-time-index",
        mechanism: "the time index is asked for one millisecond more",
        source: "ours",
        seen: "ListOffsets(time) names a later record",
        needs: "times at index entries one ms apart from those asked: small index.interval.bytes, timestamps 1 ms apart, question by exact timestamps",
    },
    Planted {
        id: "only-one-watch-told",
        mechanism: "of several watches that have more to see only the first is told",
        source: "ours (lost wake-up)",
        seen: "a fetch hangs to its max_wait although data is there; an incremental session never gets it",
        needs: "two consumers waiting on one partition",
    },
    Planted {
        id: "dropped-segment-synced",
        mechanism: "files that retention has closed stay on the flusher's list",
        source: "ours (found by review)",
        seen: "a sync on a closed file: the log directory (and the node) goes offline",
        needs: "W (data is dropped unflushed), retention, then a later append wants a flush (flush.messages/flush.ms, clean stop is not enough)",
    },
    Planted {
        id: "retried-sync",
        mechanism: "a sync that failed counts as done (what a retry would say)",
        source: "fsyncgate, ours (H3)",
        seen: "acknowledged data gone after a cut",
        needs: "a sync that fails, then a cut",
    },
    Planted {
        id: "sync-credited-with-later-writes",
        mechanism: "a sync covers what was written when it came back",
        source: "ours (D1)",
        seen: "acknowledged data gone",
        needs: "F, steady producers with acks=all, slow syncs, cut",
    },
    Planted {
        id: "checkpoint-before-sync",
        mechanism: "the recovery point says what is written",
        source: "ours (H2)",
        seen: "\"damaged although durable\": directory offline, node does not come back; or a tail believed unread",
        needs: "W or unflushed acks=1, checkpoint interval passes (set it small), cut",
    },
    Planted {
        id: "deleted-topic-data-under-recreated-name",
        mechanism: "a directory with another topic's id is taken for one's own",
        source: "KAFKA-14616 class",
        seen: "records of the deleted topic under the new one",
        needs: "topic deleted, kill/cut before its directory's rename is durable, start, topic created again under its name",
    },
    Planted {
        id: "read-past-high-watermark",
        mechanism: "readers see what is written",
        source: "KAFKA-9196, KAFKA-9807 class",
        seen: "records beyond the high watermark of the same answer; gone after a cut",
        needs: "F, acks=1/all, reader between write and sync",
    },
    Planted {
        id: "first-batch-not-returned-if-larger",
        mechanism: "a batch larger than the limit is not returned alone",
        source: "KIP-74",
        seen: "consumer stuck",
        needs: "batch larger than max.partition.fetch.bytes, or than what is left",
    },
    Planted {
        id: "latest-offset-is-log-end",
        mechanism: "ListOffsets(latest) is the log's end",
        source: "ours",
        seen: "latest above the high watermark; a consumer that starts there misses records, or is out of range after a cut",
        needs: "F, ListOffsets between append and sync",
    },
    Planted {
        id: "clean-marker-deleted-too-late",
        mechanism: "the clean-shutdown marker stays until the next clean stop replaces it",
        source: "KAFKA-10471",
        seen: "a crash looks clean: torn tail is \"damage\", the node goes offline; or damaged batches",
        needs: "clean stop, start, produce, cut (or kill), start",
    },
    Planted {
        id: "clean-marker-after-unclean-stop",
        mechanism: "the marker is written although not every log was closed or recovered",
        source: "ours (N2, P1)",
        seen: "as above",
        needs: "stop before recovery has opened all logs after an unclean stop, then cut/start",
    },
    Planted {
        id: "file-closed-under-an-answer",
        mechanism: "a file that its log let go is closed while an answer in work holds a range of it",
        source: "ours (H6)",
        seen: "a fetch is answered by the end of its connection",
        needs: "fetch of several partitions, one range found at once and another read that waits for the disk, retention or many segments meanwhile",
    },
    Planted {
        id: "metadata-applied-before-committed",
        mechanism: "the image is taken from the controller's tail",
        source: "KRaft, N1",
        seen: "a topic that produced and acknowledged is gone, a deleted topic is back empty",
        needs: "CreateTopics/DeleteTopics and traffic in the same instant, cut before the metadata log's sync",
    },
    Planted {
        id: "reply-out-of-seat-order",
        mechanism: "an answer takes the first open seat",
        source: "ours (C1)",
        seen: "correlation ids out of order",
        needs: "pipelined Produce on one connection, answers that come at different times (several partitions, mixed acks)",
    },
    Planted {
        id: "memory-budget-leak",
        mechanism: "what a dead connection held is not given back",
        source: "ours (N1; Broker::check sees it too)",
        seen: "after some lost connections nobody is read any more",
        needs: "connections that die in the middle of requests, queued.max.request.bytes small",
    },
    Planted {
        id: "waiting-connection-closed-as-idle",
        mechanism: "a connection whose request is in work counts as idle",
        source: "ours",
        seen: "long poll or slow produce loses its connection",
        needs: "connections.max.idle.ms below max_wait/the disk's delay",
    },
    Planted {
        id: "fetch-session-forgets-a-partition",
        mechanism: "partitions for which an answer had no room are not queued again",
        source: "ours (F1; Broker::check sees it too)",
        seen: "a partition of an incremental session is never delivered",
        needs: "cached session of several partitions with data, max_bytes smaller than all of it",
    },
    Planted {
        id: "fetch-session-passes-over-news",
        mechanism: "a partition that stood at its end in one round of a long poll and had news in the next is neither queued nor watched",
        source: "ours (found by the simulator)",
        seen: "a reader of a session hears nothing more of it",
        needs: "cached session, long poll over several partitions, min_bytes reached only in a later round",
    },
    Planted {
        id: "fetch-session-epoch-not-checked",
        mechanism: "an incremental fetch out of step is served",
        source: "KIP-227",
        seen: "no INVALID_FETCH_SESSION_EPOCH (71) for a wrong epoch",
        needs: "a client that sends an old or future session epoch",
    },
    Planted {
        id: "long-poll-never-answered",
        mechanism: "a fetch that parks with something found, but less than min_bytes, has no deadline",
        source: "ours",
        seen: "fetch never answered",
        needs: "min_bytes larger than what is there, nobody produces",
    },
    Planted {
        id: "acks-0-error-does-not-close",
        mechanism: "an error of an acks=0 request is swallowed",
        source: "Kafka's contract",
        seen: "connection stays open after a refused acks=0 batch",
        needs: "acks=0 to an unknown topic, a bad batch, ..",
    },
    Planted {
        id: "timed-out-produce-acknowledged",
        mechanism: "REQUEST_TIMED_OUT is told as success (offset -1)",
        source: "ours",
        seen: "acknowledged data that may be lost; base offset -1 without an error",
        needs: "sync slower than the request's timeout_ms, then cut",
    },
    Planted {
        id: "producer-id-block-leased-twice",
        mechanism: "the record names the first id of the block, not the first after it",
        source: "KAFKA-20031",
        seen: "two producers with one id",
        needs: "InitProducerId before and after a restart (or more than a block of them)",
    },
    Planted {
        id: "topic-recreated-keeps-id",
        mechanism: "ids are drawn from the beginning of the stream each time",
        source: "ours",
        seen: "a recreated topic has its predecessor's id",
        needs: "create, delete, create within one life of the node",
    },
    Planted {
        id: "newest-value-dropped",
        mechanism: "a compaction keeps the older records of a key and leaves out the newest",
        source: "ours",
        seen: "the last value of a key gone, an older one in its place",
        needs: "a compacted topic, a key written twice, a pass over both",
    },
    Planted {
        id: "keys-compared-by-prefix",
        mechanism: "a compaction takes keys that begin alike for the same",
        source: "ours",
        seen: "the last value of a key gone, because another key was written",
        needs: "a compacted topic with keys of more than two bytes",
    },
    Planted {
        id: "tombstone-dropped-at-once",
        mechanism: "a tombstone goes in the first pass that meets it",
        source: "Kafka: KAFKA-8522, the other way round",
        seen: "a deleted key is not seen as deleted by who reads late",
        needs: "a tombstone of a shared key, delete.retention.ms of seconds, a crash soon after the pass",
    },
    Planted {
        id: "newest-batch-of-producer-dropped",
        mechanism: "a batch of which nothing stays goes, although its sequence numbers are only there",
        source: "Kafka: KAFKA-3861, the cleaner and idempotence",
        seen: "a producer's next batch is refused or taken twice after a crash",
        needs: "idempotent producers on a compacted topic, all of a batch superseded, a recovery from before it",
    },
    Planted {
        id: "compacted-segment-not-synced",
        mechanism: "a compacted segment takes its place without being synced",
        source: "ours",
        seen: "records gone after a power cut that had been durable for long",
        needs: "a pass, then a power cut",
    },
    Planted {
        id: "swap-name-not-synced",
        mechanism: "the old segment goes before the new one's name is durable",
        source: "Kafka: KAFKA-3123's kin",
        seen: "records gone after a power cut that had been durable for long",
        needs: "a power cut in the middle of a swap",
    },
    Planted {
        id: "compacted-offsets-renumbered",
        mechanism: "the records left of a batch are given offsets in a row",
        source: "ours",
        seen: "a record at another offset than before",
        needs: "a batch of which the front is superseded",
    },
    Planted {
        id: "compacted-headers-lost",
        mechanism: "a rebuilt batch has no headers",
        source: "ours",
        seen: "a record without the headers it was sent with",
        needs: "a batch of which something is superseded, and a record with headers stays",
    },
    Planted {
        id: "deleted-records-still-read",
        mechanism: "a read below the log's start is answered while the segment is still there",
        source: "ours",
        seen: "a consumer reads what DeleteRecords had taken",
        needs: "DeleteRecords within a segment, then a fetch from below",
    },
    Planted {
        id: "deletion-forgotten-in-recovery",
        mechanism: "recovery begins a log at its first segment, whatever the checkpoint of its start says",
        source: "ours",
        seen: "deleted records are back after a crash",
        needs: "DeleteRecords within a segment, a crash after its answer",
    },
    Planted {
        id: "deletion-answered-before-checkpoint",
        mechanism: "DeleteRecords is answered before log-start-offset-checkpoint is durable",
        source: "Kafka: it does so",
        seen: "deleted records are back after a crash",
        needs: "DeleteRecords, then a crash before the next checkpoint",
    },
    Planted {
        id: "compacted-batch-shortened",
        mechanism: "a rebuilt batch ends with the last record that is left of it",
        source: "ours",
        seen: "a batch that reaches less far than before",
        needs: "a batch of which the end is superseded",
    },
    Planted {
        id: "kept-empty-batch-nameless",
        mechanism: "a batch that is kept for its producer's sake bears no producer",
        source: "ours",
        seen: "a producer's next batch is refused or taken twice after a crash",
        needs: "idempotent producers on a compacted topic, all of a batch superseded, a recovery from before it",
    },
    Planted {
        id: "compacted-epoch-lost",
        mechanism: "a rebuilt batch has leader epoch 0",
        source: "ours",
        seen: "ListOffsets names another epoch for a record than before",
        needs: "a compacted topic in a later life, a recovery from before it",
    },
    Planted {
        id: "compacted-epochs-forgotten",
        mechanism: "recovery of a compacted log knows the epochs of those batches only that are left",
        source: "Kafka: it does so",
        seen: "ListOffsets(earliest) knows no epoch for records that it had one for",
        needs: "all of a segment's front superseded, a recovery from before it",
    },
    Planted {
        id: "deletion-beyond-the-end-accepted",
        mechanism: "DeleteRecords of offsets that do not exist yet is answered without an error",
        source: "ours",
        seen: "less is deleted than was answered",
        needs: "DeleteRecords beyond the high watermark, by a reader who has read further than the node that lost its disk",
    },
    Planted {
        id: "recovered-tail-not-written-again",
        mechanism: "what recovery believes beyond the recovery point is synced but not written once more",
        source: "ours, fsyncgate",
        seen: "acknowledged batches gone",
        needs: "a sync that fails and leaves its pages readable, a restart, a power cut",
    },
    Planted {
        id: "snapshot-of-uncommitted-metadata",
        mechanism: "a snapshot of the metadata is printed from the controller's tail, not from what is committed",
        source: "ours (S1), KAFKA-14238 class",
        seen: "a topic that nobody made is there after a crash, or the node does not start because a topic is there twice",
        needs: "small metadata.log.max.record.bytes.between.snapshots, topics made in the turn in which a snapshot begins, restart",
    },
    Planted {
        id: "log-removed-before-its-snapshot-is-durable",
        mechanism: "the metadata log below a snapshot goes when the snapshot begins",
        source: "ours (Q8)",
        seen: "the node does not start: the log begins where no snapshot reaches; or Q8 says so at once",
        needs: "small segments of the metadata log, a snapshot",
    },
    Planted {
        id: "snapshot-without-producer-ids",
        mechanism: "the lease of producer ids is not in a snapshot of the metadata",
        source: "ours, KAFKA-20031 class",
        seen: "two producers with one id after a restart",
        needs: "InitProducerId, a snapshot, a restart",
    },
    Planted {
        id: "snapshot-not-synced",
        mechanism: "a snapshot gets its name before its bytes are durable",
        source: "ours (Q7), KAFKA-10818 class",
        seen: "after a power cut the node does not start: no snapshot is whole that the log reaches",
        needs: "small snapshots and segments, two snapshots in one life, cut",
    },
];

/// Switches one of them on, and lets a seed draw the limits of the core.
#[cfg(feature = "planted")]
pub(crate) fn plant(fx: &mut Effects<Broker>, bug: Option<&str>, limits: Option<u64>) {
    fx.plant(bug, limits);
}

/// This build has none of them, and the limits that ship.
#[cfg(not(feature = "planted"))]
pub(crate) fn plant(_fx: &mut Effects<Broker>, bug: Option<&str>, limits: Option<u64>) {
    assert!(bug.is_none(), "this build has no planted bugs");
    assert!(limits.is_none(), "this build has the limits that ship");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::PLANTED;
    use crate::sites;

    #[test]
    fn the_list_is_what_the_core_has() {
        let listed: BTreeSet<String> = PLANTED.iter().map(|bug| bug.id.to_owned()).collect();
        assert_eq!(listed.len(), PLANTED.len(), "every id once");
        assert_eq!(listed, sites::named("planted!("));
    }
}
