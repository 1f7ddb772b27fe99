//! From the button to the session: redirect and JSON, the sign-up step, and who is in at once.

use mapae_client::{Intent, LoginRequest};
use mapae_testkit::{AppSpec, Engine};
use serde_json::Value;

use super::{
    stage::Stage,
    web_service::{Plan, Service, Visitor},
};

async fn from_the_button_to_the_session(engine: Engine) {
    goes_from_the_button_to_the_session(&Stage::set(engine).await).await;
}

/// RFC 8414 §3.1, OIDC Discovery §4.1.
async fn an_issuer_with_a_path_is_found_by_its_name(engine: Engine) {
    goes_from_the_button_to_the_session(&Stage::set_below(engine, "/team/login").await).await;
}

async fn goes_from_the_button_to_the_session(stage: &Stage) {
    let service = stage.service().await;
    let mut visitor = Visitor::of(stage);
    signs_up(&service, &mut visitor).await;
    is_in_at_once(&service, &mut visitor).await;
    is_known_elsewhere(stage, &service).await;
}

async fn signs_up(service: &Service, visitor: &mut Visitor) {
    let form = visitor.visit(&service.at("/home")).await;
    assert_eq!((form.status.as_u16(), form.address.path()), (200, "/sign-up"), "{}", form.body);
    assert!(form.body.contains("홍길동"), "the form knows who it is: {}", form.body);
    assert!(visitor.person(service).await.is_none(), "no session before there is an account");
    assert_eq!(service.users.count(), 0);

    let again = visitor.submit(&form, "sign-up-submit", &[("nickname", "")]).await;
    assert_eq!(again.status, 422);
    assert_eq!(service.users.count(), 0, "what is missing makes no account");
    let done = visitor.submit(&again, "sign-up-submit", &[("nickname", "길동"), ("terms", "on")]).await;
    assert_eq!((done.status.as_u16(), done.location().unwrap().path()), (303, "/home"));
    let home = visitor.open(&service.at("/home")).await;
    assert_eq!(home.body, "안녕하세요 길동");
    assert_eq!(service.users.count(), 1);
}

/// The provider knows this browser: no page at all.
async fn is_in_at_once(service: &Service, visitor: &mut Visitor) {
    let home = visitor.open(&service.at("/home")).await;
    let out = visitor.browser.post("/sign-out", &home, &[]).await;
    assert_eq!(out.status, 303);
    assert!(visitor.person(service).await.is_none());
    let seen = visitor.seen.len();
    let home = visitor.visit(&service.at("/home")).await;
    assert_eq!((home.address.path(), home.body.as_str()), ("/home", "안녕하세요 길동"));
    let pages = visitor.seen.split_off(seen);
    assert_eq!(
        pages.iter().filter(|page| page.location().is_none()).count(),
        1,
        "redirects alone: {pages:?}"
    );
}

/// Another browser: signs in at the provider, agrees to nothing again, signs up nowhere.
async fn is_known_elsewhere(stage: &Stage, service: &Service) {
    let mut elsewhere = Visitor::of(stage);
    let home = elsewhere.visit(&service.at("/home")).await;
    assert_eq!((home.address.path(), home.body.as_str()), ("/home", "안녕하세요 길동"));
    assert!(!elsewhere.seen.iter().any(|page| page.has("consent-approve")), "what was agreed is remembered");
    assert_eq!(service.users.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_person_signs_up_and_a_known_one_is_in_at_once_on_sqlite() {
    from_the_button_to_the_session(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_person_signs_up_and_a_known_one_is_in_at_once_on_postgres() {
    from_the_button_to_the_session(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_with_a_path_is_found_by_its_name_on_sqlite() {
    an_issuer_with_a_path_is_found_by_its_name(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_with_a_path_is_found_by_its_name_on_postgres() {
    an_issuer_with_a_path_is_found_by_its_name(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_front_end_gets_the_address_as_json_and_goes_there_itself() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = stage.service_with(AppSpec::default(), |plan| Plan { sign_up: vec![], ..plan }).await;
    let mut visitor = Visitor::of(&stage);
    let asked =
        visitor.browser.send("GET", &service.at("/home"), &[("accept", "application/json")], vec![]).await;
    assert_eq!(asked.status, 401);
    let asked: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(asked["login"], "/login");
    let started = visitor.browser.send("POST", &service.at("/login.json?return_to=/home"), &[], vec![]).await;
    assert_eq!(started.status, 200);
    let started: Value = serde_json::from_str(&started.body).unwrap();
    let members: Vec<&String> = started.as_object().unwrap().keys().collect();
    assert_eq!(members, ["authorization_url"]);
    let home = visitor.visit(started["authorization_url"].as_str().unwrap()).await;
    assert_eq!(home.address.path(), "/home", "{}", home.body);
    assert!(visitor.person(&service).await.is_some());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_session_is_a_cookie_that_no_script_reads() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = stage.service().await;
    let mut visitor = Visitor::of(&stage);
    visitor.join(&service).await;
    let cookies: Vec<String> = visitor
        .seen
        .iter()
        .filter(|page| service.at("/").starts_with(&page.address.origin().ascii_serialization()))
        .flat_map(|page| {
            page.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap().to_owned())
        })
        .collect();
    let session: Vec<&String> = cookies.iter().filter(|cookie| cookie.contains("-session=")).collect();
    assert_eq!(session.len(), 1, "{cookies:?}");
    for cookie in &cookies {
        assert!(cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax"), "{cookie}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rp_21_no_browser_and_no_copy_of_the_file_ever_holds_a_token() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = stage.service().await;
    let mut visitor = Visitor::of(&stage);
    let person = visitor.join(&service).await;
    stage.advance(300);
    service.client.access_token(&person).await.unwrap();
    visitor.visit(&service.at("/home")).await;

    let tokens = stage.gateway.tokens();
    assert_eq!(tokens.len(), 6, "each of the three kinds, twice");
    let everything =
        |page: &mapae_testkit::Page| format!("{} {:?} {}", page.address, page.headers, page.body);
    let seen: String = visitor.seen.iter().map(everything).collect();
    assert!(
        seen.contains("안녕하세요 길동") && seen.contains("set-cookie"),
        "that is what the browser received"
    );
    let files = service.files();
    let holds = |wanted: &str| files.windows(wanted.len()).any(|window| window == wanted.as_bytes());
    assert!(holds(person.subject()), "that is the right file");
    for token in tokens {
        assert!(!seen.contains(&token), "in the browser: {token}");
        assert!(!holds(&token), "in the file: {token}");
        for part in token.split('.').filter(|part| part.len() > 20) {
            assert!(!holds(part), "a part of it in the file: {part}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_way_in_which_an_app_may_be_registered() {
    let stage = Stage::set(Engine::Sqlite).await;
    let fixed = |method: &str| AppSpec { auth_method: Some(method.to_owned()), ..AppSpec::default() };
    let algorithm = |name: &str| AppSpec { id_token_alg: name.to_owned(), ..AppSpec::default() };
    for spec in [
        AppSpec { public: true, ..AppSpec::default() },
        fixed("client_secret_basic"),
        fixed("client_secret_post"),
        algorithm("RS256"),
        algorithm("ES256"),
        AppSpec { rotate_refresh: false, ..AppSpec::default() },
    ] {
        let service = stage.service_with(spec.clone(), |plan| plan).await;
        let mut visitor = Visitor::of(&stage);
        let refused = spec.auth_method.as_deref() == Some("client_secret_post");
        if refused {
            // The metadata lists basic first, and this app alone may not use it: the error names the setting.
            let page = visitor.visit(&service.at("/login")).await;
            assert_eq!(page.status, 500, "{spec:?} {}", page.body);
            continue;
        }
        let person = visitor.join(&service).await;
        stage.advance(300);
        let before = stage.gateway.refreshes();
        service.client.access_token(&person).await.unwrap();
        assert_eq!(stage.gateway.refreshes(), before + 1, "{spec:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_cancels_reads_so_and_nothing_else_happens() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = stage.service().await;
    let mut visitor = Visitor::of(&stage);
    visitor.join(&service).await;
    let mut other = Visitor::somebody(stage.server.user("other@example.com").await);
    let consent = other.until_page(&service.at("/login"), "consent-deny").await;
    let denied = other.submit(&consent, "consent-deny", &[]).await;
    let page = other.open(denied.location().unwrap().as_str()).await;
    assert_eq!(page.status, 400);
    assert!(page.body.contains("로그인을 취소했습니다"), "{}", page.body);
    assert!(other.person(&service).await.is_none());
    assert_eq!((service.users.count(), stage.gateway.grants("authorization_code")), (1, 1));
    assert!(visitor.person(&service).await.is_some(), "and nobody else is touched");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fresh_sign_in_asks_for_the_password_again() {
    let stage = Stage::set(Engine::Sqlite).await;
    let service = stage.service().await;
    let mut visitor = Visitor::of(&stage);
    visitor.join(&service).await;
    stage.advance(1_000);
    let request = LoginRequest::new().with_intent(Intent::Reauthenticate);
    let started = service.client.login(&request, &visitor.cookies(&service).await).await.unwrap();
    let seen = visitor.seen.len();
    let page = visitor.walk(&started.location, |next| next.path() == "/callback").await;
    assert!(visitor.seen.split_off(seen).iter().any(|page| page.has("login-submit")), "asked again");
    let mut headers = visitor.cookies(&service).await;
    headers
        .insert("cookie", started.cookies[0].to_str().unwrap().split(';').next().unwrap().parse().unwrap());
    let query = page.location().unwrap().query().unwrap().to_owned();
    service.client.callback("mapae", Some(&query), &headers).await.unwrap();

    // An answer for which nobody signed in afresh is not taken for one.
    stage.advance(100);
    let started = service.client.login(&request, &headers).await.unwrap();
    let mut silent = url::Url::parse(&started.location).unwrap();
    let kept: Vec<(String, String)> = silent
        .query_pairs()
        .filter(|(name, _)| name != "prompt" && name != "max_age")
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    silent.query_pairs_mut().clear().extend_pairs(kept);
    let page = visitor.walk(silent.as_str(), |next| next.path() == "/callback").await;
    headers
        .insert("cookie", started.cookies[0].to_str().unwrap().split(';').next().unwrap().parse().unwrap());
    let query = page.location().unwrap().query().unwrap().to_owned();
    let refused = service.client.callback("mapae", Some(&query), &headers).await.unwrap_err();
    assert!(matches!(refused, mapae_client::Error::IdToken(_)), "{refused:?}");
}
