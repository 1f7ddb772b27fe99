//! The icon of an app.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use bytes::Bytes;
use tokio::{sync::Semaphore, task::JoinError};

use super::{
    app_page::{self, Typed},
    change::told,
    developer::{self, Developer, Written, console_page},
    facts::Facts,
    fields::Fields,
    picture::{self, Picture},
    upload::{self, Sent},
};
use crate::{
    app::App,
    audit::Event,
    contention,
    fault::Fault,
    interaction::{PageError, page, see_other},
    pages::{
        at,
        console::app::{AppNotice, IconProblem},
    },
    store::{app_icons, apps, apps::AppSettings, vouching},
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
            let typed = Typed { items: None, icon: Some(problem) };
            app_page::refused(developer, &facts, &facts.draft(), typed, &[])
        }
    }
}

/// One picture at a time, on a thread of its own: neither memory nor answers depend on how many are sent.
async fn picture(developer: &Developer, file: Bytes) -> Result<Result<Picture, IconProblem>, PageError> {
    let drawing = Arc::clone(developer.app().drawing());
    let drawn = in_turn(drawing, move || Picture::draw(&file)).await?;
    // A picture that makes its reader panic is none.
    let drawn = drawn.unwrap_or(Err(picture::Problem::NotAPicture));
    Ok(drawn.map_err(|problem| match problem {
        picture::Problem::NotAPicture => IconProblem::NotAPicture,
        picture::Problem::TooWide => IconProblem::TooWide(picture::MAX_SIDE),
    }))
}

/// The work begins when it is its turn, which lasts as long as the work.
async fn in_turn<T: Send + 'static>(
    turns: Arc<Semaphore>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<Result<T, JoinError>, Fault> {
    let turn = turns.acquire_owned().await.map_err(|_| Fault::Contention)?;
    // The turn moves into the work: a sender who hangs up does not free a thread that is still drawing.
    Ok(tokio::task::spawn_blocking(move || {
        let done = work();
        drop(turn);
        done
    })
    .await)
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
        let update = apps::update(id, &settings, &facts.registered.lists, developer.now());
        let unit = facts.guard().with(update).with(written).with(vouching::withdraw(id, developer.now()));
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn g_33_who_hangs_up_does_not_give_the_turn_back_before_the_drawing_ends() {
        let turns = Arc::new(Semaphore::new(1));
        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let (end, may_end) = mpsc::channel::<()>();
        let drawing = tokio::spawn(in_turn(Arc::clone(&turns), move || {
            begun.send(()).unwrap();
            may_end.recv().unwrap();
        }));
        has_begun.await.unwrap();
        drawing.abort();
        assert!(drawing.await.unwrap_err().is_cancelled());
        assert_eq!(turns.available_permits(), 0, "it is still drawn");
        end.send(()).unwrap();
        in_turn(Arc::clone(&turns), || ()).await.unwrap().unwrap();
    }
}
