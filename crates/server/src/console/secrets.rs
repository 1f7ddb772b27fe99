//! Secrets of an app: made here, shown once, kept as digests — RFC 6749 §2.3.1, AD-05.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use mapae_protocol::secret::Secret;

use super::{
    app_page,
    change::told,
    developer::{Developer, Written, console_page},
    facts::Facts,
    fields::Fields,
};
use crate::{
    app::App,
    audit::Event,
    client_auth::secret,
    contention,
    fault::Fault,
    ids::Kind,
    interaction::{PageError, see_other},
    pages::console::{app::AppNotice, secret::SecretOnce},
    registration::{keeps_secret, signs_with_secret},
    store::{
        Unit,
        app_secrets::{self, Before},
        apps,
    },
};

/// `POST /console/apps/{id}/secrets`.
pub(crate) async fn submit(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        let fields = Fields::named(developer.visit(), &["decision", "former"])?;
        match fields.text("decision")? {
            "rotate" => rotate(&developer, &id, &fields, Before::overlapping(developer.now())).await,
            "replace" => rotate(&developer, &id, &fields, Before::Stolen).await,
            "end-former" => stop_former(&developer, &id, fields.text("former")?).await,
            _ => Err(PageError::BadRequest),
        }
    })
    .await
}

async fn rotate(
    developer: &Developer,
    id: &str,
    fields: &Fields<'_>,
    before: Before,
) -> Result<Response, PageError> {
    let name = developer.name_of(Kind::Secret, fields);
    contention::until_done(|| async {
        let facts = Facts::read(developer, id).await?;
        require_secrets(&facts)?;
        let signs = signs_with_secret(facts.settings(), &facts.registered.lists)
            .then(|| developer.app().master_key());
        let (secret, kept) = secret::generate_for(id, name.clone(), signs);
        let unit = facts.guard().with(app_secrets::rotate(id, &kept, before, developer.now()));
        match developer.commit(unit).await? {
            Written::Done => {
                developer.about(id).note(match before {
                    Before::Stolen => Event::AppSecretReplaced,
                    Before::ValidUntil(_) | Before::EndNow => Event::AppSecretRotated,
                });
                Ok(Some(show(developer, &facts, &secret, before)))
            }
            // The same form again: that secret was made, and is not shown again.
            Written::Changed { statement: app_secrets::MADE_BEFORE } => {
                Ok(Some(see_other(&told(id, AppNotice::SecretShown))?))
            }
            Written::Changed { .. } => Ok(None),
        }
    })
    .await
}

fn show(developer: &Developer, facts: &Facts, secret: &Secret<String>, before: Before) -> Response {
    let former_until = before.last_end(&facts.registered.secrets, developer.now());
    developer.show(&SecretOnce {
        desk: developer.desk(),
        app: app_page::shown(&facts.registered.app),
        secret: secret.expose().clone(),
        former_until: former_until.map(|end| developer.moment(end)),
    })
}

/// Ends the secrets that the page has shown as former ones, and no other: one that was in use on a page from before a
/// rotation goes on, although it is a former one by now.
async fn stop_former(developer: &Developer, id: &str, former: &str) -> Result<Response, PageError> {
    let former: Vec<&str> = former.split_ascii_whitespace().collect();
    if former.is_empty() {
        return Err(PageError::BadRequest);
    }
    let facts = Facts::read(developer, id).await?;
    require_secrets(&facts)?;
    let stop = app_secrets::stop_former(id, &former, developer.now());
    match developer.commit(Unit::from(apps::guard_owner(&facts.registered.app)).with(stop)).await? {
        Written::Done => {
            developer.about(id).note(Event::AppSecretEnded);
            Ok(see_other(&told(id, AppNotice::SecretEnded))?)
        }
        Written::Changed { .. } => not_stopped(developer, id, &former).await,
    }
}

/// What is told when the secrets were others by then. A second click finds them ended already: it is as it was wished.
async fn not_stopped(developer: &Developer, id: &str, former: &[&str]) -> Result<Response, PageError> {
    let facts = Facts::read(developer, id).await?;
    require_secrets(&facts)?;
    let now = developer.now();
    let live: Vec<_> = facts.registered.secrets.iter().filter(|secret| secret.valid(now)).collect();
    let goes_on = |one: &&str| live.iter().any(|secret| secret.id == **one && secret.expires_at.is_some());
    if former.iter().all(goes_on) {
        return Err(Fault::Contention.into());
    }
    let notice = if live.len() > 1 { AppNotice::SecretsChanged } else { AppNotice::SecretEnded };
    Ok(see_other(&told(id, notice))?)
}

/// The page of an app without secrets has no such form.
fn require_secrets(facts: &Facts) -> Result<(), PageError> {
    if keeps_secret(facts.settings()) { Ok(()) } else { Err(PageError::BadRequest) }
}
