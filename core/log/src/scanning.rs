//! How far the reading of segments is, when a log is opened.

use std::collections::VecDeque;

use bytes::Bytes;
use ottla_machine::{File, Offset};

use crate::behind::Behind;
use crate::scan::Scan;

/// The reading of segments, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Scanning {
    pub(crate) rest: VecDeque<i64>,
    pub(crate) base: i64,
    pub(crate) file: File,
    /// `None` while the file is being opened.
    pub(crate) scan: Option<Scan>,
    /// Whether its batches are judged, or only read for the producers' state.
    pub(crate) judged: bool,
    /// The smallest offset the next batch may have.
    pub(crate) expected: Offset,
    /// The last offset of the first batch, by the index entry that led to it.
    pub(crate) promised: Option<i64>,
    /// It began in the middle, by an index that may be wrong.
    pub(crate) resumed: bool,
    /// Whether a judged segment has been read to its end, so that `expected` is where the next must begin.
    pub(crate) over_once: bool,
    /// Up to where the producers' state has taken batches in.
    pub(crate) applied: Offset,
    pub(crate) over: Option<Over>,
    /// Batches of this slice that are to be written once more, and where they lie: Z2 of `recovery`.
    pub(crate) again: Vec<Bytes>,
    pub(crate) again_at: u64,
    /// Such writes are outstanding.
    pub(crate) writing_again: usize,
    pub(crate) removed: Vec<i64>,
    /// What lies behind a bad batch is being looked at.
    pub(crate) behind: Option<Behind>,
    /// A chunk of that was asked for.
    pub(crate) searching: bool,
}

/// Why nothing more is wanted of a segment.
#[derive(Clone, Debug)]
pub(crate) enum Over {
    End,
    Restart,
    Bad(u64, String),
}

impl Scanning {
    pub(crate) fn is_ready(&self) -> bool {
        self.scan.as_ref().is_some_and(|scan| match self.over {
            None => scan.is_ready(),
            Some(_) => !scan.is_reading() && !self.searching,
        })
    }
}
