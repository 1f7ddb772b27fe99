//! What an app that manages its registration, or is a document, makes stricter and never looser, because somebody else has set
//! it — RFC 7592 §2.2.
//!
//! Its profile has a rule of its own ([`keep_profile`](super::keep_profile)), and so has PKCE.

use mapae_protocol::{client_jwt::ClientAlgorithm, fapi};
use serde_json::{Map, Value};

use super::profile::profile_of;
use crate::{
    client_auth::{self, Means, NONE},
    store::apps::{AppLists, AppSettings, RegisteredApp},
};

/// The member that says how an app proves itself; it is no other member of an app's list.
pub(crate) const TOKEN_ENDPOINT_AUTH_METHOD: &str = "token_endpoint_auth_method";

/// The member that says by what its ID tokens are signed; it is no other member of an app's list either.
pub(crate) const ID_TOKEN_ALG: &str = "id_token_signed_response_alg";

/// Members of which one value is stricter than another.
const STRICT: &[&str] = &[
    TOKEN_ENDPOINT_AUTH_METHOD,
    ID_TOKEN_ALG,
    "dpop_bound_access_tokens",
    "require_pushed_authorization_requests",
    "require_signed_request_object",
    "token_endpoint_auth_signing_alg",
    "request_object_signing_alg",
    "authorization_signed_response_alg",
    "userinfo_signed_response_alg",
];

/// How strict a value is; what is left out stands for its default. `None`: it is none that there is.
fn strength(member: &str, value: Option<&Value>) -> Option<u8> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Some(match member {
            TOKEN_ENDPOINT_AUTH_METHOD => 1,
            ID_TOKEN_ALG => 2,
            _ => 0,
        });
    };
    match (member, value) {
        (TOKEN_ENDPOINT_AUTH_METHOD, Value::String(name)) => {
            client_auth::named(name).map(|method| match method.means() {
                Means::Nothing => 0,
                Means::SentSecret => 1,
                Means::SigningSecret => 2,
                Means::SigningKey => 3,
            })
        }
        (_, Value::String(name)) => ClientAlgorithm::parse(name).map(|algorithm| match algorithm {
            ClientAlgorithm::Shared => 1,
            ClientAlgorithm::Private(algorithm) if fapi::ALGORITHMS.contains(&algorithm) => 3,
            ClientAlgorithm::Private(_) => 2,
        }),
        (_, Value::Bool(on)) => Some(u8::from(*on)),
        _ => None,
    }
}

/// A member as an app has it.
fn value(member: &str, (settings, lists): (&AppSettings, &AppLists)) -> Option<Value> {
    match member {
        TOKEN_ENDPOINT_AUTH_METHOD if settings.public => Some(Value::from(NONE)),
        TOKEN_ENDPOINT_AUTH_METHOD => settings.token_endpoint_auth_method.clone().map(Value::from),
        ID_TOKEN_ALG => Some(Value::from(settings.id_token_alg.clone())),
        _ => serde_json::from_str(lists.metadata.get(member)?).ok(),
    }
}

fn is_held(settings: &AppSettings, member: &str) -> bool {
    settings.held_members.split_ascii_whitespace().any(|held| held == member)
}

/// What is held of an app from now on, after somebody else has changed it and has named these members: those that they have
/// named or changed, as far as they are stricter than what is so without a word. What a profile has on goes with the profile.
pub(crate) fn held_after(
    before: &RegisteredApp,
    after: (&AppSettings, &AppLists),
    named: &[String],
) -> String {
    if before.registered.is_none() {
        return String::new();
    }
    let was = (&before.app.settings, &before.lists);
    let on_profile = profile_of(&after.1.metadata).is_some();
    let is_set = |member: &str| {
        named.iter().any(|named| named == member)
            || (!on_profile && value(member, was) != value(member, after))
    };
    let is_strict = |member: &str| strength(member, value(member, after).as_ref()) > strength(member, None);
    let held = |member: &&&str| is_strict(member) && (is_set(member) || is_held(was.0, member));
    STRICT.iter().filter(held).copied().collect::<Vec<_>>().join(" ")
}

/// What an app says of itself, as strict as it is already where that is held.
pub(crate) fn keep_held(mut said: Map<String, Value>, before: Option<&RegisteredApp>) -> Map<String, Value> {
    let Some(before) = before else { return said };
    let settings = &before.app.settings;
    for member in STRICT.iter().filter(|member| is_held(settings, member)) {
        let kept = value(member, (settings, &before.lists));
        let (now, asked) = (strength(member, kept.as_ref()), strength(member, said.get(*member)));
        // What is no value of this member is refused where members are judged.
        if let (Some(kept), true) = (kept, asked.is_some() && asked <= now) {
            said.insert((*member).to_owned(), kept);
        }
    }
    said
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// RFC 7592 §2.2.
    #[test]
    fn dc_06_what_is_stricter_and_what_is_no_value_at_all() {
        for member in STRICT {
            let default = strength(member, None);
            assert!(default.is_some(), "{member}");
            assert_eq!(strength(member, Some(&Value::Null)), default, "{member}: null is nothing");
            assert_eq!(strength(member, Some(&json!("nonsense"))), None, "{member}");
            assert_eq!(strength(member, Some(&json!([]))), None, "{member}");
        }
        for (member, ascending) in [
            (
                TOKEN_ENDPOINT_AUTH_METHOD,
                &[
                    json!("none"),
                    json!("client_secret_post"),
                    json!("client_secret_jwt"),
                    json!("private_key_jwt"),
                ][..],
            ),
            (ID_TOKEN_ALG, &[json!("RS256"), json!("ES256")]),
            ("request_object_signing_alg", &[Value::Null, json!("HS256"), json!("RS256"), json!("EdDSA")]),
            ("dpop_bound_access_tokens", &[json!(false), json!(true)]),
        ] {
            let of = |value: &Value| strength(member, Some(value)).unwrap();
            assert!(ascending.is_sorted_by(|one, next| of(one) < of(next)), "{member}");
        }
    }
}
