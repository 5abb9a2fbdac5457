//! Kafka's UUIDs: sixteen bytes, written as 22 characters of base64url without padding.
//!
//! Invariants
//! - U1: a generated id is none of the first hundred (Kafka reserves them) and its text does not begin
//!   with `-` (a command line would take it for an option).

use std::fmt;
use std::str::FromStr;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const TEXT_LENGTH: usize = 22;
const RESERVED: u128 = 100;

/// A topic's, directory's, or incarnation's id.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub [u8; 16]);

/// The text is not a UUID as Kafka writes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadUuid;

impl Uuid {
    /// No id.
    pub const ZERO: Uuid = Uuid([0; 16]);
    /// The topic id of `__cluster_metadata`.
    pub const ONE: Uuid = Uuid(1u128.to_be_bytes());

    /// Shapes sixteen random bytes into a version 4 id that may be given to something new.
    ///
    /// Bytes that would break U1 are turned into their neighbours, so the answer depends on nothing else.
    pub fn from_random(mut bytes: [u8; 16]) -> Uuid {
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        // The first character is the upper six bits; 62 is '-', 60 is '8'.
        if bytes[0] >> 2 == 62 {
            bytes[0] ^= 0x08;
        }
        let made = Uuid(bytes);
        assert!(
            !made.is_reserved() && !made.to_string().starts_with('-'),
            "U1"
        );
        made
    }

    /// Whether Kafka keeps this id for itself.
    pub fn is_reserved(&self) -> bool {
        u128::from_be_bytes(self.0) < RESERVED
    }

    /// Whether this is [`Uuid::ZERO`], which stands for "none".
    pub fn is_zero(&self) -> bool {
        *self == Uuid::ZERO
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = u128::from_be_bytes(self.0);
        let mut text = [0u8; TEXT_LENGTH];
        // 21 characters carry six bits each; the last carries the two that remain, on top.
        for (index, slot) in text.iter_mut().enumerate() {
            let shift = 122 - 6 * index as i32;
            let six = if shift >= 0 {
                bits >> shift
            } else {
                bits << -shift
            } & 63;
            *slot = ALPHABET[six as usize];
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for BadUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a UUID is 22 characters of A-Z, a-z, 0-9, '-' and '_'")
    }
}

impl std::error::Error for BadUuid {}

impl FromStr for Uuid {
    type Err = BadUuid;

    fn from_str(text: &str) -> Result<Uuid, BadUuid> {
        let text = text.as_bytes();
        if text.len() != TEXT_LENGTH {
            return Err(BadUuid);
        }
        let mut bits = 0u128;
        for (index, letter) in text.iter().enumerate() {
            let six = ALPHABET
                .iter()
                .position(|known| known == letter)
                .ok_or(BadUuid)? as u128;
            bits = if index < TEXT_LENGTH - 1 {
                bits << 6 | six
            } else if six & 0x0f == 0 {
                bits << 2 | six >> 4
            } else {
                return Err(BadUuid);
            };
        }
        Ok(Uuid(bits.to_be_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_known_ids() {
        assert_eq!(Uuid::ZERO.to_string(), "AAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(Uuid::ONE.to_string(), "AAAAAAAAAAAAAAAAAAAAAQ");
        assert_eq!(
            "AAAAAAAAAAAAAAAAAAAAAg".parse(),
            Ok(Uuid(2u128.to_be_bytes()))
        );
    }

    #[test]
    fn text_and_back() {
        let mut bits = 1u128;
        for _ in 0..1_000 {
            bits = bits.wrapping_mul(0xda94_2042_e4dd_58b5).rotate_left(17) ^ 0x9e37;
            let id = Uuid(bits.to_be_bytes());
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn bad_text_is_refused() {
        for text in [
            "",
            "AAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAB",
            "AAAA+AAAAAAAAAAAAAAAAA",
        ] {
            assert_eq!(text.parse::<Uuid>(), Err(BadUuid), "{text}");
        }
    }

    #[test]
    fn generated_ids_never_look_like_an_option() {
        for first in 0..=255u8 {
            let id = Uuid::from_random([first; 16]);
            assert!(!id.to_string().starts_with('-'), "{id}");
            assert_eq!(id.0[6] >> 4, 4);
            assert_eq!(id.0[8] >> 6, 2);
        }
        assert!(!Uuid::from_random([0; 16]).is_reserved());
    }
}
