//! TCP on tokio's readiness, without a task per connection: a socket that has a call waiting has a waker, which
//! puts it on the ready list and wakes the loop.
//!
//! T1: readiness is forgotten when a socket took or gave less than it was asked for, so that no call is made in vain;
//! never for another reason, because then no wake-up would come.
//! T2: a listener that cannot accept for want of descriptors pauses; it never spins.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use ottla_desk::limits::SLICES;
use ottla_desk::{CallDone, CallId, Errno, Fd, NetCall, SendfileErrno, SentFile};
use ottla_machine::{Conn, Endpoint};
use rustix::io::{Errno as Os, ReadWriteFlags};
use rustix::net::{SendAncillaryBuffer, SendFlags};
use tokio::io::Interest;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};

use crate::arena::Arena;
use crate::bell::{Bell, Ready, Source};
use crate::files::{Files, Finished, Range};
use crate::listen::Listener;
use crate::perform::errno;
use crate::sockets::{Accepted, Sockets};

/// How long a listener pauses when there are no descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// So many connections are accepted before others have their turn.
const ACCEPTS: usize = 64;

/// One read takes at most this many bytes, so that one connection does not use up a turn.
const READ_BYTES: usize = 256 << 10;

/// Connection numbers are handed out, not chosen by peers: no need for a keyed hash.
#[derive(Default)]
struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        // Fibonacci hashing: neighbours go far apart.
        self.0 = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

type ByConn<T> = HashMap<Conn, T, BuildHasherDefault<NumberHasher>>;

#[derive(Debug)]
struct Receiving {
    id: CallId,
    buf: BytesMut,
    room: usize,
}

#[derive(Debug)]
enum Sending {
    Bytes {
        id: CallId,
        bufs: Vec<Bytes>,
        more: bool,
    },
    Range {
        id: CallId,
        file: Fd,
        at: u64,
        len: u32,
        warm: bool,
    },
}

#[derive(Debug)]
struct Socket {
    stream: TcpStream,
    waker: Waker,
    receiving: Option<Receiving>,
    sending: Option<Sending>,
}

#[derive(Debug)]
struct Listening {
    listener: TcpListener,
    waker: Waker,
    pause: Option<Pin<Box<Sleep>>>,
}

type Establishing = Pin<Box<dyn Future<Output = io::Result<TcpStream>>>>;

struct Connecting {
    id: CallId,
    waker: Waker,
    work: Establishing,
}

/// TCP connections of one machine.
pub struct TcpSockets {
    ready: Arc<Ready>,
    arena: Arena,
    sockets: ByConn<Socket>,
    connecting: ByConn<Connecting>,
    listeners: Vec<Listening>,
    accepted: VecDeque<Accepted>,
    unnamed: HashMap<u64, TcpStream>,
    tokens: u64,
}

impl TcpSockets {
    /// Listens on these. Must be called where the loop runs.
    pub fn start(listeners: Vec<Listener>, bell: Arc<Bell>) -> io::Result<TcpSockets> {
        let ready = Ready::new(bell);
        let mut listening = Vec::with_capacity(listeners.len());
        for (index, listener) in listeners.into_iter().enumerate() {
            let waker = ready.waker(Source::Listener(index));
            // The first look is due.
            waker.wake_by_ref();
            listening.push(Listening {
                listener: TcpListener::from_std(listener.into_std())?,
                waker,
                pause: None,
            });
        }
        Ok(TcpSockets {
            ready,
            arena: Arena::default(),
            sockets: ByConn::default(),
            connecting: ByConn::default(),
            listeners: listening,
            accepted: VecDeque::new(),
            unnamed: HashMap::new(),
            tokens: 0,
        })
    }

    fn keep(&mut self, conn: Conn, stream: TcpStream) {
        let waker = self.ready.waker(Source::Conn(conn));
        let socket = Socket {
            stream,
            waker,
            receiving: None,
            sending: None,
        };
        self.sockets.insert(conn, socket);
    }

    fn accept(&mut self, index: usize) {
        let Some(listening) = self.listeners.get_mut(index) else {
            return;
        };
        let waker = listening.waker.clone();
        let mut context = Context::from_waker(&waker);
        if let Some(pause) = &mut listening.pause {
            if pause.as_mut().poll(&mut context).is_pending() {
                return;
            }
            listening.pause = None;
        }
        for _ in 0..ACCEPTS {
            match listening.listener.poll_accept(&mut context) {
                Poll::Pending => return,
                Poll::Ready(Ok((stream, address))) => {
                    // A connection that cannot be told this is slower, not wrong.
                    let _ = stream.set_nodelay(true);
                    self.tokens += 1;
                    self.unnamed.insert(self.tokens, stream);
                    self.accepted.push_back(Accepted {
                        listener: index as u16,
                        address: address.to_string().into(),
                        token: self.tokens,
                    });
                }
                Poll::Ready(Err(error)) if peer_gave_up(&error) => {}
                Poll::Ready(Err(_)) => {
                    listening.pause = Some(Box::pin(sleep(ACCEPT_PAUSE)));
                    break;
                }
            }
        }
        // Either more may be there, or the pause must be begun.
        waker.wake();
    }

    fn connect(&mut self, conn: Conn) -> Option<Finished> {
        let connecting = self.connecting.get_mut(&conn)?;
        let waker = connecting.waker.clone();
        let mut context = Context::from_waker(&waker);
        let Poll::Ready(result) = connecting.work.as_mut().poll(&mut context) else {
            return None;
        };
        let id = connecting.id;
        self.connecting.remove(&conn);
        let result = result.and_then(|stream| {
            let _ = stream.set_nodelay(true);
            let address = stream.peer_addr()?;
            Ok((stream, address))
        });
        let done = match result {
            Ok((stream, address)) => {
                self.keep(conn, stream);
                Ok(address.to_string().into())
            }
            Err(error) => Err(of_io(&error)),
        };
        Some((id, CallDone::Connected(done)))
    }

    fn receive(&mut self, conn: Conn) -> Option<Finished> {
        let socket = self.sockets.get_mut(&conn)?;
        let mut receiving = socket.receiving.take()?;
        match receive(&socket.stream, &mut self.arena, &mut receiving) {
            Some(result) => {
                let Receiving { id, buf, .. } = receiving;
                Some((id, CallDone::Received { buf, result }))
            }
            None => {
                let mut context = Context::from_waker(&socket.waker);
                if socket.stream.poll_read_ready(&mut context).is_ready() {
                    socket.waker.wake_by_ref();
                }
                socket.receiving = Some(receiving);
                None
            }
        }
    }

    fn send(&mut self, conn: Conn, files: &mut dyn Files) -> Option<Finished> {
        let socket = self.sockets.get_mut(&conn)?;
        match try_send(&socket.stream, files, socket.sending.take()?) {
            Ok(finished) => Some(finished),
            Err(sending) => {
                let mut context = Context::from_waker(&socket.waker);
                if socket.stream.poll_write_ready(&mut context).is_ready() {
                    socket.waker.wake_by_ref();
                }
                socket.sending = Some(sending);
                None
            }
        }
    }
}

impl Sockets for TcpSockets {
    fn submit(&mut self, id: CallId, call: NetCall, files: &mut dyn Files) -> Option<CallDone> {
        let finished = match call {
            NetCall::Recv { conn, buf, room } => {
                self.sockets.get_mut(&conn)?.receiving = Some(Receiving { id, buf, room });
                self.receive(conn)
            }
            NetCall::Sendmsg { conn, bufs, more } => {
                self.sockets.get_mut(&conn)?.sending = Some(Sending::Bytes { id, bufs, more });
                self.send(conn, files)
            }
            NetCall::Sendfile {
                conn,
                file,
                at,
                len,
                warm,
            } => {
                self.sockets.get_mut(&conn)?.sending = Some(Sending::Range {
                    id,
                    file,
                    at,
                    len,
                    warm,
                });
                self.send(conn, files)
            }
            NetCall::Connect { conn, to } => {
                let connecting = Connecting {
                    id,
                    waker: self.ready.waker(Source::Connect(conn)),
                    work: Box::pin(establish(to)),
                };
                self.connecting.insert(conn, connecting);
                self.connect(conn)
            }
            NetCall::CloseConn { conn } => {
                self.connecting.remove(&conn);
                self.sockets.remove(&conn);
                return Some(CallDone::Plain(Ok(())));
            }
        };
        finished.map(|(_, done)| done)
    }

    fn reap(&mut self, files: &mut dyn Files, bytes: usize, into: &mut Vec<Finished>) {
        let mut left = bytes;
        while left > 0
            && let Some(source) = self.ready.pop()
        {
            match source {
                Source::Listener(index) => self.accept(index),
                Source::Connect(conn) => into.extend(self.connect(conn)),
                Source::Conn(conn) => {
                    if let Some(finished) = self.receive(conn) {
                        if let CallDone::Received {
                            result: Ok(got), ..
                        } = &finished.1
                        {
                            left = left.saturating_sub(*got);
                        }
                        into.push(finished);
                    }
                    into.extend(self.send(conn, files));
                }
            }
        }
    }

    fn accepted(&mut self) -> Option<Accepted> {
        self.accepted.pop_front()
    }

    fn adopt(&mut self, token: u64, conn: Conn) {
        if let Some(stream) = self.unnamed.remove(&token) {
            self.keep(conn, stream);
        }
    }

    fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }
}

/// Tries each address in turn; the last refusal is the answer.
async fn establish(to: Endpoint) -> io::Result<TcpStream> {
    TcpStream::connect((&*to.host, to.port)).await
}

/// Errors of a connection that ended before it was accepted.
fn peer_gave_up(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

fn of_io(error: &io::Error) -> Errno {
    match Os::from_io_error(error) {
        Some(os) => errno(os),
        // A name that does not resolve.
        None => Errno::Refused,
    }
}

/// `None`: nothing is there.
fn receive(
    stream: &TcpStream,
    arena: &mut Arena,
    receiving: &mut Receiving,
) -> Option<Result<usize, Errno>> {
    let room = receiving.room.min(READ_BYTES);
    let own = receiving.buf.capacity() > receiving.buf.len();
    let had = receiving.buf.len();
    let into = if own {
        &mut receiving.buf
    } else {
        let chunk = arena.chunk(had);
        chunk.extend_from_slice(&receiving.buf);
        chunk
    };
    let asked = room.min(into.capacity() - into.len());
    let result = stream.try_read_buf(&mut into.limit(asked));
    match result {
        Ok(got) => {
            if got < asked && got > 0 {
                forget(stream, Interest::READABLE);
            }
            if !own {
                receiving.buf = into.split();
            }
            Some(Ok(got))
        }
        Err(error) => {
            if !own {
                into.clear();
            }
            if error.kind() == io::ErrorKind::WouldBlock {
                return None;
            }
            Some(Err(of_io(&error)))
        }
    }
}

/// Gives the call back when nothing can be taken.
fn try_send(
    stream: &TcpStream,
    files: &mut dyn Files,
    sending: Sending,
) -> Result<Finished, Sending> {
    match sending {
        Sending::Bytes { id, bufs, more } => match send(stream, &bufs, more) {
            Some(result) => Ok((id, CallDone::Sent { bufs, result })),
            None => Err(Sending::Bytes { id, bufs, more }),
        },
        Sending::Range {
            id,
            file,
            at,
            len,
            warm,
        } => match send_range(stream, files, (file, at, len), warm) {
            Some(result) => Ok((id, CallDone::SentFile(result))),
            None => Err(sending),
        },
    }
}

/// `None`: nothing can be taken.
fn send(stream: &TcpStream, bufs: &[Bytes], more: bool) -> Option<Result<usize, Errno>> {
    let mut flags = SendFlags::NOSIGNAL;
    if more {
        flags |= SendFlags::MORE;
    }
    let total: usize = bufs.iter().take(SLICES.most()).map(Buf::remaining).sum();
    let result = stream.try_io(Interest::WRITABLE, || {
        let sent = if let [one] = bufs {
            rustix::net::send(stream, one, flags)
        } else {
            let mut slices = [IoSlice::new(&[]); SLICES.most()];
            let count = bufs.len().min(SLICES.most());
            for (slice, buf) in slices.iter_mut().zip(bufs) {
                *slice = IoSlice::new(buf);
            }
            let mut control = SendAncillaryBuffer::default();
            rustix::net::sendmsg(stream, &slices[..count], &mut control, flags)
        };
        sent.map_err(io::Error::from)
    });
    taken(stream, result, total)
}

fn taken(
    stream: &TcpStream,
    result: io::Result<usize>,
    asked: usize,
) -> Option<Result<usize, Errno>> {
    match result {
        Ok(count) => {
            if count < asked {
                forget(stream, Interest::WRITABLE);
            }
            Some(Ok(count))
        }
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        Err(error) => Some(Err(of_io(&error))),
    }
}

/// Whoever got less than asked for knows that there is no more: the next call waits for the kernel's word.
fn forget(stream: &TcpStream, interest: Interest) {
    let _ = stream.try_io(interest, || -> io::Result<()> {
        Err(io::ErrorKind::WouldBlock.into())
    });
}

/// `None`: nothing can be taken.
fn send_range(
    stream: &TcpStream,
    files: &mut dyn Files,
    (file, at, len): (Fd, u64, u32),
    warm: bool,
) -> Option<Result<SentFile, SendfileErrno>> {
    let descriptor = match files.range(file, at, len) {
        Err(errno) => return Some(Err(SendfileErrno::File(errno))),
        Ok(Range::Bytes(bytes)) if bytes.is_empty() => return Some(Ok(SentFile::Count(0))),
        Ok(Range::Bytes(bytes)) => {
            let sent = send(stream, &[bytes], false)?;
            return Some(sent.map(SentFile::Count).map_err(SendfileErrno::Conn));
        }
        Ok(Range::Descriptor(descriptor)) => descriptor,
    };
    if !warm && is_cold(descriptor, at, len) {
        return Some(Ok(SentFile::Cold));
    }
    let result = stream.try_io(Interest::WRITABLE, || {
        let mut from = at;
        let count = rustix::fs::sendfile(stream, descriptor, Some(&mut from), len as usize)?;
        Ok(count)
    });
    match result {
        // Less than asked for may be the file's end as well as a full socket, so the kernel is asked again: only its
        // refusal brings a wake-up.
        Ok(count) => Some(Ok(SentFile::Count(count))),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        Err(error) => Some(Err(match Os::from_io_error(&error) {
            Some(os @ (Os::IO | Os::INVAL | Os::OVERFLOW)) => SendfileErrno::File(errno(os)),
            _ => SendfileErrno::Conn(of_io(&error)),
        })),
    }
}

/// Whether the range's first or last byte would have to be read from the disk.
fn is_cold(file: std::os::fd::BorrowedFd<'_>, at: u64, len: u32) -> bool {
    let last = at + u64::from(len.saturating_sub(1));
    let probe = |at: u64| {
        let mut byte = [0];
        let mut slice = [io::IoSliceMut::new(&mut byte)];
        rustix::io::preadv2(file, &mut slice, at, ReadWriteFlags::NOWAIT) == Err(Os::AGAIN)
    };
    probe(at) || (last - at >= 4096 && probe(last))
}
