//! A bound that the core has set for itself. It ships as the number that stands in a part's `limits.rs`; a simulator may draw it smaller,
//! so that what a full queue, a long listing or the next slice does is seen every day and not once a year.

use crate::Switch;

/// A bound: what it is, and how small it may be drawn.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    value: usize,
    #[cfg(feature = "planted")]
    least: usize,
    #[cfg(feature = "planted")]
    id: u64,
}

impl Limit {
    /// `value` where it ships. Drawn by its `name`, it is at least `least`, which the code around it must be right with.
    pub const fn new(name: &'static str, value: usize, least: usize) -> Limit {
        assert!(0 < least && least <= value, "a range");
        #[cfg(not(feature = "planted"))]
        let _ = name;
        Limit {
            value,
            #[cfg(feature = "planted")]
            least,
            #[cfg(feature = "planted")]
            id: crate::planted_id(name),
        }
    }

    /// What holds for whoever has this switch.
    #[cfg(not(feature = "planted"))]
    #[inline(always)]
    pub const fn of(self, _switch: Switch) -> usize {
        self.value
    }

    /// What holds for whoever has this switch.
    #[cfg(feature = "planted")]
    pub fn of(self, switch: Switch) -> usize {
        switch.limit(self.id, self.least, self.value)
    }

    /// The largest that it may be.
    pub const fn most(self) -> usize {
        self.value
    }
}

#[cfg(all(test, feature = "planted"))]
mod tests {
    use super::*;

    #[test]
    fn half_are_as_they_ship_and_the_rest_are_small_at_every_scale() {
        let limit = Limit::new("a test's", 1 << 20, 3);
        assert_eq!(limit.of(Switch::default()), 1 << 20);
        let drawn: Vec<usize> = (0..4000)
            .map(|seed| limit.of(Switch::new(None, Some(seed))))
            .collect();
        assert!(drawn.iter().all(|drawn| (3..=1 << 20).contains(drawn)));
        let whole = drawn.iter().filter(|drawn| **drawn == 1 << 20).count();
        assert!((1800..2400).contains(&whole), "{whole}");
        for scale in 2..19 {
            let range = (1 << scale)..(2 << scale);
            assert!(drawn.iter().any(|drawn| range.contains(drawn)), "{scale}");
        }
        let other = Limit::new("another", 1 << 20, 3);
        let alike = (0..4000).filter(|seed| {
            let switch = Switch::new(None, Some(*seed));
            other.of(switch) == limit.of(switch)
        });
        assert!(alike.count() < 1600, "each is drawn by itself");
    }
}
