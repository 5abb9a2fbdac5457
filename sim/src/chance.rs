//! What may go wrong at any call, decided by place: the `n`th call of an entity goes wrong or not, whatever else happens. In a replay
//! from a list exactly the listed calls go wrong.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::draw::{Domain, Draw, mix};
use crate::script::{Chance, Chances, Fired};

impl Chance {
    /// All of them, with the name in scripts and what happens.
    pub const ALL: [(Chance, &'static str, &'static str); 14] = [
        (
            Chance::SyncFailsKeeps,
            "sync-fails-keeps",
            "a sync fails; what it should have covered reads well until the power goes",
        ),
        (
            Chance::SyncFailsReverts,
            "sync-fails-reverts",
            "a sync fails; what it should have covered is gone at once",
        ),
        (
            Chance::SyncDirFails,
            "sync-dir-fails",
            "a sync of a directory fails",
        ),
        (
            Chance::WriteFails,
            "write-fails",
            "a write fails and leaves any of its sectors",
        ),
        (Chance::ReadFails, "read-fails", "a read fails"),
        (
            Chance::NamesFail,
            "names-fail",
            "an open, rename, removal or listing fails",
        ),
        (Chance::Busy, "busy", "out of descriptors for the moment"),
        (Chance::Full, "full", "no room for the moment"),
        (
            Chance::ShortWrite,
            "short-write",
            "a system call writes or sends less than it was given",
        ),
        (
            Chance::ShortRead,
            "short-read",
            "a system call reads or receives less than there is",
        ),
        (
            Chance::Interrupted,
            "interrupted",
            "a system call is interrupted",
        ),
        (
            Chance::SegmentBreaks,
            "segment-breaks",
            "a connection breaks in the middle of what is sent",
        ),
        (
            Chance::AcceptRefused,
            "accept-refused",
            "a connection is refused",
        ),
        (
            Chance::Stall,
            "stall",
            "an operation of the disk takes seconds",
        ),
    ];

    /// Its name in scripts.
    pub fn name(self) -> &'static str {
        let found = Chance::ALL.iter().find(|(chance, ..)| *chance == self);
        found.expect("every chance is listed").1
    }
}

/// Decides, and remembers what went wrong.
#[derive(Clone, Debug)]
pub struct Dice {
    draw: Draw,
    chances: Arc<Chances>,
    stopped: bool,
    /// The next sync of a segment fails.
    armed: bool,
    fired: BTreeSet<Fired>,
}

impl Dice {
    /// The dice of one run.
    pub fn new(draw: Draw, chances: Chances) -> Dice {
        Dice {
            draw,
            chances: Arc::new(chances),
            stopped: false,
            armed: false,
            fired: BTreeSet::new(),
        }
    }

    /// Whether the `n`th call of `entity` goes wrong in this way.
    pub fn fires(&mut self, chance: Chance, entity: u64, n: u64) -> bool {
        if self.stopped {
            return false;
        }
        let place = Fired { chance, entity, n };
        let wrong = match &self.chances.only {
            Some(only) => only.contains(&place),
            None => {
                let many = self.chances.rates.get(&chance).copied().unwrap_or(0);
                let entity = mix(entity ^ mix(chance as u64));
                self.draw.one_in(Domain::DiskFault, entity, n, many)
            }
        };
        if wrong {
            self.fired.insert(place);
        }
        wrong
    }

    /// The next sync of a segment fails, if nothing stops the dice before.
    pub fn arm(&mut self) {
        self.armed = true;
    }

    /// Whether this sync of a segment is the one that fails.
    pub fn fails_armed(&mut self) -> bool {
        std::mem::take(&mut self.armed) && !self.stopped
    }

    /// From now on nothing goes wrong.
    pub fn stop(&mut self) {
        self.stopped = true;
    }

    /// What went wrong so far.
    pub fn fired(&self) -> &BTreeSet<Fired> {
        &self.fired
    }
}
