//! Exchanges, with whatever can be wrong about one.

use mapae_protocol::{
    dpop::{Confirmation, Thumbprint},
    time::{Seconds, Timestamp},
};

use super::*;
use crate::{
    issue::OpaqueAccessToken,
    store::{
        alive::{Epochs, Span, States},
        apis,
        grant_states::GrantState,
    },
};

const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);
const CALENDAR: &str = "https://calendar.example";
const MAIL: &str = "https://mail.example";

fn scopes(text: &str) -> Scopes {
    Scopes::restore(text).unwrap()
}

/// An app that the operator permits it passes on a token of a person, for the API that it is for.
struct Case {
    audience: Option<&'static str>,
    resource: Option<&'static str>,
    scopes: Option<Scopes>,
    proven: bool,
    public: bool,
    allowed: Scopes,
    facts: Facts,
}

impl Case {
    fn right() -> Self {
        Self {
            audience: Some(CALENDAR),
            resource: None,
            scopes: Some(scopes("calendar.read")),
            proven: false,
            public: false,
            allowed: scopes("openid calendar.read calendar.write"),
            facts: Facts {
                ours: true,
                api: Some(Arc::new(api(false))),
                permitted: true,
                acts_for_itself: Some(true),
                living: Some(Living { token: token(), grant: Some(Box::new(grant())) }),
            },
        }
    }

    fn exchange(self) -> Result<Exchange, Refused> {
        let Self { audience, resource, scopes, proven, public, allowed, facts } = self;
        let asked = Asked { audience, resource, scopes: scopes.as_ref(), proven };
        exchange(&asked, facts, &Policy { client_id: "app_2", public, allowed: &allowed })
    }

    fn token(&mut self) -> &mut PresentedToken {
        &mut self.facts.living.as_mut().unwrap().token
    }
}

fn api(disabled: bool) -> Api {
    let scope = |name: &str| apis::ApiScope {
        scope: name.to_owned(),
        title_ko: String::new(),
        title_en: String::new(),
    };
    Api::from(apis::Api {
        id: "api_1".to_owned(),
        identifier: CALENDAR.to_owned(),
        name: "calendar".to_owned(),
        token_format: apis::TokenFormat::Jwt,
        secret_hash: "".into(),
        disabled_at: disabled.then_some(NOW),
        created_at: NOW,
        scopes: vec![scope("calendar.read"), scope("calendar.write")],
    })
}

fn token() -> PresentedToken {
    PresentedToken::from_opaque(OpaqueAccessToken {
        jti: "jti_1".to_owned(),
        grant_id: Some("gra_1".to_owned()),
        client_id: "app_1".to_owned(),
        app_epoch: 1,
        subject: "sub_1".to_owned(),
        audience: vec![CALENDAR.to_owned()],
        scope: "openid calendar.read".to_owned(),
        cnf: None,
        issued_at: NOW,
        expires_at: NOW.plus(Seconds::minutes(5)),
        given_to: None,
        actors: vec!["app_1".to_owned()],
        epochs_before: Vec::new(),
    })
    .unwrap()
}

fn grant() -> GrantState {
    let epochs = Epochs { user: 1, app: 1, consent: 1, session: Some(1) };
    let until = NOW.plus(Seconds::hours(1));
    let span = Span { offline: false, epochs, expires_at: until, idle_expires_at: until, revoked_at: None };
    GrantState {
        app_id: "app_1".to_owned(),
        auth_time: NOW,
        acr: None,
        span,
        states: States::living(epochs, until),
        token_revoked: false,
        swept_until: NOW.minus(Seconds::hours(2)),
    }
}

type Wrong = (fn(&mut Case), Refused);

/// Whatever is wrong, in the order in which it is looked at: before anything of a token, whether the app may ask.
const TABLE: &[Wrong] = &[
    (|case| case.public = true, Refused::PublicApp),
    (|case| case.facts.ours = false, Refused::Subject),
    (|case| (case.audience, case.resource) = (Some(CALENDAR), Some(MAIL)), Refused::TwoTargets),
    (|case| (case.audience, case.resource) = (Some(MAIL), Some(MAIL)), Refused::OtherTarget),
    (|case| case.facts.permitted = false, Refused::NotPermitted),
    (|case| case.facts.acts_for_itself = Some(false), Refused::Actor),
    (|case| case.facts.living.as_mut().unwrap().grant = None, Refused::Subject),
    (|case| case.token().cnf = Some(bound()), Refused::Unbound),
    (|case| case.scopes = Some(scopes("calendar.write")), Refused::MoreScope),
    (|case| case.facts.api = Some(Arc::new(api(true))), Refused::SwitchedOff),
    (|case| case.token().actors = vec!["app_1".to_owned(); MAX_ACTORS], Refused::TooManyActors),
];

fn bound() -> Confirmation {
    Confirmation { jkt: Thumbprint::from_bytes([3; 32]) }
}

#[test]
fn tx_01_to_tx_04_each_mistake_is_found_and_the_first_of_two_decides() {
    for (at, (first, refused)) in TABLE.iter().enumerate() {
        let mut case = Case::right();
        first(&mut case);
        assert_eq!(case.exchange().unwrap_err(), *refused);
        for (second, _) in &TABLE[at + 1..] {
            let mut case = Case::right();
            second(&mut case);
            first(&mut case);
            assert_eq!(case.exchange().unwrap_err(), *refused);
        }
    }
}

#[test]
fn tx_01_of_a_token_that_was_not_looked_at_nothing_is_told() {
    let closed = |facts: Facts| Case { facts, ..Case::right() }.exchange().unwrap_err();
    assert_eq!(closed(Facts::default()), Refused::Subject);
    assert_eq!(closed(Facts { ours: true, ..Facts::default() }), Refused::OtherTarget);
    let api = Some(Arc::new(api(false)));
    assert_eq!(closed(Facts { ours: true, api, ..Facts::default() }), Refused::NotPermitted);
    assert_eq!(closed(Facts { living: None, ..Case::right().facts }), Refused::Subject, "dead");
}

#[test]
fn what_is_right_is_exchanged_for_its_own_api_and_says_who_acts() {
    for (audience, resource) in
        [(Some(CALENDAR), None), (None, Some(CALENDAR)), (Some(CALENDAR), Some(CALENDAR)), (None, None)]
    {
        let exchange = Case { audience, resource, ..Case::right() }.exchange().unwrap();
        assert_eq!(exchange.api.identifier, CALENDAR, "{audience:?} {resource:?}");
        assert_eq!(exchange.scopes, scopes("calendar.read"));
        assert_eq!(exchange.actors, ["app_2", "app_1"]);
        assert_eq!(exchange.subject.token.jti, "jti_1");
    }
    let mut alone = Case::right();
    alone.facts.acts_for_itself = None;
    assert!(alone.exchange().is_ok(), "an actor_token is no must");
}

#[test]
fn tx_03_what_is_bound_needs_a_proof_and_what_is_not_may_have_one() {
    for (cnf, proven, exchanged) in
        [(None, false, true), (None, true, true), (Some(bound()), true, true), (Some(bound()), false, false)]
    {
        let mut case = Case { proven, ..Case::right() };
        case.token().cnf = cnf;
        assert_eq!(case.exchange().is_ok(), exchanged, "{cnf:?} {proven}");
    }
}

#[test]
fn tx_03_never_more_than_the_token_the_app_and_the_api() {
    let owns = |scope: &str| scope.starts_with("calendar.");
    for (requested, subject, allowed, expected) in [
        (None, "calendar.read calendar.write", "calendar.read", Ok("calendar.read")),
        (None, "calendar.read openid", "calendar.read openid", Ok("calendar.read")),
        (
            Some("calendar.read"),
            "calendar.read calendar.write",
            "calendar.read calendar.write",
            Ok("calendar.read"),
        ),
        (Some("calendar.write"), "calendar.read", "calendar.read calendar.write", Err(Refused::MoreScope)),
        (Some("calendar.write"), "calendar.read calendar.write", "calendar.read", Err(Refused::MoreScope)),
        (Some("openid"), "openid calendar.read", "openid calendar.read", Err(Refused::MoreScope)),
        (Some("photos.read"), "photos.read", "photos.read", Err(Refused::MoreScope)),
        (Some(""), "calendar.read", "calendar.read", Err(Refused::NothingLeft)),
        (None, "openid", "openid calendar.read", Err(Refused::NothingLeft)),
    ] {
        let requested_scopes = requested.map(scopes);
        let found = narrowed(requested_scopes.as_ref(), &scopes(subject), &scopes(allowed), owns);
        assert_eq!(found, expected.map(scopes), "{requested:?} of {subject} for {allowed}");
    }
}

#[test]
fn tx_04_four_act_and_no_fifth_and_whoever_asks_is_always_among_them() {
    let mut chain = Vec::new();
    for number in 1..=MAX_ACTORS {
        chain = actors(&format!("app_{number}"), &chain).unwrap();
        assert_eq!(chain.len(), number);
    }
    assert_eq!(chain.first().map(String::as_str), Some("app_4"));
    assert_eq!(actors("app_5", &chain), Err(Refused::TooManyActors));
}
