//! Proofs at the token endpoint — RFC 9449 §4.3, §5, §11.1.

use futures_util::future::join_all;
use mapae_protocol::{dpop::NewProof, time::Seconds, time::Timestamp};
use mapae_testkit::{AppSpec, Authorization, Engine, TestServer};
use serde_json::json;

use super::{Key, MACHINE, Person, bound, machine, post, redeem, refresh, userinfo};
use crate::{engines::for_each_engine, protocol::claims};

/// RFC 9449 §6, §6.2.
#[tokio::test]
async fn rfc9449_5_a_proof_binds_the_token_that_a_machine_gets_of_either_format() {
    for opaque in [false, true] {
        let server = TestServer::start().await;
        let (api, app) = machine(&server, opaque).await;
        let key = Key::fresh();
        let answer = post(&server, &app, "/token", &[&key.proof(&server, "/token")], MACHINE).await;
        assert_eq!((answer.status.as_u16(), answer.text("token_type").as_str()), (200, "DPoP"));
        let token = answer.text("access_token");
        let told = server.introspect(&api, &token).await.json;
        assert_eq!((&told["active"], &told["token_type"]), (&json!(true), &json!("DPoP")));
        assert_eq!(told["cnf"], json!({ "jkt": key.thumbprint() }));
        if !opaque {
            assert_eq!(claims(&token)["cnf"], json!({ "jkt": key.thumbprint() }));
        }
        let unbound = post(&server, &app, "/token", &[], MACHINE).await;
        assert_eq!(unbound.text("token_type"), "Bearer");
        let told = server.introspect(&api, &unbound.text("access_token")).await.json;
        assert_eq!((&told["token_type"], told.get("cnf")), (&json!("Bearer"), None));
    }
}

#[tokio::test]
async fn po_01_po_02_no_proof_two_or_one_that_is_none() {
    let server = TestServer::start().await;
    let (_, app) = machine(&server, false).await;
    let key = Key::fresh();
    let proof = || key.proof(&server, "/token");
    let good = proof();
    let damaged = format!("{}AAAA", &good[..good.len() - 4]);
    let untyped = claims_kept_in_an_id_token(&key, &server);
    for proofs in [
        &[good.as_str(), good.as_str()][..],
        &[good.as_str(), proof().as_str()],
        &[""],
        &["x"],
        &["a.b.c"],
        &[damaged.as_str()],
        &[untyped.as_str()],
        &[&format!("{good},{good}")],
    ] {
        let answer = post(&server, &app, "/token", proofs, MACHINE).await;
        assert_eq!((answer.status.as_u16(), answer.error()), (400, "invalid_dpop_proof"), "{proofs:?}");
        assert_eq!(answer.headers["cache-control"], "no-store");
    }
    assert_eq!(post(&server, &app, "/token", &[&good], MACHINE).await.status, 200, "none of it was used");
    let strict = server
        .register(AppSpec {
            grant_types: "client_credentials".to_owned(),
            redirect_uris: Vec::new(),
            ..bound()
        })
        .await;
    let without = post(&server, &strict, "/token", &[], MACHINE).await;
    assert_eq!((without.status.as_u16(), without.error()), (400, "invalid_dpop_proof"));
}

/// Signed by the right key, and named as another kind of token.
fn claims_kept_in_an_id_token(key: &Key, server: &TestServer) -> String {
    use mapae_protocol::jose::HeaderType;
    let claims = json!({ "jti": "j", "htm": "POST", "htu": server.at("/token"), "iat": server.now() });
    key.0.sign(HeaderType::Jwt, &claims).unwrap()
}

#[tokio::test]
async fn po_03_a_proof_is_for_the_configured_address_and_not_for_the_host_header() {
    let server = TestServer::start().await;
    let (_, app) = machine(&server, false).await;
    let key = Key::fresh();
    let sign = |method: &str, address: &str| {
        let proof = NewProof { method, address, access_token: None, nonce: None, now: server.now() };
        proof.sign(&key.0).unwrap()
    };
    let own = server.at("/token");
    for address in
        [own.clone(), own.to_uppercase().replace("/TOKEN", "/token"), own.replace("/token", "/./%74oken")]
    {
        let answer = post(&server, &app, "/token", &[&sign("POST", &address)], MACHINE).await;
        assert_eq!(answer.status, 200, "{address} {}", answer.json);
    }
    for (method, address) in [
        ("GET", own.clone()),
        ("post", own.clone()),
        ("POST", server.at("/par")),
        ("POST", server.at("/token/")),
        ("POST", own.replace("http:", "https:")),
        ("POST", "https://evil.example/token".to_owned()),
        ("POST", "/token".to_owned()),
    ] {
        let answer = post(&server, &app, "/token", &[&sign(method, &address)], MACHINE).await;
        assert_eq!(answer.error(), "invalid_dpop_proof", "{method} {address}");
    }
    let host = mapae_testkit::http()
        .post(&own)
        .header("Host", "evil.example")
        .header("X-Forwarded-Host", "evil.example")
        .header("Forwarded", "host=evil.example;proto=https")
        .header("DPoP", sign("POST", "https://evil.example/token"))
        .basic_auth(&app.client_id, app.client_secret.as_deref())
        .form(MACHINE);
    assert_ne!(host.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn po_05_ten_seconds_ahead_or_behind_pass_and_sixty_do_not() {
    let server = TestServer::start().await;
    let (_, app) = machine(&server, false).await;
    let (key, address) = (Key::fresh(), server.at("/token"));
    for (offset, status) in [(-60, 400), (-10, 200), (0, 200), (10, 200), (60, 400), (86_400, 400)] {
        let now = Timestamp::from_unix(server.now().unix() + offset);
        let proof = NewProof { method: "POST", address: &address, access_token: None, nonce: None, now };
        let answer = post(&server, &app, "/token", &[&proof.sign(&key.0).unwrap()], MACHINE).await;
        assert_eq!(answer.status, status, "{offset} {}", answer.json);
    }
}

for_each_engine! {
    async fn po_04_a_proof_is_good_once_on_all_nodes_and_after_a_restart(server: TestServer) {
        let (_, app) = machine(&server, false).await;
        let node = server.twin().await;
        let key = Key::fresh();
        for _ in 0..10 {
            let proof = key.proof(&server, "/token");
            let nodes = [&server, &node];
            let attempts = (0..8).map(|i| {
                let (server, app, proof) = (nodes[i % 2], &app, &proof);
                async move { post(server, app, "/token", &[proof], MACHINE).await }
            });
            let answers = join_all(attempts).await;
            assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1, "{answers:?}");
            assert!(answers.iter().all(|answer| answer.status == 200 || answer.error() == "invalid_dpop_proof"));
        }
        let proof = key.proof(&server, "/token");
        assert_eq!(post(&server, &app, "/token", &[&proof], MACHINE).await.status, 200);
        node.stop().await;
        let restarted = server.twin().await;
        assert_eq!(post(&restarted, &app, "/token", &[&proof], MACHINE).await.error(), "invalid_dpop_proof");
        server.advance(Seconds::seconds(31));
        assert_eq!(post(&server, &app, "/token", &[&proof], MACHINE).await.error(), "invalid_dpop_proof", "too old by now");
    }

    async fn po_04_a_proof_is_used_by_a_request_that_is_refused(server: TestServer) {
        let app = server.register(AppSpec::default()).await;
        let person = Person::of(&server).await;
        let authorization = Authorization::of(&app, "openid");
        let code = person.code(&server, &authorization).await;
        let key = Key::fresh();
        let proof = key.proof(&server, "/token");
        let wrong = redeem(&server, &app, (&code, &"w".repeat(43)), &proof).await;
        assert_eq!(wrong.error(), "invalid_grant");
        let again = redeem(&server, &app, (&code, &authorization.verifier), &proof).await;
        assert_eq!(again.error(), "invalid_dpop_proof");
        let fresh = key.proof(&server, "/token");
        assert_eq!(redeem(&server, &app, (&code, &authorization.verifier), &fresh).await.status, 200);
    }

    async fn po_04_who_repeats_a_whole_request_ends_nothing(server: TestServer) {
        let app = server.register(AppSpec::default()).await;
        let person = Person::of(&server).await;
        let authorization = Authorization::of(&app, "openid");
        let code = person.code(&server, &authorization).await;
        let key = Key::fresh();
        let proof = key.proof(&server, "/token");
        let tokens = redeem(&server, &app, (&code, &authorization.verifier), &proof).await;
        let repeated = redeem(&server, &app, (&code, &authorization.verifier), &proof).await;
        assert_eq!(repeated.error(), "invalid_dpop_proof");
        let token = tokens.text("access_token");
        let proof = key.for_token(&server, &token, None);
        assert_eq!(userinfo(&server, "DPoP", &token, &[&proof]).await.status, 200, "it lives");
        // Who has the key as well is the client, or has everything of it.
        let fresh = key.proof(&server, "/token");
        assert_eq!(redeem(&server, &app, (&code, &authorization.verifier), &fresh).await.error(), "invalid_grant");
        let proof = key.for_token(&server, &token, None);
        assert_eq!(userinfo(&server, "DPoP", &token, &[&proof]).await.status, 401, "a replay ends it");
    }

    async fn co_01_simultaneous_replays_with_good_proofs_end_the_grant_and_use_each_proof(server: TestServer) {
        let app = server.register(AppSpec::default()).await;
        let person = Person::of(&server).await;
        let authorization = Authorization::of(&app, "openid");
        let code = person.code(&server, &authorization).await;
        let pair = (code.as_str(), authorization.verifier.as_str());
        let key = Key::fresh();
        let tokens = redeem(&server, &app, pair, &key.proof(&server, "/token")).await;
        let proofs: Vec<String> = (0..8).map(|_| key.proof(&server, "/token")).collect();
        for expected in ["invalid_grant", "invalid_dpop_proof"] {
            let answers = join_all(proofs.iter().map(|proof| redeem(&server, &app, pair, proof))).await;
            assert!(answers.iter().all(|answer| answer.error() == expected), "{expected}: {answers:?}");
        }
        let token = tokens.text("access_token");
        let proof = key.for_token(&server, &token, None);
        assert_eq!(userinfo(&server, "DPoP", &token, &[&proof]).await.status, 401);
    }

    async fn po_04_simultaneous_refreshes_with_one_proof_rotate_once(server: TestServer) {
        let app = server.register(AppSpec::default()).await;
        let person = Person::of(&server).await;
        let key = Key::fresh();
        let token = person.tokens(&server, &app, &key).await.text("refresh_token");
        let proof = key.proof(&server, "/token");
        let answers = join_all((0..8).map(|_| refresh(&server, &app, &token, &[]))).await;
        assert!(answers.iter().all(|answer| answer.status == 200), "a confidential app need not prove the key");
        let next = answers[0].text("refresh_token");
        let proven = join_all((0..8).map(|_| {
            let (server, app, next, proof) = (&server, &app, &next, [proof.as_str()]);
            async move { refresh(server, app, next, &proof).await }
        }))
        .await;
        assert_eq!(proven.iter().filter(|answer| answer.status == 200).count(), 1);
        let good = proven.iter().find(|answer| answer.status == 200).unwrap().text("refresh_token");
        assert_eq!(refresh(&server, &app, &good, &[]).await.status, 200, "nothing was ended");
    }
}

#[tokio::test]
async fn po_04_what_may_have_been_swept_is_not_taken_as_new() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let (_, app) = machine(&server, false).await;
        let key = Key::fresh();
        let proof = key.proof(&server, "/token");
        assert_eq!(post(&server, &app, "/token", &[&proof], MACHINE).await.status, 200);
        // A node whose clock is hours ahead removes the row, and says so.
        let (db, ahead) = (server.app().db(), server.now().plus(Seconds::hours(3)));
        mapae::store::sweep::run(db, Seconds::days(1), ahead).await.unwrap();
        assert_eq!(
            post(&server, &app, "/token", &[&proof], MACHINE).await.error(),
            "invalid_dpop_proof",
            "{engine:?}"
        );
    }
}

#[tokio::test]
async fn po_04_a_stranger_fills_the_table_of_a_public_app_as_far_as_one_source_may() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec { public: true, ..AppSpec::default() }).await;
    let key = Key::fresh();
    let mut last = 400;
    for _ in 0..310 {
        last = refresh(&server, &app, "invented", &[&key.proof(&server, "/token")]).await.status.as_u16();
        if last != 400 {
            break;
        }
    }
    assert_eq!(last, 429);
    assert_eq!(refresh(&server, &app, "invented", &[]).await.error(), "invalid_grant", "it writes nothing");
    let person = Person::of(&server).await;
    let tokens = person.tokens(&server, &app, &key).await;
    assert_eq!(tokens.status, 200, "what is good is not counted");
}
