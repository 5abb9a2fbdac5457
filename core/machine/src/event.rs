//! What comes in.

use core::fmt;

use bytes::Bytes;

use crate::{Conn, DiskOutput, Fault, Job, Machine, Op, Peer, Why};

/// One thing that happened.
pub enum Event<M: Machine> {
    /// The owner speaks.
    Asked(M::Ask),
    /// A connection is there: accepted, or one that was asked for.
    Opened(Conn, Peer),
    /// What `Receive` asked for, contiguous, its `carry` first.
    Received(Conn, Bytes),
    /// How many bytes of this connection the kernel has taken, in all. At most one per connection and turn.
    Sent(Conn, u64),
    /// The connection is no more. Exactly one per connection.
    Closed(Conn, Why),
    /// An operation ended. Exactly one per [`Op`].
    Done(Op, Result<Output<M>, Fault>),
}

/// What an operation brought.
pub enum Output<M: Machine> {
    /// Of a disk.
    Disk(DiskOutput),
    /// A [`Job`]'s product.
    Product(<M::Job as Job>::Product),
}

impl<M: Machine> Clone for Event<M>
where
    M::Ask: Clone,
    <M::Job as Job>::Product: Clone,
{
    fn clone(&self) -> Event<M> {
        match self {
            Event::Asked(ask) => Event::Asked(ask.clone()),
            Event::Opened(conn, peer) => Event::Opened(*conn, peer.clone()),
            Event::Received(conn, bytes) => Event::Received(*conn, bytes.clone()),
            Event::Sent(conn, to) => Event::Sent(*conn, *to),
            Event::Closed(conn, why) => Event::Closed(*conn, *why),
            Event::Done(op, result) => Event::Done(*op, result.clone()),
        }
    }
}

impl<M: Machine> Clone for Output<M>
where
    <M::Job as Job>::Product: Clone,
{
    fn clone(&self) -> Output<M> {
        match self {
            Output::Disk(output) => Output::Disk(output.clone()),
            Output::Product(product) => Output::Product(product.clone()),
        }
    }
}

impl<M: Machine> fmt::Debug for Event<M>
where
    M::Ask: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Asked(ask) => f.debug_tuple("Asked").field(ask).finish(),
            Event::Opened(conn, peer) => f.debug_tuple("Opened").field(conn).field(peer).finish(),
            Event::Received(conn, bytes) => write!(f, "Received({conn:?}, {} bytes)", bytes.len()),
            Event::Sent(conn, to) => f.debug_tuple("Sent").field(conn).field(to).finish(),
            Event::Closed(conn, why) => f.debug_tuple("Closed").field(conn).field(why).finish(),
            Event::Done(op, result) => f.debug_tuple("Done").field(op).field(result).finish(),
        }
    }
}

impl<M: Machine> fmt::Debug for Output<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Output::Disk(output) => output.fmt(f),
            Output::Product(_) => f.write_str("Product"),
        }
    }
}
