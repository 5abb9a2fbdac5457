//! Warming a sealed segment for readers of old data: its file is opened and its indexes read; where they are missing or
//! do not fit, they are rebuilt from the segment itself.
//!
//! ```text
//! Opening -> Index -> Times -> Last ---------------------------------> (warm)
//!               any that is missing or wrong -> Scanning, slice by slice -> (warm, index files written)
//! ```
//!
//! Invariants
//! - W1: what an index says is believed only if it rises, stays within the file, and its last entry names a batch that
//!   is there.

use ottla_machine::{DiskOp, DiskOutput, Emit, Fault, File, Level, Mode, Offset, Spend, sometimes};
use ottla_record::{HEADER_LEN, Header};

use crate::file_names::name;
use crate::limits::SLICE_BYTES;
use crate::load::{Load, Loading};
use crate::offset_index::OffsetIndex;
use crate::ops::{Ops, Waiting};
use crate::scan::{Scan, Scanned};
use crate::segment::{Newest, Opened, Segment};
use crate::time_index::TimeIndex;
use crate::{Log, LogEvent, Phase};

#[derive(Clone, Debug)]
enum Stage {
    Opening,
    Index(Load),
    Times(Load),
    Last,
    Scanning(Box<(Scan, Segment)>),
}

/// One segment on its way.
#[derive(Clone, Debug)]
pub(crate) struct Warming {
    base: i64,
    stage: Stage,
    opened: Opened,
}

impl Warming {
    pub(crate) fn base(&self) -> i64 {
        self.base
    }

    pub(crate) fn owns(&self, seq: u64) -> bool {
        match &self.stage {
            Stage::Index(load) | Stage::Times(load) => load.owns(seq),
            Stage::Opening | Stage::Last | Stage::Scanning(_) => false,
        }
    }

    /// Whether `settle` has a slice to look at.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(&self.stage, Stage::Scanning(scanning) if scanning.0.is_ready())
    }

    /// The directory goes. The file that is open for it.
    pub(crate) fn abandon(self, ops: &mut Ops, fx: &mut impl Emit) -> Option<File> {
        match self.stage {
            Stage::Opening => return None,
            Stage::Index(load) | Stage::Times(load) => ops.wait_for(load.abandon(fx)),
            Stage::Last | Stage::Scanning(_) => {}
        }
        Some(self.opened.file)
    }
}

impl Log {
    /// Opens a sealed segment for readers and reads its index; of one that is open, the index is rebuilt. `base` is
    /// what [`crate::Absent::Cold`] said.
    pub fn warm(&mut self, base: Offset, fx: &mut impl Emit) {
        let base = base.0;
        let under_way = self.warming.iter().any(|warming| warming.base == base);
        if self.phase != Phase::Open || under_way {
            return;
        }
        if self.defer_warming(base) {
            sometimes!(fx, "a reader waited for a segment that was being replaced");
            return;
        }
        let Some(segment) = self.segments.get(&base) else {
            return;
        };
        if let Some(opened) = segment.opened.clone() {
            sometimes!(fx, "the index of an open segment was rebuilt");
            let size = segment.size;
            let stage = Stage::Opening;
            let mut warming = Warming {
                base,
                stage,
                opened,
            };
            self.begin_scan(&mut warming, size, fx);
            return self.warming.push(warming);
        }
        let file = self.new_file();
        self.warming.push(Warming {
            base,
            stage: Stage::Opening,
            opened: Opened {
                file,
                index: OffsetIndex::default(),
                times: TimeIndex::default(),
            },
        });
        let op = DiskOp::Open {
            dir: self.dir,
            name: name(base, "log"),
            file,
            mode: Mode::Read,
        };
        self.ops.issue(Waiting::Warming(base), op, fx);
    }

    /// The end of an operation of the warming at `at`.
    pub(crate) fn on_warming(
        &mut self,
        at: usize,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        let mut warming = self.warming.swap_remove(at);
        let base = warming.base;
        let Some(size) = self.segments.get(&base).map(|segment| segment.size) else {
            // Retention was faster.
            return self.leave_warming(warming, result, fx);
        };
        match (&mut warming.stage, result) {
            (Stage::Opening, Err(Fault::Full | Fault::Busy)) => {
                sometimes!(fx, "an old segment could not be opened yet");
                // Its readers ask again.
                return out.push(LogEvent::Warm(Offset(base)));
            }
            (Stage::Opening | Stage::Last | Stage::Scanning(_), Err(fault)) => {
                return self.offline(fault, "reading a segment", out);
            }
            (Stage::Opening, Ok(_)) => {
                warming.stage = Stage::Index(self.load_index(base, "index", size, fx));
            }
            (Stage::Index(_) | Stage::Times(_), result) => {
                return self.on_index_loaded(warming, size, result, fx, out);
            }
            (Stage::Last, Ok(output)) => {
                // W1: the last entry names a batch that is there.
                let entry = warming.opened.index.last();
                let fits = match output {
                    DiskOutput::Read(bytes) => Header::parse(&bytes).is_ok_and(|header| {
                        entry
                            .is_some_and(|(last, _)| header.last_offset() == base + i64::from(last))
                    }),
                    _ => false,
                };
                if fits {
                    return self.on_warm(warming, fx, out);
                }
                self.begin_scan(&mut warming, size, fx);
            }
            (Stage::Scanning(scanning), Ok(output)) => {
                if let DiskOutput::Read(bytes) = output {
                    scanning.0.feed(bytes);
                }
            }
        }
        self.warming.push(warming);
    }

    /// Nobody wants the segment any more: what is open for it is closed.
    fn leave_warming(
        &mut self,
        mut warming: Warming,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
    ) {
        let opened = result.is_ok() || !matches!(warming.stage, Stage::Opening);
        if let Stage::Index(load) | Stage::Times(load) = &mut warming.stage {
            load.on_done(result, fx);
        }
        let file = warming.opened.file;
        warming.abandon(&mut self.ops, fx);
        if opened {
            let op = DiskOp::Close(file);
            self.ops.issue(Waiting::Aside("a removed segment"), op, fx);
        }
    }

    /// A piece of an index file came.
    fn on_index_loaded(
        &mut self,
        mut warming: Warming,
        size: u64,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        let (Stage::Index(load) | Stage::Times(load)) = &mut warming.stage else {
            return;
        };
        let bytes = match load.on_done(result, fx) {
            Loading::Going => return self.warming.push(warming),
            Loading::Done(bytes) => Some(bytes),
            Loading::Failed(fault @ Fault::Broken) => {
                return self.offline(fault, "reading an index", out);
            }
            Loading::TooLong(_) | Loading::Failed(_) => None,
        };
        let base = warming.base;
        if matches!(warming.stage, Stage::Index(_)) {
            match bytes.and_then(|bytes| OffsetIndex::parse(&bytes, size)) {
                Some(index) => {
                    warming.opened.index = index;
                    warming.stage = Stage::Times(self.load_index(base, "timeindex", size, fx));
                }
                None => {
                    sometimes!(fx, "an old segment had no index that fits");
                    self.begin_scan(&mut warming, size, fx);
                }
            }
            return self.warming.push(warming);
        }
        let times = bytes.and_then(|bytes| TimeIndex::parse(&bytes));
        match (times, warming.opened.index.last()) {
            (None, _) => self.begin_scan(&mut warming, size, fx),
            (Some(times), None) => {
                warming.opened.times = times;
                return self.on_warm(warming, fx, out);
            }
            (Some(times), Some((_, position))) => {
                warming.opened.times = times;
                warming.stage = Stage::Last;
                let op = DiskOp::Read {
                    file: warming.opened.file,
                    at: u64::from(position),
                    len: HEADER_LEN as u32,
                };
                self.ops.issue(Waiting::Warming(base), op, fx);
            }
        }
        self.warming.push(warming);
    }

    fn load_index(&mut self, base: i64, suffix: &str, size: u64, fx: &mut impl Emit) -> Load {
        // A batch has 61 bytes and at most one entry of 12.
        let limit = u32::try_from(size / 4).unwrap_or(u32::MAX).max(1 << 16);
        let first = self.ops.reserve(Load::SEQS);
        let owner = self.ops.owner();
        let name = name(base, suffix);
        Load::begin(owner, first, self.dir, name, limit, &mut self.names, fx)
    }

    fn begin_scan(&mut self, warming: &mut Warming, size: u64, fx: &mut impl Emit) {
        self.note(
            Level::Info,
            &format!("the indexes of segment {} are rebuilt", warming.base),
            fx,
        );
        let file = warming.opened.file;
        let mut scan = Scan::new(file, 0, size, self.switch);
        self.ask_warming(warming.base, &mut scan, fx);
        let segment = Segment::empty(warming.base, file);
        warming.stage = Stage::Scanning(Box::new((scan, segment)));
    }

    fn ask_warming(&mut self, base: i64, scan: &mut Scan, fx: &mut impl Emit) {
        if let Some((at, len)) = scan.ask() {
            let file = scan.file();
            let op = DiskOp::Read { file, at, len };
            self.ops.issue(Waiting::Warming(base), op, fx);
        }
    }

    /// One slice of one scan.
    pub(crate) fn settle_warming(&mut self, fx: &mut impl Emit, out: &mut Vec<LogEvent>) {
        let Some(at) = self.warming.iter().position(Warming::is_ready) else {
            return;
        };
        let mut warming = self.warming.swap_remove(at);
        let Stage::Scanning(mut scanning) = warming.stage else {
            return;
        };
        let (scan, segment) = scanning.as_mut();
        let until = scan.position() + SLICE_BYTES.of(self.switch) as u64;
        let ended = loop {
            if scan.position() >= until {
                break false;
            }
            self.ask_warming(warming.base, scan, fx);
            match scan.advance() {
                Scanned::Batch { header, .. }
                    if Segment::reaches(warming.base, header.last_offset())
                        && header.last_offset() >= segment.end.0 =>
                {
                    fx.spend(Spend::Bytes, header.size());
                    segment.add(&header, self.config.index_interval_bytes);
                }
                Scanned::Wait => break false,
                // Whatever comes after is not indexed, and so not found; it is not touched either.
                Scanned::Batch { .. } | Scanned::End | Scanned::Torn { .. } => break true,
            }
        };
        self.ask_warming(warming.base, scan, fx);
        if !ended {
            warming.stage = Stage::Scanning(scanning);
            return self.warming.push(warming);
        }
        let (scan, mut segment) = *scanning;
        segment.push_time();
        warming.stage = Stage::Last;
        self.on_rebuilt(warming, segment, scan.end(), fx, out);
    }

    /// The indexes of a segment are rebuilt, up to `end`; what was written behind it meanwhile was entered meanwhile.
    fn on_rebuilt(
        &mut self,
        mut warming: Warming,
        rebuilt: Segment,
        end: u64,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        let base = warming.base;
        let sealed = self.active().is_none_or(|active| active.base != base);
        if let Some(opened) = rebuilt.opened {
            warming.opened = opened;
        }
        let segment = self.segments.get_mut(&base);
        match segment.and_then(|s| s.opened.as_mut().map(|opened| (opened, s.size))) {
            None => {
                self.on_warm(warming, fx, out);
            }
            Some((opened, size)) => {
                for (relative, position) in opened.index.from(end) {
                    warming.opened.index.push(*relative, *position);
                }
                opened.index = warming.opened.index;
                if size == end {
                    opened.times = warming.opened.times;
                }
                self.touched = true;
                out.push(LogEvent::Warm(Offset(base)));
            }
        }
        if let Some(segment) = self.segments.get_mut(&base) {
            let whole = segment.size == end;
            if whole || sealed {
                segment.newest = rebuilt.newest;
            }
            segment.proved |= whole;
        }
        if sealed {
            self.write_indexes(base);
        }
    }

    fn on_warm(&mut self, warming: Warming, fx: &mut impl Emit, out: &mut Vec<LogEvent>) {
        let base = warming.base;
        if let Some(segment) = self.segments.get_mut(&base) {
            segment.known = true;
            segment.newest = warming
                .opened
                .times
                .last()
                .map(|(timestamp, relative)| Newest {
                    timestamp,
                    offset: base + i64::from(relative),
                });
            segment.opened = Some(warming.opened);
            self.warmed.retain(|warm| *warm != base);
            self.warmed.push_back(base);
        }
        self.cool(fx);
        out.push(LogEvent::Warm(Offset(base)));
        if self.proving.take_if(|proving| *proving == base).is_some() {
            self.prove(base, fx);
        }
    }
}
