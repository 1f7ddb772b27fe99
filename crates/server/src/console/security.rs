//! How an app that keeps a secret or a key proves itself, and how its requests and tokens behave — RFC 6749 §2.3,
//! RFC 9700 §2.1.1, §4.14.2, RFC 9101 §10.5, RFC 9449 §5.2, FAPI 2.0 §5.3.2.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use mapae_protocol::{fapi::Profile, secret::Secret};
use serde_json::Value;

use super::{
    app_page::{self, Typed},
    change::{show_secret, told},
    developer::{Developer, Written, console_page},
    facts::Facts,
    fields::Fields,
    security_wording::Wrong,
};
use crate::{
    app::App,
    audit::Event,
    client_auth::secret,
    contention,
    ids::Kind,
    interaction::{PageError, see_other},
    pages::{
        console::{app::AppNotice, security::Security},
        input::Input,
    },
    registration::{
        Draft, Grants, Members, begins_stricter, judge_authentication, keeps_secret, profile_of,
        signs_with_secret,
    },
    store::{
        Unit,
        app_secrets::{self, Before},
        apps::{self, AppLists, AppSettings},
    },
};

const FIELDS: [&str; 8] =
    ["auth_method", "jwks", "jwks_uri", "pkce", "refresh_tokens", "requests", "tokens", "profile"];

/// The methods that can be chosen, besides any that sends a secret.
const METHODS: [&str; 4] =
    ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"];

/// `POST /console/apps/{id}/security`.
pub(crate) async fn submit(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        let fields = Fields::named(developer.visit(), &FIELDS)?;
        contention::until_done(|| save(&developer, &id, &fields)).await
    })
    .await
}

/// `None`: something changed meanwhile.
async fn save(developer: &Developer, id: &str, fields: &Fields<'_>) -> Result<Option<Response>, PageError> {
    let facts = Facts::read(developer, id).await?;
    let chosen = chosen(fields, &facts)?;
    let (settings, lists) = match judged(&chosen, &facts) {
        Ok(app) => app,
        Err(wrong) => {
            let Wrong { security, draft, others } = *wrong;
            let typed = Typed { security: Some(security), ..Typed::default() };
            return app_page::refused(developer, &facts, &draft, typed, &others).map(Some);
        }
    };
    if (&settings, &lists) == (facts.settings(), &facts.registered.lists) {
        return Ok(Some(see_other(&told(id, AppNotice::Saved))?));
    }
    let now = developer.now();
    let (secrets, secret) = secrets(developer, &facts, (&settings, &lists), fields);
    let ended = begins_stricter(&facts.registered.lists, &lists).then(|| apps::revoke(id, now));
    let unit = facts.guard().with(apps::update(id, &settings, &lists, now)).with_all(ended).with(secrets);
    if matches!(developer.commit(unit).await?, Written::Changed { .. }) {
        return Ok(None);
    }
    developer.about(id).note(Event::AppChanged);
    let Some(secret) = secret else { return Ok(Some(see_other(&told(id, AppNotice::Saved))?)) };
    let facts = Facts::read(developer, id).await?;
    Ok(Some(show_secret(developer, &facts, &secret)))
}

/// Who begins to sign with a secret, or to keep one, gets one for that; who signs with a key keeps none.
fn secrets(
    developer: &Developer,
    facts: &Facts,
    (settings, lists): (&AppSettings, &AppLists),
    fields: &Fields<'_>,
) -> (Unit, Option<Secret<String>>) {
    let (id, now) = (facts.id(), developer.now());
    if !keeps_secret(settings) {
        let gone = (!facts.registered.secrets.is_empty()).then(|| app_secrets::remove_all(id));
        return (Unit::new().with_all(gone), None);
    }
    let signs = signs_with_secret(settings, lists);
    let signed = facts.registered.secrets.iter().any(|secret| secret.valid(now) && secret.sealed.is_some());
    if keeps_secret(facts.settings()) && (signed || !signs) {
        return (Unit::new(), None);
    }
    let master = signs.then(|| developer.app().master_key());
    let (secret, kept) = secret::generate_for(id, developer.name_of(Kind::Secret, fields), master);
    (app_secrets::rotate(id, &kept, Before::EndNow, now), Some(secret))
}

/// What the page shows of an app; `None` for a public one, which has no choice.
pub(super) fn shown(settings: &AppSettings, lists: &AppLists) -> Option<Security> {
    let text = |name: &str| match kept(lists, name) {
        None => String::new(),
        Some(Value::String(text)) => text,
        Some(json) => serde_json::to_string_pretty(&json).unwrap_or_default(),
    };
    let is_on = |name: &str| kept(lists, name) == Some(Value::Bool(true));
    (!settings.public).then(|| Security {
        auth_method: settings.token_endpoint_auth_method.clone(),
        jwks: Input::holding(text("jwks")),
        jwks_uri: Input::holding(text("jwks_uri")),
        pkce_required: settings.pkce_required,
        rotate_refresh: settings.rotate_refresh,
        signs_requests: is_on("require_signed_request_object"),
        binds_tokens: is_on("dpop_bound_access_tokens"),
        profile: profile_of(&lists.metadata),
        signs_people_in: Grants::restore(&settings.grant_types).code(),
        mistake: None,
    })
}

fn kept(lists: &AppLists, member: &str) -> Option<Value> {
    serde_json::from_str(lists.metadata.get(member)?).ok()
}

/// What the form chose. The form of an app that sends nobody here has no field for codes and requests.
fn chosen(fields: &Fields<'_>, facts: &Facts) -> Result<Security, PageError> {
    let before = shown(facts.settings(), &facts.registered.lists).ok_or(PageError::BadRequest)?;
    let auth_method = match fields.text("auth_method")? {
        "any" => None,
        method if METHODS.contains(&method) => Some(method.to_owned()),
        _ => return Err(PageError::BadRequest),
    };
    let either = |name: &str, yes: &str, no: &str| match fields.text(name)? {
        value if value == yes => Ok(true),
        value if value == no => Ok(false),
        _ => Err(PageError::BadRequest),
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
        binds_tokens: either("tokens", "bound", "any")?,
        profile,
        ..before
    })
}

/// Whether the form has no such field because the app sends nobody here.
fn is_left_out(name: &str, fields: &Fields<'_>, facts: &Facts) -> bool {
    !facts.grants().code() && fields.optional(name).is_none()
}

/// The app as it would be, or everything that is wrong with it. A profile has everything on that it asks for.
fn judged(chosen: &Security, facts: &Facts) -> Result<(AppSettings, AppLists), Box<Wrong>> {
    let members = members(chosen, facts);
    let draft = Draft { metadata: members, ..facts.draft() };
    let judged = draft.judge(facts.around());
    let app = judged.map_err(|mistakes| Wrong::of_draft(chosen, &draft, mistakes))?;
    let before = AppSettings {
        token_endpoint_auth_method: chosen.auth_method.clone(),
        pkce_required: chosen.pkce_required,
        rotate_refresh: chosen.rotate_refresh,
        ..facts.settings().clone()
    };
    let (settings, lists) = app.changed(&before);
    judge_authentication(&settings, &lists).map_err(|problem| Wrong::of_method(chosen, draft, problem))?;
    Ok((settings, lists))
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
    named.into_iter().fold(facts.draft().metadata, |members, (name, value)| {
        let same = kept(&facts.registered.lists, name) == value;
        if same { members } else { members.with(name.to_owned(), value) }
    })
}
