//! Answers that the provider signs, and everything that is none — JARM §2.4, FAPI 2.0 Message Signing §5.4.2.

use mapae_client::{
    CallbackError, CallbackResponse, Class, ClientRegistration, Error, LoginRequest, Provider,
    ProviderSettings, Setting,
};
use mapae_protocol::{
    authorization::{response, signed_response},
    base64url,
    jose::{self, Algorithm, ClaimsError, HeaderType, SharedKey, SigningKey},
    secret::Secret,
};
use serde_json::{Value, json};

use crate::{
    issuer::Issuer,
    website::{Browser, SECRET, Setup, TestClock, Website, registration},
};

type Registered = fn(ClientRegistration) -> ClientRegistration;

async fn start() -> (Website, Issuer) {
    start_with(ClientRegistration::with_signed_answers).await
}

async fn start_with(registered: Registered) -> (Website, Issuer) {
    let (website, issuer) = Website::start_with(Setup { registered, ..Setup::default() }).await;
    issuer.knows_signing(|_| {});
    (website, issuer)
}

/// A login whose person has agreed, and the claims of the right answer.
async fn agreed(website: &Website, issuer: &Issuer) -> (Browser, Value) {
    let mut browser = Browser::default();
    let url = browser.begin(website, &LoginRequest::new()).await.unwrap();
    assert!(url.split('&').any(|pair| pair == "response_mode=jwt"), "{url}");
    (browser, issuer.right_answer(&url, "alice"))
}

/// Comes back with `query`, which must be refused before a code is sent anywhere.
async fn refusal(website: &Website, issuer: &Issuer, browser: &Browser, query: &str) -> CallbackError {
    let before = issuer.hits("/token").len();
    let refused = browser.clone().come_back(website, query).await.unwrap_err();
    assert_eq!(issuer.hits("/token").len(), before, "nothing is redeemed: {query}");
    assert_eq!(refused.class(), Class::Restart);
    match refused {
        Error::Callback(error) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn rp_01_a_signed_answer_is_this_browsers_and_works_once() {
    let (website, issuer) = start().await;
    let (mut browser, claims) = agreed(&website, &issuer).await;
    let query = issuer.signed_answer(&claims);
    let refuse = async |browser: &Browser| refusal(&website, &issuer, browser, &query).await;
    assert_eq!(refuse(&Browser::default()).await, CallbackError::StateUnknown);
    let (other, _) = agreed(&website, &issuer).await;
    assert_eq!(refuse(&other).await, CallbackError::StateUnknown, "the answer to another login");
    let replaying = browser.clone();
    assert_eq!(browser.come_back(&website, &query).await.unwrap(), "/");
    assert_eq!(browser.person(&website).await.unwrap().subject(), "alice");
    assert_eq!(refuse(&replaying).await, CallbackError::StateUsed);
}

#[tokio::test]
async fn rp_01_a_signed_answer_without_the_state_of_its_login_is_none() {
    let (website, issuer) = start().await;
    for (state, error) in [
        (Value::Null, CallbackError::StateMissing),
        (json!(""), CallbackError::StateMissing),
        (json!(7), CallbackError::StateMissing),
        (json!("made-up"), CallbackError::StateUnknown),
    ] {
        let (browser, mut claims) = agreed(&website, &issuer).await;
        claims["state"] = state;
        let refused = refusal(&website, &issuer, &browser, &issuer.signed_answer(&claims)).await;
        assert_eq!(refused, error, "{claims}");
    }
}

/// RFC 9700 §4.4.
#[tokio::test]
async fn rp_30_from_whom_for_whom_and_until_when_an_answer_is() {
    let (website, issuer) = start().await;
    let now = website.clock.unix();
    let missing = |name| signed_response::Error::Claims(ClaimsError::Missing(name));
    for (name, value, error) in [
        ("iss", json!("https://evil.example"), signed_response::Error::Issuer),
        ("iss", json!(format!("{}/", issuer.url())), signed_response::Error::Issuer),
        ("iss", Value::Null, missing("iss")),
        ("aud", json!("other-client"), signed_response::Error::Audience),
        ("aud", json!(["client-1", "other-client"]), signed_response::Error::Audience),
        ("aud", Value::Null, missing("aud")),
        ("exp", json!(now - 30), signed_response::Error::Expired),
        ("exp", json!(now + 631), signed_response::Error::TooLong),
        ("exp", Value::Null, missing("exp")),
        ("nbf", json!(now + 31), signed_response::Error::NotYet),
        ("sub", json!("alice"), signed_response::Error::Subject),
    ] {
        let (browser, mut claims) = agreed(&website, &issuer).await;
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        let refused = refusal(&website, &issuer, &browser, &issuer.signed_answer(&claims)).await;
        assert_eq!(refused, CallbackError::Signed(error), "{claims}");
    }
    assert_eq!(website.users.count(), 0);
}

#[tokio::test]
async fn jo_01_jo_02_jo_14_an_answer_that_the_provider_has_not_signed_is_none() {
    let (website, issuer) = start().await;
    let token = |error| signed_response::Error::Token(error);
    let forgeries: [(&str, signed_response::Error); 6] = [
        ("none", token(jose::Error::Algorithm)),
        ("HS256", token(jose::Error::Algorithm)),
        ("broken", token(jose::Error::Signature)),
        ("stranger", signed_response::Error::UnknownKey),
        ("access token", signed_response::Error::WrongType),
        ("ID token", signed_response::Error::Subject),
    ];
    for (forgery, error) in forgeries {
        let (browser, mut claims) = agreed(&website, &issuer).await;
        let right = issuer.sign(HeaderType::Jwt, &claims);
        let (signed, _) = right.rsplit_once('.').unwrap();
        let payload = signed.split_once('.').unwrap().1;
        let forged = match forgery {
            "none" => format!("{}.{payload}.", base64url::encode(r#"{"alg":"none","typ":"JWT"}"#)),
            "HS256" => {
                let public = issuer.public_key();
                SharedKey::new(&Secret::new(public)).unwrap().sign(HeaderType::Jwt, &claims).unwrap()
            }
            "broken" => format!("{signed}.{}", base64url::encode([7; 64])),
            "stranger" => {
                SigningKey::generate(Algorithm::Es256).unwrap().sign(HeaderType::Jwt, &claims).unwrap()
            }
            "access token" => issuer.sign(HeaderType::AccessToken, &claims),
            _ => {
                (claims["sub"], claims["iat"]) = (json!("alice"), json!(website.clock.unix()));
                issuer.sign(HeaderType::Jwt, &claims)
            }
        };
        let refused = refusal(&website, &issuer, &browser, &format!("response={forged}")).await;
        assert_eq!(refused, CallbackError::Signed(error), "{forgery}");
    }
    assert_eq!(website.users.count(), 0);
}

/// JARM §2.3.1.
#[tokio::test]
async fn rp_30_what_nobody_signed_is_no_answer_and_uses_nothing_up() {
    let (website, issuer) = start().await;
    let (mut browser, claims) = agreed(&website, &issuer).await;
    let signed = issuer.signed_answer(&claims);
    let text = |name: &str| claims[name].as_str().unwrap().to_owned();
    let (code, state, iss) = (text("code"), text("state"), text("iss"));
    let plain = format!("code={code}&state={state}&iss={iss}");
    let repeated = CallbackError::Response(response::Error::Repeated);
    for (query, error) in [
        (plain.clone(), CallbackError::Unsigned),
        (format!("error=access_denied&state={state}&iss={iss}"), CallbackError::Unsigned),
        (format!("response=&{plain}"), CallbackError::Unsigned),
        (String::new(), CallbackError::Unsigned),
        (format!("{signed}&{plain}"), CallbackError::BesideSigned),
        (format!("{signed}&code=other"), CallbackError::BesideSigned),
        (format!("{signed}&state={state}"), CallbackError::BesideSigned),
        (format!("{signed}&iss={iss}"), CallbackError::BesideSigned),
        (format!("{signed}&error=access_denied"), CallbackError::BesideSigned),
        (format!("{signed}&{signed}"), repeated),
        (format!("{signed}&response="), repeated),
    ] {
        assert_eq!(refusal(&website, &issuer, &browser, &query).await, error, "{query}");
    }
    browser.come_back(&website, &format!("{signed}&utm_source=x")).await.unwrap();
    assert!(browser.user(&website).await.is_some(), "the login was still there");
}

#[tokio::test]
async fn rp_30_a_signed_answer_that_nobody_asked_for_is_none() {
    let (website, issuer) = Website::start().await;
    let mut browser = Browser::default();
    let url = browser.begin(&website, &LoginRequest::new()).await.unwrap();
    let signed = issuer.signed_answer(&issuer.right_answer(&url, "alice"));
    assert_eq!(refusal(&website, &issuer, &browser, &signed).await, CallbackError::SignedUnasked);
    browser.come_back(&website, &issuer.approve(&url, "alice")).await.unwrap();
}

#[tokio::test]
async fn rp_14_an_error_is_signed_too_and_means_what_it_means() {
    let (website, issuer) = start().await;
    for (code, class) in [
        ("access_denied", Class::Cancelled),
        ("login_required", Class::InteractionNeeded),
        ("temporarily_unavailable", Class::Unavailable),
        ("something_new", Class::Restart),
    ] {
        let (mut browser, mut claims) = agreed(&website, &issuer).await;
        claims.as_object_mut().unwrap().remove("code");
        claims["error"] = json!(code);
        let refused = browser.come_back(&website, &issuer.signed_answer(&claims)).await.unwrap_err();
        assert!(matches!(refused, Error::Provider(_)) && refused.class() == class, "{code}: {refused:?}");
    }
    for (name, value, error) in [
        ("error", json!("access_denied"), response::Error::Contradictory),
        ("code", json!(["a", "b"]), response::Error::Repeated),
        ("code", json!(""), response::Error::Empty),
    ] {
        let (browser, mut claims) = agreed(&website, &issuer).await;
        claims[name] = value;
        let refused = refusal(&website, &issuer, &browser, &issuer.signed_answer(&claims)).await;
        assert_eq!(refused, CallbackError::Response(error));
    }
}

/// JARM §3.
#[tokio::test]
async fn rp_30_only_the_algorithm_that_was_agreed_on_signs_answers() {
    let agreed_on: [(Registered, bool); 2] = [
        (|registration| registration.with_signed_answers().with_answer_algorithm(Algorithm::Es256), true),
        (|registration| registration.with_signed_answers().with_answer_algorithm(Algorithm::Ps256), false),
    ];
    for (registered, fits) in agreed_on {
        let (website, issuer) = start_with(registered).await;
        let (mut browser, claims) = agreed(&website, &issuer).await;
        let query = issuer.signed_answer(&claims);
        if fits {
            browser.come_back(&website, &query).await.unwrap();
        } else {
            let refused = refusal(&website, &issuer, &browser, &query).await;
            assert_eq!(refused, CallbackError::Signed(signed_response::Error::Algorithm));
        }
    }
}

#[tokio::test]
async fn rp_24_a_new_key_of_answers_is_found_at_once_and_made_up_ones_make_no_storm() {
    let (website, issuer) = start().await;
    let (mut browser, claims) = agreed(&website, &issuer).await;
    browser.come_back(&website, &issuer.signed_answer(&claims)).await.unwrap();
    assert_eq!(issuer.hits("/jwks").len(), 1);
    issuer.rotate_key();
    let (mut browser, claims) = agreed(&website, &issuer).await;
    browser.come_back(&website, &issuer.signed_answer(&claims)).await.unwrap();
    assert_eq!(issuer.hits("/jwks").len(), 2);
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    for _ in 0..5 {
        let (browser, claims) = agreed(&website, &issuer).await;
        let forged = format!("response={}", stranger.sign(HeaderType::Jwt, &claims).unwrap());
        let refused = refusal(&website, &issuer, &browser, &forged).await;
        assert_eq!(refused, CallbackError::Signed(signed_response::Error::UnknownKey));
    }
    assert_eq!(issuer.hits("/jwks").len(), 2, "it was asked a moment ago");
    // Whoever began no login here makes nobody ask anything.
    let (website, issuer) = start().await;
    let forged = stranger.sign(HeaderType::Jwt, &json!({ "state": "x", "code": "c" })).unwrap();
    let refused = refusal(&website, &issuer, &Browser::default(), &format!("response={forged}")).await;
    assert_eq!((refused, issuer.hits("/jwks").len()), (CallbackError::StateUnknown, 0));
}

/// JARM §2.3.3, OAuth 2.0 Form Post Response Mode §2.
#[tokio::test]
async fn rp_15_a_posted_answer_is_signed_like_any_other() {
    let (website, issuer) =
        start_with(|registration| registration.with_signed_answers().with_posted_answers()).await;
    let mut browser = Browser::default();
    let url = browser.begin(&website, &LoginRequest::new()).await.unwrap();
    assert!(url.split('&').any(|pair| pair == "response_mode=form_post.jwt"), "{url}");
    let claims = issuer.right_answer(&url, "alice");
    let come_back = async |browser: &mut Browser, body: &str| {
        browser.take(&website.client.posted("op", body.as_bytes()).unwrap().cookies);
        browser.come_back(&website, "").await
    };
    let (code, state) = (claims["code"].as_str().unwrap(), claims["state"].as_str().unwrap());
    let plain = format!("code={code}&state={state}&iss={}", issuer.url());
    let refused = come_back(&mut browser.clone(), &plain).await.unwrap_err();
    assert!(matches!(refused, Error::Callback(CallbackError::Unsigned)), "{refused:?}");
    come_back(&mut browser, &issuer.signed_answer(&claims)).await.unwrap();
    assert_eq!(browser.person(&website).await.unwrap().subject(), "alice");
}

#[tokio::test]
async fn a_provider_that_does_not_say_that_it_signs_is_not_asked_to() {
    let (website, issuer) = start().await;
    issuer.knows_signing(|document| document["response_modes_supported"] = json!(["query", "fragment"]));
    let refused = Browser::default().begin(&website, &LoginRequest::new()).await.unwrap_err();
    assert_eq!(refused.class(), Class::Configuration(Setting::Registration), "{refused:?}");
    issuer.knows_signing(|document| {
        document.as_object_mut().unwrap().remove("response_modes_supported");
    });
    website.clock.advance(3_600);
    assert!(Browser::default().begin(&website, &LoginRequest::new()).await.is_err());
}

/// RFC 8252 §8.9.
#[tokio::test]
async fn rp_01_a_native_program_waits_for_what_its_provider_has_signed() {
    let clock = TestClock::new();
    let issuer = Issuer::start(&clock).await;
    issuer.knows_signing(|_| {});
    let settings = ProviderSettings::new("op").for_development();
    let registration = registration("op").with_secret(SECRET).with_signed_answers();
    let provider = Provider::discover(issuer.url(), registration, settings).unwrap();
    let started = provider.start(&LoginRequest::new(), clock.now()).await.unwrap();
    let claims = issuer.right_answer(&started.authorization_url, "alice");
    let of = |query: &str| CallbackResponse::parse(Some(query)).unwrap();
    let mut other = claims.clone();
    other["state"] = json!("of another login");
    assert!(!started.pending.is_answered_by(&of(&issuer.signed_answer(&other))));
    let right = of(&issuer.signed_answer(&claims));
    assert!(started.pending.is_answered_by(&right));
    let shown = format!("{right:?}");
    assert!(!shown.contains("eyJ") && !shown.contains(claims["code"].as_str().unwrap()), "{shown}");
    let completed = provider.finish(started.pending, &right, clock.now()).await.unwrap();
    assert_eq!(completed.identity.person().subject(), "alice");
}
