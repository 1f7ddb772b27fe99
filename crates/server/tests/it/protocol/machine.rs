//! An app that acts for itself — RFC 6749 §4.4, and client authentication — RFC 6749 §2.3.

use mapae_testkit::{AppFixture, AppSpec, TestServer};
use serde_json::json;

use super::claims;

fn machine(scopes: &[&str]) -> AppSpec {
    AppSpec {
        redirect_uris: Vec::new(),
        grant_types: "client_credentials".to_owned(),
        required: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        optional: Vec::new(),
        ..AppSpec::default()
    }
}

#[tokio::test]
async fn rfc6749_4_4_a_machine_gets_a_token_for_the_one_api_that_owns_its_scopes() {
    let server = TestServer::start().await;
    let api =
        server.register_api("https://calendar.example", &["calendar.read", "calendar.write"], false).await;
    let app = server.register(machine(&["calendar.read", "calendar.write"])).await;
    let answer =
        server.token(&app, &[("grant_type", "client_credentials"), ("scope", "calendar.read")]).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    let token = claims(&answer.text("access_token"));
    assert_eq!(token["aud"], json!("https://calendar.example"));
    assert_eq!(token["sub"], json!(app.client_id));
    assert_eq!(token["scope"], "calendar.read");
    assert!(answer.json.get("refresh_token").is_none() && answer.json.get("id_token").is_none());
    let told = server.introspect(&api, &answer.text("access_token")).await;
    assert_eq!(told.json["active"], true);
    assert_eq!(told.json["client_id"], json!(app.client_id));
}

#[tokio::test]
async fn to_17_re_13_a_machine_has_no_person_and_no_refresh_token() {
    let server = TestServer::start().await;
    server.register_api("https://calendar.example", &["calendar.read"], false).await;
    let app = server.register(machine(&["calendar.read"])).await;
    for scope in ["openid", "offline_access", "profile calendar.read", "gibberish"] {
        let answer = server.token(&app, &[("grant_type", "client_credentials"), ("scope", scope)]).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_scope"), "{scope}");
    }
    let refused = server.token(&app, &[("grant_type", "refresh_token"), ("refresh_token", "x")]).await;
    assert_eq!(refused.error(), "unauthorized_client");
}

#[tokio::test]
async fn to_01_to_02_to_03_to_16_a_client_proves_itself_in_exactly_one_way() {
    let server = TestServer::start().await;
    server.register_api("https://calendar.example", &["calendar.read"], false).await;
    let app = server.register(machine(&["calendar.read"])).await;
    let other = server.register(machine(&["calendar.read"])).await;
    let (id, secret) = (app.client_id.as_str(), app.client_secret.as_deref().unwrap());
    let grant = ("grant_type", "client_credentials");
    let post = |credential, extra: Vec<(&'static str, String)>| {
        let server = &server;
        async move {
            let form: Vec<(&str, &str)> = std::iter::once(grant)
                .chain(extra.iter().map(|(name, value)| (*name, value.as_str())))
                .collect();
            server.post("/token", credential, &form).await
        }
    };
    let field = |name, value: &str| (name, value.to_owned());
    assert_eq!(post(Some((id, secret)), vec![]).await.status, 200);
    let by_post = post(None, vec![field("client_id", id), field("client_secret", secret)]).await;
    assert_eq!(by_post.status, 200);
    for (credential, extra) in [
        (Some((id, "wrong")), vec![]),
        (Some((id, "")), vec![]),
        (Some((id, other.client_secret.as_deref().unwrap())), vec![]),
        (Some(("app_nobody", secret)), vec![]),
        (None, vec![field("client_id", id)]),
        (None, vec![field("client_id", id), field("client_secret", "wrong")]),
        (None, vec![]),
    ] {
        let answer = post(credential, extra).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (401, "invalid_client"));
        assert_eq!(answer.headers.contains_key("www-authenticate"), credential.is_some());
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    let both = post(Some((id, secret)), vec![field("client_secret", secret)]).await;
    assert_eq!((both.status.as_u16(), both.error()), (400, "invalid_request"));
    let password =
        server.token(&app, &[("grant_type", "password"), ("username", "a"), ("password", "b")]).await;
    assert_eq!(password.error(), "unsupported_grant_type");
}

#[tokio::test]
async fn to_04_an_app_that_fixed_its_method_may_use_no_other() {
    let server = TestServer::start().await;
    server.register_api("https://calendar.example", &["calendar.read"], false).await;
    for (fixed, basic, post) in [("client_secret_basic", 200, 401), ("client_secret_post", 401, 200)] {
        let spec = AppSpec { auth_method: Some(fixed.to_owned()), ..machine(&["calendar.read"]) };
        let app = server.register(spec).await;
        let (id, secret) = (app.client_id.as_str(), app.client_secret.as_deref().unwrap());
        let grant = ("grant_type", "client_credentials");
        assert_eq!(server.post("/token", Some((id, secret)), &[grant]).await.status, basic, "{fixed}");
        let form = [grant, ("client_id", id), ("client_secret", secret)];
        assert_eq!(server.post("/token", None, &form).await.status, post, "{fixed}");
    }
}

#[tokio::test]
async fn to_18_a_disabled_app_and_a_rotated_secret_are_refused_at_once() {
    let server = TestServer::start().await;
    let api = server.register_api("https://calendar.example", &["calendar.read"], false).await;
    let app = server.register(machine(&["calendar.read"])).await;
    let form = [("grant_type", "client_credentials")];
    let token = server.token(&app, &form).await.text("access_token");
    assert!(server.is_active(&api, &token).await);
    server.write(mapae::store::apps::disable(&app.client_id, server.now())).await;
    assert_eq!(server.token(&app, &form).await.status, 401);
    assert!(!server.is_active(&api, &token).await, "what was issued before is dead, too");
    server.write(mapae::store::apps::enable(&app.client_id, server.now())).await;
    assert_eq!(server.token(&app, &form).await.status, 200);
    assert!(!server.is_active(&api, &token).await, "and stays dead");
}

#[tokio::test]
async fn co_14_to_19_the_token_endpoint_takes_forms_in_the_body_and_nothing_else() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let (id, secret) = (app.client_id.as_str(), app.client_secret.as_deref());
    let http = mapae_testkit::http();
    let address = server.at("/token");
    assert_eq!(http.get(&address).send().await.unwrap().status(), 405);
    let json =
        http.post(&address).basic_auth(id, secret).header("content-type", "application/json").body("{}");
    assert_eq!(json.send().await.unwrap().status(), 415);
    let query = http
        .post(format!("{address}?grant_type=client_credentials"))
        .basic_auth(id, secret)
        .form(&[("a", "b")]);
    assert_eq!(query.send().await.unwrap().status(), 400);
    let known = format!("{address}?client_id={id}&client_secret={}", secret.unwrap());
    let form = [("grant_type", "client_credentials")];
    assert_eq!(http.post(known).form(&form).send().await.unwrap().status(), 400, "a secret in the address");
    let both = http.post(format!("{address}?grant_type=client_credentials")).basic_auth(id, secret);
    let both = both.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
    assert_eq!(both.status(), 400);
    for (header, value, status) in [
        ("content-type", "application/x-www-form-urlencoded; charset=utf-16", 415),
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8", 400),
        ("content-encoding", "gzip", 415),
        ("content-encoding", "identity", 415),
    ] {
        let mut request =
            http.post(&address).basic_auth(id, secret).body("grant_type=unheard-of").build().unwrap();
        let form = reqwest::header::HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert("content-type", form);
        request.headers_mut().insert(header, value.parse().unwrap());
        assert_eq!(http.execute(request).await.unwrap().status(), status, "{header}: {value}");
    }
    let twice = http.post(&address).basic_auth(id, secret);
    let twice = twice
        .form(&[("grant_type", "authorization_code"), ("code", "a"), ("code", "b")])
        .send()
        .await
        .unwrap();
    assert_eq!(twice.status(), 400);
    assert!(twice.text().await.unwrap().contains("invalid_request"));
    let huge = http
        .post(&address)
        .basic_auth(id, secret)
        .form(&[("code", "x".repeat(70_000))])
        .send()
        .await
        .unwrap();
    assert_eq!(huge.status(), 413);
}

#[tokio::test]
async fn a_public_app_is_known_by_its_id_and_by_pkce() {
    let server = TestServer::start().await;
    let spec = AppSpec {
        public: true,
        redirect_uris: vec!["https://spa.example/cb".to_owned()],
        ..AppSpec::default()
    };
    let app = server.register(spec).await;
    let tokens = super::sign_in(&server, &app, "openid").await.tokens;
    let next = server.refresh(&app, &tokens.text("refresh_token")).await;
    assert_ne!(
        next.text("refresh_token"),
        tokens.text("refresh_token"),
        "a public app's tokens always rotate"
    );
    let liar = AppFixture { client_secret: Some("anything".to_owned()), ..app.clone() };
    assert_eq!(server.refresh(&liar, &next.text("refresh_token")).await.status, 401);
}
