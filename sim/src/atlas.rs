//! The map of all damage: what was done to the node and its disk, when. It is the only excuse there is: an oracle that lets something
//! pass must name an entry of it.
//!
//! T1: with `log.flush.on.ack=true` no crash excuses the loss of anything that was acknowledged (acks=all) or shown to a reader.
//! T2: with `log.flush.on.ack=false` a power cut excuses the loss of what was not synced when it came, and nothing below that.
//! T3: damage to a segment excuses its own batches and what follows them in the same partition, damage to anything else excuses nothing.

use crate::history::{Death, Partition};
use crate::script::{Damage, Nanos, Target};

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A process ended.
    Died {
        /// Which life.
        life: u32,
        /// How.
        how: Death,
    },
    /// A file was damaged.
    Damaged {
        /// What was asked for.
        damage: Damage,
        /// The file's path below the log directory.
        path: String,
        /// The first byte that is another.
        from: u64,
        /// The partition it belongs to.
        partition: Option<Partition>,
        /// For a segment: the first offset that may be lost.
        offset: Option<i64>,
    },
    /// The disk was emptied.
    Wiped,
    /// A disk operation was made to fail: the call's name and path.
    Failed {
        /// What failed.
        what: String,
    },
    /// The disk was full until then.
    Full {
        /// The end of it.
        until: Nanos,
    },
    /// The node was asked to stop: who waits is answered at once, and connections are closed.
    Stops {
        /// Its patience ends then.
        until: Nanos,
    },
    /// The node, its disk or its network did little or nothing until then: everything may be late.
    Late {
        /// The end of it.
        until: Nanos,
    },
}

/// The map.
#[derive(Clone, Debug, Default)]
pub struct Atlas {
    /// Whether acknowledged means durable.
    pub flush_on_ack: bool,
    entries: Vec<(Nanos, Entry)>,
}

impl Atlas {
    /// An empty map.
    pub fn new(flush_on_ack: bool) -> Atlas {
        Atlas {
            flush_on_ack,
            entries: Vec::new(),
        }
    }

    /// Puts an entry down.
    pub fn note(&mut self, at: Nanos, entry: Entry) {
        self.entries.push((at, entry));
    }

    /// All entries, in order of time.
    pub fn entries(&self) -> impl Iterator<Item = (Nanos, &Entry)> {
        self.entries.iter().map(|(at, entry)| (*at, entry))
    }

    /// How many power cuts there were up to `at`.
    pub fn power_cuts(&self, at: Nanos) -> usize {
        let cut = |entry: &Entry| {
            matches!(
                entry,
                Entry::Died {
                    how: Death::PowerCut,
                    ..
                }
            )
        };
        self.entries()
            .filter(|(when, entry)| *when <= at && cut(entry))
            .count()
    }

    /// Since when nothing was done to the node: what is late after that is late by itself.
    pub fn quiet_since(&self) -> Nanos {
        let end = |(at, entry): (Nanos, &Entry)| match entry {
            Entry::Full { until } | Entry::Stops { until } | Entry::Late { until } => *until,
            _ => at,
        };
        self.entries().map(end).max().unwrap_or(0)
    }

    /// Whether the node was asked to stop since then.
    pub fn stops_since(&self, since: Nanos) -> bool {
        let stops = |entry: &Entry| matches!(entry, Entry::Stops { .. });
        self.entries()
            .any(|(at, entry)| at >= since && stops(entry))
    }

    /// When the disk was emptied last.
    pub fn wiped(&self) -> Option<Nanos> {
        let wiped = self.entries().filter(|(_, entry)| **entry == Entry::Wiped);
        wiped.map(|(at, _)| at).last()
    }

    /// Whether a segment was damaged: a node may refuse to serve such a log, in words.
    pub fn hurt_a_segment(&self) -> bool {
        let segment = |entry: &Entry| matches!(entry, Entry::Damaged { damage, .. } if damage.target == Target::Segment);
        self.entries().any(|(_, entry)| segment(entry))
    }

    /// Whether a file of leader epochs was damaged: it is believed, as by Kafka.
    pub fn hurt_epochs(&self) -> bool {
        let epochs = |entry: &Entry| matches!(entry, Entry::Damaged { damage, .. } if damage.target == Target::LeaderEpochs);
        self.entries().any(|(_, entry)| epochs(entry))
    }

    /// Partitions of which a segment was damaged, and the first offset of each whose loss that excuses.
    pub fn damaged_partitions(&self) -> impl Iterator<Item = (Partition, i64)> {
        self.entries().filter_map(|(_, entry)| match entry {
            Entry::Damaged {
                partition: Some(of),
                offset: Some(offset),
                ..
            } => Some((*of, *offset)),
            _ => None,
        })
    }

    /// The first offset of a partition whose loss is excused by damage to a segment.
    pub fn damaged_from(&self, partition: Partition) -> Option<i64> {
        let of = self.damaged_partitions().filter(|(of, _)| *of == partition);
        of.map(|(_, from)| from).min()
    }
}
