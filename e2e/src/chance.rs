//! Choices by chance that can be made again: the same seed, the same choices.

/// A stream of numbers (SplitMix64). Nothing secret may come from it.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The stream of a seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// A stream of its own for one of several who choose at the same time.
    #[must_use]
    pub fn fork(&mut self) -> Self {
        Self(self.next())
    }

    /// A number below `end`; 0 if that is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        // The bias is below one in 2^32 for whatever a test chooses from.
        self.next().checked_rem(end).unwrap_or(0)
    }

    /// One place in a list of this length; `None` if it is empty.
    pub fn place(&mut self, length: usize) -> Option<usize> {
        let end = u64::try_from(length).ok().filter(|end| *end > 0)?;
        usize::try_from(self.below(end)).ok()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_choices_and_another_one_others() {
        let choices = |seed| {
            let mut chance = Chance::of(seed);
            (0..8).map(|_| chance.below(1_000_000)).collect::<Vec<_>>()
        };
        assert_eq!(choices(7), choices(7));
        assert_ne!(choices(7), choices(8));
        let mut chance = Chance::of(1);
        assert_ne!(chance.fork().below(u64::MAX), chance.fork().below(u64::MAX));
        assert_eq!((chance.below(0), chance.place(0)), (0, None));
        assert!((0..1000).all(|_| chance.place(3).is_some_and(|place| place < 3)));
    }
}
