//! The samples with which the codec is compared with others: every message in every version, as our own code writes it.
//!
//! In: the specs, from which the bytes are made without any code of the codec. Out: samples that the codec has read
//! and written again to the same bytes. The comparisons are this crate's tests.

#[path = "../../../core/protocol/tests/protocol/recode.rs"]
pub mod recode;

use ottla_generator::{Coverage, Message, Sampler, read_specs, workspace};
use recode::{Recoded, recode};

/// Enough that every field of every message is seen in every way that its spec allows.
pub const SAMPLES: u64 = 40;

/// A message in a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Kafka's name of the message.
    pub name: String,
    /// The version.
    pub version: i16,
}

/// One value of a message in a version.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Which message and version.
    pub place: Place,
    /// Its bytes.
    pub plain: Vec<u8>,
    /// Its bytes, with a tagged field that nobody knows in every struct of a flexible version.
    pub strange: Vec<u8>,
}

/// The specs of every message.
pub fn specs() -> Vec<Message> {
    read_specs(&workspace()).expect("the specs are in the repository")
}

/// Samples of every message and version; what no sample shows is a failure.
pub fn samples(specs: &[Message]) -> Vec<Sample> {
    let (mut samples, mut coverage) = (Vec::new(), Coverage::default());
    for message in specs {
        for version in message.coded().first..=message.coded().last {
            for number in 0..SAMPLES {
                let place = Place {
                    name: message.name.clone(),
                    version,
                };
                let mut sampler = Sampler::new(message, version, &mut coverage);
                let strange = sampler.sample(number, true);
                let plain = ours(&place, &sampler.sample(number, false));
                samples.push(Sample {
                    place,
                    plain,
                    strange,
                });
            }
        }
    }
    let missing = coverage.missing(specs);
    assert!(missing.is_empty(), "never seen: {missing:#?}");
    samples
}

/// What our codec makes of the bytes of a sample: the same.
fn ours(place: &Place, bytes: &[u8]) -> Vec<u8> {
    match recode(&place.name, place.version, bytes) {
        Recoded::Written(read, Ok(again)) if read == bytes.len() && again == bytes => again,
        other => panic!("{place:?}: {other:?} of {bytes:02x?}"),
    }
}
