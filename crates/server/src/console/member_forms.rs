//! What an app registers beyond what every app has — OIDC Registration §2, RFC 7591 §2, RFC 9126 §6, JARM §3,
//! OIDC RP-Initiated Logout §3.1, OIDC Back-Channel Logout §2.2, OIDC Front-Channel Logout §2.
//!
//! Which member is asked where stands in [`FIELDS`]; what may be written is said by
//! [`MEMBERS`](crate::registration::MEMBERS), as for everybody who registers an app.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use mapae_protocol::jose::Algorithm;
use serde_json::Value;

use super::{
    app_page::Typed,
    change::{self, Change},
    developer::console_page,
    facts::Facts,
    fields::Fields,
    member_wording,
};
use crate::{
    app::App,
    interaction::PageError,
    pages::{
        console::members::{Field, ID_TOKEN_ALG, Kind, MemberForm, NONE, Needs, OFF, ON, Part, ShownField},
        input::Input,
    },
    registration::{Draft, Grants, Mistake, can_be_implied, implies},
};

/// `POST /console/apps/{id}/signing-out`.
pub(crate) async fn signing_out(
    State(app): State<App>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    submit(app, &id, request, Part::SigningOut).await
}

/// `POST /console/apps/{id}/requests`.
pub(crate) async fn requests(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    submit(app, &id, request, Part::Requests).await
}

/// `POST /console/apps/{id}/tokens`.
pub(crate) async fn tokens(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    submit(app, &id, request, Part::Tokens).await
}

/// `POST /console/apps/{id}/links`.
pub(crate) async fn links(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    submit(app, &id, request, Part::Links).await
}

async fn submit(app: App, id: &str, request: Request, part: Part) -> Response {
    console_page(app, request, async |developer| {
        let names: Vec<&str> = Field::of(part).map(|field| field.name).collect();
        let fields = Fields::named(developer.visit(), &names)?;
        change::save(&developer, id, &fields, |facts| changed(part, &fields, facts)).await
    })
    .await
}

/// The app with what this form says.
fn changed(part: Part, fields: &Fields<'_>, facts: &Facts) -> Result<Change, PageError> {
    let mut draft = facts.draft();
    let mut id_token_alg = None;
    for field in Field::of(part) {
        if is_left_out(field, fields, facts) {
            continue;
        }
        let value = read(field, fields.text(field.name)?)?;
        if field.name == ID_TOKEN_ALG {
            id_token_alg = value.as_ref().and_then(Value::as_str).and_then(Algorithm::parse);
        } else {
            draft.metadata = draft.metadata.chosen(field.name, value);
        }
    }
    let typed = Typed { id_token_alg, ..Typed::default() };
    Ok(Change { id_token_alg, typed, ..Change::of(draft, facts) })
}

/// Whether the page has no such field for the app as it is, or has none while the app is on a profile: one that was shown
/// then says nothing of it afterwards. It stays as it is.
fn is_left_out(field: &Field, fields: &Fields<'_>, facts: &Facts) -> bool {
    let asked = has(facts.grants(), field) && !can_be_implied(field.name);
    !asked && fields.optional(field.name).is_none()
}

fn has(grants: Grants, field: &Field) -> bool {
    match field.needs {
        Needs::Nothing => true,
        Needs::People => grants.for_persons(),
        Needs::Requests => grants.code(),
    }
}

/// What was typed, as it is registered; `None`: nothing is. What fits no member stays as it was typed, and is refused.
fn read(field: &Field, text: &str) -> Result<Option<Value>, PageError> {
    let trimmed = text.trim();
    let chosen = |text| field.kind.choices(None).iter().any(|(value, _)| *value == text);
    match field.kind {
        Kind::Switch | Kind::Algorithm(_) | Kind::ClientAlgorithm(_) if !chosen(text) => {
            Err(PageError::BadRequest)
        }
        Kind::Switch => Ok((text == ON).then_some(Value::Bool(true))),
        Kind::Algorithm(_) | Kind::ClientAlgorithm(_) => Ok((text != NONE).then(|| Value::from(text))),
        Kind::Address | Kind::Lines | Kind::Seconds | Kind::Words if trimmed.is_empty() => Ok(None),
        Kind::Address => Ok(Some(Value::from(trimmed))),
        Kind::Lines => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            Ok(Some(lines.map(Value::from).collect()))
        }
        Kind::Words => Ok(Some(trimmed.split_whitespace().map(Value::from).collect())),
        Kind::Seconds => {
            let number = trimmed.parse::<u64>().map(Value::from);
            Ok(Some(number.unwrap_or_else(|_| Value::from(trimmed))))
        }
    }
}

/// The forms of an app, with what a draft of it holds and what is wrong with that.
pub(super) fn shown(facts: &Facts, draft: &Draft, typed: &Typed, mistakes: &[Mistake]) -> Vec<MemberForm> {
    let grants = facts.grants();
    let field = |field: &'static Field| {
        let value = match (field.name, typed.id_token_alg) {
            (ID_TOKEN_ALG, Some(chosen)) => Some(Value::from(chosen.as_str())),
            (ID_TOKEN_ALG, None) => Some(Value::from(facts.settings().id_token_alg.as_str())),
            (name, _) => draft.metadata.value(name),
        };
        ShownField {
            field,
            input: Input {
                value: text(field.kind, value.as_ref()),
                mistake: member_wording::mistake(field, draft, (facts, typed), mistakes),
            },
            fixed: implies(&facts.registered.lists.metadata, field.name),
        }
    };
    let form =
        |part| MemberForm { part, fields: Field::of(part).filter(|it| has(grants, it)).map(field).collect() };
    Part::ALL.map(form).into_iter().filter(|form| !form.fields.is_empty()).collect()
}

/// A value as it is typed or chosen.
fn text(kind: Kind, value: Option<&Value>) -> String {
    let list = |between: &str| {
        let items = value.and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).collect::<Vec<_>>().join(between)
    };
    match (kind, value) {
        (Kind::Lines, _) => list("\n"),
        (Kind::Words, _) => list(" "),
        (Kind::Switch, Some(Value::Bool(true))) => ON.to_owned(),
        (Kind::Switch, _) => OFF.to_owned(),
        (_, Some(Value::String(text))) => text.clone(),
        (_, Some(value)) => value.to_string(),
        (Kind::Algorithm(_) | Kind::ClientAlgorithm(_), None) => NONE.to_owned(),
        (Kind::Address | Kind::Seconds, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{pages::console::members::FIELDS, registration::MEMBERS};

    /// Members that another form of the page asks for.
    const ASKED_ELSEWHERE: &[(&str, &str)] = &[
        ("jwks", "security"),
        ("jwks_uri", "security"),
        ("require_signed_request_object", "security"),
        ("dpop_bound_access_tokens", "security"),
        ("fapi_profile", "security"),
        ("logo_uri", "icon: the picture is uploaded, and nothing is fetched"),
    ];

    /// Members for which nobody is asked.
    const NOT_ASKED: &[(&str, &str)] = &[
        ("require_auth_time", "every ID token says it"),
        ("client_name#ko", "the pages show one name, which the form general asks"),
        ("client_name#en", "the pages show one name, which the form general asks"),
        ("application_type", "here the difference is made by the secret, which the form general asks"),
        ("software_id", "said by software that registers itself"),
        ("software_version", "said by software that registers itself"),
        ("sector_identifier_uri", "fetched, and an app of the console is a sector of its own"),
    ];

    #[test]
    fn oidc_registration_2_every_member_is_asked_for_or_there_is_a_reason() {
        let registered: BTreeSet<&str> = MEMBERS.iter().map(|member| member.name()).collect();
        let fields = FIELDS.iter().map(|field| field.name).filter(|name| *name != ID_TOKEN_ALG);
        let listed = ASKED_ELSEWHERE.iter().chain(NOT_ASKED).map(|(name, _)| *name);
        let mut known = BTreeSet::new();
        for name in fields.chain(listed) {
            assert!(known.insert(name), "{name} is there twice");
        }
        let forgotten: Vec<_> = registered.difference(&known).collect();
        let unknown: Vec<_> = known.difference(&registered).collect();
        assert!(forgotten.is_empty(), "add a line to FIELDS for {forgotten:?}, or say here why not");
        assert!(unknown.is_empty(), "no such members: {unknown:?}");
    }

    /// A field of this kind.
    fn of(kind: Kind) -> Field {
        let mut field = FIELDS[0];
        field.kind = kind;
        field
    }

    #[test]
    fn what_is_typed_is_shown_again_as_it_was_typed() {
        for (kind, typed) in [
            (Kind::Address, "https://a.example/"),
            (Kind::Address, "a.example"),
            (Kind::Address, ""),
            (Kind::Lines, "https://a.example/\nhttps://b.example/"),
            (Kind::Words, "1 0 gold"),
            (Kind::Seconds, "3600"),
            (Kind::Seconds, "an hour"),
            (Kind::Seconds, "-1"),
            (Kind::Seconds, "99999999999999999999"),
            (Kind::Switch, ON),
            (Kind::Switch, OFF),
            (Kind::Algorithm(Some("member.plain")), NONE),
            (Kind::Algorithm(None), "ES256"),
            (Kind::ClientAlgorithm("member.any_algorithm"), "HS256"),
        ] {
            let value = read(&of(kind), typed).unwrap();
            assert_eq!(text(kind, value.as_ref()), typed, "{kind:?}");
        }
    }

    #[test]
    fn ad_03_what_cannot_be_chosen_is_no_form_of_ours() {
        for (kind, typed) in [
            (Kind::Switch, "true"),
            (Kind::Switch, ""),
            (Kind::Algorithm(None), NONE),
            (Kind::Algorithm(Some("member.plain")), "HS256"),
            (Kind::ClientAlgorithm("member.any_algorithm"), "HS512"),
            (Kind::ClientAlgorithm("member.any_algorithm"), "es256"),
        ] {
            assert!(read(&of(kind), typed).is_err(), "{kind:?} {typed}");
        }
    }
}
