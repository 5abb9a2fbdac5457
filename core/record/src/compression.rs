//! The codecs a batch's records may be packed with.
//!
//! Invariants
//! - P1: unpacking never holds more output than the limit, nor beside it more than a block or two of the codec's, below 1 MiB, whatever
//!   window a frame asks for: what was unpacked is the window. Where the output moves to a larger buffer, the smaller was at most half of
//!   the limit.
//! - P2: what `pack` makes, Kafka's own readers unpack.
//! - P3: packing within a limit never holds more output than the limit and a block.

mod gzip;
mod lz4;
mod snappy;
mod zstd;

use std::io::{Error, ErrorKind, Read, Write};

use crate::Malformed;

/// How the records of a batch are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip members.
    Gzip,
    /// Blocks of snappy in the framing of its Java library, or one raw block.
    Snappy,
    /// An lz4 frame of independent blocks.
    Lz4,
    /// zstd frames.
    Zstd,
}

impl Compression {
    /// Every codec.
    pub const ALL: [Compression; 5] = [
        Compression::None,
        Compression::Gzip,
        Compression::Snappy,
        Compression::Lz4,
        Compression::Zstd,
    ];

    /// The codec with this number in a batch's attributes.
    pub fn from_bits(bits: i16) -> Result<Compression, Malformed> {
        match bits {
            0 => Ok(Compression::None),
            1 => Ok(Compression::Gzip),
            2 => Ok(Compression::Snappy),
            3 => Ok(Compression::Lz4),
            4 => Ok(Compression::Zstd),
            other => Err(Malformed::Codec(other as u8)),
        }
    }

    /// The codec's number in a batch's attributes.
    pub fn bits(self) -> i16 {
        match self {
            Compression::None => 0,
            Compression::Gzip => 1,
            Compression::Snappy => 2,
            Compression::Lz4 => 3,
            Compression::Zstd => 4,
        }
    }

    /// The codec's name in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Snappy => "snappy",
            Compression::Lz4 => "lz4",
            Compression::Zstd => "zstd",
        }
    }
}

/// Unpacks to at most `limit` bytes; what would be more is `TooLarge`.
pub fn unpack(codec: Compression, packed: &[u8], limit: usize) -> Result<Vec<u8>, Malformed> {
    match unpack_front(codec, packed, limit)? {
        Front::Whole(bytes) => Ok(bytes),
        Front::Cut(_) => Err(Malformed::TooLarge),
    }
}

/// What was unpacked within a limit.
pub(crate) enum Front {
    /// All there is.
    Whole(Vec<u8>),
    /// There is more, of which the first byte or block would not fit.
    Cut(Vec<u8>),
}

/// Unpacks at most `limit` bytes.
pub(crate) fn unpack_front(
    codec: Compression,
    packed: &[u8],
    limit: usize,
) -> Result<Front, Malformed> {
    match codec {
        Compression::None if packed.len() > limit => Ok(Front::Cut(packed[..limit].to_vec())),
        Compression::None => Ok(Front::Whole(packed.to_vec())),
        Compression::Gzip => gzip::unpack(packed, limit),
        Compression::Snappy => snappy::unpack(packed, limit),
        Compression::Lz4 => lz4::unpack(packed, limit),
        Compression::Zstd => zstd::unpack(packed, limit),
    }
}

/// Packs. `level` is the codec's own (gzip 1..=9, zstd up to 22; lz4 and snappy have one), none its default.
pub fn pack(codec: Compression, level: Option<i32>, bytes: &[u8]) -> Vec<u8> {
    pack_within(codec, level, bytes, usize::MAX).expect("P3: nothing is too large for no limit")
}

/// Packs to at most `limit` bytes; what would be more is `TooLarge`.
pub(crate) fn pack_within(
    codec: Compression,
    level: Option<i32>,
    bytes: &[u8],
    limit: usize,
) -> Result<Vec<u8>, Malformed> {
    let mut out = Bounded {
        out: Vec::new(),
        limit,
    };
    let packed = match codec {
        Compression::None => out.write_all(bytes),
        Compression::Gzip => gzip::pack(level, bytes, &mut out),
        Compression::Snappy => snappy::pack(bytes, &mut out),
        Compression::Lz4 => lz4::pack(bytes, &mut out),
        Compression::Zstd => zstd::pack(level, bytes, &mut out),
    };
    match packed {
        Ok(()) => Ok(out.out),
        Err(error) if error.kind() == ErrorKind::StorageFull => Err(Malformed::TooLarge),
        Err(error) => panic!("P2: a buffer takes every write: {error}"),
    }
}

/// A buffer that takes no more than its limit.
struct Bounded {
    out: Vec<u8>,
    limit: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        if bytes.len() > self.limit - self.out.len() {
            return Err(ErrorKind::StorageFull.into());
        }
        self.out.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

/// The first buffer of an unpacking is this many times the packed bytes, and then doubles.
const FIRST_RATIO: usize = 4;
const FIRST_LEAST: usize = 1024;

/// Reads to the end, or to `limit`: grows with what really came, never past the limit.
fn read_bounded(reader: &mut impl Read, packed: usize, limit: usize) -> Result<Front, Malformed> {
    let mut out = Vec::new();
    let mut filled = 0;
    let mut to = packed
        .saturating_mul(FIRST_RATIO)
        .max(FIRST_LEAST)
        .min(limit);
    loop {
        let more = to - out.len();
        grow(&mut out, more, limit);
        while filled < to {
            match read(reader, &mut out[filled..])? {
                0 => {
                    out.truncate(filled);
                    return Ok(Front::Whole(out));
                }
                n => filled += n,
            }
        }
        if to == limit {
            return Ok(match read(reader, &mut [0])? {
                0 => Front::Whole(out),
                _ => Front::Cut(out),
            });
        }
        to = to.saturating_mul(2).min(limit);
    }
}

fn read(reader: &mut impl Read, into: &mut [u8]) -> Result<usize, Malformed> {
    loop {
        match reader.read(into) {
            Ok(n) => return Ok(n),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(Malformed::Packed),
        }
    }
}

/// Lengthens `out` by `more` zeros. The buffer doubles as a vector's does, but from half of the limit on it is as large as the limit.
fn grow(out: &mut Vec<u8>, more: usize, limit: usize) {
    let to = out.len() + more;
    assert!(to <= limit, "P1: {to} bytes within {limit}");
    if to > out.capacity() {
        let doubled = to.max(out.capacity().saturating_mul(2));
        let capacity = if doubled <= limit / 2 { doubled } else { limit };
        out.reserve_exact(capacity - out.len());
    }
    out.resize(to, 0);
}
