//! Byte equality with codecs that we did not write: what ours writes, each of the others reads and writes again
//! to the same bytes, tagged fields that nobody knows included.
//!
//! Each test prints what it compared and what the other codec does not know.

mod java;
mod kafka_protocol;
mod kafka_wire;

use ottla_codectest::{Place, Sample};
use ottla_generator::{Message, workspace};
use std::collections::{BTreeMap, BTreeSet};

/// Where another codec is known to be wrong: its name, message and version, and how we know, a line each.
const DIFFERENCES: &str = "tools/codectest/differences.txt";

/// What came of bytes in another codec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Other {
    /// It does not know the message, or not this version.
    Unknown,
    /// It read them, and wrote these.
    Again(Vec<u8>),
    /// It could not read or write.
    Failed(String),
}

/// What was compared with one codec.
#[derive(Default)]
pub struct Ledger {
    compared: BTreeSet<Place>,
    unknown: BTreeSet<Place>,
    values: usize,
    wrong: BTreeMap<Place, String>,
}

impl Ledger {
    /// Notes what another codec made of bytes of ours.
    pub fn note(&mut self, place: &Place, bytes: &[u8], other: &Other) {
        match other {
            Other::Unknown => {
                self.unknown.insert(place.clone());
                return;
            }
            Other::Again(again) if again == bytes => {}
            wrong => {
                let example = format!("{wrong:02x?} of {bytes:02x?}");
                self.wrong.entry(place.clone()).or_insert(example);
            }
        }
        self.values += 1;
        self.compared.insert(place.clone());
    }

    /// Goes through all samples.
    pub fn all(samples: &[Sample], mut other: impl FnMut(&Place, &[u8]) -> Other) -> Ledger {
        let mut ledger = Ledger::default();
        for Sample {
            place,
            plain,
            strange,
        } in samples
        {
            ledger.note(place, plain, &other(place, plain));
            ledger.note(place, strange, &other(place, strange));
        }
        ledger
    }

    /// Prints what was compared, and fails if anything differed where it is not known to. What the other codec does
    /// not know is given back.
    pub fn settle(self, codec: &str, specs: &[Message]) -> BTreeSet<Place> {
        let names = |places: &BTreeSet<Place>| {
            let names: BTreeSet<&str> = places.iter().map(|place| place.name.as_str()).collect();
            names.len()
        };
        println!(
            "{codec}: {} of {} messages in {} of {} versions, {} values; it differs in {} versions",
            names(&self.compared),
            specs.len(),
            self.compared.len(),
            self.compared.union(&self.unknown).count(),
            self.values,
            self.wrong.len()
        );
        let words = |places: &mut dyn Iterator<Item = &Place>| -> String {
            let words: Vec<String> = places
                .map(|place| format!("{} {}", place.name, place.version))
                .collect();
            words.join(", ")
        };
        println!("{codec} does not know {}", words(&mut self.unknown.iter()));
        if !self.wrong.is_empty() {
            println!("{codec} differs in {}", words(&mut self.wrong.keys()));
        }
        assert!(self.values > 0, "{codec}: nothing was compared");
        let known = known_differences(codec);
        let news = self.wrong.iter().find(|(place, _)| !known.contains(place));
        assert_eq!(news, None, "{codec}");
        let gone: Vec<&Place> = known
            .iter()
            .filter(|place| !self.wrong.contains_key(place))
            .collect();
        assert!(gone.is_empty(), "{codec} differs no more in {gone:?}");
        self.unknown
    }
}

/// Where that codec is known to be wrong.
fn known_differences(codec: &str) -> BTreeSet<Place> {
    let text = std::fs::read_to_string(workspace().join(DIFFERENCES)).expect("the differences");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .filter_map(|line| line.strip_prefix(codec)?.strip_prefix(": "))
        .map(|line| {
            let mut words = line.split([' ', ',']);
            let name = words.next().expect("a message").to_owned();
            let version = words.next().and_then(|word| word.parse().ok());
            Place {
                name,
                version: version.expect("a version"),
            }
        })
        .collect()
}
