//! Who draws, and when: one picture at a time, on a thread of its own — G-33.

use std::sync::Arc;

use tokio::{sync::Semaphore, task::JoinError};

use super::{Picture, Problem};
use crate::fault::Fault;

/// Draws what was sent when it is its turn: neither memory nor answers depend on how many are sent.
pub(crate) async fn draw(
    turns: &Arc<Semaphore>,
    file: impl AsRef<[u8]> + Send + 'static,
) -> Result<Result<Picture, Problem>, Fault> {
    let drawn = in_turn(Arc::clone(turns), move || Picture::draw(file.as_ref())).await?;
    // A picture that makes its reader panic is none.
    Ok(drawn.unwrap_or(Err(Problem::NotAPicture)))
}

/// The work begins when it is its turn, which lasts as long as the work.
async fn in_turn<T: Send + 'static>(
    turns: Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Result<T, JoinError>, Fault> {
    let turn = turns.acquire_owned().await.map_err(|_| Fault::Contention)?;
    // The turn moves into the work: a sender who hangs up does not free a thread that is still drawing.
    Ok(tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    })
    .await)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn g_33_who_hangs_up_does_not_give_the_turn_back_before_the_drawing_ends() {
        let turns = Arc::new(Semaphore::new(1));
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (end, may_end) = mpsc::channel::<()>();
        let drawing = tokio::spawn(in_turn(Arc::clone(&turns), move || {
            begun.send(()).unwrap();
            may_end.recv().unwrap();
        }));
        has_begun.await.unwrap();
        drawing.abort();
        assert!(drawing.await.unwrap_err().is_cancelled());
        assert_eq!(turns.available_permits(), 0, "it is still drawn");
        end.send(()).unwrap();
        in_turn(Arc::clone(&turns), || ()).await.unwrap().unwrap();
    }
}
