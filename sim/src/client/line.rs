//! One client's connection: bytes in, whole frames out; which requests are under way, in the order in which they must be answered.
//!
//! | state | on | becomes |
//! |---|---|---|
//! | Down | its time has come, and there is something to do | Wanted (`Act::Connect` went out) |
//! | Wanted | the world says which link it is | Connecting |
//! | Connecting | connected | Up |
//! | Connecting, Up | gone, given up or closed | Down, for a while that grows |
//!
//! L1: answers are those of the seats, from the first.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use ottla_protocol::ApiKey;

use super::task::Task;
use crate::history::Asked;
use crate::net::Link;
use crate::script::Nanos;

/// No answer is so large.
const LARGEST: i32 = 256 << 20;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// There is none before then.
    Down { until: Nanos },
    /// It was asked for.
    Wanted { since: Nanos },
    /// It is on its way.
    Connecting { link: Link, since: Nanos },
    /// It is there.
    Up { link: Link },
}

/// A request that was not answered yet.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub correlation: i32,
    pub key: ApiKey,
    pub version: i16,
    pub asked: Arc<Asked>,
    pub task: Task,
    /// When it is answered if the node takes no time: a long poll may wait.
    pub expected: Nanos,
    /// When it is given up, and the connection with it.
    pub deadline: Nanos,
}

/// A connection, or what was one.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub state: State,
    pub seats: VecDeque<Seat>,
    /// Which versions the node serves, as it said on this connection or an earlier one.
    pub ranges: Option<Arc<[(i16, i16, i16)]>>,
    /// Requests other than ApiVersions may be sent.
    pub greeted: bool,
    /// Nothing more is sent; when all is answered, it ends.
    pub draining: bool,
    /// How many there were.
    pub opened: u64,
    /// How many failed in a row.
    pub failures: u32,
    correlation: i32,
    whole: Bytes,
    partial: BytesMut,
}

impl Line {
    pub fn new() -> Line {
        Line {
            state: State::Down { until: 0 },
            seats: VecDeque::new(),
            ranges: None,
            greeted: false,
            draining: false,
            opened: 0,
            failures: 0,
            correlation: 0,
            whole: Bytes::new(),
            partial: BytesMut::new(),
        }
    }

    /// The link that is there or on its way.
    pub fn link(&self) -> Option<Link> {
        match self.state {
            State::Connecting { link, .. } | State::Up { link } => Some(link),
            State::Down { .. } | State::Wanted { .. } => None,
        }
    }

    /// It is there.
    pub fn up(&mut self, link: Link) {
        self.state = State::Up { link };
        self.opened += 1;
        self.greeted = false;
        self.draining = false;
        self.whole.clear();
        self.partial.clear();
    }

    /// It is no more. What was under way stays to be told.
    pub fn down(&mut self, until: Nanos) -> VecDeque<Seat> {
        self.state = State::Down { until };
        self.greeted = false;
        self.draining = false;
        std::mem::take(&mut self.seats)
    }

    /// The next request's number on the wire.
    pub fn correlate(&mut self) -> i32 {
        self.correlation = self.correlation.wrapping_add(1);
        self.correlation
    }

    /// A request was sent that the node may take so long to answer on purpose.
    pub fn sit(&mut self, now: Nanos, waits: Nanos, patience: Nanos, mut seat: Seat) {
        let before = self.seats.back().map_or(0, |seat| seat.expected);
        seat.expected = before.max(now) + waits;
        seat.deadline = seat.expected.saturating_add(patience);
        self.seats.push_back(seat);
    }

    /// Bytes have come.
    pub fn feed(&mut self, bytes: Bytes) {
        if self.partial.is_empty() {
            self.whole = bytes;
        } else {
            self.partial.extend_from_slice(&bytes);
        }
    }

    /// The next whole frame, without its length. An error: what comes is none.
    pub fn frame(&mut self) -> Result<Option<Bytes>, String> {
        if self.partial.is_empty() {
            let Some(length) = announced(&self.whole)? else {
                self.keep();
                return Ok(None);
            };
            if self.whole.len() < 4 + length {
                self.keep();
                self.partial.reserve(4 + length - self.partial.len());
                return Ok(None);
            }
            self.whole.advance(4);
            return Ok(Some(self.whole.split_to(length)));
        }
        let Some(length) = announced(&self.partial)? else {
            return Ok(None);
        };
        if self.partial.len() < 4 + length {
            return Ok(None);
        }
        self.partial.advance(4);
        let frame = self.partial.split_to(length).freeze();
        Ok(Some(frame))
    }

    fn keep(&mut self) {
        self.partial.extend_from_slice(&self.whole);
        self.whole.clear();
    }
}

/// How long the frame at the front is.
fn announced(bytes: &[u8]) -> Result<Option<usize>, String> {
    let Some(prefix) = bytes.first_chunk() else {
        return Ok(None);
    };
    match i32::from_be_bytes(*prefix) {
        length @ 0..=LARGEST => Ok(Some(length as usize)),
        length => Err(format!("a frame of {length} bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_in_any_pieces() {
        let mut sent = Vec::new();
        for frame in [&b"one"[..], b"", b"three", &[7; 300]] {
            sent.extend_from_slice(&(frame.len() as i32).to_be_bytes());
            sent.extend_from_slice(frame);
        }
        for piece in [1, 2, 3, 5, 11, 200, sent.len()] {
            let mut line = Line::new();
            line.up(Link(1));
            let mut seen = Vec::new();
            for bytes in sent.chunks(piece) {
                line.feed(Bytes::copy_from_slice(bytes));
                while let Some(frame) = line.frame().unwrap() {
                    seen.push(frame.to_vec());
                }
            }
            let lengths: Vec<usize> = seen.iter().map(Vec::len).collect();
            assert_eq!(lengths, [3, 0, 5, 300], "pieces of {piece}");
            assert_eq!(seen[2], b"three");
        }
    }

    #[test]
    fn what_is_no_length_is_told() {
        let mut line = Line::new();
        line.feed(Bytes::from_static(&[0xff, 0, 0, 0, 1]));
        assert!(line.frame().is_err());
    }
}
