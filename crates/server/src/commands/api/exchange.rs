//! `mapae api permit` and `mapae api forbid`: who may exchange the tokens of an API.

use std::fmt;

use mapae_protocol::token_exchange::TOKEN_EXCHANGE;
use serde::Serialize;

use super::find;
use crate::{
    audit::{About, Event},
    cli::ApiApp,
    commands::{answer::Answer, app, data::Data, failure::Failure},
    store::{Unit, exchange_permissions},
};

/// Whether an app may.
#[derive(Debug, Serialize)]
struct Permission {
    identifier: String,
    client_id: String,
    permitted: bool,
    /// All apps that may, from now on.
    permitted_apps: Vec<String>,
}

/// Permits an app. One that is permitted already stays so, and that is no failure.
pub(in crate::commands) async fn permit(args: &ApiApp) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        let api = find(data, &args.identifier).await?;
        let app = app::find(data, &args.client_id).await?.app;
        if !app.settings.grant_types.split_ascii_whitespace().any(|name| name == TOKEN_EXCHANGE) {
            let text = format!("{:?} has not the grant token-exchange: make an app that has it", app.id);
            return Err(Failure::new("no_exchange", text));
        }
        data.db.commit(Unit::from(exchange_permissions::permit(&api.id, &app.id, data.now))).await?;
        About::api(&api.id).with_app(&app.id).note(Event::ExchangePermitted);
        answer(data, &api.id, api.identifier, app.id, true).await
    })
    .await
}

/// Takes the permission away. Where there is none nothing is taken, and that is no failure.
pub(in crate::commands) async fn forbid(args: &ApiApp) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        let api = find(data, &args.identifier).await?;
        let app = app::find(data, &args.client_id).await?.app;
        data.db.commit(Unit::from(exchange_permissions::forbid(&api.id, &app.id))).await?;
        About::api(&api.id).with_app(&app.id).note(Event::ExchangeForbidden);
        answer(data, &api.id, api.identifier, app.id, false).await
    })
    .await
}

async fn answer(
    data: &Data,
    api_id: &str,
    identifier: String,
    client_id: String,
    permitted: bool,
) -> Result<Answer, Failure> {
    let permitted_apps = exchange_permissions::of_api(&data.db, api_id).await?;
    Answer::of(&Permission { identifier, client_id, permitted, permitted_apps })
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { identifier, client_id, permitted, .. } = self;
        let may = if *permitted { "may" } else { "may not" };
        write!(f, "{client_id} {may} exchange tokens for {identifier} into narrower ones.")
    }
}
