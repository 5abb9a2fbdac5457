//! A controller, its log, and a voice that speaks its records.

use std::sync::Arc;

use bytes::Bytes;
use ottla_controller::{
    Controller, ControllerView, FRESH_FEATURES, Heartbeat, HeartbeatAnswer, NewTopic, Refusal,
    Registration, Request, Response, check, check_step,
};
use ottla_machine::{Cause, Entry, Forgets, NodeId, Now, Offset, Rng, Ticket, Time, WallMs};
use ottla_metadata::config::StaticConfig;
use ottla_metadata::{Endpoint, Image, Partition};
use ottla_protocol::messages::MetadataRecord;
use ottla_protocol::{ErrorCode, Uuid};
use ottla_replicated::{Refused, Runtime, Tail};

/// The log: each append is a batch.
#[derive(Default)]
pub struct Log {
    pub start: i64,
    pub values: Vec<Bytes>,
    pub batches: Vec<usize>,
    pub refuse: Option<Refused>,
}

impl Tail<Bytes> for Log {
    fn append(&mut self, records: &[Bytes], atomic: bool) -> Result<Offset, Refused> {
        assert!(atomic, "C1");
        if let Some(refused) = self.refuse {
            return Err(refused);
        }
        let base = Offset(self.start + self.values.len() as i64);
        self.values.extend_from_slice(records);
        self.batches.push(records.len());
        Ok(base)
    }
}

pub struct World {
    pub runtime: Runtime<Controller>,
    pub log: Log,
    pub view: ControllerView,
    pub now: Now,
    tickets: u32,
}

/// Node 1, a broker and the controller.
pub const ONE: NodeId = NodeId(1);
pub const TWO: NodeId = NodeId(2);
pub const DIR: Uuid = Uuid([0xd1; 16]);
pub const DIR2: Uuid = Uuid([0xd2; 16]);

impl World {
    /// A tenure on a log that was loaded to here.
    pub fn over(controller: Controller, next: i64, settings: &[(&str, &str)]) -> World {
        let mut statics = StaticConfig::new();
        for (name, value) in settings {
            statics.set(name, value).unwrap();
        }
        let mut world = World {
            runtime: Runtime::new(controller, Offset(next)),
            log: Log {
                start: next,
                ..Log::default()
            },
            view: ControllerView {
                node: ONE,
                with_broker: true,
                statics: Arc::new(statics),
                rng: Rng::new([3; 32]),
                switch: Default::default(),
            },
            now: at(0),
            tickets: 0,
        };
        world.begin();
        world
    }

    /// A fresh cluster whose log begins with a control batch of three records.
    pub fn fresh(settings: &[(&str, &str)]) -> World {
        let mut world = World::over(Controller::new(), 3, settings);
        let features = FRESH_FEATURES
            .iter()
            .map(|(name, level)| ((*name).to_owned(), *level));
        let request = Request::Bootstrap {
            features: features.collect(),
        };
        assert_eq!(world.ask(request), Response::Bootstrap(Ok(true)));
        world
    }

    /// The same with node 1 registered and active.
    pub fn one_broker(settings: &[(&str, &str)]) -> World {
        let mut world = World::fresh(settings);
        world.join(ONE, 1, -1);
        world
    }

    pub fn begin(&mut self) {
        let passed = self.runtime.begin(self.now, &self.view);
        assert!(passed.replies.is_empty());
    }

    pub fn image(&self) -> &Image {
        self.runtime.state().image()
    }

    /// Asks and commits what comes of it.
    pub fn ask(&mut self, request: Request) -> Response {
        let (answer, refused) = self.say(request);
        assert_eq!(refused, None);
        answer.unwrap()
    }

    /// Asks, and commits; the answer, or why the log took nothing.
    pub fn say(&mut self, request: Request) -> (Option<Response>, Option<Refused>) {
        self.tickets += 1;
        let ticket = Ticket {
            gather: 0,
            generation: 0,
            slot: self.tickets,
        };
        let before = self.image().clone();
        let cause = Cause::Request(ticket, request);
        let outcome = self
            .runtime
            .step(self.now, &self.view, cause, &mut self.log, &mut Forgets);
        let refused = outcome.refused.first().map(|(_, refused)| *refused);
        let mut replies = outcome.replies;
        replies.extend(self.commit(&before));
        assert!(replies.iter().all(|(to, _)| *to == ticket));
        (replies.pop().map(|(_, response)| response), refused)
    }

    /// Time passes.
    pub fn wait(&mut self, ms: i64) {
        self.now = at(self.now.wall.0 + ms);
        let before = self.image().clone();
        let outcome = self
            .runtime
            .on_time(self.now, &self.view, &mut self.log, &mut Forgets);
        assert!(outcome.replies.is_empty() && outcome.refused.is_empty());
        assert_eq!(self.commit(&before), []);
    }

    fn commit(&mut self, before: &Image) -> Vec<(Ticket, Response)> {
        let passed = self.runtime.on_high_watermark(self.runtime.end_offset());
        assert_eq!(self.runtime.state().unfit(), None);
        self.runtime.check();
        check(self.image());
        check_step(before, self.image());
        passed.replies
    }

    /// Replay of everything that this world wrote, over `controller`, gives the state.
    pub fn replayed_over(&self, controller: Controller) {
        let mut again = Runtime::new(controller, Offset(self.log.start));
        for (index, record) in self.log.values.iter().enumerate() {
            let offset = Offset(self.log.start + index as i64);
            again.load(
                offset,
                Entry::Record {
                    producer: None,
                    record,
                },
            );
        }
        assert_eq!(again.state().image(), self.image());
    }

    /// The records since the last call, as text.
    pub fn written(&mut self) -> Vec<MetadataRecord<'_>> {
        let decode = |value| MetadataRecord::decode(value).unwrap();
        self.log.values.iter().map(|value| decode(value)).collect()
    }

    /// Forgets what was written so far; the log goes on.
    pub fn turn_page(&mut self) {
        self.log.start += self.log.values.len() as i64;
        self.log.values.clear();
        self.log.batches.clear();
    }

    pub fn register(&mut self, id: NodeId, life: u8, previous_epoch: i64) -> Result<i64, Refusal> {
        let request = Request::RegisterBroker(registration(id, life, previous_epoch));
        match self.ask(request) {
            Response::RegisterBroker(epoch) => epoch,
            other => panic!("{other:?}"),
        }
    }

    pub fn beat(&mut self, beat: Heartbeat) -> Result<HeartbeatAnswer, Refusal> {
        match self.ask(Request::BrokerHeartbeat(beat)) {
            Response::BrokerHeartbeat(answer) => answer,
            other => panic!("{other:?}"),
        }
    }

    /// Registers and is active at once.
    pub fn join(&mut self, id: NodeId, life: u8, previous_epoch: i64) -> i64 {
        let epoch = self.register(id, life, previous_epoch).unwrap();
        let answer = self
            .beat(alive(id, epoch, self.runtime.end_offset()))
            .unwrap();
        assert!(answer.caught_up && !answer.fenced);
        epoch
    }

    pub fn create(
        &mut self,
        topics: Vec<NewTopic>,
    ) -> Vec<(String, Result<ottla_controller::Created, Refusal>)> {
        match self.ask(Request::CreateTopics {
            topics,
            validate_only: false,
        }) {
            Response::CreateTopics(results) => results,
            other => panic!("{other:?}"),
        }
    }

    /// Creates one topic with one partition per replica list.
    pub fn topic(&mut self, name: &str, assignments: &[&[i32]]) -> Uuid {
        let assigned = assignments.iter().enumerate();
        let assignments = assigned
            .map(|(index, nodes)| (index as i32, nodes.to_vec()))
            .collect();
        let topic = NewTopic {
            assignments,
            ..NewTopic::with_defaults(name)
        };
        self.create(vec![topic])[0].1.clone().unwrap().id
    }

    pub fn partition(&self, id: Uuid, index: i32) -> Partition {
        Partition::clone(self.image().partition(id, index).unwrap())
    }
}

pub fn at(ms: i64) -> Now {
    Now {
        mono: Time::ZERO.after_ms(ms),
        wall: WallMs(ms),
    }
}

pub fn registration(id: NodeId, life: u8, previous_epoch: i64) -> Registration {
    Registration {
        id,
        incarnation: Uuid([life; 16]),
        endpoints: vec![Endpoint {
            name: "PLAINTEXT".to_owned(),
            host: "127.0.0.1".to_owned(),
            port: 9092,
            security_protocol: 0,
        }],
        features: Vec::new(),
        rack: None,
        dirs: vec![Uuid([0xd0 + id.0 as u8; 16])],
        previous_epoch,
    }
}

pub fn alive(broker: NodeId, epoch: i64, metadata_offset: Offset) -> Heartbeat {
    Heartbeat {
        broker,
        epoch,
        metadata_offset,
        want_fence: false,
        want_shutdown: false,
    }
}

pub fn leaving(broker: NodeId, epoch: i64, metadata_offset: Offset) -> Heartbeat {
    Heartbeat {
        want_shutdown: true,
        ..alive(broker, epoch, metadata_offset)
    }
}

/// The code of a refusal; NONE where there was none.
pub fn code<T>(result: &Result<T, Refusal>) -> ErrorCode {
    match result {
        Ok(_) => ErrorCode::None,
        Err((code, why)) => {
            assert!(!why.is_empty(), "a refusal says why");
            *code
        }
    }
}
