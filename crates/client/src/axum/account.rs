//! The pages on which people see and change the ways into their account, and what they agreed to.
//!
//! A front end of its own asks the same paths with `Accept: application/json`.

use axum::{
    body::Bytes,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get, post},
};
use http::{HeaderMap, StatusCode, header};
use mapae_protocol::params::{self, Params};
use serde_json::{Value, json};

use super::{Desk, answer, language};
use crate::{
    client::paths,
    error::Error,
    login::{LoginError, LoginRequest},
    redirect::Redirect,
    return_to::ReturnTo,
    sign_in_methods::{AccountError, MethodToAdd, SignInMethod, SignInMethods},
    sign_up::{FORM, SignUpError},
};

/// The paths and who answers them.
pub(super) fn routes<U: Send + Sync + 'static>() -> [(&'static str, MethodRouter<Desk<U>>); 7] {
    [
        (paths::PROVE_ACCOUNT, post(prove_account)),
        (paths::METHODS, get(methods)),
        (paths::PROVE_AGAIN, post(prove_again)),
        (paths::ADD_METHOD, post(add)),
        (paths::CONFIRM_METHOD, get(to_add).post(confirm)),
        (paths::REMOVE_METHOD, post(remove)),
        (paths::TERMS, get(terms).post(choose)),
    ]
}

async fn methods<U: Send + Sync + 'static>(State(desk): State<Desk<U>>, headers: HeaderMap) -> Response {
    match desk.client.sign_in_methods(&headers).await {
        Ok(methods) if wants_json(&headers) => answer::json(StatusCode::OK, list(&methods)),
        Ok(methods) => {
            let page = desk.pages.sign_in_methods(&methods, desk.client.providers(), language(&headers));
            answer::page(StatusCode::OK, page)
        }
        Err(error) => desk.sign_in_first(error, paths::METHODS, &headers),
    }
}

async fn prove_again<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    desk.start_from(&headers, &body, async |request| desk.client.prove_again(request, &headers, &body).await)
        .await
}

async fn add<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let start = async |request: &LoginRequest| desk.client.add_sign_in_method(request, &headers, &body).await;
    desk.start_from(&headers, &body, start).await
}

async fn to_add<U: Send + Sync + 'static>(State(desk): State<Desk<U>>, headers: HeaderMap) -> Response {
    match desk.client.sign_in_method_to_add(&headers).await {
        Ok(method) if wants_json(&headers) => {
            let MethodToAdd { provider, name, hint, mark, return_to, .. } = method;
            let said = json!({
                "provider": provider, "name": name, "hint": hint, "mark": mark, "return_to": return_to.to_string(),
            });
            answer::json(StatusCode::OK, said)
        }
        Ok(method) => {
            let page = desk.pages.sign_in_method_to_add(&method, desk.client.providers(), language(&headers));
            answer::page(StatusCode::OK, page)
        }
        Err(error) if wants_json(&headers) => answer::say(&error, &headers),
        Err(error) => desk.fail(&error, &headers),
    }
}

async fn confirm<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match desk.client.confirm_sign_in_method(&headers, &body).await {
        Ok(_) if wants_json(&headers) => StatusCode::NO_CONTENT.into_response(),
        added => desk.answer(added, &headers),
    }
}

async fn prove_account<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    desk.start_from(&headers, &body, async |request| desk.client.prove_account(request, &headers).await).await
}

async fn remove<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match desk.remove(&headers, &body).await {
        Ok(_) if wants_json(&headers) => StatusCode::NO_CONTENT.into_response(),
        removed => desk.answer(removed, &headers),
    }
}

async fn terms<U: Send + Sync + 'static>(State(desk): State<Desk<U>>, headers: HeaderMap) -> Response {
    match desk.agreements(&headers).await {
        Ok(agreements) => {
            let page = desk.pages.agreements(desk.client.terms(), &agreements, language(&headers));
            answer::page(StatusCode::OK, page)
        }
        Err(error) => desk.sign_in_first(error, paths::TERMS, &headers),
    }
}

async fn choose<U: Send + Sync + 'static>(
    State(desk): State<Desk<U>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    desk.answer(desk.choose(&headers, &body).await, &headers)
}

impl<U: Send + Sync + 'static> Desk<U> {
    async fn remove(&self, headers: &HeaderMap, body: &[u8]) -> Result<Redirect, Error> {
        let id = field(body, "id")?.unwrap_or_default();
        self.client.remove_sign_in_method(&id, headers, body).await
    }

    async fn choose(&self, headers: &HeaderMap, body: &[u8]) -> Result<Redirect, Error> {
        let (term, version) = (field(body, "term")?.unwrap_or_default(), field(body, "version")?);
        self.client.set_agreement(&term, version.as_deref(), headers).await?;
        Ok(Redirect { location: paths::TERMS.to_owned(), cookies: Vec::new() })
    }

    async fn agreements(&self, headers: &HeaderMap) -> Result<Vec<crate::Agreement>, Error> {
        let signed_in = self.client.signed_in(headers).await?;
        let (session, _) = signed_in.ok_or(AccountError::NotSignedIn)?;
        self.client.agreements(&session.person).await
    }

    /// A login that a form of this service asked for, back to the list of sign-in methods.
    async fn start_from(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        start: impl AsyncFnOnce(&LoginRequest) -> Result<Redirect, Error>,
    ) -> Response {
        let started = match self.request(body) {
            Ok(request) => start(&request).await,
            Err(error) => Err(error.into()),
        };
        self.answer(started, headers)
    }

    /// What the form asks for. Without a place to come back to it is the list of sign-in methods, which a front end with JWTs
    /// shows itself.
    fn request(&self, body: &[u8]) -> Result<LoginRequest, LoginError> {
        let form = std::str::from_utf8(body).map_err(|_| LoginError::Malformed)?;
        let params = Params::parse(body, FORM).map_err(|_| LoginError::Malformed)?;
        let request = LoginRequest::from_query(Some(form))?;
        let is_said = params.one("return_to").map_err(|_| LoginError::Malformed)?.is_some();
        if is_said || self.client.issues_tokens() {
            return Ok(request);
        }
        Ok(request.with_return_to(ReturnTo::or_start(Some(paths::METHODS))))
    }

    fn answer(&self, outcome: Result<Redirect, Error>, headers: &HeaderMap) -> Response {
        match outcome {
            Ok(redirect) if wants_json(headers) => answer::json_address(redirect),
            Ok(redirect) => answer::redirect(redirect),
            Err(error) if wants_json(headers) => answer::say(&error, headers),
            Err(error) => self.fail(&error, headers),
        }
    }

    fn sign_in_first(&self, error: Error, page: &str, headers: &HeaderMap) -> Response {
        match error {
            // A navigation brings no JWT: it would go to the login and back for ever.
            error if wants_json(headers) || self.client.issues_tokens() => answer::say(&error, headers),
            Error::Account(AccountError::NotSignedIn) => {
                let query = params::encode([("return_to", page)]);
                let location = format!("{}?{query}", paths::LOGIN);
                answer::redirect(Redirect { location, cookies: Vec::new() })
            }
            other => self.fail(&other, headers),
        }
    }
}

/// A front end says so; a browser that shows pages accepts HTML.
fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.contains("application/json") && !accepted.contains("text/html")
}

fn list(methods: &SignInMethods) -> Value {
    let one = |method: &SignInMethod| {
        json!({
            "id": method.id, "provider": method.provider, "hint": method.hint,
            "added_at": method.added_at.unix(), "current": method.current, "removable": method.removable,
        })
    };
    json!({ "methods": methods.methods.iter().map(one).collect::<Vec<_>>(), "fresh": methods.fresh })
}

/// The one value of a form's field, if it is there.
fn field(body: &[u8], name: &str) -> Result<Option<String>, Error> {
    let params = Params::parse(body, FORM).map_err(|_| SignUpError::Malformed)?;
    Ok(params.one(name).map_err(|_| SignUpError::Malformed)?.map(str::to_owned))
}
