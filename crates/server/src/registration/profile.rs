//! What a profile asks of an app, and what it switches on by itself — FAPI 2.0 §5.3.2, §5.4.1.
//!
//! Whatever an app has not said follows from its profile. What it has said, and what contradicts, is refused: nobody is
//! to believe that a switch is off which the profile has on.

use std::collections::BTreeMap;

use mapae_protocol::{
    fapi::{self, Profile},
    jose::Algorithm,
};
use serde_json::{Map, Value};

use super::{authentication::means, members::fapi_profile};
use crate::{
    client_auth::{Means, PRIVATE_KEY_JWT},
    store::apps::{AppLists, AppSettings},
};

/// What its ID tokens are signed with when it has not said.
const ID_TOKEN_ALG: Algorithm = Algorithm::Es256;

/// Members that name an algorithm.
const ALGORITHMS: [&str; 4] = [
    "token_endpoint_auth_signing_alg",
    "request_object_signing_alg",
    "authorization_signed_response_alg",
    "userinfo_signed_response_alg",
];

/// What of an app its profile does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProfileProblem {
    #[error("FAPI 2.0 §5.3.2.1 is for apps that prove who they are, and this one is public")]
    Public,
    /// Also on this machine: such an app runs on a server.
    #[error("FAPI 2.0 §5.3.2.2 wants https in every redirect URI, and number {} is none", .position + 1)]
    RedirectUri { position: usize },
    #[error("FAPI 2.0 §5.3.2.1 wants private_key_jwt as token_endpoint_auth_method")]
    Method,
    #[error("FAPI 2.0 §5.3.2.2 wants PKCE in every request")]
    Pkce,
    #[error("FAPI 2.0 §5.3.2.1 forbids that refresh tokens rotate")]
    Rotation,
    #[error("FAPI 2.0 §5.4.1 wants ES256, PS256 or EdDSA as id_token_signed_response_alg")]
    IdTokenAlgorithm,
    #[error("FAPI 2.0 §5.4.1 wants ES256, PS256 or EdDSA as {0}")]
    Algorithm(&'static str),
    /// Said to be off, while the profile has it on.
    #[error("the profile switches {0} on, and it is registered as false")]
    Contradicted(&'static str),
}

/// The profile of an app with these members, as they are kept.
pub(crate) fn profile_of(kept: &BTreeMap<String, String>) -> Option<Profile> {
    let name: String = serde_json::from_str(kept.get(fapi_profile::NAME)?).ok()?;
    Profile::parse(&name)
}

/// Whether an app is on a stricter profile afterwards: what was made for it before ends, because it was made by looser rules.
pub(crate) fn begins_stricter(before: &AppLists, after: &AppLists) -> bool {
    profile_of(&after.metadata) > profile_of(&before.metadata)
}

/// What an app says of itself, on the profile that it is on already if that is the stricter one: an app goes over to a
/// profile by itself, and only the operator lets it go. RFC 7592 §2.2: what an update leaves out may be kept.
pub(crate) fn keep_profile(said: &Map<String, Value>, before: Option<&AppLists>) -> Map<String, Value> {
    let mut said = said.clone();
    let name = |value: &Value| Value::as_str(value).map(str::to_owned);
    // What is no profile is refused where members are judged.
    let asked = match said.get(fapi_profile::NAME).filter(|value| !value.is_null()) {
        None => None,
        Some(value) => match name(value).as_deref().and_then(Profile::parse) {
            None => return said,
            known => known,
        },
    };
    let kept = before.and_then(|before| profile_of(&before.metadata));
    if let Some(kept) = kept.filter(|_| kept > asked) {
        said.insert(fapi_profile::NAME.to_owned(), Value::from(kept.as_str()));
    }
    said
}

/// Whether the profile of an app with these members has this one on.
pub(crate) fn implies(kept: &BTreeMap<String, String>, member: &str) -> bool {
    profile_of(kept).is_some_and(|profile| implied(profile).any(|implied| implied == member))
}

/// Whether there is a profile that has this member on.
pub(crate) fn can_be_implied(member: &str) -> bool {
    Profile::ALL.iter().flat_map(|profile| implied(*profile)).any(|implied| implied == member)
}

/// The members that are off, and that this profile has on: who goes over to it takes that back.
pub(crate) fn off_against(
    kept: &BTreeMap<String, String>,
    profile: Profile,
) -> impl Iterator<Item = &'static str> {
    implied(profile).filter(|member| kept.get(*member).is_some_and(|value| value != "true"))
}

/// The members that follow from a profile.
fn implied(profile: Profile) -> impl Iterator<Item = &'static str> {
    let always = ["require_pushed_authorization_requests", "dpop_bound_access_tokens"];
    always.into_iter().chain(profile.signs_messages().then_some("require_signed_request_object"))
}

/// Adds what follows from the profile to these members.
pub(super) fn complete_members(kept: &mut BTreeMap<String, String>) {
    for member in profile_of(kept).into_iter().flat_map(implied) {
        kept.entry(member.to_owned()).or_insert_with(|| Value::from(true).to_string());
    }
}

/// These settings with what follows from the profile.
pub(super) fn complete(settings: AppSettings, kept: &BTreeMap<String, String>) -> AppSettings {
    if profile_of(kept).is_none() {
        return settings;
    }
    let method = settings.token_endpoint_auth_method.or_else(|| Some(PRIVATE_KEY_JWT.to_owned()));
    let rs256 = settings.id_token_alg == Algorithm::Rs256.as_str();
    let id_token_alg = if rs256 { ID_TOKEN_ALG.as_str().to_owned() } else { settings.id_token_alg };
    AppSettings {
        token_endpoint_auth_method: method,
        pkce_required: true,
        rotate_refresh: false,
        id_token_alg,
        ..settings
    }
}

/// What is wrong with an app's kind, addresses and members.
pub(super) fn problems(
    public: bool,
    redirect_uris: &[String],
    kept: &BTreeMap<String, String>,
) -> Vec<ProfileProblem> {
    let Some(profile) = profile_of(kept) else { return Vec::new() };
    let plain = redirect_uris.iter().position(|uri| !uri.starts_with("https://"));
    let good = |text: &String| {
        let name: Option<String> = serde_json::from_str(text).ok();
        name.is_some_and(|name| fapi::ALGORITHMS.iter().any(|algorithm| algorithm.as_str() == name))
    };
    let foreign = ALGORITHMS.into_iter().filter(|member| !kept.get(*member).is_none_or(good));
    let off = |member: &&str| kept.get(*member).is_some_and(|value| value != "true");
    let found = [
        public.then_some(ProfileProblem::Public),
        plain.map(|position| ProfileProblem::RedirectUri { position }),
    ];
    let found = found.into_iter().flatten();
    let found = found.chain(foreign.map(ProfileProblem::Algorithm));
    found.chain(implied(profile).filter(off).map(ProfileProblem::Contradicted)).collect()
}

/// What is wrong with an app's settings.
pub(super) fn settings_problem(
    settings: &AppSettings,
    kept: &BTreeMap<String, String>,
) -> Option<ProfileProblem> {
    profile_of(kept)?;
    let algorithm = Algorithm::parse(&settings.id_token_alg);
    let found = [
        (settings.public, ProfileProblem::Public),
        (means(settings) != Means::SigningKey, ProfileProblem::Method),
        (!settings.pkce_required, ProfileProblem::Pkce),
        (settings.rotate_refresh, ProfileProblem::Rotation),
        (
            !algorithm.is_some_and(|algorithm| fapi::ALGORITHMS.contains(&algorithm)),
            ProfileProblem::IdTokenAlgorithm,
        ),
    ];
    found.into_iter().find(|(wrong, _)| *wrong).map(|(_, problem)| problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(members: &[(&str, Value)]) -> BTreeMap<String, String> {
        members.iter().map(|(name, value)| ((*name).to_owned(), value.to_string())).collect()
    }

    const CALLBACK: &str = "https://a.example/callback";

    /// FAPI 2.0 §5.3.2, §5.4.1.
    #[test]
    fn dc_06_what_contradicts_a_profile_is_refused_and_nothing_else() {
        let security = ("fapi_profile", Value::from("fapi2_security"));
        let signing = ("fapi_profile", Value::from("fapi2_message_signing"));
        let off = |name| (name, Value::from(false));
        let (pushes, binds, signs) = (
            "require_pushed_authorization_requests",
            "dpop_bound_access_tokens",
            "require_signed_request_object",
        );
        for (public, uri, members, expected) in [
            (true, "http://a.example", vec![off(pushes)], vec![]),
            (false, CALLBACK, vec![security.clone()], vec![]),
            (false, CALLBACK, vec![security.clone(), off(signs)], vec![]),
            (true, CALLBACK, vec![security.clone()], vec![ProfileProblem::Public]),
            (
                false,
                "http://localhost/callback",
                vec![security.clone()],
                vec![ProfileProblem::RedirectUri { position: 0 }],
            ),
            (
                false,
                CALLBACK,
                vec![security.clone(), off(pushes), off(binds)],
                vec![ProfileProblem::Contradicted(pushes), ProfileProblem::Contradicted(binds)],
            ),
            (false, CALLBACK, vec![signing, off(signs)], vec![ProfileProblem::Contradicted(signs)]),
            (
                false,
                CALLBACK,
                vec![security.clone(), ("userinfo_signed_response_alg", "RS256".into())],
                vec![ProfileProblem::Algorithm("userinfo_signed_response_alg")],
            ),
            (false, CALLBACK, vec![security, ("userinfo_signed_response_alg", "PS256".into())], vec![]),
        ] {
            let found = problems(public, &[uri.to_owned()], &kept(&members));
            assert_eq!(found, expected, "{public} {uri} {members:?}");
        }
    }

    /// RFC 7592 §2.2.
    #[test]
    fn dc_06_an_app_goes_over_to_a_profile_and_does_not_come_back() {
        let (security, signing) = ("fapi2_security", "fapi2_message_signing");
        let on = |profile: Option<&str>| {
            let metadata =
                profile.map(|profile| kept(&[("fapi_profile", profile.into())])).unwrap_or_default();
            AppLists { metadata, ..AppLists::default() }
        };
        for (before, said, expected) in [
            (None, Value::Null, Value::Null),
            (None, security.into(), security.into()),
            (Some(security), Value::Null, security.into()),
            (Some(security), security.into(), security.into()),
            (Some(security), signing.into(), signing.into()),
            (Some(signing), security.into(), signing.into()),
            (Some(signing), Value::Null, signing.into()),
            // What is no profile is refused as such.
            (Some(signing), "fapi1".into(), "fapi1".into()),
            (Some(signing), Value::from(1), Value::from(1)),
        ] {
            let text = Map::from_iter([(fapi_profile::NAME.to_owned(), said.clone())]);
            let read = keep_profile(&text, Some(&on(before)));
            assert_eq!(read[fapi_profile::NAME], expected, "{before:?} {said}");
            let new = keep_profile(&text, None);
            assert_eq!(new, text, "a new app has none to keep");
        }
        let silent = keep_profile(&Map::new(), Some(&on(Some(security))));
        assert_eq!(silent.get(fapi_profile::NAME), Some(&Value::from(security)));
    }

    /// FAPI 2.0 §5.3.2.1.
    #[test]
    fn a_profile_adds_what_follows_from_it_and_leaves_what_was_said() {
        let mut members = kept(&[
            ("fapi_profile", "fapi2_message_signing".into()),
            ("dpop_bound_access_tokens", false.into()),
        ]);
        complete_members(&mut members);
        let on = |name: &str| members.get(name).map(String::as_str);
        assert_eq!(on("require_pushed_authorization_requests"), Some("true"));
        assert_eq!(on("require_signed_request_object"), Some("true"));
        assert_eq!(on("dpop_bound_access_tokens"), Some("false"), "which is refused, not mended");
        let mut none = BTreeMap::new();
        complete_members(&mut none);
        assert!(none.is_empty());
    }
}
