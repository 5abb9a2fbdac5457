//! What a leader does to a batch, and what it leaves alone.

use ottla_record::{
    Batch, Compression, Header, Malformed, TimestampType, clear_timestamp_type_bit, recompress,
    restamp_append_time, set_max_timestamp, stamp,
};

use crate::samples::batch;

#[test]
fn a_stamp_leaves_the_checksum_right() {
    for codec in Compression::ALL {
        let before = batch(codec);
        let mut after = stamp(&before[..16], 1 << 40, 9).to_vec();
        after.extend_from_slice(&before[16..]);
        let (before, after) = (
            Batch::parse(&before).expect("a batch"),
            Batch::parse(&after).expect("a batch"),
        );
        assert!(after.crc_is_right());
        let expected = Header {
            base_offset: 1 << 40,
            partition_leader_epoch: 9,
            ..*before.header()
        };
        assert_eq!(*after.header(), expected);
    }
}

#[test]
fn append_time_is_set_and_cleared() {
    let before = batch(Compression::Lz4);
    let stamped = restamp_append_time(&before, 123_456);
    let after = Batch::parse(&stamped).expect("a batch");
    assert!(after.crc_is_right());
    assert_eq!(
        (
            after.header().timestamp_type(),
            after.header().max_timestamp
        ),
        (TimestampType::LogAppendTime, 123_456)
    );
    for record in &after.records(1 << 20).expect("records") {
        assert_eq!(
            after.header().timestamp_of(&record.expect("a record")),
            123_456
        );
    }
    let max_timestamp = Batch::parse(&before)
        .expect("a batch")
        .header()
        .max_timestamp;
    let back = set_max_timestamp(&clear_timestamp_type_bit(&stamped), max_timestamp);
    assert_eq!(back, before);
}

#[test]
fn an_unknown_attribute_survives() {
    let mut header = *Batch::parse(&batch(Compression::None))
        .expect("a batch")
        .header();
    header.attributes |= 0x100 | 0x08;
    let mut bytes = batch(Compression::None).to_vec();
    bytes[..61].copy_from_slice(&header.to_bytes());
    let cleared = clear_timestamp_type_bit(&bytes);
    assert_eq!(
        Batch::parse(&cleared).expect("a batch").header().attributes,
        header.attributes & !0x08
    );
    assert!(Batch::parse(&cleared).expect("a batch").crc_is_right());
}

#[test]
fn any_codec_becomes_any_other() {
    for from in Compression::ALL {
        let before = batch(from);
        let before = Batch::parse(&before).expect("a batch");
        let records = before.records(1 << 20).expect("records");
        for to in Compression::ALL {
            let again = recompress(&before, to, None, 1 << 20, 1 << 20).expect("it unpacks");
            let after = Batch::parse(&again).expect("a batch");
            assert!(after.crc_is_right() && after.bytes().len() == again.len());
            assert_eq!(after.header().compression(), Ok(to));
            assert_eq!(
                after.records(1 << 20).expect("records").bytes(),
                records.bytes()
            );
            assert_eq!(
                after.header().attributes & !7,
                before.header().attributes & !7
            );
        }
        assert_eq!(
            recompress(&before, Compression::None, None, 10, 1 << 20),
            Err(Malformed::TooLarge)
        );
        for to in Compression::ALL {
            let len = recompress(&before, to, None, 1 << 20, 1 << 20).map(|again| again.len());
            let len = len.expect("it unpacks");
            assert!(recompress(&before, to, None, 1 << 20, len).is_ok());
            assert_eq!(
                recompress(&before, to, None, 1 << 20, len - 1),
                Err(Malformed::TooLarge)
            );
        }
    }
}
