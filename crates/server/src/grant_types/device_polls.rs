//! When devices asked last — RFC 8628 §3.5, threats DE-03.
//!
//! In memory: a device that keeps to its interval asks a hundred times and writes nothing (decision 0273). How long it must
//! wait is in its row, for all nodes.

use std::{
    collections::{HashMap, hash_map::RandomState},
    hash::BuildHasher,
    mem,
    sync::{Mutex, PoisonError},
};

use mapae_protocol::time::{Seconds, Timestamp};

/// For how long a poll is remembered at least: nobody has to wait longer for the next one.
const SPAN: Seconds = Seconds::minutes(5);
/// Most devices in a generation, of which there are two. Who comes when it is full makes the next begin early.
const MOST: usize = 16_384;

/// The last poll of each device. Two generations: the older one is forgotten as a whole.
#[derive(Debug, Default)]
pub(crate) struct DevicePolls {
    names: RandomState,
    generations: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    recent: HashMap<u64, Timestamp>,
    former: HashMap<u64, Timestamp>,
    begun_at: Option<Timestamp>,
}

impl DevicePolls {
    /// Notes a poll of the device with this id; when the one before was, unless that is long ago.
    pub(super) fn note(&self, id: &str, now: Timestamp) -> Option<Timestamp> {
        let name = self.names.hash_one(id);
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        let over = generations.begun_at.is_none_or(|begun| now >= begun.plus(SPAN));
        if over || generations.recent.len() >= MOST {
            generations.former = mem::take(&mut generations.recent);
            generations.begun_at = Some(now);
        }
        let before = generations.recent.insert(name, now);
        before.or_else(|| generations.former.get(&name).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn after(seconds: u32) -> Timestamp {
        NOW.plus(Seconds::seconds(seconds))
    }

    #[test]
    fn de_03_the_poll_before_is_remembered_for_as_long_as_anybody_must_wait() {
        let polls = DevicePolls::default();
        assert_eq!(polls.note("a", NOW), None);
        assert_eq!(polls.note("b", after(1)), None, "each for itself");
        assert_eq!(polls.note("a", after(299)), Some(NOW));
        assert_eq!(polls.note("b", after(300)), Some(after(1)));
        assert_eq!(polls.note("a", after(598)), Some(after(299)), "in the generation before");
        assert_eq!(polls.note("b", after(600)), Some(after(300)));
        assert_eq!(polls.note("c", after(900)), None);
        assert_eq!(polls.note("a", after(901)), None, "longer ago than anybody must wait");
        assert_eq!(polls.note("b", after(1_500)), None);
        assert_eq!(polls.note("a", NOW), Some(after(901)), "a clock that went back");
    }

    #[test]
    fn de_03_a_crowd_of_devices_stays_within_bounds() {
        let polls = DevicePolls::default();
        for number in 0..3 * MOST {
            polls.note(&number.to_string(), NOW);
        }
        assert_eq!(polls.note(&(3 * MOST - 1).to_string(), NOW), Some(NOW), "who asked last is known");
        let generations = polls.generations.lock().unwrap();
        assert!(generations.recent.len() <= MOST && generations.former.len() <= MOST);
    }
}
