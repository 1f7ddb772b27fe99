//! What happens while the authorization server cannot be asked: nobody is let in.

use std::time::Duration;

use http::{StatusCode, header};
use mapae_resource::{Asked, NoAnswer, Problem, ResourceServer, protocol::revocation_feed::FeedRequest};
use serde_json::json;

use crate::{
    api::Api,
    issuer::{AUDIENCE, Issuer, Mood, now},
};

/// Everything that an endpoint can do wrong without taking its time.
fn moods() -> [Mood; 9] {
    [
        Mood::Status(StatusCode::INTERNAL_SERVER_ERROR),
        Mood::Status(StatusCode::NOT_FOUND),
        Mood::Status(StatusCode::NO_CONTENT),
        Mood::Says(String::new()),
        Mood::Says("<html>502 Bad Gateway</html>".into()),
        Mood::Says("[]".into()),
        Mood::Says("{\"keys\":[],\"keys\":[]}".into()),
        Mood::Huge,
        Mood::Redirect("http://127.0.0.1:1/jwks".into()),
    ]
}

async fn refused_with_503(api: &Api, token: &str) {
    let answer = api.events(token).await;
    assert_eq!(answer.verdict(), "503 -", "{:?}", api.resource.status());
    assert_eq!(answer.headers[header::RETRY_AFTER], "1");
    assert!(answer.body.contains("temporarily_unavailable"), "{}", answer.body);
    assert!(!api.resource.status().ready);
}

/// Waits until the part of the status has this problem.
async fn problem(api: &Api, part: impl Fn(&mapae_resource::Status) -> Option<Problem>) -> Problem {
    let found = async {
        loop {
            if let Some(problem) = part(&api.resource.status()) {
                return problem;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), found).await.expect("no problem was seen")
}

#[tokio::test]
async fn rs_12_before_the_keys_are_there_nobody_is_let_in() {
    for endpoint in ["discovery", "jwks"] {
        for mood in moods() {
            let issuer = Issuer::start().await;
            issuer.mood("openid", mood.clone());
            issuer.mood(endpoint, mood.clone());
            let api = Api::build(Api::builder(&issuer));
            let told = problem(&api, |status| status.keys_problem).await;
            let huge = matches!(told, Problem::NoAnswer(_, NoAnswer::TooLarge));
            assert_eq!(huge, matches!(mood, Mood::Huge), "{told}");
            refused_with_503(&api, &issuer.token()).await;
            issuer.mood("openid", Mood::Obedient);
            issuer.mood(endpoint, Mood::Obedient);
            api.ready().await;
            assert_eq!(api.events(&issuer.token()).await.status, 200, "{endpoint} {mood:?}");
        }
    }
}

#[tokio::test]
async fn rs_12_a_server_that_does_not_answer_is_given_up_on() {
    for mood in [Mood::Stall, Mood::Drip] {
        let issuer = Issuer::start().await;
        issuer.mood("jwks", mood);
        let api = Api::build(Api::builder(&issuer));
        issuer.called("jwks", 1).await;
        refused_with_503(&api, &issuer.token()).await;
        let timed_out = Problem::NoAnswer(Asked::Keys, NoAnswer::TimedOut);
        assert_eq!(problem(&api, |status| status.keys_problem).await, timed_out);
        issuer.mood("jwks", Mood::Obedient);
        api.ready().await;
    }
}

#[tokio::test]
async fn rs_12_keys_serve_until_their_age_and_then_nobody_is_let_in() {
    let issuer = Issuer::start().await;
    let api = Api::build(ResourceServer::builder(&issuer.url, AUDIENCE).without_revocation());
    api.ready().await;
    let token = issuer.sign(&issuer.claims_with("exp", json!(now() + 7_200)));
    let remembered = issuer.sign(&issuer.claims_with("exp", json!(now() + 7_200)));
    assert_eq!(api.events(&remembered).await.status, 200);
    issuer.mood("jwks", Mood::Status(StatusCode::BAD_GATEWAY));
    // The machine's own time goes on meanwhile.
    api.clock.advance(590);
    assert_eq!(api.events(&token).await.status, 200);
    api.clock.advance(11);
    refused_with_503(&api, &token).await;
    refused_with_503(&api, &remembered).await;
}

/// The clock of the machine says that ten minutes are over, and the one that the tasks sleep by does not.
#[tokio::test]
async fn rs_12_keys_that_grew_old_while_the_machine_slept_are_fetched_by_the_first_who_asks() {
    let issuer = Issuer::start().await;
    let api = Api::build(ResourceServer::builder(&issuer.url, AUDIENCE).without_revocation());
    api.ready().await;
    assert_eq!(issuer.calls("jwks"), 1);
    let token = issuer.sign(&issuer.claims_with("exp", json!(now() + 7_200)));
    api.clock.advance(601);
    assert_eq!(api.events(&token).await.verdict(), "503 -");
    issuer.called("jwks", 2).await;
    let recovered = async {
        while api.events(&token).await.status != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), recovered).await.unwrap();
    assert_eq!(issuer.calls("jwks"), 2, "however many asked meanwhile");
    // Nobody sends requests to an API that says it is not ready: whoever asks for its health wakes it, too.
    api.clock.advance(601);
    tokio::time::timeout(Duration::from_secs(10), async {
        while !api.resource.status().ready {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn rs_12_an_unknown_key_while_the_keys_cannot_be_had_is_not_the_clients_fault() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let known = issuer.token();
    issuer.rotate(true);
    issuer.mood("jwks", Mood::Status(StatusCode::BAD_GATEWAY));
    assert_eq!(api.events(&issuer.token()).await.verdict(), "503 -");
    assert_eq!(api.events(&known).await.status, 200, "the keys at hand serve on");
    issuer.mood("jwks", Mood::Obedient);
    issuer.called("jwks", 3).await;
    let recovered = async {
        while api.events(&issuer.token()).await.status != 200 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), recovered).await.unwrap();
}

#[tokio::test]
async fn rs_12_before_the_feed_was_heard_nobody_is_let_in() {
    for mood in moods()
        .into_iter()
        .chain([Mood::Status(StatusCode::BAD_REQUEST), Mood::Status(StatusCode::FORBIDDEN)])
    {
        let issuer = Issuer::start().await;
        issuer.mood("revocations", mood.clone());
        let api = Api::build(Api::builder(&issuer));
        problem(&api, |status| status.feed_problem).await;
        refused_with_503(&api, &issuer.token()).await;
        issuer.mood("revocations", Mood::Obedient);
        api.ready().await;
        assert_eq!(api.events(&issuer.token()).await.status, 200, "{mood:?}");
    }
}

#[tokio::test]
async fn rs_12_a_feed_that_falls_silent_is_believed_for_half_a_minute() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let token = issuer.token();
    issuer.followed().await;
    issuer.mood("revocations", Mood::Stall);
    issuer.withdraw("somebody-else");
    assert_eq!(api.events(&token).await.status, 200);
    // The machine's own time goes on meanwhile.
    api.clock.advance(25);
    assert_eq!(api.events(&token).await.status, 200);
    api.clock.advance(6);
    refused_with_503(&api, &token).await;
    issuer.mood("revocations", Mood::Obedient);
    issuer.stop().await;
    issuer.restart().await;
    api.ready().await;
    assert_eq!(api.events(&token).await.status, 200);
}

#[tokio::test]
async fn a_wrong_credential_is_told_to_whoever_runs_the_api() {
    let issuer = Issuer::start().await;
    let api = Api::build(ResourceServer::builder(&issuer.url, AUDIENCE).credential("calendar:api", "wrong"));
    let told = problem(&api, |status| status.feed_problem).await;
    assert_eq!(told, Problem::Credential(Asked::Feed));
    assert!(told.to_string().contains("client_id and secret"), "{told}");
    refused_with_503(&api, &issuer.token()).await;
}

#[tokio::test]
async fn rs_01_metadata_of_another_issuer_is_not_believed() {
    let issuer = Issuer::start().await;
    issuer.discovery(|document| document["issuer"] = json!("https://login.example.com"));
    let api = Api::build(Api::builder(&issuer));
    assert_eq!(problem(&api, |status| status.keys_problem).await, Problem::OtherIssuer);
    refused_with_503(&api, &issuer.token()).await;
}

#[tokio::test]
async fn endpoints_elsewhere_get_neither_the_credential_nor_belief() {
    let (issuer, evil) = (Issuer::start().await, Issuer::start().await);
    let feed = format!("{}/revocations", evil.url);
    issuer.discovery(|document| document["revocation_feed_endpoint"] = json!(feed));
    let api = Api::build(Api::builder(&issuer));
    assert_eq!(problem(&api, |status| status.feed_problem).await, Problem::OtherOrigin(Asked::Feed));
    assert_eq!(evil.calls("revocations"), 0);
    refused_with_503(&api, &issuer.token()).await;
    let allowed = Api::build(Api::builder(&issuer).endpoint_origin(&evil.url));
    allowed.ready().await;
    evil.called("revocations", 2).await;
}

#[tokio::test]
async fn an_issuer_without_a_feed_serves_only_those_who_do_without() {
    let issuer = Issuer::start().await;
    issuer.discovery(|document| {
        document.as_object_mut().unwrap().remove("revocation_feed_endpoint");
    });
    let api = Api::build(Api::builder(&issuer));
    assert_eq!(problem(&api, |status| status.feed_problem).await, Problem::NotOffered(Asked::Feed));
    refused_with_503(&api, &issuer.token()).await;
    let without = Api::build(ResourceServer::builder(&issuer.url, AUDIENCE).without_revocation());
    without.ready().await;
    assert_eq!(without.events(&issuer.token()).await.status, 200);
}

#[tokio::test]
async fn metadata_is_found_where_openid_connect_puts_it() {
    let issuer = Issuer::start().await;
    issuer.mood("discovery", Mood::Status(StatusCode::NOT_FOUND));
    let api = Api::start(&issuer).await;
    assert_eq!(api.events(&issuer.token()).await.status, 200);
    assert_eq!(issuer.calls("openid"), 1);
}

#[tokio::test]
async fn nobody_waits_longer_than_the_silence_allows() {
    let issuer = Issuer::start().await;
    let _api = Api::start(&issuer).await;
    let polls = issuer.polled(|polls| polls.len() > 1).await;
    let longest = u64::try_from(FeedRequest::LONGEST_WAIT.get()).unwrap();
    assert!(polls[1].wait.is_some_and(|wait| wait > 0 && wait < 30 && wait <= longest), "{polls:?}");
    // Also where no silence is too long.
    let issuer = Issuer::start().await;
    let api = Api::build(Api::builder(&issuer).feed_max_age(Duration::MAX));
    api.ready().await;
    let polls = issuer.polled(|polls| polls.len() > 1).await;
    assert_eq!(polls[1].wait, Some(longest));
}
