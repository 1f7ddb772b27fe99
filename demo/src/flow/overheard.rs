//! What the experiments need and the client's library never gives out: the code with its verifier, the refresh
//! token, and access tokens that are over.
//!
//! `mapae-client` keeps them sealed in its vault, and no call of it returns them: that is how it should be. So the
//! demo listens in front of the token endpoint, as a debugging proxy would, to the exchanges of its own client.
//!
//! No product may do this. Here it is what the experiments are for: an attacker who has the tokens. What is overheard
//! stays in the memory of this process, for a few logins; it is as secret as the vault's key, which lies in the same
//! memory. It goes to the experiments of the person whose it is and nowhere else: not to disk, not to a log (`Secret`
//! prints nothing), not to the diagram, which gets everything masked from [`mask`](super::mask).

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use mapae_protocol::{
    base64url,
    digest::sha256,
    params::Params,
    secret::Secret,
    time::{Seconds, Timestamp},
    token::TokenResponse,
};
use serde_json::Value;

/// How many grants are remembered.
const MOST_GRANTS: usize = 32;
/// How many access tokens of each.
const MOST_TOKENS: usize = 16;
/// By how many refresh tokens each is known again: the newest, and those that may still come as a retry.
const MOST_HASHES: usize = 16;

/// A code as it was redeemed.
#[derive(Clone, Debug)]
pub struct SpentCode {
    /// The code.
    pub code: Secret<String>,
    /// What proved that it was asked for by this client (RFC 7636 §4.5).
    pub verifier: Secret<String>,
    /// Where it was sent.
    pub redirect_uri: String,
}

/// An access token that was given.
#[derive(Clone, Debug)]
pub struct Given {
    /// The token.
    pub token: Secret<String>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What was overheard of one grant.
#[derive(Clone, Debug, Default)]
pub struct Grant {
    /// The code that began it; `None` if that was before this process.
    pub code: Option<SpentCode>,
    /// The newest refresh token.
    pub refresh_token: Option<Secret<String>>,
    /// Access tokens, the newest last.
    pub access_tokens: Vec<Given>,
    /// Whom the ID token names; `None` if there was none.
    subject: Option<String>,
    /// Of the refresh tokens that were the newest.
    refresh_hashes: Vec<[u8; 32]>,
}

/// Everything overheard in this process.
#[derive(Debug, Default)]
pub struct Overheard(Mutex<VecDeque<Grant>>);

impl Overheard {
    /// Takes in a successful exchange at the token endpoint: the form that was sent, the answer to it.
    pub(crate) fn learn(&self, form: &Params, answer: &[u8], now: Timestamp) {
        let Ok(answer) = TokenResponse::parse(answer) else { return };
        let field = |name| form.one(name).ok().flatten();
        let presented = field("refresh_token").map(|token| sha256(token.as_bytes()));
        let mut grants = self.grants();
        let known = grants
            .iter()
            .position(|grant| presented.is_some_and(|hash| grant.refresh_hashes.contains(&hash)));
        let mut grant = known.and_then(|at| grants.remove(at)).unwrap_or_default();
        if let Some(hash) = presented {
            grant.recognise_by(hash);
        }
        if let (Some(code), Some(verifier)) = (field("code"), field("code_verifier")) {
            grant.code = Some(SpentCode {
                code: Secret::new(code.to_owned()),
                verifier: Secret::new(verifier.to_owned()),
                redirect_uri: field("redirect_uri").unwrap_or_default().to_owned(),
            });
        }
        let named = answer.id_token.as_ref().and_then(|token| subject(token.expose()));
        grant.subject = named.or(grant.subject);
        if let Some(token) = answer.refresh_token {
            grant.recognise_by(sha256(token.expose().as_bytes()));
            grant.refresh_token = Some(token);
        }
        let expires_at = now.plus(answer.expires_in.unwrap_or(Seconds::ZERO));
        grant.access_tokens.push(Given { token: answer.access_token, expires_at });
        if grant.access_tokens.len() > MOST_TOKENS {
            grant.access_tokens.remove(0);
        }
        if grants.len() == MOST_GRANTS {
            grants.pop_front();
        }
        grants.push_back(grant);
    }

    /// The grant that this access token is of.
    #[must_use]
    pub fn grant_of(&self, access_token: &str) -> Option<Grant> {
        let of = |grant: &&Grant| grant.access_tokens.iter().any(|given| given.token.matches(access_token));
        self.grants().iter().rev().find(of).cloned()
    }

    /// The newest grant of the person whom the service knows by this subject.
    #[must_use]
    pub fn newest_of(&self, subject: &str) -> Option<Grant> {
        let of = |grant: &&Grant| grant.subject.as_deref() == Some(subject);
        self.grants().iter().rev().find(of).cloned()
    }

    /// An access token of this person that is over, of the newest grant that has one.
    #[must_use]
    pub fn expired_of(&self, subject: &str, now: Timestamp) -> Option<Given> {
        let grants = self.grants();
        let of = grants.iter().rev().filter(|grant| grant.subject.as_deref() == Some(subject));
        of.flat_map(|grant| &grant.access_tokens).find(|given| given.expires_at <= now).cloned()
    }

    fn grants(&self) -> MutexGuard<'_, VecDeque<Grant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Grant {
    fn recognise_by(&mut self, hash: [u8; 32]) {
        if self.refresh_hashes.contains(&hash) {
            return;
        }
        if self.refresh_hashes.len() == MOST_HASHES {
            self.refresh_hashes.remove(0);
        }
        self.refresh_hashes.push(hash);
    }
}

/// Whom an ID token names. Nothing is verified: nobody is let in by it, it only tells grants apart.
fn subject(id_token: &str) -> Option<String> {
    let claims = base64url::decode(id_token.split('.').nth(1)?).ok()?;
    let claims: Value = serde_json::from_slice(&claims).ok()?;
    Some(claims.get("sub")?.as_str()?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_000);

    fn learn(overheard: &Overheard, form: &[(&str, &str)], access: &str, refresh: &str) {
        let form: Params = form.iter().copied().collect();
        let answer = format!(
            r#"{{"access_token":"{access}","token_type":"Bearer","expires_in":60,"refresh_token":"{refresh}"}}"#
        );
        overheard.learn(&form, answer.as_bytes(), NOW);
    }

    #[test]
    fn a_grant_is_followed_through_its_refreshes() {
        let overheard = Overheard::default();
        let code =
            [("code", "c1"), ("code_verifier", "v1"), ("redirect_uri", "http://localhost:3000/callback")];
        learn(&overheard, &code, "at-1", "rt-1");
        learn(&overheard, &[("refresh_token", "other")], "at-x", "rt-x");
        learn(&overheard, &[("refresh_token", "rt-1")], "at-2", "rt-2");
        // The same successor again, as after a lost answer.
        learn(&overheard, &[("refresh_token", "rt-1")], "at-3", "rt-2");
        let grant = overheard.grant_of("at-1").unwrap();
        assert!(grant.refresh_token.unwrap().matches("rt-2"));
        assert!(grant.code.unwrap().verifier.matches("v1"));
        assert_eq!(grant.access_tokens.len(), 3);
        assert_eq!(grant.access_tokens[0].expires_at, Timestamp::from_unix(1_060));
        assert!(overheard.grant_of("at-x").unwrap().code.is_none());
        assert!(overheard.grant_of("at-9").is_none());
    }

    #[test]
    fn grants_are_told_apart_by_whom_they_are_of() {
        let overheard = Overheard::default();
        let login = |subject: &str, access: &str| {
            let claims = base64url::encode(format!(r#"{{"sub":"{subject}"}}"#));
            let answer = format!(
                r#"{{"access_token":"{access}","token_type":"Bearer","expires_in":60,"refresh_token":"r-{access}","id_token":"h.{claims}.s"}}"#
            );
            let form: Params = [("code", "c"), ("code_verifier", "v")].into_iter().collect();
            overheard.learn(&form, answer.as_bytes(), NOW);
        };
        for (subject, access) in [("one", "at-1"), ("two", "at-2"), ("one", "at-3")] {
            login(subject, access);
        }
        learn(&overheard, &[("refresh_token", "r-at-2")], "at-4", "r-at-4");
        let newest = |subject| overheard.newest_of(subject).map(|grant| grant.access_tokens.len());
        assert_eq!((newest("one"), newest("two"), newest("three")), (Some(1), Some(2), None));
        assert!(overheard.newest_of("one").unwrap().access_tokens[0].token.matches("at-3"));
        let expired = |after: i64| overheard.expired_of("one", Timestamp::from_unix(1_000 + after));
        assert!(expired(59).is_none() && expired(60).is_some_and(|given| given.token.matches("at-3")));
        overheard.learn(
            &[("code", "c")].into_iter().collect(),
            format!(
                r#"{{"access_token":"at-5","token_type":"Bearer","expires_in":600,"id_token":"h.{}.s"}}"#,
                base64url::encode(r#"{"sub":"one"}"#)
            )
            .as_bytes(),
            NOW,
        );
        assert!(
            expired(60).is_some_and(|given| given.token.matches("at-3")),
            "the newest has none that is over"
        );
    }

    #[test]
    fn it_forgets_the_oldest_and_prints_nothing() {
        let overheard = Overheard::default();
        for n in 0..=MOST_GRANTS {
            learn(
                &overheard,
                &[("code", "c"), ("code_verifier", "v")],
                &format!("token-{n}"),
                &format!("rt-{n}"),
            );
        }
        assert!(overheard.grant_of("token-0").is_none());
        assert!(overheard.grant_of(&format!("token-{MOST_GRANTS}")).is_some());
        assert!(!format!("{overheard:?}").contains("token-1"));
        overheard.learn(&Params::default(), b"not json", NOW);
    }
}
