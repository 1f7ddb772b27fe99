//! What is kept of an account goes when it is deleted, and before another one of its name is founded.

use super::{
    Lease, StoreError, Vault,
    database::{statements, values},
    names, sessions,
};
use crate::identity::EndUser;

statements! {
    END_SESSIONS = "DELETE FROM sessions WHERE (issuer, subject) IN
        (SELECT issuer, subject FROM sign_in_methods WHERE account_issuer = $1 AND account_subject = $2)";
    FORGET_TOKENS = "DELETE FROM tokens WHERE (issuer, subject) IN
        (SELECT issuer, subject FROM sign_in_methods WHERE account_issuer = $1 AND account_subject = $2)";
    /// Without a row of its own the founder opens the account; with one, what it opens now may be another.
    END_SESSIONS_OF_FOUNDER = "DELETE FROM sessions WHERE issuer = $1 AND subject = $2 AND NOT EXISTS
        (SELECT 1 FROM sign_in_methods own WHERE own.issuer = $1 AND own.subject = $2)";
    FORGET_TOKENS_OF_FOUNDER = "DELETE FROM tokens WHERE issuer = $1 AND subject = $2 AND NOT EXISTS
        (SELECT 1 FROM sign_in_methods own WHERE own.issuer = $1 AND own.subject = $2)";
    FORGET = "DELETE FROM sign_in_methods WHERE account_issuer = $1 AND account_subject = $2";
    FORGET_AGREEMENTS = "DELETE FROM agreements WHERE account_issuer = $1 AND account_subject = $2";
    FORGET_GUARD = "DELETE FROM account_guards WHERE issuer = $1 AND subject = $2";
}

impl Vault {
    /// Makes room for an account that is about to be founded by `person`: what is left of a deleted one of that name must
    /// not open the new one. `false`, and nothing changed, if somebody else has the lease by now: what is there may be the
    /// account that they have founded.
    pub(crate) async fn clear_for(&self, person: &EndUser, lease: &Lease) -> Result<bool, StoreError> {
        let key = || values![person.issuer(), person.subject()];
        let unit = [
            lease.holding(),
            FORGET_GUARD.with(key()),
            END_SESSIONS.with(key()),
            sessions::end_all(person),
            FORGET.with(key()),
            FORGET_AGREEMENTS.with(key()),
            names::forgetting(person),
        ];
        Ok(self.database.commit(unit).await?.is_some())
    }

    /// Forgets an account that is deleted: its methods, their sessions and tokens, its agreements.
    pub(crate) async fn forget_account(&self, account: &EndUser) -> Result<(), StoreError> {
        let key = || values![account.issuer(), account.subject()];
        let unit = [
            // First: a proof of the account that is on its way waits here, or what it began is ended below.
            FORGET_GUARD.with(key()),
            END_SESSIONS.with(key()),
            FORGET_TOKENS.with(key()),
            END_SESSIONS_OF_FOUNDER.with(key()),
            FORGET_TOKENS_OF_FOUNDER.with(key()),
            FORGET.with(key()),
            FORGET_AGREEMENTS.with(key()),
            names::forgetting(account),
        ];
        self.database.commit(unit).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::time::Timestamp;

    use super::*;
    use crate::vault::{Taker, samples::method};

    /// The application did not tell that it deleted the account, and makes the next one itself.
    #[tokio::test]
    async fn lk_12_what_a_deleted_account_was_called_is_not_what_the_next_one_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path().join("client.db")).unwrap();
        let (alice, now) = (method("alice", "alice", 1), Timestamp::from_unix(2));
        let lease = Lease::sign_up(&alice.person);
        assert!(vault.take(&lease, now).await.unwrap());
        let founder = Taker::Founder { entrant: (&alice.person).into(), lease: &lease };
        assert!(vault.take_method_by(&founder, (&alice, None), now).await.unwrap());
        let before = vault.name_of_account(&alice.account).await.unwrap();
        assert_eq!(vault.name_of_account(&alice.account).await.unwrap(), before);
        assert!(vault.clear_for(&alice.person, &lease).await.unwrap());
        assert_eq!(vault.method(&alice.person).await.unwrap(), None);
        assert_ne!(vault.name_of_account(&alice.account).await.unwrap(), before);
    }

    /// Whoever was stopped in the middle of founding an account goes on where another has founded it.
    #[tokio::test]
    async fn lk_05_lk_12_who_has_lost_the_lease_clears_and_founds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let vault = Vault::open(folder.path().join("client.db")).unwrap();
        let alice = method("alice", "alice", 1);
        let (stopped, living) = (Lease::sign_up(&alice.person), Lease::sign_up(&alice.person));
        for (seconds, lease, taken) in [(0, &stopped, true), (0, &living, false), (7, &living, true)] {
            assert_eq!(vault.take(lease, Timestamp::from_unix(seconds)).await.unwrap(), taken, "{seconds}");
        }
        let now = Timestamp::from_unix(8);
        let found = async |lease: &Lease| {
            let by = Taker::Founder { entrant: (&alice.person).into(), lease };
            vault.take_method_by(&by, (&alice, None), now).await.unwrap()
        };
        assert!(!found(&stopped).await, "not before either");
        assert!(vault.clear_for(&alice.person, &living).await.unwrap() && found(&living).await);
        let name = vault.name_of_account(&alice.account).await.unwrap();
        assert!(!vault.clear_for(&alice.person, &stopped).await.unwrap());
        assert!(!found(&stopped).await);
        // Nor once it has been given back.
        vault.give_back(&living).await.unwrap();
        assert!(!vault.clear_for(&alice.person, &stopped).await.unwrap());
        assert_eq!(vault.method(&alice.person).await.unwrap(), Some(alice.clone()));
        assert_eq!(vault.name_of_account(&alice.account).await.unwrap(), name);
    }
}
