//! The page of the live sequence diagram, its messages, and its buttons.

use std::convert::Infallible;

use askama::Template;
use axum::{
    Json,
    extract::{Path, RawQuery, Request, State},
    middleware::Next,
    response::{
        IntoResponse, Redirect, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use futures_util::stream::Stream;
use http::{HeaderMap, StatusCode, header};
use mapae_client::{EndUser, SignedIn};
use mapae_protocol::params::{self, Limits, Params};
use serde_json::json;

use super::{
    Desk, Texts,
    trouble::{Frame, html},
};
use crate::{
    database::User,
    experiments::{self, EXPERIMENTS, Experiment, Finding, OTHER_CLIENTS},
    flow::{stream, textbook::Book},
};

/// The diagram.
#[derive(Template)]
#[template(path = "flow.html")]
pub(crate) struct FlowPage {
    pub(crate) t: Texts,
    pub(crate) frame: Frame,
    pub(crate) books: &'static [Book],
    pub(crate) providers: Vec<&'static str>,
    pub(crate) experiments: &'static [&'static dyn Experiment],
    pub(crate) other_clients: &'static [&'static dyn Experiment],
    pub(crate) native_command: String,
    pub(crate) signed_in: bool,
    pub(crate) account: String,
    pub(crate) console: String,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) parties: Parties,
}

/// Where the parties live.
#[derive(Clone, Debug)]
pub(crate) struct Parties {
    pub(crate) client: String,
    pub(crate) server: String,
    pub(crate) api: String,
}

/// What came of a button.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) experiment: &'static str,
    pub(crate) finding: Finding,
}

pub(super) async fn show(
    State(desk): State<Desk>,
    t: Texts,
    signed_in: Option<SignedIn<User>>,
    RawQuery(query): RawQuery,
) -> Response {
    let page = FlowPage {
        t,
        frame: Frame::new("/flow", None),
        books: Book::ALL,
        providers: desk.offered().iter().map(|offered| offered.name).collect(),
        experiments: EXPERIMENTS,
        other_clients: OTHER_CLIENTS,
        native_command: native_command(desk.issuer(), &desk.parts().others.native_app_id),
        signed_in: of_mapae(&desk, signed_in).is_some(),
        account: format!("{}/account", desk.issuer()),
        console: format!("{}/console", desk.issuer()),
        outcome: Outcome::parse(query.as_deref()),
        parties: Parties {
            client: short(desk.origin()),
            server: short(desk.issuer()),
            api: short(&desk.parts().resource),
        },
    };
    html(StatusCode::OK, &page)
}

/// The server-sent events.
pub(super) async fn events(
    State(desk): State<Desk>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let seen = stream::seen(desk.stage().journal(), last);
    Sse::new(stream::events(desk.stage(), seen)).keep_alive(KeepAlive::default())
}

/// Whether somebody is signed in here, for a page that stays open while that changes elsewhere.
pub(super) async fn state(State(desk): State<Desk>, signed_in: Option<SignedIn<User>>) -> Response {
    Json(json!({ "signed_in": of_mapae(&desk, signed_in).is_some() })).into_response()
}

/// The person whose tokens an experiment may use: those of social providers open nothing here.
fn of_mapae(desk: &Desk, signed_in: Option<SignedIn<User>>) -> Option<EndUser> {
    signed_in.map(|signed_in| signed_in.person).filter(|person| desk.provider_of(person).is_none())
}

/// A button. A script gets what came of it as JSON, a form gets back to the page.
pub(super) async fn experiment(
    State(desk): State<Desk>,
    t: Texts,
    signed_in: Option<SignedIn<User>>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(experiment) = experiments::find(&name) else { return StatusCode::NOT_FOUND.into_response() };
    let person = of_mapae(&desk, signed_in);
    let finding = if person.is_none() && experiment.needs_sign_in() {
        Finding::NotSignedIn
    } else {
        experiments::perform(&desk, experiment, person.as_ref()).await
    };
    if let Finding::Go(address) = &finding {
        return Redirect::to(address).into_response();
    }
    let outcome = Outcome { experiment: experiment.name(), finding };
    let accepted = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    if accepted.contains("application/json") {
        return Json(json!({ "finding": outcome.finding.name(), "title": outcome.title(&t), "text": outcome.text(&t) }))
            .into_response();
    }
    Redirect::to(&format!("/flow?{}", outcome.query())).into_response()
}

/// The redirect URI's path.
pub(super) const CALLBACK: &str = "/callback";

/// A browser that an experiment has sent for a code brings it to the redirect URI, and is back at the diagram; all
/// other requests pass. Whoever knows its `state` is that browser.
pub(super) async fn receive(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let query = request.uri().query().filter(|_| request.uri().path() == CALLBACK);
    let answer = query.and_then(|query| Params::parse(query.as_bytes(), Limits::REQUEST).ok());
    let brought = answer.and_then(|answer| desk.parts().errands.receive(&desk, &answer));
    let Some(brought) = brought else { return next.run(request).await };
    let (experiment, finding) = experiments::go_on(&desk, brought).await;
    let outcome = Outcome { experiment: experiment.name(), finding };
    Redirect::to(&format!("/flow?{}", outcome.query())).into_response()
}

impl Outcome {
    /// In the address of the page.
    fn query(&self) -> String {
        let number = self.finding.number().map(|number| number.to_string());
        let pairs =
            [("did", Some(self.experiment)), ("found", Some(self.finding.name())), ("n", number.as_deref())];
        params::encode(pairs.into_iter().filter_map(|(name, value)| Some((name, value?))))
    }

    fn parse(query: Option<&str>) -> Option<Self> {
        let params = Params::parse(query?.as_bytes(), Limits::REQUEST).ok()?;
        let one = |name| params.one(name).ok().flatten();
        let experiment = experiments::find(one("did")?)?.name();
        let finding = Finding::parse(one("found")?, one("n").and_then(|n| n.parse().ok()))?;
        Some(Self { experiment, finding })
    }

    /// Which experiment it was.
    pub(crate) fn title(&self, t: &Texts) -> &'static str {
        t.of(&format!("experiment.{}_title", self.experiment))
    }

    /// What was found, and what it means.
    pub(crate) fn text(&self, t: &Texts) -> String {
        self.finding.text(self.experiment, *t)
    }
}

impl FlowPage {
    /// The name of a textbook.
    pub(crate) fn book(&self, book: &Book) -> &'static str {
        self.t.of(&format!("flow.book_{}", book.as_str()))
    }

    /// The name of a social provider.
    pub(crate) fn provider(&self, name: &str) -> &'static str {
        self.t.of(&format!("provider.{name}"))
    }

    /// A text of an experiment.
    pub(crate) fn of(&self, experiment: &dyn Experiment, part: &str) -> &'static str {
        self.t.of(&format!("experiment.{}_{part}", experiment.name()))
    }
}

/// How the example of a native program is started from this repository.
pub(crate) fn native_command(issuer: &str, client_id: &str) -> String {
    format!("cargo run --release -p mapae-client --example cli -- {issuer} {client_id}")
}

/// Without the scheme, which every address here has.
fn short(address: &str) -> String {
    address.trim_start_matches("http://").trim_start_matches("https://").to_owned()
}
