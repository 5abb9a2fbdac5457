//! Stopping, so that the files are as after Kafka's own clean stop; and removing.
//!
//! ```text
//! stop:   Draining (writes, rewrites) -> Sealing (indexes, snapshot, epochs) -> Syncing (trim, sync) -> Closing -> (Closed)
//! remove: Renaming -> Naming -> Removing -> (Closed); each again a second later, when there was no room or no descriptor for it
//! ```
//!
//! Invariants
//! - E1: `Closed` after a stop means: everything appended is written and durable, and no file says more or less than
//!   the segments do. When that cannot be had, the log goes offline instead, and no marker may be written.

use ottla_machine::{
    DiskOp, DiskOutput, Emit, Fault, File, Level, Name, Now, Offset, planted, sometimes,
};

use crate::file_names::name;
use crate::ops::Waiting;
use crate::rolling::{Purpose, RETRY};
use crate::writing::{Directory, Writer};
use crate::{Log, LogEvent, Phase};

/// How far the end is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Draining,
    Sealing,
    /// This many operations are outstanding.
    Syncing(usize),
    Closing(usize),
    Renaming,
    Naming,
    Removing,
    /// Nothing was there, or all is done: `Closed` is to be told.
    Over,
}

impl Log {
    /// Stops cleanly: what was appended is written, indexes and a producer snapshot too, all is synced, then
    /// [`LogEvent::Closed`]. Keep calling `settle` until then. A log that is still opening is just let go: its files
    /// are as they were.
    pub fn stop(&mut self, _now: Now, fx: &mut impl Emit) {
        match self.phase {
            Phase::Open => {
                self.phase = Phase::Closing;
                self.roll_wanted = false;
                self.retry_at = None;
                // What is left of them goes in the next life: it lies below the start.
                self.dropped.clear();
                self.stop_cleaning(fx);
                self.ending = Some(Ending::Draining);
            }
            Phase::Opening => {
                sometimes!(fx, "a log was stopped while it was being opened");
                self.note(Level::Info, "stopped while it was being opened", fx);
                self.offline_quietly();
            }
            Phase::Offline(_) | Phase::Damaged | Phase::Closing | Phase::Closed => {}
        }
    }

    /// The topic is deleted: the directory is renamed, removed, then [`LogEvent::Closed`].
    pub fn remove(&mut self, fx: &mut impl Emit) {
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        let absent = self.directory == Directory::Absent && self.opening.is_none();
        self.ops.abandon();
        let opening = self.opening.take();
        let mut open: Vec<File> = opening
            .and_then(|opening| opening.abandon(&mut self.ops, fx))
            .into_iter()
            .collect();
        for warming in self.warming.drain(..) {
            open.extend(warming.abandon(&mut self.ops, fx));
        }
        self.proof = None;
        self.dropped.clear();
        self.ops.wait_for(self.rewrites.abandon(fx));
        self.pending.clear();
        self.roll_wanted = false;
        self.retry_at = None;
        self.rewrites.give_up();
        self.tail = self.settled;
        self.phase = Phase::Closing;
        self.announced = true;
        open.extend(self.abandon_cleaning());
        let files = self.take_files();
        // An open segment whose index was being rebuilt is there twice.
        open.retain(|file| !files.contains(file));
        self.let_go.extend(files.into_iter().chain(open));
        if absent && self.writer == Writer::Idle {
            self.ending = Some(Ending::Over);
            return;
        }
        sometimes!(fx, "a topic was deleted under a write", if self.writer != Writer::Idle);
        self.writer = Writer::Idle;
        self.take_away(Ending::Renaming, fx);
    }

    /// One step of a removal.
    fn take_away(&mut self, ending: Ending, fx: &mut impl Emit) {
        self.ending = Some(ending);
        let op = match ending {
            Ending::Renaming => DiskOp::Rename {
                from: (self.parent, self.dir_name.clone()),
                to: (self.parent, self.deleted_name()),
            },
            Ending::Naming => DiskOp::SyncDir(self.parent),
            Ending::Removing => DiskOp::Remove {
                dir: self.parent,
                name: self.deleted_name(),
            },
            _ => return,
        };
        self.ops.issue(Waiting::Ending, op, fx);
    }

    /// `topic-0.<32 hex digits>-delete`, the topic cut so that it is a name. The digits are the topic's id: they are
    /// different for every topic there ever was.
    fn deleted_name(&self) -> Name {
        let id: String = self.topic_id.iter().map(|b| format!("{b:02x}")).collect();
        let suffix = format!(".{id}-delete");
        let (topic, index) = self
            .dir_name
            .as_str()
            .rsplit_once('-')
            .unwrap_or((self.dir_name.as_str(), "0"));
        let room = 255usize.saturating_sub(suffix.len() + 1 + index.len());
        let topic = &topic[..topic.floor_char_boundary(room)];
        Name::new(&format!("{topic}-{index}{suffix}")).expect("a cut name is a name")
    }

    /// Nothing more will be emitted or told but `Closed`.
    fn offline_quietly(&mut self) {
        self.phase = Phase::Closing;
        self.announced = true;
        self.ops.clear();
        self.opening = None;
        self.ending = Some(Ending::Over);
    }

    /// Whether the directory is on its way out, or gone.
    pub(crate) fn is_removing(&self) -> bool {
        matches!(
            self.ending,
            Some(Ending::Renaming | Ending::Naming | Ending::Removing | Ending::Over)
        )
    }

    pub(crate) fn can_end(&self) -> bool {
        match self.ending {
            Some(Ending::Draining) => {
                self.pending.is_empty()
                    && self.writer == Writer::Idle
                    && self.rewrites.is_empty()
                    && self.warming.is_empty()
                    && self.cleaning.is_none()
                    && self.ops.is_empty()
            }
            Some(Ending::Sealing) => self.rewrites.is_empty(),
            Some(Ending::Over) => !self.ops.is_late(),
            _ => false,
        }
    }

    pub(crate) fn settle_ending(&mut self, now: Now, fx: &mut impl Emit, out: &mut Vec<LogEvent>) {
        if let Some(ending) = self.ending.filter(|_| self.is_removing())
            && self.retry_at.take_if(|at| *at <= now.mono).is_some()
        {
            self.take_away(ending, fx);
        }
        while self.can_end() {
            match self.ending {
                Some(Ending::Draining) => {
                    self.seal_all();
                    self.ending = Some(Ending::Sealing);
                }
                Some(Ending::Sealing) => self.sync_all(fx),
                _ => {
                    self.ending = None;
                    self.phase = Phase::Closed;
                    out.push(LogEvent::Closed);
                }
            }
        }
    }

    /// Queues what a clean start wants to find.
    fn seal_all(&mut self) {
        match self.directory {
            Directory::Absent => return,
            Directory::Bare => self.write_metadata(),
            Directory::There => {}
        }
        self.write_epochs();
        if !self.touched {
            return;
        }
        if let Some(base) = self.active().map(|active| active.base) {
            self.write_indexes(base);
        }
        let end = self.written;
        if end > Offset(0) {
            let bytes = self.producers.to_bytes();
            let purpose = Purpose::Snapshot(end.0);
            self.rewrites.push(purpose, name(end.0, "snapshot"), bytes);
        }
    }

    /// Trims the active segment and syncs every file that no sync is known to cover.
    fn sync_all(&mut self, fx: &mut impl Emit) {
        let mut ops = Vec::new();
        if let Some(active) = self.active().filter(|_| self.touched)
            && let Some(file) = active.file()
        {
            let len = active.size;
            ops.push(DiskOp::Truncate { file, len });
        }
        let flushed = self.flushed;
        let synced = planted!(fx, "clean-stop-without-sync");
        let unsynced = self.unsynced.iter();
        let unsynced = unsynced.filter(|u| u.to > flushed && !synced);
        ops.extend(unsynced.map(|unsynced| DiskOp::Sync(unsynced.file)));
        let late = self.unsynced.iter().any(|unsynced| unsynced.to > flushed);
        sometimes!(fx, "a stop made durable what nobody had waited for", if late);
        if self.touched {
            ops.push(DiskOp::SyncDir(self.dir));
        }
        self.ending = Some(Ending::Syncing(ops.len()));
        if ops.is_empty() {
            return self.close_all(fx);
        }
        for op in ops {
            self.ops.issue(Waiting::Ending, op, fx);
        }
    }

    fn close_all(&mut self, fx: &mut impl Emit) {
        self.flushed = self.written;
        let files = self.take_files();
        for file in &files {
            self.ops.issue(Waiting::Ending, DiskOp::Close(*file), fx);
        }
        self.ending = Some(match files.len() {
            0 => Ending::Over,
            closed => Ending::Closing(closed),
        });
    }

    pub(crate) fn take_files(&mut self) -> Vec<File> {
        self.unsynced.clear();
        self.cache.clear();
        let opened = self.segments.values_mut().filter_map(|s| s.opened.take());
        opened.map(|opened| opened.file).collect()
    }

    /// The end of an operation of stopping or removing.
    pub(crate) fn on_ending(
        &mut self,
        now: Now,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<LogEvent>,
    ) {
        match result {
            Err(Fault::Full | Fault::Busy) if self.is_removing() => {
                sometimes!(fx, "a deleted topic's directory went at the second attempt");
                self.retry_at = Some(now.mono.after(RETRY));
                return;
            }
            Err(Fault::Gone) if self.is_removing() => {}
            Err(fault) => {
                let what = "stopping or removing the partition's files";
                return self.offline(fault, what, out);
            }
            Ok(_) => {}
        }
        self.ending = match self.ending {
            Some(Ending::Syncing(more)) if more > 1 => Some(Ending::Syncing(more - 1)),
            Some(Ending::Syncing(_)) => return self.close_all(fx),
            Some(Ending::Closing(more)) if more > 1 => Some(Ending::Closing(more - 1)),
            Some(Ending::Closing(_)) => Some(Ending::Over),
            Some(Ending::Renaming) => return self.take_away(Ending::Naming, fx),
            Some(Ending::Naming) => return self.take_away(Ending::Removing, fx),
            Some(Ending::Removing) => Some(Ending::Over),
            other => other,
        };
    }
}
