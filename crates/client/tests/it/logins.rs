//! Starting logins, and what one browser or many can make of that.

use std::sync::Arc;

use mapae_client::{
    CallbackResponse, ClientRegistration, CompletedLogin, Error, Field, HttpError, Intent, LoginError,
    LoginRequest, Provider, ProviderError, ProviderSettings, ReturnTo, SignUpError, StartedLogin,
    observe::Purpose,
};
use mapae_protocol::params::{Limits, Params};
use serde_json::json;

use crate::{
    issuer::{Issuer, Reply},
    website::{Browser, SECRET, Setup, TestClock, Website, registration},
};

fn parameters(url: &str) -> Params {
    Params::parse(url.split_once('?').unwrap().1.as_bytes(), Limits::REQUEST).unwrap()
}

#[tokio::test]
async fn rp_08_every_login_has_a_challenge_a_nonce_and_a_state_of_its_own() {
    let (website, issuer) = Website::start().await;
    let mut seen = std::collections::HashSet::new();
    for _ in 0..3 {
        let url = Browser::default().begin(&website, &LoginRequest::new()).await.unwrap();
        let params = parameters(&url);
        for name in ["code_challenge", "nonce", "state"] {
            let value = params.one(name).unwrap().unwrap().to_owned();
            assert!(value.len() >= 43 && seen.insert(value), "{name}");
        }
        assert_eq!(params.one("code_challenge_method").unwrap(), Some("S256"));
        assert_eq!(params.one("client_id").unwrap(), Some("client-1"));
        assert_eq!(params.one("redirect_uri").unwrap(), Some("http://localhost:3000/callback/op"));
        assert_eq!(params.one("scope").unwrap(), Some("email openid profile"));
    }
    assert_eq!(issuer.hits("/.well-known/openid-configuration").len(), 1, "asked once");
}

#[tokio::test]
async fn rp_08_the_verifier_is_unreadable_in_the_browser() {
    let (website, issuer) = Website::start().await;
    let mut browser = Browser::default();
    let query = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
    let cookie = browser.cookies.values().next().unwrap().clone();
    browser.come_back(&website, &query).await.unwrap();
    let verifier = &issuer.hits("/token")[0].form["code_verifier"];
    let nonce_is_hidden = mapae_protocol::base64url::decode(cookie.split_once('.').unwrap().1).unwrap();
    let shown = String::from_utf8_lossy(&nonce_is_hidden);
    assert!(
        !cookie.contains(verifier.as_str())
            && !shown.contains(verifier.as_str())
            && !shown.contains("verifier")
    );
}

#[tokio::test]
async fn rp_17_se_11_only_to_pages_of_this_service() {
    let (website, issuer) = Website::start().await;
    for (query, expected) in [
        ("return_to=/calendar?week=3", "/calendar?week=3"),
        ("return_to=//evil.example", "/"),
        ("return_to=/%5Cevil.example", "/"),
        ("return_to=https://evil.example", "/"),
        ("return_to=%2F%2509%2Fevil.example", "/"),
        ("return_to=/login?return_to=/login", "/"),
        ("return_to=/callback/op?code=x", "/"),
        ("return_to=/sign-up", "/"),
        ("", "/"),
    ] {
        let mut browser = Browser::default();
        let request = LoginRequest::from_query(Some(query)).unwrap();
        let url = browser.begin(&website, &request).await.unwrap();
        assert!(!url.contains("calendar"), "it does not travel in the open");
        let location = browser.come_back(&website, &issuer.approve(&url, "alice")).await.unwrap();
        assert_eq!(location, expected, "{query}");
    }
}

#[tokio::test]
async fn rp_19_a_flood_of_logins_leaves_nothing_behind() {
    let (website, _issuer) = Website::start().await;
    let before = website.place.copy().await.len();
    for _ in 0..2_000 {
        Browser::default().begin(&website, &LoginRequest::new()).await.unwrap();
    }
    assert_eq!(website.place.copy().await.len(), before);
    let mut browser = Browser::default();
    for _ in 0..20 {
        browser.begin(&website, &LoginRequest::new()).await.unwrap();
    }
    assert!(browser.cookies.len() <= 4, "{} cookies", browser.cookies.len());
}

#[tokio::test]
async fn rp_20_reserved_parameters_are_refused_and_others_pass() {
    let (website, _issuer) = Website::start().await;
    for name in
        ["redirect_uri", "scope", "state", "nonce", "client_id", "response_type", "code_challenge", "request"]
    {
        let refused = LoginRequest::from_query(Some(&format!("{name}=evil"))).unwrap_err();
        assert_eq!(refused, LoginError::ReservedParameter, "{name}");
        assert!(Error::from(refused).status().is_client_error());
    }
    let request = LoginRequest::from_query(Some("login_hint=a%40b.example&utm_source=x")).unwrap();
    let url = Browser::default().begin(&website, &request).await.unwrap();
    assert_eq!(parameters(&url).one("login_hint").unwrap(), Some("a@b.example"));
    assert!(!url.contains("utm_source"));
}

#[tokio::test]
async fn two_tabs_do_not_disturb_each_other() {
    let (website, issuer) = Website::start().await;
    let mut browser = Browser::default();
    let first = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
    let second = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
    browser.come_back(&website, &first).await.unwrap();
    browser.come_back(&website, &second).await.unwrap();
    assert!(browser.user(&website).await.is_some());
}

#[tokio::test]
async fn se_01_a_login_gives_a_new_session_and_ends_the_one_before() {
    let (website, issuer) = Website::start().await;
    let (mut browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let before = browser.clone();
    let query = browser.go_to_provider(&website, &issuer, "bob").await.unwrap();
    browser.come_back(&website, &query).await.unwrap();
    assert!(before.user(&website).await.is_none(), "the old id is dead");
    assert_eq!(browser.person(&website).await.unwrap().subject(), "bob");
    // An id that an attacker planted is never adopted.
    let mut planted = Browser::default();
    planted.cookies.insert("shop-3000-session".to_owned(), "A".repeat(43));
    assert!(planted.user(&website).await.is_none());
    let query = planted.go_to_provider(&website, &issuer, "bob").await.unwrap();
    planted.come_back(&website, &query).await.unwrap();
    assert_ne!(planted.cookies["shop-3000-session"], "A".repeat(43));
}

#[tokio::test]
async fn se_25_who_signs_out_with_two_cookies_of_one_name_leaves_no_session() {
    let (website, issuer) = Website::start().await;
    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let (other, _) = website.sign_in(&issuer, "bob").await.unwrap();
    let mut doubled = browser.headers();
    for (name, value) in other.headers().iter() {
        doubled.append(name, value.clone());
    }
    assert!(website.client.signed_in(&doubled).await.unwrap().is_none(), "nobody can tell which is meant");
    website.client.sign_out(&doubled, b"").await.unwrap();
    for left in [browser, other] {
        assert!(left.user(&website).await.is_none(), "neither lives on");
    }
}

#[tokio::test]
async fn a_session_ends_by_time_by_sign_out_and_with_the_account() {
    let (website, issuer) = Website::start().await;
    let (mut browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let stolen = browser.clone();
    let gone = website.client.sign_out(&browser.headers(), &browser.form()).await.unwrap();
    browser.take(&gone.cookies);
    assert!(browser.cookies.is_empty() && stolen.user(&website).await.is_none());

    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    website.clock.advance(14 * 86_400 - 1);
    assert!(browser.user(&website).await.is_some());
    website.clock.advance(1);
    assert!(browser.user(&website).await.is_none());

    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let (other, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let person = browser.person(&website).await.unwrap();
    website.client.sign_out_everywhere(&person).await.unwrap();
    assert!(browser.user(&website).await.is_none() && other.user(&website).await.is_none());

    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    website.users.remove(&person);
    assert!(browser.user(&website).await.is_none(), "removed there, out here");
}

#[tokio::test]
async fn a_fresh_sign_in_is_checked_to_be_fresh() {
    let (website, issuer) = Website::start().await;
    let request = LoginRequest::new().with_intent(Intent::Reauthenticate).with_return_to(ReturnTo::default());
    for (age, fine) in [(0, true), (20, true), (31, false), (3_600, false)] {
        issuer.edit_claims(move |claims| {
            claims["auth_time"] = (claims["iat"].as_i64().unwrap() - age).into();
        });
        let mut browser = Browser::default();
        let url = browser.begin(&website, &request).await.unwrap();
        let params = parameters(&url);
        assert_eq!(
            (params.one("prompt").unwrap(), params.one("max_age").unwrap()),
            (Some("login"), Some("0"))
        );
        let came = browser.come_back(&website, &issuer.approve(&url, "alice")).await;
        assert_eq!(came.is_ok(), fine, "{age} s old: {came:?}");
    }
    issuer.edit_claims(|claims| drop(claims.as_object_mut().unwrap().remove("auth_time")));
    let mut browser = Browser::default();
    let url = browser.begin(&website, &request).await.unwrap();
    assert!(browser.come_back(&website, &issuer.approve(&url, "alice")).await.is_err(), "absent is not fine");
}

#[tokio::test]
async fn the_client_authenticates_in_exactly_one_way() {
    let (website, issuer) = Website::start().await;
    website.sign_in(&issuer, "alice").await.unwrap();
    let hit = issuer.hits("/token").remove(0);
    assert!(hit.authorization.unwrap().starts_with("Basic "));
    assert!(!hit.form.contains_key("client_secret") && !hit.form.contains_key("client_id"));

    let (website, issuer) = Website::start_with(Setup { public: true, ..Setup::default() }).await;
    website.sign_in(&issuer, "alice").await.unwrap();
    let hit = issuer.hits("/token").remove(0);
    assert_eq!((hit.authorization, hit.form["client_id"].as_str()), (None, "client-1"));

    let (website, issuer) = Website::start().await;
    issuer.behave().metadata = Some(Arc::new(|document| {
        document["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
    }));
    website.sign_in(&issuer, "alice").await.unwrap();
    let hit = issuer.hits("/token").remove(0);
    assert_eq!((hit.authorization, hit.form["client_secret"].as_str()), (None, SECRET));
}

/// An issuer, and its client by hand.
struct ByHand {
    issuer: Issuer,
    provider: Provider,
    clock: TestClock,
}

impl ByHand {
    async fn start(registered: impl FnOnce(ClientRegistration) -> ClientRegistration) -> Self {
        let clock = TestClock::new();
        let issuer = Issuer::start(&clock).await;
        issuer.behave().metadata = Some(Arc::new(|document| {
            let url = document["issuer"].as_str().unwrap().to_owned();
            document["pushed_authorization_request_endpoint"] = json!(format!("{url}/par"));
            document["revocation_endpoint"] = json!(format!("{url}/revoke"));
        }));
        let settings = ProviderSettings::new("op").for_development();
        let registration = registered(registration("op").with_secret(SECRET));
        Self { provider: Provider::discover(issuer.url(), registration, settings).unwrap(), issuer, clock }
    }

    async fn begin(&self) -> StartedLogin {
        self.provider.start(&LoginRequest::new(), self.clock.now()).await.unwrap()
    }

    async fn sign_in(&self) -> Result<CompletedLogin, Error> {
        let started = self.begin().await;
        let query = self.issuer.approve(&started.authorization_url, "alice");
        let response = CallbackResponse::parse(Some(&query)).unwrap();
        self.provider.finish(started.pending, &response, self.clock.now()).await
    }
}

/// RFC 6749 §2.3.1, §3.2, §4.1.3.
#[tokio::test]
async fn codes_are_redeemed_in_a_post_whose_address_has_no_secret_and_for_the_same_redirect_uri() {
    let hand = ByHand::start(|registration| registration).await;
    let started = hand.begin().await;
    assert!(!started.authorization_url.contains(SECRET));
    let asked = parameters(&started.authorization_url).one("redirect_uri").unwrap().unwrap().to_owned();
    hand.sign_in().await.unwrap();
    // The endpoint of this issuer answers nothing but POST.
    let hit = hand.issuer.hits("/token").remove(0);
    assert_eq!((hit.query.as_deref(), hit.form["redirect_uri"].as_str()), (None, asked.as_str()));
    assert!(!hit.form.values().any(|value| value == SECRET), "it is in the header");
}

/// RFC 9126 §2.1, §4.
#[tokio::test]
async fn rfc9126_4_a_pushed_request_goes_on_with_its_client_id_and_its_reference_alone() {
    let hand = ByHand::start(|registration| registration).await;
    hand.begin().await;
    assert!(hand.issuer.hits("/par").is_empty(), "the provider could, and nobody wants it");
    let hand = ByHand::start(ClientRegistration::with_pushed_requests).await;
    let url = hand.begin().await.authorization_url;
    let hit = hand.issuer.hits("/par").remove(0);
    for name in ["response_type", "redirect_uri", "state", "nonce", "scope", "code_challenge"] {
        assert!(hit.form.contains_key(name), "{name}");
    }
    assert_eq!((hit.form["client_id"].as_str(), hit.form.contains_key("request_uri")), ("client-1", false));
    assert!(hit.query.is_none() && hit.authorization.unwrap().starts_with("Basic "));
    let left = parameters(&url);
    let left: Vec<_> = left.iter().collect();
    assert_eq!(left, [("client_id", "client-1"), ("request_uri", "urn:ietf:params:oauth:request_uri:1")]);
}

/// RFC 9449 §5.
#[tokio::test]
async fn rfc9449_5_who_wants_a_bound_token_proves_a_key_and_takes_no_other_token() {
    let hand = ByHand::start(ClientRegistration::with_bound_tokens).await;
    let refused = hand.sign_in().await.unwrap_err();
    assert!(
        matches!(refused, Error::Provider(ProviderError::TokenType)),
        "it answers with Bearer: {refused:?}"
    );
    hand.issuer.behave().tokens = Some(Arc::new(|tokens| tokens["token_type"] = json!("DPoP")));
    hand.sign_in().await.unwrap();
    assert!(hand.issuer.hits("/token").iter().all(|hit| hit.proven));
    let hand = ByHand::start(|registration| registration).await;
    hand.sign_in().await.unwrap();
    assert!(hand.issuer.hits("/token").iter().all(|hit| !hit.proven), "nobody wants one");
}

/// RFC 7009 §2.2.1.
#[tokio::test]
async fn rfc7009_2_2_1_a_revocation_that_was_not_taken_is_no_success() {
    let hand = ByHand::start(|registration| registration).await;
    let login = hand.sign_in().await.unwrap();
    hand.issuer.reply("/revoke", Reply::Json(503, json!({})));
    let unlink = || hand.provider.unlink(login.identity.person(), &login.tokens, hand.clock.now());
    let failed = unlink().await.unwrap_err();
    let wanted = ProviderError::NoAnswer(Purpose::Unlink, HttpError::Status);
    assert!(matches!(&failed, Error::Provider(error) if *error == wanted), "{failed:?}");
    hand.issuer.behave().replies.clear();
    assert!(unlink().await.unwrap());
    let hit = hand.issuer.hits("/revoke").remove(1);
    assert_eq!((hit.query, hit.form["token_type_hint"].as_str()), (None, "refresh_token"));
}

#[tokio::test]
async fn rp_19_who_never_answers_the_form_keeps_eight_places() {
    let setup = Setup { sign_up: vec![Field::required("nickname")], ..Setup::default() };
    let (website, issuer) = Website::start_with(setup).await;
    let (other, _) = website.sign_in(&issuer, "bob").await.unwrap();
    let mut earlier: Vec<Browser> = Vec::new();
    for _ in 0..20 {
        let (browser, location) = website.sign_in(&issuer, "alice").await.unwrap();
        assert_eq!(location, "/sign-up");
        earlier.push(browser);
    }
    let mut last = earlier.pop().unwrap();
    let mut waiting = 0;
    for browser in &earlier {
        match website.client.sign_up_form(&browser.headers()).await {
            Ok(_) => waiting += 1,
            Err(error) => assert!(matches!(error, Error::SignUp(SignUpError::NotWaiting)), "{error:?}"),
        }
    }
    assert_eq!(waiting, 7, "and the last one");
    website.client.sign_up_form(&other.headers()).await.expect("nobody else gives way");
    last.sign_up(&website, "nickname=a").await.unwrap();
    assert!(last.user(&website).await.is_some());
}

/// The same name at another provider is somebody else: neither their user nor their tokens.
#[tokio::test]
async fn lk_06_a_name_at_one_provider_opens_nothing_of_the_same_name_at_another() {
    let (website, issuer) = Website::start().await;
    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let (person, user) = (browser.person(&website).await.unwrap(), browser.user(&website).await.unwrap());
    let token = website.client.access_token(&person).await.unwrap();
    let other = Issuer::start(&website.clock).await;
    let elsewhere = website.second_process(&other).await;
    let (namesake, _) = elsewhere.sign_in(&other, "alice").await.unwrap();
    let stranger = namesake.person(&elsewhere).await.unwrap();
    assert_ne!(stranger, person);
    assert_ne!(namesake.user(&elsewhere).await.unwrap().number, user.number);
    assert!(!elsewhere.client.access_token(&stranger).await.unwrap().is(&token));
    // And what ends with the one stays with the other.
    elsewhere.client.sign_out_everywhere(&stranger).await.unwrap();
    assert_eq!(browser.user(&website).await, Some(user));
}
