//! A quorum of one over a disk that uses every freedom the contract leaves: operations are performed late and in any order, they fail, the
//! process is killed, the power goes.

mod appending;
mod crash;
mod faults;
mod golden;
mod opening;
mod refusals;
mod snapshots;
mod world;
