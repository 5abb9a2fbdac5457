//! What CONTRACT.md says, tried on the arm that is the contract itself.

mod connections;
mod disk;
mod faults;

use super::super::rig::{
    Answer, DONE, ROOT, Rig, bytes, list, make_dir, name, open, opened, read, remove, rename, sync,
    write,
};
