//! Whether this machine's clock agrees with those of the other servers on the database — threats OP-13.
//!
//! A server whose clock is ahead would remove what others still need: the marks of what was used or revoked. Which
//! servers run is told without any clock: by whose note has changed since the last look.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use mapae_protocol::{
    random,
    time::{Seconds, Timestamp},
};

use crate::{clock::TOLERATED_STEP_BACK, store::server_clocks::ServerClock};

/// After so many looks everybody who runs has written a note; who has not has ended.
const PATIENCE: u32 = 3;

/// What one server knows of the others.
#[derive(Debug)]
pub(crate) struct OtherClocks {
    /// This server's name, as long as it runs.
    me: String,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    looks: u32,
    ahead: Seconds,
    others: HashMap<String, Other>,
}

#[derive(Debug)]
struct Other {
    shows: Timestamp,
    /// The look at which that was new.
    changed_at: u32,
    /// Whether its note was there before this server had started, and has not changed since.
    may_have_ended: bool,
}

/// What one look at the notes has shown.
#[derive(Debug)]
pub(super) struct Look {
    /// The note of this server.
    pub(super) mine: ServerClock,
    /// Notes of servers that run no more.
    pub(super) ended: Vec<ServerClock>,
}

/// This machine's clock is ahead of another one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the clock of this machine is {ahead} ahead of that of another server on the same database: set the one that is \
     wrong, best by a time service; until then this server removes nothing"
)]
pub(crate) struct ClockAhead {
    /// By how much.
    pub(crate) ahead: Seconds,
}

impl OtherClocks {
    /// Nobody is known yet.
    pub(crate) fn new() -> Self {
        Self { me: format!("{:016x}", random::number()), seen: Mutex::default() }
    }

    /// Compares the notes of all servers with what this machine's clock `shows`.
    pub(super) fn look(&self, notes: Vec<ServerClock>, shows: Timestamp) -> Look {
        let mut seen = self.seen();
        seen.looks = seen.looks.saturating_add(1);
        seen.others.retain(|id, _| notes.iter().any(|note| note.id == *id));
        let (mut ahead, mut ended) = (Seconds::ZERO, Vec::new());
        for note in notes.into_iter().filter(|note| note.id != self.me) {
            match seen.note(&note) {
                Life::Runs => ahead = ahead.max(shows.since(note.shows)),
                Life::Unknown => {}
                Life::Ended => ended.push(note),
            }
        }
        seen.ahead = if ahead > TOLERATED_STEP_BACK { ahead } else { Seconds::ZERO };
        Look { mine: ServerClock { id: self.me.clone(), shows, ahead: seen.ahead }, ended }
    }

    /// Fails as long as this machine's clock is ahead of another one's.
    pub(super) fn verify(&self) -> Result<(), ClockAhead> {
        let ahead = self.seen().ahead;
        if ahead > Seconds::ZERO { Err(ClockAhead { ahead }) } else { Ok(()) }
    }

    /// Whether this server may decide what is over for all of them: it has seen everybody, and is not ahead.
    pub(super) fn may_remove(&self) -> bool {
        self.seen().looks >= PATIENCE && self.verify().is_ok()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Life {
    Runs,
    Unknown,
    Ended,
}

impl Seen {
    fn note(&mut self, note: &ServerClock) -> Life {
        let looks = self.looks;
        let fresh = || Other { shows: note.shows, changed_at: looks, may_have_ended: looks == 1 };
        let other = self.others.entry(note.id.clone()).or_insert_with(fresh);
        if other.shows != note.shows {
            *other = Other { shows: note.shows, changed_at: looks, may_have_ended: false };
        }
        if looks - other.changed_at >= PATIENCE {
            Life::Ended
        } else if other.may_have_ended {
            Life::Unknown
        } else {
            Life::Runs
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn note(id: &str, shows: Timestamp) -> ServerClock {
        ServerClock { id: id.to_owned(), shows, ahead: Seconds::ZERO }
    }

    /// Looks once a minute at what another server notes, whose clock is behind by these seconds.
    fn looks(clocks: &OtherClocks, behind: &[Option<u32>]) -> Vec<(i64, bool, usize)> {
        let mut last = NOW;
        let minutes = behind.iter().zip(0..);
        minutes
            .map(|(behind, minute)| {
                let shows = NOW.plus(Seconds::minutes(minute));
                if let Some(behind) = behind {
                    last = shows.minus(Seconds::seconds(*behind));
                }
                let look = clocks.look(vec![note("other", last)], shows);
                (look.mine.ahead.get(), clocks.may_remove(), look.ended.len())
            })
            .collect()
    }

    #[test]
    fn op_13_who_is_ahead_of_a_server_that_runs_removes_nothing() {
        let honest = looks(&OtherClocks::new(), &[Some(60); 4]);
        assert_eq!(honest, [(0, false, 0), (0, false, 0), (0, true, 0), (0, true, 0)]);
        let ahead = looks(&OtherClocks::new(), &[Some(10_800); 4]);
        assert_eq!(ahead, [(0, false, 0), (10_800, false, 0), (10_800, false, 0), (10_800, false, 0)]);
        let mended =
            looks(&OtherClocks::new(), &[Some(10_800), Some(10_800), Some(10_800), Some(9), Some(9)]);
        assert_eq!(mended[3..], [(0, true, 0), (0, true, 0)]);
    }

    #[test]
    fn op_13_a_note_that_does_not_change_is_of_a_server_that_has_ended() {
        let before = looks(&OtherClocks::new(), &[Some(999_999), None, None, None]);
        assert_eq!(before, [(0, false, 0), (0, false, 0), (0, true, 0), (0, true, 1)]);
        let meanwhile = looks(&OtherClocks::new(), &[Some(1), Some(1), None, None, None]);
        assert_eq!(meanwhile.last(), Some(&(0, true, 1)));
        assert!(meanwhile.iter().all(|(ahead, _, _)| *ahead == 0), "{meanwhile:?}");
    }

    #[test]
    fn op_13_a_server_that_comes_later_is_seen_at_once() {
        let clocks = OtherClocks::new();
        for minute in 0..4 {
            clocks.look(Vec::new(), NOW.plus(Seconds::minutes(minute)));
        }
        assert!(clocks.may_remove());
        clocks.look(vec![note("new", NOW.minus(Seconds::hours(3)))], NOW);
        assert_eq!(clocks.verify(), Err(ClockAhead { ahead: Seconds::hours(3) }));
        assert!(!clocks.may_remove());
    }
}
