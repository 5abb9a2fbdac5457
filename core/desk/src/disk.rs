//! The half of the desk that speaks with disks: operations come in from `Desk::take`, calls go out by
//! [`Disk::next`], answers come back from `Desk::back`, and what they mean is left in `out`.
//!
//! D1, F1..F5, R1, R2 are guarded in `dirs`, `file` and `removal`.
//! D2: every operation is answered once: here, or by the file or removal it went to.
//!
//! | a file identity is | by |
//! |---|---|
//! | unknown | before `Open` is done, and after `Close`: operations are answered `Gone` |
//! | known | `Open` done |

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ottla_machine::{Dir, DiskOp, DiskOutput, Fault, File, Op, Switch};

use crate::call::{CallDone, Errno, Fd, FileCall, Lane, Path};
use crate::dirs::{Dirs, NoPath};
use crate::file::OpenFile;
use crate::removal::{OpenNodes, Removal, Step};
use crate::slots::Slots;
use crate::{Outcome, Waiting};

/// Places for descriptors; `None` while one is being opened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    places: Slots<Option<OpenFile>>,
    by_file: BTreeMap<File, u32>,
    /// Open places by what the disk calls the file: how a removal knows that somebody reads it.
    nodes: BTreeSet<(Dir, u64, u32)>,
}

impl Table {
    pub(crate) fn open(&mut self, place: u32) -> &mut OpenFile {
        let entry = self.places.get_mut(place).and_then(Option::as_mut);
        entry.expect("D2: a call's file is in its place")
    }

    fn known(&mut self, file: File) -> Option<&mut OpenFile> {
        let place = *self.by_file.get(&file)?;
        Some(self.open(place))
    }
}

struct NodesOf<'a> {
    root: Dir,
    table: &'a mut Table,
}

impl OpenNodes for NodesOf<'_> {
    fn adopt(&mut self, node: u64) -> bool {
        let range = (self.root, node, 0)..=(self.root, node, u32::MAX);
        let mut places = self.table.nodes.range(range).map(|(_, _, place)| *place);
        let Some(place) = places.next() else {
            return false;
        };
        // With two readers neither knows whether it is the last: then the kernel frees it in one go.
        if places.next().is_none() {
            self.table.open(place).unlinked = true;
        }
        true
    }

    fn place(&mut self) -> Fd {
        Fd(self.table.places.insert(None))
    }

    fn release(&mut self, file: Fd) {
        self.table.places.remove(file.0);
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Disk {
    switch: Switch,
    table: Table,
    dirs: Dirs,
    removals: Slots<(Dir, Path, Vec<Dir>, Removal)>,
    /// Calls that may go out.
    ready: VecDeque<(Waiting, Lane, Dir, FileCall)>,
    /// Files of which a call may go out.
    stirred: VecDeque<u32>,
    /// Operations whose path leads through a held directory, in order.
    held: VecDeque<(Op, DiskOp)>,
    /// The directories held by renames among them.
    holding: Vec<Dir>,
}

impl Disk {
    pub(crate) fn new(roots: impl IntoIterator<Item = Dir>, switch: Switch) -> Disk {
        Disk {
            switch,
            table: Table::default(),
            dirs: Dirs::new(roots),
            removals: Slots::default(),
            ready: VecDeque::new(),
            stirred: VecDeque::new(),
            held: VecDeque::new(),
            holding: Vec::new(),
        }
    }

    /// Takes an operation in.
    pub(crate) fn take(&mut self, op: Op, what: DiskOp, out: &mut VecDeque<Outcome>) {
        let file = match &what {
            DiskOp::Allocate { file, .. }
            | DiskOp::Write { file, .. }
            | DiskOp::Read { file, .. }
            | DiskOp::Sync(file)
            | DiskOp::SyncAside(file)
            | DiskOp::Truncate { file, .. }
            | DiskOp::Close(file) => *file,
            _ => return self.start(op, what, out),
        };
        let Some(&place) = self.table.by_file.get(&file) else {
            out.push_back(Outcome::Done(op, Err(Fault::Gone)));
            return;
        };
        let open = self.table.open(place);
        match what {
            DiskOp::Allocate { to, .. } => open.allocate(op, to),
            DiskOp::Write { at, bytes, .. } => open.write(op, at, bytes),
            DiskOp::Sync(_) => open.sync(op, Lane::Flush),
            DiskOp::SyncAside(_) => open.sync(op, Lane::Bulk),
            DiskOp::Truncate { len, .. } => open.truncate(op, len),
            DiskOp::Read { at, len, .. } => {
                let (waiting, call) = open.read(op, at, len);
                let root = open.root();
                self.ready.push_back((waiting, Lane::Bulk, root, call));
                return;
            }
            _ => {
                open.shut(op);
                self.table.by_file.remove(&file);
            }
        }
        self.stirred.push_back(place);
    }

    /// Starts an operation on names.
    fn start(&mut self, op: Op, what: DiskOp, out: &mut VecDeque<Outcome>) {
        match self.try_start(op, &what) {
            Ok(()) => {}
            Err(NoPath::Held) => self.held.push_back((op, what)),
            Err(NoPath::Gone) => out.push_back(Outcome::Done(op, Err(Fault::Gone))),
        }
    }

    fn try_start(&mut self, op: Op, what: &DiskOp) -> Result<(), NoPath> {
        let (dir, lane, root, call) = match what {
            DiskOp::Open {
                dir,
                name,
                file,
                mode,
            } => {
                let path = self.dirs.path(*dir)?.join(name.as_str());
                let known = self.table.by_file.contains_key(file);
                assert!(!known, "I1: {file:?} names a second file");
                let root = path.root;
                let place = self.table.places.insert(None);
                let (file, mode) = (Fd(place), *mode);
                self.dirs.pass(*dir, true);
                let waiting = Waiting::Open {
                    op,
                    what: what.clone(),
                    place,
                    root,
                };
                let call = FileCall::Openat { file, path, mode };
                self.ready.push_back((waiting, Lane::Inline, root, call));
                return Ok(());
            }
            DiskOp::Remove { dir, name } => return self.start_removal(op, *dir, name),
            DiskOp::Rename { from, to } => return self.start_rename(op, what, from, to),
            DiskOp::MakeDir { dir, name, .. } => {
                let path = self.dirs.path(*dir)?.join(name.as_str());
                let root = path.root;
                let call = FileCall::Mkdirat { path };
                (*dir, Lane::Inline, root, call)
            }
            DiskOp::SyncDir(dir) => {
                let path = self.dirs.path(*dir)?;
                let root = path.root;
                let call = FileCall::FsyncDir { path };
                (*dir, Lane::Flush, root, call)
            }
            DiskOp::Space(dir) => {
                let path = self.dirs.path(*dir)?;
                let root = path.root;
                let call = FileCall::StatFs { path };
                (*dir, Lane::Bulk, root, call)
            }
            DiskOp::List { dir, after, most } => {
                let path = self.dirs.path(*dir)?;
                let root = path.root;
                let (after, most) = (after.clone(), *most);
                let call = FileCall::ListDir { path, after, most };
                (*dir, Lane::Bulk, root, call)
            }
            _ => unreachable!("D2: the others have a file"),
        };
        self.dirs.pass(dir, true);
        let what = what.clone();
        let waiting = Waiting::Name { op, dir, what };
        self.ready.push_back((waiting, lane, root, call));
        Ok(())
    }

    fn start_removal(
        &mut self,
        op: Op,
        dir: Dir,
        name: &ottla_machine::Name,
    ) -> Result<(), NoPath> {
        let path = self.dirs.path(dir)?.join(name.as_str());
        let root = path.root;
        let gone = self.dirs.named(dir, name);
        // Whoever renames the directory meanwhile waits.
        for dir in &gone {
            self.dirs.path(*dir)?;
        }
        for dir in gone.iter().chain([&dir]) {
            self.dirs.pass(*dir, true);
        }
        let (removal, call) = Removal::new(op, path.clone(), self.switch);
        let task = self.removals.insert((dir, path, gone, removal));
        self.ready
            .push_back((Waiting::Removal { task }, Lane::Bulk, root, call));
        Ok(())
    }

    fn start_rename(
        &mut self,
        op: Op,
        what: &DiskOp,
        from: &(Dir, ottla_machine::Name),
        to: &(Dir, ottla_machine::Name),
    ) -> Result<(), NoPath> {
        let old = self.dirs.path(from.0)?.join(from.1.as_str());
        let new = self.dirs.path(to.0)?.join(to.1.as_str());
        let moved = self.dirs.named(from.0, &from.1);
        if !self.dirs.hold(&moved) {
            self.holding.extend(moved);
            return Err(NoPath::Held);
        }
        self.dirs.pass(from.0, true);
        self.dirs.pass(to.0, true);
        let root = old.root;
        let what = what.clone();
        let waiting = Waiting::Rename { op, what, moved };
        let call = FileCall::Renameat { from: old, to: new };
        self.ready.push_back((waiting, Lane::Inline, root, call));
        Ok(())
    }

    /// The next call that may go out.
    pub(crate) fn next(
        &mut self,
        out: &mut VecDeque<Outcome>,
    ) -> Option<(Waiting, Lane, Dir, FileCall)> {
        if let Some(ready) = self.ready.pop_front() {
            return Some(ready);
        }
        while let Some(&place) = self.stirred.front() {
            if let Some(Some(file)) = self.table.places.get_mut(place)
                && let Some((waiting, lane, call)) = file.next(out)
            {
                return Some((waiting, lane, file.root(), call));
            }
            self.stirred.pop_front();
        }
        None
    }

    /// A call that was answered goes on.
    fn again(&mut self, waiting: Waiting, lane: Lane, root: Dir, call: FileCall) {
        self.ready.push_back((waiting, lane, root, call));
    }

    /// A call was answered.
    pub(crate) fn back(&mut self, waiting: Waiting, done: CallDone, out: &mut VecDeque<Outcome>) {
        match waiting {
            Waiting::Open {
                op,
                what,
                place,
                root,
            } => self.opened(op, what, (place, root), done, out),
            Waiting::Name { op, dir, what } => self.named(op, dir, what, done, out),
            Waiting::Rename { op, what, moved } => self.renamed(op, what, moved, done, out),
            Waiting::Removal { task } => self.removal(task, done, out),
            Waiting::Read {
                place,
                op,
                at,
                left,
            } => self.read(place, op, (at, left), done, out),
            Waiting::Warm { place, .. } => {
                self.table.open(place).reading(false);
                self.stirred.push_back(place);
            }
            Waiting::CloseFile { place } => {
                if let Some(Some(file)) = self.table.places.remove(place) {
                    self.table.nodes.remove(&(file.root(), file.node, place));
                }
            }
            Waiting::Shrink { place } => {
                self.table.open(place).shrunk(plain(done));
                self.stirred.push_back(place);
            }
            Waiting::Change { place } => {
                let file = self.table.open(place);
                let again = match done {
                    CallDone::Written { bufs, result } => file.wrote(bufs, result, out),
                    done => file.truncated(plain(done), out),
                };
                self.go_on(place, Lane::Inline, waiting, again);
            }
            Waiting::Sync { place, lane } => {
                let again = self.table.open(place).synced(plain(done), out);
                self.go_on(place, lane, waiting, again);
            }
            Waiting::Allocate { place } => {
                let again = self.table.open(place).allocated(plain(done), out);
                self.go_on(place, Lane::Flush, waiting, again);
            }
            Waiting::Net(_) => unreachable!("D2: answered by the other half"),
        }
    }

    fn go_on(&mut self, place: u32, lane: Lane, waiting: Waiting, call: Option<FileCall>) {
        match call {
            Some(call) => {
                let root = self.table.open(place).root();
                self.again(waiting, lane, root, call);
            }
            None => self.stirred.push_back(place),
        }
    }

    fn opened(
        &mut self,
        op: Op,
        what: DiskOp,
        (place, root): (u32, Dir),
        done: CallDone,
        out: &mut VecDeque<Outcome>,
    ) {
        let DiskOp::Open { dir, file, .. } = what else {
            unreachable!("D2: an open is waited for as such");
        };
        let CallDone::Opened(result) = done else {
            panic!("D2: {done:?} is no answer to Openat");
        };
        self.passed(dir, out);
        match result {
            Err(Errno::Interrupted) => {
                self.table.places.remove(place);
                self.start(op, what, out);
            }
            Err(errno) => {
                self.table.places.remove(place);
                out.push_back(Outcome::Done(op, Err(errno.fault())));
            }
            Ok(opened) => {
                let entry = self.table.places.get_mut(place);
                *entry.expect("D2: an open keeps its place") =
                    Some(OpenFile::new(place, root, opened, self.switch));
                let before = self.table.by_file.insert(file, place);
                assert!(before.is_none(), "I1: {file:?} names a second file");
                self.table.nodes.insert((root, opened.node, place));
                let len = opened.len;
                out.push_back(Outcome::Done(op, Ok(DiskOutput::Opened { len })));
            }
        }
    }

    fn named(
        &mut self,
        op: Op,
        dir: Dir,
        what: DiskOp,
        done: CallDone,
        out: &mut VecDeque<Outcome>,
    ) {
        self.passed(dir, out);
        let result = match (&what, done) {
            (_, CallDone::Plain(Err(Errno::Interrupted)))
            | (_, CallDone::Listed(Err(Errno::Interrupted)))
            | (_, CallDone::Space(Err(Errno::Interrupted))) => return self.start(op, what, out),
            (DiskOp::MakeDir { dir, name, made }, CallDone::Plain(Ok(()) | Err(Errno::Exists))) => {
                self.dirs.add(*dir, name, *made);
                Ok(DiskOutput::Done)
            }
            (DiskOp::SyncDir(_), CallDone::Plain(Err(errno))) if errno != Errno::NotFound => {
                Err(Fault::Broken)
            }
            (_, CallDone::Plain(result)) => result.map(|()| DiskOutput::Done).map_err(Errno::fault),
            (_, CallDone::Listed(result)) => result.map(DiskOutput::Listed).map_err(Errno::fault),
            (_, CallDone::Space(result)) => result
                .map(|(free, total)| DiskOutput::Space { free, total })
                .map_err(Errno::fault),
            (what, done) => panic!("D2: {done:?} is no answer to {what:?}"),
        };
        out.push_back(Outcome::Done(op, result));
    }

    fn renamed(
        &mut self,
        op: Op,
        what: DiskOp,
        moved: Vec<Dir>,
        done: CallDone,
        out: &mut VecDeque<Outcome>,
    ) {
        let DiskOp::Rename { from, to } = &what else {
            unreachable!("D2: a rename is waited for as such");
        };
        let result = plain(done);
        if result.is_ok() && from != to {
            let replaced = self.dirs.named(to.0, &to.1);
            self.dirs.forget(&replaced);
            self.dirs.rename(&moved, (to.0, &to.1));
        }
        self.dirs.release(&moved);
        self.dirs.pass(from.0, false);
        self.dirs.pass(to.0, false);
        match result {
            Err(Errno::Interrupted) => self.held.push_front((op, what)),
            Err(errno) => out.push_back(Outcome::Done(op, Err(errno.fault()))),
            Ok(()) => out.push_back(Outcome::Done(op, Ok(DiskOutput::Done))),
        }
        self.retry(out);
    }

    fn removal(&mut self, task: u32, done: CallDone, out: &mut VecDeque<Outcome>) {
        let (dir, path, gone, removal) = self
            .removals
            .get_mut(task)
            .expect("D2: a removal is there until it is done");
        let root = path.root;
        let mut nodes = NodesOf {
            root,
            table: &mut self.table,
        };
        match removal.back(done, &mut nodes) {
            Step::Call(call) => self.again(Waiting::Removal { task }, Lane::Bulk, root, call),
            Step::Done(result) => {
                let (op, dir) = (removal.op, *dir);
                let gone = std::mem::take(gone);
                self.removals.remove(task);
                if result.is_ok() {
                    self.dirs.forget(&gone);
                }
                for dir in gone.iter().chain([&dir]) {
                    self.passed(*dir, out);
                }
                out.push_back(Outcome::Done(op, result.map(|()| DiskOutput::Done)));
            }
        }
    }

    fn read(
        &mut self,
        place: u32,
        op: Op,
        (at, left): (u64, usize),
        done: CallDone,
        out: &mut VecDeque<Outcome>,
    ) {
        let CallDone::Read { buf, result } = done else {
            panic!("D2: {done:?} is no answer to Pread");
        };
        let file = self.table.open(place);
        let got = match result {
            Err(Errno::Interrupted) => Some(0),
            Ok(0) => None,
            Ok(got) if got >= left => None,
            Ok(got) => Some(got),
            Err(errno) => {
                file.reading(false);
                self.stirred.push_back(place);
                out.push_back(Outcome::Done(op, Err(errno.fault())));
                return;
            }
        };
        let Some(got) = got else {
            file.reading(false);
            self.stirred.push_back(place);
            let bytes = bytes::Bytes::from(buf);
            out.push_back(Outcome::Done(op, Ok(DiskOutput::Read(bytes))));
            return;
        };
        let (at, left) = (at + got as u64, left - got);
        let (file, root) = (file.fd(), file.root());
        let waiting = Waiting::Read {
            place,
            op,
            at,
            left,
        };
        let len = left;
        self.again(
            waiting,
            Lane::Bulk,
            root,
            FileCall::Pread { file, at, len, buf },
        );
    }

    /// A call through `dir` has ended; a rename may have waited for that.
    fn passed(&mut self, dir: Dir, out: &mut VecDeque<Outcome>) {
        if self.dirs.pass(dir, false) {
            self.retry(out);
        }
    }

    fn retry(&mut self, out: &mut VecDeque<Outcome>) {
        for dir in std::mem::take(&mut self.holding) {
            self.dirs.let_go(dir);
        }
        for (op, what) in std::mem::take(&mut self.held) {
            self.start(op, what, out);
        }
    }

    /// A range is queued: its file stays readable.
    pub(crate) fn pin(&mut self, file: File, at: u64, len: u32) -> Option<Fd> {
        let open = self.table.known(file)?;
        open.pin(at, u64::from(len));
        Some(open.fd())
    }

    /// A range is sent or dropped.
    pub(crate) fn unpin(&mut self, file: Fd, end: u64) {
        self.table.open(file.0).unpin(end);
        self.stirred.push_back(file.0);
    }

    /// Brings a queued range into memory.
    pub(crate) fn warm(&mut self, file: Fd, at: u64, len: u32, conn: ottla_machine::Conn) {
        let place = file.0;
        let open = self.table.open(place);
        open.reading(true);
        let root = open.root();
        let len = u64::from(len);
        let call = FileCall::Warm { file, at, len };
        self.ready
            .push_back((Waiting::Warm { place, conn }, Lane::Bulk, root, call));
    }
}

/// An answer without a result of its own.
fn plain(done: CallDone) -> Result<(), Errno> {
    match done {
        CallDone::Plain(result) => result,
        other => panic!("D2: {other:?} is no plain answer"),
    }
}
