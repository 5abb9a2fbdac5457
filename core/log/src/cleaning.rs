//! Compaction: of every key only the newest record stays. What is dirty is read once to note its keys, as many as the map holds; then
//! all segments below are read, group by group, and what stays is written to a new segment that takes their place.
//!
//! ```text
//! map:    Opening -> (Reading -> Working)* -> next segment, or the map is full
//! group:  Making -> Opening -> (Reading -> Working -> Writing [-> Easing])* -> Syncing -> Offering -> Offered -> Ready
//! swap:   Ready -> Committing -> Committed -> Clearing -> Cleared -> Naming -> Named -> next group
//! ```
//!
//! What is made and not wanted after all is removed before anything else is put in place: opening takes a `.cleaned` for the sign that no
//! swap behind it had begun.
//!
//! The new segment is `<base>.log.cleaned` while it is made and `<base>.log.swap` once it is whole and durable. It counts from the moment
//! when the first of the old segments, which bears its name, is durably gone; opening finishes what a crash interrupts then.
//!
//! Invariants
//! - L1: nothing is compacted that is not flushed, its epochs included, lies at or above the high watermark, or belongs to a transaction
//!   that is open.
//! - L2: a crash leaves the old segments of a group or the new one; never neither, and both only where it is told which counts.
//! - L3: memory is bounded by the map's limit, one chunk and what becomes of it; the rest is work of jobs, a chunk each.
//! - L4: where a disk is full or a batch damaged, the log stays as it is.

mod reading;
mod swap;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use ottla_machine::{
    DiskOp, DiskOutput, Emit, Fault, File, Level, Name, Now, Offset, Time, sometimes,
};

use crate::clean::{Met, Rules};
use crate::file_names::name;
use crate::offset_map::OffsetMap;
use crate::ops::Waiting;
use crate::rolling::RETRY;
use crate::segment::Segment;
use crate::{Log, LogEvent, LogJob, Phase};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Making,
    Opening,
    Reading,
    Working,
    Writing,
    Easing,
    Syncing,
    Offering,
    Offered,
    Ready,
    Committing,
    Committed,
    Clearing,
    Cleared,
    Naming,
    Named,
    Discarding,
}

/// A segment that is being read.
#[derive(Clone, Copy, Debug)]
struct Source {
    base: i64,
    file: File,
    size: u64,
    at: u64,
    /// What the next chunk must have at least.
    needs: usize,
    /// How much was asked for.
    asked: usize,
    /// What the next batch must not lie below, and what none may reach beyond.
    expected: i64,
    end: i64,
}

/// A group of segments that become one.
#[derive(Clone, Debug)]
struct Group {
    bases: Vec<i64>,
    /// The one that is being made.
    made: Segment,
    file: File,
    /// Whether it differs from what is there.
    changed: bool,
    /// How much of the made one is synced: little by little, so that nobody's sync waits behind a large one.
    eased: u64,
}

/// A compaction under way.
#[derive(Clone, Debug)]
pub(crate) struct Cleaning {
    rules: Arc<Rules>,
    step: Step,
    /// `None` while a job has it.
    map: Option<OffsetMap>,
    met: Met,
    /// What lies below was compacted before.
    from: i64,
    /// The map knows what lies below.
    upto: i64,
    source: Option<Source>,
    group: Option<Group>,
    /// Where the next group begins.
    next: i64,
    /// Files that still have to go, one after the other.
    gone: VecDeque<Name>,
    work: Option<LogJob>,
    /// Readers of segments that are being replaced.
    asked: BTreeSet<i64>,
    retry_at: Option<Time>,
}

impl Cleaning {
    /// Whether the segment must stay: it is being replaced, or its file is being opened.
    pub(crate) fn holds(&self, base: i64) -> bool {
        let opening = self.source.filter(|_| self.step == Step::Opening);
        opening.is_some_and(|source| source.base == base) || self.replaces(base)
    }

    fn replaces(&self, base: i64) -> bool {
        let group = self.group.as_ref();
        group.is_some_and(|group| group.bases.contains(&base))
    }

    /// Whether the old segments' files may be gone.
    fn has_committed(&self) -> bool {
        use Step::{Cleared, Clearing, Committed, Committing, Named, Naming};
        matches!(
            self.step,
            Committing | Committed | Clearing | Cleared | Naming | Named
        )
    }

    fn files(&self) -> impl Iterator<Item = File> {
        let opened = |file: File, step: Step| (self.step != step).then_some(file);
        let source = self.source.and_then(|s| opened(s.file, Step::Opening));
        let made = self.group.as_ref();
        let made = made.and_then(|group| opened(group.file, Step::Making));
        source.into_iter().chain(made)
    }
}

/// What there is of a segment that was given up is being removed.
const LEFT: Waiting = Waiting::Aside("a segment that was being made");

impl Log {
    /// Everything below was compacted; what the checkpoint said, until a compaction says more.
    pub fn set_cleaned(&mut self, to: Offset) {
        self.cleaned = to;
    }

    /// Everything below was compacted.
    pub fn cleaned(&self) -> Offset {
        self.cleaned
    }

    /// How much of what may be compacted is dirty, in millionths, when that is enough for `min.cleanable.dirty.ratio`, or some of it is older
    /// than `max.compaction.lag.ms` (a million then). `None`: there is nothing to do.
    pub fn cleanable(&mut self, now: Now, fx: &mut impl Emit) -> Option<u32> {
        let (from, upto) = self.dirty_range(now, fx)?;
        let (mut clean, mut dirty) = (0u64, 0u64);
        let mut oldest = i64::MAX;
        for segment in self.segments.range(..upto).map(|(_, segment)| segment) {
            if segment.end.0 <= from {
                clean += segment.size;
            } else {
                dirty += segment.size;
                let newest = segment.newest.map(|newest| newest.timestamp);
                let first = segment.first_timestamp.or(newest).unwrap_or(i64::MAX);
                oldest = oldest.min(first);
            }
        }
        let ratio = dirty.saturating_mul(1_000_000).checked_div(clean + dirty)?;
        let ratio = u32::try_from(ratio).unwrap_or(1_000_000);
        if now.wall.0.saturating_sub(oldest) > self.config.max_compaction_lag_ms {
            sometimes!(fx, "a log was compacted for its age", if ratio <= self.config.min_cleanable_dirty_ratio);
            return Some(1_000_000);
        }
        (ratio > self.config.min_cleanable_dirty_ratio).then_some(ratio)
    }

    /// What is dirty and may be compacted (L1).
    fn dirty_range(&mut self, now: Now, fx: &mut impl Emit) -> Option<(i64, i64)> {
        let able = self.cleaning.is_none() && !self.uncleanable && self.phase == Phase::Open;
        let able = able && !self.ops.any(|waiting| *waiting == LEFT);
        if !self.config.compact || !able {
            return None;
        }
        let open = self.producers.first_unstable();
        let bound = open.unwrap_or(self.high_watermark);
        let bound = bound.min(self.high_watermark).min(self.recovery_point());
        let active = self.active().map(|active| active.base)?;
        let lag = self.config.min_compaction_lag_ms;
        let (mut upto, mut unknown) = (i64::MIN, None);
        for (base, segment) in self.segments.range(..active) {
            let newest = segment.newest.map_or(i64::MIN, |newest| newest.timestamp);
            let young = lag > 0 && newest > now.wall.0.saturating_sub(lag);
            if segment.end > bound || young {
                break;
            }
            if lag > 0 && !segment.known {
                unknown = Some(*base);
                break;
            }
            upto = segment.end.0;
        }
        if let Some(base) = unknown {
            self.warm(Offset(base), fx);
        }
        let from = self.cleaned.0.max(*self.segments.keys().next()?);
        (from < upto).then_some((from, upto))
    }

    /// Begins a compaction of what is dirty, with a map of `map_bytes`. Goes on in `settle`, [`Log::take_work`] and [`Log::on_product`] until
    /// [`LogEvent::Cleaned`], which comes at once when there is nothing to do.
    pub fn clean(&mut self, now: Now, map_bytes: usize, fx: &mut impl Emit) {
        let Some((from, upto)) = self.dirty_range(now, fx) else {
            self.cleaning_ended = true;
            return;
        };
        let rules = Rules {
            now_ms: now.wall.0,
            delete_retention_ms: self.config.delete_retention_ms,
            aborted: Rules::aborts(self.aborted.iter()),
            newest: self.producers.newest_batches(Offset(upto)).collect(),
            switch: self.switch,
        };
        self.cleaning = Some(Box::new(Cleaning {
            rules: Arc::new(rules),
            step: Step::Opening,
            map: Some(OffsetMap::new(map_bytes, self.switch)),
            met: Met::default(),
            from,
            upto,
            source: None,
            group: None,
            next: i64::MIN,
            gone: VecDeque::new(),
            work: None,
            asked: BTreeSet::new(),
            retry_at: None,
        }));
        let first = self.segments.range(..=from).next_back();
        let first = first.map_or(from, |(base, _)| *base);
        self.map_from(first, fx);
    }

    /// What is to be done elsewhere for a compaction; its product comes to [`Log::on_product`].
    pub fn take_work(&mut self) -> Option<LogJob> {
        self.cleaning.as_mut()?.work.take()
    }

    /// Whether a compaction goes on at once.
    pub(crate) fn can_clean(&self) -> bool {
        self.cleaning.as_deref().is_some_and(|cleaning| {
            cleaning.step == Step::Ready && self.can_commit(cleaning) || cleaning.work.is_some()
        })
    }

    /// When it tries again what there was no room for.
    pub(crate) fn cleaning_retry(&self) -> Option<Time> {
        self.cleaning.as_deref()?.retry_at
    }

    /// The next segment from `base` on whose keys are to be noted; or all are, and groups are made.
    fn map_from(&mut self, base: i64, fx: &mut impl Emit) {
        let Some(upto) = self.cleaning.as_deref().map(|cleaning| cleaning.upto) else {
            return;
        };
        match self.segments.range(base..upto).next() {
            Some((base, _)) => self.read_source(*base, fx),
            None => self.group_from(i64::MIN, fx),
        }
    }

    /// A file of a compaction is open.
    pub(crate) fn on_cleaner_opened(
        &mut self,
        now: Now,
        file: File,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        let wanted = self.cleaning.as_deref().is_some_and(|cleaning| {
            let made = cleaning.group.as_ref().map(|group| group.file);
            cleaning.source.map(|source| source.file) == Some(file) || made == Some(file)
        });
        match (wanted, result) {
            (true, result) => self.on_cleaning(now, result, fx, out),
            // It was given up meanwhile.
            (false, Ok(_)) => self.close(file, fx),
            (false, Err(_)) => {}
        }
    }

    /// The end of an operation of a compaction.
    pub(crate) fn on_cleaning(
        &mut self,
        now: Now,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        let step = cleaning.step;
        match (step, result) {
            (_, Err(Fault::Full | Fault::Busy)) if cleaning.has_committed() => {
                sometimes!(fx, "a segment's replacement had to be tried again");
                cleaning.retry_at = Some(now.mono.after(RETRY));
            }
            (_, Err(fault @ (Fault::Full | Fault::Busy))) => {
                sometimes!(fx, "there was no room for a compaction");
                let text =
                    format!("the compaction was given up ({fault:?}); it is tried again later");
                self.note(Level::Warn, &text, fx);
                self.give_up_cleaning(fx);
            }
            (_, Err(fault)) => self.offline(fault, "compacting", out),
            (Step::Making, Ok(_)) => match self.first_of_group() {
                Some(base) => self.read_source(base, fx),
                None => self.give_up_cleaning(fx),
            },
            (Step::Opening, Ok(_)) => self.read_chunk(fx),
            (Step::Reading, Ok(DiskOutput::Read(bytes))) => self.work_on(bytes, fx),
            (Step::Writing, Ok(_)) => self.on_chunk_written(fx),
            (Step::Easing, Ok(_)) => self.read_chunk(fx),
            (_, Ok(_)) => self.on_step(step, fx),
        }
    }

    /// It is done, up to here, or given up.
    fn end_cleaning(&mut self, upto: Option<Offset>) {
        if let Some(cleaning) = self.cleaning.take() {
            self.warm_again.extend(cleaning.asked);
        }
        if let Some(upto) = upto {
            self.cleaned = upto;
        }
        self.cleaning_ended = true;
    }

    /// A reader wants a segment that is being replaced; it asks again when that is done.
    pub(crate) fn defer_warming(&mut self, base: i64) -> bool {
        let cleaning = self.cleaning.as_deref_mut();
        let cleaning = cleaning.filter(|cleaning| {
            (cleaning.step == Step::Ready || cleaning.has_committed()) && cleaning.replaces(base)
        });
        cleaning.is_some_and(|cleaning| {
            cleaning.asked.insert(base);
            true
        })
    }

    /// The log stays as it is (L4).
    fn give_up_cleaning(&mut self, fx: &mut impl Emit) {
        if let Some(cleaning) = self.cleaning.as_deref() {
            let files: Vec<File> = cleaning.files().collect();
            let group = cleaning.group.as_ref();
            self.made_left = group.map(|group| group.made.base).or(self.made_left);
            for file in files {
                self.close(file, fx);
            }
            // The room that it took is given back at once.
            let left = self.made_left.filter(|_| self.phase == Phase::Open);
            for suffix in left.map_or(&[][..], |_| &["log.cleaned", "log.swap"]) {
                let op = DiskOp::Remove {
                    dir: self.dir,
                    name: name(left.unwrap_or(0), suffix),
                };
                self.ops.issue(LEFT, op, fx);
            }
        }
        self.end_cleaning(None);
    }

    /// The log stops: a swap that has begun is finished, all else is given up.
    pub(crate) fn stop_cleaning(&mut self, fx: &mut impl Emit) {
        if self
            .cleaning
            .as_deref()
            .is_some_and(Cleaning::has_committed)
        {
            sometimes!(fx, "a log was stopped while a segment was being replaced");
            return;
        }
        self.give_up_cleaning(fx);
    }

    /// The directory goes. Its open files.
    pub(crate) fn abandon_cleaning(&mut self) -> Vec<File> {
        let Some(cleaning) = self.cleaning.take() else {
            return Vec::new();
        };
        self.cleaning_ended = true;
        let adopted = |file: &File| self.segments.values().any(|s| s.file() == Some(*file));
        cleaning.files().filter(|file| !adopted(file)).collect()
    }
}
