//! Many seeds on several cores. Each run is alone in its thread and knows of no other; what comes out is in the order of the seeds.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;

use crate::script::Script;
use crate::swarm::{self, Profile};
use crate::world::{Report, World};

/// What a campaign came to.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Seeds that were run.
    pub seeds: u64,
    /// Calls of the broker's `step`.
    pub events: u64,
    /// Virtual time, nanoseconds.
    pub virtual_time: u128,
    /// Processor time that threads spent in runs.
    pub busy: Duration,
    /// Seeds at which an oracle fired, with what they came to.
    pub failures: Vec<(u64, Report)>,
    /// Rare situations, how often, over all seeds.
    pub sites: BTreeMap<&'static str, u64>,
    /// Requests asked and answered.
    pub asked: (u64, u64),
    /// How each seed went: its steps, and the hash of what happened.
    pub hashes: BTreeMap<u64, (u64, String)>,
}

/// How seeds went, a line each.
pub fn lines(hashes: &BTreeMap<u64, (u64, String)>) -> impl Iterator<Item = String> {
    let lines = hashes.iter();
    lines.map(|(seed, (steps, hash))| format!("{seed} {steps} {hash}"))
}

impl Summary {
    /// Events per second of one core.
    pub fn speed(&self) -> u64 {
        (self.events as f64 / self.busy.as_secs_f64().max(1e-9)) as u64
    }

    /// Virtual seconds per second of one core.
    pub fn pace(&self) -> u64 {
        (self.virtual_time as f64 / 1e9 / self.busy.as_secs_f64().max(1e-9)) as u64
    }

    fn add(&mut self, seed: u64, report: Report, took: Duration) {
        self.seeds += 1;
        let hash = (report.counts.steps, report.hash.clone());
        self.hashes.insert(seed, hash);
        self.events += report.counts.steps;
        self.virtual_time += u128::from(report.ended);
        self.busy += took;
        self.asked.0 += report.counts.asked;
        self.asked.1 += report.counts.answered;
        for (site, count) in &report.sites {
            *self.sites.entry(site).or_insert(0) += count;
        }
        if report.failure.is_some() {
            self.failures.push((seed, report));
        }
    }
}

/// How to hunt.
#[derive(Clone, Debug)]
pub struct Hunt {
    /// Which seeds.
    pub seeds: RangeInclusive<u64>,
    /// How hard.
    pub profile: Profile,
    /// On how many threads.
    pub jobs: usize,
    /// The planted bug that is switched on.
    pub planted: Option<String>,
    /// Stop at the first failure.
    pub first: bool,
    /// Stop after so much time.
    pub time: Option<Duration>,
}

/// The script of a seed with a planted bug, if any.
pub fn script(seed: u64, profile: Profile, planted: Option<&str>) -> Arc<Script> {
    let mut script = swarm::script(seed, profile);
    script.planted = planted.map(str::to_owned);
    Arc::new(script)
}

/// Runs them all. `progress` is called now and then with what there is so far.
pub fn hunt(hunt: &Hunt, mut progress: impl FnMut(&Summary)) -> Summary {
    let next = AtomicU64::new(*hunt.seeds.start());
    let stop = AtomicBool::new(false);
    let began = Instant::now();
    let (send, receive) = mpsc::channel();
    let mut summary = Summary::default();
    thread::scope(|scope| {
        for _ in 0..hunt.jobs.max(1) {
            let (send, next, stop) = (send.clone(), &next, &stop);
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let late = hunt.time.is_some_and(|time| began.elapsed() > time);
                    if seed > *hunt.seeds.end() || late || stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let script = script(seed, hunt.profile, hunt.planted.as_deref());
                    let start = ThreadTime::now();
                    let report = World::new(script, false).run();
                    // The one who counts may have stopped listening: then nobody counts.
                    let _ = send.send((seed, report, start.elapsed()));
                }
            });
        }
        drop(send);
        let mut shown = Instant::now();
        for (seed, report, took) in receive {
            if report.failure.is_some() && hunt.first {
                stop.store(true, Ordering::Relaxed);
            }
            summary.add(seed, report, took);
            if shown.elapsed() > Duration::from_secs(5) {
                shown = Instant::now();
                progress(&summary);
            }
        }
    });
    summary.failures.sort_by_key(|(seed, _)| *seed);
    summary
}
