//! The dice of one clip.

use std::ops::Range;

use crate::random::Random;
use avar_labels::Split;

/// Random numbers for one clip of one split.
///
/// Each trait of a source (a pitch, a period, the size of a throat) has two bands that only the test split
/// draws from, a fifth of its range in all; training and validation draw from the rest, on both sides of them.
/// So a test clip is never a training clip over again, and training still spans the whole range.
#[derive(Clone, Debug)]
pub(super) struct Draw {
    random: Random,
    split: Split,
}

/// Shares of a trait's range that belong to the test split.
const HELD_OUT: [Range<f32>; 2] = [0.2..0.3, 0.7..0.8];

impl Draw {
    pub(super) fn new(split: Split, seed: u64) -> Self {
        let salt = (split as u64 + 1).wrapping_mul(0xd6e8_feb8_6659_fd93);
        Self { random: Random::new(Random::new(seed).bits() ^ salt), split }
    }

    pub(super) fn split(&self) -> Split {
        self.split
    }

    /// Uniform in `low..high`.
    pub(super) fn between(&mut self, low: f32, high: f32) -> f32 {
        self.random.between(low, high)
    }

    /// Between `low` and `high`, both above zero, each octave as likely as the next.
    pub(super) fn octaves(&mut self, low: f32, high: f32) -> f32 {
        low * (high / low).powf(self.random.unit())
    }

    /// A trait: as [`Draw::octaves`], from the bands of this split.
    pub(super) fn trait_in(&mut self, low: f32, high: f32) -> f32 {
        let share = self.random.unit();
        let [first, second] = HELD_OUT;
        let share = if self.split == Split::Test {
            let band = if share < 0.5 { first } else { second };
            band.start + (share * 2.0).fract() * (band.end - band.start)
        } else {
            let width = first.end - first.start;
            let share = share * (1.0 - 2.0 * width);
            let past_first = if share < first.start { share } else { share + width };
            if past_first < second.start { past_first } else { past_first + width }
        };
        low * (high / low).powf(share)
    }

    pub(super) fn chance(&mut self, probability: f32) -> bool {
        self.random.unit() < probability
    }

    /// In `low..=high`.
    pub(super) fn count(&mut self, low: usize, high: usize) -> usize {
        low + (self.random.bits() % (high - low + 1) as u64) as usize
    }

    /// One of `choices`, which must not be empty.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.count(0, choices.len() - 1)]
    }

    /// For a source of noise of its own.
    pub(super) fn seed(&mut self) -> u64 {
        self.random.bits()
    }

    /// Dice of its own for a part, so that what the part rolls changes nothing else.
    pub(super) fn fork(&mut self) -> Self {
        Self { random: self.random(), split: self.split }
    }

    pub(super) fn random(&mut self) -> Random {
        Random::new(self.seed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_split_draws_traits_from_bands_that_training_leaves_out() {
        let is_held_out = |share: f32| HELD_OUT.iter().any(|band| band.start - 1e-4 < share && share < band.end + 1e-4);
        for split in Split::ALL {
            let mut draw = Draw::new(split, 3);
            let shares: Vec<f32> = (0..2000).map(|_| draw.trait_in(1.0, 2.0).log2()).collect();
            assert_eq!(shares.iter().filter(|share| is_held_out(**share)).count() > 1990, split == Split::Test);
            assert_eq!(shares.iter().any(|share| *share > 0.95), split != Split::Test);
        }
    }

    #[test]
    fn splits_roll_different_dice_for_the_same_seed() {
        let [a, b] = [Split::Train, Split::Validation].map(|split| Draw::new(split, 7).seed());
        assert_ne!(a, b);
    }
}
