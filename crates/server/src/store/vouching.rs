//! Apps of others for which the operator vouches.

use mapae_protocol::time::Timestamp;

use super::db::{Statement, Unit, statements, values};

statements! {
    VOUCH: Apps = "UPDATE apps SET vouched_at = $1, updated_at = $1 WHERE id = $2 AND deleted_at IS NULL";
    WITHDRAW: Apps = "UPDATE apps SET vouched_at = NULL, updated_at = $1 WHERE id = $2 AND deleted_at IS NULL";
}

/// The operator has looked at what people see of this app. That it is still that app is for
/// [`apps::guard`](super::apps::guard) to see to. Conflict: there is no such app.
pub fn vouch(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(VOUCH, values![at, id])).changing_catalog()
}

/// Nobody vouches for it any more. Conflict: there is no such app.
pub fn withdraw(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(WITHDRAW, values![at, id])).changing_catalog()
}
