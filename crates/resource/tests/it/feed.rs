//! Withdrawn tokens — RFC 7009 §2, RFC 7662 §4.

use std::time::{Duration, Instant};

use mapae_resource::ResourceServer;
use serde_json::json;

use crate::{
    api::{Answer, Api},
    forge,
    issuer::{AUDIENCE, CLIENT_ID, Issuer, LONGEST_LIFE, Mood, SECRET, now},
};

fn assert_withdrawn(answer: &Answer) {
    assert_eq!(answer.verdict(), "401 invalid_token");
    assert!(answer.challenge().contains("the access token was withdrawn"), "{}", answer.challenge());
}

/// Three handles of its own.
fn token(issuer: &Issuer, n: usize) -> String {
    issuer.sign(
        &issuer.claims_with("rvh", json!([format!("user-{n}"), format!("app-{n}"), format!("grant-{n}")])),
    )
}

#[tokio::test]
async fn rs_13_a_withdrawn_token_is_refused_within_a_second() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let mut times = Vec::new();
    for n in 0..15 {
        let token = token(&issuer, n);
        assert_eq!(api.events(&token).await.status, 200);
        let handle = format!("{}-{n}", ["user", "app", "grant"][n % 3]);
        let withdrawn = Instant::now();
        issuer.withdraw(&handle);
        while api.events(&token).await.status == 200 {
            assert!(withdrawn.elapsed() < Duration::from_secs(10), "never refused");
            tokio::task::yield_now().await;
        }
        times.push(withdrawn.elapsed());
        assert_withdrawn(&api.events(&token).await);
    }
    times.sort();
    assert!(times[7] < Duration::from_secs(1), "{times:?}");
    assert_eq!(api.resource.status().withdrawn, 15);
}

#[tokio::test]
async fn a_single_token_is_withdrawn_by_its_own_id() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let claims = issuer.claims();
    let (token, other) = (issuer.sign(&claims), issuer.token());
    issuer.withdraw(claims["jti"].as_str().unwrap());
    issuer.followed().await;
    assert_withdrawn(&api.events(&token).await);
    assert_eq!(api.events(&other).await.status, 200);
}

/// The thief leaves the key's name out, and the issuer, or a cache before it, goes on giving the key away.
#[tokio::test]
async fn rs_13_a_stolen_key_that_was_withdrawn_signs_nothing_whether_or_not_it_is_named() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let key = issuer.signing_key();
    let nameless = || forge::sign(&key, &forge::header_without(&key, "kid"), &issuer.claims().to_string());
    let remembered = nameless();
    assert_eq!(api.events(&remembered).await.status, 200, "one key of the set has the algorithm");
    issuer.withdraw(&format!("kid.{}", key.kid()));
    issuer.followed().await;
    for fetches in [1, 2] {
        issuer.called("jwks", fetches).await;
        for token in [&remembered, &nameless(), &issuer.token()] {
            assert_withdrawn(&api.events(token).await);
        }
    }
}

#[tokio::test]
async fn what_was_withdrawn_before_the_api_started_is_refused_from_its_first_answer() {
    let issuer = Issuer::start().await;
    let token = token(&issuer, 1);
    // More than fits into one answer; the one that matters comes last.
    issuer.withdraw_all((0..2_500).map(|n| format!("other-{n}")));
    issuer.withdraw("user-1");
    let api = Api::build(Api::builder(&issuer));
    let first = async {
        loop {
            let answer = api.events(&token).await;
            if answer.status != 503 {
                return answer;
            }
            tokio::task::yield_now().await;
        }
    };
    assert_withdrawn(&tokio::time::timeout(Duration::from_secs(20), first).await.unwrap());
    assert_eq!(api.resource.status().withdrawn, 2_501);
    let polls = issuer.polled(|polls| polls.len() > 3).await;
    let asked: Vec<_> =
        polls.iter().map(|poll| (poll.after.as_deref(), poll.wait > Some(0))).take(4).collect();
    assert_eq!(
        asked,
        [(None, false), (Some("0.1000"), false), (Some("0.2000"), false), (Some("0.2501"), true)]
    );
}

#[tokio::test]
async fn a_hundred_thousand_withdrawn_handles_are_remembered() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let (dead, alive) = (token(&issuer, 99_999), token(&issuer, 100_000));
    issuer.withdraw_all((0..100_000).map(|n| format!("grant-{n}")));
    issuer.followed().await;
    assert_eq!(api.resource.status().withdrawn, 100_000);
    assert_withdrawn(&api.events(&dead).await);
    assert_eq!(api.events(&alive).await.status, 200);
}

#[tokio::test]
async fn a_restart_of_the_issuer_leaves_no_gap() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    issuer.followed().await;
    let before = issuer.cursor();
    issuer.stop().await;
    let token = token(&issuer, 1);
    assert_eq!(api.events(&token).await.status, 200);
    issuer.withdraw("app-1");
    issuer.restart().await;
    issuer.followed().await;
    assert_withdrawn(&api.events(&token).await);
    let polls = issuer.polled(|_| true).await;
    let snapshots = polls.iter().filter(|poll| poll.after.is_none()).count();
    assert_eq!(snapshots, 1, "resumed, not started over");
    let resumed = polls.iter().rev().find(|poll| poll.after.as_ref() == Some(&before)).unwrap();
    assert_eq!(resumed.wait, Some(0), "what was missed is asked for at once");
}

#[tokio::test]
async fn a_cursor_that_is_not_known_any_more_starts_over_and_forgets_nothing() {
    for refuse in [false, true] {
        let issuer = Issuer::start().await;
        let api = Api::start(&issuer).await;
        let (one, two, three) = (token(&issuer, 1), token(&issuer, 2), token(&issuer, 3));
        issuer.withdraw("user-1");
        issuer.followed().await;
        issuer.stop().await;
        issuer.forget_cursors(refuse);
        issuer.withdraw("user-2");
        issuer.restart().await;
        issuer.followed().await;
        assert_withdrawn(&api.events(&one).await);
        assert_withdrawn(&api.events(&two).await);
        assert_eq!(api.events(&three).await.status, 200);
        let polls = issuer.polled(|_| true).await;
        assert_eq!(polls.iter().filter(|poll| poll.after.is_none()).count(), 1 + usize::from(refuse));
    }
}

#[tokio::test]
async fn news_that_never_stop_are_caught_up_with() {
    let issuer = Issuer::start().await;
    // As many at every request as came meanwhile: never none, at times fewer.
    issuer.mood("revocations", Mood::Busy);
    let api = Api::start(&issuer).await;
    assert_eq!(api.events(&issuer.token()).await.status, 200);
}

#[tokio::test]
async fn a_token_older_than_what_the_feed_goes_back_to_is_refused() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let old = issuer.sign(&issuer.claims_with("iat", json!(now() - LONGEST_LIFE - 60)));
    let answer = api.events(&old).await;
    assert_eq!(answer.verdict(), "401 invalid_token");
    assert!(answer.challenge().contains("older than what is known"), "{}", answer.challenge());
    let young = issuer.sign(&issuer.claims_with("iat", json!(now() - LONGEST_LIFE + 60)));
    assert_eq!(api.events(&young).await.status, 200);
}

#[tokio::test]
async fn a_hostile_feed_is_neither_believed_nor_hammered() {
    let answer = |events: &str, cursor: &str| {
        Mood::Says(format!("{{\"events\":{events},\"cursor\":{cursor},\"complete_since\":1}}"))
    };
    for mood in [
        answer("[{\"handle\":\"x\",\"at\":1}]", "null"),
        answer("[{\"handle\":7,\"at\":1}]", "\"c\""),
        answer("[{\"handle\":\"x\",\"at\":-1}]", "\"c\""),
        answer("[{\"handle\":\"x\"}]", "\"c\""),
        answer("{}", "\"c\""),
        Mood::Says("{\"events\":[],\"cursor\":\"c\"}".into()),
    ] {
        let issuer = Issuer::start().await;
        issuer.mood("revocations", mood.clone());
        let api = Api::build(Api::builder(&issuer));
        issuer.called("revocations", 2).await;
        assert_eq!(api.events(&issuer.token()).await.verdict(), "503 -", "{mood:?}");
    }
    // Always news and never further: the second of these is refused, so the pauses grow.
    let issuer = Issuer::start().await;
    issuer.mood("revocations", answer("[{\"handle\":\"x\",\"at\":1}]", "\"c\""));
    let api = Api::build(Api::builder(&issuer));
    let begun = Instant::now();
    issuer.called("revocations", 8).await;
    assert!(begun.elapsed() > Duration::from_secs(1), "asked eight times in {:?}", begun.elapsed());
    assert!(api.resource.status().feed_problem.is_some());
    // Never news, and never held open.
    let issuer = Issuer::start().await;
    issuer.mood("revocations", answer("[]", "\"c\""));
    let _api = Api::start(&issuer).await;
    let begun = Instant::now();
    issuer.called("revocations", 8).await;
    assert!(begun.elapsed() > Duration::from_secs(1), "asked eight times in {:?}", begun.elapsed());
}

#[tokio::test]
async fn the_tasks_end_with_the_last_clone() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let waiting = async || {
        issuer.polled(|polls| polls.last().is_some_and(|poll| poll.wait > Some(0))).await;
        issuer.holds(1).await;
    };
    let layer = api.resource.layer();
    drop(api);
    issuer.withdraw("something");
    issuer.followed().await;
    waiting().await;
    drop(layer);
    // Long before the issuer would have let go by itself.
    let closed = tokio::time::timeout(Duration::from_secs(8), issuer.holds(0)).await;
    closed.expect("the feed is still followed");
}

#[tokio::test]
async fn without_revocation_the_feed_is_not_asked_for() {
    let issuer = Issuer::start().await;
    let builder = ResourceServer::builder(&issuer.url, AUDIENCE).credential(CLIENT_ID, SECRET);
    let api = Api::build(builder.without_revocation());
    api.ready().await;
    let token = token(&issuer, 1);
    issuer.withdraw("user-1");
    assert_eq!(api.events(&token).await.status, 200);
    assert_eq!(issuer.calls("revocations"), 0);
}
