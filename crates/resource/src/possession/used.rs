//! Which proofs were used — RFC 9449 §11.1: remembered in this process, for as long as they could be shown again.
//!
//! Two generations, each at most as long as a proof can be good: the older is dropped whole. Only proofs that came with a
//! good token of their key get here, so nobody else fills it; full, it lets nobody in rather than somebody twice.

use std::{
    collections::HashSet,
    mem,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use mapae_protocol::dpop::{Error, Proof, WINDOW};

use crate::{clock::Moment, refusal::Refusal};

/// How many proofs a generation holds: more than two thousand requests in each second, in about 16 MiB.
pub(super) const MOST: usize = 131_072;

/// From the first to the last moment at which one proof may be good, and a second for clocks that count whole ones.
const LONGEST: Duration = Duration::from_secs(2 * WINDOW.get().unsigned_abs() + 2);

#[derive(Debug)]
pub(crate) struct Used {
    generations: Mutex<Generations>,
    most: usize,
}

#[derive(Debug, Default)]
struct Generations {
    /// When the younger one began.
    since: Option<Moment>,
    young: HashSet<String>,
    old: HashSet<String>,
}

impl Used {
    pub(super) fn new(most: usize) -> Self {
        Self { generations: Mutex::default(), most }
    }

    /// Uses a proof, unless it was used before.
    pub(super) fn take(&self, proof: &Proof, now: Moment) -> Result<(), Refusal> {
        self.generations.lock().unwrap_or_else(PoisonError::into_inner).take(proof.use_id(), now, self.most)
    }
}

impl Generations {
    fn take(&mut self, id: String, now: Moment, most: usize) -> Result<(), Refusal> {
        let age = self.since.map_or(Duration::MAX, |since| since.age(now));
        if age >= LONGEST {
            let young = mem::take(&mut self.young);
            self.old = if age >= LONGEST * 2 { HashSet::new() } else { young };
            self.since = Some(now);
        }
        if self.old.contains(&id) || self.young.contains(&id) {
            return Err(Error::Replayed.into());
        }
        if self.young.len() >= most {
            return Err(Refusal::Unavailable);
        }
        self.young.insert(id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::time::Timestamp;

    use super::*;

    fn at(seconds: u64) -> Moment {
        let date = Timestamp::from_unix(1_800_000_000 + i64::try_from(seconds).unwrap());
        Moment::at(date, Duration::from_secs(seconds))
    }

    #[test]
    fn po_04_a_proof_is_remembered_for_as_long_as_it_can_be_good() {
        for began in [0, 1, 30, 61] {
            let mut generations = Generations::default();
            let mut take = |id: &str, second| generations.take(id.to_owned(), at(second), MOST);
            assert_eq!(take("first", 0), Ok(()));
            assert_eq!(take("a", began), Ok(()));
            for later in 0..=2 * WINDOW.get().unsigned_abs() {
                assert_eq!(take("a", began + later), Err(Error::Replayed.into()), "{began} {later}");
            }
            assert_eq!(take("b", began + 61), Ok(()));
        }
    }

    #[test]
    fn po_04_the_memory_is_bounded_and_full_it_lets_nobody_in() {
        let mut generations = Generations::default();
        for n in 0..10 {
            assert_eq!(generations.take(n.to_string(), at(0), 10), Ok(()));
        }
        assert_eq!(generations.take("x".to_owned(), at(0), 10), Err(Refusal::Unavailable));
        assert_eq!(generations.take("3".to_owned(), at(0), 10), Err(Error::Replayed.into()));
        assert_eq!(generations.take("x".to_owned(), at(62), 10), Ok(()), "the next generation");
        assert_eq!(generations.take("y".to_owned(), at(400), 10), Ok(()));
        assert_eq!(generations.young.len() + generations.old.len(), 1, "what is over is dropped");
    }
}
