//! After a clean stop only the end of the active segment is read: its indexes say where, and are believed as far as they
//! fit; else it is read from its beginning.

use ottla_machine::{DiskOp, DiskOutput, Emit, Fault, File, Mode, Offset};
use ottla_record::{HEADER_LEN, Header};

use crate::file_names::{FileName, name};
use crate::limits::SNAPSHOT_BYTES;
use crate::offset_index::OffsetIndex;
use crate::opening::{Opening, Stage, loaded};
use crate::ops::Waiting;
use crate::segment::Newest;
use crate::time_index::TimeIndex;
use crate::{Log, Start};

impl Log {
    /// After a clean stop the active segment's indexes say where to go on reading.
    pub(crate) fn read_tail(&mut self, opening: &mut Opening, fx: &mut impl Emit) {
        let last = opening.bases().next_back();
        let index = last.and_then(|base| opening.found.get(&FileName::OffsetIndex(base)));
        let times = last.and_then(|base| opening.found.get(&FileName::TimeIndex(base)));
        match (opening.start, last) {
            (Start::Clean { .. }, Some(base))
                if opening.first == base
                    && opening.swapped.is_empty()
                    && opening.state_from >= Offset(base)
                    && index.is_some_and(|len| *len > 0)
                    && times.is_some() =>
            {
                let load = self.load(name(base, "index"), SNAPSHOT_BYTES, fx);
                opening.stage = Stage::TailIndex(load);
            }
            _ => self.begin_scanning(opening, None, fx),
        }
    }

    pub(crate) fn on_tail(
        &mut self,
        opening: &mut Opening,
        stage: Stage,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
    ) -> Result<(), Fault> {
        let base = opening.first;
        let size = self.segments.get(&base).map_or(0, |segment| segment.size);
        match stage {
            Stage::TailIndex(mut load) => match loaded(load.on_done(result, fx))? {
                None => opening.stage = Stage::TailIndex(load),
                Some(bytes) => {
                    opening.tail_index = OffsetIndex::parse(&bytes, size).unwrap_or_default();
                    if opening.tail_index.last().is_none() {
                        self.begin_scanning(opening, None, fx);
                    } else {
                        let load = self.load(name(base, "timeindex"), SNAPSHOT_BYTES, fx);
                        opening.stage = Stage::TailTimes(load);
                    }
                }
            },
            Stage::TailTimes(mut load) => match loaded(load.on_done(result, fx))? {
                None => opening.stage = Stage::TailTimes(load),
                Some(bytes) => match TimeIndex::parse(&bytes).filter(|t| t.len() > 0) {
                    None => self.begin_scanning(opening, None, fx),
                    Some(times) => {
                        opening.tail_times = times;
                        let file = self.new_file();
                        let op = DiskOp::Open {
                            dir: self.dir,
                            name: name(base, "log"),
                            file,
                            mode: Mode::Write,
                        };
                        self.ops.issue(Waiting::Opening, op, fx);
                        opening.stage = Stage::TailOpening(file);
                    }
                },
            },
            Stage::TailOpening(file) => {
                result?;
                let op = DiskOp::Read {
                    file,
                    at: 0,
                    len: HEADER_LEN as u32,
                };
                self.ops.issue(Waiting::Opening, op, fx);
                opening.stage = Stage::TailFirst(file);
            }
            Stage::TailFirst(file) => {
                let first = match result? {
                    DiskOutput::Read(bytes) => Header::parse(&bytes).ok(),
                    _ => None,
                };
                self.resume_tail(opening, file, first, fx);
            }
            _ => return Err(Fault::Broken),
        }
        Ok(())
    }

    /// Scanning goes on at the last index entry, or where the producers' state ends.
    fn resume_tail(
        &mut self,
        opening: &mut Opening,
        file: File,
        first: Option<Header>,
        fx: &mut impl Emit,
    ) {
        let base = opening.first;
        let mut index = std::mem::take(&mut opening.tail_index);
        let times = std::mem::take(&mut opening.tail_times);
        let relative = u32::try_from(opening.state_from.0 - base).unwrap_or(u32::MAX);
        let at = index
            .last()
            .map_or(0, |(_, at)| at)
            .min(index.floor(relative));
        let promised = index.at(at);
        index.truncate(u64::from(at));
        let Some(segment) = self.segments.get_mut(&base) else {
            return;
        };
        segment.begin(file);
        segment.size = u64::from(at);
        segment.first_timestamp = first.map(|header| header.max_timestamp);
        // The batch at an entry is entered again when it is read.
        segment.since = if at > 0 { u64::MAX / 2 } else { 0 };
        segment.newest = times.last().map(|(timestamp, relative)| Newest {
            timestamp,
            offset: base + i64::from(relative),
        });
        segment.proved = false;
        if let Some(opened) = &mut segment.opened {
            opened.index = index;
            opened.times = times;
        }
        let last = promised.map(|last| base + i64::from(last));
        self.begin_scanning(opening, Some((file, u64::from(at), last)), fx);
    }
}
