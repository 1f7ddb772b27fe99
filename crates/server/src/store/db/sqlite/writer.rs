//! The one writer of a SQLite file: many units, one COMMIT.
//!
//! A durable commit costs a wait for the disk, whatever is in it. So the writer takes all units that are
//! waiting, runs each under its own savepoint inside one transaction, commits once, and only then answers
//! them. A unit in conflict undoes only itself; a failed COMMIT fails all of them.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use super::{
    batch::Batch,
    connection::{Meaning, Place, meaning},
};
use crate::store::db::{
    CommitError, Obstacle, OpenError, Options, Row, StoreError, error::cause, unit::Ordered,
};

/// How many units share one COMMIT at most: beyond it little is gained and the first waits for the last.
const TOGETHER: usize = 256;

/// How long after its deadline a unit's caller still waits for the answer of a slow disk.
pub(super) const PATIENCE: Duration = Duration::from_secs(3);

/// What becomes of a unit.
pub(super) type Outcome = Result<Vec<Vec<Row>>, CommitError>;

/// A unit on its way to the writer.
pub(super) struct Job {
    pub(super) unit: Ordered,
    pub(super) deadline: Instant,
    pub(super) reply: oneshot::Sender<Outcome>,
}

enum Order {
    Write(Job),
    Close(oneshot::Sender<()>),
}

/// The way to the writer thread.
pub(super) struct Writer {
    orders: SyncSender<Order>,
    closed: AtomicBool,
}

impl Writer {
    pub(super) fn start(place: Place, options: Arc<Options>) -> Result<Self, OpenError> {
        let (orders, waiting) = sync_channel(options.queue);
        thread::Builder::new()
            .name("mapae-writer".into())
            .spawn(move || supervise(|| serve(&place, &options, &waiting)))
            .map_err(OpenError::Thread)?;
        Ok(Self { orders, closed: AtomicBool::new(false) })
    }

    pub(super) fn send(&self, job: Job) -> Result<(), CommitError> {
        if self.closed.load(Ordering::Acquire) {
            return Err(CommitError::Fault(StoreError::Closed));
        }
        self.orders.try_send(Order::Write(job)).map_err(|error| match error {
            TrySendError::Full(_) => CommitError::Busy(Obstacle::QueueFull),
            TrySendError::Disconnected(_) => CommitError::Fault(StoreError::Closed),
        })
    }

    pub(super) async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let orders = self.orders.clone();
        let (done, closed) = oneshot::channel();
        // The queue may be full: waiting for a place in it must not stop the runtime.
        let send = tokio::task::spawn_blocking(move || orders.send(Order::Close(done)));
        if matches!(send.await, Ok(Ok(()))) {
            // An error means that the writer is gone, which is what was asked for.
            let _ = closed.await;
        }
    }
}

/// Runs `work` until it says that it is done. A panic drops what it had in hand (its callers are told that
/// the outcome is unknown) and starts it again with a fresh connection.
fn supervise(work: impl Fn()) {
    while catch_unwind(AssertUnwindSafe(&work)).is_err() {
        tracing::error!("the writer of the database panicked and is started again");
    }
}

fn serve(place: &Place, options: &Options, waiting: &Receiver<Order>) {
    let mut connection = None;
    while let Ok(order) = waiting.recv() {
        let (jobs, close) = gather(order, waiting);
        let damage = match connection.take().map_or_else(|| place.open_for_writing(), Ok) {
            Ok(open) => Batch::new(jobs).commit(open).map(|open| connection = open).err(),
            Err(error) => {
                tracing::warn!(%error, "the database file cannot be opened");
                Batch::new(jobs).refuse(Obstacle::Unreachable);
                (meaning(&error) == Meaning::Damaged).then_some(error)
            }
        };
        if let Some(error) = damage {
            let reason = format!("the database file cannot be written safely any more: {error}");
            tracing::error!("{reason}");
            (options.on_fatal)(&reason);
            return refuse_for_ever(waiting, close, &reason);
        }
        if let Some(closed) = close {
            drop(connection);
            return finish(waiting, closed);
        }
    }
}

/// What is waiting, up to a whole batch or to the order to close.
fn gather(first: Order, waiting: &Receiver<Order>) -> (Vec<Job>, Option<oneshot::Sender<()>>) {
    let mut jobs = Vec::new();
    let mut next = Ok(first);
    while let Ok(order) = next {
        match order {
            Order::Write(job) => jobs.push(job),
            Order::Close(closed) => return (jobs, Some(closed)),
        }
        next = if jobs.len() < TOGETHER { waiting.try_recv() } else { Err(TryRecvError::Empty) };
    }
    (jobs, None)
}

/// After damage nothing is acknowledged any more; the process is about to end.
fn refuse_for_ever(waiting: &Receiver<Order>, close: Option<oneshot::Sender<()>>, reason: &str) {
    let mut close = close;
    while close.is_none() {
        match waiting.recv() {
            Ok(Order::Write(job)) => {
                let stopped = StoreError::Stopped(Some(cause(reason)));
                let _ = job.reply.send(Err(CommitError::Fault(stopped)));
            }
            Ok(Order::Close(closed)) => close = Some(closed),
            Err(_) => return,
        }
    }
}

/// Tells the one who asked that all is written, and those who came later that they are too late.
fn finish(waiting: &Receiver<Order>, closed: oneshot::Sender<()>) {
    while let Ok(order) = waiting.try_recv() {
        if let Order::Write(job) = order {
            let _ = job.reply.send(Err(CommitError::Fault(StoreError::Closed)));
        }
    }
    let _ = closed.send(());
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[test]
    fn db_10_a_panic_of_the_writer_leaves_nobody_waiting() {
        let (orders, waiting) = sync_channel::<oneshot::Sender<u8>>(4);
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let writer = thread::spawn(move || {
            supervise(|| {
                let run = counted.fetch_add(1, Ordering::SeqCst);
                while let Ok(reply) = waiting.recv() {
                    assert!(run > 0, "the first run panics with a job in hand");
                    let _ = reply.send(7);
                }
            });
        });
        let (first, dropped) = oneshot::channel();
        orders.send(first).unwrap();
        assert!(dropped.blocking_recv().is_err(), "told at once that nothing is known");
        let (second, answered) = oneshot::channel();
        orders.send(second).unwrap();
        assert_eq!(answered.blocking_recv(), Ok(7), "the next run serves");
        drop(orders);
        writer.join().unwrap();
        assert_eq!(runs.load(Ordering::SeqCst), 2);
    }
}
