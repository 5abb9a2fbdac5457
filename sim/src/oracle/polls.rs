//! When a fetch is answered: at the latest when `max_wait_ms` is over, as soon as there is what it waits for, and never with nothing while
//! there is something to read.
//!
//! P1: a fetch that was alone on its connection is answered within its `max_wait_ms`, plus what the weather takes at worst. Time counts
//! from the end of whatever the atlas says was done to the node.
//! P2: a fetch that any batch would have satisfied and that was answered with none found none: what somebody knew to be readable shortly
//! before its time was up would have been found. A node that was asked to stop answers early.

use std::collections::{BTreeMap, BTreeSet};

use super::{Oracle, Scene, Verdict, fired};
use crate::history::{Ask, Asked, Fetched, Named, Reply, Seen};
use crate::script::{Chance, MS, Nanos, Operation, SECOND};

/// See above.
#[derive(Clone, Debug, Default)]
pub struct Polls {
    /// When this life began to serve.
    ready: Nanos,
    /// How many requests are under way, by connection.
    links: BTreeMap<u64, u32>,
    /// Fetches that were alone when they left.
    alone: BTreeSet<u64>,
    /// The largest batch of the script, bytes.
    largest: Option<u64>,
}

const NAME: &str = "long-polls";

/// No batch is smaller.
const SMALLEST: i32 = 61;
/// The longest that an operation of the disk takes when it stalls.
const STALL: Nanos = 21 * SECOND;
/// Room for requests that is never all taken.
const ROOMY: u64 = 1 << 20;

impl Oracle for Polls {
    fn name(&self) -> &'static str {
        NAME
    }

    fn see(&mut self, scene: &Scene<'_>, seen: &Seen<'_>) -> Verdict {
        match seen {
            Seen::Ready { .. } => self.ready = scene.at,
            Seen::Asked(asked) => {
                let open = self.links.entry(asked.link).or_default();
                *open += 1;
                if *open == 1 && matches!(asked.ask, Ask::Fetch { .. }) {
                    self.alone.insert(asked.number);
                }
            }
            Seen::Lost(asked) => return self.ended(scene, asked, "not answered"),
            Seen::Answered(asked, reply) => {
                self.ended(scene, asked, "answered")?;
                if let Reply::Fetch {
                    error: 0, parts, ..
                } = reply
                {
                    return nothing(scene, asked, parts);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Polls {
    /// P1.
    fn ended(&mut self, scene: &Scene<'_>, asked: &Asked, how: &str) -> Verdict {
        if let Some(open) = self.links.get_mut(&asked.link) {
            *open -= 1;
            if *open == 0 {
                self.links.remove(&asked.link);
            }
        }
        let alone = self.alone.remove(&asked.number);
        let Ask::Fetch { max_wait_ms, .. } = &asked.ask else {
            return Ok(());
        };
        let other_life = asked.at < self.ready || scene.ledger.died_since(asked.at);
        if !alone || other_life || is_cramped(scene) {
            return Ok(());
        }
        let wait = u64::from(max_wait_ms.max(&0).unsigned_abs()) * MS;
        let quiet = scene.atlas.quiet_since().max(stalled(scene));
        let due = asked.at.max(quiet) + wait + self.slack(scene, asked);
        if scene.at <= due {
            return Ok(());
        }
        fired(
            NAME,
            format!(
                "#{} would wait {max_wait_ms} ms, and is {how} {} ms after it left",
                asked.number,
                (scene.at - asked.at) / MS
            ),
        )
    }

    /// What a fetch takes at worst, besides waiting.
    fn slack(&mut self, scene: &Scene<'_>, asked: &Asked) -> Nanos {
        let Ask::Fetch {
            wanted, max_bytes, ..
        } = &asked.ask
        else {
            return 0;
        };
        let largest = *self.largest.get_or_insert_with(|| largest(scene));
        let many = wanted.len() as u64;
        let room = |bytes: i32| u64::from(bytes.max(0).unsigned_abs());
        let parts = wanted.iter().map(|(_, _, bytes)| room(*bytes));
        let bytes = parts.sum::<u64>().min(room(*max_bytes)).max(largest);
        let weather = &scene.script.weather;
        let logs = scene
            .broker
            .map_or(0, |broker| broker.logs().count() as u64);
        SECOND
            + weather.travel(200 + 100 * many)
            + weather.travel(bytes + 200 * (many + 1))
            + (8 + 4 * many) * weather.disk.most()
            + 8 * (weather.sync.most() + weather.job.most())
            // A log may have to be opened, behind all others: each syncs its directory a few times.
            + 4 * logs * weather.sync.most()
            + turns(scene)
    }
}

/// What the turns take in which a request is read, worked on and answered: a few, and many where the core's own limits are drawn.
pub(super) fn turns(scene: &Scene<'_>) -> Nanos {
    let many = match scene.script.limits {
        None => 64,
        Some(_) => 2_000,
    };
    many * scene.script.weather.wake.most()
}

/// Whether so few bytes of requests may be held that one may have to wait for others: for a large one as long as it takes to come.
pub(super) fn is_cramped(scene: &Scene<'_>) -> bool {
    let room = scene.script.settings.get("queued.max.request.bytes");
    let room = room.and_then(|value| value.parse::<u64>().ok());
    room.is_some_and(|room| room < ROOMY || room < 2 * largest_request(scene))
}

/// The most bytes that a client sends at once.
fn largest_request(scene: &Scene<'_>) -> u64 {
    let ops = scene.script.clients.iter().flat_map(|client| &client.ops);
    let bytes = ops.map(|op| match &op.what {
        Operation::Produce { places, bytes, .. } => places.len() as u64 * u64::from(*bytes),
        _ => 0,
    });
    bytes.max().unwrap_or(0)
}

/// Until when operations of the disk may stall at any call.
pub(super) fn stalled(scene: &Scene<'_>) -> Nanos {
    let chances = &scene.script.chances;
    if chances.rates.contains_key(&Chance::Stall) {
        scene.script.horizon + STALL
    } else {
        0
    }
}

fn largest(scene: &Scene<'_>) -> u64 {
    let ops = scene.script.clients.iter().flat_map(|client| &client.ops);
    let bytes = ops.map(|op| match &op.what {
        Operation::Produce { bytes, .. } => 2 * u64::from(*bytes),
        _ => 0,
    });
    bytes.max().unwrap_or(0) + 1_000
}

/// P2.
fn nothing(scene: &Scene<'_>, asked: &Asked, parts: &[(Named, Fetched)]) -> Verdict {
    let Ask::Fetch {
        max_wait_ms,
        min_bytes,
        wanted,
        ..
    } = &asked.ask
    else {
        return Ok(());
    };
    let empty = |fetched: &Fetched| {
        fetched.error == 0 && fetched.diverging.is_none() && fetched.batches.is_empty()
    };
    let wait = u64::from(max_wait_ms.max(&0).unsigned_abs()) * MS;
    let waited = scene.at >= asked.at + wait && !scene.atlas.stops_since(asked.at);
    if !waited || !(1..=SMALLEST).contains(min_bytes) || !parts.iter().all(|(_, f)| empty(f)) {
        return Ok(());
    }
    // What was told in a turn of the node is known to its readers at the end of that turn.
    let shortly = 100 * MS + turns(scene);
    let known = asked.at + wait.saturating_sub(shortly);
    for (named, from, _) in wanted {
        let Some(partition) = scene.ledger.sure(named) else {
            continue;
        };
        let Some(book) = scene.ledger.books.get(&partition) else {
            continue;
        };
        let struck = book.struck.is_some_and(|struck| struck >= asked.at);
        let damaged = scene.atlas.damaged_from(partition).is_some();
        if struck || damaged || scene.ledger.may_be_gone(&partition.topic) {
            continue;
        }
        let (_, high) = book.told_before(known);
        let mut acked = book.acked.range(from..);
        let taken = acked.find(|(_, acked)| acked.acks == -1 && acked.at < known);
        if high > *from || taken.is_some() {
            return fired(
                NAME,
                format!(
                    "#{} waited {max_wait_ms} ms and was given nothing, and {} could be read from {from} on: high watermark {high}{}",
                    asked.number,
                    scene.name(partition),
                    taken.map_or(String::new(), |(base, _)| format!(
                        ", a batch was taken at {base}"
                    ))
                ),
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::rig::{self, Rig, fires, passes};
    use super::*;
    use crate::atlas::Entry;
    use crate::history::{Death, TopicShown};
    use crate::script::Place;

    /// A node that serves.
    fn serving() -> Rig<Polls> {
        let mut rig = Rig::new();
        passes(rig.see(&Seen::Ready { life: 1 }));
        rig
    }

    fn empty(topic: &Named) -> Reply {
        Reply::Fetch {
            error: 0,
            session: 0,
            parts: vec![(topic.clone(), rig::fetched(0, Vec::new()))],
        }
    }

    #[test]
    fn a_poll_is_answered_when_its_time_is_up() {
        let topic = rig::topic("t0", 1);
        let ended = |after: Nanos, answered: bool| {
            let mut rig = serving();
            let asked = rig.ask(rig::fetch(&topic, 0));
            rig.at += after;
            match answered {
                true => rig.answer(&asked, &empty(&topic)),
                false => rig.see(&Seen::Lost(&asked)),
            }
        };
        passes(ended(500 * MS, true));
        passes(ended(500 * MS, false));
        fires(ended(3 * SECOND, true), "is answered 3001 ms");
        fires(ended(3 * SECOND, false), "is not answered 3000 ms");
    }

    #[test]
    fn a_poll_may_wait_for_a_request_that_takes_all_the_room() {
        let topic = rig::topic("t0", 1);
        let of = |room: u64| {
            let mut rig = serving();
            let produce = Operation::Produce {
                places: vec![
                    Place {
                        topic: 1,
                        partition: 0
                    };
                    18
                ],
                acks: 1,
                records: 1,
                bytes: 1 << 20,
                codec: 0,
                skew: 0,
            };
            let mut script = rig::script(vec![produce]);
            let name = "queued.max.request.bytes".to_owned();
            script.settings.insert(name, room.to_string());
            rig.script = Arc::new(script);
            let asked = rig.ask(rig::fetch(&topic, 0));
            rig.at += 30 * SECOND;
            rig.answer(&asked, &empty(&topic))
        };
        passes(of(10 << 20));
        fires(of(64 << 20), "is answered 30001 ms");
    }

    #[test]
    fn what_was_done_to_the_node_excuses_it() {
        let topic = rig::topic("t0", 1);
        let late = |change: fn(&mut Rig<Polls>)| {
            let mut rig = serving();
            let asked = rig.ask(rig::fetch(&topic, 0));
            change(&mut rig);
            rig.at += 3 * SECOND;
            rig.see(&Seen::Lost(&asked))
        };
        fires(late(|_| {}), "is not answered");
        passes(late(|rig| {
            let until = rig.at + 2 * SECOND;
            rig.atlas.note(rig.at, Entry::Late { until });
        }));
        fires(
            late(|rig| {
                let until = rig.at + SECOND;
                rig.atlas.note(rig.at, Entry::Late { until });
            }),
            "is not answered",
        );
        passes(late(|rig| {
            rig.die(Death::Kill);
            rig.start();
        }));
        passes(late(|rig| {
            let chances = &mut Arc::make_mut(&mut rig.script).chances;
            chances.rates.insert(Chance::Stall, 300);
        }));
    }

    #[test]
    fn a_poll_behind_another_waits_for_it() {
        let topic = rig::topic("t0", 1);
        let mut rig = serving();
        let first = rig.ask(rig::fetch(&topic, 0));
        let second = rig.ask(rig::fetch(&topic, 0));
        rig.at += 500 * MS;
        passes(rig.answer(&first, &empty(&topic)));
        rig.at += 3 * SECOND;
        passes(rig.answer(&second, &empty(&topic)));
    }

    #[test]
    fn a_poll_that_ends_with_nothing_found_nothing() {
        let topic = rig::topic("t0", 1);
        let poll = |from: i64, min: i32, taken: Nanos| {
            let mut ask = rig::fetch(&topic, from);
            if let Ask::Fetch { min_bytes, .. } = &mut ask {
                *min_bytes = min;
            }
            let mut rig = serving();
            let asked = rig.ask(ask);
            let began = rig.at;
            rig.at += taken;
            passes(rig.produce(&topic, &rig::batch(1, 3), 0));
            rig.at = began + 500 * MS;
            rig.answer(&asked, &empty(&topic))
        };
        fires(poll(0, 1, 100 * MS), "a batch was taken at 0");
        // It came too late, it lies before, it is not enough.
        passes(poll(0, 1, 450 * MS));
        passes(poll(3, 1, 100 * MS));
        passes(poll(0, 5_000, 100 * MS));
    }

    #[test]
    fn a_poll_that_ends_with_nothing_found_what_another_reader_was_told_of() {
        let topic = rig::topic("t0", 1);
        for (high, odd) in [(3, true), (0, false)] {
            let mut rig = serving();
            let shown = TopicShown {
                error: 0,
                name: topic.topic.clone(),
                id: topic.id,
                partitions: vec![(0, 1, 0, 0)],
            };
            let all = Ask::Metadata {
                topics: None,
                creates: false,
            };
            let topics = vec![shown];
            passes(rig.exchange(all, &Reply::Metadata { topics }));
            passes(rig.fetch(&topic, 0, rig::fetched(high, Vec::new())));
            let asked = rig.ask(rig::fetch(&topic, 0));
            rig.at += 500 * MS;
            let verdict = rig.answer(&asked, &empty(&topic));
            match odd {
                true => fires(verdict, "high watermark 3"),
                false => passes(verdict),
            }
        }
    }
}
