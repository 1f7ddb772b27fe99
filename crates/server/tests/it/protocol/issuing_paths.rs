//! MX-01: every path that issues anything × every fact that blocks it.

use mapae::store::{Unit, apps, consents, sessions, users};
use mapae_testkit::{AppFixture, Authorization, Browser, Engine, TestServer, UserFixture};

use super::calendar;

/// A fact that must stop everything that was begun before it.
#[derive(Clone, Copy, Debug)]
enum Fact {
    UserDisabled,
    PasswordChanged,
    AppDisabled,
    AppBlocked,
    AppDeleted,
    SecretStolen,
    Disconnected,
    ItemDropped,
    SignedOut,
}

impl Fact {
    const ALL: [Self; 9] = [
        Self::UserDisabled,
        Self::PasswordChanged,
        Self::AppDisabled,
        Self::AppBlocked,
        Self::AppDeleted,
        Self::SecretStolen,
        Self::Disconnected,
        Self::ItemDropped,
        Self::SignedOut,
    ];

    async fn happen(self, server: &TestServer, user: &UserFixture, app: &AppFixture) {
        let db = server.app().db();
        let now = server.now();
        let consent = || async { consents::find(db, &user.id, &app.client_id).await.unwrap().unwrap() };
        let unit: Unit = match self {
            Self::UserDisabled => users::disable(&user.id, now),
            Self::PasswordChanged => {
                users::set_password(&user.id, 0, &"$argon2id$new".to_owned().into(), now)
            }
            Self::AppDisabled => apps::disable(&app.client_id, now),
            Self::AppBlocked => apps::block(&app.client_id, now),
            Self::AppDeleted => apps::delete(&app.client_id, now),
            Self::SecretStolen => apps::revoke(&app.client_id, now),
            Self::Disconnected => consents::disconnect(&consent().await.id, &user.id, now),
            Self::ItemDropped => consents::drop_scope(&consent().await, "calendar.read", now).unwrap(),
            Self::SignedOut => {
                let session = sessions::list(db, &user.id, now).await.unwrap().remove(0);
                sessions::end(&session.id, &user.id, now)
            }
        };
        server.write(unit).await;
    }
}

#[tokio::test]
async fn mx_01_co_12_re_08_nothing_is_issued_on_what_has_ended() {
    for engine in Engine::ALL {
        for fact in Fact::ALL {
            let server = TestServer::on(engine).await;
            let (api, app) = calendar(&server, false).await;
            let user = server.user("hong@example.com").await;
            let browser = Browser::default();
            let authorization = Authorization::of(&app, "openid calendar.read");
            let code = server.code(&browser, &user, &authorization).await;
            let tokens = server.redeem(&app, &code, &authorization.verifier).await;
            let second = Authorization::of(&app, "openid calendar.read");
            let in_flight = server.code(&browser, &user, &second).await;
            fact.happen(&server, &user, &app).await;
            let refused = server.redeem(&app, &in_flight, &second.verifier).await;
            assert!(
                ["invalid_grant", "invalid_client"].contains(&refused.error()),
                "{engine:?} {fact:?} code: {}",
                refused.json
            );
            let refused = server.refresh(&app, &tokens.text("refresh_token")).await;
            assert!(
                ["invalid_grant", "invalid_client"].contains(&refused.error()),
                "{engine:?} {fact:?} refresh"
            );
            let access = tokens.text("access_token");
            assert!(!server.is_active(&api, &access).await, "{engine:?} {fact:?} introspection");
            assert_eq!(server.userinfo(&access).await.status, 401, "{engine:?} {fact:?} userinfo");
            let silent = browser.visit(&authorization.with("prompt", "none").address(&server)).await;
            assert_eq!(
                silent.answered("code").is_some(),
                fact.leaves_sign_in(),
                "{engine:?} {fact:?} authorize"
            );
        }
    }
}

impl Fact {
    /// What ended was the app's, not the person's sign-in or consent: a new request may succeed.
    const fn leaves_sign_in(self) -> bool {
        match self {
            Self::SecretStolen | Self::ItemDropped => true,
            Self::UserDisabled
            | Self::PasswordChanged
            | Self::AppDisabled
            | Self::AppBlocked
            | Self::AppDeleted
            | Self::Disconnected
            | Self::SignedOut => false,
        }
    }
}
