//! Units on PostgreSQL, READ COMMITTED.
//!
//! One statement commits by itself in one trip. Several are sent at once behind BEGIN; when all of them met
//! what they expected, COMMIT follows, otherwise ROLLBACK: any error means ROLLBACK, never "go on".
//! A connection lost before COMMIT was sent has written nothing; lost after it, nobody knows.

use std::{
    future::{Future, poll_fn},
    task::Poll,
    time::{Duration, Instant},
};

use deadpool_postgres::{Object, Pool, PoolError};
use futures_util::future::maybe_done;
use tokio::time::timeout_at;
use tokio_postgres::{Error, Statement as Prepared};

use super::{
    ATTEMPTS, Postgres, forget_idle, pause,
    wire::{Done, Meaning, collect, meaning},
};
use crate::store::db::{CommitError, Obstacle, Row, Statement, StoreError, unit::Ordered};

type Outcome = Result<Vec<Vec<Row>>, CommitError>;

/// How long the answer to COMMIT is awaited before its outcome counts as unknown.
const PATIENCE: Duration = Duration::from_secs(2);

/// How one attempt ended, other than well.
enum Stop {
    /// Nothing was written and another attempt may succeed.
    Again(Obstacle),
    /// That is the answer.
    For(CommitError),
}

impl Postgres {
    pub(in crate::store::db) async fn commit(&self, unit: Ordered, deadline: Instant) -> Outcome {
        if unit.steps.len() == 1 {
            return attempts(&self.pool, &unit, deadline).await;
        }
        // A task of its own: a caller that goes away in the middle must not leave an open transaction.
        let pool = self.pool.clone();
        tokio::spawn(async move { attempts(&pool, &unit, deadline).await })
            .await
            .unwrap_or(Err(CommitError::Unknown))
    }
}

async fn attempts(pool: &Pool, unit: &Ordered, deadline: Instant) -> Outcome {
    let mut attempt = 0;
    loop {
        if deadline <= Instant::now() {
            return Err(CommitError::Busy(Obstacle::Deadline));
        }
        attempt += 1;
        match once(pool, unit, deadline.into()).await {
            Ok(rows) => return Ok(unit.results(rows)),
            Err(Stop::For(error)) => return Err(error),
            Err(Stop::Again(obstacle)) if attempt >= ATTEMPTS => return Err(CommitError::Busy(obstacle)),
            Err(Stop::Again(obstacle)) => {
                if obstacle == Obstacle::Unreachable {
                    forget_idle(pool);
                }
                pause(attempt).await;
            }
        }
    }
}

async fn once(pool: &Pool, unit: &Ordered, deadline: tokio::time::Instant) -> Result<Vec<Vec<Row>>, Stop> {
    let client = timeout_at(deadline, pool.get())
        .await
        .map_err(|_| Stop::For(CommitError::Busy(Obstacle::Unreachable)))?
        .map_err(|error| match error {
            PoolError::Closed => Stop::For(CommitError::Fault(StoreError::Closed)),
            _ => Stop::Again(Obstacle::Unreachable),
        })?;
    let prepared = match timeout_at(deadline, prepare(&client, unit)).await {
        Ok(Ok(prepared)) => prepared,
        Ok(Err((step, error))) => return Err(before_commit(client, step, error)),
        Err(_) => return Err(discard(client, Stop::For(CommitError::Busy(Obstacle::Deadline)))),
    };
    match unit.steps.as_slice() {
        [step] => single(client, step, &prepared, deadline).await,
        _ => several(client, unit, &prepared, deadline).await,
    }
}

/// Prepares all statements (once per connection), so that nothing but them is between BEGIN and COMMIT.
async fn prepare<'a>(
    client: &Object,
    unit: &'a Ordered,
) -> Result<Vec<Prepared>, (&'a (usize, Statement), Error)> {
    let mut prepared = Vec::with_capacity(unit.steps.len());
    for step in &unit.steps {
        prepared.push(client.prepare_cached(step.1.sql.text()).await.map_err(|error| (step, error))?);
    }
    Ok(prepared)
}

/// One statement, which commits by itself.
async fn single(
    client: Object,
    step: &(usize, Statement),
    prepared: &[Prepared],
    deadline: tokio::time::Instant,
) -> Result<Vec<Vec<Row>>, Stop> {
    let [prepared] = prepared else { return Err(Stop::For(CommitError::Unknown)) };
    let statement = &step.1;
    match timeout_at(deadline + PATIENCE, send(&client, statement, prepared)).await {
        Ok(Ok(done)) if statement.expect.met_by(done.affected) => Ok(vec![done.rows]),
        Ok(Ok(done)) if done.affected == 0 => {
            Err(Stop::For(CommitError::Conflict { statement: statement.sql }))
        }
        Ok(Ok(done)) => {
            // Committed already: the predicate of this statement names no unique key. A bug, told loudly.
            let fault = StoreError::TooManyRows { statement: statement.sql, rows: done.affected };
            Err(Stop::For(CommitError::Fault(fault)))
        }
        Ok(Err(error)) if meaning(&error) == Meaning::Lost => {
            tracing::warn!(%error, statement = statement.sql.name(), "connection lost while committing");
            Err(discard(client, Stop::For(CommitError::Unknown)))
        }
        Ok(Err(error)) => Err(before_commit(client, step, error)),
        Err(_) => Err(discard(client, Stop::For(CommitError::Unknown))),
    }
}

/// Several statements between BEGIN and COMMIT.
async fn several(
    client: Object,
    unit: &Ordered,
    prepared: &[Prepared],
    deadline: tokio::time::Instant,
) -> Result<Vec<Vec<Row>>, Stop> {
    let sent = timeout_at(deadline, pipeline(&client, unit, prepared)).await;
    let Ok(results) = sent else {
        return Err(discard(client, Stop::For(CommitError::Busy(Obstacle::Deadline))));
    };
    let mut rows = Vec::with_capacity(results.len());
    for (step, result) in unit.steps.iter().zip(results) {
        match result {
            Ok(done) if step.1.expect.met_by(done.affected) => rows.push(done.rows),
            Ok(_) => {
                let conflict = Stop::For(CommitError::Conflict { statement: step.1.sql });
                return Err(roll_back(client, conflict).await);
            }
            Err(error) => {
                let lost = meaning(&error) == Meaning::Lost;
                let stop = stop_before_commit(step, error);
                return Err(if lost { discard(client, stop) } else { roll_back(client, stop).await });
            }
        }
    }
    finish(client, unit, rows).await
}

async fn finish(client: Object, unit: &Ordered, rows: Vec<Vec<Row>>) -> Result<Vec<Vec<Row>>, Stop> {
    match tokio::time::timeout(PATIENCE, client.batch_execute("COMMIT")).await {
        Ok(Ok(())) => Ok(rows),
        // These two say for certain that nothing was written.
        Ok(Err(error)) if meaning(&error) == Meaning::Again => {
            Err(discard(client, Stop::Again(Obstacle::Locked)))
        }
        Ok(Err(error)) if meaning(&error) == Meaning::Conflict => {
            let last = unit.steps.last().map(|step| step.1.sql);
            let conflict = last.map(|statement| CommitError::Conflict { statement });
            Err(discard(client, Stop::For(conflict.unwrap_or(CommitError::Unknown))))
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "the outcome of a COMMIT is unknown");
            Err(discard(client, Stop::For(CommitError::Unknown)))
        }
        Err(_) => {
            tracing::error!("COMMIT was not answered in time, its outcome is unknown");
            Err(discard(client, Stop::For(CommitError::Unknown)))
        }
    }
}

/// Sends BEGIN and all statements at once and collects their answers. After the first error the engine
/// refuses the rest, so the first error in order is the one that counts.
async fn pipeline(client: &Object, unit: &Ordered, prepared: &[Prepared]) -> Vec<Result<Done, Error>> {
    let begin = Box::pin(maybe_done(client.batch_execute("BEGIN")));
    let steps = unit.steps.iter().zip(prepared);
    let sent =
        steps.map(|((_, statement), prepared)| Box::pin(maybe_done(send(client, statement, prepared))));
    let (mut begin, mut sent) = (begin, sent.collect::<Vec<_>>());
    // A statement is put on the wire when it is first polled: this loop is what keeps them in order.
    poll_fn(|context| {
        let mut ready = begin.as_mut().poll(context).is_ready();
        for statement in &mut sent {
            ready &= statement.as_mut().poll(context).is_ready();
        }
        if ready { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    let mut results = Vec::with_capacity(sent.len());
    if let Some(Err(error)) = begin.as_mut().take_output() {
        results.push(Err(error));
        return results;
    }
    results.extend(sent.iter_mut().filter_map(|statement| statement.as_mut().take_output()));
    results
}

async fn send(client: &Object, statement: &Statement, prepared: &Prepared) -> Result<Done, Error> {
    collect(statement.sql, client.query_raw(prepared, &statement.params).await?).await
}

/// An error at a time when nothing can have been committed.
fn before_commit(client: Object, step: &(usize, Statement), error: Error) -> Stop {
    let conflict = meaning(&error) == Meaning::Conflict;
    let stop = stop_before_commit(step, error);
    if conflict { stop } else { discard(client, stop) }
}

fn stop_before_commit((_, statement): &(usize, Statement), error: Error) -> Stop {
    match meaning(&error) {
        Meaning::Conflict => Stop::For(CommitError::Conflict { statement: statement.sql }),
        Meaning::Again => Stop::Again(Obstacle::Locked),
        Meaning::Slow => Stop::For(CommitError::Busy(Obstacle::Deadline)),
        Meaning::ReadOnly => Stop::For(CommitError::Busy(Obstacle::ReadOnly)),
        Meaning::Lost => Stop::Again(Obstacle::Unreachable),
        Meaning::Refused => {
            let source = super::as_cause(error);
            Stop::For(CommitError::Fault(StoreError::Refused { statement: statement.sql, source }))
        }
    }
}

async fn roll_back(client: Object, stop: Stop) -> Stop {
    match tokio::time::timeout(PATIENCE, client.batch_execute("ROLLBACK")).await {
        Ok(Ok(())) => stop,
        Ok(Err(_)) | Err(_) => discard(client, stop),
    }
}

/// Closes a connection instead of giving it back: whatever was open on it ends with it.
fn discard(client: Object, stop: Stop) -> Stop {
    drop(Object::take(client));
    stop
}
