//! Tokens and what they open — RFC 6749 §5.1, RFC 6750 §3.

use std::time::Instant;

use http::StatusCode;
use mapae_e2e::{
    chromium::Screen,
    demo::Party,
    process::Installation,
    wire::{Reply, Wire},
};
use serde_json::{Value, json};
use tokio::time::interval;

use super::stage::{GLANCE, PATIENCE, Stage};

const TOKENS: &str = "SELECT issuer, subject, sealed, version FROM tokens";
const USERS: &str = "SELECT issuer, subject, name, email FROM users";

#[tokio::test]
async fn tokens_and_profile_come_back_and_the_service_keeps_them_in_its_database() {
    let mut stage = Stage::set(Screen::desk("ko")).await;
    let email = stage.somebody().await;
    stage.join(&email).await;
    let (_, tokens) = stage.diagram.exchange("redemption").await;
    assert_eq!(tokens.way(), ("authorization_server", "client"));
    for name in ["access_token", "refresh_token", "id_token"] {
        let shown = tokens.body(name).as_str().unwrap_or_default();
        assert!(shown.starts_with("***") && shown.len() == 7, "{name}: {shown}");
    }
    assert_eq!((tokens.body("token_type"), tokens.body("expires_in")), (&json!("Bearer"), &json!(60)));
    let (asked, profile) = stage.diagram.exchange("user_info").await;
    let access = tokens.body("access_token").as_str().unwrap_or_default();
    assert_eq!(asked.header("authorization"), format!("Bearer {access}"));
    assert_eq!((profile.body("name"), profile.body("email")), (&json!("홍길동"), &json!(email)));
    let (called, events) = stage.diagram.exchange("read_events").await;
    assert_eq!((called.header("authorization"), events.status()), (asked.header("authorization"), 200));

    let subject = profile.body("sub").as_str().unwrap_or_default().to_owned();
    let issuer = stage.server("");
    assert_eq!(stage.user_rows(USERS), [[issuer.as_str(), &subject, "홍길동", &email]]);
    let kept = stage.vault_rows(TOKENS);
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0][0], &kept[0][1]), (&issuer, &subject));
    assert!(kept[0][2].len() > 200 && !kept[0][2].contains(".eyJ"), "sealed: {kept:?}");

    // None of them is in the browser.
    stage.look_at_service().await;
    let held = "return [document.cookie, localStorage.length, sessionStorage.length];";
    assert_eq!(stage.chromium.ask(held, Vec::new()).await, json!(["", 0, 0]));
    let page = stage.chromium.read("return document.documentElement.outerHTML;").await;
    assert!(!page.contains(".eyJ") && page.contains(&subject) && page.contains(&email));
    let details = stage.opened(&tokens).await;
    assert!(details.contains(access.trim_start_matches('*')), "{details}");
    stage.chromium.glimpse("demo-flow-tokens").await;
    stage.clear().await;
}

#[tokio::test]
async fn the_api_answers_a_valid_token_and_says_why_not_at_every_button() {
    let mut stage = Stage::set(Screen::phone("en")).await;
    for screen in [Screen::phone("en"), Screen::desk("ko")] {
        let email = stage.hand_over(screen).await;
        stage.join(&email).await;
        for (button, endpoint, answers) in [
            ("call_api", "read_events", &[(200, "", "")][..]),
            ("token_in_address", "read_events", &[(200, "", ""), (401, "invalid_token", "signature")]),
            ("forged_access_token", "read_events", &[(401, "invalid_token", "signature"), (200, "", "")]),
            ("revoked_access_token", "read_events", &[(401, "invalid_token", "withdrawn"), (200, "", "")]),
            ("dropped_scope", "write_events", &[(403, "insufficient_scope", "calendar.write")]),
            ("foreign_access_token", "read_events", &[(401, "invalid_token", "audience")]),
        ] {
            stage.mark_here().await;
            let found = stage.press(button).await;
            assert_eq!(found.name, "as_expected", "{button}: {found:?}");
            stage.chromium.glimpse(&format!("demo-flow-{}", button.replace('_', "-"))).await;
            for (status, error, why) in answers {
                let answer = stage.diagram.next(button, |message| {
                    message.text("endpoint") == endpoint
                        && message.text("kind") == "response"
                        && message.status() == *status
                });
                let answer = answer.await;
                let challenge = answer.header("www-authenticate");
                assert!(challenge.contains(error) && challenge.contains(why), "{button}: {challenge}");
                assert_eq!(answer.text("verdict"), if *status < 400 { "ok" } else { "refused" });
                let row = stage.is_drawn(&answer).await;
                assert!(row.contains(&status.to_string()) && row.contains(error), "{button}: {row}");
            }
        }
    }
    stage.clear().await;
}

/// A machine app that may ask for a token.
struct Machine {
    client_id: String,
    client_secret: String,
}

impl Machine {
    /// Of what `app create` printed.
    fn of(made: &Value) -> Self {
        let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        Self { client_id: text("client_id"), client_secret: text("client_secret") }
    }

    fn signed<'a>(&'a self, form: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let credential = [("client_id", self.client_id.as_str()), ("client_secret", &self.client_secret)];
        [form, &credential].concat()
    }

    /// A token by client credentials (RFC 6749 §4.4).
    ///
    /// What was registered beside a running server is known to it within a second.
    async fn token(&self, server: &mut Wire, scope: &str) -> String {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        let (began, mut glance) = (Instant::now(), interval(GLANCE));
        loop {
            let reply = server.post("/token", &[], &self.signed(&form)).await.expect("the server answers");
            if let Some(token) = reply.json()["access_token"].as_str() {
                return token.to_owned();
            }
            assert!(began.elapsed() < PATIENCE, "{}", reply.text());
            glance.tick().await;
        }
    }
}

const MACHINE: &[&str] = &["app", "create", "--name", "기계", "--grant", "client_credentials"];

/// A token of another server, for an API of the same identifier.
async fn token_of_another_issuer(identifier: &str) -> String {
    let installation = Installation::on_sqlite();
    let process = installation.start().await;
    let api =
        ["api", "create", "--identifier", identifier, "--name", "API", "--scope", "calendar.read=보기|See"];
    installation.run(&api, "").await.expect("the API is registered");
    let app = [MACHINE, &["--required-scope", "calendar.read"]].concat();
    let machine = Machine::of(&installation.run(&app, "").await.expect("the app is registered"));
    machine.token(&mut Wire::to(process.node()), "calendar.read").await
}

/// The same token, with another letter in the middle of its signature.
fn forged(token: &str) -> String {
    let at = (token.rfind('.').unwrap_or_default() + token.len()) / 2;
    let other = if token.as_bytes()[at] == b'A' { 'B' } else { 'A' };
    format!("{}{other}{}", &token[..at], &token[at + 1..])
}

/// What an answer of the API says is wrong.
fn complaint(reply: &Reply) -> &str {
    let challenge = reply.headers.get("www-authenticate").and_then(|challenge| challenge.to_str().ok());
    challenge.and_then(|challenge| challenge.split("error=\"").nth(1)?.split('"').next()).unwrap_or_default()
}

#[tokio::test]
async fn the_api_says_the_same_to_anybody_in_the_header_and_in_the_address() {
    let mut stage = Stage::set(Screen::desk("en")).await;
    let other_api = ["api", "create", "--identifier", "https://photos.example", "--name", "사진"];
    stage.demo.run(&[&other_api[..], &["--scope", "photos.read=사진 보기|See photos"]].concat(), "").await;
    let scopes = ["calendar.read", "calendar.write", "photos.read"];
    let scopes = scopes.map(|scope| ["--required-scope", scope]);
    let machine = Machine::of(&stage.demo.run(&[MACHINE, scopes.as_flattened()].concat(), "").await);
    let mut server = stage.wire(Party::AuthorizationServer);
    let valid = machine.token(&mut server, "calendar.read").await;
    let revoked = machine.token(&mut server, "calendar.read").await;
    let tokens = [
        ("valid", valid.clone(), 200, ""),
        ("forged", forged(&valid), 401, "invalid_token"),
        (
            "of another issuer",
            token_of_another_issuer(&stage.demo.at(Party::ResourceServer)).await,
            401,
            "invalid_token",
        ),
        ("for another API", machine.token(&mut server, "photos.read").await, 401, "invalid_token"),
        ("insufficient", machine.token(&mut server, "calendar.write").await, 403, "insufficient_scope"),
        ("no token at all", "no-token".to_owned(), 401, "invalid_token"),
    ];
    for (what, token, status, error) in &tokens {
        let in_header = stage.events(token).await;
        let address = format!("/events?access_token={token}");
        let in_address = stage.wire(Party::ResourceServer).get(&address, &[]).await.expect("the API answers");
        for reply in [&in_header, &in_address] {
            assert_eq!((reply.status.as_u16(), complaint(reply)), (*status, *error), "{what}");
        }
        for where_it_stood in ["header", "address"] {
            let (asked, answered) = stage.diagram.exchange("read_events").await;
            assert_eq!((answered.status(), asked.has(token)), (u64::from(*status), false), "{what}");
            assert_eq!(asked.story().1, "direct_call");
            let query = asked.parameter("access_token");
            assert_eq!(query.starts_with("***"), where_it_stood == "address", "{what}: {asked:?}");
            stage.is_drawn(&answered).await;
        }
    }
    stage.chromium.glimpse("demo-flow-direct-calls").await;
    // To write, a token in the address is never taken.
    let mut api = stage.wire(Party::ResourceServer);
    let by_address = api.post(&format!("/events?access_token={valid}"), &[], &[]).await.expect("it answers");
    assert_eq!((by_address.status, complaint(&by_address)), (StatusCode::BAD_REQUEST, "invalid_request"));

    assert_eq!(stage.events(&revoked).await.status, StatusCode::OK);
    let form = [("token", revoked.as_str())];
    let reply = server.post("/revoke", &[], &machine.signed(&form)).await.expect("the server answers");
    assert_eq!(reply.status, StatusCode::OK);
    let refused = stage.events_until_refused(&revoked).await;
    assert_eq!(complaint(&refused), "invalid_token");
    let refused = api.get(&format!("/events?access_token={revoked}"), &[]).await.expect("the API answers");
    assert_eq!((refused.status, complaint(&refused)), (StatusCode::UNAUTHORIZED, "invalid_token"));
    stage.clear().await;
}
