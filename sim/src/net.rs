//! A network like TCP's between clients and nodes. Both sides' kernels live here: what a client sends comes in from the world, what a
//! node's process does comes in as system calls ([`Net::recv`], [`Net::send`], ..); what each side is told goes out as [`NetTell`]s.
//!
//! | a link's end is | by | then |
//! |---|---|---|
//! | connecting, absent | [`Net::connect`] | the node's end is open when the greeting comes and somebody listens; the client's when its answer comes |
//! | open | the greeting | sends and receives |
//! | broken (node) | a reset that came behind unread bytes | these can be read, nothing else; gone when they were |
//! | closed | closed by its owner, or told `Gone` | gets and sends nothing; answers what still comes with a reset |
//!
//! N1: per direction bytes arrive in order, none twice, none made up; whole unless the link broke.
//! N2: an end that was told `Connected` or `Incoming` is told `Gone` once, or is closed by its owner; nothing is told after either. The
//! end of a peer that finished in order is not `Gone` for the node: [`Net::recv`] says `Finished`, and the node closes.
//! N3: latencies and sizes of a link's pieces are drawn by the client, which of its connections it is, the direction, and the count of
//! pieces: nothing that happens to another link moves them.
//! N4: at most `weather.socket` bytes of a direction are between the sender and what the receiver has read.
//! N5: in a cut nothing arrives. What was sent arrives after it, unless its sender's patience ended: then that end is gone (`TimedOut`), and
//! the other one finds out by sending, or much later.

mod link;
mod pipe;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_machine::Why;

use crate::agenda::{Agenda, Side};
pub use crate::agenda::{Link, NetEvent};
use crate::chance::Dice;
use crate::draw::Draw;
use crate::script::{BreakHow, Nanos, Weather};
use link::State;

/// What every call needs.
pub struct Air<'a> {
    /// Now.
    pub now: Nanos,
    /// Draws by place.
    pub draw: Draw,
    /// How long things take.
    pub weather: &'a Weather,
    /// What goes wrong.
    pub dice: &'a mut Dice,
    /// What will happen.
    pub agenda: &'a mut Agenda,
}

/// A node, by its `node.id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// The only node of a world that runs one.
pub const NODE: NodeId = NodeId(1);

/// Whose connections a fault concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// All.
    All,
    /// Those of a client.
    Client(u32),
    /// Those to a node.
    Node(NodeId),
}

impl From<Option<u32>> for Whose {
    fn from(client: Option<u32>) -> Whose {
        client.map_or(Whose::All, Whose::Client)
    }
}

/// What a node's kernel knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeTell {
    /// A connection can be accepted.
    Incoming {
        /// Which.
        link: Link,
        /// Which listener: an index into those of the broker's start.
        listener: u16,
        /// The client's address, for people.
        address: Box<str>,
    },
    /// [`Net::recv`] would say something else than `Nothing`; told when that begins.
    Readable(Link),
    /// [`Net::send`] would take something again, or say that it is broken; told once after a send that took less than it was given.
    Writable(Link),
    /// It is no more.
    Gone(Link, Why),
}

/// What a client is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientTell {
    /// The connection is there.
    Connected(Link),
    /// Bytes, in order.
    Received(Link, Bytes),
    /// It was the node that closed it; `Gone` follows.
    HungUp(Link),
    /// Refused, reset, finished, timed out: it is no more.
    Gone(Link),
}

/// Who is told what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetTell {
    /// A node's kernel.
    Node(NodeId, NodeTell),
    /// A client.
    Client(u32, ClientTell),
}

/// What a receive brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Got {
    /// The next bytes, at most what arrived as one piece.
    Bytes(Bytes),
    /// Nothing yet: `Readable` or `Gone` will be told.
    Nothing,
    /// The client has finished and all it sent was read.
    Finished,
    /// The link is no more.
    Broken,
}

/// What a send did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Took {
    /// So many bytes from the front are the kernel's now.
    Some(usize),
    /// None: `Writable` or `Gone` will be told.
    Full,
    /// The link is no more.
    Broken,
}

/// A node's own.
#[derive(Clone, Debug, Default)]
struct Host {
    listening: bool,
    cut_until: Nanos,
}

#[derive(Clone, Debug)]
struct Peer {
    connections: u64,
    cut_until: Nanos,
    reads: bool,
}

impl Default for Peer {
    fn default() -> Peer {
        Peer {
            connections: 0,
            cut_until: 0,
            reads: true,
        }
    }
}

/// The network.
#[derive(Clone, Debug, Default)]
pub struct Net {
    links: BTreeMap<Link, State>,
    count: u64,
    peers: BTreeMap<u32, Peer>,
    hosts: BTreeMap<NodeId, Host>,
    /// Everyone is cut off until then.
    cut_until: Nanos,
}

impl Net {
    /// A network without connections, on which nobody listens.
    pub fn new() -> Net {
        Net::default()
    }

    /// What was on the agenda has come.
    pub fn happen(&mut self, event: NetEvent, air: &mut Air<'_>, out: &mut Vec<NetTell>) {
        let (NetEvent::Arrive(link, side) | NetEvent::End(link, side, _)) = event;
        let Some(state) = self.links.get_mut(&link) else {
            return;
        };
        let peer = self.peers.entry(state.client).or_default();
        let host = self.hosts.entry(state.node).or_default();
        let cut = self.cut_until.max(peer.cut_until).max(host.cut_until);
        match event {
            NetEvent::Arrive(..) if !state.is_due(side, air.now) => return,
            NetEvent::Arrive(..) if cut > air.now => state.held_up(side, cut, air, out),
            NetEvent::Arrive(..) => state.arrive(side, (host.listening, peer.reads), air, out),
            NetEvent::End(_, _, why) if cut > air.now && why != Why::TimedOut => {
                state.learns_later(side, cut, why, air);
            }
            NetEvent::End(_, _, why) => state.end(side, why, air, out),
        }
        self.sweep(link);
    }

    /// A client connects to a node. It is told `Connected`, or `Gone`.
    pub fn connect(&mut self, client: u32, node: NodeId, listener: u16, air: &mut Air<'_>) -> Link {
        self.count += 1;
        let link = Link(self.count);
        let peer = self.peers.entry(client).or_default();
        peer.connections += 1;
        let state = State::connect(link, client, (node, listener), peer.connections, air);
        self.links.insert(link, state);
        link
    }

    /// A client sends: its own queue is as long as it likes.
    pub fn client_send(&mut self, link: Link, bytes: Bytes, air: &mut Air<'_>) {
        if let Some(state) = self.links.get_mut(&link) {
            state.client_send(bytes, air);
        }
    }

    /// A client closes; it is told nothing more.
    pub fn client_close(&mut self, link: Link, air: &mut Air<'_>) {
        if let Some(state) = self.links.get_mut(&link) {
            state.client_close(air);
            self.sweep(link);
        }
    }

    /// A client stops reading, or goes on.
    pub fn reading(&mut self, client: u32, reads: bool, air: &mut Air<'_>) {
        self.peers.entry(client).or_default().reads = reads;
        let links = self.links.values_mut();
        for state in links.filter(|state| reads && state.client == client) {
            state.reads_again(air);
        }
    }

    /// Whether a process of this node listens; else connections are refused.
    pub fn listening(&mut self, node: NodeId, up: bool) {
        self.hosts.entry(node).or_default().listening = up;
    }

    /// A node's process is no more. Its kernel ends its connections, in order or at once.
    pub fn process_died(&mut self, node: NodeId, air: &mut Air<'_>) {
        self.listening(node, false);
        for state in self.links.values_mut().filter(|state| state.node == node) {
            state.process_died(air);
        }
        self.links.retain(|_, state| !state.is_over());
    }

    /// The node receives at most `most` bytes.
    pub fn recv(&mut self, link: Link, most: usize, air: &mut Air<'_>) -> Got {
        match self.links.get_mut(&link) {
            Some(state) => state.recv(most, air),
            None => Got::Broken,
        }
    }

    /// The node sends; at most what there is room for is taken, from the front.
    pub fn send(&mut self, link: Link, bytes: &[Bytes], air: &mut Air<'_>) -> Took {
        match self.links.get_mut(&link) {
            Some(state) => state.send(bytes, air),
            None => Took::Broken,
        }
    }

    /// How many bytes a send would take now.
    pub fn room(&self, link: Link, air: &Air<'_>) -> usize {
        self.links.get(&link).map_or(0, |state| state.room(air))
    }

    /// The node closes; it is told nothing more. What it sent still goes out, unless there are bytes that it did not read.
    pub fn node_close(&mut self, link: Link, air: &mut Air<'_>) {
        if let Some(state) = self.links.get_mut(&link) {
            state.node_close(air);
            self.sweep(link);
        }
    }

    /// Links break.
    pub fn break_links(
        &mut self,
        whose: Whose,
        how: BreakHow,
        air: &mut Air<'_>,
        out: &mut Vec<NetTell>,
    ) {
        let concerned = |state: &&mut State| match whose {
            Whose::All => true,
            Whose::Client(client) => client == state.client,
            Whose::Node(node) => node == state.node,
        };
        for state in self.links.values_mut().filter(concerned) {
            state.breaks(how, air, out);
        }
        self.links.retain(|_, state| !state.is_over());
    }

    /// Nothing passes until then; nobody is told.
    pub fn cut(&mut self, whose: Whose, until: Nanos) {
        let cut_until = match whose {
            Whose::All => &mut self.cut_until,
            Whose::Client(client) => &mut self.peers.entry(client).or_default().cut_until,
            Whose::Node(node) => &mut self.hosts.entry(node).or_default().cut_until,
        };
        *cut_until = until.max(*cut_until);
    }

    /// Nothing goes wrong any more: cuts are over, everyone reads, and who is alone on a link will know it.
    pub fn heal(&mut self, air: &mut Air<'_>) {
        self.cut_until = 0;
        for peer in self.peers.values_mut() {
            peer.cut_until = 0;
            peer.reads = true;
        }
        for host in self.hosts.values_mut() {
            host.cut_until = 0;
        }
        for state in self.links.values_mut() {
            state.heal(air);
        }
    }

    /// A client says nothing more, and reads on.
    #[cfg(test)]
    pub(crate) fn client_finish(&mut self, link: Link, air: &mut Air<'_>) {
        if let Some(state) = self.links.get_mut(&link) {
            state.finish_up(air);
        }
    }

    /// The client's address, and how much its kernel has not taken of what it sent.
    #[cfg(test)]
    pub(crate) fn client_end(&self, link: Link) -> Option<(Box<str>, usize)> {
        let state = self.links.get(&link)?;
        Some((state.address(), state.held_back()))
    }

    fn sweep(&mut self, link: Link) {
        if self.links.get(&link).is_some_and(State::is_over) {
            self.links.remove(&link);
        }
    }
}
