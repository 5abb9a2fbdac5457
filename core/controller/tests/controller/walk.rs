//! Random walks: brokers are fenced, stop, are killed, come back and catch up, while a model knows who has everything that was
//! committed. Whatever happens, a leader that was elected cleanly has all of it, and so has everybody in the ISR and ELR.

use std::collections::BTreeSet;

use ottla_machine::{Entry, NodeId, Offset, Rng};
use ottla_metadata::Partition;
use ottla_protocol::Uuid;
use ottla_protocol::messages::{MetadataRecord, PartitionChangeRecord};

use crate::world::{World, alive, leaving};

const NODES: [NodeId; 3] = [NodeId(1), NodeId(2), NodeId(3)];
const MIN_ISR: usize = 2;

struct Walk {
    world: World,
    rng: Rng,
    topic: Uuid,
    life: u8,
    /// Who has everything committed.
    complete: BTreeSet<NodeId>,
    clean_elections: u32,
    unclean_elections: u32,
}

impl Walk {
    fn new(seed: u8) -> Walk {
        let mut world = World::one_broker(&[("min.insync.replicas", "2")]);
        world.join(NodeId(2), 1, -1);
        world.join(NodeId(3), 1, -1);
        let topic = world.topic("t", &[&[1, 2, 3]]);
        Walk {
            world,
            rng: Rng::new([seed; 32]),
            topic,
            life: 1,
            complete: NODES.into(),
            clean_elections: 0,
            unclean_elections: 0,
        }
    }

    fn partition(&self) -> Partition {
        self.world.partition(self.topic, 0)
    }

    fn broker(&self, node: NodeId) -> (i64, bool, bool) {
        let broker = self.world.image().broker(node).unwrap();
        (broker.epoch, broker.fenced, broker.in_controlled_shutdown)
    }

    fn end(&self) -> Offset {
        self.world.runtime.end_offset().plus(-1)
    }

    fn step(&mut self) {
        let before = self.partition();
        let node = NODES[self.rng.below(3) as usize];
        match self.rng.below(7) {
            0 => self.commit(),
            1 => self.fence(node),
            2 => self.stop(node),
            3 => self.kill(node),
            4 | 5 => self.come_back(node),
            _ => self.catch_up(node),
        }
        self.judge(&before);
    }

    /// Something is committed: only the ISR has it.
    fn commit(&mut self) {
        let partition = self.partition();
        if partition.has_leader() && partition.isr.len() >= MIN_ISR {
            self.complete = partition.isr.into_iter().collect();
        }
    }

    fn fence(&mut self, node: NodeId) {
        let mut wish = alive(node, self.broker(node).0, self.end());
        wish.want_fence = true;
        self.world.beat(wish).unwrap();
    }

    fn stop(&mut self, node: NodeId) {
        let (epoch, fenced, _) = self.broker(node);
        if !fenced {
            self.world.beat(leaving(node, epoch, self.end())).unwrap();
        }
    }

    /// It loses what it flushed last, and says by its registration that it may have.
    fn kill(&mut self, node: NodeId) {
        self.fence(node);
        self.complete.remove(&node);
        self.life += 1;
        self.world.register(node, self.life, -1).unwrap();
    }

    fn come_back(&mut self, node: NodeId) {
        let (mut epoch, fenced, leaving) = self.broker(node);
        if leaving {
            self.life += 1;
            epoch = self.world.register(node, self.life, epoch).unwrap();
        }
        if fenced || leaving {
            let seen = self.end();
            self.world.beat(alive(node, epoch, seen)).unwrap();
        }
    }

    /// It has fetched everything from the leader, which adds it to the ISR (AlterPartition, as its record).
    fn catch_up(&mut self, node: NodeId) {
        let partition = self.partition();
        let (_, fenced, leaving) = self.broker(node);
        if !partition.has_leader() || partition.isr.contains(&node) || fenced || leaving {
            return;
        }
        let without = |list: &[NodeId]| -> Vec<i32> {
            list.iter()
                .filter(|other| **other != node)
                .map(|other| other.0)
                .collect()
        };
        let mut isr = without(&partition.isr);
        isr.push(node.0);
        let enough = isr.len() >= MIN_ISR;
        let left = |list: &[NodeId]| Some(if enough { Vec::new() } else { without(list) });
        let record = MetadataRecord::PartitionChange(PartitionChangeRecord {
            topic_id: self.topic,
            partition_id: 0,
            isr: Some(isr),
            eligible_leader_replicas: left(&partition.elr),
            last_known_elr: left(&partition.last_known_elr),
            ..PartitionChangeRecord::default()
        });
        let value = record.encode(record.write_version()).unwrap();
        let end = self.world.runtime.end_offset();
        self.world.log.values.push(value.clone());
        let entry = Entry::Record {
            producer: None,
            record: &value,
        };
        self.world.runtime.load(end, entry);
        if self.complete.contains(&partition.leader) {
            self.complete.insert(node);
        }
    }

    fn judge(&mut self, before: &Partition) {
        let now = self.partition();
        let elected = now.has_leader() && now.leader != before.leader;
        if elected && !self.complete.contains(&now.leader) {
            assert!(
                before.isr.is_empty() && before.elr.is_empty(),
                "{before:?} {now:?}"
            );
            assert_eq!(before.last_known_elr, [now.leader]);
            self.unclean_elections += 1;
            self.complete = [now.leader].into();
        } else if elected {
            self.clean_elections += 1;
        }
        for node in now.isr.iter().chain(&now.elr) {
            assert!(
                self.complete.contains(node),
                "{node} lacks records: {now:?}"
            );
        }
        let active = |node: &NodeId| !self.broker(*node).1 && !self.broker(*node).2;
        let somebody = now.isr.iter().chain(&now.elr).any(active);
        assert!(
            now.has_leader() || !somebody,
            "somebody could lead: {now:?}"
        );
    }
}

#[test]
fn a_clean_leader_has_everything_that_was_committed() {
    let (mut clean, mut unclean) = (0, 0);
    for seed in 0..100 {
        let mut walk = Walk::new(seed);
        for _ in 0..120 {
            walk.step();
        }
        clean += walk.clean_elections;
        unclean += walk.unclean_elections;
        walk.world
            .replayed_over(ottla_controller::Controller::new());
    }
    // The walks went where they were meant to go.
    assert!(clean > 200, "{clean} clean elections");
    assert!(unclean > 20, "{unclean} unclean elections");
}
