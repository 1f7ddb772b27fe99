//! Registering an app: what is kept, that it works at once, and what is told when it cannot be — RFC 6749 §2.

use mapae_protocol::redirect_uri::RedirectUri;
use mapae_testkit::{Authorization, Browser, Engine, TestServer};

use super::{REDIRECT, developer, fixture, kept, led_to};
use crate::corpus;

#[tokio::test]
async fn an_app_registered_here_signs_people_in() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let developer = developer(&server, "dev@example.com").await;
        let app = developer.register(&server, "  나의 서비스 ").await;
        let record = kept(&server, &app.client_id).await;
        assert_eq!(record.app.settings.name, "나의 서비스");
        assert_eq!(record.app.owner_id.as_ref(), Some(&developer.user.id));
        assert_eq!(record.app.settings.grant_types, "authorization_code refresh_token");
        assert!(record.app.settings.pkce_required && !record.app.settings.public);
        let person = server.user("hong@example.com").await;
        let authorization = Authorization::of(&app, "openid profile");
        let browser = Browser::default();
        let sign_in = browser.visit(&authorization.address(&server)).await;
        assert!(sign_in.body.contains("나의 서비스"), "people see its name");
        let code = server.code(&browser, &person, &authorization).await;
        let tokens = server.redeem(&app, &code, &authorization.verifier).await;
        assert_eq!(tokens.status, 200, "{engine:?} {}", tokens.json);
        let home = developer.browser.open(&server.at("/console")).await;
        assert!(home.body.contains("1 person connected"), "{engine:?}: {}", home.body);
    }
}

#[tokio::test]
async fn a_public_app_has_no_secret_and_signs_people_in() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register_public(&server, "CLI", "http://127.0.0.1/callback").await;
    assert!(kept(&server, &app.client_id).await.secrets.is_empty());
    let person = server.user("hong@example.com").await;
    let authorization =
        Authorization::of(&app, "openid").with("redirect_uri", "http://127.0.0.1:49152/callback");
    let code = server.code(&Browser::default(), &person, &authorization).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", "http://127.0.0.1:49152/callback"),
        ("code_verifier", &authorization.verifier),
    ];
    assert_eq!(server.token(&app, &form).await.status, 200);
    let page = developer.page(&server, &app.client_id).await;
    assert!(!page.has("secret-rotate"));
}

#[tokio::test]
async fn everything_that_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let uris = "https://a.example/cb\nhttp://a.example/cb\n\n  javascript:alert(1)\nHTTPS://A.example/";
    let page =
        developer.try_register(&server, &[("name", " "), ("kind", "public"), ("redirect_uris", uris)]).await;
    assert_eq!(page.status, 422);
    assert_eq!(page.text("#name-wrong").unwrap(), "Enter a name.");
    let wrong = page.text("#redirect_uris-wrong").unwrap();
    let lines: Vec<&str> = wrong.lines().collect();
    assert_eq!(
        lines,
        [
            "Line 2: It must be https. http works on localhost only. Try https://a.example/cb",
            "Line 3: This kind of address can’t be used.",
            "Line 4: Write https and the host in lower case. Try https://a.example/",
        ]
    );
    let typed = page.text("#redirect_uris").unwrap();
    assert_eq!(typed, "https://a.example/cb\nhttp://a.example/cb\njavascript:alert(1)\nHTTPS://A.example/");
    assert_eq!(page.values("#kind-public[checked]", "value"), ["public"]);
    let korean = Browser::speaking("ko");
    let sign_in = korean.visit(&server.at("/console/apps/new")).await;
    let fields = [("email", developer.user.email.as_str()), ("password", developer.user.password.as_str())];
    let form = korean.follow(korean.submit(&sign_in, "login-submit", &fields).await).await;
    assert_eq!(form.address.path(), "/console/apps/new", "after signing in one is where one wanted to be");
    let page = korean.submit(&form, "app-create", &[("name", "a\u{202e}b")]).await;
    assert_eq!(page.text("#name-wrong").unwrap(), "이름에 쓸 수 없는 글자가 있어요.");
    assert_eq!(page.text("#redirect_uris-wrong").unwrap(), "주소를 하나 이상 적어 주세요.");
    let home = developer.browser.open(&server.at("/console")).await;
    assert!(home.values(".list a", "href").is_empty(), "nothing was made");
}

#[tokio::test]
async fn az_02_az_07_az_12_no_hostile_address_is_registered() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let app = developer.register(&server, "나의 서비스").await;
    let page = developer.page(&server, &app.client_id).await;
    let mut refused = 0;
    for text in corpus::CORPUS {
        let answer = developer.browser.submit(&page, "save-addresses", &[("redirect_uris", text)]).await;
        let uris = kept(&server, &app.client_id).await.lists.redirect_uris;
        if answer.status == 303 {
            // Only what could be anybody's own address, and byte for byte as typed.
            assert_eq!(uris, [text.trim()], "{text:?}");
            let url = url::Url::parse(text.trim()).unwrap();
            let loopback = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
            assert!(url.scheme() == "https" || url.scheme() == "http" && loopback, "{text:?}");
            assert!(
                url.username().is_empty() && url.password().is_none() && url.fragment().is_none(),
                "{text:?}"
            );
            assert!(RedirectUri::parse(text.trim()).is_ok(), "{text:?}");
            let back = [("redirect_uris", REDIRECT)];
            led_to(&developer.browser.submit(&page, "save-addresses", &back).await);
        } else {
            refused += 1;
            assert!([400, 422].contains(&answer.status.as_u16()), "{text:?}: {}", answer.status);
            assert!(answer.location().is_none());
            assert_eq!(uris, [REDIRECT], "{text:?} changed something");
        }
    }
    assert!(refused > corpus::CORPUS.len() / 2, "{refused} of {}", corpus::CORPUS.len());
}

#[tokio::test]
async fn az_12_a_scheme_of_its_own_is_for_native_apps() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let own_scheme = [("name", "App"), ("redirect_uris", "com.example.app:/callback")];
    let page = developer.try_register(&server, &own_scheme).await;
    assert_eq!(page.status, 422);
    let told = "Line 1: Only public apps can use this address. Use https, or change the kind of app.";
    assert_eq!(page.text("#redirect_uris-wrong").unwrap(), told);
    developer.register_public(&server, "App", "com.example.app:/callback").await;
}

#[tokio::test]
async fn a_developer_has_at_most_25_apps() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let mut first = None;
    for number in 0..25 {
        let app = developer.register(&server, &format!("App {number}")).await;
        first.get_or_insert(app);
    }
    let form = developer.browser.open(&server.at("/console/apps/new")).await;
    assert!(form.text("#problem").unwrap().contains("up to 25 apps"));
    let page =
        developer.browser.submit(&form, "app-create", &[("name", "더"), ("redirect_uris", REDIRECT)]).await;
    assert_eq!(page.status, 409);
    assert_eq!(page.values("#name", "value"), ["더"]);
    assert!(!page.has("client-secret"));
    let first = first.unwrap().client_id;
    let confirm = developer.browser.open(&server.at(&format!("/console/apps/{first}/delete"))).await;
    led_to(&developer.browser.submit(&confirm, "app-delete-confirm", &[("name", "App 0")]).await);
    developer.register(&server, "더").await;
}

#[tokio::test]
async fn a_form_sent_again_makes_nothing_again_and_shows_no_secret_again() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    let form = developer.browser.open(&server.at("/console/apps/new")).await;
    let fields = [("name", "나의 서비스"), ("redirect_uris", REDIRECT)];
    let first = developer.browser.submit(&form, "app-create", &fields).await;
    let app = fixture(&first);
    let again = developer.browser.submit(&form, "app-create", &fields).await;
    assert_eq!(led_to(&again), format!("/console/apps/{}?done=secret-shown", app.client_id));
    let other = developer
        .browser
        .submit(&form, "app-create", &[("name", "다른 것"), ("redirect_uris", REDIRECT)])
        .await;
    assert_ne!(fixture(&other).client_id, app.client_id, "the same page with other contents is another app");
    let home = developer.browser.open(&server.at("/console")).await;
    assert_eq!(home.values(".list a", "href").len(), 2);
}

#[tokio::test]
async fn registering_and_deleting_for_ever_is_slowed_down() {
    let server = TestServer::start().await;
    let developer = developer(&server, "dev@example.com").await;
    for _ in 0..25 {
        developer.register(&server, "App").await;
    }
    let form = developer.browser.open(&server.at("/console/apps/new")).await;
    let mut last = 409;
    for number in 0..80 {
        let name = number.to_string();
        let fields = [("name", name.as_str()), ("redirect_uris", REDIRECT)];
        last = developer.browser.submit(&form, "app-create", &fields).await.status.as_u16();
    }
    assert_eq!(last, 429);
}
