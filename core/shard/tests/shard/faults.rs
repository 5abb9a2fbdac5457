//! Disks that fail and disks that are full.

use ottla_machine::{DiskOp, Fault};
use ottla_media::Media;
use ottla_protocol::ErrorCode;
use ottla_shard::Answer;

use crate::cluster::Cluster;
use crate::world::{Setting, World, list, read_at, watching};

#[test]
fn a_failed_sync_takes_the_directory_offline_and_is_never_repeated() {
    for seed in 1..20 {
        let mut world = World::new(Setting::seed(seed));
        world.cluster.topic("t", 1, 3);
        let mut world = world.up();
        for index in 0..3 {
            world.produce(1, index, -1, &format!("before-{index}"));
        }
        world.run();
        let (read, key) = watching(read_at(1, 2, 1), 1);
        world.answer_read(read).expect("an answer");
        world.disk.sync_fails = Some((0, Fault::Broken));
        let syncs = world.disk.syncs;
        let tickets: Vec<_> = (0..2)
            .map(|index| world.produce(1, index, -1, &format!("lost-{index}")))
            .collect();
        world.run();
        assert_eq!(world.offline.len(), 1, "seed {seed}: told once");
        let told: Vec<_> = tickets
            .iter()
            .map(|ticket| world.told_producer(*ticket))
            .collect();
        assert!(
            told.contains(&Some(Err(ErrorCode::KafkaStorageError))),
            "seed {seed}: {told:?}"
        );
        assert!(
            told.iter().all(Option::is_some),
            "seed {seed}: nobody waits for a dead disk: {told:?}"
        );
        assert_eq!(
            world.ready,
            [key],
            "whoever watches is told that nothing is as it was"
        );
        assert!(
            world.disk.syncs <= syncs + 2,
            "H3: at most the one that was in flight besides"
        );
        // Everybody is refused at once, and nothing is emitted for it again.
        let syncs = world.disk.syncs;
        let ticket = world.produce(1, 1, 1, "refused");
        world.settle();
        assert_eq!(
            world.told_producer(ticket),
            Some(Err(ErrorCode::KafkaStorageError))
        );
        assert_eq!(
            world.answer_read(read_at(1, 0, 0)).err(),
            Some(ErrorCode::KafkaStorageError)
        );
        let Answer::Refused(refused) = world.question(1, 2, list(-1)) else {
            panic!("refused")
        };
        assert_eq!(refused.error, ErrorCode::KafkaStorageError);
        world.pass(120_000);
        assert_eq!(world.disk.syncs, syncs);
        assert!(!world.stop(), "such a stop is not clean");
    }
}

#[test]
fn a_full_disk_refuses_stays_readable_and_heals() {
    for seed in 1..20 {
        let mut world = World::over(Media::new(220_000), Cluster::new(), Setting::seed(seed));
        world.cluster.topic("t", 1, 1);
        let mut world = world.up();
        let big = "x".repeat(10_000);
        let mut acknowledged = Vec::new();
        let mut refused = 0;
        for n in 0..40 {
            let value = format!("{n:02}-{big}");
            let ticket = world.produce(1, 0, if n % 2 == 0 { -1 } else { 1 }, &value);
            let read = world.read(read_at(1, 0, acknowledged.len() as i64));
            world.run();
            let answer = world.answers.remove(&read);
            assert!(
                matches!(answer, Some(Answer::Read(_))),
                "seed {seed}: it waits for what was undone"
            );
            match world.told_producer(ticket) {
                Some(Ok(offset)) => acknowledged.push((offset, value)),
                Some(Err(ErrorCode::KafkaStorageError)) => refused += 1,
                other => panic!("seed {seed}: {other:?}"),
            }
        }
        assert!(refused > 0 && !acknowledged.is_empty(), "seed {seed}");
        assert!(world.offline.is_empty(), "a full disk is not a broken one");
        assert_eq!(world.all(1, 0), acknowledged, "seed {seed}");
        world.disk.media.resize(1 << 30);
        let ticket = world.produce(1, 0, -1, "there is room again");
        world.run();
        let next = acknowledged.len() as i64;
        assert_eq!(
            world.told_producer(ticket),
            Some(Ok(next)),
            "seed {seed}: its offset was never given away"
        );
        acknowledged.push((next, "there is room again".to_owned()));
        // What lay behind the end when the disk was full must not come back.
        let (media, cluster) = world.killed();
        let mut world = World::over(media, cluster, Setting::seed(seed)).up();
        assert_eq!(world.all(1, 0), acknowledged, "seed {seed}");
    }
}

#[test]
fn a_directory_that_cannot_be_read_at_start_is_offline_and_nobody_waits() {
    let mut cluster = Cluster::new();
    cluster.topic("t", 1, 1);
    let mut world = World::over(Media::new(1 << 30), cluster, Setting::default());
    world.disk.put("t-0", "partition.metadata", b"junk");
    world.run();
    world.follow();
    let ticket = world.produce(1, 0, -1, "nowhere to go");
    let read = world.read(read_at(1, 0, 0));
    world.run();
    assert_eq!(
        world.told_producer(ticket),
        Some(Err(ErrorCode::KafkaStorageError))
    );
    assert!(
        matches!(&world.answers[&read], Answer::Refused(refused) if refused.error == ErrorCode::KafkaStorageError)
    );
    assert_eq!(
        world.disk.bytes("t-0/partition.metadata").as_deref(),
        Some(&b"junk"[..]),
        "it is left as it was"
    );
    assert!(
        world
            .notes
            .iter()
            .any(|(_, text)| text.contains("partition.metadata"))
    );
}

#[test]
fn junk_in_a_checkpoint_is_taken_as_absence() {
    let mut world = World::new(Setting::default());
    world.cluster.topic("t", 1, 1);
    let mut world = world.up();
    world.produce(1, 0, -1, "kept");
    world.run();
    world.stop();
    let (media, cluster) = world.killed();
    let mut world = World::over(media, cluster, Setting::default());
    world
        .disk
        .put("", "recovery-point-offset-checkpoint", b"0\n9\nt 0 5\n");
    let mut world = world.up();
    assert_eq!(world.all(1, 0), [(0, "kept".to_owned())]);
    assert!(
        world
            .notes
            .iter()
            .any(|(_, text)| text.contains("recovery-point"))
    );
    assert!(!world.issued().any(|op| matches!(op, DiskOp::Remove { .. })));
    assert!(world.stop());
    let text = world
        .disk
        .bytes("recovery-point-offset-checkpoint")
        .expect("it is written anew");
    assert_eq!(&text[..], b"0\n1\nt 0 1\n");
}

#[test]
fn a_log_that_finds_no_room_while_it_opens_waits_alone() {
    let mut world = World::new(Setting::default());
    world.cluster.topic("t", 1, 4);
    world.cluster.topic("gone", 2, 1);
    let mut world = world.up();
    for index in 0..4 {
        world.produce(1, index, -1, &format!("kept-{index}"));
    }
    world.produce(2, 0, -1, "not kept");
    world.run();
    let (media, cluster) = world.killed();
    let (mut refused, mut removed) = (0, 0);
    for at in 0.. {
        let mut world = World::over(media.clone(), cluster.clone(), Setting::seed(at + 1));
        let fault = [Fault::Full, Fault::Busy][at as usize % 2];
        world.disk.fails = Some((at, fault));
        let mut world = world.up();
        if world.disk.fails.is_some() {
            break;
        }
        // Who waits is not waited for: the others are open.
        let waits = |world: &mut World, id: u8, index: i32| {
            let ticket = world.read(read_at(id, index, 0));
            world.run();
            !world.answers.contains_key(&ticket)
        };
        let waiting = (0..4).filter(|index| waits(&mut world, 1, *index)).count();
        let going = waits(&mut world, 2, 0);
        assert!(
            fault == Fault::Busy || waiting + usize::from(going) < 2,
            "at {at}: {waiting}"
        );
        refused += waiting;
        removed += usize::from(going);
        // A topic that is deleted meanwhile goes all the same.
        world.cluster.remove(2);
        world.follow();
        world.pass(1_000);
        world.pass(1_000);
        for index in 0..4 {
            assert_eq!(
                world.all(1, index),
                [(0, format!("kept-{index}"))],
                "at {at}"
            );
        }
        assert!(world.offline.is_empty(), "at {at}: {:?}", world.offline);
        let there: Vec<_> = world
            .disk
            .names("")
            .into_iter()
            .filter(|name| name.starts_with("gone"))
            .collect();
        assert_eq!(there, Vec::<String>::new(), "at {at}");
    }
    assert!(refused > 4 && removed > 1, "{refused} {removed}");
}

#[test]
fn a_save_that_began_before_a_stop_and_finds_no_room_does_not_make_it_unclean() {
    let (mut early, mut at) = (0, 0);
    loop {
        let mut world = World::new(Setting::default());
        world.cluster.topic("t", 1, 1);
        let mut world = world.up();
        world.produce(1, 0, -1, "kept");
        world.run();
        // The checkpoints fall due, the first operation of their save is issued, and then the stop comes.
        world.now = crate::world::at(world.now.wall.0 + 61_000);
        world.settle();
        world.settle();
        let saving = |op: &DiskOp| matches!(op, DiskOp::Open { name, .. } if name.as_str().starts_with("recovery"));
        early += usize::from(world.issued().any(saving));
        world.disk.fails = Some((at, Fault::Full));
        let clean = world.stop();
        if world.disk.fails.is_some() {
            assert!(clean, "nothing failed");
            break;
        }
        assert!(at > 0 || clean, "what failed was not the stop's own");
        at += 1;
    }
    assert!(early > 0 && at > 5, "{early} {at}");
}
