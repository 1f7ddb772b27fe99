//! What the prompts look at: read before, never changed by a check.

use mapae_protocol::{authorization::AuthorizationRequest, scope::Scopes, time::Timestamp};

/// The browser's session, alive at `now`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionFacts {
    pub(crate) auth_time: Timestamp,
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
    pub(crate) session: Option<SessionFacts>,
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

    /// What must be asked now: items never answered, and required ones even when refused before.
    /// An optional item that was left out is not asked again until the app asks with `prompt=consent`.
    pub(crate) fn questions(&self) -> Scopes {
        let open = self.requested.difference(self.agreed);
        let settled = self.refused.difference(self.required);
        open.difference(&settled)
    }

    /// What is granted without another question.
    pub(crate) fn granted(&self) -> Scopes {
        self.requested.intersection(self.agreed)
    }
}
