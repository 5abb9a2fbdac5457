//! Real files with a memory: beside every call that succeeded, the same is done on a pure disk, so that at any
//! moment a copy can be written of what a power cut would leave there. For tests of durability; it holds all bytes.
//!
//! G1: the pure disk calls durable only what a sync covered when it began, and not before that sync has ended.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path as OsPath, PathBuf};
use std::sync::{Arc, Mutex};

use ottla_desk::{CallDone, CallId, Errno, Fd, FileCall, Lane};
use ottla_machine::Dir;
use ottla_media::{Covered, CoveredNames, Failed, Media, MediaError, Node, Opening};

use crate::bell::{Bell, locked};
use crate::files::{Files, Finished, Range, Threads};
use crate::memory::{Held, Surface};
use crate::real::RealFiles;

/// Far more than any test writes.
const CAPACITY: u64 = 1 << 50;

#[derive(Debug)]
struct Mirror {
    media: Media,
    roots: BTreeMap<Dir, String>,
    places: Vec<Option<Held>>,
    /// The disk after every call that has changed it, once that is wanted.
    steps: Option<Vec<Media>>,
}

/// What a call will mean for the mirror when it has succeeded.
#[derive(Debug)]
enum Meaning {
    Same(FileCall),
    Synced(Node, Covered),
    SyncedDir(String, CoveredNames),
}

/// Where to ask what a power cut would leave.
#[derive(Clone, Debug)]
pub struct Recording {
    mirror: Arc<Mutex<Mirror>>,
}

/// Real files that are recorded.
#[derive(Debug)]
pub struct RecordingFiles {
    real: Box<RealFiles>,
    recording: Recording,
    under_way: BTreeMap<CallId, Meaning>,
}

impl RecordingFiles {
    /// As [`RealFiles::open`]; what the directories hold already counts as durable.
    pub fn open(name: &str, dirs: Vec<(Dir, PathBuf)>) -> io::Result<RecordingFiles> {
        let mut mirror = Mirror {
            media: Media::new(CAPACITY),
            roots: BTreeMap::new(),
            places: Vec::new(),
            steps: None,
        };
        for (dir, path) in &dirs {
            let root = dir.0.to_string();
            mirror.media.make_dir(&root).map_err(unlike)?;
            load(&mut mirror.media, &root, path)?;
            mirror.roots.insert(*dir, root);
        }
        mirror.media.sync_dir("").map_err(unlike)?;
        Ok(RecordingFiles {
            real: Box::new(RealFiles::open(name, dirs)?),
            recording: Recording {
                mirror: Arc::new(Mutex::new(mirror)),
            },
            under_way: BTreeMap::new(),
        })
    }

    /// The recording, which may outlive the files.
    pub fn recording(&self) -> Recording {
        self.recording.clone()
    }

    /// What a call means; `None` when it changes nothing on the media.
    fn meaning(&self, call: &FileCall) -> Option<Meaning> {
        let mut mirror = locked(&self.recording.mirror);
        match call {
            FileCall::Fdatasync { file } => {
                let node = mirror.surface().node(*file);
                let covered = mirror.media.sync_begins(node).ok()?;
                Some(Meaning::Synced(node, covered))
            }
            FileCall::FsyncDir { path } => {
                let path = mirror.surface().path(path);
                Some(Meaning::SyncedDir(path, mirror.media.dir_sync_begins()))
            }
            FileCall::Pread { .. }
            | FileCall::ListDir { .. }
            | FileCall::Lookup { .. }
            | FileCall::StatFs { .. }
            | FileCall::Fallocate { .. }
            | FileCall::Warm { .. } => None,
            call => copy(call).map(Meaning::Same),
        }
    }

    fn record(&self, meaning: Meaning, done: &CallDone) {
        let mut mirror = locked(&self.recording.mirror);
        let failed = matches!(
            done,
            CallDone::Plain(Err(_))
                | CallDone::Opened(Err(_))
                | CallDone::Written { result: Err(_), .. }
        );
        match (meaning, failed) {
            (Meaning::Synced(node, covered), false) => {
                let ended = mirror.media.sync_ends(node, covered);
                ended.expect("G1: a file that is synced is open");
            }
            (Meaning::Synced(node, _), true)
                if *done != CallDone::Plain(Err(Errno::Interrupted)) =>
            {
                let failed = mirror.media.sync_fails(node, Failed::Keeps);
                failed.expect("G1: a file that is synced is open");
            }
            (Meaning::SyncedDir(path, covered), false) => {
                // The directory may have been removed meanwhile.
                let _ = mirror.media.dir_sync_ends(&path, covered);
            }
            (Meaning::Same(call), false) => {
                let written = match done {
                    CallDone::Written { result, .. } => result.ok(),
                    _ => None,
                };
                let mirrored = mirror.surface().perform(shortened(call, written));
                let same = !matches!(
                    mirrored,
                    CallDone::Opened(Err(_))
                        | CallDone::Plain(Err(_))
                        | CallDone::Written { result: Err(_), .. }
                );
                assert!(same, "G1: {done:?} became {mirrored:?} in the mirror");
            }
            (_, true) => return,
        }
        let now = mirror.steps.is_some().then(|| mirror.media.clone());
        if let (Some(steps), Some(now)) = (&mut mirror.steps, now) {
            steps.push(now);
        }
    }
}

impl Files for RecordingFiles {
    fn roots(&self) -> Vec<Dir> {
        self.real.roots()
    }

    fn wake_by(&mut self, bell: Arc<Bell>) {
        self.real.wake_by(bell);
    }

    fn submit(&mut self, id: CallId, lane: Lane, root: Dir, call: FileCall) -> Option<CallDone> {
        let meaning = self.meaning(&call);
        let done = self.real.submit(id, lane, root, call);
        match (&done, meaning) {
            (Some(done), Some(meaning)) => self.record(meaning, done),
            (None, Some(meaning)) => {
                self.under_way.insert(id, meaning);
            }
            (_, None) => {}
        }
        done
    }

    fn reap(&mut self, into: &mut Vec<Finished>) {
        let from = into.len();
        self.real.reap(into);
        for (id, done) in &into[from..] {
            if let Some(meaning) = self.under_way.remove(id) {
                self.record(meaning, done);
            }
        }
    }

    fn range(&mut self, file: Fd, at: u64, len: u32) -> Result<Range<'_>, Errno> {
        self.real.range(file, at, len)
    }

    fn close(self: Box<Self>) -> Threads {
        locked(&self.recording.mirror).places.clear();
        self.real.close()
    }
}

impl Recording {
    /// From now on the disk is kept as it is after every call that changes it.
    pub fn keep_steps(&self) {
        locked(&self.mirror).steps.get_or_insert_default();
    }

    /// How many such calls there were.
    pub fn steps_kept(&self) -> usize {
        locked(&self.mirror).steps.as_ref().map_or(0, Vec::len)
    }

    /// The disk after each of them. What no sync has covered is still to be decided: [`Media::power_cut`]. A log directory is a
    /// directory of it, named by its number.
    pub fn take_steps(&self) -> Vec<Media> {
        locked(&self.mirror).steps.take().unwrap_or_default()
    }

    /// Writes what a power cut at this moment would leave of each directory, everything un-synced thrown away.
    pub fn power_cut(&self, into: &[(Dir, PathBuf)]) -> io::Result<()> {
        let (media, roots) = {
            let mirror = locked(&self.mirror);
            (mirror.media.durable_image(), mirror.roots.clone())
        };
        for (dir, path) in into {
            let root = roots.get(dir).ok_or(io::ErrorKind::NotFound)?;
            unload(&media, root, path)?;
        }
        Ok(())
    }
}

impl Mirror {
    fn surface(&mut self) -> Surface<'_> {
        Surface {
            media: &mut self.media,
            roots: &self.roots,
            places: &mut self.places,
        }
    }
}

fn copy(call: &FileCall) -> Option<FileCall> {
    let copy = match call {
        FileCall::Openat { file, path, mode } => FileCall::Openat {
            file: *file,
            path: path.clone(),
            mode: *mode,
        },
        FileCall::Pwritev { file, at, bufs } => FileCall::Pwritev {
            file: *file,
            at: *at,
            bufs: bufs.clone(),
        },
        FileCall::Ftruncate { file, len } => FileCall::Ftruncate {
            file: *file,
            len: *len,
        },
        FileCall::CloseFile { file } => FileCall::CloseFile { file: *file },
        FileCall::Renameat { from, to } => FileCall::Renameat {
            from: from.clone(),
            to: to.clone(),
        },
        FileCall::Unlinkat { path } => FileCall::Unlinkat { path: path.clone() },
        FileCall::Rmdir { path } => FileCall::Rmdir { path: path.clone() },
        FileCall::Mkdirat { path } => FileCall::Mkdirat { path: path.clone() },
        _ => return None,
    };
    Some(copy)
}

/// What was truly written of a write.
fn shortened(call: FileCall, written: Option<usize>) -> FileCall {
    match (call, written) {
        (FileCall::Pwritev { file, at, mut bufs }, Some(mut left)) => {
            for buf in &mut bufs {
                buf.truncate(left);
                left -= buf.len();
            }
            FileCall::Pwritev { file, at, bufs }
        }
        (call, _) => call,
    }
}

fn unlike(error: MediaError) -> io::Error {
    io::Error::other(format!("the recording: {error:?}"))
}

/// Copies a directory in, durable.
fn load(media: &mut Media, root: &str, path: &OsPath) -> io::Result<()> {
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        let inside = format!("{root}/{}", name.to_string_lossy());
        if entry.file_type()?.is_dir() {
            media.make_dir(&inside).map_err(unlike)?;
            load(media, &inside, &entry.path())?;
        } else {
            let how = Opening {
                create: true,
                truncate: false,
            };
            let node = media.open(&inside, how).map_err(unlike)?.node;
            let bytes = std::fs::read(entry.path())?;
            media.write(node, 0, &bytes).map_err(unlike)?;
            media.sync(node).map_err(unlike)?;
            media.close(node);
        }
    }
    media.sync_dir(root).map_err(unlike)
}

/// Copies a directory out.
fn unload(media: &Media, root: &str, path: &OsPath) -> io::Result<()> {
    std::fs::create_dir_all(path)?;
    for (name, status) in media.list(root, None, usize::MAX).map_err(unlike)? {
        let (inside, outside) = (format!("{root}/{name}"), path.join(&name));
        if status.is_dir {
            unload(media, &inside, &outside)?;
        } else {
            let bytes = media.read(status.node, 0, status.len as usize);
            std::fs::write(outside, bytes.map_err(unlike)?)?;
        }
    }
    Ok(())
}
