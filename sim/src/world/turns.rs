//! The node's turns: when they come, and what comes of them.

use std::sync::Arc;

use ottla_broker::{Broker, BrokerTell, Cause};
use ottla_machine::{Effect, Event, Spent};
use ottla_media::Media;

use super::process::{Crash, Turned, Watch};
use super::{Counts, Failure, World};
use crate::agenda::Happening;
use crate::atlas::Atlas;
use crate::draw::Domain;
use crate::history::{Death, Seen};
use crate::oracle::{Oracles, Stage, Verdict, Violation};
use crate::script::{Nanos, Script};
use crate::trace::{Hash, Lane, Lines};

/// Everything is looked at after so many steps.
const SWEEP: u64 = 5_000;
/// A node of so few partitions has never more operations under way.
const OPERATIONS: usize = 10_000;
/// So many turns in which nothing happens and nothing is looked at may follow each other: a walk over many partitions goes in slices.
pub(super) const RESTLESS: u32 = 300;

/// Who watches a process while it takes a turn.
struct Watcher<'a> {
    at: Nanos,
    life: u32,
    script: &'a Arc<Script>,
    atlas: &'a Atlas,
    oracles: &'a mut Oracles,
    counts: &'a mut Counts,
    hash: &'a mut Hash,
    lines: &'a mut Lines,
    failure: &'a mut Option<Failure>,
}

impl Watcher<'_> {
    fn judge(&mut self, broker: &Broker, spent: Spent, media: &Media) -> Verdict {
        let scene = Stage {
            at: self.at,
            script: self.script,
            atlas: self.atlas,
            broker: Some(broker),
            media,
            life: self.life,
        };
        self.oracles.stepped(&scene, spent)?;
        if self.counts.judged.is_multiple_of(SWEEP) {
            self.oracles.sweep(&scene)?;
        }
        Ok(())
    }
}

impl Watch for Watcher<'_> {
    fn event(&mut self, event: &Event<Broker>) {
        self.counts.steps += 1;
        self.hash.number(self.at);
        match event {
            Event::Asked(_) => self.hash.number(1),
            Event::Opened(conn, _) => self.hash.number(2 ^ conn.0 << 8),
            Event::Received(conn, bytes) => {
                self.hash.number(3 ^ conn.0 << 8);
                self.hash.bytes(bytes);
            }
            Event::Sent(conn, to) => {
                self.hash.number(4 ^ conn.0 << 8);
                self.hash.number(*to);
            }
            Event::Closed(conn, _) => self.hash.number(5 ^ conn.0 << 8),
            Event::Done(op, result) => {
                self.hash
                    .number(6 ^ op.seq << 8 ^ u64::from(op.owner.slot) << 40);
                self.hash.number(u64::from(result.is_ok()));
            }
        }
        let at = self.at;
        self.lines.say(at, Lane::Node, || format!("< {event:?}"));
    }

    fn stepped(&mut self, broker: &Broker, spent: Spent, media: &Media) -> bool {
        self.counts.judged += 1;
        let Err(violation) = self.judge(broker, spent, media) else {
            return true;
        };
        let at = self.at;
        self.lines.say(at, Lane::Oracle, || {
            format!("{}: {}", violation.oracle, violation.what)
        });
        let failure = Failure {
            at,
            step: self.counts.steps,
            violation,
        };
        self.failure.get_or_insert(failure);
        false
    }

    fn effect(&mut self, effect: &Effect<Broker>) {
        match effect {
            Effect::Send(conn, parts) => {
                self.hash.number(7 ^ conn.0 << 8);
                self.hash.number(parts.len() as u64);
            }
            Effect::Disk(op, _) => self.hash.number(8 ^ op.seq << 8),
            Effect::Close(conn, _) => self.hash.number(9 ^ conn.0 << 8),
            Effect::Receive(conn, _) => self.hash.number(10 ^ conn.0 << 8),
            Effect::Tell(_) | Effect::Connect(..) | Effect::Work(..) | Effect::Note(_) => {}
        }
        let at = self.at;
        self.lines.say(at, Lane::Node, || format!("> {effect:?}"));
    }
}

impl World {
    /// Puts the next turn on the agenda, if an earlier one is not there already.
    pub(super) fn plan_turn(&mut self) {
        let life = self.node.life;
        let Some(process) = &self.node.process else {
            return;
        };
        let Some(wanted) = process.wants_turn(self.now) else {
            return;
        };
        if process.turn_at.is_some_and(|known| known <= wanted) {
            return;
        }
        let n = self.counts.judged + (u64::from(life) << 40);
        let late = self.span(self.script.weather.wake, Domain::TurnDelay, 0, n);
        let at = (wanted + late).max(self.node.paused);
        let Some(process) = &mut self.node.process else {
            return;
        };
        if process.turn_at.is_none_or(|known| at < known) {
            process.turn_at = Some(at);
            self.around.agenda.at(at, Happening::Turn(life));
        }
    }

    pub(super) fn on_turn(&mut self, life: u32) {
        if life != self.node.life {
            return;
        }
        let paused = self.node.paused;
        let Some(process) = &mut self.node.process else {
            return;
        };
        if process.turn_at != Some(self.now) {
            return;
        }
        if paused > self.now {
            process.turn_at = Some(paused);
            return self.around.agenda.at(paused, Happening::Turn(life));
        }
        process.turn_at = None;
        let turned = self.turn();
        self.note_failures();
        if let Some(what) = &turned.panicked {
            let death = Death::Panicked(what.clone());
            self.fail(Violation {
                oracle: "panic",
                what: format!("the broker panicked: {what}"),
            });
            return self.die(death);
        }
        self.after_turn(turned);
    }

    fn turn(&mut self) -> Turned {
        let Some(process) = &mut self.node.process else {
            return Turned::default();
        };
        let now = self.clock.now(self.now, process.origin);
        let mut outside = self.around.outside(self.now, self.node.life);
        let mut watcher = Watcher {
            at: self.now,
            life: self.node.life,
            script: &self.script,
            atlas: &self.node.atlas,
            oracles: &mut self.oracles,
            counts: &mut self.counts,
            hash: &mut self.hash,
            lines: &mut self.lines,
            failure: &mut self.failure,
        };
        process.turn(now, &mut outside, &mut watcher)
    }

    pub(super) fn after_turn(&mut self, turned: Turned) {
        self.node.restless = if turned.idle {
            self.node.restless + 1
        } else {
            0
        };
        let open = self.node.process.as_ref().map(|process| process.open());
        if let Some((operations, connections)) = open
            && operations > OPERATIONS
        {
            self.fail(Violation {
                oracle: "resource-bounds",
                what: format!(
                    "{operations} operations are under way, over {connections} connections"
                ),
            });
        }
        if self.node.restless > RESTLESS {
            self.fail(Violation {
                oracle: "rest",
                what: format!(
                    "{RESTLESS} turns in a row did nothing, and the broker wants another at once"
                ),
            });
        }
        for note in turned.notes {
            let now = self.now;
            self.lines.say(now, Lane::Node, || {
                format!("says {:?}: {}", note.level, note.text)
            });
        }
        let life = self.node.life;
        for number in turned.jobs {
            let n = number + (u64::from(life) << 32);
            let lasts = self.span(self.script.weather.job, Domain::Job, 0, n);
            self.around
                .agenda
                .at(self.now + lasts, Happening::Job(life, number));
        }
        for tell in turned.tells {
            match tell {
                BrokerTell::Ready => {
                    self.node.ready = true;
                    self.tell(Lane::Node, &Seen::Ready { life });
                }
                BrokerTell::Stopped(cause) => {
                    return self.die(match cause {
                        Cause::Asked { clean } => Death::Stopped { clean },
                        Cause::Refused(why) => Death::Refused(why),
                        Cause::Offline(why) => Death::Offline(why),
                    });
                }
            }
        }
        if let Some(patience) = turned.stops {
            self.ask_to_stop(patience);
        }
        if turned.crashed {
            let death = match self.node.crash {
                Crash::Kill => Death::Kill,
                Crash::PowerCut => Death::PowerCut,
            };
            self.die(death);
        }
    }
}
