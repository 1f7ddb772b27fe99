//! Changing an app: the whole that it would be is judged, and written only if nothing moved meanwhile — AD-04.

use axum::response::Response;
use mapae_protocol::{jose::Algorithm, secret::Secret};

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
    registration::{
        Appearance, Draft, Mistake, ends_what_was_made, held_after, judge_authentication, keeps_secret,
        sector_after, shows_otherwise, signs_with_secret,
    },
    store::{
        Unit,
        app_secrets::{self, Before},
        apps::{self, AppLists, AppSettings},
        consents, verification,
    },
};

/// What one form of the app page changes.
#[derive(Debug)]
pub(super) struct Change {
    /// The app as it would be.
    pub(super) draft: Draft,
    /// What it is besides the draft: a profile of the draft has on what it asks for, whatever this says.
    pub(super) settings: AppSettings,
    /// What its ID tokens are signed with from now on, also if its profile forbids that, which is told then.
    pub(super) id_token_alg: Option<Algorithm>,
    /// What must be shown again if it is refused, besides the draft.
    pub(super) typed: Typed,
}

impl Change {
    /// One of the draft alone.
    pub(super) fn of(draft: Draft, facts: &Facts) -> Self {
        Self { draft, settings: facts.settings().clone(), id_token_alg: None, typed: Typed::default() }
    }

    /// The app that it makes, or everything that is wrong with it.
    fn judged(&self, facts: &Facts) -> Result<(AppSettings, AppLists), Wrong> {
        let app = self.draft.judge(facts.around()).map_err(Wrong::Draft)?;
        let (settings, lists) = app.changed(&self.settings);
        let id_token_alg =
            self.id_token_alg.map_or(settings.id_token_alg, |algorithm| algorithm.as_str().to_owned());
        let settings = AppSettings { id_token_alg, ..settings };
        judge_authentication(&settings, &lists).map_err(Wrong::Authentication)?;
        let held_members = held_after(&facts.registered, (&settings, &lists), &[]);
        Ok((AppSettings { held_members, ..settings }, lists))
    }
}

/// Why an app cannot be as a form wants it.
#[derive(Debug)]
enum Wrong {
    Draft(Vec<Mistake>),
    Authentication(crate::registration::AuthenticationProblem),
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
        let change = read(&facts)?;
        match change.judged(&facts) {
            Ok(app) => write(developer, &facts, fields, &app).await,
            Err(Wrong::Draft(mistakes)) => {
                app_page::refused(developer, &facts, &change.draft, change.typed, &mistakes).map(Some)
            }
            Err(Wrong::Authentication(problem)) => {
                let typed = Typed { authentication: Some(problem), ..change.typed };
                app_page::refused(developer, &facts, &change.draft, typed, &[]).map(Some)
            }
        }
    })
    .await
}

/// `None`: something changed meanwhile.
async fn write(
    developer: &Developer,
    facts: &Facts,
    fields: &Fields<'_>,
    (settings, lists): &(AppSettings, AppLists),
) -> Result<Option<Response>, PageError> {
    let (id, now) = (facts.id(), developer.now());
    if (settings, lists) == (facts.settings(), &facts.registered.lists) {
        return Ok(Some(see_other(&told(id, AppNotice::Saved))?));
    }
    let (secrets, secret) = secrets(developer, facts, (settings, lists), fields);
    // The operator has looked at another app than the one that it becomes.
    let other = shows_otherwise(&facts.registered, settings, lists).then(|| verification::withdraw(id, now));
    let sector = sector_after(&facts.registered, settings, lists);
    let update = apps::update_moving(&facts.registered, (settings, lists), sector.as_deref(), now);
    let ends = ends_what_was_made(&facts.registered, (settings, lists), sector.as_deref());
    let ended = ends.then(|| apps::revoke(id, now));
    // And whoever has agreed has seen another one.
    let seen = Appearance::to_keep(&facts.registered, (settings, lists), sector.as_deref())?;
    let seen = seen.map(|seen| consents::keep_agreed(id, &seen));
    let unit = facts.guard().with(update).with_all(other).with_all(ended).with_all(seen).with(secrets);
    if matches!(developer.commit(unit).await?, Written::Changed { .. }) {
        return Ok(None);
    }
    developer.about(id).note(Event::AppChanged);
    let Some(secret) = secret else { return Ok(Some(see_other(&told(id, AppNotice::Saved))?)) };
    let facts = Facts::read(developer, id).await?;
    Ok(Some(show_secret(developer, &facts, &secret)))
}

/// Who begins to sign with a secret, or to keep one, gets one for that; who signs with a key, or is public, keeps none.
fn secrets(
    developer: &Developer,
    facts: &Facts,
    (settings, lists): (&AppSettings, &AppLists),
    fields: &Fields<'_>,
) -> (Unit, Option<Secret<String>>) {
    let (id, now, before) = (facts.id(), developer.now(), facts.settings());
    let switched = before.public != settings.public;
    if !keeps_secret(settings) {
        let kept = switched || !facts.registered.secrets.is_empty();
        return (Unit::new().with_all(kept.then(|| app_secrets::remove_all(id))), None);
    }
    let signs = signs_with_secret(settings, lists);
    let signed = facts.registered.secrets.iter().any(|secret| secret.valid(now) && secret.sealed.is_some());
    if keeps_secret(before) && (signed || !signs) {
        return (Unit::new(), None);
    }
    let master = signs.then(|| developer.app().master_key());
    let (secret, kept) = secret::generate_for(id, developer.name_of(Kind::Secret, fields), master);
    (app_secrets::rotate(id, &kept, Before::EndNow, now), Some(secret))
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
