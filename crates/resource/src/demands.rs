//! What a route demands of a token — RFC 6749 §3.3, RFC 9470 §3.

use mapae_protocol::{
    challenge::StepUp,
    scope::{self, ScopeToken, Scopes},
    time::{Seconds, Timestamp},
};

use crate::{authorized::Authorized, refusal::Refusal};

/// Scopes and the manner of the sign-in. A demand that cannot be understood lets nobody through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Demands {
    scopes: Scopes,
    step_up: StepUp,
    broken: bool,
}

impl Demands {
    pub(crate) fn scope(&mut self, scope: &str) {
        match ScopeToken::parse(scope) {
            Ok(token) => {
                self.scopes.insert(token);
            }
            Err(error) => self.refuse_all(scope, error),
        }
    }

    pub(crate) fn acr(&mut self, acr: &str) {
        // The value stands in a quoted list of words parted by spaces, as a scope token does.
        match ScopeToken::parse(acr) {
            Ok(acr) => self.step_up.acr_values.push(acr),
            Err(error) => self.refuse_all(acr, error),
        }
    }

    pub(crate) fn max_age(&mut self, seconds: u32) {
        self.step_up.max_age = Some(Seconds::seconds(seconds));
    }

    fn refuse_all(&mut self, demand: &str, error: scope::Error) {
        tracing::error!(demand, %error, "a route demands what no token can have: it refuses everybody");
        self.broken = true;
    }

    pub(crate) fn check(&self, authorized: &Authorized, now: Timestamp) -> Result<(), Refusal> {
        if self.broken {
            return Err(Refusal::Misconfigured);
        }
        if !self.scopes.is_subset(authorized.scopes()) {
            return Err(Refusal::InsufficientScope(self.scopes.clone()));
        }
        let StepUp { acr_values, max_age } = &self.step_up;
        let strong = acr_values.is_empty()
            || authorized.acr().is_some_and(|acr| acr_values.iter().any(|needed| needed.as_str() == acr));
        let recent = max_age.is_none_or(|max_age| {
            authorized.auth_time().is_some_and(|signed_in| now.since(signed_in) <= max_age)
        });
        if strong && recent { Ok(()) } else { Err(Refusal::InsufficientAuthentication(self.step_up.clone())) }
    }
}
