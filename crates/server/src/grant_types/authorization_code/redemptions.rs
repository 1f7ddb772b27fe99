//! Redemptions of codes, with whatever can be wrong about one.

use mapae_protocol::time::Seconds;

use super::*;
use crate::store::alive::{Epochs, States};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const EPOCHS: Epochs = Epochs { user: 1, app: 1, consent: 1, session: Some(1) };
const REDIRECT: &str = "https://app.example.com/cb";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// Everything right: a verifier (RFC 7636 Appendix B), the redirect URI, the client, the first time, in time, alive.
struct Case {
    request: Request,
    code: AuthorizationCode,
    client_id: &'static str,
    key: Option<Thumbprint>,
    trusted: Option<&'static str>,
    facts: RedemptionFacts,
    now: Timestamp,
}

impl Case {
    fn right() -> Self {
        let verifier = CodeVerifier::parse(VERIFIER).unwrap();
        let code = AuthorizationCode {
            id: [7; 16],
            expires_at: NOW.plus(Seconds::minutes(1)),
            client_id: "app_1".to_owned(),
            sent_to: AuthorizationCode::redirect_digest(REDIRECT),
            redirect_uri_asked: true,
            challenge: Some(*verifier.challenge().as_bytes()),
            key: Some([3; 32]),
            authorization: Authorization::sample(EPOCHS, NOW),
            details: None,
        };
        Self {
            request: Request {
                code: "sealed".to_owned(),
                redirect_uri: Some(REDIRECT.to_owned()),
                verifier: Some(verifier),
            },
            code,
            client_id: "app_1",
            key: Some(Thumbprint::from_bytes([3; 32])),
            trusted: Some(REDIRECT),
            facts: RedemptionFacts {
                states: States::living(EPOCHS, NOW.plus(Seconds::hours(1))),
                earlier: None,
                swept_until: NOW.minus(Seconds::hours(2)),
            },
            now: NOW,
        }
    }

    fn redeem(&self) -> Result<(), Refused> {
        let Self { request, code, client_id, key, trusted, facts, now } = self;
        redeem(&Redemption { request, code, client_id, key: *key, trusted: *trusted, facts, now: *now })
    }
}

type Wrong = (fn(&mut Case), Refused);

/// Whatever is wrong, in the order in which it is looked at: before the replay, everything that proves who asks.
const TABLE: &[Wrong] = &[
    (|case| case.client_id = "app_2", Refused::OtherClient),
    (|case| case.request.redirect_uri = None, Refused::OtherRedirectUri),
    (|case| case.request.verifier = None, Refused::Pkce(pkce::Error::Missing)),
    (|case| case.key = None, Refused::OtherKey),
    (|case| case.facts.earlier = Some(earlier()), Refused::Replayed),
    (|case| case.now = case.code.expires_at, Refused::Expired),
    (|case| case.facts.swept_until = case.code.expires_at, Refused::Expired),
    (|case| case.trusted = None, Refused::RedirectUriGivenUp),
    (|case| case.facts.states.user = None, Refused::Dead(Dead::UserDisabled)),
];

fn earlier() -> Earlier {
    Earlier { id: "gra_1".to_owned(), revoked_at: None }
}

#[test]
fn co_01_to_co_08_each_mistake_is_found_and_the_first_of_two_decides() {
    assert_eq!(Case::right().redeem(), Ok(()));
    for (at, (first, refused)) in TABLE.iter().enumerate() {
        let mut case = Case::right();
        first(&mut case);
        assert_eq!(case.redeem().as_ref(), Err(refused));
        for (second, _) in &TABLE[at + 1..] {
            let mut case = Case::right();
            second(&mut case);
            first(&mut case);
            assert_eq!(case.redeem().as_ref(), Err(refused), "before {:?}", TABLE[at].1);
        }
    }
}

#[test]
fn co_06_a_redirect_uri_is_the_same_or_was_left_out_both_times() {
    let with = |asked: Option<&str>, sent: Option<&str>| {
        let mut case = Case::right();
        case.code.redirect_uri_asked = asked.is_some();
        case.request.redirect_uri = sent.map(str::to_owned);
        case.redeem()
    };
    assert_eq!(with(None, None), Ok(()));
    assert_eq!(with(Some(REDIRECT), Some(REDIRECT)), Ok(()));
    for (asked, sent) in [(None, Some(REDIRECT)), (Some(REDIRECT), Some("https://app.example.com/cb/"))] {
        assert_eq!(with(asked, sent), Err(Refused::OtherRedirectUri), "{asked:?} {sent:?}");
    }
}

#[test]
fn co_07_co_08_co_09_pkce_is_all_or_nothing() {
    let with = |challenge: bool, verifier: Option<&str>| {
        let mut case = Case::right();
        case.code.challenge = case.code.challenge.filter(|_| challenge);
        case.request.verifier = verifier.map(|text| CodeVerifier::parse(text).unwrap());
        case.redeem()
    };
    let other = "a".repeat(43);
    assert_eq!(with(false, None), Ok(()), "an app that need not");
    assert_eq!(with(true, Some(&other)), Err(Refused::Pkce(pkce::Error::Mismatch)));
    assert_eq!(with(false, Some(VERIFIER)), Err(Refused::Pkce(pkce::Error::Unexpected)));
}

#[test]
fn po_07_a_code_is_redeemed_with_the_key_that_it_names() {
    let with = |bound: Option<[u8; 32]>, proven: Option<[u8; 32]>| {
        let mut case = Case::right();
        case.code.key = bound;
        case.key = proven.map(Thumbprint::from_bytes);
        case.redeem()
    };
    let (one, other) = (Some([1; 32]), Some([2; 32]));
    assert_eq!(with(one, one), Ok(()));
    assert_eq!((with(None, None), with(None, other)), (Ok(()), Ok(())));
    assert_eq!((with(one, other), with(one, None)), (Err(Refused::OtherKey), Err(Refused::OtherKey)));
}

#[test]
fn what_is_wrong_with_a_code_is_nobodys_business() {
    for (_, refused) in TABLE {
        assert_eq!(OAuthError::from(refused.clone()).code, ErrorCode::InvalidGrant, "{refused}");
    }
    let told: std::collections::BTreeSet<_> = TABLE
        .iter()
        .filter(|(_, refused)| !matches!(refused, Refused::Pkce(_)))
        .map(|(_, refused)| OAuthError::from(refused.clone()).description)
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
}
