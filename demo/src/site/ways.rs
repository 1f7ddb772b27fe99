//! The ways into an account, and the question whose account somebody's is, in the service's own design.

use askama::Template;
use mapae_client::{Identity, MethodToAdd, Provider, SignInMethod, SignInMethods};

use super::{Texts, trouble::Frame};

/// The ways into the account of whoever is signed in.
#[derive(Template)]
#[template(path = "ways.html")]
pub(super) struct WaysPage<'a> {
    pub(super) t: Texts,
    pub(super) frame: Frame,
    pub(super) methods: &'a SignInMethods,
    pub(super) providers: &'a [Provider],
}

/// Who came back from a provider to become another way into the account: its owner sees whose it is.
#[derive(Template)]
#[template(path = "adding.html")]
pub(super) struct AddingPage<'a> {
    pub(super) t: Texts,
    pub(super) frame: Frame,
    pub(super) method: &'a MethodToAdd,
}

/// Whoever signs up may have an account, which is proved by another of its ways.
#[derive(Template)]
#[template(path = "existing_account.html")]
pub(super) struct ExistingAccountPage<'a> {
    pub(super) t: Texts,
    pub(super) frame: Frame,
    pub(super) identity: &'a Identity,
    pub(super) providers: &'a [Provider],
}

/// A provider, as people call it.
pub(super) fn label(t: Texts, name: &str) -> &str {
    t.find(&format!("provider.{name}")).unwrap_or(name)
}

impl AddingPage<'_> {
    /// What stands for a face.
    pub(super) fn initial(&self) -> char {
        self.method.name.as_deref().and_then(|name| name.chars().next()).unwrap_or('·')
    }
}

impl<'a> WaysPage<'a> {
    /// With whom they can be added, or, before that, by whom the owner proves who they are.
    pub(super) fn offered(&self) -> Vec<&'a Provider> {
        let is_a_way = |provider: &&Provider| {
            self.methods.methods.iter().any(|method: &SignInMethod| method.provider == provider.name())
        };
        self.providers.iter().filter(|provider| self.methods.fresh || is_a_way(provider)).collect()
    }

    pub(super) fn is_only_one(&self) -> bool {
        self.methods.methods.len() == 1
    }
}
