//! Authorization requests that apps pushed — RFC 9126 §2, under the digest of their reference.

use mapae_protocol::time::Timestamp;

use super::db::{Concealed, Db, Row, Statement, StoreError, statements, values};

statements! {
    FIND: PushedRequests = "SELECT payload, profile FROM pushed_requests WHERE id = $1 AND app_id = $2 AND begin_until > $3";
    PUT: PushedRequests = "INSERT INTO pushed_requests (id, app_id, payload, profile, begin_until, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING";
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
    /// Until when somebody can begin with it.
    pub begin_until: Timestamp,
    /// Until when it can be answered.
    pub expires_at: Timestamp,
}

/// A request that was kept.
#[derive(Clone, Debug)]
pub struct PushedRequest {
    /// Its parameters.
    pub payload: Concealed,
    /// The FAPI profile by whose rules it was judged; empty: none.
    pub profile: String,
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
    let read =
        |row: Row| row.read(|row| Ok(PushedRequest { payload: row.concealed()?, profile: row.text()? }));
    row.map(read).transpose()
}

/// Keeps a request. Conflict: the reference is taken.
#[must_use]
pub fn put(request: &NewPushedRequest<'_>) -> Statement {
    let NewPushedRequest { id, app_id, payload, profile, begin_until, expires_at } = request;
    Statement::one(PUT, values![*id, *app_id, *payload, *profile, *begin_until, *expires_at])
}

/// Uses a request up, in the unit that answers it. Conflict: it has been answered.
#[must_use]
pub fn take(id: &str) -> Statement {
    Statement::one(TAKE, values![id])
}
