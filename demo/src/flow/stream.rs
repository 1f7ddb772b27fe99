//! The messages as server-sent events (WHATWG HTML), one JSON object each: first what was, then `settled`, then what
//! happens.

use std::{collections::VecDeque, convert::Infallible, sync::Arc};

use axum::response::sse::Event;
use futures_util::stream::{self, Stream};
use tokio::sync::watch;

use super::{Journal, Stage, message::Message};

/// A viewer that reads on.
struct Viewer {
    journal: Journal,
    changes: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    /// Not yet sent.
    waiting: VecDeque<Arc<Message>>,
    /// The last one that was taken out of the journal.
    seen: u64,
    /// All that was there when the viewer came is sent, and that is said.
    settled: bool,
}

/// What a viewer is sent.
enum News {
    Message(Arc<Message>),
    Settled,
}

/// What a viewer has seen, from the `Last-Event-ID` of its browser: 0 if it saw another process.
#[must_use]
pub fn seen(journal: &Journal, last_event_id: Option<&str>) -> u64 {
    let split = last_event_id.and_then(|id| id.rsplit_once('.'));
    split.filter(|(run, _)| *run == journal.run()).and_then(|(_, seq)| seq.parse().ok()).unwrap_or(0)
}

/// Every message after `seen`, without gap or repetition, for as long as the demo runs; and once, behind those that
/// were there already, the event `settled`, without an id.
pub fn events(stage: &Stage, seen: u64) -> impl Stream<Item = Result<Event, Infallible>> + Send + use<> {
    let journal = stage.journal().clone();
    let changes = journal.changes();
    let waiting: VecDeque<Arc<Message>> = journal.after(seen).into();
    let seen = waiting.back().map_or(seen, |last| last.seq);
    let viewer = Viewer { journal, changes, closing: stage.closing(), waiting, seen, settled: false };
    stream::unfold(viewer, |mut viewer| async move {
        let news = viewer.next().await?;
        Some((Ok(viewer.event(&news)), viewer))
    })
}

impl Viewer {
    /// What the journal has is always read from the journal: a viewer that was slow misses nothing that is kept.
    async fn next(&mut self) -> Option<News> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Some(News::Message(message));
            }
            if !self.settled {
                self.settled = true;
                return Some(News::Settled);
            }
            self.changes.borrow_and_update();
            self.waiting.extend(self.journal.after(self.seen));
            if let Some(last) = self.waiting.back() {
                self.seen = last.seq;
                continue;
            }
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                closed = self.closing.wait_for(|closed| *closed) => {
                    closed.ok()?;
                    return None;
                }
            }
        }
    }

    fn event(&self, news: &News) -> Event {
        let News::Message(message) = news else {
            // An event without data is none.
            return Event::default().event("settled").data("{}");
        };
        let id = format!("{}.{}", self.journal.run(), message.seq);
        // Texts and numbers only: this cannot fail, and an empty object would be left out by the page.
        Event::default().id(id).data(serde_json::to_string(&**message).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;
    use crate::flow::{
        Endpoint, Lifeline,
        message::{Draft, Kind},
    };

    fn record(stage: &Stage) {
        stage.journal().record(Draft::new(
            Kind::Request,
            Endpoint::Home,
            Lifeline::Browser,
            Lifeline::Client,
        ));
    }

    async fn take(stage: &Stage, seen: u64, count: usize) -> Vec<String> {
        let events = Box::pin(events(stage, seen)).take(count);
        events.map(|event| format!("{:?}", event.unwrap())).collect().await
    }

    #[tokio::test]
    async fn a_new_viewer_sees_what_was_and_then_what_happens() {
        let stage = Stage::new();
        record(&stage);
        record(&stage);
        let mut events = Box::pin(events(&stage, 0));
        for seq in 1..=2 {
            assert!(format!("{:?}", events.next().await).contains(&format!(".{seq}")));
        }
        assert!(format!("{:?}", events.next().await).contains("settled"));
        let later = stage.clone();
        let (third, ()) = tokio::join!(events.next(), async move { record(&later) });
        assert!(format!("{third:?}").contains(".3"));
    }

    #[tokio::test]
    async fn a_viewer_that_comes_back_goes_on_where_it_was() {
        let stage = Stage::new();
        for _ in 0..5 {
            record(&stage);
        }
        let journal = stage.journal();
        let id = format!("{}.3", journal.run());
        assert_eq!(seen(journal, Some(&id)), 3);
        for strange in [None, Some("3"), Some("other.3"), Some(""), Some("x.y.z")] {
            assert_eq!(seen(journal, strange), 0, "{strange:?}");
        }
        let rest = take(&stage, 3, 3).await;
        assert!(rest[0].contains(".4") && rest[1].contains(".5") && rest[2].contains("settled"), "{rest:?}");
    }

    #[tokio::test]
    async fn viewers_are_let_go_at_the_end() {
        let stage = Stage::new();
        record(&stage);
        stage.close();
        assert_eq!(take(&stage, 0, 100).await.len(), 2, "the message, and that it was all");
    }
}
