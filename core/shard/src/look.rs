//! Whose directory is it? Before a partition's directory is opened, its `partition.metadata` is read: the directory of an earlier topic
//! of the same name is renamed to `<name>.<32 hex>-stray`, as Kafka does, and never touched again.
//!
//! | stage | on | becomes |
//! |---|---|---|
//! | Naming | the directory is named | Reading |
//! | Reading | this topic's id | (ours) |
//! | Reading | another topic's id | Renaming |
//! | Reading | there is no such file | Listing |
//! | Reading | junk | (damaged) |
//! | Listing | there is no segment with bytes in it: it was just being made | (ours) |
//! | Listing | there is one: the file was lost since, and whose records they are nobody knows | (damaged) |
//! | Renaming | done | Settling |
//! | Settling | durable | (absent: the name is free) |
//! | any | a fault | (failed) |
//!
//! B1: a directory is renamed only when it certainly is not this partition's.

use ottla_log::checkpoint::parse_partition_metadata;
use ottla_log::{Load, Loading};
use ottla_machine::{Dir, DiskOp, DiskOutput, Emit, Fault, Name, Names, Owner, planted, sometimes};

use crate::limits;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Looked {
    /// Not finished.
    Going,
    /// It is this partition's.
    Ours,
    /// It was another's and is out of the way, under this name.
    Strayed(Name),
    /// It cannot be believed, and why.
    Damaged(String),
    /// The disk failed.
    Failed(Fault),
}

#[derive(Clone, Debug)]
enum Stage {
    Naming,
    Reading(Load),
    Listing,
    Renaming(Name),
    Settling(Name),
}

/// A look at a partition's directory.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    owner: Owner,
    next_seq: u64,
    parent: Dir,
    name: Name,
    dir: Dir,
    topic_id: [u8; 16],
    stage: Stage,
}

impl Look {
    /// Begins.
    pub fn begin(
        owner: Owner,
        parent: Dir,
        name: Name,
        topic_id: [u8; 16],
        names: &mut Names,
        fx: &mut impl Emit,
    ) -> Look {
        let dir = names.dir();
        let made = DiskOp::MakeDir {
            dir: parent,
            name: name.clone(),
            made: dir,
        };
        fx.disk(owner.op(0), made);
        Look {
            owner,
            next_seq: 1,
            parent,
            name,
            dir,
            topic_id,
            stage: Stage::Naming,
        }
    }

    /// Takes the end of an operation in.
    pub fn on_done(
        &mut self,
        result: Result<DiskOutput, Fault>,
        names: &mut Names,
        fx: &mut impl Emit,
    ) -> Looked {
        match (&mut self.stage, result) {
            (Stage::Reading(load), result) => {
                let loading = load.on_done(result, fx);
                self.on_loaded(loading, fx)
            }
            (_, Err(fault)) => Looked::Failed(fault),
            (Stage::Naming, Ok(_)) => {
                let name = Name::new("partition.metadata").expect("a constant name is a name");
                let first = self.next_seq;
                self.next_seq += Load::SEQS;
                let limit = limits::PARTITION_METADATA_BYTES;
                let load = Load::begin(self.owner, first, self.dir, name, limit, names, fx);
                self.stage = Stage::Reading(load);
                Looked::Going
            }
            (Stage::Listing, Ok(DiskOutput::Listed(entries))) => {
                if entries.iter().any(holds_records) {
                    return Looked::Damaged("it is missing, and there are records".to_owned());
                }
                match entries.last() {
                    Some(last) if entries.len() == limits::LIST_ENTRIES.of(fx.switch()) => {
                        self.list(Some(last.name.clone()), fx)
                    }
                    _ => Looked::Ours,
                }
            }
            (Stage::Renaming(away), Ok(_)) => {
                self.stage = Stage::Settling(away.clone());
                self.emit(DiskOp::SyncDir(self.parent), fx)
            }
            (Stage::Settling(away), Ok(_)) => Looked::Strayed(away.clone()),
            (Stage::Listing, Ok(_)) => Looked::Failed(Fault::Broken),
        }
    }

    fn on_loaded(&mut self, loading: Loading, fx: &mut impl Emit) -> Looked {
        match loading {
            Loading::Going => Looked::Going,
            Loading::Done(bytes) => match parse_partition_metadata(&bytes) {
                Ok(id) if id == self.topic_id => Looked::Ours,
                Ok(_) if planted!(fx, "deleted-topic-data-under-recreated-name") => Looked::Ours,
                Ok(_) => self.rename(fx),
                Err(why) => Looked::Damaged(why.to_string()),
            },
            Loading::Failed(Fault::Gone) => {
                sometimes!(fx, "a directory was left half made");
                self.list(None, fx)
            }
            Loading::TooLong(len) => Looked::Damaged(format!("it has {len} bytes")),
            Loading::Failed(fault) => Looked::Failed(fault),
        }
    }

    fn list(&mut self, after: Option<Name>, fx: &mut impl Emit) -> Looked {
        let list = DiskOp::List {
            dir: self.dir,
            after,
            most: limits::LIST_ENTRIES.of(fx.switch()) as u32,
        };
        self.stage = Stage::Listing;
        self.emit(list, fx)
    }

    fn rename(&mut self, fx: &mut impl Emit) -> Looked {
        sometimes!(fx, "the directory of an earlier topic was in the way");
        let away = stray_name(&self.name, &self.topic_id);
        let rename = DiskOp::Rename {
            from: (self.parent, self.name.clone()),
            to: (self.parent, away.clone()),
        };
        self.stage = Stage::Renaming(away);
        self.emit(rename, fx)
    }

    fn emit(&mut self, what: DiskOp, fx: &mut impl Emit) -> Looked {
        fx.disk(self.owner.op(self.next_seq), what);
        self.next_seq += 1;
        Looked::Going
    }
}

fn holds_records(entry: &ottla_machine::DirEntry) -> bool {
    entry.len > 0 && entry.name.as_str().ends_with(".log")
}

/// Kafka's name for a directory it does not know: at most 255 bytes, so the front is cut. The hex part is the id of the topic that took
/// its place, which no two strays of one name share.
fn stray_name(name: &Name, successor: &[u8; 16]) -> Name {
    let hex: String = successor.iter().map(|byte| format!("{byte:02x}")).collect();
    let suffix = format!(".{hex}-stray");
    let mut kept = name.as_str().to_owned();
    while kept.len() + suffix.len() > 255 {
        kept.pop();
    }
    Name::new(&format!("{kept}{suffix}")).expect("a shortened name is a name")
}
