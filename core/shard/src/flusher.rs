//! Durability is the log directory's business. Logs say what they wrote ([`Unflushed::dirty`]), whoever needs it durable says so
//! ([`Unflushed::want`]), and at the end of the turn one `Sync` goes out per file for which both hold. While it is in flight the file
//! collects; the next Sync covers all of that: group commit. What became durable goes to the log as an offset.
//!
//! | a file is | on | becomes |
//! |---|---|---|
//! | clean | dirty | dirty |
//! | dirty | somebody wants it, or the log has moved on to its next file | syncing, what was written so far being covered |
//! | syncing | dirty | syncing, dirty |
//! | syncing | done | clean, or dirty |
//! | syncing | a fault | (the log directory goes offline: a failed sync is never tried again) |
//!
//! D1: what is claimed durable was written before a Sync that is done, in this file and in all before it.
//! D2: at most one Sync per file is in flight.

use std::collections::{BTreeMap, VecDeque};

use ottla_log::Dirty;
use ottla_machine::{File, Offset};

/// What of one log is not durable yet.
#[derive(Clone, Debug)]
pub(crate) struct Unflushed {
    /// In the order of their offsets; the last one is being written.
    files: VecDeque<DirtyFile>,
    /// The nearest end that is wanted and that no Sync covers yet. A Sync before it is written would only hold up the one that is wanted.
    nearest: Option<Offset>,
    /// The furthest end that is wanted.
    furthest: Offset,
    durable: Offset,
}

#[derive(Clone, Debug)]
struct DirtyFile {
    file: File,
    written: Offset,
    synced: Offset,
    syncing: Option<(u64, Offset)>,
}

impl DirtyFile {
    /// What a Sync that has begun covers.
    fn covered(&self) -> Offset {
        self.syncing
            .map_or(self.synced, |(_, to)| to.max(self.synced))
    }
}

impl Default for Unflushed {
    fn default() -> Unflushed {
        Unflushed {
            files: VecDeque::new(),
            nearest: None,
            furthest: Offset(-1),
            durable: Offset(-1),
        }
    }
}

impl Unflushed {
    /// The log has written to a file.
    pub fn dirty(&mut self, dirty: Dirty) {
        match self.files.iter_mut().find(|file| file.file == dirty.file) {
            Some(file) => file.written = file.written.max(dirty.to),
            None => self.files.push_back(DirtyFile {
                file: dirty.file,
                written: dirty.to,
                synced: Offset(-1),
                syncing: None,
            }),
        }
    }

    /// Somebody needs everything below `to` to be durable.
    pub fn want(&mut self, to: Offset) {
        if to > self.covered() {
            self.nearest = Some(self.nearest.map_or(to, |nearest| nearest.min(to)));
            self.furthest = self.furthest.max(to);
        }
    }

    /// The files to sync now. `number` gives each Sync its number.
    pub fn syncs(&mut self, mut number: impl FnMut() -> u64) -> Vec<(u64, File)> {
        let mut syncs = Vec::new();
        let last = self.files.len().saturating_sub(1);
        for (at, file) in self.files.iter_mut().enumerate() {
            let wanted = at < last || self.nearest.is_some_and(|nearest| nearest <= file.written);
            if wanted && file.syncing.is_none() && file.written > file.synced {
                let number = number();
                file.syncing = Some((number, file.written)); // D2
                syncs.push((number, file.file));
            }
        }
        self.look_further();
        syncs
    }

    fn covered(&self) -> Offset {
        let last = self.files.back().map_or(self.durable, DirtyFile::covered);
        last.max(self.durable)
    }

    /// The log knows that this much is durable: from an earlier life, or because it made it so itself. It may close files that hold no
    /// more than that.
    pub fn flushed(&mut self, to: Offset) {
        self.durable = self.durable.max(to);
        for file in &mut self.files {
            file.synced = file.synced.max(to.min(file.written));
        }
        self.look_further();
    }

    /// What is covered is wanted no more; what is wanted beyond it waits for its own write.
    fn look_further(&mut self) {
        let covered = self.covered();
        if self.nearest.is_some_and(|nearest| nearest <= covered) {
            self.nearest = Some(self.furthest).filter(|furthest| *furthest > covered);
        }
    }

    /// A Sync is done. What is durable now, if that is more than before.
    pub fn on_synced(&mut self, number: u64) -> Option<Offset> {
        for file in &mut self.files {
            if let Some((_, to)) = file.syncing.take_if(|(syncing, _)| *syncing == number) {
                file.synced = file.synced.max(to);
            }
        }
        let mut durable = self.durable;
        while let Some(first) = self.files.front() {
            durable = durable.max(first.synced); // D1: all before it are gone from the front
            if first.synced < first.written || self.files.len() == 1 {
                break;
            }
            self.files.pop_front();
        }
        let more = durable > self.durable;
        self.durable = durable;
        more.then_some(durable)
    }

    /// What was written from `from` on is not there; the offsets will be given again.
    pub fn on_undone(&mut self, from: Offset) {
        for file in &mut self.files {
            file.written = file.written.min(from);
            file.synced = file.synced.min(from);
            file.syncing = file.syncing.map(|(number, to)| (number, to.min(from)));
        }
        self.nearest = self.nearest.map(|nearest| nearest.min(from));
        self.furthest = self.furthest.min(from);
        self.durable = self.durable.min(from);
        self.look_further();
    }

    /// Everything below `start` was deleted, and the files that held only that are closed. One that is still written to tells itself anew.
    pub fn on_started(&mut self, start: Offset) {
        while let Some(first) = self.files.front().filter(|first| first.written <= start) {
            if first.syncing.is_some() {
                break;
            }
            self.files.pop_front();
        }
        // A Sync that is in flight is the last one.
        for file in self.files.iter_mut().filter(|file| file.written <= start) {
            file.written = file.covered();
        }
    }

    /// The end of what the log said it wrote.
    pub fn end(&self) -> Option<Offset> {
        self.files.back().map(|file| file.written)
    }
}

/// Syncs in flight: whose they are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flusher {
    in_flight: BTreeMap<u64, Flight>,
}

/// One Sync in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Flight {
    /// The replica's slot.
    pub slot: u32,
    /// Which life of the slot.
    pub generation: u32,
    /// The log directory, which answers for a failure whatever became of the replica.
    pub dir: usize,
}

impl Flusher {
    /// A Sync goes out.
    pub fn begin(&mut self, number: u64, flight: Flight) {
        self.in_flight.insert(number, flight);
    }

    /// A Sync is back.
    pub fn end(&mut self, number: u64) -> Option<Flight> {
        self.in_flight.remove(&number)
    }

    /// How many are in flight.
    pub fn len(&self) -> usize {
        self.in_flight.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn syncs(of: &mut Unflushed, number: u64) -> Vec<(u64, File)> {
        let mut next = number;
        of.syncs(|| {
            next += 1;
            next - 1
        })
    }

    fn dirty(file: u64, to: i64) -> Dirty {
        Dirty {
            file: File(file),
            to: Offset(to),
        }
    }

    #[test]
    fn nothing_is_synced_that_nobody_wants() {
        let mut of = Unflushed::default();
        of.dirty(dirty(1, 10));
        assert_eq!(syncs(&mut of, 0), []);
        of.want(Offset(10));
        assert_eq!(syncs(&mut of, 1), [(1, File(1))]);
        assert_eq!(of.on_synced(1), Some(Offset(10)));
        of.want(Offset(10));
        assert_eq!(syncs(&mut of, 2), []);
    }

    #[test]
    fn what_the_log_made_durable_itself_is_not_synced_again() {
        let mut of = Unflushed::default();
        of.dirty(dirty(1, 10));
        of.dirty(dirty(2, 20));
        of.flushed(Offset(10));
        of.want(Offset(20));
        assert_eq!(syncs(&mut of, 1), [(1, File(2))], "the first may be closed");
        assert_eq!(of.on_synced(1), Some(Offset(20)));
        of.dirty(dirty(2, 30));
        of.flushed(Offset(25));
        of.want(Offset(30));
        assert_eq!(syncs(&mut of, 2), [(2, File(2))]);
    }

    #[test]
    fn a_sync_covers_what_was_written_before_it_and_the_next_one_the_rest() {
        let mut of = Unflushed::default();
        of.dirty(dirty(1, 10));
        of.want(Offset(10));
        assert_eq!(syncs(&mut of, 1), [(1, File(1))]);
        of.dirty(dirty(1, 20));
        of.want(Offset(20));
        assert_eq!(syncs(&mut of, 2), [], "D2");
        assert_eq!(of.on_synced(1), Some(Offset(10)));
        assert_eq!(syncs(&mut of, 2), [(2, File(1))]);
        assert_eq!(of.on_synced(2), Some(Offset(20)));
    }

    #[test]
    fn a_sync_waits_for_the_write_of_what_is_wanted_and_not_for_what_comes_after() {
        let mut of = Unflushed::default();
        of.dirty(dirty(1, 10));
        of.want(Offset(20));
        assert_eq!(
            syncs(&mut of, 1),
            [],
            "what is wanted is still being written"
        );
        of.want(Offset(30));
        of.dirty(dirty(1, 20));
        assert_eq!(syncs(&mut of, 1), [(1, File(1))]);
        assert_eq!(of.on_synced(1), Some(Offset(20)));
        assert_eq!(syncs(&mut of, 2), []);
        of.dirty(dirty(1, 30));
        assert_eq!(syncs(&mut of, 2), [(2, File(1))]);
    }

    #[test]
    fn a_later_file_is_not_durable_before_an_earlier_one() {
        let mut of = Unflushed::default();
        of.dirty(dirty(1, 10));
        of.dirty(dirty(2, 20));
        of.want(Offset(20));
        assert_eq!(syncs(&mut of, 1), [(1, File(1)), (2, File(2))]);
        assert_eq!(of.on_synced(2), None);
        assert_eq!(of.on_synced(1), Some(Offset(20)));
    }

    #[test]
    fn a_file_left_behind_is_synced_without_being_wanted() {
        let mut of = Unflushed::default();
        of.dirty(dirty(1, 10));
        of.dirty(dirty(2, 20));
        assert_eq!(syncs(&mut of, 1), [(1, File(1))]);
        assert_eq!(of.on_synced(1), Some(Offset(10)));
        assert_eq!(syncs(&mut of, 2), []);
    }

    #[test]
    fn what_was_deleted_is_not_synced_again() {
        let mut of = Unflushed::default();
        of.dirty(dirty(1, 5));
        of.want(Offset(5));
        assert_eq!(syncs(&mut of, 1), [(1, File(1))]);
        of.dirty(dirty(1, 10));
        of.on_started(Offset(10));
        of.dirty(dirty(2, 20));
        assert_eq!(syncs(&mut of, 2), []);
        of.on_synced(1);
        of.want(Offset(20));
        assert_eq!(syncs(&mut of, 2), [(2, File(2))]);
        assert_eq!(of.on_synced(2), Some(Offset(20)));
    }

    #[test]
    fn offsets_given_again_are_not_durable_by_an_older_sync() {
        let mut of = Unflushed::default();
        of.dirty(dirty(1, 10));
        of.want(Offset(10));
        assert_eq!(syncs(&mut of, 1), [(1, File(1))]);
        of.on_undone(Offset(5));
        of.dirty(dirty(1, 10));
        of.want(Offset(10));
        assert_eq!(of.on_synced(1), Some(Offset(5)));
        assert_eq!(syncs(&mut of, 2), [(2, File(1))]);
        assert_eq!(of.on_synced(2), Some(Offset(10)));
    }
}
