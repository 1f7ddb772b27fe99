//! What an app is told — OIDC Back-Channel Logout §2.4, §2.5.

use mapae::store::apps;
use mapae_protocol::{jose::Unverified, time::Seconds};
use mapae_testkit::{AppSpec, Browser, Engine, TestServer, client::send};
use serde_json::json;

use super::{Listener, app, claims, read, server_on, sign_in, sign_out, told};

#[tokio::test]
async fn lo_05_a_logout_token_is_typed_short_lived_and_no_id_token() {
    let server = server_on(Engine::Sqlite).await;
    let mut listener = Listener::start().await;
    let app = app(&server, &listener.address, &[]).await;
    let (browser, user) = (Browser::default(), server.user("hong@example.com").await);
    let seen = sign_in(&server, &browser, &user, &app).await;
    sign_out(&server, &browser).await;
    let token = listener.next().await;
    assert_eq!(Unverified::parse(&token).unwrap().typ(), Some("logout+jwt"));
    let said = claims(&token);
    let mut names: Vec<&str> = said.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"]);
    assert_eq!(said["events"], json!({ "http://schemas.openid.net/event/backchannel-logout": {} }));
    let read = read(&server, &app, &token).await;
    assert_eq!(read.exp, read.iat.plus(Seconds::minutes(2)));
    assert_eq!((read.sub.unwrap(), read.sid.unwrap()), (seen.sub, seen.sid));
    assert!(read.jti.len() >= 22);
    // It signs nobody in and proves nothing: neither as a hint nor as an access token.
    assert_eq!(server.userinfo(&token).await.status, 401);
}

#[tokio::test]
async fn lo_05_it_is_signed_as_the_apps_id_tokens_are_and_says_nothing_about_other_apps() {
    let server = server_on(Engine::Sqlite).await;
    let (mut one, mut two) = (Listener::start().await, Listener::start().await);
    let first = app(&server, &one.address, &[]).await;
    let metadata = [("backchannel_logout_uri".to_owned(), json!(two.address))].into();
    let spec = AppSpec {
        id_token_alg: "ES256".to_owned(),
        subject_type: "public".to_owned(),
        metadata,
        ..AppSpec::default()
    };
    let second = server.register(spec).await;
    let (browser, user) = (Browser::default(), server.user("hong@example.com").await);
    let (here, there) =
        (sign_in(&server, &browser, &user, &first).await, sign_in(&server, &browser, &user, &second).await);
    assert_ne!((&here.sub, &here.sid), (&there.sub, &there.sid));
    sign_out(&server, &browser).await;
    let (to_first, to_second) = (one.next().await, two.next().await);
    for (token, alg) in [(&to_first, "RS256"), (&to_second, "ES256")] {
        assert_eq!(Unverified::parse(token).unwrap().algorithm().as_str(), alg);
    }
    let (to_first, to_second) =
        (read(&server, &first, &to_first).await, read(&server, &second, &to_second).await);
    assert_ne!(to_first.jti, to_second.jti);
    assert_eq!((to_first.sub, to_first.sid), (Some(here.sub), Some(here.sid)));
    assert_eq!((to_second.sub, to_second.sid), (Some(there.sub), Some(there.sid)));
}

#[tokio::test]
async fn an_app_that_registers_its_address_later_is_told_of_sessions_that_it_knows() {
    let server = server_on(Engine::Sqlite).await;
    let mut listener = Listener::start().await;
    let back = ("post_logout_redirect_uris".to_owned(), json!(["https://app.example.com/bye"]));
    let app = server.register(AppSpec { metadata: [back].into(), ..AppSpec::default() }).await;
    let (browser, user) = (Browser::default(), server.user("hong@example.com").await);
    let seen = sign_in(&server, &browser, &user, &app).await;
    let mut registered = apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap();
    let address = json!(listener.address).to_string();
    registered.lists.metadata.insert("backchannel_logout_uri".to_owned(), address);
    let (settings, lists) = (&registered.app.settings, &registered.lists);
    server.write(apps::update(&app.client_id, settings, lists, server.now())).await;
    sign_out(&server, &browser).await;
    assert_eq!(told(&server, &app, &mut listener).await, (Some(seen.sub), Some(seen.sid)));
}

/// OIDC Back-Channel Logout §2.1.
#[tokio::test]
async fn discovery_says_so() {
    let server = TestServer::start().await;
    let metadata = send(mapae_testkit::http().get(server.at("/.well-known/openid-configuration"))).await.json;
    for member in ["backchannel_logout_supported", "backchannel_logout_session_supported"] {
        assert_eq!(metadata[member], json!(true), "{member}");
    }
}
