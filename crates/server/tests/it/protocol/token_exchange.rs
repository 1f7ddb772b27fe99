//! Token exchange — RFC 8693.

mod endings;

use mapae::store::{Unit, apis, apps, exchange_permissions};
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
