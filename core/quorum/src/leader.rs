//! A leader's tenure: it opens its epoch, appends for the controller, and moves the high watermark.

use bytes::Bytes;
use ottla_log::Origin;
use ottla_machine::{Emit, LeaderEpoch, NodeId, Now, Offset, sometimes};
use ottla_protocol::Uuid;
use ottla_record::{Builder, BuilderSettings, control_batch};

use crate::open::Stage;
use crate::voter_set::{Voter, leader_change};
use crate::{CommittedBatch, KRAFT_VERSION, Quorum, QuorumEvent, SnapshotId, limits};

/// Why the controller's records were not appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendError {
    /// This node does not lead.
    NotLeader,
    /// Records that must stand together do not fit one batch.
    TooLarge,
    /// There is no room on the disk.
    Full,
}

/// One replica of the metadata log, as DescribeQuorum shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replica {
    /// The node.
    pub id: NodeId,
    /// Its directory.
    pub directory_id: Uuid,
    /// The end of its log.
    pub log_end_offset: Offset,
}

/// The quorum, as DescribeQuorum shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// Who leads.
    pub leader: Option<NodeId>,
    /// The epoch.
    pub epoch: LeaderEpoch,
    /// How far the log is committed.
    pub high_watermark: Offset,
    /// The voters, this node's own progress in the first place.
    pub replicas: Vec<Replica>,
    /// The voters' endpoints.
    pub voters: Vec<Voter>,
    /// The raft protocol's version.
    pub kraft_version: i16,
}

impl Quorum {
    /// Appends the controller's records at the tail. They are written and synced when the turn settles, and told as committed when that
    /// is done. With `atomic`, all of them in one batch. All are appended or none.
    pub fn append(
        &mut self,
        now: Now,
        values: &[Bytes],
        atomic: bool,
    ) -> Result<Offset, AppendError> {
        if !matches!(self.stage, Stage::Leading) {
            return Err(AppendError::NotLeader);
        }
        let base = self.log().assigned();
        let mut builder = self.batch();
        let mut built = Vec::new();
        for value in values {
            if value.len() + RECORD_FRAME > limits::BATCH_BYTES {
                return Err(AppendError::TooLarge);
            }
            if builder.count() > 0
                && builder.size() + value.len() + RECORD_FRAME > limits::BATCH_BYTES
            {
                if atomic {
                    return Err(AppendError::TooLarge);
                }
                let next = builder.next_offset();
                built.push(std::mem::replace(
                    &mut builder,
                    Builder::new(self.settings(next)),
                ));
            }
            // One reading of the clock per batch: Kafka refuses a directory in which two records of a metadata batch differ.
            builder.append(now.wall.0, None, Some(value), &[]);
        }
        built.push(builder);
        for builder in built.into_iter().filter(|builder| builder.count() > 0) {
            self.append_batch(now, builder.finish())?;
        }
        Ok(base)
    }

    /// The leader's epoch while this node leads.
    pub fn leading(&self) -> Option<LeaderEpoch> {
        (matches!(self.stage, Stage::Leading) && self.epoch_start.is_none())
            .then_some(self.state.epoch)
    }

    /// The newest snapshot that is durable.
    pub fn newest_snapshot(&self) -> Option<SnapshotId> {
        self.snapshots.newest
    }

    /// Whether this life began with an older snapshot than the newest, which was not whole.
    pub fn passed_over_a_snapshot(&self) -> bool {
        self.snapshots.damaged.is_some()
    }

    /// The offset after the last committed record.
    pub fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// The offset that the next append gets.
    pub fn end_offset(&self) -> Offset {
        self.log.as_ref().map_or(Offset(0), |log| log.assigned())
    }

    /// The quorum for people and tools.
    pub fn view(&self) -> View {
        View {
            leader: self.state.leader,
            epoch: self.state.epoch,
            high_watermark: self.high_watermark,
            replicas: vec![Replica {
                id: self.identity.node,
                directory_id: self.identity.directory_id,
                log_end_offset: self.end_offset(),
            }],
            voters: self.voters.voters.clone(),
            kraft_version: self.voters.kraft_version,
        }
    }

    /// Q2: the epoch's first batch. Voters are repeated in it when the log does not hold them yet or an endpoint has moved.
    pub(crate) fn open_epoch(&mut self, now: Now, fx: &mut impl Emit, out: &mut Vec<QuorumEvent>) {
        let epoch = self.state.epoch;
        let log = self.log.as_mut().expect("an elected leader has a log");
        log.start_epoch(epoch, fx);
        let base = log.assigned();
        let mut records = vec![leader_change(self.identity.node)];
        if self.voters.kraft_version >= KRAFT_VERSION && (base == Offset(0) || self.moved()) {
            self.voters.voters[0].endpoints = vec![self.identity.endpoint.clone()];
            records.extend(self.voters.records());
        }
        let borrowed: Vec<_> = records
            .iter()
            .map(|(kind, value)| (*kind, value.as_slice()))
            .collect();
        let batch = control_batch(self.settings(base.0), now.wall.0, &borrowed);
        self.stage = Stage::Leading;
        self.epoch_start = Some(base);
        if self.append_batch(now, batch).is_err() {
            self.offline(
                "the metadata log refused its own leader's first record".to_owned(),
                out,
            );
        }
    }

    /// Q3, Q4: the high watermark follows what is flushed; what it passes is told.
    pub(crate) fn advance(&mut self, _now: Now, fx: &mut impl Emit, out: &mut Vec<QuorumEvent>) {
        let flushed = self.log().flushed();
        if self.epoch_start.is_some_and(|start| flushed <= start) {
            return;
        }
        assert!(
            flushed >= self.high_watermark,
            "Q3: {flushed} < {}",
            self.high_watermark
        );
        self.high_watermark = flushed;
        let high_watermark = self.high_watermark;
        let log = self
            .log
            .as_mut()
            .expect("a high watermark belongs to a log");
        log.set_high_watermark(high_watermark);
        while let Some(batch) = self
            .pending
            .pop_front_if(|batch| batch.next_offset <= high_watermark)
        {
            self.last_ms = batch.timestamp;
            out.push(QuorumEvent::Committed(batch));
        }
        sometimes!(fx, "one flush committed several batches of metadata", if out.len() > 2);
        if self.epoch_start.take().is_some() {
            out.push(QuorumEvent::Leading(self.state.epoch));
        }
    }

    fn append_batch(&mut self, now: Now, batch: Bytes) -> Result<(), AppendError> {
        let epoch = self.state.epoch;
        let log = self.log.as_mut().expect("a leader has a log");
        log.append(now, batch.clone(), epoch, Origin::Node)
            .map_err(|_| AppendError::Full)?;
        self.pending
            .push_back(CommittedBatch::new(batch).expect("our own batch has a header"));
        Ok(())
    }

    fn batch(&self) -> Builder {
        Builder::new(self.settings(self.log().assigned().0))
    }

    fn settings(&self, base_offset: i64) -> BuilderSettings {
        BuilderSettings {
            base_offset,
            leader_epoch: self.state.epoch.0,
            ..BuilderSettings::default()
        }
    }

    fn log(&self) -> &ottla_log::Log {
        self.log.as_ref().expect("the log is open in this stage")
    }

    fn moved(&self) -> bool {
        self.voters
            .voters
            .first()
            .is_some_and(|voter| voter.endpoints != [self.identity.endpoint.clone()])
    }
}

/// More than a record's own framing: lengths, deltas, no key, no headers.
const RECORD_FRAME: usize = 32;
