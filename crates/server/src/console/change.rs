//! Changing an app: the whole that it would be is judged, and written only if nothing moved meanwhile — AD-04.

use axum::response::Response;
use mapae_protocol::secret::Secret;

use super::{
    app_page::{self, Typed},
    developer::{Developer, Written},
    facts::Facts,
    fields::Fields,
};
use crate::{
    audit::Event,
    client_auth::secret,
    contention,
    ids::Kind,
    interaction::{PageError, see_other},
    pages::{at, console::app::AppNotice, console::secret::SecretOnce},
    registration::{Draft, sector_after, shows_otherwise},
    store::{Unit, app_secrets, apps, vouching},
};

/// What one form of the app page changes.
#[derive(Debug)]
pub(super) struct Change {
    /// The app as it would be.
    pub(super) draft: Draft,
    /// What must be shown again if it is refused, besides the draft.
    pub(super) typed: Typed,
}

/// Saves what a form says about an app. `read` is asked again whenever the facts have changed.
pub(super) async fn save(
    developer: &Developer,
    id: &str,
    fields: &Fields<'_>,
    read: impl Fn(&Facts) -> Result<Change, PageError>,
) -> Result<Response, PageError> {
    contention::until_done(|| async {
        let facts = Facts::read(developer, id).await?;
        let Change { draft, typed } = read(&facts)?;
        let (settings, lists) = match draft.judge(facts.around()) {
            Ok(app) => app.changed(facts.settings()),
            Err(mistakes) => {
                return app_page::refused(developer, &facts, &draft, typed, &mistakes).map(Some);
            }
        };
        if (&settings, &lists) == (facts.settings(), &facts.registered.lists) {
            return Ok(Some(see_other(&told(id, AppNotice::Saved))?));
        }
        let (switched, secret) = switch_kind(developer, &facts, settings.public, fields);
        // The operator has looked at another app than the one that it becomes.
        let other = shows_otherwise(&facts.registered, &settings, &lists);
        let other = other.then(|| vouching::withdraw(id, developer.now()));
        let sector = sector_after(&facts.registered, &settings, &lists);
        let written = (&settings, &lists);
        let update = apps::update_moving(&facts.registered, written, sector.as_deref(), developer.now());
        let unit = facts.guard().with(update).with_all(other).with(switched);
        match (developer.commit(unit).await?, secret) {
            (Written::Changed { .. }, _) => Ok(None),
            (Written::Done, None) => {
                developer.about(id).note(Event::AppChanged);
                Ok(Some(see_other(&told(id, AppNotice::Saved))?))
            }
            (Written::Done, Some(secret)) => {
                developer.about(id).note(Event::AppChanged);
                let facts = Facts::read(developer, id).await?;
                Ok(Some(show_secret(developer, &facts, &secret)))
            }
        }
    })
    .await
}

/// What a change of kind means: what was made for the app in its old kind ends. A public app keeps no secret; one
/// that now keeps one gets its first.
fn switch_kind(
    developer: &Developer,
    facts: &Facts,
    public: bool,
    fields: &Fields<'_>,
) -> (Unit, Option<Secret<String>>) {
    if facts.settings().public == public {
        return (Unit::new(), None);
    }
    let (id, now) = (facts.id(), developer.now());
    let ended = apps::revoke(id, now);
    if public {
        return (ended.with(app_secrets::remove_all(id)), None);
    }
    let (secret, kept) = secret::generate(developer.name_of(Kind::Secret, fields));
    (ended.with(app_secrets::insert(id, &kept, now)), Some(secret))
}

/// The answer that shows a first secret.
pub(super) fn show_secret(developer: &Developer, facts: &Facts, secret: &Secret<String>) -> Response {
    developer.show(&SecretOnce {
        desk: developer.desk(),
        app: app_page::shown(&facts.registered.app),
        secret: secret.expose().clone(),
        former_until: None,
    })
}

/// The address of an app's page, with what to tell there.
pub(super) fn told(id: &str, notice: AppNotice) -> String {
    at::with(&at::app(id), app_page::DONE, notice.name())
}
