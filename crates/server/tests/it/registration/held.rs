//! What the operator has set for one app that manages itself — RFC 7592 §2.2.

use mapae::store::apps;
use mapae_protocol::{
    jose::{Algorithm, SigningKey},
    time::Seconds,
};
use mapae_testkit::{Engine, TestServer};
use serde_json::{Value, json};

use super::{
    Registered, by_operator,
    documents::{at_a_desk, publish, visit},
    open, registered,
    site::Site,
};
use crate::protocol::client_assertions::key_set;

const BOUND: &str = "dpop_bound_access_tokens";
const METHOD: &str = "token_endpoint_auth_method";

/// An app with a key of its own, so that it can sign if it must.
async fn signing(server: &TestServer) -> Registered {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    registered(server, json!({ "jwks": key_set(&[&key]) })).await
}

/// What is registered after the app has said this, which the answer tells, too.
async fn said(app: &Registered, member: &str, value: &Value) -> Value {
    let told = app.update(&app.with(member, value.clone())).await;
    assert_eq!(told.status, 200, "{member} {value}: {}", told.json);
    let shown = app.show().await;
    assert_eq!(shown.json.get(member), told.json.get(member));
    shown.json.get(member).cloned().unwrap_or_default()
}

#[tokio::test]
async fn dc_06_what_the_operator_sets_an_app_makes_stricter_and_never_looser() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        for (member, set, looser, stricter) in [
            (BOUND, json!(true), vec![json!(false)], None),
            ("require_pushed_authorization_requests", json!(true), vec![json!(false)], None),
            ("require_signed_request_object", json!(true), vec![json!(false)], None),
            ("request_object_signing_alg", json!("RS256"), vec![json!("HS256")], Some(json!("ES256"))),
            ("authorization_signed_response_alg", json!("ES256"), vec![json!("RS256")], None),
            ("userinfo_signed_response_alg", json!("ES256"), vec![json!("RS256")], None),
            ("id_token_signed_response_alg", json!("ES256"), vec![json!("RS256")], None),
            (
                METHOD,
                json!("client_secret_jwt"),
                vec![json!("none"), json!("client_secret_basic"), json!("client_secret_post")],
                Some(json!("private_key_jwt")),
            ),
        ] {
            let app = signing(&server).await;
            let id = &app.app.client_id;
            let text = set.as_str().map_or_else(|| set.to_string(), str::to_owned);
            let named = format!("{member}={text}");
            let words = match member {
                METHOD => ["--auth-method", &text],
                "id_token_signed_response_alg" => ["--id-token-alg", &text],
                _ => ["--metadata", &named],
            };
            let shown = by_operator(&server, id, &words).await;
            assert_eq!(shown["held_members"], json!([member]));
            for looser in looser.iter().chain([&Value::Null]) {
                assert_eq!(said(&app, member, looser).await, set, "{member} {looser}");
            }
            let mut silent = app.same();
            silent.as_object_mut().unwrap().remove(member);
            assert_eq!(app.update(&silent).await.json[member], set, "{member} left out");
            assert_eq!(said(&app, member, &set).await, set);
            if let Some(stricter) = stricter {
                assert_eq!(said(&app, member, &stricter).await, stricter, "{member}");
                assert_eq!(said(&app, member, &set).await, stricter, "{member} does not come back");
            }
            let nonsense = app.update(&app.with(member, json!("nonsense"))).await;
            assert_eq!((nonsense.status.as_u16(), nonsense.error()), (400, "invalid_client_metadata"));
        }
    }
}

#[tokio::test]
async fn dc_06_what_an_app_has_set_itself_is_its_own_until_the_operator_names_it() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let app = signing(&server).await;
        let id = &app.app.client_id;
        assert_eq!(said(&app, BOUND, &json!(true)).await, true);
        let other = by_operator(&server, id, &["--name", "다른 이름"]).await;
        assert!(other.get("held_members").is_none(), "{other}");
        assert_eq!(said(&app, BOUND, &json!(false)).await, false);
        assert_eq!(said(&app, BOUND, &json!(true)).await, true);
        by_operator(&server, id, &["--metadata", &format!("{BOUND}=true")]).await;
        assert_eq!(said(&app, BOUND, &json!(false)).await, true);
        let free = by_operator(&server, id, &["--metadata", &format!("{BOUND}=")]).await;
        assert!(free.get("held_members").is_none(), "{free}");
        assert_eq!(said(&app, BOUND, &json!(false)).await, false);
    }
}

/// The update has read the app before the operator, and writes after them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dc_06_an_update_on_its_way_does_not_undo_what_the_operator_sets() {
    for engine in Engine::ALL {
        let server = open(engine).await;
        let app = signing(&server).await;
        let id = app.app.client_id.clone();
        let updates = async {
            for turn in 0..24 {
                let mut other = app.with(BOUND, json!(false));
                other["client_name"] = json!(format!("앱 {turn}"));
                let told = app.update(&other).await.status;
                assert!([200, 503].contains(&told.as_u16()), "{told}");
            }
        };
        let tightened = by_operator(&server, &id, &["--metadata", "dpop_bound_access_tokens=true"]);
        tokio::join!(updates, tightened);
        let kept = apps::find(server.app().db(), &id).await.unwrap().unwrap();
        assert_eq!(kept.lists.metadata.get(BOUND).map(String::as_str), Some("true"));
        assert_eq!(said(&app, BOUND, &json!(false)).await, true);
    }
}

#[tokio::test]
async fn dc_11_a_document_does_not_undo_what_the_operator_sets() {
    for engine in Engine::ALL {
        let server = at_a_desk(engine).await;
        let site = Site::start().await;
        let app = publish(&site, "/app.json", &json!({}));
        assert!(visit(&server, &app).await.has("login-submit"));
        by_operator(&server, &app.client_id, &["--metadata", "dpop_bound_access_tokens=true"]).await;
        publish(
            &site,
            "/app.json",
            &json!({ "dpop_bound_access_tokens": false, "contacts": ["a@a.example"] }),
        );
        server.advance(Seconds::hours(25));
        assert!(visit(&server, &app).await.has("login-submit"));
        let kept = apps::find(server.app().db(), &app.client_id).await.unwrap().unwrap().lists.metadata;
        assert!(kept.contains_key("contacts"), "it was read again: {kept:?}");
        assert_eq!(kept.get(BOUND).map(String::as_str), Some("true"));
    }
}
