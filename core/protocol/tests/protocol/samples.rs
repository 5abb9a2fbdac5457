//! Every message in every version: what is read from a sample and written again is the sample.

use crate::recode::{Recoded, recode};
use crate::specs;
use ottla_generator::{Coverage, Sampler};
use ottla_protocol::DecodeError;

/// Enough that every field of every message is seen in every way that its spec allows.
const SAMPLES: u64 = 40;

/// Calls `check` with the name, version and number of every sample, and the sample without and with strange
/// tagged fields.
pub fn each(samples: u64, mut check: impl FnMut(&str, i16, u64, &[u8], &[u8])) -> Coverage {
    let mut coverage = Coverage::default();
    for message in &specs() {
        for version in message.coded().first..=message.coded().last {
            for number in 0..samples {
                let plain = Sampler::new(message, version, &mut coverage).sample(number, false);
                let strange = Sampler::new(message, version, &mut coverage).sample(number, true);
                check(&message.name, version, number, &plain, &strange);
            }
        }
    }
    coverage
}

fn written(name: &str, version: i16, bytes: &[u8]) -> Vec<u8> {
    match recode(name, version, bytes) {
        Recoded::Written(read, Ok(again)) => {
            assert_eq!(read, bytes.len(), "{name} {version}: bytes left over");
            again
        }
        other => panic!("{name} {version}: {other:?} of {bytes:02x?}"),
    }
}

#[test]
fn every_message_and_version_there_and_back() {
    let mut count = 0;
    let coverage = each(SAMPLES, |name, version, number, plain, strange| {
        count += 1;
        assert_eq!(
            written(name, version, plain),
            plain,
            "{name} {version}, sample {number}"
        );
        assert_eq!(
            written(name, version, strange),
            plain,
            "{name} {version}, sample {number} with strange tags"
        );
    });
    let messages = specs();
    let versions: usize = messages
        .iter()
        .map(|m| (m.coded().first..=m.coded().last).count())
        .sum();
    let missing = coverage.missing(&messages);
    println!(
        "{} messages, {versions} versions, {count} samples; {} ways that a field can be were seen, {} were not",
        messages.len(),
        coverage.len(),
        missing.len()
    );
    assert!(missing.is_empty(), "never seen: {missing:#?}");
}

#[test]
fn a_version_beyond_the_last_is_refused() {
    for message in &specs() {
        for version in [
            message.coded().first - 1,
            message.coded().last + 1,
            i16::MAX,
            i16::MIN,
        ] {
            let recoded = recode(&message.name, version, &[0; 64]);
            assert!(
                matches!(recoded, Recoded::Refused(DecodeError::Version { .. })),
                "{} {version}: {recoded:?}",
                message.name
            );
        }
    }
}
