//! From a directory to a leader: reading what the last life left, then the election of a quorum of one.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use ottla_log::{Load, Loading, Log, LogConfig, Progress, Rewrite, Start};
use ottla_machine::{
    DirEntry, DiskOp, DiskOutput, Emit, Fault, Kind, LeaderEpoch, Name, Now, Offset, Owner,
    sometimes,
};
use ottla_protocol::Uuid;
use ottla_record::{Batch, control_kind};

use crate::snapshot::{Reading, SnapshotId};
use crate::{CommittedBatch, Quorum, QuorumEvent, QuorumState, limits};

/// Where the quorum is on its way. The table is in the crate's header.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    Idle,
    Entering,
    State(Load),
    Listing,
    /// Which, and which are older.
    Snapshot(Load, SnapshotId, VecDeque<SnapshotId>),
    Checking(Box<Reading>, SnapshotId, VecDeque<SnapshotId>),
    Telling(VecDeque<Bytes>, SnapshotId),
    Log,
    /// The log is empty: are there partitions all the same?
    Looking,
    Voting(Rewrite),
    Leading,
    Closing,
    Closed,
    Offline,
}

pub(crate) const DIR: &str = "__cluster_metadata-0";
const STATE: &str = "quorum-state";

impl Quorum {
    /// Begins to read the directory.
    pub fn start(&mut self, fx: &mut impl Emit) {
        assert!(matches!(self.stage, Stage::Idle), "a quorum starts once");
        self.disk(
            fx,
            DiskOp::MakeDir {
                dir: self.place.root,
                name: name(DIR),
                made: self.dir,
            },
        );
        self.stage = Stage::Entering;
    }

    /// A completion of the quorum's own small files.
    pub(crate) fn on_file_done(
        &mut self,
        now: Now,
        seq: u64,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<QuorumEvent>,
    ) {
        if self.claim.as_ref().is_some_and(|claim| claim.owns(seq)) {
            return self.on_claimed(seq, result, fx, out);
        }
        match std::mem::replace(&mut self.stage, Stage::Idle) {
            Stage::Entering => match result {
                Ok(_) => self.stage = Stage::State(self.load(STATE, limits::STATE_BYTES, fx)),
                Err(fault) => self.offline(format!("{DIR} cannot be opened ({fault:?})"), out),
            },
            Stage::State(mut load) => match load.on_done(result, fx) {
                Loading::Going => self.stage = Stage::State(load),
                loaded => self.on_state(loaded, fx, out),
            },
            Stage::Listing => self.on_listed(now, result, fx, out),
            Stage::Looking => self.on_looked(result, fx, out),
            Stage::Snapshot(mut load, id, older) => match load.on_done(result, fx) {
                Loading::Going => self.stage = Stage::Snapshot(load, id, older),
                loaded => self.on_snapshot(now, id, older, loaded, fx),
            },
            Stage::Voting(mut rewrite) => match rewrite.on_done(seq, result, fx) {
                Progress::Going => self.stage = Stage::Voting(rewrite),
                progress => self.on_voted(now, progress, fx, out),
            },
            other => self.stage = other,
        }
    }

    fn on_state(&mut self, loaded: Loading, fx: &mut impl Emit, out: &mut Vec<QuorumEvent>) {
        let state = match loaded {
            Loading::Failed(Fault::Gone) => Ok(QuorumState::default()),
            Loading::Done(bytes) => QuorumState::parse(&bytes),
            other => Err(format!("{DIR}/{STATE} cannot be read ({other:?})")),
        };
        match state {
            Ok(state) => {
                self.state = state;
                self.list(None, fx);
            }
            Err(why) => self.offline(why, out),
        }
    }

    pub(crate) fn open_log(&mut self, now: Now, fx: &mut impl Emit) {
        let place = ottla_log::Place {
            owner: Owner {
                part: self.place.log_part,
                slot: 0,
                generation: 0,
            },
            names: self.names.range(),
            parent: self.place.root,
            dir_name: name(DIR),
            topic_id: Uuid::ONE.0,
        };
        let config = LogConfig {
            segment_bytes: self.settings.segment_bytes,
            segment_ms: self.settings.segment_ms,
            retention_ms: -1,
            retention_bytes: -1,
            delete: false,
            one_epoch_a_life: true,
            was_durable: self.settings.was_durable,
            max_message_bytes: limits::BATCH_BYTES + (1 << 20),
            ..LogConfig::default()
        };
        self.stage = Stage::Log;
        // The metadata log is never believed: every batch's checksum is looked at in every start. But what a snapshot holds was durable, and
        // need not be made so again.
        let start = Start::Recover {
            from: self.high_watermark,
            log_start: Offset(0),
            show: true,
        };
        self.log = Some(Log::open(place, Arc::new(config), start, now, fx));
    }

    /// A batch that the log found whole.
    pub(crate) fn on_recovered(&mut self, bytes: Bytes, out: &mut Vec<QuorumEvent>) {
        let below = self.high_watermark;
        let read = CommittedBatch::new(bytes)
            .map_err(|why| why.to_string())
            .and_then(|batch| {
                if batch.control && batch.next_offset > below {
                    self.read_control(&batch.bytes)?;
                }
                Ok(batch)
            });
        match read {
            Ok(batch) if batch.next_offset <= below => {} // below the snapshot: it is in there
            Ok(batch) => self.pending.push_back(batch),
            Err(why) => self.offline(
                format!("{DIR} holds a batch that cannot be read ({why}): restore the directory from a backup"),
                out,
            ),
        }
    }

    fn read_control(&mut self, bytes: &[u8]) -> Result<(), String> {
        let text = |why: &dyn std::fmt::Display| why.to_string();
        let records = Batch::parse(bytes)
            .and_then(|batch| batch.records(limits::BATCH_UNPACKED))
            .map_err(|e| text(&e))?;
        for record in records.iter() {
            let record = record.map_err(|e| text(&e))?;
            let kind = control_kind(record.key).map_err(|e| text(&e))?;
            self.voters
                .read(kind, record.value.unwrap_or_default())
                .map_err(|e| text(&e))?;
        }
        Ok(())
    }

    /// The log is open. A partition's directory is made when its topic is durable here, so an empty log beside one has lost all of them.
    pub(crate) fn on_log_opened(
        &mut self,
        _now: Now,
        fx: &mut impl Emit,
        out: &mut Vec<QuorumEvent>,
    ) {
        let end = self.log.as_ref().map(|log| log.assigned());
        match end.max(Some(self.high_watermark)) {
            Some(Offset(0)) => self.look_around(None, fx),
            _ => self.elect(fx, out),
        }
    }

    fn look_around(&mut self, after: Option<Name>, fx: &mut impl Emit) {
        let most = limits::LIST.of(fx.switch()) as u32;
        let dir = self.place.root;
        self.disk(fx, DiskOp::List { dir, after, most });
        self.stage = Stage::Looking;
    }

    fn on_looked(
        &mut self,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<QuorumEvent>,
    ) {
        let entries = match result {
            Ok(DiskOutput::Listed(entries)) => entries,
            other => {
                let why = format!("the directory of {DIR} cannot be listed ({other:?})");
                return self.offline(why, out);
            }
        };
        let partition = |entry: &&DirEntry| {
            let number = entry
                .name
                .as_str()
                .rsplit_once('-')
                .map(|(_, number)| number);
            let numbered = number.is_some_and(|number| number.parse::<u32>().is_ok());
            entry.kind == Kind::Dir && entry.name.as_str() != DIR && numbered
        };
        if let Some(entry) = entries.iter().find(partition) {
            let why = format!(
                "{DIR} is empty, but there are partitions, {} among them: restore {DIR} from a backup; without it all topics would be lost",
                entry.name
            );
            return self.offline(why, out);
        }
        match entries.last() {
            Some(last) if entries.len() == limits::LIST.of(fx.switch()) => {
                self.look_around(Some(last.name.clone()), fx);
            }
            _ => self.elect(fx, out),
        }
    }

    /// An election, if this node is the one voter.
    fn elect(&mut self, fx: &mut impl Emit, out: &mut Vec<QuorumEvent>) {
        let epoch = match self.judge_log().and_then(|last| {
            self.judge_voters()?;
            self.next_epoch(last)
        }) {
            Ok(epoch) => epoch,
            Err(why) => return self.offline(why, out),
        };
        let begun = self.log.as_ref().map(|log| log.latest_epoch());
        let lost = begun.is_some_and(|begun| self.state.epoch > begun);
        sometimes!(fx, "an epoch was voted in and never begun", if lost);
        self.state = QuorumState {
            leader: None,
            epoch,
            voted: Some((self.identity.node, self.identity.directory_id)),
        };
        self.stage = Stage::Voting(self.persist(fx));
    }

    /// That the log continues the snapshot without a hole; its last epoch.
    fn judge_log(&self) -> Result<LeaderEpoch, String> {
        let log = self.log.as_ref().expect("it has just been opened");
        let (start, end) = (log.start_offset(), log.assigned());
        let (known, claimed) = (self.high_watermark, self.snapshots.claimed);
        if start > known {
            return Err(match &self.snapshots.damaged {
                Some(damaged) => format!(
                    "{damaged}, and {DIR} begins at offset {start}, where an older one does not reach: restore that file from a backup; without it topics would be lost"
                ),
                None => format!(
                    "{DIR} begins at offset {start} and its newest snapshot ends at {known}: what lay between is missing; restore the directory from a backup"
                ),
            });
        }
        if end < claimed {
            return Err(format!(
                "{DIR} ends at offset {end} and its newest snapshot at {claimed}: segments are missing; restore the directory from a backup"
            ));
        }
        Ok(log.latest_epoch())
    }

    fn next_epoch(&self, last: LeaderEpoch) -> Result<LeaderEpoch, String> {
        let next = self.state.epoch.max(last).0.checked_add(1);
        next.map(LeaderEpoch).ok_or_else(|| {
            format!("{DIR}/{STATE} or the log names the last epoch there can be: restore the directory from a backup")
        })
    }

    fn judge_voters(&self) -> Result<(), String> {
        let me = &self.identity;
        match self.voters.voters.as_slice() {
            [] => match &self.snapshots.damaged {
                // It may have said who votes.
                Some(damaged) => Err(format!(
                    "{damaged}: restore that file from a backup; without it topics would be lost"
                )),
                None if self.voters.kraft_version == 0 => Ok(()),
                None => Err(format!(
                    "{DIR} names no voters: restore the directory from a backup"
                )),
            },
            [only] if only.id == me.node && only.directory_id == me.directory_id => Ok(()),
            [only] => Err(format!(
                "the only voter in {DIR} is node {} with directory {}, but meta.properties says node {} with directory {}: it can never lead; restore the meta.properties that belongs to this directory",
                only.id, only.directory_id, me.node, me.directory_id
            )),
            voters => Err(format!(
                "{DIR} names {} voters and this version serves a quorum of one: remove the others with Apache Kafka before this server takes the directory",
                voters.len()
            )),
        }
    }

    /// Q1 holds here: the vote is durable. One voter's own vote is the majority. Who leads is written down as well, but nobody waits for
    /// that: a leader that forgets it votes in the next epoch.
    fn on_voted(
        &mut self,
        now: Now,
        progress: Progress,
        fx: &mut impl Emit,
        out: &mut Vec<QuorumEvent>,
    ) {
        if let Progress::Failed(fault) = progress {
            return self.offline(not_written(fault), out);
        }
        self.state = QuorumState {
            leader: Some(self.identity.node),
            voted: None,
            ..self.state
        };
        self.claim = Some(self.persist(fx));
        self.open_epoch(now, fx, out);
    }

    fn on_claimed(
        &mut self,
        seq: u64,
        result: Result<DiskOutput, Fault>,
        fx: &mut impl Emit,
        out: &mut Vec<QuorumEvent>,
    ) {
        let progress = self
            .claim
            .as_mut()
            .map(|claim| claim.on_done(seq, result, fx));
        match progress {
            Some(Progress::Going) | None => return,
            Some(Progress::Failed(fault)) => self.offline(not_written(fault), out),
            Some(Progress::Done) => {}
        }
        self.claim = None;
    }

    fn persist(&mut self, fx: &mut impl Emit) -> Rewrite {
        let bytes = if self.voters.kraft_version == 0 {
            self.state.print_static(self.identity.node)
        } else {
            self.state.print()
        };
        let seq = self.seqs();
        Rewrite::begin(
            self.owner(),
            seq,
            self.dir,
            name(STATE),
            Bytes::from(bytes),
            &mut self.names,
            fx,
        )
    }

    pub(crate) fn load(&mut self, file: &str, most: u32, fx: &mut impl Emit) -> Load {
        let seq = self.seqs();
        Load::begin(
            self.owner(),
            seq,
            self.dir,
            name(file),
            most,
            &mut self.names,
            fx,
        )
    }
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).expect("the quorum's file names are names")
}

fn not_written(fault: Fault) -> String {
    format!("{DIR}/{STATE} cannot be written ({fault:?}): without it this node may not vote")
}
