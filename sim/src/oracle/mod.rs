//! Who judges a run. Each oracle is a noun in a file of its own with a test that makes it fire; it is told what happened ([`Seen`]),
//! may look at the broker through its read-only probes, and answers with a [`Violation`] when something cannot be.
//!
//! J1: an oracle changes nothing and draws nothing: a run is the same with and without it.
//! J2: what is excused is excused by an entry of the [`Atlas`].

mod acked_durability;
mod acks_zero;
mod bounds;
mod commits;
mod compaction;
mod cursors;
mod deletions;
mod epochs;
mod excuses;
mod fencing;
mod fetch_sessions;
mod generations;
mod groups_replay;
mod hang_ups;
mod high_watermarks;
mod idempotence;
mod invariants;
mod known_errors;
mod log_truth;
mod membership;
mod metadata_replay;
mod offsets;
mod ownership;
mod polls;
mod rebalances;
mod receipts;
mod recovery;
mod refusal;
mod replies;
mod retention;
mod topics;
mod visibility;

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_broker::Broker;
use ottla_machine::Spent;
use ottla_media::Media;

use crate::atlas::Atlas;
use crate::history::{Ask, Asked, BatchShown, Fetched, Named, Partition, Seen, TopicId};
use crate::ledger::{Ledger, same};
use crate::on_disk::{self, LogOnDisk};
use crate::script::{Nanos, Script};

/// Something that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The oracle's name: kebab-case, stable; two failures are the same failure when this is the same.
    pub oracle: &'static str,
    /// What was seen and what should have been, in a sentence or two.
    pub what: String,
}

/// What an oracle answers.
pub type Verdict = Result<(), Violation>;

/// A violation.
fn fired(oracle: &'static str, what: String) -> Verdict {
    Err(Violation { oracle, what })
}

/// A broker that was started on a copy of the disk, without clients and without faults: the scene's broker and media are its own.
#[derive(Clone, Copy)]
pub struct Rehearsal<'a> {
    /// What it was started on.
    pub left: &'a Media,
}

/// Where an oracle may look.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// Now.
    pub at: Nanos,
    /// The run's script.
    pub script: &'a Arc<Script>,
    /// What was done to the node.
    pub atlas: &'a Atlas,
    /// The process, when one lives.
    pub broker: Option<&'a Broker>,
    /// The disk.
    pub media: &'a Media,
    /// Which life this is, from 1.
    pub life: u32,
    /// What is known to be true, without what is being judged now.
    pub ledger: &'a Ledger,
}

impl Scene<'_> {
    /// The first offset whose loss is excused by damage, of the partition that is named, however it is named.
    pub fn damaged(&self, named: &Named) -> Option<i64> {
        let meant = |id: &TopicId| {
            let topic = self.ledger.topics.get(id);
            *id == named.id || topic.is_none_or(|topic| topic.name == named.topic)
        };
        let damaged = self.atlas.damaged_partitions();
        let of = damaged.filter(|(of, _)| of.index == named.index && meant(&of.topic));
        of.map(|(_, from)| from).min()
    }

    /// The batches of an answer that prove something: those that were given for offsets before any damage. What is given for an offset behind it
    /// may be nonsense, all of it and the offsets that it says it has, which no checksum covers.
    pub fn sound<'f>(
        &self,
        asked: &Asked,
        named: &Named,
        fetched: &'f Fetched,
    ) -> &'f [BatchShown] {
        let Some(damaged) = self.damaged(named) else {
            return &fetched.batches;
        };
        let mut next = asked_from(asked, named).unwrap_or(damaged);
        let given_behind = |batch: &BatchShown| {
            let behind = next >= damaged;
            next = batch.last_offset.saturating_add(1);
            behind
        };
        let end = fetched.batches.iter().position(given_behind);
        &fetched.batches[..end.unwrap_or(fetched.batches.len())]
    }

    /// Whether the log of the partition that is named may be compacted.
    pub fn compacted(&self, named: &Named) -> bool {
        self.ledger.compacted.contains(&named.topic)
    }

    /// The logs on a disk.
    pub fn logs(&self, media: &Media) -> BTreeMap<Partition, LogOnDisk> {
        on_disk::logs(media, &self.ledger.compacted)
    }

    /// A partition's name, for people.
    pub fn name(&self, partition: Partition) -> String {
        let topic = self.ledger.topics.get(&partition.topic);
        let topic = topic.map_or("(unknown)", |topic| &topic.name);
        format!("{topic}-{}", partition.index)
    }
}

/// From which offset a fetch has asked for a partition.
fn asked_from(asked: &Asked, named: &Named) -> Option<i64> {
    let Ask::Fetch { wanted, .. } = &asked.ask else {
        return None;
    };
    let of = wanted.iter().find(|(of, ..)| same(of, named));
    of.map(|(_, from, _)| *from)
}

/// Who judges.
pub trait Oracle {
    /// Its name.
    fn name(&self) -> &'static str;

    /// Something happened.
    fn see(&mut self, _scene: &Scene<'_>, _seen: &Seen<'_>) -> Verdict {
        Ok(())
    }

    /// The broker took a step or settled, and spent so much.
    fn stepped(&mut self, _scene: &Scene<'_>, _spent: Spent) -> Verdict {
        Ok(())
    }

    /// Everything is looked at: every 5,000 events, and at the end.
    fn sweep(&mut self, _scene: &Scene<'_>) -> Verdict {
        Ok(())
    }

    /// A life has ended, and a copy was started on what it left.
    fn rehearsed(&mut self, _scene: &Scene<'_>, _rehearsal: &Rehearsal<'_>) -> Verdict {
        Ok(())
    }
}

/// All who judge, and the books they share.
#[derive(Clone, Debug, Default)]
pub struct Oracles {
    /// What is known to be true.
    pub ledger: Ledger,
    acked_durability: acked_durability::AckedDurability,
    log_truth: log_truth::LogTruth,
    cursors: cursors::Cursors,
    visibility: visibility::Visibility,
    idempotence: idempotence::Idempotence,
    replies: replies::Replies,
    offsets: offsets::Offsets,
    epochs: epochs::Epochs,
    topics: topics::Topics,
    metadata_replay: metadata_replay::MetadataReplay,
    recovery: recovery::Recovery,
    refusal: refusal::Refusal,
    retention: retention::Retention,
    step_budget: bounds::StepBudget,
    resource_bounds: bounds::ResourceBounds,
    invariants: invariants::Invariants,
    acks_zero: acks_zero::AcksZero,
    compaction: compaction::Compaction,
    deletions: deletions::Deletions,
    fencing: fencing::Fencing,
    fetch_sessions: fetch_sessions::FetchSessions,
    hang_ups: hang_ups::HangUps,
    high_watermarks: high_watermarks::HighWatermarks,
    polls: polls::Polls,
    receipts: receipts::Receipts,
    ownership: ownership::Ownership,
    generations: generations::Generations,
    membership: membership::Membership,
    commits: commits::Commits,
    rebalances: rebalances::Rebalances,
    groups_replay: groups_replay::GroupsReplay,
    known_errors: known_errors::KnownErrors,
}

impl Oracles {
    /// Nothing has happened yet.
    pub fn new(script: &Script) -> Oracles {
        Oracles {
            ledger: Ledger::new(script),
            ..Oracles::default()
        }
    }

    fn each(&mut self) -> (&Ledger, [&mut dyn Oracle; 32]) {
        (
            &self.ledger,
            [
                &mut self.replies,
                &mut self.visibility,
                &mut self.log_truth,
                &mut self.acked_durability,
                &mut self.idempotence,
                &mut self.offsets,
                &mut self.epochs,
                &mut self.topics,
                &mut self.cursors,
                &mut self.metadata_replay,
                &mut self.recovery,
                &mut self.refusal,
                &mut self.retention,
                &mut self.step_budget,
                &mut self.resource_bounds,
                &mut self.invariants,
                &mut self.acks_zero,
                &mut self.compaction,
                &mut self.deletions,
                &mut self.fencing,
                &mut self.fetch_sessions,
                &mut self.hang_ups,
                &mut self.high_watermarks,
                &mut self.polls,
                &mut self.receipts,
                &mut self.ownership,
                &mut self.generations,
                &mut self.membership,
                &mut self.commits,
                &mut self.rebalances,
                &mut self.groups_replay,
                &mut self.known_errors,
            ],
        )
    }

    /// Something happened: it is judged, then written down.
    pub fn see(&mut self, scene: &Stage<'_>, seen: &Seen<'_>) -> Verdict {
        self.ask(scene, |oracle, scene| oracle.see(scene, seen))?;
        self.ledger.take(scene.at, seen, scene.atlas, scene.media);
        Ok(())
    }

    /// The broker took a step or settled.
    pub fn stepped(&mut self, scene: &Stage<'_>, spent: Spent) -> Verdict {
        // Only these two look at single steps: the call is made millions of times.
        let ledger = &self.ledger;
        self.step_budget.stepped(&scene.with(ledger), spent)?;
        self.cursors.stepped(&scene.with(ledger), spent)?;
        self.invariants.stepped(&scene.with(ledger), spent)
    }

    /// Everything is looked at.
    pub fn sweep(&mut self, scene: &Stage<'_>) -> Verdict {
        self.ask(scene, |oracle, scene| oracle.sweep(scene))
    }

    /// A copy was started.
    pub fn rehearsed(&mut self, scene: &Stage<'_>, rehearsal: &Rehearsal<'_>) -> Verdict {
        self.ask(scene, |oracle, scene| oracle.rehearsed(scene, rehearsal))
    }

    fn ask(
        &mut self,
        stage: &Stage<'_>,
        mut judge: impl FnMut(&mut dyn Oracle, &Scene<'_>) -> Verdict,
    ) -> Verdict {
        let (ledger, oracles) = self.each();
        let scene = stage.with(ledger);
        for oracle in oracles {
            judge(oracle, &scene)?;
        }
        Ok(())
    }
}

/// A [`Scene`] without the books, which are the oracles' own.
#[derive(Clone, Copy)]
#[allow(missing_docs, reason = "the fields are those of `Scene`")]
pub struct Stage<'a> {
    pub at: Nanos,
    pub script: &'a Arc<Script>,
    pub atlas: &'a Atlas,
    pub broker: Option<&'a Broker>,
    pub media: &'a Media,
    pub life: u32,
}

impl<'a> Stage<'a> {
    fn with(&self, ledger: &'a Ledger) -> Scene<'a> {
        Scene {
            at: self.at,
            script: self.script,
            atlas: self.atlas,
            broker: self.broker,
            media: self.media,
            life: self.life,
            ledger,
        }
    }
}

#[cfg(test)]
#[path = "tests/rig.rs"]
pub(crate) mod rig;
#[cfg(test)]
#[path = "tests/rig_groups.rs"]
pub(crate) mod rig_groups;
