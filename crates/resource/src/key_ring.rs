//! The authorization server's public keys, cached — RFC 8414 §2, RFC 8725 §3.10.
//!
//! One task fetches them; requests only read, and ask for a fetch when a token
//! names a key that is not here, or when the keys have grown old while that task slept. Such a question is asked
//! once for all who wait for it, and again no sooner than after [`QUESTIONS_EVERY`]: a storm of invented key ids
//! costs one fetch.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use mapae_protocol::jose::JwkSet;
use tokio::{
    sync::{Notify, watch},
    time::timeout,
};

use crate::{clock::Moment, outbound::PATIENCE};

/// How often an unknown key, or keys that are too old, may cause a fetch.
pub(crate) const QUESTIONS_EVERY: Duration = Duration::from_secs(30);

/// Why there is no key set to verify with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoKeys {
    /// None was ever fetched, or the last one is too old.
    Stale,
    /// The newest set was asked for and does not have the key either.
    Unknown,
    /// The newest set could not be had, so nobody can tell.
    Unanswered,
}

/// A set of keys as it was fetched.
#[derive(Clone, Debug)]
pub(crate) struct Fetched {
    pub(crate) keys: Arc<JwkSet>,
    pub(crate) at: Moment,
    /// Of which fetch it is the result; tells sets apart.
    pub(crate) fetch: u64,
}

#[derive(Debug)]
pub(crate) struct KeyRing {
    progress: watch::Sender<Progress>,
    asked: Mutex<Option<Question>>,
    wake: Notify,
    renewal: Notify,
    max_age: Duration,
}

#[derive(Clone, Debug, Default)]
struct Progress {
    /// Fetches begun and ended, the failed ones included.
    begun: u64,
    ended: u64,
    last_failed: bool,
    current: Option<Fetched>,
}

/// A fetch that a request asked for.
#[derive(Clone, Copy, Debug)]
struct Question {
    at: Moment,
    /// The fetch that answers it: the first that begins after it was asked.
    answered_by: u64,
}

impl KeyRing {
    pub(crate) fn new(max_age: Duration) -> Self {
        Self {
            progress: watch::Sender::new(Progress::default()),
            asked: Mutex::new(None),
            wake: Notify::new(),
            renewal: Notify::new(),
            max_age,
        }
    }

    /// The cached keys.
    ///
    /// The keeper sleeps by the machine's steady clock, which may stand still while the machine does. So keys can be too
    /// old, by the other clock, long before it would wake: then whoever wants them wakes it. One that failed tries again
    /// soon by itself.
    ///
    /// # Errors
    /// [`NoKeys::Stale`].
    pub(crate) fn current(&self, now: Moment) -> Result<Fetched, NoKeys> {
        let Progress { begun, ended, last_failed, current } = self.progress.borrow().clone();
        let fetched = current.ok_or(NoKeys::Stale)?;
        if fetched.at.age(now) <= self.max_age {
            return Ok(fetched);
        }
        if begun == ended && !last_failed {
            self.ask(now);
        }
        Err(NoKeys::Stale)
    }

    /// Newer keys than those in which `token`'s key was not found.
    ///
    /// # Errors
    /// A [`NoKeys`]: there is nothing newer, or nothing fresh.
    pub(crate) async fn newer_than(&self, known: &Fetched, now: Moment) -> Result<Fetched, NoKeys> {
        let mut progress = self.progress.subscribe();
        let answered_by = self.ask(now);
        let answered = progress.wait_for(|progress| progress.ended >= answered_by);
        let answered = match timeout(PATIENCE, answered).await {
            Ok(Ok(progress)) => progress.clone(),
            Ok(Err(_)) | Err(_) => return Err(NoKeys::Unanswered),
        };
        match answered.current {
            Some(fetched) if fetched.fetch > known.fetch => Ok(fetched),
            _ if answered.last_failed => Err(NoKeys::Unanswered),
            _ => Err(NoKeys::Unknown),
        }
    }

    /// The number of the fetch that answers a question asked now.
    fn ask(&self, now: Moment) -> u64 {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(question) = *asked
            && question.at.age(now) < QUESTIONS_EVERY
        {
            return question.answered_by;
        }
        let answered_by = self.progress.borrow().begun + 1;
        *asked = Some(Question { at: now, answered_by });
        self.wake.notify_one();
        answered_by
    }

    /// Waits until a request asks for keys newer than those of any fetch that has begun.
    pub(crate) async fn asked(&self) {
        loop {
            self.wake.notified().await;
            let asked = *self.asked.lock().unwrap_or_else(PoisonError::into_inner);
            let begun = self.progress.borrow().begun;
            if asked.is_some_and(|question| question.answered_by > begun) {
                return;
            }
        }
    }

    /// A key was withdrawn: the set is to be fetched anew, whatever was asked before.
    pub(crate) fn renew(&self) {
        self.renewal.notify_one();
    }

    /// Waits until the set is to be fetched anew.
    pub(crate) async fn to_be_renewed(&self) {
        self.renewal.notified().await;
    }

    /// A fetch begins: who asks from now on gets the next one.
    pub(crate) fn begin(&self) {
        self.progress.send_modify(|progress| progress.begun += 1);
    }

    /// The fetch that began has ended, with keys or without.
    pub(crate) fn end(&self, keys: Option<JwkSet>, now: Moment) {
        self.progress.send_modify(|progress| {
            progress.ended = progress.begun;
            progress.last_failed = keys.is_none();
            if let Some(keys) = keys {
                let fetch = progress.ended;
                progress.current = Some(Fetched { keys: Arc::new(keys), at: now, fetch });
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use mapae_protocol::time::Timestamp;

    use super::*;

    fn at(second: u32) -> Moment {
        Moment::at(Timestamp::from_unix(1_000 + i64::from(second)), Duration::from_secs(second.into()))
    }

    fn ring() -> KeyRing {
        let ring = KeyRing::new(Duration::from_secs(600));
        ring.begin();
        ring.end(Some(JwkSet::default()), at(0));
        ring
    }

    #[test]
    fn rs_12_keys_serve_until_their_age_and_no_longer() {
        assert_eq!(KeyRing::new(Duration::MAX).current(at(0)).unwrap_err(), NoKeys::Stale);
        let ring = ring();
        assert!(ring.current(at(600)).is_ok());
        assert_eq!(ring.current(at(601)).unwrap_err(), NoKeys::Stale);
        ring.begin();
        ring.end(None, at(601));
        assert_eq!(ring.current(at(601)).unwrap_err(), NoKeys::Stale, "a failed fetch renews nothing");
    }

    #[tokio::test]
    async fn rs_12_who_finds_the_keys_too_old_wakes_who_fetches_them_and_once_is_enough() {
        let ring = ring();
        for _ in 0..3 {
            assert_eq!(ring.current(at(601)).unwrap_err(), NoKeys::Stale);
        }
        ring.asked().await;
        ring.begin();
        assert_eq!(ring.current(at(700)).unwrap_err(), NoKeys::Stale);
        ring.end(None, at(700));
        assert_eq!(ring.current(at(800)).unwrap_err(), NoKeys::Stale);
        assert!(
            ring.asked().now_or_never().is_none(),
            "neither during a fetch nor between one and its repetition"
        );
        ring.begin();
        ring.end(Some(JwkSet::default()), at(801));
        assert!(ring.current(at(802)).is_ok());
    }

    #[tokio::test]
    async fn before_the_first_keys_nobody_is_woken() {
        let ring = KeyRing::new(Duration::from_secs(600));
        assert_eq!(ring.current(at(0)).unwrap_err(), NoKeys::Stale);
        ring.begin();
        ring.end(Some(JwkSet::default()), at(0));
        let known = ring.current(at(1)).unwrap();
        let keeper = async {
            ring.asked().await;
            ring.begin();
            ring.end(Some(JwkSet::default()), at(1));
        };
        let (newer, ()) = tokio::join!(ring.newer_than(&known, at(1)), keeper);
        assert_eq!(newer.unwrap().fetch, 2, "the first question is about an unknown key");
    }

    #[tokio::test]
    async fn rs_06_questions_share_one_fetch_and_the_answer_stands_for_a_while() {
        let ring = ring();
        let known = ring.current(at(1)).unwrap();
        let keeper = async {
            ring.asked().await;
            ring.begin();
            ring.end(None, at(1));
        };
        let (first, second, ()) =
            tokio::join!(ring.newer_than(&known, at(1)), ring.newer_than(&known, at(1)), keeper);
        assert_eq!(first.unwrap_err(), NoKeys::Unanswered);
        assert_eq!(second.unwrap_err(), NoKeys::Unanswered);
        assert_eq!(
            ring.newer_than(&known, at(20)).await.unwrap_err(),
            NoKeys::Unanswered,
            "no second question"
        );
        assert_eq!(ring.progress.borrow().begun, 2);
        ring.begin();
        ring.end(Some(JwkSet::default()), at(21));
        let newer = ring.newer_than(&known, at(22)).await.unwrap();
        assert_eq!(ring.newer_than(&newer, at(22)).await.unwrap_err(), NoKeys::Unknown);
    }

    #[tokio::test]
    async fn a_fetch_that_began_before_the_question_does_not_answer_it() {
        let ring = ring();
        let known = ring.current(at(1)).unwrap();
        ring.begin();
        let keeper = async {
            ring.asked().await;
            ring.end(Some(JwkSet::default()), at(1));
            ring.begin();
            ring.end(Some(JwkSet::default()), at(2));
        };
        let (newer, ()) = tokio::join!(ring.newer_than(&known, at(1)), keeper);
        assert_eq!(newer.unwrap().fetch, 3);
    }
}
