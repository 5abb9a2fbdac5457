//! Bytes made to hurt: no panic, every cut is noticed, and memory stays within a constant times the bytes.

use crate::recode::{Recoded, recode};
use crate::samples::each;
use crate::specs;
use ottla_protocol::{Reader, RequestHeader};
use std::collections::BTreeMap;

/// The most memory that a message may take for each of its bytes: an element is larger in memory than on the
/// wire, by most where it is a struct of empty strings and empty arrays.
const MEMORY_PER_BYTE: u64 = 32;

/// What decoding may take besides: a first small allocation of each vector.
const MEMORY_BESIDES: u64 = 1_024;

/// Decodes, and holds the memory against the bytes.
fn bounded(name: &str, version: i16, bytes: &[u8], worst: &mut u64) -> bool {
    let mut refused = false;
    let memory = allocation_counter::measure(|| {
        refused = matches!(recode(name, version, bytes), Recoded::Refused(_))
    });
    let most = MEMORY_BESIDES + MEMORY_PER_BYTE * bytes.len() as u64;
    assert!(
        memory.bytes_max <= most,
        "{name} {version}: {memory:?} for {} bytes",
        bytes.len()
    );
    *worst =
        (*worst).max(memory.bytes_max.saturating_sub(MEMORY_BESIDES) / bytes.len().max(1) as u64);
    refused
}

#[test]
fn every_cut_is_noticed() {
    let mut cuts = 0;
    each(2, |name, version, number, _, bytes| {
        for end in 0..bytes.len() {
            cuts += 1;
            let recoded = recode(name, version, &bytes[..end]);
            assert!(
                matches!(recoded, Recoded::Refused(_)),
                "{name} {version}, sample {number} cut at {end}: {recoded:?}"
            );
        }
    });
    println!("{cuts} cuts, all noticed");
    assert!(cuts > 0);
}

#[test]
fn counts_that_lie_cost_nothing() {
    let compact: [&[u8]; 2] = [
        &[0xff, 0xff, 0xff, 0xff, 0x0f],
        &[0xff, 0xff, 0xff, 0xff, 0x07],
    ];
    let wide: [&[u8]; 3] = [
        &[0x7f, 0xff, 0xff, 0xff],
        &[0x7f, 0xff],
        &[0x80, 0x00, 0x00, 0x00],
    ];
    let first_flexible: BTreeMap<String, i16> = specs()
        .into_iter()
        .filter(|message| !message.flexible.is_empty())
        .map(|message| (message.name, message.flexible.first))
        .collect();
    let (mut tried, mut worst) = (0, 0);
    each(1, |name, version, _, _, bytes| {
        let flexible = first_flexible
            .get(name)
            .is_some_and(|first| version >= *first);
        let lies = if flexible { &compact[..] } else { &wide[..] };
        for at in 0..bytes.len() {
            for lie in lies {
                let mut bytes = bytes.to_vec();
                let end = bytes.len().min(at + lie.len());
                bytes[at..end].copy_from_slice(&lie[..end - at]);
                bounded(name, version, &bytes, &mut worst);
                tried += 1;
            }
        }
    });
    println!("{tried} lies, at worst {worst} bytes of memory for a byte");
    assert!(tried > 0);
}

#[test]
fn many_small_elements_stay_within_the_bound() {
    // After any beginning of a sample, a count that the rest can just hold, and a rest of the smallest elements.
    let (mut tried, mut worst) = (0, 0);
    each(2, |name, version, _, bytes, _| {
        for at in 0..bytes.len().min(64) {
            for filling in [0u8, 1] {
                for count in [&[0x00, 0x00, 0x01, 0x00][..], &[0x81, 0x02], &[0x81, 0x08]] {
                    let mut bytes = bytes[..at].to_vec();
                    bytes.extend(count);
                    bytes.resize(at + 2_048, filling);
                    bounded(name, version, &bytes, &mut worst);
                    tried += 1;
                }
            }
        }
    });
    println!("{tried} fillings, at worst {worst} bytes of memory for a byte");
    assert!(worst > 0, "nothing was tried that takes memory");
}

#[test]
fn noise_is_refused_or_read_but_never_hurts() {
    let mut state = 0x1234_5678_9abc_def0u64;
    let mut draw = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let (mut refused, mut tried, mut worst) = (0, 0, 0);
    each(20, |name, version, _, plain, _| {
        let noise: Vec<u8> = (0..draw() % 200).map(|_| draw() as u8).collect();
        let mut flipped = plain.to_vec();
        if !flipped.is_empty() {
            let at = draw() as usize % flipped.len();
            flipped[at] ^= 1 << (draw() % 8);
        }
        for bytes in [&noise, &flipped] {
            tried += 1;
            refused += u64::from(bounded(name, version, bytes, &mut worst));
        }
    });
    println!("{refused} of {tried} refused, at worst {worst} bytes of memory for a byte");
    assert!(refused > 0 && refused < tried);
}

#[test]
fn headers_of_noise() {
    for length in 0..64 {
        for byte in 0..=255u8 {
            let _ = RequestHeader::read(&mut Reader::new(&vec![byte; length]));
        }
    }
    assert!(RequestHeader::read(&mut Reader::new(&[0, 99, 0, 0, 0, 0, 0, 0, 0, 0])).is_err());
}
