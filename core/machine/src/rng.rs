//! Randomness from a seed: ChaCha8, so that what it draws (member ids, uuids) cannot be predicted from outside.
//! Each part gets a child at birth and numbers its own draws, so removing one event shifts no other part's draws.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// A stream of random numbers, given by its seed alone.
#[derive(Clone, Debug)]
pub struct Rng {
    seed: [u8; 32],
    stream: ChaCha8Rng,
}

impl Rng {
    /// The stream of this seed.
    pub fn new(seed: [u8; 32]) -> Rng {
        Rng {
            seed,
            stream: ChaCha8Rng::from_seed(seed),
        }
    }

    /// The child with this label: depends on the seed and the label only, not on what was drawn before.
    pub fn child(&self, label: u64) -> Rng {
        let mut stream = ChaCha8Rng::from_seed(self.seed);
        stream.set_stream(label.wrapping_add(1));
        let mut seed = [0; 32];
        stream.fill_bytes(&mut seed);
        Rng::new(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.stream.next_u64()
    }

    /// 16 random bytes, as an id needs them.
    pub fn next_16(&mut self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.stream.fill_bytes(&mut bytes);
        bytes
    }

    /// A number below `limit`; `limit` must not be 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        assert!(limit > 0, "a draw needs room");
        // The high half of the product is uniform up to a bias of limit/2^64, which no caller here can notice.
        ((u128::from(self.next_u64()) * u128::from(limit)) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn a_child_does_not_depend_on_draws() {
        let mut parent = Rng::new([7; 32]);
        let before = parent.child(3).next_u64();
        parent.next_u64();
        assert_eq!(before, parent.child(3).next_u64());
        assert_ne!(before, parent.child(4).next_u64());
    }

    #[test]
    fn below_stays_below() {
        let mut rng = Rng::new([1; 32]);
        let drawn: Vec<u64> = (0..1000).map(|_| rng.below(7)).collect();
        assert!(drawn.iter().all(|&n| n < 7));
        assert!((0..7).all(|n| drawn.contains(&n)));
    }
}
