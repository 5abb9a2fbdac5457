//! What CONTRACT.md says, tried on both arms; and that the contract arm uses every freedom that it leaves.

mod connections;
mod disk;
mod faults;

use super::super::rig::{
    Answer, DONE, Disk, ROOT, Rig, bytes, list, make_dir, open, opened, read, remove, rename, sync,
    write,
};
