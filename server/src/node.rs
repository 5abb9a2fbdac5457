//! A node in this process: a broker on a thread of its own, with its sockets and its files. In: a [`Configuration`] and a seed. Out: a
//! running [`Node`], and how it ended.
//!
//! | state | on | becomes |
//! |---|---|---|
//! | starting | the broker is ready | serving |
//! | starting | the broker refuses | ended: misuse |
//! | serving | the broker cannot go on | ended: broken |
//! | starting, serving | the broker was asked to stop and has | ended well |
//! | any | its machine is gone | ended: broken |

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ottla_broker::config::ListenerAddress;
use ottla_broker::{Broker, BrokerAsk, BrokerTell, Cause, StartBroker};
use ottla_io::{
    Asker, Files, Gone, Handle, Host, Lock, Memory, MemoryFiles, RealFiles, Said, Setup,
};
use ottla_machine::{Dir, Level, Machine, Note, Time};
use ottla_media::Media;

use crate::address::Address;
use crate::binding::{self, Told};
use crate::configuration::{Configuration, Data};
use crate::directory;
use crate::inside::Inside;
use crate::metrics::Snapshot;

/// How a node ended that did not end well: a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// What was asked for cannot be done; asking again will not help.
    Misuse(String),
    /// Something broke.
    Broken(String),
}

/// The one log directory, as the driver calls it.
const ROOT: Dir = Dir(0);

/// An in-memory disk has no size of its own: retention bounds it, and the machine's memory.
const MEMORY: u64 = 1 << 50;

/// A node that was begun. Dropping it ends it as a kill would.
pub struct Node {
    // Dropped in this order: the machine, its thread, its claim on the directory.
    handle: Handle<Broker>,
    _host: Host,
    _lock: Option<Lock>,
    view: Arc<View>,
    /// Where its data is; `None`: in memory.
    pub data: Option<PathBuf>,
    /// Where it listens, and what clients are told.
    pub told: Vec<Told>,
}

/// What other threads see of a node.
struct View {
    asker: Asker<Broker>,
    ready: AtomicBool,
}

impl Inside for View {
    fn stop(&self) {
        self.ready.store(false, Ordering::Release);
        // As long as it takes: who has no patience asks twice, or kills.
        self.asker.ask(BrokerAsk::Stop { by: Time::NEVER });
    }

    fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.asker.inspect(|broker| {
            let mut snapshot = Snapshot::default();
            broker.inspect(&mut snapshot);
            snapshot
        })
    }
}

impl Node {
    /// Takes the directory and the ports, and starts the broker.
    pub fn begin(mut configuration: Configuration, seed: [u8; 32]) -> Result<Node, Failure> {
        let (data, lock) = match &configuration.data {
            Data::Memory => (None, None),
            Data::Directory(dir) => {
                let (dir, lock) = directory::take(dir).map_err(Failure::Misuse)?;
                (Some(dir), Some(lock))
            }
        };
        let (listeners, told) = binding::bind(&configuration.listeners).map_err(Failure::Misuse)?;
        let start = start_of(&mut configuration, &told, seed);
        let broken = |what: &str, error: &dyn std::fmt::Display| {
            Failure::Broken(format!("{what} cannot be had: {error}"))
        };
        let files = files(data.as_ref()).map_err(|error| broken("the data directory", &error))?;
        let host = Host::start("ottla").map_err(|error| broken("a thread", &error))?;
        let notes = Box::new(log);
        let handle = host.add(
            Broker::new(),
            Setup {
                listeners,
                files,
                notes,
            },
        );
        handle.ask(BrokerAsk::Start(Box::new(start)));
        let view = Arc::new(View {
            asker: handle.asker(),
            ready: AtomicBool::new(false),
        });
        Ok(Node {
            handle,
            _host: host,
            _lock: lock,
            view,
            data,
            told,
        })
    }

    /// What other threads may ask it.
    pub fn inside(&self) -> Arc<dyn Inside> {
        self.view.clone()
    }

    /// Waits until it has ended; calls `ready` once when clients are served.
    pub fn wait(&self, ready: impl FnOnce(&Node)) -> Result<(), Failure> {
        let mut ready = Some(ready);
        loop {
            match self.handle.tells().recv() {
                Ok(Said::Tell(BrokerTell::Ready)) => {
                    self.view.ready.store(true, Ordering::Release);
                    if let Some(ready) = ready.take() {
                        ready(self);
                    }
                }
                Ok(Said::Tell(BrokerTell::Stopped(cause))) => return ended(cause, ready.is_none()),
                Ok(Said::Gone(Gone::Panicked(words))) => {
                    let sentence =
                        format!("the node ended by a defect of ottla's: {words}; please report it");
                    return Err(Failure::Broken(sentence));
                }
                Ok(Said::Gone(Gone::Stopped)) | Err(_) => {
                    return Err(Failure::Broken(
                        "the node's thread ended before the node".to_owned(),
                    ));
                }
            }
        }
    }
}

fn ended(cause: Cause, served: bool) -> Result<(), Failure> {
    match cause {
        Cause::Asked { clean: true } => Ok(()),
        Cause::Asked { clean: false } => {
            tracing::warn!(
                "stopped, but not everything was marked clean: the next start looks through the logs"
            );
            Ok(())
        }
        Cause::Offline(sentence) => Err(Failure::Broken(sentence)),
        Cause::Refused(sentence) if served => Err(Failure::Broken(sentence)),
        Cause::Refused(sentence) => Err(Failure::Misuse(sentence)),
    }
}

/// The broker's start, its settings completed by what only binding could tell.
fn start_of(configuration: &mut Configuration, told: &[Told], seed: [u8; 32]) -> StartBroker {
    let list = |address: fn(&Told) -> &Address| {
        let named = told
            .iter()
            .map(|told| format!("{}://{}", told.name, address(told)));
        named.collect::<Vec<_>>().join(",")
    };
    configuration.keep("listeners", &list(|told| &told.bound));
    configuration.keep("advertised.listeners", &list(|told| &told.address));
    let address = |name: &str, at: &Address| ListenerAddress {
        name: name.to_owned(),
        host: at.host.clone(),
        port: at.port,
    };
    StartBroker {
        settings: Arc::new(configuration.statics.clone()),
        listeners: told
            .iter()
            .map(|told| address(&told.name, &told.address))
            .collect(),
        controller: address(
            &configuration.listeners.controller_name,
            &configuration.listeners.controller,
        ),
        dirs: vec![ROOT],
        cluster_id: None,
        seed,
    }
}

fn files(data: Option<&PathBuf>) -> io::Result<Box<dyn Files + Send>> {
    match data {
        Some(path) => Ok(Box::new(RealFiles::open(
            "ottla",
            vec![(ROOT, path.clone())],
        )?)),
        None => {
            let memory = Memory::new(Media::volatile(MEMORY));
            let files = MemoryFiles::open(&memory, vec![(ROOT, String::new())]);
            Ok(Box::new(
                files.map_err(|error| io::Error::other(format!("{error:?}")))?,
            ))
        }
    }
}

fn log(note: Note) {
    match note.level {
        Level::Debug => tracing::debug!("{}", note.text),
        Level::Info => tracing::info!("{}", note.text),
        Level::Warn => tracing::warn!("{}", note.text),
        Level::Error => tracing::error!("{}", note.text),
    }
}
