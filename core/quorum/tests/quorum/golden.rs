//! The metadata logs that Apache Kafka 4.3.1 left, after a clean stop and after a kill: they open, they are told whole, and this node leads them.

use ottla_machine::{LeaderEpoch, NodeId, Offset, WallMs};
use ottla_media::Media;
use ottla_quorum::{Identity, QuorumState, Snapshot, SnapshotId, VoterEndpoint};
use ottla_record::{Batch, Batches, KRAFT_VERSION, KRAFT_VOTERS, LEADER_CHANGE};
use ottla_testdisk::{Disk, EXPECTED, Files, recorded};

use crate::world::{DIR, World, durable_state, kinds, value};

fn disk_of(files: &Files, wanted: impl Fn(&str) -> bool) -> Disk {
    let mut disk = Disk::over(Media::new(1 << 30));
    for (path, bytes) in files {
        if let Some(name) = path.strip_prefix(&format!("{DIR}/"))
            && wanted(name)
        {
            disk.put(DIR, name, bytes);
        }
    }
    disk
}

fn zero_of(files: &Files) -> Snapshot {
    let path = format!("{DIR}/{}", SnapshotId::BOOTSTRAP.file_name());
    Snapshot::parse(&files[&path].clone().into()).expect("Kafka's own snapshot")
}

/// Who had formatted the directory.
fn owner(files: &Files) -> Identity {
    let text = String::from_utf8_lossy(&files["meta.properties"]).into_owned();
    let said = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.and_then(|line| line.strip_prefix('='))
            .expect("a line")
            .to_owned()
    };
    Identity {
        node: NodeId(said("node.id").parse().expect("a number")),
        directory_id: said("directory.id").parse().expect("an id"),
        endpoint: zero_of(files).voters.voters[0].endpoints[0].clone(),
    }
}

fn log_of(files: &Files) -> &[u8] {
    &files[&format!("{DIR}/00000000000000000000.log")]
}

#[test]
fn kafkas_logs_are_told_whole_and_led() {
    for which in EXPECTED {
        let files = recorded(which);
        let written: Vec<Batch<'_>> = Batches::new(log_of(&files)).map_while(Result::ok).collect();
        assert!(written.len() > 50, "{which}: {} batches", written.len());
        let last = written
            .last()
            .expect("batches")
            .header()
            .partition_leader_epoch;
        let mut world = World::over(disk_of(&files, |_| true).media, owner(&files)).up();
        assert_eq!(world.leading, Some(LeaderEpoch(last + 1)), "{which}");
        assert_eq!(world.committed.len(), written.len() + 1, "{which}");
        for (batch, kafkas) in world.committed.iter().zip(&written) {
            assert_eq!(batch.bytes, kafkas.bytes(), "{which}");
        }
        let own = world.committed.last().expect("ours");
        assert_eq!(
            kinds(&own.bytes),
            [LEADER_CHANGE],
            "{which}: its endpoint is the same"
        );
        world.append(&[value("ours")], false);
        world.run();
        let told = world.committed.clone();
        world.stop();
        let next = World::over(world.killed(), owner(&files)).up();
        assert!(next.committed.starts_with(&told), "{which}");
        assert_eq!(next.leading, Some(LeaderEpoch(last + 2)), "{which}");
    }
}

#[test]
fn a_moved_endpoint_is_written_to_kafkas_log() {
    let files = recorded("clean");
    let endpoint = VoterEndpoint {
        port: 1,
        ..owner(&files).endpoint
    };
    let moved = Identity {
        endpoint,
        ..owner(&files)
    };
    let world = World::over(disk_of(&files, |_| true).media, moved).up();
    let own = world.committed.last().expect("ours");
    assert_eq!(
        kinds(&own.bytes),
        [LEADER_CHANGE, KRAFT_VERSION, KRAFT_VOTERS]
    );
}

#[test]
fn the_first_batch_of_a_fresh_directory_is_kafkas_byte_for_byte() {
    let files = recorded("clean");
    let kafkas = Batches::new(log_of(&files))
        .next()
        .expect("a log")
        .expect("a batch");
    let fresh = disk_of(&files, |name| name.ends_with(".checkpoint"));
    let mut world = World::over(fresh.media, owner(&files));
    world.now.wall = WallMs(kafkas.header().max_timestamp);
    let world = world.up();
    assert_eq!(world.committed[0].base_offset, Offset(0));
    assert_eq!(world.committed[0].bytes, kafkas.bytes());
}

/// Offset, epoch, attributes, and the records: keys and values.
type Frame = (i64, i32, i16, Vec<(Vec<u8>, Vec<u8>)>);

/// All that a snapshot file says but the times at which its batches were written.
fn frame(file: &[u8]) -> Vec<Frame> {
    let own = |part: Option<&[u8]>| part.unwrap_or_default().to_vec();
    let batch = |batch: Batch<'_>| {
        let header = *batch.header();
        let records = batch.records(1 << 20).expect("records");
        let record = |record: ottla_record::Record<'_>| (own(record.key), own(record.value));
        let records = records.iter().map(|r| record(r.expect("a record")));
        let epoch = header.partition_leader_epoch;
        (
            header.base_offset,
            epoch,
            header.attributes,
            records.collect(),
        )
    };
    Batches::new(file)
        .map(|b| batch(b.expect("a batch")))
        .collect()
}

#[test]
fn the_snapshots_of_a_fresh_directory_are_framed_as_kafkas() {
    let files = recorded("clean");
    let zero = format!("{DIR}/{}", SnapshotId::BOOTSTRAP.file_name());
    for path in [zero.as_str(), "bootstrap.checkpoint"] {
        let kafkas = &files[path];
        let snapshot = Snapshot::parse(&kafkas.clone().into()).expect("Kafka's own snapshot");
        // The header record holds the last contained record's time behind its two version bytes.
        let header = frame(kafkas)[0].3[0].1.clone();
        let last = i64::from_be_bytes(*header[2..].first_chunk().expect("a time"));
        let ours = snapshot.print(LeaderEpoch(0), 1, last);
        assert_eq!(frame(&ours), frame(kafkas), "{path}");
        assert_eq!(ours.len(), kafkas.len(), "{path}");
    }
}

#[test]
fn kafkas_quorum_state_stays_as_it_writes_it() {
    let files = recorded("clean");
    let kafkas = &files[&format!("{DIR}/quorum-state")];
    let state = QuorumState::parse(kafkas).expect("Kafka's own state");
    assert_eq!(&state.print(), kafkas);
    let world = World::over(disk_of(&files, |_| true).media, owner(&files)).up();
    let next = durable_state(&world.disk.media).expect("written");
    assert_eq!((next.leader, next.voted), (state.leader, state.voted));
    assert_eq!(next.epoch, LeaderEpoch(state.epoch.0 + 1));
}

#[test]
fn a_bit_that_flipped_below_a_later_epoch_is_refused_and_nothing_is_cut_off() {
    let path = format!("{DIR}/00000000000000000000.log");
    for at in [700, 5_000, 12_345, 20_000] {
        let mut files = recorded("crashed");
        let log = files.get_mut(&path).expect("a log");
        log[at] ^= 1;
        let damaged = log.clone();
        let mut world = World::over(disk_of(&files, |_| true).media, owner(&files));
        world.run();
        let why = world.offline.clone().expect("it cannot lead");
        assert!(
            why.contains("a later epoch begins at") && why.contains("restore"),
            "{why}"
        );
        assert_eq!(world.disk.bytes(&path).expect("there"), damaged);
    }
}

#[test]
fn what_no_later_life_has_seen_is_cut_off_as_after_a_crash() {
    let path = format!("{DIR}/00000000000000000000.log");
    let mut files = recorded("crashed");
    let log = files.get_mut(&path).expect("a log");
    let last = log.len() - 3;
    log[last] ^= 1;
    let world = World::over(disk_of(&files, |_| true).media, owner(&files)).up();
    assert_eq!(world.leading, Some(LeaderEpoch(3)));
}
