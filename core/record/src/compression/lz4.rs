//! lz4: one frame of independent blocks of 64 KiB, without content size or checksums, as Kafka writes it.
//!
//! The wrong header checksum of old clients belongs to messages of magic 0 and is refused in a batch, as Kafka refuses it.

use std::io::Write;

use lz4_flex::frame::{BlockMode, BlockSize, FrameDecoder, FrameEncoder, FrameInfo};

use super::read_bounded;
use crate::Malformed;

/// How a frame begins; the library also reads other kinds, which no consumer of Kafka's would.
const MAGIC: [u8; 4] = 0x184D_2204u32.to_le_bytes();

pub(super) fn unpack(packed: &[u8], limit: usize) -> Result<Vec<u8>, Malformed> {
    if !packed.starts_with(&MAGIC) {
        return Err(Malformed::Packed);
    }
    read_bounded(&mut FrameDecoder::new(packed), packed.len(), limit)
}

pub(super) fn pack(bytes: &[u8]) -> Vec<u8> {
    let info = FrameInfo::new()
        .block_size(BlockSize::Max64KB)
        .block_mode(BlockMode::Independent);
    let mut encoder = FrameEncoder::with_frame_info(info, Vec::new());
    encoder
        .write_all(bytes)
        .expect("P2: memory takes every write");
    encoder.finish().expect("P2: memory takes every write")
}
