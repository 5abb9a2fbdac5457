//! That the contract arm uses every freedom that CONTRACT.md leaves. What it says itself is tried by `host::conformance`.

mod connections;
mod disk;
mod faults;

use super::super::rig::{
    Answer, DONE, Disk, ROOT, Rig, bytes, list, make_dir, open, opened, read, remove, rename, sync,
    write,
};
