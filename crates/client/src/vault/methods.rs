//! Sign-in methods: which account an identity opens. The primary key makes it one account, whoever writes how often at once.

use mapae_protocol::time::Timestamp;

pub(crate) use super::method::{Method, Registered};
use super::{
    StoreError, Vault,
    database::{Row, Statement, statements, values},
    sessions, taking,
};
use crate::identity::EndUser;

/// How often a removal is tried again because what it relied on has changed.
const ATTEMPTS: usize = 8;

statements! {
    FIND = "SELECT issuer, subject, account_issuer, account_subject, provider, hint, given_to, added_at, removed_at
        FROM sign_in_methods WHERE issuer = $1 AND subject = $2";
    LIVING = "SELECT issuer, subject, account_issuer, account_subject, provider, hint, given_to, added_at, removed_at
        FROM sign_in_methods WHERE account_issuer = $1 AND account_subject = $2 AND removed_at IS NULL";
    ADD = "INSERT INTO sign_in_methods
            (issuer, subject, account_issuer, account_subject, provider, hint, given_to, added_at, removed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULL) ON CONFLICT (issuer, subject) DO NOTHING";
    REPLACE = "UPDATE sign_in_methods SET account_issuer = $1, account_subject = $2, provider = $3, hint = $4,
            given_to = $5, added_at = $6, removed_at = NULL
        WHERE issuer = $7 AND subject = $8 AND account_issuer = $9 AND account_subject = $10
            AND added_at = $11 AND removed_at IS NOT DISTINCT FROM $12";
    /// Of a row from before that was written down, and of a founder without a row: whoever comes is believed once.
    LEARN_APP = "INSERT INTO sign_in_methods
            (issuer, subject, account_issuer, account_subject, provider, hint, given_to, added_at, removed_at)
        VALUES ($1, $2, $3, $4, $5, NULL, $6, $7, NULL)
        ON CONFLICT (issuer, subject) DO UPDATE SET given_to = COALESCE(sign_in_methods.given_to, excluded.given_to)";
    /// As long as another one lives that opens the account.
    REMOVE = "UPDATE sign_in_methods SET removed_at = $1
        WHERE issuer = $2 AND subject = $3 AND account_issuer = $4 AND account_subject = $5 AND removed_at IS NULL
            AND EXISTS (SELECT 1 FROM sign_in_methods other WHERE other.issuer = $6 AND other.subject = $7
                AND other.account_issuer = $4 AND other.account_subject = $5 AND other.removed_at IS NULL)";
    REMOVE_ANY = "UPDATE sign_in_methods SET removed_at = $1
        WHERE issuer = $2 AND subject = $3 AND account_issuer = $4 AND account_subject = $5 AND removed_at IS NULL";
    FORGET_HINT = "UPDATE sign_in_methods SET hint = NULL WHERE issuer = $1 AND subject = $2";
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
    /// The session has ended in which that was asked for.
    SignedOut,
}

/// Who removes a method, and by what else the account is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remover<'a> {
    /// The name of the session.
    pub(crate) sid: &'a str,
    /// The providers that are still spoken to: only their methods are ways in.
    pub(crate) registered: &'a Registered,
    /// Whether the application opens the account by a way of its own.
    pub(crate) opens_otherwise: bool,
}

impl Vault {
    /// The row of an identity.
    pub(crate) async fn method(&self, person: &EndUser) -> Result<Option<Method>, StoreError> {
        let row = self.database.row(FIND, values![person.issuer(), person.subject()]).await?;
        row.map(|mut row| read(&mut row)).transpose()
    }

    /// The living methods of an account, the oldest first.
    pub(crate) async fn methods(&self, account: &EndUser) -> Result<Vec<Method>, StoreError> {
        let rows = self.database.rows(LIVING, values![account.issuer(), account.subject()]).await?;
        let mut methods: Vec<Method> =
            rows.into_iter().map(|mut row| read(&mut row)).collect::<Result<_, _>>()?;
        // Not by the database, whose order of texts depends on its locale.
        methods.sort_by(|one, other| (one.added_at, &one.person).cmp(&(other.added_at, &other.person)));
        Ok(methods)
    }

    /// Makes `method` the row of its identity, if that row still is what was `observed`; `false`, and nothing changed, otherwise.
    pub(crate) async fn take_method(
        &self,
        method: &Method,
        observed: Option<&Method>,
    ) -> Result<bool, StoreError> {
        let (person, take) = (&method.person, writing(method, observed));
        if method.account == *person {
            return Ok(self.database.commit([take]).await?.is_some());
        }
        Ok(self.database.commit([take, sessions::end_all(person)]).await?.is_some())
    }

    /// Removes a method and ends the sessions that were begun with it, unless it is the last way in.
    pub(crate) async fn remove_method(
        &self,
        method: &Method,
        remover: &Remover<'_>,
        now: Timestamp,
    ) -> Result<Removal, StoreError> {
        let Remover { sid, registered, opens_otherwise } = *remover;
        let Method { person, account, .. } = method;
        let (issuer, subject) = (account.issuer(), account.subject());
        for _ in 0..ATTEMPTS {
            if self.session_called(sid, now).await?.is_none() {
                return Ok(Removal::SignedOut);
            }
            let living = self.methods(account).await?;
            if !living.iter().any(|method| method.person == *person) {
                return Ok(Removal::Unknown);
            }
            let is_other_way_in = |method: &&Method| method.person != *person && registered.opens(method);
            let remove = match living.iter().find(is_other_way_in) {
                _ if opens_otherwise => {
                    REMOVE_ANY.with(values![now, person.issuer(), person.subject(), issuer, subject])
                }
                None => return Ok(Removal::Last),
                Some(Method { person: other, .. }) => REMOVE.with(values![
                    now,
                    person.issuer(),
                    person.subject(),
                    issuer,
                    subject,
                    other.issuer(),
                    other.subject()
                ]),
            };
            let guard = taking::changing(account);
            let unit = [sessions::standing(sid, now), guard, remove.must(), sessions::end_all(person)];
            if self.database.commit(unit).await?.is_some() {
                return Ok(Removal::Done);
            }
        }
        Err(StoreError::Busy)
    }
}

/// Notes to which app the name of a person was given, where that is not known yet. Who has no row opens their own account.
pub(super) fn learn_app(person: &EndUser, (provider, app): (&str, &str), now: Timestamp) -> Statement {
    let (issuer, subject) = (person.issuer(), person.subject());
    LEARN_APP.with(values![issuer, subject, issuer, subject, provider, app, now])
}

/// Forgets the masked address by which people tell the way apart.
pub(super) fn forget_hint(person: &EndUser) -> Statement {
    FORGET_HINT.with(values![person.issuer(), person.subject()])
}

/// Writes the row of an identity, if it still is what was `observed`.
pub(super) fn writing(method: &Method, observed: Option<&Method>) -> Statement {
    let Method { person, account, provider, hint, given_to, added_at, .. } = method;
    let take = match observed {
        None => ADD.with(values![
            person.issuer(),
            person.subject(),
            account.issuer(),
            account.subject(),
            provider,
            hint.as_deref(),
            given_to.as_deref(),
            *added_at
        ]),
        Some(observed) => REPLACE.with(values![
            account.issuer(),
            account.subject(),
            provider,
            hint.as_deref(),
            given_to.as_deref(),
            *added_at,
            person.issuer(),
            person.subject(),
            observed.account.issuer(),
            observed.account.subject(),
            observed.added_at,
            observed.removed_at
        ]),
    };
    take.must()
}

fn read(row: &mut Row) -> Result<Method, StoreError> {
    Ok(Method {
        person: EndUser::new(row.text()?, row.text()?),
        account: EndUser::new(row.text()?, row.text()?),
        provider: row.text()?,
        hint: row.optional_text()?,
        given_to: row.optional_text()?,
        added_at: row.time()?,
        removed_at: row.optional_time()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        notice::{EventKind, ProviderEvent},
        session::{Session, SessionId},
        sign_up::SignUpId,
        vault::{
            Entry, Heard, Taker,
            samples::{method, waiting},
        },
    };

    async fn begin(vault: &Vault, id: &SessionId, subject: &str) {
        let person = EndUser::new("https://one.example", subject);
        let entry = Entry { entrant: (&person).into(), given: None, app: None };
        let session = Session {
            person: person.clone(),
            provider_session: None,
            created_at: Timestamp::from_unix(1),
            expires_at: Timestamp::from_unix(100),
        };
        assert!(vault.begin_session(id, (session, &entry), None).await.unwrap());
    }

    /// Removes it in a session of somebody who has no method here.
    async fn remove(vault: &Vault, method: &Method, opens_otherwise: bool, now: Timestamp) -> Removal {
        let id = SessionId::generate();
        begin(vault, &id, "support").await;
        let registered = Registered::from_iter([("https://one.example".to_owned(), Some("app".to_owned()))]);
        let remover = Remover { sid: &Vault::sid(&id), registered: &registered, opens_otherwise };
        vault.remove_method(method, &remover, now).await.unwrap()
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
        assert_eq!(remove(&vault, &first, false, now).await, Removal::Done);
        assert_eq!(remove(&vault, &first, false, now).await, Removal::Unknown);
        assert_eq!(remove(&vault, &other, false, now).await, Removal::Last);
        assert!(!vault.take_method(&second, Some(&first)).await.unwrap(), "removed since it was read");
        let removed = vault.method(&first.person).await.unwrap().unwrap();
        assert_eq!(removed.removed_at, Some(now));
        assert!(vault.take_method(&second, Some(&removed)).await.unwrap());
        assert!(!vault.take_method(&first, Some(&removed)).await.unwrap(), "once");
    }

    #[tokio::test]
    async fn mx_02_lk_03_a_session_that_has_ended_adds_nothing_and_ends_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path().join("client.db")).unwrap();
        let (now, late) = (Timestamp::from_unix(10), Timestamp::from_unix(100));
        let (began, others) = (SessionId::generate(), SessionId::generate());
        begin(&vault, &began, "alice").await;
        begin(&vault, &others, "way").await;
        let (way, sid) = (method("way", "alice", 10), Vault::sid(&began));
        let take = async |sid: &str, observed: Option<&Method>, now| {
            let id = SignUpId::generate();
            vault.await_sign_up(&id, &waiting(&way.person), Timestamp::from_unix(1)).await.unwrap();
            let by = Taker::Session { entrant: (&way.person).into(), sid, id: &id };
            vault.take_method_by(&by, (&way, observed), now).await.unwrap()
        };
        assert!(!take(&sid, None, late).await, "its time is over");
        assert!(!take("another", None, now).await);
        assert!(take(&sid, None, now).await);
        assert!(
            vault.session_called(&Vault::sid(&others), now).await.unwrap().is_none(),
            "of another account"
        );
        assert_eq!(remove(&vault, &way, true, now).await, Removal::Done);
        let observed = vault.method(&way.person).await.unwrap();
        begin(&vault, &others, "way").await;
        vault.end_session(&began).await.unwrap();
        assert!(!take(&sid, observed.as_ref(), now).await, "signed out");
        assert_eq!(vault.method(&way.person).await.unwrap(), observed);
        assert!(vault.session_called(&Vault::sid(&others), now).await.unwrap().is_some(), "all or nothing");
    }

    #[tokio::test]
    async fn lk_12_a_deletion_takes_the_address_by_which_a_way_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path().join("client.db")).unwrap();
        let hint = |n| Some(format!("{n}***@mail.example"));
        let (way, other) =
            (Method { hint: hint(1), ..method("way", "alice", 1) }, method("other", "alice", 1));
        let other = Method { hint: hint(2), ..other };
        for method in [&way, &other] {
            assert!(vault.take_method(method, None).await.unwrap());
        }
        let (person, now) = (way.person.clone(), Timestamp::from_unix(1_000));
        let events = [ProviderEvent { person, kind: EventKind::DataDeletionRequested }];
        let heard = Heard { name: None, taken_until: now, events: &events };
        assert!(vault.end_as_heard(&heard, now).await.unwrap());
        assert_eq!(vault.method(&way.person).await.unwrap(), Some(Method { hint: None, ..way }));
        assert_eq!(vault.method(&other.person).await.unwrap(), Some(other), "and of nothing else");
    }

    #[tokio::test]
    async fn lk_07_lk_10_a_way_whose_name_was_given_to_another_app_is_not_the_one_that_stays() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path().join("client.db")).unwrap();
        let given_to = |subject: &str, app: &str| Method {
            given_to: Some(app.to_owned()),
            ..method(subject, "alice", 1)
        };
        let (way, dead) = (given_to("way", "app"), given_to("dead", "the app before"));
        for method in [&way, &dead] {
            assert!(vault.take_method(method, None).await.unwrap());
        }
        let now = Timestamp::from_unix(2);
        assert_eq!(remove(&vault, &way, false, now).await, Removal::Last, "nobody comes by the other one");
        assert_eq!(remove(&vault, &dead, false, now).await, Removal::Done);
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
        let removals = methods
            .iter()
            .enumerate()
            .map(|(n, method)| remove(&processes[n % 2], method, false, Timestamp::from_unix(2)));
        let outcomes: Vec<_> = futures_util::future::join_all(removals).await;
        let last = outcomes.iter().filter(|outcome| **outcome == Removal::Last).count();
        assert_eq!(last, 1, "{outcomes:?}");
        assert_eq!(processes[0].methods(&methods[0].account).await.unwrap().len(), 1);
    }
}
