//! zstd: one frame or several.

use zstd::stream::read::Decoder;

use super::read_bounded;
use crate::Malformed;

const DEFAULT_LEVEL: i32 = 3;

pub(super) fn unpack(packed: &[u8], limit: usize) -> Result<Vec<u8>, Malformed> {
    let mut decoder = Decoder::with_buffer(packed).map_err(|_| Malformed::Packed)?;
    read_bounded(&mut decoder, packed.len(), limit)
}

pub(super) fn pack(level: Option<i32>, bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, level.unwrap_or(DEFAULT_LEVEL))
        .expect("P2: a buffer of the bound's size takes every frame")
}
