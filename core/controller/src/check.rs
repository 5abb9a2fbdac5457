//! The invariants of the metadata that a controller has decided, for tests and the simulator. A directory of Kafka's that was
//! mended by hand may break them; this controller never does.

use ottla_metadata::{Image, Partition};

use crate::features::ELR_VERSION;
use crate::placement::is_active;

/// What holds of one image (C3, C4).
pub fn check(image: &Image) {
    image.check();
    for topic in image.topics() {
        for (index, partition) in topic.partitions.iter().enumerate() {
            check_partition(image, &format!("{}-{index}", topic.name), partition);
        }
    }
}

fn check_partition(image: &Image, name: &str, it: &Partition) {
    let in_replicas = |list: &[_]| list.iter().all(|node| it.replicas.contains(node));
    assert!(in_replicas(&it.isr), "C3: {name} has a stranger in its ISR");
    assert!(in_replicas(&it.elr), "C3: {name} has a stranger in its ELR");
    let apart = it.elr.iter().all(|node| !it.isr.contains(node));
    assert!(apart, "C3: {name} has a replica in both ISR and ELR");
    let in_sync = it.isr.iter().all(|node| is_active(image, *node));
    // Without ELR the last one stays, for nobody else may lead.
    let kept = image.feature(ELR_VERSION) == 0 && it.isr.len() == 1 && !it.has_leader();
    assert!(in_sync || kept, "C4: {name} has a fenced broker in its ISR");
    if it.has_leader() {
        assert!(
            it.isr.contains(&it.leader),
            "C3: {name}'s leader is not in its ISR"
        );
        assert!(
            is_active(image, it.leader),
            "C4: {name}'s leader is not active"
        );
    }
}

/// What holds from one image to a later one (C3, C6).
pub fn check_step(before: &Image, after: &Image) {
    assert!(after.next_producer_id() >= before.next_producer_id(), "C6");
    for topic in before.topics() {
        for (index, was) in topic.partitions.iter().enumerate() {
            let Some(is) = after.partition(topic.id, index as i32) else {
                continue;
            };
            let name = &topic.name;
            assert!(
                is.leader_epoch >= was.leader_epoch,
                "C3: {name}-{index} leader epoch"
            );
            assert!(
                is.partition_epoch >= was.partition_epoch,
                "C3: {name}-{index} partition epoch"
            );
            let same_tenure = is.leader_epoch == was.leader_epoch;
            assert!(
                !same_tenure || is.leader == was.leader,
                "C3: {name}-{index} has two leaders in one epoch"
            );
            let unchanged = is.partition_epoch == was.partition_epoch;
            assert!(
                !unchanged || is == was,
                "C3: {name}-{index} changed in one partition epoch"
            );
        }
    }
}
