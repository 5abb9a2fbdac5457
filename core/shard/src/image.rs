//! Following the metadata: replicas come, lead, and go as the image says, a slice of changed topics per settle. Somebody who asks for a
//! partition before its slice has its change applied at once.
//!
//! G1: what is applied is always the newest image; changes are remembered by topic, not by image.
//! H5: only the log of a partition that the metadata has taken from this node is removed.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_log::Phase;
use ottla_machine::{Effects, Emit, LeaderEpoch, Level, Name, NodeId, Now, Spend, sometimes};
use ottla_metadata::{Delta, Image, Partition, Topic, TopicChange, resource_type};
use ottla_protocol::{ErrorCode, Uuid};
use ottla_replica::{Leader, Tenure};

use crate::entry::{Entry, Stage};
use crate::flusher::Unflushed;
use crate::line::Line;
use crate::open::log_config;
use crate::settings::Settings;
use crate::watch::Watches;
use crate::{PartitionId, Shard, limits};

/// Topics whose change is still to be applied, each with the partition to go on with.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes {
    topics: BTreeMap<Uuid, i32>,
}

impl Changes {
    /// Whether there are any.
    pub fn any(&self) -> bool {
        !self.topics.is_empty()
    }
}

impl Shard {
    /// The metadata is this now.
    pub(crate) fn on_image(&mut self, image: Arc<Image>) {
        let nothing = Image::new();
        let before = self.image.as_deref().unwrap_or(&nothing);
        let delta = Delta::between(before, &image);
        for change in &delta.topics {
            let (TopicChange::Created(topic)
            | TopicChange::Changed { to: topic, .. }
            | TopicChange::Deleted(topic)) = change;
            self.coordinators.topics_gone |= matches!(change, TopicChange::Deleted(_));
            self.changes.topics.insert(topic.id, 0);
        }
        for resource in &delta.configs {
            match resource.kind {
                resource_type::TOPIC => {
                    if let Some(topic) = image.topic_named(&resource.name) {
                        self.settings.remove(&topic.id);
                        self.changes.topics.insert(topic.id, 0);
                    }
                }
                // A broker's settings are the defaults of every topic.
                resource_type::BROKER => {
                    self.settings.clear();
                    let topics = image.topics().map(|topic| (topic.id, 0));
                    self.changes.topics.extend(topics);
                }
                _ => {}
            }
        }
        self.image = Some(image);
    }

    /// Applies a slice of what changed.
    pub(crate) fn follow_image(&mut self, now: Now, fx: &mut Effects<Shard>) {
        if self.stage != crate::Stage::Running {
            return;
        }
        let mut left = limits::SLICE.of(self.switch);
        while left > 0
            && let Some((id, from)) = self.changes.topics.pop_first()
        {
            let (applied, next) = self.follow_topic(now, id, from, left, fx);
            fx.spend(Spend::Partitions, applied);
            left -= applied.clamp(1, left);
            if let Some(next) = next {
                self.changes.topics.insert(id, next);
            }
        }
        self.caught_up |= self.image.is_some() && !self.changes.any();
    }

    /// Applies up to `most` partitions of a topic from `from` on. How many, and where to go on.
    fn follow_topic(
        &mut self,
        now: Now,
        topic_id: Uuid,
        from: i32,
        most: usize,
        fx: &mut Effects<Shard>,
    ) -> (usize, Option<i32>) {
        let image = self.image.clone().unwrap_or_default();
        let here = |index| PartitionId { topic_id, index };
        let Some(topic) = image.topic(topic_id) else {
            self.settings.remove(&topic_id);
            let gone = self.by_id.range(here(i32::MIN)..=here(i32::MAX));
            let gone: Vec<u32> = gone.map(|(_, slot)| *slot).take(most).collect();
            for slot in &gone {
                self.dismiss(*slot, fx);
            }
            return (gone.len(), (gone.len() == most).then_some(0));
        };
        let end = topic.partitions.len() as i32;
        let until = from.saturating_add(most as i32).min(end);
        for index in from..until {
            self.follow(now, topic, index, fx);
        }
        (
            (until - from).max(0) as usize,
            (until < end).then_some(until),
        )
    }

    /// The replica that is asked for.
    pub(crate) fn find(
        &mut self,
        now: Now,
        id: PartitionId,
        fx: &mut Effects<Shard>,
    ) -> Result<u32, ErrorCode> {
        if self.stage != crate::Stage::Running {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        let changed = self.changes.topics.contains_key(&id.topic_id);
        let known = self.by_id.get(&id).copied();
        if let Some(slot) = known.filter(|_| !changed) {
            return Ok(slot);
        }
        sometimes!(
            fx,
            "somebody asked for a partition before its change was applied"
        );
        let image = self.image.clone().unwrap_or_default();
        let Some(topic) = image.topic(id.topic_id) else {
            if let Some(slot) = known {
                self.dismiss(slot, fx);
            }
            return Err(ErrorCode::UnknownTopicId);
        };
        if image.partition(id.topic_id, id.index).is_none() {
            return Err(ErrorCode::UnknownTopicOrPartition);
        }
        self.follow(now, topic, id.index, fx);
        let slot = self.by_id.get(&id).copied();
        slot.ok_or(ErrorCode::NotLeaderOrFollower)
    }

    /// Brings one replica to what the image says of it.
    fn follow(&mut self, now: Now, topic: &Topic, index: i32, fx: &mut Effects<Shard>) {
        let id = PartitionId {
            topic_id: topic.id,
            index,
        };
        let node = self.node();
        let partition = usize::try_from(index).ok();
        let partition = partition.and_then(|index| topic.partitions.get(index));
        let mine = partition.filter(|partition| partition.replicas.contains(&node));
        let slot = self.by_id.get(&id).copied();
        match (mine, slot) {
            (None, None) => {}
            (None, Some(slot)) => self.dismiss(slot, fx),
            (Some(partition), Some(slot)) => {
                let settings = self.settings_of(topic);
                let Some(entry) = self.entries.get_mut(slot) else {
                    return;
                };
                entry.partition = partition.clone();
                if entry.settings != settings {
                    entry.settings = settings;
                    let config = log_config(entry);
                    if let Some(replica) = entry.replica_mut() {
                        replica.log_mut().update(config);
                    }
                }
                self.assume_role(now, slot, fx);
            }
            (Some(partition), None) => self.admit(topic, id, partition, fx),
        }
    }

    fn node(&self) -> NodeId {
        self.start.as_ref().map_or(NodeId(-1), |start| start.node)
    }

    fn settings_of(&mut self, topic: &Topic) -> Arc<Settings> {
        if let Some(settings) = self.settings.get(&topic.id) {
            return settings.clone();
        }
        let image = self.image.clone().unwrap_or_default();
        let layers = image.layers(Some(&topic.name), self.node(), &self.statics);
        let start = self
            .start
            .as_ref()
            .expect("a shard that follows an image was started");
        let settings = Arc::new(Settings::resolve(&layers, start));
        self.settings.insert(topic.id, settings.clone());
        settings
    }

    fn admit(
        &mut self,
        topic: &Topic,
        id: PartitionId,
        partition: &Arc<Partition>,
        fx: &mut Effects<Shard>,
    ) {
        let Ok(dir_name) = Name::new(&format!("{}-{}", topic.name, id.index)) else {
            let text = format!(
                "the topic {:?} has a name that no directory can have: it is not served",
                topic.name
            );
            return fx.note(Level::Error, text);
        };
        let Some(dir) = self.choose_dir(&dir_name, partition) else {
            return;
        };
        self.dirs[dir].replicas += 1;
        let settings = self.settings_of(topic);
        let slot = self.entries.insert(Entry {
            id,
            topic: topic.name.clone(),
            dir,
            dir_name,
            stage: Stage::Named,
            names: self.log_names.range(),
            partition: partition.clone(),
            settings,
            line: Line::default(),
            unflushed: Unflushed::default(),
            watches: Watches::default(),
            parked: Vec::new(),
            leaving: false,
            touched: false,
            moved: false,
            opening: false,
            cached: 0,
            cached_at: 0,
            counted_at: 0,
            flush_timer: false,
            coordinator: None,
        });
        self.by_id.insert(id, slot);
        self.try_name(slot);
    }

    /// Where it is, where the metadata says it is, or where the fewest are.
    fn choose_dir(&self, name: &Name, partition: &Partition) -> Option<usize> {
        let node = self.node();
        let seat = partition
            .replicas
            .iter()
            .position(|replica| *replica == node);
        let assigned = seat.and_then(|seat| partition.directories.get(seat));
        let assigned = || self.dirs.iter().position(|dir| Some(&dir.id) == assigned);
        let emptiest = || {
            let online = self.dirs.iter().enumerate().filter(|(_, dir)| !dir.offline);
            online.min_by_key(|(_, dir)| dir.replicas).map(|(at, _)| at)
        };
        let anywhere = || (!self.dirs.is_empty()).then_some(0);
        self.opener
            .home(name)
            .or_else(assigned)
            .or_else(emptiest)
            .or_else(anywhere)
    }

    /// The replica's log is open.
    pub(crate) fn on_opened(&mut self, now: Now, slot: u32, fx: &mut Effects<Shard>) {
        self.opened(slot);
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        if entry.leaving {
            sometimes!(fx, "a topic was deleted while its log was being opened");
            if let Some(replica) = entry.replica_mut() {
                replica.log_mut().remove(fx);
            }
            return self.touch(slot);
        }
        self.note_unfinished(slot);
        self.assume_role(now, slot, fx);
        self.ask_again(now, slot, |wait| wait == crate::entry::Wait::Open, fx);
        self.advance_line(now, slot, fx);
        self.moved(slot);
        self.touch(slot);
    }

    /// Leads or resigns as the image says, once the log is open.
    fn assume_role(&mut self, now: Now, slot: u32, fx: &mut Effects<Shard>) {
        let node = self.node();
        let Some(entry) = self.entries.get_mut(slot).filter(|entry| entry.is_open()) else {
            return;
        };
        let partition = entry.partition.clone();
        let tenure = Tenure {
            node,
            epoch: partition.leader_epoch,
            isr: partition.isr.clone(),
            replicas: partition.replicas.len(),
            min_insync_replicas: entry.settings.min_insync_replicas,
        };
        let Some(replica) = entry.replica_mut() else {
            return;
        };
        let epoch = |leader: Option<&Leader>| leader.map_or(LeaderEpoch::NONE, Leader::epoch);
        let before = epoch(replica.leader());
        let mut released = Vec::new();
        if partition.leader == node {
            replica.lead(tenure, fx, &mut released);
        } else {
            replica.resign(fx, &mut released);
        }
        let after = epoch(replica.leader());
        let start = replica.log().start_offset();
        if after == LeaderEpoch::NONE {
            for ticket in entry.line.clear() {
                self.refuse(ticket, ErrorCode::NotLeaderOrFollower, fx);
            }
        }
        for released in released {
            self.release(released, start, fx);
        }
        if before != after {
            self.end_coordinator(slot, fx);
            self.begin_coordinator(slot);
            // Whoever is answered now is told the high watermark of this tenure, not that of a checkpoint.
            self.advance(now, slot, fx);
            self.state_changed(now, slot, fx);
        }
        self.touch(slot);
    }

    /// Another epoch or state: whoever watches or waits has to look anew.
    fn state_changed(&mut self, now: Now, slot: u32, fx: &mut Effects<Shard>) {
        if let Some(entry) = self.entries.get_mut(slot) {
            for key in entry.watches.all() {
                fx.tell(crate::ShardTell::Ready(key));
            }
        }
        self.ask_again(now, slot, |_| true, fx);
    }

    /// The metadata has taken the partition from this node: nobody finds it any more, and what is on disk goes (H5).
    pub(crate) fn dismiss(&mut self, slot: u32, fx: &mut Effects<Shard>) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        entry.leaving = true;
        let (id, at, key) = (entry.id, entry.dir, entry.key());
        self.by_id.remove(&id);
        self.send_home(slot, ErrorCode::UnknownTopicOrPartition, fx);
        let offline = self.dirs[at].offline;
        if !offline {
            self.dirs[at].checkpoints.forget(&key);
        }
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let mut released = Vec::new();
        let found = self.opener.home(&entry.dir_name).is_some();
        match &mut entry.stage {
            _ if offline => self.free(slot),
            Stage::Named | Stage::Damaged => self.free(slot),
            Stage::Queued if !found => self.free(slot),
            Stage::Held(replica) if replica.log().phase() == Phase::Open => {
                replica.resign(fx, &mut released);
                replica.log_mut().remove(fx);
                self.touch(slot);
            }
            Stage::Refused(_) => {
                if let Some(replica) = entry.take_up() {
                    replica.log_mut().remove(fx);
                }
                self.touch(slot);
            }
            // They go when they are open.
            Stage::Queued | Stage::Looking(_) | Stage::Held(_) => {}
        }
        assert!(released.is_empty(), "G1: everybody was sent home before");
    }

    /// The slot is free, and so is its directory's name.
    pub(crate) fn free(&mut self, slot: u32) {
        self.opened(slot);
        self.opener.forget(slot);
        let Some(entry) = self.entries.remove(slot) else {
            return;
        };
        self.dirs[entry.dir].replicas -= 1;
        self.tail.remove(slot, &entry);
        self.timers.set(crate::Timer::Log(slot), None);
        self.timers.set(crate::Timer::Flush(slot), None);
        let name = entry.dir_name;
        if self.heirs.get(&name) == Some(&slot) {
            self.heirs.remove(&name);
        }
        if self.holders.get(&name) == Some(&slot) {
            self.holders.remove(&name);
            if let Some(heir) = self.heirs.remove(&name) {
                self.try_name(heir);
            }
        }
    }

    /// What the replica says of itself is no longer what the checkpoints say.
    pub(crate) fn moved(&mut self, slot: u32) {
        if let Some(entry) = self.entries.get_mut(slot)
            && !std::mem::replace(&mut entry.moved, true)
        {
            self.moved.push_back(slot);
        }
    }
}
