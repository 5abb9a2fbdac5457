//! What a run did, twice: as a hash that two runs of one script must share, and as lines of text for people when somebody reads.

use crate::draw::mix;
use crate::script::{Nanos, SECOND};

/// A rolling hash of 128 bits over everything that happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hash {
    high: u64,
    low: u64,
}

impl Hash {
    /// Takes one number in.
    pub fn number(&mut self, number: u64) {
        self.low = mix(self.low ^ number);
        self.high = mix(self.high.rotate_left(23) ^ self.low);
    }

    /// Takes bytes in.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        let mut words = bytes.chunks_exact(8);
        for word in &mut words {
            let word = word.try_into().expect("eight bytes");
            self.low = (self.low ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            self.low ^= self.low >> 29;
        }
        let rest = words.remainder().iter();
        self.number(rest.fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
    }

    /// 32 hexadecimal digits.
    pub fn print(&self) -> String {
        format!("{:016x}{:016x}", self.high, self.low)
    }
}

/// Who a line is about: the lanes of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// The node.
    Node,
    /// Its disk.
    Disk,
    /// A client.
    Client(u32),
    /// What goes wrong.
    Fault,
    /// Who judges.
    Oracle,
}

/// Lines for people, when somebody reads.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    wanted: bool,
    lines: Vec<String>,
}

impl Lines {
    /// With `wanted`, lines are kept.
    pub fn new(wanted: bool) -> Lines {
        Lines {
            wanted,
            lines: Vec::new(),
        }
    }

    /// Writes a line, if anybody reads.
    pub fn say(&mut self, at: Nanos, lane: Lane, what: impl FnOnce() -> String) {
        if !self.wanted {
            return;
        }
        let lane = match lane {
            Lane::Node => "node".to_owned(),
            Lane::Disk => "disk".to_owned(),
            Lane::Client(id) => format!("client {id}"),
            Lane::Fault => "FAULT".to_owned(),
            Lane::Oracle => "ORACLE".to_owned(),
        };
        let (seconds, rest) = (at / SECOND, at % SECOND);
        self.lines
            .push(format!("{seconds:4}.{rest:09} {lane:<9} {}", what()));
    }

    /// What was written.
    pub fn lines(&self) -> &[String] {
        &self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::Hash;

    #[test]
    fn every_byte_and_the_order_count() {
        let of = |parts: &[&[u8]]| {
            let mut hash = Hash::default();
            parts.iter().for_each(|part| hash.bytes(part));
            hash
        };
        assert_eq!(of(&[b"one", b"two"]), of(&[b"one", b"two"]));
        assert_ne!(of(&[b"one", b"two"]), of(&[b"two", b"one"]));
        assert_ne!(of(&[b"onet", b"wo"]), of(&[b"one", b"two"]));
        assert_ne!(of(&[b"12345678abc"]), of(&[b"12345678abd"]));
        assert_ne!(of(&[b"12345678abc"]), of(&[b"02345678abc"]));
    }
}
