//! Client assertions that were used — RFC 7523 §3, rule 7.

use mapae_protocol::{digest::sha256_base64url, time::Timestamp};

use super::{
    counters::swept_column,
    db::{Statement, statements, values},
};

statements! {
    // One that may have been used and swept is refused, however wrong a clock was (OP-13).
    INSERT: UsedAssertions = concat!(
        "INSERT INTO used_assertions (id, expires_at) SELECT CAST($1 AS TEXT), CAST($2 AS BIGINT) WHERE $2 > ",
        swept_column!(),
        " ON CONFLICT (id) DO NOTHING"
    );
}

/// Notes that this app has used the assertion of this name, which everybody refuses for its age from then on. Conflict: it
/// was used before.
#[must_use]
pub fn used(app_id: &str, jti: &str, until: Timestamp) -> Statement {
    // No id of an app has a line break in it.
    let id = sha256_base64url(format!("{app_id}\n{jti}"));
    Statement::one(INSERT, values![id, until])
}
