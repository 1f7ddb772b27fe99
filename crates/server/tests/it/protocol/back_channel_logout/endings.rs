//! Whatever ends a session tells the apps that know it, in the same commit — OIDC Back-Channel Logout §2.3, §2.7.

use mapae::store::{
    Unit, consents,
    identities::{self, Brought, NewIdentity},
    sessions, users,
};
use mapae_protocol::{
    jose::{Algorithm, HeaderType, SigningKey},
    params, random,
};
use mapae_testkit::{AppFixture, Authorization, Browser, Engine, TestServer, UserFixture};
use serde_json::{Map, Value, json};

use super::{Listener, all_told, app, server_on, sign_in, sign_out, told, waiting};
use crate::{protocol::client_assertions::key_set, registration::site::Site, upstream::stage::Stage};

/// Two apps of one session: one that understands ends of everything, and one that is told session by session.
struct Scene {
    server: TestServer,
    plain: (Listener, AppFixture),
    strict: (Listener, AppFixture),
}

impl Scene {
    async fn set(engine: Engine) -> Self {
        let server = server_on(engine).await;
        let (plain, strict) = (Listener::start().await, Listener::start().await);
        let by_session = [("backchannel_logout_session_required", json!(true))];
        let first = app(&server, &plain.address, &[]).await;
        let second = app(&server, &strict.address, &by_session).await;
        Self { server, plain: (plain, first), strict: (strict, second) }
    }

    /// Somebody new signs in to both, and something ends.
    async fn play(&mut self, what: &str) {
        let user = self.server.user(&format!("{}@example.com", what.replace(' ', "-"))).await;
        let browser = Browser::default();
        let known = sign_in(&self.server, &browser, &user, &self.plain.1).await;
        let strictly = sign_in(&self.server, &browser, &user, &self.strict.1).await;
        self.end(what, &user, &browser).await;
        let expected = (Some(known.sub), matches!(what, "sign out" | "other browser").then_some(known.sid));
        if what != "disconnect" {
            let (listener, app) = &mut self.plain;
            assert_eq!(told(&self.server, app, listener).await, expected, "{what}");
        }
        let expected = (Some(strictly.sub), Some(strictly.sid));
        let (listener, app) = &mut self.strict;
        assert_eq!(told(&self.server, app, listener).await, expected, "{what}");
        all_told(&self.server).await;
        for (listener, _) in [&mut self.plain, &mut self.strict] {
            assert_eq!(listener.so_far(), Vec::<String>::new(), "{what}: once");
        }
    }

    async fn end(&self, what: &str, user: &UserFixture, browser: &Browser) {
        let (server, now) = (&self.server, self.server.now());
        let session = sessions::list(server.app().db(), &user.id, now).await.unwrap().remove(0);
        let unit = match what {
            "sign out" => return sign_out(server, browser).await,
            "other browser" => sessions::end(&session.id, &user.id, now),
            "password" => users::set_password(&user.id, session.user_epoch, &"x".into(), now),
            "provider" => users::end_everything(&user.id, now),
            "provider twice" => {
                users::end_everything(&user.id, now).with(users::end_everything(&user.id, now))
            }
            "disable" => users::disable(&user.id, now),
            _ => consent_end(server, &user.id, &self.strict.1.client_id).await,
        };
        server.write(unit).await;
    }
}

#[tokio::test]
async fn lo_06_lo_10_every_end_is_told_to_the_apps_that_know_the_session() {
    for engine in Engine::ALL {
        let mut scene = Scene::set(engine).await;
        for what in
            ["sign out", "other browser", "password", "provider", "provider twice", "disconnect", "disable"]
        {
            scene.play(what).await;
        }
    }
}

/// A provider that signs whatever a test wants it to say.
struct Provider {
    stage: Stage,
    issuer: String,
    key: SigningKey,
}

impl Provider {
    async fn before(server: TestServer) -> Self {
        let (site, key) = (Site::start().await, SigningKey::generate(Algorithm::Es256).unwrap());
        site.put_json("/.well-known/jwks.json", &key_set(&[&key]));
        let (issuer, secret) = (site.at(""), server.data().join("secret-of-provider"));
        std::fs::write(&secret, "secret\n").unwrap();
        let stage = Stage::before(server, &[]).await;
        let (at, secret) = (["--base-url", &issuer], ["--client-secret-file", secret.to_str().unwrap()]);
        let words = ["upstream", "add", "kakao", "--name", "kakao", "--client-id", "client"];
        stage.mapae(&[&words[..], &at, &secret].concat()).await;
        Self { stage, issuer, key }
    }

    /// Whoever is called this there comes into this account.
    async fn opens(&self, subject: &str, user: &UserFixture) {
        let (upstream, tokens) = ("kakao".to_owned(), "tokens".into());
        let identity = NewIdentity {
            id: format!("idn_{subject}"),
            issuer: self.issuer.clone(),
            subject: subject.to_owned(),
            user_id: user.id.clone(),
            brought: Brought { upstream, label: String::new(), tokens, given_to: None },
        };
        let server = &self.stage.server;
        server.write(identities::link(&identity, server.now()).into()).await;
    }

    /// Says all of this in one notice: what has happened, and to whom.
    async fn says(&self, events: &[(&str, &str)]) {
        let server = &self.stage.server;
        let event = |(what, subject): &(&str, &str)| {
            let who = json!({ "subject_type": "iss-sub", "iss": self.issuer, "sub": subject });
            (format!("https://schemas.openid.net/secevent/{what}"), json!({ "subject": who }))
        };
        let events: Map<String, Value> = events.iter().map(event).collect();
        let claims = json!({
            "iss": self.issuer, "aud": "client", "iat": server.now().unix(), "jti": random::token(),
            "events": events,
        });
        let token = self.key.sign(HeaderType::SecurityEvent, &claims).unwrap();
        let request = mapae_testkit::http().post(server.at("/upstream/kakao/notices/account"));
        let request = request.header("content-type", "application/secevent+jwt").body(token);
        assert_eq!(request.send().await.unwrap().status(), 202);
    }
}

/// RFC 8417 §2.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lo_06_lo_10_a_notice_that_says_two_things_ends_everything_once() {
    const UNLINKED: &str = "oauth/event-type/user-unlinked";
    const PURGED: &str = "risc/event-type/account-purged";
    for engine in Engine::ALL {
        let provider = Provider::before(server_on(engine).await).await;
        let (server, mut listener) = (&provider.stage.server, Listener::start().await);
        let by_session = [("backchannel_logout_session_required", json!(true))];
        let app = app(server, &listener.address, &by_session).await;
        let user = server.user("hong@example.com").await;
        for subject in ["1", "2"] {
            provider.opens(subject, &user).await;
        }
        let epoch = async || users::by_id(server.app().db(), &user.id).await.unwrap().unwrap().user.epoch;
        // Two things of one person, and one thing each of two who have one account here.
        for said in [[(UNLINKED, "1"), (PURGED, "1")], [(UNLINKED, "1"), (PURGED, "2")]] {
            let seen = sign_in(server, &Browser::default(), &user, &app).await;
            let before = epoch().await;
            provider.says(&said).await;
            let expected = (Some(seen.sub), Some(seen.sid));
            assert_eq!(told(server, &app, &mut listener).await, expected, "{engine:?} {said:?}");
            all_told(server).await;
            assert_eq!(listener.so_far(), Vec::<String>::new(), "{engine:?} {said:?}: once");
            assert_eq!(epoch().await, before + 1, "{engine:?} {said:?}: it ends once");
        }
    }
}

#[tokio::test]
async fn lo_11_an_app_that_signs_somebody_out_is_told_once_and_so_are_the_others() {
    let server = server_on(Engine::Sqlite).await;
    let (mut one, mut two) = (Listener::start().await, Listener::start().await);
    let (first, second) = (app(&server, &one.address, &[]).await, app(&server, &two.address, &[]).await);
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&first, "openid");
    let code = server.code(&browser, &user, &authorization).await;
    let hint = server.redeem(&first, &code, &authorization.verifier).await.text("id_token");
    sign_in(&server, &browser, &user, &second).await;
    let query = params::encode([("id_token_hint", hint.as_str())]);
    for _ in 0..3 {
        assert_eq!(browser.visit(&server.at(&format!("/logout?{query}"))).await.status, 200);
    }
    one.next().await;
    two.next().await;
    all_told(&server).await;
    assert_eq!((one.so_far().len(), two.so_far().len()), (0, 0), "LO-11: asked again, nothing ends again");
}

/// Nobody signs out when an item is taken back, an app turns its own tokens in, or an app is switched off.
#[tokio::test]
async fn what_signs_nobody_out_is_told_to_nobody() {
    let server = server_on(Engine::Sqlite).await;
    let mut listener = Listener::start().await;
    let app = app(&server, &listener.address, &[]).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let authorization = Authorization::of(&app, "openid offline_access");
    let code = server.code(&browser, &user, &authorization).await;
    let tokens = server.redeem(&app, &code, &authorization.verifier).await;
    let consent = consents::find(server.app().db(), &user.id, &app.client_id).await.unwrap().unwrap();
    server.write(consents::drop_scope(&consent, "offline_access", server.now()).unwrap()).await;
    let secret = app.client_secret.as_deref().unwrap();
    let token = tokens.text("refresh_token");
    server.post("/revoke", Some((&app.client_id, secret)), &[("token", &token)]).await;
    assert_eq!(waiting(&server).await, 0);
    server.write(mapae::store::apps::disable(&app.client_id, server.now())).await;
    sign_out(&server, &browser).await;
    all_told(&server).await;
    assert_eq!(listener.so_far(), Vec::<String>::new(), "an app that is off is told nothing");
}

/// A code that is redeemed while its session ends: either its app has no ID token, or it is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lo_10_no_app_keeps_an_id_token_of_a_session_whose_end_it_was_not_told() {
    for engine in Engine::ALL {
        let server = server_on(engine).await;
        let mut listener = Listener::start().await;
        let app = app(&server, &listener.address, &[]).await;
        let user = server.user("hong@example.com").await;
        let (mut issued, mut sessions_of) = (Vec::new(), Vec::new());
        for round in 0..16_u32 {
            let browser = Browser::default();
            let authorization = Authorization::of(&app, "openid");
            let code = server.code(&browser, &user, &authorization).await;
            let session = sessions::list(server.app().db(), &user.id, server.now()).await.unwrap().remove(0);
            let end = async {
                for _ in 0..round * 40 {
                    tokio::task::yield_now().await;
                }
                let unit = match round % 3 {
                    0 => sessions::end(&session.id, &user.id, server.now()),
                    1 => users::end_everything(&user.id, server.now()),
                    _ => consent_end(&server, &user.id, &app.client_id).await,
                };
                server.write(unit).await;
            };
            let (tokens, ()) = tokio::join!(server.redeem(&app, &code, &authorization.verifier), end);
            assert!(tokens.status == 200 || tokens.error() == "invalid_grant", "{}", tokens.json);
            if tokens.status == 200 {
                issued.push(super::claims(&tokens.text("id_token"))["sub"].as_str().unwrap().to_owned());
            }
            all_told(&server).await;
            sessions_of.push((tokens.status == 200, listener.so_far().len()));
            server.write(users::end_everything(&user.id, server.now())).await;
            all_told(&server).await;
            listener.so_far();
        }
        for (round, (issued, told)) in sessions_of.iter().enumerate() {
            assert!(!issued || *told > 0, "round {round}: an ID token and no notice: {sessions_of:?}");
        }
    }
}

async fn consent_end(server: &TestServer, user: &str, app: &str) -> Unit {
    let consent = consents::find(server.app().db(), user, app).await.unwrap().unwrap();
    consents::disconnect(&consent.id, user, server.now())
}
