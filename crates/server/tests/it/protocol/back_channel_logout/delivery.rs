//! Notices are carried out behind everybody's back, at least once — OIDC Back-Channel Logout §2.5, §2.8; threat LO-07.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use mapae::{
    clock::Clock,
    store::{
        Unit, apps, logout_notices,
        registrations::{self, Networks, NewRegistration, Way},
        sessions,
    },
};
use mapae_protocol::time::{Seconds, Timestamp};
use mapae_testkit::{AppFixture, Browser, Engine, TestServer, free_port, until};

use serde_json::json;

use super::{
    Listener, all_told, app, claims, listener::Mood, look, options, server_on, sign_in, sign_out, waiting,
};

/// Made to be one that registered itself at the host of its redirect URIs.
pub(super) async fn registered_itself(server: &TestServer, app: &AppFixture, host: &str) {
    let registration = NewRegistration {
        way: Way::Asked,
        networks: Networks::default(),
        token_hash: "".into(),
        sector: Some(host.to_owned()),
        initial_token_id: None,
        expires_at: server.now().plus(Seconds::days(1)),
    };
    let registered = registrations::renew(&app.client_id, &registration, 1, server.now());
    server.write(registered.with(apps::revoke(&app.client_id, server.now()))).await;
}

#[tokio::test]
async fn lo_07_the_name_that_people_have_at_a_host_is_told_at_no_other() {
    for engine in Engine::ALL {
        let server = server_on(engine).await;
        let (mut elsewhere, mut consoles) = (Listener::start().await, Listener::start().await);
        let theirs = app(&server, &elsewhere.address, &[]).await;
        let ours = app(&server, &consoles.address, &[]).await;
        registered_itself(&server, &theirs, "app.example.com").await;
        let (browser, user) = (Browser::default(), server.user("hong@example.com").await);
        for app in [&theirs, &ours] {
            sign_in(&server, &browser, &user, app).await;
        }
        sign_out(&server, &browser).await;
        all_told(&server).await;
        assert_eq!(elsewhere.so_far(), Vec::<String>::new());
        assert_eq!(consoles.so_far().len(), 1, "an app of the console is a sector of its own");
    }
}

fn jti(token: &str) -> String {
    claims(token)["jti"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn lo_07_nobody_waits_for_an_app_that_does_not_answer() {
    for engine in Engine::ALL {
        let server = server_on(engine).await;
        let (mut dead, mut well) = (Listener::start().await, Listener::start().await);
        dead.answers(Mood::Never);
        let (first, second) =
            (app(&server, &dead.address, &[]).await, app(&server, &well.address, &[]).await);
        let user = server.user("hong@example.com").await;
        let mut browsers = Vec::new();
        for _ in 0..6 {
            let browser = Browser::default();
            sign_in(&server, &browser, &user, &first).await;
            sign_in(&server, &browser, &user, &second).await;
            browsers.push(browser);
        }
        let page = browsers[0].visit(&server.at("/sign-out")).await;
        let begun = Instant::now();
        assert_eq!(browsers[0].submit(&page, "logout-confirm", &[]).await.status, 200);
        // Whoever waited for the app would wait for as long as it may take.
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        for browser in &browsers[1..] {
            sign_out(&server, browser).await;
        }
        for _ in 0..6 {
            well.next().await;
        }
        assert!(dead.so_far().len() <= 4, "one app takes no more than its share");
        until("what was taken is forgotten", async || waiting(&server).await <= 6).await;
        assert_eq!(waiting(&server).await, 6, "what was not taken is kept");
        let later = server.now().plus(Seconds::hours(23));
        let due = logout_notices::due(server.app().db(), look(4, 1_000), later).await.unwrap();
        assert_eq!(due.len(), 4, "and no more of one app is seen at once, whatever the others have");
    }
}

#[tokio::test]
async fn lo_07_who_cannot_be_reached_is_tried_again_after_two_seconds_at_first() {
    for engine in Engine::ALL {
        let server = server_on(engine).await;
        let gone = format!("http://127.0.0.1:{}/logout", free_port());
        let app = app(&server, &gone, &[]).await;
        let (browser, user) = (Browser::default(), server.user("hong@example.com").await);
        sign_in(&server, &browser, &user, &app).await;
        sign_out(&server, &browser).await;
        let due_in = async |wait: Seconds| {
            let then = server.now().plus(wait);
            logout_notices::due(server.app().db(), look(1, 1), then).await.unwrap().pop()
        };
        until("it is tried again in two seconds, and not when who tries has had all the time", async || {
            due_in(Seconds::seconds(1)).await.is_none() && due_in(Seconds::seconds(2)).await.is_some()
        })
        .await;
        assert_eq!(due_in(Seconds::seconds(2)).await.unwrap().notice.attempts, 1, "{engine:?}");
    }
}

#[tokio::test]
async fn lo_07_what_was_not_taken_is_told_again_under_the_same_name_and_given_up_in_the_end() {
    let server = server_on(Engine::Sqlite).await;
    let mut listener = Listener::start().await;
    let app = app(&server, &listener.address, &[]).await;
    let (browser, user) = (Browser::default(), server.user("hong@example.com").await);
    for (mood, tries) in
        [(StatusCode::INTERNAL_SERVER_ERROR, 3), (StatusCode::BAD_REQUEST, 4), (StatusCode::FOUND, 2)]
    {
        sign_in(&server, &browser, &user, &app).await;
        listener.answers(Mood::With(mood));
        sign_out(&server, &browser).await;
        let first = listener.next().await;
        for _ in 1..tries {
            let again = later(&server, &mut listener).await;
            assert_eq!(jti(&again), jti(&first), "{mood}");
            assert_ne!(claims(&again)["exp"], claims(&first)["exp"], "{mood}");
        }
        if mood != StatusCode::BAD_REQUEST {
            listener.answers(Mood::With(StatusCode::NO_CONTENT));
            assert_eq!(jti(&later(&server, &mut listener).await), jti(&first), "{mood}");
        }
        all_told(&server).await;
    }
    // Nobody is told a day later.
    listener.answers(Mood::With(StatusCode::SERVICE_UNAVAILABLE));
    sign_in(&server, &browser, &user, &app).await;
    sign_out(&server, &browser).await;
    listener.next().await;
    server.advance(Seconds::days(1));
    assert_eq!(waiting_at_all(&server).await, 0);
}

/// What is told again after a while. That a try has failed may be written down only after the time has passed once.
async fn later(server: &TestServer, listener: &mut Listener) -> String {
    loop {
        server.advance(Seconds::minutes(20));
        if let Some(token) = listener.next_soon().await {
            return token;
        }
    }
}

async fn waiting_at_all(server: &TestServer) -> usize {
    let due = logout_notices::due(server.app().db(), look(10, 10), server.now()).await;
    due.unwrap().len()
}

#[tokio::test]
async fn ad_16_lo_07_nothing_is_sent_into_the_servers_own_network_unless_it_is_told_so() {
    let server = TestServer::start().await;
    let mut listener = Listener::start().await;
    let app = app(&server, &listener.address, &[]).await;
    let (browser, user) = (Browser::default(), server.user("hong@example.com").await);
    sign_in(&server, &browser, &user, &app).await;
    sign_out(&server, &browser).await;
    while waiting(&server).await > 0 {
        server.advance(Seconds::minutes(20));
        assert_eq!(listener.next_soon().await, None);
    }
}

#[tokio::test]
async fn lo_07_notices_outlive_the_process_that_kept_them() {
    for engine in Engine::ALL {
        let folder = tempfile::tempdir().unwrap();
        let database = TestServer::database_on(engine).await;
        let database =
            database.unwrap_or_else(|| format!("sqlite:{}", folder.path().join("mapae.db").display()));
        let start = Timestamp::from_unix(1_800_000_000);
        let node = |clock, issuer| mapae_testkit::Options {
            beside: Some(folder.path().to_owned()),
            clock: Some(Clock::manual(clock)),
            issuer,
            ..options(Some(database.clone()))
        };
        // Nothing listens there yet.
        let place = format!("127.0.0.1:{}", free_port());
        let address = format!("http://{place}/logout?from=mapae");
        let server = TestServer::start_with(node(start, None)).await;
        let issuer = server.issuer().to_owned();
        let app = app(&server, &address, &[]).await;
        let (browser, user) = (Browser::default(), server.user("hong@example.com").await);
        let seen = sign_in(&server, &browser, &user, &app).await;
        sign_out(&server, &browser).await;
        assert_eq!(waiting(&server).await, 1);
        server.stop().await;
        let mut listener = Listener::at(&place).await;
        let server = TestServer::start_with(node(start.plus(Seconds::minutes(1)), Some(issuer))).await;
        let said = claims(&listener.next().await);
        assert_eq!((&said["sub"], &said["sid"]), (&json!(seen.sub), &json!(seen.sid)));
        all_told(&server).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lo_07_of_two_nodes_one_carries_a_notice_out() {
    for engine in Engine::ALL {
        let server = server_on(engine).await;
        let mut listener = Listener::start().await;
        let app = app(&server, &listener.address, &[]).await;
        let user = server.user("hong@example.com").await;
        let other = server.second_node().await;
        for _ in 0..12 {
            sign_in(&server, &Browser::default(), &user, &app).await;
        }
        let living = sessions::list(server.app().db(), &user.id, server.now()).await.unwrap();
        let end = |session: &sessions::Session| sessions::end(&session.id, &user.id, server.now());
        server.write(Unit::new().with_all(living.iter().map(end))).await;
        let mut names = BTreeSet::new();
        for _ in 0..12 {
            assert!(names.insert(jti(&listener.next().await)), "told twice");
        }
        all_told(&server).await;
        assert_eq!(listener.so_far().len(), 0);
        drop(other);
    }
}
