//! Fetch: key 1, versions 4 to 18.
//!
//! A request becomes the fetch of a session (of one request, when the client wants none), which reads what is ready and waits
//! for `min_bytes` or `max_wait_ms`; see `fetch_session`. The answer is header bytes, then the batches as the shard gave them:
//! bytes from memory or ranges of files.
//!
//! Version notes: 7: sessions. 9: the client's leader epoch. 12: the last fetched epoch, diverging epochs. 13: topics by id.
//! 15: the replica state in a tagged field. 16: where the new leader is.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use ottla_machine::{Now, Offset, Part, Parts};
use ottla_protocol::messages::FetchRequest;
use ottla_protocol::messages::fetch_response::{
    AbortedTransaction, EpochEndOffset, FetchResponse, FetchableTopicResponse, LeaderIdAndEpoch,
    NodeEndpoint, PartitionData,
};
use ottla_protocol::{ApiKey, DecodeError, ErrorCode, Hole, Reader, Records};
use ottla_shard::Isolation;

use super::{Api, Outcome, epoch, isolation, never};
use crate::bench::Bench;
use crate::cluster::{self, Node};
use crate::connection::Reply;
use crate::fetch_session::{Fetch, Found, Interest, SESSION, Taken, TopicKey, Wanted};
use crate::gather::Call;

pub(super) const API: Api = Api {
    key: ApiKey::Fetch,
    advertised: 4,
    first: 4,
    last: 18,
    start,
    finish: never,
};

/// The reader has asked the wrong broker, or a leader of the past: it is told who leads now.
const MOVED: [ErrorCode; 2] = [ErrorCode::NotLeaderOrFollower, ErrorCode::FencedLeaderEpoch];

fn start(bench: &mut Bench, now: Now, call: Call) -> Result<Outcome, DecodeError> {
    let body = call.body.clone();
    let request = FetchRequest::decode(&mut Reader::new(&body), call.version)?;
    let mut cut_off = Vec::new();
    let head = Call {
        head: Bytes::new(),
        body: Bytes::new(),
        ..call
    };
    let fetch = read(&bench.config, now, head, &request);
    let taken = bench.sessions.on_fetch(now.mono, fetch, &mut cut_off);
    for call in cut_off {
        let reply = refuse(bench, &call, ErrorCode::FetchSessionIdNotFound);
        bench.reply(call.home, reply);
    }
    Ok(match taken {
        Taken::Session(index) => Outcome::Later(index | SESSION),
        Taken::Refused(call, code) => Outcome::Now(refuse(bench, &call, code)),
    })
}

fn read(
    config: &crate::config::BrokerConfig,
    now: Now,
    call: Call,
    request: &FetchRequest<'_>,
) -> Fetch {
    let by_id = call.version >= 13;
    let mut names: BTreeMap<&str, Arc<str>> = BTreeMap::new();
    let mut wanted = Vec::new();
    for topic in &request.topics {
        let key = if by_id {
            TopicKey::Id(topic.topic_id)
        } else {
            TopicKey::Name(Arc::clone(
                names
                    .entry(&topic.topic)
                    .or_insert_with(|| Arc::from(&*topic.topic)),
            ))
        };
        wanted.extend(topic.partitions.iter().map(|partition| Wanted {
            topic: key.clone(),
            partition: partition.partition,
            offset: Offset(partition.fetch_offset),
            current_leader_epoch: epoch(partition.current_leader_epoch),
            last_fetched_epoch: epoch(partition.last_fetched_epoch),
            max_bytes: size(partition.partition_max_bytes),
        }));
    }
    let forgotten = request.forgotten_topics_data.iter().flat_map(|topic| {
        let key = if by_id {
            TopicKey::Id(topic.topic_id)
        } else {
            TopicKey::Name(Arc::from(&*topic.topic))
        };
        topic
            .partitions
            .iter()
            .map(move |partition| (key.clone(), partition))
    });
    let max_bytes = size(request.max_bytes).min(config.fetch_max_bytes);
    Fetch {
        session_id: request.session_id,
        session_epoch: request.session_epoch,
        until: now.mono.after_ms(request.max_wait_ms.into()),
        min_bytes: size(request.min_bytes).min(max_bytes),
        max_bytes,
        isolation: isolation(request.isolation_level),
        forgotten: forgotten.collect(),
        wanted,
        call,
    }
}

fn size(wire: i32) -> usize {
    usize::try_from(wire).unwrap_or(0)
}

fn refuse(bench: &mut Bench, call: &Call, code: ErrorCode) -> Reply {
    bench.counters.error(ApiKey::Fetch, code);
    let response = FetchResponse {
        error_code: code.code(),
        ..FetchResponse::default()
    };
    bench.encode(call, |w, version| response.encode(w, version))
}

/// Answers the fetch of a session that is done.
pub(crate) fn answer(bench: &mut Bench, index: u32) {
    let Some((call, session_id, isolation, results)) = bench.sessions.results(index) else {
        return;
    };
    let call = call.clone();
    let mut response = FetchResponse {
        session_id,
        ..FetchResponse::default()
    };
    let mut pieces: Vec<Parts> = Vec::new();
    let mut last: Option<&TopicKey> = None;
    let mut errors = Vec::new();
    let mut leaders = Vec::new();
    for interest in results {
        if last != Some(&interest.wanted.topic) {
            response.responses.push(topic(&interest.wanted.topic));
            last = Some(&interest.wanted.topic);
        }
        let mut said = say(interest, isolation);
        if said.error_code != 0 {
            errors.extend(ErrorCode::from_code(said.error_code));
            if call.version >= 16 && MOVED.map(ErrorCode::code).contains(&said.error_code) {
                let topic = cluster::topic_of(&bench.image, &interest.wanted.topic);
                let index = said.partition_index;
                let leader = cluster::leader(bench, call.listener, topic, index, &mut leaders);
                if let Some((leader_id, leader_epoch)) = leader {
                    said.current_leader = LeaderIdAndEpoch {
                        leader_id,
                        leader_epoch,
                    };
                }
            }
        }
        if let Found::Read { records, .. } = &interest.found
            && !records.is_empty()
        {
            pieces.push(records.clone());
        }
        if let Some(topic) = response.responses.last_mut() {
            topic.partitions.push(said);
        }
    }
    response.node_endpoints = leaders.into_iter().map(endpoint).collect();
    let frame = ottla_protocol::response(call.key, call.version, call.correlation_id, |w| {
        response.encode(w, call.version)
    });
    bench.counters.fetched_bytes += pieces.iter().map(|parts| parts.len() as u64).sum::<u64>();
    errors
        .into_iter()
        .for_each(|code| bench.counters.error(ApiKey::Fetch, code));
    bench.answered(&call);
    let reply = match frame {
        Ok(frame) => Reply::Parts(fill(frame.bytes, &frame.holes, pieces)),
        Err(error) => bench.unsayable(&call, error),
    };
    bench.sessions.answered(index);
    bench.reply(call.home, reply);
}

fn topic(key: &TopicKey) -> FetchableTopicResponse<'static> {
    let mut response = FetchableTopicResponse::default();
    match key {
        TopicKey::Name(name) => response.topic = Cow::Owned(name.to_string()),
        TopicKey::Id(id) => response.topic_id = *id,
    }
    response
}

fn say(interest: &Interest, isolation: Isolation) -> PartitionData<'static> {
    let mut said = PartitionData {
        partition_index: interest.wanted.partition,
        high_watermark: interest.seen.high_watermark,
        last_stable_offset: interest.seen.last_stable_offset,
        log_start_offset: interest.seen.log_start_offset,
        aborted_transactions: (isolation == Isolation::ReadCommitted).then(Vec::new),
        preferred_read_replica: -1,
        records: Some(Records::Apart(interest.bytes())),
        ..PartitionData::default()
    };
    match &interest.found {
        Found::Unread => {}
        Found::Read {
            aborted, diverging, ..
        } => {
            if let (Some(list), Some(aborted)) = (&mut said.aborted_transactions, aborted) {
                list.extend(
                    aborted
                        .iter()
                        .map(|(producer_id, first_offset)| AbortedTransaction {
                            producer_id: *producer_id,
                            first_offset: *first_offset,
                        }),
                );
            }
            if let Some((epoch, end)) = diverging {
                said.diverging_epoch = EpochEndOffset {
                    epoch: epoch.0,
                    end_offset: end.0,
                };
            }
        }
        Found::Refused(code) => said.error_code = code.code(),
        Found::Unknown(code) => {
            said.error_code = code.code();
            said.aborted_transactions = Some(Vec::new());
        }
    }
    said
}

fn endpoint(node: Node) -> NodeEndpoint<'static> {
    NodeEndpoint {
        node_id: node.id,
        host: node.host.into(),
        port: node.port,
        rack: node.rack.map(Cow::Owned),
    }
}

/// Puts the batches into the holes that were left for them.
fn fill(bytes: Bytes, holes: &[Hole], pieces: Vec<Parts>) -> Parts {
    assert_eq!(
        holes.len(),
        pieces.len(),
        "F2: a hole for every partition with data"
    );
    let mut parts = Parts::default();
    let mut at = 0;
    for (hole, piece) in holes.iter().zip(pieces) {
        assert_eq!(hole.len, piece.len(), "F2: a hole is as large as its data");
        parts.push(Part::Bytes(bytes.slice(at..hole.at)));
        piece.0.into_iter().for_each(|part| parts.push(part));
        at = hole.at;
    }
    parts.push(Part::Bytes(bytes.slice(at..)));
    parts
}
