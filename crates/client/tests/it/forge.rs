//! A provider without OpenID Connect, as GitHub's documents describe theirs: errors with status 200, scopes with commas,
//! addresses in a list of their own, `iss` in callbacks; and the same people in another API's envelope.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Form, Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use mapae_client::protocol::client_credentials_header;
use mapae_protocol::{
    params::{self, Limits, Params},
    pkce::{self, CodeChallenge, CodeVerifier},
    random,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(crate) const CLIENT: &str = "Iv1.0123456789abcdef";
pub(crate) const SECRET: &str = "forge-secret-0123456789";
pub(crate) const CALLBACK: &str = "http://localhost:3000/callback";

/// What can be set otherwise.
#[derive(Default)]
pub(crate) struct Mood {
    /// Tokens end after eight hours and are renewed, as those of GitHub Apps.
    pub(crate) expiring: bool,
    /// What the list of addresses says instead.
    pub(crate) emails: Option<Value>,
    /// `iss` of callbacks instead of its own.
    pub(crate) iss: Option<&'static str>,
    /// Every token is dead.
    pub(crate) dead: bool,
    /// The app has another secret by now.
    pub(crate) renewed_secret: bool,
}

struct Code {
    challenge: CodeChallenge,
    scope: String,
}

#[derive(Default)]
struct Books {
    codes: HashMap<String, Code>,
    /// Scopes by access token.
    access: HashMap<String, String>,
    refresh: HashSet<String>,
}

pub(crate) struct Forge(Arc<Inner>);

struct Inner {
    url: String,
    mood: Mutex<Mood>,
    books: Mutex<Books>,
}

impl Forge {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let inner = Arc::new(Inner { url, mood: Mutex::default(), books: Mutex::default() });
        let router = Router::new()
            .route("/login/oauth/access_token", post(access_token))
            .route("/user", get(user))
            .route("/user/emails", get(emails))
            .route("/applications/{client_id}/grant", delete(end_grant))
            .route("/token", post(token))
            .route("/api/me", get(me))
            .with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self(inner)
    }

    pub(crate) fn url(&self) -> &str {
        &self.0.url
    }

    pub(crate) fn mood(&self) -> MutexGuard<'_, Mood> {
        self.0.mood.lock().unwrap()
    }

    /// Whether a token still works.
    pub(crate) fn has_grants(&self) -> bool {
        !self.0.books.lock().unwrap().access.is_empty()
    }

    /// The person ends it there.
    pub(crate) fn end_grants(&self) {
        self.0.books.lock().unwrap().access.clear();
    }

    /// The person's page: the query that the browser brings back, having agreed to these scopes (to all without any).
    pub(crate) fn agree(&self, authorization_url: &str, scopes: Option<&str>) -> String {
        let (address, query) = authorization_url.split_once('?').unwrap();
        assert!(
            [format!("{}/login/oauth/authorize", self.url()), format!("{}/authorize", self.url())]
                .contains(&address.to_owned())
        );
        let asked = Params::parse(query.as_bytes(), Limits::REQUEST).unwrap();
        let one =
            |name: &str| asked.one(name).unwrap().unwrap_or_else(|| panic!("{name} in {query}")).to_owned();
        assert_eq!((one("client_id").as_str(), one("redirect_uri").as_str()), (CLIENT, CALLBACK));
        assert!(asked.one("nonce").unwrap().is_none(), "nobody would repeat it");
        let code = random::text::<10>();
        let challenge = CodeChallenge::parse(&one("code_challenge")).unwrap();
        let scope = scopes.map_or_else(|| one("scope"), str::to_owned);
        self.0.books.lock().unwrap().codes.insert(code.clone(), Code { challenge, scope });
        let iss = self.mood().iss.map_or_else(|| format!("{}/login/oauth", self.url()), str::to_owned);
        let iss = Some(("iss", iss)).filter(|(_, iss)| !iss.is_empty());
        params::encode([("code", code), ("state", one("state"))].into_iter().chain(iss))
    }
}

impl Inner {
    fn redeem(&self, form: &HashMap<String, String>) -> Result<String, &'static str> {
        let code = self.books.lock().unwrap().codes.remove(&form["code"]).ok_or("bad_verification_code")?;
        if form["redirect_uri"] != CALLBACK {
            return Err("redirect_uri_mismatch");
        }
        let verifier = CodeVerifier::parse(&form["code_verifier"]).unwrap();
        pkce::verify(Some(&code.challenge), Some(&verifier)).map_err(|_| "bad_verification_code")?;
        Ok(code.scope)
    }

    /// Tokens for a code or for a refresh token, which works once.
    fn tokens(&self, form: &HashMap<String, String>) -> Result<Value, &'static str> {
        let scope = match form["grant_type"].as_str() {
            "refresh_token" if self.mood.lock().unwrap().dead => return Err("bad_refresh_token"),
            "refresh_token" => {
                let known = self.books.lock().unwrap().refresh.remove(&form["refresh_token"]);
                known.then(|| "read:user user:email".to_owned()).ok_or("bad_refresh_token")?
            }
            _ => self.redeem(form)?,
        };
        let (access, refresh) =
            (format!("gho_{}", random::text::<20>()), format!("ghr_{}", random::text::<20>()));
        let mut books = self.books.lock().unwrap();
        books.access.insert(access.clone(), scope.clone());
        let mut answer = json!({ "access_token": access, "token_type": "bearer", "scope": scope });
        if self.mood.lock().unwrap().expiring {
            books.refresh.insert(refresh.clone());
            answer["refresh_token"] = json!(refresh);
            answer["expires_in"] = json!(28_800);
            answer["refresh_token_expires_in"] = json!(15_897_600);
        }
        Ok(answer)
    }

    /// The scopes of the token of a request that has everything that is demanded.
    fn admits(&self, headers: &HeaderMap) -> Option<String> {
        headers.get(header::USER_AGENT)?;
        let token = headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
        let scope = self.books.lock().unwrap().access.get(token).cloned();
        scope.filter(|_| !self.mood.lock().unwrap().dead)
    }
}

/// GitHub: the secret in the form, whatever goes wrong with status 200, and a form unless JSON is asked for.
async fn access_token(
    State(forge): State<Arc<Inner>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    let right = form.get("client_id").is_some_and(|id| id == CLIENT)
        && form.get("client_secret").is_some_and(|secret| secret == SECRET);
    let answer = if right { forge.tokens(&form) } else { Err("incorrect_client_credentials") };
    let mut answer =
        answer.unwrap_or_else(|error| json!({ "error": error, "error_description": "See the documents." }));
    if let Some(scope) = answer.get("scope").and_then(Value::as_str) {
        answer["scope"] = json!(scope.replace(' ', ","));
    }
    if headers.get(header::ACCEPT).is_some_and(|accept| accept == "application/json") {
        return Json(answer).into_response();
    }
    let pairs = answer.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.to_string()));
    ([(header::CONTENT_TYPE, "application/x-www-form-urlencoded")], params::encode(pairs)).into_response()
}

async fn user(State(forge): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    if forge.admits(&headers).is_none() {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "message": "Bad credentials", "status": "401" })))
            .into_response();
    }
    // The public address is whatever somebody wrote there.
    let user = json!({
        "login": "octo", "id": 9_007_199_254_740_993_i64, "name": null, "email": "ceo@corp.example",
        "avatar_url": "https://avatars.example/u/1",
    });
    Json(user).into_response()
}

async fn emails(State(forge): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    match forge.admits(&headers) {
        Some(scope) if scope.contains("user:email") => {
            let list = json!([
                { "email": "old@example.test", "primary": false, "verified": true, "visibility": null },
                { "email": "octo@example.test", "primary": true, "verified": true, "visibility": "private" },
            ]);
            Json(forge.mood.lock().unwrap().emails.clone().unwrap_or(list)).into_response()
        }
        _ => (StatusCode::NOT_FOUND, Json(json!({ "message": "Not Found" }))).into_response(),
    }
}

/// The app speaks for itself, and names one token of whom it means: all of theirs are dead, and consent is asked again.
async fn end_grant(
    State(forge): State<Arc<Inner>>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<HashMap<String, String>>,
) -> Response {
    if client_id != CLIENT || !is_app(&headers) || forge.mood.lock().unwrap().renewed_secret {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "message": "Bad credentials" }))).into_response();
    }
    let mut books = forge.books.lock().unwrap();
    if books.access.remove(&body["access_token"]).is_none() {
        return (StatusCode::NOT_FOUND, Json(json!({ "message": "Not Found" }))).into_response();
    }
    books.access.clear();
    books.refresh.clear();
    StatusCode::NO_CONTENT.into_response()
}

fn is_app(headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
    let given =
        given.and_then(|value| client_credentials_header::ClientCredentials::parse(value.as_bytes()).ok());
    given.is_some_and(|given| given.client_id.as_str() == CLIENT && given.secret.expose() == SECRET)
}

/// The other API: the secret in the header, errors by the book, people in an envelope.
async fn token(
    State(forge): State<Arc<Inner>>,
    headers: HeaderMap,
    Form(form): Form<HashMap<String, String>>,
) -> Response {
    if !is_app(&headers) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "error": "invalid_client" }))).into_response();
    }
    match forge.tokens(&form) {
        Ok(tokens) => Json(tokens).into_response(),
        Err(_) => (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response(),
    }
}

async fn me(State(forge): State<Arc<Inner>>, headers: HeaderMap) -> Response {
    if forge.admits(&headers).is_none() {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "ok": false, "code": 41 }))).into_response();
    }
    let person = json!({
        "uuid": "u-17", "display": { "nick": "문어" }, "mail": { "address": "octo@example.test", "checked": "true" },
        "cell": "010-1234-5678",
    });
    Json(json!({ "ok": true, "data": { "user": person } })).into_response()
}
