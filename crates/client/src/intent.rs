//! What a person goes to a provider for — OIDC Core §3.1.2.1 (`prompt`, `max_age`).

use serde::{Deserialize, Serialize};

/// What the person wants to do at the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    /// Sign in, at once if the provider knows the browser.
    #[default]
    SignIn,
    /// Choose which account to use.
    ChooseAccount,
    /// Prove again who they are: the provider's sign-in must be fresh, and is checked to be.
    Reauthenticate,
    /// Make an account at the provider first.
    SignUp,
    /// Be asked again for items that were refused; see [`LoginRequest::asking_for`](crate::LoginRequest::asking_for).
    AskAgain,
    /// Nothing at all: without a page, or not.
    Silent,
}

impl Intent {
    /// Whether the sign-in must be a fresh one; where the provider says when it was, that is checked.
    pub(crate) const fn must_be_fresh(self) -> bool {
        matches!(self, Self::Reauthenticate)
    }
}
