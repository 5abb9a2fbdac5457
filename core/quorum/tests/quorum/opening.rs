//! From a directory to a leader, in every order of completions.

use ottla_machine::{LeaderEpoch, Offset};
use ottla_quorum::{Identity, QuorumState, Snapshot, SnapshotId};
use ottla_record::{KRAFT_VERSION, KRAFT_VOTERS, LEADER_CHANGE};

use crate::world::{DIR, NODE, STATE, World, endpoint, formatted, identity, kinds, value, voters};

#[test]
fn a_fresh_directory_leads_in_epoch_1_with_one_batch() {
    for seed in 0..50 {
        let mut world = World::drawn(formatted(), identity(), seed).up();
        assert_eq!(world.leading, Some(LeaderEpoch(1)));
        assert_eq!(world.snapshot, Some((SnapshotId::BOOTSTRAP, Vec::new())));
        let [first] = world.committed.as_slice() else {
            panic!("one batch: {:?}", world.committed)
        };
        assert_eq!(first.base_offset, Offset(0));
        let expected = [LEADER_CHANGE, KRAFT_VERSION, KRAFT_VOTERS];
        assert_eq!(kinds(&first.bytes), expected);
        let state = QuorumState::parse(&world.disk.bytes(STATE).expect("written")).expect("whole");
        let claimed = QuorumState {
            leader: Some(NODE),
            epoch: LeaderEpoch(1),
            voted: None,
        };
        assert_eq!(state, claimed);
        let view = world.quorum.view();
        assert_eq!(
            (view.high_watermark, view.voters),
            (Offset(3), voters(&[1]).voters)
        );
        assert_eq!(view.replicas[0].log_end_offset, Offset(3));
        world.stop();
        assert!(world.closed);
    }
}

#[test]
fn each_life_has_a_higher_epoch_and_tells_all_of_the_earlier_ones_first() {
    for clean in [true, false] {
        let mut media = formatted();
        let mut before = Vec::new();
        for life in 1..=4 {
            let mut world = World::drawn(media, identity(), life).up();
            assert_eq!(world.leading, Some(LeaderEpoch(life as i32)));
            assert_eq!(world.committed[..before.len()], before);
            assert_eq!(world.committed.len(), before.len() + 1);
            world.append(&[value("a"), value("b")], false);
            world.run();
            before = world.committed.clone();
            if clean {
                world.stop();
            }
            media = world.killed();
        }
        let ends: Vec<Offset> = before.iter().map(|batch| batch.next_offset).collect();
        assert_eq!(ends, [3, 5, 6, 8, 9, 11, 12, 14].map(Offset));
    }
}

#[test]
fn the_voter_is_repeated_when_its_endpoint_has_moved() {
    let media = World::over(formatted(), identity()).up().killed();
    let moved = Identity {
        endpoint: endpoint(19093),
        ..identity()
    };
    let world = World::over(media, moved.clone()).up();
    let last = world.committed.last().expect("its own batch");
    let all = [LEADER_CHANGE, KRAFT_VERSION, KRAFT_VOTERS];
    assert_eq!(kinds(&last.bytes), all);
    assert_eq!(world.quorum.view().voters[0].endpoints, [endpoint(19093)]);
    // The next life finds it in the log.
    let world = World::over(world.killed(), moved).up();
    let last = world.committed.last().expect("its own batch");
    assert_eq!(kinds(&last.bytes), [LEADER_CHANGE]);
    assert_eq!(world.quorum.view().voters[0].endpoints, [endpoint(19093)]);
    // And back.
    let world = World::over(world.killed(), identity()).up();
    assert_eq!(kinds(&world.committed.last().expect("one").bytes), all);
}

/// A directory whose log was cut away below `end`, which a snapshot stands for.
fn with_snapshot(values: &[&str]) -> (World, Snapshot, SnapshotId) {
    let mut world = World::over(formatted(), identity()).up();
    world.append(
        &values.iter().map(|text| value(text)).collect::<Vec<_>>(),
        true,
    );
    world.run();
    let id = SnapshotId {
        end: world.quorum.high_watermark(),
        epoch: LeaderEpoch(1),
    };
    let snapshot = Snapshot {
        voters: voters(&[1]),
        values: values.iter().map(|text| value(text)).collect(),
    };
    (world, snapshot, id)
}

#[test]
fn what_a_snapshot_holds_is_told_by_it_and_not_by_the_log() {
    let (mut world, snapshot, id) = with_snapshot(&["a", "b"]);
    world.append(&[value("c")], false);
    world.run();
    let (after, own) = (world.committed[2..].to_vec(), world.committed.len());
    world
        .disk
        .put(DIR, &id.file_name(), &snapshot.print(id.epoch, 1, 1));
    let world = World::over(world.killed(), identity()).up();
    assert_eq!(world.snapshot, Some((id, snapshot.values)));
    assert_eq!(world.committed[0], after[0]);
    assert_eq!((world.committed.len(), own), (2, 3));
}

#[test]
fn a_log_may_begin_where_its_snapshot_ends() {
    for emptied in [false, true] {
        let (mut world, snapshot, id) = with_snapshot(&["a", "b"]);
        world.append(&[value("c")], false);
        world.run();
        let last = world.committed.last().expect("c").clone();
        world.stop();
        let mut disk = ottla_testdisk::Disk::over(world.killed());
        for name in disk.names(DIR) {
            if !name.ends_with(".checkpoint") {
                disk.media.unlink(&format!("{DIR}/{name}")).expect("a file");
            }
        }
        disk.put(DIR, &id.file_name(), &snapshot.print(LeaderEpoch(6), 1, 1));
        let rest = if emptied { &[][..] } else { &last.bytes };
        disk.put(DIR, &format!("{:020}.log", id.end.0), rest);
        // The epoch comes from the snapshot's name: neither quorum-state nor the log knows it.
        let from = SnapshotId {
            epoch: LeaderEpoch(6),
            ..id
        };
        let path = |id: SnapshotId| format!("{DIR}/{}", id.file_name());
        disk.media.rename(&path(id), &path(from)).expect("a file");
        let mut world = World::over(disk.media, identity()).up();
        assert_eq!(world.leading, Some(LeaderEpoch(7)), "emptied: {emptied}");
        assert_eq!(world.snapshot, Some((from, snapshot.values)));
        assert_eq!(world.committed.len(), 2 - usize::from(emptied));
        assert_eq!(world.committed[0].base_offset, id.end);
        world.append(&[value("d")], false);
        world.run();
        let mut again = World::over(world.killed(), identity()).up();
        assert_eq!(again.leading, Some(LeaderEpoch(8)));
        again.stop();
        assert!(again.closed);
    }
}

#[test]
fn a_stop_before_it_leads_leaves_the_directory_to_the_next_life() {
    for turns in 0..60 {
        let mut world = World::over(formatted(), identity());
        for _ in 0..turns {
            world.turn();
        }
        world.stop();
        assert!(world.closed, "{turns}");
        let led = world.leading;
        let world = World::over(world.killed(), identity()).up();
        assert!(world.leading > led, "{turns}: {led:?}");
    }
}
