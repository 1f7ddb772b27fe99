//! Which session a browser has: on requests of its own pages, and when a provider sends it back.

use http::{HeaderMap, HeaderValue};
use mapae_protocol::time::Timestamp;

use super::{Client, Core};
use crate::{
    callback::CallbackError,
    cookie,
    error::Error,
    identity::{EndUser, Identity},
    linking::FRESH,
    session::{Session, SessionId},
    sign_in_methods::AccountError,
    vault::{Entrant, Entry, Vault},
};

/// A session that is alive, by its name ([`Vault::sid`]).
pub(super) struct Seat {
    pub(super) sid: String,
    pub(super) session: Session,
}

/// Whose session it is.
pub(super) struct Seated<U> {
    pub(super) seat: Seat,
    pub(super) account: EndUser,
    pub(super) user: U,
}

impl<U: Send + Sync + 'static> Client<U> {
    /// Who has this session, if their account is still there and open.
    pub(super) async fn seated(&self, seat: Option<Seat>) -> Result<Option<Seated<U>>, Error> {
        let Some(seat) = seat else { return Ok(None) };
        let opened = self.opened_by(&seat.session.person).await?;
        let open = opened.filter(|(_, user)| !self.accounts.is_closed(user));
        Ok(open.map(|(account, user)| Seated { seat, account, user }))
    }
}

impl Core {
    /// The session that a request shows: by its cookie, or by its access token.
    pub(super) async fn seat(&self, headers: &HeaderMap) -> Result<Option<Seat>, Error> {
        let sid = match self.service_tokens {
            Some(_) => self.bearer_session(headers).await?,
            None => self.cookie_sid(headers),
        };
        self.seat_called(sid).await
    }

    /// The same for who changes their account. The refresh token, in its cookie or in the `body`, must be of the session that
    /// the access token names: a token that was taken elsewhere changes nothing.
    pub(super) async fn own_seat(&self, headers: &HeaderMap, body: &[u8]) -> Result<Option<Seat>, Error> {
        let seat = self.seat(headers).await?;
        let own = self.kept_session(headers, body).as_ref().map(Vault::sid);
        Ok(seat.filter(|seat| own.as_ref() == Some(&seat.sid)))
    }

    /// The session of a browser that a provider sends back, which brings cookies and no access token. Where no cookie says
    /// which one that is, it is the one of the name `began`, which only the cookie of its pending login knows.
    pub(super) async fn returning_seat(
        &self,
        began: &str,
        headers: &HeaderMap,
    ) -> Result<Option<Seat>, Error> {
        let sid = if self.keeps_no_cookie() { Some(began.to_owned()) } else { self.cookie_sid(headers) };
        self.seat_called(sid).await
    }

    /// The same session, if its owner had proved who they are a moment before `at`.
    pub(super) async fn is_fresh(&self, sid: &str, at: Timestamp) -> Result<bool, Error> {
        let since = self.vault.fresh_since(sid, self.clock.now()).await?;
        Ok(since.is_some_and(|since| at < since.plus(FRESH)))
    }

    /// Nothing goes on if it has ended meanwhile from where somebody comes: what ended it found nothing to end yet.
    pub(super) async fn ensure_standing(&self, identity: &Identity) -> Result<(), Error> {
        if self.vault.has_ended(&identity.into(), self.clock.now()).await? {
            return Err(CallbackError::SignedOut.into());
        }
        Ok(())
    }

    /// Begins a session with a new id and keeps what the provider gave; the session of the name `before` is over (session
    /// fixation). If it has ended meanwhile from where they come, there is neither.
    pub(super) async fn open_session(
        &self,
        entry: &Entry<'_>,
        before: Option<&str>,
    ) -> Result<(SessionId, Vec<HeaderValue>), Error> {
        let Entrant { person, provider_session, .. } = entry.entrant;
        let (id, now) = (SessionId::generate(), self.clock.now());
        let session = Session {
            person: person.clone(),
            provider_session: provider_session.map(str::to_owned),
            created_at: now,
            expires_at: now.plus(self.session_life),
        };
        let beginning = (session, entry);
        let cookies = if self.service_tokens.is_some() {
            self.begin_handing_over(&id, beginning, before).await?
        } else {
            let begun = self.vault.begin_session(&id, beginning, before).await?;
            begun.then(|| vec![self.cookies.set(&self.cookies.session(), id.expose(), self.session_life)])
        };
        // What a proof to the application depends on has changed: another one is needed, and no other login.
        let over = || match entry.entrant.before {
            Some(_) => Error::from(AccountError::NotFresh),
            None => CallbackError::SignedOut.into(),
        };
        Ok((id, cookies.ok_or_else(over)?))
    }

    /// The cookie in which a browser keeps what its session is known by.
    pub(super) fn session_cookie(&self) -> String {
        if self.service_tokens.is_some() { self.cookies.refresh() } else { self.cookies.session() }
    }

    pub(super) fn session_id(&self, headers: &HeaderMap) -> Option<SessionId> {
        if self.service_tokens.is_some() {
            return self.refreshed_session(headers);
        }
        cookie::read(headers, &self.cookies.session()).and_then(SessionId::parse)
    }

    /// The session of what the front end or its browser keeps: the refresh token in a form's `body`, or the cookie.
    pub(super) fn kept_session(&self, headers: &HeaderMap, body: &[u8]) -> Option<SessionId> {
        if self.keeps_no_cookie() { self.posted_session(body) } else { self.session_id(headers) }
    }

    /// Every session that a request shows by what [`kept_session`](Self::kept_session) reads: of two cookies of one name, both.
    pub(super) fn shown_sessions(&self, headers: &HeaderMap, body: &[u8]) -> Vec<SessionId> {
        if self.keeps_no_cookie() {
            return self.posted_session(body).into_iter().collect();
        }
        let name = self.session_cookie();
        let opened = |value| match self.service_tokens {
            Some(_) => self.session_of_refresh_token(value),
            None => SessionId::parse(value),
        };
        cookie::values(headers, &name).filter_map(opened).collect()
    }

    /// The name of the session that the browser's cookie is of, alive or not.
    pub(super) fn cookie_sid(&self, headers: &HeaderMap) -> Option<String> {
        self.session_id(headers).as_ref().map(Vault::sid)
    }

    async fn seat_called(&self, sid: Option<String>) -> Result<Option<Seat>, Error> {
        let Some(sid) = sid else { return Ok(None) };
        let session = self.vault.session_called(&sid, self.clock.now()).await?;
        Ok(session.map(|session| Seat { sid, session }))
    }

    /// Whether the front end keeps its refresh token itself.
    pub(super) fn keeps_no_cookie(&self) -> bool {
        self.service_tokens.as_ref().is_some_and(|issuing| issuing.in_body)
    }
}
