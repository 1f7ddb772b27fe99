//! What was seen, kept for whoever looks later: a bounded list that viewers follow.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use mapae_protocol::random;
use tokio::{sync::watch, time::Instant};

use super::{
    message::{Draft, Message},
    stories::{Stories, Story},
};

/// How many messages are kept.
pub const CAPACITY: usize = 500;

/// How many messages of the background are kept beside them: they come by themselves, all the time, and must not
/// push out what a person did.
pub const NOISE_CAPACITY: usize = 60;

/// The messages of this process. Cloning shares it.
#[derive(Clone, Debug)]
pub struct Journal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Tells viewers that the process, and with it the numbering, is another.
    run: String,
    pages: Mutex<Pages>,
    last: watch::Sender<u64>,
    begun: Instant,
    begun_at: i64,
}

#[derive(Debug, Default)]
struct Pages {
    messages: VecDeque<Arc<Message>>,
    noise: VecDeque<Arc<Message>>,
    stories: Stories,
    last: u64,
}

/// An experiment that is going on; over when this is dropped.
#[derive(Debug)]
pub struct Experimenting {
    journal: Journal,
    story: Story,
}

impl Journal {
    /// An empty journal, begun now (in Unix seconds).
    #[must_use]
    pub fn new(now: i64) -> Self {
        Self(Arc::new(Inner {
            run: random::text::<6>(),
            pages: Mutex::default(),
            last: watch::Sender::new(0),
            begun: Instant::now(),
            begun_at: now.saturating_mul(1_000),
        }))
    }

    /// Writes a message down; its number.
    pub fn record(&self, draft: Draft) -> u64 {
        let now = self.now();
        let mut pages = self.pages();
        let story = pages.stories_of(&draft);
        let seq = pages.last + 1;
        pages.last = seq;
        let message = Arc::new(draft.into_message(seq, now, story));
        pages.keep(message);
        drop(pages);
        self.0.last.send_replace(seq);
        seq
    }

    /// Every kept message after this number, in order.
    #[must_use]
    pub fn after(&self, seq: u64) -> Vec<Arc<Message>> {
        let pages = self.pages();
        let kept = pages.messages.iter().chain(&pages.noise).filter(|message| message.seq > seq);
        let mut found: Vec<Arc<Message>> = kept.cloned().collect();
        found.sort_unstable_by_key(|message| message.seq);
        found
    }

    /// The number of the last message, and a word when there is another.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.last.subscribe()
    }

    /// Names this process among those that viewers may have seen.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.0.run
    }

    /// All that happens until the guard is dropped is one experiment.
    #[must_use]
    pub fn experiment(&self) -> Experimenting {
        let story = self.pages().stories.begin_experiment();
        Experimenting { journal: self.clone(), story }
    }

    /// The same for an experiment that was interrupted because it sent the browser away.
    #[must_use]
    pub fn resumed_experiment(&self) -> Experimenting {
        let story = self.pages().stories.resume_experiment();
        Experimenting { journal: self.clone(), story }
    }

    /// Unix milliseconds.
    #[must_use]
    pub fn now(&self) -> i64 {
        let passed = i64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(i64::MAX);
        self.0.begun_at.saturating_add(passed)
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.0.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pages {
    /// An answer belongs where its request does, whatever else has begun meanwhile.
    fn stories_of(&mut self, draft: &Draft) -> Story {
        let asked = draft
            .answers
            .and_then(|seq| self.messages.iter().chain(&self.noise).rev().find(|message| message.seq == seq));
        match asked {
            // News of the revocation feed come as the late answer to a quiet request: they belong to what made them.
            Some(request) if draft.noise || !request.noise => request.story,
            _ => self.stories.of(draft),
        }
    }

    fn keep(&mut self, message: Arc<Message>) {
        let (list, capacity) =
            if message.noise { (&mut self.noise, NOISE_CAPACITY) } else { (&mut self.messages, CAPACITY) };
        if list.len() == capacity {
            list.pop_front();
        }
        list.push_back(message);
    }
}

impl Drop for Experimenting {
    fn drop(&mut self) {
        self.journal.pages().stories.end_experiment(self.story);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::flow::{Endpoint, Lifeline, message::Kind};

    fn draft(noise: bool) -> Draft {
        let mut draft = Draft::new(Kind::Request, Endpoint::Home, Lifeline::Browser, Lifeline::Client);
        draft.noise = noise;
        draft
    }

    fn numbers(journal: &Journal, after: u64) -> Vec<u64> {
        journal.after(after).iter().map(|message| message.seq).collect()
    }

    #[test]
    fn it_is_bounded_and_noise_pushes_nothing_out() {
        let journal = Journal::new(0);
        for _ in 0..10 {
            journal.record(draft(false));
        }
        for _ in 0..NOISE_CAPACITY + 5 {
            journal.record(draft(true));
        }
        let kept = numbers(&journal, 0);
        assert_eq!(kept.len(), 10 + NOISE_CAPACITY);
        assert_eq!(kept[..10], (1..=10).collect::<Vec<u64>>()[..]);
        for _ in 0..CAPACITY {
            journal.record(draft(false));
        }
        assert_eq!(journal.after(0).len(), CAPACITY + NOISE_CAPACITY);
        assert!(numbers(&journal, 0).is_sorted());
    }

    #[test]
    fn numbers_have_no_gaps_however_many_write_at_once() {
        let journal = Journal::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..50).map(|_| journal.record(draft(false))).max());
            }
        });
        assert_eq!(numbers(&journal, 0), (1..=400).collect::<Vec<u64>>());
        assert_eq!(numbers(&journal, 398), [399, 400]);
        assert_eq!(*journal.changes().borrow(), 400);
    }

    #[test]
    fn an_answer_stays_with_its_request() {
        let journal = Journal::new(0);
        let request = journal.record(draft(false));
        journal.record(draft(false));
        let mut answer = Draft::new(Kind::Response, Endpoint::Home, Lifeline::Client, Lifeline::Browser);
        answer.answers = Some(request);
        journal.record(answer);
        let stories: Vec<u64> = journal.after(0).iter().map(|message| message.story.id).collect();
        assert_eq!(stories, [1, 2, 1]);
    }

    #[test]
    fn time_is_told_in_milliseconds_and_can_lie_back() {
        let journal = Journal::new(1_800_000_000);
        let mut late = draft(false);
        late.ago = 1_000;
        journal.record(late);
        let time = journal.after(0)[0].time;
        assert!((1_799_999_999_000..1_800_000_000_000).contains(&time), "{time}");
    }
}
