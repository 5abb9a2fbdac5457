//! Operations under way: issued, performed, ended. With randomness in any order that the contract allows: operations of one file are
//! performed and end in the order issued, a sync ends any time after it began, everything else is free. Syncs of one file are told in
//! the order in which they ended: after one that failed, those that had overlapped it say nothing true.

use std::collections::{BTreeSet, VecDeque};

use ottla_machine::{DiskOp, DiskOutput, Fault, File, Op, Rng};
use ottla_media::{Covered, Node};

use crate::disk::{Disk, file_of};

enum Stage {
    Issued(DiskOp),
    Syncing(Node, Covered),
    Ended(Line, Result<DiskOutput, Fault>),
}

/// Who is told after whom.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    Of(File),
    Syncs(Node),
    Free,
}

/// What was issued and has not been told as ended.
#[derive(Default)]
pub struct Underway {
    pending: VecDeque<(Op, Stage)>,
}

impl Underway {
    /// A machine has issued this.
    pub fn issue(&mut self, op: Op, what: DiskOp) {
        self.pending.push_back((op, Stage::Issued(what)));
    }

    /// Whether nothing is under way.
    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    /// One thing happens: the oldest possible, or any possible when there is randomness. What has ended is to be told.
    pub fn happen(
        &mut self,
        disk: &mut Disk,
        rng: Option<&mut Rng>,
    ) -> Option<(Op, Result<DiskOutput, Fault>)> {
        let possible = self.possible();
        let drawn = rng.map_or(0, |rng| rng.below(possible.len().max(1) as u64));
        let (op, stage) = self.pending.remove(*possible.get(drawn as usize)?)?;
        let next = match stage {
            Stage::Issued(DiskOp::Sync(file) | DiskOp::SyncAside(file)) => {
                let (node, covered) = disk.sync_begins(file);
                Stage::Syncing(node, covered)
            }
            Stage::Issued(what) => {
                let line = file_of(&what).map_or(Line::Free, Line::Of);
                Stage::Ended(line, disk.perform(what))
            }
            Stage::Syncing(node, covered) => {
                Stage::Ended(Line::Syncs(node), disk.sync_ends(node, covered))
            }
            Stage::Ended(_, result) => return Some((op, result)),
        };
        self.pending.push_back((op, next));
        None
    }

    /// What may happen next, by its place.
    fn possible(&self) -> Vec<usize> {
        let (mut issued, mut ended) = (BTreeSet::new(), BTreeSet::new());
        let mut possible = Vec::new();
        for (at, (_, stage)) in self.pending.iter().enumerate() {
            let may = match stage {
                Stage::Issued(what) => file_of(what).is_none_or(|file| issued.insert(file)),
                Stage::Ended(line, _) => *line == Line::Free || ended.insert(*line),
                Stage::Syncing(..) => true,
            };
            if may {
                possible.push(at);
            }
        }
        possible
    }
}
