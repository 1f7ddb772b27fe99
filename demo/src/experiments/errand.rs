//! A code for an experiment: the browser is sent for it, and the service does not redeem it — RFC 6749 §4.1.1, §4.1.2.
//!
//! The service's own logins are none of an experiment's business. So it begins an authorization request of its own,
//! with a `state` and a PKCE key of its own, and takes the answer at the redirect URI before the service does.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use mapae_client::EndUser;
use mapae_protocol::{
    params::{self, Params},
    pkce::CodeVerifier,
    random,
    secret::Secret,
};

use super::{Experiment, Lab, Setback};
use crate::{api::READ, flow::SpentCode, site::Desk};

/// How many browsers may be under way; the oldest is forgotten.
const MOST: usize = 16;

/// What an experiment wants of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// That it gives a token for the calendar API.
    Calendar,
    /// That it gives a token which is good at userinfo only (OIDC Core §5.3).
    Identity,
}

/// Browsers that are under way, by their `state`.
#[derive(Default)]
pub(crate) struct Errands(Mutex<VecDeque<Errand>>);

/// A browser that is under way.
pub(crate) struct Errand {
    state: Secret<String>,
    verifier: CodeVerifier,
    experiment: &'static dyn Experiment,
    person: EndUser,
}

/// A browser that is back.
pub(crate) struct Brought {
    pub(super) experiment: &'static dyn Experiment,
    pub(super) person: EndUser,
    /// `None`: the authorization server gave none, as to somebody who is not signed in there any more.
    pub(super) code: Option<SpentCode>,
}

/// The address to which the browser goes for a code of the person in the laboratory.
pub(super) async fn send(
    lab: &Lab,
    experiment: &'static dyn Experiment,
    wanted: Wanted,
) -> Result<String, Setback> {
    let endpoint = lab.metadata().await?.authorization_endpoint.ok_or(Setback::NoAnswer)?;
    let (desk, state, verifier) = (lab.desk(), random::token(), CodeVerifier::generate());
    let (redirect_uri, challenge) = (desk.redirect_uri(), verifier.challenge().to_string());
    let read = format!("openid {READ}");
    let (scope, resource) = match wanted {
        Wanted::Calendar => (read.as_str(), Some(("resource", desk.parts().resource.as_str()))),
        Wanted::Identity => ("openid", None),
    };
    let query = [
        ("response_type", "code"),
        ("client_id", desk.parts().client_id.as_str()),
        ("redirect_uri", redirect_uri.as_str()),
        ("scope", scope),
        ("state", state.as_str()),
        // The person has agreed already: nothing is asked, or nothing comes of it.
        ("prompt", "none"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let query = params::encode(query.into_iter().chain(resource));
    let errand = Errand { state: state.into(), verifier, experiment, person: lab.person()?.clone() };
    desk.parts().errands.add(errand);
    Ok(format!("{}?{query}", endpoint.as_str()))
}

impl Errands {
    /// What a browser brings to the redirect URI, if an experiment has sent it; each counts once.
    pub(crate) fn receive(&self, desk: &Desk, answer: &Params) -> Option<Brought> {
        let one = |name| answer.one(name).ok().flatten();
        let errand = self.take(one("state")?)?;
        let code = one("code").map(|code| SpentCode {
            code: Secret::new(code.to_owned()),
            verifier: Secret::new(errand.verifier.expose().to_owned()),
            redirect_uri: desk.redirect_uri(),
        });
        Some(Brought { experiment: errand.experiment, person: errand.person, code })
    }

    fn add(&self, errand: Errand) {
        let mut errands = self.under_way();
        if errands.len() == MOST {
            errands.pop_front();
        }
        errands.push_back(errand);
    }

    fn take(&self, state: &str) -> Option<Errand> {
        let mut errands = self.under_way();
        let at = errands.iter().position(|errand| errand.state.matches(state))?;
        errands.remove(at)
    }

    fn under_way(&self) -> MutexGuard<'_, VecDeque<Errand>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::EXPERIMENTS;

    fn errand(state: &str) -> Errand {
        Errand {
            state: state.to_owned().into(),
            verifier: CodeVerifier::generate(),
            experiment: EXPERIMENTS[0],
            person: EndUser::new("http://localhost:9000", "s1"),
        }
    }

    #[test]
    fn a_browser_comes_back_once_and_only_those_that_were_sent() {
        let errands = Errands::default();
        errands.add(errand("one"));
        assert!(errands.take("two").is_none() && errands.take("").is_none());
        assert!(errands.take("one").is_some());
        assert!(errands.take("one").is_none());
        for n in 0..=MOST {
            errands.add(errand(&n.to_string()));
        }
        assert!(errands.take("0").is_none(), "the oldest is forgotten");
        assert!(errands.take(&MOST.to_string()).is_some());
    }
}
