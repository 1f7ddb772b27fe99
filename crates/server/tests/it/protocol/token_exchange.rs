//! Token exchange — RFC 8693.

use mapae::store::{Unit, apis, apps, consents, exchange_permissions, grants, sessions, users};
use mapae_protocol::{time::Seconds, token_exchange::ACCESS_TOKEN};
use mapae_testkit::{Answer, ApiFixture, AppFixture, AppSpec, Authorization, Browser, Engine, TestServer};
use serde_json::{Value, json};

use super::{
    SignedIn, calendar, claims,
    dpop::{Key, post, redeem},
    sign_in,
};

pub(crate) const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const CALENDAR: &str = "https://calendar.example";

/// A service behind the calendar API that is permitted to exchange its tokens.
pub(crate) async fn service(server: &TestServer, api: &ApiFixture, scopes: &[&str]) -> AppFixture {
    let service = unpermitted(server, scopes).await;
    let permit = exchange_permissions::permit(&api.client_id, &service.client_id, server.now());
    server.write(Unit::from(permit)).await;
    service
}

async fn unpermitted(server: &TestServer, scopes: &[&str]) -> AppFixture {
    let spec = AppSpec {
        redirect_uris: Vec::new(),
        grant_types: format!("client_credentials {TOKEN_EXCHANGE}"),
        required: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        optional: Vec::new(),
        ..AppSpec::default()
    };
    server.register(spec).await
}

pub(crate) async fn exchange(
    server: &TestServer,
    app: &AppFixture,
    subject: &str,
    more: &[(&str, &str)],
) -> Answer {
    let form =
        [("grant_type", TOKEN_EXCHANGE), ("subject_token", subject), ("subject_token_type", ACCESS_TOKEN)];
    server.token(app, &[&form[..], more].concat()).await
}

/// The API, the app to which a person gave it, what that has, and the service.
struct Scene {
    api: ApiFixture,
    app: AppFixture,
    signed_in: SignedIn,
    subject: String,
    service: AppFixture,
}

impl Scene {
    async fn on(server: &TestServer, opaque: bool) -> Self {
        let (api, app) = calendar(server, opaque).await;
        let signed_in = sign_in(server, &app, "openid calendar.read calendar.write").await;
        let subject = signed_in.tokens.text("access_token");
        let service = service(server, &api, &["calendar.read"]).await;
        Self { api, app, signed_in, subject, service }
    }
}

/// RFC 8693 §2.2.1.
/// RFC 9470 §6.2.
#[tokio::test]
async fn rfc8693_2_a_service_passes_on_less_than_it_was_called_with_and_is_named() {
    for engine in Engine::ALL {
        for opaque in [false, true] {
            let server = TestServer::on(engine).await;
            let scene = Scene::on(&server, opaque).await;
            let answer = exchange(&server, &scene.service, &scene.subject, &[("audience", CALENDAR)]).await;
            assert_eq!(answer.status, 200, "{engine:?} {opaque} {}", answer.json);
            assert_eq!(answer.headers["cache-control"], "no-store");
            assert_eq!(answer.text("issued_token_type"), ACCESS_TOKEN);
            assert_eq!(
                (answer.text("token_type").as_str(), answer.text("scope").as_str()),
                ("Bearer", "calendar.read")
            );
            assert!(answer.json["refresh_token"].is_null() && answer.json["id_token"].is_null());
            let (before, after) = (
                server.introspect(&scene.api, &scene.subject).await.json,
                server.introspect(&scene.api, &answer.text("access_token")).await.json,
            );
            assert_eq!(after["active"], true, "{engine:?} {opaque} {after}");
            for same in ["sub", "auth_time", "acr", "iss"] {
                assert_eq!(after[same], before[same], "{engine:?} {opaque} {same}");
            }
            assert_eq!(
                (&after["client_id"], &after["aud"]),
                (&json!(scene.service.client_id), &json!(CALENDAR))
            );
            assert_eq!(after["act"], json!({ "sub": scene.service.client_id }));
            assert!(before["act"].is_null());
            if !opaque {
                let told = claims(&answer.text("access_token"));
                assert_eq!((&told["act"], &told["gcl"]), (&after["act"], &json!(scene.app.client_id)));
                assert_eq!(told["amr"], claims(&scene.subject)["amr"]);
            }
            // It is for the API, and no way to who the person is.
            assert_eq!(server.userinfo(&answer.text("access_token")).await.status, 401);
        }
    }
}

#[tokio::test]
async fn tx_03_what_is_made_of_a_bound_token_is_bound_to_who_asks() {
    for engine in Engine::ALL {
        for opaque in [false, true] {
            let server = TestServer::on(engine).await;
            let (api, app) = calendar(&server, opaque).await;
            let user = server.user("hong@example.com").await;
            let (key, own) = (Key::fresh(), Key::fresh());
            let authorization = Authorization::of(&app, "openid calendar.read");
            let code = server.code(&Browser::default(), &user, &authorization).await;
            let proof = key.proof(&server, "/token");
            let tokens = redeem(&server, &app, (&code, &authorization.verifier), &proof).await;
            let subject = tokens.text("access_token");
            let service = service(&server, &api, &["calendar.read"]).await;
            let plain = exchange(&server, &service, &subject, &[]).await;
            assert_eq!((plain.status.as_u16(), plain.error()), (400, "invalid_request"), "{opaque}");
            let form = [
                ("grant_type", TOKEN_EXCHANGE),
                ("subject_token", subject.as_str()),
                ("subject_token_type", ACCESS_TOKEN),
            ];
            let answer = post(&server, &service, "/token", &[&own.proof(&server, "/token")], &form).await;
            assert_eq!(
                (answer.status.as_u16(), answer.text("token_type").as_str()),
                (200, "DPoP"),
                "{opaque}"
            );
            let told = server.introspect(&api, &answer.text("access_token")).await.json;
            assert_eq!(told["cnf"]["jkt"], own.thumbprint(), "{opaque} {told}");
        }
    }
}

#[tokio::test]
async fn tx_01_who_is_not_permitted_exchanges_nothing_and_learns_nothing() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let scene = Scene::on(&server, false).await;
        server.register_api("https://mail.example", &["mail.read"], false).await;
        let stranger = unpermitted(&server, &["calendar.read"]).await;
        let refused = async |app: &AppFixture, more: &[(&str, &str)]| {
            let answer = exchange(&server, app, &scene.subject, more).await;
            assert_eq!(answer.status, 400, "{engine:?} {}", answer.json);
            answer.error().to_owned()
        };
        assert_eq!(refused(&stranger, &[]).await, "invalid_target");
        assert_eq!(refused(&scene.app, &[]).await, "unauthorized_client", "of another grant type");
        for target in ["https://mail.example", "https://nobody.example", "calendar"] {
            assert_eq!(refused(&scene.service, &[("audience", target)]).await, "invalid_target");
        }
        let both = [("audience", CALENDAR), ("resource", "https://mail.example")];
        assert_eq!(refused(&scene.service, &both).await, "invalid_target");
        // Alive or dead looks the same to who may not.
        let before = exchange(&server, &stranger, &scene.subject, &[]).await;
        let revoked = [("token", scene.subject.as_str())];
        let credential =
            scene.app.client_secret.as_deref().map(|secret| (scene.app.client_id.as_str(), secret));
        assert_eq!(server.post("/revoke", credential, &revoked).await.status, 200);
        let after = exchange(&server, &stranger, &scene.subject, &[]).await;
        assert_eq!((before.status, before.json), (after.status, after.json), "{engine:?}");
    }
}

#[tokio::test]
async fn tx_01_what_the_operator_took_back_is_permitted_no_longer() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let scene = Scene::on(&server, false).await;
        assert_eq!(exchange(&server, &scene.service, &scene.subject, &[]).await.status, 200);
        let forbid = exchange_permissions::forbid(&scene.api.client_id, &scene.service.client_id);
        server.write(Unit::from(forbid)).await;
        let refused = exchange(&server, &scene.service, &scene.subject, &[]).await;
        assert_eq!(refused.error(), "invalid_target", "{engine:?}");
        // An API that is deleted takes its permissions along.
        server
            .write(Unit::from(exchange_permissions::permit(
                &scene.api.client_id,
                &scene.service.client_id,
                server.now(),
            )))
            .await;
        server.write(apis::delete(&scene.api.client_id)).await;
        let rest = exchange_permissions::of_api(server.app().db(), &scene.api.client_id).await.unwrap();
        assert!(rest.is_empty(), "{engine:?} {rest:?}");
    }
}

#[tokio::test]
async fn tx_01_a_public_app_exchanges_nothing() {
    let server = TestServer::start().await;
    let scene = Scene::on(&server, false).await;
    let spec = AppSpec { public: true, grant_types: TOKEN_EXCHANGE.to_owned(), ..AppSpec::default() };
    let public = server.register(spec).await;
    let permit = exchange_permissions::permit(&scene.api.client_id, &public.client_id, server.now());
    server.write(Unit::from(permit)).await;
    assert_eq!(exchange(&server, &public, &scene.subject, &[]).await.error(), "unauthorized_client");
}

#[tokio::test]
async fn tx_02_what_is_no_living_access_token_of_a_person_is_not_exchanged() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let scene = Scene::on(&server, false).await;
        let machine = [("grant_type", "client_credentials"), ("scope", "calendar.read")];
        let own = server.token(&scene.service, &machine).await.text("access_token");
        let tokens = &scene.signed_in.tokens;
        let (id_token, refresh) = (tokens.text("id_token"), tokens.text("refresh_token"));
        let mut forged = scene.subject.clone();
        forged.truncate(forged.len() - 4);
        forged.push_str("AAAA");
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

#[tokio::test]
async fn tx_03_no_dimension_grows() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let scene = Scene::on(&server, false).await;
        let wide = service(&server, &scene.api, &["calendar.read", "calendar.write"]).await;
        let narrow = exchange(&server, &scene.service, &scene.subject, &[]).await.text("access_token");
        for (app, subject, scope, error) in [
            (&wide, &scene.subject, "calendar.write", ""),
            (&wide, &narrow, "calendar.write", "invalid_scope"),
            (&wide, &narrow, "calendar.read calendar.write", "invalid_scope"),
            (&scene.service, &scene.subject, "calendar.write", "invalid_scope"),
            (&wide, &scene.subject, "openid", "invalid_scope"),
            (&wide, &scene.subject, "mail.read", "invalid_scope"),
        ] {
            let answer = exchange(&server, app, subject, &[("scope", scope)]).await;
            assert_eq!(answer.error(), error, "{engine:?} {scope}: {}", answer.json);
        }
        // Not longer, however late and however often.
        let end = claims(&scene.subject)["exp"].clone();
        server.advance(Seconds::seconds(60));
        let late = exchange(&server, &scene.service, &scene.subject, &[]).await;
        assert_eq!(claims(&late.text("access_token"))["exp"], end, "{engine:?}");
        let again = exchange(&server, &wide, &late.text("access_token"), &[]).await;
        let again = claims(&again.text("access_token"));
        assert_eq!((&again["exp"], &again["acr"]), (&end, &claims(&scene.subject)["acr"]), "{engine:?}");
        assert_eq!(again["auth_time"], claims(&scene.subject)["auth_time"], "{engine:?}");
    }
}

#[tokio::test]
async fn tx_04_who_acts_is_always_said_and_a_fifth_does_not() {
    for engine in Engine::ALL {
        for opaque in [false, true] {
            let server = TestServer::on(engine).await;
            let scene = Scene::on(&server, opaque).await;
            let mut services = vec![scene.service.clone()];
            for _ in 1..5 {
                services.push(service(&server, &scene.api, &["calendar.read"]).await);
            }
            let mut token = scene.subject.clone();
            let mut chain = Value::Null;
            for actor in &services[..4] {
                token = exchange(&server, actor, &token, &[]).await.text("access_token");
                chain = match chain {
                    Value::Null => json!({ "sub": actor.client_id }),
                    before => json!({ "sub": actor.client_id, "act": before }),
                };
                let told = server.introspect(&scene.api, &token).await.json;
                assert_eq!(told["act"], chain, "{engine:?} {opaque}");
            }
            let fifth = exchange(&server, &services[4], &token, &[]).await;
            assert_eq!(fifth.error(), "invalid_request", "{engine:?} {opaque}: {}", fifth.json);
        }
    }
}

#[tokio::test]
async fn tx_04_an_actor_token_is_the_apps_own_and_nobody_elses() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let scene = Scene::on(&server, false).await;
        let other = service(&server, &scene.api, &["calendar.read"]).await;
        let machine = [("grant_type", "client_credentials"), ("scope", "calendar.read")];
        let own = server.token(&scene.service, &machine).await.text("access_token");
        let foreign = server.token(&other, &machine).await.text("access_token");
        let with = async |actor: &str| {
            let more = [("actor_token", actor), ("actor_token_type", ACCESS_TOKEN)];
            exchange(&server, &scene.service, &scene.subject, &more).await
        };
        let answer = with(&own).await;
        assert_eq!(claims(&answer.text("access_token"))["act"], json!({ "sub": scene.service.client_id }));
        for actor in [foreign.as_str(), &scene.subject, "x", ""] {
            let refused = with(actor).await;
            assert_eq!(refused.error(), "invalid_request", "{engine:?}: {}", refused.json);
        }
        // Ended with the epoch under which it was made.
        server.write(apps::revoke(&scene.service.client_id, server.now())).await;
        assert_eq!(with(&own).await.error(), "invalid_request", "{engine:?}");
    }
}

/// No token of another issuer is exchanged, whatever it says about a person whom we know.
#[tokio::test]
async fn tx_07_a_foreign_token_with_a_known_address_is_nobodys() {
    let (server, elsewhere) = (TestServer::start().await, TestServer::start().await);
    let scene = Scene::on(&server, false).await;
    let foreign = Scene::on(&elsewhere, false).await;
    assert_eq!(foreign.signed_in.user.email, scene.signed_in.user.email);
    for subject in [foreign.subject, foreign.signed_in.tokens.text("id_token")] {
        let answer = exchange(&server, &scene.service, &subject, &[]).await;
        assert_eq!(answer.error(), "invalid_request", "{}", answer.json);
        for kind in ["jwt", "id_token", "saml2"] {
            let kind = format!("urn:ietf:params:oauth:token-type:{kind}");
            let form = [
                ("grant_type", TOKEN_EXCHANGE),
                ("subject_token", subject.as_str()),
                ("subject_token_type", kind.as_str()),
            ];
            assert_eq!(server.token(&scene.service, &form).await.error(), "invalid_request", "{kind}");
        }
    }
}
