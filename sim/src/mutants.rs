//! How strong are the oracles and the worlds? Every planted bug is looked for from several starting seeds; a seed at which an oracle fires
//! with the bug and not without it has found it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use cpu_time::ThreadTime;

use crate::hunt::script;
use crate::planted::{PLANTED, Planted};
use crate::swarm::Profile;
use crate::world::World;

/// How to look.
#[derive(Clone, Debug)]
pub struct Search {
    /// Where searches begin: one search per bug and start.
    pub starts: Vec<u64>,
    /// Only this bug.
    pub only: Option<String>,
    /// A search is given up after so much processor time.
    pub patience: Duration,
    /// On how many threads.
    pub jobs: usize,
    /// How hard the worlds are.
    pub profile: Profile,
}

/// One search.
#[derive(Clone, Debug)]
pub struct Found {
    /// The bug.
    pub id: &'static str,
    /// Where the search began.
    pub start: u64,
    /// The seed that found it, and the oracle that fired; `None` when patience ended.
    pub by: Option<(u64, &'static str)>,
    /// What the search cost.
    pub cost: Duration,
    /// A seed at which an oracle fires without the bug as well: something real.
    pub real: Vec<u64>,
}

/// Looks for every bug from every start. `progress` hears of each search that ends.
pub fn search(search: &Search, progress: impl Fn(&Found) + Sync) -> Vec<Found> {
    let wanted = |bug: &&Planted| search.only.as_deref().is_none_or(|only| only == bug.id);
    let all: Vec<(&'static str, u64)> = PLANTED
        .iter()
        .filter(wanted)
        .flat_map(|bug| search.starts.iter().map(|start| (bug.id, *start)))
        .collect();
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..search.jobs.max(1) {
            scope.spawn(|| {
                while let Some((id, start)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let one = look(search, id, *start);
                    progress(&one);
                    found.lock().expect("nobody panics with it").push(one);
                }
            });
        }
    });
    let mut found = found.into_inner().expect("nobody panics with it");
    found.sort_by_key(|one| (one.id, one.start));
    found
}

fn look(search: &Search, id: &'static str, start: u64) -> Found {
    let began = ThreadTime::now();
    let mut found = Found {
        id,
        start,
        by: None,
        cost: Duration::ZERO,
        real: Vec::new(),
    };
    let mut seed = start;
    while began.elapsed() < search.patience {
        let report = World::new(script(seed, search.profile, Some(id)), false).run();
        if let Some(failure) = report.failure {
            found.cost = began.elapsed();
            let without = World::new(script(seed, search.profile, None), false).run();
            if without.failure.is_none() {
                found.by = Some((seed, failure.violation.oracle));
                return found;
            }
            found.real.push(seed);
        }
        seed += 1;
    }
    found.cost = began.elapsed();
    found
}

/// The middle one, and the one below which 95 of 100 lie, of what searches cost; those that found nothing count with their patience.
pub fn costs(found: &[Found]) -> (Duration, Duration) {
    let mut costs: Vec<Duration> = found.iter().map(|one| one.cost).collect();
    costs.sort();
    let at = |hundredths: usize| {
        let place = (costs.len() * hundredths / 100).min(costs.len().saturating_sub(1));
        costs.get(place).copied().unwrap_or_default()
    };
    (at(50), at(95))
}
