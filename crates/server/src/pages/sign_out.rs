//! Signing out.

use mapae_protocol::params;

use crate::{
    pages::{
        Page, at, example,
        look::{AppCard, Person},
        policy::FormTarget,
        shown::Shown,
    },
    router::paths,
};

/// Asks before signing out: a link from elsewhere must not do it alone.
#[derive(Debug, Clone)]
pub struct SignOut {
    /// Token of the form.
    pub csrf: String,
    /// Who is signed in.
    pub person: Person,
    /// The app that asked, if one did.
    pub app: Option<AppCard>,
    /// What it asked, to be sent again with the form: names and values.
    pub asked: Vec<(&'static str, String)>,
    /// Where the answer to the form may lead.
    pub target: FormTarget,
}

impl Page for SignOut {
    const NAME: &'static str = "sign-out";

    template!(SignOut, "pages/sign_out.html");

    fn address(&self) -> Option<String> {
        if self.asked.is_empty() {
            return Some(at::SIGN_OUT.to_owned());
        }
        Some(format!(
            "{}?{}",
            paths::LOGOUT,
            params::encode(self.asked.iter().map(|(name, value)| (*name, value)))
        ))
    }

    fn form_target(&self) -> FormTarget {
        self.target.clone()
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let own = Self {
            csrf: example::CSRF.to_owned(),
            person: example::person(),
            app: None,
            asked: Vec::new(),
            target: FormTarget::OwnOrigin,
        };
        let app = Self {
            app: Some(example::app()),
            asked: vec![("post_logout_redirect_uri", example::redirect().as_str().to_owned())],
            target: FormTarget::leading_to(&example::redirect()),
            ..own.clone()
        };
        vec![("own", own), ("app", app)]
    }
}

/// Says that the person is signed out.
#[derive(Debug, Clone)]
pub struct SignedOut {
    /// Where the person may go on, on this origin.
    pub next: &'static str,
    /// The app that asked, which nobody vouches for: the person chooses whether to go on there.
    pub back: Option<Back>,
}

/// The way back to an app.
#[derive(Debug, Clone)]
pub struct Back {
    /// The app's name.
    pub app: Shown,
    /// Where it really leads: an origin, or a private scheme.
    pub leads_to: Shown,
    /// An address that it registered.
    pub address: String,
}

impl SignedOut {
    /// With nothing to go on to but signing in again.
    pub(crate) const fn here() -> Self {
        Self { next: at::SIGN_IN, back: None }
    }
}

impl Page for SignedOut {
    const NAME: &'static str = "signed-out";

    template!(SignedOut, "pages/signed_out.html");

    fn address(&self) -> Option<String> {
        None
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let back = Back {
            app: example::app().name,
            leads_to: Shown::name(&example::redirect().origin()),
            address: example::redirect().as_str().to_owned(),
        };
        vec![("done", Self::here()), ("back", Self { back: Some(back), ..Self::here() })]
    }
}
