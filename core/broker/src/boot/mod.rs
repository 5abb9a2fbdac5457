//! From a log directory to a node that may start: whose directory is it, is it fresh, was its last stop clean? Inputs come from the
//! broker (completions of part [`BOOT`]); the end is [`Booted`] or one sentence.
//!
//! | stage | on | becomes |
//! |---|---|---|
//! | Identity | `meta.properties` is there | Marker |
//! | Identity | it is absent | Judging (what else lies here), then Formatting, then Ready |
//! | Marker | absent | Syncing (the directory), then Ready, unclean |
//! | Marker | read | Removing, Syncing, then Ready, clean |
//!
//! B1: `meta.properties` is durable last, so a crash while formatting leaves a directory that is formatted again.
//! B2: the marker's removal is durable before any log opens: a crash after that is unclean.
//! B3: a directory that holds anything else than a half-made format is never formatted.

pub mod clean_shutdown;
mod format;
mod meta_properties;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use bytes::Bytes;
use ottla_log::{Load, Loading, Progress, Rewrite};
use ottla_machine::{
    Dir, DiskOp, DiskOutput, Emit, Fault, Name, Names, NodeId, Now, Owner, Rng, planted, sometimes,
};
use ottla_protocol::Uuid;
use ottla_quorum::VoterEndpoint;

use format::FreshFile;
pub use meta_properties::MetaProperties;

/// The part of the broker that boots.
pub const BOOT: u16 = 1;

const METADATA_DIR: &str = "__cluster_metadata-0";
const META: &str = "meta.properties";
/// What a crash while formatting may have left, and what is always there.
const HALF_MADE: [&str; 5] = [
    ".lock",
    "bootstrap.checkpoint",
    "bootstrap.checkpoint.tmp",
    "meta.properties.tmp",
    METADATA_DIR,
];
const LIST: u32 = 64;
const SMALL_FILE: u32 = 64 << 10;
const SEQS: u64 = 16;

/// What formatting needs, and what an existing directory is compared with.
#[derive(Clone, Debug)]
pub struct BootSettings {
    /// This node.
    pub node: NodeId,
    /// The cluster's id for a fresh directory; drawn when there is none.
    pub cluster_id: Option<Uuid>,
    /// Where its controller is recorded to listen.
    pub endpoint: VoterEndpoint,
    /// The values of the bootstrap feature records.
    pub features: Vec<Bytes>,
}

/// A directory that may start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booted {
    /// Whose it is.
    pub meta: MetaProperties,
    /// Whether the last stop was clean, or there was none.
    pub clean: bool,
    /// The broker epoch under which the node was stopped cleanly, when the marker names it.
    pub stopped_epoch: Option<i64>,
}

/// How far booting is.
#[derive(Debug, PartialEq, Eq)]
pub enum Booting {
    /// More completions are needed.
    Going,
    /// Done.
    Ready(Booted),
    /// Not with this directory; a sentence.
    Refused(String),
}

#[derive(Clone, Debug)]
enum Stage {
    Identity(Load),
    EnteringMetadata,
    Judging,
    JudgingMetadata,
    Formatting(Rewrite),
    Marker(Load),
    Removing,
    Syncing { clean: bool },
    Ended,
}

/// Booting one log directory.
#[derive(Clone, Debug)]
pub struct Boot {
    settings: BootSettings,
    root: Dir,
    metadata_dir: Dir,
    names: Names,
    rng: Rng,
    next_seq: u64,
    stage: Stage,
    meta: Option<MetaProperties>,
    stopped_epoch: Option<i64>,
    fresh: VecDeque<FreshFile>,
}

impl Boot {
    /// Begins to read `root`.
    pub fn begin(settings: BootSettings, root: Dir, rng: Rng, fx: &mut impl Emit) -> Boot {
        let mut names = Names::new(BOOT);
        let metadata_dir = names.dir();
        let load = Load::begin(owner(), 0, root, name(META), SMALL_FILE, &mut names, fx);
        Boot {
            settings,
            root,
            metadata_dir,
            names,
            rng,
            next_seq: 0,
            stage: Stage::Identity(load),
            meta: None,
            stopped_epoch: None,
            fresh: VecDeque::new(),
        }
    }

    /// Takes a completion in.
    pub fn on_done(
        &mut self,
        now: Now,
        seq: u64,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
    ) -> Booting {
        match std::mem::replace(&mut self.stage, Stage::Ended) {
            Stage::Identity(mut load) => match load.on_done(result, fx) {
                Loading::Going => self.go(Stage::Identity(load)),
                Loading::Done(bytes) => self.on_identity(&bytes, fx),
                Loading::Failed(Fault::Gone) => {
                    self.disk(
                        fx,
                        DiskOp::List {
                            dir: self.root,
                            after: None,
                            most: LIST,
                        },
                    );
                    self.go(Stage::Judging)
                }
                other => refused(format!("{META} cannot be read ({other:?})")),
            },
            Stage::Judging => self.on_listed(result, fx),
            Stage::EnteringMetadata => self.on_entered(result, fx),
            Stage::JudgingMetadata => self.on_metadata_listed(now, result, fx),
            Stage::Formatting(mut rewrite) => match rewrite.on_done(seq, result, fx) {
                Progress::Going => self.go(Stage::Formatting(rewrite)),
                Progress::Done => self.format_next(fx),
                Progress::Failed(fault) => refused(format!(
                    "the directory cannot be formatted ({fault:?}): check room and permissions"
                )),
            },
            Stage::Marker(mut load) => match load.on_done(result, fx) {
                Loading::Going => self.go(Stage::Marker(load)),
                Loading::Failed(Fault::Gone) => {
                    sometimes!(fx, "the last stop was not clean");
                    self.sync(false, fx)
                }
                Loading::Done(bytes) => {
                    self.stopped_epoch = clean_shutdown::parse(&bytes);
                    if planted!(fx, "clean-marker-deleted-too-late") {
                        return self.ready(true);
                    }
                    self.disk(
                        fx,
                        DiskOp::Remove {
                            dir: self.root,
                            name: name(clean_shutdown::FILE),
                        },
                    );
                    self.go(Stage::Removing)
                }
                other => refused(format!(
                    "{} cannot be read ({other:?})",
                    clean_shutdown::FILE
                )),
            },
            Stage::Removing | Stage::Syncing { .. } if result.is_err() => refused(format!(
                "{} cannot be removed ({result:?})",
                clean_shutdown::FILE
            )),
            Stage::Removing => self.sync(true, fx),
            Stage::Syncing { clean } => self.ready(clean),
            Stage::Ended => Booting::Going,
        }
    }

    fn on_identity(&mut self, bytes: &[u8], fx: &mut impl Emit) -> Booting {
        match MetaProperties::parse(bytes) {
            Ok(meta) if meta.node_id != self.settings.node => refused(format!(
                "{META} says node.id={}, the configuration says node.id={}: use that node's directory or configuration",
                meta.node_id, self.settings.node
            )),
            Ok(meta) => {
                self.meta = Some(meta);
                let seq = self.seqs();
                let file = name(clean_shutdown::FILE);
                self.stage = Stage::Marker(Load::begin(
                    owner(),
                    seq,
                    self.root,
                    file,
                    SMALL_FILE,
                    &mut self.names,
                    fx,
                ));
                Booting::Going
            }
            Err(why) => refused(why),
        }
    }

    /// B3: at the top.
    fn on_listed(&mut self, result: Result<DiskOutput, Fault>, fx: &mut impl Emit) -> Booting {
        let Ok(DiskOutput::Listed(entries)) = result else {
            return refused(format!("the directory cannot be listed ({result:?})"));
        };
        if let Some(entry) = entries
            .iter()
            .find(|entry| !HALF_MADE.contains(&entry.name.as_str()))
        {
            return refused(format!(
                "the directory has no {META} but holds {:?}: it is no data directory; choose an empty one, or restore {META}",
                entry.name
            ));
        }
        self.disk(
            fx,
            DiskOp::MakeDir {
                dir: self.root,
                name: name(METADATA_DIR),
                made: self.metadata_dir,
            },
        );
        self.go(Stage::EnteringMetadata)
    }

    fn on_entered(&mut self, result: Result<DiskOutput, Fault>, fx: &mut impl Emit) -> Booting {
        if let Err(fault) = result {
            return refused(format!(
                "{METADATA_DIR} cannot be made ({fault:?}): check room and permissions"
            ));
        }
        self.disk(
            fx,
            DiskOp::List {
                dir: self.metadata_dir,
                after: None,
                most: LIST,
            },
        );
        self.go(Stage::JudgingMetadata)
    }

    /// B3: in the metadata log's directory.
    fn on_metadata_listed(
        &mut self,
        now: Now,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
    ) -> Booting {
        let Ok(DiskOutput::Listed(entries)) = result else {
            return refused(format!("{METADATA_DIR} cannot be listed ({result:?})"));
        };
        let foreign =
            |name: &str| !name.starts_with(&ottla_quorum::SnapshotId::BOOTSTRAP.file_name());
        if let Some(entry) = entries.iter().find(|entry| foreign(entry.name.as_str())) {
            return refused(format!(
                "the directory has no {META} but {METADATA_DIR} holds {:?}: restore {META} from a backup",
                entry.name
            ));
        }
        let drawn = format::random_id(&mut self.rng);
        let cluster_id = self.settings.cluster_id.unwrap_or(drawn);
        let meta = MetaProperties {
            cluster_id: cluster_id.to_string(),
            node_id: self.settings.node,
            directory_id: format::random_id(&mut self.rng),
        };
        let endpoint = self.settings.endpoint.clone();
        sometimes!(fx, "a half made directory was formatted again", if !entries.is_empty());
        self.fresh =
            format::fresh_files(&meta, endpoint, self.settings.features.clone(), now.wall.0).into();
        self.meta = Some(meta);
        self.format_next(fx)
    }

    fn format_next(&mut self, fx: &mut impl Emit) -> Booting {
        let Some(file) = self.fresh.pop_front() else {
            return self.ready(true);
        };
        let dir = if file.in_metadata_dir {
            self.metadata_dir
        } else {
            self.root
        };
        let seq = self.seqs();
        let rewrite = Rewrite::begin(
            owner(),
            seq,
            dir,
            name(&file.name),
            file.bytes,
            &mut self.names,
            fx,
        );
        self.go(Stage::Formatting(rewrite))
    }

    /// B2: also when there is no marker, for the removal may be another life's that was killed before it had synced.
    fn sync(&mut self, clean: bool, fx: &mut impl Emit) -> Booting {
        self.disk(fx, DiskOp::SyncDir(self.root));
        self.go(Stage::Syncing { clean })
    }

    fn ready(&mut self, clean: bool) -> Booting {
        let meta = self
            .meta
            .clone()
            .expect("a directory is ready when its identity is known");
        Booting::Ready(Booted {
            meta,
            clean,
            stopped_epoch: self.stopped_epoch,
        })
    }

    fn go(&mut self, stage: Stage) -> Booting {
        self.stage = stage;
        Booting::Going
    }

    fn seqs(&mut self) -> u64 {
        self.next_seq += SEQS;
        self.next_seq
    }

    fn disk(&mut self, fx: &mut impl Emit, what: DiskOp) {
        let seq = self.seqs();
        fx.disk(owner().op(seq), what);
    }
}

fn owner() -> Owner {
    Owner {
        part: BOOT,
        slot: 0,
        generation: 0,
    }
}

fn name(text: &str) -> Name {
    Name::new(text).expect("our own file names are names")
}

fn refused(why: String) -> Booting {
    Booting::Refused(why)
}
