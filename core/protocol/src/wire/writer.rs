//! Writing: bytes into one buffer, with holes where the caller will send bytes that it has elsewhere.
//!
//! Invariants
//! - W1: `holes` is in the order of position, and every hole lies within what has been written.
//! - W2: a length that is patched in afterwards (frame, tagged field) counts the holes inside.

use super::{EncodeError, LONGEST_STRING, Records};
use crate::Uuid;
use bytes::{Bytes, BytesMut};

/// Bytes that are not in the buffer but belong at this position of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hole {
    /// Where in the buffer; what follows in the buffer comes after the hole's bytes.
    pub at: usize,
    /// How many bytes.
    pub len: usize,
}

/// Where encoded bytes go.
#[derive(Debug, Default)]
pub struct Writer {
    buffer: BytesMut,
    /// What the caller must put in between.
    pub holes: Vec<Hole>,
}

/// The tagged fields of one struct, being written: where their count stands.
#[derive(Clone, Copy)]
pub(crate) struct Tags(usize);

/// One tagged field, being written: where its content begins, behind one byte for its size.
pub(crate) struct OpenTag {
    start: usize,
    holes: usize,
}

macro_rules! fixed {
    ($($name:ident)*) => {$(
        /// A big-endian number.
        pub fn $name(&mut self, value: $name) {
            self.buffer.extend_from_slice(&value.to_be_bytes());
        }
    )*};
}

impl Writer {
    /// Starts empty.
    pub fn new() -> Writer {
        Writer::default()
    }

    /// Starts empty, with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Writer {
        Writer {
            buffer: BytesMut::with_capacity(bytes),
            holes: Vec::new(),
        }
    }

    /// How many bytes are in the buffer: the holes are not.
    pub fn position(&self) -> usize {
        self.buffer.len()
    }

    /// How many bytes the whole is, holes included.
    pub fn total(&self) -> usize {
        self.buffer.len() + self.apart(0)
    }

    fn apart(&self, from: usize) -> usize {
        self.holes[from..].iter().map(|hole| hole.len).sum()
    }

    /// The bytes, and what belongs in between.
    pub fn finish(self) -> (Bytes, Vec<Hole>) {
        (self.buffer.freeze(), self.holes)
    }

    /// Starts a frame: four bytes that [`Writer::end_frame`] will make its length.
    pub fn start_frame(&mut self) -> usize {
        self.i32(0);
        self.buffer.len()
    }

    /// Ends the frame that began at `start`.
    pub fn end_frame(&mut self, start: usize) -> Result<(), EncodeError> {
        let first = self.holes.partition_point(|hole| hole.at < start);
        let length = self.buffer.len() - start + self.apart(first);
        let length = i32::try_from(length).map_err(|_| EncodeError::Length { length })?;
        self.buffer[start - 4..start].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }

    /// Bytes as they are, without a length.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    fixed! { i8 i16 i32 i64 u8 u16 u32 f64 }

    /// A byte, 0 or 1.
    pub fn bool(&mut self, value: bool) {
        self.u8(u8::from(value));
    }

    /// Sixteen bytes.
    pub fn uuid(&mut self, value: Uuid) {
        self.raw(&value.0);
    }

    /// An unsigned varint.
    pub fn uvarint(&mut self, value: u32) {
        let (bytes, length) = uvarint(value);
        self.raw(&bytes[..length]);
    }

    /// A length in four bytes, or compact.
    fn length(&mut self, length: Option<usize>, flexible: bool) -> Result<(), EncodeError> {
        let Some(length) = length else {
            if flexible {
                self.uvarint(0)
            } else {
                self.i32(-1)
            }
            return Ok(());
        };
        let fits = i32::try_from(length).map_err(|_| EncodeError::Length { length })?;
        if flexible {
            self.uvarint(fits as u32 + 1)
        } else {
            self.i32(fits)
        }
        Ok(())
    }

    /// A string.
    pub fn string(&mut self, text: &str, flexible: bool) -> Result<(), EncodeError> {
        let length = text.len();
        if length > LONGEST_STRING {
            return Err(EncodeError::Length { length });
        }
        if flexible {
            self.uvarint(length as u32 + 1)
        } else {
            self.i16(length as i16)
        }
        self.raw(text.as_bytes());
        Ok(())
    }

    /// A string or null.
    pub fn nullable_string(
        &mut self,
        text: Option<&str>,
        flexible: bool,
    ) -> Result<(), EncodeError> {
        match text {
            Some(text) => return self.string(text, flexible),
            None if flexible => self.uvarint(0),
            None => self.i16(-1),
        }
        Ok(())
    }

    /// Bytes or null, behind their length.
    pub fn nullable_bytes(
        &mut self,
        bytes: Option<&[u8]>,
        flexible: bool,
    ) -> Result<(), EncodeError> {
        self.length(bytes.map(<[u8]>::len), flexible)?;
        self.raw(bytes.unwrap_or_default());
        Ok(())
    }

    /// Bytes behind their length.
    pub fn bytes(&mut self, bytes: &[u8], flexible: bool) -> Result<(), EncodeError> {
        self.nullable_bytes(Some(bytes), flexible)
    }

    /// Record batches, or a hole for them.
    pub fn records(
        &mut self,
        records: Option<Records<'_>>,
        flexible: bool,
    ) -> Result<(), EncodeError> {
        self.length(records.map(|records| records.len()), flexible)?;
        match records {
            Some(Records::Bytes(bytes)) => self.raw(bytes),
            Some(Records::Apart(len)) if len > 0 => self.holes.push(Hole {
                at: self.buffer.len(),
                len,
            }),
            _ => {}
        }
        Ok(())
    }

    /// An array.
    pub(crate) fn array<'a, T: super::Element<'a>>(
        &mut self,
        elements: &[T],
        flexible: bool,
        version: i16,
    ) -> Result<(), EncodeError> {
        self.length(Some(elements.len()), flexible)?;
        elements
            .iter()
            .try_for_each(|element| element.write(self, flexible, version))
    }

    /// An array that may be a view.
    pub(crate) fn elements<'a, T: super::Element<'a>>(
        &mut self,
        elements: &super::Elements<'a, T>,
        flexible: bool,
        version: i16,
    ) -> Result<(), EncodeError> {
        self.length(Some(elements.len()), flexible)?;
        elements
            .iter()
            .try_for_each(|element| element.write(self, flexible, version))
    }

    /// An array or null.
    pub(crate) fn nullable_array<'a, T: super::Element<'a>>(
        &mut self,
        elements: Option<&[T]>,
        flexible: bool,
        version: i16,
    ) -> Result<(), EncodeError> {
        match elements {
            Some(elements) => self.array(elements, flexible, version),
            None => self.length(None, flexible),
        }
    }

    /// Begins the tagged fields of a struct: none so far.
    pub(crate) fn tags(&mut self) -> Tags {
        let at = self.buffer.len();
        self.u8(0);
        Tags(at)
    }

    /// Begins one of them. A struct knows fewer than 128, so the count stays one byte.
    pub(crate) fn open_tag(&mut self, tags: Tags, tag: u32) -> OpenTag {
        self.buffer[tags.0] += 1;
        self.uvarint(tag);
        self.u8(0);
        OpenTag {
            start: self.buffer.len(),
            holes: self.holes.len(),
        }
    }

    /// Ends it: its size goes before its content, which moves up if the size takes more than a byte.
    pub(crate) fn close_tag(&mut self, tag: OpenTag) -> Result<(), EncodeError> {
        let OpenTag { start, holes } = tag;
        let end = self.buffer.len();
        let length = end - start + self.apart(holes);
        let size = i32::try_from(length).map_err(|_| EncodeError::Length { length })?;
        let (bytes, width) = uvarint(size as u32);
        let more = width - 1;
        if more > 0 {
            self.buffer.resize(end + more, 0);
            self.buffer.copy_within(start..end, start + more);
            self.holes[holes..]
                .iter_mut()
                .for_each(|hole| hole.at += more);
        }
        self.buffer[start - 1..start + more].copy_from_slice(&bytes[..width]);
        Ok(())
    }
}

/// The bytes of an unsigned varint, and how many they are.
fn uvarint(mut value: u32) -> ([u8; 5], usize) {
    let mut bytes = [0; 5];
    let mut length = 0;
    while value >= 0x80 {
        bytes[length] = value as u8 | 0x80;
        value >>= 7;
        length += 1;
    }
    bytes[length] = value as u8;
    (bytes, length + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_counts_its_holes() {
        let mut w = Writer::new();
        let start = w.start_frame();
        w.records(Some(Records::Apart(1_000)), false).unwrap();
        w.i8(7);
        w.records(Some(Records::Bytes(b"abc")), true).unwrap();
        w.end_frame(start).unwrap();
        assert_eq!(w.total(), 4 + 4 + 1_000 + 1 + 1 + 3);
        let (bytes, holes) = w.finish();
        assert_eq!(bytes[..4], (4 + 1_000 + 1 + 1 + 3i32).to_be_bytes());
        assert_eq!(bytes[4..], *b"\0\0\x03\xe8\x07\x04abc");
        assert_eq!(holes, [Hole { at: 8, len: 1_000 }]);
    }

    #[test]
    fn a_long_tagged_field_moves_up() {
        for (length, size) in [
            (1, &[2][..]),
            (126, &[127]),
            (127, &[0x81, 1]),
            (300, &[0xae, 2]),
        ] {
            let mut w = Writer::new();
            let tags = w.tags();
            let tag = w.open_tag(tags, 3);
            w.bytes(&vec![b'x'; length], true).unwrap();
            w.close_tag(tag).unwrap();
            let (bytes, _) = w.finish();
            assert_eq!(bytes[..2], [1, 3]);
            assert_eq!(bytes[2..2 + size.len()], *size);
            assert!(bytes.ends_with(b"x"));
        }
    }

    #[test]
    fn a_hole_in_a_tagged_field_moves_with_it() {
        let mut w = Writer::new();
        let tags = w.tags();
        let tag = w.open_tag(tags, 0);
        w.records(Some(Records::Apart(200)), true).unwrap();
        w.close_tag(tag).unwrap();
        let (bytes, holes) = w.finish();
        assert_eq!(bytes[..], [1, 0, 0xca, 1, 0xc9, 1]);
        assert_eq!(holes, [Hole { at: 6, len: 200 }]);
    }

    #[test]
    fn a_string_too_long_is_refused() {
        let text = "x".repeat(LONGEST_STRING + 1);
        assert_eq!(
            Writer::new().string(&text, true),
            Err(EncodeError::Length { length: text.len() })
        );
    }
}
