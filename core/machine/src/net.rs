//! The verbs of a connection: input is asked for ([`Want`]), output is counted (`Event::Sent`).

use bytes::Bytes;

use crate::{Fault, File};

/// What a machine asks to be given from a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Want {
    /// Bytes received earlier that come first in what is delivered.
    pub carry: Bytes,
    /// Deliver when this many bytes are there, `carry` included.
    pub least: usize,
    /// Never deliver more than this many, `carry` included.
    pub most: usize,
}

/// Where a connection came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Which listener accepted it: an index into those of the machine's start.
    pub listener: u16,
    /// The other side's address, for people.
    pub address: Box<str>,
}

/// Where a connection is to go.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Endpoint {
    /// Name or address.
    pub host: Box<str>,
    /// TCP port.
    pub port: u16,
}

/// How to close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// After everything queued was handed to the kernel.
    Drained,
    /// At once; what is queued is dropped before any later effect.
    Now,
}

/// Why a connection is closed. Exactly one `Closed` per connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The peer has finished.
    Eof,
    /// The peer or the network broke it.
    Reset,
    /// Nobody listens there.
    Refused,
    /// It was not established in time.
    TimedOut,
    /// A queued file range could not be read.
    Disk(File, Fault),
    /// The machine asked for it.
    Asked,
}

/// One piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A range of a file, read at any time until `Sent` covers it.
    File {
        /// The file.
        file: File,
        /// Where the range starts.
        position: u64,
        /// Its length in bytes.
        length: u32,
    },
}

impl Part {
    /// Length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Part::Bytes(bytes) => bytes.len(),
            Part::File { length, .. } => *length as usize,
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An answer in pieces: header bytes, then bytes and file ranges. The core decides, the kernel moves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts(pub Vec<Part>);

impl Parts {
    /// Length in bytes.
    pub fn len(&self) -> usize {
        self.0.iter().map(Part::len).sum()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a piece; empty ones are left out.
    pub fn push(&mut self, part: Part) {
        if !part.is_empty() {
            self.0.push(part);
        }
    }
}

impl From<Bytes> for Parts {
    fn from(bytes: Bytes) -> Parts {
        Parts(vec![Part::Bytes(bytes)])
    }
}
