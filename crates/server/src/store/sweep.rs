//! Making room. Every query filters by time itself, so the sweep decides nothing: a row is removed when its
//! time has been over for [`SLACK`], so that a node whose clock is wrong by an hour removes nothing that
//! another one still needs. And should a clock be wrong by more, the same commit notes until when rows are gone: what
//! is used once or can be revoked and expires by then is refused by everybody (OP-13).

use mapae_protocol::time::{Seconds, Timestamp};

use super::{
    counters,
    db::{CommitError, Db, Sql, Statement, Unit, statements, values},
    registrations,
};

/// How long a row stays after its time is over.
pub const SLACK: Seconds = Seconds::hours(2);

/// The same of what nobody misses: who comes late begins anew, whatever its time.
const SHORT_SLACK: Seconds = Seconds::minutes(10);

/// How many rows one commit removes: few enough that nobody waits for it.
pub const BATCH: i64 = 500;

/// Removes what carries its time and on which nothing else depends. That it is over is said twice: at a row for which it
/// had to wait PostgreSQL looks once more, and it may live longer by then; but it does not choose again.
macro_rules! expired {
    ($table:literal, $key:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE expires_at <= $1 AND ",
            $key,
            " IN (SELECT ",
            $key,
            " FROM ",
            $table,
            " WHERE expires_at <= $1 LIMIT $2) RETURNING 1"
        )
    };
}

statements! {
    // A grant stays until its code would have expired, even when revoked: it is what makes the code single-use.
    GRANTS: Grants = "DELETE FROM grants WHERE expires_at <= $1 AND code_expires_at <= $1 AND id IN ( \
         SELECT id FROM grants WHERE expires_at <= $1 AND code_expires_at <= $1 LIMIT $2) RETURNING 1";
    REVOKED_GRANTS: Grants = "DELETE FROM grants WHERE revoked_at <= $1 AND code_expires_at <= $1 AND id IN ( \
         SELECT id FROM grants WHERE revoked_at IS NOT NULL AND revoked_at <= $1 AND code_expires_at <= $1 LIMIT $2 \
         ) RETURNING 1";
    SESSIONS: Sessions = "DELETE FROM sessions WHERE expires_at <= $1 AND id IN ( \
         SELECT s.id FROM sessions s WHERE s.expires_at <= $1 \
         AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.session_id = s.id) LIMIT $2) RETURNING 1";
    // One that was ended is over since 1970. Its name is kept all the same while the form that made it may be sent again.
    APP_SECRETS: AppSecrets = "DELETE FROM app_secrets WHERE expires_at <= $1 AND created_at <= $1 AND id IN ( \
         SELECT id FROM app_secrets WHERE expires_at <= $1 AND created_at <= $1 LIMIT $2) RETURNING 1";
    CODE_DETAILS: CodeDetails = expired!("code_details", "code_id");
    PENDING_STEPS: PendingSteps = expired!("pending_steps", "id");
    PUSHED_REQUESTS: PushedRequests = expired!("pushed_requests", "id");
    DPOP_PROOFS: DpopProofs = expired!("dpop_proofs", "id");
    DEVICE_REQUESTS: DeviceRequests = expired!("device_requests", "id");
    MAILED_LINKS: MailedLinks = expired!("mailed_links", "token_hash");
    MAIL_ORDERS: MailOrders = expired!("mail_orders", "id");
    INITIAL_ACCESS_TOKENS: InitialAccessTokens = expired!("initial_access_tokens", "id");
    LOGOUT_NOTICES: LogoutNotices = expired!("logout_notices", "id");
    UPSTREAM_NOTICES: UpstreamNotices = expired!("upstream_notices", "id");
    USED_ASSERTIONS: UsedAssertions = expired!("used_assertions", "id");
    REVOKED_TOKENS: RevokedTokens = expired!("revoked_tokens", "jti");
    SIGNING_KEYS: SigningKeys = expired!("signing_keys", "kid");
    // It signs nothing any more, and what can be stolen with it is nothing.
    PRIVATE_PARTS: SigningKeys = "UPDATE signing_keys SET private_wrapped = '' WHERE private_wrapped <> '' AND expires_at <= $1 \
         AND kid IN (SELECT kid FROM signing_keys WHERE private_wrapped <> '' AND expires_at <= $1 LIMIT $2) RETURNING 1";
    SEAL_KEYS: SealKeys = expired!("seal_keys", "id");
    // Only from the old end, so that what is left has no gaps. What stands there never changes.
    REVOCATIONS: Revocations = "DELETE FROM revocations WHERE seq IN (SELECT seq FROM revocations \
         WHERE seq < (SELECT COALESCE(MIN(r.seq), CAST($1 AS BIGINT)) FROM revocations r WHERE r.at > $2) \
         ORDER BY seq LIMIT $3) RETURNING 1";
}

const EXPIRING: &[Sql] = &[
    GRANTS,
    REVOKED_GRANTS,
    SESSIONS,
    APP_SECRETS,
    CODE_DETAILS,
    PENDING_STEPS,
    DPOP_PROOFS,
    DEVICE_REQUESTS,
    MAILED_LINKS,
    MAIL_ORDERS,
    INITIAL_ACCESS_TOKENS,
    LOGOUT_NOTICES,
    UPSTREAM_NOTICES,
    USED_ASSERTIONS,
    REVOKED_TOKENS,
    PRIVATE_PARTS,
    SEAL_KEYS,
];

/// Removes what has been over for [`SLACK`] and, of the feed, what is older than `feed_kept`: the longest life
/// of an access token plus [`SLACK`], or more. One small commit after another; other writers get their turn
/// between them.
///
/// # Errors
/// [`CommitError`]; what was removed until then stays removed, and the rest is for the next sweep
pub async fn run(db: &Db, feed_kept: Seconds, now: Timestamp) -> Result<(), CommitError> {
    let over = now.minus(SLACK);
    for sql in EXPIRING {
        let unit = Unit::from(Statement::any(*sql, values![over, BATCH])).with(counters::raise_swept(over));
        while remove(db, unit.clone()).await? {}
    }
    let short = Unit::from(Statement::any(PUSHED_REQUESTS, values![now.minus(SHORT_SLACK), BATCH]));
    while remove(db, short.clone()).await? {}
    expire_registrations(db, over, now).await?;
    let old = Unit::from(Statement::any(REVOCATIONS, values![i64::MAX, now.minus(feed_kept), BATCH]));
    while remove(db, old.clone()).await? {}
    Ok(())
}

/// Removes what is left of signing keys whose tokens have been over for `hints_kept`.
///
/// # Errors
/// As [`run`]
pub async fn forget_signing_keys(db: &Db, hints_kept: Seconds, now: Timestamp) -> Result<(), CommitError> {
    let over = now.minus(SLACK).minus(hints_kept);
    let unit = Unit::from(Statement::any(SIGNING_KEYS, values![over, BATCH]));
    while remove(db, unit.clone()).await? {}
    Ok(())
}

/// Deletes apps that registered themselves and to which nobody agreed in time: one batch, one commit each, because each
/// is a change of the catalogue for everybody.
async fn expire_registrations(db: &Db, over: Timestamp, now: Timestamp) -> Result<(), CommitError> {
    for app_id in registrations::expired(db, over, BATCH).await.map_err(CommitError::Fault)? {
        match db.commit(registrations::expire(&app_id, over, now)).await {
            // Somebody agreed to it, or it was deleted meanwhile.
            Ok(_) | Err(CommitError::Conflict { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Removes one batch; whether there may be more.
async fn remove(db: &Db, unit: Unit) -> Result<bool, CommitError> {
    let removed = db.commit(unit).await?;
    Ok(removed.into_iter().flatten().count() as i64 >= BATCH)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The columns whose time must be over.
    fn over(text: &str) -> BTreeSet<&str> {
        let words: Vec<&str> = text.split_whitespace().collect();
        words
            .windows(3)
            .filter_map(|words| match *words {
                [column, "<=", "$1"] => column.rsplit('.').next(),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn db_06_by_what_a_row_is_chosen_it_is_removed() {
        for sql in STATEMENTS.iter().filter(|sql| **sql != REVOCATIONS) {
            let (removed, chosen) = sql.text().split_once(" IN (").unwrap();
            assert!(!over(chosen).is_empty() && over(removed) == over(chosen), "{sql:?}: {}", sql.text());
        }
    }
}
