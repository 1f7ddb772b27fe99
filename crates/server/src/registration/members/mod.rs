//! What an app may register beyond what every app has — RFC 7591 §2, OIDC Registration §2. One file a member, one line
//! each in [`MEMBERS`].
//!
//! A member is kept as JSON under its registered name, and read into [`Metadata`] by the rule by which it was accepted:
//! the console, the command line and dynamic registration know no other.

mod default_max_age;
mod links;
mod post_logout_redirect_uris;
mod require_auth_time;

use std::collections::BTreeMap;

use mapae_protocol::{
    endpoint_uri::EndpointUri,
    redirect_uri::{RedirectUri, RegistrationRules},
    time::Seconds,
};
use serde_json::Value;

use super::{Development, redirect_uris};

/// What an app registered about itself, parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// Where its privacy policy stands (`policy_uri`).
    pub(crate) policy: Option<EndpointUri>,
    /// Where its terms of service stand (`tos_uri`).
    pub(crate) terms: Option<EndpointUri>,
    /// How old a sign-in may be when a request does not say.
    pub(crate) default_max_age: Option<Seconds>,
    /// Where people may go after they signed out.
    pub(crate) post_logout: Vec<RedirectUri>,
}

/// One registered member.
pub(crate) trait Member: Sync {
    /// Its registered name.
    fn name(&self) -> &'static str;

    /// Reads a value into what is known of the app.
    fn read(&self, value: &Value, rules: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem>;
}

/// All members; what an app may register derives from this slice.
pub(crate) const MEMBERS: &[&dyn Member] = &[
    &links::PolicyUri,
    &links::TosUri,
    &default_max_age::DefaultMaxAge,
    &require_auth_time::RequireAuthTime,
    &post_logout_redirect_uris::PostLogoutRedirectUris,
];

/// What a value is judged by, besides itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemberRules {
    pub(crate) development: Development,
    /// The app cannot keep a secret.
    pub(crate) public: bool,
}

impl MemberRules {
    /// Everything that was ever accepted.
    const WIDEST: Self = Self { development: Development::Yes, public: true };
}

impl From<MemberRules> for RegistrationRules {
    fn from(MemberRules { development, public }: MemberRules) -> Self {
        redirect_uris::rules(development, public)
    }
}

/// What is wrong with a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum MemberProblem {
    #[error("this server knows no such member")]
    Unknown,
    #[error("it must be text")]
    NotText,
    #[error("it must be true or false")]
    NotBoolean,
    #[error("it must be a whole number from 0 to {0}")]
    NotNumber(u32),
    /// Not a whole address, or not one that is safe to follow.
    #[error("it must be an https address without a part after #")]
    NotAddress,
    #[error("it must be a list of at most {0} addresses, by the rules for redirect URIs")]
    NotRedirectUris(usize),
}

/// A member that cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemberMistake {
    /// Where it stands among those that were named.
    pub(crate) position: usize,
    pub(crate) problem: MemberProblem,
}

/// The members of an app as somebody would have them: those that are kept, and those that were named now.
///
/// Only what was named is judged. What this server accepted before, under other settings perhaps, stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Members {
    kept: BTreeMap<String, String>,
    named: Vec<(String, Option<Value>)>,
}

impl Members {
    pub(super) fn of(kept: &BTreeMap<String, String>) -> Self {
        Self { kept: kept.clone(), named: Vec::new() }
    }

    /// With this member as well; without a value it is taken back.
    pub(crate) fn with(mut self, member: String, value: Option<Value>) -> Self {
        self.named.push((member, value));
        self
    }

    /// The name at this position of those that were named.
    pub(crate) fn name(&self, position: usize) -> &str {
        self.named.get(position).map_or("", |(member, _)| member.as_str())
    }

    /// What is to be kept, unless something that was named is refused.
    pub(super) fn judge(
        &self,
        rules: MemberRules,
        mut refuse: impl FnMut(MemberMistake),
    ) -> BTreeMap<String, String> {
        let mut kept = self.kept.clone();
        for (position, (name, value)) in self.named.iter().enumerate() {
            match read(name, value.as_ref(), rules, &mut Metadata::default()) {
                Ok(()) => match value {
                    Some(value) => drop(kept.insert(name.clone(), value.to_string())),
                    None => drop(kept.remove(name)),
                },
                Err(problem) => refuse(MemberMistake { position, problem }),
            }
        }
        kept
    }
}

fn read(
    name: &str,
    value: Option<&Value>,
    rules: MemberRules,
    metadata: &mut Metadata,
) -> Result<(), MemberProblem> {
    let member = MEMBERS.iter().find(|member| member.name() == name).ok_or(MemberProblem::Unknown)?;
    value.map_or(Ok(()), |value| member.read(value, rules, metadata))
}

/// What was kept, parsed. Text that is not JSON stands for itself, and fits no member.
pub(crate) fn restore(kept: &BTreeMap<String, String>) -> Result<Metadata, MemberProblem> {
    let mut metadata = Metadata::default();
    for (name, text) in kept {
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()));
        read(name, Some(&value), MemberRules::WIDEST, &mut metadata)?;
    }
    Ok(metadata)
}

/// A value that must be text.
fn text(value: &Value) -> Result<&str, MemberProblem> {
    value.as_str().ok_or(MemberProblem::NotText)
}

/// A value that must be `true` or `false`.
fn boolean(value: &Value) -> Result<(), MemberProblem> {
    if value.is_boolean() { Ok(()) } else { Err(MemberProblem::NotBoolean) }
}

/// A value that must be an address to which browsers are led.
fn address(value: &Value, rules: MemberRules) -> Result<EndpointUri, MemberProblem> {
    let text = text(value)?;
    match super::homepage::parse(text, rules.development) {
        Ok(Some(kept)) if kept == text => EndpointUri::parse(&kept).map_err(|_| MemberProblem::NotAddress),
        Ok(_) | Err(_) => Err(MemberProblem::NotAddress),
    }
}

#[cfg(test)]
mod tests;
