//! The messages of the diagram: that they are drawn, in order, in pairs, and sent to whoever looks.

use std::collections::{BTreeMap, BTreeSet};

use mapae_demo::{
    Stage,
    flow::{Lifeline, NOISE_CAPACITY, message::Kind},
    preview,
};
use serde_json::Value;

use crate::stage::Play;

/// Reads server-sent events until `count` messages are there, and that those before were all.
async fn read(mut stream: reqwest::Response, count: usize) -> Vec<(String, Value)> {
    let (mut text, mut messages, mut settled) = (String::new(), Vec::new(), false);
    while messages.len() < count || !settled {
        let chunk = stream.chunk().await.unwrap().expect("the stream goes on");
        text.push_str(std::str::from_utf8(&chunk).unwrap());
        while let Some((event, rest)) = text.split_once("\n\n") {
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
            settled |= field("event: ") == Some("settled");
            if let Some(id) = field("id: ") {
                messages.push((id.to_owned(), serde_json::from_str(field("data: ").unwrap()).unwrap()));
            }
            text = rest.to_owned();
        }
    }
    messages.truncate(count);
    messages
}

#[tokio::test]
async fn a_visit_is_drawn_as_it_happens_and_replayed_to_whoever_comes_later() {
    let play = Play::begin().await;
    let first = play.page("/flow/events").send().await.unwrap();
    play.page("/?lang=x").header("cookie", "a=secret-of-the-browser").send().await.unwrap();
    let live = read(first, 2).await;
    let later = read(play.page("/flow/events").send().await.unwrap(), 2).await;
    assert_eq!(live, later);
    let (id, request) = &live[0];
    assert_eq!((&request["from"], &request["to"]), (&"browser".into(), &"client".into()));
    assert_eq!(
        (&request["kind"], &request["method"], &request["endpoint"]),
        (&"request".into(), &"GET".into(), &"home".into())
    );
    assert_eq!(
        (&live[1].1["kind"], &live[1].1["answers"], &live[1].1["status"]),
        (&"response".into(), &1.into(), &200.into())
    );
    assert!(!live[0].1.to_string().contains("secret-of-the-browser"));
    let resumed = play.page("/flow/events").header("last-event-id", id).send().await.unwrap();
    assert_eq!(read(resumed, 1).await[0], live[1]);
    // The diagram itself is not drawn, nor are pictures and style sheets.
    play.page("/flow").send().await.unwrap();
    play.page("/assets/none.css").send().await.unwrap();
    assert_eq!(play.running.stage().journal().after(0).iter().filter(|message| !message.noise).count(), 2);
    play.running.shutdown().await;
}

#[tokio::test]
async fn the_client_and_the_api_are_drawn_too() {
    let play = Play::begin().await;
    play.page("/login").send().await.unwrap();
    play.http.get(play.events()).bearer_auth("x.y.z").send().await.unwrap();
    let messages = play.running.stage().journal().after(0);
    let pairs: Vec<(Lifeline, Lifeline, Kind)> =
        messages.iter().map(|message| (message.from, message.to, message.kind)).collect();
    for expected in [
        (Lifeline::Browser, Lifeline::Client, Kind::Request),
        (Lifeline::Client, Lifeline::AuthorizationServer, Kind::Request),
        (Lifeline::AuthorizationServer, Lifeline::Client, Kind::Response),
        (Lifeline::Browser, Lifeline::ResourceServer, Kind::Request),
        (Lifeline::ResourceServer, Lifeline::Browser, Kind::Response),
    ] {
        assert!(pairs.contains(&expected), "{expected:?} in {pairs:?}");
    }
    play.running.shutdown().await;
}

#[tokio::test]
async fn the_rehearsal_tells_the_whole_story_in_order() {
    let stage = Stage::new();
    preview::rehearse(&stage).await;
    let messages: Vec<Value> =
        stage.journal().after(0).iter().map(|message| serde_json::to_value(&**message).unwrap()).collect();
    let seqs: Vec<u64> = messages.iter().map(|message| message["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=u64::try_from(messages.len()).unwrap()).collect::<Vec<_>>());
    // Every line of the textbook, in its order.
    let first = lines(&messages, "mapae");
    assert_eq!(first.iter().copied().collect::<BTreeSet<_>>(), (1..=13).collect::<BTreeSet<_>>());
    assert_eq!(first[..10], (1..=10).collect::<Vec<u64>>()[..]);
    assert_eq!(lines(&messages, "social"), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13], "somebody new");
    // Every answer lies after its request, between the same parties, in the same story.
    let by_seq: BTreeMap<u64, &Value> = seqs.iter().copied().zip(&messages).collect();
    for message in &messages {
        let words = ["title_ko", "title_en", "sentence_ko", "sentence_en"];
        assert!(words.iter().all(|word| message[word].is_string()), "{message}");
        if message["kind"] == "request" {
            assert!(message["curl"].as_str().unwrap().starts_with("curl "), "{message}");
        }
        let Some(answers) = message["answers"].as_u64() else { continue };
        let request = by_seq[&answers];
        assert!(message["seq"].as_u64() > request["seq"].as_u64());
        assert_eq!((&message["from"], &message["to"]), (&request["to"], &request["from"]));
        assert!(message["story"] == request["story"] || request["noise"] == true, "{message}");
    }
    let kinds: BTreeSet<String> =
        messages.iter().map(|message| message["story"]["kind"].to_string()).collect();
    assert_eq!(kinds.len(), 6, "{kinds:?}: login, visit, experiment, background, social_login, unlinking");
}

/// The lines of a textbook in the order in which each was reached first.
fn lines(messages: &[Value], book: &str) -> Vec<u64> {
    let mut first = Vec::new();
    for message in messages.iter().filter(|message| message["book"] == book) {
        let number = message["number"].as_u64();
        first.extend(number.filter(|number| !first.contains(number)));
    }
    first
}

#[tokio::test]
async fn a_password_reaches_whoever_knows_it_alone() {
    let stage = Stage::new();
    preview::rehearse(&stage).await;
    let messages = stage.journal().after(0);
    let with_password: Vec<_> = messages
        .iter()
        .filter(|message| message.parameters.iter().any(|field| field.name.contains("password")))
        .collect();
    let ways: Vec<_> = with_password.iter().map(|message| (message.from, message.to)).collect();
    let directly = [Lifeline::AuthorizationServer, Lifeline::Provider].map(|to| (Lifeline::Browser, to));
    assert_eq!(ways, directly, "to whoever knows it, and to nobody else");
}

#[tokio::test]
async fn the_background_never_pushes_out_the_story() {
    let stage = Stage::new();
    preview::rehearse(&stage).await;
    let told = |stage: &Stage| stage.journal().after(0).iter().filter(|message| !message.noise).count();
    let before = told(&stage);
    for _ in 0..2 * NOISE_CAPACITY {
        let mut noise = mapae_demo::flow::message::Draft::new(
            Kind::Request,
            mapae_demo::flow::Endpoint::RevocationFeed,
            Lifeline::ResourceServer,
            Lifeline::AuthorizationServer,
        );
        noise.noise = true;
        stage.journal().record(noise);
    }
    assert_eq!(told(&stage), before);
}
