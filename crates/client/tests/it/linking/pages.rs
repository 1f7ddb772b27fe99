//! The pages of the library over HTTP, as a browser sees them.

use axum::Router;
use http::{StatusCode, header};
use mapae_client::{Field, Term, axum::routes};
use reqwest::{Client, RequestBuilder, Response, redirect::Policy};
use scraper::{Html, Selector};
use serde_json::Value;
use tokio::net::TcpListener;

use super::stage::{CONFIRM, Stage};
use crate::website::Browser;

const ORIGIN: &str = "http://localhost:3000";

struct Visit {
    stage: Stage,
    base: String,
    http: Client,
    browser: Browser,
    language: &'static str,
}

impl Visit {
    async fn start() -> Self {
        let stage = Stage::with(|builder| {
            let terms = [
                Term::required("service", "1").titled("이용약관", "Terms of service").at("/terms"),
                Term::optional("mail", "7").titled("광고성 정보 수신 <b>", "News <b>"),
            ];
            builder.sign_up([Field::required("nickname")]).terms(terms)
        })
        .await;
        let app: Router = routes(&stage.client);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let http = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { stage, base, http, browser: Browser::default(), language: "en" }
    }

    async fn send(&mut self, request: RequestBuilder) -> Response {
        let request = request.header(header::ACCEPT_LANGUAGE, self.language);
        let response = request.headers(self.browser.headers()).send().await.unwrap();
        let cookies: Vec<_> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
        self.browser.take(&cookies);
        response
    }

    async fn get(&mut self, path: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.base));
        self.send(request).await
    }

    async fn page(&mut self, path: &str) -> String {
        let response = self.get(path).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        response.text().await.unwrap()
    }

    async fn post_from(&mut self, path: &str, form: &[(&str, &str)], origin: Option<&str>) -> Response {
        let mut request = self.http.post(format!("{}{path}", self.base)).form(form);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        self.send(request).await
    }

    async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Response {
        self.post_from(path, form, Some(ORIGIN)).await
    }

    /// What a front end gets.
    async fn json(&mut self, path: &str, form: Option<&[(&str, &str)]>) -> (StatusCode, Value) {
        let address = format!("{}{path}", self.base);
        let request = match form {
            Some(form) => self.http.post(address).form(form).header(header::ORIGIN, ORIGIN),
            None => self.http.get(address),
        };
        let response = self.send(request.header(header::ACCEPT, "application/json")).await;
        (response.status(), response.json().await.unwrap_or(Value::Null))
    }

    /// From a redirect to a provider to where the service then leads.
    async fn through(&mut self, started: &Response, which: usize, subject: &str) -> (StatusCode, String) {
        let back = self.stage.issuers[which].approve(&location(started), subject);
        let arrived = self.get(&format!("/callback/{}?{back}", super::stage::PROVIDERS[which])).await;
        (arrived.status(), location(&arrived))
    }

    /// The page that says who is added, and its button: where that leads.
    async fn confirm(&mut self, whose: &str) -> String {
        let page = self.page(CONFIRM).await;
        let document = Html::parse_document(&page);
        let shown = document.select(&Selector::parse("#method").unwrap()).next();
        let shown = shown.map(|shown| shown.text().collect::<String>()).unwrap_or_default();
        assert!(whose.split(' ').all(|part| shown.contains(part)), "{page}");
        let mark = value_of(&page, "mark").unwrap();
        location(&self.post(CONFIRM, &[("mark", &mark)]).await)
    }

    async fn sign_up(&mut self) {
        let started = self.get("/login?provider=one").await;
        self.through(&started, 0, "alice").await;
        let done = self.post("/sign-up", &[("nickname", "ali"), ("term.service", "1")]).await;
        assert_eq!(done.status(), StatusCode::SEE_OTHER);
    }
}

fn location(response: &Response) -> String {
    response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// The value of a form's field, on the page.
fn value_of(page: &str, name: &str) -> Option<String> {
    let document = Html::parse_document(page);
    let field = Selector::parse(&format!("input[name=\"{name}\"]")).unwrap();
    document.select(&field).next().map(|input| input.attr("value").unwrap_or_default().to_owned())
}

#[tokio::test]
async fn the_form_shows_terms_unticked_and_in_the_persons_language() {
    let mut visit = Visit::start().await;
    let started = visit.get("/login?provider=one").await;
    assert_eq!(visit.through(&started, 0, "alice").await, (StatusCode::SEE_OTHER, "/sign-up".into()));
    let page = visit.page("/sign-up").await;
    assert!(page.contains("Terms of service") && page.contains("(optional) News &lt;b&gt;"), "{page}");
    assert!(!page.contains("checked"), "nothing is ticked beforehand: {page}");
    assert_eq!(value_of(&page, "term.service").as_deref(), Some("1"));
    visit.language = "ko-KR,ko;q=0.9";
    let page = visit.page("/sign-up").await;
    assert!(page.contains("(필수) 이용약관") && page.contains("동의하고 계속하기"), "{page}");
    let again = visit.post("/sign-up", &[("nickname", "ali")]).await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.text().await.unwrap().contains("가입하려면 동의해 주세요."));
}

#[tokio::test]
async fn from_the_list_through_a_proof_to_a_second_way_in_and_back_to_one() {
    let mut visit = Visit::start().await;
    let asked = visit.get("/sign-in-methods").await;
    assert_eq!(location(&asked), "/login?return_to=%2Fsign-in-methods");
    visit.sign_up().await;
    let page = visit.page("/sign-in-methods").await;
    assert!(page.contains("The last way to sign in cannot be removed."), "{page}");
    assert!(page.contains("/sign-in-methods/prove") && !page.contains("/sign-in-methods/add"), "{page}");
    let refused = visit.post("/sign-in-methods/add", &[("provider", "two")]).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert!(refused.text().await.unwrap().contains("first sign in once more"));

    let started = visit.post("/sign-in-methods/prove", &[("provider", "one")]).await;
    assert!(location(&started).contains("prompt=login") && location(&started).contains("max_age=0"));
    assert_eq!(visit.through(&started, 0, "alice").await, (StatusCode::SEE_OTHER, "/sign-in-methods".into()));
    visit.stage.clock.advance(1);
    let started = visit.post("/sign-in-methods/add", &[("provider", "two")]).await;
    visit.stage.mail("alice", "alice@example.test", true);
    assert_eq!(visit.through(&started, 1, "alice").await, (StatusCode::SEE_OTHER, CONFIRM.into()));
    assert_eq!(visit.confirm("two al***@example.test").await, "/sign-in-methods");
    visit.language = "ko";
    let page = visit.page("/sign-in-methods").await;
    assert!(page.contains("지금 로그인한 방법") && page.contains("삭제"), "{page}");
    let id = value_of(&page, "id").unwrap();
    let removed = visit.post("/sign-in-methods/remove", &[("id", &id)]).await;
    assert_eq!((removed.status(), location(&removed).as_str()), (StatusCode::SEE_OTHER, "/sign-in-methods"));
    assert_eq!(location(&visit.get("/sign-in-methods").await), "/login?return_to=%2Fsign-in-methods");
    let started = visit.get("/login?provider=two").await;
    assert_eq!(visit.through(&started, 1, "alice").await.1, "/");
    let started = visit.post("/sign-in-methods/prove", &[("provider", "two")]).await;
    visit.through(&started, 1, "alice").await;
    let page = visit.page("/sign-in-methods").await;
    assert!(page.contains("마지막 로그인 방법이라 삭제할 수 없습니다."), "{page}");
    let known = visit.stage.client.sign_in_methods(&visit.browser.headers()).await.unwrap().methods;
    let last = visit.post("/sign-in-methods/remove", &[("id", &known[0].id)]).await;
    assert_eq!(last.status(), StatusCode::CONFLICT);
    assert!(last.text().await.unwrap().contains("다른 로그인 방법을 먼저 추가해 주세요."));
}

#[tokio::test]
async fn lk_04_other_sites_begin_and_change_nothing() {
    let mut visit = Visit::start().await;
    visit.sign_up().await;
    let started = visit.post("/sign-in-methods/prove", &[("provider", "one")]).await;
    visit.through(&started, 0, "alice").await;
    let page = visit.page("/sign-in-methods").await;
    assert!(page.contains("/sign-in-methods/add"), "fresh: {page}");
    let posts: [(&str, &[(&str, &str)]); 6] = [
        (CONFIRM, &[("mark", "x")]),
        ("/sign-in-methods/add", &[("provider", "two")]),
        ("/sign-in-methods/prove", &[("provider", "one")]),
        ("/sign-in-methods/remove", &[("id", "x")]),
        ("/sign-up/prove", &[("provider", "one")]),
        ("/agreements", &[("term", "mail"), ("version", "7")]),
    ];
    for (path, form) in posts {
        for origin in [None, Some("null"), Some("https://evil.example"), Some("http://localhost:9000")] {
            let refused = visit.post_from(path, form, origin).await;
            assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{path} {origin:?}");
        }
        if path != "/agreements" && path != CONFIRM {
            assert_eq!(
                visit.get(path).await.status(),
                StatusCode::METHOD_NOT_ALLOWED,
                "{path}: never by a link"
            );
        }
    }
    let agreed = visit.stage.client.agreements(&visit.stage.person(0, "alice")).await.unwrap();
    assert_eq!(agreed.len(), 1);
}

#[tokio::test]
async fn lk_03_forged_fields_are_of_no_use() {
    let mut visit = Visit::start().await;
    visit.sign_up().await;
    let started = visit.post("/sign-in-methods/prove", &[("provider", "one")]).await;
    visit.through(&started, 0, "alice").await;
    for form in [
        [("provider", "two"), ("subject", "victim")],
        [("provider", "two"), ("account", "victim")],
        [("provider", "two"), ("return_to", "//evil.example")],
    ] {
        let started = visit.post("/sign-in-methods/add", &form).await;
        assert!(!location(&started).contains("victim") && !location(&started).contains("evil"), "{form:?}");
    }
    for (form, status) in [
        ([("provider", "two"), ("state", "x")], StatusCode::BAD_REQUEST),
        ([("provider", "two"), ("provider", "one")], StatusCode::BAD_REQUEST),
        ([("provider", "nobody"), ("x", "y")], StatusCode::NOT_FOUND),
    ] {
        assert_eq!(visit.post("/sign-in-methods/add", &form).await.status(), status, "{form:?}");
    }
    let removed = visit.post("/sign-in-methods/remove", &[("id", "<script>")]).await;
    assert_eq!(removed.status(), StatusCode::NOT_FOUND);
    assert!(!removed.text().await.unwrap().contains("<script>"));
}

#[tokio::test]
async fn lk_01_the_page_asks_for_the_existing_account_and_names_nobody() {
    let mut visit = Visit::start().await;
    visit.stage.mail("alice", "same@example.test", true);
    visit.sign_up().await;
    visit.stage.mail("other", "same@example.test", true);
    visit.browser = Browser::default();
    let started = visit.get("/login?provider=two").await;
    assert_eq!(visit.through(&started, 1, "other").await.1, "/sign-up");
    let page = visit.page("/sign-up").await;
    assert!(page.contains("Do you have an account already?") && page.contains("/sign-up/prove"), "{page}");
    assert!(page.contains("<strong>two sa***@example.test</strong>"), "what will be connected: {page}");
    assert!(!page.contains("alice") && !page.contains("same@") && !page.contains("nickname"), "{page}");
    let forced = visit.post("/sign-up", &[("nickname", "x"), ("term.service", "1")]).await;
    assert!(forced.text().await.unwrap().contains("/sign-up/prove"));
    visit.language = "ko";
    let started = visit.post("/sign-up/prove", &[("provider", "one")]).await;
    let (status, _) = visit.through(&started, 0, "stranger").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    let started = visit.post("/sign-up/prove", &[("provider", "one")]).await;
    assert_eq!(visit.through(&started, 0, "alice").await, (StatusCode::SEE_OTHER, "/".into()));
    let methods = visit.stage.client.sign_in_methods(&visit.browser.headers()).await.unwrap().methods;
    assert_eq!(methods.len(), 2);
}

#[tokio::test]
async fn agreements_are_seen_and_changed_on_a_page() {
    let mut visit = Visit::start().await;
    assert_eq!(location(&visit.get("/agreements").await), "/login?return_to=%2Fagreements");
    visit.sign_up().await;
    visit.language = "ko";
    let page = visit.page("/agreements").await;
    assert!(page.contains("이용약관 (1): 동의함") && page.contains("동의하지 않음"), "{page}");
    assert_eq!(value_of(&page, "version").as_deref(), Some("7"));
    let agreed = visit.post("/agreements", &[("term", "mail"), ("version", "7")]).await;
    assert_eq!((agreed.status(), location(&agreed).as_str()), (StatusCode::SEE_OTHER, "/agreements"));
    assert!(visit.page("/agreements").await.contains("동의 철회"));
    visit.post("/agreements", &[("term", "mail")]).await;
    assert!(visit.page("/agreements").await.contains("동의하지 않음"));
    visit.post("/agreements", &[("term", "mail"), ("version", "7")]).await;
    let twice = visit.post("/agreements", &[("term", "mail"), ("version", "7"), ("version", "8")]).await;
    assert_eq!(twice.status(), StatusCode::BAD_REQUEST);
    assert!(visit.page("/agreements").await.contains("동의 철회"), "what cannot be read withdraws nothing");
    let refused = visit.post("/agreements", &[("term", "service")]).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    assert!(refused.text().await.unwrap().contains("필수 약관은 회원 탈퇴로만"));
}

#[tokio::test]
async fn a_front_end_gets_the_list_addresses_and_codes_as_json() {
    let mut visit = Visit::start().await;
    let list = visit.json("/sign-in-methods", None).await;
    assert_eq!((list.0, &list.1["error"]), (StatusCode::UNAUTHORIZED, &"not_signed_in".into()));
    visit.sign_up().await;
    let (_, list) = visit.json("/sign-in-methods", None).await;
    assert_eq!((&list["fresh"], &list["methods"][0]["removable"]), (&false.into(), &false.into()));
    let (status, refused) = visit.json("/sign-in-methods/add", Some(&[("provider", "two")])).await;
    assert_eq!((status, &refused["error"]), (StatusCode::UNAUTHORIZED, &"not_fresh".into()));
    for (path, which) in [("/sign-in-methods/prove", 0), ("/sign-in-methods/add", 1)] {
        let provider = [("provider", super::stage::PROVIDERS[which])];
        let (_, started) = visit.json(path, Some(&provider)).await;
        let back =
            visit.stage.issuers[which].approve(started["authorization_url"].as_str().unwrap(), "alice");
        visit.get(&format!("/callback/{}?{back}", provider[0].1)).await;
    }
    let (_, shown) = visit.json(CONFIRM, None).await;
    assert_eq!((&shown["provider"], &shown["hint"]), (&"two".into(), &Value::Null));
    let mark = shown["mark"].as_str().unwrap().to_owned();
    let (status, added) = visit.json(CONFIRM, Some(&[("mark", &mark)])).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{added}");
    let (status, again) = visit.json(CONFIRM, Some(&[("mark", &mark)])).await;
    assert_eq!((status, &again["error"]), (StatusCode::NOT_FOUND, &"nothing_to_add".into()));
    let (_, list) = visit.json("/sign-in-methods", None).await;
    let methods = list["methods"].as_array().unwrap();
    assert_eq!((&list["fresh"], methods.len()), (&true.into(), 2));
    let id = |name: &str| {
        methods.iter().find(|method| method["provider"] == name).unwrap()["id"].as_str().unwrap()
    };
    assert_eq!(
        visit.json("/sign-in-methods/remove", Some(&[("id", id("two"))])).await.0,
        StatusCode::NO_CONTENT
    );
    let (status, refused) = visit.json("/sign-in-methods/remove", Some(&[("id", id("one"))])).await;
    assert_eq!(status, StatusCode::CONFLICT, "{refused}");
    assert_eq!(refused["error"], "last_method");
}
