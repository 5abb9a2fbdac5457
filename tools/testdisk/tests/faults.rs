//! What faults leave, is everything that may be left.

use std::collections::BTreeSet;

use bytes::Bytes;
use ottla_machine::{DiskOp, DiskOutput, Fault, File, Mode, Name, Rng};
use ottla_media::{Fate, Media, SECTOR, Unsynced};
use ottla_testdisk::{Disk, ROOT, fates};

const FILE: File = File(7);

/// A disk with one durable file of two old sectors, open.
fn disk() -> Disk {
    let mut disk = Disk::over(Media::new(1 << 20));
    disk.put("", "f", &[1; 1024]);
    let open = DiskOp::Open {
        dir: ROOT,
        name: Name::new("f").expect("a name"),
        file: FILE,
        mode: Mode::Write,
    };
    assert_eq!(disk.perform(open), Ok(DiskOutput::Opened { len: 1024 }));
    disk
}

fn write(disk: &mut Disk) -> Result<DiskOutput, Fault> {
    let bytes = vec![Bytes::from(vec![2; 1024])];
    let at = 0;
    disk.perform(DiskOp::Write {
        file: FILE,
        at,
        bytes,
    })
}

fn kinds(bytes: &[u8]) -> Vec<&'static str> {
    let kind = |sector: &[u8]| match (sector.first(), sector.last()) {
        (Some(1), Some(1)) => "old",
        (Some(2), Some(2)) => "new",
        _ => "torn",
    };
    bytes.chunks(SECTOR as usize).map(kind).collect()
}

#[test]
fn a_write_that_fails_leaves_any_subset_and_only_once() {
    for fault in [Fault::Broken, Fault::Full] {
        let mut disk = disk();
        let mut left = BTreeSet::new();
        for _ in 0..400 {
            disk.put("", "f", &[1; 1024]);
            disk.write_fails = Some((0, fault));
            let size = DiskOp::Space(ROOT);
            assert!(disk.perform(size).is_ok(), "it is no write");
            assert_eq!(write(&mut disk), Err(fault));
            left.insert(kinds(&disk.bytes("f").expect("there")));
            assert_eq!(write(&mut disk), Ok(DiskOutput::Done));
        }
        assert_eq!(left.len(), 9, "{left:?}");
    }
}

#[test]
fn a_sync_that_fails_leaves_the_cache_one_way_or_the_other_and_the_media_old() {
    let mut shown = BTreeSet::new();
    for syncs in 0..20 {
        let mut disk = disk();
        disk.sync_fails = Some((syncs, Fault::Broken));
        for _ in 0..syncs {
            let (node, covered) = disk.sync_begins(FILE);
            assert_eq!(disk.sync_ends(node, covered), Ok(DiskOutput::Done));
        }
        // What a failed sync leaves is drawn after what the failed writes before it left.
        for _ in 0..syncs {
            disk.write_fails = Some((0, Fault::Broken));
            assert_eq!(write(&mut disk), Err(Fault::Broken));
        }
        write(&mut disk).expect("room");
        let (node, covered) = disk.sync_begins(FILE);
        assert_eq!(disk.sync_ends(node, covered), Err(Fault::Broken));
        shown.insert(kinds(&disk.bytes("f").expect("there")));
        let (node, covered) = disk.sync_begins(FILE);
        assert_eq!(disk.sync_ends(node, covered), Ok(DiskOutput::Done));
        let left = Disk::over(disk.media.durable_image());
        assert_eq!(kinds(&left.bytes("f").expect("there")), ["old", "old"]);
    }
    assert_eq!(
        shown,
        BTreeSet::from([vec!["old", "old"], vec!["new", "new"]])
    );
}

#[test]
fn every_fate_is_drawn() {
    let mut rng = Rng::new([1; 32]);
    let node = disk().sync_begins(FILE).0;
    let length = Unsynced::Length {
        node,
        least: 3,
        most: 5,
    };
    for subset in 2..6 {
        let mut sectors = BTreeSet::new();
        let mut lengths = BTreeSet::new();
        let mut fate = fates(subset, &mut rng);
        for n in 0..2_000 {
            sectors.insert(match fate(Unsynced::Sector(node, n)) {
                Fate::Old => 0,
                Fate::New => 1,
                Fate::Earlier(_) => 2,
                Fate::Torn(_) => 3,
                Fate::TornFrom(_) => 4,
                Fate::Zero => 5,
                Fate::Garbage(_) => 6,
                Fate::Length(_) => panic!("a sector has none"),
            });
            if let Fate::Length(len) = fate(length) {
                lengths.insert(len);
            }
            assert!(matches!(fate(Unsynced::Names(n)), Fate::Old | Fate::New));
        }
        assert_eq!(sectors.len(), 7);
        assert_eq!(lengths, BTreeSet::from([3, 4, 5]));
    }
    assert_eq!(fates(0, &mut rng)(length), Fate::Old);
    assert_eq!(fates(1, &mut rng)(length), Fate::New);
}
