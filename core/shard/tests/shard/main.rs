//! One shard over a disk that uses every freedom the contract leaves: operations are performed late and in any order, their ends are
//! delivered later still, syncs overlap writes, the process is killed, the power goes.

use ottla_testdisk as disk;

mod cluster;
mod world;

mod acknowledged;
mod crash;
mod deletion;
mod faults;
mod groups;
mod life;
mod readers;
mod scale;
mod serving;
