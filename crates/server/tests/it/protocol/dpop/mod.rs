//! Proofs of possession — RFC 9449.

mod codes;
mod nonces;
mod proofs;
mod refreshing;
mod resources;

use mapae_protocol::{
    dpop::{NewProof, Thumbprint},
    jose::{Algorithm, SigningKey},
};
use mapae_testkit::{
    Answer, AppFixture, AppSpec, Authorization, Browser, Page, TestServer, UserFixture, client::send,
};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use super::to_node;

/// A client's key.
pub(crate) struct Key(pub(crate) SigningKey);

impl Key {
    pub(crate) fn fresh() -> Self {
        Self(SigningKey::generate(Algorithm::Es256).unwrap())
    }

    /// What tokens that are bound to it say.
    pub(crate) fn thumbprint(&self) -> String {
        Thumbprint::of(self.0.public_jwk()).to_string()
    }

    /// A proof for a POST to this path.
    pub(crate) fn proof(&self, server: &TestServer, path: &str) -> String {
        self.with_nonce(server, path, None)
    }

    pub(crate) fn with_nonce(&self, server: &TestServer, path: &str, nonce: Option<&str>) -> String {
        let address = server.at(path);
        let proof =
            NewProof { method: "POST", address: &address, access_token: None, nonce, now: server.now() };
        proof.sign(&self.0).unwrap()
    }

    /// A proof for a GET of userinfo with this token.
    pub(crate) fn for_token(&self, server: &TestServer, token: &str, nonce: Option<&str>) -> String {
        let address = server.at("/userinfo");
        let access_token = Some(token);
        let proof = NewProof { method: "GET", address: &address, access_token, nonce, now: server.now() };
        proof.sign(&self.0).unwrap()
    }
}

/// Posts a form with these proofs, to this very node.
pub(crate) async fn post(
    server: &TestServer,
    app: &AppFixture,
    path: &str,
    proofs: &[&str],
    form: &[(&str, &str)],
) -> Answer {
    let mut request = to_node(server, Method::POST, path);
    for proof in proofs {
        request = request.header("DPoP", *proof);
    }
    send(authenticated(request, app, form)).await
}

fn authenticated(request: RequestBuilder, app: &AppFixture, form: &[(&str, &str)]) -> RequestBuilder {
    match &app.client_secret {
        Some(secret) => request.form(form).basic_auth(&app.client_id, Some(secret)),
        None => request.form(&[form, &[("client_id", app.client_id.as_str())]].concat()),
    }
}

/// Redeems a code with a proof.
pub(crate) async fn redeem(
    server: &TestServer,
    app: &AppFixture,
    (code, verifier): (&str, &str),
    proof: &str,
) -> Answer {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", app.redirect_uri.as_str()),
        ("code_verifier", verifier),
    ];
    post(server, app, "/token", &[proof], &form).await
}

async fn refresh(server: &TestServer, app: &AppFixture, token: &str, proofs: &[&str]) -> Answer {
    post(server, app, "/token", proofs, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
}

/// Asks for userinfo with a token in this scheme, and with these proofs.
pub(crate) async fn userinfo(server: &TestServer, scheme: &str, token: &str, proofs: &[&str]) -> Answer {
    let mut request = mapae_testkit::http().request(Method::GET, server.at("/userinfo"));
    request = request.header("Authorization", format!("{scheme} {token}"));
    for proof in proofs {
        request = request.header("DPoP", *proof);
    }
    send(request).await
}

fn public() -> AppSpec {
    AppSpec { public: true, ..AppSpec::default() }
}

/// An app that registered for bound tokens.
fn bound() -> AppSpec {
    AppSpec { metadata: [("dpop_bound_access_tokens".to_owned(), json!(true))].into(), ..AppSpec::default() }
}

/// A machine that may read the calendar.
async fn machine(server: &TestServer, opaque: bool) -> (mapae_testkit::ApiFixture, AppFixture) {
    let api = server.register_api("https://calendar.example", &["calendar.read"], opaque).await;
    let spec = AppSpec {
        redirect_uris: Vec::new(),
        grant_types: "client_credentials".to_owned(),
        required: vec!["calendar.read".to_owned()],
        optional: Vec::new(),
        ..AppSpec::default()
    };
    (api, server.register(spec).await)
}

const MACHINE: &[(&str, &str)] = &[("grant_type", "client_credentials")];

/// A person with a browser, who gives an app a code.
struct Person {
    user: UserFixture,
    browser: Browser,
}

impl Person {
    async fn of(server: &TestServer) -> Self {
        Self { user: server.user("hong@example.com").await, browser: Browser::default() }
    }

    async fn code(&self, server: &TestServer, authorization: &Authorization) -> String {
        server.code(&self.browser, &self.user, authorization).await
    }

    /// Tokens that are bound to a key.
    async fn tokens(&self, server: &TestServer, app: &AppFixture, key: &Key) -> Answer {
        let authorization = Authorization::of(app, "openid email");
        let code = self.code(server, &authorization).await;
        let proof = key.proof(server, "/token");
        let tokens = redeem(server, app, (&code, &authorization.verifier), &proof).await;
        assert_eq!((tokens.status.as_u16(), tokens.text("token_type").as_str()), (200, "DPoP"));
        tokens
    }
}

/// Agrees on the page of a request that was begun at this address.
async fn answered(person: &Person, address: &str) -> Page {
    let mut page = person.browser.visit(address).await;
    if page.has("login-submit") {
        let fields = [("email", person.user.email.as_str()), ("password", person.user.password.as_str())];
        page = person.browser.follow(person.browser.submit(&page, "login-submit", &fields).await).await;
    }
    if page.has("consent-approve") {
        page = person.browser.submit(&page, "consent-approve", &[("all", "1")]).await;
    }
    page
}
