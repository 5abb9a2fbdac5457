//! Stops of every kind at every moment, and what the next life shows.

use std::collections::BTreeMap;

use ottla_media::{Fate, Media};

use crate::cluster::Cluster;
use crate::world::{Sent, Setting, World};

/// A life under load that ends in the middle of something: what was sent, the disk, the metadata.
fn life(mut world: World, life: u64, power: bool) -> (Vec<Sent>, Media, Cluster) {
    let steps = world.rng.below(60);
    for n in 0..steps {
        let acks = [-1, -1, 1][world.rng.below(3) as usize];
        let index = world.rng.below(2) as i32;
        world.produce(1, index, acks, &format!("life-{life}-{n:02}"));
        for _ in 0..world.rng.below(4) {
            world.turn();
        }
        if world.rng.below(30) == 0 {
            world.pass(60_000);
        }
    }
    let sent = world.sent.values().cloned().collect();
    let (media, cluster) = if power { world.cut() } else { world.killed() };
    (sent, media, cluster)
}

/// Every acknowledged record is where it was said to be, once, and no offset is there twice.
fn judge(world: &mut World, sent: &[Sent], power: bool, seed: u64) {
    let mut partitions = BTreeMap::new();
    for index in 0..2 {
        let all = world.all(1, index);
        for pair in all.windows(2) {
            assert_eq!(
                pair[0].0 + 1,
                pair[1].0,
                "seed {seed}: a hole or an overlap"
            );
        }
        partitions.insert(index, BTreeMap::from_iter(all));
    }
    for sent in sent {
        let promised = sent.acks == -1 || !power;
        if let (Some(Ok(appended)), true) = (sent.answer, promised) {
            let there = partitions[&sent.partition.index].get(&appended.base_offset.0);
            assert_eq!(there, Some(&sent.value), "seed {seed}: {sent:?}");
        }
    }
}

fn lives(seed: u64, power: bool) {
    let mut cluster = Cluster::new();
    cluster.topic("t", 1, 2);
    cluster.config("t", "internal.segment.bytes", "2000");
    let mut media = Media::new(1 << 30);
    let mut sent = Vec::new();
    for n in 0..4 {
        let setting = Setting::seed(seed * 10 + n);
        let mut world = World::over(media, cluster, setting);
        if world.rng.below(3) > 0 {
            world = world.up();
            judge(&mut world, &sent, power, seed);
        } else {
            world.run();
            world.follow();
        }
        // A new life is a new election.
        world.cluster.elect(1, 0, 1);
        world.cluster.elect(1, 1, 1);
        world.follow();
        let (more, left, same) = life(world, n, power);
        sent.extend(more);
        (media, cluster) = (left, same);
    }
    let mut world = World::over(media, cluster, Setting::default()).up();
    judge(&mut world, &sent, power, seed);
}

#[test]
fn a_killed_process_loses_nothing_that_was_acknowledged() {
    for seed in 1..40 {
        lives(seed, false);
    }
}

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged_to_acks_all() {
    for seed in 1..80 {
        lives(seed, true);
    }
}

#[test]
fn a_clean_stop_answers_everybody_and_is_believed() {
    for seed in 1..30 {
        let mut world = World::new(Setting::seed(seed));
        world.cluster.topic("t", 1, 2);
        let mut world = world.up();
        for n in 0..10 {
            world.produce(1, n % 2, if n < 5 { -1 } else { 1 }, &format!("clean-{n}"));
        }
        if seed % 2 == 0 {
            world.turn();
        }
        assert!(world.stop(), "seed {seed}: {:?}", world.notes);
        for sent in world.sent.values() {
            assert!(matches!(sent.answer, Some(Ok(_))), "seed {seed}: {sent:?}");
        }
        let recovery = world
            .disk
            .bytes("recovery-point-offset-checkpoint")
            .expect("it is written");
        assert_eq!(&recovery[..], b"0\n2\nt 0 5\nt 1 5\n");
        let high = world
            .disk
            .bytes("replication-offset-checkpoint")
            .expect("it is written");
        assert_eq!(&high[..], b"0\n2\nt 0 5\nt 1 5\n");
        // Everything is durable: no power cut after a clean stop takes anything.
        let (mut media, cluster) = world.killed();
        media.power_cut(|_| Fate::Old);
        let mut world = World::over(media, cluster, Setting::clean(seed)).up();
        assert_eq!(world.all(1, 0).len(), 5);
        assert_eq!(world.all(1, 1).len(), 5);
        assert!(world.stop());
    }
}

#[test]
fn a_stop_before_recovery_has_ended_is_not_clean() {
    let mut world = World::new(Setting::default());
    world.cluster.topic("t", 1, 40);
    let mut world = world.up();
    for index in 0..40 {
        world.produce(1, index, -1, "to be recovered");
    }
    world.run();
    let (media, cluster) = world.killed();
    let mut world = World::over(media, cluster, Setting::seed(7));
    world.run();
    world.follow();
    for _ in 0..20 {
        world.turn();
    }
    assert!(!world.stop(), "half of the logs were not looked at");
    let (media, cluster) = world.killed();
    let mut world = World::over(media, cluster, Setting::seed(8)).up();
    for index in 0..40 {
        assert_eq!(world.all(1, index).len(), 1);
    }
    assert!(world.stop());
}

#[test]
fn a_checkpoint_never_claims_what_a_power_cut_takes() {
    for seed in 2..60 {
        let mut world = World::new(Setting {
            flush_on_ack: false,
            ..Setting::seed(seed)
        });
        world.cluster.topic("t", 1, 1);
        let flush_messages = ["7", "1000"][(seed % 2) as usize];
        world.cluster.config("t", "flush.messages", flush_messages);
        let mut world = world.up();
        for n in 0..30 {
            world.produce(1, 0, 1, &format!("claimed-{n:02}"));
            world.turn();
            if world.rng.below(4) == 0 {
                world.now = crate::world::at(world.now.wall.0 + 60_001);
            }
            let media = world.disk.media.durable_image();
            let disk = crate::disk::Disk::over(media);
            let Some(text) = disk.bytes("recovery-point-offset-checkpoint") else {
                continue;
            };
            let text = String::from_utf8_lossy(&text).into_owned();
            let Some(claimed) = text.lines().nth(2).and_then(|line| line.rsplit(' ').next()) else {
                continue;
            };
            let claimed: usize = claimed.parse().expect("an offset");
            let log = disk
                .bytes("t-0/00000000000000000000.log")
                .unwrap_or_default();
            let there = ottla_record::Batches::new(&log)
                .filter(|batch| batch.is_ok())
                .count();
            assert!(
                there >= claimed,
                "seed {seed}: {claimed} are claimed, {there} are durable"
            );
        }
    }
}
