//! Directories that may not be written, and too few descriptors: said in one sentence, nothing is changed; and what was short heals when it is
//! there again.

use std::fs::{self, Permissions};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Signal, geteuid};
use tempfile::TempDir;

use crate::client::Client;
use crate::golden::unpacked;
use crate::process::{Node, ended, ottla};

/// Whom permissions concern.
const NOBODY: u32 = 65_534;

/// All below a directory may be read, and written only if so.
fn permit(path: &Path, written: bool) {
    let dir = path.is_dir();
    if dir {
        // To look into it, first.
        fs::set_permissions(path, Permissions::from_mode(0o755)).expect("ours");
        for entry in fs::read_dir(path).expect("a directory") {
            permit(&entry.expect("an entry").path(), written);
        }
    }
    let mode = match (dir, written) {
        (true, true) => 0o755,
        (true, false) => 0o555,
        (false, true) => 0o644,
        (false, false) => 0o444,
    };
    if geteuid().is_root() {
        chown(path, Some(NOBODY), None).expect("root may");
    }
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("ours");
}

/// The binary where anybody may run it: root may write everything, so it is run as somebody else.
fn as_nobody(dir: &Path, arguments: &[&str]) -> Command {
    let ours = ottla(dir, arguments);
    if !geteuid().is_root() {
        return ours;
    }
    let copy = dir.join("ottla");
    if !copy.exists() {
        fs::copy(ours.get_program(), &copy).expect("a copy");
        fs::set_permissions(&copy, Permissions::from_mode(0o755)).expect("ours");
    }
    let mut command = Command::new(copy);
    command
        .env_clear()
        .current_dir(dir)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .uid(NOBODY);
    command
}

const SERVE: [&str; 7] = [
    "serve",
    "--data-dir",
    "data",
    "--listen",
    "127.0.0.1:0",
    "--override",
    "authorizer.class.name=",
];

#[test]
fn a_directory_that_may_not_be_written_is_named() {
    for (locked, code, needle) in [
        ("", 2, "data directory data: Permission denied"),
        (
            "__cluster_metadata-0",
            1,
            "__cluster_metadata-0: opening the partition's files",
        ),
        ("rolled-0", 1, "rolled-0: opening the partition's files"),
    ] {
        let dir = TempDir::new().expect("a directory");
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).expect("ours");
        let data = dir.path().join("data");
        fs::rename(unpacked("clean").keep(), &data).expect("on the same disk");
        permit(&data, true);
        permit(&data.join(locked), false);
        let before = crate::check::contents(&data.join("rolled-0"));
        let (found, _, errors) = ended(as_nobody(dir.path(), &SERVE).output().expect("it starts"));
        permit(&data, true);
        let said: Vec<&str> = errors
            .lines()
            .filter(|line| line.starts_with("ottla: "))
            .collect();
        assert_eq!((found, said.len()), (code, 1), "{locked}: {errors}");
        assert!(said[0].contains(needle), "{locked}: {errors}");
        let after = crate::check::contents(&data.join("rolled-0"));
        assert_eq!(before, after, "{locked}: its records are as they were");
        // And when it may be written again, all is there.
        let node = Node::start(as_nobody(dir.path(), &SERVE), 1);
        let address = node.said("listening on ")[0].parse().expect("an address");
        let place = ("rolled".to_owned(), 0);
        assert_eq!(until_served(&mut Client::connect(address), &place), 450);
        assert_eq!(node.stop(Signal::TERM).0, 0, "{locked}");
    }
}

/// The end of a partition, asked until somebody knows it.
fn until_served(client: &mut Client, place: &(String, i32)) -> i64 {
    for _ in 0..1_000 {
        if let Ok(end) = client.list_offset(place, -1) {
            return end;
        }
    }
    panic!("{place:?} is never served")
}

#[test]
fn with_few_descriptors_all_is_served_and_more_clients_than_that_do_no_harm() {
    let dir = unpacked("clean");
    let ours = ottla(dir.path(), &[]);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -n 40; exec \"$0\" \"$@\""])
        .arg(ours.get_program())
        .args(SERVE.map(|word| if word == "data" { "." } else { word }))
        .current_dir(dir.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let node = Node::start(limited, 1);
    let address = node.said("listening on ")[0].parse().expect("an address");
    for round in 0..3 {
        let crowd: Vec<TcpStream> = (0..60)
            .map_while(|_| TcpStream::connect(address).ok())
            .collect();
        assert!(crowd.len() > 30, "round {round}: the kernel takes them");
        drop(crowd);
        let mut client = Client::connect(address);
        for (topic, end) in [("rolled", 450), ("compacted", 101), ("txn", 118)] {
            let found = until_served(&mut client, &(topic.to_owned(), 0));
            assert_eq!(found, end, "round {round}: {topic}");
        }
    }
    assert_eq!(node.stop(Signal::TERM).0, 0);
}
