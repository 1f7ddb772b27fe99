//! Mails that a page has promised: kept until they are written, so that no end of the process loses one.

use mapae_protocol::time::{Seconds, Timestamp};

use super::db::{Concealed, Db, Row, Statement, StoreError, statements, values};

/// How many may wait in all. On PostgreSQL as many more as there are connections may slip in.
pub const LIMIT: i64 = 4_096;

/// How long is tried to write one.
pub const LIFE: Seconds = Seconds::days(1);

statements! {
    PUT: MailOrders = "INSERT INTO mail_orders (id, matter, email, locale, step, leased_until, created_at, expires_at, \
         app_id, upstream) \
         SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), \
         CAST($6 AS BIGINT), CAST($7 AS BIGINT), CAST($8 AS BIGINT), CAST($9 AS TEXT), CAST($10 AS TEXT) \
         WHERE (SELECT COUNT(*) FROM mail_orders m WHERE m.expires_at > $7) < $11 \
         ON CONFLICT (id) DO NOTHING RETURNING 1";
    WAITING: MailOrders = "SELECT id, matter, email, locale, step, app_id, upstream FROM mail_orders \
         WHERE leased_until <= $1 AND expires_at > $1 ORDER BY leased_until LIMIT $2";
    LEASE: MailOrders = "UPDATE mail_orders SET leased_until = $1 \
         WHERE id = $2 AND leased_until <= $3 AND expires_at > $3";
    DONE: MailOrders = "DELETE FROM mail_orders WHERE id = $1";
}

/// What a mail is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matter {
    /// Somebody wants an account with this address.
    SignUp,
    /// Somebody has forgotten the password.
    Reset,
    /// The password was changed.
    PasswordChanged,
    /// A way to sign in was added.
    WayAdded,
    /// A way to sign in was removed.
    WayRemoved,
}

impl Matter {
    const ALL: [Self; 5] =
        [Self::SignUp, Self::Reset, Self::PasswordChanged, Self::WayAdded, Self::WayRemoved];

    const fn name(self) -> &'static str {
        match self {
            Self::SignUp => "sign_up",
            Self::Reset => "reset",
            Self::PasswordChanged => "password_changed",
            Self::WayAdded => "way_added",
            Self::WayRemoved => "way_removed",
        }
    }
}

/// A mail to be written, if there is one to be written to this address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailOrder {
    /// A fresh random id.
    pub id: String,
    /// What it is about.
    pub matter: Matter,
    /// The address that was typed, in its canonical form.
    pub email: String,
    /// The language of the page that asked.
    pub locale: String,
    /// The step with which the person goes on afterwards, sealed for the browser that asked.
    pub step: Option<Concealed>,
    /// The app from which the person came; it may be gone by now.
    pub app_id: Option<String>,
    /// The provider that it is about; it may be gone by now.
    pub upstream: Option<String>,
}

/// Keeps an order, for whoever asked to carry it out until `leased_until`. Returns a row, or none when too many
/// wait.
#[must_use]
pub fn put(order: &MailOrder, leased_until: Timestamp, at: Timestamp) -> Statement {
    put_within(order, leased_until, LIMIT, at)
}

/// As [`put`], with another limit.
#[must_use]
pub fn put_within(order: &MailOrder, leased_until: Timestamp, limit: i64, at: Timestamp) -> Statement {
    let MailOrder { id, matter, email, locale, step, app_id, upstream } = order;
    let expires_at = at.plus(LIFE);
    let (matter, step) = (matter.name(), step.as_ref());
    let (app_id, upstream) = (app_id.as_deref(), upstream.as_deref());
    let params =
        values![id, matter, email, locale, step, leased_until, at, expires_at, app_id, upstream, limit];
    Statement::zero_or_one(PUT, params)
}

/// Orders that nobody is carrying out, those that wait longest first, at most `limit`.
///
/// # Errors
/// [`StoreError`]
pub async fn waiting(db: &Db, limit: i64, now: Timestamp) -> Result<Vec<MailOrder>, StoreError> {
    db.list(WAITING, values![now, limit]).await?.into_iter().map(MailOrder::read).collect()
}

/// Takes an order until then, for one to carry it out. Conflict: somebody else has it, it is done, or its time is
/// over.
#[must_use]
pub fn lease(id: &str, until: Timestamp, now: Timestamp) -> Statement {
    Statement::one(LEASE, values![until, id, now])
}

/// Forgets an order that was carried out.
#[must_use]
pub fn done(id: &str) -> Statement {
    Statement::zero_or_one(DONE, values![id])
}

impl MailOrder {
    fn read(row: Row) -> Result<Self, StoreError> {
        row.read(|row| {
            let id = row.text()?;
            let name = row.text()?;
            let matter = Matter::ALL.into_iter().find(|matter| matter.name() == name);
            Ok(Self {
                id,
                matter: matter.ok_or_else(|| row.corrupt_last())?,
                email: row.text()?,
                locale: row.text()?,
                step: row.optional_text()?.map(Concealed::from),
                app_id: row.optional_text()?,
                upstream: row.optional_text()?,
            })
        })
    }
}
