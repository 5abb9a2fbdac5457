//! What a compaction reads: segments, chunk by chunk, first for the map of keys, then for the segment that takes their place. A job works
//! on each chunk; what it gives back says where the next begins, and what is written.

use std::collections::VecDeque;
use std::sync::Arc;

use ottla_machine::{DiskOp, Emit, Level, Mode, Offset, planted, sometimes};

use super::{Cleaning, Group, Source, Step};
use crate::clean::{Chunk, Filtered, Filtering, Mapped, Mapping, Taken};
use crate::file_names::name;
use crate::limits::{CLEAN_BYTES, EASE_BYTES};
use crate::ops::Waiting;
use crate::segment::Segment;
use crate::{Log, LogJob, LogProduct};

impl Log {
    /// Opens a segment to be read from its front.
    pub(super) fn read_source(&mut self, base: i64, fx: &mut impl Emit) {
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
    pub(super) fn group_from(&mut self, base: i64, fx: &mut impl Emit) {
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
            eased: 0,
        });
        let op = DiskOp::Open {
            dir: self.dir,
            name: name(first, "log.cleaned"),
            file,
            mode: Mode::Fresh,
        };
        self.ops.issue(Waiting::CleanerOpened(file), op, fx);
    }

    /// The base of the first segment of the group that is being made one.
    pub(super) fn first_of_group(&self) -> Option<i64> {
        let group = self.cleaning.as_deref()?.group.as_ref()?;
        group.bases.first().copied()
    }

    /// The next bytes of the source: as many as its next batch needs, and a chunk at least.
    pub(super) fn read_chunk(&mut self, fx: &mut impl Emit) {
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

    /// A chunk is written: it is synced when there is enough of it, else the next is read.
    pub(super) fn on_chunk_written(&mut self, fx: &mut impl Emit) {
        let most = EASE_BYTES.of(self.switch) as u64;
        let cleaning = self.cleaning.as_deref_mut();
        let group = cleaning.and_then(|cleaning| cleaning.group.as_mut());
        match group.filter(|group| group.made.size - group.eased >= most) {
            Some(group) => {
                group.eased = group.made.size;
                self.take_step(Step::Easing, fx);
            }
            None => self.read_chunk(fx),
        }
    }

    /// All of a segment is read: the next one.
    pub(super) fn on_source_read(&mut self, source: Source, fx: &mut impl Emit) {
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
    pub(super) fn on_group_read(&mut self, fx: &mut impl Emit) {
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

    /// A chunk is there: keys are mapped, or what they leave is filtered, in a job.
    pub(super) fn work_on(&mut self, bytes: bytes::Bytes, fx: &mut impl Emit) {
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
    pub(super) fn give_up_damaged(&mut self, why: &str, fx: &mut impl Emit) {
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

    /// The keys of a chunk are in the map, or it is full: then only what lies below is compacted.
    pub(super) fn on_mapped(&mut self, mapped: Mapped, fx: &mut impl Emit) {
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

    /// Whole batches were taken from the chunk; the rest is read again.
    pub(super) fn go_on_after(&mut self, taken: Taken) {
        let cleaning = self.cleaning.as_deref_mut();
        if let Some(source) = cleaning.and_then(|cleaning| cleaning.source.as_mut()) {
            source.at += taken.bytes as u64;
            source.needs = taken.needs;
            source.expected = taken.expected;
        }
    }

    /// What stays of a chunk is written behind what stayed before.
    pub(super) fn on_filtered(&mut self, filtered: Filtered, fx: &mut impl Emit) {
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
}
