//! What an app may use — RFC 6749 §4. Derived from [`GRANT_TYPES`]: nothing here knows one of them by name but
//! [`Grants::sign_in`].

use std::fmt;

use mapae_protocol::token::grant_type::{AUTHORIZATION_CODE, REFRESH_TOKEN};

use crate::grant_types::{GRANT_TYPES, GrantType, Role};

/// The grant types of one app: a bit for each place in [`GRANT_TYPES`].
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Grants(u32);

/// What is wrong with the grant types of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GrantsProblem {
    /// None of them is of use alone.
    None,
    /// A refresh token comes with a code or a device first.
    RefreshWithoutCode,
    /// A public app cannot act for itself (RFC 6749 §4.4), nor exchange tokens.
    PublicMachine,
}

impl Grants {
    /// Of an app that signs people in.
    pub(crate) fn sign_in() -> Self {
        Self::named([AUTHORIZATION_CODE, REFRESH_TOKEN])
    }

    /// Those of these names, each once; names of grant types that an app cannot be registered for are passed over.
    pub(crate) fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let place = |name| places().find(|(_, grant_type)| grant_type.name() == name);
        let bits = names.into_iter().filter_map(place).fold(0, |bits, (bit, _)| bits | bit);
        Self(bits)
    }

    /// Those of these names that an app can give itself: to act for itself or to exchange tokens is the operator's to give
    /// (DC-06, TX-01).
    pub(crate) fn for_people<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let asked = Self::named(names);
        let operators = |role| matches!(role, Role::ForItself | Role::Exchanges);
        let own = places().filter(|(_, grant_type)| operators(grant_type.terms().role));
        Self(own.fold(asked.0, |bits, (bit, _)| bits & !bit))
    }

    /// Those that somebody may choose who has these already, each with whether it is one of these: what only the operator
    /// gives can be given up by everybody, and is chosen by nobody else (DC-06, TX-01).
    pub(crate) fn to_choose(self, by_operator: bool) -> impl Iterator<Item = (&'static dyn GrantType, bool)> {
        let own = Self::for_people(GRANT_TYPES.iter().map(|grant_type| grant_type.name()));
        places().filter_map(move |(bit, grant_type)| {
            let has = self.0 & bit != 0;
            (by_operator || has || own.0 & bit != 0).then_some((grant_type, has))
        })
    }

    /// Whether only the operator gives it.
    pub(crate) fn is_of_operator(grant_type: &dyn GrantType) -> bool {
        Self::for_people([grant_type.name()]) == Self::default()
    }

    /// Their names, in the order of [`GRANT_TYPES`].
    pub(crate) fn names(self) -> Vec<&'static str> {
        self.iter().map(GrantType::name).collect()
    }

    /// Reads what [`Display`](fmt::Display) wrote.
    pub(crate) fn restore(names: &str) -> Self {
        Self::named(names.split_ascii_whitespace())
    }

    /// It sends people here.
    pub(crate) fn code(self) -> bool {
        self.has(Role::Begins)
    }

    /// It gets tokens for people who come here by themselves: they go to whoever asks, at no address of the app's.
    pub(crate) fn elsewhere(self) -> bool {
        self.has(Role::BeginsElsewhere)
    }

    /// It gets tokens for people, wherever they begin.
    pub(crate) fn for_persons(self) -> bool {
        self.code() || self.elsewhere()
    }

    /// It gets refresh tokens.
    pub(crate) fn refresh(self) -> bool {
        self.has(Role::Continues)
    }

    /// It acts for itself or passes on what it was called with, and nobody gives it anything.
    pub(crate) fn is_machine_only(self) -> bool {
        (self.has(Role::ForItself) || self.has(Role::Exchanges)) && !self.for_persons()
    }

    fn has(self, role: Role) -> bool {
        self.iter().any(|grant_type| grant_type.terms().role == role)
    }

    fn iter(self) -> impl Iterator<Item = &'static dyn GrantType> {
        places().filter(move |(bit, _)| self.0 & bit != 0).map(|(_, grant_type)| grant_type)
    }
}

/// Each grant type and its bit.
fn places() -> impl Iterator<Item = (u32, &'static dyn GrantType)> {
    GRANT_TYPES.iter().zip(0..u32::BITS).map(|(grant_type, place)| (1 << place, *grant_type))
}

/// Space-separated, as the store keeps them.
impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.names().join(" "))
    }
}

impl fmt::Debug for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grants({self})")
    }
}

pub(super) fn problems(grants: Grants, public: bool) -> impl Iterator<Item = GrantsProblem> {
    let found = [
        (grants == Grants::default(), GrantsProblem::None),
        (grants.refresh() && !grants.for_persons(), GrantsProblem::RefreshWithoutCode),
        (
            (grants.has(Role::ForItself) || grants.has(Role::Exchanges)) && public,
            GrantsProblem::PublicMachine,
        ),
    ];
    found.into_iter().filter(|(wrong, _)| *wrong).map(|(_, problem)| problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again() {
        for bits in 0..1 << GRANT_TYPES.len() {
            let grants = Grants(bits);
            assert_eq!(Grants::restore(&grants.to_string()), grants);
            assert_eq!(grants.iter().count(), bits.count_ones() as usize);
        }
        assert_eq!(Grants::sign_in().to_string(), "authorization_code refresh_token");
        assert_eq!(Grants::restore("password implicit"), Grants::default());
    }

    #[test]
    fn an_app_can_be_registered_for_every_grant_type_that_the_server_has() {
        let all: Vec<_> = GRANT_TYPES.iter().map(|grant_type| grant_type.name()).collect();
        let grants = Grants::named(all.iter().copied());
        assert_eq!(grants.to_string(), all.join(" "));
        assert_eq!(problems(grants, false).collect::<Vec<_>>(), []);
    }

    #[test]
    fn rfc6749_4_4_grants_that_cannot_go_together() {
        let wrong = |names: &str, public| problems(Grants::restore(names), public).collect::<Vec<_>>();
        assert_eq!(wrong("authorization_code client_credentials", false), []);
        assert_eq!(wrong("", false), [GrantsProblem::None]);
        assert_eq!(wrong("authorization_code", true), []);
        let device = "urn:ietf:params:oauth:grant-type:device_code";
        assert_eq!(wrong(device, true), []);
        assert_eq!(wrong(&format!("{device} refresh_token"), true), []);
        assert!(!Grants::restore(device).code() && Grants::restore(device).for_persons());
        assert_eq!(
            wrong("refresh_token client_credentials", true),
            [GrantsProblem::RefreshWithoutCode, GrantsProblem::PublicMachine]
        );
    }
}
