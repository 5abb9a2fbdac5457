//! Why bytes cannot be read, and why a value cannot be written.

use std::fmt;

/// The peer's bytes, or the disk's, are not what they should be. `at` is the position in the bytes given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecodeError {
    /// The bytes end too early.
    Short {
        /// Where.
        at: usize,
        /// How many bytes must follow.
        wanted: usize,
        /// How many do.
        left: usize,
    },
    /// Null where it is not allowed.
    Null {
        /// Where.
        at: usize,
    },
    /// A count that the bytes left cannot hold.
    Count {
        /// Where.
        at: usize,
        /// The count.
        count: usize,
        /// How many bytes are left.
        left: usize,
    },
    /// A string longer than Kafka allows.
    Length {
        /// Where.
        at: usize,
        /// Its length.
        length: usize,
    },
    /// A varint that does not end, or does not fit.
    Varint {
        /// Where.
        at: usize,
    },
    /// Bytes left over where all must be used: in a tagged field, or behind a record.
    Left {
        /// Where.
        at: usize,
        /// How many.
        left: usize,
    },
    /// A key that names nothing: of a request, or of a metadata record.
    Key {
        /// The key.
        key: i32,
    },
    /// A version of this message, or of the frame of a record, that is not known.
    Version {
        /// Of what.
        of: &'static str,
        /// The version.
        version: i32,
    },
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::Short { at, wanted, left } => {
                write!(f, "at {at}: {wanted} bytes wanted, {left} left")
            }
            DecodeError::Null { at } => write!(f, "at {at}: null is not allowed here"),
            DecodeError::Count { at, count, left } => {
                write!(
                    f,
                    "at {at}: {count} elements cannot be in the {left} bytes left"
                )
            }
            DecodeError::Length { at, length } => {
                write!(f, "at {at}: a string of {length} bytes is too long")
            }
            DecodeError::Varint { at } => write!(f, "at {at}: not a varint of 32 bits"),
            DecodeError::Left { at, left } => write!(f, "at {at}: {left} bytes left over"),
            DecodeError::Key { key } => write!(f, "key {key} is unknown"),
            DecodeError::Version { of, version } => write!(f, "{of} has no version {version}"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// A value that the version asked for cannot carry: the caller's mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// The message has no such version.
    Version {
        /// Of what.
        of: &'static str,
        /// The version.
        version: i16,
    },
    /// The version lacks this field, the field is not at its default, and losing it would change the meaning.
    Lost {
        /// The field, as the specs call it.
        field: &'static str,
        /// The version.
        version: i16,
    },
    /// Null in a version that does not allow it.
    Null {
        /// The field, as the specs call it.
        field: &'static str,
        /// The version.
        version: i16,
    },
    /// A string, array or frame longer than its length prefix can say.
    Length {
        /// How long.
        length: usize,
    },
}

impl EncodeError {
    pub(crate) fn lost(field: &'static str, version: i16) -> EncodeError {
        EncodeError::Lost { field, version }
    }

    pub(crate) fn null(field: &'static str, version: i16) -> EncodeError {
        EncodeError::Null { field, version }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EncodeError::Version { of, version } => write!(f, "{of} has no version {version}"),
            EncodeError::Lost { field, version } => {
                write!(f, "version {version} cannot carry {field}")
            }
            EncodeError::Null { field, version } => {
                write!(f, "{field} cannot be null in version {version}")
            }
            EncodeError::Length { length } => write!(f, "{length} is too long"),
        }
    }
}

impl std::error::Error for EncodeError {}
