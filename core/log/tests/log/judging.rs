//! What a client may append, and which refusal everything else gets.

use bytes::Bytes;
use ottla_log::{LogConfig, LogProduct, Origin, Prepared, Refusal, RefusalKind};
use ottla_machine::{Job, LeaderEpoch};
use ottla_record::{Batch, Builder, BuilderSettings, Compression, TimestampType, crc32c};

use crate::world::{World, plain};

fn built(settings: BuilderSettings, records: &[(i64, Option<&[u8]>)]) -> Vec<u8> {
    let mut builder = Builder::new(settings);
    for (time, key) in records {
        builder.append(*time, *key, Some(b"value"), &[]);
    }
    builder.finish().to_vec()
}

fn one(settings: BuilderSettings) -> Vec<u8> {
    built(settings, &[(999_000, Some(b"k"))])
}

fn sealed(mut batch: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    batch[at..at + bytes.len()].copy_from_slice(bytes);
    let crc = crc32c(&batch[21..]);
    batch[17..21].copy_from_slice(&crc.to_be_bytes());
    batch
}

/// Through `prepare`, and the job when there is one.
fn judged(config: LogConfig, records: Vec<u8>, transactional: bool) -> Result<Vec<u8>, Refusal> {
    let mut world = World::new(config);
    let origin = Origin::Client { transactional };
    let records = Bytes::from(records);
    let pins = records.len();
    let ready = match world.log.prepare(world.now, records, pins, origin)? {
        Prepared::Ready(ready) => ready,
        Prepared::Job(job) => match job.run() {
            LogProduct::Judged(judged) => judged?,
            other => panic!("judging was asked for: {other:?}"),
        },
    };
    let appended = world.log.append_ready(world.now, ready, LeaderEpoch(4))?;
    assert!(!appended.duplicate && appended.base.0 == 0);
    world.run();
    let (_, bytes) = world.contents().remove(0);
    let append_time = Batch::parse(&bytes)
        .expect("a batch")
        .header()
        .max_timestamp;
    let kept = world.config.append_time;
    assert_eq!(appended.append_time_ms, if kept { append_time } else { -1 });
    Ok(bytes)
}

fn refused(config: LogConfig, records: Vec<u8>) -> RefusalKind {
    judged(config, records, false).expect_err("refused").kind
}

#[test]
fn what_comes_is_what_is_stored_but_for_sixteen_bytes() {
    for compression in Compression::ALL {
        let batch = one(BuilderSettings {
            compression,
            ..BuilderSettings::default()
        });
        let stored = judged(LogConfig::default(), batch.clone(), false).expect("accepted");
        assert_eq!(stored[16..], batch[16..]);
        assert_eq!(stored[12..16], [0, 0, 0, 4]);
        // An attribute bit nobody has defined stays.
        let odd = sealed(batch, 21, &[1, compression.bits() as u8]);
        assert!(judged(LogConfig::default(), odd, false).is_ok());
    }
}

#[test]
fn each_fault_has_its_refusal() {
    use RefusalKind::{Corrupt, InvalidRecord, TooLarge, UnknownCodec};
    let plain = || one(BuilderSettings::default());
    let two = || [plain(), plain()].concat();
    let flipped = |at: usize, by: u8| {
        let mut batch = plain();
        batch[at] ^= by;
        batch
    };
    let torn = || plain()[..70].to_vec();
    let cases = [
        ("nothing", Vec::new(), InvalidRecord),
        ("two batches", two(), InvalidRecord),
        ("torn", torn(), InvalidRecord),
        ("magic 3", flipped(16, 1), Corrupt),
        ("magic 1", flipped(16, 3), InvalidRecord),
        ("a flipped bit", flipped(72, 1), Corrupt),
        ("a length of nothing", sealed(plain(), 8, &[0; 4]), Corrupt),
        ("base offset 1", flipped(7, 1), InvalidRecord),
        ("count 2", sealed(plain(), 57, &[0, 0, 0, 2]), InvalidRecord),
        (
            "last offset delta 1",
            sealed(plain(), 23, &[0, 0, 0, 1]),
            InvalidRecord,
        ),
        ("codec 5", sealed(plain(), 22, &[5]), UnknownCodec),
        ("codec 7", sealed(plain(), 22, &[7]), UnknownCodec),
        (
            "control",
            one(BuilderSettings {
                control: true,
                ..BuilderSettings::default()
            }),
            InvalidRecord,
        ),
        (
            "no sequence",
            one(BuilderSettings {
                producer_id: 1,
                producer_epoch: 0,
                ..BuilderSettings::default()
            }),
            InvalidRecord,
        ),
    ];
    for (what, records, kind) in cases {
        assert_eq!(refused(LogConfig::default(), records), kind, "{what}");
    }
    let small = LogConfig {
        max_message_bytes: 70,
        ..LogConfig::default()
    };
    assert_eq!(refused(small, plain()), TooLarge);
    // Recovery would take it for junk, whatever the topic allows.
    let any = LogConfig {
        max_message_bytes: usize::MAX,
        segment_bytes: u64::MAX,
        ..LogConfig::default()
    };
    let mut huge = vec![0; ottla_log::limits::BATCH_BYTES + 1];
    let len = huge.len() as i32 - 12;
    huge[..61].copy_from_slice(&plain()[..61]);
    huge[8..12].copy_from_slice(&len.to_be_bytes());
    assert_eq!(refused(any, huge), TooLarge);
    let tiny = LogConfig {
        segment_bytes: 70,
        ..LogConfig::default()
    };
    assert_eq!(refused(tiny, plain()), RefusalKind::LargerThanSegment);
}

#[test]
fn transactional_batches_are_refused_until_there_are_transactions() {
    let batch = || {
        one(BuilderSettings {
            transactional: true,
            producer_id: 1,
            producer_epoch: 0,
            base_sequence: 0,
            ..BuilderSettings::default()
        })
    };
    let kind = |transactional| {
        let refusal = judged(LogConfig::default(), batch(), transactional);
        refusal.expect_err("refused").kind
    };
    assert_eq!(kind(false), RefusalKind::NoTransactionalId);
    assert_eq!(kind(true), RefusalKind::UnknownTransaction);
}

#[test]
fn timestamps_outside_the_topics_bounds_name_their_records() {
    let config = LogConfig {
        timestamp_before_max_ms: 10_000,
        timestamp_after_max_ms: 5_000,
        ..LogConfig::default()
    };
    // It is 1,000,000 now.
    let batch = built(
        BuilderSettings::default(),
        &[
            (989_999, None),
            (990_000, None),
            (1_005_000, None),
            (1_005_001, None),
            (-1, None),
        ],
    );
    let refusal = judged(config.clone(), batch, false).expect_err("refused");
    assert_eq!(refusal.kind, RefusalKind::InvalidTimestamp);
    let records: Vec<i32> = refusal.record_errors.iter().map(|(at, _)| *at).collect();
    assert_eq!(records, [0, 3]);
    assert!(refusal.record_errors.iter().all(|(_, why)| why.is_some()));
    let unknown = built(BuilderSettings::default(), &[(-1, None), (999_000, None)]);
    assert!(judged(config.clone(), unknown, false).is_ok());
    let between = built(
        BuilderSettings::default(),
        &[(-1, None), (5, None), (999_000, None)],
    );
    assert!(judged(config.clone(), between, false).is_err());
    let packed = built(
        BuilderSettings {
            compression: Compression::Zstd,
            ..BuilderSettings::default()
        },
        &[(1_005_001, None)],
    );
    assert_eq!(
        refused(config.clone(), packed.clone()),
        RefusalKind::InvalidTimestamp
    );
    // A topic that keeps append times takes any.
    let config = LogConfig {
        append_time: true,
        ..config
    };
    let stored = judged(config, packed, false).expect("accepted");
    let header = *Batch::parse(&stored).expect("a batch").header();
    assert_eq!(header.timestamp_type(), TimestampType::LogAppendTime);
    assert_eq!(header.max_timestamp, 1_000_000);
}

#[test]
fn a_compacted_topic_wants_keys_also_of_packed_records() {
    let config = LogConfig {
        compact: true,
        ..LogConfig::default()
    };
    for compression in Compression::ALL {
        let settings = BuilderSettings {
            compression,
            ..BuilderSettings::default()
        };
        let batch = built(settings, &[(999_000, Some(b"a")), (999_000, None)]);
        let refusal = judged(config.clone(), batch, false).expect_err("refused");
        assert_eq!(refusal.kind, RefusalKind::InvalidRecord);
        assert_eq!(refusal.record_errors[0].0, 1);
        let batch = built(settings, &[(999_000, Some(b"a"))]);
        assert!(judged(config.clone(), batch, false).is_ok());
    }
}

#[test]
fn a_packed_batch_that_lies_is_believed_by_its_header_unless_told_otherwise() {
    let packed = built(
        BuilderSettings {
            compression: Compression::Gzip,
            ..BuilderSettings::default()
        },
        &[(999_000, None), (999_000, None)],
    );
    let lying = sealed(sealed(packed, 23, &[0, 0, 0, 4]), 57, &[0, 0, 0, 5]);
    assert!(judged(LogConfig::default(), lying.clone(), false).is_ok());
    let strict = LogConfig {
        strict_validation: true,
        ..LogConfig::default()
    };
    assert_eq!(refused(strict, lying), RefusalKind::InvalidRecord);
}

#[test]
fn stray_bits_and_wrong_newest_timestamps_are_mended() {
    // The timestamp-type bit is the broker's, not the producer's.
    let stray = sealed(one(BuilderSettings::default()), 22, &[8]);
    let stored = judged(LogConfig::default(), stray, false).expect("accepted");
    let batch = Batch::parse(&stored).expect("a batch");
    assert!(batch.crc_is_right());
    assert_eq!(batch.header().timestamp_type(), TimestampType::CreateTime);
    let newest = sealed(
        one(BuilderSettings::default()),
        35,
        &998_999i64.to_be_bytes(),
    );
    let stored = judged(LogConfig::default(), newest, false).expect("accepted");
    let batch = Batch::parse(&stored).expect("a batch");
    assert!(batch.crc_is_right());
    assert_eq!(batch.header().max_timestamp, 999_000);
}

#[test]
fn a_topic_with_a_codec_of_its_own_packs_again() {
    let config = LogConfig {
        compression: Some((Compression::Lz4, None)),
        ..LogConfig::default()
    };
    for compression in Compression::ALL {
        let batch = one(BuilderSettings {
            compression,
            ..BuilderSettings::default()
        });
        let stored = judged(config.clone(), batch, false).expect("accepted");
        let batch = Batch::parse(&stored).expect("a batch");
        assert!(batch.crc_is_right());
        assert_eq!(batch.header().compression(), Ok(Compression::Lz4));
        let survey = batch.survey(1 << 20).expect("its records");
        assert_eq!(survey.max_timestamp, 999_000);
    }
}

#[test]
fn nothing_a_client_sends_breaks_the_judge() {
    let batch = plain(3, 40, 999_000).to_vec();
    for at in 0..batch.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut odd = batch.clone();
            odd[at] = value;
            let _ = judged(LogConfig::default(), odd.clone(), false);
            if at >= 21 {
                let _ = judged(LogConfig::default(), sealed(odd, at, &[value]), false);
            }
        }
        let _ = judged(LogConfig::default(), batch[..at].to_vec(), false);
    }
}
