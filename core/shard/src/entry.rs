//! One replica's place in the shard: what the image says of it, how far it is opened, and everything that waits for it. Slots are used
//! again; a generation tells a slot's lives apart.
//!
//! | stage | on | becomes |
//! |---|---|---|
//! | (free slot) | the image assigns the partition to this node | Named |
//! | Named | nobody else has the directory's name, on disk or in a checkpoint | Queued |
//! | Queued | its turn, there is a directory | Looking (whose directory is it?) |
//! | Queued | its turn, there is none; or Looking has ended | Held (its log opens, then is open) |
//! | Looking | the directory cannot be believed | Damaged |
//! | Held and opening | what its log had made durable is not as it was | Refused |
//! | Held, Refused | the topic is deleted | Held, leaving (its log removes itself), then (free slot) |
//! | Named, Queued, Damaged | the topic is deleted, no directory of its own | (free slot) |
//! | Queued, Looking, Held and opening | the topic is deleted | the same, leaving |
//!
//! E1: a completion of an earlier life of the slot is dropped.
//! E2: two entries never have the same directory name, unless all but one are Named.

use std::sync::Arc;

use ottla_log::Phase;
use ottla_machine::{Name, Names, Offset};
use ottla_metadata::Partition;
use ottla_replica::Replica;

use crate::PartitionId;
use crate::asked::Asked;
use crate::coordinator::Coordinator;
use crate::flusher::Unflushed;
use crate::line::Line;
use crate::look::Look;
use crate::settings::Settings;
use crate::watch::Watches;

/// How far a replica is opened.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    /// Its directory's name is not free yet.
    Named,
    /// It waits for its turn to open.
    Queued,
    /// Its directory is looked at.
    Looking(Look),
    /// It has a log, opening or open.
    Held(Box<Replica>),
    /// Its directory is not what it should be; it is left alone.
    Damaged,
    /// Its log is damaged where it had been durable; its files are left alone, but they are known to be its own.
    Refused(Box<Replica>),
}

/// What a question of this entry waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wait {
    /// For the log to open.
    Open,
    /// For everything below to be flushed.
    Flushed(Offset),
    /// For the segment with this base to be readable.
    Warm(Offset),
    /// For this save of the checkpoints.
    Saved(u64),
}

/// One replica and whoever waits for it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Which partition.
    pub id: PartitionId,
    /// Its topic's name.
    pub topic: Arc<str>,
    /// Its log directory, by index.
    pub dir: usize,
    /// Its own directory in it.
    pub dir_name: Name,
    /// How far it is opened.
    pub stage: Stage,
    /// Names for its files; taken by its log when that opens.
    pub names: Names,
    /// What the image says.
    pub partition: Arc<Partition>,
    /// Its topic's settings.
    pub settings: Arc<Settings>,
    /// Appends in their order.
    pub line: Line,
    /// What is to be synced.
    pub unflushed: Unflushed,
    /// Readers at the end.
    pub watches: Watches,
    /// Questions that wait for this replica.
    pub parked: Vec<(Wait, Asked)>,
    /// The topic is deleted; it is on its way out.
    pub leaving: bool,
    /// It is on the list of those to be visited when the turn ends.
    pub touched: bool,
    /// It is on the list of those that the next checkpoint looks at.
    pub moved: bool,
    /// It counts among those being opened.
    pub opening: bool,
    /// What it holds of recent batches, as last counted.
    pub cached: usize,
    /// When it was last appended to, by the count of appends.
    pub cached_at: u64,
    /// The same, when what it holds was counted.
    pub counted_at: u64,
    /// Whether a deadline of `flush.ms` runs.
    pub flush_timer: bool,
    /// The coordinator whose log this is, while this node leads it.
    pub coordinator: Option<Box<Coordinator>>,
}

impl Entry {
    /// The replica, once there is a log.
    pub fn replica(&self) -> Option<&Replica> {
        match &self.stage {
            Stage::Held(replica) => Some(replica),
            _ => None,
        }
    }

    /// The replica, once there is a log.
    pub fn replica_mut(&mut self) -> Option<&mut Replica> {
        match &mut self.stage {
            Stage::Held(replica) => Some(replica),
            _ => None,
        }
    }

    /// Where its log is in its life; `None` when there is none yet.
    pub fn phase(&self) -> Option<Phase> {
        self.replica().map(|replica| replica.log().phase())
    }

    /// What lies at `from` and beyond never happened: who waits for its flush waits for the end that there is.
    pub fn wait_no_further(&mut self, from: Offset) {
        for (wait, _) in &mut self.parked {
            if let Wait::Flushed(to) = wait {
                *to = from.min(*to);
            }
        }
    }

    /// It is not served until somebody has looked at its files.
    pub fn is_damaged(&self) -> bool {
        matches!(self.stage, Stage::Damaged | Stage::Refused(_))
    }

    /// Its log was refused.
    pub fn refuse(&mut self) {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Damaged) {
            Stage::Held(replica) => Stage::Refused(replica),
            other => other,
        };
    }

    /// A refused log is to be removed.
    pub fn take_up(&mut self) -> Option<&mut Replica> {
        self.stage = match std::mem::replace(&mut self.stage, Stage::Damaged) {
            Stage::Refused(replica) => Stage::Held(replica),
            other => other,
        };
        self.replica_mut()
    }

    /// The key of its offsets in a checkpoint.
    pub fn key(&self) -> (String, i32) {
        (self.topic.to_string(), self.id.index)
    }
}

#[derive(Clone, Debug, Default)]
struct Slot {
    generation: u32,
    entry: Option<Box<Entry>>,
}

/// All replicas, by slot.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entries {
    slots: Vec<Slot>,
    free: Vec<u32>,
    len: usize,
}

impl Entries {
    /// Gives a slot to a new entry.
    pub fn insert(&mut self, entry: Entry) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            (self.slots.len() - 1) as u32
        });
        self.slots[slot as usize].entry = Some(Box::new(entry));
        self.len += 1;
        slot
    }

    /// Frees a slot; the next life of it is another generation (E1).
    pub fn remove(&mut self, slot: u32) -> Option<Box<Entry>> {
        let life = self.slots.get_mut(slot as usize)?;
        let entry = life.entry.take()?;
        life.generation = life.generation.wrapping_add(1);
        self.free.push(slot);
        self.len -= 1;
        Some(entry)
    }

    /// The entry goes on in another life of its slot: completions of this one are dropped.
    pub fn renew(&mut self, slot: u32) {
        if let Some(life) = self.slots.get_mut(slot as usize) {
            life.generation = life.generation.wrapping_add(1);
        }
    }

    /// The entry in a slot.
    pub fn get(&self, slot: u32) -> Option<&Entry> {
        self.slots.get(slot as usize)?.entry.as_deref()
    }

    /// The entry in a slot.
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut Entry> {
        self.slots.get_mut(slot as usize)?.entry.as_deref_mut()
    }

    /// Which life of the slot this is.
    pub fn generation(&self, slot: u32) -> u32 {
        self.slots
            .get(slot as usize)
            .map_or(0, |life| life.generation)
    }

    /// Whether the slot is in this life.
    pub fn lives(&self, slot: u32, generation: u32) -> bool {
        (self.slots.get(slot as usize))
            .is_some_and(|life| life.generation == generation && life.entry.is_some())
    }

    /// How many slots there have been.
    pub fn bound(&self) -> u32 {
        self.slots.len() as u32
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// All entries with their slots.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Entry)> {
        let numbered = self.slots.iter().enumerate();
        numbered.filter_map(|(slot, life)| Some((slot as u32, life.entry.as_deref()?)))
    }
}
