//! The access token before the service itself and before its APIs; keys.

use std::sync::{Arc, LazyLock, Mutex};

use mapae_client::{
    Client, ServiceTokens,
    observe::{Exchange, Issuance, IssuanceKind, Observer},
};
use mapae_protocol::{
    base64url,
    jose::{Algorithm, HeaderType, SigningKey},
};
use serde_json::{Value, json};

use super::{claims, kid, signed_in, start, start_with};
use crate::website::{Browser, Website};

async fn opens(website: &Website, token: &str) -> bool {
    let browser = Browser { access_token: Some(token.to_owned()), ..Browser::default() };
    browser.user(website).await.is_some()
}

#[tokio::test]
async fn rp_27_a_request_with_two_tokens_has_none() {
    let (website, issuer) = start().await;
    let token = signed_in(&website, &issuer).await.access_token.unwrap();
    let mut headers = Browser { access_token: Some(token.clone()), ..Browser::default() }.headers();
    assert!(website.client.signed_in(&headers).await.unwrap().is_some());
    headers.append(http::header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
    assert!(website.client.signed_in(&headers).await.unwrap().is_none());
}

#[tokio::test]
async fn rs_01_to_rs_04_rp_27_only_the_services_own_access_tokens_open_it() {
    let (website, issuer) = start().await;
    let browser = signed_in(&website, &issuer).await;
    let token = browser.access_token.clone().unwrap();
    let good = claims(&token);
    assert!(opens(&website, &token).await);
    let stranger = SigningKey::generate(Algorithm::Es256).unwrap();
    assert!(!opens(&website, &stranger.sign(HeaderType::AccessToken, &good).unwrap()).await);
    let (head, rest) = token.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let part = |value: &Value| base64url::encode(value.to_string());
    let kid = kid(&token);
    for header in
        [json!({"alg": "none", "typ": "at+jwt"}), json!({"alg": "HS256", "typ": "at+jwt", "kid": kid})]
    {
        assert!(!opens(&website, &format!("{}.{}.", part(&header), part(&good))).await, "{header}");
        assert!(
            !opens(&website, &format!("{}.{}.{signature}", part(&header), part(&good))).await,
            "{header}"
        );
    }
    let mut longer = good.clone();
    longer["exp"] = json!(good["exp"].as_i64().unwrap() + 3_600);
    assert!(!opens(&website, &format!("{head}.{}.{signature}", part(&longer))).await);

    // Of another service with another vault: well made, and not ours.
    let (elsewhere, its_issuer) = start().await;
    let foreign = signed_in(&elsewhere, &its_issuer).await.access_token.unwrap();
    assert!(opens(&elsewhere, &foreign).await && !opens(&website, &foreign).await);
    // For an API of ours, not for the service.
    let (api, its_issuer) = start_with(|| ServiceTokens::new().audience("https://api.example")).await;
    assert_eq!(
        claims(&signed_in(&api, &its_issuer).await.access_token.unwrap())["aud"],
        "https://api.example"
    );

    website.clock.advance(329);
    assert!(opens(&website, &token).await, "thirty seconds for clocks that differ");
    website.clock.advance(1);
    assert!(!opens(&website, &token).await);
}

#[tokio::test]
async fn rp_28_keys_turn_over_without_a_token_lost() {
    let (website, issuer) = start().await;
    let other = website.second_process(&issuer).await;
    let set = async |client: &Client<_>| client.service_keys().await.unwrap();
    let one = set(&website.client).await;
    assert_eq!(one.keys().len(), 1);
    assert_eq!(one, set(&other.client).await, "two processes, one key");
    assert!(!serde_json::to_string(&one).unwrap().contains("\"d\""));
    let old = kid(&signed_in(&website, &issuer).await.access_token.unwrap());

    website.clock.advance(30 * 86_400 - 3_600);
    let both = set(&other.client).await;
    assert_eq!(both.keys().len(), 2, "an hour ahead");
    assert_eq!(set(&website.client).await, both);
    website.clock.advance(3_599);
    let last_of_old = signed_in(&website, &issuer).await.access_token.unwrap();
    assert_eq!(kid(&last_of_old), old);
    website.clock.advance(1);
    let new = signed_in(&other, &issuer).await.access_token.unwrap();
    assert_ne!(kid(&new), old);
    website.clock.advance(120);
    assert!(opens(&website, &last_of_old).await && opens(&website, &new).await);
    website.clock.advance(7_200);
    let last = set(&website.client).await;
    assert_eq!(last.keys().len(), 1);
    assert!(last.find(&old).is_none());
}

#[tokio::test]
async fn rp_28_first_tokens_of_many_processes_at_once_have_one_key() {
    let (website, issuer) = start().await;
    let mut processes = Vec::new();
    for _ in 0..6 {
        processes.push(website.second_process(&issuer).await);
    }
    let sets = processes.iter().map(|process| process.client.service_keys());
    let sets = futures_util::future::join_all(sets).await;
    let first = sets[0].clone().unwrap();
    assert_eq!(first.keys().len(), 1);
    assert!(sets.into_iter().all(|set| set.unwrap() == first));
}

#[tokio::test]
async fn the_applications_own_id_is_the_subject_where_it_says_so() {
    let (website, issuer) = start_with(|| {
        ServiceTokens::new().subject(|user: &crate::website::User| format!("user-{}", user.number))
    })
    .await;
    let token = signed_in(&website, &issuer).await.access_token.unwrap();
    assert_eq!(claims(&token)["sub"], "user-0");
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    use mapae_client::{Setting, protocol::time::Seconds};
    for tokens in [
        ServiceTokens::<()>::new().access_life(Seconds::ZERO),
        ServiceTokens::new().access_life(Seconds::minutes(61)),
        ServiceTokens::new().key_life(Seconds::hours(23)),
        ServiceTokens::new().audience("api"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let vault = mapae_client::Vault::open(folder.path().join("client.db")).unwrap();
        let registration = crate::website::registration("op");
        let settings = mapae_client::ProviderSettings::new("op").for_development();
        let provider =
            mapae_client::Provider::discover("http://localhost:1", registration, settings).unwrap();
        let client = Client::builder(vault, Nobody).provider(provider).service_tokens(tokens);
        assert_eq!(client.build().unwrap_err().setting(), Setting::ServiceTokens);
    }
}

struct Nobody;

impl mapae_client::Accounts for Nobody {
    type User = ();

    async fn find(&self, _: &mapae_client::EndUser) -> Result<Option<()>, mapae_client::BoxError> {
        Ok(None)
    }

    async fn create(
        &self,
        _: &mapae_client::Identity,
        _: &mapae_client::Answers,
    ) -> Result<(), mapae_client::CreateError> {
        Ok(())
    }
}

#[derive(Default)]
struct Recorder(Mutex<Vec<Issuance>>);

impl Observer for Recorder {
    fn exchanged(&self, _: &Exchange) {}

    fn issued(&self, issuance: &Issuance) {
        self.0.lock().unwrap().push(issuance.clone());
    }
}

static RECORDER: LazyLock<Arc<Recorder>> = LazyLock::new(Arc::default);

#[tokio::test]
async fn rp_21_an_observer_sees_the_tokens_go_to_the_front_end_and_no_secret() {
    let (website, issuer) = start_with(|| {
        let recorder: Arc<dyn Observer> = Arc::clone(&*RECORDER) as _;
        ServiceTokens::new().refresh_token_in_body().observed_by(recorder)
    })
    .await;
    let (mut browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let code = browser.cookies[super::CODE].clone();
    let first = browser.hand_over(&website.client).await.unwrap();
    let refresh_token = first["refresh_token"].as_str().unwrap();
    let body = format!("refresh_token={refresh_token}");
    website.client.renew(&browser.headers(), body.as_bytes()).await.unwrap();
    super::is_dead(browser.post_code(&website.client, &code).await);

    let seen = RECORDER.0.lock().unwrap().clone();
    let kinds: Vec<_> = seen.iter().map(|issuance| (issuance.kind, issuance.status)).collect();
    use IssuanceKind::{HandOver, Renewal};
    assert_eq!(kinds, [(HandOver, 200), (Renewal, 200), (HandOver, 400)]);
    let text = serde_json::to_string(&seen).unwrap();
    for secret in [code.as_str(), refresh_token, first["access_token"].as_str().unwrap(), "eyJ"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert_eq!((&seen[0].body["expires_in"], &seen[2].body["error"]), (&json!(300), &json!("invalid_grant")));
    assert_eq!(seen[0].body["refresh_token"], json!(seen[1].parameters[0].1), "the same mask on both arrows");
}
