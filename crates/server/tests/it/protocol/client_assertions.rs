//! Client assertions — RFC 7521 §4.2, RFC 7523 §3, OIDC Core §9.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use mapae::store::{apps, sweep};
use mapae_protocol::{
    base64url,
    client_assertion::ASSERTION_TYPE,
    digest::HmacKey,
    jose::{Algorithm, HeaderType, SharedKey, SigningKey},
    random,
    secret::Secret,
    time::Seconds,
};
use mapae_testkit::{Answer, AppFixture, AppSpec, Authorization, Browser, Engine, TestServer};
use serde_json::{Value, json};

/// An app that signs with a key of its own.
pub(crate) struct Signer {
    pub(crate) app: AppFixture,
    pub(crate) key: SigningKey,
}

/// The set of these public keys.
pub(crate) fn key_set(keys: &[&SigningKey]) -> Value {
    json!({ "keys": keys.iter().map(|key| key.public_jwk()).collect::<Vec<_>>() })
}

/// The claims of an assertion for this server, good for a minute.
pub(crate) fn good(server: &TestServer, app: &AppFixture) -> Value {
    json!({
        "iss": app.client_id, "sub": app.client_id, "aud": server.issuer(),
        "exp": server.now().unix() + 60, "iat": server.now().unix(), "jti": random::token(),
    })
}

/// Posts a form with this assertion.
pub(crate) async fn present(
    server: &TestServer,
    path: &str,
    assertion: &str,
    form: &[(&str, &str)],
) -> Answer {
    let credential = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)];
    server.post(path, None, &[&credential[..], form].concat()).await
}

impl Signer {
    /// One that acts for itself, of a server with a calendar.
    async fn machine(server: &TestServer, metadata: BTreeMap<String, Value>) -> Self {
        let spec = AppSpec {
            redirect_uris: Vec::new(),
            grant_types: "client_credentials".to_owned(),
            required: vec!["calendar.read".to_owned()],
            optional: Vec::new(),
            metadata,
            ..AppSpec::default()
        };
        Self::register(server, Algorithm::Es256, spec).await
    }

    pub(crate) async fn register(server: &TestServer, algorithm: Algorithm, spec: AppSpec) -> Self {
        let key = SigningKey::generate(algorithm).unwrap();
        let mut metadata = spec.metadata;
        metadata.entry("jwks".to_owned()).or_insert_with(|| key_set(&[&key]));
        let auth_method = Some("private_key_jwt".to_owned());
        let mut app = server.register(AppSpec { auth_method, metadata, ..spec }).await;
        app.client_secret = None;
        Self { app, key }
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        self.key.sign(HeaderType::Jwt, claims).unwrap()
    }

    /// The same for this node, which has an issuer of its own here.
    fn at(&self, node: &TestServer, claims: &Value) -> String {
        let mut claims = claims.clone();
        claims["aud"] = json!(node.issuer());
        self.sign(&claims)
    }

    pub(crate) fn fresh(&self, server: &TestServer) -> String {
        self.sign(&good(server, &self.app))
    }

    async fn token(&self, server: &TestServer, assertion: &str) -> Answer {
        present(server, "/token", assertion, &[("grant_type", "client_credentials")]).await
    }

    /// As `good`, with another value of a claim; `null` leaves it out.
    pub(crate) fn with(&self, server: &TestServer, name: &str, value: Value) -> String {
        let mut claims = good(server, &self.app);
        claims[name] = value;
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.sign(&claims)
    }
}

async fn calendar(server: &TestServer) {
    server.register_api("https://calendar.example", &["calendar.read"], false).await;
}

fn refused(answer: &Answer) -> bool {
    (answer.status.as_u16(), answer.error()) == (401, "invalid_client")
        && !answer.headers.contains_key("www-authenticate")
}

#[tokio::test]
async fn rfc7523_3_an_app_proves_itself_by_a_key_wherever_apps_do() {
    for algorithm in Algorithm::ALL {
        let server = TestServer::start().await;
        let signer = Signer::register(&server, *algorithm, AppSpec::default()).await;
        let user = server.user("hong@example.com").await;
        let authorization = Authorization::of(&signer.app, "openid email");
        let code = server.code(&Browser::default(), &user, &authorization).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &signer.app.redirect_uri),
            ("code_verifier", &authorization.verifier),
        ];
        let unproven = [&form[..], &[("client_id", &signer.app.client_id)]].concat();
        assert!(refused(&server.post("/token", None, &unproven).await), "the key is needed");
        let named = [&form[..], &[("client_id", &signer.app.client_id)]].concat();
        let tokens = present(&server, "/token", &signer.fresh(&server), &named).await;
        assert_eq!(tokens.status, 200, "{algorithm} {}", tokens.json);
        let refresh = tokens.text("refresh_token");
        let again = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
        let tokens = present(&server, "/token", &signer.fresh(&server), &again).await;
        let access = tokens.text("access_token");
        let of_token = [("token", access.as_str())];
        let told = present(&server, "/introspect", &signer.fresh(&server), &of_token).await;
        assert_eq!(told.json["active"], true);
        let parameters: Vec<_> =
            authorization.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let pushed = present(&server, "/par", &signer.fresh(&server), &parameters).await;
        assert_eq!(pushed.status, 201, "{}", pushed.json);
        assert_eq!(present(&server, "/revoke", &signer.fresh(&server), &of_token).await.status, 200);
        let told = present(&server, "/introspect", &signer.fresh(&server), &of_token).await;
        assert_eq!(told.json["active"], false);
    }
}

#[tokio::test]
async fn to_09_to_10_to_12_to_13_what_is_wrong_with_an_assertion_is_told_to_nobody() {
    let server = TestServer::start().await;
    calendar(&server).await;
    let signer = Signer::machine(&server, BTreeMap::new()).await;
    let now = server.now().unix();
    let mut answers = Vec::new();
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    let namesake = SigningKey::generate(Algorithm::Es256).unwrap().with_kid(signer.key.kid()).unwrap();
    let public = serde_json::to_string(signer.key.public_jwk()).unwrap();
    let confused = SharedKey::new(&Secret::new(public)).unwrap();
    let claims = good(&server, &signer.app);
    let unsigned = {
        let signed = signer.sign(&claims);
        format!("{}.{}.", base64url::encode(r#"{"alg":"none"}"#), signed.split('.').nth(1).unwrap())
    };
    for assertion in [
        stranger.sign(HeaderType::Jwt, &claims).unwrap(),
        namesake.sign(HeaderType::Jwt, &claims).unwrap(),
        confused.sign(HeaderType::Jwt, &claims).unwrap(),
        unsigned,
        signer.key.sign(HeaderType::AccessToken, &claims).unwrap(),
        signer.key.sign(HeaderType::RequestObject, &claims).unwrap(),
        signer.key.sign(HeaderType::LogoutToken, &claims).unwrap(),
        signer.with(&server, "exp", Value::Null),
        signer.with(&server, "exp", json!(now - 300)),
        signer.with(&server, "exp", json!(now + 7_200)),
        signer.with(&server, "exp", json!((now + 60).to_string())),
        signer.with(&server, "nbf", json!(now + 61)),
        signer.with(&server, "iat", json!(now - 7_200)),
        signer.with(&server, "aud", json!("https://evil.example")),
        signer.with(&server, "aud", json!([server.issuer(), "https://evil.example"])),
        signer.with(&server, "aud", json!(server.at("/par"))),
        signer.with(&server, "aud", json!("/token")),
        signer.with(&server, "iss", json!("https://evil.example")),
        signer.with(&server, "jti", Value::Null),
        signer.with(&server, "response_type", json!("code")),
    ] {
        let answer = signer.token(&server, &assertion).await;
        assert!(refused(&answer), "{} {assertion}", answer.json);
        answers.push(answer.json);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "one answer for all: {answers:?}");
    for aud in [json!(server.issuer()), json!(server.at("/token")), json!([server.issuer()])] {
        let answer = signer.token(&server, &signer.with(&server, "aud", aud.clone())).await;
        assert_eq!(answer.status, 200, "{aud} {}", answer.json);
    }
    let other = [("grant_type", "client_credentials"), ("client_id", "app_other")];
    assert!(refused(&present(&server, "/token", &signer.fresh(&server), &other).await));
}

#[tokio::test]
async fn to_11_an_assertion_is_good_once_on_every_node_and_after_a_restart() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        calendar(&server).await;
        let signer = Signer::machine(&server, BTreeMap::new()).await;
        let node = server.second_node().await;
        let once = good(&server, &signer.app);
        assert_eq!(signer.token(&node, &signer.fresh(&node)).await.status, 200, "good at either");
        assert_eq!(signer.token(&server, &signer.at(&server, &once)).await.status, 200);
        assert!(refused(&signer.token(&server, &signer.at(&server, &once)).await));
        assert!(refused(&signer.token(&node, &signer.at(&node, &once)).await), "on the other node");
        let elsewhere = present(&node, "/introspect", &signer.at(&node, &once), &[("token", "x")]).await;
        assert!(refused(&elsewhere), "at another endpoint");
        node.stop().await;
        let restarted = server.second_node().await;
        assert!(refused(&signer.token(&restarted, &signer.at(&restarted, &once)).await));
        let wrong = signer.fresh(&server);
        let nonsense = present(&server, "/token", &wrong, &[("grant_type", "gibberish")]).await;
        assert_eq!(nonsense.error(), "unsupported_grant_type");
        assert!(refused(&signer.token(&server, &wrong).await), "used up by a request that was refused");
        let raced = good(&server, &signer.app);
        let answers = join_all((0..16).map(|number| {
            let node = if number % 2 == 0 { &server } else { &restarted };
            let assertion = signer.at(node, &raced);
            let signer = &signer;
            async move { signer.token(node, &assertion).await }
        }));
        let good = answers.await.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(good, 1, "{engine:?}");
        let other = Signer::machine(&server, BTreeMap::new()).await;
        let mut same_name = good_of(&server, &other);
        same_name["jti"] = once["jti"].clone();
        assert_eq!(other.token(&server, &other.sign(&same_name)).await.status, 200, "names are of one app");
    }
}

fn good_of(server: &TestServer, signer: &Signer) -> Value {
    good(server, &signer.app)
}

#[tokio::test]
async fn to_11_op_13_what_was_swept_is_refused_by_a_node_whose_clock_is_behind() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        calendar(&server).await;
        let signer = Signer::machine(&server, BTreeMap::new()).await;
        let (once, other) = (signer.fresh(&server), signer.fresh(&server));
        assert_eq!(signer.token(&server, &once).await.status, 200);
        let ahead = server.now().plus(Seconds::hours(4));
        sweep::run(server.app().db(), Seconds::days(1), ahead).await.unwrap();
        assert!(refused(&signer.token(&server, &once).await), "its row is gone, and it is refused");
        assert!(refused(&signer.token(&server, &other).await), "so is what might have been used");
    }
}

#[tokio::test]
async fn to_04_an_app_proves_itself_by_what_it_registered_and_by_nothing_else() {
    let server = TestServer::start().await;
    calendar(&server).await;
    let grant = ("grant_type", "client_credentials");
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    for method in [None, Some("client_secret_basic"), Some("client_secret_post"), Some("client_secret_jwt")] {
        let app = server
            .register(AppSpec {
                redirect_uris: Vec::new(),
                grant_types: "client_credentials".to_owned(),
                required: vec!["calendar.read".to_owned()],
                auth_method: method.map(str::to_owned),
                metadata: BTreeMap::from([("jwks".to_owned(), key_set(&[&key]))]),
                ..AppSpec::default()
            })
            .await;
        let claims = good(&server, &app);
        let by_key = key.sign(HeaderType::Jwt, &claims).unwrap();
        assert!(refused(&present(&server, "/token", &by_key, &[grant]).await), "{method:?}");
        let secret = Secret::new(app.client_secret.clone().unwrap());
        let by_secret = SharedKey::new(&secret).unwrap().sign(HeaderType::Jwt, &claims).unwrap();
        // A secret that was made to be sent is known by its digest only.
        assert!(refused(&present(&server, "/token", &by_secret, &[grant]).await), "{method:?}");
    }
    let only = BTreeMap::from([("token_endpoint_auth_signing_alg".to_owned(), json!("RS256"))]);
    let bound = Signer::machine(&server, only).await;
    assert!(refused(&bound.token(&server, &bound.fresh(&server)).await), "another algorithm than registered");
    let signer = Signer::machine(&server, BTreeMap::new()).await;
    let both = [grant, ("client_secret", "x")];
    let answer = present(&server, "/token", &signer.fresh(&server), &both).await;
    assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_request"), "two ways at once");
}

#[tokio::test]
async fn to_14_headers_name_no_key() {
    let server = TestServer::start().await;
    calendar(&server).await;
    let first = SigningKey::generate(Algorithm::Es256).unwrap();
    let second = SigningKey::generate(Algorithm::Es256).unwrap();
    let metadata = BTreeMap::from([("jwks".to_owned(), key_set(&[&first, &second]))]);
    let signer = Signer::machine(&server, metadata).await;
    for key in [&first, &second] {
        let assertion = key.sign(HeaderType::Jwt, &good(&server, &signer.app)).unwrap();
        assert_eq!(signer.token(&server, &assertion).await.status, 200, "either of its keys");
    }
    let attackers = HmacKey::new(b"a key of the attacker's own, long enough");
    for header in [
        json!({ "alg": "ES256", "jwk": { "kty": "oct", "k": "AAAA" } }),
        json!({ "alg": "HS256", "jwk": { "kty": "oct", "k": "AAAA" }, "kid": "../../dev/null" }),
        json!({ "alg": "HS256", "kid": "' OR 1=1 --" }),
        json!({ "alg": "ES256", "kid": "x".repeat(257) }),
        json!({ "alg": "ES256", "jku": "http://127.0.0.1:1/keys", "kid": first.kid() }),
    ] {
        let payload = base64url::encode(good(&server, &signer.app).to_string());
        let signed = format!("{}.{payload}", base64url::encode(header.to_string()));
        let tag = base64url::encode(attackers.sign(signed.as_bytes()));
        assert!(refused(&signer.token(&server, &format!("{signed}.{tag}")).await), "{header}");
    }
}

#[tokio::test]
async fn jo_14_tokens_of_this_server_and_of_the_app_are_no_assertions() {
    let server = TestServer::start().await;
    let signer = Signer::register(&server, Algorithm::Es256, AppSpec::default()).await;
    let user = server.user("hong@example.com").await;
    let authorization = Authorization::of(&signer.app, "openid");
    let code = server.code(&Browser::default(), &user, &authorization).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &signer.app.redirect_uri),
        ("code_verifier", &authorization.verifier),
    ];
    let tokens = present(&server, "/token", &signer.fresh(&server), &form).await;
    for name in ["id_token", "access_token"] {
        assert!(
            refused(&present(&server, "/introspect", &tokens.text(name), &[("token", "x")]).await),
            "{name}"
        );
    }
    // What the app signs for other purposes, with everything that an assertion must say.
    for (name, value) in [
        ("response_type", json!("code")),
        ("htu", json!(server.at("/token"))),
        ("events", json!({})),
        ("nonce", json!("n")),
    ] {
        let assertion = signer.with(&server, name, value);
        assert!(refused(&present(&server, "/introspect", &assertion, &[("token", "x")]).await), "{name}");
    }
}

#[tokio::test]
async fn to_18_a_key_that_is_taken_away_and_an_app_that_is_switched_off_prove_nothing() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        calendar(&server).await;
        let signer = Signer::machine(&server, BTreeMap::new()).await;
        let node = server.second_node().await;
        let mut registered = apps::find(server.app().db(), &signer.app.client_id).await.unwrap().unwrap();
        let next = SigningKey::generate(Algorithm::Es256).unwrap();
        registered.lists.metadata.insert("jwks".to_owned(), key_set(&[&next]).to_string());
        let (id, now) = (&signer.app.client_id, server.now());
        assert_eq!(signer.token(&node, &signer.fresh(&node)).await.status, 200);
        server.write(apps::update(id, &registered.app.settings, &registered.lists, now)).await;
        node.app().catch_up().await.unwrap();
        assert!(refused(&signer.token(&node, &signer.fresh(&node)).await));
        let fresh = |node| next.sign(HeaderType::Jwt, &good(node, &signer.app)).unwrap();
        assert_eq!(signer.token(&node, &fresh(&node)).await.status, 200);
        server.write(apps::disable(id, now)).await;
        assert!(refused(&signer.token(&server, &fresh(&server)).await));
    }
}
