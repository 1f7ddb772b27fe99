//! Sign-in methods: which account an identity opens. The primary key makes it one account, whoever writes how often at once.

use std::collections::BTreeSet;

use mapae_protocol::time::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{StoreError, Vault, sessions};
use crate::identity::EndUser;

const COLUMNS: &str =
    "issuer, subject, account_issuer, account_subject, provider, hint, added_at, removed_at";

/// A row of the table: an identity, and the account that it opens or opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Method {
    pub(crate) person: EndUser,
    pub(crate) account: EndUser,
    pub(crate) provider: String,
    /// What tells two accounts at one provider apart: a masked address.
    pub(crate) hint: Option<String>,
    pub(crate) added_at: Timestamp,
    pub(crate) removed_at: Option<Timestamp>,
}

/// What came of removing a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Removal {
    /// It is gone, and every session that was begun with it.
    Done,
    /// It is the last way in.
    Last,
    /// The account has no such method.
    Unknown,
}

impl Vault {
    /// The row of an identity.
    pub(crate) async fn method(&self, person: &EndUser) -> Result<Option<Method>, StoreError> {
        let person = person.clone();
        self.database.read(move |connection| select(connection, &person)).await
    }

    /// The living methods of an account, the oldest first.
    pub(crate) async fn methods(&self, account: &EndUser) -> Result<Vec<Method>, StoreError> {
        let account = account.clone();
        self.database.read(move |connection| living(connection, &account)).await
    }

    /// Makes `method` the row of its identity, if that row still is what was `observed`; `false`, and nothing changed, if
    /// somebody else was faster.
    pub(crate) async fn take_method(
        &self,
        method: &Method,
        observed: Option<&Method>,
    ) -> Result<bool, StoreError> {
        let (method, observed) = (method.clone(), observed.cloned());
        self.database
            .write(move |transaction| {
                let taken = match observed {
                    None => insert(transaction, &method)?,
                    Some(observed) => replace(transaction, &method, &observed)?,
                };
                // Sessions of a time when it opened another account, which is gone.
                if taken && method.account != method.person {
                    sessions::end_all(transaction, &method.person)?;
                }
                Ok(taken)
            })
            .await
    }

    /// Makes room for an account that is about to be founded by `person`: what is left of a deleted one of that name must
    /// not open the new one. What the row of `person` is now.
    pub(crate) async fn clear_for(&self, person: &EndUser) -> Result<Option<Method>, StoreError> {
        let person = person.clone();
        self.database
            .write(move |transaction| {
                forget(transaction, &person)?;
                sessions::end_all(transaction, &person)?;
                select(transaction, &person)
            })
            .await
    }

    /// Forgets an account that is deleted: its methods, their sessions and tokens, its agreements.
    pub(crate) async fn forget_account(&self, account: &EndUser) -> Result<(), StoreError> {
        let account = account.clone();
        self.database
            .write(move |transaction| {
                for person in forget(transaction, &account)? {
                    transaction.execute(
                        "DELETE FROM tokens WHERE issuer = $1 AND subject = $2",
                        params![person.issuer(), person.subject()],
                    )?;
                }
                Ok(())
            })
            .await
    }

    /// Removes a method and ends the sessions that were begun with it, unless it is the last way in. Only methods of
    /// `issuers` that are still spoken to are ways in.
    pub(crate) async fn remove_method(
        &self,
        method: &Method,
        issuers: BTreeSet<String>,
        opens_otherwise: bool,
        now: Timestamp,
    ) -> Result<Removal, StoreError> {
        let Method { person, account, .. } = method.clone();
        self.database
            .write(move |transaction| {
                // Whoever removes another method of this account at the same time waits here, and then reads what is left.
                guard(transaction, &account)?;
                let living = living(transaction, &account)?;
                if !living.iter().any(|method| method.person == person) {
                    return Ok(Removal::Unknown);
                }
                let is_other_way_in =
                    |method: &&Method| method.person != person && issuers.contains(method.person.issuer());
                if !opens_otherwise && !living.iter().any(|method| is_other_way_in(&method)) {
                    return Ok(Removal::Last);
                }
                transaction.execute(
                    "UPDATE sign_in_methods SET removed_at = $1 WHERE issuer = $2 AND subject = $3",
                    params![now.unix(), person.issuer(), person.subject()],
                )?;
                sessions::end_all(transaction, &person)?;
                Ok(Removal::Done)
            })
            .await
    }
}

fn insert(transaction: &Transaction<'_>, method: &Method) -> Result<bool, StoreError> {
    let inserted = transaction.execute(
        "INSERT INTO sign_in_methods
             (issuer, subject, account_issuer, account_subject, provider, hint, added_at, removed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, NULL) ON CONFLICT (issuer, subject) DO NOTHING",
        params![
            method.person.issuer(),
            method.person.subject(),
            method.account.issuer(),
            method.account.subject(),
            method.provider,
            method.hint,
            method.added_at.unix()
        ],
    )?;
    Ok(inserted == 1)
}

fn replace(transaction: &Transaction<'_>, method: &Method, observed: &Method) -> Result<bool, StoreError> {
    let updated = transaction.execute(
        "UPDATE sign_in_methods SET account_issuer = $1, account_subject = $2, provider = $3, hint = $4,
             added_at = $5, removed_at = NULL
         WHERE issuer = $6 AND subject = $7 AND account_issuer = $8 AND account_subject = $9
             AND added_at = $10 AND removed_at IS NOT DISTINCT FROM $11",
        params![
            method.account.issuer(),
            method.account.subject(),
            method.provider,
            method.hint,
            method.added_at.unix(),
            method.person.issuer(),
            method.person.subject(),
            observed.account.issuer(),
            observed.account.subject(),
            observed.added_at.unix(),
            observed.removed_at.map(Timestamp::unix)
        ],
    )?;
    Ok(updated == 1)
}

/// Deletes everything of an account; who could open it.
fn forget(transaction: &Transaction<'_>, account: &EndUser) -> Result<BTreeSet<EndUser>, StoreError> {
    let mut people: BTreeSet<EndUser> =
        living(transaction, account)?.into_iter().map(|method| method.person).collect();
    let founder = select(transaction, account)?;
    // Without a row of its own the founder opens the account; with one, what it opens now is another.
    if founder.is_none_or(|method| method.account == *account) {
        people.insert(account.clone());
    }
    let key = params![account.issuer(), account.subject()];
    for statement in [
        "DELETE FROM sign_in_methods WHERE account_issuer = $1 AND account_subject = $2",
        "DELETE FROM agreements WHERE account_issuer = $1 AND account_subject = $2",
        "DELETE FROM account_guards WHERE issuer = $1 AND subject = $2",
    ] {
        transaction.execute(statement, key)?;
    }
    for person in &people {
        sessions::end_all(transaction, person)?;
    }
    Ok(people)
}

fn guard(transaction: &Transaction<'_>, account: &EndUser) -> Result<(), StoreError> {
    transaction.execute(
        "INSERT INTO account_guards (issuer, subject, changes) VALUES ($1, $2, 1)
         ON CONFLICT (issuer, subject) DO UPDATE SET changes = account_guards.changes + 1",
        params![account.issuer(), account.subject()],
    )?;
    Ok(())
}

fn select(connection: &Connection, person: &EndUser) -> Result<Option<Method>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM sign_in_methods WHERE issuer = $1 AND subject = $2"
    ))?;
    Ok(statement.query_row(params![person.issuer(), person.subject()], read).optional()?)
}

fn living(connection: &Connection, account: &EndUser) -> Result<Vec<Method>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM sign_in_methods
         WHERE account_issuer = $1 AND account_subject = $2 AND removed_at IS NULL"
    ))?;
    let rows = statement.query_map(params![account.issuer(), account.subject()], read)?;
    let mut methods = rows.collect::<Result<Vec<Method>, _>>()?;
    // Not by the database, whose order of texts depends on its locale.
    methods.sort_by(|one, other| (one.added_at, &one.person).cmp(&(other.added_at, &other.person)));
    Ok(methods)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Method> {
    Ok(Method {
        person: EndUser::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?),
        account: EndUser::new(row.get::<_, String>(2)?, row.get::<_, String>(3)?),
        provider: row.get(4)?,
        hint: row.get(5)?,
        added_at: Timestamp::from_unix(row.get(6)?),
        removed_at: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_unix),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn method(subject: &str, account: &str, at: i64) -> Method {
        Method {
            person: EndUser::new("https://one.example", subject),
            account: EndUser::new("https://one.example", account),
            provider: "one".to_owned(),
            hint: None,
            added_at: Timestamp::from_unix(at),
            removed_at: None,
        }
    }

    fn issuers() -> BTreeSet<String> {
        BTreeSet::from(["https://one.example".to_owned()])
    }

    #[tokio::test]
    async fn lk_05_the_store_gives_an_identity_to_one_account_whoever_asks_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("client.db");
        let processes = [Vault::open(&path).unwrap(), Vault::open(&path).unwrap()];
        for round in 0..8 {
            let subject = format!("shared-{round}");
            let wishes = (0..8).map(|n| {
                let (vault, wish) = (&processes[n % 2], method(&subject, &format!("account-{n}"), 1));
                async move { (n, vault.take_method(&wish, None).await.unwrap()) }
            });
            let taken: Vec<_> = futures_util::future::join_all(wishes).await;
            let winners: Vec<_> = taken.into_iter().filter(|(_, taken)| *taken).map(|(n, _)| n).collect();
            let row = processes[0].method(&method(&subject, "", 0).person).await.unwrap().unwrap();
            assert_eq!(winners.len(), 1);
            assert_eq!(row.account.subject(), format!("account-{}", winners[0]));
        }
    }

    #[tokio::test]
    async fn a_decision_upon_a_row_that_has_changed_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path().join("client.db")).unwrap();
        let (first, second) = (method("alice", "alice", 1), method("alice", "bob", 5));
        assert!(vault.take_method(&first, None).await.unwrap());
        assert!(!vault.take_method(&second, None).await.unwrap(), "it is there");
        let other = method("spare", "alice", 1);
        assert!(vault.take_method(&other, None).await.unwrap());
        let now = Timestamp::from_unix(9);
        assert_eq!(vault.remove_method(&first, issuers(), false, now).await.unwrap(), Removal::Done);
        assert_eq!(vault.remove_method(&first, issuers(), false, now).await.unwrap(), Removal::Unknown);
        assert_eq!(vault.remove_method(&other, issuers(), false, now).await.unwrap(), Removal::Last);
        assert!(!vault.take_method(&second, Some(&first)).await.unwrap(), "removed since it was read");
        let removed = vault.method(&first.person).await.unwrap().unwrap();
        assert_eq!(removed.removed_at, Some(now));
        assert!(vault.take_method(&second, Some(&removed)).await.unwrap());
        assert!(!vault.take_method(&first, Some(&removed)).await.unwrap(), "once");
    }

    #[tokio::test]
    async fn lk_10_of_many_ways_in_that_are_removed_at_once_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("client.db");
        let processes = [Vault::open(&path).unwrap(), Vault::open(&path).unwrap()];
        let methods: Vec<_> = (0..8).map(|n| method(&format!("way-{n}"), "alice", 1)).collect();
        for method in &methods {
            assert!(processes[0].take_method(method, None).await.unwrap());
        }
        let removals = methods.iter().enumerate().map(|(n, method)| {
            processes[n % 2].remove_method(method, issuers(), false, Timestamp::from_unix(2))
        });
        let outcomes: Vec<_> = futures_util::future::join_all(removals).await;
        let last = outcomes.iter().filter(|outcome| matches!(outcome, Ok(Removal::Last))).count();
        assert_eq!(last, 1, "{outcomes:?}");
        assert_eq!(processes[0].methods(&methods[0].account).await.unwrap().len(), 1);
    }
}
