//! Disks that fail and disks that are full: the quorum goes offline with a sentence, and what it told before is there in the next life.

use ottla_machine::Fault;
use ottla_media::{Fate, Media};

use crate::world::{DIR, World, formatted, identity, value};

/// Appends until everything is committed or it is offline.
fn serve(world: &mut World) {
    for n in 0..6 {
        let values = [value(&format!("value {n}"))];
        if world.offline.is_some() || world.quorum.append(world.now, &values, false).is_err() {
            break;
        }
        world.turn();
    }
    world.run();
}

#[test]
fn whatever_fails_it_goes_offline_or_on_and_loses_nothing_that_was_told() {
    let mut offline = 0;
    for fault in [Fault::Broken, Fault::Busy] {
        for seed in 0..8 {
            for at in 0..60 {
                let mut world = World::drawn(formatted(), identity(), seed);
                world.disk.fails = Some((at, fault));
                world.run();
                serve(&mut world);
                let what = format!("{fault:?} of operation {at}, seed {seed}");
                if world.disk.fails.is_some() {
                    break;
                }
                offline += u32::from(world.offline.is_some());
                let told = world.committed.clone();
                let mut media = world.killed();
                media.power_cut(|_| Fate::Old);
                let next = World::over(media, identity()).up();
                assert!(next.committed.starts_with(&told), "{what}");
            }
        }
    }
    assert!(offline > 200, "{offline} times offline");
}

#[test]
fn after_a_failed_sync_nothing_is_told_although_the_next_would_succeed() {
    for seed in 0..40 {
        let mut world = World::drawn(formatted(), identity(), seed).up();
        let before = world.committed.len();
        world.append(&[value("its sync fails")], false);
        // Only the log is synced from here on.
        world.disk.sync_fails = Some((0, Fault::Broken));
        let syncs = world.disk.syncs;
        for n in 0..20 {
            let values = [value(&format!("later {n}"))];
            let _ = world.quorum.append(world.now, &values, false);
            world.turn();
        }
        world.run();
        let why = world.offline.clone().expect("offline");
        assert!(
            why.contains("sync") && why.contains("check the disk"),
            "{why}"
        );
        assert_eq!(world.committed.len(), before, "seed {seed}");
        assert_eq!(
            world.disk.syncs,
            syncs + 1,
            "seed {seed}: none is tried again"
        );
        let mut media = world.killed();
        media.power_cut(|_| Fate::Old);
        assert_eq!(
            World::over(media, identity()).up().committed.len(),
            before + 1
        );
    }
}

#[test]
fn a_full_disk_ends_it_and_room_heals_it() {
    for seed in 0..20 {
        let mut world = World::drawn(formatted(), identity(), seed).up();
        world.append(&[value("there was room")], false);
        world.run();
        let told = world.committed.clone();
        let (free, total) = world.disk.media.space();
        world.disk.media.resize(total - free);
        let large = vec![value(&"x".repeat(1 << 20)); 4];
        for _ in 0..20 {
            let _ = world.quorum.append(world.now, &large, false);
            world.turn();
        }
        world.run();
        let why = world.offline.clone().expect("offline");
        assert!(
            why.contains("room") && why.contains("free space"),
            "seed {seed}: {why}"
        );
        assert!(world.committed.starts_with(&told));
        let mut media = world.killed();
        media.resize(total);
        let mut world = World::over(media, identity()).up();
        assert!(world.committed.starts_with(&told));
        world.append(&[value("there is room again")], false);
        world.run();
        assert_eq!(world.offline, None);
    }
}

#[test]
fn a_disk_without_room_for_the_first_vote_is_no_directory_to_start_on() {
    let mut media = formatted();
    let (free, total) = media.space();
    media.resize(total - free);
    let why = World::over(media.clone(), identity()).refused();
    assert!(why.contains(DIR) && why.contains("quorum-state"), "{why}");
    media.resize(total);
    World::over(media, identity()).up();
}

#[test]
fn an_operation_that_ends_after_the_end_changes_nothing() {
    let mut world = World::over(Media::new(1 << 20), identity());
    world.disk.fails = Some((0, Fault::Broken));
    world.run();
    assert!(world.offline.expect("offline").contains(DIR));
    // A log that was opening when the quorum was stopped.
    for turns in 0..80 {
        let mut world = World::drawn(formatted(), identity(), turns + 1);
        for _ in 0..turns {
            world.turn();
        }
        let led = world.quorum.append(world.now, &[], false).is_ok();
        world.stop();
        world.run();
        assert!(world.closed && world.offline.is_none());
        assert!(
            led || world.leading.is_none(),
            "a stopped one is not elected"
        );
    }
}
