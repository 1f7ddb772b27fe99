//! What an app may register beyond what every app has — RFC 7591 §2, OIDC Registration §2. One file a member, one line
//! each in [`MEMBERS`].
//!
//! A member is kept as JSON under its registered name, and read into [`Metadata`] by the rule by which it was accepted:
//! the console, the command line and dynamic registration know no other.

mod application_type;
mod authorization_signed_response_alg;
mod backchannel_logout_session_required;
mod backchannel_logout_uri;
mod client_name;
mod contacts;
mod default_acr_values;
mod default_max_age;
mod dpop_bound_access_tokens;
pub(super) mod fapi_profile;
mod frontchannel_logout_session_required;
mod frontchannel_logout_uri;
mod initiate_login_uri;
mod jwks;
mod links;
mod logo_uri;
mod post_logout_redirect_uris;
mod request_objects;
mod require_auth_time;
mod require_pushed_authorization_requests;
mod sector_identifier_uri;
mod software;
mod token_endpoint_auth_signing_alg;
mod userinfo_signed_response_alg;

use std::{collections::BTreeMap, sync::Arc};

use mapae_protocol::{
    client_jwt::ClientAlgorithm,
    endpoint_uri::EndpointUri,
    fapi::Profile,
    jose::{Algorithm, JwkSet},
    locale::Locale,
    redirect_uri::{RedirectUri, RegistrationRules},
    time::Seconds,
};
use serde_json::Value;

use self::request_objects::RegisteredRequestUri;
use super::{profile::complete_members, redirect_uris};
use crate::{config::Development, store::apps::RegisteredApp};

/// What an app registered about itself, parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Metadata {
    /// Where its privacy policy stands (`policy_uri`).
    pub(crate) policy: Option<EndpointUri>,
    /// Where its terms of service stand (`tos_uri`).
    pub(crate) terms: Option<EndpointUri>,
    /// Where it begins a login for whoever comes from elsewhere (`initiate_login_uri`).
    pub(crate) initiate_login: Option<EndpointUri>,
    /// How old a sign-in may be when a request does not say.
    pub(crate) default_max_age: Option<Seconds>,
    /// How surely people must have signed in when a request does not say, most wanted first.
    pub(crate) default_acr_values: Vec<String>,
    /// How userinfo is signed; `None`: plain JSON.
    pub(crate) userinfo_algorithm: Option<Algorithm>,
    /// How authorization responses are signed that it wants signed; `None`: by the algorithm of its ID tokens.
    pub(crate) response_algorithm: Option<Algorithm>,
    /// Whether it pushes every request (RFC 9126).
    pub(crate) pushes_requests: bool,
    /// Whether it gets tokens only with a proof of possession (RFC 9449 §5.2).
    pub(crate) binds_tokens: bool,
    /// Where people may go after they signed out.
    pub(crate) post_logout: Vec<RedirectUri>,
    /// Where it is told that somebody has signed out.
    pub(crate) back_channel_logout: Option<EndpointUri>,
    /// Whether it understands only which session has ended.
    pub(crate) back_channel_by_session: bool,
    /// What is framed when somebody signs out.
    pub(crate) front_channel_logout: Option<RedirectUri>,
    /// Whether that must say which session has ended.
    pub(crate) front_channel_by_session: bool,
    /// Its public keys.
    pub(crate) keys: Option<Arc<JwkSet>>,
    /// Where its public keys stand.
    pub(crate) keys_address: Option<EndpointUri>,
    /// The one algorithm of its client assertions.
    pub(crate) assertion_algorithm: Option<ClientAlgorithm>,
    /// The one algorithm of its request objects.
    pub(crate) request_object_algorithm: Option<ClientAlgorithm>,
    /// Whether every request comes signed (RFC 9101 §10.5).
    pub(crate) signs_requests: bool,
    /// Where its request objects may stand.
    pub(crate) request_uris: Vec<RegisteredRequestUri>,
    /// The FAPI profile that it is on.
    pub(crate) profile: Option<Profile>,
}

/// One registered member.
pub(crate) trait Member: Sync {
    /// Its registered name.
    fn name(&self) -> &'static str;

    /// Reads a value into what is known of the app.
    fn read(&self, value: &Value, rules: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem>;

    /// Whether a value that is right by itself fits what else the app is.
    fn fits(&self, _value: &Value, _around: &Around<'_>) -> Result<(), MemberProblem> {
        Ok(())
    }
}

/// What else an app is, as far as a member depends on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Around<'a> {
    redirect_uris: &'a [String],
    /// The app shares its sector with others at its host: it is told of logouts there and nowhere else.
    at_home: bool,
    /// All members as they would be kept.
    kept: &'a BTreeMap<String, String>,
}

/// The member whose picture becomes the app's icon.
pub(crate) const LOGO_URI: &str = "logo_uri";

/// All members; what an app may register derives from this slice.
pub(crate) const MEMBERS: &[&dyn Member] = &[
    &links::PolicyUri,
    &links::TosUri,
    &default_max_age::DefaultMaxAge,
    &require_auth_time::RequireAuthTime,
    &require_pushed_authorization_requests::RequirePushedAuthorizationRequests,
    &dpop_bound_access_tokens::DpopBoundAccessTokens,
    &default_acr_values::DefaultAcrValues,
    &userinfo_signed_response_alg::UserinfoSignedResponseAlg,
    &authorization_signed_response_alg::AuthorizationSignedResponseAlg,
    &post_logout_redirect_uris::PostLogoutRedirectUris,
    &backchannel_logout_uri::BackchannelLogoutUri,
    &backchannel_logout_session_required::BackchannelLogoutSessionRequired,
    &frontchannel_logout_uri::FrontchannelLogoutUri,
    &frontchannel_logout_session_required::FrontchannelLogoutSessionRequired,
    &client_name::ClientName(Locale::Ko),
    &client_name::ClientName(Locale::En),
    &application_type::ApplicationType,
    &contacts::Contacts,
    &software::SoftwareId,
    &software::SoftwareVersion,
    &initiate_login_uri::InitiateLoginUri,
    &jwks::Jwks,
    &jwks::JwksUri,
    &token_endpoint_auth_signing_alg::TokenEndpointAuthSigningAlg,
    &request_objects::RequestObjectSigningAlg,
    &request_objects::RequireSignedRequestObject,
    &request_objects::RequestUris,
    &fapi_profile::FapiProfile,
    &logo_uri::LogoUri,
    &sector_identifier_uri::SectorIdentifierUri,
];

/// What a value is judged by, besides itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemberRules {
    pub(crate) development: Development,
    /// The app cannot keep a secret.
    pub(crate) public: bool,
    /// Whoever asks fetches what must be fetched.
    pub(crate) fetches: bool,
}

impl MemberRules {
    /// Everything that was ever accepted.
    const WIDEST: Self = Self { development: Development::Yes, public: true, fetches: true };
}

impl From<MemberRules> for RegistrationRules {
    fn from(MemberRules { development, public, .. }: MemberRules) -> Self {
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
    /// Somebody else's page, framed in ours (LO-08).
    #[error("it must have the scheme, host and port of one of the app's redirect URIs")]
    NotOwnOrigin,
    /// Somebody else's, who would hear the name that people have at the app's host (LO-07).
    #[error("it must have the host of one of the app's redirect URIs")]
    NotOwnHost,
    #[error("it must be a list of at most {0} addresses, by the rules for redirect URIs")]
    NotRedirectUris(usize),
    #[error("it must be a list of authentication contexts that this server knows (acr_values_supported)")]
    NotAcrValues,
    #[error("it must be an algorithm that this server signs with")]
    NotAlgorithm,
    /// `none` and the unknown ones.
    #[error("it must be an algorithm that apps sign with here: ES256, RS256, PS256, EdDSA or HS256")]
    NotClientAlgorithm,
    #[error("it must be a list of at most {0} https addresses")]
    NotAddresses(usize),
    #[error("it must be a list of at most {0} e-mail addresses")]
    NotEmails(usize),
    #[error("it must be text of one line and at most {0} bytes")]
    NotLine(usize),
    #[error("it must be web or native")]
    NotApplicationType,
    /// By the rules for the names of all apps.
    #[error("it must be a name that people can read and tell from others")]
    NotName,
    #[error("it must be a set of 1 to {0} public keys")]
    NotKeys(usize),
    /// Private, symmetric, weak or malformed (DC-09).
    #[error("one of the keys is not public, is weak or is malformed")]
    NotPublicKey,
    #[error("an app has keys of its own or the address of its keys, not both")]
    KeysTwice,
    #[error("it must be fapi2_security or fapi2_message_signing")]
    NotProfile,
    /// The console and the command line fetch nothing.
    #[error("it is fetched, so only an app that registers itself can have it")]
    NotFetchedHere,
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
    fetches: bool,
    at_home: bool,
}

impl Members {
    pub(super) fn of(registered: &RegisteredApp) -> Self {
        Self { at_home: registered.registered.is_some(), ..Self::keeping(&registered.lists.metadata) }
    }

    fn keeping(kept: &BTreeMap<String, String>) -> Self {
        Self { kept: kept.clone(), ..Self::default() }
    }

    /// As they are of an app that registers itself: whoever asks fetches what must be fetched.
    pub(crate) fn fetched() -> Self {
        Self { fetches: true, at_home: true, ..Self::default() }
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

    /// What is named or else kept; `None`: nothing is.
    pub(crate) fn value(&self, name: &str) -> Option<Value> {
        match self.named.iter().rev().find(|(member, _)| member == name) {
            Some((_, named)) => named.clone(),
            None => self.kept.get(name).and_then(|text| serde_json::from_str(text).ok()),
        }
    }

    /// As [`with`](Self::with), unless that is what is kept already: what was accepted before is not judged again.
    pub(crate) fn chosen(self, name: &str, value: Option<Value>) -> Self {
        if self.value(name) == value { self } else { self.with(name.to_owned(), value) }
    }

    /// What is to be kept, unless something that was named is refused: by itself, or beside what else the app is.
    pub(super) fn judge(
        &self,
        rules: MemberRules,
        redirect_uris: &[String],
        mut refuse: impl FnMut(MemberMistake),
    ) -> BTreeMap<String, String> {
        let rules = MemberRules { fetches: self.fetches, ..rules };
        let mut kept = self.kept.clone();
        let mut good = Vec::new();
        for (position, (name, value)) in self.named.iter().enumerate() {
            match (read(name, value.as_ref(), rules, &mut Metadata::default()), value) {
                (Ok(member), Some(value)) => {
                    kept.insert(name.clone(), value.to_string());
                    good.push((position, member, value));
                }
                (Ok(_), None) => drop(kept.remove(name)),
                (Err(problem), _) => refuse(MemberMistake { position, problem }),
            }
        }
        complete_members(&mut kept);
        let around = Around { redirect_uris, at_home: self.at_home, kept: &kept };
        for (position, member, value) in good {
            if let Err(problem) = member.fits(value, &around) {
                refuse(MemberMistake { position, problem });
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
) -> Result<&'static dyn Member, MemberProblem> {
    let member = *MEMBERS.iter().find(|member| member.name() == name).ok_or(MemberProblem::Unknown)?;
    value.map_or(Ok(()), |value| member.read(value, rules, metadata))?;
    Ok(member)
}

/// What was kept, parsed. Text that is not JSON stands for itself, and fits no member.
pub(crate) fn restore(kept: &BTreeMap<String, String>) -> Result<Metadata, MemberProblem> {
    let mut metadata = Metadata::default();
    for (name, text) in kept {
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()));
        read(name, Some(&value), MemberRules::WIDEST, &mut metadata)?;
    }
    if let Some(profile) = metadata.profile {
        metadata.pushes_requests = true;
        metadata.binds_tokens = true;
        metadata.signs_requests |= profile.signs_messages();
    }
    Ok(metadata)
}

/// An address from which this server takes something in when an app registers itself (OIDC Registration §2, §5): the console
/// and the command line fetch nothing.
fn fetched(value: &Value, rules: MemberRules) -> Result<(), MemberProblem> {
    if rules.fetches { address(value, rules).map(drop) } else { Err(MemberProblem::NotFetchedHere) }
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
