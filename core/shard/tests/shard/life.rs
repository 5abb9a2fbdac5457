//! Topics come, go, and come again under the same name; directories that are nobody's; settings that change; what is kept and what goes.

use ottla_machine::{Fault, Part};
use ottla_media::Media;
use ottla_protocol::ErrorCode;
use ottla_shard::{Answer, ShardAsk};

use crate::cluster::Cluster;
use crate::disk::Disk;
use crate::world::{Setting, World, list, read_at};

#[test]
fn a_deleted_topic_answers_whoever_waits_and_leaves_no_directory() {
    for seed in 1..20 {
        let mut world = World::new(Setting::seed(seed));
        world.cluster.topic("t", 1, 3);
        let mut world = world.up();
        for index in 0..3 {
            world.produce(1, index, -1, &format!("soon gone {index}"));
        }
        world.run();
        let waiting = world.produce(1, 0, -1, "waits");
        for _ in 0..world.rng.below(4) {
            world.turn();
        }
        world.cluster.remove(1);
        world.follow();
        world.run();
        let told = world.told_producer(waiting).expect("W1: it is answered");
        assert!(
            matches!(
                told,
                Ok(3) | Ok(1) | Err(ErrorCode::UnknownTopicOrPartition)
            ),
            "seed {seed}: {told:?}"
        );
        assert_eq!(
            world.answer_read(read_at(1, 0, 0)).err(),
            Some(ErrorCode::UnknownTopicId)
        );
        let left = world.disk.names("");
        assert!(
            !left.iter().any(|name| name.starts_with("t-")),
            "seed {seed}: {left:?}"
        );
        assert!(world.stop(), "seed {seed}");
    }
}

#[test]
fn a_topic_recreated_at_once_under_its_name_is_another_one() {
    for seed in 1..40 {
        let mut world = World::new(Setting::seed(seed));
        world.cluster.topic("t", 1, 2);
        let mut world = world.up();
        for index in 0..2 {
            for n in 0..5 {
                world.produce(1, index, -1, &format!("first life {index} {n}"));
            }
        }
        world.run();
        world.pass(60_000); // its offsets stand in the checkpoints
        let mut id = 1;
        for round in 0..3 {
            world.cluster.remove(id);
            if world.rng.below(2) == 0 {
                world.follow();
                world.turn();
            }
            id += 1;
            world.cluster.topic("t", id, 2);
            world.follow();
            let ticket = world.produce(id, 0, -1, &format!("another life {round}"));
            for _ in 0..world.rng.below(30) {
                world.turn();
            }
            if round == 2 {
                world.run();
                let told = world.told_producer(ticket);
                assert_eq!(
                    told,
                    Some(Ok(0)),
                    "seed {seed}: {:?} {:?}",
                    world.notes,
                    world.offline
                );
            }
        }
        assert_eq!(
            world.all(id, 0),
            [(0, "another life 2".to_owned())],
            "seed {seed}"
        );
        assert_eq!(world.all(id, 1), [], "seed {seed}");
        assert_eq!(
            world.answer_read(read_at(1, 0, 0)).err(),
            Some(ErrorCode::UnknownTopicId)
        );
        // Nor does it take its predecessor's offsets from a checkpoint.
        let (media, cluster) = world.killed();
        let mut world = World::over(media, cluster, Setting::seed(seed + 100)).up();
        assert_eq!(
            world.all(id, 0),
            [(0, "another life 2".to_owned())],
            "seed {seed}"
        );
        assert!(world.stop());
        let left = world.disk.names("");
        let alone = left.iter().filter(|name| name.starts_with("t-0")).count();
        assert_eq!(alone, 1, "seed {seed}: {left:?}");
    }
}

/// The first life leaves a log start and a recovery point in the checkpoints; the second begins at 0 in segments of its own.
#[test]
fn a_stop_between_deletion_and_recreation_mixes_nothing_up() {
    for seed in 1..60 {
        let mut world = World::new(Setting::seed(seed));
        world.cluster.topic("t", 1, 1);
        world.cluster.config("t", "internal.segment.bytes", "100");
        world.cluster.config("t", "retention.ms", "1000");
        let mut world = world.up();
        for n in 0..8 {
            world.produce(1, 0, -1, &format!("first life {n}"));
            world.run();
        }
        world.pass(300_000);
        world.pass(60_000);
        let start = world
            .disk
            .bytes("log-start-offset-checkpoint")
            .expect("it is written");
        assert!(start.starts_with(b"0\n1\nt 0 "), "{start:?}");
        world.cluster.remove(1);
        world.cluster.topic("t", 2, 1);
        world.cluster.config("t", "internal.segment.bytes", "100");
        world.follow();
        for n in 0..5 {
            world.produce(2, 0, -1, &format!("second life {n}"));
            for _ in 0..world.rng.below(40) {
                world.turn();
            }
        }
        let sent: Vec<_> = world.sent.values().cloned().collect();
        let (media, cluster) = if seed % 2 == 0 {
            world.cut()
        } else {
            world.killed()
        };
        let mut world = World::over(media, cluster, Setting::seed(seed + 1000)).up();
        let all = world.all(2, 0);
        for (at, (offset, value)) in all.iter().enumerate() {
            let expected = format!("second life {at}");
            assert_eq!((*offset, value), (at as i64, &expected), "seed {seed}");
        }
        for sent in sent.iter().filter(|sent| sent.partition.topic_id.0[0] == 2) {
            if let Some(Ok(appended)) = sent.answer {
                assert!(
                    all.len() as i64 > appended.base_offset.0,
                    "seed {seed}: {sent:?}"
                );
            }
        }
    }
}

#[test]
fn directories_that_are_nobodys_are_left_alone() {
    let mut world = World::over(Media::new(1 << 30), Cluster::new(), Setting::default());
    let batch = crate::world::batch(
        &["a stranger's"],
        ottla_record::Compression::None,
        Default::default(),
        5,
    );
    world.disk.put("gone-0", "00000000000000000000.log", &batch);
    world.disk.put("t-0", "00000000000000000000.log", &batch);
    world.disk.put(
        "t-0",
        "partition.metadata",
        b"version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAZZ",
    );
    world.disk.put("lost+found", "x", b"x");
    world.disk.put("old-3.0123-stray", "x", b"x");
    world.disk.put("old-3.0123-delete", "x", b"x");
    world.cluster.topic("t", 1, 1);
    let mut world = world.up();
    let ticket = world.produce(1, 0, -1, "our own");
    world.run();
    assert_eq!(world.told_producer(ticket), Some(Ok(0)));
    let names = world.disk.names("");
    let stray: Vec<_> = names
        .iter()
        .filter(|name| name.starts_with("t-0."))
        .collect();
    assert!(
        matches!(&stray[..], [stray] if stray.ends_with("-stray")),
        "{names:?}"
    );
    let moved = world
        .disk
        .bytes(&format!("{}/00000000000000000000.log", stray[0]));
    assert_eq!(
        moved.as_deref(),
        Some(&batch[..]),
        "a stranger's records are not touched"
    );
    for kept in ["gone-0", "lost+found", "old-3.0123-stray", "t-0"] {
        assert!(names.contains(&kept.to_owned()), "{kept}: {names:?}");
    }
    assert!(
        !names.contains(&"old-3.0123-delete".to_owned()),
        "its deletion is committed"
    );
    assert!(
        world
            .notes
            .iter()
            .any(|(_, text)| text.contains("lost+found"))
    );
    let strays = world.notes.iter().map(|(_, text)| text);
    let strays: Vec<_> = strays.filter(|text| text.contains("claims 1 of")).collect();
    assert!(
        matches!(&strays[..], [text] if text.contains("gone-0")),
        "{strays:?}"
    );
}

#[test]
fn a_directory_made_just_before_a_crash_is_taken_over() {
    let mut cluster = Cluster::new();
    cluster.topic("t", 1, 1);
    let mut world = World::over(Media::new(1 << 30), cluster, Setting::default());
    world.disk.put("t-0", "partition.metadata.tmp", b"vers");
    let mut world = world.up();
    world.produce(1, 0, -1, "first");
    world.run();
    assert_eq!(world.all(1, 0).len(), 1);
    let names = world.disk.names("");
    assert!(
        !names.iter().any(|name| name.ends_with("-stray")),
        "{names:?}"
    );
    assert!(
        world
            .disk
            .names("t-0")
            .contains(&"partition.metadata".to_owned())
    );
}

#[test]
fn retention_takes_old_segments_but_never_those_of_a_topic_that_is_only_compacted() {
    let mut world = World::new(Setting::default());
    for (name, id, policy) in [
        ("deleted", 1, "delete"),
        ("compacted", 2, "compact"),
        ("both", 3, "compact,delete"),
    ] {
        world.cluster.topic(name, id, 1);
        world.cluster.config(name, "cleanup.policy", policy);
        // Nor compacted here, however dirty.
        world.cluster.config(name, "min.cleanable.dirty.ratio", "1");
        world.cluster.config(name, "retention.ms", "10000");
        world.cluster.config(name, "internal.segment.bytes", "300");
    }
    let mut world = world.up();
    for n in 0..12 {
        for id in 1..4 {
            world.produce(id, 0, -1, &format!("aging-{n:02}"));
        }
        world.run();
    }
    let earliest = |world: &mut World, id| match world.question(id, 0, list(-2)) {
        Answer::Offset { offset, .. } => offset.0,
        other => panic!("{other:?}"),
    };
    world.pass(300_000);
    world.pass(300_000);
    assert!(earliest(&mut world, 1) > 0);
    assert_eq!(earliest(&mut world, 2), 0);
    assert!(earliest(&mut world, 3) > 0);
    assert_eq!(world.all(2, 0).len(), 12);
    // The start survives, and so does what is there.
    let before = earliest(&mut world, 1);
    assert!(world.stop());
    let (media, cluster) = world.killed();
    let mut world = World::over(media, cluster, Setting::clean(1)).up();
    assert_eq!(earliest(&mut world, 1), before);
    let ticket = world.produce(1, 0, -1, "goes on");
    world.run();
    assert_eq!(world.told_producer(ticket), Some(Ok(12)));
}

#[test]
fn another_setting_holds_for_the_next_append() {
    let mut world = World::new(Setting::default());
    world.cluster.topic("t", 1, 1);
    let mut world = world.up();
    let large = "large".repeat(100);
    let ticket = world.produce(1, 0, -1, &large);
    world.cluster.config("t", "max.message.bytes", "200");
    world.follow();
    let refused = world.produce(1, 0, -1, &large);
    world.run();
    assert_eq!(world.told_producer(ticket), Some(Ok(0)));
    assert_eq!(
        world.told_producer(refused),
        Some(Err(ErrorCode::MessageTooLarge))
    );
}

#[test]
fn a_name_that_waits_for_a_checkpoint_without_room_waits_a_second() {
    let mut world = World::new(Setting::default());
    world.cluster.topic("t", 1, 1);
    let mut world = world.up();
    world.produce(1, 0, -1, "first");
    world.run();
    world.pass(60_000);
    world.cluster.remove(1);
    world.cluster.topic("t", 2, 1);
    world.disk.write_fails = Some((0, Fault::Full));
    world.follow();
    world.run();
    assert_eq!(world.disk.write_fails, None, "the checkpoint had no room");
    let ticket = world.produce(2, 0, -1, "second");
    world.run();
    assert_eq!(world.told_producer(ticket), None);
    world.pass(1_000);
    assert_eq!(world.told_producer(ticket), Some(Ok(0)));
}

/// What a clean stop had made durable is not as it was: that partition is not served, and its files are left alone until its topic goes.
#[test]
fn a_damaged_log_is_refused_and_the_others_are_served() {
    let mut world = World::new(Setting::default());
    world.cluster.topic("t", 1, 2);
    let mut world = world.up();
    for index in 0..2 {
        world.produce(1, index, -1, "durable");
    }
    world.run();
    assert!(world.stop());
    let (media, cluster) = world.killed();
    let mut disk = Disk::over(media);
    let path = "t-0/00000000000000000000.log";
    let mut bytes = disk.bytes(path).expect("there").to_vec();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    disk.put("t-0", "00000000000000000000.log", &bytes);
    let mut media = disk.media;
    for clean in [true, true, false] {
        let setting = Setting {
            clean,
            ..Setting::default()
        };
        let mut world = World::over(media, cluster.clone(), setting).up();
        assert_eq!(world.offline, Vec::<String>::new());
        let refused = world.answer_read(read_at(1, 0, 0));
        assert_eq!(refused.err(), Some(ErrorCode::KafkaStorageError));
        let ticket = world.produce(1, 0, -1, "not taken");
        world.run();
        let told = world.told_producer(ticket);
        assert_eq!(told, Some(Err(ErrorCode::KafkaStorageError)));
        assert_eq!(world.all(1, 1).len(), 1);
        assert_eq!(world.disk.bytes(path).as_deref(), Some(&bytes[..]));
        assert_eq!(world.stop(), clean, "what was not recovered is not clean");
        media = world.killed().0;
    }
    let mut world = World::over(media, cluster, Setting::default()).up();
    world.cluster.remove(1);
    world.cluster.topic("t", 2, 1);
    world.follow();
    let ticket = world.produce(2, 0, -1, "anew");
    world.run();
    assert_eq!(world.told_producer(ticket), Some(Ok(0)));
    assert_eq!(world.all(2, 0), [(0, "anew".to_owned())]);
}

/// A fetch over several partitions holds ranges that it found early while it waits for the rest.
#[test]
fn a_file_that_went_is_closed_behind_the_reads_that_may_name_it() {
    for deleted in [false, true] {
        let mut world = World::new(Setting::default());
        world.cluster.topic("t", 1, 1);
        world.cluster.config("t", "retention.ms", "1000");
        let mut world = world.up();
        let large = "large ".repeat(2_000);
        world.produce(1, 0, -1, &large);
        world.run();
        assert!(world.stop());
        let (media, cluster) = world.killed();
        let mut world = World::over(media, cluster, Setting::clean(1)).up();
        let asked = world.now.mono;
        let read = world.answer_read(read_at(1, 0, 0)).expect("it is there");
        let whole = world.bytes(&read.records);
        let is_range = |part: &Part| matches!(part, Part::File { .. });
        assert!(read.records.0.iter().any(is_range));
        world.pass(10);
        if deleted {
            world.cluster.remove(1);
            world.follow();
            world.run();
        } else {
            world.pass(300_000);
            world.pass(300_000);
            assert_eq!(world.all(1, 0), []);
        }
        world.ask(ShardAsk::ReadsSince(asked));
        world.run();
        assert!(world.shard.holds_files());
        assert_eq!(world.bytes(&read.records), whole);
        world.pass(1);
        world.ask(ShardAsk::ReadsSince(world.now.mono));
        world.run();
        assert!(!world.shard.holds_files());
        assert!(world.stop());
    }
}

/// With `log.flush.on.ack=false` a file may be deleted that was never synced: nobody syncs it afterwards.
#[test]
fn what_retention_has_deleted_is_not_synced_any_more() {
    for seed in 1..20 {
        let mut world = World::new(Setting {
            flush_on_ack: false,
            ..Setting::seed(seed)
        });
        world.cluster.topic("t", 1, 1);
        world.cluster.config("t", "retention.ms", "1000");
        let mut world = world.up();
        for n in 0..3 {
            world.produce(1, 0, 1, &format!("old {n}"));
            world.run();
        }
        world.pass(300_000);
        world.pass(300_000);
        assert_eq!(world.all(1, 0), [], "seed {seed}: all are deleted");
        let ticket = world.produce(1, 0, 1, "new");
        world.run();
        assert_eq!(world.offline, Vec::<String>::new(), "seed {seed}");
        assert_eq!(world.told_producer(ticket), Some(Ok(3)), "seed {seed}");
        assert!(world.stop(), "seed {seed}");
    }
}

#[test]
fn a_stop_while_logs_are_being_opened_says_nothing_of_them() {
    let mut world = World::new(Setting::default());
    world.cluster.topic("t", 1, 2);
    world.cluster.config("t", "internal.segment.bytes", "100");
    world.cluster.config("t", "retention.ms", "1000");
    let mut world = world.up();
    for n in 0..8 {
        world.produce(1, n % 2, -1, &format!("value {n}"));
        world.run();
    }
    world.pass(300_000);
    world.pass(300_000);
    assert!(world.stop());
    let (media, cluster) = world.killed();
    let names = [
        "recovery-point-offset-checkpoint",
        "replication-offset-checkpoint",
        "log-start-offset-checkpoint",
    ];
    for turns in 0..40 {
        for clean in [true, false] {
            let setting = Setting {
                clean,
                ..Setting::default()
            };
            let mut world = World::over(media.clone(), cluster.clone(), setting);
            let before = names.map(|name| world.disk.bytes(name).expect("it is written"));
            world.run();
            world.follow();
            for _ in 0..turns {
                world.turn();
            }
            world.stop();
            let after = names.map(|name| world.disk.bytes(name).expect("it is there"));
            assert_eq!(after, before, "{turns} turns, {clean}");
        }
    }
}

#[test]
fn transactions_that_nobody_can_end_are_told_once_when_all_is_open() {
    let open = |producer_id: i64| ottla_record::BuilderSettings {
        producer_id,
        producer_epoch: 0,
        base_sequence: 0,
        transactional: true,
        ..Default::default()
    };
    let mut cluster = Cluster::new();
    cluster.topic("t", 1, 3);
    let mut world = World::over(Media::new(1 << 30), cluster, Setting::default()).up();
    for index in 0..3 {
        world.produce(1, index, -1, "before");
    }
    world.run();
    let (media, cluster) = world.killed();
    let mut disk = Disk::over(media);
    for (name, producer_id) in [("t-0", Some(7)), ("t-1", None), ("t-2", Some(9))] {
        let log = "00000000000000000000.log";
        let settings = ottla_record::BuilderSettings {
            base_offset: 1,
            ..producer_id.map(open).unwrap_or_default()
        };
        let more = crate::world::batch(&["open"], ottla_record::Compression::None, settings, 5);
        let bytes = [disk.bytes(&format!("{name}/{log}")).expect("there"), more].concat();
        disk.put(name, log, &bytes);
    }
    let mut world = World::over(disk.media, cluster, Setting::default()).up();
    for index in 0..3 {
        world
            .answer_read(read_at(1, index, 0))
            .expect("it is served");
    }
    world.pass(60_000);
    world.run();
    let told: Vec<_> = world
        .notes
        .iter()
        .map(|(_, text)| text)
        .filter(|text| text.contains("transaction"))
        .collect();
    assert!(
        matches!(&told[..], [text] if text.contains("in 2 of the partitions (t-0 from offset 1, t-2 from offset 1)")),
        "{told:?}"
    );
}
