//! How an app that keeps a secret proves itself, and how its tokens behave — RFC 6749 §2.3, RFC 9700 §2.1.1, §4.14.2.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use super::{
    change::told,
    developer::{Written, console_page},
    facts::Facts,
    fields::Fields,
};
use crate::{
    app::App,
    contention,
    interaction::{PageError, see_other},
    pages::console::{app::AppNotice, security::Security},
    registration::Grants,
    store::apps::{self, AppSettings},
};

/// `POST /console/apps/{id}/security`.
pub(crate) async fn submit(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        let fields = Fields::named(developer.visit(), &["auth_method", "pkce", "refresh_tokens"])?;
        contention::until_done(|| async {
            let facts = Facts::read(&developer, &id).await?;
            let settings = chosen(&fields, facts.settings())?;
            if settings != *facts.settings() {
                let lists = &facts.registered.lists;
                let unit = facts.guard().with(apps::update(&id, &settings, lists, developer.now()));
                if matches!(developer.commit(unit).await?, Written::Changed { .. }) {
                    return Ok(None);
                }
            }
            Ok(Some(see_other(&told(&id, AppNotice::Saved))?))
        })
        .await
    })
    .await
}

/// What the page shows of an app; `None` for a public one, which has no choice.
pub(super) fn shown(settings: &AppSettings) -> Option<Security> {
    let grants = Grants::restore(&settings.grant_types);
    (!settings.public).then(|| Security {
        auth_method: settings.token_endpoint_auth_method.clone(),
        pkce_required: settings.pkce_required,
        rotate_refresh: settings.rotate_refresh,
        signs_people_in: grants.code(),
    })
}

/// The settings with what the form chose. A machine's form asks for the method alone.
fn chosen(fields: &Fields<'_>, before: &AppSettings) -> Result<AppSettings, PageError> {
    if before.public {
        return Err(PageError::BadRequest);
    }
    let method = match fields.text("auth_method")? {
        "any" => None,
        method @ ("client_secret_basic" | "client_secret_post") => Some(method.to_owned()),
        _ => return Err(PageError::BadRequest),
    };
    let machine = Grants::restore(&before.grant_types).is_machine_only();
    let either = |name: &str, yes: &str, no: &str, before: bool| match fields.optional(name) {
        None if machine => Ok(before),
        Some(value) if value == yes => Ok(true),
        Some(value) if value == no => Ok(false),
        None | Some(_) => Err(PageError::BadRequest),
    };
    Ok(AppSettings {
        token_endpoint_auth_method: method,
        pkce_required: either("pkce", "required", "optional", before.pkce_required)?,
        rotate_refresh: either("refresh_tokens", "rotate", "keep", before.rotate_refresh)?,
        ..before.clone()
    })
}
