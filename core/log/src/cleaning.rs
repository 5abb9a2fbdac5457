//! Compaction: of every key only the newest record stays. What is dirty is read once to note its keys, as many as the map holds; then
//! all segments below are read, group by group, and what stays is written to a new segment that takes their place.
//!
//! ```text
//! map:    Opening -> (Reading -> Working)* -> next segment, or the map is full
//! group:  Making -> Opening -> (Reading -> Working -> Writing)* -> Syncing -> Offering -> Offered -> Ready
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

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use ottla_machine::{
    DiskOp, DiskOutput, Emit, Fault, File, Level, Mode, Name, Now, Offset, Time, planted, sometimes,
};

use crate::clean::{Chunk, Filtered, Filtering, Mapped, Mapping, Met, Rules, Taken};
use crate::file_names::name;
use crate::limits::CLEAN_BYTES;
use crate::offset_map::OffsetMap;
use crate::ops::Waiting;
use crate::rolling::RETRY;
use crate::segment::Segment;
use crate::{Log, LogEvent, LogJob, LogProduct, Phase};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Making,
    Opening,
    Reading,
    Working,
    Writing,
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

    fn can_commit(&self, cleaning: &Cleaning) -> bool {
        let warming = |base: &i64| self.warming.iter().any(|warming| warming.base() == *base);
        let group = cleaning.group.as_ref();
        let indexed = |base: &i64| self.rewrites.owe_index(*base);
        group.is_some_and(|group| {
            let mut bases = group.bases.iter();
            !bases.any(|base| warming(base) || indexed(base))
        })
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

    fn read_source(&mut self, base: i64, fx: &mut impl Emit) {
        let file = self.new_file();
        let known = self.segments.get(&base);
        let (size, end) = known.map_or((0, base), |segment| (segment.size, segment.end.0));
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        cleaning.source = Some(Source {
            base,
            file,
            size,
            at: 0,
            needs: 0,
            asked: 0,
            expected: base,
            end,
        });
        cleaning.step = Step::Opening;
        let op = DiskOp::Open {
            dir: self.dir,
            name: name(base, "log"),
            file,
            mode: Mode::Read,
        };
        self.ops.issue(Waiting::CleanerOpened(file), op, fx);
    }

    /// The next group of segments from `base` on; or there is none, and all is done.
    fn group_from(&mut self, base: i64, fx: &mut impl Emit) {
        let most = self.config.segment_bytes;
        let left = self.made_left;
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        let upto = cleaning.upto;
        cleaning.next = base;
        if let Some(left) = left {
            let names = ["log.cleaned", "log.swap"].map(|suffix| name(left, suffix));
            cleaning.gone = VecDeque::from(names);
            return self.take_step(Step::Discarding, fx);
        }
        let (mut bases, mut bytes) = (Vec::new(), 0u64);
        for (base, segment) in self.segments.range(base..upto) {
            let first = bases.first().copied().unwrap_or(*base);
            let fits = bytes + segment.size <= most && Segment::reaches(first, segment.end.0);
            if !bases.is_empty() && !fits {
                break;
            }
            bytes += segment.size;
            bases.push(*base);
        }
        let Some(first) = bases.first().copied() else {
            return self.end_cleaning(Some(Offset(upto)));
        };
        if bytes == 0 {
            let next = bases.last().map_or(first, |last| last + 1);
            return self.group_from(next, fx);
        }
        sometimes!(fx, "a compaction made one segment of several", if bases.len() > 1);
        let file = self.new_file();
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        cleaning.step = Step::Making;
        cleaning.group = Some(Group {
            bases,
            made: Segment::empty(first, file),
            file,
            changed: false,
        });
        let op = DiskOp::Open {
            dir: self.dir,
            name: name(first, "log.cleaned"),
            file,
            mode: Mode::Fresh,
        };
        self.ops.issue(Waiting::CleanerOpened(file), op, fx);
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
            (Step::Writing, Ok(_)) => self.read_chunk(fx),
            (_, Ok(_)) => self.on_step(step, fx),
        }
    }

    fn first_of_group(&self) -> Option<i64> {
        let group = self.cleaning.as_deref()?.group.as_ref()?;
        group.bases.first().copied()
    }

    fn read_chunk(&mut self, fx: &mut impl Emit) {
        let least = CLEAN_BYTES.of(self.switch);
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        let Some(source) = cleaning.source else {
            return;
        };
        let left = source.size - source.at;
        if left == 0 {
            return self.on_source_read(source, fx);
        }
        let len = (source.needs.max(least) as u64).min(left) as u32;
        if let Some(source) = &mut cleaning.source {
            source.asked = len as usize;
        }
        cleaning.step = Step::Reading;
        let op = DiskOp::Read {
            file: source.file,
            at: source.at,
            len,
        };
        self.ops.issue(Waiting::Cleaning, op, fx);
    }

    /// All of a segment is read: the next one.
    fn on_source_read(&mut self, source: Source, fx: &mut impl Emit) {
        self.close(source.file, fx);
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        cleaning.source = None;
        let Some(group) = &cleaning.group else {
            return self.map_from(source.base + 1, fx);
        };
        let next = group.bases.iter().find(|base| **base > source.base);
        match next.copied() {
            Some(base) => self.read_source(base, fx),
            None => self.on_group_read(fx),
        }
    }

    /// What stays of a group is written.
    fn on_group_read(&mut self, fx: &mut impl Emit) {
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        let alone = |group: &mut Group| !group.changed && group.bases.len() == 1;
        let Some(group) = cleaning.group.take_if(alone) else {
            let synced = planted!(fx, "compacted-segment-not-synced");
            return self.take_step(
                if synced {
                    Step::Offering
                } else {
                    Step::Syncing
                },
                fx,
            );
        };
        sometimes!(fx, "a compaction found nothing to leave out of a segment");
        self.close(group.file, fx);
        self.made_left = Some(group.made.base);
        self.group_from(group.made.base + 1, fx);
    }

    fn work_on(&mut self, bytes: bytes::Bytes, fx: &mut impl Emit) {
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        if cleaning
            .source
            .is_some_and(|source| bytes.len() < source.asked)
        {
            return self.give_up_damaged("its file is shorter than it was", fx);
        }
        let (Some(source), Some(map)) = (cleaning.source, cleaning.map.take()) else {
            return self.give_up_cleaning(fx);
        };
        let chunk = Chunk {
            ends: source.at + bytes.len() as u64 == source.size,
            bytes,
            at: source.at,
            base: source.base,
            expected: source.expected,
            end: source.end,
        };
        cleaning.step = Step::Working;
        let rules = Arc::clone(&cleaning.rules);
        cleaning.work = Some(match &cleaning.group {
            None => LogJob::Map(Box::new(Mapping {
                map,
                rules,
                chunk,
                from: cleaning.from,
            })),
            Some(group) => LogJob::Filter(Box::new(Filtering {
                map,
                rules,
                chunk,
                upto: cleaning.upto,
                met: std::mem::take(&mut cleaning.met),
                last: group.bases.last() == Some(&source.base),
            })),
        });
    }

    /// Takes the product of [`Log::take_work`] in.
    pub fn on_product(&mut self, product: LogProduct, fx: &mut impl Emit) {
        let working = |cleaning: &&mut Box<Cleaning>| cleaning.step == Step::Working;
        if self.cleaning.as_mut().filter(working).is_none() {
            return;
        }
        match product {
            LogProduct::Mapped(Ok(mapped)) => self.on_mapped(mapped, fx),
            LogProduct::Filtered(Ok(filtered)) => self.on_filtered(filtered, fx),
            LogProduct::Mapped(Err(why)) | LogProduct::Filtered(Err(why)) => {
                self.give_up_damaged(&why, fx);
            }
            LogProduct::Judged(_) | LogProduct::Unpacked(_) => {}
        }
    }

    /// The log is left as it is for the rest of this life (L4).
    fn give_up_damaged(&mut self, why: &str, fx: &mut impl Emit) {
        sometimes!(fx, "a compaction met damage");
        let source = self
            .cleaning
            .as_deref()
            .and_then(|cleaning| cleaning.source);
        let base = source.map_or(0, |source| source.base);
        let text = format!("segment {base} is damaged, {why}; the log is not compacted any more");
        self.note(Level::Error, &text, fx);
        self.uncleanable = true;
        self.give_up_cleaning(fx);
    }

    fn on_mapped(&mut self, mapped: Mapped, fx: &mut impl Emit) {
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        cleaning.map = Some(mapped.map);
        if let Some(full) = mapped.full {
            sometimes!(fx, "a compaction's map was full");
            cleaning.upto = full;
            if let Some(source) = cleaning.source.take() {
                self.close(source.file, fx);
            }
            return self.group_from(i64::MIN, fx);
        }
        self.go_on_after(mapped.taken);
        self.read_chunk(fx);
    }

    fn go_on_after(&mut self, taken: Taken) {
        let cleaning = self.cleaning.as_deref_mut();
        if let Some(source) = cleaning.and_then(|cleaning| cleaning.source.as_mut()) {
            source.at += taken.bytes as u64;
            source.needs = taken.needs;
            source.expected = taken.expected;
        }
    }

    fn on_filtered(&mut self, filtered: Filtered, fx: &mut impl Emit) {
        self.go_on_after(filtered.taken);
        let interval = self.config.index_interval_bytes;
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        cleaning.map = Some(filtered.map);
        cleaning.met = filtered.met;
        let Some(group) = &mut cleaning.group else {
            return;
        };
        group.changed |= filtered.changed;
        let at = group.made.size;
        let (headers, bytes): (Vec<_>, Vec<_>) = filtered.batches.into_iter().unzip();
        for header in &headers {
            group.made.add(header, interval);
        }
        if bytes.is_empty() {
            return self.read_chunk(fx);
        }
        cleaning.step = Step::Writing;
        let file = group.file;
        let op = DiskOp::Write { file, at, bytes };
        self.ops.issue(Waiting::Cleaning, op, fx);
    }

    /// The swap goes on when it may, and what there was no room for is tried again.
    pub(crate) fn settle_cleaning(&mut self, now: Now, fx: &mut impl Emit) {
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        if cleaning.retry_at.take_if(|at| *at <= now.mono).is_some() {
            let step = cleaning.step;
            return self.take_step(step, fx);
        }
        let ready = cleaning.step == Step::Ready;
        if ready && self.cleaning.as_deref().is_some_and(|c| self.can_commit(c)) {
            self.take_step(Step::Committing, fx);
        }
    }

    /// What comes after a step that is done.
    fn on_step(&mut self, done: Step, fx: &mut impl Emit) {
        let named = !planted!(fx, "swap-name-not-synced");
        let next = match done {
            Step::Syncing => Step::Offering,
            Step::Offering if named => Step::Offered,
            Step::Offering => Step::Ready,
            Step::Offered => Step::Ready,
            Step::Committing if named => Step::Committed,
            Step::Committing | Step::Committed => {
                self.replace_segments();
                Step::Clearing
            }
            Step::Clearing if self.has_more_to_go() => Step::Clearing,
            Step::Clearing => Step::Cleared,
            Step::Discarding if self.has_more_to_go() => Step::Discarding,
            Step::Discarding => {
                self.made_left = None;
                let next = self.cleaning.as_deref().map(|cleaning| cleaning.next);
                return next.into_iter().for_each(|next| self.group_from(next, fx));
            }
            Step::Cleared => Step::Naming,
            Step::Naming => Step::Named,
            Step::Named => return self.on_group_replaced(fx),
            Step::Making
            | Step::Opening
            | Step::Reading
            | Step::Working
            | Step::Writing
            | Step::Ready => return,
        };
        self.take_step(next, fx);
    }

    /// A file is gone; whether there are more.
    fn has_more_to_go(&mut self) -> bool {
        self.cleaning.as_deref_mut().is_some_and(|cleaning| {
            cleaning.gone.pop_front();
            !cleaning.gone.is_empty()
        })
    }

    /// One operation of a swap.
    fn take_step(&mut self, step: Step, fx: &mut impl Emit) {
        let dir = self.dir;
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        let remove = |name: Name| DiskOp::Remove { dir, name };
        let gone = cleaning.gone.front().cloned().map(remove);
        let op = match (step, &cleaning.group) {
            (Step::Discarding | Step::Clearing, _) => gone,
            (_, None) => None,
            (step, Some(group)) => {
                let named = |suffix: &str| name(group.made.base, suffix);
                let rename = |from: &str, to: &str| DiskOp::Rename {
                    from: (dir, named(from)),
                    to: (dir, named(to)),
                };
                match step {
                    Step::Syncing => Some(DiskOp::Sync(group.file)),
                    Step::Offering => Some(rename("log.cleaned", "log.swap")),
                    Step::Committing => Some(remove(named("log"))),
                    Step::Naming => Some(rename("log.swap", "log")),
                    Step::Offered | Step::Committed | Step::Cleared | Step::Named => {
                        Some(DiskOp::SyncDir(dir))
                    }
                    _ => None,
                }
            }
        };
        cleaning.step = step;
        if let Some(op) = op {
            self.ops.issue(Waiting::Cleaning, op, fx);
        }
    }

    /// The new segment counts from now on; what else is there of the old ones goes.
    fn replace_segments(&mut self) {
        let group = self
            .cleaning
            .as_deref()
            .and_then(|cleaning| cleaning.group.clone());
        let Some(Group { bases, made, .. }) = group else {
            return;
        };
        let base = made.base;
        for old in &bases {
            let Some(segment) = self.segments.remove(old) else {
                continue;
            };
            self.warmed.retain(|warm| warm != old);
            self.proof = self.proof.take().filter(|proof| proof.base != *old);
            self.aborted.forget(Offset(*old), segment.end);
            self.cache.forget(segment.end);
            if let Some(opened) = segment.opened {
                self.unsynced
                    .retain(|unsynced| unsynced.file != opened.file);
                self.let_go.push(opened.file);
            }
            if *old != base {
                self.snapshots.remove(old);
            }
        }
        self.segments.insert(base, made);
        self.warmed.push_back(base);
        let mut gone = VecDeque::new();
        for old in bases {
            let all = ["index", "timeindex", "txnindex", "log", "snapshot"];
            let suffixes = if old == base { &all[..3] } else { &all[..] };
            gone.extend(suffixes.iter().map(|suffix| name(old, suffix)));
        }
        if let Some(cleaning) = self.cleaning.as_deref_mut() {
            cleaning.gone = gone;
        }
    }

    /// A group's new segment has its name.
    fn on_group_replaced(&mut self, fx: &mut impl Emit) {
        let Some(cleaning) = self.cleaning.as_deref_mut() else {
            return;
        };
        let base = cleaning.group.take().map_or(0, |group| group.made.base);
        let asked = std::mem::take(&mut cleaning.asked);
        self.warm_again.extend(asked);
        self.write_indexes(base);
        self.cool(fx);
        if self.phase == Phase::Closing {
            return self.end_cleaning(None);
        }
        self.group_from(base + 1, fx);
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
