//! Asking the authorization server about a token — RFC 7662 §2, RFC 7662 §4.
//!
//! An answer serves for at most [`MAX_AGE`], counted from the question, and never beyond the token's own end. It
//! is kept by the SHA-256 of the whole token. Requests with the same token share one question; the question
//! lives on when the request that caused it goes away.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use mapae_protocol::{
    access_token::Error,
    endpoint_uri::EndpointUri,
    introspection::{ActiveToken, IntrospectionResponse},
    params,
    secret::Secret,
    strict_json,
    token::TokenType,
};
use reqwest::{StatusCode, header};
use serde::Deserialize;
use tokio::sync::watch;

use crate::{
    authorized::{Access, Authorized},
    clock::Moment,
    health::Part,
    outbound::{self, PATIENCE},
    problem::{Asked, Problem},
    recent::{Recent, TokenHash},
    refusal::{Invalid, Refusal},
    verifier::Verifier,
};

/// How old an answer may be.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(1);

/// Half of how many answers are kept.
const HALF: usize = 4096;

/// How many questions may be open at once; who comes then is told to come later.
const MAX_OPEN: usize = 256;

type Verdict = Result<Authorized, Refusal>;

#[derive(Debug)]
pub(crate) struct Introspection {
    answers: Recent<Answered>,
    open: Mutex<HashMap<TokenHash, Question>>,
}

#[derive(Clone, Debug)]
struct Answered {
    asked: Moment,
    authorized: Authorized,
}

#[derive(Clone, Debug)]
struct Question {
    asked: Moment,
    verdict: watch::Receiver<Option<Verdict>>,
}

impl Introspection {
    pub(crate) fn new() -> Self {
        Self { answers: Recent::new(HALF), open: Mutex::default() }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<TokenHash, Question>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Verifier {
    /// What the authorization server says about the token, now or less than [`MAX_AGE`] ago.
    pub(crate) async fn introspect(self: &Arc<Self>, token: &str, hash: TokenHash) -> Verdict {
        let now = self.now();
        if let Some(answered) = self.introspection.answers.find(&hash) {
            let ended = self.settings.leeway.expired(answered.authorized.expires_at(), now.date);
            if answered.asked.age(now) < MAX_AGE && !ended {
                return Ok(answered.authorized);
            }
            self.introspection.answers.forget(&hash);
        }
        let mut verdict = self.question(token, hash, now)?;
        // The sender is gone without an answer only when the runtime shuts down.
        let answered = verdict.wait_for(Option::is_some).await.map(|verdict| verdict.clone());
        answered.ok().flatten().unwrap_or(Err(Refusal::Unavailable))
    }

    /// Joins the open question about this token, or asks.
    fn question(
        self: &Arc<Self>,
        token: &str,
        hash: TokenHash,
        now: Moment,
    ) -> Result<watch::Receiver<Option<Verdict>>, Refusal> {
        let mut open = self.introspection.open();
        // A question that is as old as an answer may be would give an answer that is too old.
        if let Some(question) = open.get(&hash).filter(|question| question.asked.age(now) < MAX_AGE) {
            return Ok(question.verdict.clone());
        }
        if open.len() >= MAX_OPEN {
            return Err(Refusal::Unavailable);
        }
        let (answer, verdict) = watch::channel(None);
        open.insert(hash, Question { asked: now, verdict: verdict.clone() });
        drop(open);
        let closing = Closing { verifier: Arc::clone(self), hash, verdict: verdict.clone() };
        let token = Secret::new(token.to_owned());
        tokio::spawn(async move {
            let verdict = closing.verifier.ask(&token).await;
            if let Ok(authorized) = &verdict {
                let answered = Answered { asked: now, authorized: authorized.clone() };
                closing.verifier.introspection.answers.remember(hash, answered);
            }
            drop(closing);
            answer.send_replace(Some(verdict));
        });
        Ok(verdict)
    }

    async fn ask(&self, token: &Secret<String>) -> Verdict {
        let answer = self.exchange(token).await;
        self.health.note(Part::Introspection, answer.as_ref().err().copied());
        match answer {
            // Nobody is let in because nobody could be asked.
            Err(_) => Err(Refusal::Unavailable),
            Ok(Answer::Inactive) => Err(Invalid::Inactive.into()),
            Ok(Answer::BoundOtherwise) => Err(Error::SenderConstrained.into()),
            Ok(Answer::Active(token)) => self.accept(*token),
        }
    }

    async fn exchange(&self, token: &Secret<String>) -> Result<Answer, Problem> {
        let address = self.introspection_endpoint()?;
        let body = Secret::new(params::encode([("token", token.expose().as_str())]));
        let mut request = self
            .client
            .post(address.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.expose().clone());
        if let Some(credential) = &self.settings.credential {
            request = request.header(header::AUTHORIZATION, credential.header());
        }
        let answer = outbound::exchange(request, IntrospectionResponse::MAX_BYTES, PATIENCE).await;
        let answer = answer.map_err(|why| Problem::NoAnswer(Asked::Introspection, why))?;
        match answer.status {
            StatusCode::OK => Answer::parse(&answer.body).ok_or(Problem::Malformed(Asked::Introspection)),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                Err(Problem::Credential(Asked::Introspection))
            }
            status => Err(Problem::Status(Asked::Introspection, status.as_u16())),
        }
    }

    fn introspection_endpoint(&self) -> Result<EndpointUri, Problem> {
        let endpoints = self.endpoints.borrow().clone();
        endpoints.ok_or(Problem::NotOffered(Asked::Introspection))?.introspection
    }

    /// The rules for an active token: of RFC 7662 §2.2 nothing but `active` is required, of us all is that says
    /// whose the token is, what it is good for and how long. An answer without `sub` does not mean that a client acts for
    /// itself: whoever leaves it out does so for people, too, and all of them would be one.
    fn accept(&self, token: ActiveToken) -> Verdict {
        let (issuer, now) = (&self.settings.issuer, self.now().date);
        // A refresh token may be active and has no such type.
        let known = |kind: &TokenType| {
            token.token_type.as_ref().is_some_and(|said| said.eq_ignore_ascii_case(kind.as_str()))
        };
        match TokenType::ALL.iter().find(|kind| known(kind)) {
            None => return Err(Error::WrongType.into()),
            // It would be taken for a bearer token.
            Some(TokenType::Dpop) if token.cnf.is_none() => return Err(Error::SenderConstrained.into()),
            Some(_) => {}
        }
        if token.iss.is_some_and(|iss| iss != issuer.as_str()) {
            return Err(Error::Issuer.into());
        }
        let audience = token.aud.filter(|audience| audience.contains(self.settings.audience.as_str()));
        let named = |name: Option<String>| name.filter(|name| !name.is_empty());
        let (Some(subject), Some(client_id), Some(expires_at)) =
            (named(token.sub), named(token.client_id), token.exp)
        else {
            return Err(Invalid::Incomplete.into());
        };
        if self.settings.leeway.expired(expires_at, now) {
            return Err(Error::Expired.into());
        }
        if token.nbf.is_some_and(|date| self.settings.leeway.in_future(date, now)) {
            return Err(Error::NotYetValid.into());
        }
        Ok(Authorized::new(Access {
            issuer: issuer.clone(),
            subject,
            client_id,
            scopes: token.scope.unwrap_or_default(),
            audience: audience.ok_or(Error::Audience)?,
            expires_at,
            issued_at: token.iat,
            auth_time: token.auth_time,
            acr: token.acr,
            amr: Vec::new(),
            token_id: token.jti,
            cnf: token.cnf,
        }))
    }
}

/// What the endpoint said.
enum Answer {
    Inactive,
    /// Active, and bound (`cnf`) by what nobody here can check (RFC 8705 §3.2).
    BoundOtherwise,
    Active(Box<ActiveToken>),
}

impl Answer {
    fn parse(body: &[u8]) -> Option<Self> {
        #[derive(Deserialize)]
        struct Bound {
            active: bool,
            #[serde(default, deserialize_with = "strict_json::is_there")]
            cnf: bool,
        }
        match IntrospectionResponse::parse(body) {
            Ok(IntrospectionResponse::Inactive) => Some(Self::Inactive),
            Ok(IntrospectionResponse::Active(token)) => Some(Self::Active(token)),
            Err(_) => {
                let Bound { active, cnf } =
                    strict_json::parse_object(body, IntrospectionResponse::MAX_BYTES).ok()?;
                (active && cnf).then_some(Self::BoundOtherwise)
            }
        }
    }
}

/// Whether an answer says that the token is active; `None` for what is no answer.
pub(crate) fn is_active(body: &[u8]) -> Option<bool> {
    Answer::parse(body).map(|answer| !matches!(answer, Answer::Inactive))
}

/// Ends an open question, also when it is cancelled.
struct Closing {
    verifier: Arc<Verifier>,
    hash: TokenHash,
    verdict: watch::Receiver<Option<Verdict>>,
}

impl Drop for Closing {
    fn drop(&mut self) {
        let mut open = self.verifier.introspection.open();
        // A newer question may have taken the place.
        if open.get(&self.hash).is_some_and(|question| question.verdict.same_channel(&self.verdict)) {
            open.remove(&self.hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8705 §3.2: what a certificate binds is not taken for a token that anybody may bring.
    #[test]
    fn rs_17_a_token_that_is_bound_by_something_else_is_known_to_be_bound() {
        let bound = |said: &str| matches!(Answer::parse(said.as_bytes()), Some(Answer::BoundOtherwise));
        assert!(bound(r#"{"active":true,"cnf":{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}}"#));
        assert!(bound(r#"{"active":true,"cnf":null}"#));
        assert!(!bound(r#"{"active":false,"cnf":{"x5t#S256":"x"}}"#), "not active is not active");
        assert!(!bound(r#"{"active":true}"#));
        assert_eq!(is_active(br#"{"active":true,"cnf":{"x5t#S256":"x"}}"#), Some(true));
        assert_eq!(is_active(br#"{"active":"true"}"#), None);
    }
}
