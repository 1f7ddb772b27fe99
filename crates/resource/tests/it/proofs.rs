//! Tokens that are bound to a key — RFC 9449 §7, §9, §11.1.

use std::sync::Arc;

use axum::{Router, routing::get};
use http::{HeaderName, Method, header};
use mapae_resource::{
    Authorized, BuildError, Builder, ResourceServer,
    protocol::{
        dpop::{NewProof, Thumbprint},
        fapi,
        jose::{Algorithm, SigningKey},
    },
};
use serde_json::json;
use tower::ServiceExt;

use crate::{
    api::{Answer, Api, request},
    issuer::{AUDIENCE, CLIENT_ID, Issuer, SECRET},
};

const DPOP: HeaderName = HeaderName::from_static("dpop");
const EVENTS: &str = "http://localhost:4000/events";
const ALGS: &str = "algs=\"ES256 RS256 PS256 EdDSA\"";

struct Sender {
    key: SigningKey,
    token: String,
}

impl Sender {
    fn of(issuer: &Issuer) -> Self {
        Self::signing(issuer, Algorithm::Es256)
    }

    fn signing(issuer: &Issuer, algorithm: Algorithm) -> Self {
        let key = SigningKey::generate(algorithm).unwrap();
        let token =
            issuer.sign(&issuer.claims_with("cnf", json!({ "jkt": Thumbprint::of(key.public_jwk()) })));
        Self { key, token }
    }

    fn proof(&self, api: &Api, nonce: Option<&str>) -> String {
        self.proof_for(api, ("GET", EVENTS), Some(&self.token), nonce)
    }

    fn proof_for(
        &self,
        api: &Api,
        (method, address): (&str, &str),
        access_token: Option<&str>,
        nonce: Option<&str>,
    ) -> String {
        let now = mapae_resource::Clock::now(api.clock.as_ref());
        NewProof { method, address, access_token, nonce, now }.sign(&self.key).unwrap()
    }

    async fn get(&self, api: &Api, proofs: &[&str]) -> Answer {
        events(api, &format!("DPoP {}", self.token), proofs).await
    }
}

/// An API that reads no feed, so that minutes may pass.
fn unfed(issuer: &Issuer) -> Builder {
    ResourceServer::builder(&issuer.url, AUDIENCE).without_revocation()
}

async fn events(api: &Api, authorization: &str, proofs: &[&str]) -> Answer {
    let mut headers = vec![(header::AUTHORIZATION, authorization)];
    headers.extend(proofs.iter().map(|proof| (DPOP, *proof)));
    api.with_headers("/events", &headers).await
}

fn challenges(answer: &Answer) -> Vec<&str> {
    let values = answer.headers.get_all(header::WWW_AUTHENTICATE).iter();
    values.map(|value| value.to_str().unwrap()).collect()
}

fn nonce(answer: &Answer) -> Option<String> {
    answer.headers.get("dpop-nonce").map(|nonce| nonce.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn rs_17_a_bound_token_with_its_proof_is_let_in_once() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let sender = Sender::of(&issuer);
    let proof = sender.proof(&api, None);
    assert_eq!(sender.get(&api, &[&proof]).await.status, 200);
    let again = sender.get(&api, &[&proof]).await;
    assert_eq!(again.verdict(), "401 invalid_dpop_proof", "po_04: used before");
    assert_eq!(sender.get(&api, &[&sender.proof(&api, None)]).await.status, 200);
    assert_eq!(api.handled(), 2);
}

#[tokio::test]
async fn rs_17_an_introspected_token_is_bound_all_the_same() {
    let issuer = Issuer::start().await;
    let api = Api::build(Api::builder(&issuer).introspect_all());
    api.ready().await;
    let sender = Sender { token: "opaque".into(), ..Sender::of(&issuer) };
    let jkt = Thumbprint::of(sender.key.public_jwk());
    let mut answer = issuer.claims();
    for (name, value) in
        [("active", json!(true)), ("token_type", json!("DPoP")), ("cnf", json!({ "jkt": jkt }))]
    {
        answer[name] = value;
    }
    issuer.introspects("opaque", answer);
    assert_eq!(events(&api, "Bearer opaque", &[]).await.verdict(), "401 invalid_token");
    let stranger = Sender { token: "opaque".into(), ..Sender::of(&issuer) };
    let stolen = stranger.get(&api, &[&stranger.proof(&api, None)]).await;
    assert_eq!(stolen.verdict(), "401 invalid_token");
    let proof = sender.proof(&api, None);
    assert_eq!(sender.get(&api, &[&proof]).await.status, 200);
    assert_eq!(sender.get(&api, &[&proof]).await.verdict(), "401 invalid_dpop_proof", "also from memory");
}

#[tokio::test]
async fn po_07_po_08_rs_17_without_the_key_a_bound_token_is_worth_nothing() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let (sender, thief) = (Sender::of(&issuer), Sender::of(&issuer));
    let plain = events(&api, &format!("Bearer {}", sender.token), &[]).await;
    assert_eq!(plain.verdict(), "401 invalid_token");
    let [bearer, dpop] = challenges(&plain).try_into().unwrap();
    assert!(
        bearer.starts_with("Bearer error=") && dpop.starts_with("DPoP ") && dpop.contains(ALGS),
        "{dpop}"
    );
    let with_proof = events(&api, &format!("Bearer {}", sender.token), &[&sender.proof(&api, None)]).await;
    assert_eq!(with_proof.verdict(), "401 invalid_token", "ui_04: also with a proof beside it");
    let stolen = Sender { token: sender.token.clone(), ..thief };
    let stolen = stolen.get(&api, &[&stolen.proof(&api, None)]).await;
    assert_eq!(stolen.verdict(), "401 invalid_token");
    let unbound = Sender { token: issuer.token(), ..Sender::of(&issuer) };
    let upgraded = unbound.get(&api, &[&unbound.proof(&api, None)]).await;
    assert_eq!(upgraded.verdict(), "401 invalid_token", "a bearer token is no bound one");
    assert_eq!(api.events(&unbound.token).await.status, 200);
    assert_eq!(api.handled(), 1);
}

#[tokio::test]
async fn po_01_po_03_po_06_rs_17_the_proof_is_for_this_request_and_token() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let sender = Sender::of(&issuer);
    let made = |method, address, token| sender.proof_for(&api, (method, address), token, None);
    let token = Some(sender.token.as_str());
    for address in [EVENTS, "HTTP://LocalHost:4000/%65vents", "http://localhost:4000/events?page=2#top"] {
        let answer = sender.get(&api, &[&made("GET", address, token)]).await;
        assert_eq!(answer.status, 200, "{address}");
    }
    let good = made("GET", EVENTS, token);
    let wrong = [
        made("POST", EVENTS, token),
        made("get", EVENTS, token),
        made("GET", "http://localhost:4000/whoami", token),
        made("GET", "https://localhost:4000/events", token),
        made("GET", "http://evil.example/events", token),
        made("GET", EVENTS, None),
        made("GET", EVENTS, Some("another token")),
        "x".to_owned(),
    ];
    for proof in &wrong {
        let answer = sender.get(&api, &[proof]).await;
        assert_eq!(answer.verdict(), "401 invalid_dpop_proof", "{proof}");
        let [only] = challenges(&answer).try_into().unwrap();
        assert!(only.starts_with("DPoP error=") && only.contains(ALGS), "{only}");
    }
    assert_eq!(sender.get(&api, &[]).await.verdict(), "401 invalid_dpop_proof");
    assert_eq!(sender.get(&api, &[&good, &good]).await.verdict(), "401 invalid_dpop_proof");
    let authorization = format!("DPoP {}", sender.token);
    let headers = [
        (header::AUTHORIZATION, authorization.as_str()),
        (header::HOST, "evil.example"),
        (HeaderName::from_static("x-forwarded-host"), "evil.example"),
        (DPOP, &made("GET", "http://evil.example/events", token)),
    ];
    let answer = api.send(request(Method::GET, "/events", &headers)).await;
    assert_eq!(answer.verdict(), "401 invalid_dpop_proof", "not what a header calls the API");
}

#[tokio::test]
async fn po_05_a_proof_that_is_a_minute_old_is_refused() {
    let issuer = Issuer::start().await;
    let api = Api::build(unfed(&issuer));
    api.ready().await;
    let sender = Sender::of(&issuer);
    let [early, late] = [0, 1].map(|_| sender.proof(&api, None));
    api.clock.advance(10);
    assert_eq!(sender.get(&api, &[&early]).await.status, 200);
    api.clock.advance(50);
    assert_eq!(sender.get(&api, &[&late]).await.verdict(), "401 invalid_dpop_proof");
}

#[tokio::test]
async fn ui_03_a_bound_token_does_not_travel_in_the_address() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let sender = Sender::of(&issuer);
    let path = format!("/calendar.ics?access_token={}", sender.token);
    let proof =
        sender.proof_for(&api, ("GET", "http://localhost:4000/calendar.ics"), Some(&sender.token), None);
    let answer = api.with_headers(&path, &[(DPOP, &proof)]).await;
    assert_eq!(answer.verdict(), "401 invalid_token");
}

#[tokio::test]
async fn po_09_an_api_may_want_a_nonce_of_its_own() {
    let issuer = Issuer::start().await;
    let api = Api::build(unfed(&issuer).dpop_nonces([7; 32]));
    let other = Api::build(unfed(&issuer).dpop_nonces([8; 32]));
    api.ready().await;
    other.ready().await;
    let sender = Sender::of(&issuer);
    let first = sender.get(&api, &[&sender.proof(&api, None)]).await;
    assert_eq!(first.verdict(), "401 use_dpop_nonce");
    let exposed = first.headers.get_all(header::ACCESS_CONTROL_EXPOSE_HEADERS).iter();
    assert!(exposed.into_iter().any(|value| value == "DPoP-Nonce"));
    let given = nonce(&first).unwrap();
    let foreign = sender.get(&other, &[&sender.proof(&other, Some(&given))]).await;
    assert_eq!(foreign.verdict(), "401 use_dpop_nonce", "another API's");
    let good = sender.get(&api, &[&sender.proof(&api, Some(&given))]).await;
    assert_eq!((good.status.as_u16(), nonce(&good)), (200, None));
    api.clock.advance(160);
    let late = sender.get(&api, &[&sender.proof(&api, Some(&given))]).await;
    assert_eq!((late.status.as_u16(), nonce(&late).is_some()), (200, true), "the next one comes in time");
}

#[tokio::test]
async fn an_api_may_refuse_what_is_not_bound() {
    let issuer = Issuer::start().await;
    let api = Api::build(Api::builder(&issuer).require_bound_tokens());
    api.ready().await;
    let sender = Sender::of(&issuer);
    let plain = api.events(&issuer.token()).await;
    assert_eq!(plain.verdict(), "401 invalid_token");
    let [only] = challenges(&plain).try_into().unwrap();
    assert!(only.starts_with("DPoP error=") && only.contains("must be bound"), "{only}");
    let nothing = api.with_headers("/events", &[]).await;
    let [only] = challenges(&nothing).try_into().unwrap();
    assert!(only.starts_with("DPoP ") && !only.contains("error="), "{only}");
    assert_eq!(sender.get(&api, &[&sender.proof(&api, None)]).await.status, 200);
    let document = api.with_headers("/.well-known/oauth-protected-resource/calendar", &[]).await.json();
    assert_eq!(document["dpop_bound_access_tokens_required"], true);
    let demanded = sender.proof_for(&api, ("GET", "http://localhost:4000/both"), Some(&sender.token), None);
    let authorization = format!("DPoP {}", sender.token);
    let narrow =
        api.with_headers("/both", &[(header::AUTHORIZATION, &authorization), (DPOP, &demanded)]).await;
    assert!(narrow.challenge().starts_with("DPoP error=\"insufficient_scope\""), "{}", narrow.challenge());
}

#[tokio::test]
async fn the_address_is_that_of_the_outside() {
    let issuer = Issuer::start().await;
    let clock = Arc::new(crate::test_clock::TestClock::default());
    let resource =
        Api::builder(&issuer).clock(Arc::clone(&clock) as Arc<_>).address("http://localhost:4000/v1/");
    let resource = resource.build().unwrap();
    resource.ready().await;
    let handler = async |caller: Authorized| format!("{:?}", caller.proven_key().is_some());
    let inner = Router::new().route("/events", get(handler)).layer(resource.layer());
    let app = Router::new().nest("/calendar", inner);
    let sender = Sender::of(&issuer);
    let now = mapae_resource::Clock::now(clock.as_ref());
    for (address, status) in [
        ("http://localhost:4000/v1/calendar/events", 200),
        ("http://localhost:4000/calendar/events", 401),
        ("http://localhost:4000/v1/events", 401),
    ] {
        let access_token = Some(sender.token.as_str());
        let proof = NewProof { method: "GET", address, access_token, nonce: None, now }.sign(&sender.key);
        let authorization = format!("DPoP {}", sender.token);
        let headers = [(header::AUTHORIZATION, authorization.as_str()), (DPOP, &proof.unwrap())];
        let answer = app.clone().oneshot(request(Method::GET, "/calendar/events", &headers)).await.unwrap();
        assert_eq!(answer.status(), status, "{address}");
    }
}

#[tokio::test]
async fn without_an_address_no_proof_can_be_checked() {
    let issuer = Issuer::start().await;
    let urn = || ResourceServer::builder(&issuer.url, "urn:example:calendar").credential(CLIENT_ID, SECRET);
    let wrong = |builder: Builder| builder.build().unwrap_err();
    assert_eq!(wrong(urn().require_bound_tokens()), BuildError::NoAddress);
    assert_eq!(wrong(urn().dpop_nonces([1; 32])), BuildError::NoAddress);
    for address in ["", "x", "http://api.example", "https://api.example?x", "https://api.example#x", "/v1"] {
        assert_eq!(wrong(urn().address(address)), BuildError::Address, "{address}");
    }
    assert!(urn().address("https://api.example/v1").require_bound_tokens().build().is_ok());
    let api = Api::build(urn());
    api.ready().await;
    let mut sender = Sender::of(&issuer);
    let mut claims = issuer.claims_with("cnf", json!({ "jkt": Thumbprint::of(sender.key.public_jwk()) }));
    claims["aud"] = json!("urn:example:calendar");
    sender.token = issuer.sign(&claims);
    let answer = sender.get(&api, &[&sender.proof(&api, None)]).await;
    assert_eq!(answer.verdict(), "401 invalid_token");
    claims.as_object_mut().unwrap().remove("cnf");
    let unbound = api.events(&issuer.sign(&claims)).await;
    assert_eq!(unbound.status, 200);
}

/// FAPI 2.0 §5.4.1, RFC 9449 §4.3.
#[tokio::test]
async fn rs_17_an_api_takes_proofs_of_the_algorithms_that_it_names_and_no_others() {
    let issuer = Issuer::start().await;
    let api = Api::build(Api::builder(&issuer).proof_algorithms(fapi::ALGORITHMS.iter().copied()));
    let any = Api::start(&issuer).await;
    api.ready().await;
    let algs = "algs=\"ES256 PS256 EdDSA\"";
    for &algorithm in Algorithm::ALL {
        let sender = Sender::signing(&issuer, algorithm);
        assert_eq!(sender.get(&any, &[&sender.proof(&any, None)]).await.status, 200, "{algorithm:?}");
        let answer = sender.get(&api, &[&sender.proof(&api, None)]).await;
        if fapi::ALGORITHMS.contains(&algorithm) {
            assert_eq!(answer.status, 200, "{algorithm:?}");
        } else {
            assert_eq!(answer.verdict(), "401 invalid_dpop_proof", "{algorithm:?}");
            assert!(answer.challenge().contains(algs), "{}", answer.challenge());
        }
    }
    assert_eq!(api.handled(), 3);
    let document = api.with_headers("/.well-known/oauth-protected-resource/calendar", &[]).await.json();
    assert_eq!(document["dpop_signing_alg_values_supported"], json!(["ES256", "PS256", "EdDSA"]));
    let nothing = api.with_headers("/events", &[]).await;
    let [bearer, dpop] = challenges(&nothing).try_into().unwrap();
    assert!(bearer.starts_with("Bearer ") && !bearer.contains("algs"), "{bearer}");
    assert!(dpop.starts_with("DPoP resource_metadata=") && dpop.ends_with(algs), "{dpop}");
    let none = Api::builder(&issuer).proof_algorithms([]);
    assert_eq!(none.build().unwrap_err(), BuildError::NoProofAlgorithm);
    let twice = Api::build(Api::builder(&issuer).proof_algorithms([Algorithm::EdDsa, Algorithm::EdDsa]));
    let document = twice.with_headers("/.well-known/oauth-protected-resource/calendar", &[]).await.json();
    assert_eq!(document["dpop_signing_alg_values_supported"], json!(["EdDSA"]));
}
