//! A lane: calls about files that are made one after the other, and take their time. When within it the disk changes is drawn: at the
//! beginning or at the end; a sync covers what was there when it began.

use std::collections::VecDeque;

use ottla_desk::{CallDone, CallId, Fd, FileCall, Path};
use ottla_media::{Covered, CoveredNames};

use super::Finished;
use super::files::Files;
use crate::agenda::Happening;
use crate::draw::Domain;
use crate::host::place::Place;
use crate::host::{HostEvent, Outside};
use crate::script::{Chance, SECOND};

/// What is left to do of the call that is under way.
#[derive(Clone, Debug)]
enum Rest {
    Call(FileCall),
    Sync(Fd, Covered),
    SyncDir(Path, CoveredNames),
    Answer(CallDone),
}

/// A lane.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    stage: u64,
    queue: VecDeque<(CallId, FileCall)>,
    running: Option<(CallId, Place, Rest)>,
}

impl Lane {
    /// One that puts this stage on the agenda.
    pub(super) fn new(stage: u64) -> Lane {
        Lane {
            stage,
            queue: VecDeque::new(),
            running: None,
        }
    }

    /// A call is to be made after all others.
    pub(super) fn push(
        &mut self,
        id: CallId,
        call: FileCall,
        files: &mut Files,
        outside: &mut Outside<'_>,
    ) {
        self.queue.push_back((id, call));
        self.go_on(files, outside);
    }

    fn go_on(&mut self, files: &mut Files, outside: &mut Outside<'_>) {
        if self.running.is_some() {
            return;
        }
        let Some((id, call)) = self.queue.pop_front() else {
            return;
        };
        let place = files.place(&call, outside);
        let span = match call {
            FileCall::Fdatasync { .. } | FileCall::FsyncDir { .. } => outside.weather.sync,
            _ => outside.weather.disk,
        };
        let mut lasts = match place.bits(0, 3) {
            0 => 0,
            _ => span.draw(outside.draw, Domain::DiskLatency, place.entity, place.n),
        };
        if outside.dice.fires(Chance::Stall, place.entity, place.n) {
            lasts += (1 + place.bits(8, 16) % 20) * SECOND;
        }
        let rest = match call {
            FileCall::Fdatasync { file } => match files.sync_begins(file, outside) {
                Ok(covered) => Rest::Sync(file, covered),
                Err(errno) => Rest::Answer(CallDone::Plain(Err(errno))),
            },
            FileCall::FsyncDir { path } => {
                let covered = outside.media.dir_sync_begins();
                Rest::SyncDir(path, covered)
            }
            call if place.bits(3, 1) == 0 => Rest::Answer(files.perform(call, place, outside)),
            call => Rest::Call(call),
        };
        self.running = Some((id, place, rest));
        self.schedule(outside.now + lasts, outside);
    }

    fn schedule(&self, at: u64, outside: &mut Outside<'_>) {
        let stage = HostEvent::Stage(self.stage);
        outside.agenda.at(at, Happening::Host(outside.life, stage));
    }

    /// The call ends, unless a stall holds it; the next begins.
    pub(super) fn on_stage(
        &mut self,
        files: &mut Files,
        outside: &mut Outside<'_>,
    ) -> Option<Finished> {
        if outside.now < outside.stalled {
            // A stall may be over earlier than it was to be.
            let at = outside.stalled.min(outside.now + SECOND);
            self.schedule(at, outside);
            return None;
        }
        let (id, place, rest) = self.running.take()?;
        let done = match rest {
            Rest::Call(call) => files.perform(call, place, outside),
            Rest::Sync(file, covered) => files.sync_ends(file, covered, place, outside),
            Rest::SyncDir(path, covered) => files.dir_sync_ends(&path, covered, place, outside),
            Rest::Answer(done) => done,
        };
        self.go_on(files, outside);
        Some((id, done))
    }
}
