//! The directory's lock and the listeners.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

use ottla_io::{LockError, bind, held, lock};
use tempfile::TempDir;

const CHILD: &str = "OTTLA_IO_LOCK";

/// The other process: locks, says so, and holds on until its input ends.
#[test]
fn another_process_is_named() {
    if let Some(dir) = std::env::var_os(CHILD) {
        let _held = lock(dir.as_ref()).expect("the lock");
        println!("locked");
        let _ = std::io::stdin().read_line(&mut String::new());
        return;
    }
    let dir = TempDir::new().expect("a directory");
    assert_eq!(held(dir.path()).expect("no file"), None);
    let (mut child, _words) = holder(&dir);
    assert_eq!(
        held(dir.path()).expect("a file").map(|by| by.pid),
        Some(Some(child.id()))
    );
    let Err(LockError::Held(by)) = lock(dir.path()) else {
        panic!("not refused");
    };
    assert_eq!(by.pid, Some(child.id()));
    assert!(by.command.contains("another_process_is_named"), "{by:?}");
    drop(child.stdin.take());
    assert!(child.wait().expect("its end").success());
    assert_eq!(held(dir.path()).expect("a file"), None);
    lock(dir.path()).expect("free again");
}

#[test]
fn a_killed_process_leaves_no_lock() {
    let dir = TempDir::new().expect("a directory");
    let (mut child, _words) = holder(&dir);
    child.kill().expect("killed");
    child.wait().expect("its end");
    lock(dir.path()).expect("free again");
}

/// Its words are kept open: it says more when it ends.
fn holder(dir: &TempDir) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args([
            "io::locks::another_process_is_named",
            "--exact",
            "--nocapture",
        ])
        .env(CHILD, dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut words = BufReader::new(child.stdout.take().expect("its words"));
    let mut line = String::new();
    while !line.trim_end().ends_with("locked") {
        line.clear();
        assert!(words.read_line(&mut line).expect("a line") > 0);
    }
    (child, words)
}

#[test]
fn this_process_cannot_lock_twice() {
    let dir = TempDir::new().expect("a directory");
    let held = lock(dir.path()).expect("the lock");
    let Err(LockError::Held(by)) = lock(dir.path()) else {
        panic!("not refused");
    };
    assert_eq!(by.pid, Some(std::process::id()));
    let words = LockError::Held(by).to_string();
    assert!(words.starts_with(&format!("in use by process {}", std::process::id())));
    drop(held);
    lock(dir.path()).expect("free again");
}

#[test]
fn a_lock_file_that_was_taken_away_does_not_count() {
    let dir = TempDir::new().expect("a directory");
    let _old = lock(dir.path()).expect("the lock");
    std::fs::remove_file(dir.path().join(".lock")).expect("removed");
    let _new = lock(dir.path()).expect("a lock on the new file");
    assert!(matches!(lock(dir.path()), Err(LockError::Held(_))));
}

#[test]
fn a_lock_without_words_is_still_refused() {
    let dir = TempDir::new().expect("a directory");
    let _held = lock(dir.path()).expect("the lock");
    let file = File::options().write(true).open(dir.path().join(".lock"));
    file.expect("opened").set_len(0).expect("emptied");
    assert!(matches!(lock(dir.path()), Err(LockError::Held(_))));
}

#[test]
fn listeners_take_both_families_and_used_ports_are_refused() {
    for address in ["127.0.0.1:0", "[::1]:0", "localhost:0"] {
        let listener = bind(address).expect("a port");
        let at = listener.address();
        assert!(bind(&at.to_string()).is_err());
        let mut stream = TcpStream::connect(at).expect("a connection");
        stream.write_all(b"x").expect("sent");
    }
    assert!(bind("127.0.0.1").is_err());
}
