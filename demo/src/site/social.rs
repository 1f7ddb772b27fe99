//! The social providers beside Mapae: their buttons, and what happens when a browser comes back from one.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, StatusCode, header};
use mapae_client::{ButtonUse, Definition};

use super::{Desk, Texts, trouble::Frame};
use crate::flow::{
    Endpoint, Lifeline, Stage,
    message::{Draft, Kind},
    social,
};

tokio::task_local! {
    /// The provider that the browser of this request comes back from.
    static COMING_FROM: &'static str;
}

/// A social provider that the service offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Offered {
    /// In addresses, in the locale files and in style sheets.
    pub(crate) name: &'static str,
    /// Its own, which is also its issuer.
    pub(crate) address: String,
}

/// A button on the start page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Button {
    pub(crate) name: &'static str,
    /// What it says, or is called where it shows a mark alone.
    pub(crate) label: String,
    pub(crate) address: String,
}

impl Offered {
    /// The provider of this name, if the diagram has names for it.
    pub(crate) fn of(name: &str, address: &str) -> Option<Self> {
        Some(Self { name: social::known(name)?, address: address.to_owned() })
    }

    /// Its button on the page of this frame, in this language.
    pub(crate) fn button(&self, t: &Texts, frame: &Frame) -> Button {
        let definition = Definition::named(self.name).ok();
        let (start, language) = (ButtonUse::Start, t.locale());
        let words = definition.map(|definition| definition.button_words(start, language).into_owned());
        let label = words.unwrap_or_else(|| start.words(self.label(t), language));
        Button { name: self.name, label, address: frame.login_with(self.name) }
    }

    /// The way to it through Mapae, from the page of this frame.
    pub(crate) fn through_mapae(&self, t: &Texts, frame: &Frame) -> Button {
        let label = self.label(t).to_owned();
        Button { name: self.name, label, address: frame.login_through(t, self.name) }
    }

    /// What people call it.
    pub(crate) fn label(&self, t: &Texts) -> &'static str {
        t.of(&format!("provider.{}", self.name))
    }

    /// Where the person ends the link there.
    pub(crate) fn settings(&self) -> String {
        format!("{}/control", self.address)
    }
}

/// The provider that the browser of this request comes back from: the pages of `mapae-client`'s routes are not told.
pub(super) fn coming_from() -> Option<&'static str> {
    COMING_FROM.try_with(|provider| *provider).ok()
}

/// A browser comes back from a social provider. What the service found in its own database is drawn before its answer.
pub(super) async fn come_back(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let provider = social::of_address(path, None).filter(|_| path.starts_with("/callback/"));
    let Some(provider) = provider else { return next.run(request).await };
    let response = COMING_FROM.scope(provider, next.run(request)).await;
    if let Some(found) = found(response.status(), response.headers()) {
        draw(desk.stage(), provider, found);
    }
    response
}

/// A newcomer goes to the sign-up form, somebody known gets in; after a failure nobody was looked for.
fn found(status: StatusCode, headers: &HeaderMap) -> Option<&'static str> {
    let location = headers.get(header::LOCATION).filter(|_| status.is_redirection())?;
    match location.to_str().ok()? {
        "/sign-up" => Some("new"),
        // An answer by a posted form is only passed on to the redirect URI.
        onwards if onwards.starts_with("/callback/") => None,
        _ => Some("known"),
    }
}

fn draw(stage: &Stage, provider: &'static str, found: &'static str) {
    let mut draft = Draft::new(Kind::Event, Endpoint::OwnDatabase, Lifeline::Client, Lifeline::Client);
    draft.provider = Some(provider);
    draft.outcome = Some(found.to_owned());
    stage.journal().record(draft);
}
