//! Other people's clients at the server, on https, which it speaks itself with a certificate of an authority of its own, and on
//! http: npm `openid-client` and `jose`, unchanged — OIDC Core §3.1.2.1, RFC 7517 §5, OIDC RP-Initiated Logout §2.

use std::fs;

use mapae_protocol::{
    base64url,
    jose::{Algorithm, SigningKey},
    params,
    pkce::CodeVerifier,
};
use mapae_simulators::{Provider, Settings, Simulator};
use mapae_testkit::{npm_folder, until};
use serde_json::{Value, json};
use tokio::process::Command;
use url::Url;

use super::program::{EMAIL, PASSWORD, Program, Scheme, Server};

const CALLBACK: &str = "https://app.example.com/cb";
/// Everybody may register an app.
const OPEN: &[(&str, &str)] = &[("MAPAE_REGISTRATION__POLICY", "open")];
const LEAVING: &str = "https://app.example.com/bye";

impl Server {
    fn node(&self, script: &str, argument: &str) -> Program {
        let mut command = Command::new("node");
        command.arg(script).arg(argument).current_dir(npm_folder("social"));
        command.env("NODE_EXTRA_CA_CERTS", self.certificate.root());
        Program::of(command)
    }

    /// Where the person is sent back to, who signs in and agrees wherever that is asked.
    async fn go(&self, address: &str) -> Url {
        let back = |url: &Url| url.as_str().starts_with("https://app.example.com/");
        let page = self.person.walk(address, "consent-approve", back).await;
        page.location().unwrap_or_else(|| panic!("{} {}", page.status, page.body))
    }

    /// What a program is told of an app that signs people out.
    async fn leaving_app(&self) -> Value {
        let words = ["app", "create", "--name", "Leaving", "--redirect-uri", CALLBACK];
        let scopes =
            ["--required-scope", "openid", "--required-scope", "profile", "--optional-scope", "email"];
        let back = format!("post_logout_redirect_uris=[\"{LEAVING}\"]");
        let app = self.run(&[&words[..], &scopes, &["--metadata", &back]].concat()).await;
        json!({
            "issuer": self.issuer(), "client_id": app["client_id"], "client_secret": app["client_secret"],
            "leaving": LEAVING,
        })
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

async fn openid_client_signs_pushes_and_reads_signed_answers(scheme: Scheme) {
    let server = Server::on(scheme, OPEN).await;
    let learnt = server.learnt(server.node("signing.mjs", server.issuer())).await;
    for (how, answered) in [("privateKey", json!(["response"])), ("secret", json!(["code", "iss", "state"]))]
    {
        let expected = json!({
            "pushed": ["client_id", "request_uri"], "answered": answered, "email": EMAIL, "active": [true, false],
        });
        assert_eq!(learnt[how], expected, "{how}");
    }
}

async fn openid_client_proves_its_key(scheme: Scheme) {
    let server = Server::on(scheme, OPEN).await;
    let words = ["app", "create", "--name", "DPoP", "--public", "--redirect-uri", CALLBACK];
    let more = ["--required-scope", "email", "--metadata", "dpop_bound_access_tokens=true"];
    let app = server.run(&[&words[..], &more].concat()).await;
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
    let callback = server.go(&format!("{}/authorize?{query}", server.issuer())).await;
    let argument = json!({
        "issuer": server.issuer(),
        "client_id": client_id,
        "callback": callback.as_str(),
        "checks": {
            "pkceCodeVerifier": verifier.expose(), "expectedState": "af0ifjsldkj",
            "expectedNonce": "n-0S6_WzA2Mj", "idTokenExpected": true,
        },
    });
    let learnt = server.learnt(server.node("dpop.mjs", &argument.to_string())).await;
    let expected = json!({
        "types": ["dpop", "dpop"], "bound": [true, true], "emails": [EMAIL, EMAIL], "without": "invalid_grant",
    });
    assert_eq!(learnt, expected);
}

async fn openid_client_connects_a_device(scheme: Scheme) {
    let server = Server::on(scheme, OPEN).await;
    let words = ["app", "create", "--name", "TV", "--public", "--grant", "device_code"];
    let more = ["--grant", "refresh_token", "--required-scope", "openid", "--required-scope", "email"];
    let app = server.run(&[&words[..], &more].concat()).await;
    let argument =
        json!({ "issuer": server.issuer(), "client_id": app["client_id"], "scope": "openid email" });
    let mut device = server.node("device.mjs", &argument.to_string());
    let shown: Value = serde_json::from_str(&device.line().await.unwrap()).unwrap();
    let browser = &server.person.0;
    let page = browser.visit(shown["verification_uri_complete"].as_str().unwrap()).await;
    let page = browser.follow(browser.submit(&page, "device-continue", &[]).await).await;
    let fields = [("email", EMAIL), ("password", PASSWORD)];
    let page = browser.follow(browser.submit(&page, "login-submit", &fields).await).await;
    browser.submit(&page, "device-allow", &[("all", "1")]).await;
    device.tell("").await;
    let outcome: Value = serde_json::from_str(&device.line().await.unwrap()).unwrap();
    assert_eq!(outcome, json!({ "scope": "email openid", "email": EMAIL, "refreshed": true }));
}

async fn jose_verifies_access_tokens_and_id_tokens_of_every_algorithm_by_jwks_uri(scheme: Scheme) {
    let server = Server::on(scheme, OPEN).await;
    let resource = "https://calendar.example";
    let scope = "calendar.read=일정 보기|See your calendar";
    server.run(&["api", "create", "--identifier", resource, "--name", "Calendar", "--scope", scope]).await;
    let mut apps = Vec::new();
    for alg in ["ES256", "RS256", "PS256", "EdDSA"] {
        let words = ["app", "create", "--name", alg, "--redirect-uri", CALLBACK, "--id-token-alg", alg];
        let scopes = ["--required-scope", "openid", "--required-scope", "calendar.read"];
        let mut app = server.run(&[&words[..], &scopes].concat()).await;
        app["alg"] = json!(alg);
        apps.push(app);
    }
    let argument = json!({ "issuer": server.issuer(), "resource": resource, "apps": apps });
    let learnt = server.learnt(server.node("jose.mjs", &argument.to_string())).await;
    for alg in ["ES256", "RS256", "PS256", "EdDSA"] {
        let refused = "ERR_JWS_SIGNATURE_VERIFICATION_FAILED";
        let expected = json!({
            "id": alg, "access": "ES256", "nonce": true, "forged": [refused, refused],
            "swapped": "ERR_JWT_CLAIM_VALIDATION_FAILED",
        });
        assert_eq!(learnt[alg], expected, "{alg}");
    }
}

async fn openid_client_signs_people_in_and_out(scheme: Scheme) {
    let server = Server::on(scheme, OPEN).await;
    let app = server.leaving_app().await;
    let learnt = server.learnt(server.node("leaving.mjs", &app.to_string())).await;
    let left = format!("{LEAVING}?state=gone");
    assert_eq!(learnt, json!({ "name": "홍길동", "left": left, "refused": "invalid_grant" }));
}

async fn openid_client_is_on_the_profiles_of_fapi(scheme: Scheme) {
    let server = Server::on(scheme, OPEN).await;
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    fs::write(&file, json!({ "keys": [key.public_jwk()] }).to_string()).unwrap();
    for (profile, signs) in [("fapi2_security", false), ("fapi2_message_signing", true)] {
        let words = ["app", "create", "--name", profile, "--redirect-uri", CALLBACK, "--profile", profile];
        let keys = ["--jwks-file", file.to_str().unwrap(), "--required-scope", "openid"];
        let scopes = ["--required-scope", "email"];
        let app = server.run(&[&words[..], &keys, &scopes].concat()).await;
        let argument = json!({
            "issuer": server.issuer(), "client_id": app["client_id"], "key": private_jwk(&key), "signs": signs,
        });
        let learnt = server.learnt(server.node("fapi.mjs", &argument.to_string())).await;
        let answered = if signs { json!(["response"]) } else { json!(["code", "iss", "state"]) };
        let expected = json!({ "answered": answered, "type": "dpop", "email": EMAIL, "refreshed": true });
        assert_eq!(learnt, expected, "{profile}");
    }
}

/// The key as Web Crypto reads it (RFC 7518 §6.2.2): its secret number is the first octet string of the PKCS #8 file that is so
/// long (RFC 5915 §3).
fn private_jwk(key: &SigningKey) -> Value {
    let der = key.to_pkcs8().unwrap();
    let begins = der.expose().windows(2).position(|pair| pair == [0x04, 0x20]).unwrap() + 2;
    let mut jwk = serde_json::to_value(key.public_jwk()).unwrap();
    jwk["d"] = json!(base64url::encode(&der.expose()[begins..begins + 32]));
    jwk
}

/// Whoever speaks OpenID Connect to the server has the login of a provider that it knows nothing of.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openid_client_has_kakao_login_through_the_server() {
    let server = Server::on(Scheme::Http, OPEN).await;
    let back = format!("{}/upstream/kakao/callback", server.issuer());
    let settings = Settings { redirect_uris: vec![back], ..Settings::default() };
    let kakao = Simulator::start(Provider::Kakao, settings).await.unwrap();
    let known = kakao.app();
    let secret = tempfile::NamedTempFile::new().unwrap();
    fs::write(secret.path(), known.client_secret.unwrap()).unwrap();
    let words = ["upstream", "add", "kakao", "--client-id", &known.client_id, "--base-url", kakao.base_url()];
    server.run(&[&words[..], &["--client-secret-file", secret.path().to_str().unwrap()]].concat()).await;

    let app = server.leaving_app().await;
    let mut program = server.node("leaving.mjs", &app.to_string());
    let browser = &server.person.0;
    let place = program.line().await.unwrap();
    // What the command line has written the server that runs sees within a second.
    until("its page offers Kakao", async || browser.visit(&place).await.has("upstream-kakao")).await;
    let page = browser.visit(&place).await;
    let away = format!("{}{}", server.issuer(), page.values("#upstream-kakao", "href").remove(0));
    let away = browser.visit(&away).await.location().unwrap();
    let page = browser.visit(away.as_str()).await;
    let page = browser.follow(browser.submit(&page, "login-as-ryan", &[]).await).await;
    let back = browser.follow(browser.submit(&page, "consent-approve", &[]).await).await;
    let page = browser.visit(back.location().unwrap().as_str()).await;
    let page = browser.follow(browser.submit(&page, "login-submit", &[("name", "라이언")]).await).await;
    let answered = browser.submit(&page, "consent-approve", &[("all", "1")]).await;
    program.tell(answered.location().unwrap_or_else(|| panic!("{}", answered.body)).as_str()).await;
    let learnt = server.learnt(program).await;
    assert_eq!(learnt["name"], "라이언");
    kakao.stop().await;
}

/// Both ways in which the server is reached.
macro_rules! on_https_and_http {
    ($($name:ident),+ $(,)?) => {
        mod on_https {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(super::Scheme::Https).await;
                }
            )+
        }

        mod on_http {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(super::Scheme::Http).await;
                }
            )+
        }
    };
}

on_https_and_http!(
    openid_client_signs_pushes_and_reads_signed_answers,
    openid_client_proves_its_key,
    openid_client_connects_a_device,
    jose_verifies_access_tokens_and_id_tokens_of_every_algorithm_by_jwks_uri,
    openid_client_signs_people_in_and_out,
    openid_client_is_on_the_profiles_of_fapi,
);
