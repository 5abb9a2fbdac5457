//! Reading: every length and count is compared with the bytes present before anything is taken or allocated.
//!
//! Invariants
//! - R1: `at` never passes the end of the bytes, and the end only ever moves inwards while a tagged field is read.
//! - R2: an array is refused when the bytes left cannot hold its count, and what is set aside for it in
//!   advance is at most [`AHEAD`] times those bytes; more is taken only as elements are really read.
//! - R3: there is no recursion here: depth is that of the spec.
//! - R4: no byte is read twice, and every pass of a loop reads one at least (an element takes `LEAST`, a tagged field two): what a message
//!   takes is linear in its bytes. Views ([`Elements`]) do not nest, so going through all of one reads its bytes once more.

use super::{DecodeError, Element, Elements, LONGEST_STRING, Records};
use crate::Uuid;
use std::borrow::Cow;

/// How many bytes of memory may be set aside for each byte that is still there. Elements are larger in
/// memory than on the wire (an i32 of null is a pointer and two words); four spares ordinary messages the
/// second allocation.
const AHEAD: usize = 4;

/// A cursor over bytes from outside. What it hands out borrows them.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// An open tagged field: the bytes as they were outside of it.
pub(crate) struct Tagged<'a> {
    pub(crate) tag: u32,
    outside: &'a [u8],
}

macro_rules! fixed {
    ($($name:ident)*) => {$(
        /// A big-endian number.
        pub fn $name(&mut self) -> Result<$name, DecodeError> {
            Ok($name::from_be_bytes(self.fixed()?))
        }
    )*};
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    /// How many bytes have been read.
    pub fn position(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Everything that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        let rest = &self.bytes[self.at..];
        self.at = self.bytes.len();
        rest
    }

    /// Refuses if bytes are left.
    pub fn end(&self) -> Result<(), DecodeError> {
        match self.left() {
            0 => Ok(()),
            left => Err(DecodeError::Left { at: self.at, left }),
        }
    }

    /// The next bytes, without a length before them.
    pub fn take(&mut self, wanted: usize) -> Result<&'a [u8], DecodeError> {
        let left = self.left();
        if wanted > left {
            return Err(DecodeError::Short {
                at: self.at,
                wanted,
                left,
            });
        }
        let taken = &self.bytes[self.at..self.at + wanted];
        self.at += wanted;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.bytes[self.at..].first_chunk() {
            Some(chunk) => {
                self.at += N;
                Ok(*chunk)
            }
            None => Err(DecodeError::Short {
                at: self.at,
                wanted: N,
                left: self.left(),
            }),
        }
    }

    fixed! { i8 i16 i32 i64 u8 u16 u32 f64 }

    /// A byte; anything but zero is true.
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        Ok(self.u8()? != 0)
    }

    /// Sixteen bytes.
    pub fn uuid(&mut self) -> Result<Uuid, DecodeError> {
        Ok(Uuid(self.fixed()?))
    }

    /// An unsigned varint of 32 bits.
    pub fn uvarint(&mut self) -> Result<u32, DecodeError> {
        let start = self.at;
        let mut value = 0u32;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.u8()?;
            // The fifth byte has room for four bits and may not say that more follow.
            if shift == 28 && byte > 0x0f {
                break;
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(DecodeError::Varint { at: start })
    }

    fn compact_length(&mut self) -> Result<Option<usize>, DecodeError> {
        Ok((self.uvarint()? as usize).checked_sub(1))
    }

    /// The bytes of a string; `None` is null.
    fn text(&mut self, flexible: bool) -> Result<Option<&'a [u8]>, DecodeError> {
        let at = self.at;
        let length = if flexible {
            self.compact_length()?
        } else {
            usize::try_from(self.i16()?).ok()
        };
        match length {
            None => Ok(None),
            Some(length) if length > LONGEST_STRING => Err(DecodeError::Length { at, length }),
            Some(length) => self.take(length).map(Some),
        }
    }

    /// A length in four bytes, or compact; `None` is null.
    fn length(&mut self, flexible: bool) -> Result<Option<usize>, DecodeError> {
        if flexible {
            self.compact_length()
        } else {
            Ok(usize::try_from(self.i32()?).ok())
        }
    }

    /// A string. Bytes that are not UTF-8 become U+FFFD, as in Kafka.
    pub fn string(&mut self, flexible: bool) -> Result<Cow<'a, str>, DecodeError> {
        let at = self.at;
        self.text(flexible)?
            .map(String::from_utf8_lossy)
            .ok_or(DecodeError::Null { at })
    }

    /// A string that may be null, if `null` says that this version allows it.
    pub fn nullable_string(
        &mut self,
        flexible: bool,
        null: bool,
    ) -> Result<Option<Cow<'a, str>>, DecodeError> {
        let at = self.at;
        let text = self.text(flexible)?;
        Reader::allow(at, text.map(String::from_utf8_lossy), null)
    }

    /// Bytes behind their length.
    pub fn bytes(&mut self, flexible: bool) -> Result<Cow<'a, [u8]>, DecodeError> {
        let at = self.at;
        let length = self.length(flexible)?.ok_or(DecodeError::Null { at })?;
        self.take(length).map(Cow::Borrowed)
    }

    /// Bytes that may be null, if `null` says that this version allows it.
    pub fn nullable_bytes(
        &mut self,
        flexible: bool,
        null: bool,
    ) -> Result<Option<Cow<'a, [u8]>>, DecodeError> {
        let at = self.at;
        let bytes = self
            .length(flexible)?
            .map(|length| self.take(length))
            .transpose()?;
        Reader::allow(at, bytes.map(Cow::Borrowed), null)
    }

    /// Record batches, untouched.
    pub fn records(
        &mut self,
        flexible: bool,
        null: bool,
    ) -> Result<Option<Records<'a>>, DecodeError> {
        let at = self.at;
        let bytes = self
            .length(flexible)?
            .map(|length| self.take(length))
            .transpose()?;
        Reader::allow(at, bytes.map(Records::Bytes), null)
    }

    fn allow<T>(at: usize, value: Option<T>, null: bool) -> Result<Option<T>, DecodeError> {
        if value.is_none() && !null {
            Err(DecodeError::Null { at })
        } else {
            Ok(value)
        }
    }

    /// An array.
    pub(crate) fn array<T: Element<'a>>(
        &mut self,
        flexible: bool,
        version: i16,
    ) -> Result<Vec<T>, DecodeError> {
        let at = self.at;
        self.nullable_array(flexible, version, true)?
            .ok_or(DecodeError::Null { at })
    }

    /// An array that may be null, if `null` says that this version allows it.
    pub(crate) fn nullable_array<T: Element<'a>>(
        &mut self,
        flexible: bool,
        version: i16,
        null: bool,
    ) -> Result<Option<Vec<T>>, DecodeError> {
        let Some(count) = self.count::<T>(flexible, null)? else {
            return Ok(None);
        };
        let left = self.left();
        let mut elements = Vec::with_capacity(count.min(AHEAD * left / size_of::<T>().max(1)));
        for _ in 0..count {
            elements.push(T::read(self, flexible, version)?);
        }
        Ok(Some(elements))
    }

    /// An array as a view.
    pub(crate) fn elements<T: Element<'a>>(
        &mut self,
        flexible: bool,
        version: i16,
    ) -> Result<Elements<'a, T>, DecodeError> {
        let at = self.at;
        let count = self.count::<T>(flexible, true)?;
        Elements::read(
            self,
            count.ok_or(DecodeError::Null { at })?,
            flexible,
            version,
        )
    }

    /// How many elements follow; the bytes left can hold them.
    fn count<T: Element<'a>>(
        &mut self,
        flexible: bool,
        null: bool,
    ) -> Result<Option<usize>, DecodeError> {
        const { assert!(T::LEAST > 0, "R4") };
        let at = self.at;
        let count = Reader::allow(at, self.length(flexible)?, null)?;
        let left = self.left();
        match count {
            Some(count) if count > left / T::LEAST => Err(DecodeError::Count { at, count, left }),
            count => Ok(count),
        }
    }

    /// Lets its bytes end where the other stands, that has read on from here.
    pub(super) fn end_where(&mut self, later: &Reader<'a>) {
        self.bytes = &self.bytes[..later.at];
    }

    /// How many tagged fields follow. Each takes at least two bytes.
    pub(crate) fn tags(&mut self) -> Result<u32, DecodeError> {
        let at = self.at;
        let count = self.uvarint()?;
        let left = self.left();
        if count as usize > left / 2 {
            return Err(DecodeError::Count {
                at,
                count: count as usize,
                left,
            });
        }
        Ok(count)
    }

    /// Enters a tagged field: until [`Reader::leave`] the bytes end where it ends.
    pub(crate) fn enter(&mut self) -> Result<Tagged<'a>, DecodeError> {
        let tag = self.uvarint()?;
        let size = self.uvarint()? as usize;
        let left = self.left();
        if size > left {
            return Err(DecodeError::Short {
                at: self.at,
                wanted: size,
                left,
            });
        }
        let outside = self.bytes;
        self.bytes = &outside[..self.at + size];
        Ok(Tagged { tag, outside })
    }

    /// Leaves a tagged field, all of which must have been read.
    pub(crate) fn leave(&mut self, field: Tagged<'a>) -> Result<(), DecodeError> {
        self.end()?;
        self.bytes = field.outside;
        Ok(())
    }

    /// Passes over tagged fields that nobody here knows.
    pub(crate) fn skip_tags(&mut self) -> Result<(), DecodeError> {
        for _ in 0..self.tags()? {
            let field = self.enter()?;
            self.rest();
            self.leave(field)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints() {
        assert_eq!(Reader::new(&[0x00]).uvarint(), Ok(0));
        assert_eq!(Reader::new(&[0xff, 0x01]).uvarint(), Ok(255));
        assert_eq!(
            Reader::new(&[0xff, 0xff, 0xff, 0xff, 0x0f]).uvarint(),
            Ok(u32::MAX)
        );
        assert_eq!(
            Reader::new(&[0xff, 0xff, 0xff, 0xff, 0x1f]).uvarint(),
            Err(DecodeError::Varint { at: 0 })
        );
        assert_eq!(
            Reader::new(&[0x80; 9]).uvarint(),
            Err(DecodeError::Varint { at: 0 })
        );
        assert_eq!(
            Reader::new(&[0x80]).uvarint(),
            Err(DecodeError::Short {
                at: 1,
                wanted: 1,
                left: 0
            })
        );
    }

    #[test]
    fn null_and_lengths() {
        assert_eq!(
            Reader::new(&[0xff, 0xff]).nullable_string(false, true),
            Ok(None)
        );
        assert_eq!(
            Reader::new(&[0xff, 0xff]).string(false),
            Err(DecodeError::Null { at: 0 })
        );
        assert_eq!(
            Reader::new(&[0x00]).nullable_string(true, false),
            Err(DecodeError::Null { at: 0 })
        );
        assert_eq!(
            Reader::new(&[3, b'h', b'i']).string(true).as_deref(),
            Ok("hi")
        );
        assert_eq!(
            Reader::new(&[0x81, 0x80, 0x02, 0]).string(true),
            Err(DecodeError::Length {
                at: 0,
                length: 32_768
            })
        );
        assert_eq!(
            Reader::new(&[0, 2, 0xc3, 0x28]).string(false).as_deref(),
            Ok("\u{fffd}(")
        );
    }

    #[test]
    fn a_count_costs_nothing() {
        let huge = [0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1];
        assert_eq!(
            Reader::new(&huge).array::<i32>(false, 0),
            Err(DecodeError::Count {
                at: 0,
                count: 0x7fff_ffff,
                left: 4
            })
        );
        assert_eq!(
            Reader::new(&huge).bytes(false),
            Err(DecodeError::Short {
                at: 4,
                wanted: 0x7fff_ffff,
                left: 4
            })
        );
        assert_eq!(
            Reader::new(&[0x7f, 0]).skip_tags(),
            Err(DecodeError::Count {
                at: 0,
                count: 127,
                left: 1
            })
        );
    }

    #[test]
    fn what_is_set_aside_is_measured_by_the_bytes() {
        // As many strings as bytes follow, and the first of them is null.
        let mut bytes = vec![0xff; 1_004];
        bytes[..4].copy_from_slice(&1_000i32.to_be_bytes());
        let mut read = None;
        let memory = allocation_counter::measure(|| {
            read = Some(
                Reader::new(&bytes)
                    .array::<Cow<'_, str>>(false, 0)
                    .map(drop),
            );
        });
        assert!(
            matches!(read, Some(Err(DecodeError::Null { at: 4 }))),
            "{read:?}"
        );
        assert!(memory.bytes_max <= (AHEAD * 1_000) as u64, "{memory:?}");
    }

    #[test]
    fn a_tagged_field_is_used_up_and_not_passed() {
        let mut r = Reader::new(&[7, 2, 0, 9, 5]);
        let field = r.enter().unwrap();
        assert_eq!((field.tag, r.left()), (7, 2));
        assert_eq!(
            r.i32(),
            Err(DecodeError::Short {
                at: 2,
                wanted: 4,
                left: 2
            })
        );
        assert_eq!(r.i8(), Ok(0));
        let left_early = Tagged {
            tag: 7,
            outside: field.outside,
        };
        assert_eq!(
            r.leave(left_early),
            Err(DecodeError::Left { at: 3, left: 1 })
        );
        assert_eq!(r.i8(), Ok(9));
        r.leave(field).unwrap();
        assert_eq!(r.i8(), Ok(5));
    }
}
