//! Apps that nobody has verified and that do not answer: whom they cost a turn — threat LO-07.

use mapae::store::{
    Unit,
    apps::{self, NewApp},
    logout_notices::{self, Due},
    session_apps, sessions, verification,
};
use mapae_protocol::time::Seconds;
use mapae_testkit::{AppFixture, AppSpec, Browser, Engine, TestServer, UserFixture, until};
use serde_json::json;

use super::{
    Listener, app, delivery::registered_itself, listener::Mood, look, options, server_on, sign_in, sign_out,
    waiting,
};

/// An app of a developer, that is told there.
async fn app_of(server: &TestServer, owner: &UserFixture, address: &str) -> AppFixture {
    let app = app(server, address, &[]).await;
    server.write(apps::give_to(&app.client_id, &owner.id, server.now())).await;
    app
}

/// At which the operator stands behind whoever registers.
async fn server_that_vouches_for_all(engine: Engine) -> TestServer {
    let mut options = options(TestServer::database_on(engine).await);
    options.settings.push(("MAPAE_REGISTRATION__VOUCH".to_owned(), "true".to_owned()));
    TestServer::start_with(options).await
}

/// Lets so many apps like this one, of each of these developers, know all sessions of a person.
async fn multiply(
    server: &TestServer,
    like: &AppFixture,
    person: &UserFixture,
    owners: &[(UserFixture, usize)],
) {
    let like = apps::find(server.app().db(), &like.client_id).await.unwrap().unwrap();
    let session = sessions::list(server.app().db(), &person.id, server.now()).await.unwrap().remove(0);
    for (owner, how_many) in owners {
        let one = |number: usize| {
            let app = NewApp {
                id: format!("app_{}_{number}", owner.id),
                owner_id: Some(owner.id.clone()),
                settings: like.app.settings.clone(),
                lists: like.lists.clone(),
                secret: None,
            };
            apps::insert(&app, server.now()).with(session_apps::note(&session.id, &app.id))
        };
        let apps: Vec<Unit> = (0..*how_many).map(one).collect();
        for some in apps.chunks(100) {
            server.write(Unit::new().with_all(some.iter().cloned())).await;
        }
    }
}

/// What is due within this time, if nobody takes it before.
async fn due_in(server: &TestServer, time: Seconds) -> Vec<Due> {
    let then = server.now().plus(time);
    logout_notices::due(server.app().db(), look(10, 10_000), then).await.unwrap()
}

/// Waits until everything that is due was taken or put off.
async fn nothing_is_due(server: &TestServer) {
    until("nothing is due", async || due_in(server, Seconds::ZERO).await.is_empty()).await;
}

/// Many apps of these developers are told of a sign-out and do not answer; then somebody else signs out of another app.
/// How many notices were tried when that app is told.
async fn tried_before(server: &TestServer, owners: &[(UserFixture, usize)]) -> usize {
    let (silent, mut well) = (Listener::start().await, Listener::start().await);
    silent.answers(Mood::Never);
    let bad = app_of(server, &owners[0].0, &silent.address).await;
    let developer = server.user("good@example.com").await;
    // Another site than that of the others.
    let good = app_of(server, &developer, &well.address.replace("127.0.0.1", "localhost")).await;
    let (attacker, victim) = (server.user("evil@example.com").await, server.user("hong@example.com").await);
    let (attackers, victims) = (Browser::default(), Browser::default());
    sign_in(server, &attackers, &attacker, &bad).await;
    multiply(server, &bad, &attacker, owners).await;
    sign_in(server, &victims, &victim, &good).await;
    sign_out(server, &attackers).await;
    server.advance(Seconds::seconds(1));
    sign_out(server, &victims).await;
    well.next().await;
    due_in(server, Seconds::hours(23)).await.iter().filter(|due| due.notice.attempts > 0).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lo_07_silent_apps_of_one_site_keep_nobody_else_waiting() {
    for engine in Engine::ALL {
        let server = server_on(engine).await;
        let mut owners = Vec::new();
        for number in 0..12 {
            owners.push((server.user(&format!("dev{number}@example.com")).await, 4));
        }
        let tried = tried_before(&server, &owners).await;
        assert!(tried <= 12, "{engine:?}: {tried} of 49 came before");
    }
}

/// More than are looked at at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lo_07_no_crowd_is_so_large_that_it_hides_who_comes_after_it() {
    for engine in Engine::ALL {
        let server = server_on(engine).await;
        let owner = server.user("dev@example.com").await;
        let tried = tried_before(&server, &[(owner, 1_100)]).await;
        assert!(tried <= 12, "{engine:?}: {tried} came before");
    }
}

/// Whom an app belongs to that people may use.
#[derive(Clone, Copy, Debug)]
enum Whose {
    Operators,
    Developers,
    /// It registered itself, and a setting vouches for all who do.
    Anybodys,
    /// It registered itself, and the operator has looked at it.
    Verified,
}

impl Whose {
    /// An app that is told there.
    async fn app(self, server: &TestServer, address: &str) -> AppFixture {
        match self {
            Self::Operators => app(server, address, &[]).await,
            Self::Developers => {
                let owner = server.user("dev@example.com").await;
                app_of(server, &owner, address).await
            }
            Self::Anybodys | Self::Verified => {
                let spec = AppSpec {
                    redirect_uris: vec!["http://127.0.0.1/cb".to_owned()],
                    metadata: [("backchannel_logout_uri".to_owned(), json!(address))].into(),
                    ..AppSpec::default()
                };
                let app = server.register(spec).await;
                registered_itself(server, &app, "127.0.0.1").await;
                if matches!(self, Self::Verified) {
                    server.write(verification::verify(&app.client_id, server.now())).await;
                }
                app
            }
        }
    }
}

#[tokio::test]
async fn lo_07_what_comes_for_an_app_that_did_not_answer_waits_unless_the_operator_has_verified_it() {
    for engine in Engine::ALL {
        for (whose, of_the_second) in
            [(Whose::Operators, 1), (Whose::Developers, 0), (Whose::Anybodys, 0), (Whose::Verified, 1)]
        {
            let server = server_that_vouches_for_all(engine).await;
            let gone = Listener::start().await.address.clone();
            let app = whose.app(&server, &gone).await;
            let (browser, user) = (Browser::default(), server.user("hong@example.com").await);
            sign_in(&server, &browser, &user, &app).await;
            sign_out(&server, &browser).await;
            // The third pause is a minute.
            while !due_in(&server, Seconds::seconds(30)).await.is_empty() {
                server.advance(Seconds::seconds(10));
                nothing_is_due(&server).await;
            }
            sign_in(&server, &browser, &user, &app).await;
            sign_out(&server, &browser).await;
            until("the second is kept", async || waiting(&server).await == 2).await;
            nothing_is_due(&server).await;
            let kept = due_in(&server, Seconds::hours(23)).await;
            let tries = kept.iter().map(|due| due.notice.attempts).min();
            assert_eq!(tries, Some(of_the_second), "{engine:?}: {whose:?}");
        }
    }
}
