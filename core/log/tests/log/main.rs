//! One log over a disk that may do everything the contract allows.

mod disk;
mod world;

mod crash;
mod golden;
mod reading;
mod writing;
