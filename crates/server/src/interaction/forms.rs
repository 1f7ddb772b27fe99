//! Anti-forgery tokens of forms — RFC 6749 §10.12; threats SE-05, AD-06.
//!
//! A token is a seal without content, bound to the session for which the page was made or, before anybody
//! has signed in, to the browser. It stands beside the layer that refuses requests of other sites.

use super::{PageError, Visit};
use crate::store::sessions::SignedIn;

/// The field that carries it.
pub(super) const FIELD: &str = "csrf";

impl Visit {
    /// The token for the forms of a signed-in person: dead with their session.
    pub(crate) fn form_token(&self, signed_in: &SignedIn) -> String {
        self.seal_form(&of_session(signed_in))
    }

    /// Refuses a form that is not from a page made for this session.
    pub(crate) fn verify_form(&self, signed_in: &SignedIn) -> Result<(), PageError> {
        self.open_form(&of_session(signed_in))
    }

    /// The token for the forms of a browser in which nobody need be signed in.
    pub(crate) fn browser_form_token(&self) -> String {
        self.seal_form(&of_browser(self))
    }

    /// Refuses a form that is not from a page made for this browser.
    pub(crate) fn verify_browser_form(&self) -> Result<(), PageError> {
        self.open_form(&of_browser(self))
    }

    fn seal_form(&self, holder: &[u8]) -> String {
        self.app.keys().current().seals.forms.seal(b"", holder)
    }

    fn open_form(&self, holder: &[u8]) -> Result<(), PageError> {
        let token = self.one(FIELD)?.ok_or(PageError::ForgedForm)?;
        let opened = self.app.keys().current().seals.forms.open(token, holder);
        opened.map(|_| ()).map_err(|_| PageError::ForgedForm)
    }
}

/// The two kinds of holders have different first letters, so that neither can pass for the other.
fn of_session(signed_in: &SignedIn) -> Vec<u8> {
    [b"session ", signed_in.session.id.as_bytes()].concat()
}

fn of_browser(visit: &Visit) -> Vec<u8> {
    [b"browser ", visit.browser.binding()].concat()
}
