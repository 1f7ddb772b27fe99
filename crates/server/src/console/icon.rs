//! The icon of an app.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use bytes::Bytes;

use super::{
    app_page::{self, Typed},
    change::told,
    developer::{self, Developer, Written, console_page},
    facts::Facts,
    fields::Fields,
    picture::{self, Picture, drawing},
    upload::{self, Sent},
};
use crate::{
    app::App,
    audit::Event,
    contention,
    interaction::{PageError, page, see_other},
    pages::{
        at,
        console::app::{AppNotice, IconProblem},
    },
    registration::LOGO_URI,
    store::{app_icons, apps, apps::AppSettings, verification},
};

/// `POST /console/apps/{id}/icon`.
pub(crate) async fn submit(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    // Only whoever may change the app's icon makes this server take a file in (G-33).
    let (request, sent) = match developer::may_change(&app, request.headers(), &id).await {
        Ok(true) => upload::take(&app, request, "icon").await,
        // They sign in first.
        Ok(false) => (upload::ignore(request), Sent::Nothing),
        Err(error) => return page(app, upload::ignore(request), async |_| Err(error)).await,
    };
    console_page(app, request, async |developer| {
        let fields = Fields::named(developer.visit(), &["decision"])?;
        // A file that was too large has cut the form off behind it.
        match (fields.optional("decision"), sent) {
            (Some("drop"), _) => keep(&developer, &id, None).await,
            (Some("save") | None, sent) => draw(&developer, &id, sent).await,
            (Some(_), _) => Err(PageError::BadRequest),
        }
    })
    .await
}

async fn draw(developer: &Developer, id: &str, sent: Sent) -> Result<Response, PageError> {
    let drawn = match sent {
        Sent::Nothing => Err(IconProblem::Missing),
        Sent::TooLarge => Err(IconProblem::TooLarge(developer.app().config().limits.upload_bytes / 1024)),
        Sent::File(file) => {
            // Nobody makes this server draw for an app that is not theirs.
            developer.own_app(id).await?;
            picture(developer, file).await?
        }
    };
    match drawn {
        Ok(picture) => keep(developer, id, Some(picture)).await,
        Err(problem) => {
            let facts = Facts::read(developer, id).await?;
            let typed = Typed { icon: Some(problem), ..Typed::default() };
            app_page::refused(developer, &facts, &facts.draft(), typed, &[])
        }
    }
}

async fn picture(developer: &Developer, file: Bytes) -> Result<Result<Picture, IconProblem>, PageError> {
    let drawn = drawing::draw(developer.app().drawing(), file).await?;
    Ok(drawn.map_err(|problem| match problem {
        picture::Problem::NotAPicture => IconProblem::NotAPicture,
        picture::Problem::TooWide => IconProblem::TooWide(picture::MAX_SIDE),
    }))
}

/// Keeps a picture, or none.
async fn keep(developer: &Developer, id: &str, picture: Option<Picture>) -> Result<Response, PageError> {
    contention::until_done(|| async {
        let facts = Facts::read(developer, id).await?;
        let (icon, written) = match &picture {
            None => (None, app_icons::remove(id)),
            Some(Picture { png, digest }) => (Some(at::icon(id, digest)), app_icons::put(id, digest, png)),
        };
        let settings = AppSettings { icon, ..facts.settings().clone() };
        // What is set here counts more than what the app registered (`logo_uri`).
        let mut lists = facts.registered.lists.clone();
        lists.metadata.remove(LOGO_URI);
        let update = apps::update(id, &settings, &lists, developer.now());
        let unit = facts.guard().with(update).with(written).with(verification::withdraw(id, developer.now()));
        match developer.commit(unit).await? {
            Written::Done => {
                developer.about(id).note(Event::AppChanged);
                Ok(Some(see_other(&told(id, AppNotice::Saved))?))
            }
            Written::Changed { .. } => Ok(None),
        }
    })
    .await
}
