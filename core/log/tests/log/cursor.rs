//! The scan: batches of every size through chunks of one size.

use bytes::Bytes;
use ottla_log::{Scan, Scanned};
use ottla_machine::{File, Rng, Switch};

use crate::world::plain;

/// Feeds a scan as a disk would and collects what it hands out.
fn scanned(bytes: &[u8], at: u64) -> (Vec<Bytes>, Scanned) {
    let mut scan = Scan::new(File(1), at, bytes.len() as u64, Switch::default());
    let mut batches = Vec::new();
    let mut chunks = std::collections::VecDeque::new();
    loop {
        chunks.extend(scan.ask());
        match scan.advance() {
            Scanned::Batch {
                position,
                bytes: batch,
                ..
            } => {
                let from = position as usize;
                assert_eq!(batch, &bytes[from..from + batch.len()]);
                assert_eq!(scan.position(), position + batch.len() as u64);
                batches.push(batch);
            }
            Scanned::Wait => {
                assert!(!scan.is_ready());
                chunks.extend(scan.ask());
                let (at, len) = chunks.pop_front().expect("a chunk was asked for");
                let (from, to) = (at as usize, at as usize + len as usize);
                scan.feed(Bytes::copy_from_slice(&bytes[from..to]));
            }
            end => {
                assert!(chunks.is_empty() || matches!(end, Scanned::Torn { .. }));
                return (batches, end);
            }
        }
    }
}

#[test]
fn every_batch_comes_whole_however_large() {
    let mut rng = Rng::new([1; 32]);
    for _ in 0..20 {
        let mut bytes = Vec::new();
        let mut starts = Vec::new();
        for _ in 0..rng.below(12) {
            let len = [3, 200, 60_000, 262_000, 262_100, 700_000][rng.below(6) as usize];
            starts.push(bytes.len());
            bytes.extend_from_slice(&plain(1, len + rng.below(99) as usize, 0));
        }
        let (batches, end) = scanned(&bytes, 0);
        assert_eq!((batches.len(), end), (starts.len(), Scanned::End));
        if let Some(third) = starts.get(2) {
            assert_eq!(scanned(&bytes, *third as u64).0.len(), starts.len() - 2);
        }
    }
}

#[test]
fn what_is_torn_is_found_where_it_lies() {
    let first = plain(2, 50, 0);
    let second = plain(1, 300_000, 0);
    let whole = [&first[..], &second[..]].concat();
    for cut in [1, 11, 16, 17, 60, 61, 62, 5_000, 262_144, 299_999] {
        let (batches, end) = scanned(&whole[..first.len() + cut], 0);
        assert_eq!(batches.len(), 1);
        assert!(
            matches!(end, Scanned::Torn { position, .. } if position == first.len() as u64),
            "{end:?}"
        );
    }
    let zeros = [&first[..], &[0; 700_000]].concat();
    assert!(
        matches!(scanned(&zeros, 0).1, Scanned::Torn { position, .. } if position == first.len() as u64)
    );
}
