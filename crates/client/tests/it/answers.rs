//! Providers that answer slowly, hugely, wrongly or not at all.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use mapae_client::{
    CallbackResponse, Class, ClientRegistration, Definition, Error, HttpError, Locale, LoginRequest,
    MetadataError, Provider, ProviderError, ProviderSettings, Setting,
};
use mapae_protocol::client_metadata::TokenEndpointAuthMethod;
use mapae_testkit::until;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::{
    issuer::{Issuer, Reply},
    website::{Browser, TestClock, Website},
};

const DISCOVERY: &str = "/.well-known/openid-configuration";
/// An answer that takes longer does not come, as the library has it.
const PATIENCE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn rp_05_metadata_of_somebody_else() {
    let (website, issuer) = Website::start().await;
    let own = issuer.url().to_owned();
    for (name, value, error) in [
        ("issuer", json!("https://evil.example"), MetadataError::Issuer),
        ("issuer", json!(format!("{own}/")), MetadataError::Issuer),
        ("issuer", json!(own.replace("127.0.0.1", "localhost")), MetadataError::Issuer),
        ("authorization_endpoint", json!("javascript:alert(1)"), MetadataError::Malformed),
        ("authorization_endpoint", json!("$(touch /tmp/x)"), MetadataError::Malformed),
        ("token_endpoint", json!("http://internal.example/token"), MetadataError::Malformed),
        ("jwks_uri", json!("file:///etc/passwd"), MetadataError::Malformed),
        ("token_endpoint", Value::Null, MetadataError::EndpointMissing),
    ] {
        issuer.behave().metadata = Some(Arc::new(move |document| document[name] = value.clone()));
        let refused =
            website.client.login(&LoginRequest::new(), &Browser::default().headers()).await.unwrap_err();
        assert!(
            matches!(refused, Error::Provider(ProviderError::Metadata(found)) if found == error),
            "{refused:?}"
        );
    }
    issuer.behave().metadata = Some(Arc::new(|document| document["issuer"] = json!("https://evil.example")));
    let refused =
        website.client.login(&LoginRequest::new(), &Browser::default().headers()).await.unwrap_err();
    assert_eq!(refused.class(), Class::Configuration(Setting::Issuer), "the setting is named");
    issuer.obey();
    website.sign_in(&issuer, "alice").await.unwrap();
}

#[tokio::test]
async fn rp_05_plain_http_only_when_asked_for() {
    let registration = || ClientRegistration::new("client-1", "http://localhost:3000/callback");
    let plain = Provider::discover("http://localhost:9000", registration(), ProviderSettings::new("op"));
    let plain = plain.unwrap_err();
    assert_eq!(plain.setting(), Setting::Development);
    assert!(plain.to_string().contains("for_development()"), "the method to call is named");
    for issuer in ["http://op.example", "op.example", "https://op.example?x", "https://u@op.example", ""] {
        let wrong = Provider::discover(issuer, registration(), ProviderSettings::new("op").for_development());
        assert_eq!(wrong.unwrap_err().setting(), Setting::Issuer, "{issuer}");
    }
    // A simulator is on this machine: to move a provider there says it all, and to move it elsewhere opens nothing.
    let moved = |to: &str| {
        let kakao = Definition::named("kakao").unwrap().at(to);
        Provider::new(kakao, registration().with_secret("secret"), ProviderSettings::new("kakao"))
    };
    for here in ["http://localhost:9100", "http://127.0.0.1:9100/", "http://[::1]:9100"] {
        assert!(moved(here).is_ok(), "{here}");
    }
    for elsewhere in
        ["http://kauth.kakao.com", "http://localhost.evil.example", "http://10.0.0.1:9100", "http://0.0.0.0"]
    {
        assert_eq!(moved(elsewhere).unwrap_err().setting(), Setting::Issuer, "{elsewhere}");
    }
}

#[tokio::test]
async fn rp_18_broken_answers_make_no_session() {
    let broken_at = async |path: &'static str| {
        for reply in Reply::BROKEN {
            let (website, issuer) = Website::start().await;
            issuer.reply(path, reply.clone());
            let refused = website.sign_in(&issuer, "alice").await.unwrap_err();
            assert_eq!(refused.class(), Class::Unavailable, "{path} {reply:?} {refused:?}");
            assert_eq!(refused.status(), 502, "{path} {reply:?}");
            assert_eq!((website.users.count(), issuer.hits("/elsewhere").len()), (0, 0));
            assert_eq!(issuer.hits(path).len(), 1, "nothing is tried twice: {path} {reply:?}");
        }
    };
    // Those that stall are waited for at the same time.
    join_all([DISCOVERY, "/jwks", "/token", "/userinfo"].map(broken_at)).await;
}

#[tokio::test]
async fn rp_18_each_kind_of_broken_answer_is_told_apart() {
    let (website, issuer) = Website::start().await;
    for (reply, expected) in [
        (Reply::Html, HttpError::NotJson),
        (Reply::WrongType, HttpError::NotJson),
        (Reply::Huge, HttpError::TooLong),
        (Reply::HugeWithoutLength, HttpError::TooLong),
        (Reply::Redirect, HttpError::Redirected),
        (Reply::Compressed, HttpError::Compressed),
        (Reply::Broken, HttpError::Broken),
        (Reply::Json(404, json!({})), HttpError::Status),
        (Reply::Stall, HttpError::Timeout),
    ] {
        issuer.reply("/userinfo", reply.clone());
        let refused = website.sign_in(&issuer, "alice").await.unwrap_err();
        let Error::Provider(ProviderError::NoAnswer(_, error)) = refused else {
            panic!("{reply:?} {refused:?}")
        };
        assert_eq!(error, expected, "{reply:?}");
    }
}

#[tokio::test]
async fn rp_18_token_responses_of_the_wrong_shape() {
    let (website, issuer) = Website::start().await;
    let token = || json!({"access_token": "at", "token_type": "Bearer", "expires_in": 60, "id_token": "x"});
    let with = |name: &str, value: Value| {
        let mut tokens = token();
        tokens[name] = value;
        tokens
    };
    for body in [
        with("expires_in", json!(-1)),
        with("expires_in", json!("60")),
        with("expires_in", json!(1.5)),
        with("expires_in", json!(1e300)),
        with("token_type", json!("mac")),
        with("token_type", json!(null)),
        with("access_token", json!("")),
        with("access_token", json!(7)),
        with("access_token", json!("a b")),
        with("access_token", json!("a\r\nx: y")),
        with("refresh_token", json!("")),
        with("scope", json!(["openid"])),
        json!([]),
        json!({}),
    ] {
        issuer.reply("/token", Reply::Json(200, body.clone()));
        let refused = website.sign_in(&issuer, "alice").await.unwrap_err();
        assert!(matches!(refused, Error::Provider(ProviderError::TokenResponse)), "{body} {refused:?}");
    }
}

#[tokio::test]
async fn rp_18_refusals_of_the_token_endpoint_say_what_to_do() {
    let (website, issuer) = Website::start().await;
    for (status, code, class) in [
        (400, "invalid_grant", Class::Restart),
        (401, "invalid_client", Class::Configuration(Setting::TokenEndpointAuthMethod)),
        (400, "unauthorized_client", Class::Configuration(Setting::GrantTypes)),
        (400, "invalid_scope", Class::Configuration(Setting::Scopes)),
        (400, "invalid_target", Class::Configuration(Setting::Resource)),
        (400, "something_else", Class::Unavailable),
        (503, "temporarily_unavailable", Class::Unavailable),
    ] {
        issuer.reply("/token", Reply::Json(status, json!({"error": code, "error_description": "<script>"})));
        let refused = website.sign_in(&issuer, "alice").await.unwrap_err();
        assert_eq!(refused.class(), class, "{code}");
        assert!(!refused.to_string().contains("script"), "nothing of the peer's text");
    }
}

#[tokio::test]
async fn rp_18_nobody_there() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let registration = ClientRegistration::new("client-1", "http://localhost:3000/callback");
    let settings = ProviderSettings::new("op").for_development().answering_within(Duration::from_secs(60));
    let provider = Provider::discover(&format!("http://{closed}"), registration, settings).unwrap();
    let now = mapae_protocol::time::Timestamp::from_unix(1_800_000_000);
    let refused = provider.start(&LoginRequest::new(), now).await.unwrap_err();
    let unreachable =
        |error: &ProviderError| matches!(error, ProviderError::NoAnswer(_, HttpError::Unreachable));
    assert!(matches!(&refused, Error::Provider(error) if unreachable(error)), "{refused:?}");
}

#[tokio::test]
async fn old_metadata_serves_while_the_provider_does_not_give_it_again() {
    let (website, issuer) = Website::start().await;
    website.sign_in(&issuer, "alice").await.unwrap();
    website.clock.advance(3_600);
    issuer.reply(DISCOVERY, Reply::Json(500, json!({})));
    website.sign_in(&issuer, "alice").await.unwrap();
    issuer.behave().replies.clear();
    issuer.behave().metadata = Some(Arc::new(|document| document["issuer"] = json!("https://evil.example")));
    website.clock.advance(30);
    let refused = website.sign_in(&issuer, "alice").await.unwrap_err();
    assert!(
        matches!(refused, Error::Provider(ProviderError::Metadata(MetadataError::Issuer))),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_app_that_is_fixed_to_another_method_is_told_which_one_to_write() {
    let invalid = Reply::Json(401, json!({ "error": "invalid_client" }));
    for (methods, chosen, setting) in [
        (json!(["client_secret_basic", "client_secret_post"]), None, Setting::TokenEndpointAuthMethod),
        (
            json!(["client_secret_post", "client_secret_basic", "none"]),
            None,
            Setting::TokenEndpointAuthMethod,
        ),
        (json!(["client_secret_basic"]), None, Setting::ClientSecret),
        (
            json!(["client_secret_basic", "client_secret_post"]),
            Some(TokenEndpointAuthMethod::ClientSecretPost),
            Setting::ClientSecret,
        ),
    ] {
        let clock = TestClock::new();
        let issuer = Issuer::start(&clock).await;
        issuer.behave().metadata = Some(Arc::new(move |document| {
            document["token_endpoint_auth_methods_supported"] = methods.clone();
        }));
        issuer.reply("/token", invalid.clone());
        let mut app =
            ClientRegistration::new("client-1", "http://localhost:3000/callback/op").with_secret("right");
        if let Some(method) = chosen {
            app = app.with_auth_method(method);
        }
        let provider =
            Provider::discover(issuer.url(), app, ProviderSettings::new("op").for_development()).unwrap();
        let started = provider.start(&LoginRequest::new(), clock.now()).await.unwrap();
        let query = issuer.approve(&started.authorization_url, "alice");
        let response = CallbackResponse::parse(Some(&query)).unwrap();
        let refused = provider.finish(started.pending, &response, clock.now()).await.unwrap_err();
        assert_eq!(refused.class(), Class::Configuration(setting), "{refused}");
        assert_eq!(issuer.hits("/token").len(), 1, "nothing is tried again in silence");
        if setting == Setting::TokenEndpointAuthMethod {
            assert!(
                refused.to_string().ends_with("set `token_endpoint_auth_method` to `client_secret_post`"),
                "{refused}"
            );
            for language in [Locale::Ko, Locale::En] {
                let advice = provider.advice(setting, language);
                assert!(
                    advice.contains("client_secret_post") && advice.contains("client_secret_basic"),
                    "{advice}"
                );
            }
        }
    }
}

#[tokio::test]
async fn rp_18_everybody_who_waits_for_a_provider_that_stalls_waits_once() {
    for path in [DISCOVERY, "/jwks"] {
        let (website, issuer) = Website::start().await;
        issuer.reply(path, Reply::Stall);
        let logins = (0..4).map(|_| website.sign_in(&issuer, "alice"));
        for refused in join_all(logins).await {
            assert_eq!(refused.unwrap_err().class(), Class::Unavailable, "{path}");
        }
        assert_eq!(issuer.hits(path).len(), 1, "they share its silence: {path}");
        // And nobody who comes later has a share in it.
        issuer.obey();
        website.sign_in(&issuer, "alice").await.unwrap();
    }
}

#[tokio::test]
async fn rp_18_a_browser_that_goes_away_takes_a_fetch_from_nobody_who_waits_for_it() {
    for path in [DISCOVERY, "/jwks"] {
        let (website, issuer) = Website::start().await;
        let mut browsers = [Browser::default(), Browser::default()];
        let mut queries = Vec::new();
        if path != DISCOVERY {
            for browser in &mut browsers {
                queries.push(browser.go_to_provider(&website, &issuer, "alice").await.unwrap());
            }
        }
        let gate = Arc::new(Semaphore::new(0));
        issuer.behave().held.insert(path, Arc::clone(&gate));
        let mut logins = Vec::new();
        for (n, browser) in browsers.into_iter().enumerate() {
            let (client, query) = (website.client.clone(), queries.get(n).cloned());
            logins.push(tokio::spawn(async move {
                match query {
                    Some(query) => client.callback("op", Some(&query), &browser.headers()).await,
                    None => client.login(&LoginRequest::new(), &browser.headers()).await,
                }
            }));
            // The second one waits for what the first one asked for.
            let redeemed = || path == DISCOVERY || issuer.hits("/token").len() > n;
            until("the fetch has begun", async || !issuer.hits(path).is_empty() && redeemed()).await;
        }
        logins[0].abort();
        assert!((&mut logins[0]).await.unwrap_err().is_cancelled());
        gate.add_permits(1);
        assert!(logins.pop().unwrap().await.unwrap().is_ok());
        assert_eq!(issuer.hits(path).len(), 1, "{path}");
    }
}

#[tokio::test]
async fn rp_18_rp_24_known_keys_serve_for_an_hour_while_the_provider_does_not_give_them_again() {
    let (website, issuer) = Website::start().await;
    website.sign_in(&issuer, "alice").await.unwrap();
    issuer.reply("/jwks", Reply::Json(503, json!({})));
    website.clock.advance(3_600);
    for _ in 0..3 {
        website.sign_in(&issuer, "alice").await.unwrap();
    }
    assert_eq!(issuer.hits("/jwks").len(), 2, "and it is asked again every half minute");
    website.clock.advance(30);
    website.sign_in(&issuer, "alice").await.unwrap();
    assert_eq!(issuer.hits("/jwks").len(), 3);
    // A key that was taken back dies, whoever keeps the provider from saying so.
    website.clock.advance(3_570);
    let refused = website.sign_in(&issuer, "alice").await.unwrap_err();
    assert_eq!(refused.class(), Class::Unavailable, "{refused:?}");
    // An answer that can be read is the provider's word.
    issuer.behave().replies.clear();
    website.sign_in(&issuer, "alice").await.unwrap();
}

/// Each answer is in time, and all together are not.
#[tokio::test]
async fn rp_18_a_login_ends_in_time_however_its_provider_drips() {
    let (website, issuer) = Website::start().await;
    let mut browser = Browser::default();
    let query = browser.go_to_provider(&website, &issuer, "alice").await.unwrap();
    issuer.behave().takes = PATIENCE * 4 / 5;
    let began = std::time::Instant::now();
    let refused = browser.come_back(&website, &query).await.unwrap_err();
    assert!(
        matches!(refused, Error::Provider(ProviderError::NoAnswer(_, HttpError::Timeout))),
        "{refused:?}"
    );
    assert!(began.elapsed() >= PATIENCE, "it was not given up for nothing");
    issuer.obey();
    website.sign_in(&issuer, "alice").await.unwrap();
}
