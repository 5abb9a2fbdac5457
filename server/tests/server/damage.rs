//! What becomes of damage: copies of real directories, Apache Kafka's and ours, stopped and killed, are harmed in one place each, and a broker is
//! started on them. The tables say what is served then. Whatever they say: no other partition may change, no whole batch before the damage may be
//! missing, and what is refused is refused in one sentence that names it.
//!
//! | letter | what becomes of it |
//! |---|---|
//! | `s` | all is served, as if nothing had happened |
//! | `x` | all is served but the batch that was harmed, which its checksum tells the reader |
//! | `X` | all is served but what lies in that file, from the harm on |
//! | `b` | all is served, and the log begins elsewhere: with the next segment, or with what had been deleted |
//! | `c` | the log ends before the damage: a crash may have left that |
//! | `a` | the directory is said to be another topic's, and put aside |
//! | `r` | the partition is refused, the others are served |
//! | `t` | topics are missing: a crash may have left that, too |
//! | `n` | the node does not serve |
//! | `-` | there is no such file |

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use ottla_broker::{BrokerTell, Cause};
use ottla_io::{Host, RealFiles};
use ottla_record::{Batches, Builder, BuilderSettings, Header};
use ottla_testdisk::{Files, recorded};
use tempfile::TempDir;

use crate::client::{Client, Place};
use crate::embedded::{Embedded, PATIENCE, ROOT};

/// Of a partition: where it starts, and its batches; or an error code.
type Served = Result<(i64, Vec<Bytes>), i16>;

/// What a broker says of a directory.
struct Said {
    /// Why it does not serve, if it does not.
    refused: Option<String>,
    partitions: BTreeMap<Place, Served>,
    notes: String,
}

fn directory() -> TempDir {
    // Real files, but where a sync costs nothing: what is durable is not asked here.
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        TempDir::new_in(memory)
    } else {
        TempDir::new()
    };
    made.expect("a directory")
}

fn write(files: &Files, dir: &Path) {
    for (path, bytes) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().expect("below the directory")).expect("made");
        // What Kafka sets aside for indexes stays a hole.
        let used = bytes
            .iter()
            .rposition(|byte| *byte != 0)
            .map_or(0, |at| at + 1);
        fs::write(&path, &bytes[..used]).expect("written");
        let file = fs::OpenOptions::new()
            .write(true)
            .open(&path)
            .expect("there");
        file.set_len(bytes.len() as u64).expect("as long as it was");
    }
}

/// All batches that can be had of a partition: where nothing can be read, what follows by `known` is tried.
fn read(client: &mut Client, place: &Place, known: &[i64]) -> Served {
    let start = client.list_offset(place, -2)?;
    let (mut from, mut batches) = (start, Vec::new());
    loop {
        let fetched = client.fetch(place, from, false, 0);
        let found = fetched.map_or_else(|_| Vec::new(), |fetched| fetched.batches);
        if let Some(last) = found.last() {
            from = Header::parse(last).expect("a batch").next_offset();
            batches.extend(found);
            continue;
        }
        match known.iter().find(|base| **base > from) {
            Some(next) => from = *next,
            None => return Ok((start, batches)),
        }
    }
}

fn say(host: &Host, files: &Files, known: &BTreeMap<Place, Vec<i64>>) -> Said {
    let dir = directory();
    write(files, dir.path());
    let real = RealFiles::open("damage", vec![(ROOT, dir.path().into())]).expect("a directory");
    let notes = Arc::new(Mutex::new(String::new()));
    let settings = crate::golden::SETTINGS;
    let broker = Embedded::noting(host, Box::new(real), &settings, 2, Arc::clone(&notes));
    let mut said = Said {
        refused: None,
        partitions: BTreeMap::new(),
        notes: String::new(),
    };
    match broker.told() {
        BrokerTell::Ready => {
            let mut client = Client::connect(broker.address);
            for (topic, (_, partitions)) in client.topics() {
                for index in 0..partitions {
                    let place = (topic.clone(), index);
                    let known = known.get(&place).map_or(&[][..], Vec::as_slice);
                    let served = read(&mut client, &place, known);
                    said.partitions.insert(place, served);
                }
            }
            broker.stop();
        }
        BrokerTell::Stopped(Cause::Refused(why) | Cause::Offline(why)) => said.refused = Some(why),
        BrokerTell::Stopped(cause) => panic!("nobody has asked: {cause:?}"),
    }
    said.notes = notes.lock().expect("nobody panicked").clone();
    said
}

/// Which directories there are: whose, and how they were left.
const DIRECTORIES: [&str; 4] = [
    "kafka stopped",
    "kafka killed",
    "ours stopped",
    "ours killed",
];

/// Files below a directory of ours, whoever uses it.
fn contents(dir: &Path, below: &str, files: &mut Files) {
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_str().expect("text");
        let name = format!("{below}{name}");
        if path.is_dir() {
            contents(&path, &format!("{name}/"), files);
        } else if name != ".lock" {
            files.insert(name, fs::read(&path).expect("bytes"));
        }
    }
}

/// A directory that we made: small segments, a compacted topic, a trimmed one. As it is while it is in use, and after a clean stop.
fn ours(host: &Host) -> [Files; 2] {
    let dir = directory();
    let real = RealFiles::open("damage", vec![(ROOT, dir.path().into())]).expect("a directory");
    let settings = [
        ("log.retention.ms", "-1"),
        ("log.flush.offset.checkpoint.interval.ms", "100"),
        ("log.cleaner.enable", "false"),
    ];
    let broker = Embedded::start(host, Box::new(real), &settings, 1);
    let mut client = Client::connect(broker.address);
    for (topic, config) in [
        ("codecs", ("compression.type", "producer")),
        ("rolled", ("internal.segment.bytes", "1200")),
    ] {
        client.create_topic(topic, 1, &[config]).expect("made");
    }
    let producer = client.init_producer_id();
    for n in 0..20 {
        for topic in ["codecs", "rolled"] {
            let mut builder = Builder::new(BuilderSettings {
                producer_id: producer.0,
                producer_epoch: producer.1,
                base_sequence: 3 * n,
                ..BuilderSettings::default()
            });
            for record in 0..3 {
                let value = format!("{topic}-{n}-{record}-{}", "x".repeat(30));
                builder.append(
                    1_790_000_000_000 + i64::from(n),
                    None,
                    Some(value.as_bytes()),
                    &[],
                );
            }
            let asked = client.produce(-1, &[((topic.to_owned(), 0), builder.finish())]);
            client.produced(asked);
        }
        if n == 10 {
            // What comes later lies above the recovery point of a killed one.
            let point = dir.path().join("recovery-point-offset-checkpoint");
            wait_until(|| {
                fs::read_to_string(&point).is_ok_and(|text| text.contains("rolled 0 33"))
            });
        }
    }
    let mut killed = Files::new();
    contents(dir.path(), "", &mut killed);
    broker.stop();
    let mut stopped = Files::new();
    contents(dir.path(), "", &mut stopped);
    [stopped, killed]
}

/// Waits for something that comes.
fn wait_until(there: impl Fn() -> bool) {
    let began = Instant::now();
    while !there() {
        assert!(began.elapsed() < PATIENCE, "it never comes");
        std::thread::yield_now();
    }
}

/// A directory, and what is served of it when nothing was done to it.
struct Whole {
    files: Files,
    served: BTreeMap<Place, Served>,
    bases: BTreeMap<Place, Vec<i64>>,
}

impl Whole {
    fn of(host: &Host, files: Files) -> Whole {
        let said = say(host, &files, &BTreeMap::new());
        assert_eq!(said.refused, None);
        let bases = said.partitions.iter().map(|(place, served)| {
            let (_, batches) = served.as_ref().expect("served");
            let base = |bytes: &Bytes| Header::parse(bytes).expect("a batch").base_offset;
            (place.clone(), batches.iter().map(base).collect())
        });
        let bases = bases.collect();
        Whole {
            files,
            served: said.partitions,
            bases,
        }
    }
}

fn directories(host: &Host) -> [Whole; 4] {
    let [stopped, killed] = ours(host);
    [recorded("clean"), recorded("crashed"), stopped, killed].map(|files| Whole::of(host, files))
}

/// What is done to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Harm {
    /// A bit of the byte at this place is another.
    Flip(usize),
    /// Only so many bytes are left.
    Keep(usize),
    Missing,
    Zeros,
    /// It is somebody else's.
    Foreign,
}

/// What is done to each file, in the order of the letters.
fn harms(bytes: &[u8]) -> [Harm; 6] {
    [
        Harm::Flip(bytes.len() / 2),
        Harm::Keep(bytes.len().saturating_sub(1)),
        Harm::Keep(0),
        Harm::Missing,
        Harm::Zeros,
        Harm::Foreign,
    ]
}

/// Files whose harm costs nothing: what they say is said elsewhere, too.
const OF_NO_CONSEQUENCE: &[&str] = &[
    ".kafka_cleanshutdown",
    "__cluster_metadata-0/last.checkpoint",
    "__cluster_metadata-0/last.index",
    "__cluster_metadata-0/last.snapshot",
    "__cluster_metadata-0/leader-epoch-checkpoint",
    "__cluster_metadata-0/partition.metadata",
    "bootstrap.checkpoint",
    "cleaner-offset-checkpoint",
    "recovery-point-offset-checkpoint",
    "replication-offset-checkpoint",
    "rolled-0/first.index",
    "rolled-0/first.timeindex",
    "rolled-0/last.index",
    "rolled-0/last.timeindex",
    "rolled-0/first.snapshot",
    "rolled-0/last.snapshot",
    "rolled-0/leader-epoch-checkpoint",
    "txn-0/first.txnindex",
];

/// The others: a bit flipped in the middle, a byte cut off, empty, missing, zeros, somebody else's; in the four directories.
const TABLE: &[(&str, [&str; 4])] = &[
    (
        "__cluster_metadata-0/last.log",
        ["nnnnnn", "nsnnnn", "nnnnnn", "tsnnnn"],
    ),
    (
        "__cluster_metadata-0/quorum-state",
        ["snnsnn", "snnsnn", "snnsnn", "snnsnn"],
    ),
    (
        "log-start-offset-checkpoint",
        ["bsbbbb", "bsbbbb", "------", "------"],
    ),
    ("meta.properties", ["nsnnnn", "nsnnnn", "nsnnnn", "nsnnnn"]),
    (
        "rolled-0/first.log",
        ["xxXbXX", "xxXbXX", "xxXbXX", "xxXbXX"],
    ),
    (
        "rolled-0/last.log",
        ["xrrrrr", "ccXXcc", "rrrrrr", "ccXXcc"],
    ),
    (
        "rolled-0/partition.metadata",
        ["arrrrr", "arrrrr", "arrrrr", "arrrrr"],
    ),
];

/// Bits of the header of the active segment's last batch: base offset, length, leader epoch, magic, checksum, attributes, last offset delta,
/// newest timestamp, count of records.
const HEADER: [usize; 9] = [5, 10, 14, 16, 19, 22, 25, 40, 60];
/// After a stop, after a kill. No checksum covers offsets and epochs.
const OF_A_HEADER: [&str; 2] = ["xrxrrrrrr", "xcxcccccc"];

/// `last.log` as it is called in this directory.
fn spelled(files: &Files, name: &str) -> Option<String> {
    let (dir, file) = name.rsplit_once('/').unwrap_or(("", name));
    let Some((which, suffix)) = file
        .split_once('.')
        .filter(|(which, _)| ["first", "last"].contains(which))
    else {
        return files.contains_key(name).then(|| name.to_owned());
    };
    let fits = |path: &&String| {
        let rest = path
            .strip_prefix(dir)
            .and_then(|rest| rest.strip_prefix('/'));
        rest.and_then(|rest| rest.split_once('.'))
            .is_some_and(|(_, of)| of == suffix)
    };
    let mut all = files
        .iter()
        .filter(|(_, bytes)| suffix != "index" || !bytes.is_empty())
        .map(|(path, _)| path)
        .filter(fits);
    match which {
        "first" => all.next(),
        _ => all.next_back(),
    }
    .cloned()
}

impl Harm {
    fn done(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = bytes.to_vec();
        match self {
            Harm::Flip(at) => bytes[at] ^= 16,
            Harm::Keep(len) => bytes.truncate(len),
            Harm::Missing => return None,
            Harm::Zeros => bytes.fill(0),
            Harm::Foreign => {
                bytes = b"It was the best of times, it was the worst of times. ".repeat(4)
            }
        }
        Some(bytes)
    }
}

/// How many batches of a partition lie whole before the harm.
fn before(whole: &Whole, path: &str, harm: Harm) -> usize {
    let Some((dir, _)) = path.split_once('/').filter(|_| path.ends_with(".log")) else {
        return 0;
    };
    let until = match harm {
        Harm::Flip(at) | Harm::Keep(at) => at,
        Harm::Missing | Harm::Zeros | Harm::Foreign => 0,
    };
    let logs = whole
        .files
        .iter()
        .filter(|(other, _)| other.starts_with(&format!("{dir}/")) && other.ends_with(".log"));
    let mut count = 0;
    for (other, bytes) in logs.take_while(|(other, _)| other.as_str() <= path) {
        let room = if other == path { until } else { bytes.len() };
        let mut at = 0;
        for batch in Batches::new(bytes).map_while(Result::ok) {
            at += batch.bytes().len();
            count += usize::from(at <= room);
        }
    }
    count
}

/// What became of a directory with one harm, as a letter of the table.
fn outcome(whole: &Whole, said: &Said, path: &str, harm: Harm) -> char {
    let case = format!("{path} {harm:?}: {}", said.notes);
    if let Some(why) = &said.refused {
        let files = ["__cluster_metadata-0", "quorum-state", "meta.properties"];
        let named = files
            .iter()
            .any(|file| path.contains(file) && why.contains(file));
        assert!(named && why.lines().count() == 1, "{case} {why}");
        return 'n';
    }
    let own = path.split_once('/').map_or("", |(dir, _)| dir);
    let shared = own.is_empty() || own.starts_with("__cluster");
    let mut letter = 's';
    for (place, served) in &whole.served {
        let found = said.partitions.get(place);
        if found == Some(served) {
            continue;
        }
        let name = format!("{}-{}", place.0, place.1);
        assert!(shared || name == own, "{case} {name} is another");
        let (Ok((began, known)), found) = (served, found) else {
            panic!("{case} {name} was not served before")
        };
        let told = |what: &str| {
            said.notes
                .lines()
                .any(|line| line.contains(&name) && line.contains(what))
        };
        letter = match found {
            None => 't',
            Some(Err(_)) => {
                assert!(told("not served"), "{case}");
                'r'
            }
            Some(Ok((start, _))) if start != began => 'b',
            Some(Ok((_, found))) if found.is_empty() && told("-stray") => 'a',
            Some(Ok((_, found))) if known.starts_with(found) => {
                assert!(
                    found.len() >= before(whole, path, harm),
                    "{case}: whole batches are missing"
                );
                if told("the log ends there") { 'c' } else { 'X' }
            }
            Some(Ok((_, found))) => {
                let there = found.iter().filter(|batch| known.contains(batch)).count();
                assert!(
                    there >= before(whole, path, harm),
                    "{case}: whole batches are missing"
                );
                if there + 1 == known.len() { 'x' } else { 'X' }
            }
        };
    }
    letter
}

/// The letters of one file of one directory.
fn letters(host: &Host, whole: &Whole, path: &str, harms: &[Harm]) -> String {
    let letter = |harm: &Harm| {
        let mut files = whole.files.clone();
        match harm.done(&whole.files[path]) {
            Some(bytes) => files.insert(path.to_owned(), bytes),
            None => files.remove(path),
        };
        outcome(whole, &say(host, &files, &whole.bases), path, *harm)
    };
    harms.iter().map(letter).collect()
}

/// Where the batches of a segment begin, and where it ends.
fn positions(bytes: &[u8]) -> Vec<usize> {
    let mut positions = vec![0];
    for batch in Batches::new(bytes).map_while(Result::ok) {
        positions.push(positions.last().expect("one") + batch.bytes().len());
    }
    positions
}

/// Two of the directories by both tables, and torn at every byte of a last batch.
fn judge(which: [usize; 2]) {
    let host = Host::start("damage").expect("a thread");
    let all = directories(&host);
    for at in which {
        let (whole, directory) = (&all[at], DIRECTORIES[at]);
        let nothing = OF_NO_CONSEQUENCE.iter().map(|file| (*file, "ssssss"));
        let rows = TABLE.iter().map(|(file, letters)| (*file, letters[at]));
        for (file, expected) in nothing.chain(rows) {
            let Some(path) = spelled(&whole.files, file) else {
                assert!(
                    ["ssssss", "------"].contains(&expected),
                    "{directory} {file}"
                );
                continue;
            };
            let found = letters(&host, whole, &path, &harms(&whole.files[&path]));
            assert_eq!(found, expected, "{directory}: {file}");
        }
        let path = spelled(&whole.files, "rolled-0/last.log").expect("segments");
        let starts = positions(&whole.files[&path]);
        let flips = HEADER.map(|at| Harm::Flip(starts[starts.len() - 2] + at));
        let killed = directory.ends_with("killed");
        let expected = OF_A_HEADER[usize::from(killed)];
        assert_eq!(
            letters(&host, whole, &path, &flips),
            expected,
            "{directory}"
        );
        let torn: Vec<Harm> = (starts[starts.len() - 2] + 1..*starts.last().expect("one"))
            .map(Harm::Keep)
            .collect();
        let expected = if killed { "c" } else { "r" };
        assert_eq!(
            letters(&host, whole, &path, &torn),
            expected.repeat(torn.len()),
            "{directory}: torn"
        );
        let path = "__cluster_metadata-0/00000000000000000000.log";
        let starts = positions(&whole.files[path]);
        let torn: Vec<Harm> = (starts[starts.len() - 2] + 1..*starts.last().expect("one"))
            .map(Harm::Keep)
            .collect();
        let expected = if killed { "s" } else { "n" };
        assert_eq!(
            letters(&host, whole, path, &torn),
            expected.repeat(torn.len()),
            "{directory}: torn metadata"
        );
    }
}

#[test]
fn what_becomes_of_a_directory_of_kafkas() {
    judge([0, 1]);
}

#[test]
fn what_becomes_of_a_directory_of_ours() {
    judge([2, 3]);
}
