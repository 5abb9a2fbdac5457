//! Drives a quorum, and watches over what may be written and told when: both are compared with what the disk would keep at that very moment.
//!
//! - Q1: a vote is durable before its candidate claims the epoch.
//! - Q2: the epoch and the vote are durable before the epoch's first batch is written, and that opens with LEADER_CHANGE.
//! - Q3: what is told as committed is durable.
//! - Q4: it is told in order, without a hole, once.
//! - Q6: after Offline nothing is told.
//! - Q7: a snapshot that has its name is whole, and durable when it is told as taken.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use ottla_machine::{
    DiskOp, DiskOutput, Emit, Fault, LeaderEpoch, Level, NodeId, Now, Offset, Op, Rng, Spend, Time,
    WallMs,
};
use ottla_media::Media;
use ottla_protocol::Uuid;
use ottla_quorum::{
    CommittedBatch, Identity, KRAFT_VERSION, LogSettings, Place, Quorum, QuorumEvent, QuorumState,
    Snapshot, SnapshotId, Voter, VoterEndpoint, VoterSet,
};
use ottla_record::{Batches, LEADER_CHANGE, control_kind};
use ottla_testdisk::{Disk, ROOT, Underway};

pub const NODE: NodeId = NodeId(1);
pub const DIRECTORY: Uuid = Uuid([7; 16]);
pub const DIR: &str = "__cluster_metadata-0";
pub const STATE: &str = "__cluster_metadata-0/quorum-state";
pub const LOG_PART: u16 = 5;

/// What a quorum emits.
#[derive(Default)]
struct Out {
    issued: Vec<(Op, DiskOp)>,
    notes: Vec<String>,
}

impl Emit for Out {
    fn disk(&mut self, op: Op, what: DiskOp) {
        self.issued.push((op, what));
    }

    fn note(&mut self, _: Level, text: String) {
        self.notes.push(text);
    }

    fn spend(&mut self, _: Spend, _: usize) {}
}

/// A moment at which the power may go.
pub struct Moment {
    pub media: Media,
    /// How much had been told as committed.
    pub told: usize,
}

pub struct World {
    pub quorum: Quorum,
    pub disk: Disk,
    pub now: Now,
    pub rng: Rng,
    /// Operations and ends in a drawn order.
    drawn: bool,
    underway: Underway,
    fx: Out,
    pub committed: Vec<CommittedBatch>,
    pub snapshot: Option<(SnapshotId, Vec<Bytes>)>,
    /// What the snapshot under way still wants to be told.
    feeding: VecDeque<Bytes>,
    pub taken: Vec<SnapshotId>,
    pub given_up: Vec<String>,
    pub leading: Option<LeaderEpoch>,
    pub offline: Option<String>,
    pub closed: bool,
    /// Epochs whose first batch has been written in this life.
    opened: BTreeSet<i32>,
    /// When it is kept: every moment of this life.
    pub moments: Option<Vec<Moment>>,
}

pub fn endpoint(port: u16) -> VoterEndpoint {
    VoterEndpoint {
        name: "CONTROLLER".to_owned(),
        host: "localhost".to_owned(),
        port,
    }
}

pub fn identity() -> Identity {
    Identity {
        node: NODE,
        directory_id: DIRECTORY,
        endpoint: endpoint(9093),
    }
}

pub fn voters(ids: &[i32]) -> VoterSet {
    let voter = |id: &i32| Voter {
        id: NodeId(*id),
        directory_id: DIRECTORY,
        endpoints: vec![endpoint(9093)],
    };
    VoterSet {
        voters: ids.iter().map(voter).collect(),
        kraft_version: KRAFT_VERSION,
    }
}

/// The 0-0 snapshot of a fresh directory.
pub fn zero(voters: VoterSet) -> Bytes {
    let snapshot = Snapshot {
        voters,
        values: Vec::new(),
    };
    snapshot.print(LeaderEpoch(0), 1_000, 1_000)
}

/// A formatted disk.
pub fn formatted() -> Media {
    let mut disk = Disk::over(Media::new(1 << 30));
    disk.put(DIR, &SnapshotId::BOOTSTRAP.file_name(), &zero(voters(&[1])));
    disk.media
}

pub fn rng(seed: u64) -> Rng {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    Rng::new(bytes)
}

impl World {
    /// In the order issued.
    pub fn over(media: Media, identity: Identity) -> World {
        World::drawn(media, identity, 0)
    }

    /// Above seed 0 in a drawn order.
    pub fn drawn(media: Media, identity: Identity, seed: u64) -> World {
        World::set(media, identity, LogSettings::default(), seed)
    }

    /// The same, with settings of its log.
    pub fn set(media: Media, identity: Identity, settings: LogSettings, seed: u64) -> World {
        let place = Place {
            root: ROOT,
            part: 4,
            log_part: LOG_PART,
        };
        let mut world = World {
            quorum: Quorum::new(identity, place, settings),
            disk: Disk::over(media),
            now: Now {
                mono: Time(1_000_000_000),
                wall: WallMs(1_700_000_000_000),
            },
            rng: rng(seed),
            drawn: seed > 0,
            underway: Underway::default(),
            fx: Out::default(),
            committed: Vec::new(),
            snapshot: None,
            feeding: VecDeque::new(),
            taken: Vec::new(),
            given_up: Vec::new(),
            leading: None,
            offline: None,
            closed: false,
            opened: BTreeSet::new(),
            moments: None,
        };
        world.quorum.start(&mut world.fx);
        world.issue();
        world
    }

    /// Leads, or panics with the reason.
    pub fn up(mut self) -> World {
        self.run();
        assert!(
            self.leading.is_some(),
            "{:?} {:?}",
            self.offline,
            self.fx.notes
        );
        self
    }

    /// The sentence with which it goes offline.
    pub fn refused(mut self) -> String {
        self.run();
        assert_eq!(self.leading, None);
        self.offline.expect("it cannot lead")
    }

    /// Runs until nothing is left to do.
    pub fn run(&mut self) {
        for _ in 0..100_000 {
            if !self.turn() {
                return;
            }
        }
        panic!("the quorum never comes to rest");
    }

    /// One thing happens, perhaps more; then the turn ends. `false`: nothing is left to do.
    pub fn turn(&mut self) -> bool {
        let most = if self.drawn { 1 + self.rng.below(5) } else { 1 };
        for _ in 0..most {
            let rng = self.drawn.then_some(&mut self.rng);
            if let Some((op, result)) = self.underway.happen(&mut self.disk, rng) {
                self.done(op, result);
            }
            self.keep();
        }
        self.settle();
        let due = self.quorum.deadline().is_some_and(|at| at <= self.now.mono)
            || self.quorum.wants_snapshot_records();
        !self.underway.is_empty() || due
    }

    /// Begins a snapshot of all that is committed; its records are told while the world runs.
    pub fn take_snapshot(&mut self, values: &[Bytes]) -> SnapshotId {
        let last = self.committed.last().expect("something is committed");
        let id = SnapshotId {
            end: last.next_offset,
            epoch: last.epoch,
        };
        assert!(self.quorum.begin_snapshot(self.now, id, &mut self.fx));
        self.feeding = values.iter().cloned().collect();
        self.issue();
        id
    }

    pub fn settle(&mut self) {
        let mut out = Vec::new();
        if self.quorum.wants_snapshot_records() {
            let slice = self.feeding.len().min(2);
            let slice: Vec<Bytes> = self.feeding.drain(..slice).collect();
            let over = self.feeding.is_empty();
            self.quorum.snapshot_records(&slice, over, &mut self.fx);
        }
        self.quorum.settle(self.now, &mut self.fx, &mut out);
        self.told(out);
        self.issue();
    }

    fn done(&mut self, op: Op, result: Result<DiskOutput, Fault>) {
        let mut out = Vec::new();
        self.quorum
            .on_done(self.now, op, result, &mut self.fx, &mut out);
        self.told(out);
        self.issue();
    }

    pub fn append(&mut self, values: &[Bytes], atomic: bool) -> Offset {
        self.quorum
            .append(self.now, values, atomic)
            .expect("a leader appends")
    }

    pub fn stop(&mut self) {
        let mut out = Vec::new();
        self.quorum.stop(self.now, &mut self.fx, &mut out);
        self.told(out);
        self.issue();
        self.run();
    }

    /// The process is gone.
    pub fn killed(mut self) -> Media {
        self.disk.media.kill();
        self.disk.media
    }

    fn keep(&mut self) {
        if let Some(moments) = &mut self.moments {
            moments.push(Moment {
                media: self.disk.media.clone(),
                told: self.committed.len(),
            });
        }
    }

    fn issue(&mut self) {
        for (op, what) in std::mem::take(&mut self.fx.issued) {
            if let DiskOp::Write { file, at, bytes } = &what {
                let (name, bytes) = (self.disk.opened[file].clone(), bytes.concat());
                // What a recovery writes once more says nothing new.
                if self.disk.range(*file, *at, bytes.len()) != bytes {
                    self.judge_write(&name, &bytes);
                }
            }

            self.underway.issue(op, what);
        }
    }

    fn judge_write(&mut self, name: &str, bytes: &[u8]) {
        if name == "quorum-state.tmp" {
            let next = QuorumState::parse(bytes).expect("it is written as it is read");
            let kept = durable_state(&self.disk.media);
            if next.leader.is_some() {
                let vote = kept.and_then(|kept| kept.voted).map(|(id, _)| id);
                let same = kept.is_some_and(|kept| kept.epoch == next.epoch);
                assert!(same && vote == next.leader, "Q1: {next:?} over {kept:?}");
            }
        } else if name.ends_with(".log") {
            let kept = durable_state(&self.disk.media).expect("Q2: a vote before the first batch");
            for batch in Batches::new(bytes) {
                let batch = batch.expect("whole batches are written");
                let epoch = batch.header().partition_leader_epoch;
                let mine = kept.leader.or(kept.voted.map(|(id, _)| id)) == Some(NODE);
                assert!(
                    mine && kept.epoch.0 == epoch,
                    "Q2: epoch {epoch} over {kept:?}"
                );
                if self.opened.insert(epoch) {
                    assert_eq!(
                        kinds(batch.bytes())[0],
                        LEADER_CHANGE,
                        "Q2: the epoch's first record"
                    );
                }
            }
        }
    }

    fn told(&mut self, events: Vec<QuorumEvent>) {
        let commits = events
            .iter()
            .any(|event| matches!(event, QuorumEvent::Committed(_)));
        let kept = commits.then(|| logs(&durable(&self.disk.media)));
        for event in events {
            assert_eq!(self.offline, None, "Q6: {event:?}");
            match event {
                QuorumEvent::SnapshotRecords(values) => {
                    assert!(self.committed.is_empty() && self.snapshot.is_none());
                    self.feeding.extend(values);
                }
                QuorumEvent::Snapshot(id) => {
                    assert!(self.committed.is_empty() && self.snapshot.is_none());
                    let values = std::mem::take(&mut self.feeding);
                    self.snapshot = Some((id, values.into()));
                }
                QuorumEvent::SnapshotTaken(id) => {
                    let kept = durable(&self.disk.media).bytes(&path(id));
                    let kept = Snapshot::parse(&kept.expect("Q7: its name is durable"));
                    kept.expect("Q7: it is whole");
                    self.taken.push(id);
                }
                QuorumEvent::SnapshotGivenUp(why) => self.given_up.push(why),
                QuorumEvent::Committed(batch) => {
                    let end = self.snapshot.as_ref().map_or(Offset(0), |(id, _)| id.end);
                    let next = self.committed.last().map_or(end, |batch| batch.next_offset);
                    assert_eq!(
                        batch.base_offset, next,
                        "Q4: in order, without a hole, once"
                    );
                    assert!(batch.next_offset <= self.quorum.high_watermark(), "Q4");
                    let mut kept = kept.iter().flatten();
                    assert!(
                        kept.any(|(_, log)| holds(log, &batch.bytes)),
                        "Q3: {batch:?} is not durable"
                    );
                    self.committed.push(batch);
                }
                QuorumEvent::Leading(epoch) => {
                    let last = self.committed.last().expect("Q3: its own first batch");
                    assert_eq!(last.epoch, epoch, "everything before was told");
                    assert_eq!(self.leading.replace(epoch), None, "leads once");
                }
                QuorumEvent::Closed => self.closed = true,
                QuorumEvent::Offline(why) => self.offline = Some(why),
            }
        }
    }
}

/// The kinds of the records of a control batch.
pub fn kinds(batch: &[u8]) -> Vec<i16> {
    let batch = ottla_record::Batch::parse(batch).expect("a batch");
    assert!(batch.header().is_control());
    let records = batch.records(1 << 20).expect("records");
    let kind =
        |record: ottla_record::Record<'_>| control_kind(record.key).expect("a control record");
    records
        .iter()
        .map(|record| kind(record.expect("a record")))
        .collect()
}

/// A snapshot's file.
pub fn path(id: SnapshotId) -> String {
    format!("{DIR}/{}", id.file_name())
}

/// What a power cut would leave if it took everything it may.
pub fn durable(media: &Media) -> Disk {
    let media = media.durable_image();
    Disk::over(media)
}

pub fn durable_state(media: &Media) -> Option<QuorumState> {
    let bytes = durable(media).bytes(STATE)?;
    Some(QuorumState::parse(&bytes).expect("Q1: it is whole or not there"))
}

/// A disk's logs, by name.
pub fn logs(disk: &Disk) -> BTreeMap<String, Bytes> {
    let names = disk
        .media
        .status(DIR)
        .map_or(Vec::new(), |_| disk.names(DIR));
    let logs = names.into_iter().filter(|name| name.ends_with(".log"));
    logs.filter_map(|name| {
        disk.bytes(&format!("{DIR}/{name}"))
            .map(|bytes| (name, bytes))
    })
    .collect()
}

fn holds(log: &[u8], batch: &[u8]) -> bool {
    log.windows(batch.len()).any(|window| window == batch)
}

pub fn value(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}
