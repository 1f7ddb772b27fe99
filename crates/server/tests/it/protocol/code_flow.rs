//! The authorization code flow — RFC 6749 §4.1, OIDC Core §3.1.

use mapae::store::{apps, consents};
use mapae_protocol::time::Seconds;
use mapae_testkit::{AppFixture, AppSpec, Authorization, Browser, Page, TestServer};
use serde_json::json;

use super::{calendar, claims, to_consent};

#[tokio::test]
async fn a_person_signs_in_agrees_and_the_app_gets_exactly_that() {
    let server = TestServer::start().await;
    let (api, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "openid email calendar.read");
    let consent = to_consent(&server, &browser, &user, &authorization).await;
    let back = browser.submit(&consent, "consent-approve", &[("item", "calendar.read")]).await;
    assert_eq!(back.status, 303);
    assert_eq!(back.answered("state").as_deref(), Some("af0ifjsldkj"));
    assert_eq!(back.answered("iss").as_deref(), Some(server.issuer()));
    let tokens = server.redeem(&app, &back.answered("code").unwrap(), &authorization.verifier).await;
    assert_eq!(tokens.status, 200, "{}", tokens.json);
    assert_eq!(tokens.headers["cache-control"], "no-store");
    assert_eq!(tokens.headers["pragma"], "no-cache");
    assert_eq!(tokens.text("scope"), "calendar.read openid");
    assert_eq!(tokens.text("token_type"), "Bearer");
    let access = claims(&tokens.text("access_token"));
    assert_eq!(access["aud"], json!(["https://calendar.example", server.issuer()]));
    assert_eq!(access["scope"], "calendar.read openid");
    let id_token = claims(&tokens.text("id_token"));
    assert_eq!(id_token["aud"], json!(app.client_id));
    assert_eq!(id_token["nonce"], "n-0S6_WzA2Mj");
    assert_eq!(id_token["iss"], server.issuer());
    assert_ne!(id_token["sub"], access["sub"], "an app and an API know one person by two names");
    let userinfo = server.userinfo(&tokens.text("access_token")).await;
    assert_eq!(userinfo.json, json!({ "sub": id_token["sub"] }), "email was asked and not agreed to");
    assert!(server.is_active(&api, &tokens.text("access_token")).await);
}

#[tokio::test]
async fn consent_is_remembered_and_only_what_is_new_is_asked() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let first = Authorization::of(&app, "openid calendar.read");
    server.code(&browser, &user, &first).await;
    let again = browser.visit(&first.address(&server)).await;
    assert!(again.answered("code").is_some(), "{} {}", again.status, again.body);
    let more =
        browser.visit(&Authorization::of(&app, "openid calendar.read calendar.write").address(&server)).await;
    assert_eq!(more.values("input[name=item]", "value"), ["calendar.write"]);
    let answered = browser.submit(&more, "consent-approve", &[]).await;
    assert!(answered.answered("code").is_some(), "an optional item that is not ticked never blocks");
    let asked_again =
        browser.visit(&Authorization::of(&app, "openid calendar.read calendar.write").address(&server)).await;
    assert!(asked_again.answered("code").is_some(), "a refused optional item is not asked at every sign-in");
}

#[tokio::test]
async fn people_read_the_items_in_the_order_in_which_the_app_declares_them() {
    let server = TestServer::start().await;
    calendar(&server, false).await;
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let app = server
        .register(AppSpec {
            required: names(&["openid", "profile", "calendar.read"]),
            optional: names(&["calendar.write", "email", "offline_access"]),
            ..AppSpec::default()
        })
        .await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::speaking("en");
    let everything = "calendar.read calendar.write email offline_access openid profile";
    let consent = to_consent(&server, &browser, &user, &Authorization::of(&app, everything)).await;
    let declared = [
        "An ID for this service",
        "Profile",
        "See your calendar",
        "See your calendar",
        "Email address",
        "Access while you are signed out",
    ];
    assert_eq!(consent.texts(".item-title bdi"), declared, "{}", consent.body);
    assert_eq!(consent.values("input[name=item]", "value"), ["calendar.write", "email", "offline_access"]);
    browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
    let services = browser.open(&server.at("/account")).await;
    let service = services.values(".list a", "href").remove(0);
    let service = browser.open(&server.at(&service)).await;
    assert_eq!(service.texts("[id^=item-] bdi"), declared, "{}", service.body);
}

/// OIDC Core §8.
#[tokio::test]
async fn people_read_whether_other_services_get_the_same_id() {
    let server = TestServer::start().await;
    for (subject_type, title, detail) in [
        ("pairwise", "An ID for this service", "Services of other operators get a different one."),
        ("public", "Your Mapae ID", "Other services can get the same one."),
    ] {
        let app =
            server.register(AppSpec { subject_type: subject_type.to_owned(), ..AppSpec::default() }).await;
        let user = server.user(&format!("{subject_type}@example.com")).await;
        let browser = Browser::speaking("en");
        let consent = to_consent(&server, &browser, &user, &Authorization::of(&app, "openid")).await;
        assert_eq!(consent.texts(".item-title bdi"), [title], "{}", consent.body);
        assert!(consent.text(".what").unwrap().ends_with(detail), "{}", consent.body);
        browser.submit(&consent, "consent-approve", &[]).await;
        let account = browser.open(&server.at("/account")).await;
        assert_eq!(account.texts("#services .chips bdi"), [title], "{}", account.body);
        let agreed = consents::find(server.app().db(), &user.id, &app.client_id).await.unwrap().unwrap();
        let service = browser.open(&server.at(&format!("/account/services/{}", agreed.id))).await;
        assert_eq!(service.texts("[id^=item-] bdi"), [title], "{}", service.body);
        assert!(service.body.contains(detail), "{}", service.body);
    }
}

#[tokio::test]
async fn cancelling_gives_access_denied_and_nothing_else() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let consent = to_consent(&server, &browser, &user, &Authorization::of(&app, "openid")).await;
    let back = browser.submit(&consent, "consent-deny", &[]).await;
    assert_eq!(back.answered("error").as_deref(), Some("access_denied"));
    assert_eq!(back.answered("code"), None);
    assert_eq!(back.answered("iss").as_deref(), Some(server.issuer()));
}

/// RFC 9700 §4.11.
#[tokio::test]
async fn az_01_az_02_nobody_is_redirected_to_an_address_that_is_not_proven() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let browser = Browser::default();
    let good = Authorization::of(&app, "openid");
    for bad in [
        good.clone().with("client_id", "app_nobody"),
        good.clone().with("client_id", ""),
        good.clone().with("redirect_uri", "https://evil.example/cb"),
        good.clone().with("redirect_uri", "https://app.example.com/cb/../evil"),
        good.clone().with("redirect_uri", "https://app.example.com/cb/"),
        good.clone().with("redirect_uri", "").with("response_type", "nonsense"),
    ] {
        let page = browser.visit(&bad.address(&server)).await;
        assert_eq!(page.status, 400, "{:?}", bad.parameters);
        assert!(page.location().is_none());
        assert_eq!(page.headers["cache-control"], "no-store");
        assert!(page.headers["content-security-policy"].to_str().unwrap().contains("frame-ancestors 'none'"));
    }
}

#[tokio::test]
async fn az_01_apps_that_are_gone_and_apps_that_never_were_look_the_same() {
    let server = TestServer::start().await;
    let (disabled, deleted) =
        (server.register(AppSpec::default()).await, server.register(AppSpec::default()).await);
    let never = AppFixture { client_id: "app_nobody".to_owned(), ..disabled.clone() };
    let now = server.now();
    server.write(apps::disable(&disabled.client_id, now)).await;
    server.write(apps::delete(&deleted.client_id, now)).await;
    let told = async |app: &AppFixture| {
        let page = Browser::default().visit(&Authorization::of(app, "openid").address(&server)).await;
        assert_eq!((page.status.as_u16(), page.location()), (400, None));
        (page.text("h1"), page.text("main p"), page.body.len())
    };
    let expected = told(&never).await;
    assert_eq!(told(&disabled).await, expected);
    assert_eq!(told(&deleted).await, expected);
}

#[tokio::test]
async fn co_01_a_replayed_code_kills_what_the_first_redemption_gave() {
    let server = TestServer::start().await;
    let (api, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let authorization = Authorization::of(&app, "openid calendar.read");
    let code = server.code(&Browser::default(), &user, &authorization).await;
    let tokens = server.redeem(&app, &code, &authorization.verifier).await;
    assert!(server.is_active(&api, &tokens.text("access_token")).await);
    let replay = server.redeem(&app, &code, &authorization.verifier).await;
    assert_eq!((replay.status.as_u16(), replay.error()), (400, "invalid_grant"));
    assert!(!server.is_active(&api, &tokens.text("access_token")).await);
    assert_eq!(server.refresh(&app, &tokens.text("refresh_token")).await.error(), "invalid_grant");
}

#[tokio::test]
async fn co_03_co_06_co_08_who_could_not_redeem_a_code_cannot_burn_it_either() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let thief = server.register(AppSpec::default()).await;
    let user = server.user("hong@example.com").await;
    let authorization = Authorization::of(&app, "openid");
    let code = server.code(&Browser::default(), &user, &authorization).await;
    let other = "a".repeat(43);
    let form = |uri, verifier| {
        [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", uri),
            ("code_verifier", verifier),
        ]
    };
    let mine = app.redirect_uri.as_str();
    assert_eq!(server.token(&thief, &form(mine, &authorization.verifier)).await.error(), "invalid_grant");
    assert_eq!(
        server.token(&app, &form("https://evil.example/", &authorization.verifier)).await.error(),
        "invalid_grant"
    );
    assert_eq!(server.token(&app, &form(mine, &other)).await.error(), "invalid_grant");
    assert_eq!(server.token(&app, &form(mine, "short")).await.error(), "invalid_request");
    let wrong = AppFixture { client_secret: Some("wrong".to_owned()), ..app.clone() };
    let refused = server.token(&wrong, &form(mine, &authorization.verifier)).await;
    assert_eq!((refused.status.as_u16(), refused.error()), (401, "invalid_client"));
    assert_eq!(refused.headers["www-authenticate"], "Basic realm=\"mapae\"");
    assert_eq!(server.redeem(&app, &code, &authorization.verifier).await.status, 200);
}

#[tokio::test]
async fn co_05_a_code_lives_a_minute() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let authorization = Authorization::of(&app, "openid");
    let code = server.code(&Browser::default(), &user, &authorization).await;
    server.advance(Seconds::seconds(60));
    assert_eq!(server.redeem(&app, &code, &authorization.verifier).await.error(), "invalid_grant");
}

/// OIDC Core §3.1.2.3.
#[tokio::test]
async fn az_28_prompt_none_never_shows_a_page() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let silent = Authorization::of(&app, "openid").with("prompt", "none");
    let error = |page: Page| page.answered("error").unwrap_or_default();
    assert_eq!(error(browser.visit(&silent.address(&server)).await), "login_required");
    server.code(&browser, &user, &Authorization::of(&app, "openid")).await;
    assert!(browser.visit(&silent.address(&server)).await.answered("code").is_some());
    let more = Authorization::of(&app, "openid calendar.read").with("prompt", "none");
    assert_eq!(error(browser.visit(&more.address(&server)).await), "consent_required");
    let torn = Authorization::of(&app, "openid").with("prompt", "none login");
    assert_eq!(error(browser.visit(&torn.address(&server)).await), "invalid_request");
}

#[tokio::test]
async fn az_29_prompt_login_and_max_age_want_a_fresh_sign_in() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let plain = Authorization::of(&app, "openid");
    server.code(&browser, &user, &plain).await;
    for again in [plain.clone().with("prompt", "login"), plain.clone().with("max_age", "0")] {
        let page = browser.visit(&again.address(&server)).await;
        assert!(page.has("login-submit"), "{}", page.body);
        assert!(server.authorize(&browser, &user, &again).await.answered("code").is_some());
    }
    server.advance(Seconds::seconds(100));
    let aged = plain.with("max_age", "99");
    assert!(browser.visit(&aged.address(&server)).await.has("login-submit"));
    let code = server.code(&browser, &user, &aged).await;
    let tokens = server.redeem(&app, &code, &aged.verifier).await;
    assert_eq!(claims(&tokens.text("id_token"))["auth_time"], json!(server.now().unix()));
}

#[tokio::test]
async fn az_29_who_leaves_a_sign_in_has_the_session_as_it_was() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let (user, browser) = (server.user("hong@example.com").await, Browser::default());
    let plain = Authorization::of(&app, "openid");
    let begun = server.now().unix();
    server.code(&browser, &user, &plain).await;
    server.advance(Seconds::seconds(100));
    let page = browser.visit(&plain.clone().with("prompt", "login").address(&server)).await;
    assert!(page.has("login-submit"));
    let fields = [("email", user.email.as_str()), ("password", "not the password")];
    assert!(browser.submit(&page, "login-submit", &fields).await.location().is_none());
    let code = browser.visit(&plain.address(&server)).await.answered("code").unwrap();
    let tokens = server.redeem(&app, &code, &plain.verifier).await;
    assert_eq!(claims(&tokens.text("id_token"))["auth_time"], json!(begun));
    let aged = plain.with("max_age", "99");
    assert!(browser.visit(&aged.address(&server)).await.has("login-submit"));
}

#[tokio::test]
async fn se_02_a_step_of_another_browser_is_worth_nothing() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let attacker = Browser::default();
    let sign_in = attacker.visit(&Authorization::of(&app, "openid").address(&server)).await;
    let victim = Browser::default();
    let planted = victim.visit(sign_in.address.as_str()).await;
    assert_eq!(planted.status, 400, "{}", planted.body);
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let submitted = victim.submit(&sign_in, "login-submit", &fields).await;
    assert_eq!(submitted.status, 400);
}
