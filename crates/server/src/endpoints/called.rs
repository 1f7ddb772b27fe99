//! What every endpoint does that apps call with a form and their credentials — RFC 6749 §2.3, §3.2, RFC 9449 §8.

use std::sync::Arc;

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};

use mapae_protocol::endpoint_uri::EndpointUri;

use super::{cors, token_error::TokenError};
use crate::{
    app::App,
    catalog::Client,
    client_auth,
    dpop::{self, Possession},
    http::form::{self, Form},
};

/// Reads the form, lets the app in, and answers with what `work` comes to, as `shown` shows it. The app's own pages may read
/// whatever is answered.
pub(crate) async fn by_app<T>(
    app: &App,
    request: Request,
    work: impl AsyncFnOnce(Arc<Client>, Form) -> Result<T, TokenError>,
    shown: impl FnOnce(T) -> Response,
) -> Response {
    by_holder(app, request, None, async |client, form, _| work(client, form).await, shown).await
}

/// The same at an endpoint of this address, at which an app may prove that it has a key.
pub(crate) async fn by_holder<T>(
    app: &App,
    request: Request,
    address: Option<&EndpointUri>,
    work: impl AsyncFnOnce(Arc<Client>, Form, Option<Possession>) -> Result<T, TokenError>,
    shown: impl FnOnce(T) -> Response,
) -> Response {
    let origin = cors::origin(&request);
    let (client, outcome) = match admitted(app, request, address).await {
        Ok((client, form, Ok(possession))) => {
            (Some(Arc::clone(&client)), work(client, form, possession).await)
        }
        Ok((client, _, Err(refused))) => (Some(client), Err(refused.into())),
        Err(error) => (None, Err(error)),
    };
    let response = outcome.map_or_else(IntoResponse::into_response, shown);
    cors::allow_client(app, response, origin, client.as_deref()).await
}

/// The app, what it sent, and the possession that it proves.
type Admitted = (Arc<Client>, Form, Result<Option<Possession>, dpop::Refused>);

async fn admitted(
    app: &App,
    request: Request,
    address: Option<&EndpointUri>,
) -> Result<Admitted, TokenError> {
    let form = form::read(request, app.config().limits.form_bytes).await?;
    let recognised = client_auth::recognise_app(app, &form).await?;
    let possession = match address {
        Some(address) => {
            let request = dpop::Request::posted(address, &form.headers);
            dpop::of_client(app, &recognised.client, &request).await
        }
        None => Ok(None),
    };
    // Who is told the nonce for its proof sends the same request with another proof, and the same assertion in it
    // (RFC 9449 §8).
    let again = matches!(&possession, Err(refused) if refused.gives_nonce());
    let client = if again { recognised.client } else { recognised.admitted(app, &form).await? };
    Ok((client, form, possession))
}
