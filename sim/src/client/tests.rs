//! Clients against a tiny node over a network with latencies: calm, and one that loses connections, answers, sessions and batches.

mod town;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ottla_protocol::ApiKey;
use ottla_record::Header;

use super::toy::Mind;
use crate::batch;
use crate::history::{Ask, Asked, Batch, RecordId, Reply};
use crate::script::{ClientScript, Nanos, Operation, Place, SECOND, TimedOp};
use town::*;

#[test]
fn seeds_aim_and_their_readers_see_what_was_written() {
    let (mut versions, mut incremental, mut forgotten) = (BTreeSet::new(), 0, 0);
    let (mut saw, mut all_begun, mut all_ops) = (0, 0, 0);
    for seed in 0..50 {
        let mut town = Town::new(seed, drawn(seed), Mind::default());
        town.run(10 * SECOND);
        let (begun, ops) = begun(&town);
        // A burst may come late, and one request at a time: then not all of it fits.
        assert!(begun * 10 >= ops * 6, "seed {seed}: {begun} of {ops}");
        (all_begun, all_ops) = (all_begun + begun, all_ops + ops);
        town.finish(200 * SECOND);
        assert_eq!(town.garbled, Vec::<String>::new(), "seed {seed}");
        aimed(&town, seed);
        saw += usize::from(seen(&town) > 20);
        versions.extend(town.toy.asked.keys().copied());
        incremental += town.toy.incremental;
        forgotten += town.toy.forgotten;
    }
    assert!(
        all_begun * 20 >= all_ops * 19,
        "{all_begun} of {all_ops} were begun"
    );
    assert!(saw >= 40, "readers of {saw} seeds saw something");
    assert!(
        incremental > 500 && forgotten > 50,
        "{incremental} {forgotten}"
    );
    for key in [
        ApiKey::Produce,
        ApiKey::Fetch,
        ApiKey::ListOffsets,
        ApiKey::Metadata,
        ApiKey::CreateTopics,
        ApiKey::InitProducerId,
        ApiKey::OffsetForLeaderEpoch,
    ] {
        for version in ottla_protocol::versions(key).unwrap() {
            let said = versions.contains(&(key, version));
            assert!(said, "{key} {version} was never said");
        }
    }
}

/// What an idempotent producer wrote is in each partition once, in the order of its sequences.
fn once_and_in_order(town: &Town, seed: u64) {
    for (name, topic) in &town.toy.topics {
        for log in &topic.logs {
            let mut seen = BTreeSet::new();
            let mut next: BTreeMap<(i64, i16), i32> = BTreeMap::new();
            for bytes in &log.batches {
                let header = Header::parse(bytes).unwrap();
                assert!(header.has_producer_id());
                let expected = next.insert(
                    (header.producer_id, header.producer_epoch),
                    header.last_sequence() + 1,
                );
                let expected = expected.unwrap_or(header.base_sequence);
                assert_eq!(header.base_sequence, expected, "seed {seed}: {name}");
                for record in &batch::show(bytes).batches[0].records {
                    assert!(
                        seen.insert(record.2),
                        "seed {seed}: {record:?} is twice in {name}"
                    );
                }
            }
        }
    }
}

#[test]
fn an_idempotent_producer_survives_a_flaky_node() {
    let (mut taken, mut again) = (0, 0);
    for seed in 0..40 {
        let places: Vec<Place> = (0..3)
            .map(|partition| Place {
                topic: 1,
                partition,
            })
            .collect();
        let mut ops = vec![create(3)];
        ops.extend((0..60).map(|n| write(&places[n % 3..])));
        ops.insert(30, Operation::InitProducerId);
        ops.insert(50, Operation::Reconnect);
        let mind = Mind {
            hangs_up: 12,
            refuses: 8,
            ..Mind::default()
        };
        let mut town = Town::new(seed, vec![client(1, ops)], mind);
        town.run(20 * SECOND);
        town.finish(100 * SECOND);
        assert_eq!(town.garbled, Vec::<String>::new());
        once_and_in_order(&town, seed);
        // What was answered well lies where it was told, and was told the same again.
        let mut offsets: BTreeMap<(i32, RecordId), i64> = BTreeMap::new();
        for (asked, batch, error, offset) in town.produced() {
            again += usize::from(matches!(asked.ask, Ask::Produce { again: Some(_), .. }));
            if error == 0 {
                taken += 1;
                let of = asked_partition(asked, batch);
                let before = offsets.insert((of, batch.records[0].0), offset);
                assert!(before.is_none_or(|before| before == offset));
                let log = &town.toy.topics["t1"].logs[of as usize];
                let at = log
                    .batches
                    .iter()
                    .map(|bytes| Header::parse(bytes).unwrap().base_offset);
                assert!(at.into_iter().any(|at| at == offset));
            }
        }
    }
    assert!(taken > 40 * 60, "{taken} batches were taken");
    assert!(again > 500, "{again} were sent again");
}

fn asked_partition(asked: &Asked, batch: &Arc<Batch>) -> i32 {
    let Ask::Produce { parts, .. } = &asked.ask else {
        panic!("a produce");
    };
    let part = parts.iter().find(|(_, other)| Arc::ptr_eq(other, batch));
    part.expect("its batch").0.index
}

#[test]
fn a_producer_whose_batches_were_lost_begins_anew_and_repeats_nothing() {
    let mut lives = 0;
    for seed in 0..40 {
        let mut ops = vec![create(2)];
        ops.extend((0..80).map(|_| {
            write(&[
                T1,
                Place {
                    topic: 1,
                    partition: 1,
                },
            ])
        }));
        let mind = Mind {
            loses: 30,
            ..Mind::default()
        };
        let mut town = Town::new(seed, vec![client(1, ops)], mind);
        town.run(20 * SECOND);
        town.finish(100 * SECOND);
        once_and_in_order(&town, seed);
        let producers = town.produced().filter_map(|said| said.1.producer);
        let producers: BTreeSet<_> = producers
            .map(|producer| (producer.id, producer.epoch))
            .collect();
        lives += producers.len();
    }
    assert!(lives > 60, "{lives} lives of 40 producers");
}

#[test]
fn a_plain_producer_repeats_what_it_may_and_no_more() {
    for retries in [0, 8] {
        let mut repeated = 0;
        for seed in 0..20 {
            let mut ops = vec![create(1)];
            ops.extend((0..60).map(|_| write(&[T1])));
            let mut me = client(1, ops);
            (me.idempotent, me.retries) = (false, retries);
            let mind = Mind {
                hangs_up: 12,
                refuses: 8,
                ..Mind::default()
            };
            let mut town = Town::new(seed, vec![me], mind);
            town.run(20 * SECOND);
            town.finish(100 * SECOND);
            let mut times: BTreeMap<RecordId, u32> = BTreeMap::new();
            town.held()
                .into_values()
                .flatten()
                .for_each(|id| *times.entry(id).or_default() += 1);
            repeated += times.values().filter(|times| **times > 1).count();
            if retries > 0 {
                assert_eq!(times.len(), 180, "seed {seed}: at least once");
            }
        }
        assert_eq!(
            repeated > 0,
            retries > 0,
            "{repeated} records are there more than once"
        );
    }
}

#[test]
fn what_was_answered_may_be_sent_again_and_what_is_wrong_is_refused() {
    let mut ops = vec![create(1)];
    ops.extend((0..8).map(|_| write(&[T1])));
    ops.push(Operation::Resend { back: 0 });
    ops.push(Operation::Resend { back: 4 });
    ops.push(Operation::Resend { back: 5 });
    ops.push(Operation::SequenceGap { place: T1 });
    ops.push(Operation::CorruptBatch { place: T1 });
    ops.push(write(&[T1]));
    let mut town = Town::new(3, vec![client(1, ops)], Mind::default());
    town.run(5 * SECOND);
    town.finish(20 * SECOND);
    let said: Vec<(bool, bool, i16)> = town
        .produced()
        .skip(8)
        .map(|(asked, batch, error, _)| {
            let again = matches!(asked.ask, Ask::Produce { again: Some(_), .. });
            (again, batch.wrong.is_some(), error)
        })
        .collect();
    let expected = [
        (true, false, 0),
        (true, false, 0),
        (true, false, 45),
        (false, true, 45),
        (false, true, 2),
        (false, false, 0),
    ];
    assert_eq!(said, expected);
    assert_eq!(town.held()[&("t1".to_owned(), 0)].len(), 27);
}

#[test]
fn a_batch_one_byte_too_large_is_refused_and_the_next_one_is_taken() {
    let sized = |bytes| match write(&[T1]) {
        Operation::Produce {
            places,
            acks,
            records,
            codec,
            skew,
            ..
        } => Operation::Produce {
            places,
            acks,
            records,
            bytes,
            codec,
            skew,
        },
        other => other,
    };
    let ops = vec![
        create(1),
        sized(5_000),
        sized(5_001),
        sized(5_000),
        write(&[]),
    ];
    let mut me = client(1, ops);
    me.in_flight = 1;
    let mut town = Town::new(3, vec![me], Mind::default());
    town.toy.largest = 5_000;
    town.run(5 * SECOND);
    town.finish(20 * SECOND);
    let said: Vec<i16> = town.produced().map(|said| said.2).collect();
    assert_eq!(said, [0, 10, 0]);
    let producers: BTreeSet<i64> = town
        .produced()
        .map(|said| said.1.producer.unwrap().id)
        .collect();
    assert_eq!(producers.len(), 1, "it need not begin anew");
}

#[test]
fn what_wants_no_answer_is_lost_at_once() {
    let Operation::Produce {
        places,
        records,
        bytes,
        codec,
        skew,
        ..
    } = write(&[T1])
    else {
        panic!("a produce");
    };
    let ops = vec![
        create(1),
        Operation::Produce {
            places,
            acks: 0,
            records,
            bytes,
            codec,
            skew,
        },
    ];
    let mut me = client(1, ops);
    me.idempotent = false;
    let mut town = Town::new(3, vec![me], Mind::default());
    town.run(5 * SECOND);
    assert_eq!(town.lost.len(), 1);
    town.finish(20 * SECOND);
    assert_eq!(town.held()[&("t1".to_owned(), 0)].len(), 3);
}

#[test]
fn whatever_is_no_answer_is_garbled_and_ends_the_connection() {
    let spoils: [fn(&mut Vec<u8>); 4] = [
        |bytes| bytes[7] ^= 1,
        |bytes| {
            bytes.push(0);
            let length = bytes.len() as i32 - 4;
            bytes[..4].copy_from_slice(&length.to_be_bytes());
        },
        |bytes| {
            bytes.pop();
            let length = bytes.len() as i32 - 4;
            bytes[..4].copy_from_slice(&length.to_be_bytes());
        },
        |bytes| bytes[0] = 0xff,
    ];
    for spoil in spoils {
        let ops = vec![create(1), write(&[T1]), write(&[T1]), read(&[T1])];
        let mut town = Town::new(3, vec![client(1, ops)], Mind::default());
        town.spoil = Some(spoil);
        town.run(SECOND);
        assert!(!town.garbled.is_empty());
        let (garbled, asked) = (town.garbled.len(), town.lost.len() + town.answered.len());
        assert!(asked >= garbled, "C1: what was under way is lost");
        town.spoil = None;
        town.run(5 * SECOND);
        town.finish(60 * SECOND);
        assert_eq!(town.garbled.len(), garbled);
        assert_eq!(town.held()[&("t1".to_owned(), 0)].len(), 6, "it goes on");
    }
}

#[test]
fn sessions_go_on_after_the_node_forgot_them() {
    let mut seen = 0;
    for seed in 0..20 {
        let other = Place {
            topic: 1,
            partition: 1,
        };
        let mut ops = vec![create(2)];
        for n in 0..60 {
            ops.push(write(&[T1, other]));
            ops.push(if n % 5 == 0 {
                read(&[T1])
            } else {
                read(&[T1, other])
            });
            if n % 20 == 7 {
                ops.push(Operation::Seek {
                    place: other,
                    to_end: n > 30,
                });
            }
        }
        let mind = Mind {
            forgets_sessions: 20,
            hangs_up: 40,
            ..Mind::default()
        };
        let mut town = Town::new(seed, vec![client(1, ops)], mind);
        town.run(20 * SECOND);
        town.finish(100 * SECOND);
        assert_eq!(town.garbled, Vec::<String>::new());
        assert!(town.toy.incremental > 10 && town.toy.forgotten > 0);
        let fetched = town.answered.iter().filter_map(|(_, reply)| match reply {
            Reply::Fetch { parts, .. } => Some(parts),
            _ => None,
        });
        let batches = fetched.flatten().flat_map(|(_, fetched)| &fetched.batches);
        seen += batches.map(|batch| batch.records.len()).sum::<usize>();
    }
    assert!(seen > 20 * 150, "{seen} records were read");
}

#[test]
fn everything_is_written_and_read_whatever_it_takes() {
    for seed in 0..30 {
        let mut ops = vec![create(5)];
        ops.extend((0..10).map(|n| {
            write(&[Place {
                topic: 1 + n % 2,
                partition: n as i32 % 5,
            }])
        }));
        let mut last = client(
            2,
            vec![Operation::ProduceEverywhere, Operation::ReadEverything],
        );
        last.ops.iter_mut().for_each(|op| op.at += 30 * SECOND);
        (last.retries, last.patience, last.in_flight) = (u32::MAX, 180 * SECOND, 1);
        let mind = Mind {
            hangs_up: 6,
            refuses: 4,
            ..Mind::default()
        };
        let mut town = Town::new(seed, vec![client(1, ops), last], mind);
        town.run(130 * SECOND);
        assert!(town.clients[1].is_idle(), "seed {seed}");
        let mut read: BTreeSet<RecordId> = BTreeSet::new();
        for (asked, reply) in &town.answered {
            if let (2, Reply::Fetch { parts, .. }) = (asked.client, reply) {
                let batches = parts.iter().flat_map(|(_, fetched)| &fetched.batches);
                read.extend(
                    batches
                        .flat_map(|batch| &batch.records)
                        .filter_map(|record| record.2),
                );
            }
        }
        for (place, ids) in town.held() {
            assert!(
                ids.iter().any(|id| id.client == 2),
                "seed {seed}: {place:?} was written to"
            );
            assert!(
                ids.iter().all(|id| read.contains(id)),
                "seed {seed}: {place:?} was read"
            );
        }
    }
}

#[test]
fn a_client_that_is_told_nothing_gives_up_in_time() {
    let ops = vec![create(1), write(&[T1]), read(&[T1])];
    let mut town = Town::new(3, vec![client(1, ops)], Mind::default());
    // The node takes requests and says nothing.
    town.spoil = Some(|bytes| bytes.clear());
    town.run(30 * SECOND);
    assert!(!town.lost.is_empty());
    let since: Vec<Nanos> = town.lost.iter().map(|asked| asked.at).collect();
    assert!(since.iter().all(|at| *at < 30 * SECOND - 10 * SECOND));
    town.spoil = None;
    town.finish(200 * SECOND);
}

#[test]
fn one_seed_is_one_run_and_what_is_drawn_for_an_operation_is_its_own() {
    let run = |clients: Vec<ClientScript>| {
        let mut town = Town::new(
            7,
            clients,
            Mind {
                hangs_up: 50,
                refuses: 20,
                ..Mind::default()
            },
        );
        town.trace = Some(0);
        town.run(10 * SECOND);
        town
    };
    let one = run(drawn(7));
    assert_eq!(one.trace, run(drawn(7)).trace);
    // C4: the batches of an operation hold the same when another operation is taken out.
    let mut fewer = drawn(7);
    let reader = |op: &TimedOp| !matches!(op.what, Operation::Fetch { .. });
    fewer
        .iter_mut()
        .for_each(|client| client.ops.retain(reader));
    let other = run(fewer);
    let contents = |town: &Town| -> BTreeMap<RecordId, u64> {
        let batches = town.produced().map(|said| Arc::clone(said.1));
        let batches: Vec<Arc<Batch>> = batches.collect();
        let records = batches.iter().flat_map(|batch| {
            let ids = batch.records.iter().map(|record| record.0);
            ids.zip(batch.contents.iter().copied())
        });
        records.collect()
    };
    let (one, other) = (contents(&one), contents(&other));
    let both = one.iter().filter(|(id, _)| other.contains_key(id));
    let both: Vec<_> = both.collect();
    assert!(both.len() > 20);
    assert!(both.iter().all(|(id, content)| other[id] == **content));
}
