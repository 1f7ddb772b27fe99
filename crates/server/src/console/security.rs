//! How an app proves itself, if it keeps a secret or a key, and how its requests and tokens behave — RFC 6749 §2.3,
//! RFC 9700 §2.1.1, §4.14.2, RFC 9101 §10.5, RFC 9449 §5.2, FAPI 2.0 §5.3.2.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use mapae_protocol::fapi::Profile;
use serde_json::Value;

use super::{
    app_page::Typed,
    change::{self, Change},
    developer::console_page,
    facts::Facts,
    fields::Fields,
};
use crate::{
    app::App,
    client_auth::of_confidential_apps,
    interaction::PageError,
    pages::{
        console::security::{MethodChoice, Security},
        input::Input,
    },
    registration::{Draft, Grants, Members, keeps_secret, off_against, profile_of},
    store::apps::{AppLists, AppSettings},
};

/// Whether access tokens are bound to a key: the one field of every app.
const TOKENS: &str = "tokens";

const FIELDS: [&str; 8] =
    ["auth_method", "jwks", "jwks_uri", "pkce", "refresh_tokens", "requests", TOKENS, "profile"];

/// `POST /console/apps/{id}/security`.
pub(crate) async fn submit(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        let fields = Fields::named(developer.visit(), &FIELDS)?;
        change::save(&developer, &id, &fields, |facts| {
            let chosen = chosen(&fields, facts)?;
            Ok(Change {
                draft: Draft { metadata: members(&chosen, facts), ..facts.draft() },
                settings: AppSettings {
                    token_endpoint_auth_method: chosen.auth_method.clone(),
                    pkce_required: chosen.pkce_required,
                    rotate_refresh: chosen.rotate_refresh,
                    ..facts.settings().clone()
                },
                id_token_alg: None,
                typed: Typed { security: Some(chosen), ..Typed::default() },
            })
        })
        .await
    })
    .await
}

/// What the page shows of an app.
pub(super) fn shown(settings: &AppSettings, lists: &AppLists) -> Security {
    let text = |name: &str| match kept(lists, name) {
        None => String::new(),
        Some(Value::String(text)) => text,
        Some(json) => serde_json::to_string_pretty(&json).unwrap_or_default(),
    };
    let is_on = |name: &str| kept(lists, name) == Some(Value::Bool(true));
    Security {
        public: settings.public,
        auth_method: settings.token_endpoint_auth_method.clone(),
        methods: of_confidential_apps().map(|method| MethodChoice::new(method.name())).collect(),
        keeps_secret: keeps_secret(settings),
        jwks: Input::holding(text("jwks")),
        jwks_uri: Input::holding(text("jwks_uri")),
        pkce_required: settings.pkce_required,
        rotate_refresh: settings.rotate_refresh,
        signs_requests: is_on("require_signed_request_object"),
        binds_tokens: is_on("dpop_bound_access_tokens"),
        profile: profile_of(&lists.metadata),
        signs_people_in: Grants::restore(&settings.grant_types).code(),
        mistake: None,
    }
}

fn kept(lists: &AppLists, member: &str) -> Option<Value> {
    serde_json::from_str(lists.metadata.get(member)?).ok()
}

/// What the form chose. The form of an app that sends nobody here has no field for codes and requests, and that of a public
/// app only one for tokens.
fn chosen(fields: &Fields<'_>, facts: &Facts) -> Result<Security, PageError> {
    let before = shown(facts.settings(), &facts.registered.lists);
    let either = |name: &str, yes: &str, no: &str| match fields.text(name)? {
        value if value == yes => Ok(true),
        value if value == no => Ok(false),
        _ => Err(PageError::BadRequest),
    };
    let binds_tokens = either(TOKENS, "bound", "any")?;
    if before.public {
        let foreign = FIELDS.iter().any(|name| *name != TOKENS && fields.optional(name).is_some());
        return if foreign { Err(PageError::BadRequest) } else { Ok(Security { binds_tokens, ..before }) };
    }
    let auth_method = match fields.text("auth_method")? {
        "any" => None,
        name if of_confidential_apps().any(|method| method.name() == name) => Some(name.to_owned()),
        _ => return Err(PageError::BadRequest),
    };
    let of_people = |name: &str, yes: &str, no: &str, before: bool| {
        if is_left_out(name, fields, facts) { Ok(before) } else { either(name, yes, no) }
    };
    let profile = match fields.text("profile")? {
        "none" => None,
        name => Some(Profile::parse(name).ok_or(PageError::BadRequest)?),
    };
    Ok(Security {
        auth_method,
        jwks: Input::holding(fields.text("jwks")?.trim()),
        jwks_uri: Input::holding(fields.text("jwks_uri")?.trim()),
        pkce_required: of_people("pkce", "required", "optional", before.pkce_required)?,
        rotate_refresh: of_people("refresh_tokens", "rotate", "keep", before.rotate_refresh)?,
        signs_requests: of_people("requests", "signed", "any", before.signs_requests)?,
        binds_tokens,
        profile,
        ..before
    })
}

/// Whether the form has no such field because the app sends nobody here.
fn is_left_out(name: &str, fields: &Fields<'_>, facts: &Facts) -> bool {
    !facts.grants().code() && fields.optional(name).is_none()
}

/// The members of before, with what was chosen differently.
fn members(chosen: &Security, facts: &Facts) -> Members {
    let text = |text: &str| (!text.is_empty()).then(|| Value::from(text));
    let flag = |on: bool| on.then_some(Value::Bool(true));
    let keys = text(&chosen.jwks.value).map(|keys| {
        // What is no JSON stays text, which is no set of keys.
        serde_json::from_str(&chosen.jwks.value).unwrap_or(keys)
    });
    let named = [
        ("jwks", keys),
        ("jwks_uri", text(&chosen.jwks_uri.value)),
        ("require_signed_request_object", flag(chosen.signs_requests)),
        ("dpop_bound_access_tokens", flag(chosen.binds_tokens)),
        ("fapi_profile", chosen.profile.map(|profile| Value::from(profile.as_str()))),
    ];
    let off = chosen.profile.map(|profile| off_against(&facts.registered.lists.metadata, profile));
    let before =
        off.into_iter().flatten().fold(facts.draft().metadata, |members, name| members.chosen(name, None));
    named.into_iter().fold(before, |members, (name, value)| members.chosen(name, value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::console::security::words;

    #[test]
    fn every_method_that_can_be_chosen_has_its_words() {
        for method in of_confidential_apps() {
            assert!(words(method.name()).is_some(), "{}", method.name());
        }
    }
}
