//! One transaction of the writer.

use std::time::Instant;

use rusqlite::Connection;

use super::{
    connection::{Meaning, execute, meaning},
    writer::{Job, Outcome},
};
use crate::store::db::{CommitError, Obstacle, Row, StoreError, unit::Ordered};

/// The units of one transaction. Each of them is answered exactly once, whatever happens.
pub(super) struct Batch {
    jobs: Vec<Job>,
}

/// Why a batch came to nothing.
enum Failure {
    /// Nothing was written; the connection may be used again.
    Undone(Obstacle),
    /// The disk failed: nobody knows what was written.
    Damage(rusqlite::Error),
}

/// Why a unit ended early.
enum Stop {
    /// It alone is undone.
    Unit(CommitError),
    /// The whole transaction is.
    Batch(rusqlite::Error),
}

impl Batch {
    pub(super) const fn new(jobs: Vec<Job>) -> Self {
        Self { jobs }
    }

    /// Tells everybody that nothing was executed.
    pub(super) fn refuse(self, obstacle: Obstacle) {
        for job in self.jobs {
            let _ = job.reply.send(Err(CommitError::Busy(obstacle)));
        }
    }

    /// Writes the units and answers them. Gives the connection back if it can be used again; the error is
    /// damage after which nothing may be acknowledged any more.
    pub(super) fn commit(mut self, connection: Connection) -> Result<Option<Connection>, rusqlite::Error> {
        if let Err(failure) = self.begin(&connection) {
            return self.fail(connection, failure);
        }
        let mut outcomes = Vec::with_capacity(self.jobs.len());
        for job in &self.jobs {
            match execute_alone(&connection, &job.unit, job.deadline) {
                Ok(outcome) => outcomes.push(outcome),
                Err(error) => return self.fail(connection, failure_of(error)),
            }
        }
        if let Err(error) = connection.execute_batch("COMMIT") {
            return self.fail(connection, failure_of(error));
        }
        for (job, outcome) in self.jobs.into_iter().zip(outcomes) {
            let _ = job.reply.send(outcome);
        }
        Ok(Some(connection))
    }

    /// Waits for other processes as long as some unit still has time.
    fn begin(&mut self, connection: &Connection) -> Result<(), Failure> {
        loop {
            self.drop_late();
            if self.jobs.is_empty() {
                return Err(Failure::Undone(Obstacle::Deadline));
            }
            match connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.execute([])) {
                Ok(_) => return Ok(()),
                Err(error) if meaning(&error) == Meaning::Locked => {}
                Err(error) => return Err(failure_of(error)),
            }
        }
    }

    fn drop_late(&mut self) {
        let now = Instant::now();
        for job in self.jobs.extract_if(.., |job| job.deadline <= now) {
            let _ = job.reply.send(Err(CommitError::Busy(Obstacle::Deadline)));
        }
    }

    /// Undoes everything. A refusal found on the way is not told to anybody: the row that caused it may
    /// have been written by another unit of this batch, and is gone with it.
    fn fail(self, connection: Connection, failure: Failure) -> Result<Option<Connection>, rusqlite::Error> {
        match failure {
            Failure::Undone(obstacle) => {
                self.refuse(obstacle);
                let usable = connection.is_autocommit() || connection.execute_batch("ROLLBACK").is_ok();
                Ok(usable.then_some(connection))
            }
            Failure::Damage(error) => {
                // The log may hold the whole transaction after a restart, or not.
                for job in self.jobs {
                    let _ = job.reply.send(Err(CommitError::Unknown));
                }
                Err(error)
            }
        }
    }
}

fn failure_of(error: rusqlite::Error) -> Failure {
    match meaning(&error) {
        Meaning::Damaged => Failure::Damage(error),
        Meaning::Locked => Failure::Undone(Obstacle::Locked),
        Meaning::ReadOnly | Meaning::Conflict | Meaning::Refused => {
            tracing::warn!(%error, "a transaction failed as a whole");
            Failure::Undone(Obstacle::ReadOnly)
        }
    }
}

/// Runs a unit under its own savepoint. `Err` means that the transaction around it is lost.
fn execute_alone(
    connection: &Connection,
    unit: &Ordered,
    deadline: Instant,
) -> Result<Outcome, rusqlite::Error> {
    if deadline <= Instant::now() {
        return Ok(Err(CommitError::Busy(Obstacle::Deadline)));
    }
    savepoint(connection, "SAVEPOINT unit")?;
    match steps(connection, unit) {
        Ok(outcome) => {
            savepoint(connection, "RELEASE unit")?;
            Ok(Ok(outcome))
        }
        Err(Stop::Unit(error)) => {
            savepoint(connection, "ROLLBACK TO unit")?;
            savepoint(connection, "RELEASE unit")?;
            Ok(Err(error))
        }
        Err(Stop::Batch(error)) => Err(error),
    }
}

fn savepoint(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

fn steps(connection: &Connection, unit: &Ordered) -> Result<Vec<Vec<Row>>, Stop> {
    let mut rows = Vec::with_capacity(unit.steps.len());
    for (position, step) in &unit.steps {
        match execute(connection, step.sql, &step.params) {
            Ok(done) if step.expect.met_by(done.affected) => rows.push(done.rows),
            Ok(_) => return Err(Stop::Unit(CommitError::Conflict { statement: *position })),
            Err(error) => {
                return Err(match meaning(&error) {
                    Meaning::Conflict => Stop::Unit(CommitError::Conflict { statement: *position }),
                    Meaning::Refused if !connection.is_autocommit() => {
                        Stop::Unit(CommitError::Fault(StoreError::Refused {
                            statement: step.sql,
                            source: error.into(),
                        }))
                    }
                    Meaning::Refused | Meaning::Locked | Meaning::ReadOnly | Meaning::Damaged => {
                        Stop::Batch(error)
                    }
                });
            }
        }
    }
    Ok(unit.results(rows))
}
