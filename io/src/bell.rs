//! How threads and sockets wake a machine's loop: many rings before it looks are one wake.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// Locks what no panic can leave half done: the holders only move values in and out.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Wakes one loop.
#[derive(Debug, Default)]
pub struct Bell {
    rung: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Bell {
    /// Wakes the loop, now or when it next goes to sleep.
    pub fn ring(&self) {
        if self.rung.swap(true, Ordering::AcqRel) {
            return;
        }
        // Cloned out, so that waking never runs under the lock.
        let waker = locked(&self.waker).clone();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The loop looks: later rings wake it again.
    pub(crate) fn look(&self, waker: &Waker) {
        let mut kept = locked(&self.waker);
        if !kept.as_ref().is_some_and(|kept| kept.will_wake(waker)) {
            *kept = Some(waker.clone());
        }
        drop(kept);
        self.rung.store(false, Ordering::Release);
    }
}

/// What can become ready in a loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Conn(ottla_machine::Conn),
    Connect(ottla_machine::Conn),
    Listener(usize),
}

/// Sources that became ready, each at most once.
#[derive(Debug)]
pub(crate) struct Ready {
    list: Mutex<VecDeque<Arc<ReadyWaker>>>,
    bell: Arc<Bell>,
}

impl Ready {
    pub(crate) fn new(bell: Arc<Bell>) -> Arc<Ready> {
        Arc::new(Ready {
            list: Mutex::new(VecDeque::new()),
            bell,
        })
    }

    pub(crate) fn waker(self: &Arc<Ready>, source: Source) -> Waker {
        Waker::from(Arc::new(ReadyWaker {
            source,
            queued: AtomicBool::new(false),
            ready: self.clone(),
        }))
    }

    pub(crate) fn pop(&self) -> Option<Source> {
        let waker = locked(&self.list).pop_front()?;
        waker.queued.store(false, Ordering::Release);
        Some(waker.source)
    }

    pub(crate) fn is_empty(&self) -> bool {
        locked(&self.list).is_empty()
    }
}

/// The waker of one source.
#[derive(Debug)]
pub(crate) struct ReadyWaker {
    source: Source,
    queued: AtomicBool,
    ready: Arc<Ready>,
}

impl Wake for ReadyWaker {
    fn wake(self: Arc<Self>) {
        if !self.queued.swap(true, Ordering::AcqRel) {
            let ready = self.ready.clone();
            locked(&ready.list).push_back(self);
            ready.bell.ring();
        }
    }
}
