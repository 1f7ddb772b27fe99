//! What is kept of an account goes when it is deleted, and before another one of its name is founded.

use super::{
    Method, StoreError, Vault,
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
    /// not open the new one. What the row of `person` is now.
    pub(crate) async fn clear_for(&self, person: &EndUser) -> Result<Option<Method>, StoreError> {
        let key = || values![person.issuer(), person.subject()];
        let unit = [
            END_SESSIONS.with(key()),
            sessions::end_all(person),
            FORGET.with(key()),
            FORGET_AGREEMENTS.with(key()),
            FORGET_GUARD.with(key()),
            names::forgetting(person),
        ];
        self.database.commit(unit).await?;
        self.method(person).await
    }

    /// Forgets an account that is deleted: its methods, their sessions and tokens, its agreements.
    pub(crate) async fn forget_account(&self, account: &EndUser) -> Result<(), StoreError> {
        let key = || values![account.issuer(), account.subject()];
        let unit = [
            END_SESSIONS.with(key()),
            FORGET_TOKENS.with(key()),
            END_SESSIONS_OF_FOUNDER.with(key()),
            FORGET_TOKENS_OF_FOUNDER.with(key()),
            FORGET.with(key()),
            FORGET_AGREEMENTS.with(key()),
            FORGET_GUARD.with(key()),
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
        let founder = Taker::Founder((&alice.person).into());
        assert!(vault.take_method_by(&founder, (&alice, None), now).await.unwrap());
        let before = vault.name_of_account(&alice.account).await.unwrap();
        assert_eq!(vault.name_of_account(&alice.account).await.unwrap(), before);
        assert_eq!(vault.clear_for(&alice.person).await.unwrap(), None);
        assert_ne!(vault.name_of_account(&alice.account).await.unwrap(), before);
    }
}
