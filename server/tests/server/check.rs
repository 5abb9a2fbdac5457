//! `ottla check` on the directories that Apache Kafka left: sound as they are; and every damage that is done to them is named, by file and
//! place, unless it is what a crash may leave.

use std::fs;
use std::path::{Path, PathBuf};

use ottla_server::check::check;
use ottla_testdisk::EXPECTED;

use crate::golden::unpacked;
use crate::process::{Node, ottla, run};

fn said(dir: &Path) -> (bool, String) {
    let mut out = Vec::new();
    let sound = check(dir, &mut out).expect("a data directory");
    (sound, String::from_utf8(out).expect("text"))
}

/// Every file with its bytes.
pub fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.push((path.clone(), fs::read(&path).expect("bytes")));
        }
    }
    found.sort();
    found
}

#[test]
fn kafkas_directories_are_sound_and_left_as_they_are() {
    for (which, state) in [
        ("clean", "stopped cleanly in broker epoch 13"),
        ("crashed", "not stopped cleanly"),
    ] {
        let dir = unpacked(which);
        let before = contents(dir.path());
        let (sound, text) = said(dir.path());
        assert!(sound, "{which}: {text}");
        assert!(
            text.contains("node 1 of cluster Ip6hSbp6TBigrc68cVDhzg, metadata.version 30"),
            "{text}"
        );
        assert!(text.contains(state), "{text}");
        assert!(
            text.contains("trimmed-0: 1 segment, offsets 40 to 100"),
            "{text}"
        );
        assert!(text.ends_with("11 partitions, sound\n"), "{text}");
        assert_eq!(contents(dir.path()), before, "{which}");
    }
}

enum Harm {
    /// A bit of the byte at this place, from the end when negative.
    Flip(i64),
    /// So many bytes of its end are gone.
    Cut(u64),
    /// These bytes follow.
    Add(&'static [u8]),
    /// It has these bytes instead.
    Put(&'static [u8]),
    Remove,
}

fn harm(path: &Path, harm: &Harm) {
    let mut bytes = fs::read(path).unwrap_or_default();
    match harm {
        Harm::Flip(at) => {
            let at = if *at < 0 {
                bytes.len() as i64 + at
            } else {
                *at
            };
            bytes[at as usize] ^= 16;
        }
        Harm::Cut(by) => bytes.truncate(bytes.len() - *by as usize),
        Harm::Add(more) => bytes.extend_from_slice(more),
        Harm::Put(instead) => bytes = instead.to_vec(),
        Harm::Remove if path.is_dir() => return fs::remove_dir_all(path).expect("removed"),
        Harm::Remove => return fs::remove_file(path).expect("removed"),
    }
    fs::create_dir_all(path.parent().expect("a parent")).expect("made");
    fs::write(path, bytes).expect("written");
}

const ZEROS: &[u8] = &[0; 3000];

/// What is done to which file (`@140` is a segment's name); what becomes of the clean directory and of the crashed one: `d` damage, `n` a
/// note, `-` nothing; and what is said.
const HARMS: &[(&str, Harm, &str, &str)] = &[
    (
        "rolled-0/@0.log",
        Harm::Flip(300),
        "dd",
        "at byte 0: the checksum of the batch at offset 0 is wrong",
    ),
    (
        "txn-0/@0.log",
        Harm::Flip(-20),
        "dn",
        "the checksum of the batch at offset 1",
    ),
    (
        "txn-0/@0.log",
        Harm::Cut(20),
        "dn",
        "the bytes end inside the batch",
    ),
    ("txn-0/@0.log", Harm::Add(ZEROS), "dn", "only zeros follow"),
    (
        "rolled-0/@0.index",
        Harm::Flip(7),
        "dd",
        "it says that a batch at byte",
    ),
    (
        "rolled-0/@0.index",
        Harm::Flip(4),
        "dd",
        "its entries do not rise",
    ),
    (
        "rolled-0/@0.timeindex",
        Harm::Flip(11),
        "dd",
        "it says that timestamp",
    ),
    (
        "rolled-0/@0.timeindex",
        Harm::Flip(0),
        "dd",
        "its entries do not rise",
    ),
    (
        "txn-0/@0.txnindex",
        Harm::Remove,
        "d-",
        "the transaction that was aborted at offset 39 is not in it",
    ),
    ("txn-0/@0.txnindex", Harm::Cut(1), "d-", "it is torn"),
    (
        "rolled-0/@426.snapshot",
        Harm::Flip(20),
        "dd",
        "it is torn, or its checksum is wrong",
    ),
    (
        "rolled-0/@140.log",
        Harm::Remove,
        "dd",
        "the offsets 140 to 213 are missing before it",
    ),
    (
        "codecs-0",
        Harm::Remove,
        "dd",
        "it is missing, and it had records",
    ),
    (
        "codecs-0/leader-epoch-checkpoint",
        Harm::Put(b"x"),
        "dd",
        "and not 0",
    ),
    (
        "codecs-0/partition.metadata",
        Harm::Remove,
        "dd",
        "begins an empty one",
    ),
    (
        "codecs-0/partition.metadata",
        Harm::Put(ANOTHER),
        "nn",
        "an earlier one of this name",
    ),
    (
        "lost+found/x",
        Harm::Put(b""),
        "dd",
        "directory of such a name",
    ),
    (
        "codecs-0/x.log",
        Harm::Put(b""),
        "dd",
        "begins with no offset",
    ),
    (
        "gone-3/partition.metadata",
        Harm::Put(ANOTHER),
        "nn",
        "no topic claims it",
    ),
    (
        "recovery-point-offset-checkpoint",
        Harm::Put(b"junk"),
        "dd",
        "all segments are read again",
    ),
    ("recovery-point-offset-checkpoint", Harm::Put(b""), "--", ""),
    (
        "recovery-point-offset-checkpoint",
        Harm::Put(b"0\n1\nrolled 0 5000\n"),
        "dd",
        "all below 5000 was durable",
    ),
    (
        "log-start-offset-checkpoint",
        Harm::Put(b"0\n1\ntrimmed 0 400\n"),
        "dd",
        "lets it begin at 400",
    ),
    (
        "bootstrap.checkpoint",
        Harm::Put(b""),
        "dd",
        "it is not needed any more",
    ),
    (
        "__cluster_metadata-0/quorum-state",
        Harm::Put(b""),
        "dd",
        "quorum-state is not readable",
    ),
    (
        "__cluster_metadata-0/@0.log",
        Harm::Flip(5000),
        "dd",
        "good ones follow",
    ),
    (
        "__cluster_metadata-0/@0.log",
        Harm::Cut(20),
        "nn",
        "no whole batch",
    ),
    (
        "__cluster_metadata-0/@0-0000000000.checkpoint",
        Harm::Cut(20),
        "dd",
        "or forgets topics",
    ),
    (
        "__cluster_metadata-0",
        Harm::Remove,
        "dd",
        "it is missing: without it",
    ),
    ("meta.properties", Harm::Remove, "dd", "restore the file"),
    (
        "meta.properties",
        Harm::Put(SOMEBODY_ELSE),
        "dd",
        "could never lead",
    ),
];

const ANOTHER: &[u8] = b"version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAABB";
const SOMEBODY_ELSE: &[u8] =
    b"version=1\nnode.id=2\ncluster.id=x\ndirectory.id=AAAAAAAAAAAAAAAAAAAABA";

/// `@140` as a segment is named.
fn spelled(file: &str) -> String {
    let Some((front, rest)) = file.split_once('@') else {
        return file.to_owned();
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    format!("{front}{:0>20}{}", &rest[..digits], &rest[digits..])
}

#[test]
fn damage_is_named_and_what_a_crash_may_leave_is_not_called_so() {
    for (file, done, weights, needle) in HARMS {
        for (which, weight) in EXPECTED.iter().zip(weights.chars()) {
            let dir = unpacked(which);
            harm(&dir.path().join(spelled(file)), done);
            let (sound, text) = said(dir.path());
            let found = |weight: &str| {
                let mut lines = text.lines().filter(|line| line.starts_with(weight));
                lines.any(|line| line.contains(needle))
            };
            let case = format!("{which}, {file}, {needle}: {text}");
            assert_eq!(sound, weight != 'd', "{case}");
            match weight {
                'd' => assert!(found("damage: "), "{case}"),
                'n' => assert!(found("note: "), "{case}"),
                _ => assert!(!text.contains("note: "), "{case}"),
            }
            let damages = text.lines().filter(|line| line.starts_with("damage: "));
            assert!(damages.count() <= 1, "one harm, one sentence: {case}");
        }
    }
}

#[test]
fn exit_codes_say_sound_damaged_or_misused() {
    let dir = unpacked("clean");
    let path = dir.path().to_str().expect("text");
    let (code, out, errors) = run(dir.path(), &["check", path]);
    assert_eq!((code, errors.as_str()), (0, ""), "{out}");
    harm(&dir.path().join("txn-0/partition.metadata"), &Harm::Remove);
    let (code, out, errors) = run(dir.path(), &["check", path]);
    assert_eq!((code, errors.as_str()), (1, ""), "{out}");
    for (arguments, needle) in [
        (&["check"][..], "<DIR>"),
        (&["check", "txn-0"], "is no data directory"),
        (&["check", "nowhere"], "cannot be read"),
    ] {
        let (code, out, errors) = run(dir.path(), arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{errors}");
        assert!(errors.contains(needle), "{errors}");
    }
}

#[test]
fn a_directory_in_use_is_left_to_its_owner_and_what_it_leaves_is_sound() {
    let dir = tempfile::TempDir::new().expect("a directory");
    let arguments = ["serve", "--data-dir", "data", "--listen", "127.0.0.1:0"];
    let node = Node::start(ottla(dir.path(), &arguments), 1);
    let (code, _, errors) = run(dir.path(), &["check", "data"]);
    assert_eq!(code, 2);
    assert!(errors.contains("in use by process"), "{errors}");
    drop(node);
    let (code, out, errors) = run(dir.path(), &["check", "data"]);
    assert_eq!((code, errors.as_str()), (0, ""), "{out}");
    assert!(
        out.contains("not stopped cleanly") && out.ends_with("0 partitions, sound\n"),
        "{out}"
    );
}
