//! Taking a decision again because somebody else was faster.

use crate::fault::Fault;

/// How often: enough for as many as press a button at once, and an end for whatever never settles.
const ATTEMPTS: usize = 8;

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
    for _ in 0..ATTEMPTS {
        if let Some(done) = attempt().await? {
            return Ok(done);
        }
    }
    Err(Fault::Contention.into())
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
}
