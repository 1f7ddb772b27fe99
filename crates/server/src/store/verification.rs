//! Apps of others that the operator has verified.

use mapae_protocol::time::Timestamp;

use super::db::{Statement, Unit, statements, values};

statements! {
    VERIFY: Apps = "UPDATE apps SET vouched_at = $1, updated_at = $1 WHERE id = $2 AND deleted_at IS NULL";
    WITHDRAW: Apps = "UPDATE apps SET vouched_at = NULL, updated_at = $1 WHERE id = $2 AND deleted_at IS NULL";
}

/// The operator has looked at what people see of this app. That it is still that app is for
/// [`apps::guard`](super::apps::guard) to see to. Conflict: there is no such app.
pub fn verify(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(VERIFY, values![at, id])).changing_catalog()
}

/// It is not verified any more. Conflict: there is no such app.
pub fn withdraw(id: &str, at: Timestamp) -> Unit {
    Unit::from(Statement::one(WITHDRAW, values![at, id])).changing_catalog()
}
