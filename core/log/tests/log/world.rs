//! Drives one log over the test disk: operations are performed and end in a drawn order, what is dirty is synced, questions are asked
//! until they have an answer.

use std::sync::Arc;

use bytes::Bytes;
use ottla_log::{
    Absent, Appended, BlockKey, Blocks, Dirty, Log, LogConfig, LogEvent, LogJob, LogProduct,
    Origin, Phase, Place, Refusal, Slice, Start,
};
use ottla_machine::{
    DiskOp, DiskOutput, Emit, Fault, File, Job, LeaderEpoch, Level, Name, Names, Now, Offset, Op,
    Owner, Part, Rng, Spend, Time, WallMs,
};
use ottla_media::Media;
use ottla_record::{Batch, Builder, BuilderSettings};
use ottla_testdisk::{Disk, ROOT, Underway};

/// What the log emitted.
#[derive(Clone, Debug, Default)]
pub struct Fx {
    pub ops: Vec<(Op, DiskOp)>,
    pub notes: Vec<(Level, String)>,
    pub spent: usize,
}

impl Emit for Fx {
    fn disk(&mut self, op: Op, what: DiskOp) {
        self.ops.push((op, what));
    }

    fn note(&mut self, level: Level, text: String) {
        self.notes.push((level, text));
    }

    fn spend(&mut self, what: Spend, amount: usize) {
        if what == Spend::Bytes {
            self.spent += amount;
        }
    }
}

const OURS: Owner = Owner {
    part: 3,
    slot: 0,
    generation: 0,
};

pub struct World {
    pub disk: Disk,
    pub log: Log,
    pub fx: Fx,
    pub events: Vec<LogEvent>,
    pub now: Now,
    pub rng: Rng,
    pub config: Arc<LogConfig>,
    pub blocks: Blocks,
    /// What happens next is drawn; otherwise the oldest.
    pub shuffled: bool,
    /// What was issued and has not ended.
    underway: Underway,
    /// Syncs that were issued, with what they make durable.
    syncs: Vec<(u64, Offset)>,
    next_sync: u64,
    /// Whether what is dirty is synced.
    pub flushing: bool,
    /// The disk failed, and what had been flushed by then: the owner would take the directory offline.
    pub broken: Option<Offset>,
    /// Operations that have ended.
    pub performed: usize,
    /// The writes under way and performed, as (file, at, bytes).
    pub writes: Vec<(File, u64, usize)>,
}

pub fn now_at(ms: i64) -> Now {
    Now {
        mono: Time(ms as u64 * 1_000_000),
        wall: WallMs(ms),
    }
}

/// A disk with room for anything.
pub fn empty() -> Disk {
    Disk::over(Media::new(1 << 40))
}

/// Puts a durable file in place.
pub fn put(disk: &mut Disk, path: &str, bytes: &[u8]) {
    let (dir, name) = path.rsplit_once('/').expect("directory/name");
    disk.put(dir, name, bytes);
}

/// Removes a file durably.
pub fn drop_file(disk: &mut Disk, path: &str) {
    let (dir, _) = path.rsplit_once('/').expect("directory/name");
    disk.media.unlink(path).expect("there");
    disk.media.sync_dir(dir).expect("a directory");
}

fn place(names: &mut Names) -> Place {
    Place {
        owner: Owner {
            part: 2,
            slot: 7,
            generation: 1,
        },
        names: names.range(),
        parent: ROOT,
        dir_name: Name::new("t-0").expect("a name"),
        topic_id: [9; 16],
    }
}

impl World {
    pub fn new(config: LogConfig) -> World {
        World::over(empty(), config, Start::Absent, 1)
    }

    pub fn over(disk: Disk, config: LogConfig, start: Start, seed: u64) -> World {
        World::named(disk, config, start, seed, "t-0")
    }

    pub fn named(disk: Disk, config: LogConfig, start: Start, seed: u64, dir: &str) -> World {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        let config = Arc::new(config);
        let mut fx = Fx::default();
        let now = now_at(1_000_000);
        let mut place = place(&mut Names::new(2));
        place.dir_name = Name::new(dir).expect("a name");
        let log = Log::open(place, config.clone(), start, now, &mut fx);
        World {
            disk,
            log,
            fx,
            events: Vec::new(),
            now,
            rng: Rng::new(bytes),
            config,
            blocks: Blocks::new(1 << 20),
            shuffled: seed > 1,
            underway: Underway::default(),
            syncs: Vec::new(),
            next_sync: 0,
            flushing: true,
            broken: None,
            performed: 0,
            writes: Vec::new(),
        }
    }

    /// Opens and runs until it is open.
    pub fn opened(disk: Disk, config: LogConfig, start: Start, seed: u64) -> World {
        let mut world = World::over(disk, config, start, seed);
        world.run();
        assert_eq!(world.log.phase(), Phase::Open, "{:?}", world.events.last());
        assert!(world.events.contains(&LogEvent::Opened));
        world
    }

    /// One end of a turn.
    pub fn settle(&mut self) {
        self.fx.spent = 0;
        let dirty = self.log.settle(self.now, &mut self.fx, &mut self.events);
        if let Some(job) = self.log.take_work() {
            self.log.on_product(job.run(), &mut self.fx);
        }
        self.log.check();
        assert!(
            self.fx.spent <= (256 << 10) + (2 << 20),
            "a slice looked at {} bytes",
            self.fx.spent
        );
        if let Some(Dirty { file, to }) = dirty.filter(|_| self.flushing) {
            assert!(to <= self.log.written());
            self.syncs.push((self.next_sync, to));
            self.fx.disk(OURS.op(self.next_sync), DiskOp::Sync(file));
            self.next_sync += 1;
        }
    }

    /// Things happen until an operation has ended. `false`: none is outstanding.
    pub fn perform(&mut self) -> bool {
        for (op, what) in self.fx.ops.drain(..) {
            if let DiskOp::Write { file, at, bytes } = &what {
                let len = bytes.iter().map(Bytes::len).sum();
                self.writes.push((*file, *at, len));
            }
            self.underway.issue(op, what);
        }
        while !self.underway.is_empty() {
            let rng = self.shuffled.then_some(&mut self.rng);
            if let Some((op, result)) = self.underway.happen(&mut self.disk, rng) {
                self.performed += 1;
                self.done(op, result);
                return true;
            }
        }
        false
    }

    fn done(&mut self, op: Op, result: Result<DiskOutput, Fault>) {
        let flushed = self.log.flushed();
        if op.owner == OURS {
            let at = self.syncs.iter().position(|(seq, _)| *seq == op.seq);
            let (_, to) = self.syncs.remove(at.expect("a sync of ours"));
            match result {
                Ok(_) if self.broken.is_none() => self.log.on_durable(to),
                Ok(_) => {}
                Err(_) => self.broken = self.broken.or(Some(flushed)),
            }
        } else {
            self.log
                .on_done(self.now, op.seq, result, &mut self.fx, &mut self.events);
        }
        if matches!(self.log.phase(), Phase::Offline(_)) {
            self.broken.get_or_insert(flushed);
        }
        self.log.check();
    }

    /// Runs until nothing is left to do.
    pub fn run(&mut self) {
        for _ in 0..1_000_000 {
            self.settle();
            let mut any = self.perform();
            if !self.shuffled {
                while self.perform() {
                    any = true;
                }
            }
            if !any && self.log.deadline() != Some(Time::ZERO) {
                return;
            }
        }
        panic!("the log never comes to rest");
    }

    pub fn append(&mut self, records: Bytes, epoch: i32) -> Result<Appended, Refusal> {
        let origin = Origin::Client {
            transactional: false,
        };
        self.log
            .append(self.now, records, LeaderEpoch(epoch), origin)
    }

    /// Stops cleanly, and opens again.
    pub fn restarted(mut self) -> World {
        self.stop();
        let log_start = self.log.start_offset();
        let config = LogConfig::clone(&self.config);
        let seed = self.rng.next_u64() | 2;
        let mut world = World::over(self.disk.killed(), config, Start::Clean { log_start }, seed);
        world.shuffled = self.shuffled;
        world.run();
        assert_eq!(world.log.phase(), Phase::Open, "{:?}", world.events);
        world
    }

    pub fn stop(&mut self) {
        self.log.stop(self.now, &mut self.fx);
        self.run();
        assert_eq!(self.log.phase(), Phase::Closed, "{:?}", self.events);
        assert_eq!(self.events.last(), Some(&LogEvent::Closed));
    }

    /// Asks until there is an answer.
    pub fn ask<T>(
        &mut self,
        question: impl Fn(&Log, &Blocks) -> Result<T, Absent>,
    ) -> Result<T, Absent> {
        for _ in 0..64 {
            match question(&self.log, &self.blocks) {
                Err(Absent::Block(key)) => {
                    let bytes = self.fetch(key);
                    self.blocks.put(key, bytes);
                }
                Err(Absent::Unpacked(key)) => {
                    let batch = self.fetch(key);
                    match LogJob::unpack(batch).run() {
                        LogProduct::Unpacked(Ok(records)) => self.blocks.put(key, records),
                        other => panic!("{other:?}"),
                    }
                }
                Err(Absent::Cold(base)) => {
                    self.log.warm(base, &mut self.fx);
                    self.run();
                    assert!(self.events.contains(&LogEvent::Warm(base)));
                }
                answer => return answer,
            }
        }
        panic!("the question faults for ever");
    }

    fn fetch(&mut self, key: BlockKey) -> Bytes {
        let (file, at, len) = Blocks::want(key);
        match self.disk.perform(DiskOp::Read { file, at, len }) {
            Ok(DiskOutput::Read(bytes)) => bytes,
            other => panic!("{other:?}"),
        }
    }

    pub fn read(&mut self, from: i64, upto: i64, max: usize) -> Result<(Vec<u8>, i64), Absent> {
        let slice =
            self.ask(|log, blocks| log.read(blocks, Offset(from), Offset(upto), max, true))?;
        Ok((self.bytes_of(&slice), slice.next.0))
    }

    pub fn bytes_of(&mut self, slice: &Slice) -> Vec<u8> {
        let mut out = Vec::new();
        for part in &slice.parts.0 {
            match part {
                Part::Bytes(bytes) => out.extend_from_slice(bytes),
                Part::File {
                    file,
                    position,
                    length,
                } => {
                    let range = self.disk.range(*file, *position, *length as usize);
                    assert_eq!(range.len(), *length as usize, "a range that is there");
                    out.extend_from_slice(&range);
                }
            }
        }
        out
    }

    /// All batches from the start to what is written, read through the log.
    pub fn contents(&mut self) -> Vec<(i64, Vec<u8>)> {
        let end = self.log.written().0;
        let mut at = self.log.start_offset().0;
        let mut batches = Vec::new();
        while at < end {
            let (bytes, _) = self.read(at, end, 1).expect("readable");
            let batch = Batch::parse(&bytes).expect("a whole batch");
            assert_eq!(batch.bytes().len(), bytes.len(), "one batch at a time");
            assert!(batch.crc_is_right());
            at = batch.header().next_offset();
            batches.push((batch.header().base_offset, bytes));
        }
        batches
    }
}

/// A plain batch of `count` records with values of `len` bytes.
pub fn plain(count: usize, len: usize, timestamp: i64) -> Bytes {
    let mut builder = Builder::new(BuilderSettings::default());
    for i in 0..count {
        let value = vec![i as u8; len];
        builder.append(timestamp + i as i64, Some(b"k"), Some(&value), &[]);
    }
    builder.finish()
}

/// A batch of an idempotent producer.
pub fn idempotent(id: i64, epoch: i16, sequence: i32, count: usize) -> Bytes {
    let mut builder = Builder::new(BuilderSettings {
        producer_id: id,
        producer_epoch: epoch,
        base_sequence: sequence,
        ..BuilderSettings::default()
    });
    for i in 0..count {
        let (key, value) = (id.to_be_bytes(), sequence.to_be_bytes());
        builder.append(999_000 + i as i64, Some(&key), Some(&value), &[]);
    }
    builder.finish()
}
