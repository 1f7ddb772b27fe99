//! The relying party for the plans of the OpenID Foundation's conformance suite; also to try a provider with.
//!
//! ```text
//! conformance_rp ISSUER CLIENT_ID [--secret-file FILE | --private-key FILE --kid KID]
//!                [--scope SCOPES] [--fapi | --message-signing] [--form-post] [--id-token-alg ALGORITHM] [--resource URL]
//!                [--port PORT] [--listen ADDRESS]
//! ```
//!
//! `/` signs in at the provider, calls the API at `--resource` if there is one, and says who it is; `/refresh` has new tokens
//! made, `/out` signs out at the provider. ID tokens, logout tokens and answers are signed with RS256 (on a profile with PS256)
//! unless another algorithm is said. The redirect URI is `http://localhost:PORT/callback` (3000 unless it is said),
//! `post_logout_redirect_uri` is `http://localhost:PORT/out/done`, and logout tokens are taken at
//! `http://localhost:PORT/login/backchannel-logout/op`. What the provider is asked, and what it says, stands on standard
//! error, one line for each request. Which plan needs what stands in `docs/manual/conformance.md`.

use std::{
    env, fs,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use axum::{
    Json, Router,
    extract::{FromRef, State},
    http::{Method, StatusCode},
    response::{IntoResponse as _, Redirect, Response},
    routing::get,
};
use mapae_client::{
    AccessError, AccessToken, Accounts, Answers, BoxError, CallError, Client, ClientRegistration,
    CreateError, EndUser, Identity, Provider, ProviderSettings, SignedIn, Vault,
    axum::routes,
    observe::{Exchange, Observer, Outcome},
};
use mapae_protocol::jose::Algorithm;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How long the API is waited for.
const PATIENCE: Duration = Duration::from_secs(5);

/// Says what the provider was asked, so that a run that goes wrong can be understood. A query is for nobody's log.
struct Told;

impl Observer for Told {
    fn exchanged(&self, exchange: &Exchange) {
        let Exchange { purpose, method, url, outcome, .. } = exchange;
        let address = url.split(['?', '#']).next().unwrap_or_default();
        match outcome {
            Outcome::Answered { status, .. } => eprintln!("{purpose:?}: {method} {address} {status}"),
            Outcome::Failed { reason } => eprintln!("{purpose:?}: {method} {address} {reason}"),
        }
    }
}

/// Everybody whom the provider knows has an account.
struct Everybody;

impl Accounts for Everybody {
    type User = String;

    async fn find(&self, person: &EndUser) -> Result<Option<String>, BoxError> {
        Ok(Some(person.subject().to_owned()))
    }

    async fn create(&self, identity: &Identity, _: &Answers) -> Result<String, CreateError> {
        Ok(identity.person().subject().to_owned())
    }
}

fn shown(person: &EndUser, token: &AccessToken) -> Json<Value> {
    let scopes = token.scopes().to_string();
    Json(json!({
        "issuer": person.issuer(), "sub": person.subject(), "scope": scopes, "bound": token.is_bound(),
    }))
}

fn answer(person: &EndUser, token: Result<AccessToken, AccessError>) -> Response {
    match token {
        Ok(token) => shown(person, &token).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

/// What the pages share.
#[derive(Clone)]
struct App {
    client: Client<String>,
    resource: Option<String>,
    http: reqwest::Client,
}

impl FromRef<App> for Client<String> {
    fn from_ref(app: &App) -> Self {
        app.client.clone()
    }
}

async fn home(
    State(App { client, resource, http }): State<App>,
    SignedIn { person, .. }: SignedIn<String>,
) -> Response {
    if let Some(address) = &resource {
        match call(&client, &http, &person, address).await {
            Ok(status) if status.is_success() => {}
            Ok(status) => return (StatusCode::BAD_GATEWAY, format!("the API said {status}")).into_response(),
            Err(error) => return (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
        }
    }
    answer(&person, client.access_token(&person).await)
}

/// What the API says to the person's token.
async fn call(
    client: &Client<String>,
    http: &reqwest::Client,
    person: &EndUser,
    address: &str,
) -> Result<StatusCode, CallError<reqwest::Error>> {
    let called = client.call_with_token(person, |token| {
        let headers = client.headers_of_call(&token, &Method::GET, address);
        let request = http.get(address).headers(headers);
        async move {
            let answer = request.send().await?;
            Ok(client.attempt(address, (answer.status(), answer.headers()), answer.status()))
        }
    });
    called.await
}

async fn refresh(
    State(client): State<Client<String>>,
    SignedIn { person, .. }: SignedIn<String>,
) -> Response {
    let fresh = match client.access_token(&person).await {
        Ok(token) => client.after_unauthorized(&person, &token).await,
        missing => missing,
    };
    answer(&person, fresh)
}

/// Signs out at the provider, which then tells this service by a logout token.
async fn out(State(client): State<Client<String>>, SignedIn { person, .. }: SignedIn<String>) -> Response {
    let back = format!("{}/out/done", client.origin());
    match client.sign_out_address(&person, Some(&back)).await {
        Ok(Some(address)) => Redirect::to(&address).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, "the provider has no such page").into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

/// The words of the command line.
struct Words(Vec<String>);

impl Words {
    fn has(&self, flag: &str) -> bool {
        self.0.iter().any(|word| word == flag)
    }

    fn after(&self, flag: &str) -> Option<&str> {
        let at = self.0.iter().position(|word| word == flag)?;
        self.0.get(at + 1).map(String::as_str)
    }
}

fn registration(words: &Words, client_id: &str, port: &str) -> Result<ClientRegistration, BoxError> {
    let redirect_uri = format!("http://localhost:{port}/callback");
    let scopes = words.after("--scope").unwrap_or("openid profile email");
    let mut registration = ClientRegistration::new(client_id, redirect_uri).with_scopes(scopes);
    if let Some(file) = words.after("--secret-file") {
        registration = registration.with_secret(fs::read_to_string(file)?.trim_end());
    }
    if let (Some(file), Some(kid)) = (words.after("--private-key"), words.after("--kid")) {
        registration = registration.with_private_key(kid, fs::read_to_string(file)?);
    }
    if words.has("--fapi") {
        registration = registration.with_fapi_profile();
    }
    if words.has("--message-signing") {
        registration = registration.with_message_signing_profile();
    }
    if words.has("--form-post") {
        registration = registration.with_posted_answers();
    }
    let usual = if words.has("--fapi") || words.has("--message-signing") { "PS256" } else { "RS256" };
    let algorithm = Algorithm::parse(words.after("--id-token-alg").unwrap_or(usual));
    let algorithm = algorithm.ok_or("--id-token-alg is none that is known")?;
    Ok(registration.with_id_token_algorithm(algorithm).with_answer_algorithm(algorithm))
}

#[tokio::main]
async fn main() -> Result<(), BoxError> {
    let words = Words(env::args().skip(1).collect());
    let [issuer, client_id, ..] = words.0.as_slice() else {
        return Err("say ISSUER CLIENT_ID, and what the plan needs".into());
    };
    let port = words.after("--port").unwrap_or("3000");
    let registration = registration(&words, client_id, port)?;
    let settings = ProviderSettings::new("op").for_development().observed_by(Arc::new(Told));
    let provider = Provider::discover(issuer, registration, settings)?;
    let folder = env::temp_dir().join(format!("conformance-rp-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let client =
        Client::builder(Vault::open(folder.join("vault.db"))?, Everybody).provider(provider).build()?;
    let pages = Router::new().route("/", get(home)).route("/refresh", get(refresh));
    let pages = pages.route("/out", get(out)).route("/out/done", get(async || "signed out"));
    let resource = words.after("--resource").map(str::to_owned);
    let http = reqwest::Client::builder().timeout(PATIENCE).build()?;
    let app = pages.merge(routes(&client)).with_state(App { client, resource, http });
    let address =
        words.after("--listen").map_or_else(|| Ok(IpAddr::from(Ipv4Addr::LOCALHOST)), str::parse)?;
    let listener = TcpListener::bind((address, port.parse()?)).await?;
    println!("http://localhost:{port}/");
    Ok(axum::serve(listener, app).await?)
}
