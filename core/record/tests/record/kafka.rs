//! Batches that Kafka and its clients wrote: read, checked, and built again to the same bytes.

use std::collections::{BTreeMap, BTreeSet};

use ottla_record::{
    ABORT, Batch, Batches, Builder, BuilderSettings, COMMIT, Compression, Header, KRAFT_VERSION,
    KRAFT_VOTERS, LEADER_CHANGE, Malformed, NO_TIMESTAMP, Record, RecordHeader, SNAPSHOT_FOOTER,
    SNAPSHOT_HEADER, TimestampType, control_batch, control_kind, end_transaction_epoch,
};

use crate::vectors::{directories, exchanged};

const LIMIT: usize = 1 << 20;

/// Every batch of both directories, with where it is from.
fn each_batch(mut look: impl FnMut(&str, &Batch<'_>)) {
    for directory in directories() {
        for (path, bytes) in directory.runs() {
            let place = format!("{}: {path}", directory.name);
            let mut batches = Batches::new(bytes);
            for batch in &mut batches {
                look(
                    &place,
                    &batch.unwrap_or_else(|error| panic!("{place}: {error}")),
                );
            }
            assert_eq!(batches.position(), bytes.len(), "{place}");
        }
    }
}

fn settings_of(header: &Header) -> BuilderSettings {
    BuilderSettings {
        compression: header.compression().expect("a codec"),
        level: None,
        base_offset: header.base_offset,
        leader_epoch: header.partition_leader_epoch,
        producer_id: header.producer_id,
        producer_epoch: header.producer_epoch,
        base_sequence: header.base_sequence,
        transactional: header.is_transactional(),
        control: header.is_control(),
        timestamp_type: header.timestamp_type(),
        delete_horizon: header.has_delete_horizon().then_some(header.base_timestamp),
    }
}

fn rebuilt(batch: &Batch<'_>) -> Vec<u8> {
    let header = batch.header();
    let mut builder = Builder::new(settings_of(header));
    for record in &batch.records(LIMIT).expect("records") {
        let record = record.expect("a record");
        let headers: Vec<RecordHeader<'_>> = record.headers().collect();
        builder.append_at(
            header.offset_of(&record),
            header.timestamp_of(&record),
            record.key,
            record.value,
            &headers,
        );
    }
    if builder.count() == 0 {
        builder.reach(header.last_offset(), header.max_timestamp);
    } else {
        builder.reach(header.last_offset(), NO_TIMESTAMP);
    }
    builder.finish().to_vec()
}

#[test]
fn every_checksum_is_right_and_every_record_is_there() {
    let mut codecs = BTreeSet::new();
    each_batch(|place, batch| {
        assert!(batch.crc_is_right(), "{place}");
        codecs.insert(batch.header().compression().expect("a codec"));
        let records = batch.records(LIMIT).expect(place);
        let mut seen = 0;
        for record in &records {
            let offset = batch.header().offset_of(&record.expect(place));
            assert!(
                (batch.header().base_offset..batch.header().next_offset()).contains(&offset),
                "{place}"
            );
            seen += 1;
        }
        assert_eq!(seen, batch.header().records_count, "{place}");
        assert_eq!(
            &Header::parse(&batch.header().to_bytes()).expect(place),
            batch.header()
        );
    });
    assert_eq!(codecs, BTreeSet::from(Compression::ALL));
}

/// As the console consumer prints it.
fn printed(partition: u32, header: &Header, record: &Record<'_>) -> String {
    let text = |bytes: Option<&[u8]>| {
        bytes.map_or("<null>".into(), |bytes| {
            String::from_utf8_lossy(bytes).into_owned()
        })
    };
    let kind = match header.timestamp_type() {
        TimestampType::CreateTime => "CreateTime",
        TimestampType::LogAppendTime => "LogAppendTime",
    };
    let headers: Vec<String> = record
        .headers()
        .map(|header| format!("{}:{}", text(Some(header.key)), text(header.value)))
        .collect();
    let headers = if headers.is_empty() {
        "NO_HEADERS".into()
    } else {
        headers.join(",")
    };
    let (timestamp, offset) = (header.timestamp_of(record), header.offset_of(record));
    let (key, value) = (text(record.key), text(record.value));
    format!("{kind}:{timestamp}\tPartition:{partition}\tOffset:{offset}\t{headers}\t{key}\t{value}")
}

#[test]
fn the_records_are_those_that_kafka_reads() {
    for directory in directories() {
        for (topic, listing) in directory.listings {
            let mut expected = BTreeMap::<u32, Vec<&str>>::new();
            for line in listing.lines() {
                let partition = line
                    .split("\tPartition:")
                    .nth(1)
                    .and_then(|rest| rest.split('\t').next())
                    .expect("a partition");
                expected
                    .entry(partition.parse().expect("a number"))
                    .or_default()
                    .push(line);
            }
            for (partition, expected) in expected {
                let start = directory.log_start_offset(topic, partition);
                let mut found = Vec::new();
                for batch in directory
                    .segments(topic, partition)
                    .into_iter()
                    .flat_map(Batches::new)
                {
                    let batch = batch.expect("a batch");
                    for record in &batch.records(LIMIT).expect("records") {
                        let record = record.expect("a record");
                        if !batch.header().is_control()
                            && batch.header().offset_of(&record) >= start
                        {
                            found.push(printed(partition, batch.header(), &record));
                        }
                    }
                }
                assert_eq!(found, expected, "{}: {topic}-{partition}", directory.name);
            }
        }
    }
}

#[test]
fn built_again_a_batch_has_the_same_bytes() {
    let (mut same, mut packed) = (0, 0);
    each_batch(|place, batch| {
        let again = rebuilt(batch);
        if batch.header().compression() == Ok(Compression::None) {
            assert_eq!(
                again,
                batch.bytes(),
                "{place} at {}",
                batch.header().base_offset
            );
            same += 1;
            return;
        }
        // Packers differ, what they pack does not.
        let again = Batch::parse(&again).expect(place);
        assert!(again.crc_is_right(), "{place}");
        let whole = Header {
            batch_length: 0,
            crc: 0,
            ..*batch.header()
        };
        assert_eq!(
            Header {
                batch_length: 0,
                crc: 0,
                ..*again.header()
            },
            whole,
            "{place}"
        );
        assert_eq!(
            again.records(LIMIT).expect(place).bytes(),
            batch.records(LIMIT).expect(place).bytes(),
            "{place}"
        );
        packed += 1;
    });
    assert!(same > 0 && packed > 0);
}

#[test]
fn control_batches_built_from_their_values_have_the_same_bytes() {
    let mut kinds = BTreeSet::new();
    each_batch(|place, batch| {
        if !batch.header().is_control() {
            return;
        }
        let records = batch.records(LIMIT).expect(place);
        let mut values = Vec::new();
        let mut timestamp = batch.header().max_timestamp;
        for record in &records {
            let record = record.expect(place);
            let kind = control_kind(record.key).expect(place);
            if kind == ABORT || kind == COMMIT {
                let epoch = end_transaction_epoch(record.value).expect(place);
                assert_eq!(
                    record.value,
                    Some(&ottla_record::end_transaction_value(epoch)[..]),
                    "{place}"
                );
            }
            timestamp = batch.header().timestamp_of(&record);
            kinds.insert(kind);
            values.push((kind, record.value.expect(place)));
        }
        if !values.is_empty() {
            let again = control_batch(settings_of(batch.header()), timestamp, &values);
            assert_eq!(again, batch.bytes(), "{place}");
        }
    });
    let known = [
        ABORT,
        COMMIT,
        LEADER_CHANGE,
        SNAPSHOT_HEADER,
        SNAPSHOT_FOOTER,
        KRAFT_VERSION,
        KRAFT_VOTERS,
    ];
    assert_eq!(kinds, BTreeSet::from(known));
}

#[test]
fn what_a_leader_appended_passes_its_checks_unless_compacted() {
    let (mut whole, mut compacted) = (0, 0);
    each_batch(|place, batch| {
        let survey = batch.survey(LIMIT);
        if place.contains("/compacted-") || place.contains("/__") {
            compacted += u32::from(survey.is_err());
            assert_eq!(batch.check_shallow().is_ok(), survey.is_ok(), "{place}");
            return;
        }
        whole += 1;
        assert_eq!(batch.check_shallow(), Ok(()), "{place}");
        let survey = survey.expect(place);
        assert_eq!(
            survey.max_timestamp,
            batch.header().max_timestamp,
            "{place}"
        );
        assert!(
            survey.min_timestamp <= survey.max_timestamp
                && survey.max_timestamp_at <= batch.header().last_offset_delta
        );
        assert_eq!(
            survey.unpacked,
            batch.records(LIMIT).expect(place).bytes().len()
        );
    });
    assert!(whole > 0 && compacted > 0);
}

#[test]
fn batches_of_foreign_clients_unpack() {
    let mut codecs = BTreeSet::new();
    let mut raw_snappy = false;
    for bytes in exchanged() {
        let batch = Batch::parse(&bytes).expect("a batch");
        let codec = batch.header().compression().expect("a codec");
        batch.check_shallow().expect("well formed");
        batch.survey(LIMIT).expect("well formed within");
        raw_snappy |= codec == Compression::Snappy && !batch.packed().starts_with(b"\x82SNAPPY");
        codecs.insert(codec);
        assert_eq!(
            batch.records(0).map(drop).err(),
            (codec != Compression::None).then_some(Malformed::TooLarge)
        );
    }
    assert_eq!(codecs, BTreeSet::from(Compression::ALL));
    assert!(raw_snappy, "librdkafka frames nothing");
}
