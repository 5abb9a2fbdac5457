//! What the log says of one group: its own record, its commits, and that there are records of another kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use ottla_machine::Offset;

use super::record::{About, Commit, Kind, Metadata};

/// Commits by topic and partition.
pub type Topics = BTreeMap<Arc<str>, BTreeMap<i32, Commit>>;

/// One group.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// There is a classic group: its own record or a commit has made it, and the end of its record alone unmakes it.
    pub is_classic: bool,
    /// The classic group's record.
    pub metadata: Option<Arc<Metadata>>,
    /// Its commits.
    pub topics: Topics,
    /// Where the last record is that said anything of it.
    pub changed: Offset,
    /// The records of a group of another kind.
    pub kept: Option<Box<Kept>>,
}

/// A group of another kind: what is needed to list and to delete it, and to describe one of consumers.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// Which.
    pub kind: Kind,
    /// Its records: what each is about and its key, and what it says.
    pub records: BTreeMap<(About, Bytes), Bytes>,
}

impl Kept {
    /// Whether it has members.
    pub fn has_members(&self) -> bool {
        self.records
            .keys()
            .any(|(about, _)| *about == About::Member)
    }
}

impl Stored {
    pub(super) fn new(changed: Offset) -> Stored {
        Stored {
            is_classic: false,
            metadata: None,
            topics: Topics::new(),
            changed,
            kept: None,
        }
    }

    /// Which protocol it speaks.
    pub fn kind(&self) -> Kind {
        self.kept.as_ref().map_or(Kind::Classic, |kept| kept.kind)
    }

    /// The commit of a partition.
    pub fn commit(&self, topic: &str, partition: i32) -> Option<&Commit> {
        self.topics.get(topic)?.get(&partition)
    }

    /// Whether nothing is left of it.
    pub(super) fn is_gone(&self) -> bool {
        !self.is_classic && self.topics.is_empty() && self.kept.is_none()
    }

    pub(super) fn put(&mut self, topic: &Arc<str>, partition: i32, commit: Commit) {
        put(&mut self.topics, topic, partition, commit);
    }

    pub(super) fn remove(&mut self, topic: &str, partition: i32) {
        remove(&mut self.topics, topic, partition);
    }

    pub(super) fn keep(&mut self, kind: Kind, about: About, key: &Bytes, value: Option<&Bytes>) {
        let Some(value) = value else {
            if let Some(kept) = &mut self.kept {
                kept.records.remove(&(about, key.clone()));
                if kept.records.is_empty() {
                    self.kept = None;
                }
            }
            return;
        };
        let kept = self.kept.get_or_insert_with(|| {
            Box::new(Kept {
                kind,
                records: BTreeMap::new(),
            })
        });
        kept.kind = kind;
        // A group of commits alone has become one of this kind.
        self.is_classic = self.metadata.is_some();
        kept.records.insert((about, key.clone()), value.clone());
    }
}

pub(super) fn put(topics: &mut Topics, topic: &Arc<str>, partition: i32, commit: Commit) {
    match topics.get_mut(topic) {
        Some(partitions) => partitions.insert(partition, commit),
        None => topics
            .entry(Arc::clone(topic))
            .or_default()
            .insert(partition, commit),
    };
}

pub(super) fn remove(topics: &mut Topics, topic: &str, partition: i32) {
    if let Some(partitions) = topics.get_mut(topic) {
        partitions.remove(&partition);
        if partitions.is_empty() {
            topics.remove(topic);
        }
    }
}
