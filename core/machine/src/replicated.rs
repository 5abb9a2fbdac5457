//! Replicated state: the narrower form of a machine for the controller, groups and transactions. The runtime is
//! `ottla-replicated`.
//!
//! P1: hard state == replay(log to its tail), always. `replay` is the only mutation of it, and also the loader.
//! P2: what is not in the log is [`Replicated::Soft`] and dies with the tenure.
//! P3: there is no revert: whether an append can succeed is judged before `replay`; one that fails later ends the tenure.
//! P4: soft state and deadlines go with the decision, also when its records could not be written: what is true only with them is read
//! from hard state.

use core::fmt::Debug;

use crate::{Emit, Job, Now, Offset, ProducerId, Ticket, Time};

/// Deadlines to set (`Some`) or cancel (`None`).
pub type Deadlines<R> = Vec<(<R as Replicated>::Timer, Option<Time>)>;

/// State whose truth is a log.
pub trait Replicated: Sized {
    /// What is asked of it.
    type Request;
    /// What it answers.
    type Response;
    /// What it writes.
    type Record;
    /// What it may look at besides itself (the metadata image, configuration).
    type View;
    /// What it knows but has not written.
    type Soft;
    /// What must go on outside once a record is committed.
    type Call;
    /// What its deadlines are named by.
    type Timer: Ord + Clone + Debug;
    /// CPU work it hands away.
    type Job: Job;

    /// A tenure starts: timers and contacts that hard state implies.
    fn begin(&self, now: Now, view: &Self::View) -> (Self::Soft, Deadlines<Self>);

    /// Decides. Cannot touch hard state. `fx` is for what is counted and what the operator is told.
    fn decide(
        &self,
        soft: &mut Self::Soft,
        now: Now,
        view: &Self::View,
        cause: Cause<Self>,
        fx: &mut impl Emit,
    ) -> Decision<Self>;

    /// Takes one entry of the log in.
    fn replay(&mut self, offset: Offset, entry: Entry<&Self::Record>);

    /// The log goes on at `end`: what lies between the last entry and there says nothing to the state but where it is.
    fn skipped(&mut self, _end: Offset) {}

    /// The high watermark passed `offset`: what must go on outside now. Idempotent; also called after loading.
    fn committed(&self, soft: &mut Self::Soft, offset: Offset, calls: &mut Vec<Self::Call>);

    /// The tickets that soft state keeps: questions that wait for something else than a record. Nobody answers them when the tenure ends.
    fn waiting(_soft: &Self::Soft) -> Vec<Ticket> {
        Vec::new()
    }
}

/// Why a decision is wanted.
pub enum Cause<R: Replicated> {
    /// Somebody asks.
    Request(Ticket, R::Request),
    /// A deadline came.
    Expired(R::Timer),
    /// A call was answered; `None` when it could not be delivered.
    Returned(R::Call, Option<R::Response>),
    /// A job is done.
    Computed(<R::Job as Job>::Product),
    /// The view is another one.
    ViewChanged,
}

/// One entry of the log that carries the state.
pub enum Entry<R> {
    /// A record, with the producer id and epoch of its batch when it has one.
    Record {
        /// Who wrote it, in a transaction.
        producer: Option<(ProducerId, i16)>,
        /// What was written.
        record: R,
    },
    /// The end of a transaction.
    Marker {
        /// Whose.
        producer: (ProducerId, i16),
        /// Committed, or aborted.
        commit: bool,
    },
}

/// What was decided.
pub struct Decision<R: Replicated> {
    /// To be appended, in order.
    pub records: Vec<R::Record>,
    /// Whether the records must be in one batch.
    pub atomic: bool,
    /// Who is answered what, and when.
    pub replies: Vec<(Ticket, R::Response, Release)>,
    /// Deadlines to set (`Some`) or cancel (`None`).
    pub timers: Deadlines<R>,
    /// Work to hand away.
    pub jobs: Vec<R::Job>,
}

impl<R: Replicated> Default for Decision<R> {
    fn default() -> Decision<R> {
        Decision {
            records: Vec::new(),
            atomic: true,
            replies: Vec::new(),
            timers: Vec::new(),
            jobs: Vec::new(),
        }
    }
}

/// When an answer may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// At once: it depends on nothing that is not committed.
    Now,
    /// When the high watermark has passed this offset: a read, after the last write of its own key.
    After(Offset),
    /// When the records of this very decision are committed.
    WithRecords,
}
