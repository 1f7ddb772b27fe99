//! "나의 서비스": a web service that signs people in with Mapae and keeps their calendar through the API.
//!
//! | address | what it is |
//! |---|---|
//! | `/` | the start page; the calendar for whoever is signed in |
//! | `POST /events` | adds an entry |
//! | `/login`, `/callback`, `/sign-up`, `/sign-out` | those of `mapae-client` |
//! | `/callback/{provider}`, `/notices/{provider}/{name}` | the same for social providers |
//! | `POST /unlink` | ends the link to a social provider |
//! | `/session/events` | tells an open page that its session is over |
//! | `/browser-app` | another client: a page that needs no server |
//! | `/flow`, `/flow/events` | the live sequence diagram |
//! | `POST /flow/experiments/{name}` | a button under the diagram |

mod accounts;
mod add_event;
mod assets;
mod brands;
mod browser_app;
mod calendar_api;
mod client_pages;
mod departures;
mod flow_page;
mod guard;
mod home;
mod language;
mod member;
mod month;
mod samples;
mod session;
mod social;
mod texts;
mod trouble;
mod ways;

use std::{fmt, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef},
    middleware,
    routing::{get, post},
};
use http::HeaderMap;
use mapae_client::{Client, EndUser, axum::routes_with};
use mapae_protocol::secret::Secret;
use tokio::sync::Mutex;

pub(crate) use accounts::{INTERESTS, Members, fields};
pub(crate) use assets::{ASSETS, asset};
pub(crate) use brands::{dark_mark, mark};
pub(crate) use calendar_api::{ApiAnswer, Ask, CalendarApi, NoAnswer};
pub(crate) use departures::Departures;
pub(crate) use samples::samples;
pub(crate) use social::Offered;
pub(crate) use texts::Texts;

use crate::{
    database::User,
    experiments::Errands,
    flow::{Lifeline, Stage, Tap},
    settings::OtherClients,
};

/// The name in front of the service's cookies.
pub(crate) const NAME: &str = "my-service";

/// Longest form, in bytes.
const MOST_BYTES: usize = 16 * 1_024;

/// What every handler has. Cloning shares it.
#[derive(Clone)]
pub(crate) struct Desk(Arc<Inner>);

/// What a desk is put together from.
pub(crate) struct Inner {
    /// Login, session and tokens.
    pub(crate) client: Client<User>,
    /// The calendar.
    pub(crate) api: CalendarApi,
    /// For the experiments.
    pub(crate) http: reqwest::Client,
    /// The diagram.
    pub(crate) stage: Stage,
    /// The authorization server.
    pub(crate) issuer: String,
    /// The service's credentials there.
    pub(crate) client_id: String,
    /// The service's credentials there.
    pub(crate) client_secret: Secret<String>,
    /// The API's identifier.
    pub(crate) resource: String,
    /// The other kinds of clients.
    pub(crate) others: OtherClients,
    /// The social providers, in the order of their buttons.
    pub(crate) offered: Vec<Offered>,
    /// Who was signed out from elsewhere.
    pub(crate) departures: Departures,
    /// One experiment at a time.
    pub(crate) turn: Mutex<()>,
    /// Browsers that experiments have sent for a code.
    pub(crate) errands: Errands,
}

impl Desk {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Login, session and tokens.
    pub(crate) fn client(&self) -> &Client<User> {
        &self.0.client
    }

    /// The calendar.
    pub(crate) fn api(&self) -> &CalendarApi {
        &self.0.api
    }

    /// The diagram.
    pub(crate) fn stage(&self) -> &Stage {
        &self.0.stage
    }

    /// The authorization server.
    pub(crate) fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// The service's own origin.
    pub(crate) fn origin(&self) -> &str {
        self.0.client.origin()
    }

    /// Where the authorization server sends browsers back to.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("{}{}", self.origin(), flow_page::CALLBACK)
    }

    /// Everything.
    pub(crate) fn parts(&self) -> &Inner {
        &self.0
    }

    /// Who was signed out from elsewhere.
    pub(crate) fn departures(&self) -> &Departures {
        &self.0.departures
    }

    /// The social providers, in the order of their buttons.
    pub(crate) fn offered(&self) -> &[Offered] {
        &self.0.offered
    }

    /// Whether nobody can sign in there in the browser whose request has these headers.
    pub(crate) fn refuses_browser(&self, offered: &Offered, headers: &HeaderMap) -> bool {
        let providers = self.client().providers();
        providers.iter().any(|provider| provider.name() == offered.name && provider.refuses_browser(headers))
    }

    /// The social provider that knows this person; `None` for people of Mapae.
    pub(crate) fn provider_of(&self, person: &EndUser) -> Option<&Offered> {
        self.0.offered.iter().find(|offered| offered.address == person.issuer())
    }

    fn language_cookie(&self) -> String {
        self.cookie("language")
    }

    /// What the browser of this request has in the session's cookie.
    fn session<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        language::cookie(headers, &self.session_cookie()).filter(|value| !value.is_empty())
    }

    fn session_cookie(&self) -> String {
        self.cookie("session")
    }

    /// The ports of one host share their cookies.
    fn cookie(&self, what: &str) -> String {
        let port = self.origin().rsplit(':').next().unwrap_or_default();
        format!("{NAME}-{port}-{what}")
    }
}

impl FromRef<Desk> for Client<User> {
    fn from_ref(desk: &Desk) -> Self {
        desk.client().clone()
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}

/// The fields of the sign-up form.
pub(crate) fn sign_up_fields() -> [mapae_client::Field; 4] {
    accounts::sign_up_fields()
}

/// The whole service, drawn on its stage.
pub(crate) fn router(desk: &Desk) -> Router {
    Router::new()
        .route("/", get(home::home))
        .route("/events", post(add_event::add))
        .route("/unlink", post(member::unlink))
        .route("/session/events", get(session::events))
        .route("/language", get(language::choose))
        .route(browser_app::PATH, get(browser_app::show))
        .route("/flow", get(flow_page::show))
        .route("/flow/events", get(flow_page::events))
        .route("/flow/state", get(flow_page::state))
        .route("/flow/experiments/{name}", post(flow_page::experiment))
        .route("/assets/{name}", get(assets::serve))
        .merge(routes_with(desk.client(), client_pages::ServicePages))
        .fallback(trouble::not_found)
        .layer(middleware::from_fn_with_state(desk.clone(), flow_page::receive))
        .layer(middleware::from_fn_with_state(desk.clone(), social::come_back))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(middleware::from_fn_with_state(desk.clone(), language::prefer))
        .layer(middleware::from_fn_with_state(desk.clone(), guard::stand))
        .layer(Tap::new(desk.stage(), Lifeline::Client))
        .with_state(desk.clone())
}
