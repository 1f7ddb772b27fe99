//! What apps that nobody has checked leave behind — threats DE-11, PA-16, PO-04.

use mapae::store::{Unit, pushed_requests, sweep};
use mapae_protocol::{device::DEVICE_CODE, pushed_request::PushedRequestUri, time::Seconds};
use mapae_testkit::{Answer, AppFixture, AppSpec, Authorization, Browser, Engine, TestServer};
use serde_json::json;

use super::{open, registered, server};
use crate::protocol::dpop::{Key, post, redeem, userinfo};

const UNKNOWN_TOKEN: [(&str, &str); 2] = [("grant_type", "refresh_token"), ("refresh_token", "invented")];

/// Three apps of somebody's who registered them all.
async fn three(server: &TestServer) -> Vec<AppFixture> {
    let more = json!({ "grant_types": ["authorization_code", "refresh_token", DEVICE_CODE] });
    let mut apps = Vec::new();
    for _ in 0..3 {
        apps.push(registered(server, more.clone()).await.app);
    }
    apps
}

/// Asks with one app after another until there is another answer than `usual`: after how often, and which.
async fn until_refused(
    apps: &[AppFixture],
    usual: u16,
    ask: impl AsyncFn(&AppFixture) -> Answer,
) -> (usize, u16) {
    for (number, app) in apps.iter().cycle().take(620).enumerate() {
        let status = ask(app).await.status.as_u16();
        if status != usual {
            return (number, status);
        }
    }
    (620, usual)
}

#[tokio::test]
async fn pa_16_de_11_who_has_several_apps_leaves_no_more_rows() {
    // Whom a setting vouches for as soon as they register, nobody has looked at.
    for vouch in ["false", "true"] {
        let settings = [("REGISTRATION__POLICY", "open"), ("REGISTRATION__VOUCH", vouch)];
        who_has_several_leaves_no_more(&server(Engine::Sqlite, &settings).await).await;
    }
}

async fn who_has_several_leaves_no_more(server: &TestServer) {
    let apps = three(server).await;
    let basic = |app: &AppFixture| (app.client_id.clone(), app.client_secret.clone().unwrap());
    let pushed = until_refused(&apps, 201, async |app| {
        let asked = Authorization::of(app, "openid");
        let form: Vec<_> =
            asked.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let (id, secret) = basic(app);
        server.post("/par", Some((&id, &secret)), &form).await
    });
    assert_eq!(pushed.await, (600, 429));
    let begun = until_refused(&apps, 200, async |app| {
        let (id, secret) = basic(app);
        server.post("/device_authorization", Some((&id, &secret)), &[("scope", "openid")]).await
    });
    assert_eq!(begun.await, (600, 429));
    let checked =
        server.register(AppSpec { grant_types: DEVICE_CODE.to_owned(), ..AppSpec::default() }).await;
    let (id, secret) = basic(&checked);
    let begun = server.post("/device_authorization", Some((&id, &secret)), &[("scope", "openid")]).await;
    assert_eq!(begun.status, 200, "what the operator has verified is not counted: {}", begun.json);
}

#[tokio::test]
async fn po_04_proofs_of_apps_that_nobody_has_checked_are_counted_whatever_comes_of_them() {
    let server = open(Engine::Sqlite).await;
    let apps = three(&server).await;
    let key = Key::fresh();
    let refused = until_refused(&apps, 400, async |app| {
        post(&server, app, "/token", &[&key.proof(&server, "/token")], &UNKNOWN_TOKEN).await
    });
    assert_eq!(refused.await, (600, 429));
    let without = post(&server, &apps[0], "/token", &[], &UNKNOWN_TOKEN).await;
    assert_eq!(without.error(), "invalid_grant", "it writes nothing");
    let checked = server.register(AppSpec::default()).await;
    let proof = key.proof(&server, "/token");
    assert_eq!(post(&server, &checked, "/token", &[&proof], &UNKNOWN_TOKEN).await.error(), "invalid_grant");
}

#[tokio::test]
async fn po_04_whoever_has_a_token_asks_with_it_as_often_as_one_source_may() {
    let server = open(Engine::Sqlite).await;
    let app = registered(&server, json!({ "token_endpoint_auth_method": "none" })).await.app;
    let (user, key) = (server.user("hong@example.com").await, Key::fresh());
    let asked = Authorization::of(&app, "openid");
    let code = server.code(&Browser::default(), &user, &asked).await;
    let tokens = redeem(&server, &app, (&code, &asked.verifier), &key.proof(&server, "/token")).await;
    let token = tokens.text("access_token");
    let apps = [app];
    let asked = until_refused(&apps, 200, async |_| {
        userinfo(&server, "DPoP", &token, &[&key.for_token(&server, &token, None)]).await
    });
    assert_eq!(asked.await, (300, 429));
    let refused = userinfo(&server, "DPoP", &token, &[&key.for_token(&server, &token, None)]).await;
    assert_eq!(refused.headers["retry-after"], "60");
}

#[tokio::test]
async fn pa_06_a_request_with_which_nobody_began_is_soon_gone_and_another_stays() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let app = server.register(AppSpec::default()).await;
        let user = server.user("hong@example.com").await;
        let asked = Authorization::of(&app, "openid");
        let form: Vec<_> =
            asked.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let push = async || {
            let secret = app.client_secret.as_deref().unwrap();
            server.post("/par", Some((&app.client_id, secret)), &form).await.text("request_uri")
        };
        let (begun, left) = (push().await, push().await);
        server.advance(Seconds::seconds(80));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let begin = Authorization {
            parameters: vec![pair("client_id", &app.client_id), pair("request_uri", &begun)],
            ..Authorization::of(&app, "openid")
        };
        let browser = Browser::default();
        let page = browser.visit(&begin.address(&server)).await;
        assert!(page.has("login-submit"), "{}", page.body);
        server.advance(Seconds::minutes(55));
        sweep::run(server.app().db(), Seconds::days(1), server.now()).await.unwrap();
        let is_there = async |reference: &str| {
            let name = PushedRequestUri::parse(reference).unwrap().digest();
            let again = pushed_requests::begin(&name, server.now().plus(Seconds::minutes(5)));
            server.app().db().commit(Unit::from(again)).await.is_ok()
        };
        assert_eq!((is_there(&begun).await, is_there(&left).await), (true, false));
        let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
        let consent = browser.follow(browser.submit(&page, "login-submit", &fields).await).await;
        let answered = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
        assert!(answered.answered("code").is_some(), "{} {}", answered.status, answered.body);
    }
}

/// RFC 9126 §5, RFC 9101 §10.5.
#[tokio::test]
async fn pa_09_what_is_on_its_way_ends_when_the_app_begins_to_push_or_to_sign() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let user = server.user("hong@example.com").await;
        for member in ["require_pushed_authorization_requests", "require_signed_request_object"] {
            let app = server.register(AppSpec::default()).await;
            let asked = Authorization::of(&app, "openid");
            let form: Vec<_> =
                asked.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let secret = app.client_secret.as_deref().unwrap();
            let pushed = server.post("/par", Some((&app.client_id, secret)), &form).await.text("request_uri");
            let looking = Browser::default();
            let page = looking.visit(&asked.address(&server)).await;
            let kept = mapae::store::apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap();
            let mut lists = kept.lists.clone();
            lists.metadata.insert(member.to_owned(), "true".to_owned());
            let update = mapae::store::apps::update(&app.client_id, &kept.app.settings, &lists, server.now());
            server.write(update).await;
            let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
            let over = looking.follow(looking.submit(&page, "login-submit", &fields).await).await;
            assert_eq!((over.status.as_u16(), over.location()), (400, None), "{member}: {}", over.body);
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let begin = Authorization {
                parameters: vec![pair("client_id", &app.client_id), pair("request_uri", &pushed)],
                ..Authorization::of(&app, "openid")
            };
            let page = Browser::default().visit(&begin.address(&server)).await;
            let is_pushed = member == "require_pushed_authorization_requests";
            assert_eq!(page.status == 200, is_pushed, "{member}: {}", page.body);
        }
    }
}
