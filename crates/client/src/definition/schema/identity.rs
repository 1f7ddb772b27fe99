//! Where in the answers stands who somebody is.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Stands;

/// From answers to an identity. Pointers lead into `{id_token, user_info}`, what `also` brings, and `{callback}`: what the
/// browser brought, which nobody signed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct IdentityMap {
    pub(crate) subject: Vec<String>,
    /// Whether `sub` of the ID token is the same.
    #[serde(default = "super::yes")]
    pub(crate) same_as_sub: bool,
    /// The provider has another name for a person at each app: by another client id, the same name is somebody else.
    #[serde(default)]
    pub(crate) of_app: bool,
    /// All claims of ID token and UserInfo are claims of the identity (OIDC Core §5.1).
    #[serde(default)]
    pub(crate) standard_claims: bool,
    #[serde(default)]
    pub(crate) claims: BTreeMap<String, Field>,
    pub(crate) birth_date: Option<BirthDateMap>,
    #[serde(default)]
    pub(crate) emails: Vec<EmailMap>,
    /// Items are scopes: what was asked for and is not among those of the token response was refused. Of each that
    /// answers spell otherwise, by its name, how.
    pub(crate) scopes: Option<BTreeMap<String, String>>,
    /// Items with what became of each.
    pub(crate) items: Option<ItemList>,
    /// Items that the person refused, by the pointer to a `true` that says so.
    #[serde(default)]
    pub(crate) refused: BTreeMap<String, String>,
    /// Items that the person granted, by the pointer to a value that is there then.
    #[serde(default)]
    pub(crate) granted: BTreeMap<String, String>,
}

/// Items in one list, each with what became of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ItemList {
    pub(crate) list: String,
    /// The pointers into an entry.
    pub(crate) name: String,
    pub(crate) status: String,
    /// What stands at `status`.
    pub(crate) granted: String,
    pub(crate) refused: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Field {
    pub(crate) from: Vec<String>,
    #[serde(default)]
    pub(crate) form: Form,
    /// Not when this is true.
    pub(crate) unless: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    #[default]
    Text,
    /// Digits after a plus.
    Phone,
    /// `male` or `female`.
    Gender,
    /// `20-29`, or `90-` without an end.
    AgeRange,
    /// The same of an object with `min` and perhaps `max`.
    AgeLimits,
    /// `12/31/1990`, `12/31` or `1990`.
    MonthDayYear,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BirthDateMap {
    pub(crate) year: String,
    /// `MMDD` or `MM-DD`.
    pub(crate) day: String,
    /// Without this the day is left out: it is one of another calendar, or nobody says of which.
    pub(crate) day_when: Option<Stands>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EmailMap {
    pub(crate) address: Vec<String>,
    /// Verified by the provider when all of these are true; never without any.
    #[serde(default)]
    pub(crate) verified: Vec<String>,
    /// Domains whose mail the provider itself hosts.
    #[serde(default)]
    pub(crate) own_domains: Vec<String>,
    /// The provider hosts the domain's mail when one of these is there.
    #[serde(default)]
    pub(crate) own_when: Vec<String>,
    /// The address is in a list: this pointer leads to it, and the others into an entry of it that is primary.
    pub(crate) list: Option<String>,
    /// The address only passes mail on when one of these is true.
    #[serde(default)]
    pub(crate) relay: Vec<String>,
    /// `"true"` is true as well.
    #[serde(default)]
    pub(crate) texts_are_true: bool,
}
