//! Drives a shard: performs its effects in a drawn order, delivers ends late, asks and collects answers; and watches over what may be said
//! when: an acknowledgement is compared with what the disk would keep at that very moment.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use ottla_log::LogJob;
use ottla_machine::{
    DiskOp, DiskOutput, Effect, Effects, Event, Fault, File, Job, LeaderEpoch, Level, Machine, Now,
    Offset, Op, Output, Part, Parts, Rng, Ticket, Time, WallMs, limits,
};
use ottla_media::{Covered, Fate, Media, Node};
use ottla_protocol::ErrorCode;
use ottla_record::{Batches, Builder, BuilderSettings, Compression};
use ottla_shard::{
    Answer, Append, Appended, Isolation, PartitionId, Question, Read, ReadAnswer, Shard, ShardAsk,
    ShardTell, Start, WatchKey,
};

use crate::cluster::{Cluster, DIR_ID, NODE, topic_id};
use crate::disk::{Disk, ROOT, fates, file_of};

/// What a world is made with.
#[derive(Clone)]
pub struct Setting {
    pub clean: bool,
    pub flush_on_ack: bool,
    pub strict: bool,
    /// Above 1: operations and ends in a drawn order.
    pub seed: u64,
    pub broker: BTreeMap<String, String>,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting {
            clean: false,
            flush_on_ack: true,
            strict: false,
            seed: 1,
            broker: BTreeMap::new(),
        }
    }
}

impl Setting {
    pub fn seed(seed: u64) -> Setting {
        Setting {
            seed,
            ..Setting::default()
        }
    }

    pub fn clean(seed: u64) -> Setting {
        Setting {
            clean: true,
            ..Setting::seed(seed)
        }
    }
}

enum Pending {
    Issued(Op, DiskOp),
    Syncing(Op, Node, Covered),
    Ended(Op, Option<File>, Result<DiskOutput, Fault>),
    Job(Op, LogJob),
}

/// What a producer sent and has been told.
#[derive(Clone, Debug)]
pub struct Sent {
    pub partition: PartitionId,
    pub value: String,
    pub acks: i16,
    pub answer: Option<Result<Appended, ErrorCode>>,
}

pub struct World {
    pub shard: Shard,
    pub disk: Disk,
    pub cluster: Cluster,
    pub now: Now,
    pub rng: Rng,
    setting: Setting,
    fx: Effects<Shard>,
    pending: VecDeque<Pending>,
    next_ticket: u32,
    pub answers: BTreeMap<Ticket, Answer>,
    pub sent: BTreeMap<Ticket, Sent>,
    pub ready: Vec<WatchKey>,
    pub notes: Vec<(Level, String)>,
    pub offline: Vec<String>,
    pub started: bool,
    pub stopped: Option<bool>,
    /// The most partitions a settle has visited since this was set to 0.
    pub visited: u64,
    /// How often the invariants are looked at: after each step, or, where there are very many replicas, after some.
    pub every: u64,
    steps: u64,
    names: BTreeMap<u8, String>,
}

impl World {
    pub fn new(setting: Setting) -> World {
        World::over(Media::new(1 << 30), Cluster::new(), setting)
    }

    pub fn over(media: Media, cluster: Cluster, setting: Setting) -> World {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&setting.seed.to_be_bytes());
        let mut world = World {
            shard: Shard::new(),
            disk: Disk::over(media),
            cluster,
            now: at(1_000_000),
            rng: Rng::new(seed),
            setting,
            fx: Effects::new(),
            pending: VecDeque::new(),
            next_ticket: 0,
            answers: BTreeMap::new(),
            sent: BTreeMap::new(),
            ready: Vec::new(),
            notes: Vec::new(),
            offline: Vec::new(),
            started: false,
            stopped: None,
            visited: 0,
            every: 1,
            steps: 0,
            names: BTreeMap::new(),
        };
        let start = Start {
            node: NODE,
            dirs: vec![(ROOT, DIR_ID)],
            clean: world.setting.clean,
            flush_on_ack: world.setting.flush_on_ack,
            strict_validation: world.setting.strict,
            checkpoint_interval_ms: 60_000,
            producer_id_expiration_ms: 86_400_000,
            retention_check_interval_ms: 300_000,
            cleaner_enable: true,
            cleaner_backoff_ms: 15_000,
            cleaner_bytes: 1 << 20,
            static_config: Arc::new(world.setting.broker.clone()),
            rng: ottla_machine::Rng::new([7; 32]),
        };
        world.ask(ShardAsk::Start(Box::new(start)));
        world
    }

    /// Started, the image given, all that is in it opened.
    pub fn up(mut self) -> World {
        self.run();
        assert!(self.started);
        self.follow();
        self.run();
        self
    }

    /// The process is gone.
    pub fn killed(self) -> (Media, Cluster) {
        let mut media = self.disk.media;
        media.kill();
        (media, self.cluster)
    }

    /// The power is gone: of everything not synced any subset is there.
    pub fn cut(mut self) -> (Media, Cluster) {
        let mut media = self.disk.media;
        let subset = self.rng.below(6);
        media.power_cut(fates(subset, &mut self.rng));
        (media, self.cluster)
    }

    /// Gives the shard the metadata as it is now.
    pub fn follow(&mut self) {
        let image = self.cluster.image();
        for topic in image.topics() {
            self.names.insert(topic.id.0[0], topic.name.to_string());
        }
        self.ask(ShardAsk::Image(image));
    }

    pub fn ask(&mut self, ask: ShardAsk) {
        self.step(Event::Asked(ask));
    }

    fn step(&mut self, event: Event<Shard>) {
        self.fx.reset_spent();
        self.shard.step(self.now, event, &mut self.fx);
        self.look();
    }

    pub fn settle(&mut self) {
        self.fx.reset_spent();
        self.shard.settle(self.now, &mut self.fx);
        self.visited = self.visited.max(self.fx.spent().partitions);
        self.look();
        let effects: Vec<Effect<Shard>> = self.fx.drain().collect();
        for effect in effects {
            match effect {
                Effect::Tell(tell) => self.told(tell),
                Effect::Disk(op, what) => self.pending.push_back(Pending::Issued(op, what)),
                Effect::Work(op, job) => self.pending.push_back(Pending::Job(op, job)),
                Effect::Note(note) => self.notes.push((note.level, note.text)),
                other => panic!("a shard has no connections: {other:?}"),
            }
        }
    }

    fn look(&mut self) {
        self.steps += 1;
        if self.steps.is_multiple_of(self.every) {
            self.shard.check();
        }
        let spent = self.fx.spent();
        assert!(
            spent.partitions <= limits::STEP_PARTITIONS as u64,
            "{spent:?}"
        );
        assert!(
            spent.bytes <= (limits::STEP_BYTES + (1 << 20)) as u64,
            "{spent:?}"
        );
    }

    fn told(&mut self, tell: ShardTell) {
        match tell {
            ShardTell::Answer(ticket, answer) => {
                self.judge(ticket, &answer);
                let twice = self.answers.insert(ticket, answer);
                assert!(twice.is_none(), "W1: {ticket:?} is answered twice");
            }
            ShardTell::Ready(key) => self.ready.push(key),
            ShardTell::Started => self.started = true,
            ShardTell::Offline(dir, why) => {
                assert_eq!(dir, ROOT);
                self.offline.push(why);
            }
            ShardTell::Stopped { clean } => {
                assert!(self.stopped.replace(clean).is_none(), "stopped twice");
            }
        }
    }

    /// H1: what was acknowledged is there if the power goes (acks=all) or the process dies (acks=1) at this very moment.
    fn judge(&mut self, ticket: Ticket, answer: &Answer) {
        let flush = self.setting.flush_on_ack;
        let Some(sent) = self.sent.get_mut(&ticket) else {
            return;
        };
        match answer {
            Answer::Appended(appended) => {
                sent.answer = Some(Ok(*appended));
                let sent = sent.clone();
                if sent.acks != 0 && self.every == 1 {
                    let mut media = self.disk.media.clone();
                    if sent.acks == -1 && flush {
                        media.power_cut(|_| Fate::Old);
                    }
                    assert!(
                        self.holds(media, &sent),
                        "H1: {sent:?} was acknowledged and is not on the disk"
                    );
                }
            }
            Answer::Refused(refused) => sent.answer = Some(Err(refused.error)),
            other => panic!("W1: an append is answered {other:?}"),
        }
    }

    fn holds(&self, media: Media, sent: &Sent) -> bool {
        let disk = Disk::over(media);
        let name = &self.names[&sent.partition.topic_id.0[0]];
        let dir = format!("{name}-{}", sent.partition.index);
        let names = match disk.media.status(&dir) {
            Ok(_) => disk.names(&dir),
            Err(_) => return false,
        };
        let logs = names.iter().filter(|name| name.ends_with(".log"));
        let mut bytes = logs.filter_map(|name| disk.bytes(&format!("{dir}/{name}")));
        bytes.any(|bytes| contains(&bytes, sent.value.as_bytes()))
    }

    /// What may happen next, by its place among what is pending.
    fn possible(&self) -> Vec<usize> {
        let (mut issued, mut ended) = (BTreeSet::new(), BTreeSet::new());
        let mut possible = Vec::new();
        for (at, pending) in self.pending.iter().enumerate() {
            match pending {
                Pending::Issued(_, op) => {
                    let file = file_of(op);
                    if file.is_none_or(|file| issued.insert(file)) {
                        possible.push(at);
                    }
                }
                Pending::Ended(_, file, _) => {
                    if file.is_none_or(|file| ended.insert(file)) {
                        possible.push(at);
                    }
                }
                Pending::Syncing(..) | Pending::Job(..) => possible.push(at),
            }
        }
        possible
    }

    /// One thing happens in the world. `false`: nothing is left to happen.
    pub fn happen(&mut self) -> bool {
        let drawn = if self.setting.seed > 1 {
            let possible = self.possible();
            let drawn = self.rng.below(possible.len().max(1) as u64) as usize;
            possible.get(drawn).copied()
        } else {
            Some(0)
        };
        let Some(pending) = drawn.and_then(|drawn| self.pending.remove(drawn)) else {
            return false;
        };
        match pending {
            Pending::Issued(op, DiskOp::Sync(file)) => {
                let (node, covered) = self.disk.sync_begins(file);
                self.pending.push_back(Pending::Syncing(op, node, covered));
            }
            Pending::Issued(op, what) => {
                let file = file_of(&what);
                let result = self.disk.perform(what);
                self.pending.push_back(Pending::Ended(op, file, result));
            }
            Pending::Syncing(op, node, covered) => {
                let result = self.disk.sync_ends(node, covered);
                self.pending.push_back(Pending::Ended(op, None, result));
            }
            Pending::Ended(op, _, result) => self.step(Event::Done(op, result.map(Output::Disk))),
            Pending::Job(op, job) => self.step(Event::Done(op, Ok(Output::Product(job.run())))),
        }
        true
    }

    /// A turn: a few things happen, then it settles.
    pub fn turn(&mut self) -> bool {
        let most = if self.setting.seed > 1 {
            1 + self.rng.below(8)
        } else {
            64
        };
        let mut any = false;
        for _ in 0..most {
            any |= self.happen();
        }
        self.settle();
        any
    }

    /// Runs until nothing is left to do.
    pub fn run(&mut self) {
        for _ in 0..200_000 {
            let any = self.turn();
            if !any && self.is_at_rest() {
                return;
            }
        }
        panic!(
            "the shard never comes to rest; it is due at {:?}",
            self.shard.deadline()
        );
    }

    /// Nothing is under way and nothing is due.
    pub fn is_at_rest(&self) -> bool {
        let due = self.shard.deadline().is_some_and(|at| at <= self.now.mono);
        self.pending.is_empty() && !due
    }

    /// Time passes, and what is due is done.
    pub fn pass(&mut self, ms: i64) {
        self.now = at(self.now.wall.0 + ms);
        self.run();
    }

    pub fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket {
            gather: self.next_ticket,
            generation: 0,
            slot: 0,
        }
    }

    /// Sends one record.
    pub fn produce(&mut self, id: u8, index: i32, acks: i16, value: &str) -> Ticket {
        let records = batch(
            &[value],
            Compression::None,
            BuilderSettings::default(),
            self.now.wall.0,
        );
        self.send(id, index, acks, value, records)
    }

    pub fn send(&mut self, id: u8, index: i32, acks: i16, value: &str, records: Bytes) -> Ticket {
        let ticket = self.ticket();
        let partition = partition(id, index);
        let sent = Sent {
            partition,
            value: value.to_owned(),
            acks,
            answer: None,
        };
        self.sent.insert(ticket, sent);
        let pins = records.len();
        let append = Append {
            partition,
            records,
            pins,
            acks,
            transactional_id: None,
        };
        self.ask(ShardAsk::Append(ticket, append));
        ticket
    }

    /// What the producer was told: a base offset, or a refusal. `None`: nothing yet.
    pub fn told_producer(&self, ticket: Ticket) -> Option<Result<i64, ErrorCode>> {
        let answer = self.sent[&ticket].answer?;
        Some(answer.map(|appended| appended.base_offset.0))
    }

    pub fn read(&mut self, read: Read) -> Ticket {
        let ticket = self.ticket();
        self.ask(ShardAsk::Read(ticket, read));
        ticket
    }

    /// Reads and runs until it is answered.
    pub fn answer_read(&mut self, read: Read) -> Result<ReadAnswer, ErrorCode> {
        let ticket = self.read(read);
        self.run();
        match self.answers.remove(&ticket) {
            Some(Answer::Read(answer)) => Ok(answer),
            Some(Answer::Refused(refused)) => Err(refused.error),
            other => panic!("W1: a read is answered {other:?}"),
        }
    }

    pub fn question(&mut self, id: u8, index: i32, question: Question) -> Answer {
        let ticket = self.ticket();
        self.ask(ShardAsk::Question(ticket, partition(id, index), question));
        self.run();
        self.answers
            .remove(&ticket)
            .expect("W1: every question is answered")
    }

    /// All records of a partition: offset and value.
    pub fn all(&mut self, id: u8, index: i32) -> Vec<(i64, String)> {
        let mut found: Vec<(i64, String)> = Vec::new();
        let mut from = 0;
        loop {
            let answer = self.answer_read(read_at(id, index, from));
            let answer = match answer {
                Ok(answer) => answer,
                Err(ErrorCode::OffsetOutOfRange) if from == 0 => {
                    let earliest = self.question(id, index, list(-2));
                    let Answer::Offset { offset, .. } = earliest else {
                        panic!("{earliest:?}")
                    };
                    from = offset.0;
                    continue;
                }
                Err(error) => panic!("reading at {from}: {error:?}"),
            };
            let bytes = self.bytes(&answer.records);
            if bytes.is_empty() {
                assert_eq!(
                    from, answer.high_watermark.0,
                    "what lies below it can be read"
                );
                return found;
            }
            for batch in Batches::new(&bytes) {
                let batch = batch.expect("what is answered is whole batches");
                let header = batch.header();
                for record in batch.records(1 << 20).expect("records").iter() {
                    let record = record.expect("a record");
                    let offset = header.offset_of(&record);
                    let value = String::from_utf8_lossy(record.value.unwrap_or_default());
                    found.push((offset, value.into_owned()));
                }
                from = header.next_offset();
            }
            assert!(from <= answer.high_watermark.0, "N1");
        }
    }

    /// The bytes of an answer.
    pub fn bytes(&self, parts: &Parts) -> Bytes {
        let mut bytes = BytesMut::new();
        for part in &parts.0 {
            match part {
                Part::Bytes(piece) => bytes.extend_from_slice(piece),
                Part::File {
                    file,
                    position,
                    length,
                } => {
                    bytes.extend_from_slice(&self.disk.range(*file, *position, *length as usize));
                }
            }
        }
        bytes.freeze()
    }

    /// Stops and runs to the end; whether it was clean.
    pub fn stop(&mut self) -> bool {
        self.ask(ShardAsk::Stop);
        self.run();
        self.stopped.expect("it says that it has stopped")
    }

    /// Operations issued and not performed yet.
    pub fn issued(&self) -> impl Iterator<Item = &DiskOp> {
        self.pending.iter().filter_map(|pending| match pending {
            Pending::Issued(_, op) => Some(op),
            _ => None,
        })
    }
}

pub fn at(ms: i64) -> Now {
    Now {
        mono: Time(ms as u64 * 1_000_000),
        wall: WallMs(ms),
    }
}

pub fn partition(id: u8, index: i32) -> PartitionId {
    PartitionId {
        topic_id: topic_id(id),
        index,
    }
}

/// A batch of these values.
pub fn batch(
    values: &[&str],
    compression: Compression,
    settings: BuilderSettings,
    now: i64,
) -> Bytes {
    let mut builder = Builder::new(BuilderSettings {
        compression,
        ..settings
    });
    for value in values {
        builder.append(now, Some(b"key"), Some(value.as_bytes()), &[]);
    }
    builder.finish()
}

pub fn read_at(id: u8, index: i32, from: i64) -> Read {
    Read {
        partition: partition(id, index),
        current_leader_epoch: LeaderEpoch::NONE,
        from: Offset(from),
        last_fetched_epoch: LeaderEpoch::NONE,
        max_bytes: 1 << 20,
        at_least_one: true,
        isolation: Isolation::ReadUncommitted,
        watch: None,
    }
}

pub fn watching(read: Read, slot: u32) -> (Read, WatchKey) {
    let key = WatchKey {
        session: 1,
        generation: 1,
        slot,
    };
    (
        Read {
            watch: Some(key),
            ..read
        },
        key,
    )
}

pub fn list(timestamp: i64) -> Question {
    Question::ListOffset {
        current_leader_epoch: LeaderEpoch::NONE,
        timestamp,
        isolation: Isolation::ReadUncommitted,
    }
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
