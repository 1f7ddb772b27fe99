//! Authorization requests with much to carry: what fits travels sealed, the rest has one row for ten minutes.

use mapae_protocol::time::Seconds;
use mapae_testkit::{AppFixture, AppSpec, Authorization, Browser, Options, TestServer};
use reqwest::{StatusCode, redirect::Policy};

use super::{browser_attacks::count, claims, to_consent};

/// More than an address takes.
const LARGE: usize = 4096;

async fn app(server: &TestServer) -> AppFixture {
    server.register(AppSpec::default()).await
}

#[tokio::test]
async fn az_22_two_kib_of_state_and_a_long_nonce_come_back_and_leave_no_row() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let user = server.user("hong@example.com").await;
    let state = "{\"a\":\"/&? %\"}".chars().cycle().take(2048).collect::<String>();
    let nonce = "n".repeat(512);
    let authorization = Authorization::of(&app, "openid profile email")
        .with("state", &state)
        .with("nonce", &nonce)
        .with("login_hint", &user.email);
    let browser = Browser::default();
    let consent = to_consent(&server, &browser, &user, &authorization).await;
    assert_eq!(count(&server, "pending_steps"), 0);
    let back = browser.submit(&consent, "consent-approve", &[]).await;
    assert_eq!(back.answered("state"), Some(state));
    let tokens = server.redeem(&app, &back.answered("code").unwrap(), &authorization.verifier).await;
    assert_eq!(claims(&tokens.text("id_token"))["nonce"], nonce);
    for (name, length) in [("state", 4097), ("nonce", 513)] {
        let request = Authorization::of(&app, "openid").with(name, &"x".repeat(length));
        let refused = browser.open(&request.address(&server)).await;
        assert_eq!(refused.answered("error").as_deref(), Some("invalid_request"), "{name}");
    }
}

#[tokio::test]
async fn se_31_a_large_request_has_one_row_for_all_its_pages_and_none_after_its_answer() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let user = server.user("hong@example.com").await;
    let state = "s".repeat(LARGE);
    for (decision, expected) in [("consent-approve", "code"), ("consent-deny", "error")] {
        let authorization = Authorization::of(&app, "openid").with("state", &state).with("prompt", "consent");
        let browser = Browser::default();
        let consent = to_consent(&server, &browser, &user, &authorization).await;
        for lang in ["en", "ko", "en"] {
            let address = format!("{}&lang={lang}", consent.address);
            assert_eq!(browser.open(&address).await.status, 200);
        }
        assert_eq!(count(&server, "pending_steps"), 1);
        let back = browser.submit(&consent, decision, &[]).await;
        assert!(back.answered(expected).is_some());
        assert_eq!(back.answered("state").as_deref(), Some(state.as_str()));
        assert_eq!(count(&server, "pending_steps"), 0);
        assert_eq!(browser.submit(&consent, decision, &[]).await.status, 400, "it has been answered");
    }
}

#[tokio::test]
async fn se_31_who_floods_with_large_requests_blocks_nobody_else() {
    let settings = vec![("MAPAE_TRUSTED_PROXIES".to_owned(), "127.0.0.1".to_owned())];
    let server = TestServer::start_with(Options { settings, ..Options::default() }).await;
    let app = app(&server).await;
    let address = Authorization::of(&app, "openid").with("state", &"s".repeat(LARGE)).address(&server);
    let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let open = async |from: &str, language: &str| {
        let request = http.get(&address).header("x-forwarded-for", from).header("accept-language", language);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    };
    let mut kept = 0;
    for _ in 0..40 {
        let (status, _) = open("203.0.113.9", "ko").await;
        kept += u64::from(status == StatusCode::SEE_OTHER);
    }
    assert_eq!((kept, count(&server, "pending_steps")), (30, 30));
    for (language, words) in [("ko", "요청이 너무 많아요"), ("en", "Too many requests")] {
        let (status, page) = open("203.0.113.9", language).await;
        assert!(status == 429 && page.contains(words), "{status} {page}");
    }
    assert_eq!(open("192.0.2.1", "ko").await.0, 303);
    let small = Authorization::of(&app, "openid").address(&server);
    let request = http.get(&small).header("x-forwarded-for", "203.0.113.9");
    assert_eq!(request.send().await.unwrap().status(), 303, "ordinary requests are no matter of this");
}

#[tokio::test]
async fn se_31_a_flood_of_large_requests_from_many_networks_leaves_room_for_everybody_else() {
    let settings = vec![("MAPAE_TRUSTED_PROXIES".to_owned(), "127.0.0.1".to_owned())];
    let server = TestServer::start_with(Options { settings, ..Options::default() }).await;
    let app = app(&server).await;
    let address = Authorization::of(&app, "openid").with("state", &"s".repeat(LARGE)).address(&server);
    let http = reqwest::Client::builder().redirect(Policy::none()).build().unwrap();
    let open = async |from: String| {
        http.get(&address).header("x-forwarded-for", from).send().await.unwrap().status().as_u16()
    };
    let mut kept = 0;
    while open(format!("2001:db8:{:x}::1", kept / 25)).await == 303 {
        kept += 1;
        assert!(kept < 2_500, "there is no end");
    }
    assert!(kept > 1_000, "{kept}");
    for stranger in ["198.51.100.7", "2a01:db8::7", "2001:db9::1"] {
        assert_eq!(open(stranger.to_owned()).await, 303, "{stranger}");
    }
}

#[tokio::test]
async fn se_02_a_step_is_over_after_its_hour_and_a_large_one_after_ten_minutes() {
    for (state, life) in [("s".repeat(16), Seconds::hours(1)), ("s".repeat(LARGE), Seconds::minutes(10))] {
        let server = TestServer::start().await;
        let app = app(&server).await;
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        let request = Authorization::of(&app, "openid").with("state", &state);
        let sign_in = browser.visit(&request.address(&server)).await;
        let large = i64::from(state.len() == LARGE);
        assert_eq!(count(&server, "pending_steps"), large);
        server.advance(Seconds::seconds(u32::try_from(life.get()).unwrap() - 1));
        assert_eq!(browser.open(sign_in.address.as_str()).await.status, 200, "a second before");
        server.advance(Seconds::seconds(1));
        assert_eq!(browser.open(sign_in.address.as_str()).await.status, 400, "{life:?}");
        let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
        let late = browser.submit(&sign_in, "login-submit", &fields).await;
        assert_eq!((late.status.as_u16(), late.location()), (400, None), "{life:?}");
    }
}

#[tokio::test]
async fn se_31_one_person_cannot_fill_the_table_of_large_codes() {
    let server = TestServer::start().await;
    let app = app(&server).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "openid").with("nonce", &"n".repeat(512));
    server.code(&browser, &user, &authorization).await;
    let mut statuses = Vec::new();
    for _ in 0..40 {
        statuses.push(browser.open(&authorization.address(&server)).await.status.as_u16());
    }
    let kept = count(&server, "code_details");
    assert_eq!(kept, 30, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429));
    let small = Authorization::of(&app, "openid");
    let answer = browser.open(&small.address(&server)).await;
    assert!(answer.answered("code").is_some(), "what fits into an address is not counted");
    server.advance(Seconds::minutes(1));
    assert_eq!(browser.open(&authorization.address(&server)).await.status, 303, "it comes back with time");
}
