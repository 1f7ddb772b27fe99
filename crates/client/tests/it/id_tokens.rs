//! ID tokens and UserInfo that prove nothing.

use mapae_client::{Error, ProviderError, ProviderSettings};
use mapae_protocol::{id_token, jose, time::Leeway};
use serde_json::{Value, json};

use crate::{
    issuer::{Issuer, Signing},
    website::{Setup, Website},
};

/// A login with edited claims, which must be refused without a session.
async fn refusal(
    website: &Website,
    issuer: &Issuer,
    edit: impl Fn(&mut Value) + Send + Sync + 'static,
) -> id_token::Error {
    issuer.edit_claims(edit);
    match website.sign_in(issuer, "alice").await {
        Err(Error::IdToken(error)) => error,
        other => panic!("{other:?}"),
    }
}

async fn refusal_of(website: &Website, issuer: &Issuer, signing: Signing) -> id_token::Error {
    issuer.behave().signing = signing;
    match website.sign_in(issuer, "alice").await {
        Err(Error::IdToken(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn rp_06_from_whom_for_whom_and_when() {
    let (website, issuer) = Website::start().await;
    let set = |name: &'static str, value: Value| move |claims: &mut Value| claims[name] = value.clone();
    let shift = |name: &'static str, by: i64| {
        move |claims: &mut Value| claims[name] = json!(claims["iat"].as_i64().unwrap() + by)
    };
    let drop_claim =
        |name: &'static str| move |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove(name));
    for iss in ["https://evil.example", "", "https://self-issued.me"] {
        assert_eq!(
            refusal(&website, &issuer, set("iss", json!(iss))).await,
            id_token::Error::Issuer,
            "{iss}"
        );
    }
    for (aud, error) in [
        (json!("other-client"), id_token::Error::Audience),
        (json!(["other-client"]), id_token::Error::Audience),
        (json!(["client-1", "stranger"]), id_token::Error::UntrustedAudience),
        (json!([]), id_token::Error::Claims(jose::ClaimsError::Malformed)),
        (json!(7), id_token::Error::Claims(jose::ClaimsError::Malformed)),
    ] {
        assert_eq!(refusal(&website, &issuer, set("aud", aud)).await, error);
    }
    assert_eq!(
        refusal(&website, &issuer, set("azp", json!("other"))).await,
        id_token::Error::AuthorizedParty
    );
    assert_eq!(refusal(&website, &issuer, shift("exp", -31)).await, id_token::Error::Expired);
    assert_eq!(refusal(&website, &issuer, shift("iat", 31)).await, id_token::Error::IssuedInFuture);
    assert_eq!(refusal(&website, &issuer, shift("nbf", 31)).await, id_token::Error::NotYetValid);
    for name in ["sub", "iss", "aud", "exp", "iat"] {
        let missing = id_token::Error::Claims(jose::ClaimsError::Missing(name));
        assert_eq!(refusal(&website, &issuer, drop_claim(name)).await, missing);
    }
    let empty = id_token::Error::Claims(jose::ClaimsError::Missing("sub"));
    assert_eq!(refusal(&website, &issuer, set("sub", json!(""))).await, empty);
    assert_eq!(
        refusal(&website, &issuer, set("sub", json!("a".repeat(256)))).await,
        id_token::Error::Subject
    );
    assert_eq!(website.users.count(), 0);
}

#[tokio::test]
async fn rp_06_a_clock_may_differ_as_far_as_the_settings_say() {
    type Settings = fn(ProviderSettings) -> ProviderSettings;
    let exact: Settings = |settings| settings.with_leeway(Leeway::NONE);
    let widest: Settings = |settings| settings.with_leeway(Leeway::seconds(3_600));
    for (seconds, settings) in [(0, exact), (60, widest)] {
        let (website, issuer) = Website::start_with(Setup { settings, ..Setup::default() }).await;
        let ahead =
            |by: i64| move |claims: &mut Value| claims["iat"] = json!(claims["iat"].as_i64().unwrap() + by);
        assert_eq!(refusal(&website, &issuer, ahead(seconds + 1)).await, id_token::Error::IssuedInFuture);
        issuer.edit_claims(ahead(seconds));
        website.sign_in(&issuer, "alice").await.unwrap();
    }
}

#[tokio::test]
async fn rp_06_signed_by_whom() {
    let (website, issuer) = Website::start().await;
    let token = |error| id_token::Error::Token(error);
    for (signing, error) in [
        (Signing::AlgNone, token(jose::Error::Algorithm)),
        (Signing::Hmac, token(jose::Error::Algorithm)),
        (Signing::BrokenSignature, token(jose::Error::Signature)),
        (Signing::AsAccessToken, id_token::Error::WrongType),
        (Signing::UnknownKey, id_token::Error::UnknownKey),
    ] {
        assert_eq!(refusal_of(&website, &issuer, signing).await, error, "{signing:?}");
    }
    assert_eq!(website.users.count(), 0);
}

/// OIDC Core §3.1.3.3.
#[tokio::test]
async fn rp_06_no_id_token_is_no_login() {
    let (website, issuer) = Website::start().await;
    issuer.behave().tokens =
        Some(std::sync::Arc::new(|tokens| drop(tokens.as_object_mut().unwrap().remove("id_token"))));
    let refused = website.sign_in(&issuer, "alice").await.unwrap_err();
    assert!(matches!(refused, Error::Provider(ProviderError::IdTokenMissing)), "{refused:?}");
}

#[tokio::test]
async fn rp_07_nonce_and_at_hash() {
    let (website, issuer) = Website::start().await;
    let missing = |claims: &mut Value| drop(claims.as_object_mut().unwrap().remove("nonce"));
    assert_eq!(refusal(&website, &issuer, missing).await, id_token::Error::NonceMissing);
    let wrong = |claims: &mut Value| claims["nonce"] = json!("of-another-login");
    assert_eq!(refusal(&website, &issuer, wrong).await, id_token::Error::NonceMismatch);
    let hash = |claims: &mut Value| claims["at_hash"] = json!("77QmUPtjPfzWtF2AnpK9RQ");
    assert_eq!(refusal(&website, &issuer, hash).await, id_token::Error::AccessTokenHash);
    issuer.edit_claims(|claims| claims["at_hash"] = json!(7));
    assert!(website.sign_in(&issuer, "alice").await.is_err());
    issuer.obey();
    website.sign_in(&issuer, "alice").await.unwrap();
}

#[tokio::test]
async fn rp_07_a_nonce_is_not_used_twice() {
    let (website, issuer) = Website::start().await;
    website.sign_in(&issuer, "alice").await.unwrap();
    // The provider answers the next login with the nonce of the one before.
    let kept = std::sync::Arc::new(std::sync::Mutex::new(None));
    let memory = std::sync::Arc::clone(&kept);
    issuer.edit_claims(move |claims| {
        let first = memory.lock().unwrap().get_or_insert_with(|| claims["nonce"].clone()).clone();
        claims["nonce"] = first;
    });
    website.sign_in(&issuer, "alice").await.unwrap();
    let refused = website.sign_in(&issuer, "alice").await.unwrap_err();
    assert!(matches!(refused, Error::IdToken(id_token::Error::NonceMismatch)), "{refused:?}");
}

#[tokio::test]
async fn rp_10_user_info_speaks_of_the_same_person() {
    let (website, issuer) = Website::start().await;
    for sub in [json!("mallory"), json!(null), json!(["alice"]), json!("Alice"), json!("")] {
        issuer.behave().user_info = Some(std::sync::Arc::new(move |claims| claims["sub"] = sub.clone()));
        let refused = website.sign_in(&issuer, "alice").await.unwrap_err();
        assert!(matches!(refused, Error::Provider(ProviderError::UserInfoSubject)), "{refused:?}");
    }
    assert_eq!(website.users.count(), 0);
    issuer.obey();
    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    assert_eq!(browser.user(&website).await.unwrap().email.as_deref(), Some("same@example.com"));
}

#[tokio::test]
async fn user_info_can_be_left_out() {
    let setup = Setup { settings: ProviderSettings::without_user_info, ..Setup::default() };
    let (website, issuer) = Website::start_with(setup).await;
    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    assert_eq!(browser.user(&website).await.unwrap().email, None, "no e-mail is normal");
    assert_eq!(issuer.hits("/userinfo").len(), 0);
}

#[tokio::test]
async fn rp_24_made_up_key_ids_do_not_storm_the_provider() {
    let (website, issuer) = Website::start().await;
    issuer.behave().signing = Signing::UnknownKey;
    let logins = (0..20).map(|_| website.sign_in(&issuer, "alice"));
    for refused in futures_util::future::join_all(logins).await {
        assert!(matches!(refused, Err(Error::IdToken(id_token::Error::UnknownKey))));
    }
    assert_eq!(issuer.hits("/jwks").len(), 2, "once at first, once to look for the unknown");
    website.clock.advance(29);
    assert!(website.sign_in(&issuer, "alice").await.is_err());
    assert_eq!(issuer.hits("/jwks").len(), 2);
    website.clock.advance(1);
    assert!(website.sign_in(&issuer, "alice").await.is_err());
    assert_eq!(issuer.hits("/jwks").len(), 3);
}

#[tokio::test]
async fn rp_24_a_new_key_is_found_at_once_and_an_old_one_forgotten_in_an_hour() {
    let (website, issuer) = Website::start().await;
    website.sign_in(&issuer, "alice").await.unwrap();
    issuer.rotate_key();
    website.sign_in(&issuer, "alice").await.unwrap();
    assert_eq!(issuer.hits("/jwks").len(), 2);
    website.clock.advance(3_600);
    website.sign_in(&issuer, "alice").await.unwrap();
    assert_eq!(issuer.hits("/jwks").len(), 3);
    assert_eq!(issuer.hits("/.well-known/openid-configuration").len(), 2);
}
