//! Makes a batch record by record. Its caller is ourselves, so a wrong order of calls is a bug and not an answer.
//!
//! Invariants
//! - R4: a batch built here has offset deltas that ascend, and a last offset that covers them.

use bytes::Bytes;

use crate::cursor::{put_varint, put_varlong, varint_len, varlong_len};
use crate::header::{
    APPEND_TIME_BIT, CONTROL_BIT, DELETE_HORIZON_BIT, HEADER_LEN, Header, LENGTH_END, MAGIC,
    NO_PRODUCER_EPOCH, NO_PRODUCER_ID, NO_SEQUENCE, NO_TIMESTAMP, TRANSACTIONAL_BIT, TimestampType,
};
use crate::records::RecordHeader;
use crate::rewrite::seal;
use crate::{Compression, pack};

/// What a batch says about itself, apart from its records. `..Default::default()` is a plain, unpacked batch at offset 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuilderSettings {
    /// How the records are packed.
    pub compression: Compression,
    /// The codec's level; none is its default.
    pub level: Option<i32>,
    /// The offset of the first record.
    pub base_offset: i64,
    /// The epoch of the leader that appends it; -1 from a producer.
    pub leader_epoch: i32,
    /// The idempotent producer, or `NO_PRODUCER_ID`.
    pub producer_id: i64,
    /// Its epoch, or `NO_PRODUCER_EPOCH`.
    pub producer_epoch: i16,
    /// The first record's sequence number, or `NO_SEQUENCE`.
    pub base_sequence: i32,
    /// Whether it is part of a transaction.
    pub transactional: bool,
    /// Whether the records are control records.
    pub control: bool,
    /// What the timestamps say.
    pub timestamp_type: TimestampType,
    /// When compaction may drop the tombstones and markers within, if that has been decided.
    pub delete_horizon: Option<i64>,
}

impl Default for BuilderSettings {
    fn default() -> BuilderSettings {
        BuilderSettings {
            compression: Compression::None,
            level: None,
            base_offset: 0,
            leader_epoch: -1,
            producer_id: NO_PRODUCER_ID,
            producer_epoch: NO_PRODUCER_EPOCH,
            base_sequence: NO_SEQUENCE,
            transactional: false,
            control: false,
            timestamp_type: TimestampType::CreateTime,
            delete_horizon: None,
        }
    }
}

/// Builds one batch.
#[derive(Clone, Debug)]
pub struct Builder {
    settings: BuilderSettings,
    base_timestamp: Option<i64>,
    max_timestamp: i64,
    next_offset: i64,
    records_count: i32,
    /// The header's room, then the records.
    bytes: Vec<u8>,
}

impl Builder {
    /// An empty batch.
    pub fn new(settings: BuilderSettings) -> Builder {
        Builder {
            settings,
            base_timestamp: settings.delete_horizon,
            max_timestamp: NO_TIMESTAMP,
            next_offset: settings.base_offset,
            records_count: 0,
            bytes: vec![0; HEADER_LEN],
        }
    }

    /// Adds a record at the next offset, which is returned.
    pub fn append(
        &mut self,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[RecordHeader<'_>],
    ) -> i64 {
        let offset = self.next_offset;
        self.append_at(offset, timestamp, key, value, headers);
        offset
    }

    /// Adds a record at `offset`, which may leave a gap behind the last one, as compaction does.
    pub fn append_at(
        &mut self,
        offset: i64,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[RecordHeader<'_>],
    ) {
        assert!(
            offset >= self.next_offset,
            "R4: offset {offset} after {}",
            self.next_offset
        );
        let offset_delta = i32::try_from(offset - self.settings.base_offset)
            .expect("R4: a batch spans less than 2^31 offsets");
        let base_timestamp = *self.base_timestamp.get_or_insert(timestamp);
        let timestamp_delta = timestamp.wrapping_sub(base_timestamp);
        let len = 1
            + varlong_len(timestamp_delta)
            + varint_len(offset_delta)
            + nullable_len(key)
            + nullable_len(value)
            + varint_len(length(headers.len()))
            + headers
                .iter()
                .map(|header| nullable_len(Some(header.key)) + nullable_len(header.value))
                .sum::<usize>();
        let out = &mut self.bytes;
        put_varint(out, length(len));
        out.push(0);
        put_varlong(out, timestamp_delta);
        put_varint(out, offset_delta);
        put_nullable(out, key);
        put_nullable(out, value);
        put_varint(out, length(headers.len()));
        for header in headers {
            put_nullable(out, Some(header.key));
            put_nullable(out, header.value);
        }
        self.max_timestamp = self.max_timestamp.max(timestamp);
        self.next_offset = offset + 1;
        self.records_count += 1;
    }

    /// Lets the batch end at `last_offset` although its last record does not, as compaction does; and, where no record is
    /// left to say so, at `max_timestamp`.
    pub fn reach(&mut self, last_offset: i64, max_timestamp: i64) {
        assert!(
            last_offset + 1 >= self.next_offset,
            "R4: last offset {last_offset} before {}",
            self.next_offset
        );
        self.next_offset = last_offset + 1;
        self.max_timestamp = self.max_timestamp.max(max_timestamp);
    }

    /// How many records there are.
    pub fn count(&self) -> i32 {
        self.records_count
    }

    /// The bytes the batch would have, not packed.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The offset after the last record.
    pub fn next_offset(&self) -> i64 {
        self.next_offset
    }

    /// The finished batch.
    pub fn finish(self) -> Bytes {
        let settings = &self.settings;
        let mut bytes = self.bytes;
        // Without records there is nothing to pack, and Kafka says so in the attributes.
        let codec = if self.records_count == 0 {
            Compression::None
        } else {
            settings.compression
        };
        if codec != Compression::None {
            let packed = pack(codec, settings.level, &bytes[HEADER_LEN..]);
            bytes.truncate(HEADER_LEN);
            bytes.extend_from_slice(&packed);
        }
        let flag = |on: bool, bit: i16| if on { bit } else { 0 };
        let attributes = codec.bits()
            | flag(
                settings.timestamp_type == TimestampType::LogAppendTime,
                APPEND_TIME_BIT,
            )
            | flag(settings.transactional, TRANSACTIONAL_BIT)
            | flag(settings.control, CONTROL_BIT)
            | flag(settings.delete_horizon.is_some(), DELETE_HORIZON_BIT);
        let last_offset_delta = self.next_offset - 1 - settings.base_offset;
        let header = Header {
            base_offset: settings.base_offset,
            batch_length: length(bytes.len() - LENGTH_END),
            partition_leader_epoch: settings.leader_epoch,
            magic: MAGIC,
            crc: 0,
            attributes,
            last_offset_delta: i32::try_from(last_offset_delta)
                .expect("R4: a batch spans less than 2^31 offsets"),
            base_timestamp: self.base_timestamp.unwrap_or(NO_TIMESTAMP),
            max_timestamp: self.max_timestamp,
            producer_id: settings.producer_id,
            producer_epoch: settings.producer_epoch,
            base_sequence: settings.base_sequence,
            records_count: self.records_count,
        };
        bytes[..HEADER_LEN].copy_from_slice(&header.to_bytes());
        seal(&mut bytes);
        Bytes::from(bytes)
    }
}

/// A length as the format writes it. Two gigabytes in one batch would be our own doing.
fn length(len: usize) -> i32 {
    i32::try_from(len).expect("a batch is smaller than 2 GiB")
}

fn nullable_len(bytes: Option<&[u8]>) -> usize {
    bytes.map_or(varint_len(-1), |bytes| {
        varint_len(length(bytes.len())) + bytes.len()
    })
}

fn put_nullable(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => put_varint(out, -1),
        Some(bytes) => {
            put_varint(out, length(bytes.len()));
            out.extend_from_slice(bytes);
        }
    }
}
