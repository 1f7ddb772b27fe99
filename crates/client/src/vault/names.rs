//! What accounts are called in the service's own tokens: `sub` (RFC 9068 §2.2), never used again (OIDC Core §2).

use mapae_protocol::random;

use super::{
    StoreError, Vault,
    database::{Statement, statements, values},
};
use crate::identity::EndUser;

statements! {
    GIVE = "INSERT INTO account_names (issuer, subject, name) VALUES ($1, $2, $3)
        ON CONFLICT (issuer, subject) DO UPDATE SET name = excluded.name";
    FIND = "SELECT name FROM account_names WHERE issuer = $1 AND subject = $2";
    FORGET = "DELETE FROM account_names WHERE issuer = $1 AND subject = $2";
}

impl Vault {
    /// The name of an account, which says nothing about anybody.
    pub(crate) async fn name_of_account(&self, account: &EndUser) -> Result<String, StoreError> {
        let row = self.database.row(FIND, values![account.issuer(), account.subject()]).await?;
        // Without one it was founded before names were given, or by the application.
        row.map_or_else(|| Ok(self.pseudonym(account)), |mut row| row.text())
    }
}

/// Gives an account that is founded a name that none has had.
pub(super) fn giving(account: &EndUser) -> Statement {
    GIVE.with(values![account.issuer(), account.subject(), random::token()])
}

/// Forgets the name of an account that is deleted.
pub(super) fn forgetting(account: &EndUser) -> Statement {
    FORGET.with(values![account.issuer(), account.subject()])
}
