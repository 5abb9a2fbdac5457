//! What goes wrong at a given time, and how it is over.

use ottla_broker::BrokerAsk;
use ottla_machine::{Machine, Time};
use ottla_media::Media;

use super::process::Crash;
use super::{Phase, World};
use crate::agenda::{Happening, Over};
use crate::atlas::Entry;
use crate::damage;
use crate::history::Death;
use crate::liveness;
use crate::script::{Fault, Nanos};
use crate::trace::Lane;

impl World {
    pub(super) fn on_fault(&mut self, place: usize) {
        if self.phase != Phase::Faulty {
            return;
        }
        let fault = self.script.faults[place].what.clone();
        let now = self.now;
        self.lines.say(now, Lane::Fault, || format!("{fault:?}"));
        match fault {
            Fault::Kill { effects } => self.crash(Crash::Kill, effects),
            Fault::PowerCut { effects } => self.crash(Crash::PowerCut, effects),
            Fault::StopRecovering {
                power,
                after,
                files,
                patience,
            } => self.stop_recovering(power, after, (files, patience)),
            Fault::DieRemoving { power, files } => self.die_removing(power, files),
            Fault::SyncFails => self.around.dice.arm(),
            Fault::Stop { patience } => self.ask_to_stop(patience),
            Fault::Pause { lasts } => {
                self.late(lasts);
                self.node.paused = self.until(lasts);
            }
            Fault::RestartLoop { times } => {
                self.node.loops = times;
                self.crash(Crash::Kill, None);
            }
            Fault::WallJump { ms } => self.clock.jump(ms),
            Fault::WallFreeze { lasts } => {
                self.clock.freeze(now);
                self.around
                    .agenda
                    .at(now + lasts, Happening::Over(Over::WallFreeze));
            }
            Fault::DiskStall { lasts } => {
                self.late(lasts);
                self.around.stalled = self.until(lasts);
            }
            Fault::DiskFull { lasts } => self.fill_disk(lasts),
            Fault::Break { client, how } => {
                let mut said = Vec::new();
                let (net, mut air) = self.air();
                net.break_links(client.into(), how, &mut air, &mut said);
                self.said.extend(said);
            }
            Fault::Cut { client, lasts } => {
                let until = self.until(lasts);
                // Who is alone on a link after it learns that late, at the latest when everything is mended.
                self.late(self.script.horizon.saturating_sub(now).max(lasts));
                self.around.net.cut(client.into(), until);
            }
            Fault::SlowReader { client, lasts } => {
                self.late(lasts);
                let (net, mut air) = self.air();
                net.reading(client, false, &mut air);
                let over = Over::SlowReader(client);
                self.around.agenda.at(now + lasts, Happening::Over(over));
            }
            Fault::Damage(what) => {
                self.crash(Crash::Kill, None);
                if let Some(entry) = damage::damage(&mut self.around.media, &what, self.around.draw)
                {
                    self.lines.say(now, Lane::Fault, || format!("{entry:?}"));
                    self.node.atlas.note(now, entry);
                }
            }
            Fault::Wipe => self.wipe(),
        }
    }

    /// For so long everything may be late.
    fn late(&mut self, lasts: Nanos) {
        let until = self.until(lasts);
        self.node.atlas.note(self.now, Entry::Late { until });
    }

    fn fill_disk(&mut self, lasts: Nanos) {
        self.around.full = true;
        let until = self.until(lasts);
        self.node.atlas.note(self.now, Entry::Full { until });
        self.around
            .agenda
            .at(until, Happening::Over(Over::DiskFull));
    }

    fn wipe(&mut self) {
        self.crash(Crash::Kill, None);
        self.around.media = Media::new(self.script.weather.capacity);
        self.node.atlas.note(self.now, Entry::Wiped);
    }

    fn stop_recovering(&mut self, power: bool, after: Nanos, then: (u32, Nanos)) {
        self.crash(Crash::of(power), None);
        self.node.stop_opening = Some(then);
        let at = self.until(after);
        self.around.agenda.at(at, Happening::Start);
    }

    fn die_removing(&mut self, power: bool, files: u32) {
        self.node.crash = Crash::of(power);
        if let Some(process) = &mut self.node.process {
            process.crash_removing = Some(files);
        }
    }

    pub(super) fn ask_to_stop(&mut self, patience: Nanos) {
        let until = self.until(patience);
        self.node.atlas.note(self.now, Entry::Stops { until });
        if let Some(process) = &mut self.node.process {
            let by = Time(process.origin + self.now + patience);
            process.ask(BrokerAsk::Stop { by });
        }
    }

    pub(super) fn on_over(&mut self, over: Over) {
        let now = self.now;
        self.lines
            .say(now, Lane::Fault, || format!("over: {over:?}"));
        match over {
            Over::WallFreeze => self.clock.thaw(),
            Over::Rest => {}
            Over::DiskFull => self.around.full = false,
            Over::SlowReader(client) => {
                let (net, mut air) = self.air();
                net.reading(client, true, &mut air);
            }
        }
    }

    /// The horizon: nothing goes wrong any more.
    pub(super) fn heal(&mut self) {
        let now = self.now;
        self.lines
            .say(now, Lane::Fault, || "no more faults".to_owned());
        self.around.dice.stop();
        self.clock.thaw();
        self.around.full = false;
        self.around.stalled = 0;
        self.node.paused = 0;
        self.node.loops = 0;
        self.node.stop_opening = None;
        if let Some(process) = &mut self.node.process {
            // A life that was about to end by a fault goes on; one that waited out a pause takes its turn.
            process.crash_after = None;
            process.crash_removing = None;
            process.stop_opening = None;
            process.turn_at = None;
        }
        let (net, mut air) = self.air();
        net.heal(&mut air);
        for client in &mut self.clients {
            client.finish();
        }
        for place in 0..self.clients.len() {
            self.wake(place);
        }
        self.phase = Phase::Healing;
        self.patience = now + liveness::HEALING;
    }

    /// Moves on to the next phase when this one has come to its end.
    pub(super) fn go_on(&mut self) {
        let idle = || self.clients.iter().all(|client| client.is_idle());
        match self.phase {
            Phase::Healing if self.node.ready && idle() => {
                for client in &mut self.clients {
                    client.retire();
                }
                for place in 0..self.clients.len() {
                    self.wake(place);
                }
                let script = std::sync::Arc::new(liveness::last_client(&self.script, self.now));
                self.join(&script, script.clients.len() - 1);
                self.phase = Phase::Checking;
                self.patience = self.now + liveness::CHECKING;
            }
            Phase::Checking if idle() => {
                self.sweep();
                self.tell(Lane::Oracle, &crate::history::Seen::Over);
                self.phase = Phase::Resting;
                self.patience = self.now + liveness::RESTING;
                self.rest = self.now + liveness::REST;
                let over = Happening::Over(Over::Rest);
                self.around.agenda.at(self.rest, over);
            }
            Phase::Resting if self.now >= self.rest && self.has_opened_all() => {
                self.phase = Phase::Stopping;
                let paths = self.around.media.paths();
                let segments = paths.keys().filter(|path| path.ends_with(".log")).count();
                let patience = liveness::stopping(segments as u64, &self.script.weather.sync);
                self.patience = self.now + patience;
                self.ask_to_stop(patience);
                if self.node.process.is_none() {
                    self.fail(liveness::not_clean(&Death::Kill));
                }
            }
            _ => {}
        }
    }

    /// Nothing is left of what recovery has to do: a stop before that is no clean one.
    fn has_opened_all(&self) -> bool {
        let Some(process) = &self.node.process else {
            return true;
        };
        // What the image says and nobody has looked at yet is no log.
        let unfinished = process.broker.deadline() == Some(Time::ZERO);
        let mut logs = process.broker.logs();
        !unfinished && logs.all(|held| held.is_open() || held.damaged || held.leaving)
    }

    /// What is still under way, for people.
    pub(super) fn pending(&self) -> String {
        let busy = self.clients.iter().filter(|client| !client.is_idle());
        let busy: Vec<String> = busy.map(|client| client.id().to_string()).collect();
        format!(
            "the node {}; clients with something under way: {}",
            match (&self.node.process, self.node.ready) {
                (None, _) => "is down",
                (Some(_), false) => "is starting",
                (Some(_), true) => "serves",
            },
            if busy.is_empty() {
                "none".to_owned()
            } else {
                busy.join(", ")
            }
        )
    }
}
