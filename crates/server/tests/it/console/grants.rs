//! By which grant types an app gets tokens, in the console — RFC 8628; threats DC-06, TX-01.

use mapae::store::{apps, verification};
use mapae_testkit::{AppFixture, AppSpec, Authorization, Browser, Engine, Page, TestServer};

use super::{REDIRECT, developer, fixture, kept, led_to, operator};

const BUTTON: &str = "save-grants";
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// Everything that the page says is wrong.
fn wrong(page: &Page) -> Vec<String> {
    assert_eq!(page.status, 422, "{}", page.body);
    page.texts("#problem li")
}

async fn grants(server: &TestServer, id: &str) -> String {
    kept(server, id).await.app.settings.grant_types
}

#[tokio::test]
async fn rfc8628_a_television_is_registered_in_the_console_and_asks_for_its_code() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let developer = developer(&server, "dev@example.com").await;
        let fields = [("name", "거실 TV"), ("kind", "public"), ("device", "on"), ("redirect_uris", "")];
        let page = developer.browser.follow(developer.try_register(&server, &fields).await).await;
        let id = page.text("#client-id").unwrap();
        assert_eq!(grants(&server, &id).await, format!("refresh_token {DEVICE_CODE}"), "{engine:?}");
        assert!(!page.has("addresses") && page.has("snippet-device"), "{engine:?}: it sends nobody here");
        let tv = AppFixture { client_id: id.clone(), client_secret: None, redirect_uri: String::new() };
        let form = [("client_id", id.as_str()), ("scope", "openid")];
        let asked = server.post("/device_authorization", None, &form).await;
        assert_eq!(asked.status, 200, "{engine:?} {}", asked.json);
        let code = asked.text("device_code");
        let form = [("grant_type", DEVICE_CODE), ("device_code", code.as_str())];
        assert_eq!(server.token(&tv, &form).await.error(), "authorization_pending", "{engine:?}");
        // It gets a sign-in page, too, and for that an address.
        let page = developer.save(&server, &id, BUTTON, &[("grant.authorization_code", "on")]).await;
        assert_eq!(page.texts("#redirect_uris-wrong").len(), 1, "{engine:?} {:?}", wrong(&page));
        let checked = page.values("#grants input[checked]", "id");
        assert_eq!(
            checked,
            ["grant-authorization_code-on", "grant-refresh_token-on", "grant-device_code-on"],
            "{engine:?}: as it was chosen"
        );
        let fields = [("grant.authorization_code", "on"), ("redirect_uris", "https://tv.example/cb")];
        led_to(&developer.save(&server, &id, BUTTON, &fields).await);
        let all = format!("authorization_code refresh_token {DEVICE_CODE}");
        assert_eq!(grants(&server, &id).await, all, "{engine:?}");
        let tv = AppFixture { redirect_uri: "https://tv.example/cb".to_owned(), ..tv };
        let person = server.user("hong@example.com").await;
        let authorization = Authorization::of(&tv, "openid");
        let code = server.code(&Browser::default(), &person, &authorization).await;
        assert_eq!(server.redeem(&tv, &code, &authorization.verifier).await.status, 200, "{engine:?}");
        assert!(developer.page(&server, &id).await.has("addresses"), "{engine:?}");
    }
}

#[tokio::test]
async fn a_new_app_for_a_device_may_have_both_and_any_other_needs_an_address() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let page =
        developer.try_register(&server, &[("name", "TV"), ("device", "on"), ("redirect_uris", REDIRECT)]);
    let app = fixture(&page.await);
    let all = format!("authorization_code refresh_token {DEVICE_CODE}");
    assert_eq!(grants(&server, &app.client_id).await, all);
    let page = developer.try_register(&server, &[("name", "Web"), ("redirect_uris", "")]).await;
    assert_eq!(page.texts("#redirect_uris-wrong").len(), 1);
    let page =
        developer.try_register(&server, &[("name", ""), ("device", "on"), ("redirect_uris", "")]).await;
    assert_eq!(
        (page.status.as_u16(), page.values("#device[checked]", "value")),
        (422, vec!["on".to_owned()])
    );
    for value in ["", "off", "1"] {
        let page = developer.try_register(&server, &[("name", "TV"), ("device", value)]).await;
        assert_eq!(page.status, 400, "{value}");
    }
}

#[tokio::test]
async fn dc_06_tx_01_what_the_operator_gives_a_developer_can_only_give_up() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register(&server, "나의 서비스").await;
    let id = app.client_id.as_str();
    let before = kept(&server, id).await;
    let page = developer.page(&server, id).await;
    for name in ["client_credentials", "token-exchange"] {
        assert!(!page.has(&format!("grant-{name}-on")), "{name}");
        let field = format!("grant.{name}");
        for value in ["on", "off"] {
            let answer = developer.browser.submit(&page, BUTTON, &[(&field, value)]).await;
            assert_eq!(answer.status, 400, "{name} {value}");
        }
    }
    assert_eq!(kept(&server, id).await, before);
    // The operator may, and gives the app away with it.
    let operator = operator(&server, "root@example.com").await;
    let given = server.register(AppSpec::default()).await;
    let on = [("grant.client_credentials", "on")];
    led_to(&operator.save(&server, &given.client_id, BUTTON, &on).await);
    let with = grants(&server, &given.client_id).await;
    assert_eq!(with, "authorization_code refresh_token client_credentials");
    server.write(apps::give_to(&given.client_id, &developer.user.id, server.now())).await;
    let page = developer.page(&server, &given.client_id).await;
    assert!(page.text("#grant-client_credentials-hint").unwrap().contains("operator"));
    // It cannot be public with it, and the form that asks says so.
    let public = developer.save(&server, &given.client_id, "save-general", &[("kind", "public")]).await;
    assert!(wrong(&public)[0].contains("public app"), "{:?}", wrong(&public));
    led_to(&developer.browser.submit(&page, BUTTON, &[]).await);
    assert_eq!(grants(&server, &given.client_id).await, with, "saved as it is, it stays");
    led_to(&developer.browser.submit(&page, BUTTON, &[("grant.client_credentials", "off")]).await);
    assert_eq!(grants(&server, &given.client_id).await, "authorization_code refresh_token");
    // The page of another tab still has it.
    let again = developer.browser.submit(&page, BUTTON, &on).await;
    assert_eq!(again.status, 400, "and it does not come back");
    assert!(!developer.page(&server, &given.client_id).await.has("grant-client_credentials-on"));
}

#[tokio::test]
async fn grants_that_are_of_no_use_are_told_and_nothing_is_lost() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register(&server, "나의 서비스").await;
    let id = app.client_id.as_str();
    let items = [("level.offline_access", "optional")];
    led_to(&developer.save(&server, id, "save-items", &items).await);
    let before = kept(&server, id).await;
    for (fields, told) in [
        (vec![("grant.authorization_code", "off"), ("grant.refresh_token", "off")], "at least one"),
        (vec![("grant.authorization_code", "off")], "Refresh tokens come with"),
    ] {
        let page = developer.save(&server, id, BUTTON, &fields).await;
        assert!(wrong(&page)[0].contains(told), "{:?}", wrong(&page));
        assert_eq!(page.text("#redirect_uris").unwrap(), REDIRECT, "nothing of it has gone");
        assert_eq!(page.values("[name='level.offline_access'][checked]", "value"), ["optional"]);
        assert_eq!(
            page.values("#grant-authorization_code-off[checked]", "value"),
            ["off"],
            "as it was chosen"
        );
    }
    let page = developer.page(&server, id).await;
    for (name, value) in [("grant.device_code", "true"), ("grant.device_code", ""), ("grant.password", "on")]
    {
        assert_eq!(
            developer.browser.submit(&page, BUTTON, &[(name, value)]).await.status,
            400,
            "{name} {value}"
        );
    }
    assert_eq!(kept(&server, id).await, before);
    // Without refresh tokens there is nothing to stay signed in with.
    led_to(&developer.save(&server, id, BUTTON, &[("grant.refresh_token", "off")]).await);
    let after = kept(&server, id).await;
    assert_eq!(after.app.settings.grant_types, "authorization_code");
    assert!(after.lists.scopes.iter().all(|item| item.scope != "offline_access"));
    assert_eq!(after.lists.redirect_uris, before.lists.redirect_uris);
}

#[tokio::test]
async fn az_37_who_gives_up_the_sign_in_page_gives_up_its_addresses_and_is_looked_at_again() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let developer = developer(&server, "dev@example.com").await;
        let app = developer.register(&server, "나의 서비스").await;
        let id = app.client_id.as_str();
        server.write(verification::verify(id, server.now())).await;
        let older = developer.page(&server, id).await;
        let device = [("grant.authorization_code", "off"), ("grant.device_code", "on")];
        led_to(&developer.save(&server, id, BUTTON, &device).await);
        let tv = kept(&server, id).await;
        assert_eq!(tv.lists.redirect_uris, Vec::<String>::new(), "{engine:?}");
        assert!(!tv.app.verified, "{engine:?}");
        let page = Browser::default().open(&Authorization::of(&app, "openid").address(&server)).await;
        assert_eq!((page.status.as_u16(), page.location()), (400, None), "{engine:?}");
        // Another tab still has the form for addresses.
        let stale = developer.browser.submit(&older, "save-addresses", &[]).await;
        assert_eq!(stale.status, 400, "{engine:?}");
        led_to(&developer.browser.submit(&older, "save-signing-out", &[]).await);
        assert_eq!(kept(&server, id).await.lists, tv.lists, "{engine:?}");
    }
}

#[tokio::test]
async fn se_08_an_app_that_gets_refresh_tokens_in_the_console_ends_what_was_made_without_them() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let developer = developer(&server, "dev@example.com").await;
        let app = developer.register(&server, "나의 서비스").await;
        let id = app.client_id.as_str();
        led_to(&developer.save(&server, id, BUTTON, &[("grant.refresh_token", "off")]).await);
        let (person, browser) = (server.user("hong@example.com").await, Browser::default());
        let authorization = Authorization::of(&app, "openid");
        let code = server.code(&browser, &person, &authorization).await;
        led_to(&developer.save(&server, id, BUTTON, &[("grant.refresh_token", "on")]).await);
        let redeemed = server.redeem(&app, &code, &authorization.verifier).await;
        assert_eq!(redeemed.error(), "invalid_grant", "{engine:?} {}", redeemed.json);
        let page = browser.visit(&Authorization::of(&app, "openid").address(&server)).await;
        assert!(page.has("consent-approve"), "{engine:?}: {}", page.body);
    }
}
