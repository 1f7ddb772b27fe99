//! How much of all bodies that are still arriving may be held at once — threats G-33, OP-03.
//!
//! Any number of clients may send any number of bodies slowly. What has arrived of them waits in memory, so
//! all of them together have one budget. A body that is complete with its first piece, as nearly every form
//! is, is never waited for and takes nothing of it: a flood of slow bodies refuses slow bodies only.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{BoxError, body::HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What all bodies together may hold, in bytes. What a connection has read ahead comes on top of it.
const ALL: usize = 16 * 1024 * 1024;
/// What one place of the budget stands for, in bytes.
const PLACE: usize = 1024;

/// The budget of one server. Cloning shares it.
#[derive(Clone, Debug)]
pub(super) struct BodyBudget(Arc<Semaphore>);

/// Too much of too many bodies is waiting: worth trying again in a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many bodies are arriving")]
pub(super) struct NoRoom;

impl BodyBudget {
    /// The usual budget.
    pub(super) fn new() -> Self {
        Self::of(ALL)
    }

    fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes / PLACE)))
    }

    /// The body, counted from its first piece to its end.
    pub(super) const fn count<B>(self, body: B) -> Counted<B> {
        Counted { inner: body, budget: self, held: None, spare: 0 }
    }
}

/// A body that counts; what it holds is free again when it is dropped.
#[derive(Debug)]
pub(super) struct Counted<B> {
    inner: B,
    budget: BodyBudget,
    held: Option<OwnedSemaphorePermit>,
    /// Bytes of the last place that are not used yet.
    spare: usize,
}

impl<B> Counted<B> {
    fn hold(&mut self, bytes: usize) -> Result<(), NoRoom> {
        let places = bytes.saturating_sub(self.spare).div_ceil(PLACE);
        let more = u32::try_from(places).map_err(|_| NoRoom)?;
        let more = Arc::clone(&self.budget.0).try_acquire_many_owned(more).map_err(|_| NoRoom)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            None => self.held = Some(more),
        }
        self.spare = (self.spare + places * PLACE).saturating_sub(bytes);
        Ok(())
    }
}

impl<B> HttpBody for Counted<B>
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) else { return Poll::Pending };
        let frame = frame.map(|frame| {
            let frame = frame.map_err(Into::into)?;
            if let Some(data) = frame.data_ref().filter(|_| !self.inner.is_end_stream()) {
                self.hold(data.len())?;
            }
            Ok(frame)
        });
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::body::Body;
    use futures_util::stream;
    use http_body_util::BodyExt as _;

    use super::*;

    fn in_pieces(pieces: &[usize]) -> Body {
        let pieces: Vec<Result<Vec<u8>, Infallible>> = pieces.iter().map(|n| Ok(vec![b'x'; *n])).collect();
        Body::from_stream(stream::iter(pieces))
    }

    #[tokio::test]
    async fn g_33_what_waits_is_counted_until_its_body_ends() {
        let budget = BodyBudget::of(4 * PLACE);
        let mut slow = budget.clone().count(in_pieces(&[1, 1000, 24, 2000]));
        for left in [3, 3, 2] {
            slow.frame().await.unwrap().unwrap();
            assert_eq!(budget.0.available_permits(), left);
        }
        let mut other = budget.clone().count(in_pieces(&[PLACE * 3]));
        let refused = other.frame().await.unwrap().unwrap_err();
        assert_eq!(refused.downcast_ref::<NoRoom>(), Some(&NoRoom));
        drop(slow);
        assert_eq!(budget.0.available_permits(), 4);
        let mut other = budget.clone().count(in_pieces(&[PLACE * 3]));
        assert!(other.frame().await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn g_33_a_body_that_is_there_at_once_needs_no_room() {
        let budget = BodyBudget::of(0);
        let mut whole = budget.count(Body::from("grant_type=client_credentials"));
        assert!(whole.frame().await.unwrap().is_ok());
    }
}
