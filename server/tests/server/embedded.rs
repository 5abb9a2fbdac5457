//! A broker in this process, as an embedder has it: on a host's thread, with one listener. In: files and settings. Out: where it listens, what it
//! tells.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ottla_broker::config::ListenerAddress;
use ottla_broker::{Broker, BrokerAsk, BrokerTell, Cause, StartBroker};
use ottla_io::{Files, Handle, Host, Said, Setup};
use ottla_machine::{Dir, Time};
use ottla_metadata::config::StaticConfig;

/// A bound on waiting, never a pace.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// Its only directory, as the files name it.
pub const ROOT: Dir = Dir(0);

/// A running broker.
pub struct Embedded {
    handle: Handle<Broker>,
    pub address: SocketAddr,
}

impl Embedded {
    /// Begins; it has not said yet whether it serves. `life` is another number in every life.
    pub fn begin(
        host: &Host,
        files: Box<dyn Files + Send>,
        settings: &[(&str, &str)],
        life: u8,
    ) -> Embedded {
        Embedded::noting(host, files, settings, life, Arc::default())
    }

    /// The same; what it notes for the operator is collected, a line each.
    pub fn noting(
        host: &Host,
        files: Box<dyn Files + Send>,
        settings: &[(&str, &str)],
        life: u8,
        notes: Arc<Mutex<String>>,
    ) -> Embedded {
        let listener = ottla_io::bind("127.0.0.1:0").expect("a port");
        let address = listener.address();
        let setup = Setup {
            listeners: vec![listener],
            files,
            notes: Box::new(move |note| {
                let mut notes = notes.lock().expect("nobody panicked");
                *notes += &format!("{:?} {}\n", note.level, note.text);
            }),
        };
        let handle = host.add(Broker::new(), setup);
        let start = start(settings, address.port(), life);
        assert!(handle.ask(BrokerAsk::Start(Box::new(start))));
        Embedded { handle, address }
    }

    /// Serves, or panics with the reason.
    pub fn start(
        host: &Host,
        files: Box<dyn Files + Send>,
        settings: &[(&str, &str)],
        life: u8,
    ) -> Embedded {
        let broker = Embedded::begin(host, files, settings, life);
        assert_eq!(broker.told(), BrokerTell::Ready);
        broker
    }

    /// What it tells next.
    pub fn told(&self) -> BrokerTell {
        match self.handle.tells().recv_timeout(PATIENCE) {
            Ok(Said::Tell(tell)) => tell,
            other => panic!("no word of the broker: {other:?}"),
        }
    }

    /// Asks it to stop.
    pub fn leave(&self) {
        assert!(self.handle.ask(BrokerAsk::Stop { by: Time::NEVER }));
    }

    /// Waits until it has stopped; whether that was clean. It need not be when the start was not, and not every log was looked at since.
    pub fn ended(self) -> bool {
        let BrokerTell::Stopped(Cause::Asked { clean }) = self.told() else {
            panic!("it was asked to stop")
        };
        self.handle.join();
        clean
    }

    /// Stops it.
    pub fn stop(self) -> bool {
        self.leave();
        self.ended()
    }
}

fn start(settings: &[(&str, &str)], port: u16, life: u8) -> StartBroker {
    let mut config = StaticConfig::new();
    for (name, value) in [("node.id", "1")].iter().chain(settings) {
        config.set(name, value).expect("a setting of Kafka's");
    }
    let at = |name: &str, port| ListenerAddress {
        name: name.to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
    };
    StartBroker {
        settings: Arc::new(config),
        listeners: vec![at("PLAINTEXT", port)],
        controller: at("CONTROLLER", 9093),
        dirs: vec![ROOT],
        cluster_id: None,
        seed: [life; 32],
    }
}
