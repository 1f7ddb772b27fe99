//! A provider with ID tokens whose definition an application wrote itself.

use std::sync::Arc;

use http::HeaderMap;
use mapae_client::{Definition, Error, EventKind, Notice, Provider, ProviderError, ProviderSettings};
use mapae_protocol::{jose::HeaderType, time::Timestamp};
use serde_json::json;

use crate::{
    issuer::Issuer,
    website::{SECRET, Website, registration},
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
label = { ko = "로그인", en = "Sign in" }
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
