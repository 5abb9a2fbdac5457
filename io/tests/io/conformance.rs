//! What CONTRACT.md says, the same on every arm. Of disks: a desk over real files, recorded files, a pure disk, and a pure disk whose calls
//! are late, short, interrupted and out of order; and the whole driver over them. Of connections: the whole driver, over real sockets.

use ottla_conformance::{CHECKS, DIALERS, FULL, SMALL, Under, WIRES, everywhere, over_all};

use super::arms::{self, Arm};
use super::wire::Wire;

const ROOM: u64 = 64 << 20;

fn named(arms: Vec<Arm>) -> Vec<(String, Arm)> {
    let named = arms.into_iter().enumerate();
    named
        .map(|(number, arm)| (format!("{} {number}", arm.name), arm))
        .collect()
}

/// The whole driver over each kind of files.
fn wires() -> Vec<(String, Wire)> {
    let kinds = [
        arms::real(),
        arms::recording(),
        arms::memory(ROOM),
        arms::late(ROOM, 1),
    ];
    let wires = kinds.map(|(name, files, dir)| (name.to_owned(), Wire::new(files, dir)));
    wires.into()
}

#[test]
fn every_arm_keeps_what_is_said_of_disks() {
    everywhere(CHECKS, || {
        let mut kinds = vec![arms::real(), arms::recording(), arms::memory(ROOM)];
        kinds.extend((0..20).map(|seed| arms::late(ROOM, seed)));
        named(kinds.into_iter().map(Arm::over).collect())
    });
}

#[test]
fn every_disk_that_can_be_full_refuses_and_heals() {
    everywhere(FULL, || {
        let mut kinds = vec![arms::memory(SMALL)];
        kinds.extend((0..20).map(|seed| arms::late(SMALL, seed)));
        named(kinds.into_iter().map(Arm::over).collect())
    });
}

#[test]
fn the_whole_driver_keeps_what_is_said_of_disks() {
    everywhere(CHECKS, || {
        let wires = wires().into_iter();
        wires.map(|(name, wire)| (name, Under::new(wire))).collect()
    });
}

#[test]
fn the_whole_driver_keeps_what_is_said_of_connections() {
    over_all(WIRES, wires);
}

#[test]
fn the_whole_driver_connects() {
    over_all(DIALERS, wires);
}
