//! Signals at the door of a node that does not stop. They end a process, so this one starts itself once more.

use std::env;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ottla_server::door::Hinges;
use ottla_server::inside::Inside;
use ottla_server::metrics::Snapshot;
use rustix::process::{Pid, Signal, kill_process};

const ALONE: &str = "OTTLA_TEST_ALONE";
const PATIENCE: Duration = Duration::from_secs(60);

/// Hears that it shall stop, and does not.
struct Deaf;

impl Inside for Deaf {
    fn stop(&self) {
        println!("asked to stop");
    }

    fn is_ready(&self) -> bool {
        true
    }

    fn snapshot(&self) -> Option<Snapshot> {
        None
    }
}

#[test]
fn a_second_ctrl_c_ends_at_once_and_a_second_sigterm_does_not() {
    if env::var_os(ALONE).is_some() {
        let hinges = Hinges::hang(None).expect("signals");
        let _door = hinges.open(Arc::new(Deaf)).expect("a thread");
        println!("open");
        loop {
            thread::park();
        }
    }
    let mut alone = Command::new(env::current_exe().expect("a test has a binary"));
    alone.args([
        "--exact",
        "door::a_second_ctrl_c_ends_at_once_and_a_second_sigterm_does_not",
        "--nocapture",
    ]);
    let mut child = alone
        .env(ALONE, "1")
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe"))
        .lines()
        .map_while(Result::ok);
    assert!(lines.any(|line| line.ends_with("open")));
    signal(&child, Signal::TERM);
    assert_eq!(lines.next().as_deref(), Some("asked to stop"));
    // Again and again, as supervisors and people do: only what is said by hand ends it.
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(500) {
        signal(&child, Signal::TERM);
        assert!(
            child.try_wait().expect("our child").is_none(),
            "SIGTERM ended it"
        );
    }
    while child.try_wait().expect("our child").is_none() {
        assert!(start.elapsed() < PATIENCE, "Ctrl-C did not end it");
        signal(&child, Signal::INT);
        thread::yield_now();
    }
    assert_eq!(child.wait().expect("our child").code(), Some(1));
    assert_eq!(lines.next(), None, "it was asked once");
}

fn signal(child: &Child, signal: Signal) {
    let pid = i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .expect("a process has a number");
    kill_process(pid, signal).expect("it is not reaped yet");
}
