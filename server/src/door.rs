//! Who knocks from outside while a node runs: signals, and readers of the metrics page. In: SIGTERM, Ctrl-C, HTTP. Out: words to the node.
//! It has a thread of its own, since the main one waits for the node.
//!
//! D1: the first signal asks the node to stop; a Ctrl-C after that ends the process at once. Supervisors send SIGTERM as often as they
//! like, and what comes within `ONE_PRESS` is one Ctrl-C: programs that run others pass on what the terminal has sent as well.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::task::LocalSet;

use crate::address::Address;
use crate::binding;
use crate::inside::Inside;
use crate::metrics_page;

/// Nobody presses twice within this.
const ONE_PRESS: Duration = Duration::from_millis(300);

/// An open door. Dropping it closes it.
#[derive(Debug)]
pub struct Door {
    close: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the door waits with, made before there is a node: from here on no signal is missed.
#[derive(Debug)]
pub struct Hinges {
    runtime: Runtime,
    terminate: Signal,
    interrupt: Signal,
    page: Option<TcpListener>,
    /// Where the metrics page is, when there is one.
    pub metrics: Option<Address>,
}

impl Hinges {
    /// Begins to listen for signals, and where the metrics page is to be.
    pub fn hang(metrics: Option<&Address>) -> Result<Hinges, String> {
        let failed = |error: io::Error| format!("cannot wait for signals: {error}");
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .thread_name("ottla-page")
            .build()
            .map_err(failed)?;
        let entered = runtime.enter();
        let terminate = signal(SignalKind::terminate()).map_err(failed)?;
        let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
        drop(entered);
        let page = metrics.map(page).transpose()?;
        let (page, metrics) = page.unzip();
        Ok(Hinges {
            runtime,
            terminate,
            interrupt,
            page,
            metrics,
        })
    }

    /// Opens the door of a node.
    pub fn open(self, inside: Arc<dyn Inside>) -> io::Result<Door> {
        let (close, closed) = oneshot::channel();
        let attend = move || {
            let Hinges {
                runtime,
                terminate,
                interrupt,
                page,
                ..
            } = self;
            LocalSet::new().block_on(
                &runtime,
                attend(inside, [terminate, interrupt], page, closed),
            );
            // A question to a node that hangs may hang, too.
            runtime.shutdown_background();
        };
        let thread = thread::Builder::new()
            .name("ottla-door".to_owned())
            .spawn(attend)?;
        Ok(Door {
            close: Some(close),
            thread: Some(thread),
        })
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        drop(self.close.take());
        if let Some(thread) = self.thread.take() {
            // A door that panicked has said so, and there is nothing left of it to close.
            let _ = thread.join();
        }
    }
}

fn page(address: &Address) -> Result<(TcpListener, Address), String> {
    let listen = || {
        let listener = TcpListener::bind(address.to_string())?;
        listener.set_nonblocking(true)?;
        let port = listener.local_addr()?.port();
        Ok((
            listener,
            Address {
                host: address.host.clone(),
                port,
            },
        ))
    };
    listen().map_err(|error| format!("metrics: {}", binding::sentence(address, &error)))
}

async fn attend(
    inside: Arc<dyn Inside>,
    [mut terminate, mut interrupt]: [Signal; 2],
    page: Option<TcpListener>,
    mut closed: oneshot::Receiver<()>,
) {
    if let Some(listener) = page {
        match tokio::net::TcpListener::from_std(listener) {
            Ok(listener) => drop(tokio::task::spawn_local(metrics_page::serve(
                listener,
                inside.clone(),
            ))),
            Err(why) => tracing::error!("metrics: no page: {why}"),
        }
    }
    let mut asked: Option<Instant> = None;
    loop {
        let (name, by_hand) = tokio::select! {
            _ = terminate.recv() => ("SIGTERM", false),
            _ = interrupt.recv() => ("Ctrl-C", true),
            _ = &mut closed => return,
        };
        match asked {
            None => {
                asked = Some(Instant::now());
                tracing::info!("{name}: stopping");
                inside.stop();
            }
            Some(first) if by_hand && first.elapsed() > ONE_PRESS => {
                tracing::error!(
                    "Ctrl-C again: ending at once; the next start looks through the logs"
                );
                std::process::exit(1);
            }
            Some(_) => {}
        }
    }
}
