//! The revocation feed: what an API must refuse, within a second.

use std::time::{Duration, Instant};

use mapae::{
    clock::Clock,
    store::{
        Unit, apps, consents, counters, grants, keys,
        server_clocks::{self, ServerClock},
        sessions, users,
    },
};
use mapae_protocol::{jose::JwkSet, time::Seconds};
use mapae_testkit::{Answer, ApiFixture, Engine, Options, TestServer};

use super::{calendar, claims, rotate_at_once, sign_in, sign_in_as};
use crate::{
    delay::{in_time, last_stale},
    store::sqlite_file,
};

async fn feed(server: &TestServer, api: &ApiFixture, after: Option<&str>, wait: &str) -> Answer {
    let form: Vec<(&str, &str)> =
        after.map(|after| ("after", after)).into_iter().chain([("wait", wait)]).collect();
    server.post("/revocations", Some((&api.client_id, &api.client_secret)), &form).await
}

fn handles(answer: &Answer) -> Vec<String> {
    let events = answer.json["events"].as_array().unwrap();
    events.iter().map(|event| event["handle"].as_str().unwrap().to_owned()).collect()
}

fn handles_of(token: &str) -> Vec<String> {
    let claims = claims(token);
    claims["rvh"].as_array().unwrap().iter().map(|handle| handle.as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_ends_a_token_announces_one_of_its_handles_and_only_to_its_api() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let (api, app) = calendar(&server, false).await;
        let stranger = server.register_api("https://mail.example", &["mail.read"], false).await;
        let signed_in = sign_in(&server, &app, "openid calendar.read").await;
        let token = signed_in.tokens.text("access_token");
        let start = feed(&server, &api, None, "0").await;
        assert!(handles(&start).is_empty());
        let cursor = start.text("cursor");
        let consent =
            consents::find(server.app().db(), &signed_in.user.id, &app.client_id).await.unwrap().unwrap();
        server.write(consents::disconnect(&consent.id, &signed_in.user.id, server.now())).await;
        let news = feed(&server, &api, Some(&cursor), "5").await;
        assert_eq!(handles(&news).len(), 1);
        assert!(handles_of(&token).contains(&handles(&news)[0]));
        let foreign = feed(&server, &stranger, None, "0").await;
        assert_eq!(handles(&foreign).len(), 1);
        assert!(!handles_of(&token).contains(&handles(&foreign)[0]), "another API sees another handle");
        assert!(!server.is_active(&api, &token).await);
    }
}

#[tokio::test]
async fn an_api_hears_of_another_nodes_revocation_within_a_second_and_while_it_waits() {
    in_time("the app is disabled", heard_at_another_node).await;
}

/// How long after an app was disabled another node does not tell its API of it.
async fn heard_at_another_node() -> Duration {
    let server = TestServer::on(Engine::Postgres).await;
    let (api, app) = calendar(&server, false).await;
    let signed_in = sign_in(&server, &app, "openid calendar.read").await;
    let handles_of_token = handles_of(&signed_in.tokens.text("access_token"));
    let cursor = feed(&server, &api, None, "0").await.text("cursor");
    let node = server.second_node().await;
    let waiting = feed(&node, &api, Some(&cursor), "20");
    let revoke = async {
        // The other node is asked only once it is waiting: the write happens on this node's own connection.
        server.app().db().commit(users::disable(&signed_in.user.id, server.now())).await.unwrap();
        Instant::now()
    };
    let (news, revoked_at) = tokio::join!(waiting, revoke);
    assert_eq!(handles(&news).len(), 1);
    assert!(handles_of_token.contains(&handles(&news)[0]));
    // Long before its wait is over. How soon exactly is the next question, which leaves the tester's own delays out.
    assert!(revoked_at.elapsed() < Duration::from_secs(5), "{:?}", revoked_at.elapsed());
    let cursor = news.text("cursor");
    server.app().db().commit(apps::disable(&app.client_id, server.now())).await.unwrap();
    let mut heard = Vec::new();
    let stale = last_stale("the app is disabled", async || {
        heard = handles(&feed(&node, &api, Some(&cursor), "0").await);
        !heard.is_empty()
    })
    .await;
    assert!(handles_of_token.contains(&heard[0]));
    stale
}

#[tokio::test]
async fn a_forgotten_or_foreign_cursor_gets_everything_again() {
    let server = TestServer::start().await;
    let (api, app) = calendar(&server, false).await;
    server.write(apps::disable(&app.client_id, server.now())).await;
    for after in [None, Some("nonsense"), Some("a.b")] {
        assert_eq!(handles(&feed(&server, &api, after, "20").await).len(), 1, "{after:?}");
    }
    let refused = server.post("/revocations", Some((&api.client_id, "wrong")), &[("wait", "0")]).await;
    assert_eq!(refused.status, 401);
    let secret = app.client_secret.as_deref().unwrap();
    let an_app = server.post("/revocations", Some((&app.client_id, secret)), &[("wait", "0")]).await;
    assert_eq!(an_app.status, 401);
}

#[tokio::test]
async fn an_api_that_is_ahead_of_a_restored_backup_gets_everything_again() {
    let server = TestServer::start().await;
    let (api, app) = calendar(&server, false).await;
    server.write(apps::disable(&app.client_id, server.now())).await;
    let at_one = feed(&server, &api, None, "0").await.text("cursor");
    let user = server.user("hong@example.com").await;
    server.write(users::disable(&user.id, server.now())).await;
    let at_two = feed(&server, &api, Some(&at_one), "0").await;
    assert_eq!(handles(&at_two).len(), 1);
    // The backup was made before the second event, which the API has seen.
    let back = "DELETE FROM revocations WHERE seq = 2; UPDATE counters SET value = 1 WHERE name = 'feed'";
    sqlite_file::execute(&server.data().join("mapae.db"), back);
    let cursor = at_two.text("cursor");
    let again = feed(&server, &api, Some(&cursor), "0").await;
    assert_eq!(handles(&again).len(), 1, "from the beginning");
    assert!(handles(&feed(&server, &api, Some(&at_one), "0").await).is_empty(), "who is not ahead goes on");
    // What comes now has a number that the API believed to have seen.
    let other = server.user("other@example.com").await;
    server.write(users::disable(&other.id, server.now())).await;
    let cursor = again.text("cursor");
    assert_eq!(handles(&feed(&server, &api, Some(&cursor), "0").await).len(), 1);
}

async fn published(server: &TestServer) -> JwkSet {
    let answer = mapae_testkit::http().get(server.at("/jwks")).send().await.unwrap();
    JwkSet::parse(&answer.bytes().await.unwrap()).unwrap()
}

/// An API that hears of a stolen key fetches the set at once. It must not get the key again.
#[tokio::test]
async fn me_04_whoever_hears_of_a_withdrawn_key_finds_the_set_without_it() {
    let server = TestServer::start().await;
    let (api, _) = calendar(&server, false).await;
    let cursor = feed(&server, &api, None, "0").await.text("cursor");
    let db = server.app().db();
    for key in keys::signing(db, server.now()).await.unwrap() {
        assert!(published(&server).await.find(&key.kid).is_some());
        // As another process does it: this one has not looked yet.
        db.commit(keys::withdraw_signing(&key, server.now())).await.unwrap();
        let news = feed(&server, &api, Some(&cursor), "0").await;
        assert!(handles(&news).contains(&format!("kid.{}", key.kid)));
        assert!(published(&server).await.find(&key.kid).is_none(), "{}", key.alg);
    }
}

/// The keys that seal cursors end with those that sign.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn me_04_the_cursor_that_comes_with_the_news_of_an_emergency_is_good() {
    let server = TestServer::start_with(Options { clock: Some(Clock::System), ..Options::default() }).await;
    let (api, _) = calendar(&server, false).await;
    let before = feed(&server, &api, None, "0").await.text("cursor");
    rotate_at_once(&server);
    let news = feed(&server, &api, Some(&before), "5").await;
    assert_eq!(handles(&news).len(), 4);
    server.app().catch_up().await.unwrap();
    let cursor = news.text("cursor");
    assert!(handles(&feed(&server, &api, Some(&cursor), "0").await).is_empty(), "nothing is told twice");
}

/// Notes the time of a server as it does itself every minute: for everybody where it is `believed`, and beside another one
/// that is far behind only what its own clock shows.
async fn note_time(server: &TestServer, believed: bool) {
    let shows = server.now();
    let noted = if believed {
        counters::raise_clock(shows)
    } else {
        server_clocks::note(&ServerClock { id: "right".to_owned(), shows, ahead: Seconds::ZERO })
    };
    server.write(Unit::from(noted)).await;
}

/// Its time stands still while the hour passes: it issues nothing, and ends what it is asked to end.
#[tokio::test]
async fn rs_13_op_13_what_a_node_ends_whose_clock_is_behind_is_told_for_as_long_as_it_could_live() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let (api, app) = calendar(&server, false).await;
        let user = server.user("hong@example.com").await;
        let node = TestServer::start_with(Options {
            database: Some(server.database().to_owned()),
            beside: Some(server.data().to_owned()),
            clock: Some(Clock::manual(server.now())),
            ..Options::default()
        })
        .await;
        let mut cursor = feed(&server, &api, None, "0").await.text("cursor");
        for believed in [false, true] {
            server.advance(Seconds::hours(1));
            note_time(&server, believed).await;
            // Just before it would be noted again.
            server.advance(Seconds::seconds(66));
            let token = sign_in_as(&server, &app, &user, "openid calendar.read").await.text("access_token");
            let wrong = node.app().now();
            for session in sessions::list(node.app().db(), &user.id, server.now()).await.unwrap() {
                node.write(sessions::end(&session.id, &user.id, wrong)).await;
            }
            node.write(grants::revoke(claims(&token)["gid"].as_str().unwrap(), wrong)).await;
            // An API takes the token until then if its own clock is a minute behind.
            server.advance(server.app().config().tokens.access_token);
            server.advance(Seconds::minutes(1));
            let news = feed(&server, &api, Some(&cursor), "0").await;
            assert_eq!(handles(&news).iter().filter(|told| handles_of(&token).contains(told)).count(), 2);
            let since = news.json["complete_since"].as_i64().unwrap();
            for event in news.json["events"].as_array().unwrap() {
                assert!(event["at"].as_i64().unwrap() >= since, "{engine:?} {believed}: {}", news.json);
            }
            cursor = news.text("cursor");
        }
    }
}
