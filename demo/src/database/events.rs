//! The calendars of the API: one for each issuer and subject.

use std::path::Path;

use mapae_protocol::random;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use super::{Database, DatabaseError};

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS people (
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        PRIMARY KEY (issuer, subject)
    );
    CREATE TABLE IF NOT EXISTS events (
        id TEXT NOT NULL PRIMARY KEY,
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        date TEXT NOT NULL,
        time TEXT,
        title TEXT NOT NULL
    );
    CREATE INDEX IF NOT EXISTS events_by_person ON events (issuer, subject, date);
";

/// The most entries of one person: the demo is no store for the world.
const MOST: i64 = 500;

/// Everybody's calendars. Cloning shares them.
#[derive(Clone, Debug)]
pub(crate) struct Calendars(Database);

/// An entry of a calendar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Its name.
    pub(crate) id: String,
    /// What it is called.
    pub(crate) title: String,
    /// `YYYY-MM-DD`.
    pub(crate) date: String,
    /// `HH:MM`; all day without.
    pub(crate) time: Option<String>,
}

/// An entry to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewEntry {
    /// What it is called.
    pub(crate) title: String,
    /// `YYYY-MM-DD`.
    pub(crate) date: String,
    /// `HH:MM`; all day without.
    pub(crate) time: Option<String>,
}

impl Calendars {
    /// Opens the file.
    pub(crate) fn open(path: &Path) -> Result<Self, DatabaseError> {
        Database::open(path, TABLES).map(Self)
    }

    /// The entries of a person whose date begins with `prefix` (`2026-11`; empty for all), by day and time. Whoever
    /// comes for the first time finds `welcome` in it.
    pub(crate) async fn read(
        &self,
        (issuer, subject): (String, String),
        prefix: String,
        welcome: Vec<NewEntry>,
    ) -> Result<Vec<Entry>, DatabaseError> {
        self.0
            .run(move |connection| {
                let transaction = connection.transaction()?;
                let new = transaction.execute(
                    "INSERT INTO people (issuer, subject) VALUES ($1, $2) ON CONFLICT (issuer, subject) DO NOTHING",
                    params![issuer, subject],
                )?;
                for entry in welcome.into_iter().take(if new == 1 { usize::MAX } else { 0 }) {
                    insert(&transaction, &issuer, &subject, entry)?;
                }
                let found = select(&transaction, &issuer, &subject, &prefix)?;
                transaction.commit()?;
                Ok(found)
            })
            .await
    }

    /// Writes an entry; `None` if the calendar is full.
    pub(crate) async fn write(
        &self,
        (issuer, subject): (String, String),
        entry: NewEntry,
    ) -> Result<Option<Entry>, DatabaseError> {
        self.0
            .run(move |connection| {
                let transaction = connection.transaction()?;
                let count: i64 = transaction.query_row(
                    "SELECT count(*) FROM events WHERE issuer = $1 AND subject = $2",
                    params![issuer, subject],
                    |row| row.get(0),
                )?;
                if count >= MOST {
                    return Ok(None);
                }
                let entry = insert(&transaction, &issuer, &subject, entry)?;
                transaction.commit()?;
                Ok(Some(entry))
            })
            .await
    }
}

fn insert(
    connection: &Connection,
    issuer: &str,
    subject: &str,
    NewEntry { title, date, time }: NewEntry,
) -> Result<Entry, rusqlite::Error> {
    let entry = Entry { id: random::text::<9>(), title, date, time };
    connection.execute(
        "INSERT INTO events (id, issuer, subject, date, time, title) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO NOTHING",
        params![entry.id, issuer, subject, entry.date, entry.time, entry.title],
    )?;
    Ok(entry)
}

fn select(
    connection: &Connection,
    issuer: &str,
    subject: &str,
    prefix: &str,
) -> Result<Vec<Entry>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT id, title, date, time FROM events
         WHERE issuer = $1 AND subject = $2 AND substr(date, 1, $3) = $4
         ORDER BY date, time IS NOT NULL, time, id",
    )?;
    let length = i64::try_from(prefix.len()).unwrap_or(0);
    let rows = statement.query_map(params![issuer, subject, length, prefix], |row| {
        Ok(Entry { id: row.get(0)?, title: row.get(1)?, date: row.get(2)?, time: row.get(3)? })
    })?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(subject: &str) -> (String, String) {
        ("http://localhost:9000".to_owned(), subject.to_owned())
    }

    fn entry(title: &str, date: &str, time: Option<&str>) -> NewEntry {
        NewEntry { title: title.to_owned(), date: date.to_owned(), time: time.map(str::to_owned) }
    }

    async fn titles(calendars: &Calendars, subject: &str, prefix: &str) -> Vec<String> {
        let welcome = vec![entry("welcome", "2026-11-01", None)];
        let entries = calendars.read(person(subject), prefix.to_owned(), welcome).await.unwrap();
        entries.into_iter().map(|entry| entry.title).collect()
    }

    #[tokio::test]
    async fn everybody_has_a_calendar_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let calendars = Calendars::open(&folder.path().join("calendar.db")).unwrap();
        assert_eq!(titles(&calendars, "a", "").await, ["welcome"]);
        for (title, date, time) in [
            ("late", "2026-11-01", Some("18:00")),
            ("early", "2026-11-01", Some("09:00")),
            ("next", "2026-12-01", None),
        ] {
            calendars.write(person("a"), entry(title, date, time)).await.unwrap().unwrap();
        }
        assert_eq!(titles(&calendars, "a", "").await, ["welcome", "early", "late", "next"], "welcomed once");
        assert_eq!(titles(&calendars, "a", "2026-12").await, ["next"]);
        assert_eq!(titles(&calendars, "b", "").await, ["welcome"]);
    }

    #[tokio::test]
    async fn a_calendar_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let calendars = Calendars::open(&folder.path().join("calendar.db")).unwrap();
        for n in 0..MOST {
            calendars.write(person("a"), entry(&n.to_string(), "2026-11-01", None)).await.unwrap().unwrap();
        }
        assert_eq!(calendars.write(person("a"), entry("x", "2026-11-01", None)).await.unwrap(), None);
        assert!(calendars.write(person("b"), entry("x", "2026-11-01", None)).await.unwrap().is_some());
    }
}
