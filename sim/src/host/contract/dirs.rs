//! Directories by identity. Any number of identities may name one directory; they all follow its renames.
//!
//! | a directory is | by |
//! |---|---|
//! | known | `MakeDir`, or the root |
//! | gone | removed, or replaced by a rename; with it, all below it |

use std::collections::BTreeMap;

use ottla_machine::{Dir, Name};

#[derive(Clone, Debug)]
struct Place {
    /// `None` for the root.
    above: Option<(usize, Name)>,
    gone: bool,
}

/// What the identities of directories stand for.
#[derive(Clone, Debug)]
pub(super) struct Dirs {
    places: Vec<Place>,
    by_identity: BTreeMap<Dir, usize>,
    by_name: BTreeMap<(usize, Name), usize>,
}

impl Dirs {
    /// Only the log directory is known.
    pub(super) fn new(root: Dir) -> Dirs {
        Dirs {
            places: vec![Place {
                above: None,
                gone: false,
            }],
            by_identity: BTreeMap::from([(root, 0)]),
            by_name: BTreeMap::new(),
        }
    }

    /// The path of a directory below the log directory's root; `None` when it is gone or was never there.
    pub(super) fn path(&self, dir: Dir) -> Option<String> {
        let mut names: Vec<&str> = Vec::new();
        let mut at = *self.by_identity.get(&dir)?;
        loop {
            let place = &self.places[at];
            if place.gone {
                return None;
            }
            match &place.above {
                Some((above, name)) => {
                    names.push(name.as_str());
                    at = *above;
                }
                None => break,
            }
        }
        names.reverse();
        Some(names.join("/"))
    }

    /// The path of a name in a directory.
    pub(super) fn join(&self, dir: Dir, name: &Name) -> Option<String> {
        let mut path = self.path(dir)?;
        if !path.is_empty() {
            path.push('/');
        }
        path.push_str(name.as_str());
        Some(path)
    }

    /// `made` is the directory `name` of `dir` from now on.
    pub(super) fn add(&mut self, dir: Dir, name: &Name, made: Dir) {
        let key = (self.by_identity[&dir], name.clone());
        let place = *self.by_name.entry(key).or_insert_with_key(|key| {
            self.places.push(Place {
                above: Some(key.clone()),
                gone: false,
            });
            self.places.len() - 1
        });
        let before = self.by_identity.insert(made, place);
        assert!(before.is_none(), "I1: {made:?} names a second directory");
    }

    /// A name was renamed; if it was a directory's, its identities follow.
    pub(super) fn rename(&mut self, from: (Dir, &Name), to: (Dir, &Name)) {
        let key = |(dir, name): (Dir, &Name)| (self.by_identity[&dir], name.clone());
        let (from, to) = (key(from), key(to));
        if from == to {
            return;
        }
        self.forget(&to);
        if let Some(place) = self.by_name.remove(&from) {
            self.places[place].above = Some(to.clone());
            self.by_name.insert(to, place);
        }
    }

    /// A name was removed; if it was a directory's, that is gone.
    pub(super) fn remove(&mut self, dir: Dir, name: &Name) {
        let key = (self.by_identity[&dir], name.clone());
        self.forget(&key);
    }

    fn forget(&mut self, key: &(usize, Name)) {
        if let Some(place) = self.by_name.remove(key) {
            self.places[place].gone = true;
        }
    }
}
