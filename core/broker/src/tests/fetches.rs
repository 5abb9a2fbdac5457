//! Fetches and their sessions.

use bytes::Bytes;
use ottla_machine::{Conn, Time};
use ottla_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use ottla_protocol::messages::{FetchRequest, FetchResponse};
use ottla_protocol::{ApiKey, Records, Uuid};

use super::house::{House, batch, opened, request};
use crate::limits;

/// A fetch to be asked.
#[derive(Clone)]
struct Ask {
    version: i16,
    session: (i32, i32),
    wait: i32,
    least: i32,
    most: i32,
    partition_most: i32,
    isolation: i8,
    /// Topic, its id, partition, offset.
    of: Vec<(&'static str, Uuid, i32, i64)>,
    forget: Vec<&'static str>,
}

impl Ask {
    fn of(of: &[(&'static str, i32, i64)]) -> Ask {
        Ask {
            version: 11,
            session: (0, -1),
            wait: 0,
            least: 1,
            most: 10_000_000,
            partition_most: 1_000_000,
            isolation: 0,
            of: of
                .iter()
                .map(|(topic, partition, offset)| (*topic, Uuid::ZERO, *partition, *offset))
                .collect(),
            forget: Vec::new(),
        }
    }

    fn session(id: i32, epoch: i32, of: &[(&'static str, i32, i64)]) -> Ask {
        Ask {
            session: (id, epoch),
            least: 0,
            ..Ask::of(of)
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let by_id = self.version >= 13;
        request(ApiKey::Fetch, self.version, 1, |w, v| {
            let topics = self
                .of
                .iter()
                .map(|(topic, id, partition, fetch_offset)| FetchTopic {
                    topic: if by_id { "".into() } else { (*topic).into() },
                    topic_id: *id,
                    partitions: [FetchPartition {
                        partition: *partition,
                        fetch_offset: *fetch_offset,
                        partition_max_bytes: self.partition_most,
                        ..FetchPartition::default()
                    }]
                    .into(),
                });
            let forgotten = self.forget.iter().map(|topic| ForgottenTopic {
                topic: (*topic).into(),
                partitions: [0].into(),
                ..ForgottenTopic::default()
            });
            FetchRequest {
                max_wait_ms: self.wait,
                min_bytes: self.least,
                max_bytes: self.most,
                isolation_level: self.isolation,
                session_id: self.session.0,
                session_epoch: self.session.1,
                topics: topics.collect(),
                forgotten_topics_data: forgotten.collect(),
                ..FetchRequest::default()
            }
            .encode(w, v)
        })
    }
}

/// What one partition was answered: topic, partition, error, high watermark, batches' bytes.
type Said = (String, i32, i16, i64, Bytes);

#[derive(Debug, PartialEq)]
struct Told {
    error: i16,
    session: i32,
    said: Vec<Said>,
}

impl Told {
    fn names(&self) -> Vec<(String, usize)> {
        self.said
            .iter()
            .map(|said| (format!("{}-{}", said.0, said.1), said.4.len()))
            .collect()
    }
}

fn told(house: &mut House, conn: Conn, version: i16) -> Option<Told> {
    let frames = house.frames(conn);
    assert!(frames.len() <= 1);
    let frame = frames.first()?;
    let (_, mut reader) = opened(ApiKey::Fetch, version, frame);
    let response = FetchResponse::decode(&mut reader, version).expect("an answer");
    assert_eq!(reader.left(), 0);
    let said = response.responses.iter().flat_map(|topic| {
        topic.partitions.iter().map(|p| {
            let records = match p.records {
                Some(Records::Bytes(bytes)) => Bytes::copy_from_slice(bytes),
                _ => Bytes::new(),
            };
            (
                topic.topic.to_string(),
                p.partition_index,
                p.error_code,
                p.high_watermark,
                records,
            )
        })
    });
    Some(Told {
        error: response.error_code,
        session: response.session_id,
        said: said.collect(),
    })
}

fn ask(house: &mut House, conn: Conn, ask: &Ask) -> Told {
    house.send(conn, &ask.bytes());
    told(house, conn, ask.version).expect("an answer at once")
}

/// Another client produces `value`.
fn produce(house: &mut House, topic: &str, partition: i32, size: usize) {
    use ottla_protocol::messages::ProduceRequest;
    use ottla_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
    let records = batch(&vec![5; size]);
    let conn = house.connect();
    let bytes = request(ApiKey::Produce, 9, 1, |w, v| {
        let partition_data = [PartitionProduceData {
            index: partition,
            records: Some(Records::Bytes(&records)),
        }];
        let topic_data = vec![TopicProduceData {
            name: topic.into(),
            partition_data: partition_data.into(),
            ..TopicProduceData::default()
        }];
        ProduceRequest {
            acks: 1,
            timeout_ms: 1_000,
            topic_data,
            ..ProduceRequest::default()
        }
        .encode(w, v)
    });
    house.send(conn, &bytes);
    assert_eq!(house.frames(conn).len(), 1);
    house.hang_up(conn);
}

fn size_of(value: usize) -> usize {
    batch(&vec![5; value]).len()
}

#[test]
fn every_version_reads_what_was_written() {
    for version in 4..=18 {
        let mut house = House::new();
        let id = house.topic("t", 1);
        produce(&mut house, "t", 0, 10);
        let conn = house.connect();
        let mut one = Ask {
            version,
            ..Ask::of(&[("t", 0, 0)])
        };
        one.of[0].1 = id;
        let got = ask(&mut house, conn, &one);
        let (error, watermark, records) = (got.said[0].2, got.said[0].3, got.said[0].4.clone());
        assert_eq!(
            (error, watermark, records),
            (0, 1, batch(&[5; 10])),
            "version {version}"
        );
    }
}

#[test]
fn ranges_of_files_lie_between_bytes() {
    use ottla_machine::{Offset, Part, Parts};
    use ottla_shard::{Answer, ReadAnswer, ShardTell};
    let mut house = House::new();
    house.topic("t", 1);
    let conn = house.connect();
    house.held = Some(Default::default());
    house.send(conn, &Ask::of(&[("t", 0, 0)]).bytes());
    let Some(ShardTell::Answer(ticket, _)) =
        house.held.take().and_then(|mut held| held.pop_front())
    else {
        panic!("a read was asked");
    };
    let range = Part::File {
        file: super::house::FILE,
        position: 3,
        length: 5,
    };
    let records = Parts(vec![Part::Bytes(Bytes::from_static(b"head")), range]);
    let read = ReadAnswer {
        high_watermark: Offset(9),
        last_stable_offset: Offset(9),
        log_start_offset: Offset(0),
        diverging: None,
        aborted: None,
        records,
    };
    house.tell(vec![ShardTell::Answer(ticket, Answer::Read(read))]);
    house.turn();
    let got = told(&mut house, conn, 11).expect("an answer");
    assert_eq!(
        got.said[0].4,
        Bytes::from_static(b"head\x03\x04\x05\x06\x07")
    );
    assert_eq!(house.client(conn).files, 1);
}

#[test]
fn errors_are_answered_at_once_and_in_the_partition() {
    let mut house = House::new();
    house.topic("t", 1);
    let conn = house.connect();
    let long = Ask {
        wait: 60_000,
        ..Ask::of(&[("t", 0, 99)])
    };
    assert_eq!(ask(&mut house, conn, &long).said[0].2, 1);
    let got = ask(
        &mut house,
        conn,
        &Ask {
            wait: 60_000,
            ..Ask::of(&[("nowhere", 0, 0), ("t", 7, 0)])
        },
    );
    assert_eq!(
        got.said
            .iter()
            .map(|said| (said.2, said.3))
            .collect::<Vec<_>>(),
        [(3, -1), (3, -1)]
    );
    let mut by_id = Ask {
        version: 13,
        wait: 60_000,
        ..Ask::of(&[("t", 0, 0)])
    };
    by_id.of[0].1 = Uuid([8; 16]);
    assert_eq!(ask(&mut house, conn, &by_id).said[0].2, 100);
}

#[test]
fn the_first_batch_is_given_whole_and_others_within_the_limits() {
    let mut house = House::new();
    house.topic("t", 1);
    for _ in 0..3 {
        produce(&mut house, "t", 0, 5_000);
    }
    let conn = house.connect();
    let one = size_of(5_000);
    for (most, partition_most, bytes) in [
        (1, 1_000_000, one),
        (1_000_000, 1, one),
        (1, 1, one),
        (1_000_000, 11_000, 2 * one),
        (1_000_000, 1_000_000, 3 * one),
    ] {
        let got = ask(
            &mut house,
            conn,
            &Ask {
                most,
                partition_most,
                ..Ask::of(&[("t", 0, 0)])
            },
        );
        assert_eq!(got.said[0].4.len(), bytes, "{most} {partition_most}");
    }
}

#[test]
fn bytes_are_shared_among_partitions() {
    let mut house = House::new();
    house.topic("t", 3);
    (0..3).for_each(|partition| produce(&mut house, "t", partition, 4_000));
    let conn = house.connect();
    let one = size_of(4_000);
    let all = Ask {
        most: 5_000,
        partition_most: 5_000,
        ..Ask::of(&[("t", 0, 0), ("t", 1, 0), ("t", 2, 0)])
    };
    let got = ask(&mut house, conn, &all);
    assert_eq!(
        got.said
            .iter()
            .map(|said| (said.1, said.4.len()))
            .collect::<Vec<_>>(),
        [(0, one), (1, 0), (2, 0)]
    );
    let more = Ask {
        most: 2 * one as i32,
        ..all
    };
    let got = ask(&mut house, conn, &more);
    assert_eq!(
        got.said.iter().map(|said| said.4.len()).collect::<Vec<_>>(),
        [one, one, 0]
    );
}

#[test]
fn a_full_partition_does_not_starve_the_others_of_its_session() {
    let mut house = House::new();
    house.topic("t", 3);
    (0..3).for_each(|partition| produce(&mut house, "t", partition, 4_000));
    let conn = house.connect();
    let one = size_of(4_000);
    let mut next = Ask {
        most: 5_000,
        partition_most: 5_000,
        ..Ask::session(0, 0, &[("t", 0, 0), ("t", 1, 0), ("t", 2, 0)])
    };
    let first = ask(&mut house, conn, &next);
    let with_data = |told: &Told| -> Vec<i32> {
        told.said
            .iter()
            .filter(|said| !said.4.is_empty())
            .map(|said| said.1)
            .collect()
    };
    assert_eq!(with_data(&first), [0]);
    // Partition 0 always has more; the client reads on from where it was.
    let mut seen = Vec::new();
    let mut offsets = [1, 0, 0];
    let mut last = 0;
    for epoch in 1..=5 {
        produce(&mut house, "t", 0, 4_000);
        let of = [("t", last, offsets[last as usize])];
        next = Ask {
            session: (first.session, epoch),
            of: Ask::of(&of).of,
            ..next
        };
        let got = ask(&mut house, conn, &next);
        assert_eq!(got.said.iter().map(|said| said.4.len()).sum::<usize>(), one);
        last = with_data(&got)[0];
        offsets[last as usize] += 1;
        seen.push(last);
    }
    assert!(seen[..3].contains(&1) && seen[..3].contains(&2), "{seen:?}");
}

#[test]
fn a_long_poll_is_woken_by_an_append() {
    let mut house = House::new();
    house.topic("t", 2);
    let conn = house.connect();
    house.send(
        conn,
        &Ask {
            wait: 30_000,
            ..Ask::of(&[("t", 0, 0), ("t", 1, 0)])
        }
        .bytes(),
    );
    assert_eq!(told(&mut house, conn, 11), None);
    house.reads.clear();
    produce(&mut house, "t", 1, 10);
    let got = told(&mut house, conn, 11).expect("woken");
    assert_eq!(
        got.said.iter().map(|said| said.2).collect::<Vec<_>>(),
        [0, 0],
        "both are answered for"
    );
    assert_eq!(
        got.names().into_iter().find(|said| said.0 == "t-1"),
        Some(("t-1".into(), size_of(10)))
    );
    assert_eq!(house.reads.len(), 1, "only the ready one is read again");
    assert!(
        house.logs.values().all(|log| log.watches.is_empty()),
        "no watch outlives its request"
    );
}

#[test]
fn a_long_poll_waits_for_min_bytes_over_all_partitions() {
    let mut house = House::new();
    house.topic("t", 2);
    let conn = house.connect();
    house.send(
        conn,
        &Ask {
            wait: 30_000,
            least: 2_500,
            ..Ask::of(&[("t", 0, 0), ("t", 1, 0)])
        }
        .bytes(),
    );
    produce(&mut house, "t", 0, 1_000);
    assert_eq!(told(&mut house, conn, 11), None);
    produce(&mut house, "t", 1, 1_000);
    assert_eq!(told(&mut house, conn, 11), None);
    produce(&mut house, "t", 0, 1_000);
    let got = told(&mut house, conn, 11).expect("enough");
    assert_eq!(
        got.said.iter().map(|said| said.4.len()).sum::<usize>(),
        3 * size_of(1_000)
    );
}

#[test]
fn a_long_poll_ends_with_what_there_is() {
    let mut house = House::new();
    house.topic("t", 1);
    let conn = house.connect();
    house.send(
        conn,
        &Ask {
            wait: 500,
            least: 5_000,
            ..Ask::of(&[("t", 0, 0)])
        }
        .bytes(),
    );
    produce(&mut house, "t", 0, 1_000);
    house.pass_ms(499);
    assert_eq!(told(&mut house, conn, 11), None);
    house.pass_ms(2);
    assert_eq!(
        told(&mut house, conn, 11).map(|got| got.names()),
        Some(vec![("t-0".into(), size_of(1_000))])
    );
}

/// What logs let go is not closed before that (H6 of the shard).
#[test]
fn an_answer_in_work_is_read_since_its_round_began() {
    let mut house = House::new();
    house.topic("t", 2);
    let conn = house.connect();
    let reads_since = |house: &House| house.front.bench.sessions.reads_since();
    house.held = Some(Default::default());
    let began = house.now.mono;
    let poll = Ask {
        wait: 30_000,
        ..Ask::of(&[("t", 0, 0), ("t", 1, 0)])
    };
    house.send(conn, &poll.bytes());
    house.pass_ms(7);
    assert_eq!(reads_since(&house), began, "the shard has not answered");
    house.release(false);
    assert_eq!(reads_since(&house), Time::NEVER, "a parked one has nothing");
    produce(&mut house, "t", 0, 1_000);
    assert!(told(&mut house, conn, 11).is_some());
    assert_eq!(reads_since(&house), Time::NEVER);
}

#[test]
fn a_session_lives_across_fetches_and_reads_only_what_is_ready() {
    let mut house = House::new();
    for name in ["a", "b", "c"] {
        house.topic(name, 1);
    }
    let conn = house.connect();
    let first = ask(
        &mut house,
        conn,
        &Ask::session(0, 0, &[("a", 0, 0), ("b", 0, 0), ("c", 0, 0)]),
    );
    assert!(
        first.error == 0 && first.session > 0 && first.said.len() == 3,
        "a full fetch answers for every partition"
    );
    let id = first.session;
    house.reads.clear();
    assert_eq!(ask(&mut house, conn, &Ask::session(id, 1, &[])).said, []);
    assert!(house.reads.is_empty(), "nothing is ready: nothing is read");
    produce(&mut house, "b", 0, 10);
    assert_eq!(
        ask(&mut house, conn, &Ask::session(id, 2, &[])).names(),
        [("b-0".into(), size_of(10))]
    );
    assert_eq!(house.reads.len(), 1);
    assert_eq!(
        ask(&mut house, conn, &Ask::session(id, 3, &[])).names(),
        [("b-0".into(), size_of(10))],
        "who does not read on gets it again"
    );
    assert_eq!(
        ask(&mut house, conn, &Ask::session(id, 4, &[("b", 0, 1)])).said,
        []
    );
    let forget = Ask {
        forget: vec!["b"],
        ..Ask::session(id, 5, &[])
    };
    assert_eq!(ask(&mut house, conn, &forget).said, []);
    produce(&mut house, "b", 0, 10);
    produce(&mut house, "c", 0, 10);
    assert_eq!(
        ask(&mut house, conn, &Ask::session(id, 6, &[])).names(),
        [("c-0".into(), size_of(10))]
    );
    let watches: usize = house.logs.values().map(|log| log.watches.len()).sum();
    assert!(watches <= 2, "one watch per partition of the session");
}

#[test]
fn a_session_out_of_step_is_refused() {
    let mut house = House::new();
    house.topic("t", 1);
    let conn = house.connect();
    let id = ask(&mut house, conn, &Ask::session(0, 0, &[("t", 0, 0)])).session;
    for (session, code) in [
        ((id, 9), 71),
        ((id % 0x7fff_ffff + 1, 1), 70),
        ((0, 1), 70),
        ((77, 1), 70),
    ] {
        let got = ask(
            &mut house,
            conn,
            &Ask {
                session,
                ..Ask::of(&[])
            },
        );
        assert_eq!(
            got,
            Told {
                error: code,
                session: 0,
                said: Vec::new()
            },
            "{session:?}"
        );
    }
    let by_id = Ask {
        version: 13,
        session: (id, 1),
        ..Ask::of(&[])
    };
    assert_eq!(
        ask(&mut house, conn, &by_id).error,
        106,
        "names and ids do not mix"
    );
    assert_eq!(
        ask(&mut house, conn, &Ask::session(id, 1, &[])).error,
        0,
        "it goes on all the same"
    );
    let emptied = Ask {
        forget: vec!["t"],
        ..Ask::session(id, 2, &[])
    };
    assert_eq!(
        ask(&mut house, conn, &emptied),
        Told {
            error: 0,
            session: 0,
            said: Vec::new()
        }
    );
    assert_eq!(ask(&mut house, conn, &Ask::session(id, 3, &[])).error, 70);
}

#[test]
fn a_session_is_renewed_and_closed() {
    let mut house = House::new();
    house.topic("t", 1);
    let conn = house.connect();
    let id = ask(&mut house, conn, &Ask::session(0, 0, &[("t", 0, 0)])).session;
    let renewed = ask(&mut house, conn, &Ask::session(id, 0, &[("t", 0, 0)])).session;
    assert!(renewed != 0 && renewed != id);
    assert_eq!(ask(&mut house, conn, &Ask::session(id, 1, &[])).error, 70);
    assert_eq!(
        ask(&mut house, conn, &Ask::session(renewed, -1, &[("t", 0, 0)])).session,
        0
    );
    assert_eq!(
        ask(&mut house, conn, &Ask::session(renewed, 1, &[])).error,
        70
    );
    assert_eq!(house.front.bench.sessions.counts().0, 0);
    assert!(house.logs.values().all(|log| log.watches.is_empty()));
}

#[test]
fn sessions_have_places_and_give_them_up_to_larger_ones() {
    let mut house = House::with(&[("max.incremental.fetch.session.cache.slots", "2")]);
    house.topic("t", 3);
    let conn = house.connect();
    let small = [("t", 0, 0)];
    let large = [("t", 0, 0), ("t", 1, 0)];
    let first = ask(&mut house, conn, &Ask::session(0, 0, &small)).session;
    let second = ask(&mut house, conn, &Ask::session(0, 0, &large)).session;
    assert!(first > 0 && second > 0);
    assert_eq!(
        ask(&mut house, conn, &Ask::session(0, 0, &large)).session,
        0,
        "no place, and the others are young"
    );
    house.pass_ms(limits::SESSION_IDLE_MS);
    assert_eq!(ask(&mut house, conn, &Ask::session(first, 1, &[])).error, 0);
    assert_eq!(
        ask(&mut house, conn, &Ask::session(second, 1, &[])).error,
        0
    );
    house.pass_ms(1);
    assert_eq!(
        ask(&mut house, conn, &Ask::session(0, 0, &small)).session,
        0,
        "nobody is idle or smaller"
    );
    assert!(
        ask(&mut house, conn, &Ask::session(0, 0, &large)).session > 0,
        "a smaller one gives way"
    );
    assert_eq!(
        ask(&mut house, conn, &Ask::session(first, 2, &[])).error,
        70
    );
    house.pass_ms(limits::SESSION_IDLE_MS + 1);
    assert!(
        ask(&mut house, conn, &Ask::session(0, 0, &small)).session > 0,
        "an idle one gives way"
    );
    assert_eq!(house.front.bench.sessions.counts().0, 2);
}

#[test]
fn an_error_is_told_until_it_is_gone() {
    let mut house = House::new();
    house.topic("t", 1);
    let conn = house.connect();
    let id = ask(
        &mut house,
        conn,
        &Ask::session(0, 0, &[("t", 0, 0), ("later", 0, 0)]),
    )
    .session;
    for epoch in 1..3 {
        let got = ask(&mut house, conn, &Ask::session(id, epoch, &[]));
        assert_eq!(
            got.said
                .iter()
                .map(|said| (said.0.as_str(), said.2))
                .collect::<Vec<_>>(),
            [("later", 3)]
        );
    }
    house.topic("later", 1);
    let got = ask(&mut house, conn, &Ask::session(id, 3, &[]));
    assert_eq!(
        got.said
            .iter()
            .map(|said| (said.0.as_str(), said.2))
            .collect::<Vec<_>>(),
        [("later", 0)]
    );
    assert_eq!(ask(&mut house, conn, &Ask::session(id, 4, &[])).said, []);
}

#[test]
fn a_connection_that_ends_in_the_middle_of_a_fetch_leaves_no_watch() {
    let mut house = House::new();
    house.topic("t", 2);
    let conn = house.connect();
    house.send(
        conn,
        &Ask {
            wait: 30_000,
            ..Ask::session(0, 0, &[("t", 0, 0), ("t", 1, 0)])
        }
        .bytes(),
    );
    house.send(
        conn,
        &Ask {
            wait: 30_000,
            least: 1,
            ..Ask::session(0, 0, &[("t", 0, 0), ("t", 1, 0)])
        }
        .bytes(),
    );
    assert!(house.logs.values().any(|log| !log.watches.is_empty()));
    house.hang_up(conn);
    assert!(house.logs.values().all(|log| log.watches.len() <= 1));
    let watched: usize = house.logs.values().map(|log| log.watches.len()).sum();
    assert_eq!(
        watched,
        house.front.bench.sessions.counts().1,
        "a watch for each partition of a session that lives"
    );
}

#[test]
fn thousands_of_partitions_are_read_in_slices() {
    let mut house = House::new();
    house.topic("t", 1_000);
    let conn = house.connect();
    let of: Vec<_> = (0..1_000).map(|partition| ("t", partition, 0)).collect();
    let first = ask(&mut house, conn, &Ask::session(0, 0, &of));
    assert_eq!(first.said.len(), 1_000);
    assert_eq!(house.reads.len(), 1_000);
    house.reads.clear();
    produce(&mut house, "t", 777, 10);
    let got = ask(&mut house, conn, &Ask::session(first.session, 1, &[]));
    assert_eq!(got.names(), [("t-777".into(), size_of(10))]);
    assert_eq!(house.reads.len(), 1, "O(changed)");
}

#[test]
fn fetches_that_were_read_backwards_say_the_same() {
    let mut house = House::new();
    house.topic("t", 4);
    (0..4).for_each(|partition| produce(&mut house, "t", partition, 100));
    let conn = house.connect();
    house.held = Some(Default::default());
    house.send(
        conn,
        &Ask::of(&[("t", 0, 0), ("t", 1, 0), ("t", 2, 0), ("t", 3, 0)]).bytes(),
    );
    assert_eq!(told(&mut house, conn, 11), None);
    house.release(true);
    let got = told(&mut house, conn, 11).expect("an answer");
    assert_eq!(
        got.names(),
        (0..4)
            .map(|at| (format!("t-{at}"), size_of(100)))
            .collect::<Vec<_>>()
    );
}

#[test]
fn a_request_without_partitions_is_answered_at_once() {
    let mut house = House::new();
    let conn = house.connect();
    let got = ask(
        &mut house,
        conn,
        &Ask {
            wait: 60_000,
            ..Ask::of(&[])
        },
    );
    assert_eq!(
        got,
        Told {
            error: 0,
            session: 0,
            said: Vec::new()
        }
    );
}
