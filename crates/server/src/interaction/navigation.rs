//! Where browsers are led, by a link or by an app.

use axum::{
    extract::Request,
    http::{Method, StatusCode},
    response::{IntoResponse as _, Response},
};
use mapae_protocol::params::{self, Limits, Params};

use super::{PageError, Visit, page, see_other};
use crate::{
    app::App,
    http::{cross_site, form::FormError},
};

/// Runs a page whose opening does something: nothing happens where nobody sees the answer (AZ-41).
pub(crate) async fn seen_page<F>(app: App, request: Request, work: impl FnOnce(Visit) -> F) -> Response
where
    F: Future<Output = Result<Response, PageError>>,
{
    if cross_site::is_unseen(request.method(), request.headers()) {
        return StatusCode::NO_CONTENT.into_response();
    }
    page(app, request, work).await
}

/// The same for an address to which apps lead, by `GET` or by `POST`.
pub(crate) async fn page_for_apps<F>(app: App, request: Request, work: impl FnOnce(Visit) -> F) -> Response
where
    F: Future<Output = Result<Response, PageError>>,
{
    if request.method() == Method::POST {
        return page(app, request, repeat_as_get).await;
    }
    seen_page(app, request, work).await
}

/// A POST from another site brings no cookies: the browser is sent to the same request as a GET, which does. What its
/// address says is part of it, so that a parameter in both stands there twice, and is judged as that (AZ-17).
async fn repeat_as_get(visit: Visit) -> Result<Response, PageError> {
    let query = visit.uri.query().unwrap_or_default();
    let query = Params::parse(query.as_bytes(), Limits::REQUEST).map_err(FormError::from)?;
    let whole = query.with_body(visit.params);
    Ok(see_other(&format!("{}?{}", visit.uri.path(), params::encode(whole.iter())))?)
}
