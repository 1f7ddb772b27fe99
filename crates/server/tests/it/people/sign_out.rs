//! Signing out: never forced, complete, and no error the second time — threats LO-01, LO-10, LO-11.

use futures_util::future::join_all;
use mapae::store::{sessions, users};
use mapae_protocol::time::Seconds;
use mapae_testkit::{AppSpec, Authorization, Browser, TestServer, UserFixture};

use super::{NEW_PASSWORD, account, for_each_engine, gets_in, is_in};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

async fn somebody_in(server: &TestServer, email: &str) -> (UserFixture, Browser) {
    let user = server.user(email).await;
    let browser = Browser::default();
    account(server, &browser, &user).await;
    (user, browser)
}

for_each_engine! {
    async fn lo_01_no_other_site_signs_anybody_out(server: TestServer) {
        let (user, browser) = somebody_in(&server, "hong@example.com").await;
        let address = server.at("/sign-out");
        let own = browser.visit(&address).await.values("input[name=csrf]", "value").remove(0);
        let evil = Browser::default();
        account(&server, &evil, &server.user("evil@example.com").await).await;
        let evils = evil.visit(&address).await.values("input[name=csrf]", "value").remove(0);
        // The worst case: the browser sends the cookie along, whoever asks.
        let origins: [&[(&str, &str)]; 6] = [
            &[],
            &[("origin", "null")],
            &[("origin", "https://evil.example")],
            &[("origin", "http://127.0.0.1"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
        ];
        let alive = async || sessions::list(server.app().db(), &user.id, server.now()).await.unwrap().len();
        for from in origins {
            for query in ["", "?confirm=1", "?logout-confirm=", &format!("?csrf={own}"), "?_method=POST"] {
                for method in ["GET", "HEAD"] {
                    let page = browser.send(method, &format!("{address}{query}"), from, vec![]).await;
                    let unseen = method == "HEAD" || from.contains(&("sec-fetch-dest", "image"));
                    let expected = if unseen { 204 } else { 200 };
                    assert_eq!((page.status.as_u16(), page.location()), (expected, None), "{method} {query} {from:?}");
                    assert!(page.headers.get("set-cookie").is_none(), "{method} {query} {from:?}");
                    assert!(unseen || page.has("logout-confirm"), "it asks: {}", page.body);
                }
            }
            for body in ["", "csrf=", "csrf=x", &format!("csrf={evils}"), "logout-confirm=1"] {
                let headers = [from, &[FORM]].concat();
                let page = browser.send("POST", &address, &headers, body.as_bytes().to_vec()).await;
                assert_eq!(page.status, 403, "{body} {from:?}");
                assert!(page.headers.get("set-cookie").is_none(), "{body} {from:?}");
            }
            if from.iter().any(|(_, value)| !["null"].contains(value)) {
                // Not even with a token that was stolen.
                let headers = [from, &[FORM]].concat();
                let page = browser.send("POST", &address, &headers, format!("csrf={own}").into_bytes()).await;
                assert_eq!(page.status, 403, "{from:?}");
            }
        }
        for method in ["PUT", "DELETE", "PATCH"] {
            assert_eq!(browser.send(method, &address, &[], vec![]).await.status, 405, "{method}");
        }
        assert_eq!(alive().await, 1);
        assert!(is_in(&server, &browser).await);
    }

    async fn lo_10_nothing_of_a_session_outlives_it(server: TestServer) {
        let node = server.second_node().await;
        let api = server.register_api("https://calendar.example", &["calendar.read"], false).await;
        let optional = vec!["calendar.read".to_owned(), "email".to_owned()];
        let app = server.register(AppSpec { optional, ..AppSpec::default() }).await;
        node.app().catch_up().await.unwrap();
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        let authorization = Authorization::of(&app, "openid calendar.read");
        let code = server.code(&browser, &user, &authorization).await;
        let tokens = server.redeem(&app, &code, &authorization.verifier).await;
        let in_flight = server.code(&browser, &user, &authorization).await;
        // Half done: pages of this session that wait for an answer.
        let more = Authorization::of(&app, "openid calendar.read email");
        let consent = browser.visit(&more.address(&server)).await;
        assert!(consent.has("consent-approve"), "{}", consent.body);
        let choose = browser.visit(&more.clone().with("prompt", "select_account").address(&server)).await;
        assert!(!choose.has("consent-approve") && choose.status == 200, "{}", choose.body);
        let own_page = account(&server, &browser, &user).await;
        let cookie = browser.cookies(&server.at("/account"));

        let confirm = browser.visit(&server.at("/sign-out")).await;
        assert_eq!(browser.submit(&confirm, "logout-confirm", &[]).await.status, 200);

        let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
        for at in [&server, &node] {
            assert!(!at.is_active(&api, &access).await, "an access token");
            assert_eq!(at.userinfo(&access).await.status, 401, "userinfo");
            assert_eq!(at.refresh(&app, &refresh).await.error(), "invalid_grant", "a refresh token");
            let late = at.redeem(&app, &in_flight, &authorization.verifier).await;
            assert_eq!(late.error(), "invalid_grant", "a code in flight");
        }
        let answered = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
        assert_eq!(answered.answered("code"), None, "the consent page that was open");
        assert!(browser.follow(answered).await.has("login-submit"), "somebody must sign in first");
        let silent = browser.visit(&more.with("prompt", "none").address(&server)).await;
        assert_eq!(silent.answered("error").as_deref(), Some("login_required"));
        let thief = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let stolen = thief.get(server.at("/account")).header("cookie", cookie).send().await.unwrap();
        assert_eq!(stolen.status(), 303, "the cookie, kept by somebody");
        let change = [("present_password", user.password.as_str()), ("new_password", NEW_PASSWORD)];
        let late = browser.submit(&own_page, "change-password", &change).await;
        assert!(late.status == 303 || late.status == 403, "the account's page: {}", late.status);
        assert!(gets_in(&server, &user.email, &user.password).await, "nothing was changed by it");
        assert!(!is_in(&server, &browser).await);
    }

    async fn lo_11_a_second_time_and_after_the_end_it_is_the_same_page(server: TestServer) {
        let (_, browser) = somebody_in(&server, "hong@example.com").await;
        let confirm = browser.visit(&server.at("/sign-out")).await;
        let first = browser.submit(&confirm, "logout-confirm", &[]).await;
        let second = browser.submit(&confirm, "logout-confirm", &[]).await;
        assert_eq!((first.status.as_u16(), second.status.as_u16()), (200, 200));
        assert_eq!(first.text("h1"), second.text("h1"));
        assert_eq!(browser.visit(&server.at("/sign-out")).await.text("h1"), first.text("h1"));

        let (user, expired) = somebody_in(&server, "kim@example.com").await;
        let confirm = expired.visit(&server.at("/sign-out")).await;
        server.advance(Seconds::days(400));
        for page in [expired.submit(&confirm, "logout-confirm", &[]).await, expired.visit(&server.at("/sign-out")).await] {
            assert_eq!((page.status.as_u16(), page.text("h1")), (200, first.text("h1")), "expired");
        }
        let (disabled, gone) = somebody_in(&server, "lee@example.com").await;
        let confirm = gone.visit(&server.at("/sign-out")).await;
        server.write(users::disable(&disabled.id, server.now())).await;
        let page = gone.submit(&confirm, "logout-confirm", &[]).await;
        assert_eq!((page.status.as_u16(), page.text("h1")), (200, first.text("h1")), "disabled");

        // Signed out from elsewhere between the page and its button.
        let browser = Browser::default();
        account(&server, &browser, &user).await;
        let confirm = browser.visit(&server.at("/sign-out")).await;
        for session in sessions::list(server.app().db(), &user.id, server.now()).await.unwrap() {
            server.write(sessions::end(&session.id, &user.id, server.now())).await;
        }
        assert_eq!(browser.submit(&confirm, "logout-confirm", &[]).await.status, 200);
    }

    async fn lo_11_many_at_once_are_all_signed_out(server: TestServer) {
        let user = server.user("hong@example.com").await;
        for round in 0..5 {
            let browser = Browser::default();
            account(&server, &browser, &user).await;
            let confirm = browser.visit(&server.at("/sign-out")).await;
            let cookie = browser.cookies(&server.at("/sign-out"));
            // Eight browsers with one cookie: none is told by another's answer that it is worthless.
            let csrf = confirm.values("input[name=csrf]", "value").remove(0);
            let answers = join_all((0..8).map(|_| {
                let request = mapae_testkit::http().post(server.at("/sign-out"));
                request.header("cookie", cookie.clone()).form(&[("csrf", csrf.as_str())]).send()
            }))
            .await;
            let statuses: Vec<u16> = answers.into_iter().map(|answer| answer.unwrap().status().as_u16()).collect();
            assert_eq!(statuses, [200; 8], "round {round}");
            assert!(!is_in(&server, &browser).await);
        }
    }
}
