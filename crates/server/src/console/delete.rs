//! Deleting an app, after its name was typed.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use unicode_normalization::UnicodeNormalization as _;

use super::{
    app_page,
    developer::{Developer, Written, console_page},
    fields::Fields,
    home,
};
use crate::{
    app::App,
    audit::Event,
    fault::Fault,
    interaction::{PageError, see_other},
    issue::Sector,
    pages::{
        console::delete_app::{DeleteApp, NotTheName},
        input::Input,
        shown::Shown,
    },
    store::{
        Unit,
        apps::{self, RegisteredApp},
    },
};

/// `GET /console/apps/{id}/delete`.
pub(crate) async fn show(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        let registered = developer.own_app(&id).await?;
        Ok(developer.show(&page(&developer, &registered, Input::default()).await?))
    })
    .await
}

/// `POST /console/apps/{id}/delete`.
pub(crate) async fn submit(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        let registered = developer.own_app(&id).await?;
        let typed = Fields::named(developer.visit(), &["name"])?.text("name")?;
        if !is_name(typed, &registered) {
            let typed = Input::refused(typed, NotTheName);
            return Ok(developer.refuse(&page(&developer, &registered, typed).await?));
        }
        let theirs = Unit::from(apps::guard_owner(&registered.app));
        match developer.commit(theirs.with(apps::delete_for_ever(&id, developer.now()))).await? {
            Written::Done => {
                developer.about(&id).note(Event::AppDeleted);
                Ok(see_other(&home::after_deletion())?)
            }
            // Deleted at the same time on another page, or given to somebody else: not found any more.
            Written::Changed { .. } => {
                developer.own_app(&id).await?;
                Err(Fault::Contention.into())
            }
        }
    })
    .await
}

/// Whether it is the name that the page shows, in whatever spelling of its letters.
fn is_name(typed: &str, registered: &RegisteredApp) -> bool {
    let typed: String = typed.nfc().collect();
    !typed.trim().is_empty() && Shown::name(&typed) == Shown::name(&registered.app.settings.name)
}

async fn page(
    developer: &Developer,
    registered: &RegisteredApp,
    typed: Input<NotTheName>,
) -> Result<DeleteApp, PageError> {
    let people = developer.people().await?;
    let people = people.get(&registered.app.id).and_then(|count| u64::try_from(*count).ok());
    let client = developer.app().catalog().client(&registered.app.id).await?;
    Ok(DeleteApp {
        desk: developer.desk(),
        app: app_page::shown(&registered.app),
        people: people.unwrap_or_default(),
        own_ids: client.is_some_and(|client| matches!(Sector::of(&client), Sector::App(_))),
        typed,
    })
}
