//! Changes a leader makes to a batch that a producer sent: always its first 16 bytes, and in three cases more.
//!
//! The batches given here were parsed before: one that is no batch is our bug.
//!
//! Invariants
//! - W1: `stamp` changes nothing the checksum covers.
//! - W2: every other function here leaves a batch whose checksum is right.

use crate::compression::pack_within;
use crate::header::{
    APPEND_TIME_BIT, ATTRIBUTES_AT, CODEC_MASK, CRC_AT, EPOCH_AT, HEADER_LEN, LENGTH_END,
    MAX_TIMESTAMP_AT,
};
use crate::{Batch, Compression, Malformed, crc32c, unpack};

/// The first 16 bytes of a batch with base offset and leader epoch patched. The rest of the batch stays as it is.
pub fn stamp(header16: &[u8], base_offset: i64, leader_epoch: i32) -> [u8; 16] {
    let mut out = *header16
        .first_chunk::<16>()
        .expect("W1: a batch begins with 16 bytes");
    out[..8].copy_from_slice(&base_offset.to_be_bytes());
    out[EPOCH_AT..].copy_from_slice(&leader_epoch.to_be_bytes());
    out
}

/// The batch as appended at `now_ms` to a topic that keeps append times.
pub fn restamp_append_time(batch: &[u8], now_ms: i64) -> Vec<u8> {
    let mut out = owned(batch);
    put_attributes(&mut out, |attributes| attributes | APPEND_TIME_BIT);
    out[MAX_TIMESTAMP_AT..MAX_TIMESTAMP_AT + 8].copy_from_slice(&now_ms.to_be_bytes());
    seal(&mut out);
    out
}

/// The batch with the timestamp-type bit off, as a topic that keeps create times stores it.
pub fn clear_timestamp_type_bit(batch: &[u8]) -> Vec<u8> {
    let mut out = owned(batch);
    put_attributes(&mut out, |attributes| attributes & !APPEND_TIME_BIT);
    seal(&mut out);
    out
}

/// The batch with another max timestamp, where the producer's did not fit its records.
pub fn set_max_timestamp(batch: &[u8], max_timestamp: i64) -> Vec<u8> {
    let mut out = owned(batch);
    out[MAX_TIMESTAMP_AT..MAX_TIMESTAMP_AT + 8].copy_from_slice(&max_timestamp.to_be_bytes());
    seal(&mut out);
    out
}

/// The batch packed with another codec, as a topic's `compression.type` wants it; unpacks to at most `limit` bytes, and makes a batch of at
/// most `most` bytes.
pub fn recompress(
    batch: &Batch<'_>,
    codec: Compression,
    level: Option<i32>,
    limit: usize,
    most: usize,
) -> Result<Vec<u8>, Malformed> {
    let records = unpack(batch.header().compression()?, batch.packed(), limit)?;
    let packed = pack_within(codec, level, &records, most.saturating_sub(HEADER_LEN))?;
    drop(records);
    let mut out = Vec::with_capacity(HEADER_LEN + packed.len());
    out.extend_from_slice(&batch.bytes()[..HEADER_LEN]);
    out.extend_from_slice(&packed);
    let batch_length = i32::try_from(out.len() - LENGTH_END).map_err(|_| Malformed::TooLarge)?;
    out[8..LENGTH_END].copy_from_slice(&batch_length.to_be_bytes());
    put_attributes(&mut out, |attributes| {
        attributes & !CODEC_MASK | codec.bits()
    });
    seal(&mut out);
    Ok(out)
}

/// Writes the checksum that fits the bytes.
pub(crate) fn seal(batch: &mut [u8]) {
    let crc = crc32c(&batch[ATTRIBUTES_AT..]);
    batch[CRC_AT..ATTRIBUTES_AT].copy_from_slice(&crc.to_be_bytes());
}

fn owned(batch: &[u8]) -> Vec<u8> {
    assert!(
        batch.len() >= HEADER_LEN,
        "W2: {} bytes are no batch",
        batch.len()
    );
    batch.to_vec()
}

fn put_attributes(batch: &mut [u8], change: impl Fn(i16) -> i16) {
    let attributes = i16::from_be_bytes([batch[ATTRIBUTES_AT], batch[ATTRIBUTES_AT + 1]]);
    batch[ATTRIBUTES_AT..ATTRIBUTES_AT + 2].copy_from_slice(&change(attributes).to_be_bytes());
}
