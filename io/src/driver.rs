//! The loop of one machine: what is ready is stepped, the turn is settled, the effects are performed.
//!
//! V1: a turn is at most `TURN_EVENTS` events or `TURN_BYTES` received bytes, in at most `TURN_ROUNDS` rounds.
//! V2: the clock is read once per turn.
//! V3: a panic in the machine or its desk ends this loop alone; what its last step asked for is not done.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::task::{Context, Poll};

use ottla_desk::{Call, Desk};
use ottla_machine::limits::{TURN_BYTES, TURN_EVENTS, TURN_ROUNDS};
use ottla_machine::{Effect, Effects, Event, Job, Machine, Note, Now, Output, Switch, Time};
use tokio::time::{Sleep, sleep_until};

use crate::bell::locked;
use crate::clock::Clock;
use crate::files::{Files, Finished, Threads};
use crate::handle::{Gone, Look, Product, Said, Shared};
use crate::sockets::Sockets;
use crate::workbench::Workbench;

/// Where a machine's notes go.
pub(crate) type Notes = Box<dyn FnMut(Note) + Send>;

/// What the loop and the world share while the machine lives.
pub(crate) struct World<M: Machine> {
    pub(crate) files: Box<dyn Files>,
    pub(crate) sockets: Box<dyn Sockets>,
    pub(crate) notes: Notes,
    pub(crate) workbench: Rc<RefCell<Workbench>>,
    pub(crate) clock: Clock,
    pub(crate) shared: Arc<Shared<M>>,
    pub(crate) tells: Sender<Said<M::Tell>>,
    pub(crate) remains: Sender<Threads>,
}

struct Running<M: Machine> {
    machine: M,
    desk: Desk,
    fx: Effects<M>,
    files: Box<dyn Files>,
    sockets: Box<dyn Sockets>,
    notes: Notes,
    workbench: Rc<RefCell<Workbench>>,
    asks: VecDeque<M::Ask>,
    products: VecDeque<Product<M::Job>>,
    looks: Vec<Look<M>>,
    finished: Vec<Finished>,
}

/// The loop, as a future that ends when the machine is gone.
pub(crate) struct Driver<M: Machine> {
    running: Option<Running<M>>,
    clock: Clock,
    shared: Arc<Shared<M>>,
    tells: Sender<Said<M::Tell>>,
    remains: Sender<Threads>,
    timer: Option<(Time, Pin<Box<Sleep>>)>,
}

impl<M: Machine> Driver<M> {
    pub(crate) fn new(machine: M, world: World<M>) -> Driver<M> {
        let desk = Desk::new(world.files.roots(), Switch::default());
        let running = Running {
            machine,
            desk,
            fx: Effects::new(),
            files: world.files,
            sockets: world.sockets,
            notes: world.notes,
            workbench: world.workbench,
            asks: VecDeque::new(),
            products: VecDeque::new(),
            looks: Vec::new(),
            finished: Vec::new(),
        };
        Driver {
            running: Some(running),
            clock: world.clock,
            shared: world.shared,
            tells: world.tells,
            remains: world.remains,
            timer: None,
        }
    }

    /// Takes everything down and tells the owner.
    fn end(&mut self, gone: Gone) {
        let Some(running) = self.running.take() else {
            return;
        };
        let looks = {
            let mut inbox = locked(&self.shared.inbox);
            inbox.gone = true;
            inbox.asks.clear();
            std::mem::take(&mut inbox.looks)
        };
        drop(looks);
        let Running {
            machine,
            files,
            sockets,
            ..
        } = running;
        drop(sockets);
        // What a broken machine does when it is dropped must not hide why it broke.
        let dropped = catch_unwind(AssertUnwindSafe(move || drop(machine)));
        let gone = match (gone, dropped) {
            (Gone::Stopped, Err(payload)) => Gone::Panicked(words(&*payload)),
            (gone, _) => gone,
        };
        // The owner may be gone already.
        let _ = self.tells.send(Said::Gone(gone));
        let _ = self.remains.send(files.close());
    }

    /// Sleeps until the deadline; whether it has come.
    fn due(&mut self, context: &mut Context<'_>, deadline: Option<Time>) -> bool {
        let Some(at) = deadline.filter(|at| *at < Time::NEVER) else {
            self.timer = None;
            return false;
        };
        let instant = || tokio::time::Instant::from_std(self.clock.instant(at));
        let timer = match &mut self.timer {
            Some((set, sleep)) => {
                if *set != at {
                    sleep.as_mut().reset(instant());
                    *set = at;
                }
                sleep
            }
            none => &mut none.insert((at, Box::pin(sleep_until(instant())))).1,
        };
        if timer.as_mut().poll(context).is_ready() {
            self.timer = None;
            return true;
        }
        false
    }
}

impl<M: Machine> Unpin for Driver<M> {}

impl<M: Machine> Future for Driver<M> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let driver = self.get_mut();
        driver.shared.bell.look(context.waker());
        let Some(running) = &mut driver.running else {
            return Poll::Ready(());
        };
        {
            let mut inbox = locked(&driver.shared.inbox);
            if inbox.stop {
                drop(inbox);
                driver.end(Gone::Stopped);
                return Poll::Ready(());
            }
            running.asks.extend(inbox.asks.drain(..));
            running.looks.append(&mut inbox.looks);
        }
        driver.shared.products.take(&mut running.products);
        let now = driver.clock.now();
        let (shared, tells) = (&driver.shared, &driver.tells);
        let turn = AssertUnwindSafe(|| running.turn(now, shared, tells));
        match catch_unwind(turn) {
            Err(payload) => {
                driver.end(Gone::Panicked(words(&*payload)));
                return Poll::Ready(());
            }
            Ok(Next::Again) => context.waker().wake_by_ref(),
            Ok(Next::Sleep(deadline)) => {
                if driver.due(context, deadline) {
                    context.waker().wake_by_ref();
                }
            }
        }
        Poll::Pending
    }
}

impl<M: Machine> Drop for Driver<M> {
    fn drop(&mut self) {
        self.end(Gone::Stopped);
    }
}

/// What to do after a turn.
enum Next {
    /// Something is left to do: look at the world, then turn again.
    Again,
    /// Wait for the world, or for the deadline.
    Sleep(Option<Time>),
}

impl<M: Machine> Running<M> {
    fn turn(&mut self, now: Now, shared: &Arc<Shared<M>>, tells: &Sender<Said<M::Tell>>) -> Next {
        for look in self.looks.drain(..) {
            look(&self.machine);
        }
        self.desk.turn();
        self.gather();
        let (mut events, mut bytes) = (0, 0);
        for round in 0..TURN_ROUNDS {
            let before = events;
            while events < TURN_EVENTS
                && bytes < TURN_BYTES
                && let Some(event) = self.event(&mut bytes)
            {
                events += 1;
                self.machine.step(now, event, &mut self.fx);
            }
            let due = || self.machine.deadline().is_some_and(|at| at <= now.mono);
            if events == before && !(round == 0 && due()) {
                break;
            }
            self.machine.settle(now, &mut self.fx);
            self.perform(shared, tells);
        }
        let deadline = self.machine.deadline();
        let again = self.desk.is_ready()
            || !self.asks.is_empty()
            || !self.products.is_empty()
            || self.sockets.is_ready()
            || deadline.is_some_and(|at| at <= now.mono);
        if again {
            Next::Again
        } else {
            Next::Sleep(deadline)
        }
    }

    /// Takes in what the world has done.
    fn gather(&mut self) {
        self.files.reap(&mut self.finished);
        self.sockets
            .reap(&mut *self.files, TURN_BYTES, &mut self.finished);
        while let Some(accepted) = self.sockets.accepted() {
            let conn = self.desk.accepted(accepted.listener, accepted.address);
            self.sockets.adopt(accepted.token, conn);
        }
        for (id, done) in self.finished.drain(..) {
            self.desk.back(id, done);
        }
        self.make_calls();
    }

    fn event(&mut self, bytes: &mut usize) -> Option<Event<M>> {
        if let Some(outcome) = self.desk.event() {
            *bytes += outcome.bytes();
            return Some(outcome.into());
        }
        if let Some((op, result)) = self.products.pop_front() {
            return match result {
                Ok(product) => Some(Event::Done(op, Ok(Output::Product(product)))),
                Err(words) => panic!("a job panicked: {words}"),
            };
        }
        self.asks.pop_front().map(Event::Asked)
    }

    fn perform(&mut self, shared: &Arc<Shared<M>>, tells: &Sender<Said<M::Tell>>) {
        for effect in self.fx.drain() {
            match self.desk.take(effect) {
                None => {}
                Some(Effect::Tell(tell)) => {
                    // An owner that does not listen is not a machine's trouble.
                    let _ = tells.send(Said::Tell(tell));
                }
                Some(Effect::Note(note)) => (self.notes)(note),
                Some(Effect::Work(op, job)) => {
                    let products = shared.products.clone();
                    self.workbench.borrow_mut().hand(Box::new(move || {
                        let result = catch_unwind(AssertUnwindSafe(|| job.run()))
                            .map_err(|payload| words(&*payload));
                        products.leave((op, result));
                    }));
                }
                Some(_) => unreachable!("the desk takes every other effect"),
            }
        }
        self.fx.reset_spent();
        self.make_calls();
    }

    fn make_calls(&mut self) {
        while let Some((id, call)) = self.desk.next_call() {
            let done = match call {
                Call::File(lane, root, call) => self.files.submit(id, lane, root, call),
                Call::Net(call) => self.sockets.submit(id, call, &mut *self.files),
            };
            if let Some(done) = done {
                self.desk.back(id, done);
            }
        }
    }
}

/// What a panic said.
fn words(payload: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = payload.downcast_ref::<&str>() {
        (*text).into()
    } else if let Some(text) = payload.downcast_ref::<String>() {
        text.clone()
    } else {
        "without words".into()
    }
}
