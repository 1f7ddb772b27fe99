//! Many at once, on one node and on two.

use futures_util::future::join_all;
use mapae::store::apps;
use mapae_protocol::time::Seconds;
use mapae_testkit::{Authorization, Browser, Engine};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{REDIRECT_URI, ask, initial_token, open, register, registered, server};
use crate::store::broken;

fn count(statuses: &[StatusCode], status: u16) -> usize {
    statuses.iter().filter(|found| found.as_u16() == status).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dc_12_a_token_for_three_apps_registers_three() {
    for engine in Engine::ALL {
        let server = server(engine, &[("REGISTRATION__POLICY", "initial_access_token")]).await;
        let node = server.second_node().await;
        let token = initial_token(&server, 3, Seconds::hours(1)).await;
        let said = json!({ "redirect_uris": [REDIRECT_URI] });
        let addresses = [server.at("/register"), node.at("/register")];
        let requests = (0..12).map(|turn| ask(Method::POST, &addresses[turn % 2], Some(&token), Some(&said)));
        let statuses: Vec<StatusCode> =
            join_all(requests).await.into_iter().map(|answer| answer.status).collect();
        assert_eq!((count(&statuses, 201), count(&statuses, 401)), (3, 9), "{statuses:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dc_12_room_for_three_apps_is_for_three() {
    for engine in Engine::ALL {
        let settings = [("REGISTRATION__POLICY", "open"), ("REGISTRATION__MOST_UNUSED", "3")];
        let server = server(engine, &settings).await;
        let node = server.second_node().await;
        let said = json!({ "redirect_uris": [REDIRECT_URI] });
        let requests = (0..12).map(|turn| register(if turn % 2 == 0 { &server } else { &node }, &said));
        let statuses: Vec<StatusCode> =
            join_all(requests).await.into_iter().map(|answer| answer.status).collect();
        assert_eq!(count(&statuses, 201), 12, "{statuses:?}");
        let all = apps::list(server.app().db(), 100).await.unwrap();
        assert_eq!(all.len(), 3, "whoever comes later takes a place");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dc_07_of_two_updates_with_one_token_that_is_replaced_one_succeeds() {
    for engine in Engine::ALL {
        let settings = [("REGISTRATION__POLICY", "open"), ("REGISTRATION__ROTATE_TOKEN", "true")];
        let server = server(engine, &settings).await;
        for _ in 0..8 {
            let app = registered(&server, json!({})).await;
            let (first, second) =
                (app.with("client_name", json!("하나")), app.with("client_name", json!("둘")));
            let (first, second) = tokio::join!(app.update(&first), app.update(&second));
            let statuses = [first.status, second.status];
            assert_eq!((count(&statuses, 200), count(&statuses, 401)), (1, 1), "{statuses:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_updates_leave_what_one_of_them_said() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        for _ in 0..8 {
            let app = registered(&server, json!({})).await;
            let said = |name: &str, method: &str| {
                let mut said = app.with("client_name", json!(name));
                said["token_endpoint_auth_method"] = json!(method);
                said
            };
            let (first, second) = (said("하나", "none"), said("둘", "client_secret_post"));
            let (first, second) = tokio::join!(app.update(&first), app.update(&second));
            assert_eq!([first.status, second.status], [200, 200], "{} {}", first.json, second.json);
            let shown = app.show().await.json;
            let pair = (shown["client_name"].as_str().unwrap(), &shown["token_endpoint_auth_method"]);
            assert!(
                pair == ("하나", &json!("none")) || pair == ("둘", &json!("client_secret_post")),
                "{shown}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rfc7592_2_3_what_is_redeemed_while_the_app_deletes_itself_is_dead() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let user = server.user("hong@example.com").await;
        let browser = Browser::default();
        for _ in 0..8 {
            let app = registered(&server, json!({})).await;
            let authorization = Authorization::of(&app.app, "openid");
            let code = server.code(&browser, &user, &authorization).await;
            let (redeemed, deleted) =
                tokio::join!(server.redeem(&app.app, &code, &authorization.verifier), app.delete(),);
            assert_eq!(deleted.status, 204);
            if redeemed.status == 200 {
                assert_eq!(server.userinfo(&redeemed.text("access_token")).await.status, 401);
            }
        }
    }
}

#[tokio::test]
async fn ui_06_a_token_is_not_replaced_together_with_a_sector_that_others_have_changed() {
    for engine in Engine::ALL {
        let settings = [("REGISTRATION__POLICY", "open"), ("REGISTRATION__ROTATE_TOKEN", "true")];
        let server = server(engine, &settings).await;
        let app = registered(&server, json!({})).await;
        broken::change_the_catalogue_at(&server, "UPDATE ON registrations").await;
        let refused = app.update(&app.same()).await;
        assert_eq!(refused.status, 503, "{}", refused.json);
        assert_eq!(app.show().await.status, 200, "its token is the one that it has");
    }
}
