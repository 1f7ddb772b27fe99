//! What a token must say — RFC 9068 §4.

use mapae_resource::protocol::jose::{Algorithm, HeaderType, SigningKey};
use serde_json::{Value, json};

use crate::{
    api::Api,
    forge,
    issuer::{AUDIENCE, Issuer, now},
};

const INVALID: &str = "401 invalid_token";

#[tokio::test]
async fn a_valid_token_tells_the_handler_who_calls() {
    for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
        let issuer = Issuer::with_key(algorithm).await;
        let api = Api::start(&issuer).await;
        let claims = issuer.claims();
        let answer = api.get("/whoami", &issuer.sign(&claims)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut expected = claims.clone();
        expected.as_object_mut().unwrap().retain(|name, _| !["gid", "rvh"].contains(&name.as_str()));
        expected["is_client_itself"] = json!(false);
        assert_eq!(answer.json(), expected);
        for _ in 0..3 {
            assert_eq!(api.get("/whoami", &issuer.sign(&claims)).await.json(), expected, "remembered or not");
        }
    }
}

#[tokio::test]
async fn rs_01_other_audiences_and_issuers() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let verdict = async |name: &str, value: Value| {
        api.events(&issuer.sign(&issuer.claims_with(name, value))).await.verdict()
    };
    let tenant = format!("{}/tenant", issuer.url);
    for aud in [
        json!("https://mail.example"),
        json!(["https://mail.example", issuer.url]),
        json!("http://localhost:4000"),
        json!("http://localhost:4000/calendar/"),
        json!(AUDIENCE.to_uppercase()),
        json!([]),
        json!(null),
        json!(7),
        json!({ "aud": AUDIENCE }),
    ] {
        assert_eq!(verdict("aud", aud.clone()).await, INVALID, "{aud}");
    }
    for iss in
        [json!(tenant), json!(format!("{}/", issuer.url)), json!("https://evil.example"), json!([issuer.url])]
    {
        assert_eq!(verdict("iss", iss.clone()).await, INVALID, "{iss}");
    }
    assert_eq!(verdict("aud", json!([issuer.url, AUDIENCE])).await, "200 -");
}

#[tokio::test]
async fn rs_02_jo_14_other_kinds_of_tokens() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let (key, claims) = (issuer.signing_key(), issuer.claims());
    for kind in [HeaderType::Jwt, HeaderType::LogoutToken] {
        assert_eq!(api.events(&key.sign(kind, &claims).unwrap()).await.verdict(), INVALID);
    }
    for typ in [
        "JWT",
        "token-introspection+jwt",
        "oauth-authz-req+jwt",
        "dpop+jwt",
        "secevent+jwt",
        "at",
        "",
        "at+jwt ",
    ] {
        let token = forge::sign(&key, &forge::header_with(&key, "typ", json!(typ)), &claims.to_string());
        assert_eq!(api.events(&token).await.verdict(), INVALID, "{typ}");
    }
    let untyped = forge::sign(&key, &forge::header_without(&key, "typ"), &claims.to_string());
    assert_eq!(api.events(&untyped).await.verdict(), INVALID);
    for typ in ["at+jwt", "application/at+jwt", "AT+JWT"] {
        let token = forge::sign(&key, &forge::header_with(&key, "typ", json!(typ)), &claims.to_string());
        assert_eq!(api.events(&token).await.verdict(), "200 -", "{typ}");
    }
}

#[tokio::test]
async fn rs_03_dates() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let verdict = async |name: &str, value: Value| {
        api.events(&issuer.sign(&issuer.claims_with(name, value))).await.verdict()
    };
    for (name, value) in [
        ("exp", json!(now() - 6)),
        ("nbf", json!(now() + 600)),
        ("iat", json!(now() + 600)),
        ("iat", json!(now() + 86_400 * 365)),
    ] {
        assert_eq!(verdict(name, value).await, INVALID, "{name}");
    }
    for name in ["exp", "nbf", "iat"] {
        let dates =
            [json!("1900000000"), json!(1.5e9), json!(-1), json!(1e300), json!(null), json!(true), json!([])];
        for date in dates {
            assert_eq!(verdict(name, date.clone()).await, INVALID, "{name} {date}");
        }
    }
    for name in ["exp", "iat", "sub", "aud", "iss", "jti", "client_id"] {
        let mut claims = issuer.claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(api.events(&issuer.sign(&claims)).await.verdict(), INVALID, "without {name}");
    }
    assert_eq!(verdict("nbf", json!(now() - 1)).await, "200 -");
}

#[tokio::test]
async fn rs_03_a_remembered_token_ends_when_it_ends() {
    let issuer = Issuer::start().await;
    let api = Api::build(Api::builder(&issuer).feed_max_age(std::time::Duration::from_secs(3_600)));
    api.ready().await;
    let token = issuer.token();
    assert_eq!(api.events(&token).await.status, 200);
    api.clock.advance(290);
    assert_eq!(api.events(&token).await.status, 200);
    api.clock.advance(20);
    let refused = api.events(&token).await;
    assert_eq!(refused.verdict(), INVALID);
    assert!(refused.challenge().contains("has expired"), "{}", refused.challenge());
}

#[tokio::test]
async fn rs_04_jo_01_algorithms() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let (key, claims) = (issuer.signing_key(), issuer.claims().to_string());
    let public = serde_json::to_vec(key.public_jwk()).unwrap();
    for alg in ["none", "None", "nOnE", "HS256", "HS512", "ES384", "RS256", "PS256", "EdDSA", "es256", ""] {
        let header = forge::header_with(&key, "alg", json!(alg));
        for token in [
            forge::sign(&key, &header, &claims),
            forge::with_signature(&header, &claims, b""),
            forge::mac(&public, &header, &claims),
            forge::mac(b"", &header, &claims),
        ] {
            assert_eq!(api.events(&token).await.verdict(), INVALID, "{alg}");
        }
    }
    assert_eq!(api.events(&forge::damaged(&issuer.token())).await.verdict(), INVALID);
    assert_eq!(api.handled(), 0);
}

#[tokio::test]
async fn rs_07_scopes_are_compared_whole() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let verdict =
        async |scope: Value| api.events(&issuer.sign(&issuer.claims_with("scope", scope))).await.verdict();
    for scope in [
        "calendar.readwrite",
        "calendar",
        "xcalendar.read",
        "Calendar.Read",
        "CALENDAR.READ",
        "calendar.read,openid",
        "calendar.write",
        "calendar.*",
        "calendar.read2 read",
        "",
    ] {
        assert_eq!(verdict(json!(scope)).await, "403 insufficient_scope", "{scope}");
    }
    for scope in
        [json!(["calendar.read"]), json!(null), json!(1), json!("a\u{a0}b"), json!("calendar.read  x")]
    {
        assert_eq!(verdict(scope.clone()).await, INVALID, "{scope}");
    }
    assert_eq!(verdict(json!("openid calendar.read")).await, "200 -");
    let both = api.get("/both", &issuer.token()).await;
    assert_eq!(both.verdict(), "403 insufficient_scope");
    assert!(both.challenge().contains("scope=\"calendar.admin calendar.read\""), "{}", both.challenge());
}

#[tokio::test]
async fn rs_14_a_person_is_issuer_and_subject() {
    let (here, there) = (Issuer::start().await, Issuer::start().await);
    let (api, other) = (Api::start(&here).await, Api::start(&there).await);
    let alice = api.get("/whoami", &here.token()).await.json();
    let stranger = other.get("/whoami", &there.token()).await.json();
    assert_eq!(alice["sub"], stranger["sub"]);
    assert_ne!((&alice["iss"], &alice["sub"]), (&stranger["iss"], &stranger["sub"]));
    assert_eq!(api.events(&there.token()).await.verdict(), INVALID, "another issuer's key is no key here");
    let machine = here.sign(&here.claims_with("sub", json!("planner")));
    assert_eq!(api.get("/whoami", &machine).await.json()["is_client_itself"], true);
}

#[tokio::test]
async fn rs_16_a_better_sign_in_is_asked_for() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let metadata =
        "resource_metadata=\"http://localhost:4000/.well-known/oauth-protected-resource/calendar\"";
    let described = "error_description=\"a more recent or stronger sign-in is needed\"";
    assert_eq!(api.get("/recent", &issuer.token()).await.status, 200);
    let long_ago = issuer.sign(&issuer.claims_with("auth_time", json!(now() - 200)));
    assert_eq!(
        api.get("/recent", &long_ago).await.challenge(),
        format!(
            "Bearer error=\"insufficient_user_authentication\", {described}, max_age=\"120\", {metadata}"
        )
    );
    let mut unsaid = issuer.claims();
    unsaid.as_object_mut().unwrap().remove("auth_time");
    let unsaid = api.get("/recent", &issuer.sign(&unsaid)).await;
    assert_eq!(unsaid.verdict(), "401 insufficient_user_authentication");
    assert_eq!(
        api.get("/strong", &issuer.token()).await.challenge(),
        format!(
            "Bearer error=\"insufficient_user_authentication\", {described}, \
             acr_values=\"urn:mapae:acr:passkey\", {metadata}"
        )
    );
    let strong = issuer.sign(&issuer.claims_with("acr", json!("urn:mapae:acr:passkey")));
    assert_eq!(api.get("/strong", &strong).await.status, 200);
}

#[tokio::test]
async fn rs_17_a_key_bound_token_is_no_bearer_token() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    for cnf in [json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }), json!({}), json!(null)] {
        let token = issuer.sign(&issuer.claims_with("cnf", cnf));
        assert_eq!(api.events(&token).await.verdict(), INVALID);
    }
    let header = format!("DPoP {}", issuer.token());
    let answer = api.with_headers("/events", &[(http::header::AUTHORIZATION, &header)]).await;
    assert_eq!(answer.verdict(), "401 invalid_dpop_proof", "nor is a bearer token a bound one");
}

#[tokio::test]
async fn a_stranger_with_a_good_key_of_his_own_is_refused() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let own = SigningKey::generate(Algorithm::Es256).unwrap();
    let posing = forge::sign(
        &own,
        &forge::header_with(&issuer.signing_key(), "x", json!(1)),
        &issuer.claims().to_string(),
    );
    assert_eq!(api.events(&posing).await.verdict(), INVALID);
}
