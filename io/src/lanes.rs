//! One lane: a thread that makes the calls of one kind of one log directory in order, started by its first call.
//!
//! L1: a lane's calls are made in the order in which they were handed over.
//! L2: a lane ends when its calls are made and nobody can hand it more.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use ottla_desk::{CallDone, CallId, Errno, Fd, FileCall};

use crate::bell::{Bell, locked};
use crate::files::Threads;
use crate::perform::{Place, perform};

/// A call with what it touches.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) id: CallId,
    pub(crate) call: FileCall,
    pub(crate) file: Option<Arc<OwnedFd>>,
    pub(crate) root: Arc<OwnedFd>,
}

/// What came of it; an opened descriptor still needs its place.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) id: CallId,
    pub(crate) done: CallDone,
    pub(crate) opened: Option<(Fd, OwnedFd)>,
}

/// Where lanes leave what they made.
#[derive(Debug, Default)]
pub(crate) struct Tray {
    made: Mutex<Vec<Made>>,
    bell: Mutex<Option<Arc<Bell>>>,
}

impl Tray {
    pub(crate) fn wake_by(&self, bell: Arc<Bell>) {
        *locked(&self.bell) = Some(bell);
    }

    pub(crate) fn take(&self, into: &mut Vec<Made>) {
        into.append(&mut locked(&self.made));
    }

    fn put(&self, made: Made) {
        locked(&self.made).push(made);
        let bell = locked(&self.bell).clone();
        if let Some(bell) = bell {
            bell.ring();
        }
    }
}

#[derive(Debug)]
struct Running {
    orders: Sender<Order>,
    ended: Receiver<()>,
    thread: JoinHandle<()>,
}

#[derive(Debug)]
pub(crate) struct LaneThread {
    name: String,
    tray: Arc<Tray>,
    running: Option<Running>,
}

impl LaneThread {
    pub(crate) fn new(name: String, tray: Arc<Tray>) -> LaneThread {
        LaneThread {
            name,
            tray,
            running: None,
        }
    }

    /// Hands a call over; gives the answer back when there is no thread to be had.
    pub(crate) fn hand(&mut self, order: Order) -> Option<CallDone> {
        let running = match &mut self.running {
            Some(running) => running,
            none => match start(&self.name, self.tray.clone()) {
                Ok(running) => none.insert(running),
                Err(_) => return Some(refused(order.call)),
            },
        };
        match running.orders.send(order) {
            Ok(()) => None,
            Err(back) => Some(refused(back.0.call)),
        }
    }

    pub(crate) fn close(self, threads: &mut Threads) {
        if let Some(running) = self.running {
            drop(running.orders);
            threads.list.push((running.ended, running.thread));
        }
    }
}

fn start(name: &str, tray: Arc<Tray>) -> io::Result<Running> {
    let (orders, inbox) = channel::<Order>();
    let (end, ended) = channel();
    let thread = thread::Builder::new().name(name.into()).spawn(move || {
        for order in inbox {
            let Order {
                id,
                call,
                file,
                root,
            } = order;
            let place = Place {
                file: file.as_deref(),
                root: &root,
                other: &root,
            };
            let (done, opened) = perform(call, place);
            // The last holder closes: before it is said to be done.
            drop(file);
            tray.put(Made { id, done, opened });
        }
        // Whoever waits sees this, or the channel closed: the same.
        let _ = end.send(());
    })?;
    Ok(Running {
        orders,
        ended,
        thread,
    })
}

/// The answer of a call that could not be made for want of a thread.
fn refused(call: FileCall) -> CallDone {
    let errno = Errno::NoMemory;
    match call {
        FileCall::Openat { .. } => CallDone::Opened(Err(errno)),
        FileCall::Lookup { .. } => CallDone::Looked(Err(errno)),
        FileCall::ListDir { .. } => CallDone::Listed(Err(errno)),
        FileCall::StatFs { .. } => CallDone::Space(Err(errno)),
        FileCall::Pread { buf, .. } => CallDone::Read {
            buf,
            result: Err(errno),
        },
        FileCall::Pwritev { bufs, .. } => CallDone::Written {
            bufs,
            result: Err(errno),
        },
        _ => CallDone::Plain(Err(errno)),
    }
}
