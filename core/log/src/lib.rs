//! One partition's log: Kafka's segments, indexes, leader epochs and producer state. `FORMAT.md` beside this crate
//! says which bytes lie in which file, when they are synced, and what a crash leaves.
//!
//! Here is its state, and how events reach the part of it that waits for them.
//!
//! Inputs are calls of the owner and completions of its operations; effects go out through [`Emit`], what the owner
//! must know through a list of [`LogEvent`]s.
//!
//! ```text
//! Opening --files read--> Open --stop, remove--> Closing --all closed--> Closed
//! Opening --what was durable is not as it was--> Damaged --remove--> Closing
//!    any of them, when the disk is not believed any more --> Offline
//! ```
//!
//! Invariants
//! - A1: assigned >= written >= flushed, written >= high watermark >= start.
//! - A2: at most one write is outstanding; what it writes lies behind everything written before, and room for it was
//!   set aside.
//! - A3: the segments' offsets rise; only the last one is written to.
//! - A4: no write is issued before the directory and `partition.metadata` are durable; nothing counts as flushed
//!   before the name of its file is durable.
#![forbid(unsafe_code)]

mod append;
mod behind;
mod blocks;
pub mod checkpoint;
mod clean;
mod cleaning;
mod config;
mod cursors;
mod ending;
mod file_names;
pub mod files;
mod finishing;
mod job;
mod leader_epochs;
mod leftovers;
pub mod limits;
mod load;
mod lookup;
mod offset_index;
mod offset_map;
mod opening;
mod ops;
mod producer_state;
mod read;
mod recovery;
mod resuming;
mod retention;
mod rewrite;
mod rolling;
mod scan;
mod scanning;
mod segment;
mod tail_cache;
mod time_index;
mod txn_index;
mod validate;
mod warming;
mod words;
mod writing;

pub use blocks::{Absent, BlockKey, Blocks};
pub use clean::{Chunk, Filtered, Filtering, Mapped, Mapping};
pub use config::LogConfig;
pub use job::{LogJob, LogProduct};
pub use load::{Load, Loading};
pub use rewrite::{Progress, Rewrite};
pub use scan::{Scan, Scanned};
pub use words::{
    Appended, Dirty, Found, LogEvent, Origin, Phase, Place, Prepared, ProducerView, Ready, Refusal,
    RefusalKind, Slice, Start,
};

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use ottla_machine::{
    Dir, DiskOutput, Emit, Fault, File, Level, Name, Names, Now, Offset, ProducerId, Switch, Time,
    sometimes,
};

use crate::append::{Pending, Tail};
use crate::cleaning::Cleaning;
use crate::ending::Ending;
use crate::leader_epochs::LeaderEpochs;
use crate::opening::Opening;
use crate::ops::{Ops, Waiting};
use crate::producer_state::Producers;
use crate::retention::Proof;
use crate::rolling::Rewrites;
use crate::segment::Segment;
use crate::tail_cache::TailCache;
use crate::txn_index::AbortedTransactions;
use crate::warming::Warming;
use crate::writing::{Directory, Unsynced, Writer};

/// One partition's log.
#[derive(Clone, Debug)]
pub struct Log {
    pub(crate) ops: Ops,
    pub(crate) switch: Switch,
    pub(crate) names: Names,
    pub(crate) parent: Dir,
    pub(crate) dir_name: Name,
    pub(crate) topic_id: [u8; 16],
    pub(crate) dir: Dir,
    pub(crate) directory: Directory,
    pub(crate) config: Arc<LogConfig>,
    pub(crate) phase: Phase,
    pub(crate) announced: bool,

    pub(crate) segments: BTreeMap<i64, Segment>,
    pub(crate) start: Offset,
    pub(crate) written: Offset,
    pub(crate) flushed: Offset,
    pub(crate) high_watermark: Offset,
    /// Where the next append goes, and where it would go if all that is not written were undone.
    pub(crate) tail: Tail,
    pub(crate) settled: Tail,
    pub(crate) pending: VecDeque<Pending>,
    pub(crate) epochs: LeaderEpochs,
    /// From where on `leader-epoch-checkpoint` says something else, and what a rewrite on its way will mend.
    pub(crate) epochs_unsaved: Option<Offset>,
    pub(crate) epochs_saving: Option<Offset>,
    pub(crate) producers: Producers,
    pub(crate) expired_to: Option<ProducerId>,
    pub(crate) snapshots: BTreeSet<i64>,
    pub(crate) aborted: AbortedTransactions,
    pub(crate) cache: TailCache,

    pub(crate) writer: Writer,
    /// Index files of the active segment that no longer fit once it is written to.
    pub(crate) stale: Vec<Name>,
    /// Whether a clean stop has to write anything.
    pub(crate) touched: bool,
    /// Roll the active segment although nothing is appended: all of it is to be deleted.
    pub(crate) roll_wanted: bool,
    pub(crate) unsynced: VecDeque<Unsynced>,
    pub(crate) rewrites: Rewrites,
    pub(crate) retry_at: Option<Time>,
    pub(crate) opening: Option<Box<Opening>>,
    pub(crate) proof: Option<Proof>,
    /// Files that are not read any more, but that ranges of earlier answers may lie in.
    pub(crate) let_go: Vec<File>,
    /// Segments that are no more, oldest first: their files still have to go.
    pub(crate) dropped: VecDeque<i64>,
    /// The oldest of their files is on its way out.
    pub(crate) dropping: bool,
    /// The segment to be proved once it is warm.
    pub(crate) proving: Option<i64>,
    pub(crate) warming: Vec<Warming>,
    pub(crate) warmed: VecDeque<i64>,
    /// Segments that were being replaced when readers wanted them: they ask again.
    pub(crate) warm_again: Vec<i64>,
    /// Everything below was compacted.
    pub(crate) cleaned: Offset,
    pub(crate) cleaning: Option<Box<Cleaning>>,
    /// A compaction was given up while it made this segment: what there is of it has to go first.
    pub(crate) made_left: Option<i64>,
    /// A compaction is over, and the owner is to be told.
    pub(crate) cleaning_ended: bool,
    /// A compaction met damage.
    pub(crate) uncleanable: bool,
    pub(crate) ending: Option<Ending>,
}

impl Log {
    /// Opens a log, or names one that is made at its first append. Goes on in `on_done` and `settle` until
    /// [`LogEvent::Opened`] or [`LogEvent::Offline`].
    pub fn open(
        place: Place,
        config: Arc<LogConfig>,
        start: Start,
        _now: Now,
        fx: &mut impl Emit,
    ) -> Log {
        let mut names = place.names;
        let dir = names.dir();
        let mut log = Log {
            ops: Ops::new(place.owner),
            switch: fx.switch(),
            names,
            parent: place.parent,
            dir_name: place.dir_name,
            topic_id: place.topic_id,
            dir,
            directory: Directory::Absent,
            config,
            phase: Phase::Opening,
            announced: false,
            segments: BTreeMap::new(),
            start: Offset(0),
            written: Offset(0),
            flushed: Offset(0),
            high_watermark: Offset(0),
            tail: Tail::without_segment(Offset(0)),
            settled: Tail::without_segment(Offset(0)),
            pending: VecDeque::new(),
            epochs: LeaderEpochs::default(),
            epochs_unsaved: None,
            epochs_saving: None,
            producers: Producers::default(),
            expired_to: None,
            snapshots: BTreeSet::new(),
            aborted: AbortedTransactions::default(),
            cache: TailCache::default(),
            writer: Writer::Idle,
            stale: Vec::new(),
            touched: false,
            roll_wanted: false,
            unsynced: VecDeque::new(),
            rewrites: Rewrites::default(),
            retry_at: None,
            opening: None,
            let_go: Vec::new(),
            proof: None,
            dropped: VecDeque::new(),
            dropping: false,
            proving: None,
            warming: Vec::new(),
            warmed: VecDeque::new(),
            warm_again: Vec::new(),
            cleaned: Offset(0),
            cleaning: None,
            made_left: None,
            cleaning_ended: false,
            uncleanable: false,
            ending: None,
        };
        match start {
            Start::Absent => log.phase = Phase::Open,
            Start::Clean { .. } | Start::Recover { .. } => log.begin_opening(start, fx),
        }
        log
    }

    /// Where it is in its life.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Takes the end of an operation in. Unknown numbers are dropped.
    pub fn on_done(
        &mut self,
        now: Now,
        seq: u64,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        if matches!(
            self.phase,
            Phase::Offline(_) | Phase::Damaged | Phase::Closed
        ) {
            return;
        }
        if self.opening.as_ref().is_some_and(|o| o.failed.is_some()) {
            return self.on_opening_failed(seq, result, out);
        }
        if self.rewrites.owns(seq) {
            return self.on_rewrite(now, seq, result, fx, out);
        }
        if self
            .opening
            .as_ref()
            .is_some_and(|opening| opening.owns(seq))
        {
            return self.on_opening(result, fx, out);
        }
        if let Some(at) = self.warming.iter().position(|warming| warming.owns(seq)) {
            return self.on_warming(at, result, fx, out);
        }
        match self.ops.take(seq) {
            None => {}
            Some(Waiting::Opening) => self.on_opening(result, fx, out),
            Some(Waiting::Warming(base)) => {
                if let Some(at) = self.warming.iter().position(|w| w.base() == base) {
                    self.on_warming(at, result, fx, out);
                }
            }
            Some(Waiting::Proving) => self.on_proof(now, result, fx, out),
            Some(Waiting::Dropped(base)) => self.on_dropped(base, result, fx, out),
            Some(Waiting::DroppedSynced) => self.on_dropped_synced(result, fx, out),
            Some(Waiting::CleanerOpened(file)) => {
                self.on_cleaner_opened(now, file, result, fx, out)
            }
            Some(Waiting::Cleaning) => self.on_cleaning(now, result, fx, out),
            Some(Waiting::Late(file)) => {
                sometimes!(fx, "a file was opened that nobody wanted any more", if result.is_ok());
                result.into_iter().for_each(|_| self.close(file, fx));
            }
            Some(Waiting::Ending) => self.on_ending(now, result, fx, out),
            Some(Waiting::WrittenAgain) => self.on_written_again(result, fx, out),
            Some(Waiting::Aside(what)) => {
                if let Err(fault @ (Fault::Broken | Fault::Gone)) = result {
                    self.offline(fault, what, out);
                }
            }
            Some(waiting) => self.on_writer(waiting, result, fx, out),
        }
    }

    /// Ends a turn: one write of what was appended, a roll, room set aside, or one slice of opening. To be called
    /// after every turn in which the log was touched, and when [`Log::deadline`] is due. What it returns is to be
    /// synced and answered by [`Log::on_durable`]; the bytes it names are written already.
    pub fn settle(
        &mut self,
        now: Now,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) -> Option<Dirty> {
        match self.phase {
            Phase::Opening => self.settle_opening(fx, out),
            Phase::Open | Phase::Closing => {
                if !self.announced {
                    self.announced = true;
                    out.push(LogEvent::Opened);
                }
                self.settle_warming(fx, out);
                self.settle_writing(fx);
                self.settle_rewrites(now, fx);
                self.settle_cleaning(now, fx);
                if std::mem::take(&mut self.cleaning_ended) {
                    out.push(LogEvent::Cleaned);
                }
                let again = self.warm_again.drain(..);
                out.extend(again.map(|base| LogEvent::Warm(Offset(base))));
                out.extend(self.let_go.drain(..).map(LogEvent::LetGo));
                self.settle_ending(now, fx, out);
            }
            Phase::Offline(_) | Phase::Damaged | Phase::Closed => return None,
        }
        self.dirty()
    }

    /// When `settle` is due; [`Time::ZERO`] means unfinished work.
    pub fn deadline(&self) -> Option<Time> {
        let unfinished = match self.phase {
            Phase::Offline(_) | Phase::Damaged | Phase::Closed => return None,
            Phase::Opening => {
                let ready = |opening: &Opening| opening.is_ready();
                self.opening.as_deref().is_some_and(ready) || self.failed_to_open().is_some()
            }
            Phase::Open | Phase::Closing => {
                !self.announced
                    || self.warming.iter().any(Warming::is_ready)
                    || self.can_write()
                    || self.can_rewrite()
                    || self.can_end()
                    || self.has_dirty()
                    || !self.let_go.is_empty()
                    || !self.warm_again.is_empty()
                    || self.cleaning_ended
                    || self.can_clean()
            }
        };
        if unfinished {
            Some(Time::ZERO)
        } else {
            let retries = self.retry_at.into_iter().chain(self.cleaning_retry());
            retries.min()
        }
    }

    /// Nothing of the disk is believed any more.
    pub(crate) fn offline(&mut self, fault: Fault, what: &str, out: &mut Vec<LogEvent>) {
        if matches!(self.phase, Phase::Offline(_)) {
            return;
        }
        self.phase = Phase::Offline(fault);
        self.ops.clear();
        self.opening = None;
        self.cleaning = None;
        self.warming.clear();
        out.push(LogEvent::Offline(
            fault,
            format!("{}: {what}: {fault:?}", self.dir_name),
        ));
    }

    /// What was durable is not as it was, and must not be taken for what a crash tore.
    pub(crate) fn refuse(&mut self, what: &str, out: &mut Vec<LogEvent>) {
        self.phase = Phase::Damaged;
        self.directory = Directory::There;
        self.ops.clear();
        self.opening = None;
        let opened = self.take_files();
        out.extend(opened.into_iter().map(LogEvent::LetGo));
        out.push(LogEvent::Damaged(format!("{}: {what}", self.dir_name)));
    }

    pub(crate) fn note(&self, level: Level, text: &str, fx: &mut impl Emit) {
        fx.note(level, format!("{}: {text}", self.dir_name));
    }

    /// The file that is written to.
    pub(crate) fn active(&self) -> Option<&Segment> {
        self.segments.last_key_value().map(|(_, segment)| segment)
    }

    pub(crate) fn active_mut(&mut self) -> Option<&mut Segment> {
        self.segments.last_entry().map(|entry| entry.into_mut())
    }

    pub(crate) fn new_file(&mut self) -> File {
        self.names.file()
    }
}
