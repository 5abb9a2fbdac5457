//! What a crash of Kafka, or of ours, leaves lying around in a partition's directory.

use ottla_log::{LogConfig, Start};
use ottla_machine::{Offset, Rng};
use ottla_testdisk::Disk;

use crate::world::{World, drop_file, plain, put};

fn config() -> LogConfig {
    LogConfig {
        segment_bytes: plain(1, 100, 0).len() as u64 * 3,
        compact: true,
        ..LogConfig::default()
    }
}

const RECOVER: Start = Start::Recover {
    from: Offset(8),
    log_start: Offset(0),
    show: false,
};

/// Four segments: 0, 3, 6, 9.
fn filled() -> (Disk, Vec<(i64, Vec<u8>)>) {
    let mut world = World::new(config());
    for i in 0..10 {
        world
            .append(plain(1, 100, 990_000 + i), 0)
            .expect("appended");
    }
    world.run();
    let contents = world.contents();
    (world.disk.killed(), contents)
}

#[test]
fn what_was_given_up_is_removed_and_strangers_stay() {
    let (mut disk, contents) = filled();
    let junk = [
        "00000000000000000000.log.deleted",
        "00000000000000000000.index.deleted",
        "00000000000000000003.log.cleaned",
        "00000000000000000003.timeindex.cleaned",
        "00000000000000000003.index.swap",
        "00000000000000000042.index",
        "00000000000000000042.timeindex",
        "00000000000000000042.txnindex",
        "leader-epoch-checkpoint.tmp",
        "00000000000000000003.index.tmp",
    ];
    let strangers = [
        "notes.txt",
        "7.log",
        "00000000000000000000-0000000000.checkpoint",
    ];
    for name in junk.iter().chain(&strangers) {
        put(&mut disk, &format!("t-0/{name}"), b"what is this");
    }
    for seed in 1..10 {
        let mut world = World::opened(disk.clone(), config(), RECOVER, seed);
        assert_eq!(world.contents(), contents);
        let names = world.disk.names("t-0");
        assert!(
            junk.iter().all(|name| !names.contains(&(*name).to_owned())),
            "{names:?}"
        );
        assert!(
            strangers
                .iter()
                .all(|name| names.contains(&(*name).to_owned())),
            "{names:?}"
        );
    }
}

#[test]
fn indexes_of_a_segment_that_is_gone_do_not_keep_the_log_shut() {
    let (mut disk, contents) = filled();
    let left = ["index", "timeindex", "txnindex"].map(|suffix| format!("t-0/{:020}.{suffix}", 0));
    // A power cut may take a segment's name away and leave its indexes.
    drop_file(&mut disk, &format!("t-0/{:020}.log", 0));
    for path in &left {
        put(&mut disk, path, &[1; 24]);
    }
    for seed in 1..10 {
        let mut world = World::opened(disk.clone(), config(), RECOVER, seed);
        assert_eq!(world.contents(), contents[3..]);
        assert!(left.iter().all(|path| world.disk.bytes(path).is_none()));
    }
}

/// A compacted segment 0 that takes the place of 0, 3 and 6: of their nine batches every third is left.
fn compacted(contents: &[(i64, Vec<u8>)]) -> (Vec<u8>, Vec<(i64, Vec<u8>)>) {
    let kept: Vec<_> = contents
        .iter()
        .filter(|(base, _)| base % 3 == 2 || *base == 9)
        .cloned()
        .collect();
    let bytes = kept
        .iter()
        .take(3)
        .flat_map(|(_, bytes)| bytes.clone())
        .collect();
    (bytes, kept)
}

#[test]
fn a_compacted_segment_is_put_in_place_when_its_sources_have_begun_to_go() {
    let (disk, contents) = filled();
    let (swap, kept) = compacted(&contents);
    // Kafka takes the old ones away oldest first.
    for gone in 0..=3 {
        let mut disk = disk.clone();
        put(&mut disk, "t-0/00000000000000000000.log.swap", &swap);
        for base in [0, 3, 6].iter().take(gone) {
            let path = format!("t-0/{base:020}.log");
            let bytes = disk.bytes(&path).expect("there").to_vec();
            put(&mut disk, &format!("{path}.deleted"), &bytes);
            drop_file(&mut disk, &path);
        }
        let expected = if gone == 0 { &contents } else { &kept };
        let mut rng = Rng::new([2; 32]).child(gone as u64);
        for steps in 0..40 {
            // And if the opening is cut short, the next one finds the same.
            let mut world = World::over(disk.clone(), config(), RECOVER, steps + 2);
            for _ in 0..steps {
                world.settle();
                world.perform();
            }
            let left = world.disk.cut(&mut rng);
            let mut world = World::opened(left, config(), RECOVER, steps + 2);
            assert_eq!(&world.contents(), expected, "{gone} gone, {steps} steps");
        }
    }
}

#[test]
fn a_swap_beside_an_unfinished_cleaning_is_given_up() {
    let (mut disk, contents) = filled();
    let (swap, _) = compacted(&contents);
    put(
        &mut disk,
        "t-0/00000000000000000000.log.cleaned",
        &swap[..10],
    );
    put(&mut disk, "t-0/00000000000000000004.log.swap", &swap);
    let mut world = World::opened(disk, config(), RECOVER, 1);
    assert_eq!(world.contents(), contents);
    let names = world.disk.names("t-0");
    assert!(
        !names
            .iter()
            .any(|name| name.contains("swap") || name.contains("cleaned"))
    );
}
