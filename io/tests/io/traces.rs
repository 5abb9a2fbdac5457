//! What is left of machines that are gone: nothing. Counted in a process of its own, because other tests of this
//! one have threads and descriptors too.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use ottla_io::Host;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tempfile::TempDir;

use super::echo::frame;
use super::machine::{answer, client, range, serve};

const ALONE: &str = "OTTLA_IO_ALONE";

/// Runs the test of this name alone in a new process, and says whether this is that process.
fn alone(name: &str) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let status = Command::new(std::env::current_exe().expect("this program"))
        .args([name, "--exact", "--test-threads=1", "--nocapture"])
        .env(ALONE, "1")
        .status()
        .expect("a process");
    assert!(status.success());
    false
}

/// A program in another language may not ignore SIGPIPE as Rust's do: a peer that goes while a range is sent must not
/// end it.
#[test]
fn a_peer_that_goes_raises_no_signal() {
    if !alone("io::traces::a_peer_that_goes_raises_no_signal") {
        return;
    }
    // SAFETY: the default disposition runs no code of ours.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let dir = TempDir::new().expect("a directory");
    std::fs::write(dir.path().join("echo"), vec![7; 8 << 20]).expect("written");
    let host = Host::start("test").expect("a host");
    let served = serve(&host, "m0", &dir);
    for _ in 0..50 {
        let mut stream = client(served.address);
        for _ in 0..4 {
            stream.write_all(&range(0, 8 << 20)).expect("sent");
        }
        stream.read_exact(&mut [0; 1000]).expect("a beginning");
    }
    let mut stream = client(served.address);
    stream.write_all(&range(0, 100)).expect("sent");
    assert_eq!(answer(&mut stream), [7; 100]);
}

fn count(what: &str) -> usize {
    let list = std::fs::read_dir(format!("/proc/self/{what}")).expect("/proc");
    list.count()
}

#[test]
fn twenty_machines_start_and_stop_without_a_trace() {
    if !alone("io::traces::twenty_machines_start_and_stop_without_a_trace") {
        return;
    }
    let dirs: Vec<TempDir> = (0..20)
        .map(|_| TempDir::new().expect("a directory"))
        .collect();
    // The runtime library keeps a pipe for the whole process if any crate of the build asks it for signals: it is there
    // after the first host. A trace would be what each host leaves.
    drop(Host::start("first").expect("a host"));
    let before = (count("task"), count("fd"));
    let host = Host::start("test").expect("a host");
    let with_host = (count("task"), count("fd"));
    let machines: Vec<_> = dirs
        .iter()
        .enumerate()
        .map(|(n, dir)| serve(&host, &format!("m{n}"), dir))
        .collect();
    for served in &machines {
        let mut stream = client(served.address);
        stream.write_all(&frame(b"Wtrace")).expect("sent");
        assert_eq!(answer(&mut stream), b"Wtrace");
    }
    assert!(count("task") > with_host.0);
    for served in machines {
        served.handle.abandon();
    }
    assert_eq!((count("task"), count("fd")), with_host);
    drop(host);
    assert_eq!((count("task"), count("fd")), before);
}

/// Without descriptors accepting pauses; when some are free again, those who waited are served.
#[test]
fn accepting_goes_on_when_descriptors_are_free_again() {
    if !alone("io::traces::accepting_goes_on_when_descriptors_are_free_again") {
        return;
    }
    let dir = TempDir::new().expect("a directory");
    let host = Host::start("test").expect("a host");
    let served = serve(&host, "m0", &dir);
    let limit = Rlimit {
        current: Some(count("fd") as u64 + 40),
        ..getrlimit(Resource::Nofile)
    };
    setrlimit(Resource::Nofile, limit).expect("a limit");
    // Each connection takes a descriptor at both ends, so one end of the last ones is missing.
    let mut held = Vec::new();
    while let Ok(stream) = TcpStream::connect(served.address) {
        held.push(stream);
    }
    let mut last = held.pop().expect("a connection");
    let patience = Some(Duration::from_secs(60));
    last.set_read_timeout(patience).expect("a timeout");
    last.write_all(&frame(b"Wwaited")).expect("sent");
    drop(held);
    let mut answer = [0; 11];
    last.read_exact(&mut answer).expect("an answer");
    assert_eq!(answer[4..], *b"Wwaited");
}
