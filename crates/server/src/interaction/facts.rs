//! What the prompts look at: read before, never changed by a check.

use mapae_protocol::{authorization::AuthorizationRequest, scope::Scopes, time::Timestamp};

use super::acr::AcrWish;

/// The browser's session, alive at `now`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionFacts<'a> {
    /// When the person last proved who they are. `None`: nobody knows, a provider that knew the browser let it pass.
    pub(crate) proved_at: Option<Timestamp>,
    /// How surely the person proved who they are.
    pub(crate) acr: &'a str,
}

/// Everything a check may use.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) request: &'a AuthorizationRequest,
    pub(crate) redirect_uri: &'a str,
    pub(crate) public_app: bool,
    /// The session began on a page of this very request: a fresh sign-in, whatever the clock says.
    pub(crate) signed_in_now: bool,
    /// The app's `id_token_hint` says somebody else than who is signed in.
    pub(crate) another_expected: bool,
    /// The person said in this request which account to use.
    pub(crate) account_chosen: bool,
    /// `None` unless somebody is signed in.
    pub(crate) session: Option<SessionFacts<'a>>,
    /// How surely the app wants them to have signed in.
    pub(crate) acr: Option<&'a AcrWish>,
    /// What the request asks, as far as this app may ask.
    pub(crate) requested: &'a Scopes,
    /// What the app cannot do without.
    pub(crate) required: &'a Scopes,
    /// What this person agreed to give this app.
    pub(crate) agreed: &'a Scopes,
    /// What this person was asked and left out.
    pub(crate) refused: &'a Scopes,
    pub(crate) now: Timestamp,
}

impl Facts<'_> {
    /// The person was asked for who is expected, and somebody else signed in: only the app can help
    /// (OIDC Core §3.1.2.1).
    pub(crate) const fn wrong_person(&self) -> bool {
        self.another_expected && self.signed_in_now
    }

    /// The session is not as sure as the app asks.
    pub(crate) fn too_unsure(&self) -> bool {
        let session = self.session.as_ref();
        self.acr.is_some_and(|wish| session.is_some_and(|session| wish.met_by(session.acr).is_none()))
    }

    /// The app insists on a context that is not there, or that the person did not reach: only the app can help
    /// (OIDC Core §5.5.1.1).
    pub(crate) fn out_of_reach(&self) -> bool {
        let essential = self.acr.filter(|wish| wish.is_essential());
        essential.is_some_and(|wish| !wish.can_be_met() || self.signed_in_now && self.too_unsure())
    }

    /// What must be asked now: items never answered, and required ones even when refused before.
    /// An optional item that was left out is not asked again until the app asks with `prompt=consent`, or with nothing beside
    /// it that was agreed to: there is no answer with nothing in it.
    pub(crate) fn questions(&self) -> Scopes {
        let open = self.requested.difference(self.agreed);
        if self.granted().is_empty() {
            return open;
        }
        let settled = self.refused.difference(self.required);
        open.difference(&settled)
    }

    /// What is granted without another question.
    pub(crate) fn granted(&self) -> Scopes {
        self.requested.intersection(self.agreed)
    }
}

#[cfg(test)]
pub(super) mod samples {
    use mapae_protocol::params::{Limits, Params};

    use super::*;

    pub(crate) const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    /// What decides, in a form that a table can write down.
    #[derive(Clone, Debug)]
    pub(crate) struct Case {
        pub(crate) request: AuthorizationRequest,
        pub(crate) redirect_uri: &'static str,
        pub(crate) public_app: bool,
        pub(crate) signed_in_now: bool,
        pub(crate) account_chosen: bool,
        pub(crate) session: Option<SessionFacts<'static>>,
        pub(crate) acr: Option<AcrWish>,
        pub(crate) requested: Scopes,
        pub(crate) required: Scopes,
        pub(crate) agreed: Scopes,
        pub(crate) refused: Scopes,
    }

    impl Case {
        /// Somebody who signed in a minute ago and has agreed to everything that a confidential app asks with these
        /// parameters.
        pub(crate) fn of(parameters: &str) -> Self {
            let text = format!("response_type=code&scope=openid%20email&{parameters}");
            let params = Params::parse(text.as_bytes(), Limits::REQUEST).unwrap();
            let request = AuthorizationRequest::parse(&params).unwrap();
            Self {
                acr: AcrWish::of(&request, &[]),
                request,
                redirect_uri: "https://app.example.com/cb",
                public_app: false,
                signed_in_now: false,
                account_chosen: false,
                session: Some(SessionFacts {
                    proved_at: Some(Timestamp::from_unix(NOW.unix() - 60)),
                    acr: "0",
                }),
                requested: scopes("openid email"),
                required: scopes("openid"),
                agreed: scopes("openid email"),
                refused: Scopes::default(),
            }
        }

        pub(crate) fn facts(&self) -> Facts<'_> {
            Facts {
                request: &self.request,
                redirect_uri: self.redirect_uri,
                public_app: self.public_app,
                signed_in_now: self.signed_in_now,
                account_chosen: self.account_chosen,
                session: self.session,
                acr: self.acr.as_ref(),
                another_expected: false,
                requested: &self.requested,
                required: &self.required,
                agreed: &self.agreed,
                refused: &self.refused,
                now: NOW,
            }
        }
    }

    pub(crate) fn scopes(text: &str) -> Scopes {
        Scopes::parse(text).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::samples::{Case, scopes};

    #[test]
    fn what_is_asked_and_what_is_granted_of_what_was_answered_before() {
        // (requested, required, agreed, refused) → (asked, granted)
        for (what, [requested, required, agreed, refused], asked, granted) in [
            ("nothing answered", ["openid email", "openid", "", ""], "openid email", ""),
            ("all agreed", ["openid email", "openid", "openid email", ""], "", "openid email"),
            ("an optional one left out", ["openid email", "openid", "openid", "email"], "", "openid"),
            (
                "a required one refused",
                ["openid email", "openid email", "openid", "email"],
                "email",
                "openid",
            ),
            ("all there is left out", ["email", "openid", "openid", "email"], "email", ""),
            ("one more", ["openid email", "openid", "openid", ""], "email", "openid"),
            ("less than agreed", ["openid", "openid", "openid email", ""], "", "openid"),
            ("required, but not requested", ["openid", "openid email", "openid", ""], "", "openid"),
            ("nothing requested", ["", "openid", "openid email", ""], "", ""),
        ] {
            let case = Case {
                requested: scopes(requested),
                required: scopes(required),
                agreed: scopes(agreed),
                refused: scopes(refused),
                ..Case::of("")
            };
            assert_eq!(case.facts().questions(), scopes(asked), "{what}");
            assert_eq!(case.facts().granted(), scopes(granted), "{what}");
        }
    }
}
