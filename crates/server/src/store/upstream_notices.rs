//! Notices of providers that were carried out — RFC 8417 §2.2 (`jti`).

use mapae_protocol::time::Timestamp;

use super::db::{Statement, statements, values};

statements! {
    INSERT: UpstreamNotices =
        "INSERT INTO upstream_notices (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
}

/// Notes that this one is carried out. Conflict: it was before.
#[must_use]
pub fn carried_out(id: &str, expires_at: Timestamp) -> Statement {
    Statement::one(INSERT, values![id, expires_at])
}
