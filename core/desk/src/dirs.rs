//! The table of directories: an identity is a parent and a name, never a path, so it follows renames.
//!
//! D1: while a directory is being renamed, no call whose path leads through it is under way.
//!
//! | a directory is | by |
//! |---|---|
//! | known | `MakeDir` done, or a root from the start |
//! | held | a rename of it was asked for; calls through it wait |
//! | gone | removed, or replaced by a rename |

use std::collections::{BTreeMap, BTreeSet};

use ottla_machine::{Dir, Name};

use crate::call::Path;

#[derive(Clone, Debug)]
struct Place {
    /// `None` for a root.
    parent: Option<(Dir, Name)>,
    /// Calls under way whose path leads through here.
    passing: u32,
    held: bool,
    renaming: bool,
    gone: bool,
}

/// Why there is no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPath {
    /// A directory on the way is gone, or was never there.
    Gone,
    /// A directory on the way is about to be renamed.
    Held,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Dirs {
    places: BTreeMap<Dir, Place>,
    /// Which identities a name has; more than one when a directory was made twice.
    by_name: BTreeSet<(Dir, Name, Dir)>,
}

impl Dirs {
    pub(crate) fn new(roots: impl IntoIterator<Item = Dir>) -> Dirs {
        let place = || Place {
            parent: None,
            passing: 0,
            held: false,
            renaming: false,
            gone: false,
        };
        Dirs {
            places: roots.into_iter().map(|root| (root, place())).collect(),
            by_name: BTreeSet::new(),
        }
    }

    /// `made` is the directory `name` of `dir` from now on.
    pub(crate) fn add(&mut self, dir: Dir, name: &Name, made: Dir) {
        let place = Place {
            parent: Some((dir, name.clone())),
            passing: 0,
            held: false,
            renaming: false,
            gone: false,
        };
        let before = self.places.insert(made, place);
        assert!(before.is_none(), "I1: {made:?} names a second directory");
        self.by_name.insert((dir, name.clone(), made));
    }

    /// The path of a directory.
    pub(crate) fn path(&self, dir: Dir) -> Result<Path, NoPath> {
        let mut names: Vec<&str> = Vec::new();
        let mut at = dir;
        loop {
            let place = self.places.get(&at).ok_or(NoPath::Gone)?;
            if place.gone {
                return Err(NoPath::Gone);
            }
            if place.held {
                return Err(NoPath::Held);
            }
            match &place.parent {
                Some((parent, name)) => {
                    names.push(name.as_str());
                    at = *parent;
                }
                None => break,
            }
        }
        names.reverse();
        Ok(Path {
            root: at,
            rest: names.join("/").into(),
        })
    }

    /// The identities of a name.
    pub(crate) fn named(&self, dir: Dir, name: &Name) -> Vec<Dir> {
        self.by_name
            .range((dir, name.clone(), Dir(0))..=(dir, name.clone(), Dir(u64::MAX)))
            .map(|(_, _, made)| *made)
            .collect()
    }

    /// A call begins (`true`) or ends whose path leads through `dir`. Answers whether a rename may now go on.
    pub(crate) fn pass(&mut self, dir: Dir, begins: bool) -> bool {
        let mut free = false;
        let mut at = Some(dir);
        while let Some(here) = at {
            let Some(place) = self.places.get_mut(&here) else {
                break;
            };
            at = place.parent.as_ref().map(|(parent, _)| *parent);
            if begins {
                place.passing += 1;
                continue;
            }
            place.passing -= 1;
            free |= place.held && place.passing == 0;
            if place.gone && place.passing == 0 {
                self.places.remove(&here);
            }
        }
        free
    }

    /// Holds these directories for a rename; answers whether it begins.
    pub(crate) fn hold(&mut self, dirs: &[Dir]) -> bool {
        let mut quiet = true;
        for dir in dirs {
            if let Some(place) = self.places.get_mut(dir) {
                place.held = true;
                quiet &= place.passing == 0 && !place.renaming;
            }
        }
        if quiet {
            for dir in dirs {
                if let Some(place) = self.places.get_mut(dir) {
                    place.renaming = true;
                }
            }
        }
        quiet
    }

    /// A rename that waits will ask again.
    pub(crate) fn let_go(&mut self, dir: Dir) {
        if let Some(place) = self.places.get_mut(&dir) {
            place.held = place.renaming;
        }
    }

    /// The rename of these directories has ended.
    pub(crate) fn release(&mut self, dirs: &[Dir]) {
        for dir in dirs {
            if let Some(place) = self.places.get_mut(dir) {
                place.held = false;
                place.renaming = false;
            }
        }
    }

    /// Directories follow their rename.
    pub(crate) fn rename(&mut self, dirs: &[Dir], to: (Dir, &Name)) {
        for dir in dirs {
            let place = self.places.get_mut(dir).expect("a held directory is known");
            assert!(place.passing == 0, "D1: renamed under a call");
            let new = Some((to.0, to.1.clone()));
            if let Some((parent, name)) = std::mem::replace(&mut place.parent, new) {
                self.by_name.remove(&(parent, name, *dir));
            }
            self.by_name.insert((to.0, to.1.clone(), *dir));
        }
    }

    /// These directories are no more.
    pub(crate) fn forget(&mut self, dirs: &[Dir]) {
        for dir in dirs {
            let Some(place) = self.places.get_mut(dir) else {
                continue;
            };
            place.gone = true;
            if let Some((parent, name)) = place.parent.clone() {
                self.by_name.remove(&(parent, name, *dir));
            }
            if place.passing == 0 {
                self.places.remove(dir);
            }
        }
    }
}
