//! For tests of machines and their parts: [`Disk`] performs operations on `ottla-media`, [`Underway`] draws the order in which they are
//! performed and end, within what the contract allows, [`fates`] draws what a power cut
//! leaves, and [`recorded`] unpacks the directories that Apache Kafka left.
//!
//! A test owns the disk and what is under way; it issues what its machine emits and hands back what ends. Nothing here judges.
#![forbid(unsafe_code)]

mod disk;
mod fates;
mod recorded;
mod underway;

pub use disk::{Disk, ROOT, file_of};
pub use fates::fates;
pub use recorded::{EXPECTED, Files, expected, recorded};
pub use underway::Underway;
