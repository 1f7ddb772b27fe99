//! Clocks that are wrong: ours, the provider's, and one that is set back.

use std::sync::Arc;

use mapae_client::{
    AccessError, CallbackResponse, Class, ClientRegistration, Error, LoginRequest, Provider, ProviderError,
    ProviderSettings,
};
use serde_json::{Value, json};

use crate::{
    issuer::{Issuer, Reply},
    website::{SECRET, Setup, TestClock, Website, registration},
};

/// Moves `iat`, `nbf` and `exp` of an ID token: so many seconds after its `iat`.
fn moved(claims: &mut Value, times: [i64; 3]) {
    let iat = claims["iat"].as_i64().unwrap();
    for (name, seconds) in ["iat", "nbf", "exp"].into_iter().zip(times) {
        claims[name] = json!(iat + seconds);
    }
}

/// OIDC Core §12.2.
#[tokio::test]
async fn rp_32_a_refreshed_id_token_whose_time_is_not_now_costs_no_tokens() {
    for (times, (name, stranger)) in [
        // The provider's clock is ahead, by `iat` or by `nbf`, or ours is.
        ([31, 0, 331], ("sub", "mallory")),
        ([3_600, 3_600, 3_900], ("aud", "other-client")),
        ([-3_600, -3_600, -3_300], ("iss", "https://evil.example")),
        ([-3_600, -3_600, -3_300], ("nonce", "of-another-login")),
    ] {
        let (website, issuer) = Website::start().await;
        let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
        let person = browser.person(&website).await.unwrap();
        issuer.behave().refreshes_bring_id_tokens = true;
        issuer.edit_claims(move |claims| moved(claims, times));
        for _ in 0..2 {
            website.clock.advance(60);
            let token = website.client.access_token(&person).await;
            assert!(token.is_ok(), "{times:?} {token:?}");
        }
        assert_eq!(issuer.refreshes(), 2, "the second with what the first one brought");
        assert!(browser.user(&website).await.is_some(), "{times:?}");
        // What is somebody else's is so at any time.
        issuer.edit_claims(move |claims| {
            moved(claims, times);
            claims[name] = json!(stranger);
        });
        website.clock.advance(60);
        let refused = website.client.access_token(&person).await;
        assert!(matches!(refused, Err(AccessError::SignInAgain)), "{name} {refused:?}");
    }
}

/// RFC 9449 §5, §8.
#[tokio::test]
async fn rp_32_a_proof_that_the_provider_does_not_take_costs_no_tokens() {
    for code in ["invalid_dpop_proof", "use_dpop_nonce"] {
        let setup = Setup { registered: ClientRegistration::with_bound_tokens, ..Setup::default() };
        let (website, issuer) = Website::start_with(setup).await;
        issuer.behave().tokens = Some(Arc::new(|tokens| tokens["token_type"] = json!("DPoP")));
        let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
        let person = browser.person(&website).await.unwrap();
        website.clock.advance(60);
        issuer.reply("/token", Reply::Json(400, json!({ "error": code })));
        let refused = website.client.access_token(&person).await.unwrap_err();
        assert!(matches!(refused, AccessError::Unavailable(_)), "{code} {refused:?}");
        assert!(browser.user(&website).await.is_some(), "{code}");
        issuer.behave().replies.clear();
        website.client.access_token(&person).await.unwrap();
    }
}

/// A provider that is asked by hand, at the time of a clock.
struct ByHand {
    issuer: Issuer,
    provider: Provider,
    clock: TestClock,
}

impl ByHand {
    async fn start() -> Self {
        let clock = TestClock::new();
        let issuer = Issuer::start(&clock).await;
        let settings = ProviderSettings::new("op").for_development();
        let registration = registration("op").with_secret(SECRET);
        Self { provider: Provider::discover(issuer.url(), registration, settings).unwrap(), issuer, clock }
    }

    async fn sign_in(&self) -> Result<(), Error> {
        let started = self.provider.start(&LoginRequest::new(), self.clock.now()).await?;
        let query = self.issuer.approve(&started.authorization_url, "alice");
        let response = CallbackResponse::parse(Some(&query)).unwrap();
        self.provider.finish(started.pending, &response, self.clock.now()).await.map(drop)
    }

    /// How often metadata and keys were asked for.
    fn asked(&self) -> [usize; 2] {
        ["/.well-known/openid-configuration", "/jwks"].map(|path| self.issuer.hits(path).len())
    }
}

#[tokio::test]
async fn rp_18_rp_32_a_clock_that_is_set_back_shuts_no_provider_out() {
    let hand = ByHand::start().await;
    hand.sign_in().await.unwrap();
    hand.issuer.reply("/token", Reply::Stall);
    let logins = (0..5).map(|_| hand.sign_in());
    for refused in futures_util::future::join_all(logins).await {
        assert_eq!(refused.unwrap_err().class(), Class::Unavailable);
    }
    hand.issuer.obey();
    let refused = hand.sign_in().await.unwrap_err();
    assert!(matches!(refused, Error::Provider(ProviderError::Resting)), "{refused:?}");
    hand.clock.advance(-3_600);
    hand.sign_in().await.unwrap();
}

#[tokio::test]
async fn rp_24_rp_32_a_clock_that_is_set_back_keeps_no_key_away_and_none_alive() {
    let hand = ByHand::start().await;
    hand.sign_in().await.unwrap();
    hand.issuer.rotate_key();
    hand.sign_in().await.unwrap();
    assert_eq!(hand.asked(), [1, 2]);
    hand.clock.advance(-30);
    hand.sign_in().await.unwrap();
    assert_eq!(hand.asked(), [1, 2], "clocks are put right by a little");
    hand.clock.advance(-86_400);
    hand.sign_in().await.unwrap();
    assert_eq!(hand.asked(), [2, 3], "nobody knows how old they are");
    // The last time that another key was looked for lies ahead.
    hand.issuer.rotate_key();
    hand.sign_in().await.unwrap();
    assert_eq!(hand.asked(), [2, 4]);
    hand.issuer.reply("/jwks", Reply::Json(503, json!({})));
    hand.clock.advance(-86_400);
    assert_eq!(
        hand.sign_in().await.unwrap_err().class(),
        Class::Unavailable,
        "no time of grace has an end then"
    );
}
