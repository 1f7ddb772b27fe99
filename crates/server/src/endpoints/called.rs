//! What every endpoint does that apps call with a form and their credentials — RFC 6749 §2.3, §3.2.

use std::sync::Arc;

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};

use super::{cors, token_error::TokenError};
use crate::{
    app::App,
    catalog::Client,
    client_auth,
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
    let origin = cors::origin(&request);
    let (client, outcome) = match admitted(app, request).await {
        Ok((client, form)) => (Some(Arc::clone(&client)), work(client, form).await),
        Err(error) => (None, Err(error)),
    };
    let response = outcome.map_or_else(IntoResponse::into_response, shown);
    cors::allow_client(app, response, origin, client.as_deref()).await
}

async fn admitted(app: &App, request: Request) -> Result<(Arc<Client>, Form), TokenError> {
    let form = form::read(request, app.config().limits.form_bytes).await?;
    Ok((client_auth::authenticate_app(app, &form).await?, form))
}
