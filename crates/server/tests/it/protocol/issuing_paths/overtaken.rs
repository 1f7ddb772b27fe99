//! A session that ends between the look at it and what is done in its name: decision 0286.

use mapae::store::consents::{self, Consent};
use mapae_testkit::{
    AppFixture, AppSpec, Authorization, Browser, Engine, Page, TestServer, UserFixture,
    postgres::PostgresServer,
};

use crate::{protocol::to_consent, store::broken};

/// An app that may ask for what outlives a session, and somebody.
struct Scene {
    server: TestServer,
    app: AppFixture,
    user: UserFixture,
    browser: Browser,
}

impl Scene {
    async fn on(engine: Engine) -> Self {
        let server = TestServer::on(engine).await;
        let optional = vec!["offline_access".to_owned()];
        let app = server.register(AppSpec { optional, ..AppSpec::default() }).await;
        let user = server.user("hong@example.com").await;
        Self { server, app, user, browser: Browser::default() }
    }

    async fn consent_page(&self, authorization: &Authorization) -> Page {
        to_consent(&self.server, &self.browser, &self.user, authorization).await
    }

    async fn approve(&self, page: &Page) -> Page {
        self.browser.submit(page, "consent-approve", &[("all", "1")]).await
    }

    async fn agreed(&self) -> Option<Consent> {
        consents::find(self.server.app().db(), &self.user.id, &self.app.client_id).await.unwrap()
    }

    /// The address at which a browser begins with a request that the app has pushed: that it did is written down.
    async fn pushed(&self, authorization: &Authorization) -> String {
        let form: Vec<_> =
            authorization.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let secret = self.app.client_secret.as_deref().unwrap();
        let answer = self.server.post("/par", Some((&self.app.client_id, secret)), &form).await;
        let reference = answer.text("request_uri");
        let pairs = [("client_id", self.app.client_id.as_str()), ("request_uri", reference.as_str())];
        self.server.at(&format!("/authorize?{}", mapae_protocol::params::encode(pairs)))
    }

    /// What survives its session is not made after its end, and what does not is good for nothing then.
    async fn is_in_time(&self, page: &Page, authorization: &Authorization, what: &str) {
        let code = page.answered("code");
        if what == "openid" {
            let code = code.unwrap_or_else(|| panic!("{} {}", page.status, page.body));
            let refused = self.server.redeem(&self.app, &code, &authorization.verifier).await;
            assert_eq!(refused.error(), "invalid_grant", "{}", refused.json);
        } else {
            assert_eq!((page.status.as_u16(), code), (400, None), "{}", page.body);
        }
    }
}

#[tokio::test]
async fn mx_01_mx_02_se_08_nothing_is_agreed_to_in_the_name_of_a_session_that_has_ended() {
    for engine in Engine::ALL {
        for what in ["session", "everything"] {
            let scene = Scene::on(engine).await;
            let authorization = Authorization::of(&scene.app, "openid offline_access");
            let page = scene.consent_page(&authorization).await;
            match what {
                "session" => broken::end_sessions_at(&scene.server, "UPDATE ON apps").await,
                _ => broken::end_everything_of_everybody(&scene.server).await,
            }
            let refused = scene.approve(&page).await;
            let seen = (refused.status.as_u16(), refused.location());
            assert_eq!(seen, (503, None), "{engine:?} {what}: {}", refused.body);
            assert_eq!(scene.agreed().await, None, "{engine:?} {what}");
            match what {
                "session" => broken::end_no_sessions_at(&scene.server, "UPDATE ON apps").await,
                _ => broken::end_nothing_of_anybody(&scene.server).await,
            }
            let agreed = scene.approve(&page).await;
            assert!(agreed.answered("code").is_some(), "{engine:?} {what}: {}", agreed.body);
        }
    }
}

/// Whoever writes about an app waits until a session has ended.
const WAITS_FOR_AN_END: &str = "CREATE SEQUENCE waiting; CREATE SEQUENCE standing_by; \
    CREATE FUNCTION wait_for_an_end() RETURNS TRIGGER LANGUAGE plpgsql AS $$ BEGIN \
        PERFORM nextval('waiting'); \
        FOR turn IN 1..1000 LOOP \
            EXIT WHEN EXISTS (SELECT 1 FROM sessions WHERE ended_at IS NOT NULL); \
            PERFORM pg_sleep(0.001); \
        END LOOP; \
        RETURN NULL; END $$; \
    CREATE TRIGGER wait_for_an_end AFTER UPDATE ON apps FOR EACH ROW EXECUTE FUNCTION wait_for_an_end();";

/// The session ends as soon as somebody waits for that.
const ENDS_FOR_WHO_WAITS: &str = "DO $$ BEGIN \
        PERFORM nextval('standing_by'); \
        FOR turn IN 1..10000 LOOP \
            EXIT WHEN (SELECT is_called FROM waiting); \
            PERFORM pg_sleep(0.001); \
        END LOOP; \
        UPDATE sessions SET ended_at = 1, epoch = epoch + 1; END $$;";

/// Comes back when whoever ends the session is there.
const STANDS_BY: &str = "DO $$ BEGIN \
        FOR turn IN 1..10000 LOOP \
            EXIT WHEN (SELECT is_called FROM standing_by); \
            PERFORM pg_sleep(0.001); \
        END LOOP; END $$;";

/// In a database where two write at once, and one of them has ended the session before the other comes to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn mx_01_mx_02_who_agrees_while_their_session_ends_reads_that_it_is_over() {
    let scene = Scene::on(Engine::Postgres).await;
    let page = scene.consent_page(&Authorization::of(&scene.app, "openid offline_access")).await;
    let database = PostgresServer::shared().unwrap();
    database.execute(scene.server.database(), WAITS_FOR_AN_END).await.unwrap();
    let end = database.execute(scene.server.database(), ENDS_FOR_WHO_WAITS);
    let approve = async {
        database.execute(scene.server.database(), STANDS_BY).await.unwrap();
        scene.approve(&page).await
    };
    let (over, ended) = tokio::join!(approve, end);
    ended.unwrap();
    assert_eq!((over.status.as_u16(), over.location()), (400, None), "{}", over.body);
    assert_eq!(scene.agreed().await, None);
}

#[tokio::test]
async fn mx_01_re_08_no_code_that_outlives_its_session_is_made_after_the_sessions_end() {
    for engine in Engine::ALL {
        for scope in ["openid", "openid offline_access"] {
            let scene = Scene::on(engine).await;
            let authorization = Authorization::of(&scene.app, scope);
            let page = scene.consent_page(&authorization).await;
            // What was agreed stands: the session was there.
            broken::end_sessions_at(&scene.server, "INSERT ON consents").await;
            let page = scene.approve(&page).await;
            scene.is_in_time(&page, &authorization, scope).await;
            assert!(scene.agreed().await.is_some(), "{engine:?} {scope}");
            broken::end_no_sessions_at(&scene.server, "INSERT ON consents").await;
            // And without a page.
            scene.server.code(&scene.browser, &scene.user, &authorization).await;
            let address = scene.pushed(&authorization).await;
            broken::end_sessions_at(&scene.server, "UPDATE ON pushed_requests").await;
            let page = scene.browser.visit(&address).await;
            scene.is_in_time(&page, &authorization, scope).await;
        }
    }
}
