//! What a crash left lying in the directory: removed, or finished, before anything is read.
//!
//! What Kafka leaves is judged as Kafka does: a compacted segment counts once the oldest of those it is made of has gone, and the parts of
//! one that was split (its offsets reached too far) count once all of them are there.
//!
//! Invariants
//! - U1: nothing is removed that holds records which are nowhere else.
//! - U4: a `.swap` that does not count because a `.cleaned` is there goes durably before the `.cleaned` does: alone it would count.

use std::collections::BTreeSet;

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
                FileName::CleanedSegment(base) => {
                    opening.leftovers.push(name(base, "log.cleaned"));
                }
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
        if ops.is_empty() {
            return self.clear_rest(opening, fx);
        }
        self.clear(opening, ops, fx);
    }

    fn clear(&mut self, opening: &mut Opening, ops: Vec<DiskOp>, fx: &mut impl Emit) {
        sometimes!(fx, "a crash had left files to be cleared away");
        opening.stage = Stage::Clearing(ops.len());
        for op in ops {
            self.ops.issue(Waiting::Opening, op, fx);
        }
    }

    /// What was taken away is durably gone: what is of no use to anybody follows (U4).
    pub(crate) fn clear_rest(&mut self, opening: &mut Opening, fx: &mut impl Emit) {
        let remove = |name: Name| DiskOp::Remove {
            dir: self.dir,
            name,
        };
        let ops: Vec<DiskOp> = opening.leftovers.drain(..).map(remove).collect();
        if ops.is_empty() {
            return self.read_texts(opening, fx);
        }
        self.clear(opening, ops, fx);
    }

    /// Compacted segments that were being put in place: they are given up, or will be when what they reach over is gone.
    fn finish_swaps(&mut self, opening: &mut Opening) -> Vec<DiskOp> {
        let mut ops = Vec::new();
        let dir = self.dir;
        let remove = |base: i64, suffix: &str| DiskOp::Remove {
            dir,
            name: name(base, suffix),
        };
        let cleaned = smallest_cleaned(opening);
        let whole = |base: i64| cleaned.is_none_or(|cleaned| base < cleaned);
        let split = was_split(opening, &whole);
        if let Some(base) = split {
            opening.found.remove(&FileName::Segment(base));
            ops.push(remove(base, "log"));
        }
        let mut given_up = BTreeSet::new();
        let found: Vec<(FileName, u64)> = opening.found.iter().map(|(f, l)| (*f, *l)).collect();
        for (file, len) in &found {
            let FileName::SwappedSegment(base) = *file else {
                continue;
            };
            // U1: the segments it was made from go oldest first; while the oldest is there, all are.
            if !whole(base) || opening.found.contains_key(&FileName::Segment(base)) {
                given_up.insert(base);
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
        for (file, len) in found {
            let FileName::SwappedTransactionIndex(base) = file else {
                continue;
            };
            if opening.swapped.contains(&base) {
                continue;
            }
            // Kafka gives the segment its name first: this belongs to the one that is there.
            let there = opening.found.contains_key(&FileName::Segment(base));
            if there && whole(base) && !given_up.contains(&base) {
                opening.found.insert(FileName::TransactionIndex(base), len);
                ops.push(DiskOp::Rename {
                    from: (dir, name(base, "txnindex.swap")),
                    to: (dir, name(base, "txnindex")),
                });
            } else {
                ops.push(remove(base, "txnindex.swap"));
            }
        }
        ops
    }
}

/// The smallest offset of what a compaction or a split was making.
fn smallest_cleaned(opening: &Opening) -> Option<i64> {
    let segments = opening.found.keys().filter_map(|file| match file {
        FileName::CleanedSegment(base) => Some(*base),
        _ => None,
    });
    let leftovers = opening.leftovers.iter().filter_map(|name| {
        let (offset, suffix) = name.as_str().split_once('.')?;
        let cleaned = suffix.ends_with("cleaned");
        offset.parse().ok().filter(|_| cleaned)
    });
    segments.chain(leftovers).min()
}

/// The segment that Kafka was splitting: all its parts are there, as long together as it is.
fn was_split(opening: &Opening, whole: &impl Fn(i64) -> bool) -> Option<i64> {
    let parts = opening.found.iter().filter_map(|(file, len)| match file {
        FileName::SwappedSegment(base) if whole(*base) => Some((*base, *len)),
        _ => None,
    });
    let parts: Vec<(i64, u64)> = parts.collect();
    let (first, _) = parts.first().filter(|_| parts.len() > 1)?;
    let together: u64 = parts.iter().map(|(_, len)| *len).sum();
    let old = opening.found.get(&FileName::Segment(*first))?;
    (*old == together).then_some(*first)
}
