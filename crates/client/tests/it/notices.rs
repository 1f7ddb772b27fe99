//! Notices of a provider that can sign whatever it likes, and of whoever cannot.

use http::HeaderMap;
use mapae_client::{
    Client, ClientRegistration, Definition, EventKind, Notice, Provider, ProviderSettings, Vault,
};
use mapae_protocol::jose::{Algorithm, HeaderType, SigningKey};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    issuer::Issuer,
    website::{TestClock, User, Users},
};

struct Apple {
    issuer: Issuer,
    client: Client<User>,
    clock: TestClock,
    _folder: TempDir,
}

impl Apple {
    async fn start() -> Self {
        Self::called("apple").await
    }

    /// Another provider with the same keys.
    async fn called(id: &str) -> Self {
        let (clock, folder) = (TestClock::new(), tempfile::tempdir().unwrap());
        let issuer = Issuer::start(&clock).await;
        let registration = ClientRegistration::new("com.example.web", "http://localhost:3000/callback")
            .with_secret("by.hand.x")
            .with_credential("notice_audience", "com.example.app");
        let definition = Definition::named(id).unwrap().at(issuer.url());
        let settings = ProviderSettings::new(id).for_development();
        let provider = Provider::new(definition, registration, settings).unwrap();
        let vault = Vault::open(folder.path().join("client.db")).unwrap();
        let builder = Client::builder(vault, Users::default()).provider(provider);
        let client = builder.clock(clock.clock()).build().unwrap();
        Self { issuer, client, clock, _folder: folder }
    }

    /// A good notice's claims with others in place of its own.
    fn claims(&self, others: &Value) -> Value {
        let mut claims = json!({
            "iss": self.issuer.url(), "aud": "com.example.web", "iat": self.clock.unix(), "jti": "n1",
            "events": r#"{"type":"consent-revoked","sub":"001234.a.0910","event_time":1800000000000}"#,
        });
        for (name, value) in others.as_object().unwrap() {
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
                value => claims[name] = value.clone(),
            }
        }
        claims
    }

    async fn hear(&self, body: &str) -> Result<Vec<EventKind>, u16> {
        let headers = HeaderMap::new();
        let notice = Notice { headers: &headers, query: None, body: body.as_bytes() };
        let answer = self.client.notified("apple", "notifications", &notice).await;
        let events = answer.map_err(|error| error.status().as_u16())?.events;
        assert!(events.iter().all(|event| event.person.subject() == "001234.a.0910"));
        Ok(events.into_iter().map(|event| event.kind).collect())
    }

    async fn told(&self, kind: HeaderType, others: &Value) -> Result<Vec<EventKind>, u16> {
        let payload = self.issuer.sign(kind, &self.claims(others));
        self.hear(&json!({ "payload": payload }).to_string()).await
    }
}

fn event(kind: &str) -> Value {
    json!(json!({ "type": kind, "sub": "001234.a.0910" }).to_string())
}

#[tokio::test]
async fn what_apple_tells_of_in_neutral_words() {
    let apple = Apple::start().await;
    for (said, kinds) in [
        ("consent-revoked", vec![EventKind::Unlinked]),
        ("account-delete", vec![EventKind::Unlinked]),
        ("account-deleted", vec![EventKind::Unlinked]),
        ("email-disabled", vec![EventKind::RelayStopped]),
        ("email-enabled", vec![EventKind::RelayResumed]),
        ("invented-tomorrow", vec![]),
    ] {
        let heard = apple.told(HeaderType::Jwt, &json!({ "jti": said, "events": event(said) })).await;
        assert_eq!(heard, Ok(kinds), "{said}");
    }
}

#[tokio::test]
async fn lk_12_only_a_notice_of_apples_for_us_made_now_is_taken() {
    let apple = Apple::start().await;
    let now = apple.clock.unix();
    for (case, others, status) in [
        ("another issuer", json!({ "iss": "https://appleid.apple.com.evil.example" }), 403),
        ("no issuer", json!({ "iss": null }), 403),
        ("another app", json!({ "aud": "com.example.other" }), 403),
        ("strangers only", json!({ "aud": ["com.example.other"] }), 403),
        ("no audience", json!({ "aud": null }), 403),
        ("of last week", json!({ "iat": now - 7 * 86_400 - 1 }), 400),
        ("of tomorrow", json!({ "iat": now + 86_400 }), 400),
        ("of no time", json!({ "iat": null }), 400),
        ("without a name", json!({ "jti": null }), 400),
        (
            "an ID token",
            json!({ "events": null, "sub": "001234.a.0910", "exp": now + 300, "nonce": "n" }),
            400,
        ),
        (
            "events as an object",
            json!({ "events": { "type": "consent-revoked", "sub": "001234.a.0910" } }),
            400,
        ),
        ("events as nothing", json!({ "events": "" }), 400),
        ("events twice", json!({ "events": r#"{"type":"a","type":"b","sub":"c"}"# }), 400),
        ("about nobody", json!({ "events": r#"{"type":"consent-revoked"}"# }), 400),
    ] {
        assert_eq!(apple.told(HeaderType::Jwt, &others).await, Err(status), "{case}");
    }
    for kind in [HeaderType::AccessToken, HeaderType::LogoutToken, HeaderType::SecurityEvent] {
        assert_eq!(apple.told(kind, &json!({})).await, Err(400), "{kind:?}");
    }
    for ours in [json!("com.example.app"), json!(["com.example.other", "com.example.web"])] {
        let heard = apple.told(HeaderType::Jwt, &json!({ "aud": ours, "jti": ours.to_string() })).await;
        assert_eq!(heard, Ok(vec![EventKind::Unlinked]), "{ours}");
    }
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    let forged = stranger.sign(HeaderType::Jwt, &apple.claims(&json!({}))).unwrap();
    assert_eq!(apple.hear(&json!({ "payload": forged }).to_string()).await, Err(403));
    let good = apple.issuer.sign(HeaderType::Jwt, &apple.claims(&json!({})));
    for body in [
        "",
        "{}",
        &good,
        &json!({ "payload": [good] }).to_string(),
        &json!({ "payload": "e30.e30." }).to_string(),
    ] {
        assert!(apple.hear(body).await.is_err_and(|status| status < 500), "{body:.20}");
    }
    assert_eq!(apple.hear(&json!({ "payload": good }).to_string()).await, Ok(vec![EventKind::Unlinked]));
    assert_eq!(apple.hear(&json!({ "payload": good }).to_string()).await, Ok(vec![]), "once");
}

#[tokio::test]
async fn lk_12_what_has_a_name_may_come_late_and_happens_once() {
    let apple = Apple::start().await;
    let then = apple.clock.unix();
    let told =
        async |jti: &str, iat: i64| apple.told(HeaderType::Jwt, &json!({ "jti": jti, "iat": iat })).await;
    assert_eq!(told("first", then).await, Ok(vec![EventKind::Unlinked]));
    for days in [1, 6] {
        apple.clock.advance(days * 86_400);
        assert_eq!(told("first", then).await, Ok(vec![]), "a repeat, for as long as it is taken");
    }
    assert_eq!(
        told("late", then).await,
        Ok(vec![EventKind::Unlinked]),
        "whoever could not reach us tries again"
    );
    assert_eq!(told("late", then).await, Ok(vec![]));
    apple.clock.advance(1);
    assert_eq!(told("later", then).await, Err(400));
}

/// RFC 8935 §2.3, §2.4.
#[tokio::test]
async fn rfc_8935_tokens_are_refused_in_the_words_of_their_paper() {
    let kakao = Apple::called("kakao").await;
    let event = "https://schemas.openid.net/secevent/oauth/event-type/user-unlinked";
    let events =
        json!({ event: { "subject": { "subject_type": "iss-sub", "iss": kakao.issuer.url(), "sub": "1" } } });
    let refusal = async |kind: HeaderType, others: Value| {
        let mut claims = kakao.claims(&others);
        if others.get("events").is_none() {
            claims["events"] = events.clone();
        }
        let (headers, token) = (HeaderMap::new(), kakao.issuer.sign(kind, &claims));
        let notice = Notice { headers: &headers, query: None, body: token.as_bytes() };
        match kakao.client.notified("kakao", "account", &notice).await {
            Ok(answer) => (answer.status.as_u16(), String::new()),
            Err(error) => {
                let refused = kakao.client.refusal("kakao", "account", &error);
                (refused.status.as_u16(), refused.body.unwrap()["err"].as_str().unwrap().to_owned())
            }
        }
    };
    for (kind, others, status, code) in [
        (HeaderType::SecurityEvent, json!({}), 202, ""),
        (HeaderType::SecurityEvent, json!({ "iss": "https://evil.example" }), 400, "invalid_issuer"),
        (HeaderType::SecurityEvent, json!({ "aud": "another" }), 400, "invalid_audience"),
        (HeaderType::SecurityEvent, json!({ "iat": 1 }), 400, "invalid_request"),
        (HeaderType::SecurityEvent, json!({ "events": 7 }), 400, "invalid_request"),
        (HeaderType::Jwt, json!({}), 400, "invalid_request"),
    ] {
        assert_eq!(refusal(kind, others.clone()).await, (status, code.to_owned()), "{others}");
    }
    let headers = HeaderMap::new();
    let unlink = Notice { headers: &headers, query: None, body: b"app_id=1&user_id=1" };
    let error = kakao.client.notified("kakao", "unlink", &unlink).await.unwrap_err();
    let plain = kakao.client.refusal("kakao", "unlink", &error);
    assert_eq!((plain.status.as_u16(), plain.body), (403, None), "what is no token has no code");
}
