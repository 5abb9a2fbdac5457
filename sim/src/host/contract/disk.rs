//! Operations on the disk. Each takes its time, draws when within it the disk changes, and is answered at the end. The world may lose the
//! process or the power at any moment between.
//!
//! | stage | by | in it |
//! |---|---|---|
//! | issued | the effect | nothing has changed |
//! | half done | `Stage`; some writes and removals | any sectors of the write, any files of the directory |
//! | done | `Stage` | the cache has all of it; a sync knows what it covers |
//! | ended | `Stage`, when no stall holds it | what a sync covers is durable; `Done` is ready to be told |
//!
//! D1: every operation is told once.
//! D2: what is drawn for an operation depends on its file's path, on the life, and on how many operations were issued there before.

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_machine::{Dir, DiskOp, DiskOutput, Fault, File, Op};
use ottla_media::{Covered, CoveredNames, Failed, MediaError};

use super::dirs::Dirs;
use super::files::{Answer, Files};
use super::names::{self, Names};
use super::ready::{Coming, Ready};
use super::slots::Slots;
use crate::agenda::Happening;
use crate::draw::{Domain, entity};
use crate::host::place::Place;
use crate::host::{HostEvent, Outside};
use crate::script::{Chance, MS, Nanos, SECOND};

/// An operation under way.
#[derive(Clone, Debug)]
pub(super) struct Task {
    op: Op,
    pub what: DiskOp,
    /// The place of its file.
    slot: Option<u32>,
    /// Its number among its file's changes.
    change: Option<u64>,
    pub place: Place,
    /// For an operation that is half done first: when it is done.
    pub half_until: Option<Nanos>,
    ends: Nanos,
    stage: Stage,
}

/// What comes next of an operation.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    Begins,
    /// It is half done; now the rest.
    Rest,
    Ends(Ending),
}

/// What is left to do at the end.
#[derive(Clone, Debug)]
pub(super) enum Ending {
    Told(Answer),
    Sync(Covered),
    SyncDir(CoveredNames),
}

/// The disk as one life knows it.
#[derive(Clone, Debug)]
pub(super) struct Disk {
    tasks: Slots<Task>,
    files: Files,
    dirs: Dirs,
    /// How many operations were issued for each path.
    issued: BTreeMap<u64, u64>,
}

pub(super) fn done() -> Stage {
    Stage::Ends(Ending::Told(Ok(DiskOutput::Done)))
}

pub(super) fn told(answer: Answer) -> Stage {
    Stage::Ends(Ending::Told(answer))
}

pub(super) fn fault(error: MediaError) -> Fault {
    match error {
        MediaError::NotFound => Fault::Gone,
        MediaError::NoSpace => Fault::Full,
        MediaError::Exists | MediaError::NotEmpty | MediaError::WrongKind => Fault::Broken,
    }
}

/// The file that an operation concerns.
fn file_of(what: &DiskOp) -> Option<File> {
    match what {
        DiskOp::Allocate { file, .. }
        | DiskOp::Write { file, .. }
        | DiskOp::Read { file, .. }
        | DiskOp::Sync(file)
        | DiskOp::SyncAside(file)
        | DiskOp::Truncate { file, .. }
        | DiskOp::Close(file) => Some(*file),
        _ => None,
    }
}

impl Disk {
    pub(super) fn new(root: Dir) -> Disk {
        Disk {
            tasks: Slots::default(),
            files: Files::default(),
            dirs: Dirs::new(root),
            issued: BTreeMap::new(),
        }
    }

    /// How many operations are under way.
    pub(super) fn under_way(&self) -> usize {
        self.tasks.len()
    }

    /// The files that are open.
    pub(super) fn files(&mut self) -> &mut Files {
        &mut self.files
    }

    /// Takes an operation.
    pub(super) fn take(
        &mut self,
        op: Op,
        what: DiskOp,
        outside: &mut Outside<'_>,
        ready: &mut Ready,
    ) {
        let Some(file) = file_of(&what) else {
            let path = names::path_of(&self.dirs, &what);
            let place = self.place(&path, outside);
            let task = Task::new(op, what, None, place, outside);
            return self.issue(task, outside, ready);
        };
        let Some(slot) = self.files.find(file) else {
            let place = self.place("", outside);
            return ready.push(place.bits, Coming::Done(op, Err(Fault::Gone)));
        };
        let open = self.files.at(slot);
        let place = Place::new(open.entity, open.count(), outside.draw);
        let task = Task::new(op, what, Some(slot), place, outside);
        self.files.keep(slot);
        if let DiskOp::Close(file) = task.what {
            self.files.forget(file, outside.media);
        }
        self.issue(task, outside, ready);
    }

    /// D2: where the next operation on this path draws.
    fn place(&mut self, path: &str, outside: &Outside<'_>) -> Place {
        let entity = entity(path);
        let issued = self.issued.entry(entity).or_default();
        *issued += 1;
        let n = u64::from(outside.life) << 44 | *issued << 22;
        Place::new(entity, n, outside.draw)
    }

    /// Says when it begins, and begins it if that is now.
    fn issue(&mut self, mut task: Task, outside: &mut Outside<'_>, ready: &mut Ready) {
        let mut begins = task.begins(outside.now);
        if let Some(slot) = task.slot {
            let open = self.files.at(slot);
            match &task.what {
                DiskOp::Write { at, bytes, .. } => {
                    open.may_change(*at, *at + length(bytes));
                }
                DiskOp::Truncate { len, .. } => open.may_change(*len, u64::MAX),
                _ => {}
            }
            match &task.what {
                DiskOp::Write { .. } | DiskOp::Truncate { .. } => {
                    let (may, number) = open.change_begins(begins);
                    begins = may;
                    task.change = Some(number);
                    task.halve(begins);
                    open.change_at(task.half_until.unwrap_or(begins));
                }
                DiskOp::Allocate { .. } => open.allocation_at(begins),
                DiskOp::Sync(_) | DiskOp::SyncAside(_) => begins = open.sync_begins(begins),
                _ => {}
            }
        } else {
            task.halve(begins);
        }
        let number = self.tasks.insert(task);
        if begins > outside.now {
            schedule(begins, number, outside);
        } else {
            self.on_stage(number.into(), outside, ready);
        }
    }

    /// An operation comes to its next stage.
    pub(super) fn on_stage(&mut self, number: u64, outside: &mut Outside<'_>, ready: &mut Ready) {
        let number = number as u32;
        let task = self.tasks.at(number);
        let next = match &task.stage {
            Stage::Begins => match task.slot {
                Some(slot) => self.files.begin(task, slot, outside),
                None => {
                    let (files, dirs) = (&mut self.files, &mut self.dirs);
                    Names { files, dirs }.begin(task, outside)
                }
            },
            Stage::Rest => match task.slot {
                Some(slot) => self.files.write_rest(task, slot, outside),
                None => {
                    let (files, dirs) = (&mut self.files, &mut self.dirs);
                    Names { files, dirs }.remove_rest(task, outside)
                }
            },
            Stage::Ends(_) => return self.end(number, outside, ready),
        };
        let at = match (&next, task.half_until) {
            (Stage::Rest, Some(at)) => at,
            _ => task.ends,
        };
        task.stage = next;
        if matches!(task.stage, Stage::Ends(_)) {
            self.took_effect(number);
        }
        if at > outside.now {
            schedule(at, number, outside);
        } else {
            self.on_stage(number.into(), outside, ready);
        }
    }

    /// The cache has all of it, or never will.
    fn took_effect(&mut self, number: u32) {
        let task = self.tasks.at(number);
        let Some(slot) = task.slot else {
            return;
        };
        match task.what {
            DiskOp::Write { .. } | DiskOp::Truncate { .. } => {
                self.files.at(slot).change_took_effect();
            }
            DiskOp::Allocate { .. } => self.files.at(slot).allocation_took_effect(),
            _ => {}
        }
    }

    /// D1: an operation has ended, unless a stall holds it.
    fn end(&mut self, number: u32, outside: &mut Outside<'_>, ready: &mut Ready) {
        if outside.now < outside.stalled {
            let late = self.tasks.at(number).place.bits(32, 20);
            return schedule(outside.stalled + late % MS, number, outside);
        }
        let task = self.tasks.remove(number);
        let Stage::Ends(ending) = task.stage else {
            unreachable!("D1: only what ends has ended");
        };
        let answer = match ending {
            Ending::Told(answer) => answer,
            Ending::Sync(covered) => {
                let slot = task.slot.expect("a sync is of a file");
                self.files.synced(slot, task.place, covered, outside)
            }
            Ending::SyncDir(covered) => {
                names::synced(&self.dirs, &task.what, task.place, covered, outside)
            }
        };
        let bits = task.place.bits >> 40;
        match (task.slot, task.change) {
            (Some(slot), Some(change)) => {
                let told = (task.op, bits, answer);
                self.files.at(slot).change_ended(change, told, ready);
            }
            _ => ready.push(bits, Coming::Done(task.op, answer)),
        }
        if let Some(slot) = task.slot {
            self.files.release(slot, outside.media);
        }
    }
}

fn schedule(at: Nanos, number: u32, outside: &mut Outside<'_>) {
    let stage = HostEvent::Stage(number.into());
    outside.agenda.at(at, Happening::Host(outside.life, stage));
}

pub(super) fn length(bytes: &[Bytes]) -> u64 {
    bytes.iter().map(|bytes| bytes.len() as u64).sum()
}

impl Task {
    fn new(
        op: Op,
        what: DiskOp,
        slot: Option<u32>,
        place: Place,
        outside: &mut Outside<'_>,
    ) -> Task {
        let Place { entity, n, .. } = place;
        let span = match what {
            DiskOp::Sync(_) | DiskOp::SyncAside(_) | DiskOp::SyncDir(_) => outside.weather.sync,
            _ => outside.weather.disk,
        };
        // One in eight takes no time at all.
        let mut lasts = match place.bits(0, 3) {
            0 => 0,
            _ => span.draw(outside.draw, Domain::DiskLatency, entity, n),
        };
        if outside.dice.fires(Chance::Stall, entity, n) {
            lasts += (1 + place.bits(48, 16) % 20) * SECOND;
        }
        Task {
            op,
            what,
            slot,
            change: None,
            place,
            half_until: None,
            ends: outside.now + lasts,
            stage: Stage::Begins,
        }
    }

    /// When it would begin: at once, at its end, or between.
    fn begins(&self, now: Nanos) -> Nanos {
        match self.place.bits(3, 3) {
            0..=2 => now,
            3 => self.ends,
            _ => now + (self.ends - now) * self.place.bits(8, 8) / 256,
        }
    }

    /// One write or removal in eight is half done first.
    fn halve(&mut self, begins: Nanos) {
        let may = matches!(self.what, DiskOp::Write { .. } | DiskOp::Remove { .. });
        if may && self.place.bits(16, 3) == 0 {
            let lasts = self.ends.saturating_sub(begins);
            self.half_until = Some(begins + 1 + lasts * self.place.bits(24, 8) / 256);
        }
    }
}

/// What happens to one open file.
impl Files {
    fn begin(&mut self, task: &Task, slot: u32, outside: &mut Outside<'_>) -> Stage {
        let open = self.at(slot);
        let (place, node) = (task.place, open.node);
        let changes = matches!(
            task.what,
            DiskOp::Write { .. } | DiskOp::Allocate { .. } | DiskOp::Truncate { .. }
        );
        if changes && !open.writable {
            return told(Err(Fault::Broken));
        }
        let may_be_busy = !matches!(
            task.what,
            DiskOp::Sync(_) | DiskOp::SyncAside(_) | DiskOp::Close(_)
        );
        let busy = may_be_busy && place.fails(Chance::Busy, &open.path, outside);
        match &task.what {
            DiskOp::Write { .. } if busy => self.refuses(Fault::Busy, task, slot, outside),
            _ if busy => told(Err(Fault::Busy)),
            DiskOp::Write { .. } => self.write(task, slot, outside),
            DiskOp::Allocate { to, .. } => {
                let more = *to > open.granted;
                let full = outside.full || place.fails(Chance::Full, &open.path, outside);
                if more && full {
                    return told(Err(Fault::Full));
                }
                match outside.media.allocate(node, *to) {
                    Ok(()) => {
                        open.granted = open.granted.max(*to);
                        done()
                    }
                    Err(error) => told(Err(fault(error))),
                }
            }
            DiskOp::Truncate { len, .. } => {
                let fails = place.fails(Chance::WriteFails, &open.path, outside);
                if !fails || place.bits(20, 1) == 0 {
                    if let Err(error) = outside.media.truncate(node, *len) {
                        return told(Err(fault(error)));
                    }
                    open.granted = open.granted.min(*len);
                }
                if fails {
                    told(Err(Fault::Broken))
                } else {
                    done()
                }
            }
            DiskOp::Read { at, len, .. } => {
                if place.fails(Chance::ReadFails, &open.path, outside) {
                    return told(Err(Fault::Broken));
                }
                let read = outside.media.read(node, *at, *len as usize);
                told(read.map(DiskOutput::Read).map_err(fault))
            }
            DiskOp::Sync(_) | DiskOp::SyncAside(_) => match outside.media.sync_begins(node) {
                Ok(covered) => Stage::Ends(Ending::Sync(covered)),
                Err(error) => told(Err(fault(error))),
            },
            DiskOp::Close(_) => done(),
            _ => unreachable!("the others concern names"),
        }
    }

    fn write(&mut self, task: &Task, slot: u32, outside: &mut Outside<'_>) -> Stage {
        let open = self.at(slot);
        let DiskOp::Write { at, bytes, .. } = &task.what else {
            unreachable!("it is a write");
        };
        let (place, node) = (task.place, open.node);
        let end = at + length(bytes);
        let full =
            end > open.granted && (outside.full || place.fails(Chance::Full, &open.path, outside));
        if full || outside.media.allocate(node, end).is_err() {
            return self.refuses(Fault::Full, task, slot, outside);
        }
        let fails = place.fails(Chance::WriteFails, &open.path, outside);
        if !fails && task.half_until.is_none() {
            return self.write_rest(task, slot, outside);
        }
        self.write_some(task, slot, outside);
        if fails {
            told(Err(Fault::Broken))
        } else {
            Stage::Rest
        }
    }

    /// A write that may be tried again. Any part of it may be there, as far as there is room.
    fn refuses(
        &mut self,
        fault: Fault,
        task: &Task,
        slot: u32,
        outside: &mut Outside<'_>,
    ) -> Stage {
        let node = self.at(slot).node;
        let DiskOp::Write { at, bytes, .. } = &task.what else {
            unreachable!("it is a write");
        };
        if outside.media.allocate(node, at + length(bytes)).is_ok() {
            self.write_some(task, slot, outside);
        }
        told(Err(fault))
    }

    /// Some of its sectors.
    fn write_some(&mut self, task: &Task, slot: u32, outside: &mut Outside<'_>) {
        let DiskOp::Write { at, bytes, .. } = &task.what else {
            unreachable!("it is a write");
        };
        let node = self.at(slot).node;
        let span = (*at, at + length(bytes));
        let mut from = *at;
        for bytes in bytes {
            let fate = task.place.some_sectors(outside.draw, span);
            let written = outside.media.write_some(node, from, bytes, fate);
            written.expect("its room was set aside");
            from += bytes.len() as u64;
        }
    }

    fn write_rest(&mut self, task: &Task, slot: u32, outside: &mut Outside<'_>) -> Stage {
        let DiskOp::Write { at, bytes, .. } = &task.what else {
            unreachable!("it is a write");
        };
        let node = self.at(slot).node;
        let mut from = *at;
        for bytes in bytes {
            let written = outside.media.write(node, from, bytes);
            written.expect("its room was set aside");
            from += bytes.len() as u64;
        }
        done()
    }

    fn synced(
        &mut self,
        slot: u32,
        place: Place,
        covered: Covered,
        outside: &mut Outside<'_>,
    ) -> Answer {
        let open = self.at(slot);
        let how = if place.fails(Chance::SyncFailsKeeps, &open.path, outside) {
            Failed::Keeps
        } else if place.fails(Chance::SyncFailsReverts, &open.path, outside) {
            Failed::Reverts
        } else {
            let ended = outside.media.sync_ends(open.node, covered);
            return ended.map(|()| DiskOutput::Done).map_err(fault);
        };
        let failed = outside.media.sync_fails(open.node, how);
        failed.map_err(fault)?;
        Err(Fault::Broken)
    }

    /// Bytes of a queued range; the `n`th that its file draws for.
    pub(super) fn read_range(
        &mut self,
        (slot, n): (u32, u64),
        at: u64,
        len: usize,
        outside: &mut Outside<'_>,
    ) -> Result<Bytes, Fault> {
        let open = self.at(slot);
        let place = Place {
            entity: open.entity,
            n,
            bits: 0,
        };
        if place.fails(Chance::ReadFails, &open.path, outside) {
            return Err(Fault::Broken);
        }
        let bytes = outside.media.read(open.node, at, len).map_err(fault)?;
        // The range ends where there is nothing: what was promised is gone.
        if bytes.len() == len {
            Ok(bytes)
        } else {
            Err(Fault::Broken)
        }
    }
}
