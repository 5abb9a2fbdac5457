//! What somebody who looks at a shard from outside sees of its replicas: where each stands, and which the last step or settle has touched.
//! Changes nothing.

use ottla_log::{Log, Phase, ProducerView};
use ottla_machine::{LeaderEpoch, Offset};

use crate::entry::Entry;
use crate::{PartitionId, Shard};

/// One replica of this node.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// Which partition.
    pub id: PartitionId,
    /// Its topic's name.
    pub topic: &'a str,
    /// The topic is deleted; the replica is on its way out.
    pub leaving: bool,
    /// It is not served until somebody has looked at its files.
    pub damaged: bool,
    /// Where its log is in its life; `None` when it has none yet.
    pub phase: Option<Phase>,
    /// The epoch in which this node leads it.
    pub leader_epoch: Option<LeaderEpoch>,
    /// What every reader may see.
    pub high_watermark: Offset,
    /// What a reader of committed transactions may see.
    pub last_stable_offset: Offset,
    /// The first offset that may be read.
    pub log_start: Offset,
    /// Everything below is durable.
    pub flushed: Offset,
    /// Everything below is written.
    pub written: Offset,
    /// The next offset to be given.
    pub assigned: Offset,
    log: Option<&'a Log>,
}

impl<'a> Held<'a> {
    fn of(entry: &'a Entry) -> Held<'a> {
        let replica = entry.replica();
        let at = |offset: fn(&Log) -> Offset| replica.map_or(Offset(0), |r| offset(r.log()));
        Held {
            id: entry.id,
            topic: &entry.topic,
            leaving: entry.leaving,
            damaged: entry.is_damaged(),
            phase: entry.phase(),
            leader_epoch: replica
                .and_then(|replica| replica.leader())
                .map(|l| l.epoch()),
            high_watermark: replica.map_or(Offset(0), |replica| replica.high_watermark()),
            last_stable_offset: replica.map_or(Offset(0), |replica| replica.last_stable_offset()),
            log_start: at(Log::start_offset),
            flushed: at(Log::flushed),
            written: at(Log::written),
            assigned: at(Log::assigned),
            log: replica.map(|replica| replica.log()),
        }
    }

    /// Whether its log is open: before that, and when the disk is not believed any more, its offsets mean nothing.
    pub fn is_open(&self) -> bool {
        self.phase == Some(Phase::Open)
    }

    /// The producers that its log remembers.
    pub fn producers(&self) -> impl Iterator<Item = ProducerView> + 'a {
        self.log.into_iter().flat_map(Log::producer_views)
    }
}

impl Shard {
    /// Every replica that this shard holds.
    pub fn logs(&self) -> impl Iterator<Item = Held<'_>> {
        self.entries.iter().map(|(_, entry)| Held::of(entry))
    }

    /// The replicas that were visited by the last settle or touched after it. One may be named twice.
    pub fn touched(&self) -> impl Iterator<Item = Held<'_>> {
        self.touched_slots()
            .filter_map(|slot| self.entries.get(slot).map(Held::of))
    }

    fn touched_slots(&self) -> impl Iterator<Item = u32> {
        self.visited.iter().chain(&self.touched).copied()
    }

    /// Panics when an invariant of what was touched last does not hold ([`Shard::touched`]).
    pub fn check_touched(&self) {
        for slot in self.touched_slots() {
            if let Some(entry) = self.entries.get(slot) {
                self.check_entry(slot, entry);
            }
        }
        self.check_dirs();
    }
}
