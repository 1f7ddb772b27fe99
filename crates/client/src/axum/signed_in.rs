//! Who is signed in, as an argument of a handler.

use axum::{
    Json,
    extract::{FromRef, FromRequestParts, OptionalFromRequestParts, OriginalUri},
    response::{IntoResponse, Redirect, Response},
};
use http::{Method, StatusCode, header, request::Parts};
use mapae_protocol::params;
use serde_json::json;

use crate::{
    client::{Client, paths},
    error::Error,
    identity::EndUser,
    return_to::ReturnTo,
};

/// A signed-in user of the application. As an `Option` it is `None` for everybody else.
///
/// The router's state is, or contains, the [`Client`].
#[derive(Clone, Debug)]
pub struct SignedIn<U> {
    /// The application's user, as it is now.
    pub user: U,
    /// Who this is at the provider: the key of the user's tokens.
    pub person: EndUser,
}

/// Why a handler was not called.
#[derive(Debug)]
pub enum SignInRequired {
    /// A page was asked for: the person signs in and comes back to it.
    Page(ReturnTo),
    /// Something else was asked for: the front end sends the person to the login.
    Request,
    /// The session could not be looked up.
    Failed(Error),
}

impl<U, S> FromRequestParts<S> for SignedIn<U>
where
    U: Send + Sync + 'static,
    S: Send + Sync,
    Client<U>: FromRef<S>,
{
    type Rejection = SignInRequired;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, SignInRequired> {
        find(parts, state).await?.ok_or_else(|| {
            // A browser that goes to a page never brings a JWT: it would go to the login and back for ever.
            if Client::from_ref(state).issues_tokens() {
                SignInRequired::Request
            } else {
                SignInRequired::of(parts)
            }
        })
    }
}

impl<U, S> OptionalFromRequestParts<S> for SignedIn<U>
where
    U: Send + Sync + 'static,
    S: Send + Sync,
    Client<U>: FromRef<S>,
{
    type Rejection = SignInRequired;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, SignInRequired> {
        find(parts, state).await
    }
}

async fn find<U, S>(parts: &Parts, state: &S) -> Result<Option<SignedIn<U>>, SignInRequired>
where
    U: Send + Sync + 'static,
    S: Sync,
    Client<U>: FromRef<S>,
{
    let found = Client::from_ref(state).signed_in(&parts.headers).await.map_err(SignInRequired::Failed)?;
    Ok(found.map(|(session, user)| SignedIn { user, person: session.person }))
}

impl SignInRequired {
    /// A browser that goes to a page accepts HTML; a script that fetches does not say so.
    fn of(parts: &Parts) -> Self {
        let accepted =
            parts.headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        if parts.method == Method::GET && accepted.contains("text/html") {
            // A router that nests another shows that one less of the path.
            let asked = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
            let path = asked.path_and_query().map(http::uri::PathAndQuery::as_str);
            Self::Page(ReturnTo::or_start(path))
        } else {
            Self::Request
        }
    }
}

impl IntoResponse for SignInRequired {
    fn into_response(self) -> Response {
        match self {
            Self::Page(return_to) => {
                let query = params::encode([("return_to", return_to.as_str())]);
                Redirect::to(&format!("{}?{query}", paths::LOGIN)).into_response()
            }
            Self::Request => {
                let body = json!({ "error": "sign_in_required", "login": paths::LOGIN });
                (StatusCode::UNAUTHORIZED, Json(body)).into_response()
            }
            Self::Failed(error) => {
                tracing::warn!(%error, "a session could not be looked up");
                (error.status(), Json(json!({ "error": "unavailable" }))).into_response()
            }
        }
    }
}
