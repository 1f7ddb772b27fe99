//! When something that was made is still alive: every epoch is the one under which it was made.

use mapae_protocol::time::Timestamp;

use super::{
    apps::{APP_STATE_WIDTH, AppState},
    consents::{CONSENT_WIDTH, Consent},
    db::{Row, StoreError},
    sessions::{SESSION_STATE_WIDTH, SessionState},
    users::{USER_WIDTH, User},
};

/// The epochs under which a code, a grant or a token was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Epochs {
    /// The person's.
    pub user: i64,
    /// The app's.
    pub app: i64,
    /// The consent's.
    pub consent: i64,
    /// The session's; `None` only if it depends on none.
    pub session: Option<i64>,
}

/// Why something is dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Dead {
    /// It was revoked by itself, or replayed.
    #[error("revoked")]
    Revoked,
    /// Its time is over.
    #[error("expired")]
    Expired,
    /// The person is disabled or gone.
    #[error("the person is disabled")]
    UserDisabled,
    /// The person's password was changed, or everything of theirs was ended otherwise.
    #[error("the person ended everything that was made before")]
    UserChanged,
    /// The app is disabled or gone.
    #[error("the app is disabled")]
    AppDisabled,
    /// Everything of the app was ended.
    #[error("the app ended everything that was made before")]
    AppChanged,
    /// The person has disconnected the app or taken a scope back.
    #[error("the consent was withdrawn")]
    ConsentWithdrawn,
    /// The person has signed out, or the session's time is over.
    #[error("the session has ended")]
    SessionEnded,
}

/// What is known now of those on whom a grant depends. `None`: there is no such row, or it belongs to
/// somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct States {
    /// The person.
    pub user: Option<User>,
    /// The app.
    pub app: Option<AppState>,
    /// The consent, if it is of this person and this app.
    pub consent: Option<Consent>,
    /// The session, if it is of this person.
    pub session: Option<SessionState>,
}

impl States {
    /// Whether what was made under these epochs is alive. What is `offline` survives its session.
    ///
    /// # Errors
    /// The first reason for which it is dead.
    pub fn hold(&self, made_under: Epochs, offline: bool, now: Timestamp) -> Result<(), Dead> {
        let user = self.user.as_ref().filter(|user| user.disabled_at.is_none()).ok_or(Dead::UserDisabled)?;
        let app = self.app.as_ref().ok_or(Dead::AppDisabled)?;
        if app.disabled_at.is_some() || app.deleted_at.is_some() {
            return Err(Dead::AppDisabled);
        }
        if user.epoch != made_under.user {
            return Err(Dead::UserChanged);
        }
        if app.epoch != made_under.app {
            return Err(Dead::AppChanged);
        }
        let consent = self.consent.as_ref().ok_or(Dead::ConsentWithdrawn)?;
        if consent.epoch != made_under.consent {
            return Err(Dead::ConsentWithdrawn);
        }
        if offline || self.session_holds(user, made_under.session, now) {
            Ok(())
        } else {
            Err(Dead::SessionEnded)
        }
    }

    /// Absent is dead: what is not offline needs a session.
    fn session_holds(&self, user: &User, epoch: Option<i64>, now: Timestamp) -> bool {
        self.session.as_ref().is_some_and(|session| {
            Some(session.epoch) == epoch
                && session.ended_at.is_none()
                && session.user_epoch == user.epoch
                && now < session.expires_at
                && now < session.idle_expires_at
        })
    }

    pub(super) fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self {
            user: row.joined(USER_WIDTH, User::read)?,
            app: row.joined(APP_STATE_WIDTH, AppState::read)?,
            consent: row.joined(CONSENT_WIDTH, Consent::read)?,
            session: row.joined(SESSION_STATE_WIDTH, SessionState::read)?,
        })
    }
}
