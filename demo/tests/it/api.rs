//! The calendar API — RFC 6750 §3, RFC 9728 §3.

use crate::stage::{Play, header};

#[tokio::test]
async fn without_a_token_it_says_where_to_get_one() {
    let play = Play::begin().await;
    for request in [play.http.get(play.events()), play.http.post(play.events()).body("{}")] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 401);
        let address = format!("{}/.well-known/oauth-protected-resource", play.running.api_url);
        assert_eq!(header(&answer, "www-authenticate"), format!("Bearer resource_metadata=\"{address}\""));
        let document: serde_json::Value = play.http.get(address).send().await.unwrap().json().await.unwrap();
        assert_eq!(document["resource"], play.running.api_url);
        assert_eq!(document["authorization_servers"][0], "http://localhost:9");
        assert_eq!(document["scopes_supported"], serde_json::json!(["calendar.read", "calendar.write"]));
    }
    play.running.shutdown().await;
}

#[tokio::test]
async fn rs_12_nobody_is_let_in_while_the_authorization_server_is_away() {
    let play = Play::begin().await;
    let in_header = play.http.get(play.events()).bearer_auth("head.claims.signature");
    let in_address = play.http.get(format!("{}?access_token=head.claims.signature", play.events()));
    for request in [in_header, in_address] {
        let answer = request.send().await.unwrap();
        assert_eq!((answer.status().as_u16(), header(&answer, "retry-after")), (503, "1"));
    }
    play.running.shutdown().await;
}

#[tokio::test]
async fn the_token_may_stand_in_the_address_for_reading_only() {
    let play = Play::begin().await;
    let answer = play.http.post(format!("{}?access_token=t", play.events())).body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(header(&answer, "www-authenticate").contains("error=\"invalid_request\""));
    let both = play.http.get(format!("{}?access_token=t", play.events())).bearer_auth("t");
    assert_eq!(both.send().await.unwrap().status(), 400);
    play.running.shutdown().await;
}

#[tokio::test]
async fn only_pages_of_the_service_may_call_from_a_browser() {
    let play = Play::begin().await;
    let service = play.running.service_url.clone();
    for (origin, allowed) in [(service.as_str(), true), ("http://localhost:1", false), ("null", false)] {
        let preflight = play.http.request(reqwest::Method::OPTIONS, play.events());
        let preflight = preflight.header("origin", origin).header("access-control-request-method", "POST");
        let preflight = preflight.send().await.unwrap();
        assert_eq!(preflight.status(), if allowed { 204 } else { 403 }, "{origin}");
        let call = play.http.get(play.events()).header("origin", origin).send().await.unwrap();
        for answer in [&preflight, &call] {
            let expected = if allowed { origin } else { "" };
            assert_eq!(header(answer, "access-control-allow-origin"), expected);
            assert_eq!(header(answer, "access-control-allow-credentials"), "");
            assert!(header(answer, "vary").contains("Origin"));
        }
    }
    play.running.shutdown().await;
}

#[tokio::test]
async fn nothing_else_is_there_for_whoever_has_no_token() {
    let play = Play::begin().await;
    for path in ["/", "/events/", "//events", "/EVENTS", "/.well-known/other"] {
        let answer = play.http.get(format!("{}{path}", play.running.api_url)).send().await.unwrap();
        assert_eq!(answer.status(), 401, "{path}");
    }
    play.running.shutdown().await;
}
