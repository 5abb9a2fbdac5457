//! A log directory at start: its entries and its checkpoints are read. What partition directories there are is remembered until their
//! replicas are opened; the metadata says which of them are anybody's.
//!
//! | reading | on | becomes |
//! |---|---|---|
//! | Listing | a full page | Listing |
//! | Listing | the last page | Loading the first checkpoint |
//! | Loading | read, or absent | Loading the next, or done |
//! | any | a fault | (the directory goes offline) |
//!
//! Kafka removes directories named `-delete` (their topic's deletion is committed) and leaves those named `-stray` alone; so do we.

use std::collections::VecDeque;

use ottla_log::checkpoint::parse_offsets;
use ottla_log::{Load, Loading};
use ottla_machine::{
    Dir, DirEntry, DiskOp, DiskOutput, Effects, Emit, Fault, Kind, Level, Name, Now,
};
use ottla_protocol::Uuid;

use crate::blocks::Faults;
use crate::checkpoints::{Checkpoints, FILES};
use crate::coordinators::Coordinators;
use crate::{Shard, ShardTell, Stage, Start, Timer, limits, office, own, settings};

#[derive(Clone, Debug)]
enum Reading {
    Listing,
    Loading { file: usize, load: Load },
    Done,
}

/// One log directory.
#[derive(Clone, Debug)]
pub(crate) struct LogDir {
    /// Its name in effects.
    pub dir: Dir,
    /// Its id in the metadata.
    pub id: Uuid,
    /// It is not used any more.
    pub offline: bool,
    /// Its checkpoints could not be written when the shard stopped.
    pub unsaved: bool,
    /// The save under way is the stop's own: one that had begun before may fail.
    pub saved_by_stop: bool,
    /// Its checkpoints.
    pub checkpoints: Checkpoints,
    /// How many replicas are in it.
    pub replicas: usize,
    /// Directories of topics deleted in an earlier life, still to be removed.
    deleted: VecDeque<Name>,
    /// How many of them are being removed.
    removing: usize,
    reading: Reading,
}

impl LogDir {
    fn new(dir: Dir, id: Uuid) -> LogDir {
        LogDir {
            dir,
            id,
            offline: false,
            unsaved: false,
            saved_by_stop: false,
            checkpoints: Checkpoints::default(),
            replicas: 0,
            deleted: VecDeque::new(),
            removing: 0,
            reading: Reading::Listing,
        }
    }

    /// Whether a save of the checkpoints may begin and has something to do.
    pub fn can_save(&self) -> bool {
        let resting = !self.offline && !self.unsaved && !self.checkpoints.is_saving();
        resting && self.is_read() && self.checkpoints.has_changed()
    }

    /// Whether nothing of it is being saved.
    pub fn is_saved(&self) -> bool {
        self.offline
            || self.unsaved
            || !(self.checkpoints.is_saving() || self.checkpoints.has_changed())
    }

    fn is_read(&self) -> bool {
        self.offline || matches!(self.reading, Reading::Done)
    }

    /// Panics when an invariant does not hold.
    pub fn check(&self) {
        self.checkpoints.check();
    }
}

/// What a directory's entry is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Partition,
    Deleted,
    Ignored,
    Unknown,
}

fn meaning(entry: &DirEntry) -> Meaning {
    match DirectoryName::of(entry.name.as_str()) {
        _ if entry.kind != Kind::Dir => Meaning::Ignored,
        DirectoryName::Stray | DirectoryName::Metadata => Meaning::Ignored,
        DirectoryName::Deleted => Meaning::Deleted,
        DirectoryName::Partition(..) => Meaning::Partition,
        DirectoryName::Unknown => Meaning::Unknown,
    }
}

/// What a directory of a log directory is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryName<'a> {
    /// A partition's: topic and index.
    Partition(&'a str, u32),
    /// A deleted topic's: to be removed.
    Deleted,
    /// Put aside.
    Stray,
    /// The metadata log's.
    Metadata,
    /// Of no form that Kafka gives; it does not start beside it.
    Unknown,
}

impl DirectoryName<'_> {
    /// Judges a name.
    pub fn of(name: &str) -> DirectoryName<'_> {
        if name == METADATA {
            return DirectoryName::Metadata;
        }
        if name.ends_with("-stray") {
            return DirectoryName::Stray;
        }
        if let Some(front) = name.strip_suffix("-delete") {
            // `<topic>-<partition>.<hex>-delete`; anything else named so is nobody's business to remove.
            let partition = front.rsplit_once('.').map(|(partition, _)| partition);
            return match partition.and_then(index) {
                Some(_) => DirectoryName::Deleted,
                None => DirectoryName::Unknown,
            };
        }
        match index(name) {
            Some((topic, index)) => DirectoryName::Partition(topic, index),
            None => DirectoryName::Unknown,
        }
    }
}

fn index(partition: &str) -> Option<(&str, u32)> {
    let (topic, index) = partition.rsplit_once('-')?;
    Some((topic, index.parse().ok().filter(|_| !topic.is_empty())?))
}

const METADATA: &str = "__cluster_metadata-0";

impl Shard {
    /// Begins to read the log directories.
    pub(crate) fn begin(&mut self, now: Now, start: Start, fx: &mut Effects<Shard>) {
        assert!(self.stage == Stage::Idle, "a shard is started once");
        self.switch = fx.switch();
        self.stage = Stage::Reading;
        self.faults = Faults::new(self.switch);
        self.statics = settings::statics(&start.static_config);
        self.coordinators = Coordinators::new(&self.statics);
        for (dir, id) in &start.dirs {
            self.dirs.push(LogDir::new(*dir, *id));
        }
        let checkpoint = now.mono.after_ms(start.checkpoint_interval_ms);
        let retention = now.mono.after_ms(start.retention_check_interval_ms);
        self.timers.set(Timer::Checkpoint, Some(checkpoint));
        self.timers.set(Timer::Retention, Some(retention));
        if start.cleaner_enable {
            let cleaner = now.mono.after_ms(start.cleaner_backoff_ms);
            self.timers.set(Timer::Cleaner, Some(cleaner));
        }
        self.start = Some(start);
        for at in 0..self.dirs.len() {
            self.list(at, None, fx);
        }
        self.started(fx);
    }

    fn list(&mut self, at: usize, after: Option<Name>, fx: &mut Effects<Shard>) {
        let list = DiskOp::List {
            dir: self.dirs[at].dir,
            after,
            most: limits::LIST_ENTRIES.of(self.switch) as u32,
        };
        let number = self.number();
        fx.disk(own(office::DIRS, at).op(number), list);
    }

    /// A step of reading a log directory ended.
    pub(crate) fn on_dir_done(
        &mut self,
        _now: Now,
        at: usize,
        result: Result<DiskOutput, Fault>,
        fx: &mut Effects<Shard>,
    ) {
        let Some(dir) = self.dirs.get_mut(at).filter(|dir| !dir.offline) else {
            return;
        };
        match std::mem::replace(&mut dir.reading, Reading::Done) {
            Reading::Listing => match result {
                Ok(DiskOutput::Listed(entries)) => self.on_listed(at, &entries, fx),
                other => {
                    let why = format!("the log directory cannot be listed ({other:?})");
                    self.offline(at, why, fx);
                }
            },
            Reading::Loading { file, mut load } => match load.on_done(result, fx) {
                Loading::Going => self.dirs[at].reading = Reading::Loading { file, load },
                loading => self.on_loaded(at, file, loading, fx),
            },
            Reading::Done => {}
        }
        self.started(fx);
    }

    fn on_listed(&mut self, at: usize, entries: &[DirEntry], fx: &mut Effects<Shard>) {
        for entry in entries {
            match meaning(entry) {
                Meaning::Partition => self.opener.found(entry.name.clone(), at),
                Meaning::Deleted => self.dirs[at].deleted.push_back(entry.name.clone()),
                Meaning::Ignored => {}
                Meaning::Unknown => fx.note(
                    Level::Warn,
                    format!(
                        "the log directory holds a directory {} that is not a partition's: it is left alone, but Apache Kafka would not start with it",
                        entry.name
                    ),
                ),
            }
        }
        match entries.last() {
            Some(last) if entries.len() == limits::LIST_ENTRIES.of(self.switch) => {
                self.dirs[at].reading = Reading::Listing;
                self.list(at, Some(last.name.clone()), fx);
            }
            _ => self.load_checkpoint(at, 0, fx),
        }
    }

    fn load_checkpoint(&mut self, at: usize, file: usize, fx: &mut Effects<Shard>) {
        let Some(name) = FILES.get(file) else {
            return;
        };
        let number = self.numbers + 1;
        self.numbers += Load::SEQS;
        let name = Name::new(name).expect("a constant name is a name");
        let owner = own(office::DIRS, at);
        let dir = self.dirs[at].dir;
        let limit = limits::CHECKPOINT_BYTES;
        let load = Load::begin(owner, number, dir, name, limit, &mut self.names, fx);
        self.dirs[at].reading = Reading::Loading { file, load };
    }

    fn on_loaded(&mut self, at: usize, file: usize, loading: Loading, fx: &mut Effects<Shard>) {
        let offsets = match loading {
            Loading::Done(bytes) => parse_offsets(&bytes).map_err(|why| why.to_string()),
            Loading::Failed(Fault::Gone) => Ok(Default::default()),
            Loading::Failed(fault) => {
                let why = format!("{} cannot be read ({fault:?})", FILES[file]);
                return self.offline(at, why, fx);
            }
            Loading::TooLong(len) => Err(format!("it has {len} bytes")),
            Loading::Going => return,
        };
        match offsets {
            Ok(offsets) => self.dirs[at].checkpoints.load(file, offsets),
            // Going on without it is safe for all but deleted records, going on with junk is not.
            Err(why) => fx.note(
                Level::Error,
                format!(
                    "{} is not a checkpoint ({why}): it is taken as absent, and written anew",
                    FILES[file]
                ),
            ),
        }
        self.load_checkpoint(at, file + 1, fx);
    }

    /// Tells `Started` once all directories are read.
    pub(crate) fn started(&mut self, fx: &mut Effects<Shard>) {
        if self.stage == Stage::Reading && self.dirs.iter().all(LogDir::is_read) {
            self.stage = Stage::Running;
            fx.tell(ShardTell::Started);
            for at in 0..self.dirs.len() {
                self.remove_deleted(at, fx);
            }
        }
    }

    fn remove_deleted(&mut self, at: usize, fx: &mut Effects<Shard>) {
        while self.stage == Stage::Running
            && !self.dirs[at].offline
            && self.dirs[at].removing < limits::REMOVING.of(self.switch)
            && let Some(name) = self.dirs[at].deleted.pop_front()
        {
            let dir = self.dirs[at].dir;
            self.dirs[at].removing += 1;
            let number = self.number();
            let remove = DiskOp::Remove { dir, name };
            fx.disk(own(office::REMOVALS, at).op(number), remove);
        }
    }

    /// A deleted topic's directory is removed, or not.
    pub(crate) fn on_removed(
        &mut self,
        at: usize,
        result: Result<DiskOutput, Fault>,
        fx: &mut Effects<Shard>,
    ) {
        let Some(dir) = self.dirs.get_mut(at).filter(|dir| !dir.offline) else {
            return;
        };
        dir.removing -= 1;
        match result {
            Err(Fault::Broken) => {
                let why = "a deleted topic's directory cannot be removed".to_owned();
                self.offline(at, why, fx);
            }
            // Whatever else it was, the next start tries again.
            _ => self.remove_deleted(at, fx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dir(name: &str) -> Meaning {
        meaning(&DirEntry {
            name: Name::new(name).expect("a name"),
            kind: Kind::Dir,
            len: 0,
        })
    }

    #[test]
    fn only_deletions_of_kafkas_form_are_removed() {
        assert_eq!(dir("a-b-0"), Meaning::Partition);
        assert_eq!(dir("a.b-12"), Meaning::Partition);
        assert_eq!(dir("__cluster_metadata-0"), Meaning::Ignored);
        assert_eq!(dir("foo-1.0123abc-delete"), Meaning::Deleted);
        assert_eq!(dir("foo-1.0123abc-stray"), Meaning::Ignored);
        for unknown in [
            "foo-delete",
            "foo.x-delete",
            "lost+found",
            "-1",
            "ottla",
            "foo--",
        ] {
            assert_eq!(dir(unknown), Meaning::Unknown, "{unknown}");
        }
        let file = DirEntry {
            name: Name::new("t-0").expect("a name"),
            kind: Kind::File,
            len: 3,
        };
        assert_eq!(meaning(&file), Meaning::Ignored);
    }
}
