//! A network like TCP's between clients and one node. Both sides' kernels live here: what a client sends comes in from the world, what the
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

mod pipe;

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use ottla_machine::Why;

use crate::agenda::{Agenda, Happening};
use crate::chance::Dice;
use crate::draw::{Domain, Draw};
use crate::script::{BreakHow, Chance, Nanos, SECOND, Weather};
use pipe::{Item, Pipe, What};

/// A connection, counted over the run from 1, never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Link(pub u64);

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

/// An end of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The client's.
    Client,
    /// The node's.
    Node,
}

impl Side {
    fn other(self) -> Side {
        match self {
            Side::Client => Side::Node,
            Side::Node => Side::Client,
        }
    }
}

/// What the network put on the agenda for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetEvent {
    /// Something arrives at this end.
    Arrive(Link, Side),
    /// This end learns that the link is no more.
    End(Link, Side, Why),
}

/// What the node's kernel knows.
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
    /// Refused, reset, finished, timed out: it is no more.
    Gone(Link),
}

/// Who is told what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetTell {
    /// The node's kernel.
    Node(NodeTell),
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

/// How long a kernel sends again before it gives up, at least; at most five times that.
const RETRANSMIT: Nanos = 15 * SECOND;
/// How long a client's kernel knocks, at least; at most five times that.
const KNOCK: Nanos = 5 * SECOND;
/// When an end whose peer is gone without a word finds out by itself, at least; at most five times that.
const KEEPALIVE: Nanos = 60 * SECOND;

/// The places of single draws of a link in [`Domain::Accept`]; above them its resets and delays are counted.
mod place {
    pub(super) const KNOCK: u64 = 1;
    pub(super) const RETRANSMIT: u64 = 2;
    pub(super) const KEEPALIVE: u64 = 4;
    pub(super) const UNREAD: u64 = 6;
    pub(super) const DIED: u64 = 7;
    pub(super) const CUT_SHORT: u64 = 8;
    pub(super) const LINGERS: u64 = 9;
    pub(super) const COUNTED: u64 = 16;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClientEnd {
    Connecting,
    Open,
    Closed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NodeEnd {
    Absent,
    Open,
    Broken(Why),
    Closed,
}

#[derive(Clone, Debug)]
struct State {
    link: Link,
    client: u32,
    listener: u16,
    /// The client and which of its connections this is: N3.
    entity: u64,
    counted: u64,
    client_end: ClientEnd,
    node_end: NodeEnd,
    up: Pipe,
    down: Pipe,
    /// What has arrived at the node and was not read.
    unread: VecDeque<Bytes>,
    /// The client has finished, behind what is unread.
    finished: bool,
    /// The node is told when there is room.
    wants_room: bool,
    /// Nobody answers for the client's end: what arrives there vanishes.
    mute: bool,
    /// The client's next request is late, and its end is gone by then.
    doomed: Option<Nanos>,
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
    /// Everyone is cut off until then.
    cut_until: Nanos,
    listening: bool,
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
        let cut = self.cut_until.max(peer.cut_until);
        match event {
            NetEvent::Arrive(..) if !state.pipe(side).is_due(air.now) => return,
            NetEvent::Arrive(..) if cut > air.now => state.held_up(side, cut, air, out),
            NetEvent::Arrive(..) => state.arrive(side, (self.listening, peer.reads), air, out),
            NetEvent::End(_, _, why) if cut > air.now && why != Why::TimedOut => {
                state.learns_later(side, cut, why, air);
            }
            NetEvent::End(_, _, why) => state.end(side, why, air, out),
        }
        self.sweep(link);
    }

    /// A client connects. It is told `Connected`, or `Gone`.
    pub fn connect(&mut self, client: u32, listener: u16, air: &mut Air<'_>) -> Link {
        self.count += 1;
        let link = Link(self.count);
        let peer = self.peers.entry(client).or_default();
        peer.connections += 1;
        let mut state = State::new(link, client, listener, peer.connections);
        state.up.push(What::Hello, air);
        state.up.plan(link, Side::Node, air);
        self.links.insert(link, state);
        link
    }

    /// A client sends: its own queue is as long as it likes.
    pub fn client_send(&mut self, link: Link, bytes: Bytes, air: &mut Air<'_>) {
        let Some(state) = self.links.get_mut(&link) else {
            return;
        };
        if state.client_end == ClientEnd::Closed {
            return;
        }
        state.up.waiting.push_back(bytes);
        state.refill(air);
        if let Some(after) = state.doomed.take() {
            state.mute = true;
            state.up.delay(air.now + after);
            state.end_later(Side::Client, Why::Reset, air);
        }
    }

    /// A client closes; it is told nothing more.
    pub fn client_close(&mut self, link: Link, air: &mut Air<'_>) {
        let Some(state) = self.links.get_mut(&link) else {
            return;
        };
        if state.client_end == ClientEnd::Closed {
            return;
        }
        state.client_end = ClientEnd::Closed;
        if state.down.has_come(air.now) {
            // With bytes unread a kernel does not finish, it resets.
            state.end_later(Side::Node, Why::Reset, air);
        } else {
            state.finish_up(air);
        }
        self.sweep(link);
    }

    /// A client stops reading, or goes on.
    pub fn reading(&mut self, client: u32, reads: bool, air: &mut Air<'_>) {
        self.peers.entry(client).or_default().reads = reads;
        if reads {
            let links = self.links.values_mut();
            for state in links.filter(|state| state.client == client) {
                state.down.plan(state.link, Side::Client, air);
            }
        }
    }

    /// Whether a process listens; else connections are refused.
    pub fn listening(&mut self, up: bool) {
        self.listening = up;
    }

    /// The node's process is no more. Its kernel ends its connections, in order or at once.
    pub fn process_died(&mut self, air: &mut Air<'_>, _out: &mut Vec<NetTell>) {
        self.listening = false;
        for state in self.links.values_mut() {
            if matches!(state.node_end, NodeEnd::Open | NodeEnd::Broken(_)) {
                let in_order = state.draw(place::DIED, air) % 3 == 0;
                state.close_node(in_order, air);
            }
        }
        self.links.retain(|_, state| !state.is_over());
    }

    /// The node receives at most `most` bytes.
    pub fn recv(&mut self, link: Link, most: usize, air: &mut Air<'_>) -> Got {
        let Some(state) = self.links.get_mut(&link) else {
            return Got::Broken;
        };
        if !matches!(state.node_end, NodeEnd::Open | NodeEnd::Broken(_)) {
            return Got::Broken;
        }
        let Some(front) = state.unread.front_mut() else {
            return match (state.node_end, state.finished) {
                (NodeEnd::Broken(_), _) => Got::Broken,
                (_, true) => Got::Finished,
                (_, false) => Got::Nothing,
            };
        };
        let bytes = if front.len() > most {
            front.split_to(most)
        } else {
            state.unread.pop_front().expect("there is a front")
        };
        state.up.inside -= bytes.len();
        match state.node_end {
            NodeEnd::Broken(why) if state.unread.is_empty() => {
                let event = NetEvent::End(link, Side::Node, why);
                air.agenda.at(air.now, Happening::Net(event));
            }
            NodeEnd::Broken(_) => {}
            _ => state.refill(air),
        }
        Got::Bytes(bytes)
    }

    /// The node sends; at most what there is room for is taken, from the front.
    pub fn send(&mut self, link: Link, bytes: &[Bytes], air: &mut Air<'_>) -> Took {
        let Some(state) = self.links.get_mut(&link) else {
            return Took::Broken;
        };
        if state.node_end != NodeEnd::Open {
            return Took::Broken;
        }
        let mut room = state.down.room(air);
        let mut took = 0;
        for part in bytes {
            if part.len() > room {
                state.wants_room = true;
                if room > 0 {
                    state.down.put(part.slice(..room), air);
                    took += room;
                }
                break;
            }
            state.down.put(part.clone(), air);
            room -= part.len();
            took += part.len();
        }
        state.down.plan(link, Side::Client, air);
        match took {
            0 if state.wants_room => Took::Full,
            took => Took::Some(took),
        }
    }

    /// How many bytes a send would take now.
    pub fn room(&self, link: Link, air: &Air<'_>) -> usize {
        self.links
            .get(&link)
            .map_or(0, |state| state.down.room(air))
    }

    /// The node closes; it is told nothing more. What it sent still goes out, unless there are bytes that it did not read.
    pub fn node_close(&mut self, link: Link, air: &mut Air<'_>) {
        if let Some(state) = self.links.get_mut(&link) {
            if matches!(state.node_end, NodeEnd::Open | NodeEnd::Broken(_)) {
                state.close_node(true, air);
            }
            self.sweep(link);
        }
    }

    /// Links break.
    pub fn break_links(
        &mut self,
        client: Option<u32>,
        how: BreakHow,
        air: &mut Air<'_>,
        out: &mut Vec<NetTell>,
    ) {
        let concerned = |state: &&mut State| client.is_none_or(|client| client == state.client);
        for state in self.links.values_mut().filter(concerned) {
            state.breaks(how, air, out);
        }
        self.links.retain(|_, state| !state.is_over());
    }

    /// Nothing passes until then; nobody is told.
    pub fn cut(&mut self, client: Option<u32>, until: Nanos, _air: &mut Air<'_>) {
        let cut_until = match client {
            Some(client) => &mut self.peers.entry(client).or_default().cut_until,
            None => &mut self.cut_until,
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
        for state in self.links.values_mut() {
            state.heal(air);
        }
    }

    fn sweep(&mut self, link: Link) {
        if self.links.get(&link).is_some_and(State::is_over) {
            self.links.remove(&link);
        }
    }
}

impl State {
    fn new(link: Link, client: u32, listener: u16, nth: u64) -> State {
        let entity = u64::from(client) << 32 | nth;
        State {
            link,
            client,
            listener,
            entity,
            counted: place::COUNTED,
            client_end: ClientEnd::Connecting,
            node_end: NodeEnd::Absent,
            up: Pipe::new(entity << 1),
            down: Pipe::new(entity << 1 | 1),
            unread: VecDeque::new(),
            finished: false,
            wants_room: false,
            mute: false,
            doomed: None,
        }
    }

    fn pipe(&mut self, to: Side) -> &mut Pipe {
        match to {
            Side::Client => &mut self.down,
            Side::Node => &mut self.up,
        }
    }

    fn draw(&self, place: u64, air: &Air<'_>) -> u64 {
        air.draw.at(Domain::Accept, self.entity, place)
    }

    /// One way of something that is not a piece of a pipe.
    fn trip(&mut self, air: &Air<'_>) -> Nanos {
        self.counted += 1;
        let latency = air.weather.latency;
        latency.draw(air.draw, Domain::Accept, self.entity, self.counted)
    }

    /// One to five times this long.
    fn patience(&self, least: Nanos, place: u64, air: &Air<'_>) -> Nanos {
        least
            + air
                .draw
                .below(Domain::Accept, self.entity, place, 4 * least)
    }

    fn is_over(&self) -> bool {
        self.client_end == ClientEnd::Closed
            && matches!(self.node_end, NodeEnd::Absent | NodeEnd::Closed)
    }

    /// Whether an end does not know yet that the link is no more.
    fn is_there(&self, side: Side) -> bool {
        match side {
            Side::Client => self.client_end != ClientEnd::Closed,
            Side::Node => matches!(self.node_end, NodeEnd::Open | NodeEnd::Broken(_)),
        }
    }

    fn event(&self, side: Side, why: Why) -> Happening {
        Happening::Net(NetEvent::End(self.link, side, why))
    }

    /// A reset goes to this end.
    fn end_later(&mut self, side: Side, why: Why, air: &mut Air<'_>) {
        if self.is_there(side) {
            let at = air.now + self.trip(air);
            air.agenda.at(at, self.event(side, why));
        }
    }

    /// N5: a reset was lost in a cut: this end learns of it by sending again after the cut, or by asking much later.
    fn learns_later(&mut self, side: Side, cut: Nanos, why: Why, air: &mut Air<'_>) {
        let trip = self.trip(air);
        let asks = air
            .draw
            .below(Domain::Accept, self.entity, self.counted + (1 << 32), 4)
            == 0;
        let late = match asks {
            true => self.patience(KEEPALIVE / 6, place::KEEPALIVE, air),
            false => trip,
        };
        air.agenda.at(cut + late, self.event(side, why));
    }

    /// N5: what would arrive there is held up by a cut.
    fn held_up(&mut self, to: Side, cut: Nanos, air: &mut Air<'_>, out: &mut Vec<NetTell>) {
        let (least, place) = match self.client_end {
            ClientEnd::Connecting => (KNOCK, place::KNOCK),
            _ => (RETRANSMIT, place::RETRANSMIT),
        };
        let patience = self.patience(least, place + u64::from(to == Side::Node), air);
        let trip = self.trip(air);
        let link = self.link;
        let pipe = self.pipe(to);
        let Some(sent) = pipe.oldest() else {
            return;
        };
        let gives_up = sent + patience;
        if gives_up > air.now {
            pipe.plan_at(gives_up.min(cut + trip), link, to, air);
            return;
        }
        pipe.shut();
        let asks = self.patience(KEEPALIVE, place::KEEPALIVE, air);
        if self.is_there(to) {
            let at = air.now + asks;
            air.agenda.at(at, self.event(to, Why::TimedOut));
        }
        self.end(to.other(), Why::TimedOut, air, out);
    }

    /// What has come to this end by now.
    fn arrive(
        &mut self,
        to: Side,
        (listening, reads): (bool, bool),
        air: &mut Air<'_>,
        out: &mut Vec<NetTell>,
    ) {
        let reads = reads || self.client_end == ClientEnd::Closed || to == Side::Node;
        while let Some(Item { what, .. }) = self.pipe(to).next(air.now, reads) {
            match to {
                Side::Client => self.comes_to_client(what, air, out),
                Side::Node => self.comes_to_node(what, listening, air, out),
            }
        }
        let link = self.link;
        if reads || !self.pipe(to).has_come(air.now) {
            self.pipe(to).plan(link, to, air);
        }
    }

    fn comes_to_node(
        &mut self,
        what: What,
        listening: bool,
        air: &mut Air<'_>,
        out: &mut Vec<NetTell>,
    ) {
        let link = self.link;
        match (what, self.node_end) {
            (What::Hello, _) => {
                let refused = air.dice.fires(Chance::AcceptRefused, self.entity, 1);
                if refused || !listening {
                    self.node_end = NodeEnd::Closed;
                    return self.end_later(Side::Client, Why::Refused, air);
                }
                self.node_end = NodeEnd::Open;
                self.down.push(What::Hello, air);
                self.down.plan(link, Side::Client, air);
                out.push(NetTell::Node(NodeTell::Incoming {
                    link,
                    listener: self.listener,
                    address: self.address(),
                }));
            }
            (What::Bytes(bytes), NodeEnd::Open) => {
                if self.unread.is_empty() {
                    out.push(NetTell::Node(NodeTell::Readable(link)));
                }
                self.unread.push_back(bytes);
            }
            (What::Bytes(_), _) => {
                self.up.shut();
                self.end_later(Side::Client, Why::Reset, air);
            }
            (What::Finish, _) => {
                self.finished = true;
                if self.unread.is_empty() && self.node_end == NodeEnd::Open {
                    out.push(NetTell::Node(NodeTell::Readable(link)));
                }
            }
            (What::Break, _) => {
                self.end_later(Side::Client, Why::Reset, air);
                self.end(Side::Node, Why::Reset, air, out);
            }
        }
    }

    fn comes_to_client(&mut self, what: What, air: &mut Air<'_>, out: &mut Vec<NetTell>) {
        let link = self.link;
        match (what, self.client_end) {
            (What::Hello, ClientEnd::Closed) => self.end_later(Side::Node, Why::Reset, air),
            (What::Hello, _) => {
                self.client_end = ClientEnd::Open;
                out.push(NetTell::Client(self.client, ClientTell::Connected(link)));
                self.refill(air);
            }
            (What::Bytes(_), ClientEnd::Closed) if !self.mute => {
                self.down.shut();
                self.end_later(Side::Node, Why::Reset, air);
            }
            (What::Bytes(bytes), end) => {
                self.down.inside -= bytes.len();
                if end == ClientEnd::Open {
                    let tell = ClientTell::Received(link, bytes);
                    out.push(NetTell::Client(self.client, tell));
                }
                if self.wants_room && self.node_end == NodeEnd::Open {
                    self.wants_room = false;
                    out.push(NetTell::Node(NodeTell::Writable(link)));
                }
            }
            (What::Finish, _) => self.end(Side::Client, Why::Eof, air, out),
            (What::Break, _) => {
                self.end_later(Side::Node, Why::Reset, air);
                self.end(Side::Client, Why::Reset, air, out);
            }
        }
    }

    /// N2: an end learns that the link is no more.
    fn end(&mut self, side: Side, why: Why, air: &mut Air<'_>, out: &mut Vec<NetTell>) {
        if !self.is_there(side) {
            return;
        }
        if side == Side::Client {
            self.client_end = ClientEnd::Closed;
            out.push(NetTell::Client(self.client, ClientTell::Gone(self.link)));
            if self.mute {
                self.finish_up(air);
            } else {
                self.up.waiting.clear();
            }
            return;
        }
        let keeps = self.node_end == NodeEnd::Open && self.draw(place::UNREAD, air) % 2 == 0;
        if !self.unread.is_empty() && (keeps || self.node_end != NodeEnd::Open) {
            // As Linux does it: what came before the reset can still be read.
            self.node_end = NodeEnd::Broken(why);
            if std::mem::take(&mut self.wants_room) {
                out.push(NetTell::Node(NodeTell::Writable(self.link)));
            }
            return;
        }
        self.node_gone(why, out);
    }

    fn node_gone(&mut self, why: Why, out: &mut Vec<NetTell>) {
        self.node_end = NodeEnd::Closed;
        self.unread.clear();
        out.push(NetTell::Node(NodeTell::Gone(self.link, why)));
    }

    /// The node's kernel ends it: in order, or by a reset.
    fn close_node(&mut self, in_order: bool, air: &mut Air<'_>) {
        let broken = self.node_end != NodeEnd::Open;
        self.node_end = NodeEnd::Closed;
        if !in_order || broken || !self.unread.is_empty() {
            self.end_later(Side::Client, Why::Reset, air);
        } else {
            self.down.push(What::Finish, air);
            self.down.plan(self.link, Side::Client, air);
        }
        self.unread.clear();
    }

    /// The client's end finishes in order.
    fn finish_up(&mut self, air: &mut Air<'_>) {
        self.up.finishes = true;
        self.refill(air);
    }

    /// N4: what waits at the client goes out as far as there is room.
    fn refill(&mut self, air: &mut Air<'_>) {
        if self.client_end == ClientEnd::Connecting {
            return;
        }
        self.up.refill(air);
        self.up.plan(self.link, Side::Node, air);
    }

    fn breaks(&mut self, how: BreakHow, air: &mut Air<'_>, out: &mut Vec<NetTell>) {
        if self.client_end == ClientEnd::Closed && how != BreakHow::Reset {
            return;
        }
        match how {
            BreakHow::Reset => {
                if self.is_there(Side::Node) {
                    self.node_gone(Why::Reset, out);
                }
                self.end(Side::Client, Why::Reset, air, out);
            }
            BreakHow::Finish => {
                self.mute = false;
                self.end(Side::Client, Why::Eof, air, out);
                self.finish_up(air);
            }
            BreakHow::HalfOpen { lasts } => {
                self.end(Side::Client, Why::Reset, air, out);
                let left = self.draw(place::CUT_SHORT, air);
                self.up.cut_short(left);
                let at = air.now + lasts;
                air.agenda.at(at, self.event(Side::Node, Why::TimedOut));
            }
            BreakHow::LateRequest { after } => {
                let lingers = self.draw(place::LINGERS, air) % after.max(1);
                self.up.lingers = lingers;
                if self.up.is_quiet() {
                    self.doomed = Some(after);
                    return;
                }
                self.mute = true;
                self.up.delay(air.now + after);
                self.end(Side::Client, Why::Reset, air, out);
            }
        }
    }

    fn heal(&mut self, air: &mut Air<'_>) {
        self.doomed = None;
        let alone = match (self.client_end, self.node_end) {
            (ClientEnd::Closed, NodeEnd::Open) if !self.finished && !self.up.will_finish() => {
                Some(Side::Node)
            }
            (ClientEnd::Open | ClientEnd::Connecting, NodeEnd::Closed)
                if !self.down.will_finish() =>
            {
                Some(Side::Client)
            }
            _ => None,
        };
        for to in [Side::Client, Side::Node] {
            let (trip, link) = (self.trip(air), self.link);
            self.pipe(to).hurry(air.now + trip);
            self.pipe(to).plan(link, to, air);
        }
        if let Some(side) = alone {
            self.end_later(side, Why::Reset, air);
        }
    }

    fn address(&self) -> Box<str> {
        let [_, high, middle, low] = self.client.to_be_bytes();
        let nth = self.entity & 0xffff_ffff;
        format!("10.{high}.{middle}.{low}:{}", 1024 + nth % 64_000).into()
    }
}
