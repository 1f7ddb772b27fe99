//! The page of somebody whom a social provider knows. Such a person has no token for the calendar API, which is Mapae's.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderMap, StatusCode};
use mapae_client::{EndUser, SignedIn};

use super::{
    Desk, Offered, Texts,
    departures::Departure,
    trouble::{Frame, TroublePage, html},
};
use crate::database::User;

/// The member's own page.
#[derive(Template)]
#[template(path = "member.html")]
pub(super) struct MemberPage {
    pub(super) t: Texts,
    pub(super) frame: Frame,
    pub(super) user: User,
    pub(super) subject: String,
    pub(super) provider: Offered,
}

impl MemberPage {
    pub(super) fn new(t: Texts, frame: Frame, user: User, person: &EndUser, provider: &Offered) -> Self {
        Self { t, frame, user, subject: person.subject().to_owned(), provider: provider.clone() }
    }

    /// The provider's name.
    pub(super) fn name(&self) -> &'static str {
        self.provider.label(&self.t)
    }

    /// A text about the provider.
    pub(super) fn about(&self, key: &str) -> String {
        self.t.with(&format!("member.{key}"), "provider", self.name())
    }

    /// The name of an interest.
    pub(super) fn interest(&self) -> Option<&'static str> {
        self.t.find(&format!("interest.{}", self.user.interest.as_deref()?))
    }

    /// The first letter of the nickname, for the face.
    pub(super) fn initial(&self) -> String {
        self.user.nickname.chars().take(1).collect()
    }
}

/// `POST /unlink`: ends the link to the provider from here. The account stays.
pub(super) async fn unlink(
    State(desk): State<Desk>,
    t: Texts,
    signed_in: Option<SignedIn<User>>,
    headers: HeaderMap,
) -> Response {
    // People of Mapae end the link in their account there.
    let known = signed_in.and_then(|SignedIn { person, .. }| Some((desk.provider_of(&person)?, person)));
    let Some((provider, person)) = known else { return Redirect::to("/").into_response() };
    if let Err(error) = desk.client().unlink(&person).await {
        tracing::warn!(error = &error as &dyn std::error::Error, "a link cannot be ended");
        let page = TroublePage::at(provider.name, t, Frame::new("/", None), "unavailable", false);
        return html(StatusCode::SERVICE_UNAVAILABLE, &page);
    }
    if let Some(session) = desk.session(&headers) {
        desk.departures().seen(session, &person);
    }
    desk.departures().gone(&person, Departure::UnlinkedHere);
    Redirect::to("/").into_response()
}
