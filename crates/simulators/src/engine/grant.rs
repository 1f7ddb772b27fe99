//! Codes and tokens — RFC 6749 §4.1.2, §5.1, §6.

use std::collections::BTreeSet;

use mapae_protocol::{
    pkce::{self, CodeChallenge, CodeVerifier},
    secret::constant_time_eq,
    time::{Seconds, Timestamp},
};

use super::World;

/// What one authorization gave.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    /// All tokens of one authorization have the same.
    pub(crate) family: u64,
    pub(crate) client_id: String,
    pub(crate) person: String,
    /// Items or scopes of this authorization.
    pub(crate) scope: BTreeSet<String>,
    /// Whether ID tokens belong to it.
    pub(crate) openid: bool,
    pub(crate) nonce: Option<String>,
    pub(crate) auth_time: Timestamp,
}

/// How a client will prove that a code is its own — RFC 7636 §4.2.
#[derive(Clone, Debug)]
pub(crate) enum Challenge {
    S256(CodeChallenge),
    /// Only Google still takes it.
    Plain(String),
}

impl Challenge {
    /// RFC 7636 §4.6; no challenge asks for no verifier, and one that comes all the same is not looked at.
    pub(crate) fn is_met(challenge: Option<&Self>, verifier: Option<&str>) -> bool {
        let Some(challenge) = challenge else { return true };
        let Some(verifier) = verifier else { return false };
        match challenge {
            Self::S256(challenge) => CodeVerifier::parse(verifier)
                .is_ok_and(|verifier| pkce::verify(Some(challenge), Some(&verifier)).is_ok()),
            Self::Plain(challenge) => constant_time_eq(challenge.as_bytes(), verifier.as_bytes()),
        }
    }
}

/// An authorization code.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) grant: Grant,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) expires_at: Timestamp,
    pub(crate) used: bool,
    /// Whether a refresh token comes with it (Google).
    pub(crate) offline: bool,
}

/// An access token.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) grant: Grant,
    pub(crate) issued_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// A refresh token.
#[derive(Clone, Debug)]
pub(crate) struct Refresh {
    pub(crate) grant: Grant,
    /// Never, for providers whose refresh tokens do not expire.
    pub(crate) expires_at: Option<Timestamp>,
}

/// Why an access token died before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// The connection ended.
    Unlinked,
    /// The provider or the app revoked it.
    Revoked,
}

/// What a token is worth now.
#[derive(Clone, Debug)]
pub(crate) enum TokenState<T> {
    Alive(T),
    Expired,
    Unknown,
}

impl World {
    pub(crate) fn next_family(&mut self) -> u64 {
        self.families += 1;
        self.families
    }

    /// Keeps a code under this text.
    pub(crate) fn keep_code(&mut self, text: &str, code: Code) {
        self.codes.insert(text.to_owned(), code);
    }

    /// Keeps an access token under this text for so long.
    pub(crate) fn keep_access(&mut self, text: &str, grant: Grant, now: Timestamp, life: Seconds) {
        self.access.insert(text.to_owned(), Access { grant, issued_at: now, expires_at: now.plus(life) });
    }

    /// Keeps a refresh token under this text, for so long or for ever.
    pub(crate) fn keep_refresh(&mut self, text: &str, grant: Grant, now: Timestamp, life: Option<Seconds>) {
        let expires_at = life.map(|life| now.plus(life));
        self.refresh.insert(text.to_owned(), Refresh { grant, expires_at });
    }

    pub(crate) fn access(&self, text: &str, now: Timestamp) -> TokenState<Access> {
        match self.access.get(text) {
            None => TokenState::Unknown,
            Some(token) if token.expires_at <= now => TokenState::Expired,
            Some(token) => TokenState::Alive(token.clone()),
        }
    }

    pub(crate) fn refresh(&self, text: &str, now: Timestamp) -> TokenState<Refresh> {
        match self.refresh.get(text) {
            None => TokenState::Unknown,
            Some(token) if token.expires_at.is_some_and(|at| at <= now) => TokenState::Expired,
            Some(token) => TokenState::Alive(token.clone()),
        }
    }

    /// Forgets all tokens and codes of these authorizations.
    pub(crate) fn revoke(&mut self, of: impl Fn(&Grant) -> bool) {
        self.bury(Death::Revoked, of);
    }

    fn bury(&mut self, death: Death, of: impl Fn(&Grant) -> bool) {
        let (access, graves) = (&mut self.access, &mut self.graves);
        access.retain(|text, token| {
            let dies = of(&token.grant);
            if dies {
                graves.insert(text.clone(), (death, token.grant.client_id.clone()));
            }
            !dies
        });
        self.refresh.retain(|_, token| !of(&token.grant));
        self.codes.retain(|_, code| !of(&code.grant));
    }

    /// Why this token died before its time.
    pub(crate) fn grave(&self, text: &str) -> Option<Death> {
        self.graves.get(text).map(|(death, _)| *death)
    }

    /// The app that a token was issued to, whether it is alive or not.
    pub(crate) fn issued_to(&self, text: &str) -> Option<&str> {
        let alive = self.access.get(text).map(|token| token.grant.client_id.as_str());
        alive.or_else(|| self.graves.get(text).map(|(_, client_id)| client_id.as_str()))
    }

    /// The refresh tokens of a person for an app, oldest first.
    pub(crate) fn refresh_tokens_of(&self, client_id: &str, person: &str) -> Vec<String> {
        let of = |token: &Refresh| token.grant.client_id == client_id && token.grant.person == person;
        let mut tokens: Vec<_> = self.refresh.iter().filter(|(_, token)| of(token)).collect();
        tokens.sort_by_key(|(_, token)| token.grant.family);
        tokens.into_iter().map(|(text, _)| text.clone()).collect()
    }

    /// Ends the connection: its tokens are dead, and consent will be asked again. `None` when there was none.
    pub(crate) fn unlink(&mut self, client_id: &str, person: &str) -> Option<super::Link> {
        let link = self.links.remove(&(client_id.to_owned(), person.to_owned()))?;
        self.bury(Death::Unlinked, |grant| grant.client_id == client_id && grant.person == person);
        Some(link)
    }
}
