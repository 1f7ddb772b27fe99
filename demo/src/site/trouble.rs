//! Pages for when something does not work: what is wrong, and what to do.

use askama::Template;
use axum::response::{Html, IntoResponse as _, Response};
use http::{StatusCode, Uri, header};
use mapae_client::{AccessError, Class};
use mapae_protocol::params;

use super::{Desk, Texts, departures::Departure};

/// The authorization server in the locale files.
const MAPAE: &str = "mapae";

/// What the frame of every page needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    /// The page's own path and query, to come back to.
    pub(crate) here: String,
}

impl Frame {
    /// The frame of the page at this path.
    pub(crate) fn new(path: &str, query: Option<&str>) -> Self {
        Self { here: query.map_or_else(|| path.to_owned(), |query| format!("{path}?{query}")) }
    }

    /// The same page in another language.
    pub(crate) fn in_language(&self, tag: &str) -> String {
        format!("/language?{}", params::encode([("to", tag), ("back", self.here.as_str())]))
    }

    /// The login that comes back to this page.
    pub(crate) fn login(&self, t: &Texts) -> String {
        let query = params::encode([("return_to", self.here.as_str()), ("ui_locales", t.lang())]);
        format!("/login?{query}")
    }

    /// The same through Mapae, straight to a provider that it knows.
    pub(crate) fn login_through(&self, t: &Texts, provider: &str) -> String {
        format!("{}&{}", self.login(t), params::encode([("upstream", provider)]))
    }

    /// The same with a social provider.
    pub(crate) fn login_with(&self, provider: &str) -> String {
        format!("/login?{}", params::encode([("provider", provider), ("return_to", self.here.as_str())]))
    }
}

/// Something does not work.
#[derive(Template)]
#[template(path = "trouble.html")]
pub(super) struct TroublePage {
    pub(super) t: Texts,
    pub(super) frame: Frame,
    pub(super) id: &'static str,
    pub(super) title: String,
    pub(super) advice: String,
    /// Where the sign-in begins that would help, if one would.
    pub(super) sign_in: Option<String>,
}

impl TroublePage {
    /// By the section `trouble` of the locale files; Mapae had a part in it.
    pub(super) fn of(t: Texts, frame: Frame, id: &'static str, sign_in: bool) -> Self {
        let sign_in = sign_in.then(|| frame.login(&t));
        Self::new(t, frame, ("trouble", id), MAPAE, sign_in)
    }

    /// The same where a social provider had a part in it.
    pub(super) fn at(provider: &str, t: Texts, frame: Frame, id: &'static str, sign_in: bool) -> Self {
        let sign_in = sign_in.then(|| frame.login_with(provider));
        Self::new(t, frame, ("trouble", id), provider, sign_in)
    }

    /// Somebody was signed out, because a provider or Mapae said so.
    pub(super) fn departed(t: Texts, frame: Frame, departure: Departure, provider: &str) -> Self {
        let sign_in = if provider == MAPAE { frame.login(&t) } else { frame.login_with(provider) };
        let sign_in = Some(sign_in);
        Self::new(t, frame, ("departure", departure.as_str()), provider, sign_in)
    }

    fn new(
        t: Texts,
        frame: Frame,
        (section, id): (&str, &'static str),
        provider: &str,
        sign_in: Option<String>,
    ) -> Self {
        let name = t.of(&format!("provider.{provider}"));
        let text = |part: &str| t.with(&format!("{section}.{id}_{part}"), "provider", name);
        Self { t, frame, id, title: text("title"), advice: text("advice"), sign_in }
    }
}

/// A page, rendered.
pub(super) fn html(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(page) => (status, Html(page)).into_response(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "a page cannot be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// There is no token: the person signs in again, or comes back later.
pub(super) fn no_access(t: Texts, frame: Frame, error: &AccessError) -> Response {
    match error.class() {
        Class::SignInAgain
        | Class::Restart
        | Class::Cancelled
        | Class::Reconsent
        | Class::InteractionNeeded
        | Class::Denied => html(StatusCode::UNAUTHORIZED, &TroublePage::of(t, frame, "sign_in_again", true)),
        Class::Configuration(setting) => {
            tracing::warn!(setting = setting.name(), "the service's registration does not fit");
            html(StatusCode::INTERNAL_SERVER_ERROR, &TroublePage::of(t, frame, "configuration", false))
        }
        Class::Unavailable | Class::RateLimited => {
            html(StatusCode::SERVICE_UNAVAILABLE, &TroublePage::of(t, frame, "unavailable", false))
        }
    }
}

/// The browser still has the cookie of a session that is over: it is told so once, with the reason if that is known,
/// and forgets the cookie.
pub(super) fn session_ended(desk: &Desk, t: Texts, frame: Frame, session: &str) -> Response {
    let page = match desk.departures().of(session) {
        Some((person, departure)) => {
            let provider = desk.provider_of(&person).map_or(MAPAE, |offered| offered.name);
            TroublePage::departed(t, frame, departure, provider)
        }
        None => TroublePage::of(t, frame, "sign_in_again", true),
    };
    let forget = format!("{}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax", desk.session_cookie());
    ([(header::SET_COOKIE, forget)], html(StatusCode::UNAUTHORIZED, &page)).into_response()
}

pub(super) async fn not_found(t: Texts, uri: Uri) -> Response {
    let frame = Frame::new(uri.path(), uri.query());
    html(StatusCode::NOT_FOUND, &TroublePage::of(t, frame, "not_found", false))
}
