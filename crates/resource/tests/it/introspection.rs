//! Asking about tokens — RFC 7662 §2, RFC 7662 §4.

use futures_util::future::join_all;
use http::StatusCode;
use mapae_resource::{Asked, Problem, ResourceServer};
use serde_json::{Value, json};

use crate::{
    api::Api,
    issuer::{AUDIENCE, CLIENT_ID, Issuer, Mood, SECRET, now},
};

fn active() -> Value {
    json!({
        "active": true, "token_type": "Bearer", "client_id": "planner", "sub": "alice", "aud": AUDIENCE,
        "scope": "calendar.read", "exp": now() + 300, "iat": now(),
    })
}

fn active_with(name: &str, value: Value) -> Value {
    let mut answer = active();
    answer[name] = value;
    answer
}

async fn opaque(issuer: &Issuer) -> Api {
    let api = Api::build(Api::builder(issuer).opaque_tokens());
    api.ready().await;
    api
}

#[tokio::test]
async fn an_opaque_token_is_good_if_the_issuer_says_so() {
    let issuer = Issuer::start().await;
    let api = opaque(&issuer).await;
    let mut answer = active();
    answer["iss"] = json!(issuer.url);
    answer["acr"] = json!("urn:mapae:acr:password");
    issuer.introspects("opaque", answer);
    let told = api.get("/whoami", "opaque").await.json();
    assert_eq!(
        (&told["sub"], &told["client_id"], &told["scope"]),
        (&json!("alice"), &json!("planner"), &json!("calendar.read"))
    );
    assert_eq!(told["acr"], "urn:mapae:acr:password");
    assert_eq!(api.events("unknown").await.verdict(), "401 invalid_token");
    assert_eq!(api.get("/both", "opaque").await.verdict(), "403 insufficient_scope");
    let calls = issuer.calls("introspect");
    assert_eq!(api.events(&issuer.token()).await.status, 200, "JWTs are checked here");
    assert_eq!(issuer.calls("introspect"), calls);
    issuer.withdraw("user-1");
    issuer.followed().await;
    assert_eq!(api.events(&issuer.token()).await.verdict(), "401 invalid_token");
}

#[tokio::test]
async fn every_token_may_be_asked_about() {
    let issuer = Issuer::start().await;
    issuer.mood("jwks", Mood::Status(StatusCode::NOT_FOUND));
    issuer.mood("revocations", Mood::Status(StatusCode::NOT_FOUND));
    let builder = ResourceServer::builder(&issuer.url, AUDIENCE).credential(CLIENT_ID, SECRET);
    let api = Api::build(builder.introspect_all());
    api.ready().await;
    let token = issuer.token();
    assert_eq!(api.events(&token).await.verdict(), "401 invalid_token", "though its signature is good");
    issuer.introspects(&token, active());
    assert_eq!(api.events(&token).await.status, 200);
    assert_eq!((issuer.calls("jwks"), issuer.calls("revocations")), (0, 0));
}

#[tokio::test]
async fn rs_13_an_answer_serves_for_less_than_a_second() {
    let issuer = Issuer::start().await;
    let api = opaque(&issuer).await;
    issuer.introspects("opaque", active());
    assert_eq!(api.events("opaque").await.status, 200);
    issuer.introspects("opaque", json!({ "active": false }));
    api.clock.advance(1);
    assert_eq!(api.events("opaque").await.verdict(), "401 invalid_token");
    issuer.introspects("opaque", active());
    assert_eq!(api.events("opaque").await.status, 200, "a refusal is not kept");
}

#[tokio::test]
async fn in_05_an_answer_is_kept_by_the_whole_token_and_never_beyond_its_end() {
    let issuer = Issuer::start().await;
    let api = opaque(&issuer).await;
    issuer.introspects("opaque", active());
    for _ in 0..50 {
        assert_eq!(api.events("opaque").await.status, 200);
        assert_eq!(
            api.get("/both", "opaque").await.verdict(),
            "403 insufficient_scope",
            "the scope is checked"
        );
    }
    assert!(issuer.calls("introspect") < 50, "kept for a moment");
    for like in ["opaqu", "opaque1", "Opaque", "opaque=", "paque"] {
        assert_eq!(api.events(like).await.verdict(), "401 invalid_token", "{like}");
    }
    issuer.introspects("ending", active_with("exp", json!(now() - 6)));
    let ended = api.events("ending").await;
    assert_eq!(ended.verdict(), "401 invalid_token");
    assert!(ended.challenge().contains("has expired"), "{}", ended.challenge());
}

#[tokio::test]
async fn rs_01_an_active_token_must_be_an_access_token_for_this_api() {
    let issuer = Issuer::start().await;
    let api = opaque(&issuer).await;
    for (name, value) in [
        ("aud", json!("https://mail.example")),
        ("aud", json!(["https://mail.example"])),
        ("iss", json!("https://login.example.com")),
        ("token_type", json!("DPoP")),
        ("token_type", json!("N_A")),
        ("cnf", json!({ "jkt": "x" })),
        ("cnf", json!(null)),
        ("nbf", json!(now() + 600)),
        ("exp", json!(now() - 600)),
    ] {
        issuer.introspects(&format!("token-{name}"), active_with(name, value.clone()));
        assert_eq!(
            api.events(&format!("token-{name}")).await.verdict(),
            "401 invalid_token",
            "{name}: {value}"
        );
    }
    for name in ["aud", "token_type", "client_id", "sub", "exp"] {
        let mut answer = active();
        answer.as_object_mut().unwrap().remove(name);
        issuer.introspects("incomplete", answer);
        assert_eq!(api.events("incomplete").await.verdict(), "401 invalid_token", "without {name}");
    }
    for name in ["client_id", "sub"] {
        issuer.introspects("nobody", active_with(name, json!("")));
        assert_eq!(api.events("nobody").await.verdict(), "401 invalid_token", "{name} is empty");
    }
    issuer.introspects("many", active_with("aud", json!([issuer.url, AUDIENCE])));
    assert_eq!(api.events("many").await.status, 200);
}

#[tokio::test]
async fn rs_12_when_nobody_can_be_asked_nobody_is_let_in() {
    let issuer = Issuer::start().await;
    let api = opaque(&issuer).await;
    issuer.introspects("opaque", active());
    for mood in [
        Mood::Status(StatusCode::INTERNAL_SERVER_ERROR),
        Mood::Status(StatusCode::NO_CONTENT),
        Mood::Status(StatusCode::UNAUTHORIZED),
        Mood::Says(String::new()),
        Mood::Says("{}".into()),
        Mood::Says("{\"active\":\"true\"}".into()),
        Mood::Says("{\"active\":true,\"active\":false}".into()),
        Mood::Says("{\"active\":true,\"exp\":\"1900000000\"}".into()),
        Mood::Huge,
        Mood::Redirect("/elsewhere".into()),
        Mood::Drip,
    ] {
        issuer.mood("introspect", mood.clone());
        assert_eq!(api.events("opaque").await.verdict(), "503 -", "{mood:?}");
        assert!(api.resource.status().introspection_problem.is_some());
    }
    assert_eq!(api.handled(), 0);
    issuer.mood("introspect", Mood::Obedient);
    assert_eq!(api.events("opaque").await.status, 200);
    assert_eq!(api.resource.status().introspection_problem, None);
    issuer.stop().await;
    api.clock.advance(1);
    assert_eq!(api.events("opaque").await.verdict(), "503 -");
}

#[tokio::test]
async fn requests_with_one_token_share_one_question() {
    let issuer = Issuer::start().await;
    let api = opaque(&issuer).await;
    issuer.introspects("opaque", active());
    issuer.introspects("other", active());
    let all = join_all((0..100).map(|n| api.events(if n % 2 == 0 { "opaque" } else { "other" }))).await;
    assert!(all.iter().all(|answer| answer.status == 200));
    assert_eq!(issuer.calls("introspect"), 2);
}

#[tokio::test]
async fn a_question_outlives_the_request_that_asked_it() {
    let issuer = Issuer::start().await;
    let api = opaque(&issuer).await;
    issuer.introspects("opaque", active());
    issuer.mood("introspect", Mood::Stall);
    let second = {
        let first = api.events("opaque");
        tokio::pin!(first);
        tokio::select! {
            _ = &mut first => panic!("answered without an answer"),
            () = issuer.called("introspect", 1) => {}
        }
        // The second joins the question of the first, which then goes away.
        api.events("opaque")
    };
    assert_eq!(second.await.verdict(), "503 -", "given up on in time");
    assert_eq!(issuer.calls("introspect"), 1);
    issuer.mood("introspect", Mood::Obedient);
    assert_eq!(api.events("opaque").await.status, 200);
}

#[tokio::test]
async fn an_answer_to_an_old_question_is_not_shared() {
    let issuer = Issuer::start().await;
    let api = opaque(&issuer).await;
    issuer.introspects("opaque", active());
    issuer.mood("introspect", Mood::Stall);
    let first = api.events("opaque");
    let second = async {
        issuer.called("introspect", 1).await;
        api.clock.advance(1);
        issuer.mood("introspect", Mood::Obedient);
        api.events("opaque").await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.verdict().as_str(), second.status.as_u16()), ("503 -", 200));
    assert_eq!(api.events("opaque").await.status, 200);
}

#[tokio::test]
async fn in_06_a_flood_of_invented_tokens_is_bounded() {
    let issuer = Issuer::start().await;
    let api = opaque(&issuer).await;
    issuer.mood("introspect", Mood::Stall);
    let tokens: Vec<_> = (0..1_000).map(|n| format!("invented-{n}")).collect();
    let answers = join_all(tokens.iter().map(|token| api.events(token))).await;
    assert!(answers.iter().all(|answer| answer.verdict() == "503 -"));
    assert!(issuer.calls("introspect") <= 256, "{}", issuer.calls("introspect"));
}

#[tokio::test]
async fn an_issuer_without_introspection_is_named() {
    let issuer = Issuer::start().await;
    issuer.discovery(|document| {
        document.as_object_mut().unwrap().remove("introspection_endpoint");
    });
    let api = Api::build(Api::builder(&issuer).opaque_tokens());
    issuer.followed().await;
    assert_eq!(api.events("opaque").await.verdict(), "503 -");
    let status = api.resource.status();
    assert_eq!(status.introspection_problem, Some(Problem::NotOffered(Asked::Introspection)));
    assert!(!status.ready);
}
