//! A stop takes leave of clients: who has asked is answered by what becomes durable, then the connection ends. Who waits for a fetch, or for
//! nothing, is let go at once; who cannot be answered, or takes no answer, does not hold the stop up for ever.

use bytes::Bytes;
use ottla_machine::{Effect, Peer, Want, Why};
use ottla_protocol::messages::create_topics_request::CreatableTopic;
use ottla_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use ottla_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use ottla_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use ottla_protocol::messages::{
    CreateTopicsRequest, CreateTopicsResponse, FetchRequest, ListOffsetsRequest,
    ListOffsetsResponse, ProduceRequest, ProduceResponse,
};
use ottla_protocol::{ApiKey, EncodeError, Reader, Records, ResponseHeader, Writer};
use ottla_record::{Builder, BuilderSettings};

use super::*;

const MINUTE_MS: i64 = 60_000;
const FETCH: i16 = 11;
const PRODUCE: i16 = 9;

/// The other end of a connection.
#[derive(Default)]
pub(super) struct Client {
    want: Option<Want>,
    got: Vec<u8>,
    queued: u64,
    closed: bool,
    /// It takes nothing: what is sent to it never leaves.
    deaf: bool,
}

fn frame(
    key: ApiKey,
    version: i16,
    body: impl FnOnce(&mut Writer, i16) -> Result<(), EncodeError>,
) -> Vec<u8> {
    let frame = ottla_protocol::request(key, version, 7, Some("tests"), |w| body(w, version));
    frame.expect("a request of ours").bytes.to_vec()
}

/// A batch of one record for the topic `t`.
fn produce(acks: i16, timeout_ms: i32) -> Vec<u8> {
    let mut builder = Builder::new(BuilderSettings::default());
    builder.append(1_700_000_000_000, None, Some(b"value"), &[]);
    let batch = builder.finish();
    let partition_data = [PartitionProduceData {
        index: 0,
        records: Some(Records::Bytes(&batch)),
    }];
    let topic_data = vec![TopicProduceData {
        name: "t".into(),
        partition_data: partition_data.into(),
        ..TopicProduceData::default()
    }];
    let request = ProduceRequest {
        acks,
        timeout_ms,
        topic_data,
        ..ProduceRequest::default()
    };
    frame(ApiKey::Produce, PRODUCE, |w, v| request.encode(w, v))
}

/// A fetch of the topic `t` that waits a minute for more than there will be.
fn fetch() -> Vec<u8> {
    let topics = vec![FetchTopic {
        topic: "t".into(),
        partitions: [FetchPartition {
            partition_max_bytes: 1 << 20,
            ..FetchPartition::default()
        }]
        .into(),
        ..FetchTopic::default()
    }];
    let request = FetchRequest {
        max_wait_ms: MINUTE_MS as i32,
        min_bytes: 1 << 20,
        max_bytes: 1 << 20,
        session_epoch: -1,
        topics,
        ..FetchRequest::default()
    };
    frame(ApiKey::Fetch, FETCH, |w, v| request.encode(w, v))
}

impl World {
    /// What the machine does to a socket.
    pub(super) fn socket(&mut self, effect: Effect<Broker>) {
        match effect {
            Effect::Receive(conn, want) => {
                let client = self.clients.get_mut(&conn).expect("a connection");
                assert!(!client.closed && client.want.is_none(), "one Receive");
                client.want = Some(want);
            }
            Effect::Send(conn, parts) => {
                let client = self.clients.get_mut(&conn).expect("a connection");
                assert!(!client.closed, "nothing is sent behind the end");
                client.queued += parts.len() as u64;
                for part in &parts.0 {
                    let ottla_machine::Part::Bytes(bytes) = part else {
                        panic!("nothing that old is read here")
                    };
                    client.got.extend_from_slice(bytes);
                }
                if !client.deaf {
                    self.events.push_back(Event::Sent(conn, client.queued));
                }
            }
            Effect::Close(conn, _) => {
                let client = self.clients.get_mut(&conn).expect("a connection");
                assert!(!client.closed, "closed once");
                client.closed = true;
                if !client.deaf {
                    self.events.push_back(Event::Closed(conn, Why::Asked));
                }
            }
            other => panic!("{other:?}"),
        }
    }

    /// Runs until only time could bring something.
    fn quiet(&mut self) {
        for _ in 0..50_000 {
            self.happen();
            let due = self
                .broker
                .deadline()
                .is_some_and(|due| due <= self.now.mono);
            let idle = self.events.is_empty() && self.jobs.is_empty() && self.underway.is_empty();
            if idle && !due {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    fn connect(&mut self) -> Conn {
        let conn = Conn(2 * (self.clients.len() as u64 + 1));
        self.clients.insert(conn, Client::default());
        let peer = Peer {
            listener: 0,
            address: "a client".into(),
        };
        self.events.push_back(Event::Opened(conn, peer));
        self.quiet();
        conn
    }

    fn client(&mut self, conn: Conn) -> &mut Client {
        self.clients.get_mut(&conn).expect("a connection")
    }

    /// Bytes come in at once, without anything else happening yet.
    fn send(&mut self, conn: Conn, bytes: &[u8]) {
        let want = self.client(conn).want.take().expect("it is read");
        let mut input = want.carry.to_vec();
        input.extend_from_slice(bytes);
        assert!((want.least..=want.most).contains(&input.len()));
        self.step(Event::Received(conn, Bytes::from(input)));
    }

    fn answers(&mut self, conn: Conn, key: ApiKey, version: i16) -> Vec<Bytes> {
        let got = Bytes::from(self.client(conn).got.clone());
        let (mut at, mut frames) = (0, Vec::new());
        while let Some(prefix) = got[at..].first_chunk() {
            let frame = got.slice(at + 4..at + 4 + i32::from_be_bytes(*prefix) as usize);
            at += 4 + frame.len();
            let mut reader = Reader::new(&frame);
            let header = ResponseHeader::decode(&mut reader, key.response_header_version(version));
            assert_eq!(header.expect("a header").correlation_id, 7);
            frames.push(frame.slice(reader.position()..));
        }
        frames
    }

    /// Error and base offset of each answer to a Produce.
    fn produced(&mut self, conn: Conn) -> Vec<(i16, i64)> {
        let answers = self.answers(conn, ApiKey::Produce, PRODUCE);
        let read = |body: &Bytes| {
            let answer = ProduceResponse::decode(&mut Reader::new(body), PRODUCE);
            let answer = answer.expect("an answer");
            let said = &answer.responses[0].partition_responses[0];
            (said.error_code, said.base_offset)
        };
        answers.iter().map(read).collect()
    }

    /// A node that serves a topic `t` of one partition.
    fn with_topic(seed: u64) -> World {
        let mut world = World::over(empty(), seed).up();
        let conn = world.connect();
        let topics = vec![CreatableTopic {
            name: "t".into(),
            num_partitions: 1,
            replication_factor: 1,
            ..CreatableTopic::default()
        }];
        let request = CreateTopicsRequest {
            topics,
            timeout_ms: MINUTE_MS as i32,
            ..CreateTopicsRequest::default()
        };
        let create = frame(ApiKey::CreateTopics, 7, |w, v| request.encode(w, v));
        world.send(conn, &create);
        world.quiet();
        let answers = world.answers(conn, ApiKey::CreateTopics, 7);
        let answer = CreateTopicsResponse::decode(&mut Reader::new(&answers[0]), 7);
        assert_eq!(answer.expect("an answer").topics[0].error_code, 0);
        world
    }

    /// Where the topic's log ends.
    fn end(&mut self) -> i64 {
        let conn = self.connect();
        let topics = vec![ListOffsetsTopic {
            name: "t".into(),
            partitions: vec![ListOffsetsPartition {
                timestamp: -1,
                current_leader_epoch: -1,
                ..ListOffsetsPartition::default()
            }],
        }];
        let request = ListOffsetsRequest {
            topics,
            ..ListOffsetsRequest::default()
        };
        let list = frame(ApiKey::ListOffsets, 5, |w, v| request.encode(w, v));
        self.send(conn, &list);
        self.quiet();
        let answers = self.answers(conn, ApiKey::ListOffsets, 5);
        let answer = ListOffsetsResponse::decode(&mut Reader::new(&answers[0]), 5);
        let said = &answer.expect("an answer").topics[0].partitions[0];
        assert_eq!(said.error_code, 0);
        said.offset
    }

    fn stop_within_ms(&mut self, ms: i64) {
        let by = self.now.mono.after_ms(ms);
        self.step(Event::Asked(BrokerAsk::Stop { by }));
    }
}

#[test]
fn who_waits_for_a_flush_is_answered_before_the_end() {
    for seed in 0..20 {
        let mut world = World::with_topic(seed);
        let (producer, reader, idle) = (world.connect(), world.connect(), world.connect());
        world.held = Some(Vec::new());
        world.send(reader, &fetch());
        world.send(producer, &produce(-1, MINUTE_MS as i32).repeat(3));
        world.quiet();
        assert!(world.produced(producer).is_empty(), "nothing is durable");

        let stopped_at = world.now.mono;
        world.stop_within_ms(10 * MINUTE_MS);
        world.quiet();
        assert!(world.client(reader).closed && world.client(idle).closed);
        assert!(!world.client(producer).closed);
        assert_eq!(world.told, [BrokerTell::Ready]);
        let late = world.connect();
        assert!(world.client(late).closed, "nobody new is taken in");

        let held = world.held.take().expect("syncs were held up");
        assert!(!held.is_empty());
        held.into_iter()
            .for_each(|(op, what)| world.underway.issue(op, what));
        assert_eq!(world.told(), stopped(true), "seed {seed}");
        assert_eq!(world.produced(producer), [(0, 0), (0, 1), (0, 2)]);
        assert!(world.client(producer).closed);
        let waited = world.now.mono.since(stopped_at);
        assert!(
            waited < Duration::from_secs(1),
            "nothing else is waited for"
        );
    }
}

/// Whatever the moment, and whatever acks: what a stop leaves in the log was answered.
#[test]
fn what_a_clean_stop_keeps_was_answered() {
    for seed in 0..60 {
        let mut world = World::with_topic(seed);
        let producers: Vec<Conn> = (0..3).map(|_| world.connect()).collect();
        for conn in &producers {
            let acks = if world.rng.below(3) == 0 { 1 } else { -1 };
            world.send(*conn, &produce(acks, MINUTE_MS as i32).repeat(20));
            for _ in 0..world.rng.below(3) {
                world.happen();
            }
        }
        for _ in 0..seed % 20 {
            world.happen();
        }
        world.stop_within_ms(10 * MINUTE_MS);
        assert_eq!(world.told(), stopped(true), "seed {seed}");
        let mut answers: Vec<(i16, i64)> = producers
            .iter()
            .flat_map(|conn| world.produced(*conn))
            .collect();
        answers.sort_unstable();
        let mut next = World::over(world.disk.media.clone(), seed + 1).up();
        let kept: Vec<(i16, i64)> = (0..next.end()).map(|offset| (0, offset)).collect();
        assert_eq!(answers, kept, "seed {seed}");
    }
}

#[test]
fn half_of_the_time_is_left_for_what_cannot_be_answered() {
    let mut world = World::with_topic(1);
    let producer = world.connect();
    world.held = Some(Vec::new());
    world.send(producer, &produce(-1, i32::MAX));
    world.quiet();
    let stopped_at = world.now.mono;
    world.stop_within_ms(20_000);
    while !world.client(producer).closed {
        world.turn();
    }
    assert_eq!(world.now.mono, stopped_at.after_ms(10_000));
    assert!(world.produced(producer).is_empty());
    assert_eq!(world.told(), stopped(false), "the flush never came");
    assert_eq!(world.now.mono, stopped_at.after_ms(20_000));
}

#[test]
fn however_much_time_there_is_it_does_not_wait_for_ever() {
    let mut world = World::with_topic(1);
    let producer = world.connect();
    world.held = Some(Vec::new());
    world.send(producer, &produce(-1, i32::MAX));
    world.quiet();
    let stopped_at = world.now.mono;
    world.step(Event::Asked(BrokerAsk::Stop { by: Time::NEVER }));
    while !world.client(producer).closed {
        world.turn();
    }
    assert_eq!(world.now.mono, stopped_at.after_ms(limits::ANSWERING_MS));
}

#[test]
fn who_takes_no_answer_does_not_hold_it_up() {
    let mut world = World::with_topic(1);
    let producer = world.connect();
    world.client(producer).deaf = true;
    world.send(producer, &produce(-1, MINUTE_MS as i32));
    world.quiet();
    let stopped_at = world.now.mono;
    world.step(Event::Asked(BrokerAsk::Stop { by: Time::NEVER }));
    assert_eq!(world.told(), stopped(true));
    let waited = world.now.mono.since(stopped_at);
    assert!(waited >= Duration::from_millis(limits::DRAINING_MS as u64));
    assert!(waited < Duration::from_millis(2 * limits::DRAINING_MS as u64));
}
