//! Apps that register themselves and manage that — RFC 7591, RFC 7592, OIDC Registration.

mod app_identity;
mod crowds;
mod described;
mod document_refresh;
mod documents;
mod fetched;
mod handed_over;
mod held;
mod key_fetches;
mod keys;
mod managed;
mod races;
mod reconsent;
mod registration_endpoint;
mod request_uris;
mod rows;
mod sectors;
pub(crate) mod site;

use mapae::store::{Unit, initial_access_tokens, initial_access_tokens::InitialAccessToken};
use mapae_protocol::{digest::sha256_base64url, time::Seconds};
use mapae_testkit::{Answer, AppFixture, Engine, Options, TestServer, client::send};
use reqwest::Method;
use serde_json::{Value, json};

const REDIRECT_URI: &str = "https://a.example/cb";

/// A server with these settings, on one engine.
async fn server(engine: Engine, settings: &[(&str, &str)]) -> TestServer {
    let database = TestServer::database_on(engine).await;
    let owned = |(name, value): &(&str, &str)| (format!("MAPAE_{name}"), (*value).to_owned());
    let settings = settings.iter().map(owned).collect();
    TestServer::start_with(Options { database, settings, ..Options::default() }).await
}

/// A server at which everybody may register.
async fn open(engine: Engine) -> TestServer {
    server(engine, &[("REGISTRATION__POLICY", "open")]).await
}

/// A request with a token, perhaps, and a JSON body, perhaps.
pub(crate) async fn ask(method: Method, address: &str, token: Option<&str>, body: Option<&Value>) -> Answer {
    let mut request = mapae_testkit::http().request(method, address);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    send(request).await
}

/// A registration.
async fn register(server: &TestServer, said: &Value) -> Answer {
    ask(Method::POST, &server.at("/register"), None, Some(said)).await
}

/// A registration of an app that signs people in.
async fn registered(server: &TestServer, more: Value) -> Registered {
    let mut said = json!({
        "redirect_uris": [REDIRECT_URI],
        "client_name": "나의 앱",
        "grant_types": ["authorization_code", "refresh_token"],
    });
    said.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = register(server, &said).await;
    assert_eq!(answer.status, 201, "{}", answer.json);
    Registered::of(&answer)
}

/// An app that registered itself.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) app: AppFixture,
    pub(crate) token: String,
    address: String,
    told: Value,
}

impl Registered {
    pub(crate) fn of(answer: &Answer) -> Self {
        let secret = answer.json.get("client_secret").and_then(Value::as_str).map(str::to_owned);
        let app = AppFixture {
            client_id: answer.text("client_id"),
            client_secret: secret,
            redirect_uri: answer.json["redirect_uris"][0].as_str().unwrap_or_default().to_owned(),
        };
        let (token, address) =
            (answer.text("registration_access_token"), answer.text("registration_client_uri"));
        Self { app, token, address, told: answer.json.clone() }
    }

    async fn show(&self) -> Answer {
        ask(Method::GET, &self.address, Some(&self.token), None).await
    }

    async fn update(&self, said: &Value) -> Answer {
        ask(Method::PUT, &self.address, Some(&self.token), Some(said)).await
    }

    async fn delete(&self) -> Answer {
        ask(Method::DELETE, &self.address, Some(&self.token), None).await
    }

    /// What it would say to change nothing.
    pub(crate) fn same(&self) -> Value {
        let given = [
            "registration_access_token",
            "registration_client_uri",
            "client_secret",
            "client_secret_expires_at",
            "client_id_issued_at",
        ];
        let mut same = self.told.clone();
        same.as_object_mut().unwrap().retain(|name, _| !given.contains(&name.as_str()));
        same
    }

    /// The same with another value of a member.
    fn with(&self, name: &str, value: Value) -> Value {
        let mut same = self.same();
        same[name] = value;
        same
    }
}

/// What the operator's command line does to an app, and shows of it then.
pub(crate) async fn by_operator(server: &TestServer, id: &str, words: &[&str]) -> Value {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mapae"));
    command
        .args(["app", "update", id])
        .args(words)
        .args(["--json", "--data", server.data().to_str().unwrap()])
        .env("MAPAE_DATABASE", server.database())
        .env("MAPAE_ISSUER", server.issuer());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stdout));
    server.app().catch_up().await.unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A token of the operator's for so many apps.
pub(crate) async fn initial_token(server: &TestServer, uses_left: i64, life: Seconds) -> String {
    initial_token_of(server, &format!("initial-{uses_left}-{}", life.get()), uses_left, life).await
}

/// The same with this text.
pub(crate) async fn initial_token_of(
    server: &TestServer,
    token: &str,
    uses_left: i64,
    life: Seconds,
) -> String {
    let kept = InitialAccessToken {
        id: format!("iat_{}", sha256_base64url(token)),
        label: String::new(),
        uses_left,
        created_at: server.now(),
        expires_at: server.now().plus(life),
    };
    let hash = sha256_base64url(token).into();
    server.write(Unit::from(initial_access_tokens::insert(&kept, &hash))).await;
    token.to_owned()
}
