//! The routes over HTTP: the service's front end, and an API that knows nothing but the issuer.

use axum::{Router, routing::get};
use http::{StatusCode, header};
use mapae_client::{Client, ServiceTokens, SignedIn, axum::routes};
use mapae_resource::{Authorized, ResourceServer};
use reqwest::{Response, redirect::Policy};
use serde_json::Value;
use tokio::net::TcpListener;

use crate::{
    issuer::Issuer,
    place::Place,
    website::{Browser, SECRET, TestClock, User, Users, http_client},
};

/// A front end in a browser, at its service.
struct Visit {
    origin: String,
    http: reqwest::Client,
    browser: Browser,
    issuer: Issuer,
    clock: TestClock,
    cookies: [String; 3],
}

async fn home(SignedIn { user, .. }: SignedIn<User>) -> String {
    user.number.to_string()
}

impl Visit {
    /// Up to the page to which the login leads.
    async fn start() -> Self {
        Self::start_with(ServiceTokens::new()).await
    }

    async fn start_with(tokens: ServiceTokens<User>) -> Self {
        let clock = TestClock::new();
        let issuer = Issuer::start(&clock).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let origin = format!("http://127.0.0.1:{port}");
        let app = mapae_client::ClientRegistration::new("client-1", format!("{origin}/callback/op"));
        let settings = mapae_client::ProviderSettings::new("op").for_development();
        let provider =
            mapae_client::Provider::discover(issuer.url(), app.with_secret(SECRET), settings).unwrap();
        let client = Client::builder(Place::fresh().await.open().await, Users::default())
            .name("shop")
            .provider(provider)
            .clock(clock.clock())
            .service_tokens(tokens)
            .build()
            .unwrap();
        let app = Router::new().route("/home", get(home)).merge(routes(&client)).with_state(client);
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        let cookies = ["code", "code-binding", "refresh"].map(|name| format!("shop-{port}-{name}"));
        let mut visit = Self { origin, http, browser: Browser::default(), issuer, clock, cookies };
        let started = visit.get("/login?return_to=/app").await;
        let query = visit.issuer.approve(started.headers()[header::LOCATION].to_str().unwrap(), "alice");
        let arrived = visit.get(&format!("/callback/op?{query}")).await;
        assert_eq!(
            (arrived.status(), &arrived.headers()[header::LOCATION]),
            (StatusCode::SEE_OTHER, &"/app".parse().unwrap())
        );
        let scripts_see: Vec<_> = arrived
            .headers()
            .get_all(header::SET_COOKIE)
            .iter()
            .map(|cookie| cookie.to_str().unwrap())
            .filter(|cookie| !cookie.contains("HttpOnly"))
            .collect();
        assert_eq!(scripts_see.len(), 1);
        assert!(
            scripts_see[0].starts_with(&visit.cookies[0])
                && scripts_see[0].contains("Max-Age=60; SameSite=Strict")
        );
        visit
    }

    async fn get(&mut self, path: &str) -> Response {
        let request = self.http.get(format!("{}{path}", self.origin));
        self.send(request).await
    }

    async fn post(&mut self, path: &str, body: String, origin: &str) -> Response {
        let request = self.http.post(format!("{}{path}", self.origin)).body(body);
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.header(header::ORIGIN, origin)).await
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Response {
        let response = request.headers(self.browser.headers()).send().await.unwrap();
        let cookies: Vec<_> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
        self.browser.take(&cookies);
        response
    }

    /// What a front end is told that posts its form with its JWT, or without.
    async fn asked(&mut self, path: &str, form: &str, with_token: bool) -> (StatusCode, Value) {
        let request = self.http.post(format!("{}{path}", self.origin)).body(form.to_owned());
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = request.header(header::ORIGIN, &self.origin).header(header::ACCEPT, "application/json");
        let headers = if with_token { self.browser.headers() } else { self.browser.cookie_headers() };
        let response = request.headers(headers).send().await.unwrap();
        let cookies: Vec<_> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
        self.browser.take(&cookies);
        (response.status(), response.json().await.unwrap_or(Value::Null))
    }

    /// To the provider and back, as browsers go: with cookies and nothing else. Where it leads.
    async fn navigate(&mut self, authorization_url: &str, subject: &str) -> (StatusCode, String) {
        let query = self.issuer.approve(authorization_url, subject);
        let request = self.http.get(format!("{}/callback/op?{query}", self.origin));
        let response = request.headers(self.browser.cookie_headers()).send().await.unwrap();
        let cookies: Vec<_> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
        self.browser.take(&cookies);
        let location = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        (response.status(), location.unwrap_or_default())
    }

    async fn with_tokens(mut self) -> Self {
        self.hand_over().await;
        self
    }

    async fn hand_over(&mut self) -> Value {
        let (code, origin) = (self.browser.cookies[&self.cookies[0]].clone(), self.origin.clone());
        let answer = self.post("/tokens", format!("code={code}"), &origin).await;
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        let tokens: Value = answer.json().await.unwrap();
        self.browser.access_token = Some(tokens["access_token"].as_str().unwrap().to_owned());
        tokens
    }
}

#[tokio::test]
async fn a_front_end_posts_its_code_renews_and_signs_out() {
    let mut visit = Visit::start().await;
    let page = visit.http.get(format!("{}/home", visit.origin)).header(header::ACCEPT, "text/html");
    assert_eq!(
        visit.send(page).await.status(),
        StatusCode::UNAUTHORIZED,
        "not round and round by way of the login"
    );
    visit.hand_over().await;
    assert_eq!(visit.browser.cookies.keys().collect::<Vec<_>>(), [&visit.cookies[2]]);
    assert_eq!(visit.get("/home").await.text().await.unwrap(), "0");
    let origin = visit.origin.clone();
    let renewed = visit.post("/tokens/renewal", String::new(), &origin).await;
    assert_eq!(renewed.status(), StatusCode::OK);
    let old = visit.browser.clone();
    let out = visit.post("/sign-out", String::new(), &origin).await;
    assert_eq!(out.status(), StatusCode::SEE_OTHER);
    assert!(visit.browser.cookies.is_empty());
    visit.browser = old;
    assert_eq!(visit.get("/home").await.status(), StatusCode::UNAUTHORIZED);
    let refused = visit.post("/tokens/renewal", String::new(), &origin).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(refused.json::<Value>().await.unwrap(), serde_json::json!({"error": "invalid_grant"}));
    let other = Visit::start().await.with_tokens().await;
    let bearer = other.http.post(format!("{}/sign-out", other.origin));
    let bearer = bearer.bearer_auth(other.browser.access_token.as_ref().unwrap()).send().await.unwrap();
    assert_eq!(bearer.status(), StatusCode::SEE_OTHER, "by its token alone, which no other site can send");
    let malformed = visit.post("/tokens", "code=a&code=b".to_owned(), &origin).await;
    assert_eq!(malformed.json::<Value>().await.unwrap()["error"], "invalid_request");
}

#[tokio::test]
async fn lk_03_a_form_brings_the_refresh_token_that_a_front_end_keeps_itself() {
    let mut visit = Visit::start_with(ServiceTokens::new().refresh_token_in_body()).await;
    let origin = visit.origin.clone();
    let code = visit.browser.cookies[&visit.cookies[0]].clone();
    let tokens: Value = visit.post("/tokens", format!("code={code}"), &origin).await.json().await.unwrap();
    let refresh = format!("refresh_token={}", tokens["refresh_token"].as_str().unwrap());
    let bearer = tokens["access_token"].as_str().unwrap().to_owned();
    let post = async |path: &str, body: String| {
        let request = http_client().post(format!("{origin}{path}")).bearer_auth(&bearer);
        let request = request.header(header::ORIGIN, &origin).header(header::ACCEPT, "application/json");
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = request.body(body).send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap_or_default())
    };
    for path in ["/sign-in-methods/prove", "/sign-in-methods/add", "/sign-in-methods/remove"] {
        let (status, said) = post(path, "provider=op&id=x".to_owned()).await;
        assert!(status.is_client_error() && said["error"] == "not_signed_in", "{path} {status} {said}");
    }
    let (status, said) = post("/sign-in-methods/prove", format!("provider=op&{refresh}")).await;
    assert!(status == StatusCode::OK && said["authorization_url"].is_string(), "{status} {said}");
    assert!(!said.to_string().contains("refresh_token"), "it goes no further");
    let (_, said) = post("/sign-in-methods/add", format!("provider=op&{refresh}")).await;
    assert_eq!(said["error"], "not_fresh", "and it is no proof");
}

/// Behind HTTP Basic a browser sends its header with the form of any site.
#[tokio::test]
async fn se_05_rp_27_a_foreign_authorization_header_is_no_same_origin() {
    let mut visit = Visit::start().await.with_tokens().await;
    let (origin, address) = (visit.origin.clone(), format!("{}/sign-out", visit.origin));
    let cookies = visit.browser.cookie_headers();
    for authorization in ["Basic dXNlcjpwYXNz", "Bearer", "Bearer a.b.c", "bearer x"] {
        let foreign = visit.http.post(&address).headers(cookies.clone());
        let foreign = foreign.header(header::ORIGIN, "https://evil.example");
        let refused = foreign.header(header::AUTHORIZATION, authorization).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{authorization}");
        assert!(!refused.headers().contains_key(header::SET_COOKIE), "{authorization}");
    }
    let renewed = visit.post("/tokens/renewal", String::new(), &origin).await;
    assert_eq!(renewed.status(), StatusCode::OK, "nothing has ended");
    // No page of another site can send a token that works.
    let other = Visit::start().await.with_tokens().await;
    let both = other.http.post(format!("{}/sign-out", other.origin)).headers(other.browser.cookie_headers());
    let both = both.header(header::ORIGIN, "https://evil.example");
    let gone = both.bearer_auth(other.browser.access_token.as_ref().unwrap()).send().await.unwrap();
    assert_eq!(gone.status(), StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn se_05_mx_04_other_sites_get_no_tokens_and_use_none_up() {
    let mut visit = Visit::start().await;
    let code = visit.browser.cookies[&visit.cookies[0]].clone();
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1"] {
        let refused = visit.post("/tokens", format!("code={code}"), origin).await;
        assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{origin}");
    }
    for path in ["/tokens", "/tokens/renewal"] {
        assert_eq!(visit.get(path).await.status(), StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    visit.hand_over().await;
    for origin in ["https://evil.example", "null"] {
        assert_eq!(
            visit.post("/tokens/renewal", String::new(), origin).await.status(),
            StatusCode::FORBIDDEN
        );
    }
    let origin = visit.origin.clone();
    assert_eq!(visit.post("/tokens/renewal", String::new(), &origin).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn lk_03_rp_04_a_front_end_proves_and_adds_with_its_jwt() {
    let mut visit = Visit::start().await.with_tokens().await;
    let page = visit.get("/sign-in-methods").await;
    assert_eq!(page.status(), StatusCode::OK);
    let navigation =
        visit.http.get(format!("{}/sign-in-methods", visit.origin)).header(header::ACCEPT, "text/html");
    let navigation = navigation.headers(visit.browser.cookie_headers()).send().await.unwrap();
    assert_eq!(navigation.status(), StatusCode::UNAUTHORIZED, "not round and round by way of the login");
    let form = "provider=op&return_to=/settings";
    for path in ["/sign-in-methods/prove", "/sign-in-methods/add"] {
        let (status, said) = visit.asked(path, form, false).await;
        assert_eq!((status, &said["error"]), (StatusCode::UNAUTHORIZED, &"not_signed_in".into()), "{path}");
    }
    let (status, said) = visit.asked("/sign-in-methods/add", form, true).await;
    assert_eq!((status, &said["error"]), (StatusCode::UNAUTHORIZED, &"not_fresh".into()));
    let (status, said) = visit.asked("/sign-in-methods/prove", form, true).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let arrived = visit.navigate(said["authorization_url"].as_str().unwrap(), "alice").await;
    assert_eq!(arrived, (StatusCode::SEE_OTHER, "/settings".to_owned()));
    visit.hand_over().await;
    let (status, said) = visit.asked("/sign-in-methods/add", form, true).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    let arrived = visit.navigate(said["authorization_url"].as_str().unwrap(), "alices-other").await;
    assert_eq!(arrived, (StatusCode::SEE_OTHER, "/sign-in-methods/confirm".to_owned()));
    let shown: Value = {
        let request = visit.http.get(format!("{}{}", visit.origin, arrived.1));
        visit.send(request.header(header::ACCEPT, "application/json")).await.json().await.unwrap()
    };
    assert_eq!((&shown["provider"], &shown["return_to"]), (&"op".into(), &"/settings".into()));
    let mark = format!("mark={}", shown["mark"].as_str().unwrap());
    let (status, said) = visit.asked(&arrived.1, &mark, false).await;
    assert_eq!(status, StatusCode::NO_CONTENT, "{said}");
    let list: Value = {
        let request = visit.http.get(format!("{}/sign-in-methods", visit.origin));
        visit.send(request.header(header::ACCEPT, "application/json")).await.json().await.unwrap()
    };
    assert_eq!((list["methods"].as_array().unwrap().len(), &list["fresh"]), (2, &true.into()));
    // Another site can start nothing, whatever it knows.
    let refused = visit.post("/sign-in-methods/add", form.to_owned(), "https://evil.example").await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn rp_27_an_api_of_the_service_checks_its_tokens_by_the_issuer_alone() {
    let mut visit = Visit::start().await;
    let tokens = visit.hand_over().await;
    let clock = visit.clock.clone();
    let resource = ResourceServer::builder(&visit.origin, &visit.origin)
        .without_revocation()
        .clock(std::sync::Arc::new(Time(clock, std::time::Instant::now())))
        .build()
        .unwrap();
    resource.ready().await;
    let whoami = get(async |caller: Authorized| caller.subject().to_owned());
    let app = resource.protect(Router::new().route("/whoami", whoami));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let api = format!("http://{}/whoami", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let token = tokens["access_token"].as_str().unwrap();
    let answer = visit.http.get(&api).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.text().await.unwrap(), super::claims(token)["sub"]);
    visit.clock.advance(400);
    let late = visit.http.get(&api).bearer_auth(token).send().await.unwrap();
    assert_eq!(late.status(), StatusCode::UNAUTHORIZED);
}

/// The API's clock is the service's.
struct Time(TestClock, std::time::Instant);

impl std::fmt::Debug for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Time")
    }
}

impl mapae_resource::Clock for Time {
    fn now(&self) -> mapae_protocol::time::Timestamp {
        self.0.now()
    }

    fn uptime(&self) -> std::time::Duration {
        self.1.elapsed()
    }
}
