//! Apps on a profile of FAPI 2.0 — FAPI 2.0 §5.3.2, §5.4.1, FAPI 2.0 Message Signing §5.3.1, §5.4.1.

mod racing;
mod registering;
mod requests;
mod switching;
mod tokens;

use mapae_protocol::{
    client_assertion::ASSERTION_TYPE,
    jose::{Algorithm, HeaderType, SigningKey},
    params,
};
use mapae_testkit::{Answer, AppSpec, Authorization, Browser, Page, TestServer, UserFixture, client::send};
use serde_json::{Value, json};

use super::{
    agree, claims,
    client_assertions::{Signer, key_set},
    dpop::Key,
    request_objects::object,
};

const SECURITY: &str = "fapi2_security";
const MESSAGE_SIGNING: &str = "fapi2_message_signing";
const PROFILES: [&str; 2] = [SECURITY, MESSAGE_SIGNING];

/// An app that is on a profile, with all of its keys.
struct Bank {
    signer: Signer,
    /// To what its tokens are bound.
    key: Key,
    profile: &'static str,
}

impl Bank {
    /// One of which nothing is registered but the profile and a key.
    async fn open(server: &TestServer, profile: &'static str) -> Self {
        let metadata = [("fapi_profile".to_owned(), json!(profile))].into();
        let spec = AppSpec { metadata, id_token_alg: "ES256".to_owned(), ..AppSpec::default() };
        let signer = Signer::register(server, Algorithm::Es256, spec).await;
        Self { signer, key: Key::fresh(), profile }
    }

    fn client_id(&self) -> &str {
        &self.signer.app.client_id
    }

    fn asked(&self) -> Authorization {
        let asked = Authorization::of(&self.signer.app, "openid email");
        if self.profile == MESSAGE_SIGNING { asked.with("response_mode", "jwt") } else { asked }
    }

    /// The claims of a request object for this hour.
    fn object(&self, server: &TestServer, asked: &Authorization) -> Value {
        let mut claims = object(server, asked);
        claims["nbf"] = json!(server.now().unix());
        claims
    }

    fn signed(&self, claims: &Value) -> Vec<(String, String)> {
        let object = self.signer.key.sign(HeaderType::RequestObject, claims).unwrap();
        vec![("request".to_owned(), object)]
    }

    /// Posts a form with this assertion and, if it has a key for that, with a proof that has this nonce.
    async fn present(
        &self,
        server: &TestServer,
        path: &str,
        (assertion, key): (&str, Option<(&Key, Option<&str>)>),
        form: &[(&str, &str)],
    ) -> Answer {
        let proof = key.map(|(key, nonce)| key.with_nonce(server, path, nonce));
        self.prove(server, path, (assertion, proof.as_deref()), form).await
    }

    /// The same with a proof that may be anything.
    async fn prove(
        &self,
        server: &TestServer,
        path: &str,
        (assertion, proof): (&str, Option<&str>),
        form: &[(&str, &str)],
    ) -> Answer {
        let credential = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)];
        let mut request = mapae_testkit::http().post(server.at(path));
        if let Some(proof) = proof {
            request = request.header("DPoP", proof);
        }
        send(request.form(&[&credential[..], form].concat())).await
    }

    /// Posts a form as the app does.
    async fn post(&self, server: &TestServer, path: &str, form: &[(&str, &str)]) -> Answer {
        self.post_by(server, path, &self.key, form).await
    }

    async fn post_by(&self, server: &TestServer, path: &str, key: &Key, form: &[(&str, &str)]) -> Answer {
        let first = self.signer.fresh(server);
        let told = self.present(server, path, (&first, Some((key, None))), form).await;
        if told.error() != "use_dpop_nonce" {
            return told;
        }
        let nonce = told.headers["dpop-nonce"].to_str().unwrap();
        // The same request, with another proof.
        self.present(server, path, (&first, Some((key, Some(nonce)))), form).await
    }

    async fn push(&self, server: &TestServer, asked: &Authorization) -> Answer {
        let form = if self.profile == MESSAGE_SIGNING {
            self.signed(&self.object(server, asked))
        } else {
            asked.parameters.clone()
        };
        self.post(server, "/par", &pairs(&form)).await
    }

    /// The address with which a browser begins.
    async fn address(&self, server: &TestServer, asked: &Authorization) -> String {
        let pushed = self.push(server, asked).await;
        assert_eq!(pushed.status, 201, "{}", pushed.json);
        self.address_of(server, &pushed.text("request_uri"))
    }

    fn address_of(&self, server: &TestServer, request_uri: &str) -> String {
        let query = [("client_id", self.client_id()), ("request_uri", request_uri)];
        server.at(&format!("/authorize?{}", params::encode(query)))
    }

    /// What the app is told at its redirect URI; of Message Signing what the signed answer says.
    fn answer(&self, page: &Page) -> Value {
        let value = |name: &str| page.answered(name).map_or(Value::Null, Value::from);
        if self.profile == MESSAGE_SIGNING {
            assert_eq!(page.answered("code"), None, "nothing travels unsigned");
            return claims(&page.answered("response").unwrap());
        }
        json!({ "code": value("code"), "iss": value("iss"), "state": value("state"), "error": value("error") })
    }

    async fn code(
        &self,
        server: &TestServer,
        (browser, user): (&Browser, &UserFixture),
        asked: &Authorization,
    ) -> String {
        let page = agree(browser, user, &self.address(server, asked).await).await;
        self.answer(&page)["code"].as_str().unwrap_or_else(|| panic!("{:?}", page.location())).to_owned()
    }

    fn redemption<'a>(&'a self, code: &'a str, verifier: &'a str) -> [(&'a str, &'a str); 4] {
        let redirect_uri = self.signer.app.redirect_uri.as_str();
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ]
    }

    async fn redeem(&self, server: &TestServer, code: &str, verifier: &str) -> Answer {
        self.post(server, "/token", &self.redemption(code, verifier)).await
    }

    async fn tokens(&self, server: &TestServer, person: (&Browser, &UserFixture)) -> Answer {
        let asked = self.asked();
        let code = self.code(server, person, &asked).await;
        let tokens = self.redeem(server, &code, &asked.verifier).await;
        assert_eq!(tokens.status, 200, "{}", tokens.json);
        tokens
    }

    async fn refresh(&self, server: &TestServer, token: &str) -> Answer {
        self.post(server, "/token", &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }
}

fn pairs(form: &[(String, String)]) -> Vec<(&str, &str)> {
    form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// A page of ours that leads nowhere.
fn is_page(page: &Page) {
    assert_eq!((page.status.as_u16(), page.location()), (400, None), "{}", page.body);
}

/// A bank with a second key, of an algorithm that its profile forbids.
async fn with_rsa(server: &TestServer, profile: &'static str) -> (Bank, SigningKey) {
    let rsa = SigningKey::generate(Algorithm::Rs256).unwrap();
    let own = SigningKey::generate(Algorithm::Es256).unwrap();
    let metadata =
        [("fapi_profile".to_owned(), json!(profile)), ("jwks".to_owned(), key_set(&[&own, &rsa]))].into();
    let spec = AppSpec { metadata, id_token_alg: "ES256".to_owned(), ..AppSpec::default() };
    let signer = Signer::register(server, Algorithm::Es256, spec).await;
    let signer = Signer { key: own, ..signer };
    (Bank { signer, key: Key::fresh(), profile }, rsa)
}
