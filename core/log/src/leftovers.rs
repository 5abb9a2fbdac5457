//! What a crash left lying in the directory: removed, or finished, before anything is read.
//!
//! Invariants
//! - U1: nothing is removed that holds records which are nowhere else.

use ottla_machine::{DiskOp, Emit, Name, sometimes};

use crate::Log;
use crate::file_names::{FileName, name};
use crate::opening::{Opening, Stage};
use crate::ops::Waiting;

impl Log {
    /// Removes what was given up or can be rebuilt, and finishes what a compaction had begun to put in place.
    pub(crate) fn clear_leftovers(&mut self, opening: &mut Opening, fx: &mut impl Emit) {
        let mut ops = self.finish_swaps(opening);
        let remove = |name: Name| DiskOp::Remove {
            dir: self.dir,
            name,
        };
        let found: Vec<FileName> = opening.found.keys().copied().collect();
        for file in found {
            let orphan = |base: i64| !opening.found.contains_key(&FileName::Segment(base));
            match file {
                FileName::CleanedSegment(base) => ops.push(remove(name(base, "log.cleaned"))),
                FileName::OffsetIndex(base) if orphan(base) => {
                    ops.push(remove(name(base, "index")))
                }
                FileName::TimeIndex(base) if orphan(base) => {
                    opening.found.remove(&file);
                    ops.push(remove(name(base, "timeindex")));
                }
                FileName::TransactionIndex(base) if orphan(base) => {
                    opening.found.remove(&file);
                    ops.push(remove(name(base, "txnindex")));
                }
                _ => {}
            }
        }
        ops.extend(opening.leftovers.drain(..).map(remove));
        if ops.is_empty() {
            return self.read_texts(opening, fx);
        }
        sometimes!(fx, "a crash had left files to be cleared away");
        opening.stage = Stage::Clearing(ops.len());
        for op in ops {
            self.ops.issue(Waiting::Opening, op, fx);
        }
    }

    /// Compacted segments that were being put in place: they are given up, or will be when what they reach over is gone.
    fn finish_swaps(&mut self, opening: &mut Opening) -> Vec<DiskOp> {
        let mut ops = Vec::new();
        let remove = |base: i64, suffix: &str| DiskOp::Remove {
            dir: self.dir,
            name: name(base, suffix),
        };
        let smallest_cleaned = opening.found.keys().find_map(|file| match file {
            FileName::CleanedSegment(base) => Some(*base),
            _ => None,
        });
        let found: Vec<(FileName, u64)> = opening.found.iter().map(|(f, l)| (*f, *l)).collect();
        for (file, len) in &found {
            let FileName::SwappedSegment(base) = *file else {
                continue;
            };
            let unfinished = smallest_cleaned.is_some_and(|cleaned| cleaned <= base);
            // U1: the segments it was made from go oldest first; while the oldest is there, all are.
            if unfinished || opening.found.contains_key(&FileName::Segment(base)) {
                ops.push(remove(base, "log.swap"));
                continue;
            }
            opening.found.insert(FileName::Segment(base), *len);
            opening.swapped.push(base);
            opening.found.remove(&FileName::OffsetIndex(base));
            opening.found.remove(&FileName::TimeIndex(base));
            ops.push(remove(base, "index"));
            ops.push(remove(base, "timeindex"));
            // It was of the old ones, if the new one has none.
            let transactions = FileName::SwappedTransactionIndex(base);
            if !opening.found.contains_key(&transactions) {
                opening.found.remove(&FileName::TransactionIndex(base));
                ops.push(remove(base, "txnindex"));
            }
        }
        for (file, _) in found {
            if let FileName::SwappedTransactionIndex(base) = file
                && !opening.swapped.contains(&base)
            {
                ops.push(remove(base, "txnindex.swap"));
            }
        }
        ops
    }
}
