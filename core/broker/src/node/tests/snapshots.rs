//! A node that takes a snapshot of its metadata whenever there is anything new: start after start, and with the power going at any moment.

use ottla_quorum::SnapshotId;

use super::*;

const DIR: &str = "__cluster_metadata-0";
/// A snapshot for every record, a segment for every batch.
const OFTEN: [(&str, &str); 2] = [
    ("metadata.log.max.record.bytes.between.snapshots", "1"),
    ("internal.metadata.log.segment.bytes", "1"),
];

fn often(media: Media, seed: u64) -> World {
    World::with(media, seed, starting(&OFTEN, seed))
}

fn snapshots(disk: &Disk) -> Vec<SnapshotId> {
    let names = disk.names(DIR).into_iter();
    names.filter_map(|name| SnapshotId::parse(&name)).collect()
}

fn first_segment(disk: &Disk) -> Option<i64> {
    let mut names = disk.names(DIR).into_iter();
    let first = names.find(|name| name.ends_with(".log"))?;
    first[..20].parse().ok()
}

#[test]
fn the_metadata_log_stays_short_however_often_a_node_starts() {
    let mut media = empty();
    let mut image: Option<ottla_metadata::Image> = None;
    let mut began = None;
    for life in 0..8 {
        let mut world = often(media, life).up();
        world.rest();
        let committed = world.broker.committed_image().expect("an image").clone();
        committed.check();
        assert_eq!(committed.feature("metadata.version"), 30);
        if let Some(before) = &image {
            assert_eq!(committed.configs().count(), before.configs().count());
        }
        image = Some(committed);
        if life % 2 == 0 {
            assert_eq!(world.stop(), stopped(true));
        }
        world.disk.media.kill();
        media = world.disk.media;
        let disk = Disk::over(media.clone());
        let ids = snapshots(&disk);
        assert!(ids.len() <= 2, "life {life}: {ids:?}");
        let begins = first_segment(&disk);
        assert!(
            life == 0 || begins > began,
            "life {life}: {:?}",
            disk.names(DIR)
        );
        began = begins;
    }
}

#[test]
fn what_kafkas_directory_holds_and_is_not_served_outlives_its_log() {
    let files = recorded("clean");
    let mut settings = OFTEN.to_vec();
    settings.push(("authorizer.class.name", ""));
    let mut media = disk_of(&files).media;
    let mut before: Option<ottla_metadata::Image> = None;
    for life in 0..4 {
        let mut world = World::with(media, life, starting(&settings, life)).up();
        world.rest();
        let image = world.broker.committed_image().expect("an image").clone();
        let kept = |image: &ottla_metadata::Image| -> Vec<(u16, bytes::Bytes)> {
            let all = image.kept();
            all.map(|(kept, value)| (kept.record, value.clone()))
                .collect()
        };
        assert!(kept(&image).len() >= 3 && image.acls() > 0 && image.next_producer_id() > 0);
        if let Some(before) = before.replace(image.clone()) {
            assert_eq!(kept(&image), kept(&before));
            assert!(image.configs().eq(before.configs()));
            assert!(image.features().eq(before.features()));
            assert_eq!(image.next_producer_id(), before.next_producer_id());
            let ids = |image: &ottla_metadata::Image| -> Vec<_> {
                let topics = image.topics();
                topics
                    .map(|topic| (topic.id, topic.partitions.len()))
                    .collect()
            };
            assert_eq!(ids(&image), ids(&before));
        }
        world.disk.media.kill();
        media = world.disk.media;
        let disk = Disk::over(media.clone());
        assert!(life == 0 || first_segment(&disk) > Some(0), "life {life}");
    }
}

#[test]
fn a_power_cut_at_any_moment_leaves_metadata_to_start_from() {
    let (mut cuts, mut short) = (0, 0);
    for seed in 0..3 {
        let mut rng = rng(seed);
        let lived = often(empty(), 77).up().disk.killed().media;
        let mut world = often(if seed == 0 { empty() } else { lived }, seed);
        world.moments = Some(Vec::new());
        let mut world = world.up();
        world.rest();
        world.stop();
        let identity = world.disk.bytes("meta.properties");
        for (media, served) in world.moments.take().into_iter().flatten() {
            let subset = rng.below(6);
            let next = often(cut(&media, subset, &mut rng), seed + 9).up();
            if served {
                assert_eq!(next.disk.bytes("meta.properties"), identity);
            }
            let image = next.broker.committed_image().expect("an image");
            image.check();
            assert_eq!(image.feature("metadata.version"), 30);
            short += u32::from(first_segment(&next.disk) > Some(0));
            cuts += 1;
        }
    }
    assert!(cuts > 300 && short > 50, "{cuts} {short}");
}
