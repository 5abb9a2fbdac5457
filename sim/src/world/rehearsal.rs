//! A rehearsal: what would the node show if it were started on this very disk now, with no clients and nothing going wrong? A copy of the
//! disk, a broker of its own, a quiet world; the run itself does not notice.

use ottla_broker::{Broker, BrokerTell, Cause};
use ottla_machine::{Effect, Event, Spent};
use ottla_media::Media;

use super::process::{Turned, Watch};
use super::{World, lives};
use crate::agenda::Happening;
use crate::draw::{Domain, Draw};
use crate::host::Surroundings;
use crate::oracle::{Rehearsal, Stage, Verdict, Violation};
use crate::script::{Arm, Chances, MS, Nanos, SECOND, Script};

/// How long a quiet start may take, at most.
const PATIENCE: Nanos = 120 * SECOND;
/// How long a started node is left alone, so that what it does in time is done.
const REST: Nanos = 2 * SECOND;
/// How long its logs may take to open, at most.
const OPENING: Nanos = 60 * SECOND;

/// The copy has one life.
const LIFE: u32 = 1;

struct Nobody;

impl Watch for Nobody {
    fn event(&mut self, _event: &Event<Broker>) {}

    fn stepped(&mut self, _broker: &Broker, _spent: Spent, _media: &Media) -> bool {
        true
    }

    fn effect(&mut self, _effect: &Effect<Broker>) {}
}

impl World {
    /// Starts a copy and tells the oracles what it shows.
    pub(super) fn rehearse(&mut self) {
        let left = self.around.media.clone();
        let draw = Draw::new(self.around.draw.at(Domain::Fork, self.node.life.into(), 1));
        let verdict = match start(&self.script, left.clone(), draw, self.clock.wall(self.now)) {
            Err(_) if self.node.atlas.hurt_a_segment() => Ok(()),
            Err(what) => Err(Violation {
                oracle: "recovery",
                what: format!("a quiet start on what life {} left: {what}", self.node.life),
            }),
            Ok((broker, media)) => self.judge_rehearsal(&left, &broker, &media),
        };
        if let Err(violation) = verdict {
            self.fail(violation);
        }
    }

    fn judge_rehearsal(&mut self, left: &Media, broker: &Broker, media: &Media) -> Verdict {
        let scene = Stage {
            at: self.now,
            script: &self.script,
            atlas: &self.node.atlas,
            broker: Some(broker),
            media,
            life: self.node.life,
        };
        self.oracles.rehearsed(&scene, &Rehearsal { left })
    }
}

/// Runs a broker on this disk until it serves and has come to rest.
fn start(script: &Script, media: Media, draw: Draw, wall: i64) -> Result<(Broker, Media), String> {
    let mut quiet = script.clone();
    // What a compaction would do next says nothing of what was left.
    let cleaner = "log.cleaner.enable".to_owned();
    quiet.settings.insert(cleaner, "false".to_owned());
    quiet.weather.wall = wall;
    quiet.weather.drift = 0;
    let mut process = lives::process(&quiet, Arm::Contract, draw, LIFE);
    let clock = crate::clock::Clock::new(&quiet.weather);
    let mut around = Surroundings::new(draw, quiet.weather, Chances::default(), media);
    let (mut now, mut ready) = (0, None);
    loop {
        let mut outside = around.outside(now, LIFE);
        let turned = process.turn(clock.now(now, process.origin), &mut outside, &mut Nobody);
        if take(&turned)? {
            ready = Some(now);
        }
        for number in turned.jobs {
            process.job_done(number);
        }
        let open = || {
            let mut logs = process.broker.logs();
            logs.all(|held| held.is_open() || held.leaving)
        };
        let rested = |since| now > since + REST && (open() || now > since + OPENING);
        if ready.is_some_and(rested) {
            return Ok((process.broker, around.media));
        }
        if now > PATIENCE {
            return Err("it does not come to serve".to_owned());
        }
        let deadline = process.wants_turn(now).unwrap_or(now + 100 * MS);
        let next_at = around.agenda.next_at();
        now = next_at.unwrap_or(deadline).min(deadline).max(now + 1);
        while around.agenda.next_at().is_some_and(|at| at <= now) {
            let Some((_, Happening::Host(_, event))) = around.agenda.take() else {
                continue;
            };
            process.happen(event, &mut around.outside(now, LIFE));
        }
    }
}

/// Whether it serves now; the sentence with which it gave up.
fn take(turned: &Turned) -> Result<bool, String> {
    if let Some(what) = &turned.panicked {
        return Err(format!("it panicked: {what}"));
    }
    match turned.tells.first() {
        None => Ok(false),
        Some(BrokerTell::Ready) => Ok(true),
        Some(BrokerTell::Stopped(Cause::Refused(why) | Cause::Offline(why))) => Err(why.clone()),
        Some(BrokerTell::Stopped(Cause::Asked { .. })) => Err("it stopped".to_owned()),
    }
}
