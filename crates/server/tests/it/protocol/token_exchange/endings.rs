//! What is exchanged lives, and what came of it ends with everything that it came through — RFC 8693 §2.1.

use mapae::store::{Unit, apps, consents, grants, sessions, users};
use mapae_protocol::{time::Seconds, token_exchange::ACCESS_TOKEN};
use mapae_testkit::{Engine, TestServer};

use super::{Scene, TOKEN_EXCHANGE, exchange, service};
use crate::protocol::{claims, forged};

#[tokio::test]
async fn tx_02_what_is_no_living_access_token_of_a_person_is_not_exchanged() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let scene = Scene::on(&server, false).await;
        let machine = [("grant_type", "client_credentials"), ("scope", "calendar.read")];
        let own = server.token(&scene.service, &machine).await.text("access_token");
        let tokens = &scene.signed_in.tokens;
        let (id_token, refresh) = (tokens.text("id_token"), tokens.text("refresh_token"));
        let forged = forged(&scene.subject);
        for subject in [id_token.as_str(), &refresh, &forged, &own, "x", "a.b.c", ""] {
            let answer = exchange(&server, &scene.service, subject, &[]).await;
            let code = (answer.status.as_u16(), answer.error());
            assert_eq!(code, (400, "invalid_request"), "{engine:?} {subject}: {}", answer.json);
        }
        for (name, kind) in [
            ("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:saml2"),
            ("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"),
        ] {
            let mut form = vec![
                ("grant_type", TOKEN_EXCHANGE),
                ("subject_token", scene.subject.as_str()),
                ("subject_token_type", ACCESS_TOKEN),
            ];
            form.retain(|(present, _)| *present != name);
            form.push((name, kind));
            assert_eq!(server.token(&scene.service, &form).await.error(), "invalid_request", "{kind}");
        }
        server.advance(Seconds::hours(2));
        let expired = exchange(&server, &scene.service, &scene.subject, &[]).await;
        assert_eq!(expired.error(), "invalid_request", "{engine:?}");
    }
}

/// What ends before the exchange prevents it, and what ends after it ends what it gave.
#[tokio::test]
async fn tx_02_tx_03_whatever_ends_the_subject_ends_what_came_of_it() {
    type End = fn(&Scene, mapae_protocol::time::Timestamp) -> Unit;
    let ends: [(&str, End); 6] = [
        ("person disabled", |scene, now| users::disable(&scene.signed_in.user.id, now)),
        ("password changed", |scene, now| {
            users::set_password(&scene.signed_in.user.id, 0, &"$argon2id$new".to_owned().into(), now)
        }),
        ("first app revoked", |scene, now| apps::revoke(&scene.app.client_id, now)),
        ("first app disabled", |scene, now| apps::disable(&scene.app.client_id, now)),
        ("service revoked", |scene, now| apps::revoke(&scene.service.client_id, now)),
        ("grant revoked", |scene, now| {
            let grant = claims(&scene.subject)["gid"].as_str().unwrap().to_owned();
            grants::revoke(&grant, now)
        }),
    ];
    for engine in Engine::ALL {
        for (name, end) in ends {
            let server = TestServer::on(engine).await;
            let scene = Scene::on(&server, false).await;
            let got = exchange(&server, &scene.service, &scene.subject, &[]).await.text("access_token");
            assert!(server.is_active(&scene.api, &got).await, "{engine:?} {name}");
            server.write(end(&scene, server.now())).await;
            assert!(!server.is_active(&scene.api, &got).await, "{engine:?} {name}: it lives on");
            let again = exchange(&server, &scene.service, &scene.subject, &[]).await;
            assert_eq!(again.status == 200, name == "service revoked", "{engine:?} {name}: {}", again.json);
        }
        // The session and the consent, too.
        for sign_out in [true, false] {
            let server = TestServer::on(engine).await;
            let scene = Scene::on(&server, true).await;
            let got = exchange(&server, &scene.service, &scene.subject, &[]).await.text("access_token");
            let (db, user, now) = (server.app().db(), &scene.signed_in.user.id, server.now());
            if sign_out {
                for session in sessions::list(db, user, now).await.unwrap() {
                    server.write(sessions::end(&session.id, user, now)).await;
                }
            } else {
                let consent = consents::find(db, user, &scene.app.client_id).await.unwrap().unwrap();
                server.write(consents::disconnect(&consent.id, user, now)).await;
            }
            assert!(!server.is_active(&scene.api, &got).await, "{engine:?} {sign_out}");
        }
    }
}

/// As the feed has it, which ends what carries any app's handle.
#[tokio::test]
async fn tx_02_in_04_whoever_acted_on_the_way_ends_what_came_of_it() {
    type End = fn(&str, mapae_protocol::time::Timestamp) -> Unit;
    let ends: [(&str, End); 3] =
        [("disabled", apps::disable), ("secret stolen", apps::revoke), ("deleted", apps::delete)];
    for engine in Engine::ALL {
        for opaque in [false, true] {
            for ((name, end), ended) in ends.into_iter().zip([0, 1, 0]) {
                let server = TestServer::on(engine).await;
                let scene = Scene::on(&server, opaque).await;
                let services = [
                    &scene.service,
                    &service(&server, &scene.api, &["calendar.read"]).await,
                    &service(&server, &scene.api, &["calendar.read"]).await,
                ];
                let mut tokens = vec![scene.subject.clone()];
                for service in services {
                    let answer = exchange(&server, service, tokens.last().unwrap(), &[]).await;
                    tokens.push(answer.text("access_token"));
                }
                for token in &tokens {
                    assert!(server.is_active(&scene.api, token).await, "{engine:?} {opaque}");
                }
                server.write(end(&services[ended].client_id, server.now())).await;
                for (at, token) in tokens.iter().enumerate() {
                    let lives = server.is_active(&scene.api, token).await;
                    assert_eq!(lives, at <= ended, "{engine:?} opaque: {opaque} {name}: token {at}");
                }
                let on = exchange(&server, services[2], &tokens[3], &[]).await;
                assert_eq!(on.error(), "invalid_request", "{engine:?} {opaque} {name}");
            }
        }
    }
}
