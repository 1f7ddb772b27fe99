//! Who was signed out without asking for it, and why: the page that is still open says so.
//!
//! The session is over before anything is written down here, and nothing of it lets anybody in again. It lies in memory:
//! after a restart the page says that the session is over, and not why.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mapae_client::{EndUser, EventKind, ProviderEvent};
use mapae_protocol::digest::sha256;
use tokio::sync::watch;

/// How many sessions are remembered.
const MOST: usize = 500;

/// Sessions that were seen, and those of them that ended. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Departures(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    seen: Mutex<VecDeque<Seen>>,
    news: watch::Sender<()>,
}

#[derive(Debug)]
struct Seen {
    /// Of the cookie, which is as good as a password.
    digest: [u8; 32],
    person: EndUser,
    departure: Option<Departure>,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Departure {
    /// The person ended the link at the provider.
    Unlinked,
    /// The person ended it here.
    UnlinkedHere,
    /// The provider took the tokens back.
    TokensRevoked,
    /// The person signed out at the provider, on all devices.
    SessionsRevoked,
    /// The account at the provider is closed for a time.
    Suspended,
    /// The provider refuses to give another token, and has told nobody why.
    Over,
}

/// What ends sessions, as `mapae-client` has it.
const ENDS: &[(EventKind, Departure)] = &[
    (EventKind::Unlinked, Departure::Unlinked),
    (EventKind::DataDeletionRequested, Departure::Unlinked),
    (EventKind::TokensRevoked, Departure::TokensRevoked),
    (EventKind::SessionsRevoked, Departure::SessionsRevoked),
    (EventKind::Suspended, Departure::Suspended),
];

impl Departure {
    /// Every one.
    pub(crate) const ALL: &'static [Self] = &[
        Self::Unlinked,
        Self::UnlinkedHere,
        Self::TokensRevoked,
        Self::SessionsRevoked,
        Self::Suspended,
        Self::Over,
    ];

    /// In the locale files.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unlinked => "unlinked",
            Self::UnlinkedHere => "unlinked_here",
            Self::TokensRevoked => "tokens_revoked",
            Self::SessionsRevoked => "sessions_revoked",
            Self::Suspended => "suspended",
            Self::Over => "over",
        }
    }

    /// What an event means for the person's sessions; `None` if they go on.
    fn by(kind: EventKind) -> Option<Self> {
        ENDS.iter().find(|(ends, _)| *ends == kind).map(|(_, departure)| *departure)
    }
}

impl Departures {
    /// A session is this person's.
    pub(crate) fn seen(&self, session: &str, person: &EndUser) {
        let digest = sha256(session.as_bytes());
        let mut seen = self.lock();
        if seen.iter().any(|seen| seen.digest == digest) {
            return;
        }
        if seen.len() == MOST {
            seen.pop_front();
        }
        seen.push_back(Seen { digest, person: person.clone(), departure: None });
    }

    /// A provider told of something, and the sessions are over.
    pub(crate) fn told(&self, event: &ProviderEvent) {
        if let Some(departure) = Departure::by(event.kind) {
            self.gone(&event.person, departure);
        }
    }

    /// The sessions of this person are over. The first reason counts.
    pub(crate) fn gone(&self, person: &EndUser, departure: Departure) {
        for seen in self.lock().iter_mut().filter(|seen| seen.person == *person) {
            seen.departure.get_or_insert(departure);
        }
        self.0.news.send_replace(());
    }

    /// Whose session this was, and why it is over.
    pub(crate) fn of(&self, session: &str) -> Option<(EndUser, Departure)> {
        let digest = sha256(session.as_bytes());
        let seen = self.lock();
        let seen = seen.iter().find(|seen| seen.digest == digest)?;
        Some((seen.person.clone(), seen.departure?))
    }

    /// Ends when this session is over.
    pub(crate) async fn over(&self, session: &str) {
        let mut news = self.0.news.subscribe();
        while self.of(session).is_none() {
            if news.changed().await.is_err() {
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Seen>> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn everybody_with_a_session_of_that_person_is_told_and_nobody_else() {
        let departures = Departures::default();
        let (ryan, muzi) =
            (EndUser::new("http://localhost:9100", "1"), EndUser::new("http://localhost:9100", "2"));
        for (session, person) in [("a", &ryan), ("b", &ryan), ("c", &muzi)] {
            departures.seen(session, person);
        }
        let waiting = tokio::spawn({
            let departures = departures.clone();
            async move { departures.over("b").await }
        });
        departures.told(&ProviderEvent { person: muzi.clone(), kind: EventKind::ProfileChanged });
        assert_eq!(departures.of("c"), None, "which ends no session");
        departures.told(&ProviderEvent { person: ryan.clone(), kind: EventKind::Unlinked });
        departures.told(&ProviderEvent { person: ryan.clone(), kind: EventKind::TokensRevoked });
        waiting.await.unwrap();
        assert_eq!(departures.of("a"), Some((ryan, Departure::Unlinked)), "the first reason");
        assert_eq!((departures.of("c"), departures.of("d")), (None, None));
    }

    #[test]
    fn it_is_bounded_and_prints_no_cookie() {
        let departures = Departures::default();
        let person = EndUser::new("http://localhost:9100", "1");
        for n in 0..=MOST {
            departures.seen(&format!("session-{n}"), &person);
        }
        departures.gone(&person, Departure::Suspended);
        assert!(departures.of("session-0").is_none() && departures.of("session-1").is_some());
        assert!(!format!("{departures:?}").contains("session-1"));
    }
}
