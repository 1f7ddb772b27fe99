//! Authorization requests that apps pushed — RFC 9126 §2, under the digest of their reference.

use mapae_protocol::time::Timestamp;

use super::db::{Concealed, Db, Row, Statement, StoreError, statements, values};

statements! {
    FIND: PushedRequests = "SELECT payload, profile, signed, expires_at FROM pushed_requests WHERE id = $1 AND app_id = $2 AND begin_until > $3";
    PUT: PushedRequests = "INSERT INTO pushed_requests (id, app_id, payload, profile, signed, begin_until, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (id) DO NOTHING";
    BEGIN: PushedRequests = "UPDATE pushed_requests SET expires_at = $1 WHERE id = $2";
    TAKE: PushedRequests = "DELETE FROM pushed_requests WHERE id = $1";
}

/// A request to be kept.
#[derive(Clone, Debug)]
pub struct NewPushedRequest<'a> {
    /// The digest of its reference.
    pub id: &'a str,
    /// Who pushed it.
    pub app_id: &'a str,
    /// Its parameters.
    pub payload: &'a Concealed,
    /// The FAPI profile by whose rules it was judged; empty: none.
    pub profile: &'a str,
    /// Whether the app had signed it.
    pub signed: bool,
    /// Until when somebody can begin with it.
    pub begin_until: Timestamp,
}

/// A request that was kept.
#[derive(Clone, Debug)]
pub struct PushedRequest {
    /// Its parameters.
    pub payload: Concealed,
    /// The FAPI profile by whose rules it was judged; empty: none.
    pub profile: String,
    /// Whether the app had signed it.
    pub signed: bool,
    /// Until when it can be answered, as far as somebody has begun with it.
    pub expires_at: Timestamp,
}

/// What this app pushed under this name, as long as somebody can begin with it.
///
/// # Errors
/// [`StoreError`]
pub async fn find(
    db: &Db,
    id: &str,
    app_id: &str,
    now: Timestamp,
) -> Result<Option<PushedRequest>, StoreError> {
    let row = db.optional(FIND, &values![id, app_id, now]).await?;
    let read = |row: &mut Row| {
        Ok(PushedRequest {
            payload: row.concealed()?,
            profile: row.text()?,
            signed: row.bool()?,
            expires_at: row.timestamp()?,
        })
    };
    row.map(|row| row.read(read)).transpose()
}

/// Keeps a request, until somebody begins with it or can no more. Conflict: the reference is taken.
#[must_use]
pub fn put(request: &NewPushedRequest<'_>) -> Statement {
    let NewPushedRequest { id, app_id, payload, profile, signed, begin_until } = request;
    Statement::one(PUT, values![*id, *app_id, *payload, *profile, *signed, *begin_until])
}

/// Somebody has begun with it: it is kept until then, so that it can be answered. Conflict: it has been answered.
#[must_use]
pub fn begin(id: &str, until: Timestamp) -> Statement {
    Statement::one(BEGIN, values![until, id])
}

/// Uses a request up, in the unit that answers it. Conflict: it has been answered.
#[must_use]
pub fn take(id: &str) -> Statement {
    Statement::one(TAKE, values![id])
}
