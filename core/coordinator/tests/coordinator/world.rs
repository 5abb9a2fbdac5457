//! Groups over a log in memory, and the voices of their members.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use ottla_coordinator::{
    CommitOffsets, Fetched, Groups, Identity, Join, Joined, NewCommit, Record, Request, Response,
    Settings, State, Sync, Synced, View,
};
use ottla_machine::{
    Cause, Entry, Forgets, LeaderEpoch, Now, Offset, ProducerId, Rng, Switch, Ticket, Time, WallMs,
};
use ottla_metadata::Fold;
use ottla_metadata::config::StaticConfig;
use ottla_protocol::messages::{MetadataRecord, PartitionRecord, TopicRecord};
use ottla_protocol::{ErrorCode, Uuid};
use ottla_replicated::{Outcome, Refused, Runtime, Tail};

/// A key and a value, as they stand in the log.
type Pair = (Bytes, Option<Bytes>);

/// The log: each record as it would be written.
#[derive(Clone, Default)]
pub struct Log {
    pub records: Vec<Pair>,
    pub appends: usize,
    pub refuse: Option<Refused>,
}

impl Tail<Record> for Log {
    fn append(&mut self, records: &[Record], _: bool) -> Result<Offset, Refused> {
        if let Some(refused) = self.refuse {
            return Err(refused);
        }
        let base = Offset(self.records.len() as i64);
        let encoded = records.iter().map(|it| it.encode().expect("it fits"));
        self.records.extend(encoded);
        self.appends += 1;
        Ok(base)
    }
}

pub struct World {
    pub runtime: Runtime<Groups>,
    pub log: Log,
    pub view: View,
    pub now: Now,
    tickets: u32,
    told: BTreeMap<u32, Response>,
}

/// A topic's id.
pub fn topic_id(name: &str) -> Uuid {
    let mut id = [7; 16];
    id[..name.len()].copy_from_slice(name.as_bytes());
    Uuid(id)
}

/// What a consumer says of the topics that it wants.
pub fn subscription(topics: &[&str]) -> Bytes {
    let mut bytes = vec![0, 1];
    bytes.extend_from_slice(&(topics.len() as i32).to_be_bytes());
    for topic in topics {
        bytes.extend_from_slice(&(topic.len() as i16).to_be_bytes());
        bytes.extend_from_slice(topic.as_bytes());
    }
    bytes.extend_from_slice(&(-1_i32).to_be_bytes());
    bytes.extend_from_slice(&0_i32.to_be_bytes());
    bytes.into()
}

/// A consumer that joins group g.
pub fn consumer(member: &str) -> Join {
    Join {
        group: "g".into(),
        member: member.into(),
        instance: None,
        client_id: "c".into(),
        client_host: "/127.0.0.1".into(),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 60_000,
        protocol_type: "consumer".into(),
        protocols: vec![("range".into(), subscription(&["t"]))],
        requires_member_id: true,
        can_skip_assignment: true,
    }
}

/// One with a static id.
pub fn fixed(instance: &str) -> Join {
    Join {
        instance: Some(instance.into()),
        ..consumer("")
    }
}

pub fn who(member: &str, generation: i32) -> Identity {
    Identity {
        group: "g".into(),
        generation,
        member: member.into(),
        instance: None,
    }
}

impl World {
    pub fn new(settings: &[(&str, &str)]) -> World {
        World::over(Log::default(), settings)
    }

    /// A tenure over a log that was loaded.
    pub fn over(log: Log, settings: &[(&str, &str)]) -> World {
        let mut statics = StaticConfig::new();
        for (name, value) in settings {
            statics.set(name, value).unwrap();
        }
        let mut world = World {
            runtime: Runtime::new(Groups::new(), Offset(0)),
            log: Log::default(),
            view: View {
                image: Arc::default(),
                settings: Arc::new(Settings::new(&statics)),
                rng: Rng::new([3; 32]),
                switch: Switch::default(),
            },
            now: Now {
                mono: Time::ZERO.after_ms(1_000),
                wall: WallMs(1_700_000_000_000),
            },
            tickets: 0,
            told: BTreeMap::new(),
        };
        world.topics(&[("t", 4), ("u", 2)]);
        world.runtime = loaded(&log);
        world.log = log;
        let end = world.runtime.end_offset();
        assert!(world.runtime.on_high_watermark(end).replies.is_empty());
        let passed = world.runtime.begin(world.now, &world.view);
        assert!(passed.calls.is_empty());
        world.pass(0);
        world
    }

    /// What a crash leaves: everything that was committed, or everything.
    pub fn crash(&self, settings: &[(&str, &str)]) -> World {
        World::over(self.log.clone(), settings)
    }

    /// These are the topics, with so many partitions each.
    pub fn topics(&mut self, topics: &[(&str, i32)]) {
        let mut fold = Fold::new();
        let mut offset = 0;
        let mut apply = |record: MetadataRecord<'_>| {
            let bytes = record.encode(record.write_version()).unwrap();
            fold.apply(Offset(offset), LeaderEpoch(0), &bytes).unwrap();
            offset += 1;
        };
        for (name, partitions) in topics {
            let topic = TopicRecord {
                name: (*name).into(),
                topic_id: topic_id(name),
            };
            apply(MetadataRecord::Topic(topic));
            for partition_id in 0..*partitions {
                apply(MetadataRecord::Partition(PartitionRecord {
                    partition_id,
                    topic_id: topic_id(name),
                    replicas: vec![1],
                    isr: vec![1],
                    leader: 1,
                    ..PartitionRecord::default()
                }));
            }
        }
        self.view.image = Arc::new(fold.image().clone());
    }

    pub fn ask(&mut self, request: Request) -> u32 {
        self.tickets += 1;
        let ticket = Ticket {
            gather: 0,
            generation: 0,
            slot: self.tickets,
        };
        let cause = Cause::Request(ticket, request);
        let outcome = self
            .runtime
            .step(self.now, &self.view, cause, &mut self.log, &mut Forgets);
        self.take(outcome);
        self.tickets
    }

    fn take(&mut self, outcome: Outcome<Groups>) {
        for (ticket, response) in outcome.replies {
            self.tell(ticket, response);
        }
        for (ticket, _) in outcome.refused {
            self.tell(
                ticket,
                Response::Refused(ErrorCode::CoordinatorNotAvailable),
            );
        }
        self.check();
    }

    fn tell(&mut self, ticket: Ticket, response: Response) {
        let before = self.told.insert(ticket.slot, response);
        assert!(before.is_none(), "answered twice: {before:?}");
    }

    /// P1 of the trait: hard state is what the log says.
    pub fn check(&self) {
        self.runtime.check();
        assert_eq!(self.runtime.state(), loaded(&self.log).state());
    }

    /// Everything is durable.
    pub fn commit(&mut self) {
        let end = Offset(self.log.records.len() as i64);
        for (ticket, response) in self.runtime.on_high_watermark(end).replies {
            self.tell(ticket, response);
        }
    }

    /// Time passes; every deadline is met when it comes.
    pub fn pass(&mut self, ms: i64) {
        let until = self.now.mono.after_ms(ms);
        let wall = self.now.wall.0 + ms;
        loop {
            let due = self.runtime.deadline().filter(|due| *due <= until);
            let Some(due) = due else { break };
            let at = due.max(self.now.mono);
            self.now.mono = at;
            self.now.wall = WallMs(wall - until.since(at).as_millis() as i64);
            let outcome = self
                .runtime
                .on_time(self.now, &self.view, &mut self.log, &mut Forgets);
            self.take(outcome);
        }
        self.now.mono = until;
        self.now.wall = WallMs(wall);
    }

    /// The deadlines that have come are met, once.
    pub fn on_time(&mut self) {
        let outcome = self
            .runtime
            .on_time(self.now, &self.view, &mut self.log, &mut Forgets);
        self.take(outcome);
    }

    /// A topic was deleted.
    pub fn view_changed(&mut self) {
        let cause = Cause::ViewChanged;
        let outcome = self
            .runtime
            .step(self.now, &self.view, cause, &mut self.log, &mut Forgets);
        self.take(outcome);
    }

    /// Nobody has answered this one yet.
    pub fn waits(&self, ticket: u32) -> bool {
        !self.told.contains_key(&ticket)
    }

    pub fn told(&mut self, ticket: u32) -> Response {
        let told = self.told.remove(&ticket);
        told.unwrap_or_else(|| panic!("{ticket} waits still"))
    }

    pub fn joined(&mut self, ticket: u32) -> Joined {
        match self.told(ticket) {
            Response::Joined(joined) => *joined,
            other => panic!("{other:?}"),
        }
    }

    pub fn synced(&mut self, ticket: u32) -> Result<Synced, ErrorCode> {
        match self.told(ticket) {
            Response::Synced(synced) => synced,
            other => panic!("{other:?}"),
        }
    }

    pub fn join(&mut self, join: Join) -> u32 {
        self.ask(Request::Join(Box::new(join)))
    }

    /// A new member asks for an id.
    pub fn new_id(&mut self) -> String {
        let ticket = self.join(consumer(""));
        self.commit();
        let joined = self.joined(ticket);
        assert_eq!(joined.error, Some(ErrorCode::MemberIdRequired));
        joined.member.to_string()
    }

    pub fn sync(&mut self, member: &str, generation: i32, assignments: &[(&str, &str)]) -> u32 {
        let assignments = assignments
            .iter()
            .map(|(id, it)| ((*id).into(), Bytes::copy_from_slice(it.as_bytes())));
        self.ask(Request::Sync(Box::new(Sync {
            identity: who(member, generation),
            protocol_type: None,
            protocol: None,
            assignments: assignments.collect(),
        })))
    }

    pub fn heartbeat(&mut self, member: &str, generation: i32) -> Result<(), ErrorCode> {
        let ticket = self.ask(Request::Heartbeat(who(member, generation)));
        match self.told(ticket) {
            Response::Heartbeat(heard) => heard,
            other => panic!("{other:?}"),
        }
    }

    pub fn leave(&mut self, member: &str) -> u32 {
        self.ask(Request::Leave {
            group: "g".into(),
            members: vec![(member.into(), None)],
        })
    }

    pub fn commit_offset(&mut self, identity: Identity, topic: &str, offset: i64) -> u32 {
        self.ask(Request::Commit(Box::new(CommitOffsets {
            identity,
            knows_group_not_found: true,
            retention_ms: -1,
            commits: vec![NewCommit {
                topic: topic.into(),
                topic_id: topic_id(topic),
                partition: 0,
                offset,
                leader_epoch: -1,
                metadata: "".into(),
            }],
        })))
    }

    /// Anybody commits, and it is durable.
    pub fn committed(&mut self, identity: Identity, topic: &str, offset: i64) -> ErrorCode {
        let ticket = self.commit_offset(identity, topic, offset);
        self.commit();
        match self.told(ticket) {
            Response::Committed(Ok(said)) => said[0].error,
            Response::Committed(Err(error)) | Response::Refused(error) => error,
            other => panic!("{other:?}"),
        }
    }

    /// The commit of partition 0 of a topic; -1 for none.
    pub fn offset(&mut self, topic: &str) -> i64 {
        self.fetched(topic, false).map_or(-2, |it| it.offset)
    }

    pub fn fetched(&mut self, topic: &str, require_stable: bool) -> Result<Fetched, ErrorCode> {
        let ticket = self.ask(Request::FetchOffsets {
            group: "g".into(),
            topics: Some(vec![(topic.into(), vec![0])]),
            require_stable,
        });
        self.commit();
        match self.told(ticket) {
            Response::Offsets(topics) => topics[0].1[0].1.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// Where the group is; `None`: there is none.
    pub fn state(&mut self) -> Option<State> {
        let ticket = self.ask(Request::Describe("g".into()));
        self.commit();
        match self.told(ticket) {
            Response::Described(described) => described.ok().map(|it| it.state),
            other => panic!("{other:?}"),
        }
    }

    /// So many members are in a stable generation, each with its own name as its assignment; the first leads. Their ids.
    pub fn stable(&mut self, count: usize) -> (Vec<String>, i32) {
        let ids: Vec<String> = (0..count).map(|_| self.new_id()).collect();
        let tickets: Vec<u32> = ids.iter().map(|id| self.join(consumer(id))).collect();
        self.pass(3_000);
        self.assign(&ids, &tickets)
    }

    /// The members have joined: their leader assigns to each its own name.
    pub fn assign(&mut self, ids: &[String], tickets: &[u32]) -> (Vec<String>, i32) {
        let answers: Vec<Joined> = tickets.iter().map(|it| self.joined(*it)).collect();
        let generation = answers[0].generation;
        let leader = answers[0].leader.to_string();
        let everybody: Vec<(&str, &str)> = ids.iter().map(|it| (&**it, &**it)).collect();
        let others = ids.iter().filter(|id| **id != leader);
        let mut waiting: Vec<(String, u32)> = others
            .map(|id| (id.clone(), self.sync(id, generation, &[])))
            .collect();
        waiting.push((leader.clone(), self.sync(&leader, generation, &everybody)));
        assert!(
            waiting.iter().all(|(_, ticket)| self.waits(*ticket)),
            "not stored yet"
        );
        self.commit();
        for (id, ticket) in waiting {
            let synced = self.synced(ticket).expect("an assignment");
            assert_eq!(synced.assignment, id.as_bytes());
        }
        (ids.to_vec(), generation)
    }
}

/// Groups as a loader makes them.
pub fn loaded(log: &Log) -> Runtime<Groups> {
    let mut runtime = Runtime::new(Groups::new(), Offset(0));
    for (at, (key, value)) in log.records.iter().enumerate() {
        let record = Record::decode(key, value.as_deref()).expect("our own record");
        let entry = Entry::Record {
            producer: None,
            record: &record,
        };
        runtime.load(Offset(at as i64), entry);
    }
    runtime
}

/// A commit in a transaction, as another broker wrote it.
pub fn pending(producer: i64, offset: i64) -> (Record, Option<(ProducerId, i16)>) {
    let record = Record::Commit {
        group: "g".into(),
        topic: "t".into(),
        partition: 0,
        commit: Some(ottla_coordinator::Commit {
            offset,
            leader_epoch: -1,
            metadata: "".into(),
            commit_timestamp: 0,
            expire_timestamp: -1,
            topic_id: Uuid::ZERO,
            at: Offset(-1),
        }),
    };
    (record, Some((ProducerId(producer), 0)))
}

/// The errors of an answer, in order.
pub fn errors(response: Response) -> Vec<ErrorCode> {
    match response {
        Response::Committed(Ok(said)) | Response::OffsetsDeleted(Ok(said)) => {
            said.iter().map(|it| it.error).collect()
        }
        other => panic!("{other:?}"),
    }
}
