//! Whole frames: four bytes of length, a header, a body; and bodies alone, for what is stored.

use crate::ApiKey;
use crate::messages::{RequestHeader, ResponseHeader};
use crate::wire::{EncodeError, Hole, Writer};
use bytes::Bytes;
use std::borrow::Cow;

/// Enough for most requests and answers to be written without growing.
const USUAL_FRAME: usize = 256;

/// An encoded frame: the bytes, and what the caller puts in between.
#[derive(Clone, Debug)]
pub struct Frame {
    /// What is in memory.
    pub bytes: Bytes,
    /// What is not, in the order of position. The length prefix counts it.
    pub holes: Vec<Hole>,
}

/// A request with its length and its header.
pub fn request(
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    client_id: Option<&str>,
    body: impl FnOnce(&mut Writer) -> Result<(), EncodeError>,
) -> Result<Frame, EncodeError> {
    let mut w = Writer::with_capacity(USUAL_FRAME);
    let start = w.start_frame();
    let client_id = client_id.map(Cow::Borrowed);
    let header = RequestHeader {
        request_api_key: key.code(),
        request_api_version: version,
        correlation_id,
        client_id,
    };
    header.encode(&mut w, key.request_header_version(version))?;
    body(&mut w)?;
    finish(w, start)
}

/// A response with its length and its header.
pub fn response(
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    body: impl FnOnce(&mut Writer) -> Result<(), EncodeError>,
) -> Result<Frame, EncodeError> {
    let mut w = Writer::with_capacity(USUAL_FRAME);
    let start = w.start_frame();
    ResponseHeader { correlation_id }.encode(&mut w, key.response_header_version(version))?;
    body(&mut w)?;
    finish(w, start)
}

/// A body alone, as it is stored in a record. It has no holes.
pub fn data(
    body: impl FnOnce(&mut Writer) -> Result<(), EncodeError>,
) -> Result<Bytes, EncodeError> {
    let mut w = Writer::with_capacity(USUAL_FRAME);
    body(&mut w)?;
    let (bytes, holes) = w.finish();
    assert!(holes.is_empty(), "W1: what is stored is whole");
    Ok(bytes)
}

fn finish(mut w: Writer, start: usize) -> Result<Frame, EncodeError> {
    w.end_frame(start)?;
    let (bytes, holes) = w.finish();
    Ok(Frame { bytes, holes })
}
