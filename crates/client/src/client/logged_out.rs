//! A provider tells that somebody has signed out there — OIDC Back-Channel Logout §2.6, §2.7; threats LO-05, LO-06.

use mapae_protocol::{
    logout_token::{Ended, LogoutTokenClaims},
    params::{Limits, Params},
    time::Seconds,
};

use super::{Client, paths};
use crate::{
    error::Error,
    identity::EndUser,
    notice::{AGE, EventKind, NoticeError, ProviderEvent},
    provider::Provider,
    vault::Logout,
};

/// How long one process has for what a token or a notice says. If it dies over it, the provider's repeat is heard after
/// that.
pub(super) const TAKEN: Seconds = Seconds::minutes(1);

impl<U: Send + Sync + 'static> Client<U> {
    /// Takes what the provider called `provider` posts when somebody has signed out there: `logout_token=…` in a `body` of
    /// `application/x-www-form-urlencoded`. The sessions that began there end, and the application hears of
    /// [`SessionsRevoked`](EventKind::SessionsRevoked) for the person whom the token names, or for each who had some. Each token
    /// works once, unless the application could not be told: then the provider may repeat it.
    ///
    /// # Errors
    /// [`NoticeError`]: nothing has ended, or after [`Unavailable`](NoticeError::Unavailable) the application has not heard
    /// of it.
    pub async fn logged_out(&self, provider: &str, body: &[u8]) -> Result<Vec<ProviderEvent>, NoticeError> {
        let known = self.providers().iter().find(|known| known.name() == provider);
        let known = known.filter(|known| known.definition().is_openid()).ok_or(NoticeError::Unknown)?;
        let params = Params::parse(body, Limits::REQUEST).map_err(|_| NoticeError::Malformed)?;
        let token = params.one("logout_token").ok().flatten().ok_or(NoticeError::Malformed)?;
        let (now, vault) = (self.now(), self.vault());
        let claims = known.verify_logout_token(token, now).await?;
        let ended = ended(known, &claims)?;
        let (name, issuer) = (format!("logout {provider} {}", claims.jti), known.issuer().as_str());
        let logout = Logout { token: &name, taken_until: now.plus(TAKEN), issuer, ended: &ended };
        if !vault.end_as_told(&logout, now).await.map_err(NoticeError::unavailable)? {
            return Err(NoticeError::Repeated);
        }
        match self.pass_on(&logout).await {
            Ok(events) => {
                tracing::info!(provider, people = events.len(), "a provider told of a logout");
                Ok(events)
            }
            Err(error) => {
                if let Err(error) = vault.release(&name, logout.taken_until).await {
                    tracing::warn!(provider, %error, "a repeat of a logout is refused for a minute");
                }
                Err(NoticeError::unavailable(error))
            }
        }
    }

    /// Where the provider called `provider` tells that somebody has signed out there: what is registered with it as
    /// `backchannel_logout_uri`, where the [routes](crate::axum::routes) are served.
    #[must_use]
    pub fn back_channel_logout_uri(&self, provider: &str) -> String {
        format!("{}{}/{provider}", self.origin(), paths::BACK_CHANNEL_LOGOUT)
    }

    /// Tells the application of everybody whose sessions have ended. Only then are the rows gone by which a repeat would find
    /// them, and the token is used up.
    async fn pass_on(&self, logout: &Logout<'_>) -> Result<Vec<ProviderEvent>, Error> {
        let (vault, issuer) = (self.vault(), logout.issuer);
        let (people, unnamed) = match logout.ended {
            Ended::Session { sid, sub: None } => (vault.people_of(issuer, sid).await?, Some(sid)),
            Ended::Session { sub: Some(sub), .. } | Ended::Everything { sub } => {
                (vec![EndUser::new(issuer, sub.as_str())], None)
            }
        };
        let event = |person| ProviderEvent { person, kind: EventKind::SessionsRevoked };
        let events: Vec<ProviderEvent> = people.into_iter().map(event).collect();
        for event in &events {
            self.accounts.notified(event).await?;
        }
        if let Some(sid) = unnamed {
            for event in &events {
                vault.end_sessions_of(&event.person, sid).await?;
            }
        }
        vault.note(logout.token, self.now().plus(AGE).plus(AGE)).await?;
        Ok(events)
    }
}

/// Whose sessions end. Where the provider's `sub` is not what people are known by here, it names nobody: beside a session it
/// is left out, alone it is refused.
fn ended(known: &Provider, claims: &LogoutTokenClaims) -> Result<Ended, NoticeError> {
    let ended = claims.ended().map_err(|_| NoticeError::Malformed)?;
    if known.definition().schema().identity.same_as_sub {
        return Ok(ended);
    }
    match ended {
        Ended::Session { sid, .. } => Ok(Ended::Session { sid, sub: None }),
        Ended::Everything { .. } => Err(NoticeError::Malformed),
    }
}
