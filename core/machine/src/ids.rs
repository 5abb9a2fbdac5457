//! Identities. Those of Kafka ([`Offset`], [`LeaderEpoch`], ..) are newtypes over the wire's integers; those of
//! the grammar ([`Op`], [`File`], [`Conn`], [`Ticket`]) name things between a machine and its driver or owner.
//!
//! I1: a [`File`], [`Dir`] or [`Conn`] is never used again for another thing within one life of a machine.
//! I2: a dead generation's completions are dropped by whoever owns the [`Op`].

use core::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number!(
    /// A record's position in its log. Ranges are half-open.
    Offset(i64)
);
number!(
    /// The tenure of one leader of one partition.
    LeaderEpoch(i32)
);
number!(
    /// A node: broker, controller or both.
    NodeId(i32)
);
number!(
    /// An idempotent or transactional producer; -1 means none.
    ProducerId(i64)
);

impl Offset {
    /// The offset `count` further on.
    pub fn plus(self, count: i64) -> Offset {
        Offset(self.0 + count)
    }
}

impl LeaderEpoch {
    /// "No epoch is known", as Kafka writes it.
    pub const NONE: LeaderEpoch = LeaderEpoch(-1);
}

/// A connection. Even numbers were accepted (named by the driver), odd ones were asked for by the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Conn(pub u64);

/// An open file: an identity, not a path; it survives renames and its own removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct File(pub u64);

/// A directory: an identity, not a path. Numbers below 2^32 are log directories that the driver named at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dir(pub u64);

/// Names new files and directories for one part of a machine; parts never collide.
#[derive(Clone, Debug)]
pub struct Names {
    next: u64,
}

impl Names {
    /// The names of part `part` (1 or more; 0 would collide with log directories).
    pub fn new(part: u16) -> Names {
        assert!(part > 0, "part 0 belongs to the driver's own directories");
        Names {
            next: u64::from(part) << 48,
        }
    }

    /// A range of 2^24 names set aside for one of the part's slots.
    pub fn range(&mut self) -> Names {
        let range = Names { next: self.next };
        self.next += 1 << 24;
        range
    }

    /// A file identity never used before.
    pub fn file(&mut self) -> File {
        self.next += 1;
        File(self.next)
    }

    /// A directory identity never used before.
    pub fn dir(&mut self) -> Dir {
        self.next += 1;
        Dir(self.next)
    }
}

/// Who waits for a completion: which part, which of its slots, in which life of that slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// The part of the machine (broker's own, shard, quorum, ..).
    pub part: u16,
    /// The part's slot (a replica, a checkpoint writer, ..).
    pub slot: u32,
    /// Which life of the slot; completions of an older life are dropped.
    pub generation: u32,
}

impl Owner {
    /// The operation `seq` of this owner.
    pub fn op(self, seq: u64) -> Op {
        Op { owner: self, seq }
    }
}

/// One outstanding operation. It carries its owner, so its completion finds home without a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Op {
    /// Who waits for it.
    pub owner: Owner,
    /// The owner's own number for it.
    pub seq: u64,
}

/// A question between a machine and its owner that may be answered later: slot `slot` of gather `gather`.
/// Says nothing of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket {
    /// Which gather.
    pub gather: u32,
    /// Which life of that gather.
    pub generation: u32,
    /// Which of its slots.
    pub slot: u32,
}
