//! What the APIs of groups share: the way to the coordinator of a group, and back.

use std::borrow::Cow;

use ottla_coordinator::{Identity, Request, Response, partition_of};
use ottla_machine::{Now, Ticket, Time, planted};
use ottla_protocol::{ApiKey, ErrorCode};
use ottla_shard::{PartitionId, ShardAsk};

use crate::bench::{Answer, Bench};

/// The topic that has the groups.
pub(super) const TOPIC: &str = "__consumer_offsets";

/// Asks the coordinator of a group.
pub(super) fn ask(bench: &mut Bench, gather: Ticket, group: &str, request: Request) {
    let topic = bench.image.topic_named(TOPIC);
    let astray = matches!(request, Request::FetchOffsets { .. })
        && planted!(bench.switch, "offsets-looked-for-in-another-partition");
    let partition = topic.map(|topic| PartitionId {
        topic_id: topic.id,
        index: partition_of(group, topic.partitions.len() as i32 + i32::from(astray)),
    });
    match partition {
        Some(partition) => ask_partition(bench, gather, partition, request),
        None => bench
            .gathers
            .settle(gather, refused(ErrorCode::NotCoordinator)),
    }
}

/// Asks the coordinator that lives in a partition.
pub(super) fn ask_partition(
    bench: &mut Bench,
    gather: Ticket,
    partition: PartitionId,
    request: Request,
) {
    let ticket = bench.gathers.expect(gather);
    let asked = ShardAsk::Coordinate(ticket, partition, request);
    bench.asks.push_back(asked);
}

/// A refusal before any coordinator.
pub(super) fn refused(error: ErrorCode) -> Answer {
    Answer::Shard(ottla_shard::Answer::Group(Response::Refused(error)))
}

/// What a coordinator has said; of one that has said nothing in time, what Kafka says of it. `too_large` is said of what fits no batch.
pub(super) fn heard(answer: Option<Answer>, too_large: ErrorCode) -> Response {
    match answer {
        Some(Answer::Shard(ottla_shard::Answer::Group(response))) => match response {
            Response::Refused(ErrorCode::MessageTooLarge) => Response::Refused(too_large),
            response => response,
        },
        _ => Response::Refused(ErrorCode::CoordinatorNotAvailable),
    }
}

/// Until when a write of a coordinator is waited for: `offsets.commit.timeout.ms`.
pub(super) fn patience(bench: &Bench, now: Now) -> Time {
    now.mono
        .after_ms(bench.config.statics.whole("offsets.commit.timeout.ms"))
}

/// Counts an error, and gives its number.
pub(super) fn code(bench: &mut Bench, key: ApiKey, error: ErrorCode) -> i16 {
    if error != ErrorCode::None {
        bench.counters.error(key, error);
    }
    error.code()
}

/// Who a request says that it is from.
pub(super) fn identity(
    group: &str,
    generation: i32,
    member: &str,
    instance: Option<&Cow<'_, str>>,
) -> Identity {
    Identity {
        group: group.into(),
        generation,
        member: member.into(),
        instance: instance.map(|it| (**it).into()),
    }
}
