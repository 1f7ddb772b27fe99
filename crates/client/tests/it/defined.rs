//! A provider with ID tokens whose definition an application wrote itself.

use std::sync::Arc;

use http::HeaderMap;
use mapae_client::{
    Client, ClientRegistration, Definition, EndUser, Error, EventKind, Field, LoginError, LoginRequest,
    Notice, Provider, ProviderError, ProviderSettings, Setting,
};
use mapae_protocol::{jose::HeaderType, time::Timestamp};
use serde_json::json;

use crate::{
    issuer::Issuer,
    website::{Browser, SECRET, Website, registration},
};

const FILE: &str = r##"
schema = 1
id = "defined"
label = { ko = "정의", en = "Defined" }
issuer = "{base}"
openid = "always"

[endpoints]
authorization = "{base}/authorize"
token = "{base}/token"
keys = "{base}/jwks"
user_info = "{base}/userinfo"

[authorization]
scopes = ["openid"]

[identity]
subject = ["/user_info/sub"]

[[notices]]
name = "events"
proof = "signed_token"
status = 202

[notices.kinds]
"https://schemas.openid.net/secevent/oauth/event-type/tokens-revoked" = "tokens_revoked"

[button]
background = "#FFFFFF"
foreground = "#000000"
sign_in = { ko = "로그인", en = "Sign in" }
"##;

const REVOKED: &str = "https://schemas.openid.net/secevent/oauth/event-type/tokens-revoked";

fn defined(issuer: &Issuer) -> Provider {
    let definition = Definition::parse(FILE).unwrap().with("base", issuer.url());
    let settings = ProviderSettings::new("op").for_development();
    Provider::new(definition, registration("op").with_secret(SECRET), settings).unwrap()
}

#[tokio::test]
async fn rp_10_the_profile_and_the_id_token_name_one_person() {
    let (website, issuer) = Website::start().await;
    let website = website.second_process_with(defined(&issuer)).await;
    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    assert_eq!(browser.person(&website).await.unwrap().subject(), "alice");
    issuer.behave().user_info = Some(Arc::new(|claims| claims["sub"] = "somebody-else".into()));
    let refused = website.sign_in(&issuer, "alice").await.unwrap_err();
    assert!(matches!(refused, Error::Provider(ProviderError::UserInfoSubject)), "{refused:?}");
}

/// Where the profile has the name by which people are known here, the provider's `sub` says nothing of anybody.
#[tokio::test]
async fn lo_06_a_logout_names_the_session_where_sub_is_another_name() {
    let (website, issuer) = Website::start().await;
    let text = FILE.replace("[\"/user_info/sub\"]", "[\"/user_info/id\"]\nsame_as_sub = false");
    let definition = Definition::parse(&text).unwrap().with("base", issuer.url());
    let settings = ProviderSettings::new("op").for_development();
    let provider = Provider::new(definition, registration("op").with_secret(SECRET), settings).unwrap();
    let website = website.second_process_with(provider).await;
    issuer.edit_claims(|claims| claims["sid"] = "s1".into());
    issuer.behave().user_info = Some(Arc::new(|claims| claims["id"] = "number-7".into()));
    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    assert_eq!(browser.person(&website).await.unwrap().subject(), "number-7");
    let tell = async |jti: &str, sid: Option<&str>| {
        let now = website.clock.unix();
        let event = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
        let mut claims = json!({
            "iss": issuer.url(), "aud": "client-1", "iat": now, "exp": now + 120, "jti": jti, "sub": "alice",
            "events": event,
        });
        if let Some(sid) = sid {
            claims["sid"] = sid.into();
        }
        let token = issuer.sign(HeaderType::LogoutToken, &claims);
        let heard = website.client.logged_out("op", format!("logout_token={token}").as_bytes()).await;
        heard.map_err(|error| error.status().as_u16())
    };
    assert_eq!(tell("a", None).await, Err(400));
    assert!(browser.user(&website).await.is_some());
    let heard = tell("b", Some("s1")).await.unwrap();
    assert_eq!(heard.iter().map(|event| event.person.subject()).collect::<Vec<_>>(), ["number-7"]);
    assert!(browser.user(&website).await.is_none());
}

#[tokio::test]
async fn lk_12_an_event_about_somebody_of_another_issuer_is_about_nobody_here() {
    let (website, issuer) = Website::start().await;
    let (provider, headers) = (defined(&issuer), HeaderMap::new());
    for (of, kinds) in [(issuer.url(), vec![EventKind::TokensRevoked]), ("https://elsewhere.example", vec![])]
    {
        let subject = json!({ "subject": { "subject_type": "iss-sub", "iss": of, "sub": "alice" } });
        let claims = json!({
            "iss": issuer.url(), "aud": "client-1", "iat": website.clock.unix(), "jti": of, "events": { REVOKED: subject },
        });
        let token = issuer.sign(HeaderType::SecurityEvent, &claims);
        let notice = Notice { headers: &headers, query: None, body: token.as_bytes() };
        let now = Timestamp::from_unix(website.clock.unix());
        let proved = provider.prove_notice("events", &notice, now).await.unwrap();
        assert_eq!(proved.events.iter().map(|event| event.kind).collect::<Vec<_>>(), kinds, "{of}");
    }
}

/// A provider that has another name for a person at each app, and this app of ours there.
fn of_app(issuer: &Issuer, name: &str, client_id: &str) -> Provider {
    let text = FILE.replace("[\"/user_info/sub\"]", "[\"/user_info/sub\"]\nof_app = true");
    let definition = Definition::parse(&text).unwrap().with("base", issuer.url());
    let registration = ClientRegistration::new(client_id, format!("http://localhost:3000/callback/{name}"));
    let settings = ProviderSettings::new(name).for_development();
    Provider::new(definition, registration.with_secret(SECRET), settings).unwrap()
}

#[tokio::test]
async fn lk_07_the_same_name_for_another_app_of_ours_opens_nothing() {
    let (website, issuer) = Website::start().await;
    let alice = EndUser::new(issuer.url(), "alice");
    let first = website.second_process_with(of_app(&issuer, "op", "client-1")).await;
    let (mut browser, _) = first.sign_in(&issuer, "alice").await.unwrap();
    assert_eq!(browser.person(&first).await, Some(alice.clone()));
    // The service is registered anew there: the name is somebody else's.
    let second = website.second_process_with(of_app(&issuer, "op", "client-2")).await;
    issuer.edit_claims(|claims| claims["aud"] = "client-2".into());
    let is_refused = |result: Result<String, Error>| match result {
        Err(Error::Account(error)) => assert_eq!(error.code(), "other_app"),
        other => panic!("{other:?}"),
    };
    let mut stranger = Browser::default();
    let query = stranger.go_to_provider(&second, &issuer, "alice").await.unwrap();
    is_refused(stranger.come_back(&second, &query).await);
    assert_eq!(stranger.user(&second).await, None);
    // Nor does it prove who has the session of before.
    let started = second.client.prove_again(&LoginRequest::new(), &browser.headers(), b"").await.unwrap();
    browser.take(&started.cookies);
    let query = issuer.approve(&started.location, "alice");
    is_refused(browser.come_back(&second, &query).await);
    // What is told of the stranger is not told of her.
    let subject = json!({ "subject": { "subject_type": "iss-sub", "iss": issuer.url(), "sub": "alice" } });
    let claims = json!({
        "iss": issuer.url(), "aud": "client-2", "iat": website.clock.unix(), "jti": "n", "events": { REVOKED: subject },
    });
    let token = issuer.sign(HeaderType::SecurityEvent, &claims);
    let headers = HeaderMap::new();
    let notice = Notice { headers: &headers, query: None, body: token.as_bytes() };
    second.client.notified("op", "events", &notice).await.unwrap();
    assert_eq!(browser.person(&first).await, Some(alice));
    let (bobs, _) = second.sign_in(&issuer, "bob").await.unwrap();
    assert_eq!(bobs.person(&second).await.unwrap().subject(), "bob");
    assert_eq!(website.users.count(), 2);
}

#[tokio::test]
async fn lk_07_two_apps_of_ours_at_one_provider_are_refused_when_their_names_would_meet() {
    let (website, issuer) = Website::start().await;
    let build = async |client_ids: [&str; 2]| {
        let vault = website.place.open().await;
        let builder = Client::builder(vault, website.users.clone()).sign_up([Field::required("nickname")]);
        let [one, other] = client_ids;
        let builder = builder.provider(of_app(&issuer, "one", one)).provider(of_app(&issuer, "other", other));
        builder.build().map(drop).map_err(|error| error.setting())
    };
    assert_eq!(build(["client-1", "client-2"]).await, Err(Setting::ClientId));
    assert_eq!(build(["client-1", "client-1"]).await, Ok(()));
}

/// Also not by another spelling of the name.
#[tokio::test]
async fn rp_20_what_a_definition_sets_nobody_adds_to() {
    let (website, issuer) = Website::start().await;
    let text = FILE.replace(
        "scopes = [\"openid\"]",
        "scopes = [\"openid\"]\nparameters = { acr_values = \"urn:high\" }\nintents = { choose_account = { display = \"popup\" } }",
    );
    let definition = Definition::parse(&text).unwrap().with("base", issuer.url());
    let settings = ProviderSettings::new("op").for_development();
    let provider = Provider::new(definition, registration("op").with_secret(SECRET), settings).unwrap();
    let begin = async |request: LoginRequest| provider.start(&request, website.clock.now()).await;
    let refused = |outcome: Result<_, Error>| {
        let error = outcome.expect_err("refused");
        assert!(matches!(error, Error::Login(LoginError::ReservedParameter)), "{error:?}");
    };
    refused(begin(LoginRequest::from_query(Some("acr_values=urn:low")).unwrap()).await);
    refused(begin(LoginRequest::new().with_extra("ACR_Values", "urn:low").unwrap()).await);
    let choosing = || LoginRequest::from_query(Some("display=page")).unwrap();
    refused(begin(choosing().with_intent(mapae_client::Intent::ChooseAccount)).await);
    let started = begin(choosing()).await.unwrap().authorization_url;
    assert!(started.contains("display=page") && started.contains("acr_values=urn%3Ahigh"), "{started}");
}
