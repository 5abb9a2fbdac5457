//! lz4: one frame of independent blocks.
//!
//! Frames are read here and not by the library, because its reader takes a frame without its end for a whole one, and makes
//! room for the greatest block before it has seen one. As in Kafka, blocks that lean on each other, dictionaries and a wrong
//! header checksum (a mistake of old clients, confined to messages of magic 0) are refused: no consumer could read them.
//!
//! ```text
//!  magic u32 · flags u8 · block size u8 · [content size u64] · header checksum u8     (integers little-endian)
//!  (block length u32, top bit: stored as it is · block · [checksum u32])* · 0 u32 · [content checksum u32]
//! ```

use std::io::{Error, Write};

use lz4_flex::block::{DecompressError, decompress_into};
use lz4_flex::frame::{BlockMode, BlockSize, FrameEncoder, FrameInfo};
use twox_hash::XxHash32;

use super::{Bounded, Front, grow};
use crate::Malformed;
use crate::cursor::Cursor;

const MAGIC: [u8; 4] = 0x184D_2204u32.to_le_bytes();
/// Version 1 and independent blocks: the bits of the flags that must be so.
const FIXED_FLAGS: u8 = 0b0110_0000;
const BLOCK_CHECKSUM: u8 = 0b0001_0000;
const CONTENT_SIZE: u8 = 0b0000_1000;
const CONTENT_CHECKSUM: u8 = 0b0000_0100;
const STORED: u32 = 1 << 31;
/// One byte of a block makes at most this many.
const DENSEST: usize = 255;

/// What a frame's header says.
struct Frame {
    block_max: usize,
    block_checksum: bool,
    content_size: Option<u64>,
    content_checksum: bool,
}

pub(super) fn unpack(packed: &[u8], limit: usize) -> Result<Front, Malformed> {
    let mut cursor = Cursor(packed);
    let frame = frame(&mut cursor)?;
    let mut out = Vec::new();
    loop {
        let length = word(&mut cursor)?;
        if length == 0 {
            break;
        }
        let block = take(&mut cursor, (length & !STORED) as usize)?;
        if frame.block_checksum && word(&mut cursor)? != XxHash32::oneshot(0, block) {
            return Err(Malformed::Packed);
        }
        let fits = if length & STORED == 0 {
            unpack_block(block, frame.block_max, limit, &mut out)?
        } else {
            store_block(block, frame.block_max, limit, &mut out)?
        };
        if !fits {
            return Ok(Front::Cut(out));
        }
    }
    let size_is_right = frame
        .content_size
        .is_none_or(|size| size == out.len() as u64);
    let content_is_right =
        !frame.content_checksum || word(&mut cursor)? == XxHash32::oneshot(0, &out);
    if size_is_right && content_is_right && cursor.is_empty() {
        Ok(Front::Whole(out))
    } else {
        Err(Malformed::Packed)
    }
}

fn frame(cursor: &mut Cursor<'_>) -> Result<Frame, Malformed> {
    if take(cursor, MAGIC.len())? != MAGIC {
        return Err(Malformed::Packed);
    }
    let descriptor = cursor.0;
    let &[flags, block_size] = take(cursor, 2)? else {
        return Err(Malformed::Packed);
    };
    let content_size = match flags & CONTENT_SIZE {
        0 => None,
        _ => take(cursor, 8)?
            .first_chunk()
            .map(|size| u64::from_le_bytes(*size)),
    };
    let checksum = XxHash32::oneshot(0, &descriptor[..descriptor.len() - cursor.0.len()]);
    let checksum_is_right = take(cursor, 1)? == [(checksum >> 8) as u8];
    let known = flags & !(BLOCK_CHECKSUM | CONTENT_SIZE | CONTENT_CHECKSUM) == FIXED_FLAGS;
    let block_max = match block_size {
        0x40 => 64 << 10,
        0x50 => 256 << 10,
        0x60 => 1 << 20,
        0x70 => 4 << 20,
        _ => return Err(Malformed::Packed),
    };
    if !known || !checksum_is_right {
        return Err(Malformed::Packed);
    }
    Ok(Frame {
        block_max,
        block_checksum: flags & BLOCK_CHECKSUM != 0,
        content_size,
        content_checksum: flags & CONTENT_CHECKSUM != 0,
    })
}

/// Appends what a block unpacks to, unless it does not fit.
fn unpack_block(
    block: &[u8],
    block_max: usize,
    limit: usize,
    out: &mut Vec<u8>,
) -> Result<bool, Malformed> {
    let begin = out.len();
    let allowed = block_max.min(block.len().saturating_mul(DENSEST));
    let room = allowed.min(limit - begin);
    grow(out, room, limit);
    match decompress_into(block, &mut out[begin..]) {
        Ok(len) => {
            out.truncate(begin + len);
            Ok(true)
        }
        Err(DecompressError::OutputTooSmall { .. }) if room < allowed => {
            out.truncate(begin);
            Ok(false)
        }
        Err(_) => Err(Malformed::Packed),
    }
}

/// Appends a block that is stored as it is, unless it does not fit.
fn store_block(
    block: &[u8],
    block_max: usize,
    limit: usize,
    out: &mut Vec<u8>,
) -> Result<bool, Malformed> {
    if block.len() > block_max {
        return Err(Malformed::Packed);
    }
    let begin = out.len();
    if block.len() > limit - begin {
        return Ok(false);
    }
    grow(out, block.len(), limit);
    out[begin..].copy_from_slice(block);
    Ok(true)
}

fn take<'a>(cursor: &mut Cursor<'a>, len: usize) -> Result<&'a [u8], Malformed> {
    cursor.take(len).map_err(|_| Malformed::Packed)
}

fn word(cursor: &mut Cursor<'_>) -> Result<u32, Malformed> {
    take(cursor, 4)?
        .first_chunk()
        .map(|word| u32::from_le_bytes(*word))
        .ok_or(Malformed::Packed)
}

/// Blocks of 64 KiB, no content size, no checksums: what Kafka writes.
pub(super) fn pack(bytes: &[u8], out: &mut Bounded) -> Result<(), Error> {
    let info = FrameInfo::new()
        .block_size(BlockSize::Max64KB)
        .block_mode(BlockMode::Independent);
    let mut encoder = FrameEncoder::with_frame_info(info, out);
    encoder.write_all(bytes)?;
    encoder.finish().map(drop).map_err(Error::from)
}
