//! Operations on names. They are unordered among each other and against files.

use ottla_machine::{DirEntry, DiskOp, DiskOutput, Fault, Kind, Mode, Name};
use ottla_media::{CoveredNames, Media, MediaError, Opening, Status};

use super::dirs::Dirs;
use super::disk::{Ending, Stage, Task, done, fault, told};
use super::files::{Answer, Files, OpenFile};
use crate::host::Outside;
use crate::host::place::Place;
use crate::script::Chance;

/// The tables that names lead to.
pub(super) struct Names<'a> {
    pub files: &'a mut Files,
    pub dirs: &'a mut Dirs,
}

/// The path that an operation is about; what is gone has none.
pub(super) fn path_of(dirs: &Dirs, what: &DiskOp) -> String {
    let path = match what {
        DiskOp::Open { dir, name, .. }
        | DiskOp::Remove { dir, name }
        | DiskOp::MakeDir { dir, name, .. }
        | DiskOp::Rename {
            to: (dir, name), ..
        } => dirs.join(*dir, name),
        DiskOp::SyncDir(dir) | DiskOp::List { dir, .. } | DiskOp::Space(dir) => dirs.path(*dir),
        _ => unreachable!("the others concern a file"),
    };
    path.unwrap_or_default()
}

/// A sync of a directory ends.
pub(super) fn synced(
    dirs: &Dirs,
    what: &DiskOp,
    place: Place,
    covered: CoveredNames,
    outside: &mut Outside<'_>,
) -> Answer {
    let DiskOp::SyncDir(dir) = what else {
        unreachable!("it is a sync of a directory");
    };
    let path = dirs.path(*dir).ok_or(Fault::Gone)?;
    if place.fails(Chance::SyncDirFails, &path, outside) {
        return Err(Fault::Broken);
    }
    let ended = outside.media.dir_sync_ends(&path, covered);
    ended.map(|()| DiskOutput::Done).map_err(fault)
}

impl Names<'_> {
    pub(super) fn begin(&mut self, task: &Task, outside: &mut Outside<'_>) -> Stage {
        let begun = match &task.what {
            DiskOp::SyncDir(dir) => match self.dirs.path(*dir) {
                Some(_) => {
                    let covered = outside.media.dir_sync_begins();
                    return Stage::Ends(Ending::SyncDir(covered));
                }
                None => Err(Fault::Gone),
            },
            DiskOp::Remove { .. } => return self.remove(task, outside),
            DiskOp::Open { .. } => self.open(task, outside),
            DiskOp::MakeDir { .. } => self.make_dir(task, outside),
            DiskOp::Rename { .. } => self.rename(task, outside),
            DiskOp::List { .. } => self.list(task, outside),
            DiskOp::Space(_) => self.space(task, outside),
            _ => unreachable!("the others concern a file"),
        };
        told(begun)
    }

    fn open(&mut self, task: &Task, outside: &mut Outside<'_>) -> Answer {
        let DiskOp::Open {
            dir,
            name,
            file,
            mode,
        } = &task.what
        else {
            unreachable!("it is an open");
        };
        let path = self.dirs.join(*dir, name).ok_or(Fault::Gone)?;
        let place = task.place;
        if place.fails(Chance::Busy, &path, outside) {
            return Err(Fault::Busy);
        }
        let create = matches!(mode, Mode::Create | Mode::Fresh);
        let how = Opening {
            create,
            truncate: *mode == Mode::Fresh,
        };
        if place.fails(Chance::NamesFail, &path, outside) {
            // The file may be there nevertheless.
            if create
                && place.bits(20, 1) == 0
                && let Ok(status) = outside.media.open(&path, how)
            {
                outside.media.close(status.node);
            }
            return Err(Fault::Broken);
        }
        if create && makes(place, &path, outside) {
            return Err(Fault::Full);
        }
        let status = outside.media.open(&path, how).map_err(fault)?;
        let writable = *mode != Mode::Read;
        let open = OpenFile::new(status.node, path, place.entity, place.n, writable);
        self.files.open(*file, open);
        Ok(DiskOutput::Opened { len: status.len })
    }

    fn make_dir(&mut self, task: &Task, outside: &mut Outside<'_>) -> Answer {
        let DiskOp::MakeDir { dir, name, made } = &task.what else {
            unreachable!("it makes a directory");
        };
        let path = self.dirs.join(*dir, name).ok_or(Fault::Gone)?;
        let place = task.place;
        if place.fails(Chance::Busy, &path, outside) {
            return Err(Fault::Busy);
        }
        let fails = place.fails(Chance::NamesFail, &path, outside);
        if fails && place.bits(20, 1) == 0 {
            return Err(Fault::Broken);
        }
        if makes(place, &path, outside) {
            return Err(Fault::Full);
        }
        match outside.media.make_dir(&path) {
            Ok(()) => {}
            Err(MediaError::Exists) if is_dir(outside.media, &path) => {}
            Err(error) => return Err(fault(error)),
        }
        if fails {
            return Err(Fault::Broken);
        }
        self.dirs.add(*dir, name, *made);
        Ok(DiskOutput::Done)
    }

    fn rename(&mut self, task: &Task, outside: &mut Outside<'_>) -> Answer {
        let DiskOp::Rename { from, to } = &task.what else {
            unreachable!("it is a rename");
        };
        let old = self.dirs.join(from.0, &from.1).ok_or(Fault::Gone)?;
        let new = self.dirs.join(to.0, &to.1).ok_or(Fault::Gone)?;
        let place = task.place;
        if place.fails(Chance::Busy, &new, outside) {
            return Err(Fault::Busy);
        }
        if outside.full || place.fails(Chance::Full, &new, outside) {
            return Err(Fault::Full);
        }
        let fails = place.fails(Chance::NamesFail, &new, outside);
        if fails && place.bits(20, 1) == 0 {
            return Err(Fault::Broken);
        }
        outside.media.rename(&old, &new).map_err(fault)?;
        self.dirs.rename((from.0, &from.1), (to.0, &to.1));
        if fails {
            Err(Fault::Broken)
        } else {
            Ok(DiskOutput::Done)
        }
    }

    fn remove(&mut self, task: &Task, outside: &mut Outside<'_>) -> Stage {
        let DiskOp::Remove { dir, name } = &task.what else {
            unreachable!("it is a removal");
        };
        let Some(path) = self.dirs.join(*dir, name) else {
            return told(Err(Fault::Gone));
        };
        let place = task.place;
        if place.fails(Chance::Busy, &path, outside) {
            return told(Err(Fault::Busy));
        }
        let fails = place.fails(Chance::NamesFail, &path, outside);
        if !fails && task.half_until.is_none() {
            return self.remove_rest(task, outside);
        }
        if is_dir(outside.media, &path) {
            let listed = outside
                .media
                .list(&path, None, usize::MAX)
                .unwrap_or_default();
            for (nth, (name, status)) in listed.into_iter().enumerate() {
                if !status.is_dir && place.bits >> (nth % 64) & 1 == 0 {
                    let gone = outside.media.unlink(&format!("{path}/{name}"));
                    gone.expect("it was listed");
                }
            }
        }
        if fails {
            told(Err(Fault::Broken))
        } else {
            Stage::Rest
        }
    }

    pub(super) fn remove_rest(&mut self, task: &Task, outside: &mut Outside<'_>) -> Stage {
        let DiskOp::Remove { dir, name } = &task.what else {
            unreachable!("it is a removal");
        };
        let Some(path) = self.dirs.join(*dir, name) else {
            return told(Err(Fault::Gone));
        };
        match remove_all(outside.media, &path) {
            Ok(()) => {
                self.dirs.remove(*dir, name);
                done()
            }
            Err(error) => told(Err(fault(error))),
        }
    }

    fn list(&mut self, task: &Task, outside: &mut Outside<'_>) -> Answer {
        let DiskOp::List { dir, after, most } = &task.what else {
            unreachable!("it is a listing");
        };
        let path = self.dirs.path(*dir).ok_or(Fault::Gone)?;
        asked(task.place, &path, outside)?;
        let after = after.as_ref().map(Name::as_str);
        let listed = outside.media.list(&path, after, *most as usize);
        let entry = |(name, status): (String, Status)| DirEntry {
            name: Name::new(&name).expect("a name on the disk is a name"),
            kind: if status.is_dir { Kind::Dir } else { Kind::File },
            len: status.len,
        };
        let entries = listed.map_err(fault)?.into_iter().map(entry);
        Ok(DiskOutput::Listed(entries.collect()))
    }

    fn space(&mut self, task: &Task, outside: &mut Outside<'_>) -> Answer {
        let DiskOp::Space(dir) = &task.what else {
            unreachable!("it asks for space");
        };
        let path = self.dirs.path(*dir).ok_or(Fault::Gone)?;
        asked(task.place, &path, outside)?;
        let (free, total) = outside.media.space();
        let free = if outside.full { 0 } else { free };
        Ok(DiskOutput::Space { free, total })
    }
}

/// A question that changes nothing may fail.
fn asked(place: Place, path: &str, outside: &mut Outside<'_>) -> Result<(), Fault> {
    if place.fails(Chance::Busy, path, outside) {
        return Err(Fault::Busy);
    }
    if place.fails(Chance::NamesFail, path, outside) {
        return Err(Fault::Broken);
    }
    Ok(())
}

/// Whether something would have to be made for which there is no room.
fn makes(place: Place, path: &str, outside: &mut Outside<'_>) -> bool {
    let there = outside.media.status(path).is_ok();
    !there && (outside.full || place.fails(Chance::Full, path, outside))
}

fn is_dir(media: &Media, path: &str) -> bool {
    media.status(path).is_ok_and(|status| status.is_dir)
}

/// A file, or a directory with all that is in it; what is absent is removed.
fn remove_all(media: &mut Media, path: &str) -> Result<(), MediaError> {
    match media.status(path) {
        Err(_) => Ok(()),
        Ok(status) if !status.is_dir => media.unlink(path),
        Ok(_) => {
            for (name, _) in media.list(path, None, usize::MAX)? {
                remove_all(media, &format!("{path}/{name}"))?;
            }
            media.remove_dir(path)
        }
    }
}
