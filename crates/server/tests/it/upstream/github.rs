//! GitHub behind the server: no ID tokens, errors with status 200, addresses in a list of their own, `iss` in callbacks, and a
//! grant that the app ends by its own secret.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Form, Json, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{delete, get, post},
};
use mapae_protocol::{
    client_credentials_header::ClientCredentials,
    pkce::{self, CodeChallenge, CodeVerifier},
    random,
};
use mapae_testkit::{AppSpec, Authorization, Browser, Page, client, until};
use serde_json::{Value, json};

use super::stage::{PASSWORD, Stage, by_password, connect, for_each_engine, sign_up, written};
use crate::protocol::device::{begin, television, type_code};

const CLIENT: &str = "Ov23liMapae";
const SECRET: &str = "github-secret-0123456789";

/// What stands for `github.com` and `api.github.com`, at their real paths.
#[derive(Clone, Default)]
struct GitHub {
    base: String,
    books: Arc<Mutex<Books>>,
}

#[derive(Default)]
struct Books {
    codes: HashMap<String, CodeChallenge>,
    tokens: Vec<String>,
    /// Ends of grants that were asked for, and what came of each.
    ended: Vec<StatusCode>,
}

impl GitHub {
    async fn behind(stage: &Stage) -> Self {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let github = Self { base: format!("http://{}", socket.local_addr().unwrap()), books: Arc::default() };
        let routes = Router::new()
            .route("/login/oauth/access_token", post(access_token))
            .route("/user", get(user))
            .route("/user/emails", get(emails))
            .route("/applications/{client_id}/grant", delete(end_grant))
            .with_state(github.clone());
        tokio::spawn(async move { axum::serve(socket, routes).await.unwrap() });
        github.add(stage, "github", SECRET).await;
        github
    }

    async fn add(&self, stage: &Stage, name: &str, secret: &str) {
        let secret = written(stage.server.data(), "github-secret", secret);
        let words = ["upstream", "add", "github", "--name", name, "--client-id", CLIENT, "--base-url"];
        let words = [&words[..], &[&self.base, "--client-secret-file", &secret]].concat();
        stage.mapae(&words).await;
    }

    /// From a page with buttons through GitHub's page, where the person agrees, and back.
    async fn through(&self, stage: &Stage, browser: &Browser, page: &Page) -> Page {
        let left = stage.press(browser, page, "github").await;
        let location = left.location().unwrap();
        assert_eq!(
            location.as_str().split('?').next(),
            Some(format!("{}/login/oauth/authorize", self.base).as_str())
        );
        let said = |name: &str| left.answered(name).unwrap_or_else(|| panic!("no {name} in {location}"));
        assert_eq!(
            (said("client_id"), said("scope")),
            (CLIENT.to_owned(), "read:user user:email".to_owned())
        );
        let code = random::text::<10>();
        let challenge = CodeChallenge::parse(&said("code_challenge")).unwrap();
        self.books.lock().unwrap().codes.insert(code.clone(), challenge);
        let back = format!("code={code}&state={}&iss={}/login/oauth", said("state"), self.base);
        let page = browser.visit(&stage.server.at(&format!("/upstream/github/callback?{back}"))).await;
        connect(browser, browser.follow(page).await).await
    }

    /// The same to the account's page, with the sign-up step if there is one.
    async fn enter(&self, stage: &Stage, browser: &Browser) -> Page {
        let door = stage.door(browser).await;
        let page = self.through(stage, browser, &door).await;
        let page = if page.has("have-account") { sign_up(browser, &page, "octo").await } else { page };
        assert!(page.has("services"), "{} {}", page.status, page.body);
        page
    }

    fn grants(&self) -> usize {
        self.books.lock().unwrap().tokens.len()
    }

    /// What came of the ends of grants that were asked for; a removal is told behind the request's back.
    async fn ended(&self, how_many: usize) -> Vec<StatusCode> {
        let ended = || self.books.lock().unwrap().ended.clone();
        until("GitHub is told of the ends of grants", async || ended().len() >= how_many).await;
        ended()
    }

    fn admits(&self, headers: &HeaderMap) -> bool {
        let token =
            headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
        let known =
            token.is_some_and(|token| self.books.lock().unwrap().tokens.iter().any(|known| known == token));
        known && headers.contains_key(header::USER_AGENT)
    }
}

async fn access_token(
    State(github): State<GitHub>,
    Form(form): Form<HashMap<String, String>>,
) -> Json<Value> {
    let said = |name: &str| form.get(name).cloned().unwrap_or_default();
    if said("client_id") != CLIENT || said("client_secret") != SECRET {
        return Json(
            json!({ "error": "incorrect_client_credentials", "error_description": "See the documents." }),
        );
    }
    let mut books = github.books.lock().unwrap();
    let verifier = CodeVerifier::parse(&said("code_verifier")).ok();
    let challenge = books.codes.remove(&said("code"));
    if challenge.is_none() || pkce::verify(challenge.as_ref(), verifier.as_ref()).is_err() {
        return Json(json!({ "error": "bad_verification_code", "error_description": "See the documents." }));
    }
    let token = format!("gho_{}", random::text::<20>());
    books.tokens.push(token.clone());
    Json(json!({ "access_token": token, "token_type": "bearer", "scope": "read:user,user:email" }))
}

async fn user(State(github): State<GitHub>, headers: HeaderMap) -> Response {
    if !github.admits(&headers) {
        return (StatusCode::UNAUTHORIZED, Json(json!({ "message": "Bad credentials" }))).into_response();
    }
    // The public address is whatever somebody wrote there.
    Json(json!({ "login": "octo", "id": 583_231, "name": null, "email": "ceo@corp.example" })).into_response()
}

async fn emails(State(github): State<GitHub>, headers: HeaderMap) -> Response {
    if !github.admits(&headers) {
        return (StatusCode::NOT_FOUND, Json(json!({ "message": "Not Found" }))).into_response();
    }
    let address = |email: &str, primary| json!({ "email": email, "primary": primary, "verified": true });
    Json(json!([address("old@example.test", false), address("octo@example.test", true)])).into_response()
}

async fn end_grant(
    State(github): State<GitHub>,
    Path(client_id): Path<String>,
    headers: HeaderMap,
    Json(body): Json<HashMap<String, String>>,
) -> Response {
    let given =
        headers.get(header::AUTHORIZATION).and_then(|value| ClientCredentials::parse(value.as_bytes()).ok());
    let own =
        given.is_some_and(|given| given.client_id.as_str() == CLIENT && given.secret.expose() == SECRET);
    let mut books = github.books.lock().unwrap();
    let known = books.tokens.contains(&body["access_token"]);
    let status = match (own && client_id == CLIENT, known) {
        (false, _) => StatusCode::UNAUTHORIZED,
        (true, false) => StatusCode::NOT_FOUND,
        (true, true) => StatusCode::NO_CONTENT,
    };
    if status == StatusCode::NO_CONTENT {
        books.tokens.clear();
    }
    books.ended.push(status);
    status.into_response()
}

for_each_engine! {
    async fn rp_11_github_opens_an_account_by_its_number_and_the_address_of_its_list(stage: Stage of []) {
        let github = GitHub::behind(&stage).await;
        let account = github.enter(&stage, &Browser::default()).await;
        assert!(account.body.contains("octo@example.test") && !account.body.contains("ceo@corp.example"), "{}", account.body);
        github.enter(&stage, &Browser::default()).await;
        let accounts = stage.accounts().await;
        assert_eq!(accounts.len(), 1, "straight in");
        assert_eq!(accounts[0].user.email.as_deref(), Some("octo@example.test"));
        assert!(accounts[0].user.email_verified);
        // Whoever signs in to an app comes by it, too.
        let app = stage.server.register(AppSpec::default()).await;
        let browser = Browser::default();
        let authorization = Authorization::of(&app, "openid profile");
        let door = browser.visit(&authorization.address(&stage.server)).await;
        let page = github.through(&stage, &browser, &door).await;
        let page = browser.submit(&page, "consent-approve", &[("all", "1")]).await;
        let tokens = stage.server.redeem(&app, &page.answered("code").unwrap(), &authorization.verifier).await;
        assert_eq!(stage.server.userinfo(&tokens.text("access_token")).await.status, 200);
    }

    async fn lk_01_githubs_address_that_is_taken_opens_nothing_until_its_account_is_proved(stage: Stage of []) {
        let github = GitHub::behind(&stage).await;
        let owner = stage.server.user("octo@example.test").await;
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let page = github.through(&stage, &browser, &door).await;
        assert!(page.has("linking"), "{} {}", page.status, page.body);
        by_password(&browser, &page, &owner.email, PASSWORD).await;
        assert_eq!(stage.accounts().await.len(), 1);
        github.enter(&stage, &Browser::default()).await;
    }

    /// It does not say when somebody signed in, and cannot be asked.
    async fn az_29_de_09_lk_09_githubs_silent_pass_meets_no_max_age(stage: Stage of []) {
        let github = GitHub::behind(&stage).await;
        let app = stage.server.register(AppSpec::default()).await;
        let browser = Browser::default();
        github.enter(&stage, &browser).await;
        let account = stage.door(&browser).await;
        assert!(!account.has("confirm-ways"), "one's own page is content with it: {}", account.body);
        for (name, value) in [("max_age", "3600"), ("prompt", "login")] {
            let asked = Authorization::of(&app, "openid").with(name, value);
            let page = browser.visit(&asked.address(&stage.server)).await;
            assert!(page.has("again") && !page.has("upstream-github"), "{name}: {} {}", page.status, page.body);
        }
        // Nor does it when a device asks.
        let metadata = [("default_max_age".to_owned(), json!(3_600))].into();
        let app = stage.server.register(AppSpec { metadata, ..television() }).await;
        let device = begin(&stage.server, &app, "openid").await;
        let page = type_code(&stage.server, &browser, &device.user_code).await;
        assert!(page.has("again") && !page.has("upstream-github"), "{} {}", page.status, page.body);
    }

    async fn github_hears_that_a_way_was_removed(stage: Stage of []) {
        let github = GitHub::behind(&stage).await;
        let user = stage.server.user("hong@example.com").await;
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let account = by_password(&browser, &door, &user.email, PASSWORD).await;
        let account = github.through(&stage, &browser, &account).await;
        assert!(account.has("notice") && github.grants() == 1, "{} {}", account.status, account.body);
        let id = account.values("[id^=remove-idn_]", "id").pop().unwrap();
        let account = browser.follow(browser.submit(&account, &id, &[]).await).await;
        assert!(account.has("notice"), "{}", account.body);
        assert_eq!(github.ended(1).await, [StatusCode::NO_CONTENT], "by the app's own secret");
        assert_eq!(github.grants(), 0);
    }

    async fn githubs_refusals_with_status_200_are_told_apart(stage: Stage of []) {
        let github = GitHub::behind(&stage).await;
        stage.mapae(&["upstream", "remove", "github"]).await;
        github.add(&stage, "github", "wrong").await;
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let page = github.through(&stage, &browser, &door).await;
        assert!(page.text("#trouble").unwrap().contains("설정에 문제가"), "{}", page.body);
        let tested = stage.run(&["upstream", "test", "github"]).await;
        let said: Value = serde_json::from_slice(&tested.stdout).unwrap();
        assert_eq!((tested.status.code(), &said["ok"]), (Some(1), &false.into()));
        assert!(said["todo"].as_str().unwrap().contains("OAuth Apps"), "{said}");
        stage.mapae(&["upstream", "remove", "github"]).await;
        github.add(&stage, "github", SECRET).await;
        let door = stage.door(&browser).await;
        let state = stage.press(&browser, &door, "github").await.answered("state").unwrap();
        let back = format!("/upstream/github/callback?code=spent&state={state}&iss={}/login/oauth", github.base);
        let page = browser.follow(browser.visit(&stage.server.at(&back)).await).await;
        assert!(page.text("#trouble").unwrap().contains("마치지 못했어요"), "{}", page.body);
        let address = format!("{}/user", github.base);
        assert_eq!(client::send(mapae_testkit::http().get(address)).await.status, 401, "nobody came in");
    }
}
