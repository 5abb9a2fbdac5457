//! Reading segments when a log is opened: after a clean stop only the end of the active one, else everything from the
//! recovery point on, judged batch by batch. Epochs, producers and indexes are rebuilt on the way, a slice per settle.
//!
//! Where a batch is bad, the log ends, unless what lies there was durable: then it is damage, which is refused rather
//! than cut off, because cutting would lose acknowledged records in silence.
//!
//! Invariants
//! - Z1: after opening, every batch from the first judged segment on has a right checksum and offsets that rise.
//! - Z2: what is believed beyond the recovery point is written once more before it is synced. A sync that failed may have left it
//!   readable and clean in the page cache but not on the disk; no later sync would write it, and only a power cut would tell.

use bytes::Bytes;
use ottla_machine::{
    DiskOp, DiskOutput, Emit, Fault, File, LeaderEpoch, Level, Mode, Offset, Spend, planted,
    sometimes,
};
use ottla_record::{ABORT, Batch, COMMIT, Header, control_kind, crc32c, end_transaction_epoch};

use crate::behind::Behind;
use crate::file_names::{FileName, name};
use crate::limits::SLICE_BYTES;
use crate::opening::{Opening, Stage};
use crate::ops::Waiting;
use crate::producer_state::Marker;
use crate::scan::{Scan, Scanned};
use crate::scanning::{Over, Scanning};
use crate::segment::{Newest, Segment};
use crate::txn_index::Aborted;
use crate::{Log, LogEvent, Phase, Start};

impl Log {
    /// Begins to read segments: from where the producers' state is known, or from the first that is to be judged.
    /// `resume`: the active one's file, a position in it, and the last offset of the batch there.
    pub(crate) fn begin_scanning(
        &mut self,
        opening: &mut Opening,
        resume: Option<(File, u64, Option<i64>)>,
        fx: &mut impl Emit,
    ) {
        let known = self.segments.range(..=opening.state_from.0).next_back();
        let from = known.map_or(i64::MIN, |(base, _)| *base).min(opening.first);
        let mut scanning = Scanning {
            rest: self.segments.range(from..).map(|(base, _)| *base).collect(),
            base: opening.first,
            file: File(0),
            scan: None,
            judged: true,
            expected: Offset(opening.first),
            promised: None,
            resumed: false,
            over_once: false,
            applied: opening.state_from,
            over: None,
            again: Vec::new(),
            again_at: 0,
            writing_again: 0,
            removed: Vec::new(),
            behind: None,
            searching: false,
        };
        if opening.recovers() {
            // What the files say of the judged part may be of records that are gone; the batches know. Of a compacted log they do not
            // know all: an epoch may have begun with a batch that was left out since.
            if !self.config.compact || planted!(fx, "compacted-epochs-forgotten") {
                let first = Offset(opening.first);
                let forgotten = self.epochs.truncate_end(first);
                self.epochs_moved(forgotten, first);
            }
            self.aborted.forget(Offset(opening.first), Offset(i64::MAX));
        }
        let Some((file, at, last)) = resume else {
            return self.next_segment(opening, scanning, fx);
        };
        let size = self.segments.get(&opening.first).map_or(0, |_| {
            opening
                .found
                .get(&FileName::Segment(opening.first))
                .copied()
                .unwrap_or(0)
        });
        scanning.rest.clear();
        scanning.file = file;
        scanning.promised = last;
        scanning.resumed = true;
        scanning.scan = Some(Scan::new(file, at, size, self.switch));
        self.ask_scanning(&mut scanning, fx);
        opening.stage = Stage::Scanning(Box::new(scanning));
    }

    fn next_segment(&mut self, opening: &mut Opening, mut scanning: Scanning, fx: &mut impl Emit) {
        self.cut_at_hole(opening, &mut scanning, fx);
        while let Some(base) = scanning.rest.pop_front() {
            if base < scanning.expected.0 && !opening.swapped.is_empty() && base >= opening.first {
                // Its records are in the compacted segment before it.
                scanning.removed.push(base);
                self.segments.remove(&base);
                continue;
            }
            sometimes!(fx, "recovery judged more than one segment", if scanning.over_once);
            scanning.base = base;
            scanning.file = self.new_file();
            scanning.scan = None;
            scanning.judged = base >= opening.first;
            scanning.over = None;
            let swapped = opening.swapped.contains(&base);
            let op = DiskOp::Open {
                dir: self.dir,
                name: name(base, if swapped { "log.swap" } else { "log" }),
                file: scanning.file,
                mode: if scanning.judged {
                    Mode::Write
                } else {
                    Mode::Read
                },
            };
            self.ops.issue(Waiting::Opening, op, fx);
            opening.stage = Stage::Scanning(Box::new(scanning));
            return;
        }
        self.finish(opening, &scanning, fx);
    }

    /// A segment that begins beyond the end of the one before: what lay between was written, but was not durable yet
    /// when the power went, so nothing after it was acknowledged. A compacted log may have such holes of old, and makes
    /// no new ones, because it rolls only what is durable.
    fn cut_at_hole(&mut self, opening: &Opening, scanning: &mut Scanning, fx: &mut impl Emit) {
        let Start::Recover {
            from, log_start, ..
        } = opening.start
        else {
            return;
        };
        let known = scanning.judged && scanning.over_once && scanning.expected >= from;
        // Below the log's start nothing is missed.
        let begins = scanning.expected.max(log_start);
        let hole = scanning.rest.front().is_some_and(|base| *base > begins.0);
        // A compaction may have left it, while the topic was compacted.
        let of_old = self.config.compact || scanning.expected < self.cleaned;
        if !known || !hole || of_old || planted!(fx, "crash-hole-kept") {
            return;
        }
        sometimes!(fx, "what lay behind a hole was given up");
        let end = scanning.expected;
        self.note(
            Level::Warn,
            &format!("what lay behind offset {end} was not durable; the log ends there"),
            fx,
        );
        for base in scanning.rest.drain(..) {
            self.segments.remove(&base);
            scanning.removed.push(base);
        }
    }

    fn ask_scanning(&mut self, scanning: &mut Scanning, fx: &mut impl Emit) {
        let file = scanning.file;
        if let Some((at, len)) = scanning.scan.as_mut().and_then(Scan::ask) {
            let op = DiskOp::Read { file, at, len };
            self.ops.issue(Waiting::Opening, op, fx);
        }
    }

    /// The end of an operation of the scan.
    pub(crate) fn on_scanned(
        &mut self,
        opening: &mut Opening,
        mut scanning: Box<Scanning>,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
    ) -> Result<(), Fault> {
        if scanning.searching {
            let (Some(behind), DiskOutput::Read(bytes)) = (&mut scanning.behind, result?) else {
                return Err(Fault::Broken);
            };
            behind.feed(&bytes);
            scanning.searching = false;
            self.search_behind(&mut scanning, fx);
            opening.stage = Stage::Scanning(scanning);
            return Ok(());
        }
        match (&mut scanning.scan, result?) {
            (Some(scan), DiskOutput::Read(bytes)) => scan.feed(bytes),
            (None, DiskOutput::Opened { len }) => {
                scanning.scan = Some(Scan::new(scanning.file, 0, len, self.switch));
                if let (true, Some(segment)) =
                    (scanning.judged, self.segments.get_mut(&scanning.base))
                {
                    segment.begin(scanning.file);
                }
            }
            _ => return Err(Fault::Broken),
        }
        if scanning.over.is_none() {
            self.ask_scanning(&mut scanning, fx);
        }
        opening.stage = Stage::Scanning(scanning);
        Ok(())
    }

    /// One slice.
    pub(crate) fn settle_opening(&mut self, fx: &mut impl Emit, out: &mut Vec<LogEvent>) {
        if let Some(fault) = self.failed_to_open() {
            return self.settle_failed(fault, fx, out);
        }
        let Some(mut opening) = self.opening.take_if(|opening| opening.is_ready()) else {
            return;
        };
        if let Some(why) = opening.damage.take() {
            return self.refuse(&why, out);
        }
        match std::mem::replace(&mut opening.stage, Stage::Directory) {
            Stage::Scanning(mut scanning) => {
                if scanning.over.is_none() {
                    self.slice(&opening, &mut scanning, fx, out);
                }
                if scanning.is_ready() && scanning.over.is_some() {
                    self.on_segment_read(&mut opening, *scanning, fx, out);
                } else {
                    opening.stage = Stage::Scanning(scanning);
                }
            }
            stage => opening.stage = stage,
        }
        match self.phase {
            Phase::Opening => self.opening = Some(opening),
            Phase::Open => {
                self.announced = true;
                out.push(LogEvent::Opened);
            }
            Phase::Offline(_) | Phase::Damaged | Phase::Closing | Phase::Closed => {}
        }
    }

    fn slice(
        &mut self,
        opening: &Opening,
        scanning: &mut Scanning,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        let Some(mut scan) = scanning.scan.take() else {
            return;
        };
        let replaces = opening.swapped.contains(&scanning.base);
        let until = scan.position() + SLICE_BYTES.of(self.switch) as u64;
        while scanning.over.is_none() && scan.position() < until {
            match scan.advance() {
                Scanned::Batch {
                    position,
                    header,
                    bytes,
                } => {
                    fx.spend(Spend::Bytes, bytes.len());
                    match self.judge_batch(scanning, &header, &bytes, replaces) {
                        Ok(()) => {
                            keep(opening, scanning, position, &header, &bytes);
                            self.take_batch(opening, scanning, &header, bytes, out);
                        }
                        Err(why) => {
                            sometimes!(fx, "a whole batch was not believed");
                            scanning.over = Some(bad(scanning, position, why));
                        }
                    }
                }
                Scanned::Wait => break,
                Scanned::End => scanning.over = Some(Over::End),
                Scanned::Torn { position, why } => {
                    scanning.over = Some(bad(scanning, position, why.to_string()));
                }
            }
        }
        scanning.scan = Some(scan);
        self.write_again(scanning, fx);
        if scanning.over.is_none() {
            self.ask_scanning(scanning, fx);
        }
    }

    /// Z2.
    fn write_again(&mut self, scanning: &mut Scanning, fx: &mut impl Emit) {
        let bytes = std::mem::take(&mut scanning.again);
        if bytes.is_empty() || planted!(fx, "recovered-tail-not-written-again") {
            return;
        }
        let write = DiskOp::Write {
            file: scanning.file,
            at: scanning.again_at,
            bytes,
        };
        scanning.writing_again += 1;
        self.ops.issue(Waiting::WrittenAgain, write, fx);
    }

    /// Opening waits for it: a Sync that is done makes nothing durable that was not written.
    pub(crate) fn on_written_again(
        &mut self,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        let stage = self
            .opening
            .as_deref_mut()
            .map(|opening| &mut opening.stage);
        match (&result, stage) {
            (Ok(_), Some(Stage::Scanning(scanning))) => scanning.writing_again -= 1,
            _ => self.on_opening(result, fx, out),
        }
    }

    fn judge_batch(
        &self,
        scanning: &mut Scanning,
        header: &Header,
        bytes: &[u8],
        replaces: bool,
    ) -> Result<(), String> {
        if let Some(promised) = scanning.promised.take()
            && header.last_offset() != promised
        {
            return Err("the index names another batch".to_owned());
        }
        let newest = self.segments.get(&scanning.base).and_then(|s| s.newest);
        let older = |newest: Newest| {
            newest.offset >= header.last_offset() && newest.timestamp < header.max_timestamp
        };
        if scanning.resumed && newest.is_some_and(older) {
            return Err("the time index knows less than it holds".to_owned());
        }
        if crc32c(&bytes[21..]) != header.crc && !planted!(self.switch, "crc-not-checked") {
            return Err("the checksum does not fit".to_owned());
        }
        let last = header.last_offset();
        // A compacted segment that is being put in place reaches over those that it replaces.
        let room = scanning.rest.front().filter(|_| !replaces);
        if header.base_offset < scanning.expected.0 && scanning.judged
            || header.last_offset_delta < 0
            || !Segment::reaches(scanning.base, last)
            || room.is_some_and(|next| last >= *next)
        {
            return Err(format!(
                "its offsets {}..={last} do not follow {}",
                header.base_offset, scanning.expected
            ));
        }
        Ok(())
    }

    fn take_batch(
        &mut self,
        opening: &Opening,
        scanning: &mut Scanning,
        header: &Header,
        bytes: Bytes,
        out: &mut Vec<LogEvent>,
    ) {
        if scanning.judged {
            if let Some(segment) = self.segments.get_mut(&scanning.base) {
                segment.add(header, self.config.index_interval_bytes);
            }
            let epoch = LeaderEpoch(header.partition_leader_epoch);
            let base = Offset(header.base_offset);
            if epoch.0 != 0 || !planted!(self.switch, "epoch-0-not-recovered") {
                let begun = self.epochs.found(epoch, base);
                self.epochs_moved(begun, base);
            }
            scanning.expected = Offset(header.next_offset());
        }
        if header.has_producer_id()
            && header.base_offset >= scanning.applied.0
            && !planted!(self.switch, "producer-state-not-rebuilt")
        {
            scanning.applied = Offset(header.next_offset());
            match marker(header, &bytes) {
                Some(marker) => self.take_marker(header, marker),
                None if !header.is_control() => {
                    self.producers.apply(header, self.switch);
                }
                None => {}
            }
        }
        if let Start::Recover {
            show: true,
            log_start,
            ..
        } = opening.start
            && header.next_offset() > log_start.0
        {
            out.push(LogEvent::Batch(bytes));
        }
    }

    fn take_marker(&mut self, header: &Header, marker: Marker) {
        let Some(ended) = self.producers.end(header, marker) else {
            return;
        };
        if !marker.commit {
            let next = header.next_offset();
            let stable = self
                .producers
                .first_unstable()
                .map_or(next, |first| first.0);
            self.aborted.add(Aborted {
                producer_id: header.producer_id,
                first: ended.first,
                last: header.base_offset,
                last_stable: stable,
            });
        }
    }

    fn on_segment_read(
        &mut self,
        opening: &mut Opening,
        mut scanning: Scanning,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        let newest_fits = self.segments.get(&scanning.base).is_none_or(|segment| {
            segment
                .newest
                .is_none_or(|newest| newest.offset < segment.end.0)
        });
        let over = match scanning.over.take() {
            // A time index that knows later offsets than there are was not this segment's.
            Some(Over::End) if scanning.resumed && !newest_fits => Over::Restart,
            Some(over) => over,
            None => Over::End,
        };
        match over {
            Over::Restart => self.restart(opening, scanning, fx),
            Over::End if scanning.judged => {
                scanning.over_once = true;
                self.next_segment(opening, scanning, fx);
            }
            Over::End | Over::Bad(..) if !scanning.judged => {
                if let Over::Bad(position, why) = over {
                    let text = format!(
                        "segment {} is damaged at {position}: {why}; producers after it are not remembered",
                        scanning.base
                    );
                    self.note(Level::Warn, &text, fx);
                }
                let op = DiskOp::Close(scanning.file);
                self.ops.issue(Waiting::Aside("a segment's file"), op, fx);
                self.next_segment(opening, scanning, fx);
            }
            Over::End => {}
            Over::Bad(position, why) => self.on_bad(opening, scanning, (position, why), fx, out),
        }
    }

    /// What lies there is no batch: the log ends, or it is damage.
    fn on_bad(
        &mut self,
        opening: &mut Opening,
        mut scanning: Scanning,
        (position, why): (u64, String),
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        if self.config.one_epoch_a_life && scanning.behind.is_none() {
            let end = scanning.scan.as_ref().map_or(position, Scan::end);
            let before = scanning.expected.plus(-1);
            scanning.behind = Some(Behind::new(position, end, before));
            scanning.over = Some(Over::Bad(position, why));
            self.search_behind(&mut scanning, fx);
            opening.stage = Stage::Scanning(Box::new(scanning));
            return;
        }
        let what = format!(
            "segment {} is damaged at {position}, where offset {} should be: {why}",
            scanning.base, scanning.expected
        );
        if let Some(later) = scanning.behind.as_ref().and_then(Behind::found) {
            let text = format!(
                "{what}; a later epoch begins at {later}, so it was durable and is left as it is: restore the directory from a backup. \
                 To lose what lies behind it, cut the file off there"
            );
            return self.refuse(&text, out);
        }
        let durable = match opening.start {
            Start::Recover { from, .. } if !self.config.was_durable => from,
            _ => Offset(i64::MAX),
        };
        if scanning.expected < durable && !planted!(fx, "damage-cut-off") {
            let cure = if self.config.one_epoch_a_life {
                "; restore the directory from a backup"
            } else {
                ". To cut the log off there, let it be recovered as after a crash: remove the clean-shutdown marker, and the partition \
                 from the recovery point checkpoint"
            };
            let text = format!("{what}; it was durable, so it is left as it is{cure}");
            return self.refuse(&text, out);
        }
        sometimes!(fx, "recovery cut off a torn batch");
        self.note(Level::Warn, &format!("{what}; the log ends there"), fx);
        let later = scanning.rest.drain(..);
        for base in later {
            self.segments.remove(&base);
            scanning.removed.push(base);
        }
        self.finish(opening, &scanning, fx);
    }

    /// Reads on behind a bad batch.
    fn search_behind(&mut self, scanning: &mut Scanning, fx: &mut impl Emit) {
        let most = SLICE_BYTES.of(self.switch);
        if let Some((at, len)) = scanning.behind.as_ref().and_then(|behind| behind.ask(most)) {
            let file = scanning.file;
            scanning.searching = true;
            self.ops
                .issue(Waiting::Opening, DiskOp::Read { file, at, len }, fx);
        }
    }

    /// The indexes were wrong: the segment is read from its beginning.
    fn restart(&mut self, opening: &mut Opening, mut scanning: Scanning, fx: &mut impl Emit) {
        sometimes!(fx, "the active segment's indexes did not fit it");
        self.note(
            Level::Warn,
            &format!(
                "the indexes of segment {} do not fit it and are rebuilt",
                scanning.base
            ),
            fx,
        );
        self.touched = true;
        let size = scanning.scan.as_ref().map_or(0, Scan::end);
        if let Some(segment) = self.segments.get_mut(&scanning.base) {
            segment.begin(scanning.file);
        }
        scanning.resumed = false;
        scanning.promised = None;
        scanning.expected = Offset(scanning.base);
        scanning.scan = Some(Scan::new(scanning.file, 0, size, self.switch));
        self.ask_scanning(&mut scanning, fx);
        opening.stage = Stage::Scanning(Box::new(scanning));
    }
}

/// A batch that does not fit: the log's end, or the sign of an index that led astray.
/// Z2: a batch beyond the recovery point is to be written again.
fn keep(opening: &Opening, scanning: &mut Scanning, position: u64, header: &Header, bytes: &Bytes) {
    let Start::Recover { from, .. } = opening.start else {
        return;
    };
    if scanning.judged && header.next_offset() > from.0 {
        if scanning.again.is_empty() {
            scanning.again_at = position;
        }
        scanning.again.push(bytes.clone());
    }
}

fn bad(scanning: &Scanning, position: u64, why: String) -> Over {
    if scanning.resumed {
        Over::Restart
    } else {
        Over::Bad(position, why)
    }
}

/// The end of a transaction, if the batch is one.
fn marker(header: &Header, bytes: &[u8]) -> Option<Marker> {
    if !header.is_control() {
        return None;
    }
    let batch = Batch::parse(bytes).ok()?;
    let records = batch.records(bytes.len()).ok()?;
    let record = records.iter().next()?.ok()?;
    let kind = control_kind(record.key).ok()?;
    if kind != COMMIT && kind != ABORT {
        return None;
    }
    Some(Marker {
        coordinator_epoch: end_transaction_epoch(record.value).ok()?,
        commit: kind == COMMIT,
    })
}
