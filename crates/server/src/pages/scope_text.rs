//! What a scope is called when people are asked for it — OIDC Core §5.4.

use crate::pages::shown::Shown;

/// A scope and its title.
#[derive(Debug, Clone)]
pub struct ScopeText {
    /// The scope as apps ask for it.
    pub scope: String,
    /// What people read.
    pub title: ScopeTitle,
}

/// Where a scope's title comes from.
#[derive(Debug, Clone)]
pub enum ScopeTitle {
    /// This server explains it.
    Standard(StandardScope),
    /// The API's owner explains it, in the person's language.
    Own(Shown),
    /// What this provider gave, to be used by the app.
    Upstream(Shown),
}

/// Scopes of OpenID Connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StandardScope {
    /// `openid`
    OpenId,
    /// `profile`
    Profile,
    /// `email`
    Email,
    /// `phone`
    Phone,
    /// `address`
    Address,
    /// `offline_access` (OIDC Core §11)
    OfflineAccess,
}

impl ScopeText {
    /// A standard scope by its own name, any other by the title that its API gave it.
    pub fn new(scope: &str, own_title: &str) -> Self {
        let title = StandardScope::parse(scope)
            .map_or_else(|| ScopeTitle::Own(Shown::name(own_title)), ScopeTitle::Standard);
        Self { scope: scope.to_owned(), title }
    }

    /// The scope of a provider, by what people call it.
    pub fn of_upstream(scope: &str, provider: Shown) -> Self {
        Self { scope: scope.to_owned(), title: ScopeTitle::Upstream(provider) }
    }
}

impl StandardScope {
    fn parse(scope: &str) -> Option<Self> {
        match scope {
            "openid" => Some(Self::OpenId),
            "profile" => Some(Self::Profile),
            "email" => Some(Self::Email),
            "phone" => Some(Self::Phone),
            "address" => Some(Self::Address),
            "offline_access" => Some(Self::OfflineAccess),
            _ => None,
        }
    }

    /// Key of its title.
    pub(in crate::pages) const fn title_key(self) -> &'static str {
        match self {
            Self::OpenId => "scope.openid",
            Self::Profile => "scope.profile",
            Self::Email => "scope.email",
            Self::Phone => "scope.phone",
            Self::Address => "scope.address",
            Self::OfflineAccess => "scope.offline_access",
        }
    }

    /// Key of what exactly it gives.
    pub(in crate::pages) const fn detail_key(self) -> &'static str {
        match self {
            Self::OpenId => "scope.openid_detail",
            Self::Profile => "scope.profile_detail",
            Self::Email => "scope.email_detail",
            Self::Phone => "scope.phone_detail",
            Self::Address => "scope.address_detail",
            Self::OfflineAccess => "scope.offline_access_detail",
        }
    }
}
