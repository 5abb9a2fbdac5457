//! The primitives of Kafka's encoding, shared by every message: a bounded reader over borrowed bytes and a
//! writer that can leave holes for bytes which the caller sends from elsewhere.
//!
//! Old versions have fixed-width lengths and `-1` for null; flexible versions have unsigned varints that
//! are one more than the length, `0` for null, and tagged fields behind every struct.
//!
//! Tagged fields that nobody here knows are passed over. Kafka keeps them in the value that it has read, but sends no such
//! value on: what is forwarded or stored anew is made from what is known.

mod elements;
mod error;
mod reader;
mod writer;

pub use elements::{Elements, Iter};
pub use error::{DecodeError, EncodeError};
pub use reader::Reader;
pub use writer::{Hole, Writer};

use crate::Uuid;
use std::borrow::Cow;

/// The longest string that Kafka writes or reads, in every version.
pub const LONGEST_STRING: usize = i16::MAX as usize;

/// The value of a `records` field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Records<'a> {
    /// The batches themselves.
    Bytes(&'a [u8]),
    /// So many bytes that the caller will put in the hole: only written, never read.
    Apart(usize),
}

impl Records<'_> {
    /// How many bytes they are.
    pub fn len(&self) -> usize {
        match self {
            Records::Bytes(bytes) => bytes.len(),
            Records::Apart(len) => *len,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What an array can hold. Nobody outside can name it.
pub trait Element<'a>: Clone {
    /// The fewest bytes that one takes on the wire, in any version. Never zero.
    const LEAST: usize;

    /// Reads one.
    fn read(r: &mut Reader<'a>, flexible: bool, version: i16) -> Result<Self, DecodeError>;

    /// Writes it.
    fn write(&self, w: &mut Writer, flexible: bool, version: i16) -> Result<(), EncodeError>;
}

macro_rules! elements {
    ($($kind:ty: $method:ident $least:literal,)*) => {$(
        impl Element<'_> for $kind {
            const LEAST: usize = $least;

            fn read(r: &mut Reader<'_>, _: bool, _: i16) -> Result<Self, DecodeError> {
                r.$method()
            }

            fn write(&self, w: &mut Writer, _: bool, _: i16) -> Result<(), EncodeError> {
                w.$method(*self);
                Ok(())
            }
        }
    )*};
}

elements! {
    i8: i8 1,
    i16: i16 2,
    i32: i32 4,
    i64: i64 8,
    Uuid: uuid 16,
}

impl<'a> Element<'a> for Cow<'a, str> {
    const LEAST: usize = 1;

    fn read(r: &mut Reader<'a>, flexible: bool, _: i16) -> Result<Self, DecodeError> {
        r.string(flexible)
    }

    fn write(&self, w: &mut Writer, flexible: bool, _: i16) -> Result<(), EncodeError> {
        w.string(self, flexible)
    }
}
