//! The APIs, a file each. A request comes in as a [`Call`]; its API answers at once, or opens a gather (or a fetch) and answers
//! when that is complete.
//!
//! To add one: give the protocol the spec of its messages, write its file here, add it to the modules and to [`TABLE`].

pub(crate) mod api_versions;
pub(crate) mod auto_create;
pub(crate) mod consumer_group_describe;
pub(crate) mod coordinate;
pub(crate) mod create_topics;
pub(crate) mod delete_groups;
pub(crate) mod delete_records;
pub(crate) mod delete_topics;
pub(crate) mod describe_cluster;
pub(crate) mod describe_configs;
pub(crate) mod describe_groups;
pub(crate) mod describe_quorum;
pub(crate) mod fetch;
pub(crate) mod find_coordinator;
pub(crate) mod heartbeat;
pub(crate) mod init_producer_id;
pub(crate) mod join_group;
pub(crate) mod leave_group;
pub(crate) mod list_groups;
pub(crate) mod list_offsets;
pub(crate) mod metadata;
pub(crate) mod offset_commit;
pub(crate) mod offset_delete;
pub(crate) mod offset_fetch;
pub(crate) mod offset_for_leader_epoch;
pub(crate) mod produce;
pub(crate) mod sasl_authenticate;
pub(crate) mod sasl_handshake;
pub(crate) mod sync_group;

use ottla_controller::Refusal;
use ottla_machine::{LeaderEpoch, Now, Offset, Ticket};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode};
use ottla_shard::{Isolation, PartitionId, Question, Refused, ShardAsk};

use crate::bench::{Answer, Bench};
use crate::connection::Reply;
use crate::gather::{Call, Gather};

/// What came of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is answered.
    Now(Reply),
    /// It waits, as this gather or session.
    Later(u32),
    /// It waits where its API keeps it; nothing is to be ended when its connection ends.
    Parked,
}

/// One API.
pub(crate) struct Api {
    /// Its key.
    key: ApiKey,
    /// The first version that is advertised.
    advertised: i16,
    /// The first version that is served.
    first: i16,
    /// The last version of both.
    last: i16,
    /// Takes a request.
    start: fn(&mut Bench, Now, Call) -> Result<Outcome, DecodeError>,
    /// Answers a gather that is complete, or whose time is up.
    finish: fn(&mut Bench, Now, Gather<Answer>) -> Reply,
}

/// Every API that is served.
static TABLE: &[Api] = &[
    produce::API,
    fetch::API,
    list_offsets::API,
    metadata::API,
    offset_commit::API,
    offset_fetch::API,
    find_coordinator::API,
    join_group::API,
    heartbeat::API,
    leave_group::API,
    sync_group::API,
    describe_groups::API,
    list_groups::API,
    sasl_handshake::API,
    api_versions::API,
    create_topics::API,
    delete_topics::API,
    delete_records::API,
    init_producer_id::API,
    offset_for_leader_epoch::API,
    describe_configs::API,
    sasl_authenticate::API,
    delete_groups::API,
    offset_delete::API,
    describe_quorum::API,
    describe_cluster::API,
    consumer_group_describe::API,
];

fn find(key: ApiKey) -> Option<&'static Api> {
    TABLE.iter().find(|api| api.key == key)
}

/// Whether this version of an API gets an answer. Of ApiVersions every version does, if only that it is not supported.
pub(crate) fn serves(key: ApiKey, version: i16) -> bool {
    let known = |api: &Api| (api.first..=api.last).contains(&version);
    key == ApiKey::ApiVersions || find(key).is_some_and(known)
}

/// Whether a request may run beside earlier ones of its kind on its connection: only Produce may.
pub(crate) fn overlaps(frame: &[u8]) -> bool {
    frame.first_chunk() == Some(&ApiKey::Produce.code().to_be_bytes())
}

/// Takes a request whose API is served.
pub(crate) fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let api = find(call.key).expect("a call is made of what is served");
    (api.start)(bench, now, call)
}

/// Answers a gather.
pub(crate) fn finish(bench: &mut Bench, now: Now, gather: Gather<Answer>) -> Reply {
    let api = find(gather.call.key).expect("a call is made of what is served");
    (api.finish)(bench, now, gather)
}

/// Whether a gather that was just opened waits, or can be answered already.
fn gathered(bench: &mut Bench, now: Now, ticket: Ticket) -> Outcome {
    match bench.gathers.complete(ticket) {
        Some(gather) => Outcome::Now(finish(bench, now, gather)),
        None => Outcome::Later(ticket.gather),
    }
}

/// For APIs that answer at once.
fn never(_: &mut Bench, _: Now, gather: Gather<Answer>) -> Reply {
    unreachable!("{} opens no gather", gather.call.key)
}

/// Asks the shard about a partition, if there is one and if it must be asked at all.
fn ask(
    bench: &mut Bench,
    gather: Ticket,
    found: Result<PartitionId, ErrorCode>,
    question: Result<Question, Answer>,
) {
    match (found, question) {
        (Err(code), _) => bench.gathers.settle(gather, refused(code, None)),
        (Ok(_), Err(answer)) => bench.gathers.settle(gather, answer),
        (Ok(id), Ok(question)) => {
            let ticket = bench.gathers.expect(gather);
            let asked = ShardAsk::Question(ticket, id, question);
            bench.asks.push_back(asked);
        }
    }
}

/// A refusal before the shard.
fn refused(error: ErrorCode, message: Option<&str>) -> Answer {
    Answer::Shard(ottla_shard::Answer::Refused(Refused {
        error,
        message: message.map(str::to_owned),
        record_errors: Vec::new(),
        log_start_offset: Offset(-1),
    }))
}

/// The controller has said nothing in time.
fn late() -> Refusal {
    let why = "The controller has not answered in time.";
    (ErrorCode::RequestTimedOut, why.to_owned())
}

/// A leader epoch as the wire has it: negative is none.
fn epoch(wire: i32) -> LeaderEpoch {
    if wire < 0 {
        LeaderEpoch::NONE
    } else {
        LeaderEpoch(wire)
    }
}

/// What a reader may see, as the wire has it.
fn isolation(wire: i8) -> Isolation {
    match wire {
        0 => Isolation::ReadUncommitted,
        _ => Isolation::ReadCommitted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_served_can_be_read() {
        for api in TABLE {
            let known = ottla_protocol::versions(api.key).expect("messages of every served API");
            assert!(
                api.advertised <= api.first && api.first <= api.last,
                "{}",
                api.key
            );
            assert_eq!(
                (api.first, api.last),
                (*known.start(), *known.end()),
                "{}",
                api.key
            );
        }
    }

    #[test]
    fn only_produce_overlaps() {
        assert!(overlaps(&[0, 0, 0, 9]));
        assert!(!overlaps(&[0, 1, 0, 9]));
        assert!(!overlaps(&[0]));
    }
}
