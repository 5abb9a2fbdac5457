//! The coordinators that live here: one per led partition of `__consumer_offsets`. Requests come in with a ticket; what is decided is
//! appended to the partition's own log; answers leave when its high watermark has passed what they depend on.
//!
//! | stage | on | becomes |
//! |---|---|---|
//! | (none) | this node leads the partition | Loading |
//! | Loading | its log is read to the end | Active |
//! | Loading | its log cannot be read | Failed |
//! | Active | an append never happened (the disk was full) | Loading, from the start |
//! | any | this node leads no more, the topic goes, the directory goes offline, the shard stops | (none) |
//!
//! O1: every request gets one answer; whoever waits when the coordinator ends is told NOT_COORDINATOR.
//! O2: what an active coordinator has decided on is all of its log: nobody else appends to it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use ottla_coordinator::{Groups, Request, Response, Settings, View};
use ottla_machine::{Cause, Effects, Emit, Now, Offset, Rng, Spend, Ticket, planted, sometimes};
use ottla_metadata::config::StaticConfig;
use ottla_protocol::ErrorCode;
use ottla_record::Compression;
use ottla_replica::Promise;
use ottla_replicated::{Outcome, Refused, Runtime};

use crate::coordinator::{Coordinator, Stage};
use crate::entry::Entry;
use crate::group_log::GroupLog;
use crate::{Answer, PartitionId, Shard, ShardTell, Timer, limits};

/// The topic whose partitions have groups.
const TOPIC: &str = "__consumer_offsets";

/// What concerns all of them.
#[derive(Clone, Debug)]
pub(crate) struct Coordinators {
    /// Whose log is to be read on.
    pub loading: VecDeque<u32>,
    /// Reads of their logs that are out, with slot and generation.
    pub reads: BTreeMap<u64, (u32, u32)>,
    /// Whose deadline has come.
    pub due: VecDeque<u32>,
    /// A topic was deleted.
    pub topics_gone: bool,
    /// `offsets.topic.compression.codec`.
    pub compression: Compression,
}

impl Coordinators {
    pub(crate) fn new(statics: &StaticConfig) -> Coordinators {
        let codec = i16::try_from(statics.whole("offsets.topic.compression.codec"));
        let codec = codec.ok().and_then(|it| Compression::from_bits(it).ok());
        Coordinators {
            loading: VecDeque::new(),
            reads: BTreeMap::new(),
            due: VecDeque::new(),
            topics_gone: false,
            compression: codec.unwrap_or(Compression::None),
        }
    }
}

impl Shard {
    /// This node leads a partition now: if it is one that has groups, they are loaded.
    pub(crate) fn begin_coordinator(&mut self, slot: u32) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let leads = entry
            .replica()
            .filter(|replica| replica.leader().is_some())
            .map(|replica| replica.log().start_offset());
        let Some(start) = leads.filter(|_| *entry.topic == *TOPIC) else {
            return;
        };
        entry.coordinator = Some(Box::new(Coordinator::new(start)));
        self.coordinators.loading.push_back(slot);
    }

    /// It does no more (O1).
    pub(crate) fn end_coordinator(&mut self, slot: u32, fx: &mut Effects<Shard>) {
        let coordinator = self.entries.get_mut(slot);
        let Some(mut coordinator) = coordinator.and_then(|entry| entry.coordinator.take()) else {
            return;
        };
        self.timers.set(Timer::Coordinator(slot), None);
        let waiting = coordinator.runtime.end();
        sometimes!(fx, "a coordinator ended while somebody waited", if !waiting.is_empty());
        for ticket in waiting {
            self.tell_group(ticket, Response::Refused(ErrorCode::NotCoordinator), fx);
        }
    }

    /// Appends from `from` on never happened.
    pub(crate) fn coordinator_undone(&mut self, slot: u32, from: Offset, fx: &mut Effects<Shard>) {
        let coordinator = self
            .entries
            .get(slot)
            .and_then(|entry| entry.coordinator.as_ref());
        let keeps = planted!(fx, "undone-records-of-groups-kept");
        if coordinator.is_some_and(|it| from < it.runtime.end_offset()) && !keeps {
            sometimes!(fx, "a coordinator's records were undone");
            self.end_coordinator(slot, fx);
            self.begin_coordinator(slot);
        }
    }

    /// The node stops: who waits for others waits in vain. What waits for the disk is answered as it becomes durable.
    pub(crate) fn dissolve(&mut self, fx: &mut Effects<Shard>) {
        let coordinators = self.entries.iter();
        let coordinators = coordinators.filter_map(|(_, entry)| entry.coordinator.as_ref());
        let waiting = coordinators.flat_map(|it| it.runtime.waiting());
        for ticket in waiting.collect::<Vec<_>>() {
            self.tell_group(ticket, Response::Refused(ErrorCode::NotCoordinator), fx);
        }
    }

    /// A request about groups.
    pub(crate) fn on_coordinate(
        &mut self,
        now: Now,
        ticket: Ticket,
        partition: PartitionId,
        request: Request,
        fx: &mut Effects<Shard>,
    ) {
        self.tickets.park(ticket);
        if let Err((slot, error)) = self.find_coordinator(now, partition, fx) {
            if let Some(slot) = slot {
                self.hurry(slot);
            }
            return self.tell_group(ticket, Response::Refused(error), fx);
        }
        let slot = self.by_id[&partition];
        self.drive(now, slot, fx, |runtime, view, log, fx| {
            runtime.step(now, view, Cause::Request(ticket, request), log, fx)
        });
    }

    fn find_coordinator(
        &mut self,
        now: Now,
        partition: PartitionId,
        fx: &mut Effects<Shard>,
    ) -> Result<(), (Option<u32>, ErrorCode)> {
        let slot = self.find(now, partition, fx);
        let slot = slot.map_err(|_| (None, ErrorCode::NotCoordinator))?;
        let entry = self.entries.get(slot);
        let entry = entry.ok_or((None, ErrorCode::NotCoordinator))?;
        let broken = self.dirs[entry.dir].offline || entry.is_damaged();
        match entry.coordinator.as_ref().map(|it| &it.stage) {
            Some(Stage::Active(_)) if !broken => Ok(()),
            Some(Stage::Failed) => Err((None, ErrorCode::CoordinatorNotAvailable)),
            Some(Stage::Loading(_)) if !broken => Err((None, ErrorCode::CoordinatorLoadInProgress)),
            None if !broken && !entry.is_open() => {
                Err((Some(slot), ErrorCode::CoordinatorLoadInProgress))
            }
            _ => Err((None, ErrorCode::NotCoordinator)),
        }
    }

    /// Lets an active coordinator decide; what comes of it is told, and what was appended is wanted durable.
    fn drive(
        &mut self,
        now: Now,
        slot: u32,
        fx: &mut Effects<Shard>,
        decide: impl FnOnce(
            &mut Runtime<Groups>,
            &View,
            &mut GroupLog<'_>,
            &mut Effects<Shard>,
        ) -> Outcome<Groups>,
    ) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let Some(mut coordinator) = entry.coordinator.take() else {
            return;
        };
        let max_bytes = entry.settings.log.max_message_bytes;
        let compression = self.coordinators.compression;
        let (Stage::Active(view), Some(replica)) = (&mut coordinator.stage, entry.replica_mut())
        else {
            entry.coordinator = Some(coordinator);
            return;
        };
        // Whoever asks knows the newest image.
        view.image = self.image.clone().unwrap_or_default();
        let before = replica.log().assigned();
        let mut log = GroupLog {
            replica,
            now,
            max_bytes,
            compression,
        };
        let outcome = decide(&mut coordinator.runtime, view, &mut log, fx);
        let after = log.replica.log().assigned();
        let durable = log.replica.promise() == Promise::Flushed;
        self.timers
            .set(Timer::Coordinator(slot), coordinator.runtime.deadline());
        entry.coordinator = Some(coordinator);
        if before < after {
            if durable {
                entry.unflushed.want(after);
            }
            self.appends += 1;
            entry.cached_at = self.appends;
            self.touch(slot);
        }
        self.tell_outcome(outcome, fx);
    }

    fn tell_outcome(&mut self, outcome: Outcome<Groups>, fx: &mut Effects<Shard>) {
        for (ticket, response) in outcome.replies {
            self.tell_group(ticket, response, fx);
        }
        for (ticket, why) in outcome.refused {
            let error = match why {
                Refused::NotLeader => ErrorCode::NotCoordinator,
                Refused::TooLarge => ErrorCode::MessageTooLarge,
                Refused::Full => ErrorCode::CoordinatorNotAvailable,
            };
            self.tell_group(ticket, Response::Refused(error), fx);
        }
    }

    pub(crate) fn tell_group(
        &mut self,
        ticket: Ticket,
        response: Response,
        fx: &mut Effects<Shard>,
    ) {
        if self.tickets.take(ticket) {
            fx.tell(ShardTell::Answer(ticket, Answer::Group(response)));
        }
    }

    /// The high watermark of a coordinator's log has moved.
    pub(crate) fn coordinator_committed(&mut self, slot: u32, fx: &mut Effects<Shard>) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let high_watermark = entry.replica().map(|replica| replica.high_watermark());
        let (Some(coordinator), Some(high_watermark)) = (&mut entry.coordinator, high_watermark)
        else {
            return;
        };
        match &mut coordinator.stage {
            Stage::Active(_) => {
                let passed = coordinator.runtime.on_high_watermark(high_watermark);
                sometimes!(fx, "one flush answered several requests of groups", if passed.replies.len() > 1);
                for (ticket, response) in passed.replies {
                    self.tell_group(ticket, response, fx);
                }
            }
            Stage::Loading(loading) => {
                if loading.on_moved() {
                    self.coordinators.loading.push_back(slot);
                }
            }
            Stage::Failed => {}
        }
    }

    /// Whether coordinators need another settle at once.
    pub(crate) fn coordinators_go_on(&self) -> bool {
        let Coordinators {
            loading,
            due,
            topics_gone,
            ..
        } = &self.coordinators;
        self.stage == crate::Stage::Running
            && (!loading.is_empty() || !due.is_empty() || *topics_gone)
    }

    /// Deadlines that have come.
    pub(crate) fn coordinate_some(&mut self, now: Now, fx: &mut Effects<Shard>) {
        if self.stage != crate::Stage::Running {
            return;
        }
        for _ in 0..limits::SLICE.of(self.switch) {
            let Some(slot) = self.coordinators.due.pop_front() else {
                break;
            };
            fx.spend(Spend::Partitions, 1);
            if self.resume_loading(slot) {
                continue;
            }
            self.drive(now, slot, fx, |runtime, view, log, fx| {
                runtime.on_time(now, view, log, fx)
            });
        }
        if std::mem::take(&mut self.coordinators.topics_gone) {
            let slots = self.entries.iter();
            let slots = slots.filter(|(_, entry)| entry.coordinator.is_some());
            for slot in slots.map(|(slot, _)| slot).collect::<Vec<_>>() {
                self.drive(now, slot, fx, |runtime, view, log, fx| {
                    runtime.step(now, view, Cause::ViewChanged, log, fx)
                });
            }
        }
    }

    /// A coordinator whose log is read to its end begins.
    pub(crate) fn activate(&mut self, now: Now, slot: u32, fx: &mut Effects<Shard>) {
        let number = self.number();
        let rng = self
            .start
            .as_ref()
            .map(|start| start.rng.child(number))
            .unwrap_or_else(|| Rng::new([0; 32]));
        let view = View {
            image: self.image.clone().unwrap_or_default(),
            settings: Arc::new(Settings::new(&self.statics)),
            rng,
            switch: self.switch,
        };
        let coordinator = self.entries.get_mut(slot).map(|it| &mut it.coordinator);
        let Some(Some(coordinator)) = coordinator else {
            return;
        };
        // There is nothing to go on with outside: groups make no calls.
        let _ = coordinator.runtime.begin(now, &view);
        let deadline = coordinator.runtime.deadline();
        coordinator.stage = Stage::Active(Box::new(view));
        self.timers.set(Timer::Coordinator(slot), deadline);
        self.coordinator_committed(slot, fx);
    }

    /// The groups of every partition that is led here, with their partition and the end of what was replayed; not of those being loaded.
    pub fn groups(&self) -> impl Iterator<Item = (PartitionId, &Groups, Offset)> {
        self.entries.iter().filter_map(|(_, entry)| {
            let coordinator = entry.coordinator.as_ref();
            let active = coordinator.filter(|it| matches!(it.stage, Stage::Active(_)))?;
            Some((
                entry.id,
                active.runtime.state(),
                active.runtime.end_offset(),
            ))
        })
    }

    pub(crate) fn coordinator_mut(&mut self, slot: u32) -> Option<&mut Coordinator> {
        let entry: &mut Entry = self.entries.get_mut(slot)?;
        entry.coordinator.as_deref_mut()
    }
}
