//! The users of the service: found by issuer and subject, and by nothing else.

use std::path::Path;

use mapae_client::{EndUser, Identity};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::{Database, DatabaseError};

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS users (
        issuer TEXT NOT NULL,
        subject TEXT NOT NULL,
        nickname TEXT NOT NULL,
        birthday TEXT,
        interest TEXT,
        name TEXT,
        email TEXT,
        PRIMARY KEY (issuer, subject)
    );
";

/// The service's users. Cloning shares them.
#[derive(Clone, Debug)]
pub(crate) struct Users(Database);

/// A user of the service.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct User {
    /// What they want to be called here.
    pub(crate) nickname: String,
    /// `YYYY-MM-DD`; their own word.
    pub(crate) birthday: Option<String>,
    /// What they like; their own word.
    pub(crate) interest: Option<String>,
    /// As the provider gave it when they signed up.
    pub(crate) name: Option<String>,
    /// As the provider gave it when they signed up. For display only.
    pub(crate) email: Option<String>,
}

impl User {
    /// Somebody who signs up.
    pub(crate) fn new(identity: &Identity, nickname: &str) -> Self {
        Self {
            nickname: nickname.to_owned(),
            name: identity.name().map(str::to_owned),
            email: identity.email().map(|email| email.address),
            ..Self::default()
        }
    }
}

impl Users {
    /// Opens the file.
    pub(crate) fn open(path: &Path) -> Result<Self, DatabaseError> {
        Database::open(path, TABLES).map(Self)
    }

    /// The account of this person.
    pub(crate) async fn find(&self, person: &EndUser) -> Result<Option<User>, DatabaseError> {
        let person = person.clone();
        self.0.run(move |connection| select(connection, &person)).await
    }

    /// Makes the account of this person; the one that exists, if it does.
    pub(crate) async fn create(&self, person: &EndUser, user: &User) -> Result<User, DatabaseError> {
        let (person, user) = (person.clone(), user.clone());
        self.0
            .run(move |connection| {
                connection.execute(
                    "INSERT INTO users (issuer, subject, nickname, birthday, interest, name, email)
                     VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (issuer, subject) DO NOTHING",
                    params![
                        person.issuer(),
                        person.subject(),
                        user.nickname,
                        user.birthday,
                        user.interest,
                        user.name,
                        user.email
                    ],
                )?;
                Ok(select(connection, &person)?.unwrap_or(user))
            })
            .await
    }
}

fn select(connection: &Connection, person: &EndUser) -> Result<Option<User>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(
        "SELECT nickname, birthday, interest, name, email FROM users WHERE issuer = $1 AND subject = $2",
    )?;
    let user = statement.query_row(params![person.issuer(), person.subject()], |row| {
        Ok(User {
            nickname: row.get(0)?,
            birthday: row.get(1)?,
            interest: row.get(2)?,
            name: row.get(3)?,
            email: row.get(4)?,
        })
    });
    user.optional()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_person_has_one_account() {
        let folder = tempfile::tempdir().unwrap();
        let users = Users::open(&folder.path().join("deep/service.db")).unwrap();
        let person = EndUser::new("http://localhost:9000", "s1");
        assert_eq!(users.find(&person).await.unwrap(), None);
        let first = User { nickname: "하나".to_owned(), ..User::default() };
        let second = User { nickname: "둘".to_owned(), ..User::default() };
        assert_eq!(users.create(&person, &first).await.unwrap(), first);
        assert_eq!(users.create(&person, &second).await.unwrap(), first);
        let namesake = EndUser::new("http://localhost:9001", "s1");
        assert_eq!(users.find(&namesake).await.unwrap(), None);
    }
}
