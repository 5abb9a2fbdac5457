//! From a script that fails to a short one that fails in the same way: the same oracle fires. What can be taken out is taken out, what can
//! be simple is made simple, until nothing more can or the time is up.
//!
//! S1: every script on the way fails, so what comes out fails.
//! S2: because draws are by place, taking one thing out moves nothing else; that is why this works.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::script::{Arm, Chances, Operation, Script, Span, TimedOp};
use crate::world::{Failure, World};

/// What came out.
#[derive(Clone, Debug)]
pub struct Shrunk {
    /// The script.
    pub script: Script,
    /// How it fails.
    pub failure: Failure,
    /// How many scripts were tried.
    pub tried: u64,
}

struct Shrinker {
    oracle: &'static str,
    until: Instant,
    tried: u64,
    best: Script,
    failure: Failure,
}

/// Shrinks a script for at most this long; `None` when it does not fail.
pub fn shrink(script: &Script, time: Duration) -> Option<Shrunk> {
    let report = World::new(Arc::new(script.clone()), false).run();
    let failure = report.failure?;
    let mut shrinker = Shrinker {
        oracle: failure.violation.oracle,
        until: Instant::now() + time,
        tried: 1,
        best: script.clone(),
        failure,
    };
    let listed = Script {
        chances: Chances {
            rates: script.chances.rates.clone(),
            only: Some(report.fired.into_iter().collect()),
        },
        ..script.clone()
    };
    shrinker.attempt(listed);
    loop {
        let before = shrinker.best.clone();
        shrinker.round();
        if shrinker.best == before || shrinker.late() {
            break;
        }
    }
    Some(Shrunk {
        script: shrinker.best,
        failure: shrinker.failure,
        tried: shrinker.tried,
    })
}

impl Shrinker {
    fn late(&self) -> bool {
        Instant::now() > self.until
    }

    /// Takes a script if it fails in the same way.
    fn attempt(&mut self, script: Script) -> bool {
        if self.late() || script == self.best {
            return false;
        }
        self.tried += 1;
        let report = World::new(Arc::new(script.clone()), false).run();
        match report.failure {
            Some(failure) if failure.violation.oracle == self.oracle => {
                self.best = script;
                self.failure = failure;
                true
            }
            _ => false,
        }
    }

    fn round(&mut self) {
        self.horizon();
        self.list(|script| &mut script.faults);
        self.fired();
        self.list(|script| &mut script.clients);
        for client in 0..self.best.clients.len() {
            self.list(|script| &mut script.clients[client].ops);
        }
        self.settings();
        self.weather();
        self.values();
    }

    /// Nothing after the failure matters; perhaps less is enough.
    fn horizon(&mut self) {
        if self.failure.at < self.best.horizon {
            let mut script = self.best.clone();
            script.cut_at(self.failure.at + 1);
            self.attempt(script);
        }
        for _ in 0..4 {
            let mut script = self.best.clone();
            let half = script.horizon / 2;
            script.cut_at(half);
            if !self.attempt(script) {
                return;
            }
        }
    }

    /// Takes out as much of a list as can be: halves, quarters, down to single entries.
    fn list<T: Clone>(&mut self, of: impl Fn(&mut Script) -> &mut Vec<T>) {
        let mut size = of(&mut self.best.clone()).len();
        while size > 0 && !self.late() {
            let mut at = 0;
            loop {
                let mut script = self.best.clone();
                let list = of(&mut script);
                if at >= list.len() {
                    break;
                }
                let end = (at + size).min(list.len());
                list.drain(at..end);
                if !self.attempt(script) {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    fn fired(&mut self) {
        let listed = self.best.chances.only.clone().unwrap_or_default();
        let mut listed: Vec<_> = listed.into_iter().collect();
        let mut size = listed.len();
        while size > 0 && !self.late() {
            let mut at = 0;
            while at < listed.len() {
                let mut fewer = listed.clone();
                fewer.drain(at..(at + size).min(listed.len()));
                let mut script = self.best.clone();
                script.chances.only = Some(fewer.iter().copied().collect());
                if self.attempt(script) {
                    listed = fewer;
                } else {
                    at += size;
                }
            }
            size /= 2;
        }
    }

    fn settings(&mut self) {
        for name in self.best.settings.keys().cloned().collect::<Vec<_>>() {
            let mut script = self.best.clone();
            script.settings.remove(&name);
            self.attempt(script);
        }
    }

    fn weather(&mut self) {
        let simple: [fn(&mut Script); 10] = [
            |script| script.limits = None,
            |script| script.arm = Arm::Contract,
            |script| script.weather.turn = 256,
            |script| script.weather.segment = 64 << 10,
            |script| script.weather.socket = 1 << 20,
            |script| script.weather.drift = 0,
            |script| script.weather.latency = Span::default(),
            |script| script.weather.disk = Span::default(),
            |script| script.weather.sync = Span::default(),
            |script| script.weather.job = Span::default(),
        ];
        for simpler in simple {
            let mut script = self.best.clone();
            simpler(&mut script);
            self.attempt(script);
        }
    }

    fn values(&mut self) {
        for client in 0..self.best.clients.len() {
            for op in 0..self.best.clients[client].ops.len() {
                for simpler in simpler(&self.best.clients[client].ops[op]) {
                    let mut script = self.best.clone();
                    script.clients[client].ops[op].what = simpler;
                    self.attempt(script);
                }
                if self.late() {
                    return;
                }
            }
        }
    }
}

/// Simpler operations than this one, each by one step.
fn simpler(op: &TimedOp) -> Vec<Operation> {
    let mut found = Vec::new();
    let mut add = |change: &dyn Fn(&mut Operation)| {
        let mut what = op.what.clone();
        change(&mut what);
        if what != op.what {
            found.push(what);
        }
    };
    add(&|what| {
        if let Operation::Produce { places, .. } | Operation::Fetch { places, .. } = what {
            places.truncate(1);
        }
    });
    add(&|what| {
        if let Operation::Produce { records, .. } = what {
            *records = 1;
        }
    });
    add(&|what| {
        if let Operation::Produce { bytes, .. } = what {
            *bytes = (*bytes).min(16);
        }
    });
    add(&|what| {
        if let Operation::Produce { codec, skew, .. } = what {
            (*codec, *skew) = (0, 0);
        }
    });
    add(&|what| {
        if let Operation::CreateTopic { settings, .. } = what {
            settings.clear();
        }
    });
    found
}
