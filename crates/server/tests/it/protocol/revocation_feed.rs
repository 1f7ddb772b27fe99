//! The revocation feed: what an API must refuse, within a second.

use std::time::{Duration, Instant};

use mapae::store::{apps, consents, users};
use mapae_testkit::{Answer, ApiFixture, Engine, TestServer};

use super::{calendar, claims, sign_in};
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
