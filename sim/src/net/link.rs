//! A link with its two ends. The states of the ends stand in the table of [`super`].

use std::collections::VecDeque;

use bytes::Bytes;
use ottla_machine::Why;

use super::pipe::{Item, Pipe, What};
use super::{Air, ClientTell, Got, Link, NetEvent, NetTell, NodeId, NodeTell, Side, Took};
use crate::agenda::Happening;
use crate::draw::Domain;
use crate::script::{BreakHow, Chance, Nanos, SECOND};

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
pub(super) struct State {
    link: Link,
    pub(super) client: u32,
    pub(super) node: NodeId,
    listener: u16,
    /// The client and which of its connections this is: N3.
    entity: u64,
    counted: u64,
    client_end: ClientEnd,
    node_end: NodeEnd,
    up: Pipe,
    down: Pipe,
    /// What has arrived at the node and was not read.
    pub(super) unread: VecDeque<Bytes>,
    /// The client has finished, behind what is unread.
    finished: bool,
    /// The node is told when there is room.
    wants_room: bool,
    /// Nobody answers for the client's end: what arrives there vanishes.
    mute: bool,
    /// The node's process has closed it while it lived.
    hung_up: bool,
    /// The client's next request is late, and its end is gone by then.
    doomed: Option<Nanos>,
}

impl State {
    /// The `nth` connection of a client: it knocks.
    pub(super) fn connect(
        link: Link,
        client: u32,
        (node, listener): (NodeId, u16),
        nth: u64,
        air: &mut Air<'_>,
    ) -> State {
        let entity = u64::from(client) << 32 | nth;
        let mut state = State {
            link,
            client,
            node,
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
            hung_up: false,
            doomed: None,
        };
        state.up.push(What::Hello, air);
        state.up.plan(link, Side::Node, air);
        state
    }

    pub(super) fn client_send(&mut self, bytes: Bytes, air: &mut Air<'_>) {
        if self.client_end == ClientEnd::Closed || bytes.is_empty() {
            return;
        }
        self.up.waiting.push_back(bytes);
        self.refill(air);
        if let Some(after) = self.doomed.take() {
            self.mute = true;
            self.up.delay(air.now + after);
            self.end_later(Side::Client, Why::Reset, air);
        }
    }

    pub(super) fn client_close(&mut self, air: &mut Air<'_>) {
        if self.client_end == ClientEnd::Closed {
            return;
        }
        self.client_end = ClientEnd::Closed;
        if self.down.has_come(air.now) {
            // With bytes unread a kernel does not finish, it resets.
            self.end_later(Side::Node, Why::Reset, air);
        } else {
            self.finish_up(air);
        }
    }

    pub(super) fn reads_again(&mut self, air: &mut Air<'_>) {
        self.down.plan(self.link, Side::Client, air);
    }

    /// The node's kernel ends what its process had open: in order, or by a reset.
    pub(super) fn process_died(&mut self, air: &mut Air<'_>) {
        if self.is_there(Side::Node) {
            let in_order = self.draw(place::DIED, air).is_multiple_of(3);
            self.close_node(in_order, air);
        }
    }

    pub(super) fn recv(&mut self, most: usize, air: &mut Air<'_>) -> Got {
        if !self.is_there(Side::Node) {
            return Got::Broken;
        }
        let Some(front) = self.unread.front_mut() else {
            return match (self.node_end, self.finished) {
                (NodeEnd::Broken(_), _) => Got::Broken,
                (_, true) => Got::Finished,
                (_, false) => Got::Nothing,
            };
        };
        let bytes = if front.len() > most {
            front.split_to(most)
        } else {
            self.unread.pop_front().expect("there is a front")
        };
        self.up.inside -= bytes.len();
        match self.node_end {
            NodeEnd::Broken(why) if self.unread.is_empty() => {
                air.agenda.at(air.now, self.event(Side::Node, why));
            }
            NodeEnd::Broken(_) => {}
            _ => self.refill(air),
        }
        Got::Bytes(bytes)
    }

    pub(super) fn send(&mut self, bytes: &[Bytes], air: &mut Air<'_>) -> Took {
        if self.node_end != NodeEnd::Open {
            return Took::Broken;
        }
        let mut room = self.down.room(air);
        let mut took = 0;
        for part in bytes {
            if part.len() > room {
                self.wants_room = true;
                if room > 0 {
                    self.down.put(part.slice(..room), air);
                    took += room;
                }
                break;
            }
            self.down.put(part.clone(), air);
            room -= part.len();
            took += part.len();
        }
        self.down.plan(self.link, Side::Client, air);
        match took {
            0 if self.wants_room => Took::Full,
            took => Took::Some(took),
        }
    }

    pub(super) fn room(&self, air: &Air<'_>) -> usize {
        self.down.room(air)
    }

    pub(super) fn node_close(&mut self, air: &mut Air<'_>) {
        if self.is_there(Side::Node) {
            // What the network has broken is not the node's doing.
            self.hung_up = self.node_end == NodeEnd::Open;
            self.close_node(true, air);
        }
    }

    pub(super) fn is_due(&mut self, to: Side, now: Nanos) -> bool {
        self.pipe(to).is_due(now)
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

    pub(super) fn is_over(&self) -> bool {
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
    pub(super) fn learns_later(&mut self, side: Side, cut: Nanos, why: Why, air: &mut Air<'_>) {
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
    pub(super) fn held_up(
        &mut self,
        to: Side,
        cut: Nanos,
        air: &mut Air<'_>,
        out: &mut Vec<NetTell>,
    ) {
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
        let asks = self.patience(KEEPALIVE.min(4 * least), place::KEEPALIVE, air);
        if self.is_there(to) {
            let at = air.now + asks;
            air.agenda.at(at, self.event(to, Why::TimedOut));
        }
        self.end(to.other(), Why::TimedOut, air, out);
    }

    /// What has come to this end by now.
    pub(super) fn arrive(
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
                out.push(NetTell::Node(
                    self.node,
                    NodeTell::Incoming {
                        link,
                        listener: self.listener,
                        address: self.address(),
                    },
                ));
            }
            (What::Bytes(bytes), NodeEnd::Open) => {
                if self.unread.is_empty() {
                    out.push(NetTell::Node(self.node, NodeTell::Readable(link)));
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
                    out.push(NetTell::Node(self.node, NodeTell::Readable(link)));
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
                    out.push(NetTell::Node(self.node, NodeTell::Writable(link)));
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
    pub(super) fn end(&mut self, side: Side, why: Why, air: &mut Air<'_>, out: &mut Vec<NetTell>) {
        if !self.is_there(side) {
            return;
        }
        if side == Side::Client {
            self.client_end = ClientEnd::Closed;
            if self.hung_up {
                out.push(NetTell::Client(self.client, ClientTell::HungUp(self.link)));
            }
            out.push(NetTell::Client(self.client, ClientTell::Gone(self.link)));
            if self.mute {
                self.finish_up(air);
            } else {
                self.up.waiting.clear();
            }
            return;
        }
        let open = self.node_end == NodeEnd::Open;
        let keeps = !open || self.draw(place::UNREAD, air).is_multiple_of(2);
        if !self.unread.is_empty() && keeps {
            // As Linux does it: what came before the reset can still be read.
            self.node_end = NodeEnd::Broken(why);
            if std::mem::take(&mut self.wants_room) {
                out.push(NetTell::Node(self.node, NodeTell::Writable(self.link)));
            }
            return;
        }
        self.node_gone(why, out);
    }

    fn node_gone(&mut self, why: Why, out: &mut Vec<NetTell>) {
        self.node_end = NodeEnd::Closed;
        self.unread.clear();
        out.push(NetTell::Node(self.node, NodeTell::Gone(self.link, why)));
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
    pub(super) fn finish_up(&mut self, air: &mut Air<'_>) {
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

    pub(super) fn breaks(&mut self, how: BreakHow, air: &mut Air<'_>, out: &mut Vec<NetTell>) {
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

    pub(super) fn heal(&mut self, air: &mut Air<'_>) {
        self.doomed = None;
        self.up.lingers = 0;
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

    /// How much of what the client sent has not gone out.
    #[cfg(test)]
    pub(super) fn held_back(&self) -> usize {
        self.up.waiting.iter().map(Bytes::len).sum()
    }

    pub(super) fn address(&self) -> Box<str> {
        let [_, high, middle, low] = self.client.to_be_bytes();
        let nth = self.entity & 0xffff_ffff;
        format!("10.{high}.{middle}.{low}:{}", 1024 + nth % 64_000).into()
    }
}
