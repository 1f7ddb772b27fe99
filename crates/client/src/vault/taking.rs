//! On whose word an identity becomes a way into an account: what the commit is held to.

use mapae_protocol::{random, time::Timestamp};

use super::{
    Entrant, Lease, Method, StoreError, Vault,
    database::{Statement, statements, values},
    endings, methods, names, sessions, sign_ups,
};
use crate::{before_proof::BeforeProof, identity::EndUser, sign_up::SignUpId};

statements! {
    /// Whoever removes the method at the same time waits until the unit of this is done, or has made it fail.
    STAND = "UPDATE sign_in_methods SET removed_at = NULL WHERE issuer = $1 AND subject = $2 AND account_issuer = $3
        AND account_subject = $4 AND added_at = $5 AND removed_at IS NULL";
    /// Whoever removes another method of the account at the same time waits here until this one is done.
    GUARD = "INSERT INTO account_guards (issuer, subject, changes) VALUES ($1, $2, $3)
        ON CONFLICT (issuer, subject) DO UPDATE SET changes = account_guards.changes + 1";
    CHANGES = "SELECT changes FROM account_guards WHERE issuer = $1 AND subject = $2";
    COUNT = "INSERT INTO account_guards (issuer, subject, changes) VALUES ($1, $2, $3) ON CONFLICT (issuer, subject) DO NOTHING";
    /// As long as nothing has changed, and the row is there. Whoever ends everything at the same time waits until the unit of this
    /// is done, or has made it fail.
    UNCHANGED = "UPDATE account_guards SET changes = changes WHERE issuer = $1 AND subject = $2 AND changes = $3";
}

/// On whose word an identity gets its row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Taker<'a> {
    /// Its own: it founds an account, as the only one who does.
    Founder { entrant: Entrant<'a>, lease: &'a Lease },
    /// Whoever has the session of this name; it waits under this id, once.
    Session { entrant: Entrant<'a>, sid: &'a str, id: &'a SignUpId },
    /// Its own, with the proof of an account: it waits under this id, once.
    Waiting { entrant: Entrant<'a>, id: &'a SignUpId, prover: Prover<'a> },
}

/// By what an account was proved.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Prover<'a> {
    /// By this identity, and the row that says which account it opens.
    Identity(Entrant<'a>, &'a Method),
    /// By the application, which began to when the account was like this.
    Application(&'a BeforeProof),
}

impl Vault {
    /// Makes `method` the row of its identity, if that row still is what was `observed` and what `by` says still holds; `false`,
    /// and nothing changed, otherwise.
    pub(crate) async fn take_method_by(
        &self,
        by: &Taker<'_>,
        (method, observed): (&Method, Option<&Method>),
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (entrant, conditions) = match by {
            Taker::Founder { entrant, lease } => (entrant, vec![lease.holding()]),
            Taker::Session { entrant, sid, id } => {
                (entrant, vec![sessions::standing(sid, now), sign_ups::finishing(id)])
            }
            Taker::Waiting { entrant, id, prover } => {
                let mut proof = match prover {
                    Prover::Identity(entrant, method) => {
                        let mut standing_still = endings::standing(entrant, now);
                        standing_still.push(standing(method));
                        standing_still
                    }
                    Prover::Application(before) => vec![unchanged(before)],
                };
                proof.push(sign_ups::finishing(id));
                (entrant, proof)
            }
        };
        let mut unit = endings::standing(entrant, now);
        unit.extend(conditions);
        unit.push(methods::writing(method, observed));
        unit.extend(matches!(by, Taker::Founder { .. }).then(|| names::giving(&method.account)));
        // Sessions of a time when it opened another account, which is gone.
        unit.extend((method.account != method.person).then(|| sessions::end_all(&method.person)));
        Ok(self.database.commit_all(unit).await?.is_some())
    }

    /// An account as it is before a proof of it; from now on it has a row in which changes are counted.
    pub(crate) async fn before_proof(&self, account: &EndUser) -> Result<BeforeProof, StoreError> {
        let key = || values![account.issuer(), account.subject()];
        let mut found = self.database.row(CHANGES, key()).await?;
        if found.is_none() {
            let count = COUNT.with(values![account.issuer(), account.subject(), beginning()]);
            let done = self.database.commit([count, CHANGES.with(key())]).await?;
            found = done.and_then(|[_, found]| found.row());
        }
        Ok(BeforeProof { account: account.clone(), changes: found.ok_or(StoreError::Busy)?.int()? })
    }

    /// Whether nothing about the account has changed since. A deleted one has no row any more.
    pub(crate) async fn is_unchanged(&self, before: &BeforeProof) -> Result<bool, StoreError> {
        let BeforeProof { account, changes } = before;
        let row = self.database.row(CHANGES, values![account.issuer(), account.subject()]).await?;
        Ok(row.map(|mut row| row.int()).transpose()? == Some(*changes))
    }

    /// Ends every session of whoever founded an account, and what they proved to the application so far.
    pub(crate) async fn end_account(&self, account: &EndUser, now: Timestamp) -> Result<(), StoreError> {
        let [remember, sessions, sign_ups] = sessions::ending(account, now);
        // In the order in which a link touches the same tables.
        self.database.commit([remember, changing(account), sessions, sign_ups]).await.map(drop)
    }
}

/// That something about the account changes on which a proof of it depends. Whoever removes another way into it at the same time
/// waits here until this one is done.
pub(super) fn changing(account: &EndUser) -> Statement {
    GUARD.with(values![account.issuer(), account.subject(), beginning()])
}

/// Where the changes of an account are counted from. What was read of a deleted account fits no other one of its name; and there
/// is room for more changes than there ever are.
fn beginning() -> i64 {
    i64::from_le_bytes(random::bytes()) >> 2
}

/// That this method opens its account, as it was read, at this point of the unit.
fn standing(method: &Method) -> Statement {
    let Method { person, account, added_at, .. } = method;
    let (issuer, subject) = (person.issuer(), person.subject());
    STAND.with(values![issuer, subject, account.issuer(), account.subject(), *added_at]).must()
}

/// That nothing about the account has changed since, at this point of the unit; nor was it deleted, which takes its row along.
pub(super) fn unchanged(before: &BeforeProof) -> Statement {
    let BeforeProof { account, changes } = before;
    UNCHANGED.with(values![account.issuer(), account.subject(), *changes]).must()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::samples::{method, waiting};

    #[tokio::test]
    async fn lk_03_mx_02_a_proof_of_an_account_that_is_deleted_meanwhile_adds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path().join("client.db")).unwrap();
        let (way, now) = (method("way", "alice", 1), Timestamp::from_unix(10));
        let take = async |changes| {
            let id = SignUpId::generate();
            vault.await_sign_up(&id, &waiting(&way.person), now).await.unwrap();
            let before = BeforeProof { account: way.account.clone(), changes };
            let prover = Prover::Application(&before);
            let by = Taker::Waiting { entrant: (&way.person).into(), id: &id, prover };
            vault.take_method_by(&by, (&way, None), now).await.unwrap()
        };
        let counted = async || vault.before_proof(&way.account).await.unwrap().changes;
        for _ in 0..3 {
            let changes = counted().await;
            assert!(!take(changes + 1).await && !take(changes - 1).await, "it was read otherwise");
            vault.forget_account(&way.account).await.unwrap();
            assert!(!take(changes).await, "it is gone");
            counted().await;
            assert!(!take(changes).await, "another one of its name is there");
            vault.forget_account(&way.account).await.unwrap();
            vault.end_account(&way.account, now).await.unwrap();
            assert!(!take(changes).await && !take(changes + 1).await, "and another one that has changed");
        }
        assert!(take(counted().await).await);
    }
}
