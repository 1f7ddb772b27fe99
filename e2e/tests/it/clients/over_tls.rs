//! Other people's clients at the server on https, which speaks TLS itself with a certificate of an authority of its own: npm
//! `openid-client` and `jose`, unchanged — OIDC Core §3.1.2.1, RFC 7517 §5.

use std::fs;

use mapae_e2e::{
    certificate::Certificate,
    process::{Installation, Process},
};
use mapae_protocol::{params, pkce::CodeVerifier};
use mapae_testkit::{Browser, npm_folder};
use serde_json::{Value, json};
use tokio::process::Command;
use url::Url;

use super::program::{EMAIL, PASSWORD, Person, Program};

const CALLBACK: &str = "https://app.example.com/cb";

struct Scene {
    certificate: Certificate,
    installation: Installation,
    process: Process,
    person: Person,
}

impl Scene {
    async fn set() -> Self {
        let certificate = Certificate::for_this_machine();
        let installation = Installation::on_sqlite().on_https(&certificate);
        let installation = installation.with("MAPAE_REGISTRATION__POLICY", "open");
        let process = installation.start().await;
        let words =
            ["user", "create", "--email", EMAIL, "--name", "홍길동", "--email-verified", "--password-stdin"];
        installation.run(&words, PASSWORD).await.unwrap();
        let person = Person(Browser::trusting(&fs::read(certificate.root()).unwrap(), "ko"));
        Self { certificate, installation, process, person }
    }

    fn issuer(&self) -> &str {
        &self.process.node().issuer
    }

    async fn run(&self, words: &[&str]) -> Value {
        self.installation.run(words, "").await.unwrap()
    }

    fn node(&self, script: &str, argument: &str) -> Program {
        let mut command = Command::new("node");
        command.arg(script).arg(argument).current_dir(npm_folder("social"));
        command.env("NODE_EXTRA_CA_CERTS", self.certificate.root());
        Program::of(command)
    }

    /// Where the person is sent back to, who signs in and agrees wherever that is asked.
    async fn go(&self, address: &str) -> Url {
        let back = |url: &Url| url.as_str().starts_with(CALLBACK);
        let page = self.person.walk(address, "consent-approve", back).await;
        page.location().unwrap_or_else(|| panic!("{} {}", page.status, page.body))
    }

    /// Goes wherever the program sends people, until it says what it learnt.
    async fn learnt(&self, mut program: Program) -> Value {
        while let Some(line) = program.line().await {
            if line.starts_with('{') {
                return serde_json::from_str(&line).unwrap();
            }
            let back = self.go(&line).await;
            program.tell(back.as_str()).await;
        }
        panic!("it has ended");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openid_client_signs_pushes_and_reads_signed_answers_on_https() {
    let scene = Scene::set().await;
    let learnt = scene.learnt(scene.node("signing.mjs", scene.issuer())).await;
    for (how, answered) in [("privateKey", json!(["response"])), ("secret", json!(["code", "iss", "state"]))]
    {
        let expected = json!({
            "pushed": ["client_id", "request_uri"], "answered": answered, "email": EMAIL, "active": [true, false],
        });
        assert_eq!(learnt[how], expected, "{how}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openid_client_proves_its_key_on_https() {
    let scene = Scene::set().await;
    let words = ["app", "create", "--name", "DPoP", "--public", "--redirect-uri", CALLBACK];
    let more = ["--required-scope", "email", "--metadata", "dpop_bound_access_tokens=true"];
    let app = scene.run(&[&words[..], &more].concat()).await;
    let (verifier, client_id) = (CodeVerifier::generate(), app["client_id"].as_str().unwrap());
    let challenge = verifier.challenge().to_string();
    let query = params::encode([
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("state", "af0ifjsldkj"),
        ("nonce", "n-0S6_WzA2Mj"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    let callback = scene.go(&format!("{}/authorize?{query}", scene.issuer())).await;
    let argument = json!({
        "issuer": scene.issuer(),
        "client_id": client_id,
        "callback": callback.as_str(),
        "checks": {
            "pkceCodeVerifier": verifier.expose(), "expectedState": "af0ifjsldkj",
            "expectedNonce": "n-0S6_WzA2Mj", "idTokenExpected": true,
        },
    });
    let learnt = scene.learnt(scene.node("dpop.mjs", &argument.to_string())).await;
    let expected = json!({
        "types": ["dpop", "dpop"], "bound": [true, true], "emails": [EMAIL, EMAIL], "without": "invalid_dpop_proof",
    });
    assert_eq!(learnt, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openid_client_connects_a_device_on_https() {
    let scene = Scene::set().await;
    let words = ["app", "create", "--name", "TV", "--public", "--grant", "device_code"];
    let more = ["--grant", "refresh_token", "--required-scope", "openid", "--required-scope", "email"];
    let app = scene.run(&[&words[..], &more].concat()).await;
    let argument =
        json!({ "issuer": scene.issuer(), "client_id": app["client_id"], "scope": "openid email" });
    let mut device = scene.node("device.mjs", &argument.to_string());
    let shown: Value = serde_json::from_str(&device.line().await.unwrap()).unwrap();
    let browser = &scene.person.0;
    let page = browser.visit(shown["verification_uri_complete"].as_str().unwrap()).await;
    let page = browser.follow(browser.submit(&page, "device-continue", &[]).await).await;
    let fields = [("email", EMAIL), ("password", PASSWORD)];
    let page = browser.follow(browser.submit(&page, "login-submit", &fields).await).await;
    browser.submit(&page, "device-allow", &[("all", "1")]).await;
    device.tell("").await;
    let outcome: Value = serde_json::from_str(&device.line().await.unwrap()).unwrap();
    assert_eq!(outcome, json!({ "scope": "email openid", "email": EMAIL, "refreshed": true }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn jose_verifies_id_tokens_and_access_tokens_of_every_algorithm_by_jwks_uri() {
    let scene = Scene::set().await;
    let resource = "https://calendar.example";
    let scope = "calendar.read=일정 보기|See your calendar";
    scene.run(&["api", "create", "--identifier", resource, "--name", "Calendar", "--scope", scope]).await;
    let mut apps = Vec::new();
    for alg in ["ES256", "RS256", "PS256", "EdDSA"] {
        let words = ["app", "create", "--name", alg, "--redirect-uri", CALLBACK, "--id-token-alg", alg];
        let scopes = ["--required-scope", "openid", "--required-scope", "calendar.read"];
        let mut app = scene.run(&[&words[..], &scopes].concat()).await;
        app["alg"] = json!(alg);
        apps.push(app);
    }
    let argument = json!({ "issuer": scene.issuer(), "resource": resource, "apps": apps });
    let learnt = scene.learnt(scene.node("jose.mjs", &argument.to_string())).await;
    for alg in ["ES256", "RS256", "PS256", "EdDSA"] {
        let refused = "ERR_JWS_SIGNATURE_VERIFICATION_FAILED";
        let expected = json!({
            "id": alg, "access": "ES256", "nonce": true, "forged": [refused, refused],
            "swapped": "ERR_JWT_CLAIM_VALIDATION_FAILED",
        });
        assert_eq!(learnt[alg], expected, "{alg}");
    }
}
