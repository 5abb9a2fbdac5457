//! The whole node under load on recorded files: at drawn moments a copy is made of what a power cut would leave. On every copy a broker must show
//! whatever had been acknowledged or read before: records at their offsets with their bytes, topics, deletions; and an idempotent producer that
//! sends again is told the offset it had been told before.
//!
//! The same with `log.flush.on.ack=false` must lose something, or this test could not fail.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use ottla_io::{Files, Host, RealFiles, Recording, RecordingFiles};
use ottla_machine::Rng;
use ottla_protocol::Uuid;
use ottla_record::{Builder, BuilderSettings, Compression, Header};
use tempfile::TempDir;

use crate::client::{Client, Place, records};
use crate::embedded::{Embedded, PATIENCE, ROOT};

/// How often the power goes in a life.
const CUTS: usize = 6;
const PRODUCERS: u64 = 4;
const TOPICS: i32 = 4;
/// Requests on their way per producer; fewer than the batches that a broker remembers of each.
const PIPELINE: usize = 4;

/// What a producer was told.
#[derive(Clone)]
pub struct Acked {
    pub place: Place,
    pub base: i64,
    pub values: Vec<Bytes>,
}

#[derive(Clone, Default)]
pub struct Ledger {
    pub acked: Vec<Acked>,
    /// What consumers have read.
    seen: Vec<(Place, i64, Option<Bytes>)>,
    pub topics: Vec<(String, Uuid, i32)>,
    pub deleted: Vec<String>,
    over: bool,
}

/// How much the ledger held when the power went, and what that left.
struct Moment {
    acked: usize,
    seen: usize,
    topics: usize,
    deleted: usize,
    left: TempDir,
}

impl Moment {
    fn now(shared: &Shared, recording: &Recording) -> Moment {
        let left = TempDir::new().expect("a directory");
        // First what is promised, then the cut: what comes in between is promised to nobody here.
        let ledger = shared.lock();
        let (acked, seen) = (ledger.acked.len(), ledger.seen.len());
        let (topics, deleted) = (ledger.topics.len(), ledger.deleted.len());
        drop(ledger);
        let into = [(ROOT, left.path().into())];
        recording.power_cut(&into).expect("a copy");
        Moment {
            acked,
            seen,
            topics,
            deleted,
            left,
        }
    }
}

impl Ledger {
    /// What was promised at that moment.
    fn at(&self, moment: &Moment) -> Ledger {
        Ledger {
            acked: self.acked[..moment.acked].to_vec(),
            seen: self.seen[..moment.seen].to_vec(),
            topics: self.topics[..moment.topics].to_vec(),
            deleted: self.deleted[..moment.deleted].to_vec(),
            over: false,
        }
    }
}

struct Shared {
    ledger: Mutex<Ledger>,
    moved: Condvar,
}

impl Shared {
    fn new(ledger: Ledger) -> Arc<Shared> {
        Arc::new(Shared {
            ledger: Mutex::new(ledger),
            moved: Condvar::new(),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("nobody panicked")
    }

    fn wait(&self, until: impl Fn(&Ledger) -> bool) {
        let waited = self
            .moved
            .wait_timeout_while(self.lock(), PATIENCE, |ledger| !until(ledger));
        let (ledger, timeout) = waited.expect("nobody panicked");
        assert!(!timeout.timed_out(), "{} acknowledged", ledger.acked.len());
    }

    fn put(&self, put: impl FnOnce(&mut Ledger)) {
        put(&mut self.lock());
        self.moved.notify_all();
    }
}

pub fn rng(seed: u64) -> Rng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    Rng::new(bytes)
}

/// A producer: its id if it is idempotent, and its next sequence number per partition.
pub struct Producer {
    pub client: Client,
    pub rng: Rng,
    pub number: u64,
    pub id: Option<(i64, i16)>,
    pub sequences: BTreeMap<Place, i32>,
    pub sent: u64,
}

impl Producer {
    fn run(mut self, shared: &Shared) {
        loop {
            let mut asked = Vec::new();
            for _ in 0..1 + self.rng.below(PIPELINE as u64) {
                let batches = {
                    let ledger = shared.lock();
                    if ledger.over {
                        return;
                    }
                    self.draw(&ledger.topics)
                };
                let wire: Vec<(Place, Bytes)> = batches
                    .iter()
                    .map(|(place, _, bytes)| (place.clone(), bytes.clone()))
                    .collect();
                asked.push((self.client.produce(-1, &wire), batches));
            }
            for (asked, batches) in asked {
                let mut told = self.client.produced(asked);
                let acked = batches.into_iter().map(|(place, values, _)| {
                    let (error, base) = told.remove(&place).expect("an answer for each");
                    assert_eq!(error, 0, "{place:?}");
                    Acked {
                        place,
                        base,
                        values,
                    }
                });
                let acked: Vec<Acked> = acked.collect();
                shared.put(|ledger| ledger.acked.extend(acked));
            }
        }
    }

    /// A batch for each of a few partitions.
    pub fn draw(&mut self, topics: &[(String, Uuid, i32)]) -> Vec<(Place, Vec<Bytes>, Bytes)> {
        let mut batches: Vec<(Place, Vec<Bytes>, Bytes)> = Vec::new();
        for _ in 0..1 + self.rng.below(3) {
            let (name, _, partitions) = &topics[self.rng.below(topics.len() as u64) as usize];
            let place = (name.clone(), self.rng.below(*partitions as u64) as i32);
            if batches.iter().any(|(other, ..)| *other == place) {
                continue;
            }
            let count = 1 + self.rng.below(4);
            let values: Vec<Bytes> = (0..count).map(|_| self.value()).collect();
            let bytes = self.batch(&place, &values);
            batches.push((place, values, bytes));
        }
        batches
    }

    fn value(&mut self) -> Bytes {
        self.sent += 1;
        let mut value = format!("{}-{}-", self.number, self.sent).into_bytes();
        let len = self.rng.below(700) as usize;
        value.extend((0..len).map(|_| self.rng.next_u64() as u8));
        Bytes::from(value)
    }

    fn batch(&mut self, place: &Place, values: &[Bytes]) -> Bytes {
        let mut settings = BuilderSettings {
            compression: Compression::ALL[self.rng.below(5) as usize],
            ..BuilderSettings::default()
        };
        if let Some((id, epoch)) = self.id {
            let sequence = self.sequences.entry(place.clone()).or_insert(0);
            settings.producer_id = id;
            settings.producer_epoch = epoch;
            settings.base_sequence = *sequence;
            *sequence += values.len() as i32;
        }
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970");
        let mut builder = Builder::new(settings);
        for value in values {
            builder.append(now.as_millis() as i64, None, Some(value), &[]);
        }
        builder.finish()
    }
}

/// Reads partitions that there are, from where it was.
fn consume(mut client: Client, mut rng: Rng, shared: &Shared) {
    let mut positions: BTreeMap<Place, i64> = BTreeMap::new();
    loop {
        let place = {
            let ledger = shared.lock();
            if ledger.over {
                return;
            }
            let (name, _, partitions) =
                &ledger.topics[rng.below(ledger.topics.len() as u64) as usize];
            (name.clone(), rng.below(*partitions as u64) as i32)
        };
        let position = positions.entry(place.clone()).or_insert(0);
        let fetched = client
            .fetch(&place, *position, false, 5)
            .expect("it is served");
        let read = records(&fetched.batches);
        *position = read.last().map_or(*position, |record| record.offset + 1);
        let seen = read
            .into_iter()
            .map(|record| (place.clone(), record.offset, record.value));
        let seen: Vec<_> = seen.collect();
        shared.put(|ledger| ledger.seen.extend(seen));
    }
}

/// Makes topics of small segments, and others that it deletes again.
fn administer(mut client: Client, mut rng: Rng, life: usize, shared: &Shared) {
    let topic = |client: &mut Client, name: &str, rng: &mut Rng| {
        let partitions = 1 + rng.below(3) as i32;
        let configs = [("internal.segment.bytes", "20000")];
        let id = client
            .create_topic(name, partitions, &configs)
            .expect("made");
        (name.to_owned(), id, partitions)
    };
    for n in 0..TOPICS {
        let made = topic(&mut client, &format!("topic-{life}-{n}"), &mut rng);
        shared.put(|ledger| ledger.topics.push(made));
        let doomed = format!("doomed-{life}-{n}");
        topic(&mut client, &doomed, &mut rng);
        let before = shared.lock().acked.len();
        shared.wait(|ledger| ledger.acked.len() > before + 20 || ledger.over);
    }
    for n in 0..TOPICS {
        let doomed = format!("doomed-{life}-{n}");
        assert_eq!(client.delete_topic(&doomed), 0);
        shared.put(|ledger| ledger.deleted.push(doomed));
    }
}

/// A life under load, on a directory in which this had been promised before.
fn life(
    host: &Host,
    life: usize,
    rng: Rng,
    settings: &[(&str, &str)],
    dir: &Path,
    before: Ledger,
) -> (Ledger, Vec<Moment>) {
    let files = RecordingFiles::open("durability", vec![(ROOT, dir.into())]).expect("a directory");
    let recording = files.recording();
    let broker = Embedded::start(host, Box::new(files), settings, life as u8);
    let shared = Shared::new(before);
    let mut threads = Vec::new();
    let mut begin = |work: Box<dyn FnOnce(&Shared) + Send>| {
        let shared = Arc::clone(&shared);
        threads.push(thread::spawn(move || work(&shared)));
    };
    let (client, draws) = (Client::connect(broker.address), rng.child(1));
    begin(Box::new(move |shared| {
        administer(client, draws, life, shared)
    }));
    shared.wait(|ledger| !ledger.topics.is_empty());
    for number in 0..PRODUCERS {
        let mut client = Client::connect(broker.address);
        let id = number.is_multiple_of(2).then(|| client.init_producer_id());
        let producer = Producer {
            client,
            rng: rng.child(10 + number),
            number,
            id,
            sequences: BTreeMap::new(),
            sent: 0,
        };
        begin(Box::new(move |shared| producer.run(shared)));
    }
    let (client, draws) = (Client::connect(broker.address), rng.child(2));
    begin(Box::new(move |shared| consume(client, draws, shared)));
    let mut moments = cuts(&shared, &recording, rng.child(3));
    shared.put(|ledger| ledger.over = true);
    for thread in threads {
        thread.join().expect("nobody panicked");
    }
    // While it stops, and after.
    broker.leave();
    moments.push(Moment::now(&shared, &recording));
    broker.ended();
    moments.push(Moment::now(&shared, &recording));
    let ledger = shared.lock().clone();
    (ledger, moments)
}

fn cuts(shared: &Shared, recording: &Recording, mut rng: Rng) -> Vec<Moment> {
    let mut moments = Vec::new();
    for _ in 0..CUTS {
        let next = shared.lock().acked.len() + 1 + rng.below(50) as usize;
        shared.wait(|ledger| ledger.acked.len() >= next);
        moments.push(Moment::now(shared, recording));
    }
    moments
}

fn on_disk(left: &Path) -> Box<dyn Files + Send> {
    Box::new(RealFiles::open("after", vec![(ROOT, left.into())]).expect("the copy"))
}

/// What a broker on such a copy does not show although it was promised.
pub fn lost(
    host: &Host,
    promised: &Ledger,
    files: Box<dyn Files + Send>,
    settings: &[(&str, &str)],
) -> Vec<String> {
    let broker = Embedded::start(host, files, settings, 255);
    let mut client = Client::connect(broker.address);
    let topics = client.topics();
    let mut lost = Vec::new();
    for (name, id, partitions) in &promised.topics {
        if topics.get(name) != Some(&(*id, *partitions)) {
            lost.push(format!("topic {name}"));
        }
    }
    let deleted = promised.deleted.iter();
    lost.extend(
        deleted
            .filter(|name| topics.contains_key(*name))
            .map(|name| format!("the deletion of {name}")),
    );
    let mut there: BTreeMap<Place, BTreeMap<i64, Option<Bytes>>> = BTreeMap::new();
    for (name, (_, partitions)) in &topics {
        for index in 0..*partitions {
            let place = (name.clone(), index);
            let (batches, _) = client.read_all(&place, 0, false);
            send_again(&mut client, &place, &batches);
            let records = records(&batches);
            for (offset, record) in records.iter().enumerate() {
                assert_eq!(record.offset, offset as i64, "{place:?} has no holes");
            }
            there.insert(
                place,
                records.into_iter().map(|r| (r.offset, r.value)).collect(),
            );
        }
    }
    let mut miss = |place: &Place, offset: i64, value: &Option<Bytes>, what: &str| {
        if there.get(place).and_then(|records| records.get(&offset)) != Some(value) {
            lost.push(format!("{what} {place:?} offset {offset}"));
        }
    };
    for acked in &promised.acked {
        for (value, offset) in acked.values.iter().zip(acked.base..) {
            miss(&acked.place, offset, &Some(value.clone()), "acknowledged");
        }
    }
    for (place, offset, value) in &promised.seen {
        miss(place, *offset, value, "read");
    }
    broker.stop();
    lost
}

/// The last batch of every idempotent producer in a partition is sent once more, as one does that has not heard the answer.
fn send_again(client: &mut Client, place: &Place, batches: &[Bytes]) {
    let mut last: BTreeMap<i64, (i64, &Bytes)> = BTreeMap::new();
    for bytes in batches {
        let header = Header::parse(bytes).expect("a batch");
        if header.has_producer_id() {
            last.insert(header.producer_id, (header.base_offset, bytes));
        }
    }
    let end = client.list_offset(place, -1);
    for (base, bytes) in last.into_values() {
        // A producer's batches begin at 0.
        let sent = [&[0; 8][..], &bytes[8..]].concat();
        let asked = client.produce(-1, &[(place.clone(), sent.into())]);
        let told = client.produced(asked);
        assert_eq!(
            told[place],
            (0, base),
            "{place:?}: the offsets it had before"
        );
    }
    assert_eq!(
        client.list_offset(place, -1),
        end,
        "{place:?}: nothing is there twice"
    );
}

/// Runs lives, each on what a power cut had left of the one before, and judges what the other cuts left: what was lost in all, and how many
/// batches had been acknowledged before the last cut.
fn losses(name: &str, lives: usize, settings: &[(&str, &str)]) -> (Vec<String>, usize) {
    let now = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
    };
    let said = std::env::var("OTTLA_TEST_SEED").ok();
    let seed = said.map_or_else(
        || now().as_nanos() as u64,
        |seed| seed.parse().expect("a number"),
    );
    println!("{name}: seed {seed}");
    let mut rng = rng(seed);
    let host = Host::start(name).expect("a thread");
    let mut dir = TempDir::new().expect("a directory");
    let mut promised = Ledger::default();
    let mut all = Vec::new();
    for number in 0..lives {
        let child = rng.child(number as u64);
        let (ledger, mut moments) = life(&host, number, child, settings, dir.path(), promised);
        let next = moments.swap_remove(rng.below(moments.len() as u64) as usize);
        for moment in &moments {
            let files = on_disk(moment.left.path());
            all.extend(lost(&host, &ledger.at(moment), files, settings));
        }
        promised = ledger.at(&next);
        dir = next.left;
    }
    let files = on_disk(dir.path());
    all.extend(lost(&host, &promised, files, settings));
    (all, promised.acked.len())
}

#[test]
fn a_power_cut_takes_nothing_that_was_acknowledged_or_read() {
    let (lost, promised) = losses("flushed", 3, &[]);
    assert!(
        lost.is_empty(),
        "{} lost: {:?}",
        lost.len(),
        &lost[..lost.len().min(20)]
    );
    assert!(promised > 40, "{promised} batches");
}

#[test]
fn without_flush_on_ack_the_same_test_sees_records_lost_and_no_topic() {
    let (lost, _) = losses("unflushed", 1, &[("log.flush.on.ack", "false")]);
    assert!(
        lost.iter().any(|lost| lost.starts_with("acknowledged")),
        "{lost:?}"
    );
    assert!(lost.iter().any(|lost| lost.starts_with("read")), "{lost:?}");
    let metadata = lost
        .iter()
        .find(|lost| lost.contains("topic ") || lost.contains("deletion"));
    assert_eq!(metadata, None, "metadata is always flushed");
}
