//! The secrets of apps: hashes of generated 256-bit values, RFC 6749 §2.3.1; of those that sign also the wrapped text.

use mapae_protocol::time::{Seconds, Timestamp};

use super::{
    apps,
    db::{Concealed, Sql, Statement, Unit, statements, values},
};

statements! {
    INSERT: AppSecrets = "INSERT INTO app_secrets (id, app_id, hash, created_at, sealed) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (id) DO NOTHING";
    INSERT_UNTIL: AppSecrets = "INSERT INTO app_secrets (id, app_id, hash, created_at, expires_at, sealed) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING";
    EXPIRE: AppSecrets = "UPDATE app_secrets SET expires_at = $1 \
         WHERE app_id = $2 AND (expires_at IS NULL OR expires_at > $1)";
    END_FORMER: AppSecrets = "UPDATE app_secrets SET expires_at = 0 WHERE app_id = $1 AND expires_at > 0 \
         AND EXISTS (SELECT 1 FROM app_secrets present WHERE present.app_id = $1 AND present.expires_at IS NULL)";
    END_ONE: AppSecrets = "UPDATE app_secrets SET expires_at = 0 WHERE id = $1 AND app_id = $2 AND expires_at > 0";
}

/// The end of what ends now. The time of whoever ends it would be judged by other clocks, and be still to come on those that
/// are behind (TO-18).
const ENDED: Timestamp = Timestamp::from_unix(0);

/// How long the secret before goes on, so that the app's servers can be changed one by one.
pub const OVERLAP: Seconds = Seconds::hours(24);

/// A secret of an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSecret {
    /// Names it, for instance in the console.
    pub id: String,
    /// SHA-256 of the secret.
    pub hash: Concealed,
    /// Its text, wrapped under the master key, if it was made to sign with.
    pub sealed: Option<Concealed>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; `None` for the current one, 1970 for one that was ended.
    pub expires_at: Option<Timestamp>,
}

impl AppSecret {
    /// Whether the app may still authenticate with it.
    #[must_use]
    pub fn valid(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| now < end)
    }
}

/// A secret to be added.
#[derive(Clone, Debug)]
pub struct NewSecret {
    /// Names it.
    pub id: String,
    /// SHA-256 of the secret.
    pub hash: Concealed,
    /// Its text, wrapped under the master key, if it is to sign with.
    pub sealed: Option<Concealed>,
}

/// What happens to the secrets before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    /// They go on until then, so that the app's servers can be changed one by one.
    ValidUntil(Timestamp),
    /// They end now, what was made with them does not.
    EndNow,
    /// They were stolen: they end now, and with them everything that was made for the app.
    Stolen,
}

impl Before {
    /// They go on for the time that everybody has to change servers, from then on.
    #[must_use]
    pub const fn overlapping(at: Timestamp) -> Self {
        Self::ValidUntil(at.plus(OVERLAP))
    }

    /// Until when the last of these secrets is good after a [`rotate`] then; nothing if none of them is.
    #[must_use]
    pub fn last_end(self, secrets: &[AppSecret], at: Timestamp) -> Option<Timestamp> {
        let Self::ValidUntil(end) = self else { return None };
        let live = secrets.iter().filter(|secret| secret.valid(at));
        live.map(|secret| secret.expires_at.map_or(end, |own| own.min(end))).max()
    }
}

/// The statement of [`rotate`] that finds that the app has this secret already.
pub const MADE_BEFORE: Sql = INSERT;

/// Gives the app a new secret. Rotations of one app happen one after another, so that
/// only the last one's secret has no end, and at most one before it goes on. Where all have an end from the start, as
/// those of apps that register themselves may, none is a former one yet, and they go on as that one does. Conflict:
/// there is no such app, or it has this secret already.
pub fn rotate(app_id: &str, secret: &NewSecret, before: Before, at: Timestamp) -> Unit {
    let (app, end) = match before {
        Before::ValidUntil(end) => (apps::touch(app_id, at), end),
        Before::EndNow => (apps::touch(app_id, at), ENDED),
        Before::Stolen => (apps::revoke(app_id, at), ENDED),
    };
    app.with(end_former(app_id))
        .with(Statement::any(EXPIRE, values![end, app_id]))
        .with(insert(app_id, secret, at))
}

/// Ends these secrets, which were seen to be replaced and to go on. Conflict: one of them has ended by now, or is in use.
pub fn stop_former(app_id: &str, former: &[&str], at: Timestamp) -> Unit {
    let end = |id: &&str| Statement::one(END_ONE, values![*id, app_id]);
    apps::touch(app_id, at).with_all(former.iter().map(end))
}

/// Removes all secrets of an app that keeps none any more.
#[must_use]
pub fn remove_all(app_id: &str) -> Statement {
    Statement::any(apps::DROP_SECRETS, values![app_id])
}

fn end_former(app_id: &str) -> Statement {
    Statement::any(END_FORMER, values![app_id])
}

/// A secret with an end, beside those that there are. Conflict: it is there already.
#[must_use]
pub fn insert_until(app_id: &str, secret: &NewSecret, until: Option<Timestamp>, at: Timestamp) -> Statement {
    Statement::one(INSERT_UNTIL, values![&secret.id, app_id, &secret.hash, at, until, secret.sealed.as_ref()])
}

/// The first secret of an app that had none.
#[must_use]
pub fn insert(app_id: &str, secret: &NewSecret, at: Timestamp) -> Statement {
    Statement::one(INSERT, values![&secret.id, app_id, &secret.hash, at, secret.sealed.as_ref()])
}
