//! What can be wrong with bytes that claim to be a batch. The peer (or the disk) is to blame, never us.

use std::fmt;

/// Why bytes are not the batch, record or packed run they claim to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The bytes end before the thing does.
    Short,
    /// A message of format 0 or 1, older than record batches.
    OldMagic(i8),
    /// A format nobody has defined.
    Magic(i8),
    /// A batch length that cannot even hold the header.
    Length(i32),
    /// The checksum does not fit the bytes.
    Crc,
    /// A codec number nobody has defined.
    Codec(u8),
    /// A varint that does not end where the longest one must.
    Varint,
    /// A record whose own lengths contradict each other.
    Record,
    /// The count is not the number of records.
    Count,
    /// The offset deltas are not 0, 1, 2, .. up to the last offset delta.
    Offsets,
    /// The codec cannot make sense of the packed bytes.
    Packed,
    /// The packed bytes unpack, or are packed again, to more than the limit.
    TooLarge,
    /// A control record's key or value is not one.
    Control,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::Short => f.write_str("the bytes end inside the batch"),
            Malformed::OldMagic(magic) => write!(f, "a message of the old format {magic}"),
            Malformed::Magic(magic) => write!(f, "unknown format {magic}"),
            Malformed::Length(length) => {
                write!(f, "a batch length of {length} cannot hold a header")
            }
            Malformed::Crc => f.write_str("the checksum does not fit"),
            Malformed::Codec(codec) => write!(f, "unknown codec {codec}"),
            Malformed::Varint => f.write_str("a varint without end"),
            Malformed::Record => f.write_str("a record whose lengths contradict each other"),
            Malformed::Count => f.write_str("the count is not the number of records"),
            Malformed::Offsets => f.write_str("the offset deltas are not consecutive"),
            Malformed::Packed => f.write_str("the packed records cannot be unpacked"),
            Malformed::TooLarge => {
                f.write_str("the records are, unpacked or packed again, more than is allowed")
            }
            Malformed::Control => f.write_str("not a control record"),
        }
    }
}

impl std::error::Error for Malformed {}
