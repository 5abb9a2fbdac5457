//! The partitions of one core as one machine: their logs and roles, who waits for them, and when what they wrote is made durable.
//!
//! In come [`ShardAsk`]s from the owner and completions of disk operations and jobs; out go [`ShardTell`]s and effects. `image` follows the
//! metadata, `open` brings directories and logs up, `append` and `questions` serve, `visit` ends a turn for each replica that was touched,
//! `flusher` makes durable, `checkpoints` and `saving`, `retention`, `cleaner`, `stop` and `offline` keep house.
//!
//! | stage | on | becomes |
//! |---|---|---|
//! | Idle | `Start` | Reading (log directories and their checkpoints) |
//! | Reading | all are read, or offline | Running, `Started` is told |
//! | Idle, Reading, Running | `Stop` | Stopping |
//! | Stopping | logs are closed, checkpoints are durable | Stopped, told |
//!
//! H1: acks=all is answered after the Sync that covers its bytes is done (with `log.flush.on.ack`), acks=1 after their write.
//! H2: a checkpoint never claims what is not durable (`checkpoints`).
//! H3: a failed Sync is never repeated: the log directory goes offline (`offline`).
//! H4: a settle visits only replicas that were touched, and a bounded number of them.
//! H5: a directory that is not certainly a deleted topic's is never removed.
//! H6: a file is closed when no read that began before its log let it go is still part of an answer in work (`let_go`).
#![forbid(unsafe_code)]

mod append;
mod asked;
mod blocks;
mod checkpoints;
mod cleaner;
mod coordinator;
mod coordinators;
mod deletion;
mod entry;
mod flusher;
mod group_log;
mod held;
mod image;
mod let_go;
pub mod limits;
mod line;
mod loading;
mod log_dir;
mod look;
mod offline;
mod open;
mod questions;
mod retention;
mod saving;
mod settings;
mod stop;
mod strays;
mod tail;
mod tickets;
mod unfinished;
mod visit;
mod watch;
mod words;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use ottla_log::{LogJob, LogProduct};
use ottla_machine::{
    DiskOp, DiskOutput, Effects, Emit, Event, Fault, Inspect, Machine, Name, Names, Now, Op,
    Output, Owner, Switch, Time, Timers,
};
use ottla_metadata::Image;
use ottla_metadata::config::StaticConfig;

use asked::{Asked, Asker, What};
use blocks::Faults;
use cleaner::Cleaner;
use coordinators::Coordinators;
use entry::Entries;
use flusher::Flusher;
pub use held::Held;
use image::Changes;
use let_go::LetGo;
pub use log_dir::DirectoryName;
use log_dir::LogDir;
use open::Opener;
use settings::Settings;
use stop::Stopping;
use strays::Strays;
use tail::Tail;
use tickets::Tickets;
use unfinished::Unfinished;
pub use words::*;

/// The part of the machine under which completions of replicas' logs come home.
pub const LOGS: u16 = 2;
/// The part under which those of the shard's own come home.
pub const OWN: u16 = 3;

/// Which of the shard's own files and jobs an operation belongs to: the slot of its owner.
pub(crate) mod office {
    /// Reading log directories; the generation is the directory.
    pub const DIRS: u32 = 0;
    /// Syncs.
    pub const FLUSHER: u32 = 1;
    /// Blocks of old data, read and unpacked.
    pub const BLOCKS: u32 = 2;
    /// Checkpoints; the generation is the directory.
    pub const CHECKPOINTS: u32 = 3;
    /// Jobs that judge batches.
    pub const JUDGES: u32 = 4;
    /// Removal of what deleted topics left in an earlier life; the generation is the directory.
    pub const REMOVALS: u32 = 5;
    /// Files that their logs have let go.
    pub const CLOSES: u32 = 6;
    /// Jobs of compactions.
    pub const CLEANER: u32 = 7;
    /// Coordinators read their logs.
    pub const LOADERS: u32 = 8;
}

/// Where the shard is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Idle,
    Reading,
    Running,
    Stopping,
    Stopped,
}

/// Deadlines of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// A log's own.
    Log(u32),
    /// `flush.ms` of a replica.
    Flush(u32),
    /// The next checkpoint.
    Checkpoint,
    /// The next look at what may be deleted.
    Retention,
    /// Opening goes on.
    Opening,
    /// The next look at what may be compacted.
    Cleaner,
    /// A coordinator's own.
    Coordinator(u32),
}

/// The partitions of one core.
#[derive(Clone, Debug)]
pub struct Shard {
    switch: Switch,
    stage: Stage,
    start: Option<Start>,
    statics: StaticConfig,
    dirs: Vec<LogDir>,
    image: Option<Arc<Image>>,
    changes: Changes,
    /// Every partition that the first image names has a replica: what an unclean stop left is known.
    caught_up: bool,
    settings: BTreeMap<ottla_protocol::Uuid, Arc<Settings>>,
    entries: Entries,
    by_id: BTreeMap<PartitionId, u32>,
    /// Who has a directory name; E2 of `entry`.
    holders: BTreeMap<Name, u32>,
    /// Who waits for a directory name.
    heirs: BTreeMap<Name, u32>,
    opener: Opener,
    strays: Strays,
    unfinished: Unfinished,
    touched: VecDeque<u32>,
    /// Whom the last settle visited.
    visited: Vec<u32>,
    moved: VecDeque<u32>,
    tickets: Tickets,
    flusher: Flusher,
    faults: Faults,
    judges: BTreeMap<u64, (u32, u32)>,
    cleaner: Cleaner,
    /// The jobs of compactions that are out, with slot and generation.
    cleaning: BTreeMap<u64, (u32, u32)>,
    /// Replicas whose records were deleted, while that is not durable.
    deleting: BTreeSet<u32>,
    coordinators: Coordinators,
    tail: Tail,
    let_go: LetGo,
    timers: Timers<Timer>,
    /// Where the pass over all replicas for retention is.
    retaining: Option<u32>,
    /// A checkpoint is due.
    checkpointing: bool,
    stopping: Stopping,
    names: Names,
    log_names: Names,
    numbers: u64,
    appends: u64,
    syncs: u64,
}

impl Default for Shard {
    fn default() -> Shard {
        Shard {
            switch: Switch::default(),
            stage: Stage::Idle,
            start: None,
            statics: StaticConfig::new(),
            dirs: Vec::new(),
            image: None,
            changes: Changes::default(),
            caught_up: false,
            settings: BTreeMap::new(),
            entries: Entries::default(),
            by_id: BTreeMap::new(),
            holders: BTreeMap::new(),
            heirs: BTreeMap::new(),
            opener: Opener::default(),
            strays: Strays::default(),
            unfinished: Unfinished::default(),
            touched: VecDeque::new(),
            visited: Vec::new(),
            moved: VecDeque::new(),
            tickets: Tickets::default(),
            flusher: Flusher::default(),
            faults: Faults::new(Switch::default()),
            judges: BTreeMap::new(),
            cleaner: Cleaner::default(),
            cleaning: BTreeMap::new(),
            deleting: BTreeSet::new(),
            coordinators: Coordinators::new(&StaticConfig::new()),
            tail: Tail::default(),
            let_go: LetGo::default(),
            timers: Timers::default(),
            retaining: None,
            checkpointing: false,
            stopping: Stopping::default(),
            names: Names::new(OWN),
            log_names: Names::new(LOGS),
            numbers: 0,
            appends: 0,
            syncs: 0,
        }
    }
}

impl Shard {
    /// A shard that has not been started.
    pub fn new() -> Shard {
        Shard::default()
    }

    fn asked(&mut self, now: Now, ask: ShardAsk, fx: &mut Effects<Shard>) {
        match ask {
            ShardAsk::Start(start) => self.begin(now, *start, fx),
            ShardAsk::Image(image) => self.on_image(image),
            ShardAsk::Append(ticket, append) => self.on_append(now, ticket, append, fx),
            ShardAsk::Read(ticket, read) => self.on_question(now, ticket, What::Read(read), fx),
            ShardAsk::Question(ticket, partition, question) => {
                self.on_question(now, ticket, What::Question(partition, question), fx);
            }
            ShardAsk::Coordinate(ticket, partition, request) => {
                self.on_coordinate(now, ticket, partition, request, fx);
            }
            ShardAsk::Dissolve => self.dissolve(fx),
            ShardAsk::Unwatch(key, partition) => {
                let slot = self.by_id.get(&partition).copied();
                if let Some(entry) = slot.and_then(|slot| self.entries.get_mut(slot)) {
                    entry.watches.disarm(key);
                }
            }
            ShardAsk::Forget(ticket) => self.tickets.forget(ticket),
            ShardAsk::ReadsSince(oldest) => self.close_files(oldest, fx),
            ShardAsk::Stop => self.stop(),
        }
    }

    fn on_question(
        &mut self,
        now: Now,
        ticket: ottla_machine::Ticket,
        what: What,
        fx: &mut Effects<Shard>,
    ) {
        let asked = Asked {
            asker: Asker::Now(ticket),
            what,
            faults: 0,
            warmed: None,
            end: None,
        };
        self.ask(now, asked, fx);
    }

    fn on_disk(
        &mut self,
        now: Now,
        op: Op,
        result: Result<DiskOutput, Fault>,
        fx: &mut Effects<Shard>,
    ) {
        let Owner {
            part,
            slot,
            generation,
        } = op.owner;
        if part == LOGS {
            return self.on_log_done(now, op.owner, op.seq, result, fx);
        }
        let dir = generation as usize;
        match slot {
            office::DIRS => self.on_dir_done(now, dir, result, fx),
            office::FLUSHER => self.on_synced(op.seq, result, fx),
            office::BLOCKS => {
                let number = self.number();
                let next = self.faults.on_read(op.seq, result, number);
                self.on_block(now, next, fx);
            }
            office::CHECKPOINTS => self.on_checkpoint_done(now, dir, op.seq, result, fx),
            office::REMOVALS => self.on_removed(dir, result, fx),
            office::LOADERS => self.on_loader_bytes(now, op.seq, result, fx),
            _ => {}
        }
    }

    fn on_product(&mut self, now: Now, op: Op, product: LogProduct, fx: &mut Effects<Shard>) {
        match product {
            LogProduct::Judged(judged) => self.on_judged(now, op.seq, judged, fx),
            LogProduct::Unpacked(unpacked) => {
                let unpacked = unpacked.map_err(|why| why.to_string());
                let next = self.faults.on_unpacked(op.seq, unpacked);
                self.on_block(now, next, fx);
            }
            product @ (LogProduct::Mapped(_) | LogProduct::Filtered(_)) => {
                self.on_cleaner_product(op.seq, product, fx);
            }
        }
    }

    /// The next number for an operation of the shard's own.
    fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    fn disk(&mut self, office: u32, number: u64, what: DiskOp, fx: &mut Effects<Shard>) {
        fx.disk(own(office, 0).op(number), what);
    }

    fn work(&mut self, office: u32, number: u64, job: LogJob, fx: &mut Effects<Shard>) {
        fx.work(own(office, 0).op(number), job);
    }

    /// The replica is visited when the turn ends (H4).
    fn touch(&mut self, slot: u32) {
        if let Some(entry) = self.entries.get_mut(slot)
            && !std::mem::replace(&mut entry.touched, true)
        {
            self.touched.push_back(slot);
        }
    }

    /// Panics when an invariant does not hold.
    pub fn check(&self) {
        for (slot, entry) in self.entries.iter() {
            self.check_entry(slot, entry);
        }
        let opening = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.opening)
            .count();
        assert_eq!(opening, self.opener.opening(), "the opener counts");
        self.check_dirs();
    }

    fn check_entry(&self, slot: u32, entry: &entry::Entry) {
        if let Some(replica) = entry.replica() {
            replica.check();
            if let Some(coordinator) = &entry.coordinator {
                coordinator.check(replica.log().assigned());
            }
        }
        let holder = self.holders.get(&entry.dir_name);
        let named = matches!(entry.stage, entry::Stage::Named);
        assert!(named || holder == Some(&slot), "E2: {}", entry.dir_name);
        assert!(
            entry.leaving || self.by_id.get(&entry.id) == Some(&slot),
            "E2: {:?}",
            entry.id
        );
    }

    fn check_dirs(&self) {
        for dir in &self.dirs {
            dir.check();
        }
    }
}

/// The owner of operations of one office.
pub(crate) fn own(office: u32, generation: usize) -> Owner {
    Owner {
        part: OWN,
        slot: office,
        generation: generation as u32,
    }
}

impl Machine for Shard {
    type Ask = ShardAsk;
    type Tell = ShardTell;
    type Job = LogJob;

    fn step(&mut self, now: Now, event: Event<Shard>, fx: &mut Effects<Shard>) {
        match event {
            Event::Asked(ask) => self.asked(now, ask, fx),
            Event::Done(op, Ok(Output::Disk(output))) => self.on_disk(now, op, Ok(output), fx),
            Event::Done(op, Err(fault)) => self.on_disk(now, op, Err(fault), fx),
            Event::Done(op, Ok(Output::Product(product))) => self.on_product(now, op, product, fx),
            // A shard has no connections.
            Event::Opened(..) | Event::Received(..) | Event::Sent(..) | Event::Closed(..) => {}
        }
    }

    fn settle(&mut self, now: Now, fx: &mut Effects<Shard>) {
        self.expire(now);
        self.follow_image(now, fx);
        self.count_strays(fx);
        self.open_some(now, fx);
        self.clean_some(now, fx);
        self.retain_some(now, fx);
        self.load_some(now, fx);
        self.coordinate_some(now, fx);
        self.visit_touched(now, fx);
        self.checkpoint_some(now, fx);
        self.stop_some(now, fx);
        self.tell_unfinished(fx);
        self.trim_tails();
    }

    fn deadline(&self) -> Option<Time> {
        let at_once = !self.touched.is_empty()
            || (self.stage == Stage::Running && self.changes.any())
            || (self.can_open())
            || self.counts_strays()
            || self.retention_goes_on()
            || self.cleaner_goes_on()
            || self.coordinators_go_on()
            || self.checkpoint_goes_on()
            || self.stop_goes_on();
        if at_once {
            Some(Time::ZERO)
        } else {
            self.timers.next()
        }
    }

    fn inspect(&self, out: &mut dyn Inspect) {
        let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        out.gauge("ottla_replicas", &[], number(self.entries.len()));
        out.gauge("ottla_replicas_opening", &[], number(self.opener.opening()));
        out.gauge("ottla_tickets_waiting", &[], number(self.tickets.len()));
        out.gauge("ottla_tail_cache_bytes", &[], number(self.tail.bytes()));
        out.gauge("ottla_block_cache_bytes", &[], number(self.faults.bytes()));
        out.gauge("ottla_blocks_coming", &[], number(self.faults.coming()));
        out.gauge("ottla_syncs_in_flight", &[], number(self.flusher.len()));
        let offline = self.dirs.iter().filter(|dir| dir.offline).count();
        out.gauge("ottla_files_let_go", &[], number(self.let_go.len()));
        out.gauge("ottla_log_dirs_offline", &[], number(offline));
        out.counter("ottla_batches_appended_total", &[], self.appends);
        out.counter("ottla_syncs_total", &[], self.syncs);
    }
}
