//! A new entry: from the form to the API.

use axum::{
    extract::{RawForm, State},
    response::{IntoResponse as _, Redirect, Response},
};
use mapae_client::{AccessToken, CallError, SignedIn};
use mapae_protocol::params::{self, Limits, Params};

use super::{
    Ask, Desk, NoAnswer, Texts,
    home::{Notice, notice_of},
    trouble::{self, Frame},
};
use crate::database::User;

/// `POST /events`
pub(super) async fn add(
    State(desk): State<Desk>,
    t: Texts,
    SignedIn { person, .. }: SignedIn<User>,
    RawForm(form): RawForm,
) -> Response {
    if desk.provider_of(&person).is_some() {
        // What a social provider gave is nothing to show to another party.
        return Redirect::to("/").into_response();
    }
    let form = Params::parse(&form, Limits::REQUEST).unwrap_or_default();
    let field = |name| form.one(name).ok().flatten().unwrap_or_default().to_owned();
    let (title, date, time) = (field("title"), field("date"), field("time"));
    let month = date.get(..7).unwrap_or_default().to_owned();
    let ask = Ask::Write { title, date, time: Some(time).filter(|time| !time.is_empty()) };
    let call = |token: AccessToken| {
        let (desk, ask) = (&desk, &ask);
        async move { desk.api().attempt(ask, token.expose()).await }
    };
    let notice = match desk.client().call_with_token(&person, call).await {
        Ok(answer) => notice_of(&answer),
        Err(CallError::Call(NoAnswer)) => Notice::Failed,
        Err(CallError::Access(error)) => return trouble::no_access(t, Frame::new("/", None), &error),
    };
    let query = params::encode([("month", month.as_str()), ("notice", notice.as_str())]);
    Redirect::to(&format!("/?{query}")).into_response()
}
