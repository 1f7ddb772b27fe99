//! HTTP answers of the client's routes: never cached, never leaking their address.

use axum::{
    Json,
    response::{Html, IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::{Value, json};

use super::language;
use crate::{
    cookie::header_value,
    error::{Class, Error},
    login::LoginError,
    notice::NoticeRefusal,
    redirect::Redirect,
    service_tokens::ServiceTokenAnswer,
};

/// A redirect that makes a GET of whatever came before (RFC 9700 §4.12).
pub(super) fn redirect(redirect: Redirect) -> Response {
    let location = [(header::LOCATION, header_value(&redirect.location))];
    guarded(with_cookies((StatusCode::SEE_OTHER, location).into_response(), redirect))
}

/// The address for a front end that goes there itself.
pub(super) fn json_address(redirect: Redirect) -> Response {
    let body = Json(json!({ "authorization_url": redirect.location }));
    guarded(with_cookies(body.into_response(), redirect))
}

/// An error as a page, logged with the rule that was broken.
pub(super) fn failed(error: &Error, html: String) -> Response {
    log(error);
    page(error.status(), html)
}

/// An error for a front end: what can be done, and the words to show.
pub(super) fn say(error: &Error, headers: &HeaderMap) -> Response {
    log(error);
    let explanation = error.explain(language(headers));
    let body = json!({ "error": code(error), "title": explanation.title, "advice": explanation.advice });
    guarded((error.status(), Json(body)).into_response())
}

/// Tokens of the service's own (RFC 6749 §5.1).
pub(super) fn tokens(tokens: ServiceTokenAnswer) -> Response {
    let mut response = json(StatusCode::OK, tokens.to_json());
    for cookie in tokens.cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Data for a front end.
pub(super) fn json(status: StatusCode, body: Value) -> Response {
    guarded((status, Json(body)).into_response())
}

pub(super) fn page(status: StatusCode, html: String) -> Response {
    guarded((status, Html(html)).into_response())
}

const fn code(error: &Error) -> &'static str {
    match error {
        Error::Account(error) => return error.code(),
        Error::Login(LoginError::UnknownProvider) => return "unknown_provider",
        Error::Login(LoginError::InsideAnotherApp) => return "inside_another_app",
        _ => {}
    }
    match error.class() {
        Class::Cancelled => "cancelled",
        Class::Restart => "restart",
        Class::SignInAgain => "sign_in_again",
        Class::Configuration(_) => "configuration",
        Class::Unavailable => "unavailable",
        Class::RateLimited => "rate_limited",
        Class::Reconsent => "reconsent",
        Class::InteractionNeeded => "interaction_needed",
        Class::Denied => "denied",
    }
}

fn log(error: &Error) {
    match error.class() {
        Class::Configuration(setting) => {
            tracing::warn!(%error, setting = setting.name(), "nobody can sign in until this is changed");
        }
        Class::Unavailable | Class::RateLimited => {
            tracing::warn!(%error, "signing in does not work at this moment");
        }
        Class::Cancelled
        | Class::Restart
        | Class::SignInAgain
        | Class::Reconsent
        | Class::InteractionNeeded
        | Class::Denied => {
            tracing::info!(%error, "a login was refused");
        }
    }
}

fn with_cookies(mut response: Response, redirect: Redirect) -> Response {
    for cookie in redirect.cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// A notice that was not taken (RFC 8935 §2.3: the language of the description is named).
pub(super) fn refused(refusal: NoticeRefusal) -> Response {
    match refusal.body {
        Some(body) => (refusal.status, [(header::CONTENT_LANGUAGE, "en")], Json(body)).into_response(),
        None => refusal.status.into_response(),
    }
}

/// The address may hold a code, the answer a cookie (RFC 9700 §4.2).
pub(super) fn guarded(mut response: Response) -> Response {
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}
