//! Produce and read, in every mode.

use ottla_machine::{LeaderEpoch, Offset};
use ottla_protocol::ErrorCode;
use ottla_record::{BuilderSettings, Compression};
use ottla_shard::{Answer, Question, Read};

use crate::world::{Setting, World, batch, list, read_at};

fn one_topic(setting: Setting) -> World {
    let mut world = World::new(setting);
    world.cluster.topic("t", 1, 3);
    world.up()
}

#[test]
fn what_is_produced_is_read_in_the_order_of_its_offsets() {
    for seed in 1..30 {
        let mut world = one_topic(Setting::seed(seed));
        let mut tickets = Vec::new();
        for n in 0..40 {
            let acks = [-1, 1, 0][n % 3];
            let ticket = world.produce(1, (n % 2) as i32, acks, &format!("value-{n:03}"));
            tickets.push((n, ticket));
            if n % 5 == 0 {
                world.turn();
            }
        }
        world.run();
        for index in 0..2 {
            let all = world.all(1, index);
            let mine = |(n, _): &&(usize, _)| n % 2 == index as usize;
            let expected: Vec<(i64, String)> = tickets
                .iter()
                .filter(mine)
                .enumerate()
                .map(|(offset, (n, _))| (offset as i64, format!("value-{n:03}")))
                .collect();
            assert_eq!(all, expected, "seed {seed}");
        }
        for (n, ticket) in tickets {
            assert_eq!(
                world.told_producer(ticket),
                Some(Ok((n / 2) as i64)),
                "seed {seed}"
            );
        }
        assert_eq!(world.all(1, 2), []);
    }
}

/// Its producer hears nothing; but what is not written yet is still charged to its request.
#[test]
fn acks_0_is_answered_when_it_is_written() {
    let mut world = one_topic(Setting::default());
    let writes = world.disk.writes;
    let ticket = world.produce(1, 0, 0, "fire and forget");
    world.settle();
    assert_eq!(world.told_producer(ticket), None);
    world.run();
    assert_eq!(world.told_producer(ticket), Some(Ok(0)));
    assert!(world.disk.writes > writes);
    assert_eq!(world.all(1, 0).len(), 1);
}

#[test]
fn a_turns_appends_to_a_partition_are_one_write_and_one_sync() {
    let mut world = one_topic(Setting::default());
    world.produce(1, 0, -1, "the directory is made");
    world.run();
    let (writes, syncs) = (world.disk.writes, world.disk.syncs);
    let tickets: Vec<_> = (0..100)
        .map(|n| world.produce(1, 0, -1, &format!("group-{n:03}")))
        .collect();
    world.run();
    for (n, ticket) in tickets.into_iter().enumerate() {
        assert_eq!(world.told_producer(ticket), Some(Ok(1 + n as i64)));
    }
    assert_eq!(world.disk.writes - writes, 1);
    assert_eq!(world.disk.syncs - syncs, 1);
}

#[test]
fn a_batch_that_needs_a_job_holds_up_those_behind_it() {
    for seed in 1..20 {
        let setting = Setting {
            strict: true,
            ..Setting::seed(seed)
        };
        let mut world = one_topic(setting);
        let now = world.now.wall.0;
        let mut tickets = Vec::new();
        for n in 0..20 {
            let codec = if n % 2 == 0 {
                Compression::Gzip
            } else {
                Compression::None
            };
            let value = format!("job-{n:02}");
            // The value stands plain in the key-less tail of nothing: packed batches are looked for by reading them.
            let records = batch(&[&value], codec, BuilderSettings::default(), now);
            tickets.push(world.send(1, 0, 0, &value, records));
            if n % 7 == 0 {
                world.turn();
            }
        }
        world.run();
        let all = world.all(1, 0);
        let expected: Vec<_> = (0..20).map(|n| (n, format!("job-{n:02}"))).collect();
        assert_eq!(all, expected, "seed {seed}");
    }
}

#[test]
fn refusals_say_what_kafka_says() {
    let mut world = one_topic(Setting::default());
    let produce = |world: &mut World, id, index| {
        let ticket = world.produce(id, index, -1, "nowhere");
        world.run();
        world.told_producer(ticket)
    };
    assert_eq!(
        produce(&mut world, 1, 3),
        Some(Err(ErrorCode::UnknownTopicOrPartition))
    );
    assert_eq!(
        produce(&mut world, 9, 0),
        Some(Err(ErrorCode::UnknownTopicId))
    );
    let torn = world.send(1, 0, -1, "torn", bytes::Bytes::from_static(&[0; 70]));
    world.run();
    let Some(Answer::Refused(refused)) = world.answers.get(&torn) else {
        panic!("{:?}", world.answers)
    };
    assert_ne!(refused.error, ErrorCode::None);
    assert!(refused.message.is_some());

    world.produce(1, 0, -1, "something");
    world.run();
    assert_eq!(
        world.answer_read(read_at(1, 0, 7)).err(),
        Some(ErrorCode::OffsetOutOfRange)
    );
    let epoch = |epoch| Read {
        current_leader_epoch: LeaderEpoch(epoch),
        ..read_at(1, 0, 0)
    };
    assert!(world.answer_read(epoch(0)).is_ok());
    assert_eq!(
        world.answer_read(epoch(1)).err(),
        Some(ErrorCode::UnknownLeaderEpoch)
    );
    world.cluster.elect(1, 0, 1);
    world.follow();
    world.run();
    assert_eq!(
        world.answer_read(epoch(0)).err(),
        Some(ErrorCode::FencedLeaderEpoch)
    );
    world.cluster.elect(1, 0, -1);
    world.follow();
    world.run();
    assert_eq!(
        world.answer_read(epoch(-1)).err(),
        Some(ErrorCode::NotLeaderOrFollower)
    );
    assert_eq!(
        produce(&mut world, 1, 0),
        Some(Err(ErrorCode::NotLeaderOrFollower))
    );
}

#[test]
fn offsets_by_time_and_epochs_by_number() {
    let mut world = one_topic(Setting::default());
    let offset = |answer| match answer {
        Answer::Offset {
            timestamp,
            offset,
            leader_epoch,
        } => (timestamp, offset.0, leader_epoch.0),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        offset(world.question(1, 0, list(-3))),
        (-1, -1, -1),
        "nothing is newest"
    );
    let before = world.now.wall.0;
    for n in 0..10 {
        world.produce(1, 0, 1, &format!("timed-{n}"));
        world.pass(1000);
    }
    world.cluster.elect(1, 0, 1);
    world.follow();
    world.produce(1, 0, 1, "in the next epoch");
    world.run();
    assert_eq!(offset(world.question(1, 0, list(-1))), (-1, 11, 1));
    assert_eq!(offset(world.question(1, 0, list(-2))), (-1, 0, 0));
    assert_eq!(offset(world.question(1, 0, list(-4))), (-1, 0, 0));
    assert_eq!(offset(world.question(1, 0, list(-5))), (-1, -1, -1));
    assert_eq!(
        offset(world.question(1, 0, list(-3))),
        (before + 10_000, 10, 1)
    );
    assert_eq!(
        offset(world.question(1, 0, list(before + 3500))),
        (before + 4000, 4, 0)
    );
    assert_eq!(
        offset(world.question(1, 0, list(before + 99_000))),
        (-1, -1, -1)
    );
    let Answer::Refused(refused) = world.question(1, 0, list(-7)) else {
        panic!("-7 is no question")
    };
    assert_eq!(refused.error, ErrorCode::UnsupportedVersion);
    let end = Question::EpochEnd {
        current_leader_epoch: LeaderEpoch(1),
        leader_epoch: LeaderEpoch(0),
    };
    let Answer::EpochEnd {
        leader_epoch,
        end_offset,
    } = world.question(1, 0, end)
    else {
        panic!("an epoch's end")
    };
    assert_eq!((leader_epoch, end_offset), (LeaderEpoch(0), Offset(10)));
}

#[test]
fn a_reader_whose_log_parts_from_ours_is_told_where() {
    let mut world = one_topic(Setting::default());
    for n in 0..4 {
        world.produce(1, 0, -1, &format!("old-{n}"));
    }
    world.run();
    world.cluster.elect(1, 0, 1);
    world.follow();
    world.produce(1, 0, -1, "new");
    world.run();
    // It has six records of epoch 0; here there are four.
    let read = Read {
        last_fetched_epoch: LeaderEpoch(0),
        ..read_at(1, 0, 5)
    };
    let answer = world.answer_read(read).expect("an answer");
    assert_eq!(answer.diverging, Some((LeaderEpoch(0), Offset(4))));
    assert!(answer.records.is_empty());
}

/// Many small segments, packed batches: after a restart every answer lies in files that have to be opened, read and unpacked.
#[test]
fn old_records_are_found_by_offset_and_by_time_after_a_restart() {
    for seed in 1..6 {
        let mut world = World::new(Setting::seed(seed));
        world.cluster.topic("t", 1, 1);
        world.cluster.config("t", "internal.segment.bytes", "300");
        world.cluster.config("t", "index.interval.bytes", "100");
        let mut world = world.up();
        let first = world.now.wall.0;
        for n in 0..60 {
            let values = [format!("old-{n:02}-a"), format!("old-{n:02}-b")];
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let codec = [Compression::Gzip, Compression::None, Compression::Zstd][n % 3];
            let records = batch(&values, codec, BuilderSettings::default(), world.now.wall.0);
            world.send(1, 0, 0, "", records);
            world.run();
            world.now = crate::world::at(world.now.wall.0 + 100);
        }
        let clean = seed % 2 == 0;
        if clean {
            assert!(world.stop());
        }
        let (mut media, cluster) = world.killed();
        let indexes: Vec<String> = crate::disk::Disk::over(media.clone()).names("t-0");
        let indexes: Vec<&String> = indexes
            .iter()
            .filter(|name| name.ends_with(".timeindex"))
            .collect();
        assert!(indexes.len() > 2 * ottla_shard::limits::FAULTS as usize);
        if seed == 4 {
            // Without time indexes every segment has to be opened before it is known how new it is.
            for name in indexes {
                media.unlink(&format!("t-0/{name}")).expect("it is there");
            }
        }
        let setting = Setting {
            clean,
            ..Setting::seed(seed)
        };
        let mut world = World::over(media, cluster, setting).up();
        for n in [0, 1, 2, 17, 30, 44, 59] {
            let found = world.question(1, 0, list(first + n * 100 - 50));
            let Answer::Offset {
                timestamp, offset, ..
            } = found
            else {
                panic!("seed {seed}: {found:?}")
            };
            assert_eq!(
                (timestamp, offset.0),
                (first + n * 100, n * 2),
                "seed {seed}"
            );
        }
        let found = world.question(1, 0, list(-3));
        let Answer::Offset {
            timestamp, offset, ..
        } = found
        else {
            panic!("seed {seed}: {found:?}")
        };
        assert_eq!((timestamp, offset.0), (first + 5900, 118), "seed {seed}");
        let all = world.all(1, 0);
        assert_eq!(all.len(), 120, "seed {seed}");
        assert!(
            all.iter()
                .enumerate()
                .all(|(at, (offset, _))| at as i64 == *offset)
        );
    }
}
