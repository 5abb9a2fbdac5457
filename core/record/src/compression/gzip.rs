//! gzip: one member or several, each with its checksum.

use std::io::{Error, Read, Write};

use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::{Bounded, Front, read_bounded};
use crate::Malformed;

const DEFAULT_LEVEL: i32 = 6;

pub(super) fn unpack(packed: &[u8], limit: usize) -> Result<Front, Malformed> {
    let mut decoder = MultiGzDecoder::new(packed);
    read_bounded(&mut decoder.by_ref(), packed.len(), limit)
}

pub(super) fn pack(level: Option<i32>, bytes: &[u8], out: &mut Bounded) -> Result<(), Error> {
    let level = level
        .filter(|level| (1..=9).contains(level))
        .unwrap_or(DEFAULT_LEVEL);
    let mut encoder = GzEncoder::new(out, flate2::Compression::new(level as u32));
    encoder.write_all(bytes)?;
    encoder.finish().map(drop)
}
