//! zstd: one frame or several.
//!
//! What is unpacked is its own window: a frame may ask for one of 128 MiB (what clients at the highest level do), and beside the output
//! it would be touched as far as the output goes.

use std::io::{Error, ErrorKind};

use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode::ZSTD_error_dstSize_tooSmall;
use zstd::zstd_safe::{
    CCtx, CParameter, DCtx, DParameter, ErrorCode, InBuffer, OutBuffer, compress_bound,
    decompress_bound, get_error_name,
};

use super::{Bounded, Front};
use crate::Malformed;

const DEFAULT_LEVEL: i32 = 3;
/// The densest block makes 128 KiB of four bytes: frames that announce more than this times their own bytes lie.
const DENSEST: usize = 32 << 10;
/// The largest block with its header, and then some.
const BLOCK: usize = 256 << 10;
/// Of a frame that begins, so much is enough for the library to say how much it wants.
const FRAME_FRONT: usize = 5;
/// How the library says that the output does not fit.
const TOO_SMALL: ErrorCode = (ZSTD_error_dstSize_tooSmall as usize).wrapping_neg();

pub(super) fn unpack(packed: &[u8], limit: usize) -> Result<Front, Malformed> {
    let room = room(packed)?.min(limit);
    let mut out = Vec::with_capacity(room);
    let mut context = DCtx::create();
    context
        .set_parameter(DParameter::StableOutBuffer(true))
        .expect("P1: the library knows the parameter");
    let mut output = OutBuffer::around(&mut out);
    let (mut at, mut wanted) = (0, 0);
    while at < packed.len() {
        // What it wants is a block: so much is kept of what does not fit as a whole.
        let piece = match wanted {
            0 => FRAME_FRONT,
            wanted => wanted,
        };
        let mut input = InBuffer::around(&packed[at..packed.len().min(at + piece)]);
        wanted = match context.decompress_stream(&mut output, &mut input) {
            Ok(wanted) => wanted,
            Err(TOO_SMALL) if room == limit => return Ok(Front::Cut(out)),
            Err(_) => return Err(Malformed::Packed),
        };
        at += input.pos;
    }
    if wanted != 0 {
        return Err(Malformed::Packed); // the last frame is torn
    }
    assert!(out.len() <= limit, "P1: {} bytes within {limit}", out.len());
    Ok(Front::Whole(out))
}

/// The most that these frames can make, by their blocks.
fn room(packed: &[u8]) -> Result<usize, Malformed> {
    let most = packed.len().saturating_mul(DENSEST);
    match decompress_bound(packed) {
        Ok(bound) => Ok(usize::try_from(bound).map_or(most, |bound| bound.min(most))),
        Err(_) => Err(Malformed::Packed),
    }
}

pub(super) fn pack(level: Option<i32>, bytes: &[u8], out: &mut Bounded) -> Result<(), Error> {
    // A block is packed where it will stand, and the library is sure of its place only with one to spare.
    let room = compress_bound(bytes.len()).min(out.limit.saturating_add(BLOCK));
    let mut packed = Vec::with_capacity(room);
    let mut context = CCtx::create();
    let level = CParameter::CompressionLevel(level.unwrap_or(DEFAULT_LEVEL));
    let set = context.set_parameter(level);
    match set.and_then(|_| context.compress2(&mut packed, bytes)) {
        Ok(_) if packed.len() <= out.limit => {
            out.out = packed;
            Ok(())
        }
        Ok(_) | Err(TOO_SMALL) => Err(ErrorKind::StorageFull.into()),
        Err(code) => Err(Error::other(get_error_name(code))),
    }
}
