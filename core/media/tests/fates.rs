//! What a power cut leaves, against a model that remembers every state of a file: random lives, random fates.

use std::collections::BTreeMap;

use ottla_media::{Covered, Failed, Fate, Media, Node, Opening, SECTOR, Unsynced};

const WHOLE: usize = SECTOR as usize;

type Sector = [u8; WHOLE];

/// splitmix64.
struct Rng(u64);

impl Rng {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % limit
    }
}

/// What the media holds of a sector after a failed sync, and the state in which it was written again.
struct Left {
    image: Sector,
    again: Option<usize>,
}

/// Every state that the file was in.
struct Model {
    states: Vec<Vec<u8>>,
    /// The one that is durable.
    base: usize,
    left: BTreeMap<u64, Left>,
}

fn sector_of(bytes: &[u8], sector: u64) -> Sector {
    let mut image = [0; WHOLE];
    let from = bytes.len().min(sector as usize * WHOLE);
    let held = &bytes[from..bytes.len().min(from + WHOLE)];
    image[..held.len()].copy_from_slice(held);
    image
}

/// Where two files differ first, and their lengths.
fn differ(one: &[u8], other: &[u8]) -> (Option<usize>, usize, usize) {
    let mut pairs = one.iter().zip(other);
    let place = pairs.position(|(one, other)| one != other);
    (place, one.len(), other.len())
}

impl Model {
    fn new() -> Model {
        Model {
            states: vec![Vec::new()],
            base: 0,
            left: BTreeMap::new(),
        }
    }

    fn now(&self) -> &[u8] {
        self.states.last().expect("a state")
    }

    fn since(&self) -> &[Vec<u8>] {
        &self.states[self.base..]
    }

    fn lengths(&self) -> (u64, u64) {
        let lens = || self.since().iter().map(|state| state.len() as u64);
        (lens().min().expect("one"), lens().max().expect("one"))
    }

    /// These bytes of the file are written or cut: `change` says how.
    fn change(&mut self, from: usize, to: usize, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.now().to_vec();
        change(&mut state);
        self.states.push(state);
        let again = Some(self.states.len() - 1);
        for (sector, left) in &mut self.left {
            let begin = *sector as usize * WHOLE;
            let written = from < to && from < begin + WHOLE && begin < to;
            if left.again.is_none() && written {
                left.again = again;
            }
        }
    }

    fn write(&mut self, at: usize, bytes: &[u8]) {
        let end = at + bytes.len();
        self.change(at, end, |state| {
            state.resize(state.len().max(end), 0);
            state[at..end].copy_from_slice(bytes);
        });
    }

    fn truncate(&mut self, len: usize) {
        let end = self.now().len();
        self.change(len, end, |state| state.resize(len, 0));
    }

    /// A sync that began in this state has ended.
    fn synced(&mut self, began: usize) {
        self.base = began;
        self.left
            .retain(|_, left| left.again.is_none_or(|again| again > began));
    }

    fn old(&self, sector: u64) -> Sector {
        let base = &self.states[self.base];
        match self.left.get(&sector) {
            None => sector_of(base, sector),
            Some(Left { image, again: None }) => *image,
            // Its page knew where the file ended.
            Some(Left { image, .. }) => {
                let held = base.len().saturating_sub(sector as usize * WHOLE);
                sector_of(&image[..held.min(WHOLE)], 0)
            }
        }
    }

    fn lose(&mut self) {
        for sector in 0..self.now().len().div_ceil(WHOLE) as u64 {
            let image = self.old(sector);
            let same = |state: &Vec<u8>| sector_of(state, sector) == image;
            if !self.since().iter().all(same) || self.left.contains_key(&sector) {
                self.left.insert(sector, Left { image, again: None });
            }
        }
    }

    fn revert(&mut self) {
        let len = self.states[self.base].len();
        let lost = |sector| matches!(self.left.get(&sector), Some(Left { again: None, .. }));
        let mut state = Vec::new();
        for sector in 0..len.div_ceil(WHOLE) as u64 {
            let image = match lost(sector) {
                true => sector_of(self.now(), sector),
                false => self.old(sector),
            };
            state.extend_from_slice(&image);
        }
        state.truncate(len);
        self.states.push(state);
        self.base = self.states.len() - 1;
        self.left
            .retain(|sector, left| left.again.is_none() && sector * SECTOR < len as u64);
    }

    /// Whether a sector may be this after a cut in which it had that fate.
    fn allows(&self, sector: u64, fate: Fate, found: Sector) -> bool {
        let (old, new) = (self.old(sector), sector_of(self.now(), sector));
        let unsure = self.lengths().0.saturating_sub(sector * SECTOR);
        let unsure = unsure.min(SECTOR) as usize;
        let joined = |first: Sector, rest: Sector, at: u16| {
            let at = WHOLE.min(at.into());
            found[..at] == first[..at] && found[at..] == rest[at..]
        };
        match fate {
            Fate::Old | Fate::Length(_) => found == old,
            Fate::New => found == new,
            Fate::Earlier(_) => {
                let left = self.left.get(&sector).map(|left| left.image);
                let mut since = self.since().iter();
                found == old
                    || left == Some(found)
                    || since.any(|state| sector_of(state, sector) == found)
            }
            Fate::Torn(at) => joined(new, old, at),
            Fate::TornFrom(at) => joined(old, new, at),
            Fate::Zero => {
                found[..unsure] == old[..unsure] && found[unsure..].iter().all(|b| *b == 0)
            }
            Fate::Garbage(_) => found[..unsure] == old[..unsure],
        }
    }

    /// A sector that nobody was asked about.
    fn allows_unasked(&self, sector: u64, found: Sector) -> bool {
        match self.left.get(&sector) {
            Some(Left { image, again: None }) => found == *image,
            _ => {
                let same = |state: &Vec<u8>| sector_of(state, sector) == found;
                self.old(sector) == found && self.since().iter().all(same)
            }
        }
    }
}

/// One file and its model.
struct Life {
    media: Media,
    node: Node,
    model: Model,
    /// Syncs under way, and the states in which they began; none when another has failed since.
    syncs: Vec<(Covered, Option<usize>)>,
    ended: usize,
    rng: Rng,
}

impl Life {
    fn new(seed: u64) -> Life {
        let mut media = Media::new(1 << 20);
        let how = Opening {
            create: true,
            truncate: false,
        };
        let node = media.open("f", how).expect("room").node;
        media.sync_dir("").expect("the root");
        Life {
            media,
            node,
            model: Model::new(),
            syncs: Vec::new(),
            ended: 0,
            rng: Rng(seed),
        }
    }

    fn write(&mut self, at: usize) {
        let len = 1 + self.rng.below([40, 1500][self.rng.0 as usize % 2]) as usize;
        // Never zeros: what a sector was before must be told from what it is.
        let first = self.rng.below(200) as u8;
        let bytes: Vec<u8> = (0..len).map(|n| 1 + first + (n % 50) as u8).collect();
        if self.rng.below(6) > 0 {
            self.media
                .write(self.node, at as u64, &bytes)
                .expect("room");
            self.model.write(at, &bytes);
            return;
        }
        // A write that is cut short.
        let (rng, model) = (&mut self.rng, &mut self.model);
        let fate = |sector: u64| {
            let fate = fate(rng, 0, 0);
            let begin = sector as usize * WHOLE;
            let (from, to) = match fate {
                Fate::New => (0, WHOLE),
                Fate::Torn(to) => (0, WHOLE.min(to.into())),
                Fate::TornFrom(from) => (WHOLE.min(from.into()), WHOLE),
                _ => (0, 0),
            };
            let (from, to) = ((begin + from).max(at), (begin + to).min(at + len));
            if from < to {
                model.write(from, &bytes[from - at..to - at]);
            }
            fate
        };
        self.media
            .write_some(self.node, at as u64, &bytes, fate)
            .expect("room");
    }

    fn void(&mut self) {
        for (_, began) in &mut self.syncs {
            *began = None;
        }
    }

    fn turn(&mut self) {
        let len = self.model.now().len() as u64;
        match self.rng.below(24) {
            0..10 => self.write(len as usize),
            10..13 => {
                let at = self.rng.below(len + 1) as usize;
                self.write(at);
            }
            13 => {
                let at = len + self.rng.below(2000);
                self.write(at as usize);
            }
            14..16 => {
                let len = self.rng.below(len + 1 + len / 8);
                self.media.truncate(self.node, len).expect("room");
                self.model.truncate(len as usize);
            }
            16..19 => {
                let covered = self.media.sync_begins(self.node).expect("open");
                self.syncs
                    .push((covered, Some(self.model.states.len() - 1)));
            }
            19..21 if !self.syncs.is_empty() => {
                let drawn = self.rng.below(self.syncs.len() as u64) as usize;
                let (covered, began) = self.syncs.remove(drawn);
                self.media.sync_ends(self.node, covered).expect("open");
                // One that began earlier and ends later covers nothing more.
                if let Some(began) = began.filter(|began| *began >= self.ended) {
                    self.ended = began;
                    self.model.synced(began);
                }
            }
            21 => {
                self.media.sync(self.node).expect("open");
                self.ended = self.model.states.len() - 1;
                self.model.synced(self.ended);
            }
            22 if self.rng.below(3) == 0 => {
                self.media
                    .sync_fails(self.node, Failed::Keeps)
                    .expect("open");
                self.model.lose();
                self.void();
            }
            23 if self.rng.below(3) == 0 => {
                self.media
                    .sync_fails(self.node, Failed::Reverts)
                    .expect("open");
                self.model.revert();
                self.void();
            }
            _ => {}
        }
        self.media.check();
        let now = self
            .media
            .read(self.node, 0, usize::MAX >> 1)
            .expect("open");
        assert!(
            now == self.model.now(),
            "read {:?}",
            differ(&now, self.model.now())
        );
    }

    /// A range that is called durable is the same in every state that may come back, and after this cut.
    fn ask_durable(&mut self) -> Option<(usize, usize)> {
        let (least, most) = self.model.lengths();
        let from = self.rng.below(most + 1);
        let to = from + 1 + self.rng.below(700);
        let said = self.media.durable(self.node, from, to).expect("open");
        let mut surely = to <= least;
        let mut perhaps = to <= least;
        for at in from..to.min(least) {
            let (sector, within) = (at / SECTOR, (at % SECTOR) as usize);
            let now = self.model.now()[at as usize];
            perhaps &= self.model.old(sector)[within] == now;
            let lost = matches!(self.model.left.get(&sector), Some(Left { again: None, .. }));
            let mut since = self.model.since().iter();
            surely &= lost || since.all(|state| state[at as usize] == now);
        }
        assert!(!said || perhaps, "{from}..{to} is not durable");
        assert!(said || !(surely && perhaps), "{from}..{to} is durable");
        said.then_some((from as usize, to as usize))
    }

    fn power_goes(mut self) -> (usize, bool) {
        let durable: Vec<_> = (0..6).filter_map(|_| self.ask_durable()).collect();
        let image = self.media.durable_image();
        let (mut asked, mut length) = (BTreeMap::new(), None);
        let (rng, node) = (&mut self.rng, self.node);
        self.media.power_cut(|what| match what {
            Unsynced::Names(_) => panic!("the name is durable"),
            Unsynced::Sector(at, sector) => {
                assert_eq!(at, node);
                let fate = fate(rng, 0, 0);
                assert_eq!(asked.insert(sector, fate), None, "asked twice");
                fate
            }
            Unsynced::Length { least, most, .. } => {
                let fate = fate(rng, least, most);
                assert_eq!(length.replace((least, most, fate)), None, "asked twice");
                fate
            }
        });
        let left = self.media.read(node, 0, usize::MAX >> 1).expect("open");
        let lengths = length.map_or(self.model.lengths(), |(least, most, _)| (least, most));
        assert_eq!(lengths, self.model.lengths());
        let base = self.model.states[self.model.base].len() as u64;
        let expected = match length.map(|(.., fate)| fate) {
            Some(Fate::New) | None => self.model.now().len() as u64,
            Some(Fate::Length(len)) => len.clamp(lengths.0, lengths.1),
            _ => base,
        };
        assert_eq!(left.len() as u64, expected);
        for sector in 0..expected.div_ceil(SECTOR) {
            let mut found = sector_of(&left, sector);
            let held = (expected - sector * SECTOR).min(SECTOR) as usize;
            let fate = asked.get(&sector).copied();
            // What is beyond the end is not there to be looked at: it is taken from what it should be.
            if held < WHOLE {
                let full = match fate {
                    Some(Fate::New) => sector_of(self.model.now(), sector),
                    Some(Fate::Old) | None => self.model.old(sector),
                    _ => continue,
                };
                found[held..].copy_from_slice(&full[held..]);
            }
            let allowed = match fate {
                Some(fate) => self.model.allows(sector, fate, found),
                None => self.model.allows_unasked(sector, found),
            };
            assert!(allowed, "sector {sector}: {fate:?}");
        }
        for (from, to) in durable {
            assert!(left[from..to] == self.model.now()[from..to], "M1");
        }
        let image = image.read(node, 0, usize::MAX >> 1).expect("named");
        let old = (0..base.div_ceil(SECTOR)).flat_map(|sector| self.model.old(sector));
        let old: Vec<u8> = old.take(base as usize).collect();
        assert!(image == old, "the image {:?}", differ(&image, &old));
        // All that is left is durable.
        let again = self.media.durable_image();
        let again = again.read(node, 0, usize::MAX >> 1).expect("named");
        assert!(again == left, "left {:?}", differ(&again, &left));
        let earlier = asked.values().any(|fate| matches!(fate, Fate::Earlier(_)));
        (asked.len(), earlier)
    }
}

fn fate(rng: &mut Rng, least: u64, most: u64) -> Fate {
    match rng.below(8) {
        0 => Fate::Old,
        1 => Fate::Torn(rng.below(600) as u16),
        2 => Fate::TornFrom(rng.below(600) as u16),
        3 => Fate::Earlier(rng.below(9) as u32),
        4 => Fate::Zero,
        5 => Fate::Garbage(rng.below(1 << 40)),
        6 if most > 0 => Fate::Length(least.saturating_sub(9) + rng.below(most - least + 20)),
        _ => Fate::New,
    }
}

#[test]
fn a_power_cut_leaves_what_the_fates_say_of_every_life() {
    let (mut asked, mut earlier) = (0, 0);
    for seed in 0..2_500 {
        let mut life = Life::new(seed);
        for _ in 0..life.rng.below(60) {
            life.turn();
        }
        let (sectors, any) = life.power_goes();
        asked += sectors;
        earlier += usize::from(any);
    }
    assert!(asked > 5_000 && earlier > 500, "{asked} {earlier}");
}
