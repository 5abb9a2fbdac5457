//! One log over a disk that may do everything the contract allows.

mod world;

mod compacting;
mod crash;
mod cursor;
mod golden;
mod judging;
mod keeping;
mod leftovers;
mod letting_go;
mod reading;
mod times;
mod writing;
