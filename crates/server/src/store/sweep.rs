//! Making room. Every query filters by time itself, so the sweep decides nothing: a row is removed when its
//! time has been over for [`SLACK`], so that a node whose clock is wrong by an hour removes nothing that
//! another one still needs. And should a clock be wrong by more, the same commit notes until when rows are gone: what
//! is used once or can be revoked and expires by then is refused by everybody (OP-13).

use mapae_protocol::time::{Seconds, Timestamp};

use super::{
    counters,
    db::{CommitError, Db, Sql, Statement, Unit, statements, values},
};

/// How long a row stays after its time is over.
pub const SLACK: Seconds = Seconds::hours(2);

/// How many rows one commit removes: few enough that nobody waits for it.
pub const BATCH: i64 = 500;

/// Removes what carries its time and on which nothing else depends.
macro_rules! expired {
    ($table:literal, $key:literal) => {
        concat!(
            "DELETE FROM ",
            $table,
            " WHERE ",
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
    GRANTS: Grants = "DELETE FROM grants WHERE id IN (SELECT id FROM grants \
         WHERE expires_at <= $1 AND code_expires_at <= $1 LIMIT $2) RETURNING 1";
    REVOKED_GRANTS: Grants = "DELETE FROM grants WHERE id IN (SELECT id FROM grants \
         WHERE revoked_at IS NOT NULL AND revoked_at <= $1 AND code_expires_at <= $1 LIMIT $2) RETURNING 1";
    SESSIONS: Sessions = "DELETE FROM sessions WHERE id IN (SELECT s.id FROM sessions s \
         WHERE s.expires_at <= $1 AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.session_id = s.id) LIMIT $2) RETURNING 1";
    APP_SECRETS: AppSecrets = expired!("app_secrets", "id");
    CODE_DETAILS: CodeDetails = expired!("code_details", "code_id");
    PENDING_STEPS: PendingSteps = expired!("pending_steps", "id");
    MAILED_LINKS: MailedLinks = expired!("mailed_links", "token_hash");
    MAIL_ORDERS: MailOrders = expired!("mail_orders", "id");
    UPSTREAM_NOTICES: UpstreamNotices = expired!("upstream_notices", "id");
    REVOKED_TOKENS: RevokedTokens = expired!("revoked_tokens", "jti");
    SIGNING_KEYS: SigningKeys = expired!("signing_keys", "kid");
    SEAL_KEYS: SealKeys = expired!("seal_keys", "id");
    // Only from the old end, so that what is left has no gaps.
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
    MAILED_LINKS,
    MAIL_ORDERS,
    UPSTREAM_NOTICES,
    REVOKED_TOKENS,
    SIGNING_KEYS,
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
    let old = Unit::from(Statement::any(REVOCATIONS, values![i64::MAX, now.minus(feed_kept), BATCH]));
    while remove(db, old.clone()).await? {}
    Ok(())
}

/// Removes one batch; whether there may be more.
async fn remove(db: &Db, unit: Unit) -> Result<bool, CommitError> {
    let removed = db.commit(unit).await?;
    Ok(removed.into_iter().flatten().count() as i64 >= BATCH)
}
