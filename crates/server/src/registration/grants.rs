//! What an app may use — RFC 6749 §4.

use std::fmt;

/// A grant type by its name in requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrantType {
    /// RFC 6749 §4.1.
    AuthorizationCode,
    /// RFC 6749 §6.
    RefreshToken,
    /// RFC 6749 §4.4.
    ClientCredentials,
}

impl GrantType {
    const ALL: [Self; 3] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials];

    /// As requests spell it.
    const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }
}

/// The grant types of one app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grants {
    code: bool,
    refresh: bool,
    machine: bool,
}

/// What is wrong with the grant types of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrantsProblem {
    /// None of them is of use alone.
    None,
    /// A refresh token comes with a code first.
    RefreshWithoutCode,
    /// A public app cannot act for itself (RFC 6749 §4.4).
    PublicMachine,
}

impl Grants {
    /// Of an app that signs people in.
    pub(crate) const SIGN_IN: Self = Self { code: true, refresh: true, machine: false };

    /// Those named, each once.
    pub(crate) fn of(named: impl IntoIterator<Item = GrantType>) -> Self {
        let mut grants = Self::default();
        for grant in named {
            match grant {
                GrantType::AuthorizationCode => grants.code = true,
                GrantType::RefreshToken => grants.refresh = true,
                GrantType::ClientCredentials => grants.machine = true,
            }
        }
        grants
    }

    /// Reads what [`Display`](fmt::Display) wrote; names of grant types that an app cannot be registered for are
    /// passed over.
    pub(crate) fn restore(names: &str) -> Self {
        let named = |name: &str| GrantType::ALL.into_iter().find(|grant| grant.as_str() == name);
        Self::of(names.split_ascii_whitespace().filter_map(named))
    }

    /// It sends people here.
    pub(crate) const fn code(self) -> bool {
        self.code
    }

    /// It gets refresh tokens.
    pub(crate) const fn refresh(self) -> bool {
        self.refresh
    }

    /// It acts for itself and sends nobody here.
    pub(crate) const fn is_machine_only(self) -> bool {
        self.machine && !self.code
    }

    const fn has(self, grant: GrantType) -> bool {
        match grant {
            GrantType::AuthorizationCode => self.code,
            GrantType::RefreshToken => self.refresh,
            GrantType::ClientCredentials => self.machine,
        }
    }
}

/// Space-separated, as the store keeps them.
impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = GrantType::ALL.into_iter().filter(|grant| self.has(*grant)).map(GrantType::as_str);
        f.write_str(&names.collect::<Vec<_>>().join(" "))
    }
}

pub(super) fn problems(grants: Grants, public: bool) -> impl Iterator<Item = GrantsProblem> {
    let Grants { code, refresh, machine } = grants;
    let found = [
        (!code && !refresh && !machine, GrantsProblem::None),
        (refresh && !code, GrantsProblem::RefreshWithoutCode),
        (machine && public, GrantsProblem::PublicMachine),
    ];
    found.into_iter().filter(|(wrong, _)| *wrong).map(|(_, problem)| problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        for code in [false, true] {
            for refresh in [false, true] {
                for machine in [false, true] {
                    let grants = Grants { code, refresh, machine };
                    assert_eq!(Grants::restore(&grants.to_string()), grants);
                }
            }
        }
        assert_eq!(Grants::SIGN_IN.to_string(), "authorization_code refresh_token");
        assert_eq!(Grants::restore("password implicit"), Grants::default());
    }

    #[test]
    fn rfc6749_4_4_grants_that_cannot_go_together() {
        let wrong = |names: &str, public| problems(Grants::restore(names), public).collect::<Vec<_>>();
        assert_eq!(wrong("authorization_code client_credentials", false), []);
        assert_eq!(wrong("", false), [GrantsProblem::None]);
        assert_eq!(wrong("authorization_code", true), []);
        assert_eq!(
            wrong("refresh_token client_credentials", true),
            [GrantsProblem::RefreshWithoutCode, GrantsProblem::PublicMachine]
        );
    }
}
