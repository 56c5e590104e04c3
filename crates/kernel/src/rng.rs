//! Seeded chance. All of it is a function of the seed and the number of the commit, so nothing
//! about it needs to be stored, and a failed transaction leaves no trace.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng};

/// A source of repeatable randomness. It is a ChaCha stream, fit for key material.
#[derive(Clone, Debug)]
pub struct Rng(ChaCha8Rng);

impl Rng {
    /// The stream of one commit of one universe.
    pub fn of(seed: u64, sequence: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        bytes[8..16].copy_from_slice(&sequence.to_le_bytes());
        Self(ChaCha8Rng::from_seed(bytes))
    }

    /// The stream that belongs to a name, whatever else has happened: default VPCs get the same
    /// ids no matter which region is looked at first.
    pub fn named(seed: u64, name: &str) -> Self {
        // FNV-1a: short, stable, and no more is needed to tell names apart.
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
        });
        Self::of(seed ^ 0x6e61_6d65, hash)
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`, which is not zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// Whether an event of this probability (0 to 1) happens.
    pub fn chance(&mut self, probability: f64) -> bool {
        (self.bits() >> 11) as f64 / ((1_u64 << 53) as f64) < probability
    }

    /// `length` characters drawn from `alphabet`.
    pub fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| alphabet[self.below(alphabet.len() as u64) as usize] as char).collect()
    }

    /// The generator itself, for libraries that make keys.
    pub fn stream(&mut self) -> &mut ChaCha8Rng {
        &mut self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_commit_give_the_same_stream() {
        let draw = |seed, n| (0..4).map(move |_| Rng::of(seed, n).bits()).collect::<Vec<_>>();
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }

    #[test]
    fn below_stays_below() {
        let mut rng = Rng::of(7, 7);
        assert!((0..1_000).all(|_| rng.below(3) < 3));
    }
}
