//! One lane: a thread that makes the calls of one kind of one log directory in order, started by its first call.
//!
//! L1: a lane's calls are made in the order in which they were handed over.
//! L2: syncs that wait one behind the other are made together, where [`Together`] can.
//! L3: a lane ends when its calls are made and nobody can hand it more.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use ottla_desk::{CallDone, CallId, Errno, Fd, FileCall};

use crate::bell::{Bell, locked};
use crate::files::Threads;
use crate::perform::{Place, perform, plain};
use crate::together::Together;

/// So many syncs are made together at most.
const MOST: usize = 1024;

/// A call with what it touches.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) id: CallId,
    pub(crate) call: FileCall,
    pub(crate) file: Option<Arc<OwnedFd>>,
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

    fn put(&self, made: impl IntoIterator<Item = Made>) {
        locked(&self.made).extend(made);
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
    root: Arc<OwnedFd>,
    tray: Arc<Tray>,
    running: Option<Running>,
}

impl LaneThread {
    pub(crate) fn new(name: String, root: Arc<OwnedFd>, tray: Arc<Tray>) -> LaneThread {
        LaneThread {
            name,
            root,
            tray,
            running: None,
        }
    }

    /// Hands a call over; gives the answer back when there is no thread to be had.
    pub(crate) fn hand(&mut self, order: Order) -> Option<CallDone> {
        let running = match &mut self.running {
            Some(running) => running,
            none => match start(&self.name, self.root.clone(), self.tray.clone()) {
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

fn start(name: &str, root: Arc<OwnedFd>, tray: Arc<Tray>) -> io::Result<Running> {
    let (orders, inbox) = channel::<Order>();
    let (end, ended) = channel();
    let thread = thread::Builder::new().name(name.into()).spawn(move || {
        let mut lane = Lane {
            together: Together::new(&root),
            root,
            tray,
        };
        let mut next = None;
        while let Some(order) = next.take().or_else(|| inbox.recv().ok()) {
            if is_sync(&order) {
                let mut syncs = vec![order];
                next = more_syncs(&inbox, &mut syncs);
                lane.sync(syncs);
            } else {
                lane.make(order);
            }
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

fn is_sync(order: &Order) -> bool {
    matches!(
        order.call,
        FileCall::Fdatasync { .. } | FileCall::FsyncDir { .. }
    )
}

/// The syncs that wait; gives back what came behind them.
fn more_syncs(inbox: &Receiver<Order>, syncs: &mut Vec<Order>) -> Option<Order> {
    while syncs.len() < MOST {
        match inbox.try_recv() {
            Ok(order) if is_sync(&order) => syncs.push(order),
            other => return other.ok(),
        }
    }
    None
}

/// What the thread of a lane has.
struct Lane {
    root: Arc<OwnedFd>,
    tray: Arc<Tray>,
    together: Together,
}

impl Lane {
    fn make(&mut self, order: Order) {
        let Order { id, call, file } = order;
        let place = Place {
            file: file.as_deref(),
            root: &self.root,
            other: &self.root,
        };
        let (done, opened) = perform(call, place);
        // The last holder closes: before it is said to be done.
        drop(file);
        self.tray.put([Made { id, done, opened }]);
    }

    fn sync(&mut self, orders: Vec<Order>) {
        let made = |id, result| Made {
            id,
            done: plain(result),
            opened: None,
        };
        if self.together.whole(orders.len()) {
            let all = orders.into_iter().map(|order| made(order.id, Ok(())));
            self.tray.put(all);
            return;
        }
        for Order { id, call, file } in orders {
            let Some(file) = file else {
                self.make(Order { id, call, file });
                continue;
            };
            let result = self.together.one(&file);
            // As in `make`.
            drop(file);
            self.tray.put([made(id, result)]);
        }
    }
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

#[cfg(test)]
mod tests {
    use std::os::fd::OwnedFd;
    use std::sync::Arc;

    use ottla_desk::{CallDone, CallId, Fd, FileCall, Path};
    use ottla_machine::Dir;

    use super::{Lane, Order, Tray};
    use crate::together::Together;

    #[test]
    fn syncs_that_wait_together_are_all_answered_in_order() {
        let directory = tempfile::tempdir().expect("a directory");
        let root = std::fs::File::open(directory.path()).expect("it opens");
        let root = Arc::new(OwnedFd::from(root));
        let tray = Arc::new(Tray::default());
        let mut lane = Lane {
            together: Together::new(&root),
            root,
            tray: tray.clone(),
        };
        let here = || Path {
            root: Dir(0),
            rest: "".into(),
        };
        for count in [1, 3, 40] {
            let orders = (0..count).map(|n| {
                if n % 3 == 2 {
                    return Order {
                        id: CallId(n),
                        call: FileCall::FsyncDir { path: here() },
                        file: None,
                    };
                }
                let path = directory.path().join(n.to_string());
                std::fs::write(&path, "bytes").expect("written");
                let file = std::fs::File::open(path).expect("it opens");
                Order {
                    id: CallId(n),
                    call: FileCall::Fdatasync { file: Fd(n as u32) },
                    file: Some(Arc::new(OwnedFd::from(file))),
                }
            });
            lane.sync(orders.collect());
            let mut made = Vec::new();
            tray.take(&mut made);
            let said: Vec<CallId> = made.iter().map(|it| it.id).collect();
            assert_eq!(said, (0..count).map(CallId).collect::<Vec<_>>());
            assert!(made.iter().all(|it| it.done == CallDone::Plain(Ok(()))));
        }
    }
}
