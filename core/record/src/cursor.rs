//! A place in bytes that moves forward: the one way this crate reads what it does not trust.
//!
//! - C1: a read either returns bytes that were there and moves past them, or fails.

use crate::Malformed;

/// The longest varint of 32 bits, and of 64.
const VARINT_LEN: usize = 5;
const VARLONG_LEN: usize = 10;

/// The bytes not read yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cursor<'a>(pub(crate) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self.0.split_at_checked(len).ok_or(Malformed::Short)?;
        self.0 = tail;
        Ok(head)
    }

    pub(crate) fn byte(&mut self) -> Result<u8, Malformed> {
        let (&first, tail) = self.0.split_first().ok_or(Malformed::Short)?;
        self.0 = tail;
        Ok(first)
    }

    /// A zigzag varint of 32 bits.
    pub(crate) fn varint(&mut self) -> Result<i32, Malformed> {
        // Bits past the 32nd are dropped, as the Java reader drops them.
        let raw = self.unsigned(VARINT_LEN)? as u32;
        Ok((raw >> 1) as i32 ^ -((raw & 1) as i32))
    }

    /// A zigzag varint of 64 bits.
    pub(crate) fn varlong(&mut self) -> Result<i64, Malformed> {
        let raw = self.unsigned(VARLONG_LEN)?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }

    /// Bytes behind their length; -1 is null.
    pub(crate) fn nullable(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        match self.varint()? {
            -1 => Ok(None),
            len => {
                let len = usize::try_from(len).map_err(|_| Malformed::Record)?;
                self.take(len).map(Some)
            }
        }
    }

    fn unsigned(&mut self, longest: usize) -> Result<u64, Malformed> {
        let mut value = 0u64;
        for (i, &byte) in self.0.iter().take(longest).enumerate() {
            value |= u64::from(byte & 0x7f) << (7 * i);
            if byte < 0x80 {
                self.0 = &self.0[i + 1..];
                return Ok(value);
            }
        }
        Err(if self.0.len() < longest {
            Malformed::Short
        } else {
            Malformed::Varint
        })
    }
}

/// Appends a zigzag varint of 32 bits.
pub(crate) fn put_varint(out: &mut Vec<u8>, value: i32) {
    put_unsigned(out, u64::from((value << 1) as u32 ^ (value >> 31) as u32));
}

/// Appends a zigzag varint of 64 bits.
pub(crate) fn put_varlong(out: &mut Vec<u8>, value: i64) {
    put_unsigned(out, (value << 1) as u64 ^ (value >> 63) as u64);
}

/// How many bytes `put_varint` appends.
pub(crate) fn varint_len(value: i32) -> usize {
    unsigned_len(u64::from((value << 1) as u32 ^ (value >> 31) as u32))
}

/// How many bytes `put_varlong` appends.
pub(crate) fn varlong_len(value: i64) -> usize {
    unsigned_len((value << 1) as u64 ^ (value >> 63) as u64)
}

fn put_unsigned(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn unsigned_len(value: u64) -> usize {
    let bits = 64 - (value | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_varint_comes_back(value: i32, tail in proptest::collection::vec(any::<u8>(), 0..4)) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, value);
            prop_assert!(bytes.len() <= VARINT_LEN);
            prop_assert_eq!(bytes.len(), varint_len(value));
            bytes.extend(&tail);
            let mut cursor = Cursor(&bytes);
            prop_assert_eq!(cursor.varint(), Ok(value));
            prop_assert_eq!(cursor.0, &tail[..]);
        }

        #[test]
        fn a_varlong_comes_back(value: i64) {
            let mut bytes = Vec::new();
            put_varlong(&mut bytes, value);
            prop_assert!(bytes.len() <= VARLONG_LEN);
            prop_assert_eq!(bytes.len(), varlong_len(value));
            let mut cursor = Cursor(&bytes);
            prop_assert_eq!(cursor.varlong(), Ok(value));
            prop_assert!(cursor.is_empty());
        }
    }

    #[test]
    fn a_varint_without_end_is_told_from_a_torn_one() {
        assert_eq!(Cursor(&[0xff; 5]).varint(), Err(Malformed::Varint));
        assert_eq!(Cursor(&[0xff; 4]).varint(), Err(Malformed::Short));
        assert_eq!(Cursor(&[0xff; 10]).varlong(), Err(Malformed::Varint));
        assert_eq!(Cursor(&[0xff; 9]).varlong(), Err(Malformed::Short));
    }

    #[test]
    fn a_failed_read_does_not_move() {
        let mut cursor = Cursor(&[0x80]);
        assert_eq!(cursor.varint(), Err(Malformed::Short));
        assert_eq!(cursor.take(2), Err(Malformed::Short));
        assert_eq!(cursor.0, &[0x80]);
    }
}
