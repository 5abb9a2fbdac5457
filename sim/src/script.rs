//! A run as a value: everything that is decided before it begins. A seed is only a short name for a script ([`crate::swarm`] writes it
//! down); whoever has the script needs neither the seed's writer nor the swarm, and can take anything out of it.
//!
//! What remains to be drawn while it runs (latencies, sizes of turns, which un-synced sector survives) is drawn by place, so that
//! nothing else moves when a fault, an operation or a client is taken out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::draw::{Domain, Draw};
pub use crate::nanos::{MS, Nanos, SECOND, US};

/// An hour, in milliseconds.
const HOUR_MS: i64 = 3_600_000;

/// Everything that is decided before a run.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Script {
    /// For what is drawn by place while it runs.
    pub seed: u64,
    /// The planted bug that is switched on.
    pub planted: Option<String>,
    /// What the core's own limits are drawn from; none: as they ship.
    #[serde(default)]
    pub limits: Option<u64>,
    /// What the broker stands on.
    pub arm: Arm,
    /// Faults and operations end here; then the node must recover.
    #[serde(with = "crate::nanos")]
    pub horizon: Nanos,
    /// The broker's settings by Kafka's names.
    pub settings: BTreeMap<String, String>,
    /// How long things take when nothing is wrong.
    pub weather: Weather,
    /// What may go wrong at any call.
    pub chances: Chances,
    /// What goes wrong at a given time, in order of time.
    pub faults: Vec<TimedFault>,
    /// Who uses the broker.
    pub clients: Vec<ClientScript>,
}

impl Script {
    /// Whether what was acknowledged may be lost with the power.
    pub fn is_lossy(&self) -> bool {
        self.settings
            .get("log.flush.on.ack")
            .is_some_and(|value| value == "false")
    }

    /// Nothing of it begins at or after this time any more.
    pub fn cut_at(&mut self, horizon: Nanos) {
        self.horizon = horizon;
        self.faults.retain(|fault| fault.at < horizon);
        for client in &mut self.clients {
            client.ops.retain(|op| op.at < horizon);
        }
    }

    /// Whether producers may be forgotten within a run: then a batch sent again may be taken twice, as with Kafka. They are forgotten by
    /// the times of their batches, so a clock that jumps and a client with a clock of its own do it too.
    pub fn producers_expire(&self) -> bool {
        let jumps = |fault: &TimedFault| matches!(fault.what, Fault::WallJump { .. });
        let old = |op: &TimedOp| match op.what {
            Operation::Produce { skew, .. } => skew < -HOUR_MS,
            _ => false,
        };
        let expiration = self.settings.get("producer.id.expiration.ms");
        // No run takes an hour, and no record of a producer is that old.
        let soon = |ms: &String| ms.parse::<i64>().is_ok_and(|ms| ms < HOUR_MS);
        expiration.is_some_and(soon)
            || self.faults.iter().any(jumps)
            || self.clients.iter().any(|client| client.ops.iter().any(old))
    }
}

/// What the broker stands on.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arm {
    /// The contract itself, with every freedom it leaves.
    Contract,
    /// `ottla-desk` over system calls that are short, interrupted, and out of order.
    Desk,
}

/// A span to draw from: `least` to `least + spread`, and once in `rare` ten to a hundred times as much (never when `rare` is 0).
#[derive(Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The shortest.
    #[serde(with = "crate::nanos")]
    pub least: Nanos,
    /// How much longer it may be.
    #[serde(with = "crate::nanos")]
    pub spread: Nanos,
    /// How seldom it takes very long.
    pub rare: u64,
}

impl Span {
    /// The time it takes the `n`th time for this entity.
    pub fn draw(self, draw: Draw, domain: Domain, entity: u64, n: u64) -> Nanos {
        let bits = draw.at(domain, entity, n);
        let usual = self.least + bits % (self.spread + 1);
        if self.rare > 0 && (bits >> 40).is_multiple_of(self.rare) {
            return usual * (10 + (bits >> 20) % 90);
        }
        usual
    }

    /// The longest time it ever takes.
    pub fn most(self) -> Nanos {
        let usual = self.least + self.spread;
        if self.rare > 0 { usual * 100 } else { usual }
    }
}

/// How long things take when nothing is wrong.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct Weather {
    /// One way of a piece of bytes between client and node.
    pub latency: Span,
    /// The largest piece that arrives at once, bytes.
    pub segment: u64,
    /// What a kernel holds of a connection in one direction, bytes.
    pub socket: u64,
    /// A write, read or operation on names.
    pub disk: Span,
    /// A sync.
    pub sync: Span,
    /// A job.
    pub job: Span,
    /// From the first thing that is ready to the turn that steps it.
    pub wake: Span,
    /// The most events a turn steps (1 to `TURN_EVENTS`).
    pub turn: u64,
    /// The disk's capacity, bytes.
    pub capacity: u64,
    /// The wall clock at the beginning, milliseconds since the epoch.
    pub wall: i64,
    /// How much faster the wall clock goes, parts per million; may be negative.
    pub drift: i64,
}

impl Weather {
    /// The longest time in which so many bytes come from one end of a connection to the other, when nothing else is under way: a window
    /// at a time.
    pub fn travel(&self, bytes: u64) -> Nanos {
        let window = self.segment.min(self.socket).max(1);
        self.latency
            .most()
            .saturating_mul(2)
            .saturating_mul(bytes / window + 2)
    }
}

/// Something that may go wrong at any call of its kind.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(
    missing_docs,
    reason = "what it does stands in `chance.rs` beside its name"
)]
pub enum Chance {
    SyncFailsKeeps,
    SyncFailsReverts,
    SyncDirFails,
    WriteFails,
    ReadFails,
    NamesFail,
    Busy,
    Full,
    ShortWrite,
    ShortRead,
    Interrupted,
    SegmentBreaks,
    AcceptRefused,
    Stall,
}

/// One call at which it went wrong: the `n`th of this entity.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fired {
    /// What went wrong.
    pub chance: Chance,
    /// For whom (a path, a connection).
    pub entity: u64,
    /// Which of its calls.
    pub n: u64,
}

/// What may go wrong at any call.
#[derive(Serialize, Deserialize, Clone, Debug, Default, PartialEq, Eq)]
pub struct Chances {
    /// Once in so many calls.
    pub rates: BTreeMap<Chance, u64>,
    /// When there is a list, exactly these calls go wrong and no other.
    pub only: Option<BTreeSet<Fired>>,
}

/// What goes wrong at a time.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct TimedFault {
    /// When.
    #[serde(with = "crate::nanos")]
    pub at: Nanos,
    /// What.
    pub what: Fault,
}

/// What goes wrong.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The process dies; the page cache stays. `effects`: not at once but in the next turn that has any, after performing so many.
    Kill {
        /// After so many effects of a turn.
        effects: Option<u32>,
    },
    /// The power goes: un-synced writes survive in any subset.
    PowerCut {
        /// After so many effects of a turn.
        effects: Option<u32>,
    },
    /// The process dies at once, and the next one is asked to stop while it opens what this one has left.
    StopRecovering {
        /// The page cache goes with it.
        power: bool,
        /// How soon it is started again.
        #[serde(with = "crate::nanos")]
        after: Nanos,
        /// So many segments are opened before.
        files: u32,
        /// How long it may take to stop.
        #[serde(with = "crate::nanos")]
        patience: Nanos,
    },
    /// The process dies when it is about to remove a segment or an index of a partition of which it has removed so many from now on.
    DieRemoving {
        /// The page cache goes with it.
        power: bool,
        /// So many are removed before.
        files: u32,
    },
    /// The next sync of a topic's segment fails; what it should have covered reads well until the power goes.
    SyncFails,
    /// The node is asked to stop, with so much time, and is started again.
    Stop {
        /// Its patience.
        #[serde(with = "crate::nanos")]
        patience: Nanos,
    },
    /// The node does nothing for so long; then everything is late.
    Pause {
        /// How long.
        #[serde(with = "crate::nanos")]
        lasts: Nanos,
    },
    /// Every start within this time is killed again after drawn work: a restart loop.
    RestartLoop {
        /// How many starts.
        times: u32,
    },
    /// The wall clock jumps by so many milliseconds.
    WallJump {
        /// By how much; may be negative.
        ms: i64,
    },
    /// The wall clock stands still.
    WallFreeze {
        /// How long.
        #[serde(with = "crate::nanos")]
        lasts: Nanos,
    },
    /// No disk operation ends.
    DiskStall {
        /// How long.
        #[serde(with = "crate::nanos")]
        lasts: Nanos,
    },
    /// The disk has no room.
    DiskFull {
        /// How long.
        #[serde(with = "crate::nanos")]
        lasts: Nanos,
    },
    /// The connections of a client break (all of them, or one's).
    Break {
        /// Whose; `None`: everyone's.
        client: Option<u32>,
        /// How.
        how: BreakHow,
    },
    /// Nothing passes between a client and the node; connections are not told.
    Cut {
        /// Whose; `None`: everyone's.
        client: Option<u32>,
        /// How long.
        #[serde(with = "crate::nanos")]
        lasts: Nanos,
    },
    /// A client does not read.
    SlowReader {
        /// Who.
        client: u32,
        /// How long.
        #[serde(with = "crate::nanos")]
        lasts: Nanos,
    },
    /// While the node is down (it is killed for it), something on the disk is damaged.
    Damage(Damage),
    /// The node loses its disk and starts on an empty one.
    Wipe,
}

/// How a connection breaks.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakHow {
    /// Both sides are told at once.
    Reset,
    /// The client has finished; what it sent before still arrives.
    Finish,
    /// The client's end is gone; the node is not told until it sends, or for so long.
    HalfOpen {
        /// How long.
        #[serde(with = "crate::nanos")]
        lasts: Nanos,
    },
    /// The client's end is gone, and what it has sent is delivered so much later.
    LateRequest {
        /// How much later.
        #[serde(with = "crate::nanos")]
        after: Nanos,
    },
}

/// Damage to what lies on the disk.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Which kind of file.
    pub target: Target,
    /// Which of them, and where in it: counted modulo what is there.
    pub place: u64,
    /// How.
    pub kind: DamageKind,
}

/// Which kind of file is damaged.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Target {
    /// An offset index.
    OffsetIndex,
    /// A time index.
    TimeIndex,
    /// A producer snapshot.
    ProducerSnapshot,
    /// `leader-epoch-checkpoint`.
    LeaderEpochs,
    /// A segment of a topic.
    Segment,
}

/// How it is damaged.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum DamageKind {
    /// Some bits of a few bytes are others.
    Rot,
    /// The file lost its end.
    Cut,
    /// The file is gone.
    Gone,
    /// A sector of it holds another sector's bytes.
    Misdirected,
}

/// One client.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
pub struct ClientScript {
    /// Its number, from 1.
    pub id: u32,
    /// Produces with a producer id and sequences.
    pub idempotent: bool,
    /// How many requests it has under way at most (idempotent: at most 5).
    pub in_flight: u32,
    /// Which versions it speaks.
    pub versions: Versions,
    /// Fetches in sessions.
    pub sessions: bool,
    /// Reads committed records only.
    pub committed: bool,
    /// How often it tries a produce again that was not answered or was refused for now.
    pub retries: u32,
    /// When it gives a request up and its connection with it.
    #[serde(with = "crate::nanos")]
    pub patience: Nanos,
    /// Which listener it uses.
    pub listener: u16,
    /// What it does, in order of time; the next begins when its time has come and there is room in flight.
    pub ops: Vec<TimedOp>,
}

/// Which versions a client speaks.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// The newest of each API that both sides know.
    Newest,
    /// For each request any that the broker advertises.
    Drawn,
}

/// What a client does at a time.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
pub struct TimedOp {
    /// Not before.
    #[serde(with = "crate::nanos")]
    pub at: Nanos,
    /// Its number within the client: names its values, whatever else is taken out.
    pub number: u32,
    /// What.
    pub what: Operation,
}

/// A partition by the topic's number (its name is `t<number>`).
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The topic's number.
    pub topic: u32,
    /// The partition's.
    pub partition: i32,
}

/// How the leader of a group divides what its members want.
#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Assignor {
    /// Each topic in a row.
    Range,
    /// The same, but what somebody still has goes to another only when he has given it up.
    Cooperative,
}

/// An offset that no run comes to.
pub const NEVER: i64 = 1 << 40;

/// What a client does.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of the requests")]
pub enum Operation {
    CreateTopic {
        topic: u32,
        partitions: i32,
        settings: Vec<(String, String)>,
    },
    DeleteTopic {
        topic: u32,
        by_id: bool,
    },
    /// One batch to each place, in one request.
    Produce {
        places: Vec<Place>,
        acks: i16,
        records: u32,
        bytes: u32,
        codec: u8,
        /// Added to the wall clock for the records' timestamps, milliseconds.
        skew: i64,
    },
    /// From where this client's reading stands; the answer moves it on. No places: what it was assigned as a member.
    Fetch {
        places: Vec<Place>,
        max_wait_ms: i32,
        min_bytes: i32,
        max_bytes: i32,
        partition_max_bytes: i32,
    },
    /// Reading goes on at the start again, or at the end.
    Seek {
        place: Place,
        to_end: bool,
    },
    /// `timestamp`: one of Kafka's negative ones, or milliseconds relative to the wall clock's beginning.
    ListOffsets {
        places: Vec<Place>,
        timestamp: i64,
    },
    /// By the time of a record that was taken: of the batch so many before the last one of this client.
    ListTaken {
        back: u32,
        /// Which record of the batch, counted modulo how many there are.
        record: u32,
        /// Added to its time, milliseconds.
        ms: i64,
    },
    EpochEnd {
        place: Place,
        epoch: i32,
    },
    /// Everything below so many records before where this client's reading stands; none: below the high watermark.
    DeleteRecords {
        place: Place,
        back: Option<u32>,
    },
    Metadata {
        topics: Option<Vec<u32>>,
    },
    DescribeConfigs {
        topic: u32,
    },
    /// A fresh producer id: the producer of this client begins anew.
    InitProducerId,
    /// The same request again although it was answered: a duplicate of the last batch.
    Resend {
        /// How many batches back (0: the last).
        back: u32,
    },
    /// A batch whose sequence leaves a gap: must be refused.
    SequenceGap {
        place: Place,
    },
    /// A batch whose bytes are wrong: must be refused.
    CorruptBatch {
        place: Place,
    },
    /// From now on this client is a member of the group: it joins, syncs, sends heartbeats, and joins again whenever it is told to.
    JoinGroup {
        group: u32,
        topics: Vec<u32>,
        /// Its static id, counted within the group.
        instance: Option<u32>,
        session_ms: i32,
        rebalance_ms: i32,
        /// What it knows, the one it likes best first.
        assignors: Vec<Assignor>,
        /// So long it thinks between the answer to its join and its sync.
        #[serde(with = "crate::nanos")]
        dawdle: Nanos,
    },
    /// Somebody asks to join, is given an id, and never comes back with it.
    KnockAtGroup {
        group: u32,
        session_ms: i32,
        assignors: Vec<Assignor>,
    },
    /// The member wants other topics, and joins again for that.
    Subscribe {
        topics: Vec<u32>,
    },
    /// The member has read so much further in all that it was assigned, and commits that; none: it commits what it has really read.
    CommitOffsets {
        ahead: Option<i64>,
        /// So long it takes until the request leaves, as whom it was when it began.
        #[serde(with = "crate::nanos")]
        late: Nanos,
    },
    /// The client does nothing for so long, and then goes on as if nothing had happened.
    Freeze {
        #[serde(with = "crate::nanos")]
        lasts: Nanos,
    },
    /// The member leaves.
    LeaveGroup,
    /// The member forgets that it is one, and tells nobody.
    Vanish {
        /// Its connection is closed.
        closes: bool,
    },
    /// A commit of somebody who is no member: so much further than the last one.
    CommitAlone {
        group: u32,
        places: Vec<Place>,
        ahead: i64,
    },
    /// None: all that the group has committed.
    FetchOffsets {
        group: u32,
        places: Option<Vec<Place>>,
    },
    DeleteOffsets {
        group: u32,
        places: Vec<Place>,
    },
    DescribeGroup {
        group: u32,
    },
    ListGroups,
    DeleteGroup {
        group: u32,
    },
    /// The connection is closed and opened again.
    Reconnect,
    /// A fresh batch (acks=all) to every partition that exists, tried until each is taken.
    ProduceEverywhere,
    /// Every partition that exists is read from its start to its end, whatever it takes.
    ReadEverything,
}
