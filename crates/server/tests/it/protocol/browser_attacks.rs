//! Attacks by way of a person's browser: on the authorization endpoint, the sign-in and the consent page.

use mapae::store::apps::{self, RegisteredApp};
use mapae_testkit::{AppFixture, AppSpec, Authorization, Browser, TestServer, client::send};

use super::{calendar, sign_in, to_consent};
use crate::store::sqlite_file;

#[tokio::test]
async fn az_38_no_redirect_would_post_a_password_again() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let sign_in = browser.visit(&Authorization::of(&app, "openid").address(&server)).await;
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let after = browser.submit(&sign_in, "login-submit", &fields).await;
    assert_eq!(after.status, 303);
    let consent = browser.follow(after).await;
    assert_eq!(browser.submit(&consent, "consent-approve", &[]).await.status, 303);
}

#[tokio::test]
async fn az_41_nothing_comes_of_a_page_fetched_ahead_or_as_a_picture() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let address = Authorization::of(&app, "openid").with("prompt", "none").address(&server);
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for (name, value) in [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("purpose", "prefetch"),
        ("sec-fetch-dest", "image"),
        ("sec-fetch-dest", "script"),
        ("sec-fetch-dest", "empty"),
        ("sec-fetch-mode", "cors"),
        ("sec-fetch-mode", "no-cors"),
    ] {
        let answer = send(http.get(&address).header(name, value)).await;
        assert_eq!(answer.status, 204, "{name}: {value}");
        assert!(!answer.headers.contains_key("location"));
    }
    assert_eq!(send(http.get(&address).header("sec-fetch-dest", "iframe")).await.status, 303);
    assert_eq!(send(http.get(&address).header("sec-fetch-mode", "navigate")).await.status, 303);
}

#[tokio::test]
async fn az_41_who_wants_the_head_of_a_page_gets_no_code() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let signed_in = sign_in(&server, &app, "openid").await;
    let address = Authorization::of(&app, "openid").address(&server);
    let got = signed_in.browser.send("GET", &address, &[], Vec::new()).await;
    assert!(got.answered("code").is_some(), "{}", got.body);
    let head = signed_in.browser.send("HEAD", &address, &[], Vec::new()).await;
    assert_eq!((head.status.as_u16(), head.location()), (204, None));
}

#[tokio::test]
async fn az_41_no_page_on_the_way_gives_a_code_to_who_does_not_look() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let (user, browser) = (server.user("hong@example.com").await, Browser::default());
    let waiting = browser.visit(&Authorization::of(&app, "openid").address(&server)).await;
    let step = waiting.address.query_pairs().find(|(name, _)| name == "step").unwrap().1.into_owned();
    // In another tab.
    server.code(&browser, &user, &Authorization::of(&app, "openid")).await;
    let kinds: [(&str, &[(&str, &str)]); 5] = [
        ("HEAD", &[]),
        ("GET", &[("sec-purpose", "prefetch")]),
        ("GET", &[("sec-purpose", "prefetch;prerender")]),
        ("GET", &[("sec-fetch-dest", "image"), ("sec-fetch-mode", "no-cors")]),
        ("GET", &[("sec-fetch-dest", "empty"), ("sec-fetch-mode", "cors")]),
    ];
    let pages = ["/sign-in", "/consent", "/terms", "/continue"];
    for path in pages {
        let address = server.at(&format!("{path}?{}", mapae_protocol::params::encode([("step", &step)])));
        for (method, headers) in kinds {
            let answer = browser.send(method, &address, headers, Vec::new()).await;
            assert_eq!(
                (answer.status.as_u16(), answer.location()),
                (204, None),
                "{path} {method} {headers:?}"
            );
        }
        let seen = browser.send("GET", &address, &[("sec-fetch-dest", "document")], Vec::new()).await;
        assert!(seen.answered("code").is_some(), "{path}: {} {}", seen.status, seen.body);
    }
}

#[tokio::test]
async fn az_17_what_is_split_over_address_and_body_is_judged_as_one_request() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let good = Authorization::of(&app, "openid");
    let body = mapae_protocol::params::encode(good.parameters.iter().map(|(name, value)| (name, value)));
    let browser = Browser::default();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let send = async |query: &[(&str, &str)]| {
        let address =
            server.at(&format!("/authorize?{}", mapae_protocol::params::encode(query.iter().copied())));
        browser.follow(browser.send("POST", &address, &form, body.clone().into_bytes()).await).await
    };
    for (name, value) in [
        ("client_id", "app_other"),
        ("client_id", app.client_id.as_str()),
        ("redirect_uri", "https://other.example/cb"),
    ] {
        let page = send(&[(name, value)]).await;
        assert_eq!((page.status.as_u16(), page.location()), (400, None), "{name}={value}");
    }
    let page = send(&[("scope", "openid email")]).await;
    assert_eq!(page.answered("error").as_deref(), Some("invalid_request"));
    assert!(send(&[]).await.has("login-submit"));
    assert!(
        send(&[("utm_source", "mail")]).await.has("login-submit"),
        "what means nothing is in nobody's way"
    );
}

#[tokio::test]
async fn se_03_se_05_only_the_browser_and_the_session_that_were_asked_can_agree() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let other = server.user("kim@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "openid calendar.read");
    let consent = to_consent(&server, &browser, &user, &authorization).await;
    let stranger = Browser::default();
    assert_eq!(stranger.submit(&consent, "consent-approve", &[]).await.status, 400, "another browser");
    let again =
        browser.visit(&Authorization::of(&app, "openid").with("prompt", "login").address(&server)).await;
    let fields = [("email", other.email.as_str()), ("password", other.password.as_str())];
    browser.follow(browser.submit(&again, "login-submit", &fields).await).await;
    let forged = browser.submit(&consent, "consent-approve", &[]).await;
    assert_eq!(
        (forged.status.as_u16(), forged.location()),
        (403, None),
        "another person signed in meanwhile"
    );
    let db = server.app().db();
    for person in [&user, &other] {
        assert!(mapae::store::consents::find(db, &person.id, &app.client_id).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn se_04_se_05_a_form_posted_from_another_site_is_refused() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let attacker = Browser::default();
    let sign_in = attacker.visit(&Authorization::of(&app, "openid").address(&server)).await;
    let (action, fields) = sign_in.form("login-submit");
    let form: Vec<(String, String)> = fields
        .into_iter()
        .filter(|(name, _)| name == "step")
        .chain([("email".to_owned(), user.email.clone()), ("password".to_owned(), user.password.clone())])
        .collect();
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for site in ["cross-site", "same-site"] {
        let forged = http
            .post(server.at(&action))
            .header("sec-fetch-site", site)
            .header("origin", "https://evil.example");
        let answer = send(forged.form(&form)).await;
        assert_eq!(answer.status, 403, "{site}");
        assert!(!answer.headers.contains_key("set-cookie"));
    }
}

#[tokio::test]
async fn se_07_hidden_fields_and_parameters_change_nothing() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "openid calendar.read");
    let consent = to_consent(&server, &browser, &user, &authorization).await;
    let extra = [
        ("scope", "openid calendar.read calendar.write"),
        ("redirect_uri", "https://evil.example/cb"),
        ("client_id", "app_other"),
        ("skip_consent", "1"),
        ("item", "calendar.write"),
    ];
    let tampered = browser.submit(&consent, "consent-approve", &extra).await;
    assert_eq!((tampered.status.as_u16(), tampered.location()), (400, None), "an item that was not asked");
    let back = browser
        .submit(&consent, "consent-approve", &[&extra[..4], &[("item", "calendar.read")]].concat())
        .await;
    assert!(back.location().unwrap().as_str().starts_with("https://app.example.com/cb?"));
    let tokens = server.redeem(&app, &back.answered("code").unwrap(), &authorization.verifier).await;
    assert_eq!(tokens.text("scope"), "calendar.read openid");
    let (_, fields) = consent.form("consent-approve");
    let step = fields.iter().find(|(name, _)| name == "step").unwrap().1.clone();
    for broken in
        [step.replacen('a', "b", 1), step[..step.len() - 2].to_owned(), String::new(), "row:x".to_owned()]
    {
        let page = browser.submit(&consent, "consent-approve", &[("step", broken.as_str())]).await;
        assert_eq!((page.status.as_u16(), page.location()), (400, None));
    }
}

/// Registers other items for an app, as its developer does in the console.
async fn register_items(server: &TestServer, app: &AppFixture, required: &[&str], optional: &[&str]) {
    let mut registered = apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap();
    let item = |scope: &&str, required| apps::AppScope {
        scope: (*scope).to_owned(),
        required,
        purpose_ko: "시험하려고 써요".to_owned(),
        purpose_en: "For the test".to_owned(),
    };
    registered.lists.scopes =
        required.iter().map(|s| item(s, true)).chain(optional.iter().map(|s| item(s, false))).collect();
    let RegisteredApp { app, lists, .. } = registered;
    server.write(apps::update(&app.id, &app.settings, &lists, server.now())).await;
}

#[tokio::test]
async fn se_07_what_became_required_while_the_page_was_open_is_asked_again() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "openid calendar.read calendar.write");
    let consent = to_consent(&server, &browser, &user, &authorization).await;
    register_items(&server, &app, &["openid", "calendar.write"], &["calendar.read"]).await;
    let again = browser.submit(&consent, "consent-approve", &[("item", "calendar.read")]).await;
    assert_eq!((again.status.as_u16(), again.location()), (200, None));
    assert!(again.has("problem"), "the page says that something changed: {}", again.body);
    assert_eq!(again.values("input[name=item]", "value"), ["calendar.read"]);
    let db = server.app().db();
    assert!(mapae::store::consents::find(db, &user.id, &app.client_id).await.unwrap().is_none());
    let back = browser.submit(&again, "consent-approve", &[]).await;
    let tokens = server.redeem(&app, &back.answered("code").unwrap(), &authorization.verifier).await;
    assert_eq!(tokens.text("scope"), "calendar.write openid", "now it was seen as required");
}

#[tokio::test]
async fn se_07_what_is_asked_no_more_is_not_granted() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "openid calendar.read calendar.write");
    let consent = to_consent(&server, &browser, &user, &authorization).await;
    register_items(&server, &app, &["openid"], &["calendar.read"]).await;
    let back = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
    let tokens = server.redeem(&app, &back.answered("code").unwrap(), &authorization.verifier).await;
    assert_eq!(tokens.text("scope"), "calendar.read openid");
    let db = server.app().db();
    let kept = mapae::store::consents::find(db, &user.id, &app.client_id).await.unwrap().unwrap();
    assert_eq!(
        kept.scopes, "calendar.read openid",
        "nor kept for the day on which the app asks for it again"
    );
}

#[tokio::test]
async fn se_08_consent_is_asked_again_where_silence_would_be_wrong() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let native = AppSpec {
        public: true,
        redirect_uris: vec!["http://127.0.0.1/cb".to_owned(), "com.example.app:/cb".to_owned()],
        ..AppSpec::default()
    };
    let native = server.register(native).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let plain = Authorization::of(&app, "openid calendar.read");
    server.code(&browser, &user, &plain).await;
    assert!(browser.visit(&plain.address(&server)).await.answered("code").is_some());
    let asked = |authorization: Authorization| {
        let (browser, server) = (&browser, &server);
        async move { browser.visit(&authorization.address(server)).await.has("consent-approve") }
    };
    assert!(asked(plain.clone().with("prompt", "consent")).await);
    assert!(asked(Authorization::of(&app, "openid calendar.read calendar.write")).await, "more than before");
    let native = Authorization::of(&native, "openid").with("redirect_uri", "http://127.0.0.1:51004/cb");
    server.code(&browser, &user, &native).await;
    assert!(asked(native).await, "any program on the device could be this app");
}

#[tokio::test]
async fn the_consent_page_says_where_every_redirect_uri_leads_and_may_post_there() {
    let server = TestServer::start().await;
    let user = server.user("hong@example.com").await;
    for (uri, leads_to) in [
        ("com.example.app:/cb", "com.example.app:"),
        ("http://[::1]/cb", "http://[::1]"),
        ("https://app.example.com/cb?x=1", "https://app.example.com"),
    ] {
        let spec = AppSpec { public: true, redirect_uris: vec![uri.to_owned()], ..AppSpec::default() };
        let app = server.register(spec).await;
        let browser = Browser::default();
        let consent = to_consent(&server, &browser, &user, &Authorization::of(&app, "openid")).await;
        assert_eq!(consent.text(".app-facts").as_deref(), Some(leads_to), "{uri}");
        let policy = consent.headers["content-security-policy"].to_str().unwrap();
        assert!(!policy.contains("form-action"), "{uri}: {policy}");
        let back = browser.submit(&consent, "consent-approve", &[]).await;
        assert!(back.answered("code").is_some(), "{uri}: {:?}", back.location());
    }
}

#[tokio::test]
async fn se_26_a_forged_empty_or_doubled_session_cookie_is_no_session() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let silent = Authorization::of(&app, "openid").with("prompt", "none").address(&server);
    let name = format!("mapae_session_{}", server.issuer().rsplit(':').next().unwrap());
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let long = "a".repeat(10_000);
    for value in ["", "x", &"A".repeat(43), "usr_1", &long[..4000], "' OR 1=1 --"] {
        let answer = send(http.get(&silent).header("cookie", format!("{name}={value}"))).await;
        let location = answer.headers["location"].to_str().unwrap();
        assert!(location.contains("error=login_required"), "{value:.20}: {location}");
    }
}

#[tokio::test]
async fn se_31_requests_that_nobody_follows_up_leave_no_row() {
    let server = TestServer::start().await;
    let (_, app) = calendar(&server, false).await;
    let rows = || async {
        let mut rows = Vec::new();
        for table in ["pending_steps", "code_details", "sessions", "grants", "consents"] {
            rows.push((table, count(&server, table)));
        }
        rows
    };
    let before = rows().await;
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    for _ in 0..200 {
        let address = Authorization::of(&app, "openid calendar.read").address(&server);
        assert_eq!(send(http.get(address)).await.status, 303);
    }
    assert_eq!(rows().await, before);
    let large = Authorization::of(&app, "openid").with("state", &"s".repeat(4096)).address(&server);
    let browser = Browser::default();
    for n in 0..20 {
        let page = browser.open(&large).await;
        assert_eq!(page.status, if n < 16 { 303 } else { 429 }, "{n}");
    }
    assert_eq!(count(&server, "pending_steps"), 16, "a browser has that many places for large requests");
}

/// Rows of a table, read beside the server.
pub(super) fn count(server: &TestServer, table: &str) -> i64 {
    sqlite_file::rows(&server.data().join("mapae.db"), table)
}

#[tokio::test]
async fn se_33_another_spelling_of_a_path_is_another_path() {
    let server = TestServer::start().await;
    let http = mapae_testkit::http();
    for path in [
        "//sign-in",
        "/sign-in/",
        "/Sign-In",
        "/sign-in;x",
        "/sign%2din",
        "/./token",
        "/token/",
        "/TOKEN",
        "//token",
    ] {
        let answer = send(http.post(server.at(path)).form(&[("a", "b")])).await;
        let plain = ["/./token"].contains(&path);
        assert!(plain || answer.status == 404 || answer.status == 400, "{path}: {}", answer.status);
    }
    // As no client of ours would write it.
    for path in ["/./token", "/%2e/token", "/x/../token", "/x/%2e%2e/token", "/token/.", "/%74oken"] {
        let status = raw_status(&server, path).await;
        assert!(["404", "400"].contains(&status.as_str()), "{path}: {status}");
    }
    assert_eq!(raw_status(&server, "/token").await, "401", "the control");
}

/// The status of a form posted to a path that is sent as it stands.
async fn raw_status(server: &TestServer, path: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let host = server.address().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut stream = tokio::net::TcpStream::connect(&host).await.unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: 3\r\n");
    let form = "content-type: application/x-www-form-urlencoded\r\n\r\na=b";
    stream.write_all(format!("{head}{form}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer.split(' ').nth(1).unwrap().to_owned()
}
