//! Where one connection is between two requests, and when its patience ends — threats OP-03.
//!
//! One alarm per connection, not one timer per request: what the connection is doing is a number and a time,
//! and the alarm looks at them when it rings.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

/// A request's head must be complete after this long.
const HEAD: Duration = Duration::from_secs(10);
/// The next request must begin after this long.
const IDLE: Duration = Duration::from_secs(60);
/// Something of an answer must be taken after this long.
const STALLED: Duration = Duration::from_secs(30);

const IN_HEAD: u8 = 0;
const AT_REST: u8 = 1;
const AT_WORK: u8 = 2;
const WRITE_BLOCKED: u8 = 3;

/// Shared by the socket, the service and the task of one connection, all of which run in that task.
#[derive(Clone, Debug)]
pub(super) struct Stopwatch(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    begun: Instant,
    phase: AtomicU8,
    /// Milliseconds after `begun`.
    since: AtomicU64,
}

impl Stopwatch {
    /// A new connection must send a request at once.
    pub(super) fn start() -> Self {
        Self(Arc::new(Shared {
            begun: Instant::now(),
            phase: AtomicU8::new(IN_HEAD),
            since: AtomicU64::new(0),
        }))
    }

    /// Bytes came in: the first ones after a rest begin a head.
    pub(super) fn bytes_read(&self) {
        if self.phase() == AT_REST {
            self.enter(IN_HEAD);
        }
    }

    /// The head is complete; from now on handlers keep their own time.
    pub(super) fn request_began(&self) {
        self.0.phase.store(AT_WORK, Ordering::Relaxed);
    }

    /// The answer is written, or on its way to the socket.
    pub(super) fn answer_ended(&self) {
        self.enter(AT_REST);
    }

    /// The client takes nothing more for now.
    pub(super) fn write_blocked(&self) {
        if self.phase() == AT_WORK {
            self.enter(WRITE_BLOCKED);
        }
    }

    /// The client took something.
    pub(super) fn bytes_written(&self) {
        if self.phase() == WRITE_BLOCKED {
            self.request_began();
        }
    }

    /// When the connection is to be closed unless something happens before; `None` while a handler works.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let patience = match self.phase() {
            IN_HEAD => HEAD,
            AT_REST => IDLE,
            WRITE_BLOCKED => STALLED,
            _ => return None,
        };
        Some(self.0.begun + Duration::from_millis(self.0.since.load(Ordering::Relaxed)) + patience)
    }

    fn phase(&self) -> u8 {
        self.0.phase.load(Ordering::Relaxed)
    }

    fn enter(&self, phase: u8) {
        let since = u64::try_from(self.0.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.0.since.store(since, Ordering::Relaxed);
        self.0.phase.store(phase, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn op_03_each_phase_has_its_patience() {
        let stopwatch = Stopwatch::start();
        let left = |stopwatch: &Stopwatch| stopwatch.deadline().map(|at| (at - Instant::now()).as_secs());
        assert_eq!(left(&stopwatch), Some(10));
        tokio::time::advance(Duration::from_secs(4)).await;
        stopwatch.bytes_read();
        assert_eq!(left(&stopwatch), Some(6), "a trickle does not buy time");
        stopwatch.request_began();
        assert_eq!(left(&stopwatch), None);
        stopwatch.bytes_read();
        assert_eq!(left(&stopwatch), None, "the body is the handler's");
        stopwatch.write_blocked();
        tokio::time::advance(Duration::from_secs(1)).await;
        stopwatch.write_blocked();
        assert_eq!(left(&stopwatch), Some(29));
        stopwatch.bytes_written();
        assert_eq!(left(&stopwatch), None);
        stopwatch.answer_ended();
        assert_eq!(left(&stopwatch), Some(60));
        tokio::time::advance(Duration::from_secs(59)).await;
        stopwatch.bytes_read();
        assert_eq!(left(&stopwatch), Some(10));
    }
}
