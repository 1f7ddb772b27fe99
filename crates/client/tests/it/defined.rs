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
