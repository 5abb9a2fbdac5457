//! What a crash of Kafka, or of ours, leaves lying around in a partition's directory.

use ottla_log::{LogConfig, Start};
use ottla_machine::{Offset, Rng};
use ottla_record::{ABORT, COMMIT};
use ottla_testdisk::Disk;

use crate::compacting::{marker, transactional};
use crate::world::{World, drop_file, empty, plain, put};

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

const METADATA: &[u8] = b"version: 0\ntopic_id: CQkJCQkJCQkJCQkJCQkJCQ";

const CLEAN: Start = Start::Clean {
    log_start: Offset(0),
};

/// Where an offset no longer fits the old segment's index.
const FAR: i64 = 3_000_000_000;

#[test]
fn a_segment_that_kafka_was_splitting_is_replaced_by_its_parts() {
    let parts = [
        transactional(1, 0, 0, &["a"]),
        transactional(1, 1, FAR, &["b"]),
    ];
    let active = transactional(1, 2, FAR + 9, &["c"]);
    let old = "t-0/00000000000000000000.log";
    let swaps = [0, FAR].map(|base| format!("t-0/{base:020}.log.swap"));
    // All of the parts are there; the old one is going; the first part has its name.
    for stage in 0..3 {
        let mut disk = empty();
        put(&mut disk, "t-0/partition.metadata", METADATA);
        put(&mut disk, &format!("t-0/{:020}.log", FAR + 9), &active);
        for (path, bytes) in swaps.iter().zip(&parts) {
            put(&mut disk, path, bytes);
            put(&mut disk, &path.replace(".log.", ".index."), b"");
        }
        match stage {
            0 => put(&mut disk, old, &parts.concat()),
            1 => put(&mut disk, &format!("{old}.deleted"), &parts.concat()),
            _ => {
                put(&mut disk, old, &parts[0]);
                drop_file(&mut disk, &swaps[0]);
            }
        }
        let mut rng = Rng::new([3; 32]).child(stage);
        for (steps, start) in (0..40).flat_map(|steps| [(steps, CLEAN), (steps, RECOVER)]) {
            let mut world = World::over(disk.clone(), config(), start, steps + 2);
            for _ in 0..steps {
                world.settle();
                world.perform();
            }
            let left = world.disk.cut(&mut rng);
            let mut world = World::opened(left, config(), RECOVER, steps + 2);
            let contents = world.contents();
            let bases: Vec<_> = contents.iter().map(|(base, _)| *base).collect();
            assert_eq!(bases, [0, FAR, FAR + 9], "stage {stage}, {steps} steps");
            assert_eq!(world.disk.bytes(old).as_ref(), Some(&parts[0]));
            let names = world.disk.names("t-0");
            assert!(!names.iter().any(|name| name.contains("swap")), "{names:?}");
        }
    }
}

#[test]
fn parts_of_a_split_that_are_not_all_there_are_given_up_before_what_says_so() {
    let (disk, contents) = filled();
    let cut = contents[0].1.len();
    let old = disk.bytes("t-0/00000000000000000000.log").expect("there");
    for cleaned in ["log.cleaned", "index.cleaned"] {
        let mut disk = disk.clone();
        put(&mut disk, &format!("t-0/{:020}.{cleaned}", 0), &old[..cut]);
        put(&mut disk, "t-0/00000000000000000001.log.swap", &old[cut..]);
        let mut rng = Rng::new([5; 32]);
        for steps in 0..60 {
            let mut world = World::over(disk.clone(), config(), RECOVER, steps + 2);
            for _ in 0..steps {
                world.settle();
                world.perform();
            }
            let left = world.disk.cut(&mut rng);
            let mut world = World::opened(left, config(), RECOVER, steps + 2);
            assert_eq!(world.contents(), contents, "{cleaned}, {steps} steps");
        }
    }
}

#[test]
fn an_index_of_aborted_transactions_that_was_still_to_be_named_is_believed() {
    let sealed = [
        transactional(2, 0, 0, &["a"]),
        marker(2, 1, ABORT),
        transactional(1, 0, 2, &["a"]),
        marker(1, 3, COMMIT),
    ];
    let mut disk = empty();
    put(&mut disk, "t-0/partition.metadata", METADATA);
    put(&mut disk, "t-0/00000000000000000000.log", &sealed.concat());
    let active = transactional(1, 1, 4, &["b"]);
    put(&mut disk, "t-0/00000000000000000004.log", &active);
    let from_batches = World::opened(disk, LogConfig::default(), RECOVER_ALL, 1);
    let mut disk = from_batches.disk.killed();
    let index = "t-0/00000000000000000000.txnindex";
    let bytes = disk.bytes(index).expect("written").to_vec();
    assert_eq!(bytes.len(), 34);
    drop_file(&mut disk, index);
    put(&mut disk, &format!("{index}.swap"), &bytes);
    for steps in 0..30 {
        let mut world = World::over(disk.clone(), LogConfig::default(), CLEAN, steps + 2);
        for _ in 0..steps {
            world.settle();
            world.perform();
        }
        let left = world.disk.cut(&mut Rng::new([6; 32]).child(steps));
        let world = World::opened(left, LogConfig::default(), CLEAN, steps + 2);
        let aborted = world.log.aborted(Offset(0), Offset(5));
        assert_eq!(aborted, [(2, 0)], "{steps} steps");
        assert_eq!(world.disk.bytes(index).as_deref(), Some(&bytes[..]));
    }
}

const RECOVER_ALL: Start = Start::Recover {
    from: Offset(0),
    log_start: Offset(0),
    show: false,
};
