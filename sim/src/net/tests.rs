use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ottla_machine::Why;

use super::{Air, ClientTell, Got, Link, NODE, Net, NetTell, NodeId, NodeTell, Took, Whose};
use crate::agenda::{Agenda, Happening};
use crate::chance::Dice;
use crate::draw::{Domain, Draw, Stream};
use crate::script::{BreakHow, Chance, Chances, MS, Nanos, SECOND, Span, US, Weather};

fn weather(segment: u64, socket: u64) -> Weather {
    let span = |least, spread, rare| Span {
        least,
        spread,
        rare,
    };
    Weather {
        latency: span(50 * US, 400 * US, 50),
        segment,
        socket,
        disk: Span::default(),
        sync: Span::default(),
        job: Span::default(),
        wake: Span::default(),
        turn: 1,
        capacity: 0,
        wall: 0,
        drift: 0,
    }
}

/// A network, its agenda, and what everybody was told when.
#[derive(Clone)]
struct Wire {
    now: Nanos,
    draw: Draw,
    weather: Weather,
    dice: Dice,
    agenda: Agenda,
    net: Net,
    told: Vec<(Nanos, NetTell)>,
}

impl Wire {
    fn new(seed: u64, weather: Weather, rates: &[(Chance, u64)]) -> Wire {
        let draw = Draw::new(seed);
        let chances = Chances {
            rates: rates.iter().copied().collect(),
            only: None,
        };
        let mut wire = Wire {
            now: 0,
            draw,
            weather,
            dice: Dice::new(draw, chances),
            agenda: Agenda::new(draw),
            net: Net::new(),
            told: Vec::new(),
        };
        wire.net.listening(NODE, true);
        wire
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Net, &mut Air<'_>, &mut Vec<NetTell>) -> T) -> T {
        let mut air = Air {
            now: self.now,
            draw: self.draw,
            weather: &self.weather,
            dice: &mut self.dice,
            agenda: &mut self.agenda,
        };
        let mut out = Vec::new();
        let brought = act(&mut self.net, &mut air, &mut out);
        let now = self.now;
        self.told.extend(out.into_iter().map(|tell| (now, tell)));
        brought
    }

    /// The next thing happens, unless it is later than `until`.
    fn step(&mut self, until: Nanos) -> bool {
        if self.agenda.next_at().is_none_or(|at| at > until) {
            return false;
        }
        if let Some((at, Happening::Net(event))) = self.agenda.take() {
            self.now = self.now.max(at);
            self.with(|net, air, out| net.happen(event, air, out));
        }
        true
    }

    fn run(&mut self, lasts: Nanos) {
        let until = self.now + lasts;
        while self.step(until) {}
        self.now = until;
    }

    fn connect(&mut self, client: u32) -> Link {
        self.with(|net, air, _| net.connect(client, NODE, 0, air))
    }

    fn connected(&mut self, client: u32) -> Link {
        let link = self.connect(client);
        self.run(SECOND);
        assert!(self.client_was_told(client, &ClientTell::Connected(link)));
        link
    }

    fn client_sends(&mut self, link: Link, bytes: &[u8]) {
        let bytes = Bytes::copy_from_slice(bytes);
        self.with(|net, air, _| net.client_send(link, bytes, air));
    }

    fn node_sends(&mut self, link: Link, bytes: &[u8]) -> Took {
        let bytes = Bytes::copy_from_slice(bytes);
        self.with(|net, air, _| net.send(link, &[bytes], air))
    }

    fn recv(&mut self, link: Link, most: usize) -> Got {
        self.with(|net, air, _| net.recv(link, most, air))
    }

    /// All that can be read now, and what is said after it.
    fn drain(&mut self, link: Link) -> (Vec<u8>, Got) {
        let mut all = Vec::new();
        loop {
            match self.recv(link, 100_000) {
                Got::Bytes(bytes) => all.extend_from_slice(&bytes),
                other => return (all, other),
            }
        }
    }

    fn breaks(&mut self, client: u32, how: BreakHow) {
        self.with(|net, air, out| net.break_links(Whose::Client(client), how, air, out));
    }

    fn client_was_told(&self, client: u32, what: &ClientTell) -> bool {
        let what = NetTell::Client(client, what.clone());
        self.told.iter().any(|(_, tell)| *tell == what)
    }

    fn gone(&self, link: Link) -> Option<Why> {
        self.told.iter().find_map(|(_, tell)| match tell {
            NetTell::Node(NODE, NodeTell::Gone(gone, why)) if *gone == link => Some(*why),
            _ => None,
        })
    }

    fn client_got(&self, link: Link) -> Vec<u8> {
        let mut all = Vec::new();
        for (_, tell) in &self.told {
            if let NetTell::Client(_, ClientTell::Received(from, bytes)) = tell
                && *from == link
            {
                all.extend_from_slice(bytes);
            }
        }
        all
    }
}

fn stream(seed: u64) -> Stream {
    Draw::new(seed).stream(Domain::Script, 7)
}

/// Bytes that tell where in their direction they stand.
fn text(link: Link, from: usize, len: usize) -> Vec<u8> {
    let at = |n: usize| (n as u64 + link.0 * 31).wrapping_mul(0x9e37_79b9) as u8;
    (from..from + len).map(at).collect()
}

#[test]
fn bytes_come_in_order_and_whole() {
    for seed in 0..60 {
        let mut drawn = stream(seed);
        let weather = weather(drawn.size(1, 70_000), drawn.size(1, 100_000));
        let (mut wire, mut sent) = (Wire::new(seed, weather, &[]), [0, 0]);
        let link = wire.connected(1);
        let (mut read, mut got, total) = (Vec::new(), Vec::new(), 3_000);
        while read.len() < total || got.len() < total {
            let len = (total - sent[0]).min(drawn.size(1, 3_000) as usize);
            wire.client_sends(link, &text(link, sent[0], len));
            sent[0] += len;
            let len = (total - sent[1]).min(drawn.size(1, 3_000) as usize);
            if len > 0
                && let Took::Some(took) = wire.node_sends(link, &text(link, sent[1], len))
            {
                assert!(took > 0 && took <= len);
                sent[1] += took;
            }
            if let Got::Bytes(bytes) = wire.recv(link, drawn.size(1, 3_000) as usize) {
                read.extend_from_slice(&bytes);
            }
            wire.run(drawn.size(1, MS));
            got.extend(wire.client_got(link));
            wire.told.clear();
        }
        assert_eq!(read, text(link, 0, total), "seed {seed}");
        assert_eq!(got, text(link, 0, total), "seed {seed}");
    }
}

#[test]
fn large_things_come_in_several_pieces_and_small_ones_whole() {
    let mut wire = Wire::new(5, weather(1_000, 100_000), &[]);
    let link = wire.connected(1);
    assert_eq!(
        wire.node_sends(link, &text(link, 0, 50_000)),
        Took::Some(50_000)
    );
    wire.run(SECOND);
    let tells = wire.told.iter();
    let pieces =
        tells.filter(|(_, tell)| matches!(tell, NetTell::Client(_, ClientTell::Received(..))));
    let pieces = pieces.count();
    assert!((3..100).contains(&pieces), "{pieces} pieces");
    wire.client_sends(link, b"a");
    wire.run(SECOND);
    assert_eq!(wire.recv(link, 10), Got::Bytes(Bytes::from_static(b"a")));
}

#[test]
fn nobody_listens() {
    let mut wire = Wire::new(1, weather(1000, 1000), &[]);
    wire.net.listening(NODE, false);
    let link = wire.connect(1);
    wire.run(SECOND);
    let gone = NetTell::Client(1, ClientTell::Gone(link));
    let told: Vec<_> = wire.told.iter().map(|(_, tell)| tell).collect();
    assert_eq!(told, [&gone]);
    assert!(wire.net.links.is_empty());
}

#[test]
fn a_node_that_dies_or_is_cut_off_takes_no_other_with_it() {
    let mut wire = Wire::new(1, weather(1000, 1000), &[]);
    let other = NodeId(2);
    wire.net.listening(other, true);
    let here = wire.connected(1);
    let there = wire.with(|net, air, _| net.connect(1, other, 0, air));
    wire.run(SECOND);
    assert!(wire.client_was_told(1, &ClientTell::Connected(there)));
    let until = wire.now + 3 * SECOND;
    wire.net.cut(Whose::Node(other), until);
    for link in [here, there] {
        wire.client_sends(link, b"abc");
    }
    wire.run(SECOND);
    let readable = |node, link| NetTell::Node(node, NodeTell::Readable(link));
    let told = |wire: &Wire, what: NetTell| wire.told.iter().any(|(_, tell)| *tell == what);
    assert!(told(&wire, readable(NODE, here)));
    assert!(!told(&wire, readable(other, there)));
    wire.run(9 * SECOND);
    assert!(told(&wire, readable(other, there)));
    wire.with(|net, air, _| net.process_died(other, air));
    wire.run(SECOND);
    assert!(wire.client_was_told(1, &ClientTell::Gone(there)));
    assert!(!wire.client_was_told(1, &ClientTell::Gone(here)));
    let refused = wire.with(|net, air, _| net.connect(2, other, 0, air));
    wire.run(SECOND);
    assert!(wire.client_was_told(2, &ClientTell::Gone(refused)));
    wire.connected(2);
}

#[test]
fn some_connections_are_refused() {
    let mut wire = Wire::new(1, weather(1000, 1000), &[(Chance::AcceptRefused, 3)]);
    let links: Vec<Link> = (0..60).map(|_| wire.connect(1)).collect();
    wire.run(SECOND);
    let refused = |link: &&Link| wire.client_was_told(1, &ClientTell::Gone(**link));
    let refused = links.iter().filter(refused).count();
    assert!((5..40).contains(&refused), "{refused} of 60");
    assert_eq!(wire.net.links.len(), 60 - refused);
}

#[test]
fn a_reader_that_does_not_read_stops_the_sender() {
    let mut wire = Wire::new(3, weather(1000, 4_000), &[]);
    let link = wire.connected(1);
    wire.with(|net, air, _| net.reading(1, false, air));
    assert_eq!(
        wire.node_sends(link, &text(link, 0, 5_000)),
        Took::Some(4_000)
    );
    wire.run(10 * SECOND);
    assert_eq!(wire.node_sends(link, b"more"), Took::Full);
    assert_eq!(wire.client_got(link), b"");
    let writable = (wire.now, NetTell::Node(NODE, NodeTell::Writable(link)));
    assert!(!wire.told.contains(&writable));
    wire.with(|net, air, _| net.reading(1, true, air));
    wire.run(0);
    assert!(wire.told.contains(&writable));
    assert_eq!(wire.client_got(link), text(link, 0, 4_000));
    assert_eq!(wire.node_sends(link, b"more"), Took::Some(4));
}

#[test]
fn a_node_that_does_not_read_holds_the_client_up() {
    let mut wire = Wire::new(3, weather(1000, 4_000), &[]);
    let link = wire.connected(1);
    wire.client_sends(link, &text(link, 0, 10_000));
    wire.run(SECOND);
    let unread = |wire: &Wire| {
        wire.net.links[&link]
            .unread
            .iter()
            .map(Bytes::len)
            .sum::<usize>()
    };
    assert_eq!(unread(&wire), 4_000);
    assert!(matches!(wire.recv(link, 100), Got::Bytes(_)));
    wire.run(SECOND);
    assert_eq!(unread(&wire), 4_000);
    let mut all = 100;
    while all < 10_000 {
        all += wire.drain(link).0.len();
        wire.run(SECOND);
    }
    wire.with(|net, air, _| net.client_close(link, air));
    wire.run(SECOND);
    assert_eq!(wire.drain(link), (Vec::new(), Got::Finished));
}

#[test]
fn nothing_passes_a_cut() {
    let mut wire = Wire::new(8, weather(1000, 4_000), &[]);
    let link = wire.connected(1);
    let other = wire.connected(2);
    let until = wire.now + 10 * SECOND;
    wire.net.cut(Whose::Client(1), until);
    wire.client_sends(link, b"request");
    wire.client_sends(other, b"request");
    wire.node_sends(link, b"answer");
    let told = wire.told.len();
    wire.run(9 * SECOND);
    assert_eq!(wire.recv(link, 100), Got::Nothing);
    assert_eq!(wire.drain(other).0, b"request");
    assert_eq!(wire.told.len(), told + 1, "only the other is readable");
    wire.run(60 * SECOND);
    assert_eq!(wire.drain(link).0, b"request");
    assert_eq!(wire.client_got(link), b"answer");
}

#[test]
fn a_long_cut_ends_the_patience_of_who_sent() {
    let mut wire = Wire::new(8, weather(1000, 4_000), &[]);
    let (sends, quiet) = (wire.connected(1), wire.connected(1));
    let until = wire.now + 3_000 * SECOND;
    wire.net.cut(Whose::All, until);
    wire.node_sends(sends, b"answer");
    let knocks = wire.connect(2);
    wire.run(400 * SECOND);
    assert_eq!(wire.gone(sends), Some(Why::TimedOut));
    assert!(wire.client_was_told(2, &ClientTell::Gone(knocks)));
    assert_eq!(wire.gone(quiet), None);
    assert!(!wire.client_was_told(1, &ClientTell::Gone(quiet)));
    // The other end finds out by asking.
    wire.run(400 * SECOND);
    assert!(wire.client_was_told(1, &ClientTell::Gone(sends)));
    assert_eq!(wire.client_got(sends), b"");
    wire.run(3_000 * SECOND);
    wire.client_sends(quiet, b"still there");
    wire.run(SECOND);
    assert_eq!(wire.drain(quiet).0, b"still there");
}

#[test]
fn the_end_of_a_process_is_heard_after_a_cut() {
    let mut wire = Wire::new(8, weather(1000, 4_000), &[]);
    let link = wire.connected(1);
    let until = wire.now + 5 * SECOND;
    wire.net.cut(Whose::All, until);
    wire.with(|net, air, _| net.process_died(NODE, air));
    wire.run(4 * SECOND);
    assert!(!wire.client_was_told(1, &ClientTell::Gone(link)));
    wire.with(|net, air, _| net.heal(air));
    wire.run(SECOND);
    assert!(wire.client_was_told(1, &ClientTell::Gone(link)));
    assert!(wire.net.links.is_empty());
}

#[test]
fn a_half_open_end_is_told_nothing_until_it_sends() {
    let lasts = 100 * SECOND;
    for sends in [false, true] {
        let mut wire = Wire::new(4, weather(1000, 4_000), &[]);
        let link = wire.connected(1);
        wire.breaks(1, BreakHow::HalfOpen { lasts });
        assert!(wire.client_was_told(1, &ClientTell::Gone(link)));
        wire.run(lasts / 2);
        assert_eq!((wire.gone(link), wire.recv(link, 9)), (None, Got::Nothing));
        if sends {
            assert_eq!(wire.node_sends(link, b"answer"), Took::Some(6));
            wire.run(SECOND);
            assert_eq!(wire.gone(link), Some(Why::Reset));
        } else {
            wire.run(lasts);
            assert_eq!(wire.gone(link), Some(Why::TimedOut));
        }
    }
}

#[test]
fn a_late_request_comes_when_its_client_is_gone() {
    let after = 20 * SECOND;
    for sent_before in [false, true] {
        let mut wire = Wire::new(4, weather(1000, 4_000), &[]);
        let link = wire.connected(1);
        if sent_before {
            wire.client_sends(link, b"request");
        }
        wire.breaks(1, BreakHow::LateRequest { after });
        if !sent_before {
            wire.client_sends(link, b"request");
        }
        wire.run(after / 2);
        assert!(wire.client_was_told(1, &ClientTell::Gone(link)));
        assert_eq!(wire.recv(link, 9), Got::Nothing);
        // Answers go nowhere, and nobody says so.
        assert_eq!(wire.node_sends(link, b"earlier answer"), Took::Some(14));
        let mut said = Got::Nothing;
        let mut all = Vec::new();
        while said == Got::Nothing {
            wire.run(SECOND);
            let (bytes, then) = wire.drain(link);
            all.extend(bytes);
            said = then;
        }
        assert!(wire.now >= after);
        assert_eq!((&all[..], said), (&b"request"[..], Got::Finished));
        assert_eq!(wire.gone(link), None);
    }
}

#[test]
fn links_break_at_any_byte() {
    let (mut lengths, mut whole) = (BTreeSet::new(), 0);
    for seed in 0..300 {
        let rates = [(Chance::SegmentBreaks, 3)];
        let mut wire = Wire::new(seed, weather(100, 4_000), &rates);
        let link = wire.connected(1);
        wire.client_sends(link, b"request");
        wire.run(SECOND);
        let (bytes, said) = wire.drain(link);
        assert_eq!(bytes, b"request"[..bytes.len()]);
        wire.run(SECOND);
        if said == Got::Nothing {
            whole += 1;
            continue;
        }
        lengths.insert(bytes.len());
        assert!(wire.client_was_told(1, &ClientTell::Gone(link)));
        assert_eq!(wire.gone(link), Some(Why::Reset));
    }
    assert_eq!(lengths, (0..=7).collect(), "every length is met");
    assert!(whole > 50);
}

#[test]
fn answers_that_were_taken_can_be_lost() {
    let (mut lost, mut came) = (0, 0);
    for seed in 0..100 {
        let mut wire = Wire::new(seed, weather(100, 4_000), &[(Chance::SegmentBreaks, 2)]);
        let link = wire.connected(1);
        assert_eq!(wire.node_sends(link, b"answer"), Took::Some(6));
        wire.run(SECOND);
        match wire.client_got(link).len() {
            6 if !wire.client_was_told(1, &ClientTell::Gone(link)) => came += 1,
            _ => lost += 1,
        }
    }
    assert!(lost > 20 && came > 20, "{lost} lost, {came} came");
}

#[test]
fn who_closes_in_order_is_heard_to_the_end() {
    let mut wire = Wire::new(2, weather(10, 4_000), &[]);
    let link = wire.connected(1);
    wire.node_sends(link, &text(link, 0, 3_000));
    wire.with(|net, air, _| net.node_close(link, air));
    wire.run(SECOND);
    assert_eq!(wire.client_got(link), text(link, 0, 3_000));
    let last = wire.told.last().map(|(_, tell)| tell.clone());
    assert_eq!(last, Some(NetTell::Client(1, ClientTell::Gone(link))));
    assert_eq!(wire.gone(link), None, "who closes is told nothing");
    assert!(wire.net.links.is_empty());
}

#[test]
fn who_closes_with_bytes_unread_resets() {
    let mut wire = Wire::new(2, weather(10, 4_000), &[]);
    let link = wire.connected(1);
    wire.client_sends(link, b"request");
    wire.run(SECOND);
    wire.node_sends(link, &text(link, 0, 4_000));
    wire.with(|net, air, _| net.node_close(link, air));
    wire.run(SECOND);
    assert!(wire.client_got(link).len() < 4_000, "the reset overtakes");
    assert!(wire.client_was_told(1, &ClientTell::Gone(link)));
}

#[test]
fn what_came_before_a_reset_is_sometimes_read() {
    let (mut read, mut lost) = (0, 0);
    for seed in 0..40 {
        let mut wire = Wire::new(seed, weather(1000, 4_000), &[]);
        let link = wire.connected(1);
        wire.client_sends(link, b"request");
        wire.node_sends(link, b"answer");
        // The client closes over an unread answer.
        wire.with(|net, air, _| net.reading(1, false, air));
        wire.run(SECOND);
        wire.with(|net, air, _| net.client_close(link, air));
        wire.run(SECOND);
        assert_eq!(wire.node_sends(link, b"more"), Took::Broken);
        match wire.drain(link) {
            (bytes, Got::Broken) if bytes == b"request" => read += 1,
            (bytes, Got::Broken) if bytes.is_empty() => lost += 1,
            other => panic!("{other:?}"),
        }
        wire.run(SECOND);
        assert_eq!(wire.gone(link), Some(Why::Reset));
    }
    assert!(read > 5 && lost > 5, "{read} read, {lost} lost");
}

/// Clients and a node that do anything at any time, while anything goes wrong.
#[derive(Clone)]
struct Crowd {
    wire: Wire,
    drawn: Stream,
    /// What each end has sent that was taken: by link, the client's and the node's.
    sent: BTreeMap<Link, [usize; 2]>,
    read: BTreeMap<Link, usize>,
    /// Ends that were closed by their owners.
    client_closed: BTreeSet<Link>,
    node_closed: BTreeSet<Link>,
    heard: usize,
    node_open: BTreeSet<Link>,
    client_open: BTreeMap<Link, u32>,
}

impl Crowd {
    fn new(seed: u64) -> Crowd {
        let mut drawn = stream(seed);
        let weather = weather(drawn.size(20, 2_000), drawn.size(300, 5_000));
        let rates = [(Chance::SegmentBreaks, 200), (Chance::AcceptRefused, 20)];
        Crowd {
            wire: Wire::new(seed, weather, &rates),
            drawn,
            sent: BTreeMap::new(),
            read: BTreeMap::new(),
            client_closed: BTreeSet::new(),
            node_closed: BTreeSet::new(),
            heard: 0,
            node_open: BTreeSet::new(),
            client_open: BTreeMap::new(),
        }
    }

    /// N2: what was told fits what was told before.
    fn hear(&mut self) {
        let told: Vec<_> = self.wire.told[self.heard..].to_vec();
        self.heard = self.wire.told.len();
        for (_, tell) in told {
            match tell {
                NetTell::Node(_, NodeTell::Incoming { link, .. }) => {
                    assert!(self.node_open.insert(link));
                }
                NetTell::Node(_, NodeTell::Gone(link, _)) => {
                    assert!(self.node_open.remove(&link), "{link:?} is gone twice");
                }
                NetTell::Node(_, NodeTell::Readable(link) | NodeTell::Writable(link)) => {
                    assert!(self.node_open.contains(&link));
                }
                NetTell::Client(
                    _,
                    ClientTell::Connected(link)
                    | ClientTell::Received(link, _)
                    | ClientTell::HungUp(link),
                ) => {
                    assert!(self.client_open.contains_key(&link));
                }
                NetTell::Client(_, ClientTell::Gone(link)) => {
                    assert!(
                        self.client_open.remove(&link).is_some(),
                        "{link:?} is gone twice"
                    );
                }
            }
        }
    }

    fn act(&mut self) {
        let client = 1 + self.drawn.below(3) as u32;
        let links: Vec<Link> = self.sent.keys().copied().collect();
        let newest = links.len().saturating_sub(6);
        let link = match links.len() {
            0 => Link(0),
            many => links[self.drawn.within(newest as u64, many as u64 - 1) as usize],
        };
        let len = self.drawn.size(1, 1_500) as usize;
        match self.drawn.below(60) {
            0..4 => {
                let link = self.wire.connect(client);
                self.sent.insert(link, [0, 0]);
                self.client_open.insert(link, client);
            }
            4..20 => {
                if self.client_open.contains_key(&link) {
                    let from = self.sent[&link][0];
                    self.wire.client_sends(link, &text(link, from, len));
                    self.sent.entry(link).or_default()[0] += len;
                }
            }
            20..36 => {
                if self.node_open.contains(&link) {
                    let from = self.sent[&link][1];
                    let took = self.wire.node_sends(link, &text(link, from, len));
                    if let Took::Some(took) = took {
                        self.sent.entry(link).or_default()[1] += took;
                    }
                }
            }
            36..52 => self.node_reads(link, len),
            52 => {
                self.wire.with(|net, air, _| net.client_close(link, air));
                if self.client_open.remove(&link).is_some() {
                    self.client_closed.insert(link);
                }
            }
            53 => self.node_closes(link),
            54 => self.go_wrong(client),
            _ => {
                let until = self.wire.now + self.drawn.size(1, MS);
                self.wire.step(until);
            }
        }
        if self.drawn.coin() {
            let until = self.wire.now + self.drawn.size(1, 10 * MS);
            self.wire.step(until);
        }
        self.hear();
    }

    fn node_reads(&mut self, link: Link, most: usize) {
        if !self.node_open.contains(&link) {
            return;
        }
        match self.wire.recv(link, most) {
            Got::Bytes(bytes) => {
                let read = self.read.entry(link).or_default();
                assert_eq!(bytes, text(link, *read, bytes.len()), "in order");
                *read += bytes.len();
                assert!(*read <= self.sent[&link][0], "none made up");
            }
            Got::Finished => self.node_closes(link),
            Got::Nothing | Got::Broken => {}
        }
    }

    fn node_closes(&mut self, link: Link) {
        self.wire.with(|net, air, _| net.node_close(link, air));
        if self.node_open.remove(&link) {
            self.node_closed.insert(link);
        }
    }

    fn go_wrong(&mut self, client: u32) {
        let client = (client < 3).then_some(client);
        let lasts = self.drawn.size(MS, 200 * SECOND);
        let how = match self.drawn.below(4) {
            0 => BreakHow::Reset,
            1 => BreakHow::Finish,
            2 => BreakHow::HalfOpen { lasts },
            _ => BreakHow::LateRequest { after: lasts },
        };
        match self.drawn.below(8) {
            0..4 => self
                .wire
                .with(|net, air, out| net.break_links(client.into(), how, air, out)),
            4 => {
                let until = self.wire.now + lasts;
                self.wire.net.cut(client.into(), until);
            }
            5 | 6 => {
                let reads = self.drawn.coin();
                let client = client.unwrap_or(3);
                self.wire
                    .with(|net, air, _| net.reading(client, reads, air));
            }
            _ => {
                self.hear();
                self.wire.with(|net, air, _| net.process_died(NODE, air));
                self.node_open.clear();
                self.wire.net.listening(NODE, self.drawn.coin());
            }
        }
    }

    /// Everything heals; the node reads all there is.
    fn rest(&mut self) {
        self.wire.dice.stop();
        self.wire.with(|net, air, _| net.heal(air));
        loop {
            self.wire.run(SECOND);
            self.hear();
            let before: usize = self.read.values().sum();
            for link in self.node_open.clone() {
                (0..100).for_each(|_| self.node_reads(link, 10_000));
            }
            let after: usize = self.read.values().sum();
            if before == after && self.wire.agenda.next_at().is_none() {
                return;
            }
        }
    }
}

#[test]
fn every_end_is_gone_once_whatever_goes_wrong() {
    for seed in 0..100 {
        let mut crowd = Crowd::new(seed);
        for _ in 0..600 {
            crowd.act();
        }
        crowd.rest();
        // Who is still open is so on both sides, and heard all that the other said.
        let clients: BTreeSet<Link> = crowd.client_open.keys().copied().collect();
        assert_eq!(crowd.node_open, clients, "seed {seed}");
        for link in clients {
            let read = crowd.read.get(&link).copied().unwrap_or(0);
            assert_eq!(read, crowd.sent[&link][0], "seed {seed}, {link:?}");
        }
        for (link, [_, sent]) in &crowd.sent {
            let got = crowd.wire.client_got(*link);
            assert_eq!(got, text(*link, 0, got.len()), "seed {seed}, {link:?}");
            assert!(got.len() <= *sent);
            if crowd.node_open.contains(link) {
                assert_eq!(got.len(), *sent, "seed {seed}, {link:?}");
            }
        }
        assert_eq!(crowd.wire.net.links.len(), crowd.node_open.len());
    }
}

#[test]
fn the_same_seed_goes_the_same_way_and_so_does_a_copy() {
    for seed in 0..10 {
        let (mut one, mut two) = (Crowd::new(seed), Crowd::new(seed));
        (0..300).for_each(|_| one.act());
        (0..300).for_each(|_| two.act());
        let mut copy = one.clone();
        assert_eq!(one.wire.told, two.wire.told);
        (0..300).for_each(|_| one.act());
        (0..300).for_each(|_| copy.act());
        one.rest();
        copy.rest();
        assert_eq!(one.wire.told, copy.wire.told);
    }
    let (mut one, mut other) = (Crowd::new(1), Crowd::new(2));
    (0..300).for_each(|_| one.act());
    (0..300).for_each(|_| other.act());
    assert_ne!(one.wire.told, other.wire.told);
}

/// N3: what client 2 is told, and when, with or without trouble at client 1.
fn told_to_the_second(trouble: bool) -> Vec<(Nanos, ClientTell)> {
    let rates = [(Chance::SegmentBreaks, 50)];
    let mut wire = Wire::new(9, weather(300, 4_000), &rates);
    let mut all = Vec::new();
    wire.connect(1);
    for round in 0..40 {
        let link = wire.connect(2);
        wire.run(SECOND);
        if trouble && round % 3 == 0 {
            let how = BreakHow::Reset;
            wire.breaks(1, how);
            let again = wire.connect(1);
            wire.client_sends(again, &[1; 5_000]);
        }
        wire.client_sends(link, &[0; 2_000]);
        wire.run(SECOND);
        wire.node_sends(link, &[7; 3_000]);
        wire.run(SECOND);
        // Without the links' numbers: these are counted over the run.
        all.extend(wire.told.drain(..).filter_map(|(at, tell)| match tell {
            NetTell::Client(2, ClientTell::Connected(_)) => {
                Some((at, ClientTell::Connected(Link(0))))
            }
            NetTell::Client(2, ClientTell::Gone(_)) => Some((at, ClientTell::Gone(Link(0)))),
            NetTell::Client(2, ClientTell::Received(_, bytes)) => {
                Some((at, ClientTell::Received(Link(0), bytes)))
            }
            _ => None,
        }));
    }
    all
}

#[test]
fn a_fault_of_one_client_moves_nothing_of_another() {
    let told = told_to_the_second(false);
    assert_eq!(told, told_to_the_second(true));
    assert!(
        told.iter()
            .any(|(_, tell)| matches!(tell, ClientTell::Gone(_)))
    );
    assert!(told.len() > 100);
}
