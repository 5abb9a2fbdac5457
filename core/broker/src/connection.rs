//! One connection: bytes in, whole frames out; answers in, bytes out in the order of the requests.
//!
//! Inputs come from `Front` (events of the driver, answers of the APIs); what is to be asked for or sent is returned, never
//! emitted here. Knows frames, seats and bytes, and no API.
//!
//! | state of a seat | on | becomes |
//! |---|---|---|
//! | (none) | [`Connection::take`] gives its frame | Working |
//! | Working | [`Connection::answer`] | Answered |
//! | Answered, first in line | [`Connection::leave`] | (gone: sent, silent, or the end of the connection) |
//!
//! C1: answers leave in the order of the seats, whatever order they came in.
//! C2: a request starts when all earlier ones are answered, except that consecutive overlapping ones (Produce) run together.
//! C3: at most one `Receive` is outstanding, and none while a whole frame lies unread.
//! C4: a length prefix is judged before room for its frame is asked for.
//! C5: the kernel takes what was queued and no more.

use std::collections::VecDeque;

use bytes::Bytes;
use ottla_machine::{Parts, Switch, Time, Want, planted};

use crate::counters::Client;
use crate::limits;

/// What lies at the front of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// Nothing to start now: no whole frame, or the frame has to wait for earlier ones.
    Nothing,
    /// The prefix announces nothing, less than nothing, or more than is allowed.
    BadLength(i32),
    /// A frame without its prefix, and the seat it has got.
    Frame(u64, Bytes),
}

/// What a request is answered with.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// These bytes, length prefix included.
    Parts(Parts),
    /// Nothing, and nothing is wrong (acks=0).
    Silent,
    /// The connection ends here; earlier answers still leave.
    Close,
}

#[derive(Clone, Debug)]
enum Seat {
    Working(Option<u32>),
    Answered(Reply),
}

/// What is left to do for a connection's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    /// Nothing was ready.
    Nothing,
    /// Bytes wait in `output`.
    Output,
    /// The connection ends behind what waits in `output`.
    Ended,
}

/// One accepted connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// Which listener it came in by.
    pub listener: u16,
    /// Who is at the other end, for people.
    pub peer: Box<str>,
    /// What the client calls itself, once it has said so: the name under which its answers are counted.
    pub client: Option<Client>,
    /// When something was last received, answered, or taken by the kernel.
    pub active: Time,
    /// Since when the outstanding `Receive` waits.
    pub asked_at: Time,
    /// Nothing more is read, started or sent.
    pub ended: bool,
    /// It waits in the queue of those that may have a request to start.
    pub runnable: bool,
    /// It waits in the queue of those with something to send.
    pub dirty: bool,
    /// It stands in the queues of those that are to be read when there is room: in the middle of a frame, and between two.
    pub hungry: [bool; 2],
    /// The size of the buffer that the input is part of.
    pub buffer: usize,
    input: Bytes,
    /// The last frame was large, and so may be the next: its prefix is read alone, so that the rest comes to where it stays.
    large: bool,
    asked: Option<usize>,
    pinned: usize,
    charges: VecDeque<(u64, usize)>,
    seats: VecDeque<Seat>,
    first: u64,
    working: usize,
    overlapping: bool,
    output: Parts,
    queued: u64,
    sent: u64,
    switch: Switch,
}

impl Connection {
    /// A connection that has just been accepted.
    pub fn new(listener: u16, peer: Box<str>, now: Time, switch: Switch) -> Connection {
        Connection {
            listener,
            peer,
            client: None,
            active: now,
            asked_at: now,
            ended: false,
            runnable: false,
            dirty: false,
            hungry: [false; 2],
            buffer: 0,
            input: Bytes::new(),
            large: false,
            asked: None,
            pinned: 0,
            charges: VecDeque::new(),
            seats: VecDeque::new(),
            first: 0,
            working: 0,
            overlapping: true,
            output: Parts::default(),
            queued: 0,
            sent: 0,
            switch,
        }
    }

    /// What to ask for next and how many bytes to charge for it, if anything is to be asked for. Frames have at most `most` bytes.
    pub fn want(&self, most: i32) -> Option<(Want, usize)> {
        if self.ended || self.asked.is_some() {
            return None;
        }
        let (least, ahead) = match self.announced() {
            None if self.large => (4, 0),
            None => (4, limits::READ_AHEAD.of(self.switch)),
            Some(length) if length <= 0 || length > most => return None,
            Some(length) if 4 + length as usize <= self.input.len() => return None,
            Some(length) => (4 + length as usize, limits::READ_AHEAD.of(self.switch)),
        };
        let want = Want {
            carry: self.input.clone(),
            least,
            most: least.max(ahead),
        };
        // A quiet connection holds nothing; one in the middle of a frame holds the frame.
        Some((want, if least > 4 { least } else { 0 }))
    }

    /// The `Receive` was issued.
    pub fn asked(&mut self, charge: usize, now: Time) {
        assert!(self.asked.is_none(), "C3: one Receive at a time");
        self.asked = Some(charge);
        self.asked_at = now;
        self.pinned = 0;
    }

    /// The charge of the outstanding `Receive`.
    pub fn asked_charge(&self) -> usize {
        self.asked.unwrap_or(0)
    }

    /// Takes what was received. Answers the change of the bytes charged: (released, newly held).
    pub fn on_received(&mut self, bytes: Bytes, now: Time) -> (usize, usize) {
        let released = self.asked.take().unwrap_or(0);
        self.active = now;
        if self.ended {
            return (released, 0);
        }
        self.pinned = bytes.len();
        self.buffer = bytes.len();
        self.input = bytes;
        (released, self.pinned)
    }

    /// Judges what lies at the front of the input, and gives the next request a seat when it may start.
    /// `overlaps` tells from a frame whether it may run beside others of its kind.
    pub fn take(&mut self, most: i32, overlaps: impl Fn(&[u8]) -> bool) -> Taken {
        if self.ended || self.queued - self.sent > limits::UNSENT.of(self.switch) as u64 {
            return Taken::Nothing;
        }
        let Some(length) = self.announced() else {
            return Taken::Nothing;
        };
        if length <= 0 || length > most {
            return if self.working == 0 {
                Taken::BadLength(length)
            } else {
                Taken::Nothing
            };
        }
        let whole = 4 + length as usize;
        if self.input.len() < whole {
            return Taken::Nothing;
        }
        let overlapping = overlaps(&self.input[4..whole]);
        let together =
            overlapping && self.overlapping && self.working < limits::OVERLAP.of(self.switch);
        if self.working > 0 && !together {
            return Taken::Nothing;
        }
        let frame = self.input.split_to(whole).slice(4..);
        self.overlapping = overlapping;
        self.large = whole > limits::LARGE_FRAME.of(self.switch);
        Taken::Frame(self.sit(), frame)
    }

    fn sit(&mut self) -> u64 {
        let seat = self.first + self.seats.len() as u64;
        self.seats.push_back(Seat::Working(None));
        self.working += 1;
        // The buffer is held until the last request that begins in it is answered.
        let next = self.announced();
        let last = next.is_none_or(|length| 4 + i64::from(length) > self.input.len() as i64);
        if last && self.pinned > 0 {
            self.charges
                .push_back((seat, std::mem::take(&mut self.pinned)));
        }
        seat
    }

    /// What is charged for input without a whole frame: it is given back when more is asked for, which charges anew.
    pub fn unframed(&self) -> usize {
        self.pinned
    }

    fn announced(&self) -> Option<i32> {
        self.input
            .first_chunk()
            .map(|prefix| i32::from_be_bytes(*prefix))
    }

    /// The request of this seat waits as this gather.
    pub fn waits(&mut self, seat: u64, gather: u32) {
        if let Some(Seat::Working(waiting)) = self.seat(seat) {
            *waiting = Some(gather);
        }
    }

    /// The request of this seat is answered.
    pub fn answer(&mut self, seat: u64, reply: Reply) {
        let seat = if planted!(self.switch, "reply-out-of-seat-order") {
            let mut seats = self.seats.iter();
            let working = seats.position(|seat| matches!(seat, Seat::Working(_)));
            self.first + working.unwrap_or(0) as u64
        } else {
            seat
        };
        let Some(place) = self.seat(seat) else { return };
        assert!(matches!(place, Seat::Working(_)), "C1: one answer per seat");
        *place = Seat::Answered(reply);
        self.working -= 1;
    }

    fn seat(&mut self, seat: u64) -> Option<&mut Seat> {
        let index = seat.checked_sub(self.first)?;
        self.seats.get_mut(usize::try_from(index).ok()?)
    }

    /// Moves every answer whose turn it is to the output. Also answers how many charged bytes are free now.
    pub fn leave(&mut self) -> (Left, usize) {
        let (mut left, mut free) = (Left::Nothing, 0);
        if self.ended {
            return (left, free);
        }
        while let Some(Seat::Answered(_)) = self.seats.front() {
            let Some(Seat::Answered(reply)) = self.seats.pop_front() else {
                break;
            };
            while let Some(&(seat, bytes)) = self.charges.front() {
                if seat > self.first {
                    break;
                }
                free += bytes;
                self.charges.pop_front();
            }
            self.first += 1;
            match reply {
                Reply::Parts(parts) => {
                    self.queued += parts.len() as u64;
                    self.output.0.extend(parts.0);
                    left = Left::Output;
                }
                Reply::Silent => {}
                Reply::Close => {
                    self.ended = true;
                    return (Left::Ended, free);
                }
            }
        }
        (left, free)
    }

    /// What is to be sent now.
    pub fn output(&mut self) -> Option<Parts> {
        if self.output.0.is_empty() {
            return None;
        }
        Some(std::mem::take(&mut self.output))
    }

    /// The kernel has taken so many bytes in all. Answers how many are new.
    pub fn on_sent(&mut self, to: u64, now: Time) -> u64 {
        assert!(
            self.sent <= to && to <= self.queued,
            "C5: sent bytes were queued"
        );
        let new = to - self.sent;
        self.sent = to;
        self.active = now;
        new
    }

    /// Whether a request is in work: such a connection is not idle.
    pub fn is_busy(&self) -> bool {
        self.working > 0
    }

    /// Whether it waits for an answer that is more than what a fetch finds.
    pub fn is_owed(&self, is_fetch: impl Fn(u32) -> bool) -> bool {
        self.seats.iter().any(|seat| match seat {
            Seat::Working(Some(waiting)) => !is_fetch(*waiting),
            Seat::Working(None) => true,
            Seat::Answered(_) => false,
        })
    }

    /// Everything that is charged to it.
    pub fn charged(&self) -> usize {
        let requests: usize = self.charges.iter().map(|(_, bytes)| *bytes).sum();
        self.asked.unwrap_or(0) + self.pinned + requests
    }

    /// C1, C2, C5.
    pub fn check(&self) {
        let working = |seat: &&Seat| matches!(seat, Seat::Working(_));
        assert_eq!(
            self.working,
            self.seats.iter().filter(working).count(),
            "C2"
        );
        assert!(self.working <= 1 || self.overlapping, "C2");
        let first = self.seats.front();
        assert!(self.ended || first.as_ref().is_none_or(working), "C1");
        assert!(self.sent <= self.queued, "C5");
    }

    /// Everything that is charged to it, and the gathers that wait for it, when it is no more.
    pub fn on_closed(&mut self) -> (usize, Vec<u32>) {
        self.ended = true;
        let charged = self.charged();
        let waiting = self
            .seats
            .drain(..)
            .filter_map(|seat| match seat {
                Seat::Working(gather) => gather,
                Seat::Answered(_) => None,
            })
            .collect();
        (charged, waiting)
    }
}
