//! The builder: whatever goes in comes out.

use ottla_record::{
    Batch, Builder, BuilderSettings, Compression, NO_SEQUENCE, RecordHeader, TimestampType,
    control_batch, control_key, control_kind, end_transaction_epoch, end_transaction_value,
};
use proptest::prelude::*;

use crate::samples::batch;

type Bytes = Option<Vec<u8>>;
type Entry = (u8, i64, Bytes, Bytes, Vec<(Vec<u8>, Bytes)>);

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..40)
}

fn entry() -> impl Strategy<Value = Entry> {
    let nullable = || prop::option::of(bytes());
    let headers = prop::collection::vec((bytes(), nullable()), 0..4);
    (0..3u8, any::<i64>(), nullable(), nullable(), headers)
}

fn settings() -> impl Strategy<Value = BuilderSettings> {
    let codec = prop::sample::select(&Compression::ALL[..]);
    let producer = (any::<i64>(), any::<i16>(), any::<i32>());
    let flags = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<Option<i64>>(),
    );
    (codec, 0..i64::MAX / 2, any::<i32>(), producer, flags).prop_map(
        |(compression, base_offset, leader_epoch, producer, flags)| {
            let timestamp_type = if flags.2 {
                TimestampType::LogAppendTime
            } else {
                TimestampType::CreateTime
            };
            BuilderSettings {
                compression,
                level: None,
                base_offset,
                leader_epoch,
                producer_id: producer.0,
                producer_epoch: producer.1,
                base_sequence: producer.2,
                transactional: flags.0,
                control: flags.1,
                timestamp_type,
                delete_horizon: flags.3,
            }
        },
    )
}

proptest! {
    #[test]
    fn what_was_appended_comes_back(settings in settings(), entries in prop::collection::vec(entry(), 0..20)) {
        let mut builder = Builder::new(settings);
        let mut offsets = Vec::new();
        for (gap, timestamp, key, value, headers) in &entries {
            let headers: Vec<_> = headers.iter().map(|(key, value)| RecordHeader { key, value: value.as_deref() }).collect();
            let offset = builder.next_offset() + i64::from(*gap);
            builder.append_at(offset, *timestamp, key.as_deref(), value.as_deref(), &headers);
            offsets.push(offset);
        }
        let size = builder.size();
        let next_offset = builder.next_offset();
        let built = builder.finish();
        let batch = Batch::parse(&built).expect("a batch");
        let header = batch.header();
        prop_assert!(batch.crc_is_right());
        prop_assert_eq!(batch.bytes().len(), built.len());
        prop_assert_eq!(header.next_offset(), next_offset);
        prop_assert_eq!(header.partition_leader_epoch, settings.leader_epoch);
        prop_assert_eq!((header.producer_id, header.producer_epoch, header.base_sequence),
            (settings.producer_id, settings.producer_epoch, settings.base_sequence));
        prop_assert_eq!((header.is_transactional(), header.is_control()), (settings.transactional, settings.control));
        prop_assert_eq!(header.timestamp_type(), settings.timestamp_type);
        prop_assert_eq!(header.has_delete_horizon().then_some(header.base_timestamp), settings.delete_horizon);
        let records = batch.records(1 << 20).expect("records");
        prop_assert_eq!(records.bytes().len() + ottla_record::HEADER_LEN, size);
        let records: Vec<_> = records.iter().collect::<Result<_, _>>().expect("whole records");
        prop_assert_eq!(records.len(), entries.len());
        for ((record, offset), (_, timestamp, key, value, headers)) in records.iter().zip(offsets).zip(&entries) {
            prop_assert_eq!(header.offset_of(record), offset);
            if settings.timestamp_type == TimestampType::CreateTime {
                prop_assert_eq!(header.timestamp_of(record), *timestamp);
            }
            prop_assert_eq!((record.key, record.value), (key.as_deref(), value.as_deref()));
            let found: Vec<_> = record.headers().map(|header| (header.key.to_vec(), header.value.map(<[u8]>::to_vec))).collect();
            prop_assert_eq!(&found, headers);
        }
    }
}

#[test]
fn the_checks_pass_what_was_built_in_a_row() {
    for codec in Compression::ALL {
        let built = batch(codec);
        let batch = Batch::parse(&built).expect("a batch");
        assert_eq!(batch.check_shallow(), Ok(()));
        let survey = batch.survey(1 << 20).expect("well formed");
        assert_eq!(survey.first_without_key, Some(1));
        assert_eq!(
            (
                survey.min_timestamp,
                survey.max_timestamp,
                survey.max_timestamp_at
            ),
            (999, 1001, 2)
        );
        assert_eq!(batch.header().last_sequence(), 1, "sequences wrap");
        assert!(batch.header().has_producer_id());
    }
}

#[test]
fn a_batch_without_records_keeps_its_bounds() {
    let settings = BuilderSettings {
        compression: Compression::Zstd,
        base_offset: 10,
        ..BuilderSettings::default()
    };
    let mut builder = Builder::new(settings);
    builder.reach(19, 77);
    let built = builder.finish();
    let batch = Batch::parse(&built).expect("a batch");
    assert_eq!(
        (batch.header().last_offset(), batch.header().max_timestamp),
        (19, 77)
    );
    assert_eq!(batch.records(0).expect("none to unpack").iter().count(), 0);
    assert!(
        batch.check_shallow().is_err(),
        "a producer may not send one"
    );
    assert!(!batch.header().has_producer_id());
    assert_eq!(batch.header().last_sequence(), NO_SEQUENCE);
}

#[test]
#[should_panic(expected = "R4")]
fn offsets_never_go_back() {
    let mut builder = Builder::new(BuilderSettings {
        base_offset: 5,
        ..BuilderSettings::default()
    });
    builder.append_at(7, 0, None, None, &[]);
    builder.append_at(7, 0, None, None, &[]);
}

#[test]
fn control_records_are_told_apart() {
    for kind in [0, 6, 7, i16::MAX] {
        assert_eq!(control_kind(Some(&control_key(kind))), Ok(kind));
    }
    assert!(control_kind(None).is_err());
    assert!(control_kind(Some(&[0, 0, 0])).is_err());
    assert!(control_kind(Some(&[0xff, 0xff, 0, 0])).is_err());
    assert_eq!(
        end_transaction_epoch(Some(&end_transaction_value(-3))),
        Ok(-3)
    );
    assert!(end_transaction_epoch(Some(&[0; 5])).is_err());
    assert!(end_transaction_epoch(None).is_err());
    let built = control_batch(
        BuilderSettings::default(),
        5,
        &[(1, b"a"), (2, b"b"), (3, b"c")],
    );
    let batch = Batch::parse(&built).expect("a batch");
    assert!(batch.header().is_control());
    assert_eq!(batch.header().records_count, 3);
    assert_eq!(batch.check_shallow(), Ok(()));
}
