//! snappy: raw blocks in the framing of the Java library (an eight-byte magic, two versions, then blocks behind their length,
//! big-endian), or one raw block without any framing, as some clients send it.

use std::io::{Error, Write};

use snap::raw::{Decoder, Encoder, decompress_len};

use super::{Bounded, Front, grow};
use crate::Malformed;
use crate::cursor::Cursor;

const MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
/// The magic, the version and the least version able to read it.
const FRAMING_LEN: usize = 16;
const VERSION: [u8; 4] = 1u32.to_be_bytes();
/// What the Java library cuts its input into.
const BLOCK_LEN: usize = 32 * 1024;
/// The densest element makes 64 bytes of three: a block that announces more than this times its own bytes lies.
const DENSEST: usize = 22;

pub(super) fn unpack(packed: &[u8], limit: usize) -> Result<Front, Malformed> {
    let mut out = Vec::new();
    if !packed.starts_with(&MAGIC) {
        return Ok(match unpack_block(packed, limit, &mut out)? {
            true => Front::Whole(out),
            false => Front::Cut(out),
        });
    }
    let mut cursor = Cursor(packed);
    cursor.take(FRAMING_LEN).map_err(|_| Malformed::Packed)?;
    while !cursor.is_empty() {
        let block = next_block(&mut cursor).map_err(|_| Malformed::Packed)?;
        if !unpack_block(block, limit, &mut out)? {
            return Ok(Front::Cut(out));
        }
    }
    Ok(Front::Whole(out))
}

fn next_block<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], Malformed> {
    let len = cursor
        .take(4)?
        .first_chunk()
        .map_or(0, |len| u32::from_be_bytes(*len));
    cursor.take(len as usize)
}

/// Appends what `block` unpacks to, unless it does not fit; its announced length is judged before anything is allocated.
fn unpack_block(block: &[u8], limit: usize, out: &mut Vec<u8>) -> Result<bool, Malformed> {
    let len = decompress_len(block).map_err(|_| Malformed::Packed)?;
    if len > block.len().saturating_mul(DENSEST) {
        return Err(Malformed::Packed);
    }
    let begin = out.len();
    if len > limit - begin {
        return Ok(false);
    }
    grow(out, len, limit);
    match Decoder::new().decompress(block, &mut out[begin..]) {
        Ok(n) if n == len => Ok(true),
        _ => Err(Malformed::Packed),
    }
}

pub(super) fn pack(bytes: &[u8], out: &mut Bounded) -> Result<(), Error> {
    out.write_all(&MAGIC)?;
    out.write_all(&VERSION)?;
    out.write_all(&VERSION)?;
    let mut encoder = Encoder::new();
    for block in bytes.chunks(BLOCK_LEN) {
        let packed = encoder
            .compress_vec(block)
            .expect("P2: a block is far below snappy's 4 GiB");
        out.write_all(&(packed.len() as u32).to_be_bytes())?;
        out.write_all(&packed)?;
    }
    Ok(())
}
