//! Mistakes that are switched on by name, and rare situations that are counted. A simulator turns the feature `planted` on, plants one
//! mistake and sees whether its oracles find it; what was reached shows whether its worlds are wild enough. Without the feature both
//! macros are nothing: no branch, no string.
//!
//! Switch and counts are the buffer's ([`crate::Effects`]): no static, and two worlds in one process know nothing of each other.

/// What a buffer of effects was told, for those who have none at hand where a mistake could be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switch {
    #[cfg(feature = "planted")]
    on: Option<u64>,
    #[cfg(feature = "planted")]
    limits: Option<u64>,
}

/// What a mistake is known by where it is asked for: a hash (FNV-1a) of its name.
#[cfg(feature = "planted")]
pub const fn planted_id(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(feature = "planted")]
impl Switch {
    /// This mistake on, every other off; and the core's own limits drawn from this number.
    pub(crate) fn new(name: Option<&str>, limits: Option<u64>) -> Switch {
        Switch {
            on: name.map(planted_id),
            limits,
        }
    }

    /// Half of all limits are as they ship, the others at any scale.
    pub(crate) fn limit(self, id: u64, least: usize, most: usize) -> usize {
        let Some(seed) = self.limits else {
            return most;
        };
        let mut drawn = seed ^ id;
        let mut next = || {
            // SplitMix64: the draw is by place, whoever asks and however often.
            drawn = drawn.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (drawn ^ (drawn >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            (mixed ^ (mixed >> 31)) as usize
        };
        if next().is_multiple_of(2) {
            return most;
        }
        let scales = (most / least).ilog2() as usize + 1;
        let scale = least << (next() % scales);
        (scale + next() % scale).min(most)
    }

    /// Whether this mistake is switched on ([`crate::planted!`]).
    pub fn planted(&self, id: u64) -> bool {
        self.on == Some(id)
    }
}

/// Whether the mistake of this name is switched on. The first argument is anything that is [`crate::Emit`], or a [`crate::Switch`].
#[cfg(feature = "planted")]
#[macro_export]
macro_rules! planted {
    ($fx:expr, $name:literal) => {{
        #[allow(unused_imports, reason = "a switch needs no trait")]
        use $crate::Emit as _;
        const ID: u64 = $crate::planted_id($name);
        ($fx).planted(ID)
    }};
}

/// Whether the mistake of this name is switched on: it is not, the feature `planted` is off.
#[cfg(not(feature = "planted"))]
#[macro_export]
macro_rules! planted {
    ($fx:expr, $name:literal) => {{
        let _ = &$fx;
        false
    }};
}

/// Counts that this rare situation was reached; with a condition, if it holds.
#[cfg(feature = "planted")]
#[macro_export]
macro_rules! sometimes {
    ($fx:expr, $name:literal) => {
        $crate::Emit::reached(&mut *$fx, $name)
    };
    ($fx:expr, $name:literal, if $reached:expr) => {
        if $reached {
            $crate::Emit::reached(&mut *$fx, $name);
        }
    };
}

/// Counts nothing: the feature `planted` is off. The condition is not looked at.
#[cfg(not(feature = "planted"))]
#[macro_export]
macro_rules! sometimes {
    ($fx:expr, $name:literal) => {{
        let _ = &$fx;
    }};
    ($fx:expr, $name:literal, if $reached:expr) => {{
        if false {
            let _ = (&$fx, $reached);
        }
    }};
}

#[cfg(all(test, feature = "planted"))]
mod tests {
    use crate::{Effects, Event, Inspect, Machine, NoJob, Now, Time};

    struct Nobody;

    impl Machine for Nobody {
        type Ask = ();
        type Tell = ();
        type Job = NoJob;

        fn step(&mut self, _: Now, _: Event<Nobody>, _: &mut Effects<Nobody>) {}
        fn settle(&mut self, _: Now, _: &mut Effects<Nobody>) {}
        fn deadline(&self) -> Option<Time> {
            None
        }
        fn inspect(&self, _: &mut dyn Inspect) {}
    }

    fn both(fx: &mut impl crate::Emit) -> (bool, bool) {
        sometimes!(fx, "somebody asked");
        sometimes!(fx, "nobody asked", if false);
        (planted!(fx, "one-mistake"), planted!(fx, "another-mistake"))
    }

    #[test]
    fn one_mistake_is_switched_on_and_situations_are_counted_through_inner_buffers() {
        let mut fx: Effects<Nobody> = Effects::new();
        assert_eq!(both(&mut fx), (false, false));
        fx.plant(Some("another-mistake"), None);
        let mut inner: Effects<Nobody> = fx.inner();
        assert_eq!(both(&mut inner), (false, true));
        fx.account(&inner);
        assert_eq!(both(&mut fx.clone()), (false, true));
        let switch = crate::Emit::switch(&fx);
        assert!(planted!(switch, "another-mistake") && !planted!(switch, "one-mistake"));
        fx.plant(None, None);
        assert_eq!(both(&mut fx), (false, false));
        let sites: Vec<_> = fx.take_sites().into_iter().collect();
        assert_eq!(sites, [("somebody asked", 3)]);
        assert!(fx.take_sites().is_empty());
    }
}
