//! The tree of names: as the cache has it, as the media has it, and the changes between the two in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::{MediaError, Node};

const ROOT: Node = Node(0);

/// One name that leads elsewhere than before.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    dir: Node,
    name: String,
    before: Option<Node>,
    after: Option<Node>,
}

/// What survives as one: a creation, a removal, a rename.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// Which change since the disk was made.
    number: u64,
    edits: Vec<Edit>,
}

impl Change {
    /// The nodes whose names it takes away.
    fn released(&self) -> impl Iterator<Item = Node> {
        self.edits.iter().filter_map(|edit| edit.before)
    }

    /// Those of them to which it does not give another name.
    fn gone(&self) -> impl Iterator<Item = Node> {
        let renamed = |node: &Node| self.edits.iter().any(|edit| edit.after == Some(*node));
        self.released().filter(move |node| !renamed(node))
    }
}

/// How many names lead to each node; those without one are left out.
#[derive(Clone, Debug, Default)]
struct Links(BTreeMap<Node, u64>);

impl Links {
    fn of(&self, node: Node) -> u64 {
        self.0.get(&node).copied().unwrap_or(0)
    }

    fn add(&mut self, node: Node) {
        *self.0.entry(node).or_default() += 1;
    }

    fn sub(&mut self, node: Node) {
        if let Some(links) = self.0.get_mut(&node) {
            *links -= 1;
            if *links == 0 {
                self.0.remove(&node);
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Tree {
    /// Copies of a disk share a directory until one of them changes it.
    dirs: BTreeMap<Node, Arc<BTreeMap<String, Node>>>,
    links: Links,
}

impl Tree {
    /// Makes a name lead elsewhere; answers where it led.
    fn set(&mut self, dir: Node, name: &str, node: Option<Node>) -> Option<Node> {
        let entries = Arc::make_mut(self.dirs.get_mut(&dir)?);
        let before = match node {
            Some(node) => entries.insert(name.to_owned(), node),
            None => entries.remove(name),
        };
        if let Some(node) = node {
            self.links.add(node);
        }
        if let Some(before) = before {
            self.links.sub(before);
        }
        before
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Names {
    cached: Tree,
    durable: Tree,
    pending: Vec<Change>,
    /// Names that pending changes would make durable.
    promised: Links,
    changes: u64,
    orphans: BTreeSet<Node>,
}

impl Default for Names {
    fn default() -> Names {
        let root = Tree {
            dirs: [(ROOT, Arc::default())].into(),
            links: Links::default(),
        };
        Names {
            cached: root.clone(),
            durable: root,
            pending: Vec::new(),
            promised: Links::default(),
            changes: 0,
            orphans: BTreeSet::new(),
        }
    }
}

impl Names {
    pub(crate) fn find(&self, path: &str) -> Option<Node> {
        path.split('/')
            .filter(|part| !part.is_empty())
            .try_fold(ROOT, |dir, name| {
                self.cached.dirs.get(&dir)?.get(name).copied()
            })
    }

    pub(crate) fn find_dir(&self, path: &str) -> Result<Node, MediaError> {
        let node = self.find(path).ok_or(MediaError::NotFound)?;
        if self.is_dir(node) {
            Ok(node)
        } else {
            Err(MediaError::WrongKind)
        }
    }

    pub(crate) fn is_dir(&self, node: Node) -> bool {
        self.cached.dirs.contains_key(&node)
    }

    pub(crate) fn entries(&self, dir: Node) -> impl Iterator<Item = (&str, Node)> {
        self.cached
            .dirs
            .get(&dir)
            .into_iter()
            .flat_map(|entries| entries.iter())
            .map(|(name, node)| (name.as_str(), *node))
    }

    /// Everything that has a name, with its path.
    pub(crate) fn walk(&self, mut each: impl FnMut(String, Node)) {
        let mut dirs = vec![(String::new(), ROOT)];
        while let Some((path, dir)) = dirs.pop() {
            for (name, node) in self.entries(dir) {
                let path = match path.as_str() {
                    "" => name.to_owned(),
                    path => format!("{path}/{name}"),
                };
                if self.is_dir(node) {
                    dirs.push((path.clone(), node));
                }
                each(path, node);
            }
        }
    }

    pub(crate) fn links(&self, node: Node) -> u64 {
        self.cached.links.of(node)
    }

    /// Whether any name leads there, or could again after a power cut.
    pub(crate) fn leads_to(&self, node: Node) -> bool {
        let links = [&self.cached.links, &self.durable.links, &self.promised];
        links.iter().any(|links| links.of(node) > 0)
    }

    pub(crate) fn link(&mut self, path: &str, node: Node) -> Result<(), MediaError> {
        let (dir, name) = self.place(path)?;
        self.apply(vec![(dir, name, Some(node))]);
        Ok(())
    }

    pub(crate) fn make_dir(&mut self, path: &str, node: Node) -> Result<(), MediaError> {
        self.link(path, node)?;
        self.cached.dirs.insert(node, Arc::default());
        // An empty directory that no name leads to is nothing; so the media may know it from the start.
        self.durable.dirs.insert(node, Arc::default());
        Ok(())
    }

    pub(crate) fn remove(&mut self, path: &str) -> Result<(), MediaError> {
        let (dir, name) = self.place(path)?;
        self.apply(vec![(dir, name, None)]);
        Ok(())
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) -> Result<(), MediaError> {
        let node = self.find(from).ok_or(MediaError::NotFound)?;
        let (from_dir, from_name) = self.place(from)?;
        let (to_dir, to_name) = self.place(to)?;
        match self.find(to) {
            Some(target) if target == node => return Ok(()),
            Some(target) if self.is_dir(target) != self.is_dir(node) => {
                return Err(MediaError::WrongKind);
            }
            Some(target) if self.entries(target).next().is_some() => {
                return Err(MediaError::NotEmpty);
            }
            _ => {}
        }
        self.apply(vec![
            (from_dir, from_name, None),
            (to_dir, to_name, Some(node)),
        ]);
        Ok(())
    }

    /// The number of the next change: a sync of names that begins now covers those below.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// Every change below `end` that touches this directory is durable, and with it what it was built on.
    pub(crate) fn sync(&mut self, dir: Node, end: u64) {
        let mut wanted: BTreeSet<Node> = [dir].into();
        let mut durable = Vec::new();
        let mut rest = Vec::new();
        // Backwards: a rename out of another directory pulls in what that name was before, and the removal of a directory what was
        // removed from it.
        for change in std::mem::take(&mut self.pending).into_iter().rev() {
            let touches = change.edits.iter().any(|edit| wanted.contains(&edit.dir));
            if touches && change.number < end {
                wanted.extend(change.edits.iter().map(|edit| edit.dir));
                wanted.extend(change.gone());
                durable.push(change);
            } else {
                rest.push(change);
            }
        }
        rest.reverse();
        self.pending = rest;
        durable.reverse();
        for change in durable {
            self.make_durable(&change);
        }
    }

    pub(crate) fn sync_all(&mut self) {
        for change in std::mem::take(&mut self.pending) {
            self.make_durable(&change);
        }
    }

    /// M4: a change survives whole or not at all.
    pub(crate) fn power_cut(&mut self, mut survives: impl FnMut(u64) -> bool) {
        if self.pending.is_empty() {
            return;
        }
        for (nth, change) in std::mem::take(&mut self.pending).into_iter().enumerate() {
            let possible = change
                .edits
                .iter()
                .all(|edit| self.durable.dirs.contains_key(&edit.dir));
            if survives(nth as u64) && possible {
                self.make_durable(&change);
            } else {
                self.unpromise(&change);
            }
            self.orphans
                .extend(change.edits.iter().filter_map(|edit| edit.after));
            self.orphans.extend(change.released());
        }
        self.cached = self.durable.clone();
    }

    /// The nodes that lost a name since the last call.
    pub(crate) fn take_orphans(&mut self) -> BTreeSet<Node> {
        std::mem::take(&mut self.orphans)
    }

    fn place(&self, path: &str) -> Result<(Node, String), MediaError> {
        let (dir, name) = path.rsplit_once('/').unwrap_or(("", path));
        Ok((self.find_dir(dir)?, name.to_owned()))
    }

    fn apply(&mut self, edits: Vec<(Node, String, Option<Node>)>) {
        let mut change = Change {
            number: self.changes,
            edits: Vec::new(),
        };
        self.changes += 1;
        for (dir, name, after) in edits {
            let before = self.cached.set(dir, &name, after);
            if let Some(node) = after {
                self.promised.add(node);
            }
            change.edits.push(Edit {
                dir,
                name,
                before,
                after,
            });
        }
        self.orphans.extend(change.released());
        self.pending.push(change);
    }

    fn make_durable(&mut self, change: &Change) {
        for edit in &change.edits {
            self.durable.set(edit.dir, &edit.name, edit.after);
        }
        self.unpromise(change);
        self.orphans.extend(change.released());
    }

    fn unpromise(&mut self, change: &Change) {
        for node in change.edits.iter().filter_map(|edit| edit.after) {
            self.promised.sub(node);
        }
    }
}
