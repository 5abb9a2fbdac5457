//! Reading: from memory and from files, at every offset, with every limit.

use ottla_log::limits::{PLACE_BYTES, WARM_SEGMENTS};
use ottla_log::{Absent, LogConfig};
use ottla_machine::{Offset, Part};
use ottla_record::{Batch, Batches};

use crate::world::{World, drop_file, plain, put};

/// A log of many segments, its batches, and the newest of them in memory.
fn filled(turns: i64) -> (World, Vec<(i64, Vec<u8>)>) {
    let config = LogConfig {
        segment_bytes: 3_000,
        index_interval_bytes: 300,
        ..LogConfig::default()
    };
    let mut world = World::new(config);
    let mut model = Vec::new();
    for turn in 0..turns {
        let count = 1 + turn as usize % 4;
        let batch = plain(count, 20 + turn as usize * 7 % 150, 999_000 + turn);
        let appended = world
            .append(batch.clone(), turn as i32 / 10)
            .expect("appended");
        let mut bytes = batch.to_vec();
        bytes[..8].copy_from_slice(&appended.base.0.to_be_bytes());
        bytes[12..16].copy_from_slice(&(turn as i32 / 10).to_be_bytes());
        model.push((appended.base.0, bytes));
        if turn % 3 == 0 {
            world.run();
        }
    }
    world.run();
    (world, model)
}

fn check_reads(world: &mut World, model: &[(i64, Vec<u8>)]) {
    let end = world.log.written().0;
    for from in 0..end {
        let at = model.partition_point(|(base, _)| *base <= from) - 1;
        for max in [0, 1, 100, 700, 5_000] {
            for upto in [end, from + 1, (from + 9).min(end)] {
                let (bytes, next) = world.read(from, upto, max).expect("in range");
                let whole = model.get(at + 1).map_or(end, |(base, _)| *base) <= upto;
                if !whole {
                    assert!(bytes.is_empty(), "{from}..{upto}");
                    continue;
                }
                let mut position = 0;
                for (i, batch) in Batches::new(&bytes).enumerate() {
                    let Ok(batch) = batch else {
                        assert!(i > 0, "the first batch is whole");
                        break;
                    };
                    assert_eq!(batch.bytes(), &model[at + i].1[..], "{from}..{upto} {max}");
                    assert!(batch.header().next_offset() <= upto);
                    position += batch.bytes().len();
                }
                assert!(bytes.len() <= max.max(model[at].1.len()));
                assert!(next > from && next <= upto);
                assert!(position > 0);
            }
        }
    }
    assert_eq!(world.read(end, end, 100), Ok((Vec::new(), end)));
    let beyond = world.read(end + 1, end + 1, 100);
    assert_eq!(beyond, Err(Absent::OutOfRange));
}

#[test]
fn every_offset_with_tiny_limits_from_memory_and_from_files() {
    let (mut world, model) = filled(80);
    check_reads(&mut world, &model);
    world.log.trim_cache(0);
    assert_eq!(world.log.cached_bytes(), 0);
    check_reads(&mut world, &model);
    let mut world = world.restarted();
    check_reads(&mut world, &model);
    assert_eq!(world.contents(), model);
}

#[test]
fn the_newest_batches_cost_no_read() {
    let (world, model) = filled(30);
    let last = model.last().expect("batches").0;
    let slice = world
        .log
        .read(
            &world.blocks,
            Offset(last),
            world.log.written(),
            1 << 20,
            true,
        )
        .expect("in memory");
    assert_eq!(slice.parts.len(), model.last().expect("batches").1.len());
    let all = world
        .log
        .read(&world.blocks, Offset(0), world.log.written(), 1 << 20, true)
        .expect("in memory");
    // Small batches of one write are one piece: ten turns, and a piece more where a segment begins within one.
    let logs = world.disk.names("t-0");
    let logs = logs.iter().filter(|name| name.ends_with(".log")).count();
    assert!(
        all.parts.0.len() < 10 + logs,
        "{} pieces",
        all.parts.0.len()
    );
}

#[test]
fn a_segment_without_indexes_or_with_wrong_ones_reads_the_same() {
    let (mut world, model) = filled(40);
    world.stop();
    let mut disk = world.disk.killed();
    let names = disk.names("t-0");
    for (i, name) in names
        .iter()
        .filter(|name| name.ends_with("index"))
        .enumerate()
    {
        let path = format!("t-0/{name}");
        let bytes = disk.bytes(&path).expect("there").to_vec();
        match i % 4 {
            0 => drop_file(&mut disk, &path),
            1 => put(&mut disk, &path, &vec![0; 1 << 20]),
            2 => put(
                &mut disk,
                &path,
                &bytes.iter().map(|b| b ^ 0x15).collect::<Vec<_>>(),
            ),
            _ => put(&mut disk, &path, &bytes[..bytes.len() / 2]),
        }
    }
    let config = LogConfig::clone(&world.config);
    let start = ottla_log::Start::Clean {
        log_start: Offset(0),
    };
    let mut world = World::opened(disk, config, start, 1);
    assert_eq!(world.contents(), model);
    check_reads(&mut world, &model);
}

#[test]
fn small_batches_and_those_that_pin_much_are_copied_and_large_ones_stay_on_the_disk() {
    use ottla_log::{Origin, Prepared};
    let mut world = World::new(LogConfig::default());
    let origin = Origin::Client {
        transactional: false,
    };
    for (len, pins) in [
        (100, 100),
        (100, 1 << 20),
        (10_000, 12_000),
        (10_000, 1 << 20),
        (50_000, 60_000),
        (50_000, 1 << 20),
    ] {
        let records = plain(1, len, 999_000);
        match world.log.prepare(world.now, records, pins, origin) {
            Ok(Prepared::Ready(ready)) => {
                let epoch = ottla_machine::LeaderEpoch(0);
                world
                    .log
                    .append_ready(world.now, ready, epoch)
                    .expect("appended");
            }
            other => panic!("{other:?}"),
        }
        world.run();
    }
    let small = plain(1, 100, 0).len();
    let middle = plain(1, 10_000, 0).len();
    assert_eq!(
        world.log.cached_bytes(),
        small * 2 + 12_000 + middle + 2 * PLACE_BYTES
    );
    let contents = world.contents();
    assert!(
        contents
            .iter()
            .all(|(_, bytes)| Batch::parse(bytes).is_ok())
    );
}

/// A log of large batches, two to a segment, and the batches.
fn large(count: i64) -> (World, Vec<(i64, Vec<u8>)>) {
    let config = LogConfig {
        segment_bytes: 45_000,
        ..LogConfig::default()
    };
    let mut world = World::new(config);
    let mut model = Vec::new();
    for turn in 0..count {
        let batch = plain(3, 6_700, 999_000 + turn);
        let appended = world.append(batch.clone(), 0).expect("appended");
        let mut bytes = batch.to_vec();
        bytes[..8].copy_from_slice(&appended.base.0.to_be_bytes());
        bytes[12..16].copy_from_slice(&0_i32.to_be_bytes());
        model.push((appended.base.0, bytes));
        world.run();
    }
    (world, model)
}

#[test]
fn large_batches_are_whole_ranges_of_their_file_and_cost_no_read() {
    let (world, model) = large(7);
    let size = model[0].1.len();
    for (at, (base, _)) in model.iter().enumerate() {
        let slice = world
            .log
            .read(
                &world.blocks,
                Offset(*base),
                world.log.written(),
                size * 2 + size / 2,
                true,
            )
            .expect("remembered");
        // Two of them are in each segment: from the second on a range ends with its file.
        let whole = 2.min(model.len() - at);
        assert_eq!(slice.parts.len(), whole * size);
        let pieces = slice.parts.0.len();
        assert_eq!(pieces, if at % 2 == 0 { 1 } else { whole });
        let ranges = |part: &Part| matches!(part, Part::File { .. });
        assert!(slice.parts.0.iter().all(ranges));
    }
}

#[test]
fn a_remembered_place_in_a_file_that_was_closed_is_found_again() {
    let (mut world, model) = large(2 * WARM_SEGMENTS.most() as i64 + 20);
    // More segments than stay open, forwards and backwards.
    for (base, bytes) in model.iter().chain(model.iter().rev()) {
        let end = world.log.written().0;
        let read = world.read(*base, end, bytes.len()).expect("in range");
        assert_eq!(&read.0, bytes, "{base}");
    }
    assert_eq!(world.contents(), model);
}

#[test]
fn a_range_found_by_the_index_ends_with_a_whole_batch() {
    let mut world = World::new(LogConfig::default());
    for turn in 0..9 {
        let batch = plain(3, 6_700, 999_000 + turn);
        world.append(batch, 0).expect("appended");
        world.run();
    }
    let size = plain(3, 6_700, 0).len();
    // Nothing is remembered in the next life.
    let mut world = world.restarted();
    let end = world.log.written().0;
    for max in [size * 2, size * 3 - 1, size * 3] {
        let (bytes, _) = world.read(3, end, max).expect("in range");
        assert_eq!(bytes.len(), max / size * size);
    }
}
