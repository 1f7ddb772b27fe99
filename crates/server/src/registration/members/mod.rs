//! What an app may register beyond what every app has — RFC 7591 §2, OIDC Registration §2. One file a member, one line
//! each in [`MEMBERS`].
//!
//! A member is kept as JSON under its registered name, and read into [`Metadata`] by the rule by which it was accepted:
//! the console, the command line and dynamic registration know no other.

mod default_max_age;
mod initiate_login_uri;
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
    /// Where somebody else may begin a login at it (OIDC Core §4).
    pub(crate) initiate_login: Option<EndpointUri>,
    /// How old a sign-in may be when a request does not say.
    pub(crate) default_max_age: Option<Seconds>,
    /// Whether each of its ID tokens says when the person signed in.
    pub(crate) require_auth_time: bool,
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
    &initiate_login_uri::InitiateLoginUri,
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
    /// Where it stands among the members of the draft.
    pub(crate) position: usize,
    pub(crate) problem: MemberProblem,
}

/// The members of this name.
fn find(name: &str) -> Option<&'static dyn Member> {
    MEMBERS.iter().find(|member| member.name() == name).copied()
}

/// Reads all members, or says what is wrong with each. What comes back beside the parsed ones is what is kept.
pub(super) fn parse(
    members: &BTreeMap<String, Value>,
    rules: MemberRules,
    mut refuse: impl FnMut(MemberMistake),
) -> (Metadata, BTreeMap<String, String>) {
    let mut metadata = Metadata::default();
    let mut kept = BTreeMap::new();
    for (position, (name, value)) in members.iter().enumerate() {
        let member = find(name).ok_or(MemberProblem::Unknown);
        match member.and_then(|member| member.read(value, rules, &mut metadata)) {
            Ok(()) => drop(kept.insert(name.clone(), value.to_string())),
            Err(problem) => refuse(MemberMistake { position, problem }),
        }
    }
    (metadata, kept)
}

/// What was kept, as it was typed. Text that is not JSON stands for itself: it is refused when it is judged.
pub(super) fn typed(kept: &BTreeMap<String, String>) -> BTreeMap<String, Value> {
    let value = |text: &String| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()));
    kept.iter().map(|(name, text)| (name.clone(), value(text))).collect()
}

/// What was kept, parsed again: what this server has accepted under other settings stays good under these.
pub(crate) fn restore(kept: &BTreeMap<String, String>) -> Result<Metadata, MemberProblem> {
    let mut found = None;
    let rules = MemberRules { development: Development::Yes, public: true };
    let (metadata, _) = parse(&typed(kept), rules, |mistake| found = Some(mistake.problem));
    found.map_or(Ok(metadata), Err)
}

/// A value that must be text.
fn text(value: &Value) -> Result<&str, MemberProblem> {
    value.as_str().ok_or(MemberProblem::NotText)
}

/// A value that must be `true` or `false`.
fn boolean(value: &Value) -> Result<bool, MemberProblem> {
    value.as_bool().ok_or(MemberProblem::NotBoolean)
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
