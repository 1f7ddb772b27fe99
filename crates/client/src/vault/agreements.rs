//! Agreements to the service's terms: a row for each, never overwritten.

use mapae_protocol::time::Timestamp;

use super::{
    StoreError, Vault,
    database::{Row, statements, values},
};
use crate::{
    identity::EndUser,
    terms::{Agreed, Agreement},
};

statements! {
    AGREE = "INSERT INTO agreements (account_issuer, account_subject, term, version, agreed_at, withdrawn_at)
        SELECT $1, $2, $3, $4, CAST($5 AS BIGINT), CAST(NULL AS BIGINT) WHERE NOT EXISTS (
            SELECT 1 FROM agreements WHERE account_issuer = $1 AND account_subject = $2
                AND term = $3 AND version = $4 AND withdrawn_at IS NULL)
        ON CONFLICT (account_issuer, account_subject, term, version, agreed_at) DO UPDATE SET withdrawn_at = NULL";
    WITHDRAW = "UPDATE agreements SET withdrawn_at = $1
        WHERE account_issuer = $2 AND account_subject = $3 AND term = $4 AND withdrawn_at IS NULL";
    LIST = "SELECT term, version, agreed_at, withdrawn_at FROM agreements
        WHERE account_issuer = $1 AND account_subject = $2";
}

impl Vault {
    /// Notes that an account agreed to these versions of terms; to what it agrees already, it does not agree again.
    pub(crate) async fn agree(
        &self,
        account: &EndUser,
        agreed: Vec<Agreed>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // One by one: who died in between is asked again for what is missing.
        for Agreed { term, version } in agreed {
            let agree = AGREE.with(values![account.issuer(), account.subject(), term, version, now]);
            self.database.write(agree).await?;
        }
        Ok(())
    }

    /// Notes that an account does not agree to a term any more, in any version.
    pub(crate) async fn withdraw(
        &self,
        account: &EndUser,
        term: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let withdraw = WITHDRAW.with(values![now, account.issuer(), account.subject(), term]);
        self.database.write(withdraw).await.map(drop)
    }

    /// Everything that an account ever agreed to, the oldest first.
    pub(crate) async fn agreements(&self, account: &EndUser) -> Result<Vec<Agreement>, StoreError> {
        let rows = self.database.rows(LIST, values![account.issuer(), account.subject()]).await?;
        let mut agreements: Vec<Agreement> =
            rows.into_iter().map(|mut row| read(&mut row)).collect::<Result<_, _>>()?;
        // Not by the database, whose order of texts depends on its locale.
        agreements.sort_by(|one, other| {
            (one.agreed_at, &one.term, &one.version).cmp(&(other.agreed_at, &other.term, &other.version))
        });
        Ok(agreements)
    }
}

fn read(row: &mut Row) -> Result<Agreement, StoreError> {
    Ok(Agreement {
        term: row.text()?,
        version: row.text()?,
        agreed_at: row.time()?,
        withdrawn_at: row.optional_time()?,
    })
}
