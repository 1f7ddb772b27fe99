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
    for (_, step) in &unit.steps {
        match execute(connection, step.sql, &step.params) {
            Ok(done) if step.expect.met_by(done.affected) => rows.push(done.rows),
            Ok(_) => return Err(Stop::Unit(CommitError::Conflict { statement: step.sql })),
            Err(error) => {
                return Err(match meaning(&error) {
                    Meaning::Conflict => Stop::Unit(CommitError::Conflict { statement: step.sql }),
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mapae_protocol::time::Timestamp;
    use tempfile::TempDir;
    use tokio::sync::oneshot::{self, Receiver};

    use super::*;
    use crate::store::{
        consents,
        db::{Unit, migrate::MIGRATIONS, sqlite::connection::Place},
        users::{self, NewUser},
    };

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn file() -> (TempDir, Place, Connection) {
        let folder = TempDir::new().unwrap();
        let place = Place::prepare(&folder.path().join("mapae.db")).unwrap();
        let connection = place.open_for_writing().unwrap();
        for migration in MIGRATIONS {
            connection.execute_batch(migration.sql).unwrap();
        }
        (folder, place, connection)
    }

    fn insert(id: &str, name_length: usize) -> Unit {
        let user = NewUser {
            id: id.into(),
            email: Some(id.into()),
            email_verified: false,
            name: "n".repeat(name_length),
            locale: None,
            password_hash: None,
            operator: false,
            claims: None,
        };
        Unit::from(users::insert(&user, NOW))
    }

    fn job(unit: Unit) -> (Job, Receiver<Outcome>) {
        let (reply, answer) = oneshot::channel();
        let deadline = Instant::now() + Duration::from_secs(5);
        (Job { unit: unit.ordered().unwrap(), deadline, reply }, answer)
    }

    fn commit(connection: Connection, units: Vec<Unit>) -> (Connection, Vec<Outcome>) {
        let (jobs, answers): (Vec<Job>, Vec<Receiver<Outcome>>) = units.into_iter().map(job).unzip();
        let connection = Batch::new(jobs).commit(connection).unwrap().expect("the connection goes on");
        (connection, answers.into_iter().map(|answer| answer.blocking_recv().unwrap()).collect())
    }

    fn users_in(connection: &Connection) -> i64 {
        connection.query_row("SELECT COUNT(*) FROM users", [], |row| row.get(0)).unwrap()
    }

    #[test]
    fn db_10_a_full_disk_fails_the_batch_and_does_no_harm() {
        let (_folder, _place, connection) = file();
        let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        connection.pragma_update(None, "max_page_count", pages + 4).unwrap();
        // The second meets a row that the first has written: undone with it, so it is told nothing of it.
        let units = vec![insert("a", 1), insert("a", 1), insert("b", 100_000), insert("c", 1)];
        let (connection, outcomes) = commit(connection, units);
        for outcome in &outcomes {
            assert!(matches!(outcome, Err(CommitError::Busy(Obstacle::ReadOnly))), "{outcome:?}");
        }
        assert_eq!(users_in(&connection), 0);
        connection.pragma_update(None, "max_page_count", 1_000_000).unwrap();
        let (connection, outcomes) = commit(connection, vec![insert("a", 1), insert("b", 100_000)]);
        assert!(outcomes.iter().all(Result::is_ok), "space has returned: {outcomes:?}");
        assert_eq!(users_in(&connection), 2);
    }

    #[test]
    fn db_10_a_failed_commit_fails_every_unit_in_it() {
        let (_folder, _place, connection) = file();
        // Foreign keys are checked at COMMIT now, which is how it fails here.
        connection.execute_batch("PRAGMA defer_foreign_keys = ON").unwrap();
        let orphan = consents::Agreement {
            new_id: "con".into(),
            user_id: "nobody".into(),
            app_id: "none".into(),
            accepted: vec![],
            refused: vec![],
            anew: false,
            agreed_app: None,
        };
        let orphan = consents::agree(None, &orphan, NOW);
        let (connection, outcomes) = commit(connection, vec![insert("a", 1), orphan, insert("b", 1)]);
        assert!(outcomes.iter().all(|o| matches!(o, Err(CommitError::Busy(_)))), "{outcomes:?}");
        assert_eq!(users_in(&connection), 0);
        let (connection, outcomes) = commit(connection, vec![insert("a", 1)]);
        assert!(outcomes.iter().all(Result::is_ok));
        assert_eq!(users_in(&connection), 1);
    }

    #[test]
    fn db_11_a_unit_past_its_time_is_skipped_and_the_others_are_not() {
        let (_folder, _place, connection) = file();
        let ((mut late, told), (good, done)) = (job(insert("late", 1)), job(insert("good", 1)));
        late.deadline = Instant::now();
        let connection = Batch::new(vec![late, good]).commit(connection).unwrap().unwrap();
        assert!(matches!(told.blocking_recv().unwrap(), Err(CommitError::Busy(Obstacle::Deadline))));
        assert!(done.blocking_recv().unwrap().is_ok());
        assert_eq!(users_in(&connection), 1);
    }
}
