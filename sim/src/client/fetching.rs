//! Fetches: where reading begins, what a request says of it, and what an answer moves.

use std::sync::Arc;

use ottla_protocol::ApiKey;

use super::reader::{Plan, Want};
use super::sending::Places;
use super::speak::Limits;
use super::task::{List, OWN, Task, What};
use super::topics::{self, NO_ID};
use super::{Act, Client, Sent};
use crate::draw::Stream;
use crate::history::{Ask, Asked, Fetched, Named};
use crate::script::{MS, Operation, Place};

/// A session that is not the client's, or another epoch of its own, as after an answer that never came.
fn out_of_step(stream: &mut Stream, (id, epoch): (i32, i32)) -> (i32, i32) {
    let past = epoch.saturating_sub(1).max(1).unsigned_abs();
    match stream.below(4) {
        0 => (id ^ (1 + stream.below(1 << 20) as i32), epoch),
        1 if epoch > 1 => (id, 1 + stream.below(past.into()) as i32),
        _ => (id, epoch.saturating_add(1 + stream.below(3) as i32)),
    }
}

impl Client {
    pub(super) fn send_fetch(&mut self, mut task: Task, acts: &mut Vec<Act>) -> Sent {
        let What::Fetch { index, places } = &task.what else {
            return Sent::Gone;
        };
        let script = Arc::clone(&self.script);
        let sessions = self.me().sessions;
        let Operation::Fetch {
            max_wait_ms,
            min_bytes,
            max_bytes,
            partition_max_bytes,
            ..
        } = &script.clients[self.place].ops[*index].what
        else {
            return Sent::Gone;
        };
        if sessions && self.reader.fetching {
            return Sent::Waits(task);
        }
        let mut places = match self.resolve(task.raw, places) {
            Places::At(places) => places,
            Places::Later => return Sent::Waits(task),
            Places::Nowhere => return self.wait_for_topic(task),
        };
        if self.begin_reading(&mut task, &places) {
            return Sent::Waits(task);
        }
        let limits = Limits {
            max_wait_ms: *max_wait_ms,
            min_bytes: *min_bytes,
            max_bytes: *max_bytes,
            committed: self.me().committed,
        };
        // A session may serve more than this operation asks for.
        if sessions && task.stream.coin() {
            let kept: Vec<Place> = self
                .reader
                .kept()
                .filter(|place| !places.contains(place))
                .collect();
            places.extend(kept);
            places.sort_unstable();
        }
        let session = self
            .reader
            .session_version()
            .filter(|_| sessions && !task.stream.one_in(16));
        let version = self.fetch_version(&mut task.stream, session, places.iter().copied());
        let wants = self.wants(&mut task.stream, version, &places, *partition_max_bytes);
        let alone = !sessions || version < 7 || task.stream.one_in(24);
        let mut plan = if alone {
            self.reader.alone(wants, version >= 7 && sessions)
        } else {
            self.reader.in_session(wants, version)
        };
        if plan.session.1 > 0 && task.stream.one_in(20) {
            plan.session = out_of_step(&mut task.stream, plan.session);
        }
        self.send_fetch_plan(task, version, limits, plan, acts);
        Sent::Gone
    }

    /// Where reading stands in each partition, as a request of this version says it.
    fn wants(
        &mut self,
        stream: &mut Stream,
        version: i16,
        places: &[Place],
        max_bytes: i32,
    ) -> Vec<Want> {
        let mut wants = Vec::with_capacity(places.len());
        for place in places {
            let position = self.reader.position(*place);
            let said = position.filter(|_| version >= 12 && stream.coin());
            wants.push(Want {
                place: *place,
                named: self.topics.named(*place, version >= 13),
                offset: position.map_or(0, |position| position.offset),
                leader_epoch: match version {
                    9.. => self.leader_epoch(stream, *place),
                    _ => -1,
                },
                last_epoch: said.map_or(-1, |position| position.epoch),
                max_bytes,
            });
        }
        wants
    }

    /// Where reading has not begun, or where it goes on is being asked for. Whether the fetch has to wait for it.
    fn begin_reading(&mut self, task: &mut Task, places: &[Place]) -> bool {
        let mut waits = false;
        let mut unknown = Vec::new();
        for place in places {
            match self.reader.position(*place) {
                Some(position) => waits |= position.asking,
                None if task.stream.coin() => self.reader.seek(*place, 0),
                None => unknown.push(*place),
            }
        }
        if unknown.is_empty() {
            return waits;
        }
        let timestamp = if task.stream.one_in(8) { -1 } else { -2 };
        self.seek(unknown, timestamp);
        true
    }

    /// Where reading goes on is asked for.
    pub(super) fn seek(&mut self, places: Vec<Place>, timestamp: i64) {
        places.iter().for_each(|place| self.reader.ask(*place));
        let until = self.now.saturating_add(self.me().patience);
        let list = List {
            places,
            timestamp,
            seek: true,
        };
        let mut task = self.task(OWN, until, What::List(list));
        // These places were found before, or are not to be.
        task.raw = true;
        self.put(task);
    }

    /// A session keeps to its version; topics whose id is not known are fetched by name.
    pub(super) fn fetch_version(
        &self,
        stream: &mut Stream,
        session: Option<i16>,
        mut places: impl Iterator<Item = Place>,
    ) -> i16 {
        let nameless = places.any(|place| self.topics.id(place.topic) == NO_ID);
        let most = if nameless { 12 } else { i16::MAX };
        match session {
            Some(version) => version.min(most),
            None => self.version(ApiKey::Fetch, stream, 0, most),
        }
    }

    pub(super) fn send_fetch_plan(
        &mut self,
        task: Task,
        version: i16,
        limits: Limits,
        plan: Plan,
        acts: &mut Vec<Act>,
    ) {
        let frame = self.frame(ApiKey::Fetch, version);
        let bytes = frame.fetch(limits, plan.session, &plan.say, &plan.forget);
        let ask = Ask::Fetch {
            max_wait_ms: limits.max_wait_ms,
            min_bytes: limits.min_bytes,
            max_bytes: limits.max_bytes,
            committed: limits.committed,
            session: plan.session,
            wanted: plan.all,
            epochs: plan.epochs,
        };
        let waits = u64::from(limits.max_wait_ms.max(0).unsigned_abs()) * MS;
        self.leave(task, frame, ask, bytes, waits, acts);
    }

    /// A fetch was answered.
    pub(super) fn on_fetched(
        &mut self,
        task: Task,
        asked: &Asked,
        error: i16,
        session: i32,
        parts: &[(Named, Fetched)],
    ) {
        let Ask::Fetch {
            session: ours,
            wanted,
            ..
        } = &asked.ask
        else {
            return;
        };
        if ours.1 >= 0 {
            self.reader.answered(*ours, error, session);
        }
        self.old(parts.iter().map(|(named, fetched)| (named, fetched.error)));
        let mut reset = Vec::new();
        for (named, fetched) in parts {
            let from = wanted.iter().find(|(wanted, ..)| wanted == named);
            let (Some(place), Some((_, from, _))) = (topics::place(named), from) else {
                continue;
            };
            if self.reader.moves(place, *from, fetched) {
                reset.push(place);
            }
        }
        if !reset.is_empty() {
            self.seek(reset, -2);
        }
        if error != 0 {
            self.again_a_few_times(task);
        }
    }
}
