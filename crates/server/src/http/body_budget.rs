//! How much of all bodies that are still arriving may be held at once — threats G-33, OP-03.
//!
//! Any number of clients may send any number of bodies slowly. What has arrived of them waits in memory, so
//! all of them together have one budget, of which no address may hold more than it leaves free: one that floods
//! gets half, a second one half of the rest, and there is always something left for whoever comes next. The first
//! [`FREE`] bytes of a body take nothing of it, and a body that is complete with its first piece is never waited for:
//! a flood of slow bodies refuses long and slow bodies only.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use axum::{BoxError, body::HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};

/// What all bodies together may hold, in bytes, without what is [`FREE`]. What a connection has read ahead comes on
/// top of it, too.
const ALL: usize = 16 * 1024 * 1024;
/// The pieces in which memory is taken for a body, in bytes: what is counted is what is taken.
pub(super) const PLACE: usize = 4 * 1024;
/// What every body and its head may hold, in bytes: as much as a page's form or a client's request comes to. The number
/// of connections bounds it.
pub(super) const FREE: usize = 2 * PLACE;

/// The budget of one server. Cloning shares it.
#[derive(Clone, Debug)]
pub(super) struct BodyBudget(Arc<Mutex<State>>);

/// All in places.
#[derive(Debug)]
struct State {
    left: usize,
    /// Of those that hold any.
    held: HashMap<IpAddr, usize>,
}

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
        Self(Arc::new(Mutex::new(State { left: bytes / PLACE, held: HashMap::new() })))
    }

    /// A body from this address, counted from its first piece to its end, together with its `head` of so many bytes.
    pub(super) const fn count<B>(self, body: B, head: usize, address: IpAddr) -> Counted<B> {
        Counted { inner: body, budget: self, address, arrived: head, held: 0 }
    }

    fn take(&self, address: IpAddr, places: usize) -> Result<(), NoRoom> {
        let mut state = self.state();
        let held = state.held.get(&address).copied().unwrap_or_default() + places;
        let left = state.left.checked_sub(places).filter(|left| held <= *left).ok_or(NoRoom)?;
        state.left = left;
        state.held.insert(address, held);
        Ok(())
    }

    fn give_back(&self, address: IpAddr, places: usize) {
        let mut state = self.state();
        state.left += places;
        if let Entry::Occupied(mut held) = state.held.entry(address) {
            *held.get_mut() -= places;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body that counts; what it holds is free again when it is dropped.
#[derive(Debug)]
pub(super) struct Counted<B> {
    inner: B,
    budget: BodyBudget,
    address: IpAddr,
    /// With the head, in bytes.
    arrived: usize,
    /// In places of the budget.
    held: usize,
}

impl<B> Counted<B> {
    fn hold(&mut self, bytes: usize) -> Result<(), NoRoom> {
        self.arrived = self.arrived.saturating_add(bytes);
        let more = self.arrived.saturating_sub(FREE).div_ceil(PLACE).saturating_sub(self.held);
        if more > 0 {
            self.budget.take(self.address, more)?;
            self.held += more;
        }
        Ok(())
    }
}

impl<B> Drop for Counted<B> {
    fn drop(&mut self) {
        if self.held > 0 {
            self.budget.give_back(self.address, self.held);
        }
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
    use std::{convert::Infallible, net::Ipv4Addr};

    use axum::body::Body;
    use futures_util::stream;
    use http_body_util::BodyExt as _;

    use super::*;

    fn in_pieces(pieces: &[usize]) -> Body {
        let pieces: Vec<Result<Vec<u8>, Infallible>> = pieces.iter().map(|n| Ok(vec![b'x'; *n])).collect();
        Body::from_stream(stream::iter(pieces))
    }

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7));
    const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(198, 51, 100, 8));

    /// Takes in all pieces of a body that does not end with the last of them.
    async fn hold(budget: &BodyBudget, from: IpAddr, pieces: &[usize]) -> Result<impl Sized, NoRoom> {
        let mut body = budget.clone().count(in_pieces(&[pieces, &[1]].concat()), 0, from);
        for _ in pieces {
            let frame = body.frame().await.unwrap();
            frame.map_err(|error| *error.downcast_ref::<NoRoom>().unwrap())?;
        }
        Ok(body)
    }

    fn left(budget: &BodyBudget) -> usize {
        budget.state().left
    }

    #[tokio::test]
    async fn g_33_what_waits_is_counted_until_its_body_ends() {
        let budget = BodyBudget::of(6 * PLACE);
        for (pieces, counted) in
            [(vec![1], 0), (vec![FREE], 0), (vec![1, FREE], 1), (vec![FREE, PLACE, 1], 2), (vec![1; 9000], 1)]
        {
            let body = hold(&budget, HERE, &pieces).await.unwrap();
            assert_eq!(left(&budget), 6 - counted, "{} pieces", pieces.len());
            drop(body);
            assert_eq!(left(&budget), 6);
        }
        assert!(budget.state().held.is_empty(), "OP-10: nothing is remembered");
    }

    #[tokio::test]
    async fn g_33_no_address_holds_more_than_it_leaves_for_others() {
        let budget = BodyBudget::of(8 * PLACE);
        let long = [FREE + 2 * PLACE];
        let first = hold(&budget, HERE, &long).await.unwrap();
        let second = hold(&budget, HERE, &long).await.unwrap();
        assert_eq!(hold(&budget, HERE, &long).await.err(), Some(NoRoom), "half is its share");
        let other = hold(&budget, THERE, &long).await.unwrap();
        assert_eq!(
            hold(&budget, THERE, &long).await.err(),
            Some(NoRoom),
            "the other leaves half of the rest"
        );
        assert!(hold(&budget, HERE, &[FREE]).await.is_ok(), "a short form is not refused to anybody");
        drop((first, other));
        let again = hold(&budget, HERE, &long).await.unwrap();
        drop((second, again));
        assert_eq!(left(&budget), 8);
    }

    #[tokio::test]
    async fn g_33_a_body_that_is_there_at_once_needs_no_room() {
        let mut whole = BodyBudget::of(0).count(Body::from(vec![b'x'; 100 * PLACE]), 0, HERE);
        assert!(whole.frame().await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn g_33_a_long_head_counts_as_much_as_a_body() {
        let budget = BodyBudget::of(8 * PLACE);
        let mut body = budget.clone().count(in_pieces(&[1, 1]), FREE + PLACE - 1, HERE);
        body.frame().await.unwrap().unwrap();
        assert_eq!(left(&budget), 7);
    }
}
