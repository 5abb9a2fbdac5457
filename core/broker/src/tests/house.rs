//! A house for the front: clients that send bytes, a shard and a controller that answer in its own words. It keeps a driver's
//! promises (input only when asked for, one `Send` taken at a time) and checks what a driver relies on.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use ottla_controller::{Request, Response};
use ottla_machine::{
    Conn, Effect, Effects, How, LeaderEpoch, Now, Offset, Part, Parts, Peer, Rng, Switch, Ticket,
    Time, WallMs, Want,
};
use ottla_metadata::Fold;
use ottla_metadata::config::StaticConfig;
use ottla_protocol::messages::register_broker_record::BrokerEndpoint;
use ottla_protocol::messages::{
    FeatureLevelRecord, MetadataRecord, PartitionRecord, RegisterBrokerRecord, TopicRecord,
};
use ottla_protocol::{ApiKey, EncodeError, ErrorCode, Reader, Uuid, Writer};
use ottla_record::{Builder, BuilderSettings, Header};
use ottla_shard::{
    Answer, Append, Appended, PartitionId, Question, Read, ReadAnswer, Refused, ShardAsk,
    ShardTell, WatchKey,
};

use crate::Broker;
use crate::config::{BrokerConfig, ListenerAddress};
use crate::front::Front;

/// The file of every range that the shard answers with.
pub const FILE: ottla_machine::File = ottla_machine::File(1 << 48);

/// One partition of the shard.
#[derive(Default)]
pub struct Log {
    /// Batches with their offset and that after them.
    pub batches: Vec<(i64, i64, Bytes)>,
    /// Watches and the end they have seen.
    pub watches: BTreeMap<WatchKey, i64>,
}

impl Log {
    pub fn end(&self) -> i64 {
        self.batches.last().map_or(0, |batch| batch.1)
    }
}

/// The other end of a connection.
#[derive(Default)]
pub struct Client {
    pub to_broker: Vec<u8>,
    pub from_broker: Vec<u8>,
    pub files: usize,
    pub want: Option<Want>,
    pub closed: Option<How>,
    pub queued: u64,
    /// Whether the kernel takes what is sent.
    pub stuffed: bool,
}

pub struct House {
    pub front: Front,
    pub fx: Effects<Broker>,
    pub now: Now,
    pub fold: Fold,
    pub logs: BTreeMap<PartitionId, Log>,
    pub clients: BTreeMap<Conn, Client>,
    /// Answers of the shard that are held back, if they are.
    pub held: Option<VecDeque<ShardTell>>,
    /// What the shard refuses every batch and read with, if it does.
    pub refuses: Option<ErrorCode>,
    pub forgotten: Vec<Ticket>,
    pub reads: Vec<Read>,
    pub unwatched: Vec<WatchKey>,
    pub requests: VecDeque<(Ticket, Request)>,
    pub notes: Vec<String>,
    next_conn: u64,
    next_offset: i64,
}

impl House {
    pub fn new() -> House {
        House::with(&[])
    }

    pub fn with(settings: &[(&str, &str)]) -> House {
        let mut statics = StaticConfig::new();
        for (name, value) in [("node.id", "1")].iter().chain(settings) {
            statics.set(name, value).expect("a setting of Kafka's");
        }
        let listener = |name: &str, port| ListenerAddress {
            name: name.into(),
            host: "localhost".into(),
            port,
        };
        let listeners = vec![listener("PLAINTEXT", 9092), listener("OTHER", 9093)];
        let config = Arc::new(BrokerConfig::new(Arc::new(statics), listeners));
        let image = Arc::new(Fold::new().image().clone());
        let mut house = House {
            front: Front::new(
                config,
                "a-cluster".into(),
                image,
                Rng::new([7; 32]),
                Switch::default(),
            ),
            fx: Effects::new(),
            now: Now {
                mono: Time(1_000_000_000),
                wall: WallMs(1_700_000_000_000),
            },
            fold: Fold::new(),
            logs: BTreeMap::new(),
            clients: BTreeMap::new(),
            held: None,
            refuses: None,
            forgotten: Vec::new(),
            reads: Vec::new(),
            unwatched: Vec::new(),
            requests: VecDeque::new(),
            notes: Vec::new(),
            next_conn: 0,
            next_offset: 0,
        };
        house.register();
        house.front.serve(house.now, &mut house.fx);
        house
    }

    fn register(&mut self) {
        let feature = FeatureLevelRecord {
            name: "metadata.version".into(),
            feature_level: 30,
        };
        self.apply(MetadataRecord::FeatureLevel(feature));
        let endpoint = |name: &'static str, host: &'static str, port| BrokerEndpoint {
            name: name.into(),
            host: host.into(),
            port,
            security_protocol: 0,
        };
        self.apply(MetadataRecord::RegisterBroker(RegisterBrokerRecord {
            broker_id: 1,
            end_points: vec![
                endpoint("PLAINTEXT", "one.example", 9092),
                endpoint("OTHER", "two.example", 19093),
            ],
            fenced: false,
            rack: Some("r1".into()),
            log_dirs: vec![Uuid([9; 16])],
            ..RegisterBrokerRecord::default()
        }));
    }

    pub fn apply(&mut self, record: MetadataRecord<'_>) {
        let value = record
            .encode(record.write_version())
            .expect("a record of ours");
        self.fold
            .apply(Offset(self.next_offset), LeaderEpoch(1), &value)
            .expect("it fits");
        self.next_offset += 1;
        self.front.bench.image = Arc::new(self.fold.image().clone());
    }

    /// Makes a topic. Its id is made of its name.
    pub fn topic(&mut self, name: &str, partitions: i32) -> Uuid {
        let mut id = [0; 16];
        id[0] = 1;
        name.bytes()
            .enumerate()
            .for_each(|(at, byte)| id[1 + at % 15] ^= byte);
        let id = Uuid(id);
        self.apply(MetadataRecord::Topic(TopicRecord {
            name: name.into(),
            topic_id: id,
        }));
        for partition_id in 0..partitions {
            self.apply(MetadataRecord::Partition(PartitionRecord {
                partition_id,
                topic_id: id,
                replicas: vec![1],
                isr: vec![1],
                leader: 1,
                directories: vec![Uuid([9; 16])],
                ..PartitionRecord::default()
            }));
            self.logs.insert(
                PartitionId {
                    topic_id: id,
                    index: partition_id,
                },
                Log::default(),
            );
        }
        id
    }

    pub fn connect(&mut self) -> Conn {
        self.connect_to(0)
    }

    pub fn connect_to(&mut self, listener: u16) -> Conn {
        self.next_conn += 2;
        let conn = Conn(self.next_conn);
        self.clients.insert(conn, Client::default());
        self.front.on_opened(
            self.now,
            conn,
            Peer {
                listener,
                address: "a client".into(),
            },
            &mut self.fx,
        );
        self.turn();
        conn
    }

    pub fn client(&mut self, conn: Conn) -> &mut Client {
        self.clients.get_mut(&conn).expect("a client of this house")
    }

    /// Bytes are on their way to the broker.
    pub fn send(&mut self, conn: Conn, bytes: &[u8]) {
        self.client(conn).to_broker.extend_from_slice(bytes);
        self.turn();
    }

    /// Ends a connection from outside.
    pub fn hang_up(&mut self, conn: Conn) {
        self.front.on_closed(conn);
        self.clients.remove(&conn);
        self.turn();
    }

    /// Time passes.
    pub fn pass_ms(&mut self, ms: i64) {
        self.now.mono = self.now.mono.after_ms(ms);
        self.now.wall.0 += ms;
        self.turn();
    }

    /// One turn of a driver. Answers whether nothing happened in it.
    pub fn one_turn(&mut self) -> bool {
        self.front.begin();
        let mut quiet = !self.deliver();
        self.carry();
        self.front.begin();
        self.front.on_time(self.now);
        self.carry();
        self.front.settle(self.now, &mut self.fx);
        quiet &= !self.perform();
        quiet
    }

    /// Runs turns until nothing is left to do.
    pub fn turn(&mut self) {
        for round in 0..10_000 {
            let quiet = self.one_turn();
            self.front.check();
            let due = self.front.deadline().is_some_and(|at| at <= self.now.mono);
            if quiet && !due {
                return;
            }
            assert!(round < 9_999, "the front never comes to rest");
        }
    }

    /// One thing that was asked for and is there, per connection.
    fn deliver(&mut self) -> bool {
        let mut any = false;
        for (conn, client) in &mut self.clients {
            let Some(want) = &client.want else { continue };
            let missing = want.least.saturating_sub(want.carry.len());
            if client.closed.is_some()
                || client.to_broker.len() < missing
                || client.to_broker.is_empty()
            {
                continue;
            }
            let take = client.to_broker.len().min(want.most - want.carry.len());
            let mut bytes = want.carry.to_vec();
            bytes.extend(client.to_broker.drain(..take));
            client.want = None;
            self.front.on_received(self.now, *conn, Bytes::from(bytes));
            any = true;
        }
        any
    }

    /// What `Broker` does: words go down and up until nobody has anything to say.
    fn carry(&mut self) {
        self.fx.reset_spent();
        self.carry_all();
        let most = ottla_machine::limits::STEP_PARTITIONS as u64;
        assert!(self.fx.spent().partitions <= most, "a step is too long");
    }

    fn carry_all(&mut self) {
        loop {
            self.front.work(self.now, &mut self.fx);
            self.requests.extend(self.front.bench.requests.drain(..));
            let mut any = false;
            while let Some(ask) = self.front.next_ask(&mut self.fx) {
                any = true;
                let tells = self.shard(ask);
                match &mut self.held {
                    Some(held) => held.extend(tells),
                    None => self.tell(tells),
                }
            }
            if !any {
                return;
            }
        }
    }

    pub fn tell(&mut self, tells: Vec<ShardTell>) {
        for tell in tells {
            assert!(self.front.on_shard(self.now, tell).is_none());
        }
    }

    /// The shard's answers that were held back come now, the newest first if `backwards`.
    pub fn release(&mut self, backwards: bool) {
        let held = self.held.take().unwrap_or_default();
        let mut tells: Vec<ShardTell> = held.into();
        if backwards {
            tells.reverse();
        }
        self.tell(tells);
        self.turn();
    }

    fn perform(&mut self) -> bool {
        let effects: Vec<Effect<Broker>> = self.fx.drain().collect();
        let any = !effects.is_empty();
        for effect in effects {
            match effect {
                Effect::Receive(conn, want) => {
                    let Some(client) = self.clients.get_mut(&conn) else {
                        continue;
                    };
                    assert!(
                        client.want.is_none() && client.closed.is_none(),
                        "one Receive at a time"
                    );
                    client.want = Some(want);
                }
                Effect::Send(conn, parts) => self.take(conn, parts),
                Effect::Close(conn, how) => {
                    let Some(client) = self.clients.get_mut(&conn) else {
                        continue;
                    };
                    assert!(client.closed.is_none(), "closed once");
                    client.closed = Some(how);
                    self.front.on_closed(conn);
                }
                Effect::Note(note) => self.notes.push(note.text),
                _ => panic!("the front only talks to sockets"),
            }
        }
        any
    }

    fn take(&mut self, conn: Conn, parts: Parts) {
        let Some(client) = self.clients.get_mut(&conn) else {
            return;
        };
        assert!(
            client.closed.is_none(),
            "nothing is sent to a closed connection"
        );
        client.queued += parts.len() as u64;
        for part in parts.0 {
            match part {
                Part::Bytes(bytes) => client.from_broker.extend_from_slice(&bytes),
                Part::File {
                    file,
                    position,
                    length,
                } => {
                    assert_eq!(file, FILE);
                    client.files += 1;
                    client
                        .from_broker
                        .extend((position..position + u64::from(length)).map(|at| at as u8));
                }
            }
        }
        if !client.stuffed {
            let to = client.queued;
            self.front.on_sent(self.now, conn, to);
        }
    }

    /// The kernel takes what was queued.
    pub fn unstuff(&mut self, conn: Conn) {
        let client = self.client(conn);
        client.stuffed = false;
        let to = client.queued;
        self.front.on_sent(self.now, conn, to);
        self.turn();
    }

    /// The frames that have come back, without their length prefix.
    pub fn frames(&mut self, conn: Conn) -> Vec<Bytes> {
        let bytes = Bytes::from(std::mem::take(&mut self.client(conn).from_broker));
        let (mut at, mut frames) = (0, Vec::new());
        while at < bytes.len() {
            let prefix = bytes[at..].first_chunk().expect("a whole prefix");
            let length = i32::from_be_bytes(*prefix) as usize;
            frames.push(bytes.slice(at + 4..at + 4 + length));
            at += 4 + length;
        }
        frames
    }

    pub fn closed(&mut self, conn: Conn) -> bool {
        self.client(conn).closed.is_some()
    }

    fn shard(&mut self, ask: ShardAsk) -> Vec<ShardTell> {
        match ask {
            ShardAsk::Append(ticket, append) => self.append(ticket, &append),
            ShardAsk::Read(ticket, read) => {
                self.reads.push(read);
                vec![ShardTell::Answer(ticket, self.read(read))]
            }
            ShardAsk::Question(ticket, id, question) => {
                vec![ShardTell::Answer(ticket, self.question(id, question))]
            }
            ShardAsk::Unwatch(key, id) => {
                self.unwatched.push(key);
                if let Some(log) = self.logs.get_mut(&id) {
                    log.watches.remove(&key);
                }
                Vec::new()
            }
            ShardAsk::Forget(ticket) => {
                self.forgotten.push(ticket);
                Vec::new()
            }
            // There are no groups in this house.
            ShardAsk::Dissolve => Vec::new(),
            ShardAsk::Coordinate(ticket, ..) => {
                let error = ErrorCode::NotCoordinator;
                let answer = Answer::Group(ottla_coordinator::Response::Refused(error));
                vec![ShardTell::Answer(ticket, answer)]
            }
            ShardAsk::Start(_) | ShardAsk::Image(_) | ShardAsk::ReadsSince(_) | ShardAsk::Stop => {
                panic!("the front never says that")
            }
        }
    }

    fn append(&mut self, ticket: Ticket, append: &Append) -> Vec<ShardTell> {
        if let Some(code) = self.refuses {
            return vec![ShardTell::Answer(ticket, refused(code))];
        }
        let Some(log) = self.logs.get_mut(&append.partition) else {
            return vec![ShardTell::Answer(
                ticket,
                refused(ErrorCode::UnknownTopicId),
            )];
        };
        let Ok(header) = Header::parse(&append.records) else {
            return vec![ShardTell::Answer(
                ticket,
                refused(ErrorCode::CorruptMessage),
            )];
        };
        let base = log.end();
        log.batches.push((
            base,
            base + i64::from(header.records_count),
            append.records.clone(),
        ));
        let answer = Answer::Appended(Appended {
            base_offset: Offset(base),
            log_append_time_ms: -1,
            log_start_offset: Offset(0),
        });
        let mut tells = vec![ShardTell::Answer(ticket, answer)];
        tells.extend(
            std::mem::take(&mut log.watches)
                .into_keys()
                .map(ShardTell::Ready),
        );
        tells
    }

    fn read(&mut self, read: Read) -> Answer {
        if let Some(code) = self.refuses {
            return refused(code);
        }
        let Some(log) = self.logs.get_mut(&read.partition) else {
            return refused(ErrorCode::UnknownTopicId);
        };
        let end = log.end();
        if !(0..=end).contains(&read.from.0) {
            return refused(ErrorCode::OffsetOutOfRange);
        }
        if let Some(watch) = read.watch {
            log.watches.insert(watch, end);
        }
        let mut records = Parts::default();
        for (_, _, bytes) in log.batches.iter().filter(|batch| batch.1 > read.from.0) {
            let first = records.is_empty() && read.at_least_one;
            if records.len() + bytes.len() > read.max_bytes && !first {
                break;
            }
            records.push(Part::Bytes(bytes.clone()));
        }
        Answer::Read(ReadAnswer {
            high_watermark: Offset(end),
            last_stable_offset: Offset(end),
            log_start_offset: Offset(0),
            diverging: None,
            aborted: None,
            records,
        })
    }

    fn question(&self, id: PartitionId, question: Question) -> Answer {
        let end = self.logs.get(&id).map_or(0, Log::end);
        match question {
            Question::ListOffset { timestamp, .. } => Answer::Offset {
                timestamp: -1,
                offset: Offset(if timestamp == -1 { end } else { 0 }),
                leader_epoch: LeaderEpoch(0),
            },
            Question::DeleteRecords { before } => Answer::Deleted {
                low_watermark: Offset(before),
            },
            Question::EpochEnd { leader_epoch, .. } => Answer::EpochEnd {
                leader_epoch,
                end_offset: Offset(end),
            },
        }
    }

    /// The controller answers the oldest request.
    pub fn controller(&mut self, answer: impl FnOnce(Request) -> Response) {
        let (ticket, request) = self
            .requests
            .pop_front()
            .expect("a request to the controller");
        let response = answer(request);
        self.front.on_controller(self.now, ticket, response);
        self.turn();
    }
}

fn refused(error: ErrorCode) -> Answer {
    Answer::Refused(Refused {
        error,
        message: None,
        record_errors: Vec::new(),
        log_start_offset: Offset(-1),
    })
}

/// A request as its bytes.
pub fn request(
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    body: impl FnOnce(&mut Writer, i16) -> Result<(), EncodeError>,
) -> Vec<u8> {
    let frame = ottla_protocol::request(key, version, correlation_id, Some("tests"), |w| {
        body(w, version)
    });
    frame.expect("a request of ours").bytes.to_vec()
}

/// A response's correlation id, and a reader at its body.
pub fn opened(key: ApiKey, version: i16, frame: &Bytes) -> (i32, Reader<'_>) {
    let mut reader = Reader::new(frame);
    let header =
        ottla_protocol::ResponseHeader::decode(&mut reader, key.response_header_version(version));
    (header.expect("a header").correlation_id, reader)
}

/// A batch of one record.
pub fn batch(value: &[u8]) -> Bytes {
    let mut builder = Builder::new(BuilderSettings::default());
    builder.append(1_700_000_000_000, None, Some(value), &[]);
    builder.finish()
}
