//! Randomness by counting: what is drawn depends on the seed, on what is drawn for (domain, entity), and on how often that was done
//! before; never on what else was drawn. So one fault can be taken out of a run and every other draw stays.

/// What a draw is for. Two domains never share draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u64)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Domain {
    Script = 1,
    Tie,
    TurnSize,
    TurnDelay,
    Latency,
    Segment,
    Accept,
    DiskLatency,
    DiskOrder,
    DiskShort,
    DiskFault,
    CutSector,
    CutLength,
    CutName,
    Crash,
    Restart,
    NodeSeed,
    ClientThink,
    ClientVersion,
    ClientValue,
    Fork,
    Job,
    Damage,
    Buggify,
    Connection,
}

/// The draws of one seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draw {
    seed: u64,
}

impl Draw {
    /// Those of `seed`.
    pub fn new(seed: u64) -> Draw {
        Draw { seed }
    }

    /// The `n`th draw for `entity` in `domain`: 64 random bits.
    pub fn at(self, domain: Domain, entity: u64, n: u64) -> u64 {
        let entity = mix(entity ^ mix(domain as u64));
        mix(self.seed ^ mix(entity ^ mix(n)))
    }

    /// A number below `limit`, which is not 0.
    pub fn below(self, domain: Domain, entity: u64, n: u64, limit: u64) -> u64 {
        assert!(limit > 0, "a draw needs room");
        ((u128::from(self.at(domain, entity, n)) * u128::from(limit)) >> 64) as u64
    }

    /// True once in `many`; never when `many` is 0.
    pub fn one_in(self, domain: Domain, entity: u64, n: u64, many: u64) -> bool {
        many > 0 && self.below(domain, entity, n, many) == 0
    }

    /// A stream for whoever draws in a fixed order anyway, like the writer of a script.
    pub fn stream(self, domain: Domain, entity: u64) -> Stream {
        Stream {
            draw: self,
            domain,
            entity,
            n: 0,
        }
    }
}

/// Draws one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    draw: Draw,
    domain: Domain,
    entity: u64,
    n: u64,
}

impl Stream {
    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.n += 1;
        self.draw.at(self.domain, self.entity, self.n)
    }

    /// A number below `limit`, which is not 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.n += 1;
        self.draw.below(self.domain, self.entity, self.n, limit)
    }

    /// A number from `least` to `most`, both possible.
    pub fn within(&mut self, least: u64, most: u64) -> u64 {
        least + self.below(most - least + 1)
    }

    /// True with probability one half.
    pub fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    /// True once in `many`.
    pub fn one_in(&mut self, many: u64) -> bool {
        self.below(many) == 0
    }

    /// One of these.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }

    /// A number from `least` to `most` whose size is drawn evenly: small ones are as likely as large ones.
    pub fn size(&mut self, least: u64, most: u64) -> u64 {
        let (low, high) = (least.max(1).ilog2(), most.max(1).ilog2());
        let bits = self.within(u64::from(low), u64::from(high));
        let top = (2u64 << bits).saturating_sub(1).min(most);
        let bottom = (1u64 << bits).max(least).min(top);
        self.within(bottom, top)
    }
}

/// Splitmix64's finalizer: every bit of the input moves half of the output's.
pub fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number for a name, the same in every process.
pub fn entity(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        mix(hash ^ u64::from(byte))
    })
}

#[cfg(test)]
mod tests {
    use super::{Domain, Draw};

    #[test]
    fn a_draw_depends_on_nothing_but_its_place() {
        let draw = Draw::new(7);
        assert_eq!(
            draw.at(Domain::Tie, 3, 9),
            Draw::new(7).at(Domain::Tie, 3, 9)
        );
        assert_ne!(draw.at(Domain::Tie, 3, 9), draw.at(Domain::Tie, 3, 10));
        assert_ne!(draw.at(Domain::Tie, 3, 9), draw.at(Domain::Tie, 4, 9));
        assert_ne!(draw.at(Domain::Tie, 3, 9), draw.at(Domain::Latency, 3, 9));
        assert_ne!(
            draw.at(Domain::Tie, 3, 9),
            Draw::new(8).at(Domain::Tie, 3, 9)
        );
    }

    #[test]
    fn sizes_are_spread_over_magnitudes() {
        let mut stream = Draw::new(1).stream(Domain::Script, 0);
        let drawn: Vec<u64> = (0..2000).map(|_| stream.size(3, 1_000_000)).collect();
        assert!(drawn.iter().all(|n| (3..=1_000_000).contains(n)));
        assert!(drawn.iter().filter(|n| **n < 1000).count() > 400);
        assert!(drawn.iter().filter(|n| **n > 100_000).count() > 100);
    }
}
