//! What CONTRACT.md says, the same on every arm. Of disks: a desk over real files, recorded files, a pure disk, and a pure disk whose calls
//! are late, short, interrupted and out of order; and the whole driver over them. Of connections: the whole driver, over real sockets.

use ottla_conformance::{CHECKS, DIALERS, FULL, POWER, SMALL, Under, WIRES, everywhere, over_all};

use super::arms::{self, Arm, Kind};
use super::wire::Wire;

const ROOM: u64 = 64 << 20;

/// A desk over each of these; on many seeds over those that are late.
fn desks(mut kinds: Vec<Kind>, capacity: u64) -> Vec<(String, Arm)> {
    kinds.extend((0..20).map(|seed| arms::late(capacity, seed)));
    let numbered = kinds.into_iter().enumerate();
    numbered
        .map(|(number, kind)| (format!("{} {number}", kind.name), Arm::over(kind)))
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
    kinds
        .map(|kind| (kind.name.to_owned(), Wire::new(kind)))
        .into()
}

#[test]
fn every_arm_keeps_what_is_said_of_disks() {
    everywhere(CHECKS, || {
        desks(
            vec![arms::real(), arms::recording(), arms::memory(ROOM)],
            ROOM,
        )
    });
}

#[test]
fn every_disk_that_can_be_full_refuses_and_heals() {
    everywhere(FULL, || desks(vec![arms::memory(SMALL)], SMALL));
}

#[test]
fn every_disk_whose_power_can_be_cut_keeps_what_was_synced() {
    everywhere(POWER, || {
        desks(vec![arms::recording(), arms::memory(ROOM)], ROOM)
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
