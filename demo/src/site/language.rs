//! The language of the service's pages: the person's choice, else the browser's.

use std::convert::Infallible;

use axum::{
    extract::{FromRequestParts, RawQuery, Request, State},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use mapae_client::ReturnTo;
use mapae_protocol::{
    locale::Locale,
    params::{Limits, Params},
};

use super::{Desk, texts::Texts};

/// A year, in seconds.
const LIFE: u32 = 31_536_000;

/// Makes the person's choice the language that every part of the service sees, those of `mapae-client` too.
pub(super) async fn prefer(State(desk): State<Desk>, mut request: Request, next: Next) -> Response {
    let chosen = cookie(request.headers(), &desk.language_cookie()).and_then(Locale::parse);
    if let Some(locale) = chosen {
        request.headers_mut().insert(header::ACCEPT_LANGUAGE, HeaderValue::from_static(locale.as_str()));
    }
    next.run(request).await
}

/// `GET /language?to=ko&back=/flow`
pub(super) async fn choose(State(desk): State<Desk>, RawQuery(query): RawQuery) -> Response {
    let params = Params::parse(query.unwrap_or_default().as_bytes(), Limits::REQUEST).unwrap_or_default();
    let one = |name| params.one(name).ok().flatten();
    let back = ReturnTo::or_start(one("back"));
    let Some(locale) = one("to").and_then(Locale::parse) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let cookie =
        format!("{}={locale}; Path=/; Max-Age={LIFE}; HttpOnly; SameSite=Lax", desk.language_cookie());
    (StatusCode::SEE_OTHER, [(header::LOCATION, back.to_string()), (header::SET_COOKIE, cookie)])
        .into_response()
}

impl<S: Sync> FromRequestParts<S> for Texts {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::new(accepted(&parts.headers)))
    }
}

/// The language of a request.
fn accepted(headers: &HeaderMap) -> Locale {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    accepted.and_then(Locale::from_accept_language).unwrap_or(Locale::En)
}

pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let texts = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, _)| *found == name).map(|(_, value)| value)
}
