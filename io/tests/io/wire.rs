//! The whole driver under the conformance suite: a host with a machine that does what it is asked to and says what it is told, real
//! sockets on 127.0.0.1, and peers that dial them. A peer never waits: it says and hears what its kernel lets it.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use ottla_conformance::{Act, Does, Network, News, Told};
use ottla_io::{Handle, Host, Said, Setup, bind};
use ottla_machine::{Effects, Endpoint, Event, Inspect, Machine, NoJob, Now, Time};
use rustix::net::{AddressFamily, SocketType, connect, getsockname, socket, sockopt};
use tempfile::TempDir;

use super::arms::Kind;

/// Long enough for anything, short enough to end a test that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a peer's kernel keeps for it: little, so that one that does not listen is noticed soon.
const EAR: usize = 32 << 10;

/// Does what it is asked to; says what it was told when a turn is settled.
#[derive(Default)]
pub struct Puppet {
    told: Vec<Told>,
}

impl Machine for Puppet {
    type Ask = Vec<Act>;
    type Tell = Vec<Told>;
    type Job = NoJob;

    fn step(&mut self, _: Now, event: Event<Puppet>, fx: &mut Effects<Puppet>) {
        match event {
            Event::Asked(acts) => acts.into_iter().for_each(|act| fx.push(act.effect())),
            event => self.told.push(Told::of(event)),
        }
    }

    fn settle(&mut self, _: Now, fx: &mut Effects<Puppet>) {
        if !self.told.is_empty() {
            fx.tell(std::mem::take(&mut self.told));
        }
    }

    fn deadline(&self) -> Option<Time> {
        None
    }

    fn inspect(&self, _: &mut dyn Inspect) {}
}

/// What a peer does when all it has to say is said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Then {
    Stays,
    Finishes,
    Leaves,
}

struct Caller {
    /// `None` when it is gone.
    stream: Option<TcpStream>,
    address: SocketAddr,
    to_say: VecDeque<Bytes>,
    then: Then,
    listens: bool,
    ended: bool,
}

impl Caller {
    fn dial(to: SocketAddr) -> Caller {
        let ear = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
        sockopt::set_socket_recv_buffer_size(&ear, EAR).expect("a buffer");
        connect(&ear, &to).expect("a connection");
        let stream = TcpStream::from(ear);
        stream.set_nonblocking(true).expect("it need not wait");
        Caller {
            address: stream.local_addr().expect("an address"),
            stream: Some(stream),
            to_say: VecDeque::new(),
            then: Then::Stays,
            listens: true,
            ended: false,
        }
    }

    /// Says what can be said; whether that was anything.
    fn speak(&mut self) -> bool {
        let Some(stream) = &mut self.stream else {
            return false;
        };
        let before = self.to_say.len();
        while let Some(front) = self.to_say.front_mut() {
            match stream.write(front) {
                Ok(count) if count < front.len() => front.advance(count),
                Ok(_) => {
                    self.to_say.pop_front();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    return self.to_say.len() < before;
                }
                // Nobody hears it.
                Err(_) => self.to_say.clear(),
            }
        }
        match std::mem::replace(&mut self.then, Then::Stays) {
            Then::Stays => {}
            Then::Leaves => self.stream = None,
            Then::Finishes => {
                // Whoever is reset has finished, too.
                let _ = stream.shutdown(Shutdown::Write);
            }
        }
        before > 0
    }

    /// Hears what there is.
    fn hear(&mut self, number: usize) -> Option<News> {
        let stream = self.stream.as_mut()?;
        if self.ended || !self.listens || self.then == Then::Leaves {
            return None;
        }
        let mut room = [0; 64 << 10];
        match stream.read(&mut room) {
            Ok(count) if count > 0 => {
                let bytes = Bytes::copy_from_slice(&room[..count]);
                Some(News::Heard(number, bytes))
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => None,
            _ => {
                self.ended = true;
                Some(News::Ended(number))
            }
        }
    }
}

/// A host with one machine, and those who dial it.
pub struct Wire {
    // Ends before its host does.
    handle: Handle<Puppet>,
    _host: Host,
    addresses: [SocketAddr; 2],
    callers: Vec<Caller>,
    news: VecDeque<News>,
    /// Sockets that keep a port from others.
    taken: Vec<OwnedFd>,
    _dir: Option<TempDir>,
}

impl Wire {
    pub fn new(kind: Kind) -> Wire {
        let listeners = [(); 2].map(|()| bind("127.0.0.1:0").expect("a port"));
        let addresses = [listeners[0].address(), listeners[1].address()];
        let setup = Setup {
            listeners: listeners.into(),
            files: kind.files,
            notes: Box::new(|_| {}),
        };
        let host = Host::start("wire").expect("a host");
        Wire {
            handle: host.add(Puppet::default(), setup),
            _host: host,
            addresses,
            callers: Vec::new(),
            news: VecDeque::new(),
            taken: Vec::new(),
            _dir: kind.dir,
        }
    }

    /// Takes in what the machine says, waiting so long for the first word.
    fn listen(&mut self, mut patience: Duration) {
        loop {
            match self.handle.tells().recv_timeout(patience) {
                Ok(Said::Tell(told)) => self.news.push_back(News::Turn(told)),
                Ok(Said::Gone(gone)) => panic!("the machine is gone: {gone:?}"),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => panic!("the machine is gone"),
            }
            patience = Duration::ZERO;
        }
    }
}

impl Network for Wire {
    fn act(&mut self, acts: Vec<Act>) {
        assert!(self.handle.ask(acts), "the machine is gone");
    }

    fn dial(&mut self, listener: u16) -> usize {
        let to = self.addresses[usize::from(listener)];
        self.callers.push(Caller::dial(to));
        self.callers.len() - 1
    }

    fn does(&mut self, peer: usize, what: Does) {
        let caller = &mut self.callers[peer];
        match what {
            Does::Says(bytes) => caller.to_say.push_back(bytes),
            Does::Finishes => caller.then = Then::Finishes,
            Does::Leaves => caller.then = Then::Leaves,
            Does::Stops => caller.listens = false,
            Does::Listens => caller.listens = true,
            Does::Resets => {
                let stream = caller.stream.take().expect("it is there");
                let at_once = Some(Duration::ZERO);
                sockopt::set_socket_linger(&stream, at_once).expect("a reset");
            }
        }
        caller.speak();
    }

    fn next(&mut self) -> News {
        let begins = Instant::now();
        loop {
            if let Some(news) = self.news.pop_front() {
                return news;
            }
            let mut moves = false;
            for (number, caller) in self.callers.iter_mut().enumerate() {
                moves |= caller.speak();
                self.news.extend(caller.hear(number));
            }
            let waits = self.news.is_empty() && !moves;
            self.listen(Duration::from_micros(if waits { 500 } else { 0 }));
            assert!(begins.elapsed() < PATIENCE, "nothing happens any more");
        }
    }

    fn address(&self, peer: usize) -> Box<str> {
        self.callers[peer].address.to_string().into()
    }

    fn unsaid(&self, peer: usize) -> usize {
        self.callers[peer].to_say.iter().map(Bytes::len).sum()
    }

    fn beyond(&self) -> usize {
        // The kernel keeps twice what was asked for, and perhaps a packet more.
        largest("w") + 2 * EAR + (1 << 20)
    }

    fn beyond_unasked(&self) -> usize {
        largest("w") + largest("r") + (1 << 20)
    }

    fn nobody(&mut self) -> Endpoint {
        // Bound, so that nobody else gets the port; but it does not listen.
        let taken = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
        rustix::net::bind(&taken, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a port");
        let address = getsockname(&taken).expect("an address");
        self.taken.push(taken);
        endpoint(SocketAddr::try_from(address).expect("an address of the internet"))
    }

    fn itself(&mut self) -> Endpoint {
        endpoint(self.addresses[0])
    }
}

/// What the kernel keeps for a sender (`w`) or a receiver (`r`) at most.
fn largest(of: &str) -> usize {
    let path = format!("/proc/sys/net/ipv4/tcp_{of}mem");
    let sizes = std::fs::read_to_string(path).expect("the kernel's sizes");
    let largest = sizes.split_whitespace().last().map(str::parse);
    largest.expect("three sizes").expect("a size")
}

fn endpoint(address: SocketAddr) -> Endpoint {
    assert_eq!(address.ip(), Ipv4Addr::LOCALHOST);
    Endpoint {
        host: "localhost".into(),
        port: address.port(),
    }
}
