//! What a scope is called when people are asked for it — OIDC Core §5.4.

use mapae_protocol::client_metadata::SubjectType;

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
    /// `openid`, and who else knows the person by what it gives (OIDC Core §8)
    OpenId(SubjectType),
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
    /// A standard scope by its own name, any other by the title that its API gave it. The app that asks has subject identifiers
    /// of this type.
    pub fn new(scope: &str, own_title: &str, subject_type: SubjectType) -> Self {
        let title = StandardScope::parse(scope, subject_type)
            .map_or_else(|| ScopeTitle::Own(Shown::name(own_title)), ScopeTitle::Standard);
        Self { scope: scope.to_owned(), title }
    }

    /// The scope of a provider, by what people call it.
    pub fn of_upstream(scope: &str, provider: Shown) -> Self {
        Self { scope: scope.to_owned(), title: ScopeTitle::Upstream(provider) }
    }
}

impl StandardScope {
    fn parse(scope: &str, subject_type: SubjectType) -> Option<Self> {
        match scope {
            "openid" => Some(Self::OpenId(subject_type)),
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
            Self::OpenId(SubjectType::Pairwise) => "scope.openid",
            Self::OpenId(SubjectType::Public) => "scope.openid_public",
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
            Self::OpenId(SubjectType::Pairwise) => "scope.openid_detail",
            Self::OpenId(SubjectType::Public) => "scope.openid_public_detail",
            Self::Profile => "scope.profile_detail",
            Self::Email => "scope.email_detail",
            Self::Phone => "scope.phone_detail",
            Self::Address => "scope.address_detail",
            Self::OfflineAccess => "scope.offline_access_detail",
        }
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::locale::Locale;

    use super::*;
    use crate::pages::texts::Texts;

    /// OIDC Core §8.
    #[test]
    fn only_of_an_id_that_others_do_not_get_is_that_said() {
        for (locale, own, of_another_operator, same) in [
            (Locale::Ko, "전용", "운영자가 다른", "같은 번호"),
            (Locale::En, "for this service", "other operators", "the same"),
        ] {
            let t = Texts::new(locale);
            let read = |subject_type| {
                let scope = ScopeText::new("openid", "", subject_type);
                (t.scope(&scope), t.scope_detail(&scope).unwrap())
            };
            let (title, detail) = read(SubjectType::Pairwise);
            assert!(title.contains(own) && detail.contains(of_another_operator), "{title}: {detail}");
            assert!(!detail.contains(same), "{detail}");
            let (title, detail) = read(SubjectType::Public);
            assert!(!title.contains(own) && detail.contains(same), "{title}: {detail}");
            assert!(!detail.contains(of_another_operator), "{detail}");
        }
    }

    #[test]
    fn of_other_scopes_the_type_of_ids_changes_nothing() {
        let t = Texts::new(Locale::Ko);
        for scope in ["profile", "email", "phone", "address", "offline_access", "calendar.read"] {
            let read = |subject_type| {
                let scope = ScopeText::new(scope, "일정 보기", subject_type);
                (t.scope(&scope), t.scope_detail(&scope))
            };
            assert_eq!(read(SubjectType::Pairwise), read(SubjectType::Public), "{scope}");
        }
    }
}
