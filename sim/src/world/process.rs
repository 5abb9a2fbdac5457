//! One life of the broker: the machine, what it stands on, and its turns.
//!
//! L1: a turn is stepped, settled and performed as a driver does (CONTRACT.md, Turns); how many events a turn steps is drawn.
//! L2: a life may end between any two effects of a turn.
//! L3: what panics is dropped and never touched again.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};

use ottla_broker::{Broker, BrokerAsk, BrokerTell};
use ottla_machine::limits::TURN_ROUNDS;
use ottla_machine::{
    Dir, DiskOp, Effect, Effects, Emit, Event, Job, Machine, Note, Now, Op, Output, Spent, Switch,
};

use crate::draw::Domain;
use crate::host::contract::Contract;
use crate::host::desk::DeskHost;
use crate::host::{Host, HostEvent, Outside};
use crate::net::NodeTell;
use crate::planted::plant;
use crate::script::{Arm, Nanos, Script};

/// The one log directory.
pub const ROOT: Dir = Dir(0);

/// What the broker stands on.
#[derive(Clone)]
pub(crate) enum Ground {
    Contract(Box<Contract>),
    Desk(Box<DeskHost>),
}

impl Ground {
    fn new(arm: Arm, switch: Switch) -> Ground {
        match arm {
            Arm::Contract => Ground::Contract(Box::new(Contract::new(ROOT))),
            Arm::Desk => Ground::Desk(Box::new(DeskHost::new(ROOT, switch))),
        }
    }

    pub(crate) fn host(&mut self) -> &mut dyn Host {
        match self {
            Ground::Contract(host) => &mut **host,
            Ground::Desk(host) => &mut **host,
        }
    }

    fn look(&self) -> &dyn Host {
        match self {
            Ground::Contract(host) => &**host,
            Ground::Desk(host) => &**host,
        }
    }
}

/// How a life ends that is made to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// The page cache stays.
    Kill,
    /// The page cache goes.
    PowerCut,
}

impl Crash {
    /// With or without the power.
    pub(crate) fn of(power: bool) -> Crash {
        if power { Crash::PowerCut } else { Crash::Kill }
    }
}

/// What a turn came to.
#[derive(Debug, Default)]
pub(crate) struct Turned {
    /// What the broker told.
    pub tells: Vec<BrokerTell>,
    /// What it said to the operator.
    pub notes: Vec<Note>,
    /// The life ended after an effect: L2.
    pub crashed: bool,
    /// What the machine said when it panicked.
    pub panicked: Option<String>,
    /// Jobs to be done later.
    pub jobs: Vec<u64>,
    /// It is to be asked to stop, with this patience.
    pub stops: Option<Nanos>,
    /// Nothing came in, nothing was asked for, and the broker wants another turn at once.
    pub idle: bool,
}

/// Who watches every step.
pub(crate) trait Watch {
    /// An event is about to be stepped.
    fn event(&mut self, event: &Event<Broker>);
    /// A step or settle is done. Answers whether the run may go on.
    fn stepped(&mut self, broker: &Broker, spent: Spent, media: &ottla_media::Media) -> bool;
    /// An effect is about to be performed.
    fn effect(&mut self, effect: &Effect<Broker>);
}

/// One life of the broker.
#[derive(Clone)]
pub(crate) struct Process {
    pub broker: Broker,
    fx: Effects<Broker>,
    ground: Ground,
    asks: VecDeque<BrokerAsk>,
    jobs: BTreeMap<u64, (Op, <Broker as Machine>::Job)>,
    products: VecDeque<(Op, <<Broker as Machine>::Job as Job>::Product)>,
    next_job: u64,
    turns: u64,
    performed: u64,
    /// The monotonic clock when the run began.
    pub origin: Nanos,
    /// When the next turn is due on the agenda.
    pub turn_at: Option<Nanos>,
    /// The life ends after so many further effects.
    pub crash_after: Option<u32>,
    /// It is asked to stop, with this patience, once it has opened so many further segments.
    pub stop_opening: Option<(u32, Nanos)>,
    /// The life ends when it is about to remove a file of a segment, after so many others of that partition.
    pub crash_removing: Option<u32>,
    /// Bytes and records that were looked at in this turn.
    looked_at: u64,
    /// How many it has removed since that was wanted, by partition.
    removed: BTreeMap<Dir, u32>,
}

impl Process {
    pub(crate) fn new(arm: Arm, origin: Nanos, script: &Script) -> Process {
        let mut fx = Effects::new();
        plant(&mut fx, script.planted.as_deref(), script.limits);
        let switch = fx.switch();
        Process {
            broker: Broker::new(),
            fx,
            ground: Ground::new(arm, switch),
            asks: VecDeque::new(),
            jobs: BTreeMap::new(),
            products: VecDeque::new(),
            next_job: 0,
            turns: 0,
            performed: 0,
            origin,
            turn_at: None,
            crash_after: None,
            stop_opening: None,
            crash_removing: None,
            looked_at: 0,
            removed: BTreeMap::new(),
        }
    }

    pub(crate) fn ask(&mut self, ask: BrokerAsk) {
        self.asks.push_back(ask);
    }

    pub(crate) fn net(&mut self, tell: NodeTell, outside: &mut Outside<'_>) {
        self.ground.host().net(tell, outside);
    }

    pub(crate) fn happen(&mut self, event: HostEvent, outside: &mut Outside<'_>) {
        self.ground.host().happen(event, outside);
    }

    /// A job is done.
    pub(crate) fn job_done(&mut self, number: u64) {
        if let Some((op, job)) = self.jobs.remove(&number) {
            self.products.push_back((op, job.run()));
        }
    }

    /// When the next turn is wanted: now when something is ready, else at the broker's deadline.
    pub(crate) fn wants_turn(&self, now: Nanos) -> Option<Nanos> {
        let ready =
            self.ground.look().is_ready() || !self.asks.is_empty() || !self.products.is_empty();
        if ready {
            return Some(now);
        }
        let deadline = self.broker.deadline()?;
        Some(deadline.0.saturating_sub(self.origin).max(now))
    }

    /// Operations and connections that are open.
    pub(crate) fn open(&self) -> (usize, usize) {
        self.ground.look().open()
    }

    /// L1.
    pub(crate) fn turn(
        &mut self,
        now: Now,
        outside: &mut Outside<'_>,
        watch: &mut dyn Watch,
    ) -> Turned {
        let mut turned = Turned::default();
        self.turns += 1;
        let n = self.turns + (u64::from(outside.life) << 32);
        let most = 1 + outside
            .draw
            .below(Domain::TurnSize, 0, n, outside.weather.turn);
        self.ground.host().turn(outside);
        let (mut events, performed) = (0, self.performed);
        self.looked_at = 0;
        for round in 0..TURN_ROUNDS {
            let before = events;
            while events < most
                && let Some(event) = self.event(outside)
            {
                events += 1;
                watch.event(&event);
                if !self.guarded(&mut turned, |process| {
                    process.broker.step(now, event, &mut process.fx);
                }) || !self.watched(outside, watch)
                {
                    return turned;
                }
            }
            let due = self.broker.deadline().is_some_and(|at| at <= now.mono);
            if events == before && !(round == 0 && due) {
                break;
            }
            let settled = self.guarded(&mut turned, |process| {
                process.broker.settle(now, &mut process.fx);
            });
            if !settled
                || !self.watched(outside, watch)
                || !self.perform(&mut turned, outside, watch)
            {
                return turned;
            }
        }
        let due = self.broker.deadline().is_some_and(|at| at <= now.mono);
        let nothing = events == 0 && self.performed == performed && self.looked_at == 0;
        turned.idle = nothing && due;
        turned
    }

    fn event(&mut self, outside: &mut Outside<'_>) -> Option<Event<Broker>> {
        if let Some(event) = self.ground.host().event(outside) {
            return Some(event);
        }
        if let Some((op, product)) = self.products.pop_front() {
            return Some(Event::Done(op, Ok(Output::Product(product))));
        }
        self.asks.pop_front().map(Event::Asked)
    }

    /// L3. Whether it went well.
    fn guarded(&mut self, turned: &mut Turned, act: impl FnOnce(&mut Process)) -> bool {
        match catch_unwind(AssertUnwindSafe(|| act(self))) {
            Ok(()) => true,
            Err(payload) => {
                turned.panicked = Some(crate::panics::words(&*payload));
                false
            }
        }
    }

    fn watched(&mut self, outside: &Outside<'_>, watch: &mut dyn Watch) -> bool {
        let spent = self.fx.spent();
        self.fx.reset_spent();
        self.looked_at += spent.bytes + spent.records;
        watch.stepped(&self.broker, spent, outside.media)
    }

    /// Performs what a turn has asked for; false when the life ended on the way.
    fn perform(
        &mut self,
        turned: &mut Turned,
        outside: &mut Outside<'_>,
        watch: &mut dyn Watch,
    ) -> bool {
        let effects: Vec<Effect<Broker>> = self.fx.drain().collect();
        for effect in effects {
            if let Some(left) = &mut self.crash_after {
                if *left == 0 {
                    turned.crashed = true;
                    return false;
                }
                *left -= 1;
            }
            if let (Some(before), Some(dir)) = (self.crash_removing, removes_of_segment(&effect)) {
                let removed = self.removed.entry(dir).or_insert(0);
                if *removed >= before {
                    turned.crashed = true;
                    return false;
                }
                *removed += 1;
            }
            if opens_segment(&effect)
                && let Some((left, patience)) = &mut self.stop_opening
            {
                match left.checked_sub(1) {
                    Some(less) => *left = less,
                    None => {
                        turned.stops = Some(*patience);
                        self.stop_opening = None;
                    }
                }
            }
            self.performed += 1;
            watch.effect(&effect);
            match effect {
                Effect::Tell(tell) => turned.tells.push(tell),
                Effect::Note(note) => turned.notes.push(note),
                Effect::Work(op, job) => {
                    self.next_job += 1;
                    self.jobs.insert(self.next_job, (op, job));
                    turned.jobs.push(self.next_job);
                }
                effect => self.ground.host().take(effect, outside),
            }
        }
        true
    }

    /// How often each rare situation was met since this was asked last.
    pub(crate) fn take_sites(&mut self) -> BTreeMap<&'static str, u64> {
        take_sites(&mut self.fx)
    }
}

/// The directory of the segment of which a file is to be removed.
fn removes_of_segment(effect: &Effect<Broker>) -> Option<Dir> {
    let Effect::Disk(_, DiskOp::Remove { dir, name }) = effect else {
        return None;
    };
    let of_segment = [".log", ".index", ".timeindex"];
    let of_segment = of_segment.iter().any(|end| name.as_str().ends_with(end));
    of_segment.then_some(*dir)
}

fn opens_segment(effect: &Effect<Broker>) -> bool {
    matches!(effect, Effect::Disk(_, DiskOp::Open { name, .. }) if name.as_str().ends_with(".log"))
}

#[cfg(feature = "planted")]
fn take_sites(fx: &mut Effects<Broker>) -> BTreeMap<&'static str, u64> {
    fx.take_sites()
}

#[cfg(not(feature = "planted"))]
fn take_sites(_fx: &mut Effects<Broker>) -> BTreeMap<&'static str, u64> {
    BTreeMap::new()
}

#[cfg(test)]
impl Process {
    /// The next turn asks for this as well, whatever the broker says.
    pub(super) fn asks_for(&mut self, effect: Effect<Broker>) {
        self.fx.push(effect);
    }
}
