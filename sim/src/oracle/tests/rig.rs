//! What oracles are tried on: a history made by hand, with the ledger written as in a run, and a disk and an atlas that a test fills in as it
//! likes. A good history [`passes`], and its bad twin, one thing different, [`fires`].
//!
//! Times are made up: [`Rig::ask`] is a millisecond after what was before, an answer another; what is asked after [`Rig::last_reading`]
//! belongs to the last client, which reads everything. Where an oracle looks at a broker, [`node`] is the smallest real one.

use std::collections::BTreeMap;
use std::sync::Arc;

use ottla_broker::Broker;
use ottla_machine::Spent;
use ottla_media::Media;

use super::{Oracle, Rehearsal, Scene, Verdict};
use crate::atlas::{Atlas, Entry};
use crate::history::{
    Ask, Asked, Batch, BatchShown, Death, Fetched, Key, Listed, Named, Partition, Produced,
    Producer, RecordId, Reply, Seen, TopicShown,
};
use crate::ledger::Ledger;
use crate::script::{
    Arm, Chances, ClientScript, Damage, DamageKind, MS, Nanos, Operation, Place, SECOND, Script,
    Span, Target, TimedOp, US, Versions, Weather,
};
use crate::world::World;

/// When the last client begins.
const HORIZON: Nanos = 100 * SECOND;
/// When a batch's first record was made.
pub(crate) const TIME: i64 = 1_700_000_000_000;

/// An oracle and what it looks at.
pub(crate) struct Rig<O> {
    pub oracle: O,
    pub script: Arc<Script>,
    pub atlas: Atlas,
    pub media: Media,
    pub ledger: Ledger,
    pub life: u32,
    pub at: Nanos,
    /// The version of what is asked next.
    pub version: i16,
    asked: u64,
}

impl<O: Oracle + Default> Rig<O> {
    /// A world in which nothing has happened, and acknowledged means durable.
    pub fn new() -> Rig<O> {
        Rig {
            oracle: O::default(),
            script: Arc::new(script(Vec::new())),
            atlas: Atlas::new(true),
            media: Media::new(1 << 32),
            ledger: Ledger::default(),
            life: 1,
            at: 0,
            version: 12,
            asked: 0,
        }
    }

    /// A world with such a setting of the broker.
    pub fn with(name: &str, value: &str) -> Rig<O> {
        let mut rig = Rig::new();
        let settings = &mut Arc::make_mut(&mut rig.script).settings;
        settings.insert(name.to_owned(), value.to_owned());
        rig.atlas.flush_on_ack = !rig.script.is_lossy();
        rig
    }

    /// The topic may be compacted.
    pub fn compact(&mut self, named: &Named) {
        self.ledger.compacted.insert(Arc::clone(&named.topic));
    }

    /// Something happened: it is judged, then written down.
    pub fn see(&mut self, seen: &Seen<'_>) -> Verdict {
        self.judge(None, |oracle, scene| oracle.see(scene, seen))?;
        self.ledger.take(self.at, seen, &self.atlas, &self.media);
        Ok(())
    }

    /// A request leaves, and nobody minds.
    pub fn ask(&mut self, ask: Ask) -> Asked {
        self.at += MS;
        self.asked += 1;
        let asked = Asked {
            number: self.asked,
            client: 1,
            link: 1,
            at: self.at,
            version: self.version,
            ask,
        };
        passes(self.see(&Seen::Asked(&asked)));
        asked
    }

    /// It is answered.
    pub fn answer(&mut self, asked: &Asked, reply: &Reply) -> Verdict {
        self.at += MS;
        self.see(&Seen::Answered(asked, reply))
    }

    /// It is asked, and answered at once.
    pub fn exchange(&mut self, ask: Ask, reply: &Reply) -> Verdict {
        let asked = self.ask(ask);
        self.answer(&asked, reply)
    }

    /// Metadata names the topic: from now on the ledger knows it.
    pub fn know(&mut self, named: &Named) {
        passes(self.metadata(vec![listed(named)]));
    }

    /// Metadata is asked for all topics, and these are there.
    pub fn metadata(&mut self, topics: Vec<TopicShown>) -> Verdict {
        let ask = Ask::Metadata {
            topics: None,
            creates: false,
        };
        self.exchange(ask, &Reply::Metadata { topics })
    }

    /// A batch is sent with acks=all, and is told that it lies at `base`.
    pub fn produce(&mut self, to: &Named, batch: &Arc<Batch>, base: i64) -> Verdict {
        let reply = Reply::Produce {
            parts: vec![(to.clone(), taken(base))],
        };
        self.exchange(produce(to, batch, -1), &reply)
    }

    /// A reader asks for `offset` and is given this.
    pub fn fetch(&mut self, of: &Named, offset: i64, fetched: Fetched) -> Verdict {
        let reply = Reply::Fetch {
            error: 0,
            session: 0,
            parts: vec![(of.clone(), fetched)],
        };
        self.exchange(fetch(of, offset), &reply)
    }

    /// ListOffsets for this timestamp is told this.
    pub fn list(&mut self, of: &Named, timestamp: i64, listed: Listed) -> Verdict {
        let ask = Ask::ListOffsets {
            committed: false,
            parts: vec![(of.clone(), timestamp)],
            epochs: vec![-1],
        };
        let reply = Reply::ListOffsets {
            parts: vec![(of.clone(), listed)],
        };
        self.exchange(ask, &reply)
    }

    /// A segment of partition 0 rots from this offset on.
    pub fn damage(&mut self, of: &Named, offset: i64) {
        let damage = Damage {
            target: Target::Segment,
            place: 0,
            kind: DamageKind::Rot,
        };
        let partition = Partition {
            topic: of.id,
            index: 0,
        };
        let entry = Entry::Damaged {
            damage,
            path: String::new(),
            from: 0,
            partition: Some(partition),
            offset: Some(offset),
        };
        self.atlas.note(self.at, entry);
    }

    /// The process ends, and that is on the map.
    pub fn die(&mut self, how: Death) {
        self.at += MS;
        let life = self.life;
        let entry = Entry::Died {
            life,
            how: how.clone(),
        };
        self.atlas.note(self.at, entry);
        passes(self.see(&Seen::Died { life, how: &how }));
    }

    /// Another begins.
    pub fn start(&mut self) {
        self.at += MS;
        self.life += 1;
        let life = self.life;
        passes(self.see(&Seen::Started { life }));
        passes(self.see(&Seen::Ready { life }));
    }

    /// From now on the last client reads.
    pub fn last_reading(&mut self) {
        self.at = self.at.max(HORIZON);
    }

    /// Everything was read.
    pub fn over(&mut self) -> Verdict {
        self.at += MS;
        self.see(&Seen::Over)
    }

    /// The broker took a step.
    pub fn stepped(&mut self, broker: Option<&Broker>, spent: Spent) -> Verdict {
        self.judge(broker, |oracle, scene| oracle.stepped(scene, spent))
    }

    /// Everything is looked at.
    pub fn sweep(&mut self, broker: Option<&Broker>) -> Verdict {
        self.judge(broker, |oracle, scene| oracle.sweep(scene))
    }

    /// `broker` was started on what was left, and this is its disk now.
    pub fn rehearsed(&mut self, broker: &Broker, left: &Media) -> Verdict {
        let rehearsal = Rehearsal { left };
        let judge = |oracle: &mut O, scene: &Scene<'_>| oracle.rehearsed(scene, &rehearsal);
        self.judge(Some(broker), judge)
    }

    /// The oracle is asked something, with all that it may look at.
    pub fn judge(
        &mut self,
        broker: Option<&Broker>,
        judge: impl FnOnce(&mut O, &Scene<'_>) -> Verdict,
    ) -> Verdict {
        let scene = Scene {
            at: self.at,
            script: &self.script,
            atlas: &self.atlas,
            broker,
            media: &self.media,
            life: self.life,
            ledger: &self.ledger,
        };
        let verdict = judge(&mut self.oracle, &scene);
        if let Err(violation) = &verdict {
            assert_eq!(violation.oracle, self.oracle.name(), "{}", violation.what);
        }
        verdict
    }
}

/// Nothing is wrong.
#[track_caller]
pub(crate) fn passes(verdict: Verdict) {
    assert_eq!(verdict, Ok(()));
}

/// It cannot be, for a reason that has these words.
#[track_caller]
pub(crate) fn fires(verdict: Verdict, words: &str) {
    let violation = verdict.expect_err("no oracle minds");
    assert!(violation.what.contains(words), "{}", violation.what);
}

/// Partition 0 of the topic of this name and id, named by its id.
pub(crate) fn topic(name: &str, id: u8) -> Named {
    Named {
        topic: Arc::from(name),
        id: [id; 16],
        by_id: true,
        index: 0,
    }
}

/// A topic with one partition, as Metadata shows it.
pub(crate) fn listed(named: &Named) -> TopicShown {
    TopicShown {
        error: 0,
        name: Arc::clone(&named.topic),
        id: named.id,
        partitions: vec![(0, 1, 0, 0)],
    }
}

/// The same, named by its name.
pub(crate) fn by_name(named: &Named) -> Named {
    Named {
        by_id: false,
        ..named.clone()
    }
}

/// What a client sends in this operation: so many records, a millisecond apart.
pub(crate) fn batch(op: u32, records: u16) -> Arc<Batch> {
    let id = |record| RecordId {
        client: 1,
        op,
        batch: 0,
        record,
    };
    let records = (0..records).map(|record| (id(record), TIME + i64::from(record)));
    let records: Vec<_> = records.collect();
    Arc::new(Batch {
        producer: None,
        contents: records
            .iter()
            .map(|(id, _)| u64::from(op) << 16 | u64::from(id.record))
            .collect(),
        keys: vec![key(None, false); records.len()],
        records,
        codec: 0,
        wrong: None,
        bytes: 100,
    })
}

pub(crate) fn key(hash: Option<u64>, tombstone: bool) -> Key {
    Key { hash, tombstone }
}

/// The same with these keys; where there is none, the record is a tombstone of key 9.
pub(crate) fn keyed(batch: &Batch, keys: &[Option<u64>]) -> Arc<Batch> {
    let keys = keys
        .iter()
        .map(|hash| key(hash.or(Some(9)), hash.is_none()));
    Arc::new(Batch {
        keys: keys.collect(),
        ..batch.clone()
    })
}

/// The same of an idempotent producer, beginning with this sequence.
pub(crate) fn in_sequence(batch: &Batch, id: i64, sequence: i32) -> Arc<Batch> {
    let epoch = 0;
    Arc::new(Batch {
        producer: Some(Producer {
            id,
            epoch,
            sequence,
        }),
        ..batch.clone()
    })
}

/// A batch as a reader is shown it at `base`, unchanged.
pub(crate) fn shown(batch: &Batch, base: i64) -> BatchShown {
    let offsets = base..;
    let records = offsets
        .zip(&batch.records)
        .zip(&batch.contents)
        .map(|((offset, (id, time)), content)| (offset, *time, Some(*id), *content));
    BatchShown {
        base_offset: base,
        last_offset: base + batch.records.len() as i64 - 1,
        leader_epoch: 0,
        producer: batch.producer,
        attributes: 0,
        crc_fits: true,
        hash: batch.contents.first().map_or(0, |content| content + 1),
        records: records.collect(),
    }
}

/// These batches, of a log that starts at 0 and is readable up to `high_watermark`.
pub(crate) fn fetched(high_watermark: i64, batches: Vec<BatchShown>) -> Fetched {
    Fetched {
        error: 0,
        high_watermark,
        last_stable: high_watermark,
        log_start: 0,
        diverging: None,
        batches,
        torn: 0,
        garbled: None,
    }
}

/// It lies at `base`.
pub(crate) fn taken(base: i64) -> Produced {
    Produced {
        error: 0,
        base_offset: base,
        log_append_time: -1,
        log_start: 0,
    }
}

/// ListOffsets names this record.
pub(crate) fn offset(offset: i64, timestamp: i64) -> Listed {
    Listed {
        error: 0,
        timestamp,
        offset,
        leader_epoch: -1,
    }
}

/// A request to take one batch.
pub(crate) fn produce(to: &Named, batch: &Arc<Batch>, acks: i16) -> Ask {
    Ask::Produce {
        acks,
        parts: vec![(to.clone(), Arc::clone(batch))],
        again: None,
    }
}

/// A request to read from `offset` on.
pub(crate) fn fetch(of: &Named, offset: i64) -> Ask {
    Ask::Fetch {
        max_wait_ms: 500,
        min_bytes: 1,
        max_bytes: 1 << 20,
        committed: false,
        session: (0, -1),
        wanted: vec![(of.clone(), offset, 1 << 20)],
        epochs: vec![-1],
    }
}

/// A script in which nothing goes wrong: one client, which does this, one thing after the other.
pub(crate) fn script(operations: Vec<Operation>) -> Script {
    let quick = Span {
        least: 10 * US,
        spread: 0,
        rare: 0,
    };
    let ops = (1..).zip(operations).map(|(number, what)| TimedOp {
        at: SECOND * Nanos::from(number),
        number,
        what,
    });
    let client = ClientScript {
        id: 1,
        idempotent: true,
        in_flight: 1,
        versions: Versions::Newest,
        sessions: false,
        committed: false,
        retries: 10,
        patience: 30 * SECOND,
        listener: 0,
        ops: ops.collect(),
    };
    Script {
        seed: 1,
        planted: None,
        limits: None,
        arm: Arm::Contract,
        horizon: HORIZON,
        settings: BTreeMap::new(),
        weather: Weather {
            latency: quick,
            segment: 64 << 10,
            socket: 1 << 20,
            disk: quick,
            sync: quick,
            job: quick,
            wake: quick,
            turn: 256,
            capacity: 1 << 32,
            wall: TIME,
            drift: 0,
        },
        chances: Chances::default(),
        faults: Vec::new(),
        clients: vec![client],
    }
}

/// What makes topic `t0` with so many partitions.
pub(crate) fn create(partitions: i32) -> Operation {
    Operation::CreateTopic {
        topic: 0,
        partitions,
        settings: Vec::new(),
    }
}

/// What writes one batch of ten records to its first partition.
pub(crate) fn write() -> Operation {
    Operation::Produce {
        places: vec![Place {
            topic: 0,
            partition: 0,
        }],
        acks: -1,
        records: 10,
        bytes: 1_000,
        codec: 0,
        skew: 0,
    }
}

/// A node that has lived through a script until shortly before faults would stop, and its disk.
pub(crate) fn node(script: Script) -> (Broker, Media) {
    World::new(Arc::new(script), false).node_at(HORIZON - SECOND)
}
