//! What the broker holds in memory of the metadata is what the log on its disk adds up to: no more than is committed, and nothing else.

use ottla_machine::{LeaderEpoch, Offset};
use ottla_metadata::{Fold, Image};
use ottla_record::{Batch, HEADER_LEN};

use super::{Oracle, Scene, Verdict, fired};
use crate::on_disk;

/// See above.
#[derive(Clone, Debug, Default)]
pub struct MetadataReplay;

const NAME: &str = "metadata-replay";
const DIR: &str = "__cluster_metadata-0";
/// More than any batch of ours unpacks to.
const UNPACKED: usize = 64 << 20;

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
        let replayed = match replay(scene, committed) {
            Ok(Some(replayed)) => replayed,
            Ok(None) => return Ok(()),
            Err(what) => return fired(NAME, what),
        };
        differs(image, &replayed)
    }
}

/// What the log on the disk adds up to below this offset; `None` when the disk does not have that much yet.
fn replay(scene: &Scene<'_>, to: Offset) -> Result<Option<Image>, String> {
    let mut fold = Fold::new();
    let mut next = 0;
    let mut segments: Vec<String> = on_disk::names(scene.media, DIR);
    segments.retain(|name| name.ends_with(".log"));
    for name in segments {
        let bytes = on_disk::file(scene.media, &format!("{DIR}/{name}")).unwrap_or_default();
        let mut at = 0;
        while next < to.0 && bytes.len() - at >= HEADER_LEN {
            let Ok(batch) = Batch::parse(&bytes[at..]) else {
                break;
            };
            let header = *batch.header();
            if header.base_offset != next || !batch.crc_is_right() {
                break;
            }
            take(&mut fold, &batch)?;
            next = header.next_offset();
            at += header.size();
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
    use super::{MetadataReplay, differs};
    use crate::script::Operation;

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
}
