//! The routes over HTTP, as a browser and a front end see them.

use axum::{Router, routing::get};
use http::{StatusCode, header};
use mapae_client::{Field, SignedIn, axum::routes};
use reqwest::{Client, Response, redirect::Policy};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{
    issuer::{Issuer, Reply},
    website::{Browser, Setup, User, Website},
};

/// The website listening somewhere, and a browser in front of it.
struct Visit {
    base: String,
    http: Client,
    browser: Browser,
    issuer: Issuer,
    website: Website,
}

async fn home(SignedIn { user, .. }: SignedIn<User>) -> String {
    user.nickname
}

async fn maybe(user: Option<SignedIn<User>>) -> String {
    user.map_or_else(|| "nobody".to_owned(), |signed_in| signed_in.user.nickname)
}

impl Visit {
    async fn start() -> Self {
        let sign_up = vec![Field::required("nickname").max_chars(5)];
        let (website, issuer) = Website::start_with(Setup { sign_up, ..Setup::default() }).await;
        let app = Router::new().route("/home", get(home)).route("/maybe", get(maybe));
        let app = app.nest("/app", Router::new().route("/settings", get(home)));
        let app = app.merge(routes(&website.client)).with_state(website.client.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let http = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { base, http, browser: Browser::default(), issuer, website }
    }

    async fn get(&mut self, path: &str, accept: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.base)).header(header::ACCEPT, accept);
        self.send(request).await
    }

    async fn post(&mut self, path: &str, body: &str, origin: Option<&str>) -> Response {
        let mut request = self.http.post(format!("{}{path}", self.base)).body(body.to_owned());
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        self.send(request).await
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Response {
        let response = request.headers(self.browser.headers()).send().await.unwrap();
        let cookies: Vec<_> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
        self.browser.take(&cookies);
        response
    }

    async fn sign_up(&mut self) {
        let started = self.get("/login", "text/html").await;
        let query = self.issuer.approve(location(&started), "alice");
        self.get(&format!("/callback/op?{query}"), "text/html").await;
        let done = self.post("/sign-up", "nickname=ali", Some("http://localhost:3000")).await;
        assert_eq!(done.status(), StatusCode::SEE_OTHER);
    }
}

fn location(response: &Response) -> &str {
    response.headers()[header::LOCATION].to_str().unwrap()
}

/// RFC 9110 §9.3.2.
#[tokio::test]
async fn rp_01_a_head_uses_no_answer_up() {
    let mut visit = Visit::start().await;
    let started = visit.get("/login", "text/html").await;
    let query = visit.issuer.approve(location(&started), "alice");
    let head = visit.http.head(format!("{}/callback/op?{query}", visit.base));
    let asked = visit.send(head).await;
    assert_eq!((asked.status(), asked.headers().get(header::SET_COOKIE)), (StatusCode::OK, None));
    let begin = visit.http.head(format!("{}/login", visit.base));
    let begun = visit.send(begin).await;
    assert_eq!((begun.status(), begun.headers().get(header::SET_COOKIE)), (StatusCode::OK, None));
    assert!(visit.issuer.hits("/token").is_empty(), "no code is redeemed");
    let arrived = visit.get(&format!("/callback/op?{query}"), "text/html").await;
    assert_eq!((arrived.status(), location(&arrived)), (StatusCode::SEE_OTHER, "/sign-up"));
}

#[tokio::test]
async fn a_page_of_a_nested_router_is_come_back_to_by_its_whole_path() {
    let mut visit = Visit::start().await;
    visit.sign_up().await;
    assert_eq!(visit.get("/app/settings?tab=1", "text/html").await.status(), StatusCode::OK);
    visit.browser = Browser::default();
    let asked = visit.get("/app/settings?tab=1", "text/html").await;
    let login = "/login?return_to=%2Fapp%2Fsettings%3Ftab%3D1";
    assert_eq!((asked.status(), location(&asked)), (StatusCode::SEE_OTHER, login));
}

#[tokio::test]
async fn from_the_page_through_login_and_sign_up_back_to_the_page() {
    let mut visit = Visit::start().await;
    let asked = visit.get("/home?week=3", "text/html,*/*").await;
    assert_eq!(
        (asked.status(), location(&asked)),
        (StatusCode::SEE_OTHER, "/login?return_to=%2Fhome%3Fweek%3D3")
    );
    let login = location(&asked).to_owned();
    let started = visit.get(&login, "text/html").await;
    assert_eq!(started.status(), StatusCode::SEE_OTHER);
    let query = visit.issuer.approve(location(&started), "alice");
    let arrived = visit.get(&format!("/callback/op?{query}"), "text/html").await;
    assert_eq!(
        (arrived.status(), location(&arrived)),
        (StatusCode::SEE_OTHER, "/sign-up"),
        "RP-16: a clean address"
    );
    assert_eq!(arrived.headers()[header::REFERRER_POLICY], "no-referrer");
    assert_eq!(arrived.headers()[header::CACHE_CONTROL], "no-store");

    let form = visit.get("/sign-up", "text/html").await.text().await.unwrap();
    assert!(form.contains("김마패") && form.contains("name=\"nickname\""), "{form}");
    let again = visit.post("/sign-up", "nickname=%3Cscript%3E", Some("http://localhost:3000")).await;
    assert_eq!(again.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let again = again.text().await.unwrap();
    assert!(!again.contains("<script>") && again.contains("&lt;script&gt;"), "{again}");
    let done = visit.post("/sign-up", "nickname=ali", Some("http://localhost:3000")).await;
    assert_eq!((done.status(), location(&done)), (StatusCode::SEE_OTHER, "/home?week=3"));
    assert_eq!(visit.get("/home", "text/html").await.text().await.unwrap(), "ali");
    assert_eq!(visit.get("/maybe", "*/*").await.text().await.unwrap(), "ali");
    assert_eq!(
        visit.browser.cookies.keys().collect::<Vec<_>>(),
        ["shop-3000-session"],
        "nothing else is left"
    );
}

#[tokio::test]
async fn a_front_end_gets_the_address_as_json_and_never_a_token() {
    let mut visit = Visit::start().await;
    let asked = visit.get("/home", "application/json").await;
    assert_eq!(asked.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(asked.json::<Value>().await.unwrap()["login"], "/login");
    assert_eq!(visit.get("/maybe", "*/*").await.text().await.unwrap(), "nobody");
    let started: Value = visit.post("/login.json?return_to=/home", "", None).await.json().await.unwrap();
    assert_eq!(started.as_object().unwrap().len(), 1);
    let query = visit.issuer.approve(started["authorization_url"].as_str().unwrap(), "alice");
    visit.get(&format!("/callback/op?{query}"), "text/html").await;
    visit.post("/sign-up", "nickname=ali", Some("http://localhost:3000")).await;
    let person = visit.browser.person(&visit.website).await.unwrap();
    let token = visit.website.client.access_token(&person).await.unwrap();
    assert!(visit.browser.cookies.values().all(|value| !value.contains(token.expose())));
    visit.issuer.reply("/.well-known/openid-configuration", Reply::Json(500, Value::Null));
    visit.website.clock.advance(7_200);
    let refused = visit.get("/login.json?state=x", "*/*").await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "RP-20");
    assert_eq!(refused.json::<Value>().await.unwrap()["error"], "restart");
}

#[tokio::test]
async fn se_05_forms_of_other_sites_change_nothing() {
    let mut visit = Visit::start().await;
    visit.sign_up().await;
    for origin in [None, Some("null"), Some("http://localhost:9000"), Some("https://evil.example")] {
        assert_eq!(visit.post("/sign-out", "", origin).await.status(), StatusCode::FORBIDDEN, "{origin:?}");
        assert_eq!(visit.post("/sign-up", "nickname=x", origin).await.status(), StatusCode::FORBIDDEN);
    }
    assert_eq!(visit.get("/home", "text/html").await.status(), StatusCode::OK, "still signed in");
    assert_eq!(visit.get("/sign-out", "text/html").await.status(), StatusCode::METHOD_NOT_ALLOWED);
    let out = visit.post("/sign-out", "", Some("http://localhost:3000")).await;
    assert_eq!((out.status(), location(&out)), (StatusCode::SEE_OTHER, "/"));
    assert!(visit.browser.cookies.is_empty());
}

#[tokio::test]
async fn rp_16_the_callback_leads_to_a_clean_address_at_once() {
    let mut visit = Visit::start().await;
    for fine in [true, false] {
        let started = visit.get("/login", "text/html").await;
        let query = visit.issuer.approve(location(&started), "alice");
        if !fine {
            visit.issuer.reply("/token", Reply::Json(400, serde_json::json!({"error": "invalid_grant"})));
        }
        let answer = visit.get(&format!("/callback/op?{query}"), "text/html").await;
        assert_eq!(answer.headers()[header::REFERRER_POLICY], "no-referrer");
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        let target = answer.headers().get(header::LOCATION).map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(target, fine.then(|| "/sign-up".to_owned()));
        let page = answer.text().await.unwrap();
        let code = query.split(['=', '&']).nth(1).unwrap();
        assert!(!page.contains(code), "the page does not repeat the code");
        assert!(!page.contains("src=") && !page.contains("<link"), "and loads nothing: {page}");
    }
}

#[tokio::test]
async fn rp_14_error_pages_speak_plainly_and_repeat_nothing() {
    let mut visit = Visit::start().await;
    let hostile = "/callback/op?error=%3Cscript%3Ealert(1)%3C/script%3E&error_description=%3Cimg%3E&state=x";
    let page = visit.get(hostile, "text/html").await;
    assert_eq!(page.status(), StatusCode::BAD_REQUEST);
    assert_eq!(page.headers()[header::REFERRER_POLICY], "no-referrer");
    let text = page.text().await.unwrap();
    assert!(
        !text.contains("alert") && !text.contains("img") && text.contains("Please start again"),
        "{text}"
    );

    let started = visit.get("/login", "text/html").await;
    let query = visit.issuer.approve(location(&started), "alice");
    visit.issuer.reply("/token", Reply::Huge);
    let path = format!("{}/callback/op?{query}", visit.base);
    let request = visit.http.get(path).header(header::ACCEPT_LANGUAGE, "ko-KR,ko;q=0.9");
    let page = visit.send(request).await;
    assert_eq!(page.status(), StatusCode::BAD_GATEWAY, "RP-18");
    assert!(page.text().await.unwrap().contains("잠시 뒤 다시 시도하세요"));
}

#[tokio::test]
async fn a_form_that_is_too_long_is_not_read() {
    let mut visit = Visit::start().await;
    let long = format!("nickname={}", "a".repeat(20_000));
    let refused = visit.post("/sign-up", &long, Some("http://localhost:3000")).await;
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_way_in_that_does_not_exist_is_said_not_to() {
    let mut visit = Visit::start().await;
    for (language, words) in
        [("ko", "그런 로그인 방법이 없습니다."), ("en", "There is no such way to sign in.")]
    {
        let request = visit.http.get(format!("{}/login?provider=typo", visit.base));
        let page = visit.send(request.header(header::ACCEPT_LANGUAGE, language)).await;
        assert_eq!(page.status(), StatusCode::NOT_FOUND);
        let text = page.text().await.unwrap();
        assert!(text.contains(words) && !text.contains("typo"), "{text}");
        assert!(!text.contains("10분") && !text.contains("minutes"), "{text}");
    }
    let said = visit.get("/login.json?provider=typo", "application/json").await;
    assert_eq!(said.status(), StatusCode::NOT_FOUND);
    assert_eq!(said.json::<Value>().await.unwrap()["error"], "unknown_provider");
}

/// What another app, or a page, got of the provider: no route takes it, whatever it is called.
#[tokio::test]
async fn rp_09_no_route_takes_a_token() {
    let mut visit = Visit::start().await;
    let now = visit.website.clock.unix();
    let foreign = serde_json::json!({
        "iss": visit.issuer.url(), "sub": "alice", "aud": "another-app", "iat": now, "exp": now + 300,
    });
    let token = visit.issuer.sign(mapae_protocol::jose::HeaderType::Jwt, &foreign);
    let names = ["access_token", "id_token", "token", "credential", "assertion", "code", "subject_token"];
    let form = mapae_protocol::params::encode(names.map(|name| (name, token.as_str())));
    let paths = [
        "/login",
        "/login.json",
        "/callback/op",
        "/sign-up",
        "/sign-up/prove",
        "/sign-in-methods",
        "/sign-in-methods/prove",
        "/sign-in-methods/add",
        "/sign-in-methods/confirm",
        "/agreements",
        "/tokens",
        "/tokens/renewal",
        "/sign-out",
        "/notices/op/events",
        "/login/backchannel-logout/op",
    ];
    for path in paths {
        for answer in [
            visit.http.get(format!("{}{path}?{form}", visit.base)),
            visit
                .http
                .post(format!("{}{path}", visit.base))
                .body(form.clone())
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded"),
        ] {
            let request = answer.bearer_auth(&token).header(header::ORIGIN, "http://localhost:3000");
            visit.send(request).await;
            assert!(
                visit.website.client.signed_in(&visit.browser.headers()).await.unwrap().is_none(),
                "{path}"
            );
            let form = visit.website.client.sign_up_form(&visit.browser.headers()).await;
            assert!(form.is_err(), "{path}");
        }
    }
    for asked in ["/token", "/userinfo"] {
        assert!(visit.issuer.hits(asked).is_empty(), "and nobody is asked whose it is");
    }
}
