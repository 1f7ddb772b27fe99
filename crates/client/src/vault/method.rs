//! One sign-in method, as the vault keeps it.

use mapae_protocol::time::Timestamp;

use crate::identity::EndUser;

/// A row of the table: an identity, and the account that it opens or opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Method {
    pub(crate) person: EndUser,
    pub(crate) account: EndUser,
    pub(crate) provider: String,
    /// What tells two accounts at one provider apart: a masked address.
    pub(crate) hint: Option<String>,
    /// Our client id there, where the provider has another name for a person at each app.
    pub(crate) given_to: Option<String>,
    pub(crate) added_at: Timestamp,
    pub(crate) removed_at: Option<Timestamp>,
}

impl Method {
    /// Whether the name that this identity has is the provider's for our client id there, `app`; `None` where the provider has
    /// one for all apps (LK-07).
    pub(crate) fn is_given_to(&self, app: Option<&str>) -> bool {
        match (app, &self.given_to) {
            (Some(now), Some(given_to)) => now == given_to,
            _ => true,
        }
    }
}

/// The providers that are spoken to, as far as ways in depend on them: each issuer, and our client id there where it has another
/// name for a person at each app.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registered(Vec<(String, Option<String>)>);

impl Registered {
    /// Whether somebody can come by this method now: one whose name another app was given opens nothing (LK-07).
    pub(crate) fn opens(&self, method: &Method) -> bool {
        let same = |issuer: &str| issuer == method.person.issuer();
        self.0.iter().any(|(issuer, app)| same(issuer) && method.is_given_to(app.as_deref()))
    }
}

impl FromIterator<(String, Option<String>)> for Registered {
    fn from_iter<I: IntoIterator<Item = (String, Option<String>)>>(providers: I) -> Self {
        Self(providers.into_iter().collect())
    }
}
