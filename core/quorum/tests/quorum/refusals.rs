//! Directories in which this node must not lead: each is refused in one sentence that says which file it is about and what to do.

use ottla_machine::{LeaderEpoch, Offset};
use ottla_media::Media;
use ottla_protocol::Uuid;
use ottla_quorum::{Identity, Snapshot, SnapshotId};
use ottla_record::{BuilderSettings, KRAFT_VOTERS, control_batch};
use ottla_testdisk::Disk;

use crate::world::{DIR, STATE, World, formatted, identity, path, value, voters, zero};

/// A directory with a past.
fn lived() -> Disk {
    let mut world = World::over(formatted(), identity()).up();
    for text in ["a", "b"] {
        world.append(&[value(text)], false);
        world.run();
    }
    world.stop();
    Disk::over(world.killed())
}

fn judge(media: Media, identity: Identity, words: &[&str]) {
    let before = Disk::over(media.clone()).names(DIR);
    let mut world = World::over(media, identity);
    world.run();
    let why = world.offline.clone().expect("it is refused");
    assert_eq!(world.leading, None, "{why}");
    assert!(!why.contains('\n') && !why.ends_with('.'), "{why}");
    for word in words {
        assert!(why.contains(word), "{word}: {why}");
    }
    let mut names = world.disk.names(DIR).into_iter();
    assert!(
        names.all(|name| before.contains(&name)),
        "nothing is added: {why}"
    );
}

#[test]
fn more_than_one_voter() {
    let mut disk = Disk::over(Media::new(1 << 30));
    disk.put(
        DIR,
        &SnapshotId::BOOTSTRAP.file_name(),
        &zero(voters(&[1, 2, 3])),
    );
    judge(disk.media, identity(), &[DIR, "3 voters", "remove"]);
}

#[test]
fn another_directory_or_another_node() {
    let directory = Identity {
        directory_id: Uuid([8; 16]),
        ..identity()
    };
    let node = Identity {
        node: ottla_machine::NodeId(2),
        ..identity()
    };
    for other in [directory, node] {
        judge(
            formatted(),
            other.clone(),
            &[DIR, "meta.properties", "restore"],
        );
        judge(lived().media, other, &[DIR, "meta.properties", "restore"]);
    }
}

#[test]
fn a_snapshot_that_is_torn_anywhere_is_not_believed() {
    let whole = Snapshot {
        voters: voters(&[1]),
        values: vec![value("a"), value("b")],
    };
    let id = SnapshotId {
        end: Offset(4),
        epoch: LeaderEpoch(1),
    };
    let bytes = whole.print(id.epoch, 1, 1);
    let disk = lived();
    for len in 0..bytes.len() {
        let mut disk = disk.clone();
        disk.put(DIR, &id.file_name(), &bytes[..len]);
        // All of the log is there.
        let world = World::over(disk.media.clone(), identity()).up();
        assert_eq!(world.snapshot, Some((SnapshotId::BOOTSTRAP, Vec::new())));
        // Nothing says who votes.
        disk.media
            .unlink(&path(SnapshotId::BOOTSTRAP))
            .expect("it is there");
        disk.put(DIR, &format!("{:020}.log", 0), &[]);
        judge(disk.media, identity(), &[DIR, "restore"]);
    }
    let mut refused = 0;
    for at in 0..bytes.len() {
        let mut damaged = bytes.to_vec();
        damaged[at] ^= 1;
        // Offset and epoch of a batch lie before its checksum, and say nothing here.
        let parsed = Snapshot::parse(&damaged.into());
        assert!(
            parsed.is_err() || parsed.as_ref() == Ok(&whole),
            "byte {at}: {parsed:?}"
        );
        refused += u32::from(parsed.is_err());
    }
    assert!(refused as usize > bytes.len() / 2);
    let mut disk = disk;
    disk.put(DIR, &id.file_name(), &bytes);
    assert!(World::over(disk.media, identity()).up().snapshot.is_some());
}

#[test]
fn a_quorum_state_that_says_nothing() {
    for bytes in [&b""[..], b"{", &[0; 512]] {
        let mut disk = lived();
        disk.put(DIR, "quorum-state", bytes);
        judge(
            disk.media.clone(),
            identity(),
            &["quorum-state", "restore", "remove"],
        );
        // What the sentence says can be done is done.
        disk.media.unlink(STATE).expect("a file");
        let world = World::over(disk.media, identity()).up();
        assert_eq!(world.leading, Some(LeaderEpoch(2)));
    }
}

#[test]
fn voters_that_cannot_be_read() {
    let mut disk = lived();
    let log = format!("{:020}.log", 0);
    let mut bytes = disk.bytes(&format!("{DIR}/{log}")).expect("a log").to_vec();
    let settings = BuilderSettings {
        base_offset: 5,
        leader_epoch: 1,
        ..BuilderSettings::default()
    };
    bytes.extend_from_slice(&control_batch(settings, 1, &[(KRAFT_VOTERS, b"junk")]));
    disk.put(DIR, &log, &bytes);
    judge(disk.media, identity(), &[DIR, "cannot be read", "restore"]);
}

#[test]
fn a_last_epoch() {
    let mut disk = lived();
    let text = disk.bytes(STATE).expect("written");
    let last =
        String::from_utf8_lossy(&text).replace("\"leaderEpoch\":1", "\"leaderEpoch\":2147483647");
    disk.put(DIR, "quorum-state", last.as_bytes());
    judge(disk.media, identity(), &["quorum-state", "restore"]);
}

#[test]
fn a_hole_between_snapshot_and_log() {
    let snapshot = Snapshot {
        voters: voters(&[1]),
        values: vec![value("a")],
    };
    let id = |end| SnapshotId {
        end: Offset(end),
        epoch: LeaderEpoch(1),
    };
    // The log ends before the snapshot.
    let mut disk = lived();
    disk.put(
        DIR,
        &id(9).file_name(),
        &snapshot.print(LeaderEpoch(1), 1, 1),
    );
    judge(
        disk.media,
        identity(),
        &[DIR, "offset 5", "at 9", "restore"],
    );
    // The log begins after it, or the snapshot is gone.
    let mut disk = lived();
    let log = format!("{DIR}/{:020}.log", 0);
    let bytes = disk.bytes(&log).expect("a log");
    let last = ottla_record::Batches::new(&bytes)
        .last()
        .expect("batches")
        .expect("a batch");
    let tail = last.bytes().to_vec();
    disk.media.unlink(&log).expect("a file");
    disk.put(DIR, &format!("{:020}.log", 4), &tail);
    judge(
        disk.media.clone(),
        identity(),
        &[DIR, "offset 4", "ends at 0", "restore"],
    );
    disk.put(
        DIR,
        &id(4).file_name(),
        &snapshot.print(LeaderEpoch(1), 1, 1),
    );
    World::over(disk.media, identity()).up();
}

#[test]
fn a_batch_in_the_middle_whose_bytes_were_changed_is_never_skipped() {
    let disk = lived();
    let log = format!("{DIR}/{:020}.log", 0);
    let bytes = disk.bytes(&log).expect("a log");
    let whole = World::over(disk.media.clone(), identity()).up().committed;
    let mut damaged = bytes.to_vec();
    let second = whole[0].bytes.len();
    damaged[second + 65] ^= 1;
    let mut disk = disk;
    disk.put(DIR, &format!("{:020}.log", 0), &damaged);
    let mut world = World::over(disk.media, identity());
    world.run();
    // What lay behind the damage is not told as if nothing were missing.
    let known = world
        .committed
        .iter()
        .filter(|batch| whole.contains(batch))
        .count();
    assert!(known <= 1, "{:?}", world.committed);
}
