//! A short life of the node on recorded files, of which every call is a moment to die: after each of them, with every un-synced call kept or
//! thrown away as drawn, a broker is started on what is left, and must show what had been promised by then.
//!
//! The same with `log.flush.on.ack=false` must lose something, or this test could not fail.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use ottla_io::{Host, Memory, MemoryFiles, RecordingFiles};
use ottla_machine::Rng;
use ottla_media::{Fate, Media};
use tempfile::TempDir;

use crate::client::{Client, Place};
use crate::durability::{Acked, Ledger, Producer, lost, rng};
use crate::embedded::{Embedded, ROOT};

/// How many subsets of what no sync has covered are tried after each call; more by OTTLA_TEST_SUBSETS.
const SUBSETS: u64 = 4;

struct Steps {
    /// What had been promised after so many calls.
    promised: Vec<(usize, Ledger)>,
    /// After so many the deletion of a topic was asked for.
    deleting: usize,
    /// The disk after each call.
    media: Vec<Media>,
}

fn stepwise(host: &Host, rng: &Rng, settings: &[(&str, &str)]) -> Steps {
    let dir = TempDir::new().expect("a directory");
    let files = RecordingFiles::open("steps", vec![(ROOT, dir.path().into())]);
    let files = files.expect("a directory");
    let recording = files.recording();
    recording.keep_steps();
    let broker = Embedded::start(host, Box::new(files), settings, 1);
    let mut client = Client::connect(broker.address);
    let configs = [("internal.segment.bytes", "5000")];
    let mut ledger = Ledger::default();
    let mut promised = Vec::new();
    for name in ["one", "two"] {
        let id = client.create_topic(name, 1, &configs).expect("made");
        ledger.topics.push((name.to_owned(), id, 1));
        promised.push((recording.steps_kept(), ledger.clone()));
    }
    let mut producer = Producer {
        id: Some(client.init_producer_id()),
        client,
        rng: rng.child(1),
        number: 0,
        sequences: BTreeMap::new(),
        sent: 0,
    };
    for _ in 0..12 {
        let batches = producer.draw(&ledger.topics);
        let wire: Vec<(Place, Bytes)> = batches
            .iter()
            .map(|(place, _, bytes)| (place.clone(), bytes.clone()))
            .collect();
        let asked = producer.client.produce(-1, &wire);
        let mut told = producer.client.produced(asked);
        for (place, values, _) in batches {
            let (error, base) = told.remove(&place).expect("an answer for each");
            assert_eq!(error, 0, "{place:?}");
            let acked = Acked {
                place,
                base,
                values,
            };
            ledger.acked.push(acked);
        }
        promised.push((recording.steps_kept(), ledger.clone()));
    }
    let deleting = recording.steps_kept();
    assert_eq!(producer.client.delete_topic("two"), 0);
    ledger.topics.pop();
    ledger.deleted.push("two".to_owned());
    ledger.acked.retain(|acked| acked.place.0 != "two");
    promised.push((recording.steps_kept(), ledger));
    broker.stop();
    Steps {
        promised,
        deleting,
        media: recording.take_steps(),
    }
}

/// What is lost after which call, and how many batches had been promised in all.
fn lost_by_steps(
    name: &str,
    settings: &[(&str, &str)],
    subsets: u64,
) -> (Vec<(usize, String)>, usize) {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH);
    let seed = seed.expect("after 1970").as_nanos() as u64;
    println!("{name}: seed {seed}");
    let host = Host::start(name).expect("a thread");
    let rng = rng(seed);
    let steps = stepwise(&host, &rng.child(0), settings);
    assert!(steps.media.len() > 100, "{} calls", steps.media.len());
    let (mut all, mut kept) = (Vec::new(), 0);
    for (number, media) in (1..).zip(&steps.media) {
        let mut promised = steps.promised.iter().rev();
        let promised = promised.find(|(told, _)| *told <= number);
        let ledger = promised.map(|(_, ledger)| ledger.clone());
        let ledger = ledger.unwrap_or_default();
        // A topic whose deletion is under way may be gone already.
        let excused = |lost: &String| number > steps.deleting && lost.contains("two");
        for subset in 0..subsets {
            let mut draws = rng.child(number as u64).child(subset);
            let mut left = media.clone();
            left.power_cut(|_| match draws.below(2) {
                0 => Fate::Old,
                _ => Fate::New,
            });
            let memory = Memory::new(left);
            let files = MemoryFiles::open(&memory, vec![(ROOT, ROOT.0.to_string())]);
            let lost = lost(&host, &ledger, Box::new(files.expect("a disk")), settings);
            let lost = lost.into_iter().filter(|lost| !excused(lost));
            all.extend(lost.map(|lost| (number, lost)));
            kept += ledger.acked.len();
        }
    }
    (all, kept)
}

#[test]
fn whatever_call_is_the_last_and_whatever_was_not_synced_is_lost_what_was_promised_is_there() {
    let subsets = std::env::var("OTTLA_TEST_SUBSETS").ok();
    let subsets = subsets.map_or(SUBSETS, |text| text.parse().expect("a number"));
    let (lost, kept) = lost_by_steps("steps", &[], subsets);
    assert!(
        lost.is_empty(),
        "{} lost: {:?}",
        lost.len(),
        &lost[..lost.len().min(20)]
    );
    assert!(kept > 0, "nothing had been promised");
}

#[test]
fn call_by_call_the_same_sees_records_lost_without_flush_on_ack() {
    let (lost, _) = lost_by_steps("unflushed-steps", &[("log.flush.on.ack", "false")], 1);
    let acked = |lost: &(usize, String)| lost.1.starts_with("acknowledged");
    assert!(lost.iter().any(acked), "{lost:?}");
    assert!(
        !lost.iter().any(|(_, lost)| lost.starts_with("topic ")),
        "{lost:?}"
    );
}
