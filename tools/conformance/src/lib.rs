//! One conformance suite for drivers: who performs a machine's effects on disks ([`disk`](CHECKS)) and connections ([`network`](WIRES)).
//! In: a [`Disk`] or a [`Network`], which performs and tells what came of it. Out: a panic where CONTRACT.md is not kept; else, of disks, the
//! answers of a [`Check`], which must be the same on every arm.
//!
//! Who passes it: `io` over real, recorded and pure files and over TCP; both hosts of the simulator, on many seeds.
//! What only one arm does (how a crash tears, in which orders calls end) is tried beside that arm.
//!
//! To add a check: a function and its line in `disk.rs` or `network.rs`, then `cargo test` here in `io` and in `sim`. Break an arm by hand
//! once and see it fire.
#![forbid(unsafe_code)]

mod disk;
mod network;
mod scene;
mod verbs;
mod wire;

use ottla_machine::{Dir, DiskOp, DiskOutput, Fault};

pub use disk::{CHECKS, FULL, POWER, SMALL};
pub use network::{DIALERS, Play, WIRES, over_all};
pub use verbs::{
    DONE, bytes, list, make_dir, name, open, opened, read, remove, rename, sync, write,
};
pub use wire::{Act, Does, Network, News, Told, Under};

/// The root of all paths.
pub const ROOT: Dir = Dir(0);

/// What came of an operation.
pub type Answer = Result<DiskOutput, Fault>;

/// Somebody who performs operations on an empty directory.
pub trait Disk {
    /// Issues all of these before any is answered, then waits for all. Which ended with what, in the order told: numbers count from 0.
    fn told(&mut self, ops: Vec<DiskOp>) -> Vec<(usize, Answer)>;

    /// What a power cut now would leave of the file of this path, if it took all it may. Asked by [`POWER`] only.
    fn left(&mut self, path: &str) -> Option<Vec<u8>>;

    /// Issues all at once; their answers in the order issued. Exactly one for each.
    fn all(&mut self, ops: Vec<DiskOp>) -> Vec<Answer> {
        let count = ops.len();
        let mut told = self.told(ops);
        told.sort_by_key(|(number, _)| *number);
        let numbers = told.iter().map(|(number, _)| *number);
        assert!(numbers.eq(0..count), "one Done per Op");
        told.into_iter().map(|(_, answer)| answer).collect()
    }

    /// One operation.
    fn run(&mut self, op: DiskOp) -> Answer {
        self.all(vec![op]).remove(0)
    }

    /// One after the other.
    fn each(&mut self, ops: Vec<DiskOp>) -> Vec<Answer> {
        ops.into_iter().map(|op| self.run(op)).collect()
    }
}

/// One check: its name, and what it does with an empty disk.
pub type Check = (&'static str, fn(&mut dyn Disk) -> Vec<Answer>);

/// Makes every check on each of these disks, a new one each time: every arm must answer the same.
pub fn everywhere<D: Disk>(checks: &[Check], arms: impl Fn() -> Vec<(String, D)>) {
    for (check, act) in checks {
        let mut first: Option<(String, Vec<Answer>)> = None;
        for (arm, mut disk) in arms() {
            let on = On { check, arm: &arm };
            let answers = act(&mut disk);
            drop(on);
            match &first {
                Some((other, first)) => assert_eq!(first, &answers, "{check}: {other} and {arm}"),
                None => first = Some((arm, answers)),
            }
        }
        assert!(first.is_some(), "{check} was made nowhere");
    }
}

/// Says where a check was made when it panics.
struct On<'a> {
    check: &'a str,
    arm: &'a str,
}

impl Drop for On<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in the check \"{}\" on {}", self.check, self.arm);
        }
    }
}
