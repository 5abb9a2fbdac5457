//! Bringing replicas up: a bounded number at once, those somebody asks for first, all others in the background.
//!
//! O1: at most [`limits::OPENING.of(self.switch)`] are being opened.
//! O2: a log is opened only in a directory that is its own (`look`), or in none, and then no checkpoint names a predecessor of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;

use ottla_log::{Log, LogConfig, Place, Start};
use ottla_machine::{
    DiskOutput, Effects, Emit, Fault, Level, Name, Now, Owner, Spend, Time, sometimes,
};
use ottla_replica::{Promise, Replica};

use crate::checkpoints::Known;
use crate::entry::{Entry, Stage};
use crate::look::{Look, Looked};
use crate::settings::jitter;
use crate::{LOGS, Shard, Timer, limits};

/// Who is to be opened, and what directories there were.
#[derive(Clone, Debug, Default)]
pub(crate) struct Opener {
    /// Directories found at start whose replica was not opened yet, with their log directory.
    found: BTreeMap<Name, usize>,
    urgent: VecDeque<u32>,
    queued: VecDeque<u32>,
    /// Replicas that wait for a save of the checkpoints.
    unsaved: BTreeSet<u32>,
    opening: usize,
    /// The system was short of something: not before then.
    pause: Option<Time>,
    /// Who found no room on its disk: not before then.
    waiting: BTreeMap<u32, Time>,
    /// Whether the operator was told of it.
    told_full: bool,
}

impl Opener {
    /// A partition's directory was found at start.
    pub fn found(&mut self, name: Name, at: usize) {
        // The same partition in two log directories: the first one counts, as nothing says which is newer.
        self.found.entry(name).or_insert(at);
    }

    /// In which log directory a partition's directory was found.
    pub fn home(&self, name: &Name) -> Option<usize> {
        self.found.get(name).copied()
    }

    /// The directories that were found and not opened yet, in order.
    pub fn unopened(&self, from: Bound<Name>) -> impl Iterator<Item = &Name> {
        let range = self.found.range((from, Bound::Unbounded));
        range.map(|(name, _)| name)
    }

    /// Whether nobody is being opened or to be opened.
    pub fn is_idle(&self) -> bool {
        self.opening == 0
            && self.urgent.is_empty()
            && self.queued.is_empty()
            && self.unsaved.is_empty()
            && self.waiting.is_empty()
    }

    /// When opening goes on.
    fn next(&self) -> Option<Time> {
        self.waiting.values().copied().chain(self.pause).min()
    }

    /// This slot is somebody else's from now on.
    pub fn forget(&mut self, slot: u32) {
        self.waiting.remove(&slot);
    }

    /// How many are being opened.
    pub fn opening(&self) -> usize {
        self.opening
    }
}

impl Shard {
    /// Whether a settle would open more at once.
    pub(crate) fn can_open(&self) -> bool {
        let waits = !self.opener.urgent.is_empty() || !self.opener.queued.is_empty();
        let room =
            self.opener.opening < limits::OPENING.of(self.switch) && self.opener.pause.is_none();
        waits && room && self.stage == crate::Stage::Running
    }

    /// Somebody asks for this replica: it is opened before others.
    pub(crate) fn hurry(&mut self, slot: u32) {
        if let Some(entry) = self.entries.get(slot)
            && matches!(entry.stage, Stage::Queued)
            && !self.opener.waiting.contains_key(&slot)
            && self.opener.urgent.back() != Some(&slot)
        {
            self.opener.urgent.push_back(slot);
        }
    }

    /// The replica takes its directory's name and joins the queue, unless the name has to become free first (O2).
    pub(crate) fn try_name(&mut self, slot: u32) {
        let named = |entry: &&Entry| matches!(entry.stage, Stage::Named);
        let Some(entry) = self.entries.get(slot).filter(named) else {
            return;
        };
        let (name, dir, key) = (entry.dir_name.clone(), entry.dir, entry.key());
        if self
            .holders
            .get(&name)
            .is_some_and(|holder| *holder != slot)
        {
            self.heirs.insert(name, slot);
            return;
        }
        let checkpoints = &mut self.dirs[dir].checkpoints;
        if self.opener.home(&name).is_none() {
            checkpoints.forget(&key);
        }
        if checkpoints.is_stale(&key) && !self.dirs[dir].offline {
            self.opener.unsaved.insert(slot);
            self.checkpointing = true;
            return;
        }
        self.heirs.remove(&name);
        self.holders.insert(name, slot);
        self.opener.queued.push_back(slot);
        if let Some(entry) = self.entries.get_mut(slot) {
            entry.stage = Stage::Queued;
            if !entry.parked.is_empty() || !entry.line.is_empty() {
                self.hurry(slot);
            }
        }
    }

    /// A save of checkpoints is durable: names may be free now.
    pub(crate) fn retry_names(&mut self) {
        for slot in std::mem::take(&mut self.opener.unsaved) {
            self.try_name(slot);
        }
    }

    /// Opens replicas while there is room (O1).
    pub(crate) fn open_some(&mut self, now: Now, fx: &mut Effects<Shard>) {
        for _ in 0..limits::SLICE.of(self.switch) {
            if !self.can_open() {
                return;
            }
            let urgent = self.opener.urgent.pop_front();
            let Some(slot) = urgent.or_else(|| self.opener.queued.pop_front()) else {
                return;
            };
            // It may have been opened by the other queue, or be gone.
            let queued = |entry: &&mut Entry| matches!(entry.stage, Stage::Queued);
            let Some(entry) = self.entries.get_mut(slot).filter(queued) else {
                continue;
            };
            fx.spend(Spend::Partitions, 1);
            let (at, name) = (entry.dir, entry.dir_name.clone());
            if self.dirs[at].offline {
                self.touch(slot);
                continue;
            }
            entry.opening = true;
            self.opener.opening += 1;
            if self.opener.found.contains_key(&name) {
                self.look(slot, fx);
            } else {
                self.open_log(now, slot, Start::Absent, fx);
            }
        }
    }

    fn look(&mut self, slot: u32, fx: &mut Effects<Shard>) {
        let owner = self.log_owner(slot);
        if let Some(entry) = self.entries.get_mut(slot) {
            let parent = self.dirs[entry.dir].dir;
            let name = entry.dir_name.clone();
            let id = entry.id.topic_id.0;
            entry.stage =
                Stage::Looking(Look::begin(owner, parent, name, id, &mut entry.names, fx));
        }
    }

    fn log_owner(&self, slot: u32) -> Owner {
        Owner {
            part: LOGS,
            slot,
            generation: self.entries.generation(slot),
        }
    }

    /// An operation of a replica's slot ended: of its log, or of the look before there is one.
    pub(crate) fn on_log_done(
        &mut self,
        now: Now,
        owner: Owner,
        seq: u64,
        result: Result<DiskOutput, Fault>,
        fx: &mut Effects<Shard>,
    ) {
        let slot = owner.slot;
        if !self.entries.lives(slot, owner.generation) {
            sometimes!(fx, "a completion came for an earlier life of its slot");
            return; // E1
        }
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        if self.dirs[entry.dir].offline {
            return;
        }
        match &mut entry.stage {
            Stage::Looking(look) => {
                let looked = look.on_done(result, &mut entry.names, fx);
                self.on_looked(now, slot, looked, fx);
            }
            Stage::Held(replica) => {
                let mut events = Vec::new();
                replica.log_mut().on_done(now, seq, result, fx, &mut events);
                self.on_log_events(now, slot, events, fx);
                self.touch(slot);
            }
            Stage::Named | Stage::Queued | Stage::Damaged | Stage::Refused(_) => {}
        }
    }

    fn on_looked(&mut self, now: Now, slot: u32, looked: Looked, fx: &mut Effects<Shard>) {
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let (at, name, key) = (entry.dir, entry.dir_name.clone(), entry.key());
        match looked {
            Looked::Going => {}
            Looked::Ours => {
                self.opener.found.remove(&name);
                let known = self.dirs[at].checkpoints.known(&key);
                let log_start = known.log_start;
                let clean = self.start.as_ref().is_some_and(|start| start.clean);
                let start = if clean {
                    Start::Clean { log_start }
                } else {
                    let from = known.recovery_point;
                    Start::Recover {
                        from,
                        log_start,
                        show: false,
                    }
                };
                self.open_log(now, slot, start, fx);
            }
            Looked::Strayed(away) => {
                entry.stage = Stage::Named;
                self.opener.found.remove(&name);
                self.opened(slot);
                fx.note(
                    Level::Warn,
                    format!("the directory {name} belongs to an earlier topic of this name: it is {away} now and is not used"),
                );
                self.dirs[at].checkpoints.forget(&key);
                if entry_leaves(self.entries.get(slot)) {
                    self.free(slot);
                } else {
                    self.try_name(slot);
                }
            }
            Looked::Damaged(why) => {
                entry.stage = Stage::Damaged;
                self.opened(slot);
                fx.note(
                    Level::Error,
                    format!("{name}/partition.metadata cannot be used ({why}): the partition is not served; put back the file, or move the directory away"),
                );
                self.touch(slot);
            }
            Looked::Failed(Fault::Broken) => {
                let why = format!("{name} cannot be read");
                self.offline(at, why, fx);
            }
            Looked::Failed(fault) => self.open_later(now, slot, fault, fx),
        }
    }

    /// The system is short of something: this one begins anew later. Where there is no room on its disk, it waits alone; descriptors and
    /// memory are everybody's, and opening pauses.
    pub(crate) fn open_later(
        &mut self,
        now: Now,
        slot: u32,
        fault: Fault,
        fx: &mut Effects<Shard>,
    ) {
        self.opened(slot);
        self.entries.renew(slot);
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        entry.stage = Stage::Queued;
        entry.names = self.log_names.range();
        // It was found, or it would not have been read.
        let name = entry.dir_name.clone();
        self.opener.found.insert(name.clone(), entry.dir);
        if fault == Fault::Full {
            sometimes!(fx, "a log could not be opened for want of room");
            let until = now.mono.after_ms(limits::FULL_PAUSE_MS);
            self.opener.waiting.insert(slot, until);
            if !std::mem::replace(&mut self.opener.told_full, true) {
                let text = format!(
                    "{name} cannot be opened, because its disk is full; it is tried again every second, as are others that this happens to"
                );
                fx.note(Level::Warn, text);
            }
        } else {
            sometimes!(fx, "a log could not be opened for want of descriptors");
            self.opener.queued.push_back(slot);
            let pause = now.mono.after_ms(limits::BUSY_PAUSE_MS);
            self.opener.pause = Some(pause);
        }
        self.timers.set(Timer::Opening, self.opener.next());
    }

    /// Who has waited long enough is opened again.
    pub(crate) fn open_again(&mut self, now: Now) {
        let opener = &mut self.opener;
        opener.pause = opener.pause.filter(|until| *until > now.mono);
        opener.waiting.retain(|slot, until| {
            let waits = *until > now.mono;
            if !waits {
                opener.queued.push_back(*slot);
            }
            waits
        });
        self.timers.set(Timer::Opening, self.opener.next());
    }

    fn open_log(&mut self, now: Now, slot: u32, start: Start, fx: &mut Effects<Shard>) {
        let owner = self.log_owner(slot);
        let flushed = self.start.as_ref().is_some_and(|start| start.flush_on_ack);
        let Some(entry) = self.entries.get_mut(slot) else {
            return;
        };
        let dir = &self.dirs[entry.dir];
        let place = Place {
            owner,
            names: entry.names.clone(),
            parent: dir.dir,
            dir_name: entry.dir_name.clone(),
            topic_id: entry.id.topic_id.0,
        };
        let known = match start {
            Start::Absent => Known::default(),
            _ => dir.checkpoints.known(&entry.key()),
        };
        let mut log = Log::open(place, log_config(entry), start, now, fx);
        log.set_cleaned(known.cleaned);
        let promise = if flushed {
            Promise::Flushed
        } else {
            Promise::Written
        };
        entry.stage = Stage::Held(Box::new(Replica::new(log, promise, known.high_watermark)));
        self.touch(slot);
    }

    /// It no longer counts among those being opened.
    pub(crate) fn opened(&mut self, slot: u32) {
        if let Some(entry) = self.entries.get_mut(slot)
            && std::mem::take(&mut entry.opening)
        {
            self.opener.opening -= 1;
        }
    }
}

/// What a replica's log is told: its topic's settings, and when it rolls.
pub(crate) fn log_config(entry: &Entry) -> std::sync::Arc<LogConfig> {
    let config = &entry.settings.log;
    let most = config.segment_jitter_ms;
    if most <= 0 {
        return config.clone();
    }
    let drawn = jitter(&entry.id.topic_id.0, entry.id.index, most);
    std::sync::Arc::new(LogConfig {
        segment_jitter_ms: drawn,
        ..LogConfig::clone(config)
    })
}

fn entry_leaves(entry: Option<&Entry>) -> bool {
    entry.is_none_or(|entry| entry.leaving)
}
