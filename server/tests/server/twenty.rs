//! Twenty brokers in one process, as an embedder would have them: on one host's thread, each with listener and directory of its own. Nothing
//! of them may be left: no thread, descriptor or port; and nothing process-wide is touched while they live.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::ops::Range;
use std::process::Command;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ottla_broker::config::ListenerAddress;
use ottla_broker::{Broker, BrokerAsk, BrokerTell, Cause, StartBroker};
use ottla_io::{Files, Handle, Host, Memory, MemoryFiles, RealFiles, Said, Setup};
use ottla_machine::{Dir, Time};
use ottla_media::Media;
use ottla_metadata::config::StaticConfig;
use tempfile::TempDir;

use crate::process::api_keys;

const ALONE: &str = "OTTLA_TEST_ALONE";
const TWENTY: u8 = 20;
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn twenty_brokers_in_one_process_start_and_stop_without_a_trace() {
    if env::var_os(ALONE).is_none() {
        // Threads and descriptors of other tests would be counted, too: once more, in a process of its own.
        let name = "twenty::twenty_brokers_in_one_process_start_and_stop_without_a_trace";
        let this = env::current_exe().expect("a test has a binary");
        let mut alone = Command::new(this);
        let output = alone
            .args(["--exact", name, "--nocapture"])
            .env(ALONE, "1")
            .output()
            .expect("it starts");
        let text =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && text.contains("1 passed"),
            "{text}"
        );
        return;
    }
    let dir = TempDir::new().expect("a directory");
    // The first life makes whatever the process itself keeps (the allocator's arenas, standard handles).
    drop(live(&dir, 0..1));
    let before = Trace::now();
    let ports = live(&dir, 1..1 + TWENTY);
    assert_eq!(ports.len(), usize::from(TWENTY));
    let until = Instant::now() + PATIENCE;
    // A joined thread is still listed for a moment while the kernel takes it down.
    while Trace::now() != before {
        assert!(
            Instant::now() < until,
            "before {before:?}, after {:?}",
            Trace::now()
        );
        thread::yield_now();
    }
    for address in ports {
        assert!(
            TcpListener::bind(address).is_ok(),
            "{address} is free again"
        );
    }
}

/// What a process has.
#[derive(Debug, PartialEq, Eq)]
struct Trace {
    threads: usize,
    descriptors: usize,
    signals: Vec<String>,
}

impl Trace {
    fn now() -> Trace {
        let count = |dir: &str| fs::read_dir(dir).map_or(0, Iterator::count);
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let signals = status
            .lines()
            .filter(|line| {
                ["SigBlk", "SigIgn", "SigCgt"]
                    .iter()
                    .any(|name| line.starts_with(name))
            })
            .map(str::to_owned)
            .collect();
        Trace {
            threads: count("/proc/self/task"),
            descriptors: count("/proc/self/fd"),
            signals,
        }
    }
}

/// Starts brokers, speaks to each, stops each; where they listened.
fn live(dir: &TempDir, numbers: Range<u8>) -> BTreeSet<SocketAddr> {
    let host = Host::start("twenty").expect("a thread");
    let running: Vec<(SocketAddr, Handle<Broker>)> =
        numbers.map(|number| begin(&host, dir, number)).collect();
    for (address, handle) in &running {
        assert_eq!(told(handle), BrokerTell::Ready);
        assert!(api_keys(&address.to_string()).contains(&18));
    }
    let mut addresses = BTreeSet::new();
    for (address, handle) in running {
        assert!(handle.ask(BrokerAsk::Stop { by: Time::NEVER }));
        assert_eq!(
            told(&handle),
            BrokerTell::Stopped(Cause::Asked { clean: true })
        );
        handle.join();
        addresses.insert(address);
    }
    addresses
}

/// Every other one in memory.
fn begin(host: &Host, dir: &TempDir, number: u8) -> (SocketAddr, Handle<Broker>) {
    let listener = ottla_io::bind("127.0.0.1:0").expect("a port");
    let address = listener.address();
    let root = Dir(0);
    let files: Box<dyn Files + Send> = if number % 2 == 1 {
        let memory = Memory::new(Media::volatile(1 << 30));
        Box::new(MemoryFiles::open(&memory, vec![(root, String::new())]).expect("an empty disk"))
    } else {
        let path = dir.path().join(number.to_string());
        fs::create_dir_all(&path).expect("a directory");
        Box::new(RealFiles::open("twenty", vec![(root, path)]).expect("it is there"))
    };
    let setup = Setup {
        listeners: vec![listener],
        files,
        notes: Box::new(|_| {}),
    };
    let handle = host.add(Broker::new(), setup);
    handle.ask(BrokerAsk::Start(Box::new(start(
        number,
        address.port(),
        root,
    ))));
    (address, handle)
}

fn start(number: u8, port: u16, root: Dir) -> StartBroker {
    let mut settings = StaticConfig::new();
    settings.set("node.id", "1").expect("a number");
    let at = |name: &str, port| ListenerAddress {
        name: name.to_owned(),
        host: "127.0.0.1".to_owned(),
        port,
    };
    StartBroker {
        settings: Arc::new(settings),
        listeners: vec![at("PLAINTEXT", port)],
        controller: at("CONTROLLER", 9093),
        dirs: vec![root],
        cluster_id: None,
        seed: [number; 32],
    }
}

fn told(handle: &Handle<Broker>) -> BrokerTell {
    match handle.tells().recv_timeout(PATIENCE) {
        Ok(Said::Tell(tell)) => tell,
        other => panic!("no word of the broker: {other:?}"),
    }
}
