//! A host: one thread with one event loop that drives many machines, each as one future.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ottla_machine::{Machine, Note};
use tokio::runtime::{Builder, Runtime};
use tokio::task::{LocalSet, spawn_local, unconstrained};

use crate::bell::{Bell, locked};
use crate::clock::Clock;
use crate::driver::{Driver, World};
use crate::files::{Files, Threads};
use crate::handle::{Gone, Handle, Said, Shared};
use crate::listen::Listener;
use crate::signals;
use crate::tcp::TcpSockets;
use crate::workbench::Workbench;

/// How long the end of a host waits for a name that is being resolved.
const RESOLVER_PATIENCE: Duration = Duration::from_secs(1);

type Order = Box<dyn FnOnce(&Rc<RefCell<Workbench>>, Clock) + Send>;

#[derive(Default)]
struct Orders {
    list: Vec<Order>,
    end: bool,
}

#[derive(Default)]
struct OrderBook {
    orders: Mutex<Orders>,
    bell: Bell,
}

/// What a machine is given.
pub struct Setup {
    /// Where it listens; connections carry the index.
    pub listeners: Vec<Listener>,
    /// Its log directories.
    pub files: Box<dyn Files + Send>,
    /// Where its notes go.
    pub notes: Box<dyn FnMut(Note) + Send>,
}

/// One thread that drives machines. Dropping it ends them all.
pub struct Host {
    book: Arc<OrderBook>,
    thread: Option<JoinHandle<()>>,
}

impl Host {
    /// Starts the thread, called `name`; its workbench is called `<name>-work`.
    pub fn start(name: &str) -> io::Result<Host> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            // Sockets are looked at between any two turns.
            .event_interval(1)
            .thread_name(format!("{name}-names"))
            .build()?;
        let book = Arc::new(OrderBook::default());
        let (orders, work) = (book.clone(), format!("{name}-work"));
        let thread = thread::Builder::new()
            .name(name.into())
            .spawn(move || run(runtime, &orders, work))?;
        Ok(Host {
            book,
            thread: Some(thread),
        })
    }

    /// Starts a machine.
    pub fn add<M>(&self, machine: M, setup: Setup) -> Handle<M>
    where
        M: Machine + Send + 'static,
        M::Ask: Send,
        M::Tell: Send,
    {
        let shared = Arc::new(Shared::new());
        let (tells, told) = channel();
        let (remains, remaining) = channel();
        let handle = Handle::new(shared.clone(), told, remaining);
        let order: Order = Box::new(move |workbench, clock| {
            begin(machine, setup, (shared, tells, remains), workbench, clock);
        });
        locked(&self.book.orders).list.push(order);
        self.book.bell.ring();
        handle
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        locked(&self.book.orders).end = true;
        self.book.bell.ring();
        if let Some(thread) = self.thread.take() {
            // A loop that panicked has dropped its machines, and they told their owners.
            let _ = thread.join();
        }
    }
}

type Ends<M> = (
    Arc<Shared<M>>,
    Sender<Said<<M as Machine>::Tell>>,
    Sender<Threads>,
);

/// Begins to drive a machine, on the host's thread.
fn begin<M>(
    machine: M,
    setup: Setup,
    (shared, tells, remains): Ends<M>,
    workbench: &Rc<RefCell<Workbench>>,
    clock: Clock,
) where
    M: Machine + 'static,
{
    let mut files = setup.files;
    files.wake_by(shared.bell.clone());
    let sockets = match TcpSockets::start(setup.listeners, shared.bell.clone()) {
        Ok(sockets) => Box::new(sockets),
        Err(error) => {
            locked(&shared.inbox).gone = true;
            let words = format!("cannot listen: {error}");
            // The owner may be gone already.
            let _ = tells.send(Said::Gone(Gone::Panicked(words)));
            let _ = remains.send(files.close());
            return;
        }
    };
    let world = World {
        files,
        sockets,
        notes: setup.notes,
        workbench: workbench.clone(),
        clock,
        shared,
        tells,
        remains,
    };
    // The loop yields by itself after each turn.
    spawn_local(unconstrained(Driver::new(machine, world)));
}

fn run(runtime: Runtime, book: &OrderBook, work: String) {
    signals::block_pipe().expect("SIGPIPE is a signal that can be blocked");
    let workbench = Rc::new(RefCell::new(Workbench::new(work)));
    let clock = Clock::start();
    let machines = LocalSet::new();
    machines.block_on(
        &runtime,
        poll_fn(|context| {
            book.bell.look(context.waker());
            let (list, end) = {
                let mut orders = locked(&book.orders);
                (std::mem::take(&mut orders.list), orders.end)
            };
            for order in list {
                order(&workbench, clock);
            }
            if end { Poll::Ready(()) } else { Poll::Pending }
        }),
    );
    {
        // Sockets are given back to the loop they came from.
        let _entered = runtime.enter();
        drop(machines);
    }
    drop(workbench);
    runtime.shutdown_timeout(RESOLVER_PATIENCE);
}
