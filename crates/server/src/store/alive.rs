//! When something that was made is still alive: every epoch is the one under which it was made.

use mapae_protocol::time::Timestamp;

use super::{
    apps::{APP_STATE_WIDTH, AppState},
    consents::{CONSENT_STATE_WIDTH, ConsentState},
    db::{Row, StoreError},
    sessions::{SESSION_STATE_WIDTH, SessionState},
    users::{USER_STATE_WIDTH, UserState},
};

/// The columns of [`States`], of `users u`, `apps a`, `consents c` and `sessions s`. They are read with every token
/// that is shown, so they are what decides and nothing else.
macro_rules! state_columns {
    () => {
        concat!(
            user_state_columns!(),
            ", ",
            app_state_columns!(),
            ", ",
            consent_state_columns!(),
            ", ",
            session_state_columns!()
        )
    };
}
pub(super) use state_columns;

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

/// What a grant itself says of its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Whether it survives the session in which it was given.
    pub offline: bool,
    /// The epochs under which it was made.
    pub epochs: Epochs,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it ends if it is not refreshed.
    pub idle_expires_at: Timestamp,
    /// When it was revoked by itself.
    pub revoked_at: Option<Timestamp>,
}

impl Span {
    /// Whether the grant is alive, and everything on which it depends.
    ///
    /// # Errors
    /// The first reason for which it is dead.
    pub fn alive(&self, states: &States, now: Timestamp) -> Result<(), Dead> {
        if self.revoked_at.is_some() {
            return Err(Dead::Revoked);
        }
        if now >= self.expires_at || now >= self.idle_expires_at {
            return Err(Dead::Expired);
        }
        states.hold(self.epochs, self.offline, now)
    }
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
    pub user: Option<UserState>,
    /// The app.
    pub app: Option<AppState>,
    /// The consent, if it is of this person and this app.
    pub consent: Option<ConsentState>,
    /// The session, if it is of this person.
    pub session: Option<SessionState>,
}

impl States {
    /// Whether what was made under these epochs is alive. What is `offline` survives its session (OIDC Core §11).
    /// Codes and devices ask it before anything is issued, grants and their tokens whenever they are used.
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
    fn session_holds(&self, user: &UserState, epoch: Option<i64>, now: Timestamp) -> bool {
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
            user: row.joined(USER_STATE_WIDTH, UserState::read)?,
            app: row.joined(APP_STATE_WIDTH, AppState::read)?,
            consent: row.joined(CONSENT_STATE_WIDTH, ConsentState::read)?,
            session: row.joined(SESSION_STATE_WIDTH, SessionState::read)?,
        })
    }
}

#[cfg(test)]
impl States {
    /// Of somebody who has signed in and agreed, under these epochs, in a session that ends then.
    pub(crate) fn living(epochs: Epochs, until: Timestamp) -> Self {
        Self {
            user: Some(UserState { epoch: epochs.user, disabled_at: None }),
            app: Some(AppState { epoch: epochs.app, disabled_at: None, deleted_at: None }),
            consent: Some(ConsentState { epoch: epochs.consent }),
            session: epochs.session.map(|epoch| SessionState {
                user_epoch: epochs.user,
                epoch,
                expires_at: until,
                idle_expires_at: until,
                ended_at: None,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCHS: Epochs = Epochs { user: 4, app: 3, consent: 2, session: Some(1) };
    const NOW: Timestamp = Timestamp::from_unix(1_000);
    const END: Timestamp = Timestamp::from_unix(2_000);

    type Fact = (&'static str, fn(&mut States), Dead);

    /// Every fact that forbids something, in the order in which they are looked at.
    const FACTS: &[Fact] = &[
        ("no person", |states| states.user = None, Dead::UserDisabled),
        ("person disabled", |s| s.user.as_mut().unwrap().disabled_at = Some(NOW), Dead::UserDisabled),
        ("no app", |states| states.app = None, Dead::AppDisabled),
        ("app disabled", |states| states.app.as_mut().unwrap().disabled_at = Some(NOW), Dead::AppDisabled),
        ("app deleted", |states| states.app.as_mut().unwrap().deleted_at = Some(NOW), Dead::AppDisabled),
        ("person's epoch", |states| states.user.as_mut().unwrap().epoch += 1, Dead::UserChanged),
        ("app's epoch", |states| states.app.as_mut().unwrap().epoch += 1, Dead::AppChanged),
        ("no consent", |states| states.consent = None, Dead::ConsentWithdrawn),
        ("consent's epoch", |states| states.consent.as_mut().unwrap().epoch += 1, Dead::ConsentWithdrawn),
        ("no session", |states| states.session = None, Dead::SessionEnded),
        ("session's epoch", |states| states.session.as_mut().unwrap().epoch += 1, Dead::SessionEnded),
        ("signed out", |states| states.session.as_mut().unwrap().ended_at = Some(NOW), Dead::SessionEnded),
        ("session over", |states| states.session.as_mut().unwrap().expires_at = NOW, Dead::SessionEnded),
        ("session idle", |s| s.session.as_mut().unwrap().idle_expires_at = NOW, Dead::SessionEnded),
        ("of another epoch", |s| s.session.as_mut().unwrap().user_epoch -= 1, Dead::SessionEnded),
    ];

    #[test]
    fn mx_01_every_fact_alone_forbids_and_none_of_the_session_when_offline() {
        let living = States::living(EPOCHS, END);
        for offline in [false, true] {
            assert_eq!(living.hold(EPOCHS, offline, NOW), Ok(()));
            for (name, happen, dead) in FACTS {
                let mut states = living.clone();
                happen(&mut states);
                let survives = offline && *dead == Dead::SessionEnded;
                let expected = if survives { Ok(()) } else { Err(*dead) };
                assert_eq!(states.hold(EPOCHS, offline, NOW), expected, "{name}, offline {offline}");
            }
        }
    }

    #[test]
    fn mx_01_of_two_facts_the_first_is_told() {
        for (at, (first_name, first, dead)) in FACTS.iter().enumerate() {
            for (second_name, second, _) in &FACTS[at + 1..] {
                let mut states = States::living(EPOCHS, END);
                // What a later fact changes may be gone by an earlier one.
                let names = [*first_name, *second_name];
                if names.iter().any(|name| name.starts_with("no ")) {
                    continue;
                }
                first(&mut states);
                second(&mut states);
                assert_eq!(states.hold(EPOCHS, false, NOW), Err(*dead), "{names:?}");
            }
        }
    }

    #[test]
    fn an_epoch_that_went_back_is_another_epoch_too() {
        let living = States::living(EPOCHS, END);
        for under in [
            Epochs { user: 5, ..EPOCHS },
            Epochs { app: 4, ..EPOCHS },
            Epochs { consent: 3, ..EPOCHS },
            Epochs { session: Some(2), ..EPOCHS },
            Epochs { session: None, ..EPOCHS },
        ] {
            assert!(living.hold(under, false, NOW).is_err(), "{under:?}");
        }
        assert_eq!(living.hold(EPOCHS, false, END), Err(Dead::SessionEnded), "to the second");
    }
}
