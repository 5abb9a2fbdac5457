//! What CONTRACT.md says of files and directories, the same on every arm: real files, recorded files, a pure disk, and
//! a pure disk whose calls are late, short, interrupted and out of order.

use ottla_conformance::{CHECKS, FULL, SMALL, everywhere};

use super::arms::Arm;

const ROOM: u64 = 64 << 20;

fn named(arms: Vec<Arm>) -> Vec<(String, Arm)> {
    let named = arms.into_iter().enumerate();
    named
        .map(|(number, arm)| (format!("{} {number}", arm.name), arm))
        .collect()
}

#[test]
fn every_arm_keeps_the_contract() {
    everywhere(CHECKS, || {
        let mut arms = vec![Arm::real(), Arm::recording(), Arm::memory(ROOM)];
        arms.extend((0..20).map(|seed| Arm::late(ROOM, seed)));
        named(arms)
    });
}

#[test]
fn every_disk_that_can_be_full_refuses_and_heals() {
    everywhere(FULL, || {
        let mut arms = vec![Arm::memory(SMALL)];
        arms.extend((0..20).map(|seed| Arm::late(SMALL, seed)));
        named(arms)
    });
}
