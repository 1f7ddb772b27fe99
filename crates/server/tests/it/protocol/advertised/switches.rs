//! What metadata says yes to, and what it keeps silent about.

use mapae_protocol::jose::{Algorithm, HeaderType, SigningKey};
use mapae_testkit::{AppFixture, AppSpec, Authorization, Browser, Page, TestServer, client::send};
use serde_json::{Value, json};

use super::{
    super::{
        back_channel_logout::listener::Listener,
        claims,
        client_assertions::key_set,
        request_objects::{begin, object},
    },
    World,
};
use crate::registration::site::Site;

/// Where a member that is no list and no address is said to be true, it is.
pub(super) async fn yes(world: &World, name: &str) {
    match name {
        "claims_parameter_supported" => claims_parameter(world).await,
        "request_parameter_supported" => request_parameter(world).await,
        "request_uri_parameter_supported" => request_uris(world, "/request.jwt", true).await,
        "require_request_uri_registration" => request_uris(world, "/another.jwt", false).await,
        "authorization_response_iss_parameter_supported" => issuer_in_answers(world).await,
        "client_id_metadata_document_supported" => assert!(knows_documents(&world.server).await),
        "backchannel_logout_supported" => back_channel(world, false).await,
        "backchannel_logout_session_supported" => back_channel(world, true).await,
        "frontchannel_logout_supported" => front_channel(world, false).await,
        "frontchannel_logout_session_supported" => front_channel(world, true).await,
        other => panic!("{other} is advertised, and nobody has said how it is used"),
    }
}

async fn claims_parameter(world: &World) {
    let asked = json!({ "id_token": { "nickname": null } }).to_string();
    let app = &world.app;
    let told = async |asked: &Authorization| claims(&world.tokens(app, asked).await.text("id_token"));
    let plain = Authorization::of(app, "openid profile");
    assert_eq!(told(&plain).await["nickname"], Value::Null);
    assert_eq!(told(&plain.with("claims", &asked)).await["nickname"], "의적");
}

async fn request_parameter(world: &World) {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let app = world.registered(json!({ "jwks": key_set(&[&key]) })).await;
    let claims = object(&world.server, &Authorization::of(&app, "openid"));
    let signed = key.sign(HeaderType::RequestObject, &claims).unwrap();
    let outside = [("client_id", app.client_id.as_str()), ("request", signed.as_str())];
    assert!(begin(&world.server, &outside).await.has("login-submit"));
}

/// A request at an address, of an app that has registered `/request.jwt`.
async fn request_uris(world: &World, path: &str, is_taken: bool) {
    let site = Site::start().await;
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let registered = site.at("/request.jwt");
    let app = world.registered(json!({ "jwks": key_set(&[&key]), "request_uris": [registered] })).await;
    let claims = object(&world.server, &Authorization::of(&app, "openid"));
    let address = site.put(path, key.sign(HeaderType::RequestObject, &claims).unwrap());
    let outside = [("client_id", app.client_id.as_str()), ("request_uri", address.as_str())];
    assert_eq!(begin(&world.server, &outside).await.has("login-submit"), is_taken, "{path}");
    assert_eq!(site.asked().len(), usize::from(is_taken), "{path}");
}

async fn issuer_in_answers(world: &World) {
    let asked = Authorization::of(&world.app, "openid");
    for (asked, member) in [(asked.clone(), "code"), (asked.with("scope", "unheard-of"), "error")] {
        let page = world.asked(&asked).await;
        assert!(page.answered(member).is_some(), "{member}: {:?}", page.location());
        assert_eq!(page.answered("iss").as_deref(), Some(world.server.issuer()), "{member}");
    }
}

/// Whether an app may be an address here.
async fn knows_documents(server: &TestServer) -> bool {
    let site = Site::start().await;
    let redirect_uri = "http://127.0.0.1/cb".to_owned();
    let client_id = site.at("/app.json");
    let said = json!({ "client_id": client_id, "client_name": "도우미", "redirect_uris": [redirect_uri] });
    site.put_json("/app.json", &said);
    let app = AppFixture { client_id, client_secret: None, redirect_uri };
    Browser::default().visit(&Authorization::of(&app, "openid").address(server)).await.has("login-submit")
}

/// The app's session in a browser of its own, and the page after somebody has signed out there.
async fn left(world: &World, app: &AppFixture) -> (Value, Page) {
    let browser = Browser::default();
    let asked = Authorization::of(app, "openid");
    let code = world.server.code(&browser, &world.user, &asked).await;
    let tokens = world.server.redeem(app, &code, &asked.verifier).await;
    let page = browser.visit(&world.server.at("/sign-out")).await;
    (claims(&tokens.text("id_token")), browser.submit(&page, "logout-confirm", &[]).await)
}

async fn back_channel(world: &World, with_session: bool) {
    let mut listener = Listener::start().await;
    let metadata = [
        ("backchannel_logout_uri".to_owned(), json!(listener.address)),
        ("backchannel_logout_session_required".to_owned(), json!(with_session)),
    ];
    let app = world.server.register(AppSpec { metadata: metadata.into(), ..AppSpec::default() }).await;
    let (id_token, _) = left(world, &app).await;
    let told = claims(&listener.next().await);
    assert_eq!(told["sub"], id_token["sub"]);
    if with_session {
        assert_eq!(told["sid"], id_token["sid"]);
    }
}

async fn front_channel(world: &World, with_session: bool) {
    let there = "https://app.example.com/out";
    let metadata = [
        ("frontchannel_logout_uri".to_owned(), json!(there)),
        ("frontchannel_logout_session_required".to_owned(), json!(with_session)),
    ];
    let app = world.server.register(AppSpec { metadata: metadata.into(), ..AppSpec::default() }).await;
    let (id_token, page) = left(world, &app).await;
    let told = [("iss", world.server.issuer()), ("sid", id_token["sid"].as_str().unwrap())];
    let told = format!("{there}?{}", mapae_protocol::params::encode(told));
    assert_eq!(page.values("iframe", "src"), [if with_session { told.as_str() } else { there }]);
}

/// RFC 8414 §2: what is left out is not there.
#[tokio::test]
async fn me_03_what_is_not_advertised_is_refused_or_not_asked_for() {
    let server = TestServer::start().await;
    let http = mapae_testkit::http();
    let said = send(http.get(server.at("/.well-known/openid-configuration"))).await.json;
    for member in [
        "client_id_metadata_document_supported",
        "registration_endpoint",
        "require_pushed_authorization_requests",
        "require_signed_request_object",
        "check_session_iframe",
        "backchannel_authentication_endpoint",
        "tls_client_certificate_bound_access_tokens",
    ] {
        assert_eq!(said[member], Value::Null, "{member}");
    }
    assert!(!knows_documents(&server).await);
    let registration = json!({ "redirect_uris": ["https://a.example/cb"] });
    assert_eq!(send(http.post(server.at("/register")).json(&registration)).await.status, 404);
    // Neither pushed nor signed.
    let app = server.register(AppSpec::default()).await;
    assert!(
        Browser::default()
            .visit(&Authorization::of(&app, "openid").address(&server))
            .await
            .has("login-submit")
    );
}

/// An address is one of ours, and something is there.
pub(super) async fn address(world: &World, name: &str, address: &str) {
    if name == "issuer" {
        return assert_eq!(address, world.server.issuer());
    }
    assert!(name.ends_with("_endpoint") || name == "jwks_uri", "{name}: is it a place of ours?");
    assert!(address.starts_with(&format!("{}/", world.server.issuer())), "{name}: {address}");
    let http = mapae_testkit::http();
    let (read, sent) = (http.get(address).send().await.unwrap(), http.post(address).send().await.unwrap());
    let statuses = [read.status().as_u16(), sent.status().as_u16()];
    assert!(!statuses.contains(&404), "{name} {statuses:?}");
    assert!(statuses.iter().any(|status| *status != 405), "{name} {statuses:?}");
    let beyond = http.get(format!("{address}/beyond")).send().await.unwrap();
    assert!([400, 401, 404].contains(&beyond.status().as_u16()), "{name} {}", beyond.status());
}
