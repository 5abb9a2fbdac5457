//! The 61 bytes in front of a batch's records, parsed once and copied around freely.
//!
//! Invariants
//! - H1: a parsed header has magic 2 and a `size` of at least `HEADER_LEN`; every other field is as the peer sent it.

use crate::records::Record;
use crate::{Compression, Malformed};

/// The bytes before the records.
pub const HEADER_LEN: usize = 61;
/// `producer_id` of a batch that no idempotent producer sent.
pub const NO_PRODUCER_ID: i64 = -1;
/// `producer_epoch` of a batch that no idempotent producer sent.
pub const NO_PRODUCER_EPOCH: i16 = -1;
/// `base_sequence` of a batch that no idempotent producer sent, and of control batches.
pub const NO_SEQUENCE: i32 = -1;
/// A timestamp that is not known.
pub const NO_TIMESTAMP: i64 = -1;

/// The bytes in front of what `batch_length` counts.
pub(crate) const LENGTH_END: usize = 12;
pub(crate) const EPOCH_AT: usize = 12;
pub(crate) const MAGIC_AT: usize = 16;
pub(crate) const CRC_AT: usize = 17;
pub(crate) const ATTRIBUTES_AT: usize = 21;
pub(crate) const MAX_TIMESTAMP_AT: usize = 35;

pub(crate) const MAGIC: i8 = 2;
pub(crate) const CODEC_MASK: i16 = 0x07;
pub(crate) const APPEND_TIME_BIT: i16 = 0x08;
pub(crate) const TRANSACTIONAL_BIT: i16 = 0x10;
pub(crate) const CONTROL_BIT: i16 = 0x20;
pub(crate) const DELETE_HORIZON_BIT: i16 = 0x40;

/// What a record's timestamp says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimestampType {
    /// When the producer made it.
    #[default]
    CreateTime,
    /// When the broker appended it; one time for the whole batch, its `max_timestamp`.
    LogAppendTime,
}

/// The 61-byte v2 header, parsed once, Copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The offset of the first record (of the first there once was, after compaction).
    pub base_offset: i64,
    /// The bytes after this field.
    pub batch_length: i32,
    /// The epoch of the leader that appended the batch; -1 from a producer.
    pub partition_leader_epoch: i32,
    /// Always 2.
    pub magic: i8,
    /// CRC-32C from `attributes` to the end.
    pub crc: u32,
    /// Codec and flags.
    pub attributes: i16,
    /// The last record's offset less `base_offset`.
    pub last_offset_delta: i32,
    /// What timestamp deltas count from.
    pub base_timestamp: i64,
    /// The newest timestamp within.
    pub max_timestamp: i64,
    /// The idempotent producer, or -1.
    pub producer_id: i64,
    /// Its epoch, or -1.
    pub producer_epoch: i16,
    /// The sequence number of the first record, or -1.
    pub base_sequence: i32,
    /// How many records follow.
    pub records_count: i32,
}

/// The N bytes at `at`; the caller has seen that they are there.
fn field<const N: usize>(bytes: &[u8; HEADER_LEN], at: usize) -> [u8; N] {
    let mut out = [0; N];
    out.copy_from_slice(&bytes[at..at + N]);
    out
}

impl Header {
    /// Reads the header at the front of `bytes`. Magic and length are judged, the rest is taken as it is.
    pub fn parse(bytes: &[u8]) -> Result<Header, Malformed> {
        // Old messages are shorter than our header; their magic lies at the same place.
        match bytes.get(MAGIC_AT).map(|&byte| byte as i8) {
            None => return Err(Malformed::Short),
            Some(MAGIC) => {}
            Some(magic @ (0 | 1)) => return Err(Malformed::OldMagic(magic)),
            Some(magic) => return Err(Malformed::Magic(magic)),
        }
        let bytes = bytes.first_chunk::<HEADER_LEN>().ok_or(Malformed::Short)?;
        let batch_length = i32::from_be_bytes(field(bytes, 8));
        if usize::try_from(batch_length).is_ok_and(|length| length >= HEADER_LEN - LENGTH_END) {
            Ok(Header {
                base_offset: i64::from_be_bytes(field(bytes, 0)),
                batch_length,
                partition_leader_epoch: i32::from_be_bytes(field(bytes, EPOCH_AT)),
                magic: MAGIC,
                crc: u32::from_be_bytes(field(bytes, CRC_AT)),
                attributes: i16::from_be_bytes(field(bytes, ATTRIBUTES_AT)),
                last_offset_delta: i32::from_be_bytes(field(bytes, 23)),
                base_timestamp: i64::from_be_bytes(field(bytes, 27)),
                max_timestamp: i64::from_be_bytes(field(bytes, MAX_TIMESTAMP_AT)),
                producer_id: i64::from_be_bytes(field(bytes, 43)),
                producer_epoch: i16::from_be_bytes(field(bytes, 51)),
                base_sequence: i32::from_be_bytes(field(bytes, 53)),
                records_count: i32::from_be_bytes(field(bytes, 57)),
            })
        } else {
            Err(Malformed::Length(batch_length))
        }
    }

    /// The header as bytes, the opposite of `parse`.
    pub fn to_bytes(&self) -> [u8; HEADER_LEN] {
        let mut out = [0; HEADER_LEN];
        let mut put = |at: usize, bytes: &[u8]| out[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &self.base_offset.to_be_bytes());
        put(8, &self.batch_length.to_be_bytes());
        put(EPOCH_AT, &self.partition_leader_epoch.to_be_bytes());
        put(MAGIC_AT, &self.magic.to_be_bytes());
        put(CRC_AT, &self.crc.to_be_bytes());
        put(ATTRIBUTES_AT, &self.attributes.to_be_bytes());
        put(23, &self.last_offset_delta.to_be_bytes());
        put(27, &self.base_timestamp.to_be_bytes());
        put(MAX_TIMESTAMP_AT, &self.max_timestamp.to_be_bytes());
        put(43, &self.producer_id.to_be_bytes());
        put(51, &self.producer_epoch.to_be_bytes());
        put(53, &self.base_sequence.to_be_bytes());
        put(57, &self.records_count.to_be_bytes());
        out
    }

    /// The bytes of the whole batch.
    pub fn size(&self) -> usize {
        // H1: parse let no negative length through.
        self.batch_length.max(0) as usize + LENGTH_END
    }

    /// The offset of the last record (of the last there once was, after compaction).
    pub fn last_offset(&self) -> i64 {
        self.base_offset
            .saturating_add(i64::from(self.last_offset_delta))
    }

    /// The offset after the batch.
    pub fn next_offset(&self) -> i64 {
        self.last_offset().saturating_add(1)
    }

    /// How the records are packed.
    pub fn compression(&self) -> Result<Compression, Malformed> {
        Compression::from_bits(self.attributes & CODEC_MASK)
    }

    /// What the timestamps say.
    pub fn timestamp_type(&self) -> TimestampType {
        if self.attributes & APPEND_TIME_BIT == 0 {
            TimestampType::CreateTime
        } else {
            TimestampType::LogAppendTime
        }
    }

    /// Whether the batch is part of a transaction.
    pub fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL_BIT != 0
    }

    /// Whether the records are control records, never shown to applications.
    pub fn is_control(&self) -> bool {
        self.attributes & CONTROL_BIT != 0
    }

    /// Whether `base_timestamp` is the time after which compaction may drop tombstones and markers.
    pub fn has_delete_horizon(&self) -> bool {
        self.attributes & DELETE_HORIZON_BIT != 0
    }

    /// Whether an idempotent producer (or a transaction's coordinator) wrote the batch.
    pub fn has_producer_id(&self) -> bool {
        self.producer_id > NO_PRODUCER_ID
    }

    /// The sequence number of the last record; after `i32::MAX` comes 0.
    pub fn last_sequence(&self) -> i32 {
        if self.base_sequence == NO_SEQUENCE {
            NO_SEQUENCE
        } else {
            sequence_after(self.base_sequence, self.last_offset_delta)
        }
    }

    /// The offset of one of this batch's records.
    pub fn offset_of(&self, record: &Record<'_>) -> i64 {
        self.base_offset
            .saturating_add(i64::from(record.offset_delta))
    }

    /// The timestamp of one of this batch's records.
    pub fn timestamp_of(&self, record: &Record<'_>) -> i64 {
        match self.timestamp_type() {
            TimestampType::CreateTime => self.base_timestamp.wrapping_add(record.timestamp_delta),
            TimestampType::LogAppendTime => self.max_timestamp,
        }
    }
}

/// The sequence number `count` after `sequence`; after `i32::MAX` comes 0.
pub fn sequence_after(sequence: i32, count: i32) -> i32 {
    (i64::from(sequence) + i64::from(count)).rem_euclid(1 << 31) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_wrap_to_zero() {
        assert_eq!(sequence_after(i32::MAX, 1), 0);
        assert_eq!(sequence_after(i32::MAX - 2, 5), 2);
        assert_eq!(sequence_after(7, 0), 7);
    }

    #[test]
    fn an_old_message_is_recognised_although_it_is_shorter_than_a_header() {
        let mut message = [0u8; 26];
        assert_eq!(Header::parse(&message), Err(Malformed::OldMagic(0)));
        message[MAGIC_AT] = 1;
        assert_eq!(Header::parse(&message), Err(Malformed::OldMagic(1)));
        message[MAGIC_AT] = 3;
        assert_eq!(Header::parse(&message), Err(Malformed::Magic(3)));
        message[MAGIC_AT] = 2;
        assert_eq!(Header::parse(&message), Err(Malformed::Short));
        assert_eq!(Header::parse(&message[..16]), Err(Malformed::Short));
    }

    #[test]
    fn a_length_that_cannot_hold_a_header_is_refused() {
        let mut bytes = [0u8; HEADER_LEN];
        bytes[MAGIC_AT] = 2;
        for (length, right) in [
            (-1, false),
            (i32::MIN, false),
            (0, false),
            (48, false),
            (49, true),
            (i32::MAX, true),
        ] {
            bytes[8..12].copy_from_slice(&i32::to_be_bytes(length));
            match Header::parse(&bytes) {
                Ok(header) => assert!(right && header.size() == length as usize + 12),
                Err(error) => assert!(!right && error == Malformed::Length(length)),
            }
        }
    }
}
