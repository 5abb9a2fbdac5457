//! A whole node: what one connection sends it, and files of its directory that are not what they were.
//!
//! T4: whatever one connection sends, what it is sent back is whole frames, and whoever comes next is answered.
//! T5: whatever lies in its directory, a node serves, or ends with a sentence; and one that serves can be stopped.

use std::collections::VecDeque;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use ottla_broker::config::ListenerAddress;
use ottla_broker::{Broker, BrokerAsk, BrokerTell, Cause, StartBroker};
use ottla_log::LogJob;
use ottla_machine::{
    Conn, Effect, Effects, Event, Job, Machine, Now, Op, Output, Part, Peer, Time, WallMs, Want,
    Why,
};
use ottla_media::Media;
use ottla_metadata::config::StaticConfig;
use ottla_protocol::messages::create_topics_request::CreatableTopic;
use ottla_protocol::messages::{ApiVersionsRequest, CreateTopicsRequest};
use ottla_protocol::{ApiKey, Reader, RequestHeader};
use ottla_testdisk::{Disk, ROOT, Underway};

use crate::{Chooser, mangled};

/// How long a client stays: long enough for what waits for a flush, and for most that waits for time.
const STAY_MS: i64 = 1_000;

/// The most partitions that an input may ask for in one frame.
const PARTITIONS: i64 = 64;

/// The other end of the connection.
struct Client {
    conn: Conn,
    input: VecDeque<u8>,
    got: Vec<u8>,
    queued: u64,
    want: Option<Want>,
    closed: bool,
}

/// A node and its world: everything that is asked for happens, in order, and at once.
struct Node {
    broker: Broker,
    disk: Disk,
    underway: Underway,
    jobs: VecDeque<(Op, LogJob)>,
    fx: Effects<Broker>,
    now: Now,
    told: Option<BrokerTell>,
    client: Option<Client>,
    events: VecDeque<Event<Broker>>,
    connections: u64,
}

/// How a node starts; its life draws what no other does.
fn start(life: u8) -> StartBroker {
    let mut settings = StaticConfig::new();
    for (name, value) in [
        ("node.id", "1"),
        ("log.segment.bytes", "1048576"),
        ("num.partitions", "1"),
    ] {
        settings.set(name, value).expect("a setting of Kafka's");
    }
    let at = |name: &str, port| ListenerAddress {
        name: name.to_owned(),
        host: "localhost".to_owned(),
        port,
    };
    StartBroker {
        settings: Arc::new(settings),
        listeners: vec![at("PLAINTEXT", 9092)],
        controller: at("CONTROLLER", 9093),
        dirs: vec![ROOT],
        cluster_id: None,
        seed: [life; 32],
    }
}

impl Node {
    fn over(disk: Disk, life: u8) -> Node {
        let mut node = Node {
            broker: Broker::new(),
            disk,
            underway: Underway::default(),
            jobs: VecDeque::new(),
            fx: Effects::new(),
            now: Now {
                mono: Time(1_000_000_000),
                wall: WallMs(1_700_000_000_000),
            },
            told: None,
            client: None,
            events: VecDeque::from([Event::Asked(BrokerAsk::Start(Box::new(start(life))))]),
            connections: 0,
        };
        node.until_told();
        node
    }

    /// The same once more. It must be at rest and without a client.
    fn again(&self) -> Node {
        assert!(self.client.is_none() && self.is_idle());
        Node {
            broker: self.broker.clone(),
            disk: self.disk.clone(),
            underway: Underway::default(),
            jobs: VecDeque::new(),
            fx: Effects::new(),
            now: self.now,
            told: self.told.clone(),
            client: None,
            events: VecDeque::new(),
            connections: self.connections,
        }
    }

    fn is_idle(&self) -> bool {
        self.events.is_empty() && self.jobs.is_empty() && self.underway.is_empty()
    }

    /// One thing of each kind happens, and the turn ends.
    fn turn(&mut self) {
        self.deliver();
        if let Some(event) = self.events.pop_front() {
            self.broker.step(self.now, event, &mut self.fx);
        }
        if let Some((op, job)) = self.jobs.pop_front() {
            let done = Event::Done(op, Ok(Output::Product(job.run())));
            self.broker.step(self.now, done, &mut self.fx);
        }
        if let Some((op, result)) = self.underway.happen(&mut self.disk, None) {
            let done = Event::Done(op, result.map(Output::Disk));
            self.broker.step(self.now, done, &mut self.fx);
        }
        self.broker.settle(self.now, &mut self.fx);
        self.broker.check();
        let effects: Vec<Effect<Broker>> = self.fx.drain().collect();
        effects.into_iter().for_each(|effect| self.perform(effect));
    }

    fn perform(&mut self, effect: Effect<Broker>) {
        match effect {
            Effect::Disk(op, what) => self.underway.issue(op, what),
            Effect::Work(op, job) => self.jobs.push_back((op, job)),
            Effect::Tell(tell) => self.told = Some(tell),
            Effect::Note(_) => {}
            Effect::Receive(conn, want) => {
                let client = self.client(conn);
                assert!(client.want.is_none(), "one Receive at a time");
                client.want = Some(want);
            }
            Effect::Send(conn, parts) => {
                for part in parts.0 {
                    let bytes = match part {
                        Part::Bytes(bytes) => bytes,
                        Part::File {
                            file,
                            position,
                            length,
                        } => self.disk.range(file, position, length as usize),
                    };
                    let client = self.client(conn);
                    client.queued += bytes.len() as u64;
                    client.got.extend_from_slice(&bytes);
                }
                let sent = Event::Sent(conn, self.client(conn).queued);
                self.events.push_back(sent);
            }
            Effect::Close(conn, _) => {
                self.client(conn).closed = true;
                self.events.push_back(Event::Closed(conn, Why::Asked));
            }
            other => panic!("{other:?}"),
        }
    }

    fn client(&mut self, conn: Conn) -> &mut Client {
        let client = self.client.as_mut().filter(|client| client.conn == conn);
        let client = client.expect("a connection");
        assert!(!client.closed, "nothing comes behind the end");
        client
    }

    /// What was asked for, when it is there.
    fn deliver(&mut self) {
        let Some(client) = self.client.as_mut().filter(|client| !client.closed) else {
            return;
        };
        let Some(want) = &client.want else { return };
        let there = want.carry.len() + client.input.len();
        if client.input.is_empty() || there < want.least {
            return;
        }
        let mut bytes = want.carry.to_vec();
        let take = client.input.len().min(want.most - want.carry.len());
        bytes.extend(client.input.drain(..take));
        client.want = None;
        let received = Event::Received(client.conn, Bytes::from(bytes));
        self.events.push_back(received);
    }

    /// Until only time could bring something.
    fn quiet(&mut self) {
        for _ in 0..100_000 {
            self.turn();
            let due = self.broker.deadline().is_some_and(|at| at <= self.now.mono);
            if self.is_idle() && !due {
                return;
            }
        }
        panic!("it never comes to rest");
    }

    fn pass_ms(&mut self, ms: i64) {
        let until = self.now.mono.after_ms(ms);
        loop {
            self.quiet();
            let next = self.broker.deadline().filter(|due| *due < until);
            let passed = next.unwrap_or(until).since(self.now.mono);
            self.now.mono = self.now.mono.after(passed);
            self.now.wall.0 += passed.as_millis() as i64;
            if next.is_none() {
                return self.quiet();
            }
        }
    }

    fn until_told(&mut self) {
        for _ in 0..1_000 {
            self.pass_ms(100);
            if self.told.is_some() {
                return;
            }
        }
        panic!("T5: nothing is told");
    }

    /// A client comes, sends this, stays a while and goes. What it was sent.
    fn visit(&mut self, input: &[u8]) -> Vec<u8> {
        self.connections += 1;
        let conn = Conn(2 * self.connections);
        self.client = Some(Client {
            conn,
            input: input.iter().copied().collect(),
            got: Vec::new(),
            queued: 0,
            want: None,
            closed: false,
        });
        let peer = Peer {
            listener: 0,
            address: "a client".into(),
        };
        self.events.push_back(Event::Opened(conn, peer));
        self.pass_ms(STAY_MS);
        let client = self.client.as_mut().expect("it is still there");
        if !client.closed {
            client.closed = true;
            self.events.push_back(Event::Closed(conn, Why::Eof));
            self.quiet();
        }
        self.client.take().expect("it was there").got
    }
}

/// The frames of what was sent back; all of it must be frames.
fn frames(mut got: &[u8]) -> usize {
    let mut frames = 0;
    while !got.is_empty() {
        let length = got.first_chunk().map(|length| i32::from_be_bytes(*length));
        let length = usize::try_from(length.expect("T4: a length")).expect("T4: a length");
        got = got.get(4 + length..).expect("T4: a whole frame");
        frames += 1;
    }
    frames
}

/// T4: somebody is answered.
fn answers(node: &mut Node) {
    let version = ApiVersionsRequest::MAX_VERSION;
    let ask = ottla_protocol::request(ApiKey::ApiVersions, version, 7, None, |w| {
        let request = ApiVersionsRequest {
            client_software_name: "next".into(),
            client_software_version: "1".into(),
            ..ApiVersionsRequest::default()
        };
        request.encode(w, version)
    });
    let got = node.visit(&ask.expect("a request").bytes);
    assert_eq!(frames(&got), 1, "T4");
    let mut reader = Reader::new(&got);
    assert_eq!((reader.i32().is_ok(), reader.i32()), (true, Ok(7)), "T4");
    assert_eq!(reader.i16(), Ok(0), "T4");
}

/// A node that serves a topic `t` of one partition.
static SERVING: LazyLock<Node> = LazyLock::new(|| {
    let mut node = Node::over(Disk::over(Media::new(1 << 30)), 1);
    assert_eq!(node.told, Some(BrokerTell::Ready));
    let request = CreateTopicsRequest {
        topics: vec![CreatableTopic {
            name: "t".into(),
            num_partitions: 1,
            replication_factor: 1,
            ..CreatableTopic::default()
        }],
        timeout_ms: 1_000,
        ..CreateTopicsRequest::default()
    };
    let create =
        ottla_protocol::request(ApiKey::CreateTopics, 7, 7, None, |w| request.encode(w, 7));
    let got = node.visit(&create.expect("a request").bytes);
    assert_eq!(frames(&got), 1);
    node
});

/// The directory of that node after a clean stop.
static STOPPED: LazyLock<Disk> = LazyLock::new(|| {
    let mut node = SERVING.again();
    stop(&mut node);
    let clean = BrokerTell::Stopped(Cause::Asked { clean: true });
    assert_eq!(node.told, Some(clean));
    node.disk.killed()
});

fn stop(node: &mut Node) {
    node.told = None;
    let by = Time::NEVER;
    node.events.push_back(Event::Asked(BrokerAsk::Stop { by }));
    node.until_told();
}

/// A topic takes the memory of its partitions, and a frame of forty bytes may ask for ten thousand: what an administrator asks for in so
/// many words is not held against the bytes.
fn asks_for_much(mut input: &[u8]) -> bool {
    while let Some((length, rest)) = input.split_first_chunk() {
        let length = usize::try_from(i32::from_be_bytes(*length)).unwrap_or(rest.len());
        let (frame, behind) = rest.split_at(length.min(rest.len()));
        if partitions(frame).is_some_and(|partitions| partitions > PARTITIONS) {
            return true;
        }
        input = behind;
    }
    false
}

/// How many partitions a frame asks for, if it is a CreateTopics.
fn partitions(frame: &[u8]) -> Option<i64> {
    let mut reader = Reader::new(frame);
    let header = RequestHeader::read(&mut reader).ok()?;
    if header.request_api_key != ApiKey::CreateTopics.code() {
        return None;
    }
    let request = CreateTopicsRequest::decode(&mut reader, header.request_api_version).ok()?;
    let topics = request.topics.iter();
    Some(
        topics
            .map(|topic| i64::from(topic.num_partitions.max(0)))
            .sum(),
    )
}

/// What a connection sends. Where the first byte is odd, frames: each behind its length in two bytes, from which the four of the wire are
/// made; otherwise everything as it is.
pub fn connection(bytes: &[u8]) {
    let mut chooser = Chooser(bytes);
    let framed = chooser.byte() & 1 == 1;
    let mut rest = chooser.rest();
    let mut input = Vec::new();
    while let (true, Some((length, behind))) = (framed, rest.split_first_chunk()) {
        let length = usize::from(u16::from_be_bytes(*length)).min(behind.len());
        let (frame, behind) = behind.split_at(length);
        input.extend((length as i32).to_be_bytes());
        input.extend(frame);
        rest = behind;
    }
    input.extend(rest);
    if asks_for_much(&input) {
        return;
    }
    let mut node = SERVING.again();
    frames(&node.visit(&input));
    assert_eq!(node.told, Some(BrokerTell::Ready), "T4");
    answers(&mut node);
}

/// The files of the directory that are not of a partition.
const FILES: [&str; 12] = [
    "meta.properties",
    ".kafka_cleanshutdown",
    "bootstrap.checkpoint",
    "recovery-point-offset-checkpoint",
    "log-start-offset-checkpoint",
    "replication-offset-checkpoint",
    "__cluster_metadata-0/quorum-state",
    "__cluster_metadata-0/partition.metadata",
    "__cluster_metadata-0/leader-epoch-checkpoint",
    "__cluster_metadata-0/00000000000000000000.log",
    "__cluster_metadata-0/00000000000000000000.index",
    "__cluster_metadata-0/00000000000000000000-0000000000.checkpoint",
];

/// The first byte chooses the file, the second how the rest becomes part of it: as [`mangled`] has it.
pub fn boot(bytes: &[u8]) {
    let mut chooser = Chooser(bytes);
    let path = FILES[usize::from(chooser.byte()) % FILES.len()];
    let mut disk = STOPPED.clone();
    let file = mangled(disk.bytes(path).as_deref().unwrap_or_default(), chooser);
    let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
    disk.put(dir, name, &file);
    let mut node = Node::over(disk, 2);
    if node.told == Some(BrokerTell::Ready) {
        answers(&mut node);
    }
    if node.told == Some(BrokerTell::Ready) {
        stop(&mut node);
    }
    match node.told {
        Some(BrokerTell::Stopped(Cause::Refused(why) | Cause::Offline(why))) => {
            assert!(!why.is_empty() && !why.contains('\n'), "T5: {why}");
        }
        Some(BrokerTell::Stopped(Cause::Asked { .. })) => {}
        other => panic!("T5: {other:?}"),
    }
}
