//! Changing an app: each form, in force at once, judged as a whole — AD-04.

use mapae::store::verification;
use mapae_testkit::{AppFixture, Authorization, Browser, Engine, TestServer};

use super::{REDIRECT, developer, fixture, kept, led_to};

#[tokio::test]
async fn addresses_are_in_force_at_once() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register(&server, "나의 서비스").await;
    let other = AppFixture { redirect_uri: "https://other.example/cb".to_owned(), ..app.clone() };
    let browser = Browser::default();
    let refused = browser.visit(&Authorization::of(&other, "openid").address(&server)).await;
    assert_eq!(refused.status, 400);
    let uris = "https://other.example/cb\r\nhttp://localhost:3000/callback\r\nhttps://other.example/cb\r\n";
    let fields = [("redirect_uris", uris), ("origins", "https://other.example")];
    let saved = developer.save(&server, &app.client_id, "save-addresses", &fields).await;
    assert_eq!(led_to(&saved), format!("/console/apps/{}?done=saved", app.client_id));
    let lists = kept(&server, &app.client_id).await.lists;
    assert_eq!(lists.redirect_uris, ["https://other.example/cb", "http://localhost:3000/callback"]);
    assert_eq!(lists.origins, ["https://other.example"]);
    let page = browser.visit(&Authorization::of(&other, "openid").address(&server)).await;
    assert!(page.has("login-submit"), "the new one is good");
    let page = browser.visit(&Authorization::of(&app, "openid").address(&server)).await;
    assert_eq!(page.status, 400, "the old one is gone");
    let page = developer.browser.follow(saved).await;
    assert_eq!(page.text("#redirect_uris").unwrap(), lists.redirect_uris.join("\n"));
    assert!(page.text("#notice").unwrap().starts_with("Saved"));
    assert!(page.text("#snippet-environment").unwrap().contains("https://other.example/cb"));
}

#[tokio::test]
async fn to_21_mistakes_in_addresses_are_told_line_by_line() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register(&server, "나의 서비스").await;
    let fields = [("redirect_uris", "https://a.example/x/../y"), ("origins", "https://a.example/path\nnull")];
    let page = developer.save(&server, &app.client_id, "save-addresses", &fields).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.text("#redirect_uris-wrong").unwrap(), "Line 1: Leave out . and .. from the path.");
    assert_eq!(
        page.text("#origins-wrong").unwrap(),
        "Line 1: Leave out the path, like https://example.com. Try https://a.example\n\
         Line 2: Leave out the path, like https://example.com."
    );
    assert_eq!(page.text("#origins").unwrap(), "https://a.example/path\nnull");
    assert_eq!(page.values("#name", "value"), ["나의 서비스"], "the other forms are as they were");
    assert_eq!(kept(&server, &app.client_id).await.lists.redirect_uris, [REDIRECT]);
    let many: String = (0..33).map(|n| format!("https://a.example/{n}\n")).collect();
    let page = developer.save(&server, &app.client_id, "save-addresses", &[("redirect_uris", &many)]).await;
    assert_eq!(page.text("#redirect_uris-wrong").unwrap(), "You can have up to 32 addresses.");
}

#[tokio::test]
async fn to_04_how_the_secret_is_sent_and_whether_pkce_is_needed_is_in_force_at_once() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register(&server, "나의 서비스").await;
    // Else its errors stop at a page of ours.
    server.write(verification::verify(&app.client_id, server.now())).await;
    let bare = Authorization::of(&app, "openid").with("code_challenge", "").with("code_challenge_method", "");
    let ask = async || Browser::default().open(&bare.address(&server)).await.answered("error");
    assert_eq!(ask().await.as_deref(), Some("invalid_request"), "PKCE is required");
    let fields = [("auth_method", "client_secret_post"), ("pkce", "optional"), ("refresh_tokens", "keep")];
    let saved = developer.save(&server, &app.client_id, "save-security", &fields).await;
    assert_eq!(led_to(&saved), format!("/console/apps/{}?done=saved", app.client_id));
    assert_eq!(ask().await, None);
    let refused = server.redeem(&app, "x", "x").await;
    assert_eq!((refused.status.as_u16(), refused.error()), (401, "invalid_client"), "not by the header");
    let settings = kept(&server, &app.client_id).await.app.settings;
    assert_eq!(settings.token_endpoint_auth_method.as_deref(), Some("client_secret_post"));
    assert!(!settings.pkce_required && !settings.rotate_refresh);
    let page = developer.page(&server, &app.client_id).await;
    let ticked = page.values("#security input[checked]", "id");
    let usual = ["requests-any", "tokens-any", "profile-none"];
    assert_eq!(ticked, [&["auth-post", "pkce-optional", "refresh-keep"][..], &usual].concat());
    let general = [("kind", "public")];
    developer.save(&server, &app.client_id, "save-general", &general).await;
    let page = developer.page(&server, &app.client_id).await;
    assert_eq!(page.values("#security input[checked]", "id"), ["tokens-any"], "a public app has one choice");
}

#[tokio::test]
async fn items_decide_what_people_are_asked() {
    let server = TestServer::start().await;
    server.register_api("https://calendar.example", &["calendar.read", "calendar.write"], false).await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register(&server, "나의 서비스").await;
    let fields = [
        ("level.profile", "none"),
        ("level.calendar.read", "required"),
        ("purpose_ko.calendar.read", "일정을 보여 드려요."),
        ("purpose_en.calendar.read", "Shows your events."),
        ("level.calendar.write", "optional"),
    ];
    led_to(&developer.save(&server, &app.client_id, "save-items", &fields).await);
    let items = kept(&server, &app.client_id).await.lists.scopes;
    let shown: Vec<_> = items.iter().map(|item| (item.scope.as_str(), item.required)).collect();
    assert_eq!(
        shown,
        [("openid", true), ("email", false), ("calendar.read", true), ("calendar.write", false)]
    );
    let person = server.user("hong@example.com").await;
    let browser = Browser::default();
    let wanted = Authorization::of(&app, "openid calendar.read calendar.write");
    let sign_in = browser.visit(&wanted.address(&server)).await;
    let login = [("email", person.email.as_str()), ("password", person.password.as_str())];
    let consent = browser.follow(browser.submit(&sign_in, "login-submit", &login).await).await;
    assert!(consent.body.contains("일정을 보여 드려요."), "{}", consent.body);
    assert_eq!(consent.values("input[name=item]", "value"), ["calendar.write"]);
    let dropped = browser.visit(&Authorization::of(&app, "openid profile").address(&server)).await;
    assert_eq!(dropped.text("#error").as_deref(), Some("invalid_scope"), "known, but not for this app");
}

#[tokio::test]
async fn purposes_are_written_in_both_languages_and_kept_while_they_are_mended() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register(&server, "나의 서비스").await;
    let fields = [
        ("level.email", "required"),
        ("purpose_en.email", "Sends you reminders."),
        ("purpose_ko.profile", "이름을 불러요."),
        ("purpose_en.profile", "x\u{9}y"),
    ];
    let page = developer.save(&server, &app.client_id, "save-items", &fields).await;
    assert_eq!(page.status, 422);
    assert!(
        page.text("#item-3-ko-wrong").unwrap().starts_with("Write it in this language too"),
        "{}",
        page.body
    );
    assert_eq!(page.text("#item-2-en-wrong").unwrap(), "Write it on one line.");
    assert_eq!(page.values("[name='purpose_en.email']", "value"), ["Sends you reminders."]);
    assert_eq!(page.values("[name='level.email'][checked]", "value"), ["required"]);
    assert!(
        !kept(&server, &app.client_id)
            .await
            .lists
            .scopes
            .iter()
            .any(|item| item.purpose_en.contains("reminders"))
    );
}

#[tokio::test]
async fn name_and_homepage_are_what_people_see_from_now_on() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register(&server, "나의 서비스").await;
    let fields = [("name", "새 이름"), ("homepage", "https://my.example")];
    led_to(&developer.save(&server, &app.client_id, "save-general", &fields).await);
    let page = Browser::default().visit(&Authorization::of(&app, "openid").address(&server)).await;
    assert!(page.body.contains("새 이름") && !page.body.contains("나의 서비스"));
    assert_eq!(
        kept(&server, &app.client_id).await.app.settings.homepage.as_deref(),
        Some("https://my.example")
    );
    let fields = [("name", &*"가".repeat(65)), ("homepage", "javascript:alert(1)")];
    let page = developer.save(&server, &app.client_id, "save-general", &fields).await;
    assert_eq!(page.text("#name-wrong").unwrap(), "Use up to 64 characters.");
    assert_eq!(page.text("#homepage-wrong").unwrap(), "It must be https. http works on localhost only.");
    assert_eq!(page.values("#homepage", "value"), ["javascript:alert(1)"]);
    assert_eq!(kept(&server, &app.client_id).await.app.settings.name, "새 이름");
}

#[tokio::test]
async fn a_changed_kind_ends_what_the_old_one_was_given() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let developer = developer(&server, "dev@example.com").await;
        let app = developer.register(&server, "나의 서비스").await;
        let person = server.user("hong@example.com").await;
        let browser = Browser::default();
        let authorization = Authorization::of(&app, "openid");
        let code = server.code(&browser, &person, &authorization).await;
        let tokens = server.redeem(&app, &code, &authorization.verifier).await;
        let refresh_token = tokens.text("refresh_token");

        led_to(&developer.save(&server, &app.client_id, "save-general", &[("kind", "public")]).await);
        let record = kept(&server, &app.client_id).await;
        assert!(record.app.settings.public && record.secrets.is_empty(), "{engine:?}");
        let public = AppFixture { client_secret: None, ..app.clone() };
        assert_eq!(server.refresh(&public, &refresh_token).await.error(), "invalid_grant", "{engine:?}");
        assert_eq!(server.refresh(&app, &refresh_token).await.status, 401, "{engine:?}: the secret is none");
        assert_eq!(server.userinfo(&tokens.text("access_token")).await.status, 401, "{engine:?}");
        let code = server.code(&browser, &person, &authorization).await;
        let tokens = server.redeem(&public, &code, &authorization.verifier).await;
        assert_eq!(tokens.status, 200, "{engine:?}: consent is not lost, and the app goes on");

        let shown =
            developer.save(&server, &app.client_id, "save-general", &[("kind", "confidential")]).await;
        let confidential = fixture(&shown);
        assert_eq!(confidential.client_id, app.client_id);
        let refused = server.refresh(&confidential, &tokens.text("refresh_token")).await;
        assert_eq!(refused.error(), "invalid_grant", "{engine:?}");
        assert_eq!(
            server.refresh(&public, "x").await.status,
            401,
            "{engine:?}: without its secret it is nobody"
        );
        let code = server.code(&browser, &person, &authorization).await;
        assert_eq!(
            server.redeem(&confidential, &code, &authorization.verifier).await.status,
            200,
            "{engine:?}"
        );
    }
}

#[tokio::test]
async fn ad_04_an_app_cannot_become_what_its_addresses_forbid() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register_public(&server, "App", "com.example.app:/callback").await;
    let page = developer.save(&server, &app.client_id, "save-general", &[("kind", "confidential")]).await;
    assert_eq!(page.status, 422);
    assert!(page.text("#redirect_uris-wrong").unwrap().contains("Only public apps"), "{}", page.body);
    assert_eq!(page.values("#kind-confidential[checked]", "value"), ["confidential"], "as it was chosen");
    assert!(kept(&server, &app.client_id).await.app.settings.public);
    assert!(!page.has("client-secret"));
}
