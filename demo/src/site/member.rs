//! The page of somebody whom a social provider knows. Such a person has no token for the calendar API, which is Mapae's.

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderMap, StatusCode};
use mapae_client::{AccessError, SignedIn};

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
    /// Of the provider's access token, if there is one and it ends.
    pub(super) seconds_left: Option<i64>,
}

/// The page of this member: with a token of the provider's that works, renewed if it is due.
pub(super) async fn show(
    desk: &Desk,
    (t, frame): (Texts, Frame),
    SignedIn { user, person }: SignedIn<User>,
    provider: &Offered,
) -> Result<Response, AccessError> {
    let token = match desk.client().access_token(&person).await {
        Ok(token) => Some(token),
        Err(AccessError::SignInAgain) => return Err(AccessError::SignInAgain),
        Err(error) => {
            // The page shows what the service knows by itself.
            tracing::warn!(error = &error as &dyn std::error::Error, "a provider's token cannot be renewed");
            None
        }
    };
    let end = token.and_then(|token| token.expires_at());
    let (subject, provider) = (person.subject().to_owned(), provider.clone());
    let seconds_left = end.map(|end| end.since(desk.stage().now()).get());
    Ok(html(StatusCode::OK, &MemberPage { t, frame, user, subject, provider, seconds_left }))
}

impl MemberPage {
    /// For how long the token will do, in words.
    pub(super) fn token(&self) -> Option<String> {
        let minutes = self.seconds_left? / 60;
        let (key, number) = match minutes {
            ..120 => ("token_minutes", minutes),
            120..2_880 => ("token_hours", minutes / 60),
            _ => ("token_days", minutes / 1_440),
        };
        Some(self.about(key).replace("{n}", &number.to_string()))
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
    let departure = match desk.client().unlink(&person).await {
        Ok(true) => Departure::UnlinkedHere,
        // There was nothing left to unlink with, so the provider has not heard of it.
        Ok(false) => Departure::Over,
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "a link cannot be ended");
            let page = TroublePage::at(provider.name, t, Frame::new("/", None), "unavailable", false);
            return html(StatusCode::SERVICE_UNAVAILABLE, &page);
        }
    };
    if let Some(session) = desk.session(&headers) {
        desk.departures().seen(session, &person);
    }
    desk.departures().gone(&person, departure);
    Redirect::to("/").into_response()
}
