//! Agreements to the service's terms: a row for each, never overwritten.

use mapae_protocol::time::Timestamp;
use rusqlite::params;

use super::{StoreError, Vault};
use crate::{
    identity::EndUser,
    terms::{Agreement, Versions},
};

impl Vault {
    /// Notes that an account agreed to these versions of terms; to what it agrees already, it does not agree again.
    pub(crate) async fn agree(
        &self,
        account: &EndUser,
        agreed: Versions,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let account = account.clone();
        self.database
            .write(move |transaction| {
                for (term, version) in &agreed {
                    transaction.execute(
                        "INSERT INTO agreements
                             (account_issuer, account_subject, term, version, agreed_at, withdrawn_at)
                         SELECT $1, $2, $3, $4, CAST($5 AS BIGINT), CAST(NULL AS BIGINT) WHERE NOT EXISTS (
                             SELECT 1 FROM agreements WHERE account_issuer = $1 AND account_subject = $2
                                 AND term = $3 AND version = $4 AND withdrawn_at IS NULL)
                         ON CONFLICT (account_issuer, account_subject, term, version, agreed_at)
                         DO UPDATE SET withdrawn_at = NULL",
                        params![account.issuer(), account.subject(), term, version, now.unix()],
                    )?;
                }
                Ok(())
            })
            .await
    }

    /// Notes that an account does not agree to a term any more, in any version; whether it did before.
    pub(crate) async fn withdraw(
        &self,
        account: &EndUser,
        term: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let (account, term) = (account.clone(), term.to_owned());
        self.database
            .write(move |transaction| {
                let withdrawn = transaction.execute(
                    "UPDATE agreements SET withdrawn_at = $1
                     WHERE account_issuer = $2 AND account_subject = $3 AND term = $4 AND withdrawn_at IS NULL",
                    params![now.unix(), account.issuer(), account.subject(), term],
                )?;
                Ok(withdrawn > 0)
            })
            .await
    }

    /// Everything that an account ever agreed to, the oldest first.
    pub(crate) async fn agreements(&self, account: &EndUser) -> Result<Vec<Agreement>, StoreError> {
        let account = account.clone();
        self.database
            .read(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT term, version, agreed_at, withdrawn_at FROM agreements
                     WHERE account_issuer = $1 AND account_subject = $2",
                )?;
                let rows = statement.query_map(params![account.issuer(), account.subject()], |row| {
                    Ok(Agreement {
                        term: row.get(0)?,
                        version: row.get(1)?,
                        agreed_at: Timestamp::from_unix(row.get(2)?),
                        withdrawn_at: row.get::<_, Option<i64>>(3)?.map(Timestamp::from_unix),
                    })
                })?;
                let mut agreements = rows.collect::<Result<Vec<Agreement>, _>>()?;
                // Not by the database, whose order of texts depends on its locale.
                agreements.sort_by(|one, other| {
                    (one.agreed_at, &one.term, &one.version).cmp(&(
                        other.agreed_at,
                        &other.term,
                        &other.version,
                    ))
                });
                Ok(agreements)
            })
            .await
    }
}
