//! Switching an app off and on, as far as the operator has not switched it off.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use super::{
    change::told,
    developer::{Developer, Written, console_page},
    fields::Fields,
};
use crate::{
    app::App,
    audit::Event,
    fault::Fault,
    interaction::{PageError, see_other},
    pages::console::app::AppNotice,
    store::{
        Unit,
        apps::{self, OffBy},
    },
};

/// `POST /console/apps/{id}/state`.
pub(crate) async fn submit(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        match Fields::named(developer.visit(), &["decision"])?.text("decision")? {
            "disable" => switch(&developer, &id, false).await,
            "enable" => switch(&developer, &id, true).await,
            _ => Err(PageError::BadRequest),
        }
    })
    .await
}

async fn switch(developer: &Developer, id: &str, on: bool) -> Result<Response, PageError> {
    let own = developer.own_app(id).await?.app;
    let off_by = own.off_by();
    if off_by == Some(OffBy::Operator) {
        return Ok(see_other(&told(id, AppNotice::Blocked))?);
    }
    let (unit, notice) = if on {
        (apps::enable(id, developer.now()), AppNotice::Enabled)
    } else {
        (apps::disable(id, developer.now()), AppNotice::Disabled)
    };
    // What is so already stays so: a second click ends nothing once more.
    let event = if on { Event::AppEnabled } else { Event::AppDisabled };
    let unit = Unit::from(apps::guard_owner(&own)).with(unit);
    let written = if off_by.is_none() == on { None } else { Some(developer.commit(unit).await?) };
    if written == Some(Written::Done) {
        developer.about(id).note(event);
    } else if written.is_some() {
        // Switched, blocked, deleted or given away at the same time elsewhere: what is so now is shown, or not found.
        let off_by = developer.own_app(id).await?.app.off_by();
        if off_by == Some(OffBy::Operator) {
            return Ok(see_other(&told(id, AppNotice::Blocked))?);
        }
        if off_by.is_none() != on {
            return Err(Fault::Contention.into());
        }
    }
    Ok(see_other(&told(id, notice))?)
}
