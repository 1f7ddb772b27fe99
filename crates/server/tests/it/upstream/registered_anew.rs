//! A provider that is registered anew under its name, as another client: what the earlier one was given is not the new one's.

use mapae_simulators::{App, Command};
use mapae_testkit::{Answer, AppFixture, AppSpec, Authorization, Browser, client};

use super::{
    stage::{Stage, for_each_engine, written},
    ways::way_of,
};

/// The client that Google knows here, and another one that the operator has made there.
async fn two_clients(stage: &Stage) -> [App; 2] {
    let own = stage.simulator("google").app();
    let other = App { client_id: "another.apps.googleusercontent.com".to_owned(), ..own.clone() };
    stage.simulator("google").control(Command::App(Box::new(other.clone()))).await.unwrap();
    [own, other]
}

/// From now on this is the client that the server is there.
async fn become_client(stage: &Stage, app: &App) {
    stage.mapae(&["upstream", "remove", "google"]).await;
    let secret = written(stage.server.data(), "google-secret", app.client_secret.as_ref().unwrap());
    let base = stage.simulator("google").base_url().to_owned();
    let words = ["upstream", "add", "google", "--client-id", &app.client_id, "--client-secret-file", &secret];
    stage.mapae(&[&words[..], &["--base-url", &base]].concat()).await;
}

async fn permit(stage: &Stage, app: &AppFixture) {
    stage.mapae(&["upstream", "permit", "google", "--app", &app.client_id]).await;
}

/// What the app is given of whoever is signed in on this browser.
async fn fetched(stage: &Stage, app: &AppFixture, browser: &Browser) -> Answer {
    let authorization = Authorization::of(app, "openid upstream:google");
    let mut page = browser.visit(&authorization.address(&stage.server)).await;
    if page.has("consent-approve") {
        page = browser.submit(&page, "consent-approve", &[("all", "1")]).await;
    }
    let code = page.answered("code").unwrap_or_else(|| panic!("{} {}", page.status, page.body));
    let token = stage.server.redeem(app, &code, &authorization.verifier).await.text("access_token");
    let request = mapae_testkit::http().get(stage.server.at("/upstream/google/token"));
    client::send(request.bearer_auth(token)).await
}

for_each_engine! {
    async fn lk_07_what_another_client_of_the_same_name_was_given_is_neither_told_nor_thrown_away(stage: Stage of ["google"]) {
        let browser = Browser::default();
        stage.enter(&browser, "google", ("jiwoo", &[])).await;
        let [own, other] = two_clients(&stage).await;
        let app = stage.server.register(AppSpec::default()).await;
        permit(&stage, &app).await;
        let given = fetched(&stage, &app, &browser).await;
        assert_eq!(given.status, 200, "{}", given.json);
        become_client(&stage, &other).await;
        permit(&stage, &app).await;
        // Also when it is due, and would be sent to Google as the new client's.
        for seconds in [0, 3_700] {
            stage.advance(seconds);
            let refused = fetched(&stage, &app, &browser).await;
            assert_eq!((refused.status.as_u16(), refused.error()), (400, "login_required"), "{seconds}");
        }
        become_client(&stage, &own).await;
        permit(&stage, &app).await;
        let given = fetched(&stage, &app, &browser).await;
        assert_eq!(given.status, 200, "it was kept, and is refreshed: {}", given.json);
        // Whoever signs in by the new one brings what is the new one's.
        become_client(&stage, &other).await;
        permit(&stage, &app).await;
        stage.enter(&Browser::default(), "google", ("jiwoo", &[])).await;
        let given = fetched(&stage, &app, &browser).await;
        assert_eq!(given.status, 200, "{}", given.json);
        become_client(&stage, &own).await;
        permit(&stage, &app).await;
        assert_eq!(fetched(&stage, &app, &browser).await.error(), "login_required");
    }

    async fn lk_07_a_removed_way_is_not_told_in_the_name_of_another_client(stage: Stage of ["kakao", "google"]) {
        let browser = Browser::default();
        let account = stage.enter(&browser, "kakao", ("ryan", &["account_email"])).await;
        stage.through(&browser, &account, "google", ("jiwoo", &[])).await;
        assert_eq!(stage.linked_at("google").await, ["jiwoo"]);
        let [_, other] = two_clients(&stage).await;
        become_client(&stage, &other).await;
        let page = stage.door(&browser).await;
        let google = way_of(&stage, "google").await;
        let page = browser.follow(browser.submit(&page, &format!("remove-{google}"), &[]).await).await;
        assert!(page.has("notice"), "{} {}", page.status, page.body);
        // What is told is told behind the request's back, and long before a whole sign-in is over.
        stage.enter(&Browser::default(), "kakao", ("ryan", &["account_email"])).await;
        assert_eq!(stage.linked_at("google").await, ["jiwoo"]);
    }
}
