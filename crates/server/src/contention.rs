//! Taking a decision again because somebody else was faster.

use std::time::Duration;

use tokio::{sync::Mutex, time::timeout};

use crate::fault::Fault;

/// How often: enough for as many as press a button at once, and an end for whatever never settles.
const ATTEMPTS: usize = 8;

/// How often by who has the turn: only other processes are in the way then, each with one at a time.
const IN_TURN: usize = 32;

/// How long somebody waits for their turn.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads, decides and writes until it is done. `None` from `attempt` says that what it had read was changed under it,
/// by a write that conflicted; then everything is read again.
///
/// # Errors
/// Those of `attempt`, and [`Fault::Contention`] when others are always faster.
pub(crate) async fn until_done<T, E, F>(attempt: impl Fn() -> F) -> Result<T, E>
where
    E: From<Fault>,
    F: Future<Output = Result<Option<T>, E>>,
{
    at_most(ATTEMPTS, attempt).await
}

async fn at_most<T, E, F>(attempts: usize, attempt: impl Fn() -> F) -> Result<T, E>
where
    E: From<Fault>,
    F: Future<Output = Result<Option<T>, E>>,
{
    for _ in 0..attempts {
        if let Some(done) = attempt().await? {
            return Ok(done);
        }
    }
    Err(Fault::Contention.into())
}

/// Those of this process who decide about the same thing, one after another, in the order in which they came. All of them
/// would read the same facts otherwise, and all but one of them would decide in vain, as often as there are others.
#[derive(Debug, Default)]
pub(crate) struct Queue(Mutex<()>);

impl Queue {
    /// As [`until_done`], when it is one's turn.
    ///
    /// # Errors
    /// Those of `attempt`, and [`Fault::Contention`] when others are always faster or the turn does not come.
    pub(crate) async fn until_done<T, E, F>(&self, attempt: impl Fn() -> F) -> Result<T, E>
    where
        E: From<Fault>,
        F: Future<Output = Result<Option<T>, E>>,
    {
        let Ok(_turn) = timeout(PATIENCE, self.0.lock()).await else {
            return Err(Fault::Contention.into());
        };
        at_most(IN_TURN, attempt).await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn it_ends_with_the_first_result_and_in_any_case() {
        let attempts = Cell::new(0);
        let attempt = |done_at: usize| {
            attempts.set(attempts.get() + 1);
            let done = (attempts.get() == done_at).then_some("done");
            async move { Ok::<_, Fault>(done) }
        };
        assert_eq!(until_done(|| attempt(3)).await.unwrap(), "done");
        assert_eq!(attempts.replace(0), 3);
        assert!(matches!(until_done(|| attempt(usize::MAX)).await, Err(Fault::Contention)));
        assert_eq!(attempts.get(), ATTEMPTS);
        let refused = until_done(|| async { Err::<Option<()>, _>(Fault::Unprompted) }).await;
        assert!(matches!(refused, Err(Fault::Unprompted)));
    }

    /// All read the same number, and only the first of those who write is right.
    #[tokio::test]
    async fn in_a_queue_everybody_decides_on_what_is() {
        let (queue, number, attempts) = (Queue::default(), Cell::new(0), Cell::new(0));
        let one = || async {
            let seen = number.get();
            attempts.set(attempts.get() + 1);
            tokio::task::yield_now().await;
            let free = number.get() == seen;
            number.set(number.get() + usize::from(free));
            Ok::<_, Fault>(free.then_some(()))
        };
        let all = futures_util::future::join_all((0..100).map(|_| queue.until_done(one))).await;
        assert!(all.into_iter().all(|done| done.is_ok()));
        assert_eq!((number.get(), attempts.get()), (100, 100));
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever_for_their_turn() {
        let queue = Queue::default();
        let stuck = queue.until_done(std::future::pending::<Result<Option<()>, Fault>>);
        let late = queue.until_done(|| async { Ok::<_, Fault>(Some(())) });
        tokio::select! {
            biased;
            _ = stuck => unreachable!("it never ends"),
            outcome = late => assert!(matches!(outcome, Err(Fault::Contention))),
        }
    }
}
