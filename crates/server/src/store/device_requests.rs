//! Devices that wait for a person — RFC 8628 §3, under the digest of their device code.
//!
//! A row is pending until a person answers it, once; then it is redeemed, once, which removes it. The browser in which
//! somebody signed in first has it to itself.

use mapae_protocol::time::{Seconds, Timestamp};

use super::db::{Concealed, Db, Row, Statement, StoreError, statements, values};

macro_rules! columns {
    () => {
        "id, app_id, scopes, resource, started_from, user_agent, state, browser, approval, poll_interval, created_at, \
         expires_at"
    };
}

statements! {
    FIND: DeviceRequests = concat!("SELECT ", columns!(), " FROM device_requests WHERE id = $1");
    BY_USER_CODE: DeviceRequests = concat!("SELECT ", columns!(), " FROM device_requests \
         WHERE user_code = $1 AND state = 'pending' AND expires_at > $2");
    PUT: DeviceRequests = "INSERT INTO device_requests (id, user_code, app_id, scopes, resource, started_from, user_agent, \
         state, poll_interval, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9, $10) \
         ON CONFLICT (user_code) DO NOTHING";
    CLAIM: DeviceRequests = "UPDATE device_requests SET browser = $1 \
         WHERE id = $2 AND state = 'pending' AND expires_at > $3 AND (browser IS NULL OR browser = $1)";
    APPROVE: DeviceRequests = "UPDATE device_requests SET state = 'approved', approval = $1 \
         WHERE id = $2 AND browser = $3 AND state = 'pending' AND expires_at > $4";
    DENY: DeviceRequests = "UPDATE device_requests SET state = 'denied' \
         WHERE id = $1 AND browser = $2 AND state = 'pending' AND expires_at > $3";
    SLOW_DOWN: DeviceRequests = "UPDATE device_requests SET poll_interval = $1 \
         WHERE id = $2 AND state = 'pending' AND poll_interval = $3";
    REDEEM: DeviceRequests = "DELETE FROM device_requests WHERE id = $1 AND state = 'approved'";
}

/// A device that begins to wait.
#[derive(Clone, Debug)]
pub struct NewDeviceRequest<'a> {
    /// The digest of its device code.
    pub id: &'a str,
    /// The keyed digest of its user code.
    pub user_code: &'a Concealed,
    /// Which app it is.
    pub app_id: &'a str,
    /// What it asks for, space-separated.
    pub scopes: &'a str,
    /// The API that the token is for, if one was named.
    pub resource: Option<&'a str>,
    /// The network address from which it began.
    pub started_from: &'a str,
    /// What it called itself there.
    pub user_agent: &'a str,
    /// How long to wait between two polls.
    pub poll_interval: Seconds,
    /// Until when somebody can answer, and it can poll.
    pub expires_at: Timestamp,
}

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nobody has answered.
    Pending,
    /// Somebody said yes: who, and to what, as JSON.
    Approved(Concealed),
    /// Somebody said no.
    Denied,
}

/// A device that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRequest {
    /// The digest of its device code.
    pub id: String,
    /// Which app it is.
    pub app_id: String,
    /// What it asks for, space-separated.
    pub scopes: String,
    /// The API that the token is for, if one was named.
    pub resource: Option<String>,
    /// The network address from which it began.
    pub started_from: String,
    /// What it called itself there.
    pub user_agent: String,
    /// How far it has come.
    pub progress: Progress,
    /// The browser that has it to itself.
    pub browser: Option<String>,
    /// How long to wait between two polls.
    pub poll_interval: Seconds,
    /// When it began.
    pub created_at: Timestamp,
    /// Until when somebody can answer, and it can poll.
    pub expires_at: Timestamp,
}

/// The request with this device code, whatever has become of it.
///
/// # Errors
/// [`StoreError`]
pub async fn find(db: &Db, id: &str) -> Result<Option<DeviceRequest>, StoreError> {
    let row = db.optional(FIND, &values![id]).await?;
    row.map(|row| row.read(DeviceRequest::read)).transpose()
}

/// The request with this user code, as long as somebody can answer it.
///
/// # Errors
/// [`StoreError`]
pub async fn by_user_code(
    db: &Db,
    user_code: &Concealed,
    now: Timestamp,
) -> Result<Option<DeviceRequest>, StoreError> {
    let row = db.optional(BY_USER_CODE, &values![user_code, now]).await?;
    row.map(|row| row.read(DeviceRequest::read)).transpose()
}

/// Keeps a request. Conflict: the user code is taken.
#[must_use]
pub fn put(request: &NewDeviceRequest<'_>, now: Timestamp) -> Statement {
    let NewDeviceRequest { id, user_code, app_id, scopes, resource, .. } = request;
    let NewDeviceRequest { started_from, user_agent, poll_interval, expires_at, .. } = request;
    let interval = poll_interval.get();
    Statement::one(
        PUT,
        values![
            *id,
            *user_code,
            *app_id,
            *scopes,
            *resource,
            *started_from,
            *user_agent,
            interval,
            now,
            *expires_at
        ],
    )
}

/// Gives it to the browser in which somebody is signed in, for good. Conflict: another browser has it, or it was answered
/// or is over.
#[must_use]
pub fn claim(id: &str, browser: &str, now: Timestamp) -> Statement {
    Statement::one(CLAIM, values![browser, id, now])
}

/// Somebody says yes, in the browser that has it. Conflict: another browser has it, or it was answered or is over.
#[must_use]
pub fn approve(id: &str, browser: &str, approval: &Concealed, now: Timestamp) -> Statement {
    Statement::one(APPROVE, values![approval, id, browser, now])
}

/// Somebody says no; else as [`approve`].
#[must_use]
pub fn deny(id: &str, browser: &str, now: Timestamp) -> Statement {
    Statement::one(DENY, values![id, browser, now])
}

/// Notes how long it must wait from now on. Conflict: that was noted meanwhile, or it was answered.
#[must_use]
pub fn slow_down(seen: &DeviceRequest, interval: Seconds) -> Statement {
    Statement::one(SLOW_DOWN, values![interval.get(), seen.id.as_str(), seen.poll_interval.get()])
}

/// Removes it, in the unit that makes its grant. Conflict: it was redeemed.
#[must_use]
pub fn redeem(id: &str) -> Statement {
    Statement::one(REDEEM, values![id])
}

impl DeviceRequest {
    /// In the order of `columns`.
    fn read(row: &mut Row) -> Result<Self, StoreError> {
        let (id, app_id, scopes, resource) = (row.text()?, row.text()?, row.text()?, row.optional_text()?);
        let (started_from, user_agent) = (row.text()?, row.text()?);
        let (state, browser, approval) = (row.text()?, row.optional_text()?, row.optional_text()?);
        let progress = match (state.as_str(), approval) {
            ("approved", Some(approval)) => Progress::Approved(Concealed::from(approval)),
            ("pending", _) => Progress::Pending,
            // Whatever else a row says, nothing comes of it.
            _ => Progress::Denied,
        };
        let interval = u32::try_from(row.int()?).unwrap_or(u32::MAX);
        Ok(Self {
            id,
            app_id,
            scopes,
            resource,
            started_from,
            user_agent,
            progress,
            browser,
            poll_interval: Seconds::seconds(interval),
            created_at: row.timestamp()?,
            expires_at: row.timestamp()?,
        })
    }
}
