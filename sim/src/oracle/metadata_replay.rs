//! What the broker holds in memory of the metadata is what lies on its disk: the newest snapshot, and the log behind it; no more than is
//! committed, and nothing else. The snapshot before it and the log behind that say the same, for should the newest be damaged, a start
//! takes that one. A snapshot that has its name is whole, and the log begins where one reaches.

use ottla_machine::{LeaderEpoch, Offset};
use ottla_metadata::{Fold, Image};
use ottla_record::{Batch, Batches, HEADER_LEN, SNAPSHOT_FOOTER, control_kind};

use super::{Oracle, Scene, Verdict, fired};
use crate::on_disk;

/// See above.
#[derive(Clone, Debug, Default)]
pub struct MetadataReplay;

const NAME: &str = "metadata-replay";
const DIR: &str = "__cluster_metadata-0";
/// More than any batch of ours unpacks to.
const UNPACKED: usize = 64 << 20;

/// A snapshot's file: everything below `end`.
struct Snapshot {
    end: i64,
    epoch: LeaderEpoch,
    values: Vec<Vec<u8>>,
}

impl Oracle for MetadataReplay {
    fn name(&self) -> &'static str {
        NAME
    }

    fn sweep(&mut self, scene: &Scene<'_>) -> Verdict {
        let Some(broker) = scene.broker else {
            return Ok(());
        };
        let Some(view) = broker.metadata_log() else {
            return Ok(());
        };
        let committed = view.high_watermark;
        let Some(image) = broker.committed_image() else {
            return Ok(());
        };
        // Nothing is committed before the log is open; until then the image is on its way.
        if !view.leads {
            return Ok(());
        }
        let snapshots = match snapshots(scene) {
            Ok(snapshots) => snapshots,
            Err(what) => return fired(NAME, what),
        };
        let segments = segments(scene);
        let begins = segments.first().map_or(0, |(base, _)| *base);
        let reaching = snapshots.iter().filter(|snapshot| snapshot.end >= begins);
        let mut reached = begins == 0;
        for snapshot in reaching {
            reached = true;
            match replay(scene, snapshot, &segments, committed) {
                Ok(Some(replayed)) => differs(image, &replayed)?,
                Ok(None) => {}
                Err(what) => return fired(NAME, what),
            }
        }
        if reached {
            return Ok(());
        }
        let what = format!("the metadata log begins at {begins}, where no snapshot reaches");
        fired(NAME, what)
    }
}

/// All that have their name.
fn snapshots(scene: &Scene<'_>) -> Result<Vec<Snapshot>, String> {
    let mut snapshots = Vec::new();
    for name in on_disk::names(scene.media, DIR) {
        let Some((end, epoch)) = name
            .strip_suffix(".checkpoint")
            .and_then(|name| name.split_once('-'))
        else {
            continue;
        };
        let bytes = on_disk::file(scene.media, &format!("{DIR}/{name}")).unwrap_or_default();
        let values = values(&bytes).map_err(|why| format!("{name} is not whole: {why}"))?;
        snapshots.push(Snapshot {
            end: end.parse().map_err(|_| format!("{name} has no offset"))?,
            epoch: LeaderEpoch(epoch.parse().map_err(|_| format!("{name} has no epoch"))?),
            values,
        });
    }
    Ok(snapshots)
}

/// The values of a snapshot's records; an error when it has no end.
fn values(file: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let (mut values, mut closed) = (Vec::new(), false);
    for batch in Batches::new(file) {
        let batch = batch.map_err(|why| format!("{why:?}"))?;
        if !batch.crc_is_right() {
            return Err("a checksum is wrong".to_owned());
        }
        let records = batch.records(UNPACKED).map_err(|why| format!("{why:?}"))?;
        for record in records.iter() {
            let record = record.map_err(|why| format!("{why:?}"))?;
            if batch.header().is_control() {
                closed |= control_kind(record.key) == Ok(SNAPSHOT_FOOTER);
            } else {
                values.push(record.value.unwrap_or_default().to_vec());
            }
        }
    }
    if closed {
        Ok(values)
    } else {
        Err("it has no footer".to_owned())
    }
}

/// The log's segments by their first offset.
fn segments(scene: &Scene<'_>) -> Vec<(i64, String)> {
    let names = on_disk::names(scene.media, DIR).into_iter();
    names
        .filter_map(|name| Some((name.strip_suffix(".log")?.parse().ok()?, name)))
        .collect()
}

/// What a snapshot and the log behind it add up to below this offset; `None` when the disk does not have that much yet.
fn replay(
    scene: &Scene<'_>,
    snapshot: &Snapshot,
    segments: &[(i64, String)],
    to: Offset,
) -> Result<Option<Image>, String> {
    let mut next = snapshot.end;
    if next > to.0 {
        return Err(format!(
            "a snapshot ends at {next}, and the log is committed to {to}"
        ));
    }
    let mut fold = if snapshot.values.is_empty() {
        Fold::new()
    } else {
        Fold::snapshot(&snapshot.values, Offset(next - 1), snapshot.epoch)
            .map_err(|why| format!("a snapshot: {why:?}"))?
    };
    for (_, name) in segments {
        let bytes = on_disk::file(scene.media, &format!("{DIR}/{name}")).unwrap_or_default();
        let mut at = 0;
        while next < to.0 && bytes.len() - at >= HEADER_LEN {
            let Ok(batch) = Batch::parse(&bytes[at..]) else {
                break;
            };
            let header = *batch.header();
            at += header.size();
            if header.next_offset() <= snapshot.end {
                continue;
            }
            if header.base_offset != next || !batch.crc_is_right() {
                break;
            }
            take(&mut fold, &batch)?;
            next = header.next_offset();
        }
    }
    Ok((next >= to.0).then(|| fold.image().clone()))
}

fn take(fold: &mut Fold, batch: &Batch<'_>) -> Result<(), String> {
    let header = batch.header();
    let epoch = LeaderEpoch(header.partition_leader_epoch);
    if header.is_control() {
        fold.passed(Offset(header.last_offset()), epoch);
        return Ok(());
    }
    let records = batch.records(UNPACKED).map_err(|why| format!("{why:?}"))?;
    for record in records.iter() {
        let record = record.map_err(|why| format!("{why:?}"))?;
        let offset = Offset(header.offset_of(&record));
        let value = record.value.ok_or("a metadata record without a value")?;
        fold.apply(offset, epoch, value)
            .map_err(|why| format!("{offset}: {why:?}"))?;
    }
    Ok(())
}

fn differs(held: &Image, replayed: &Image) -> Verdict {
    let topics = |image: &Image| -> Vec<String> {
        let mut all: Vec<String> = image.topics().map(|topic| format!("{topic:?}")).collect();
        all.sort();
        all
    };
    let features = |image: &Image| format!("{:?}", image.features().collect::<Vec<_>>());
    if features(held) != features(replayed) {
        let (mine, theirs) = (features(held), features(replayed));
        return fired(NAME, format!("memory says {mine}, the log {theirs}"));
    }
    let brokers = |image: &Image| format!("{:?}", image.brokers().collect::<Vec<_>>());
    let configs = |image: &Image| format!("{:?}", image.configs().collect::<Vec<_>>());
    let (mine, theirs) = (topics(held), topics(replayed));
    if mine != theirs {
        let odd = mine.iter().find(|topic| !theirs.contains(topic));
        let odd = odd.or_else(|| theirs.iter().find(|topic| !mine.contains(topic)));
        return fired(NAME, format!("memory and log differ in {odd:?}"));
    }
    if brokers(held) != brokers(replayed) {
        return fired(
            NAME,
            format!(
                "memory says {}, the log {}",
                brokers(held),
                brokers(replayed)
            ),
        );
    }
    if configs(held) != configs(replayed) {
        return fired(
            NAME,
            format!(
                "memory says {}, the log {}",
                configs(held),
                configs(replayed)
            ),
        );
    }
    if held.next_producer_id() != replayed.next_producer_id() {
        return fired(
            NAME,
            format!(
                "memory says that producer id {} is next, the log {}",
                held.next_producer_id(),
                replayed.next_producer_id()
            ),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ottla_broker::Broker;

    use super::super::rig::{Rig, create, fires, node, passes, script};
    use super::{DIR, MetadataReplay, differs};
    use crate::on_disk::{self, made::put};
    use crate::script::{Operation, Script};

    #[test]
    fn what_is_in_memory_is_what_the_log_adds_up_to() {
        let (broker, own) = node(script(vec![create(1)]));
        let mut rig = Rig::<MetadataReplay>::new();
        rig.media = own;
        passes(rig.sweep(Some(&broker)));
        assert_eq!(
            broker.committed_image().map(|image| image.topics().count()),
            Some(1)
        );
        // The same node, to which somebody else's disk is given.
        (_, rig.media) = node(script(vec![create(2)]));
        fires(rig.sweep(Some(&broker)), "memory and log differ");
        let (broker, _) = node(script(vec![create(2)]));
        passes(rig.sweep(Some(&broker)));
    }

    /// Which records follow each other is the same in both; what they say is not.
    #[test]
    fn settings_and_producer_ids_are_compared_too() {
        let with = |name: &str, value: &str| Operation::CreateTopic {
            topic: 0,
            partitions: 1,
            settings: vec![(name.to_owned(), value.to_owned())],
        };
        let (broker, own) = node(script(vec![with("retention.ms", "1000")]));
        let mut rig = Rig::<MetadataReplay>::new();
        rig.media = own;
        passes(rig.sweep(Some(&broker)));
        (_, rig.media) = node(script(vec![with("retention.ms", "2000")]));
        fires(rig.sweep(Some(&broker)), "\"2000\"");
        let (leased, _) = node(script(vec![create(1), Operation::InitProducerId]));
        let (bare, _) = node(script(vec![create(1)]));
        let image = |broker: &Broker| broker.committed_image().expect("an image").clone();
        passes(differs(&image(&bare), &image(&bare)));
        fires(differs(&image(&bare), &image(&leased)), "producer id");
    }

    /// A snapshot for every record, a segment for every batch.
    fn often(mut script: Script) -> Script {
        for name in [
            "metadata.log.max.record.bytes.between.snapshots",
            "internal.metadata.log.segment.bytes",
        ] {
            script.settings.insert(name.to_owned(), "1".to_owned());
        }
        script
    }

    #[test]
    fn a_snapshot_and_the_log_behind_it_are_what_the_log_was() {
        let operations = vec![create(1), Operation::InitProducerId];
        let (broker, own) = node(often(script(operations.clone())));
        let mut rig = Rig::<MetadataReplay>::new();
        rig.media = own;
        passes(rig.sweep(Some(&broker)));
        let files = on_disk::names(&rig.media, DIR);
        let of = |suffix: &str| -> Vec<String> {
            let found = files.iter().filter(|name| name.ends_with(suffix));
            found.cloned().collect()
        };
        let (snapshots, logs) = (of(".checkpoint"), of(".log"));
        assert_eq!(snapshots.len(), 2, "{files:?}");
        assert!(logs[0] > format!("{:020}.log", 0), "{files:?}");
        let path = |name: &str| format!("{DIR}/{name}");
        let newest = on_disk::file(&rig.media, &path(&snapshots[1])).expect("it is there");
        // Another's: it has no topic.
        let (_, bare) = node(often(script(Vec::new())));
        let names = on_disk::names(&bare, DIR);
        let other = names.iter().rfind(|name| name.ends_with(".checkpoint"));
        let other = on_disk::file(&bare, &path(other.expect("one"))).expect("it is there");
        put(&mut rig.media, &path(&snapshots[1]), &other);
        fires(rig.sweep(Some(&broker)), "differ in");
        put(
            &mut rig.media,
            &path(&snapshots[1]),
            &newest[..newest.len() - 1],
        );
        fires(rig.sweep(Some(&broker)), "is not whole");
        for name in &snapshots {
            rig.media.unlink(&path(name)).expect("it is there");
        }
        fires(rig.sweep(Some(&broker)), "where no snapshot reaches");
    }
}
