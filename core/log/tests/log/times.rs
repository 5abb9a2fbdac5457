//! Questions by time, against a model that looks at every record.

use bytes::Bytes;
use ottla_log::{LogConfig, Start};
use ottla_machine::{Offset, Rng};
use ottla_record::{Builder, BuilderSettings, Compression};

use crate::world::{World, now_at, plain, put};

/// Records as (offset, timestamp), in a log of many small segments, some batches packed, some cut off at the start.
fn drawn(seed: u64) -> (World, Vec<(i64, i64)>) {
    let config = LogConfig {
        segment_bytes: 900,
        index_interval_bytes: 150,
        retention_ms: -1,
        append_time: seed.is_multiple_of(7),
        ..LogConfig::default()
    };
    let mut rng = Rng::new([8; 32]).child(seed);
    let mut world = World::new(config.clone());
    let mut records = Vec::new();
    for turn in 0..40 {
        world.now = now_at(1_000_000 + turn * 10);
        let compression = Compression::ALL[rng.below(5) as usize];
        let mut builder = Builder::new(BuilderSettings {
            compression,
            ..BuilderSettings::default()
        });
        let base = world.log.assigned().0;
        for i in 0..1 + rng.below(4) as i64 {
            let time = 900_000 + rng.below(200) as i64;
            builder.append(time, Some(b"key"), Some(&[turn as u8; 40]), &[]);
            let time = if config.append_time {
                world.now.wall.0
            } else {
                time
            };
            records.push((base + i, time));
        }
        let batch: Bytes = builder.finish();
        world.append(batch, 3).expect("appended");
        if rng.below(2) == 0 {
            world.run();
        }
    }
    world.run();
    let end = world.log.written();
    world.log.set_high_watermark(end);
    // Every other log has lost records at its front.
    let start = Offset(rng.below(end.0 as u64) as i64 / 2 * (seed as i64 % 2));
    world.log.advance_start(start);
    world.log.check();
    records.retain(|(offset, _)| *offset >= start.0);
    (world, records)
}

fn check_times(world: &mut World, records: &[(i64, i64)]) {
    let end = world.log.written().0;
    let newest = records
        .iter()
        .map(|(_, time)| *time)
        .max()
        .expect("records");
    for upto in [end, end - 5, end / 2 + world.log.start_offset().0 / 2] {
        for ts in (899_990..900_210)
            .step_by(3)
            .chain((1_000_000..1_000_410).step_by(7))
        {
            let naive = records.iter().find(|(_, time)| *time >= ts);
            let naive = naive.filter(|(offset, _)| *offset < upto).copied();
            let found = world
                .ask(|log, blocks| log.offset_for_timestamp(blocks, ts, Offset(upto)))
                .expect("an answer");
            let found = found.map(|(offset, time, epoch)| {
                assert_eq!(epoch.0, 3);
                (offset.0, time)
            });
            assert_eq!(found, naive, "at {ts} below {upto}");
        }
        if world.log.start_offset() > Offset(0) {
            continue;
        }
        let naive = records.iter().find(|(_, time)| *time == newest);
        let naive = naive.filter(|(offset, _)| *offset < upto).copied();
        let found = world.ask(|log, blocks| log.max_timestamp(blocks, Offset(upto)));
        let found = found
            .expect("an answer")
            .map(|(offset, time, _)| (offset.0, time));
        assert_eq!(found, naive, "the newest below {upto}");
    }
}

#[test]
fn the_first_record_at_or_after_a_time_is_the_one_a_look_at_all_would_find() {
    for seed in 0..24 {
        let (mut world, records) = drawn(seed);
        check_times(&mut world, &records);
        let mut world = world.restarted();
        check_times(&mut world, &records);
    }
}

#[test]
fn an_empty_log_has_no_times() {
    let mut world = World::new(LogConfig::default());
    world.run();
    let found = world.ask(|log, blocks| log.offset_for_timestamp(blocks, 0, Offset(0)));
    assert_eq!(found, Ok(None));
    assert_eq!(
        world.ask(|log, blocks| log.max_timestamp(blocks, Offset(0))),
        Ok(None)
    );
}

#[test]
fn a_time_that_an_index_alone_speaks_of_is_not_the_newest() {
    let small = LogConfig {
        segment_bytes: 200,
        ..LogConfig::default()
    };
    let mut world = World::new(small.clone());
    for time in [5, 9, 7] {
        world.append(plain(1, 100, time), 0).expect("appended");
        world.run();
    }
    world.stop();
    let mut disk = world.disk.killed();
    let sealed = disk.names("t-0").into_iter();
    let mut sealed = sealed.filter(|name| name.ends_with(".timeindex"));
    let path = format!("t-0/{}", sealed.next().expect("a sealed segment"));
    let mut entry = disk.bytes(&path).expect("there").to_vec();
    // A flipped bit, far in the future.
    entry[2] ^= 1;
    put(&mut disk, &path, &entry);
    let clean = Start::Clean {
        log_start: Offset(0),
    };
    let mut world = World::over(disk, small, clean, 1);
    world.run();
    let end = world.log.written();
    let newest = world.ask(|log, blocks| log.max_timestamp(blocks, end));
    let newest = newest.expect("an answer").expect("a record");
    assert_eq!((newest.0, newest.1), (Offset(1), 9));
}
