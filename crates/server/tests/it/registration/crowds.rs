//! Many apps that nobody uses, and who makes room for whom — SE-17.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use mapae::store::{apps, sweep};
use mapae_protocol::time::Seconds;
use mapae_testkit::{Engine, TestServer, client::send};
use serde_json::json;

use super::{
    REDIRECT_URI, Registered,
    documents::{publish, visit},
    server,
    site::Site,
};

/// A server with room for three of each kind, behind a proxy.
async fn crowded(engine: Engine) -> TestServer {
    let settings = [
        ("REGISTRATION__POLICY", "open"),
        ("REGISTRATION__CLIENT_DOCUMENTS", "true"),
        ("REGISTRATION__MOST_UNUSED", "3"),
        ("FETCH__PRIVATE_ADDRESSES", "true"),
        ("TRUSTED_PROXIES", "127.0.0.1"),
    ];
    server(engine, &settings).await
}

async fn registered_from(server: &TestServer, address: &str) -> Registered {
    let request = mapae_testkit::http().post(server.at("/register")).header("x-forwarded-for", address);
    let answer = send(request.json(&json!({ "redirect_uris": [REDIRECT_URI] }))).await;
    assert_eq!(answer.status, 201, "{address}: {}", answer.json);
    Registered::of(&answer)
}

#[tokio::test]
async fn se_17_a_flood_of_registrations_makes_room_for_itself() {
    for engine in Engine::ALL {
        let server = crowded(engine).await;
        let (first, second) =
            (registered_from(&server, "198.51.100.7").await, registered_from(&server, "2001:db8::7").await);
        let mut flood = Vec::new();
        for number in 0..6 {
            flood.push(registered_from(&server, &format!("203.0.113.{number}")).await);
        }
        let mut there = Vec::new();
        for app in [&first, &second].into_iter().chain(&flood) {
            there.push(app.show().await.status == 200);
        }
        assert_eq!(there, [true, true, false, false, false, false, false, true]);
    }
}

/// All of them see the same app in their way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_17_of_many_at_once_everybody_gets_the_room_that_others_give_up() {
    for engine in Engine::ALL {
        let server = crowded(engine).await;
        let node = server.second_node().await;
        for number in 0..3 {
            registered_from(&server, &format!("203.0.113.{number}")).await;
        }
        let flood: Vec<String> = (3..43).map(|number| format!("203.0.113.{number}")).collect();
        let flood = flood
            .iter()
            .enumerate()
            .map(|(turn, address)| registered_from(if turn % 2 == 0 { &server } else { &node }, address));
        let honest = registered_from(&server, "198.51.100.7");
        let (honest, _) = tokio::join!(honest, join_all(flood));
        assert_eq!(honest.show().await.status, 200, "whose network gives nothing up");
        let all = apps::list(server.app().db(), 100).await.unwrap();
        assert_eq!(all.len(), 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn se_17_of_many_documents_at_once_everybody_s_is_read() {
    for engine in Engine::ALL {
        let server = crowded(engine).await;
        let node = server.second_node().await;
        let site = Site::start().await;
        let apps: Vec<_> = (0..16).map(|n| publish(&site, &format!("/{n}.json"), &json!({}))).collect();
        let visits = apps
            .iter()
            .enumerate()
            .map(|(turn, app)| visit(if turn % 2 == 0 { &server } else { &node }, app));
        for page in join_all(visits).await {
            // Another one may have taken its place before the page was made.
            assert!([200, 400].contains(&page.status.as_u16()), "{}", page.status);
        }
        let asked: BTreeSet<String> = site.asked().into_iter().collect();
        assert_eq!(asked.len(), apps.len(), "{asked:?}");
        assert_eq!(apps::list(server.app().db(), 100).await.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn se_17_whoever_allows_fewer_apps_than_there_are_closes_nothing() {
    for engine in Engine::ALL {
        let server = crowded(engine).await;
        for number in 0..3 {
            registered_from(&server, &format!("203.0.113.{number}")).await;
        }
        let fewer = ("MAPAE_REGISTRATION__MOST_UNUSED".to_owned(), "1".to_owned());
        let node = server.second_node_with(&[fewer]).await;
        let newcomer = registered_from(&node, "198.51.100.7").await;
        assert_eq!(newcomer.show().await.status, 200);
    }
}

#[tokio::test]
async fn dc_12_documents_have_room_of_their_own() {
    for engine in Engine::ALL {
        let server = crowded(engine).await;
        let site = Site::start().await;
        let mut apps = Vec::new();
        for _ in 0..3 {
            apps.push(registered_from(&server, "203.0.113.1").await);
        }
        for number in 0..5 {
            let app = publish(&site, &format!("/{number}.json"), &json!({}));
            assert!(visit(&server, &app).await.has("login-submit"), "{number}");
        }
        for app in &apps {
            assert_eq!(app.show().await.status, 200);
        }
        let all = apps::list(server.app().db(), 100).await.unwrap();
        assert_eq!(all.len(), 6, "three of each");
    }
}

#[tokio::test]
async fn the_operator_who_stands_behind_all_apps_does_so_when_they_change_and_come_again() {
    for engine in Engine::ALL {
        let settings = [
            ("REGISTRATION__CLIENT_DOCUMENTS", "true"),
            ("REGISTRATION__VOUCH", "true"),
            ("FETCH__PRIVATE_ADDRESSES", "true"),
        ];
        let server = server(engine, &settings).await;
        let site = Site::start().await;
        let app = publish(&site, "/app.json", &json!({}));
        let verified = async || {
            let page = visit(&server, &app).await;
            assert!(page.has("login-submit"), "{}", page.body);
            !page.has("unverified")
        };
        assert!(verified().await);
        publish(&site, "/app.json", &json!({ "client_name": "새 도우미" }));
        server.advance(Seconds::minutes(10));
        assert!(verified().await, "it has changed");
        server.advance(Seconds::days(31));
        sweep::run(server.app().db(), Seconds::days(1), server.now()).await.unwrap();
        server.app().catch_up().await.unwrap();
        assert!(verified().await, "it comes again");
    }
}
