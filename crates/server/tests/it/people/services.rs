//! Connected services: what was agreed, dropping an item, disconnecting (연결 끊기).

use mapae::store::{apps, consents};
use mapae_protocol::time::Seconds;
use mapae_testkit::{ApiFixture, AppFixture, AppSpec, Authorization, Browser, Page, TestServer, UserFixture};
use serde_json::json;

use super::{account, for_each_engine};
use crate::store::broken;

async fn calendar(server: &TestServer, opaque: bool) -> (ApiFixture, AppFixture) {
    let api = server.register_api("https://calendar.example", &["calendar.read"], opaque).await;
    let optional = ["email", "offline_access", "calendar.read"].map(str::to_owned).to_vec();
    let app = server.register(AppSpec { optional, ..AppSpec::default() }).await;
    (api, app)
}

/// The buttons that take an item back, and those that agree to one.
const DROP: &str = "form[action$='/drop'] button[name=item]";
const AGREE: &str = "form[action$='/agree'] button[name=item]";

/// The address of the only connected service.
async fn service(server: &TestServer, browser: &Browser, user: &UserFixture) -> String {
    let page = account(server, browser, user).await;
    let links = page.values("#services a", "href");
    assert_eq!(links.len(), 1, "{}", page.body);
    server.at(&links[0])
}

async fn disconnect(browser: &Browser, service: &str) -> Page {
    let page = browser.visit(service).await;
    let confirm = page.address.join(&page.values("#disconnect", "href")[0]).unwrap();
    let confirm = browser.visit(confirm.as_str()).await;
    browser.follow(browser.submit(&confirm, "disconnect-confirm", &[]).await).await
}

async fn everything_dies_when_a_service_is_disconnected(server: &TestServer, opaque: bool) {
    let (api, app) = calendar(server, opaque).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "openid offline_access calendar.read");
    let code = server.code(&browser, &user, &authorization).await;
    let tokens = server.redeem(&app, &code, &authorization.verifier).await;
    let flying = Authorization::of(&app, "openid calendar.read");
    let code_in_flight = server.code(&browser, &user, &flying).await;
    assert!(server.is_active(&api, &tokens.text("access_token")).await);
    let service = service(server, &browser, &user).await;
    let page = disconnect(&browser, &service).await;
    assert_eq!(page.status, 200);
    assert!(page.has("notice") && page.values("#services a", "href").is_empty(), "{}", page.body);
    assert!(!server.is_active(&api, &tokens.text("access_token")).await, "at once");
    assert_eq!(server.refresh(&app, &tokens.text("refresh_token")).await.error(), "invalid_grant");
    assert_eq!(server.redeem(&app, &code_in_flight, &flying.verifier).await.error(), "invalid_grant");
    assert_eq!(server.userinfo(&tokens.text("access_token")).await.status, 401);
    is_forgotten(server, &browser, &service, &flying).await;
}

/// The service is not there any more, and would have to ask anew; the person is.
async fn is_forgotten(server: &TestServer, browser: &Browser, service: &str, request: &Authorization) {
    assert_eq!(browser.visit(service).await.status, 404);
    let again = browser.visit(&request.address(server)).await;
    assert!(again.has("consent-approve"), "consent is asked as if for the first time");
    assert!(browser.visit(&server.at("/account")).await.has("change-password"), "the person stays signed in");
}

for_each_engine! {
    async fn disconnecting_kills_codes_refresh_tokens_and_signed_access_tokens(server: TestServer) {
        everything_dies_when_a_service_is_disconnected(&server, false).await;
    }

    async fn disconnecting_kills_opaque_access_tokens(server: TestServer) {
        everything_dies_when_a_service_is_disconnected(&server, true).await;
    }

    async fn an_optional_item_can_be_taken_back_alone(server: TestServer) {
        let (api, app) = calendar(&server, false).await;
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        let authorization = Authorization::of(&app, "openid offline_access email calendar.read");
        let code = server.code(&browser, &user, &authorization).await;
        let tokens = server.redeem(&app, &code, &authorization.verifier).await;
        let service = service(&server, &browser, &user).await;
        let page = browser.visit(&service).await;
        assert_eq!(page.values(DROP, "value"), ["email", "offline_access", "calendar.read"]);
        let page = take_back(&browser, &page, "calendar.read").await;
        assert!(page.has("notice"), "{}", page.body);
        assert_eq!(page.values(DROP, "value"), ["email", "offline_access"]);
        assert!(!server.is_active(&api, &tokens.text("access_token")).await);
        assert_eq!(server.refresh(&app, &tokens.text("refresh_token")).await.error(), "invalid_grant");
        // The app gets new tokens without asking, and without the item.
        let code = server.code(&browser, &user, &authorization).await;
        let tokens = server.redeem(&app, &code, &authorization.verifier).await;
        assert_eq!(tokens.text("scope"), "email offline_access openid");
    }

    async fn mx_01_mx_02_nothing_is_agreed_to_later_by_a_session_that_has_ended(server: TestServer) {
        let (_, app) = calendar(&server, false).await;
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        server.code(&browser, &user, &Authorization::of(&app, "openid email")).await;
        let service = service(&server, &browser, &user).await;
        let page = take_back(&browser, &browser.visit(&service).await, "email").await;
        assert_eq!(page.values(AGREE, "value"), ["email"]);
        let kept = async || consents::find(server.app().db(), &user.id, &app.client_id).await.unwrap().unwrap();
        broken::end_sessions_at(&server, "UPDATE ON users").await;
        let refused = press(&browser, &page, "agree", "email").await;
        assert_eq!((refused.status.as_u16(), kept().await.scopes.as_str()), (503, "openid"), "{}", refused.body);
        broken::end_no_sessions_at(&server, "UPDATE ON users").await;
        let page = press(&browser, &page, "agree", "email").await;
        assert!(page.has("notice"), "{} {}", page.status, page.body);
        assert_eq!(kept().await.scopes, "email openid");
    }
}

/// Presses the button beside an agreed item and follows.
async fn take_back(browser: &Browser, page: &Page, item: &str) -> Page {
    press(browser, page, "drop", item).await
}

async fn press(browser: &Browser, page: &Page, part: &str, item: &str) -> Page {
    let (csrf, action) =
        (page.values("input[name=csrf]", "value").remove(0), format!("{}/{part}", page.address.path()));
    assert!(page.values("form", "action").contains(&action), "{}", page.body);
    let fields =
        [("csrf", csrf.as_str()), ("item", item)].map(|(name, value)| (name.to_owned(), value.to_owned()));
    browser.follow(browser.post(&action, page, &fields).await).await
}

#[tokio::test]
async fn a_required_item_cannot_be_taken_back_and_what_was_not_agreed_is_no_error() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    server.code(&browser, &user, &Authorization::of(&app, "openid calendar.read")).await;
    let service = service(&server, &browser, &user).await;
    let page = browser.visit(&service).await;
    assert_eq!(take_back(&browser, &page, "openid").await.status, 400);
    assert_eq!(take_back(&browser, &page, "email").await.status, 200);
    assert_eq!(take_back(&browser, &page, "nonsense").await.status, 200);
    let consent = consents::find(server.app().db(), &user.id, &app.client_id).await.unwrap().unwrap();
    assert_eq!((consent.scopes.as_str(), consent.epoch), ("calendar.read openid", 0));
}

#[tokio::test]
async fn what_was_left_out_can_be_agreed_to_later_and_holds_from_the_next_sign_in_on() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "openid email calendar.read");
    let code = server.code(&browser, &user, &authorization).await;
    let tokens = server.redeem(&app, &code, &authorization.verifier).await;
    let service = service(&server, &browser, &user).await;
    let page = take_back(&browser, &browser.visit(&service).await, "email").await;
    assert_eq!(page.values(AGREE, "value"), ["email"]);
    assert_eq!(server.userinfo(&tokens.text("access_token")).await.status, 401, "taken back");
    let code = server.code(&browser, &user, &authorization).await;
    let without = server.redeem(&app, &code, &authorization.verifier).await;
    assert_eq!(without.text("scope"), "calendar.read openid");
    // What nobody was asked, what is required and what is agreed already is not given by a made-up form.
    for (item, status) in
        [("offline_access", 200), ("openid", 400), ("nonsense", 400), ("calendar.read", 200)]
    {
        assert_eq!(press(&browser, &page, "agree", item).await.status, status, "{item}");
    }
    let seen = consents::find(server.app().db(), &user.id, &app.client_id).await.unwrap().unwrap();
    assert_eq!((seen.scopes.as_str(), seen.refused.as_str()), ("calendar.read openid", "email"));
    // SE-05: without the page's own token nothing is given.
    let action = format!("{}/agree", page.address.path());
    let forged = [("item".to_owned(), "email".to_owned())];
    assert_eq!(browser.post(&action, &page, &forged).await.status, 403);
    let page = press(&browser, &page, "agree", "email").await;
    assert!(page.has("notice") && page.values(AGREE, "value").is_empty(), "{}", page.body);
    assert_eq!(server.userinfo(&without.text("access_token")).await.status, 200, "nothing ended");
    let code = server.code(&browser, &user, &authorization).await;
    let with = server.redeem(&app, &code, &authorization.verifier).await;
    assert_eq!(with.text("scope"), "calendar.read email openid");
}

#[tokio::test]
async fn without_its_last_item_a_service_is_disconnected() {
    let server = TestServer::start().await;
    let api = server.register_api("https://calendar.example", &["calendar.read"], false).await;
    let optional = vec!["calendar.read".to_owned()];
    let app = server.register(AppSpec { required: Vec::new(), optional, ..AppSpec::default() }).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "calendar.read").with("nonce", "");
    let code = server.code(&browser, &user, &authorization).await;
    let tokens = server.redeem(&app, &code, &authorization.verifier).await;
    let service = service(&server, &browser, &user).await;
    let page = browser.visit(&service).await;
    let page = take_back(&browser, &page, "calendar.read").await;
    assert_eq!((page.status.as_u16(), page.address.path()), (200, "/account"));
    assert!(page.has("notice") && page.values("#services a", "href").is_empty());
    assert!(!server.is_active(&api, &tokens.text("access_token")).await);
}

#[tokio::test]
async fn disconnecting_twice_is_done_once_and_said_twice() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    server.code(&browser, &user, &Authorization::of(&app, "openid")).await;
    let service = service(&server, &browser, &user).await;
    let confirm = browser.visit(&format!("{service}/disconnect")).await;
    let first = browser.submit(&confirm, "disconnect-confirm", &[]).await;
    assert_eq!(first.location().unwrap().as_str(), server.at("/account?done=disconnected"));
    assert_eq!(browser.submit(&confirm, "disconnect-confirm", &[]).await.status, 404);
}

/// OIDC Back-Channel Logout §2.5.
#[tokio::test]
async fn who_disconnects_is_promised_to_be_signed_out_there_only_if_the_app_is_told() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let address = ("backchannel_logout_uri".to_owned(), json!("https://app.example.com/logged-out"));
    for (metadata, told) in [([address].into(), true), (std::collections::BTreeMap::new(), false)] {
        let app = server.register(AppSpec { metadata, ..AppSpec::default() }).await;
        let browser = Browser::speaking("en");
        server.code(&browser, &user, &Authorization::of(&app, "openid")).await;
        let consent = consents::find(server.app().db(), &user.id, &app.client_id).await.unwrap().unwrap();
        let address = server.at(&format!("/account/services/{}/disconnect", consent.id));
        let promises = async || {
            let page = browser.open(&address).await;
            assert!(page.has("disconnect-confirm"), "{}", page.body);
            page.body.contains("signed out there")
        };
        assert_eq!(promises().await, told);
        server.write(apps::disable(&app.client_id, server.now())).await;
        assert!(!promises().await, "an app that is off is told nothing");
    }
}

#[tokio::test]
async fn the_account_shows_services_as_they_were_used() {
    let server = TestServer::start().await;
    let (_, old) = calendar(&server, false).await;
    let young = server.register(AppSpec::default()).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&old, "openid offline_access calendar.read");
    let code = server.code(&browser, &user, &authorization).await;
    server.advance(Seconds::hours(2));
    server.code(&browser, &user, &Authorization::of(&young, "openid")).await;
    let id = |app: AppFixture| {
        let (server, user) = (&server, &user);
        async move { consents::find(server.app().db(), &user.id, &app.client_id).await.unwrap().unwrap().id }
    };
    let (old_id, young_id) = (id(old.clone()).await, id(young).await);
    let order = |page: &Page| page.values("#services a", "href");
    let page = account(&server, &browser, &user).await;
    assert_eq!(
        order(&page),
        [format!("/account/services/{young_id}"), format!("/account/services/{old_id}")]
    );
    assert!(page.text("#services").unwrap().contains("2시간 전"), "{}", page.body);
    assert!(page.text("#services").unwrap().contains("일정 보기"), "items in the person's language");
    assert_eq!(server.redeem(&old, &code, &authorization.verifier).await.status, 400, "its minute is over");
    let english = browser.visit(&server.at("/account?lang=en")).await;
    assert!(english.text("#services").unwrap().contains("See your calendar"));
}

#[tokio::test]
async fn a_service_that_can_begin_a_login_is_opened_from_here_and_learns_with_whom() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    let begins = json!("https://a.example/login?from=mapae");
    for (metadata, expected) in [
        ([("initiate_login_uri".to_owned(), begins)].into(), true),
        (std::collections::BTreeMap::new(), false),
    ] {
        let app = server.register(AppSpec { metadata, ..AppSpec::default() }).await;
        let browser = Browser::default();
        server.code(&browser, &user, &Authorization::of(&app, "openid")).await;
        let consent = consents::find(server.app().db(), &user.id, &app.client_id).await.unwrap().unwrap();
        let page = browser.visit(&server.at(&format!("/account/services/{}", consent.id))).await;
        let opened = page.values("#open-service", "href");
        let pairs = |address: &String| {
            let address = url::Url::parse(address).unwrap();
            assert!(address.as_str().starts_with("https://a.example/login?"));
            address.query_pairs().into_owned().collect::<Vec<_>>()
        };
        let told = [("from", "mapae"), ("iss", server.issuer())];
        let told = told.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let expected = if expected { vec![told] } else { vec![] };
        assert_eq!(opened.iter().map(pairs).collect::<Vec<_>>(), expected, "{}", page.body);
        server.write(apps::disable(&app.client_id, server.now())).await;
        let blocked = browser.visit(page.address.as_str()).await;
        assert!(blocked.status == 200 && !blocked.has("open-service"), "{}", blocked.body);
    }
}
