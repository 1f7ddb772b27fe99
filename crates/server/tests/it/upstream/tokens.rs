//! An app that the operator permits gets what the provider gave, working now.

use mapae_simulators::{Command, Tokens};
use mapae_testkit::{Answer, AppFixture, AppSpec, Authorization, Browser, client};

use super::stage::{Stage, for_each_engine, sign_up};

async fn signed_in(stage: &Stage, app: &AppFixture, browser: &Browser) -> String {
    let authorization = Authorization::of(app, "openid profile");
    let mut page = browser.visit(&authorization.address(&stage.server)).await;
    if page.has("upstream-kakao") {
        page = stage.through(browser, &page, "kakao", ("ryan", &[])).await;
    }
    if page.has("have-account") {
        page = sign_up(browser, &page, "라이언").await;
    }
    if page.has("consent-approve") {
        page = browser.submit(&page, "consent-approve", &[("all", "1")]).await;
    }
    let code = page.answered("code").unwrap_or_else(|| panic!("{} {}", page.status, page.body));
    stage.server.redeem(app, &code, &authorization.verifier).await.text("access_token")
}

async fn fetched(stage: &Stage, access_token: &str) -> Answer {
    let request = reqwest::Client::new().get(stage.server.at("/upstream/kakao/token"));
    client::send(request.bearer_auth(access_token)).await
}

async fn works(stage: &Stage, token: &str) -> bool {
    let address = format!("{}/v2/user/me", stage.simulator("kakao").base_url());
    reqwest::Client::new().get(address).bearer_auth(token).send().await.unwrap().status() == 200
}

for_each_engine! {
    async fn a_permitted_app_gets_a_token_that_works_and_no_other_does(stage: Stage of ["kakao"]) {
        let app = stage.server.register(AppSpec::default()).await;
        let browser = Browser::default();
        let access_token = signed_in(&stage, &app, &browser).await;
        assert_eq!(fetched(&stage, &access_token).await.status, 403, "nobody has permitted it");
        stage.mapae(&["upstream", "permit", "kakao", "--app", &app.client_id]).await;
        let answer = fetched(&stage, &access_token).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        assert!(works(&stage, &answer.text("access_token")).await);
        assert_eq!((answer.text("token_type").as_str(), answer.json.get("refresh_token")), ("Bearer", None));
        assert_eq!(answer.headers["cache-control"], "no-store");
        let other = stage.server.register(AppSpec::default()).await;
        let foreign = signed_in(&stage, &other, &browser).await;
        assert_eq!(fetched(&stage, &foreign).await.status, 403);
        assert_eq!(fetched(&stage, "made-up").await.status, 401);
        stage.mapae(&["upstream", "forbid", "kakao", "--app", &app.client_id]).await;
        assert_eq!(fetched(&stage, &access_token).await.status, 403);
    }

    async fn it_is_refreshed_when_due_and_once_for_all_who_ask(stage: Stage of ["kakao"]) {
        let app = stage.server.register(AppSpec::default()).await;
        let browser = Browser::default();
        signed_in(&stage, &app, &browser).await;
        stage.mapae(&["upstream", "permit", "kakao", "--app", &app.client_id]).await;
        let before = fetched(&stage, &signed_in(&stage, &app, &browser).await).await.text("access_token");
        stage.advance(6 * 3_600 + 60);
        // The browser is signed in here still; nobody goes to the provider.
        let access_token = signed_in(&stage, &app, &browser).await;
        let tasks = (0..20).map(|_| {
            let (server, token) = (stage.server.at("/upstream/kakao/token"), access_token.clone());
            tokio::spawn(async move { client::send(reqwest::Client::new().get(server).bearer_auth(token)).await })
        });
        let tasks: Vec<_> = tasks.collect();
        let mut given = std::collections::BTreeSet::new();
        for task in tasks {
            let answer = task.await.unwrap();
            given.insert(answer.text("access_token"));
        }
        assert_eq!(given.len(), 1, "one refresh, and everybody has what it brought");
        let given = given.first().unwrap();
        assert!(*given != before && works(&stage, given).await);
    }

    async fn when_the_link_is_over_the_app_is_told_to_let_the_person_sign_in(stage: Stage of ["kakao"]) {
        let app = stage.server.register(AppSpec::default()).await;
        let access_token = signed_in(&stage, &app, &Browser::default()).await;
        stage.mapae(&["upstream", "permit", "kakao", "--app", &app.client_id]).await;
        // The provider tells nobody: it shows when the token is due.
        stage.simulator("kakao").control(Command::Expire { tokens: Tokens::All, person: None }).await.unwrap();
        stage.advance(240);
        assert_eq!(fetched(&stage, &access_token).await.status, 200, "until then nobody knows");
        stage.mapae(&["user", "disable", &stage.accounts().await[0].user.id]).await;
        assert_eq!(fetched(&stage, &access_token).await.status, 401, "and whoever is disabled is nobody");
    }

    async fn lk_07_who_was_permitted_there_is_not_permitted_at_another_of_its_name(stage: Stage of ["kakao"]) {
        let app = stage.server.register(AppSpec::default()).await;
        stage.mapae(&["upstream", "permit", "kakao", "--app", &app.client_id]).await;
        stage.mapae(&["upstream", "remove", "kakao"]).await;
        stage.add("kakao", "kakao", None).await;
        let access_token = signed_in(&stage, &app, &Browser::default()).await;
        assert_eq!(fetched(&stage, &access_token).await.status, 403);
        stage.mapae(&["upstream", "permit", "kakao", "--app", &app.client_id]).await;
        assert_eq!(fetched(&stage, &access_token).await.status, 200);
    }
}
