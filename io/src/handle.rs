//! The owner's end of a machine: it asks, is told, looks inside, and lets go.
//!
//! H1: the last thing told is [`Said::Gone`], once.
//! H2: dropping the handle stops the machine: its sockets are closed at once, its threads end with their last call.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ottla_machine::{Job, Machine, Op};

use crate::bell::{Bell, locked};
use crate::files::Threads;

/// How long letting go waits for a call that hangs in the kernel.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why a machine is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gone {
    /// Its owner let go, or its host ended.
    Stopped,
    /// It panicked, with these words.
    Panicked(String),
}

/// What a machine says, and that it is no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said<T> {
    /// The machine's word.
    Tell(T),
    /// The last word.
    Gone(Gone),
}

pub(crate) type Look<M> = Box<dyn FnOnce(&M) + Send>;

/// A job's product, or the words of its panic.
pub(crate) type Product<J> = (Op, Result<<J as Job>::Product, String>);

/// Where the workbench leaves products.
pub(crate) struct Products<J: Job> {
    list: Mutex<Vec<Product<J>>>,
    bell: Arc<Bell>,
}

impl<J: Job> Products<J> {
    pub(crate) fn leave(&self, product: Product<J>) {
        locked(&self.list).push(product);
        self.bell.ring();
    }

    pub(crate) fn take(&self, into: &mut VecDeque<Product<J>>) {
        into.extend(locked(&self.list).drain(..));
    }
}

/// What the owner leaves for the machine.
pub(crate) struct Inbox<M: Machine> {
    pub(crate) asks: Vec<M::Ask>,
    pub(crate) looks: Vec<Look<M>>,
    pub(crate) stop: bool,
    /// The machine is no more: nothing is taken in.
    pub(crate) gone: bool,
}

pub(crate) struct Shared<M: Machine> {
    pub(crate) inbox: Mutex<Inbox<M>>,
    pub(crate) products: Arc<Products<M::Job>>,
    pub(crate) bell: Arc<Bell>,
}

impl<M: Machine> Shared<M> {
    pub(crate) fn new() -> Shared<M> {
        let bell = Arc::new(Bell::default());
        Shared {
            inbox: Mutex::new(Inbox {
                asks: Vec::new(),
                looks: Vec::new(),
                stop: false,
                gone: false,
            }),
            products: Arc::new(Products {
                list: Mutex::new(Vec::new()),
                bell: bell.clone(),
            }),
            bell,
        }
    }

    /// Leaves something in the inbox; `false` when nobody will look.
    pub(crate) fn leave(&self, what: impl FnOnce(&mut Inbox<M>)) -> bool {
        let mut inbox = locked(&self.inbox);
        if inbox.gone {
            return false;
        }
        what(&mut inbox);
        drop(inbox);
        self.bell.ring();
        true
    }
}

/// Speaks to a machine; any thread may have one.
pub struct Asker<M: Machine> {
    shared: Arc<Shared<M>>,
}

impl<M: Machine> Clone for Asker<M> {
    fn clone(&self) -> Asker<M> {
        Asker {
            shared: self.shared.clone(),
        }
    }
}

impl<M: Machine> Asker<M> {
    /// Says something to the machine; `false` when it is gone.
    pub fn ask(&self, ask: M::Ask) -> bool {
        self.shared.leave(|inbox| inbox.asks.push(ask))
    }

    /// Looks at the machine where it lives, between two turns; waits for that. `None` when it is gone.
    pub fn inspect<R: Send + 'static>(
        &self,
        look: impl FnOnce(&M) -> R + Send + 'static,
    ) -> Option<R> {
        let (send, answer) = sync_channel(1);
        let look = Box::new(move |machine: &M| {
            let look = AssertUnwindSafe(|| look(machine));
            // A look that panics harms whoever looks, not the machine.
            if let Ok(seen) = std::panic::catch_unwind(look) {
                let _ = send.send(seen);
            }
        });
        self.shared.leave(|inbox| inbox.looks.push(look));
        answer.recv().ok()
    }
}

/// Owns a machine that runs on a host.
pub struct Handle<M: Machine> {
    asker: Asker<M>,
    tells: Receiver<Said<M::Tell>>,
    remains: Receiver<Threads>,
}

impl<M: Machine> Handle<M> {
    pub(crate) fn new(
        shared: Arc<Shared<M>>,
        tells: Receiver<Said<M::Tell>>,
        remains: Receiver<Threads>,
    ) -> Handle<M> {
        Handle {
            asker: Asker { shared },
            tells,
            remains,
        }
    }

    /// What the machine says.
    pub fn tells(&self) -> &Receiver<Said<M::Tell>> {
        &self.tells
    }

    /// Says something to the machine; `false` when it is gone.
    pub fn ask(&self, ask: M::Ask) -> bool {
        self.asker.ask(ask)
    }

    /// Another way to speak to the machine, for other threads.
    pub fn asker(&self) -> Asker<M> {
        self.asker.clone()
    }

    /// See [`Asker::inspect`].
    pub fn inspect<R: Send + 'static>(
        &self,
        look: impl FnOnce(&M) -> R + Send + 'static,
    ) -> Option<R> {
        self.asker.inspect(look)
    }

    /// Stops the machine and waits until nothing is left of it, however long a call hangs.
    pub fn join(self) {
        self.let_go(None);
    }

    /// Stops the machine; its sockets are closed when this returns. A call that hangs in the kernel is waited for
    /// a second, then left to end alone. Dropping the handle does the same.
    pub fn abandon(self) {}

    fn let_go(&self, patience: Option<Duration>) {
        self.asker.shared.leave(|inbox| inbox.stop = true);
        let start = Instant::now();
        let left = || patience.map(|patience| patience.saturating_sub(start.elapsed()));
        let Some(threads) = wait(&self.remains, left()) else {
            return;
        };
        for (ended, thread) in threads.list {
            if wait_end(&ended, left()) {
                // A lane that panicked has answered nothing more; there is nobody left to tell.
                let _ = thread.join();
            }
        }
    }
}

fn wait<T>(from: &Receiver<T>, patience: Option<Duration>) -> Option<T> {
    match patience {
        Some(patience) => from.recv_timeout(patience).ok(),
        None => from.recv().ok(),
    }
}

fn wait_end(ended: &Receiver<()>, patience: Option<Duration>) -> bool {
    match patience {
        Some(patience) => ended.recv_timeout(patience) != Err(RecvTimeoutError::Timeout),
        None => {
            let _ = ended.recv();
            true
        }
    }
}

impl<M: Machine> Drop for Handle<M> {
    fn drop(&mut self) {
        self.let_go(Some(PATIENCE));
    }
}
