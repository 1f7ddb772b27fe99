//! Who answers a device, and once — RFC 8628 §3.3, §5.4.

use futures_util::future::join_all;
use mapae::store::consents;
use mapae_testkit::{AppSpec, Browser, Engine, TestServer};

use super::{Confirming, begin, sign_in_at, television, type_code};
use crate::store::broken;

#[tokio::test]
async fn de_06_the_first_browser_in_which_somebody_is_signed_in_has_the_device_to_itself() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let app = server.register(television()).await;
        let (hong, thief) = (server.user("hong@example.com").await, server.user("thief@example.com").await);
        let device = begin(&server, &app, "openid").await;
        // Both have typed it; nobody has it before they have signed in.
        let (own, other) = (Browser::default(), Browser::default());
        let other_sign_in = type_code(&server, &other, &device.user_code).await;
        let own_sign_in = type_code(&server, &own, &device.user_code).await;
        let confirm = sign_in_at(&own, own_sign_in, &hong).await;
        assert!(confirm.has("device-allow"), "{}", confirm.body);
        let late = sign_in_at(&other, other_sign_in, &thief).await;
        assert_eq!(
            (late.status.as_u16(), late.has("device-allow")),
            (403, false),
            "{engine:?} {}",
            late.body
        );
        let unknown = type_code(&server, &other, &device.user_code).await;
        assert_eq!((unknown.status.as_u16(), unknown.has("user_code-wrong")), (422, true), "{engine:?}");
        // Its owner may come back to it.
        let again = device.open(&server, &own, &hong).await;
        let done = own.submit(&again, "device-allow", &[]).await;
        assert!(done.has("done"), "{engine:?}: {}", done.body);
        let tokens = device.poll(&server).await;
        let told = server.userinfo(&tokens.text("access_token")).await;
        assert_eq!(told.status, 200, "{engine:?}");
    }
}

/// RFC 8628 §3.5.
#[tokio::test]
async fn de_06_who_allows_a_device_nothing_has_not_allowed_it() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let app = server.register(television()).await;
        let (user, browser) = (server.user("hong@example.com").await, Browser::default());
        let device = begin(&server, &app, "email").await;
        let confirm = device.open(&server, &browser, &user).await;
        let done = browser.submit(&confirm, "device-allow", &[]).await;
        assert!(done.has("done"), "{engine:?}: {}", done.body);
        assert_eq!(device.poll(&server).await.error(), "access_denied", "{engine:?}");
        let kept = consents::find(server.app().db(), &user.id, &app.client_id).await.unwrap();
        assert_eq!(kept, None, "{engine:?}");
        let again = begin(&server, &app, "email").await;
        let confirm = again.open(&server, &browser, &user).await;
        browser.submit(&confirm, "device-allow", &[("item", "email")]).await;
        let tokens = again.poll(&server).await;
        assert_eq!((tokens.status.as_u16(), tokens.text("scope")), (200, "email".to_owned()), "{engine:?}");
    }
}

#[tokio::test]
async fn de_06_the_page_of_one_person_is_answered_by_no_other() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let app = server.register(television()).await;
        let (hong, other) = (server.user("hong@example.com").await, server.user("kim@example.com").await);
        let device = begin(&server, &app, "openid").await;
        let browser = Browser::default();
        let confirm = device.open(&server, &browser, &hong).await;
        let (action, fields) = confirm.form("device-allow");
        let step = fields.iter().find(|(name, _)| name == "step").unwrap().1.clone();
        // In another browser the step is nobody's.
        let stranger = Browser::default();
        for button in ["approve", "deny"] {
            let fields = [("step".to_owned(), step.clone()), ("decision".to_owned(), button.to_owned())];
            let page = stranger.post(&action, &confirm, &fields).await;
            assert_eq!((page.status.as_u16(), page.has("done")), (400, false), "{engine:?}");
        }
        // Somebody else signs in here before the form is sent.
        let sign_in = browser.visit(&server.at(&format!("/sign-in?step={step}&account=other"))).await;
        let switched = sign_in_at(&browser, sign_in, &other).await;
        assert!(switched.has("device-allow") && switched.body.contains(&other.email), "{}", switched.body);
        for button in ["device-allow", "device-deny"] {
            let page = browser.submit(&confirm, button, &[]).await;
            assert_eq!((page.status.as_u16(), page.has("done")), (403, false), "{engine:?} {button}");
        }
        assert_eq!(device.poll(&server).await.error(), "authorization_pending", "{engine:?}");
        let done = browser.submit(&switched, "device-allow", &[]).await;
        assert!(done.has("done"), "{engine:?}: {}", done.body);
        assert_eq!(device.poll(&server).await.status, 200, "{engine:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn de_06_of_allow_and_deny_at_once_on_two_nodes_one_counts() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let node = server.second_node().await;
        let app = server.register(television()).await;
        let user = server.user("hong@example.com").await;
        for round in 0..4 {
            let browser = Browser::default();
            let device = begin(&server, &app, "openid email").await;
            let confirm = device.open(&server, &browser, &user).await;
            let elsewhere = mapae_testkit::Page {
                address: node.at("/device/confirm").parse().unwrap(),
                ..confirm.clone()
            };
            let pages = join_all((0..6).map(|number| {
                let button = if (number + round) % 2 == 0 { "device-allow" } else { "device-deny" };
                let page = if number % 3 == 0 { &elsewhere } else { &confirm };
                let browser = &browser;
                async move { (button, browser.submit(page, button, &[]).await) }
            }))
            .await;
            let counted: Vec<_> = pages.iter().filter(|(_, page)| page.has("done")).collect();
            assert_eq!(counted.len(), 1, "{engine:?}");
            let expected = if counted[0].0 == "device-allow" { "" } else { "access_denied" };
            assert_eq!(device.poll(&server).await.error(), expected, "{engine:?}");
        }
    }
}

#[tokio::test]
async fn de_06_what_was_answered_is_not_answered_again_by_going_back() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let app = server.register(television()).await;
        let user = server.user("hong@example.com").await;
        for (first, error) in [("device-allow", ""), ("device-deny", "access_denied")] {
            let browser = Browser::default();
            let device = begin(&server, &app, "openid").await;
            let confirm = device.open(&server, &browser, &user).await;
            assert!(browser.submit(&confirm, first, &[]).await.has("done"));
            for button in ["device-allow", "device-deny"] {
                let again = browser.submit(&confirm, button, &[]).await;
                assert_eq!((again.status.as_u16(), again.has("done")), (400, false), "{engine:?} {button}");
            }
            assert_eq!(device.poll(&server).await.error(), error, "{engine:?}");
        }
    }
}

#[tokio::test]
async fn de_08_no_other_site_answers_and_no_frame_shows_it() {
    let server = TestServer::start().await;
    let app = server.register(television()).await;
    let user = server.user("hong@example.com").await;
    let device = begin(&server, &app, "openid").await;
    let browser = Browser::default();
    let form = browser.visit(&server.at("/device")).await;
    let confirm = device.open(&server, &browser, &user).await;
    for page in [&form, &confirm] {
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-ancestors 'none'") && page.headers["x-frame-options"] == "DENY");
    }
    let evil = [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")];
    let form_type = ("content-type", "application/x-www-form-urlencoded");
    let (_, fields) = confirm.form("device-allow");
    let pairs = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let whole = mapae_protocol::params::encode(pairs).into_bytes();
    let entered = format!("user_code={}", device.user_code).into_bytes();
    for (path, body) in [("/device/confirm", whole), ("/device", entered.clone())] {
        let headers = [evil[0], evil[1], form_type];
        let page = browser.send("POST", &server.at(path), &headers, body).await;
        assert_eq!((page.status.as_u16(), page.has("done")), (403, false), "{path}: {}", page.body);
    }
    // Without the token of its page a form is not from our page, wherever it says it comes from.
    let own = server.at("");
    let headers = [("origin", own.trim_end_matches('/')), ("sec-fetch-site", "same-origin"), form_type];
    let page = browser.send("POST", &server.at("/device"), &headers, entered).await;
    assert_eq!(page.status, 403, "{}", page.body);
    // A link with the code in it does nothing by itself.
    let stranger = Browser::default();
    let shown = stranger.visit(&device.complete).await;
    assert!(shown.has("device-continue") && shown.location().is_none());
    assert_eq!(device.poll(&server).await.error(), "authorization_pending");
}

#[tokio::test]
async fn de_06_an_app_that_is_switched_off_on_the_way_is_not_allowed() {
    let server = TestServer::start().await;
    let Confirming { app, browser, page: confirm, .. } =
        Confirming::on(&server, Browser::default(), "openid").await;
    server.write(mapae::store::apps::disable(&app.client_id, server.now())).await;
    let page = browser.submit(&confirm, "device-allow", &[]).await;
    assert_eq!((page.status.as_u16(), page.has("done")), (400, false), "{}", page.body);
}

/// Before the agreement is written, and between that and the answer to the device.
#[tokio::test]
async fn de_06_mx_01_mx_02_a_session_that_has_ended_allows_no_device() {
    for engine in Engine::ALL {
        for (written, status) in [("UPDATE ON apps", 503), ("INSERT ON consents", 400)] {
            let server = TestServer::on(engine).await;
            let Confirming { browser, device, page: confirm, .. } =
                Confirming::on(&server, Browser::default(), "openid offline_access").await;
            broken::end_sessions_at(&server, written).await;
            let refused = browser.submit(&confirm, "device-allow", &[("all", "1")]).await;
            let seen = (refused.status.as_u16(), refused.has("done"));
            assert_eq!(seen, (status, false), "{engine:?} {written}: {}", refused.body);
            assert_eq!(device.poll(&server).await.error(), "authorization_pending", "{engine:?} {written}");
        }
    }
}

/// An item that became required while the page was open was not agreed to by a box that was left unticked (SE-07).
#[tokio::test]
async fn de_06_a_page_that_asks_other_things_by_now_is_shown_again() {
    let server = TestServer::start().await;
    let Confirming { app, browser, device, page: confirm, .. } =
        Confirming::on(&server, Browser::default(), "openid email").await;
    let kept = mapae::store::apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap();
    let mut lists = kept.lists;
    lists.scopes.iter_mut().filter(|item| item.scope == "email").for_each(|item| item.required = true);
    let unit = mapae::store::apps::update(&app.client_id, &kept.app.settings, &lists, server.now());
    server.write(unit).await;
    let again = browser.submit(&confirm, "device-allow", &[]).await;
    assert!(again.has("problem") && again.has("device-allow"), "{} {}", again.status, again.body);
    assert!(browser.submit(&again, "device-allow", &[]).await.has("done"));
    assert_eq!(device.poll(&server).await.text("scope"), "email openid");
}

/// OIDC Core §8.
#[tokio::test]
async fn who_allows_a_device_reads_whether_other_services_get_the_same_id() {
    let server = TestServer::start().await;
    for (subject_type, detail) in [
        ("pairwise", "Services of other operators get a different one."),
        ("public", "Other services can get the same one."),
    ] {
        let app = server.register(AppSpec { subject_type: subject_type.to_owned(), ..television() }).await;
        let user = server.user(&format!("{subject_type}@example.com")).await;
        let device = begin(&server, &app, "openid").await;
        let confirm = device.open(&server, &Browser::speaking("en"), &user).await;
        assert!(confirm.text(".what").unwrap().ends_with(detail), "{}", confirm.body);
    }
}
