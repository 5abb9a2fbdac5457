//! What a client has begun and not ended: each is one request at a time, until it is answered well or given up.

use std::sync::Arc;

use bytes::Bytes;

use super::everything::Step;
use super::grouping::Committing;
use crate::draw::Stream;
use crate::history::Batch;
use crate::script::{Nanos, Place};

/// The number of what no operation has asked for.
pub(crate) const OWN: u32 = u32::MAX;

/// Something begun.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    /// Counted from the first that this client began.
    pub order: u64,
    /// The operation's number, or [`OWN`].
    pub op: u32,
    /// Its draws.
    pub stream: Stream,
    /// How often it failed.
    pub tries: u32,
    /// Not sent before.
    pub not_before: Nanos,
    /// Given up then, when it is not under way.
    pub until: Nanos,
    /// It goes to the places of the script although metadata says that they are not there.
    pub raw: bool,
    pub what: What,
}

/// What it is. An index is the operation's place in the client's script.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// The versions that the node serves.
    Versions,
    /// What this client must know of topics.
    Refresh {
        topics: Vec<u32>,
        creates: bool,
    },
    /// A producer id: for the producer, or because the script wants a fresh one.
    ProducerId {
        anew: bool,
    },
    Create(usize),
    Delete(usize),
    Metadata(usize),
    Configs(usize),
    EpochEnd(usize),
    DeleteRecords(usize),
    List(List),
    Fetch {
        index: usize,
        places: Vec<Place>,
    },
    Produce(Produce),
    /// A step of what goes on until it has succeeded.
    Whole(Step),
    /// A step of the member that this client is.
    Member,
    /// Offsets are committed.
    Commit(Committing),
    /// What anybody may ask of a group.
    Group(usize),
    /// The coordinator of a group, after somebody else was asked.
    Find(Arc<str>),
}

/// Offsets are asked for.
#[derive(Clone, Debug)]
pub(crate) struct List {
    pub places: Vec<Place>,
    pub timestamp: i64,
    /// Reading goes on there.
    pub seek: bool,
}

/// How a batch is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meant {
    Well,
    /// It was answered before.
    Twice,
    /// Its sequence leaves a gap.
    Gap,
    /// Its bytes are wrong.
    Corrupt,
}

/// Batches, one to each place.
#[derive(Clone, Debug)]
pub(crate) struct Produce {
    pub index: usize,
    pub meant: Meant,
    pub acks: i16,
    /// Where to, before the batches are made.
    pub places: Vec<Place>,
    /// What is not answered for good.
    pub parcels: Vec<Parcel>,
    /// The first request's number, once it was sent.
    pub first: Option<u64>,
    /// In which life of the producer its sequences were given.
    pub life: u32,
}

/// A batch and where it belongs.
#[derive(Clone, Debug)]
pub(crate) struct Parcel {
    pub place: Place,
    pub batch: Arc<Batch>,
    pub bytes: Bytes,
}
