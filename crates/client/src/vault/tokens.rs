//! Provider tokens, sealed; each change makes a new version, so that a late writer can see that it is late.

use mapae_protocol::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{Lease, StoreError, Vault, sessions};
use crate::{identity::EndUser, tokens::Tokens};

const TABLE: &str = "tokens";

/// A person's tokens as they are kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// The name of the provider that refreshes them.
    pub(crate) provider: String,
    pub(crate) tokens: Tokens,
    version: i64,
}

/// What came of asking for the right to refresh.
#[derive(Debug)]
pub(crate) enum Claim {
    /// It is ours; these are the tokens at this moment.
    Held(Kept),
    /// Somebody else is at it.
    Busy,
    /// There are no tokens any more.
    Gone,
}

struct Row {
    provider: String,
    sealed: String,
    version: i64,
}

impl Vault {
    /// Keeps the tokens of a login; earlier ones of the same person are replaced.
    pub(crate) async fn keep(
        &self,
        person: &EndUser,
        provider: &str,
        tokens: &Tokens,
    ) -> Result<(), StoreError> {
        let sealed = self.seal(person, provider, tokens);
        let (person, provider) = (person.clone(), provider.to_owned());
        self.database
            .write(move |transaction| {
                transaction.execute(
                    "INSERT INTO tokens (issuer, subject, provider, sealed, version) VALUES ($1, $2, $3, $4, 1)
                     ON CONFLICT (issuer, subject) DO UPDATE
                     SET provider = excluded.provider, sealed = excluded.sealed, version = tokens.version + 1",
                    params![person.issuer(), person.subject(), provider, sealed],
                )?;
                Ok(())
            })
            .await
    }

    /// The tokens of a person.
    pub(crate) async fn tokens(&self, person: &EndUser) -> Result<Option<Kept>, StoreError> {
        let key = person.clone();
        let row = self.database.read(move |connection| select(connection, &key)).await?;
        row.map(|row| self.unseal(person, row)).transpose()
    }

    /// Asks for the right to refresh and reads the tokens in one step, so that what is refreshed is what is there.
    pub(crate) async fn claim(
        &self,
        person: &EndUser,
        lease: &Lease,
        now: Timestamp,
    ) -> Result<Claim, StoreError> {
        let (key, lease) = (person.clone(), lease.clone());
        let claimed = self
            .database
            .write(move |transaction| {
                let held = lease.take(transaction, now)?;
                Ok((held, select(transaction, &key)?))
            })
            .await?;
        match claimed {
            (_, None) => Ok(Claim::Gone),
            (false, Some(_)) => Ok(Claim::Busy),
            (true, Some(row)) => self.unseal(person, row).map(Claim::Held),
        }
    }

    /// Puts the successor in the place of what was refreshed and gives the lease back; `false`, and nothing
    /// changed, if what was refreshed is not there any more.
    pub(crate) async fn succeed(
        &self,
        person: &EndUser,
        refreshed: &Kept,
        tokens: &Tokens,
        lease: &Lease,
    ) -> Result<bool, StoreError> {
        let sealed = self.seal(person, &refreshed.provider, tokens);
        let (person, version, lease) = (person.clone(), refreshed.version, lease.clone());
        self.database
            .write(move |transaction| {
                lease.give_back(transaction)?;
                let updated = transaction.execute(
                    "UPDATE tokens SET sealed = $1, version = version + 1
                     WHERE issuer = $2 AND subject = $3 AND version = $4",
                    params![sealed, person.issuer(), person.subject(), version],
                )?;
                Ok(updated == 1)
            })
            .await
    }

    /// Removes dead tokens (with the person's sessions, if asked) and gives the lease back; `false`, and nothing
    /// removed, if they were replaced in the meantime.
    pub(crate) async fn bury(
        &self,
        person: &EndUser,
        dead: &Kept,
        lease: &Lease,
        end_sessions: bool,
    ) -> Result<bool, StoreError> {
        let (person, version, lease) = (person.clone(), dead.version, lease.clone());
        self.database
            .write(move |transaction| {
                lease.give_back(transaction)?;
                let buried = delete(transaction, &person, version)?;
                if buried && end_sessions {
                    sessions::end_all(transaction, &person)?;
                }
                Ok(buried)
            })
            .await
    }

    /// Removes a person's tokens and ends their sessions.
    pub(crate) async fn forget(&self, person: &EndUser) -> Result<(), StoreError> {
        let person = person.clone();
        self.database
            .write(move |transaction| {
                transaction.execute(
                    "DELETE FROM tokens WHERE issuer = $1 AND subject = $2",
                    params![person.issuer(), person.subject()],
                )?;
                sessions::end_all(transaction, &person)
            })
            .await
    }

    fn seal(&self, person: &EndUser, provider: &str, tokens: &Tokens) -> String {
        self.tokens.seal(&tokens.to_bytes(), &bound_to(person, provider))
    }

    fn unseal(&self, person: &EndUser, row: Row) -> Result<Kept, StoreError> {
        let opened = self.tokens.open(&row.sealed, &bound_to(person, &row.provider));
        let tokens = opened.ok().and_then(|bytes| Tokens::from_bytes(&bytes));
        let tokens = tokens.ok_or(StoreError::Unreadable(TABLE))?;
        Ok(Kept { provider: row.provider, tokens, version: row.version })
    }
}

fn select(connection: &Connection, person: &EndUser) -> Result<Option<Row>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT provider, sealed, version FROM tokens WHERE issuer = $1 AND subject = $2")?;
    let row = statement.query_row(params![person.issuer(), person.subject()], |row| {
        Ok(Row { provider: row.get(0)?, sealed: row.get(1)?, version: row.get(2)? })
    });
    Ok(row.optional()?)
}

fn delete(transaction: &Transaction<'_>, person: &EndUser, version: i64) -> Result<bool, StoreError> {
    let deleted = transaction.execute(
        "DELETE FROM tokens WHERE issuer = $1 AND subject = $2 AND version = $3",
        params![person.issuer(), person.subject(), version],
    )?;
    Ok(deleted == 1)
}

/// A sealed row moved to another person or provider does not open.
fn bound_to(person: &EndUser, provider: &str) -> Vec<u8> {
    format!("{}\0{}\0{provider}", person.issuer(), person.subject()).into_bytes()
}
