//! Signing out.

use crate::pages::{
    Page, at, example,
    look::{AppCard, Person},
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
}

impl Page for SignOut {
    const NAME: &'static str = "sign-out";

    template!(SignOut, "pages/sign_out.html");

    fn address(&self) -> Option<String> {
        Some(at::SIGN_OUT.to_owned())
    }

    fn samples() -> Vec<(&'static str, Self)> {
        let own = Self { csrf: example::CSRF.to_owned(), person: example::person(), app: None };
        vec![("own", own.clone()), ("app", Self { app: Some(example::app()), ..own })]
    }
}

/// Says that the person is signed out.
#[derive(Debug, Clone)]
pub struct SignedOut {
    /// Where the person may go on, on this origin.
    pub next: &'static str,
}

impl Page for SignedOut {
    const NAME: &'static str = "signed-out";

    template!(SignedOut, "pages/signed_out.html");

    fn address(&self) -> Option<String> {
        None
    }

    fn samples() -> Vec<(&'static str, Self)> {
        vec![("done", Self { next: at::ACCOUNT })]
    }
}
