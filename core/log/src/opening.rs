//! Opening a directory: what is in it, what is left over, what the small files say; then [`crate::recovery`] reads
//! segments.
//!
//! ```text
//! Directory -> Listing -> Clearing -> Texts (epochs, aborted transactions) -> Times -> Snapshot
//!   -> Tail (clean: the active segment's indexes and first batch) -> Scanning -> Finishing -> (Open)
//! ```
//!
//! Invariants
//! - U3: the operations of one stage only are outstanding at a time.

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use ottla_machine::{
    DirEntry, DiskOp, DiskOutput, Emit, Fault, File, Kind, Level, Mode, Name, Offset, planted,
    sometimes,
};

use crate::checkpoint::parse_epochs;
use crate::file_names::{EPOCHS, FileName, fixed, name};
use crate::leader_epochs::LeaderEpochs;
use crate::limits::{LIST_ENTRIES, SNAPSHOT_BYTES, TEXT_BYTES};
use crate::load::{Load, Loading};
use crate::offset_index::OffsetIndex;
use crate::ops::{Ops, Waiting};
use crate::producer_state::Producers;
use crate::scanning::Scanning;
use crate::segment::{Newest, Segment};
use crate::time_index::{TIME_ENTRY, TimeIndex};
use crate::writing::Directory;
use crate::{Log, LogEvent, Phase, Start};

/// What a fault is said to have come of.
const OPENING: &str = "opening the partition's files";

/// What is being done.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    Directory,
    Listing,
    /// This many removals and renames are outstanding; then the directory is synced.
    Clearing(usize),
    ClearingSynced,
    Epochs(Load),
    Aborted(Load, i64),
    /// The last entry of a sealed segment's time index.
    TimesOpening(i64, File),
    TimesReading(i64, File),
    Snapshot(Load, i64),
    TailIndex(Load),
    TailTimes(Load),
    /// The first batch's header of the active segment.
    TailOpening(File),
    TailFirst(File),
    Scanning(Box<Scanning>),
    /// This many truncations, removals and writes are outstanding; then directories are synced.
    Finishing(usize),
    FinishingSynced(usize),
    /// This many compacted segments are being given their names; then the directory is synced.
    Swapping(usize),
    SwappingSynced,
}

/// What opening knows.
#[derive(Clone, Debug)]
pub(crate) struct Opening {
    pub(crate) start: Start,
    pub(crate) stage: Stage,
    /// The files by what they are, with their lengths.
    pub(crate) found: BTreeMap<FileName, u64>,
    pub(crate) leftovers: Vec<Name>,
    after: Option<Name>,
    /// Segments that a compaction was putting in place: they reach over their followers.
    pub(crate) swapped: Vec<i64>,
    aborted: VecDeque<i64>,
    times: VecDeque<i64>,
    snapshots: Vec<i64>,
    /// The first segment that is read and judged.
    pub(crate) first: i64,
    /// The offset up to which the producers' state is known.
    pub(crate) state_from: Offset,
    pub(crate) tail_index: OffsetIndex,
    pub(crate) tail_times: TimeIndex,
    /// The system was short of something: when all that is under way has ended, the log can be opened anew.
    pub(crate) failed: Option<Fault>,
    /// What had been durable is not there: the log is to be refused.
    pub(crate) damage: Option<String>,
}

impl Opening {
    pub(crate) fn owns(&self, seq: u64) -> bool {
        match &self.stage {
            Stage::Epochs(load)
            | Stage::Aborted(load, _)
            | Stage::Snapshot(load, _)
            | Stage::TailIndex(load)
            | Stage::TailTimes(load) => load.owns(seq),
            _ => false,
        }
    }

    /// The directory goes. The file that is open for it, apart from those of segments.
    pub(crate) fn abandon(self, ops: &mut Ops, fx: &mut impl Emit) -> Option<File> {
        match self.stage {
            Stage::Epochs(load)
            | Stage::Aborted(load, _)
            | Stage::Snapshot(load, _)
            | Stage::TailIndex(load)
            | Stage::TailTimes(load) => {
                ops.wait_for(load.abandon(fx));
                None
            }
            Stage::TimesReading(_, file) | Stage::TailFirst(file) => Some(file),
            Stage::Scanning(scanning) => scanning.scan.map(|_| scanning.file),
            _ => None,
        }
    }

    /// Whether `settle` has a slice to look at.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(&self.stage, Stage::Scanning(scanning) if scanning.is_ready())
            || self.damage.is_some()
    }

    pub(crate) fn recovers(&self) -> bool {
        matches!(self.start, Start::Recover { .. })
    }

    pub(crate) fn bases(&self) -> impl DoubleEndedIterator<Item = i64> {
        self.found.keys().filter_map(|name| match name {
            FileName::Segment(base) => Some(*base),
            _ => None,
        })
    }

    fn take_listing(&mut self, entries: Vec<DirEntry>) {
        for entry in entries {
            if entry.kind == Kind::File {
                match FileName::of(entry.name.as_str()) {
                    FileName::Leftover => self.leftovers.push(entry.name.clone()),
                    FileName::Unknown => {}
                    file => {
                        self.found.insert(file, entry.len);
                    }
                }
            }
            self.after = Some(entry.name);
        }
    }
}

impl Log {
    pub(crate) fn begin_opening(&mut self, start: Start, fx: &mut impl Emit) {
        let op = DiskOp::MakeDir {
            dir: self.parent,
            name: self.dir_name.clone(),
            made: self.dir,
        };
        self.ops.issue(Waiting::Opening, op, fx);
        self.opening = Some(Box::new(Opening {
            start,
            stage: Stage::Directory,
            found: BTreeMap::new(),
            leftovers: Vec::new(),
            after: None,
            swapped: Vec::new(),
            aborted: VecDeque::new(),
            times: VecDeque::new(),
            snapshots: Vec::new(),
            first: 0,
            state_from: Offset(0),
            tail_index: OffsetIndex::default(),
            tail_times: TimeIndex::default(),
            failed: None,
            damage: None,
        }));
    }

    /// The end of an operation of an opening that has failed: nothing may come behind its back when the log is opened anew.
    pub(crate) fn on_opening_failed(
        &mut self,
        seq: u64,
        result: Result<DiskOutput, Fault>,
        out: &mut Vec<LogEvent>,
    ) {
        let opened = self.ops.drop_one(seq);
        match result {
            Err(fault @ (Fault::Broken | Fault::Gone)) if opened.is_some() => {
                self.offline(fault, OPENING, out);
            }
            Ok(_) => self.let_go.extend(opened.flatten()),
            Err(_) => {}
        }
    }

    /// Why the log cannot be opened now, once nothing of the attempt is under way.
    pub(crate) fn failed_to_open(&self) -> Option<Fault> {
        let failed = self.opening.as_deref().and_then(|opening| opening.failed);
        failed.filter(|_| self.ops.is_empty())
    }

    /// Nothing is under way any more: whoever owns the log may try again.
    pub(crate) fn settle_failed(
        &mut self,
        fault: Fault,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        sometimes!(fx, "an opening that failed had files open", if self.segments.values().any(|s| s.opened.is_some()));
        // What is there can be removed.
        self.directory = Directory::There;
        let open = self.take_files();
        out.extend(self.let_go.drain(..).chain(open).map(LogEvent::LetGo));
        self.offline(fault, OPENING, out);
    }

    /// The end of an operation that opening waits for.
    pub(crate) fn on_opening(
        &mut self,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        let Some(mut opening) = self.opening.take() else {
            return;
        };
        let going = match std::mem::replace(&mut opening.stage, Stage::Directory) {
            stage @ (Stage::Directory
            | Stage::Listing
            | Stage::Clearing(_)
            | Stage::ClearingSynced) => self.on_entries(&mut opening, stage, result, fx),
            Stage::Epochs(load) => self.on_epochs(&mut opening, load, result, fx),
            Stage::Aborted(load, base) => self.on_aborted(&mut opening, load, base, result, fx),
            stage @ (Stage::TimesOpening(..) | Stage::TimesReading(..)) => {
                self.on_times(&mut opening, stage, result, fx)
            }
            Stage::Snapshot(load, at) => {
                self.on_opening_snapshot(&mut opening, load, at, result, fx)
            }
            stage @ (Stage::TailIndex(_)
            | Stage::TailTimes(_)
            | Stage::TailOpening(_)
            | Stage::TailFirst(_)) => self.on_tail(&mut opening, stage, result, fx),
            Stage::Scanning(scanning) => self.on_scanned(&mut opening, scanning, result, fx),
            stage @ (Stage::Finishing(_)
            | Stage::FinishingSynced(_)
            | Stage::Swapping(_)
            | Stage::SwappingSynced) => self.on_finishing(&mut opening, stage, result, fx),
        };
        match going {
            Err(fault @ (Fault::Full | Fault::Busy)) => {
                opening.failed = Some(fault);
                self.opening = Some(opening);
            }
            Err(fault) => self.offline(fault, OPENING, out),
            Ok(()) => {
                if self.phase == Phase::Opening {
                    self.opening = Some(opening);
                } else {
                    self.announced = true;
                    out.push(LogEvent::Opened);
                }
            }
        }
    }

    fn on_entries(
        &mut self,
        opening: &mut Opening,
        stage: Stage,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
    ) -> Result<(), Fault> {
        match (stage, result?) {
            (Stage::Listing, DiskOutput::Listed(entries)) => {
                let more = entries.len() >= LIST_ENTRIES.of(self.switch);
                opening.take_listing(entries);
                if more {
                    self.list(opening, fx);
                } else {
                    self.clear_leftovers(opening, fx);
                }
            }
            (Stage::Directory, _) => self.list(opening, fx),
            (Stage::Clearing(more), _) if more > 1 => opening.stage = Stage::Clearing(more - 1),
            (Stage::Clearing(_), _) => {
                opening.stage = Stage::ClearingSynced;
                self.ops
                    .issue(Waiting::Opening, DiskOp::SyncDir(self.dir), fx);
            }
            _ => self.clear_rest(opening, fx),
        }
        Ok(())
    }

    fn list(&mut self, opening: &mut Opening, fx: &mut impl Emit) {
        opening.stage = Stage::Listing;
        let op = DiskOp::List {
            dir: self.dir,
            after: opening.after.clone(),
            most: LIST_ENTRIES.of(self.switch) as u32,
        };
        self.ops.issue(Waiting::Opening, op, fx);
    }

    /// Now it is known which segments there are: what must be read of them, and the small files.
    pub(crate) fn read_texts(&mut self, opening: &mut Opening, fx: &mut impl Emit) {
        let metadata = opening.found.contains_key(&FileName::PartitionMetadata);
        self.directory = if metadata {
            Directory::There
        } else {
            Directory::Bare
        };
        let bases: Vec<i64> = opening.bases().collect();
        let last = bases.last().copied().unwrap_or(0);
        opening.first = match opening.start {
            Start::Recover { show: true, .. } => bases.first().copied().unwrap_or(0),
            Start::Recover { from, .. } => {
                let trusted = planted!(fx, "index-trusted-after-power-cut");
                let below = |base: &&i64| **base <= from.0 || trusted;
                let floor = bases.iter().rev().find(below);
                let floor = floor.or(bases.first()).copied().unwrap_or(0);
                // A segment put in place now reaches over others that must go.
                opening.swapped.iter().copied().fold(floor, i64::min)
            }
            Start::Clean { .. } | Start::Absent => {
                opening.swapped.iter().copied().fold(last, i64::min)
            }
        };
        for (file, len) in &opening.found {
            match file {
                FileName::Segment(base) => {
                    self.segments.insert(*base, Segment::new(*base, *len));
                }
                FileName::Snapshot(offset) => {
                    self.snapshots.insert(*offset);
                }
                FileName::TransactionIndex(base) if *len > 0 => opening.aborted.push_back(*base),
                FileName::TimeIndex(base) if *base < opening.first && *len >= TIME_ENTRY as u64 => {
                    opening.times.push_back(*base);
                }
                _ => {}
            }
        }
        // What lies below the next segment's base belongs to the one before, as far as is known without reading it.
        for pair in bases.windows(2) {
            if let Some(segment) = self.segments.get_mut(&pair[0]) {
                segment.end = Offset(pair[1]);
            }
        }
        opening.snapshots = match opening.start {
            Start::Recover { .. } => self.snapshots.range(..=opening.first).copied().collect(),
            _ => self.snapshots.iter().copied().collect(),
        };
        if opening
            .found
            .get(&FileName::Epochs)
            .is_some_and(|len| *len > 0)
        {
            opening.stage = Stage::Epochs(self.load(fixed(EPOCHS), TEXT_BYTES, fx));
        } else {
            self.next_text(opening, fx);
        }
    }

    pub(crate) fn load(&mut self, name: Name, limit: u32, fx: &mut impl Emit) -> Load {
        let first = self.ops.reserve(Load::SEQS);
        let owner = self.ops.owner();
        Load::begin(owner, first, self.dir, name, limit, &mut self.names, fx)
    }

    fn on_epochs(
        &mut self,
        opening: &mut Opening,
        mut load: Load,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
    ) -> Result<(), Fault> {
        match loaded(load.on_done(result, fx))? {
            None => opening.stage = Stage::Epochs(load),
            Some(bytes) => {
                match parse_epochs(&bytes) {
                    Ok(entries) => self.epochs = LeaderEpochs::from_entries(entries),
                    Err(why) => {
                        sometimes!(fx, "the leader epochs were put aside");
                        self.epochs_moved(true, Offset(0));
                        let text = format!("{EPOCHS} is put aside, because {why}");
                        self.note(Level::Warn, &text, fx);
                    }
                }
                self.next_text(opening, fx);
            }
        }
        Ok(())
    }

    fn on_aborted(
        &mut self,
        opening: &mut Opening,
        mut load: Load,
        base: i64,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
    ) -> Result<(), Fault> {
        match loaded(load.on_done(result, fx))? {
            None => opening.stage = Stage::Aborted(load, base),
            Some(bytes) => {
                if !self.aborted.take_file(&bytes) {
                    let text =
                        format!("the index of aborted transactions of segment {base} is torn");
                    self.note(Level::Warn, &text, fx);
                }
                self.next_text(opening, fx);
            }
        }
        Ok(())
    }

    /// The next small file, or what comes after them.
    fn next_text(&mut self, opening: &mut Opening, fx: &mut impl Emit) {
        if let Some(base) = opening.aborted.pop_front() {
            let load = self.load(name(base, "txnindex"), SNAPSHOT_BYTES, fx);
            opening.stage = Stage::Aborted(load, base);
        } else if let Some(base) = opening.times.pop_front() {
            let file = self.new_file();
            let op = DiskOp::Open {
                dir: self.dir,
                name: name(base, "timeindex"),
                file,
                mode: Mode::Read,
            };
            self.ops.issue(Waiting::Opening, op, fx);
            opening.stage = Stage::TimesOpening(base, file);
        } else {
            self.next_snapshot(opening, fx);
        }
    }

    fn on_times(
        &mut self,
        opening: &mut Opening,
        stage: Stage,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
    ) -> Result<(), Fault> {
        match (stage, result?) {
            (Stage::TimesOpening(base, file), DiskOutput::Opened { len }) => {
                let op = DiskOp::Read {
                    file,
                    at: len.saturating_sub(TIME_ENTRY as u64),
                    len: TIME_ENTRY as u32,
                };
                self.ops.issue(Waiting::Opening, op, fx);
                opening.stage = Stage::TimesReading(base, file);
            }
            (Stage::TimesReading(base, file), DiskOutput::Read(bytes)) => {
                self.ops
                    .issue(Waiting::Aside("a time index"), DiskOp::Close(file), fx);
                // Zeros are room never used: how it ends is not known then, and asked when it matters.
                let used = bytes.iter().any(|byte| *byte != 0);
                let last = TimeIndex::parse(&bytes).filter(|_| used);
                if let (Some(segment), Some((timestamp, relative))) = (
                    self.segments.get_mut(&base),
                    last.and_then(|times| times.last()),
                ) {
                    segment.known = true;
                    segment.newest = Some(Newest {
                        timestamp,
                        offset: base + i64::from(relative),
                    });
                }
                self.next_text(opening, fx);
            }
            _ => return Err(Fault::Broken),
        }
        Ok(())
    }

    /// The newest snapshot that may be used; after it, or without one, batches are read.
    fn next_snapshot(&mut self, opening: &mut Opening, fx: &mut impl Emit) {
        match opening.snapshots.pop() {
            Some(offset) => {
                let load = self.load(name(offset, "snapshot"), SNAPSHOT_BYTES, fx);
                opening.stage = Stage::Snapshot(load, offset);
            }
            None => {
                let first = opening.bases().next();
                opening.state_from = Offset(first.unwrap_or(0));
                self.read_tail(opening, fx);
            }
        }
    }

    fn on_opening_snapshot(
        &mut self,
        opening: &mut Opening,
        mut load: Load,
        offset: i64,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
    ) -> Result<(), Fault> {
        match loaded(load.on_done(result, fx))? {
            None => opening.stage = Stage::Snapshot(load, offset),
            // One that knows of what came after it is another's, or of another time: its checksum says nothing of that.
            Some(bytes) => {
                match Producers::parse(&bytes).filter(|p| p.known_to() <= Offset(offset)) {
                    Some(producers) => {
                        self.producers = producers;
                        opening.state_from = Offset(offset);
                        self.read_tail(opening, fx);
                    }
                    None => {
                        sometimes!(fx, "a producer snapshot was torn");
                        let text =
                            format!("the producer snapshot {offset} is torn; an older one is used");
                        self.note(Level::Warn, &text, fx);
                        self.snapshots.remove(&offset);
                        let op = DiskOp::Remove {
                            dir: self.dir,
                            name: name(offset, "snapshot"),
                        };
                        self.ops.issue(Waiting::Aside("a torn snapshot"), op, fx);
                        self.next_snapshot(opening, fx);
                    }
                }
            }
        }
        Ok(())
    }
}

/// What a load brought: `None` while it goes on. What is missing or too long is as good as empty.
pub(crate) fn loaded(loading: Loading) -> Result<Option<Bytes>, Fault> {
    match loading {
        Loading::Going => Ok(None),
        Loading::Done(bytes) => Ok(Some(bytes)),
        Loading::TooLong(_) | Loading::Failed(Fault::Gone) => Ok(Some(Bytes::new())),
        Loading::Failed(fault) => Err(fault),
    }
}
