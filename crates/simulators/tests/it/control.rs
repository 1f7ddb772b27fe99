//! The switches of every simulator.

use std::time::Duration;

use mapae_simulators::{Command, FaultKind, Provider, Settings, Simulator, StartError};
use mapae_testkit::until;
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::{browser::Browser, scene::Scene};

/// Any address that answers with 200 when nothing is wrong.
const METADATA: &str = "/.well-known/openid-configuration";
/// An answer that has not come after this time does not come.
const STALLED: Duration = Duration::from_millis(200);

async fn scene() -> Scene {
    Scene::of(Provider::Kakao).await
}

async fn fetch(scene: &Scene, path: &str) -> Response {
    scene.http.get(scene.url(path)).send().await.unwrap()
}

async fn order(scene: &Scene, form: &[(&str, &str)]) -> Response {
    scene.post("/control", form).await
}

#[tokio::test]
async fn a_redirect_uri_that_is_missing_is_registered_on_the_page() {
    for provider in Provider::ALL {
        let scene = Scene::of(*provider).await;
        let client_id = scene.simulator.app().client_id;
        let path = match provider {
            Provider::Kakao => "/oauth/authorize",
            Provider::Naver => "/oauth2.0/authorize",
            Provider::Google => "/o/oauth2/v2/auth",
            Provider::Facebook => "/dialog/oauth",
            Provider::Apple => "/auth/authorize",
        };
        let parameters = [
            ("client_id", client_id.as_str()),
            ("redirect_uri", "https://service.example/kakao/callback"),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "s"),
        ];
        let address = scene.address(path, &parameters);
        let browser = Browser::new();
        assert!(browser.open(&address).await.has("trouble-hint"), "{provider}");
        let control = browser.open(&scene.url("/control")).await;
        let field = ("uri", "https://service.example/kakao/callback");
        let done = browser.press(&control, "redirect-uri-submit-1", &[field]).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{provider}");
        assert!(browser.open(&address).await.has("login-submit"), "{provider}");
    }
    let scene = scene().await;
    let nobodys = [("do", "redirect_uri"), ("uri", "https://a.example/"), ("client_id", "nobody")];
    assert_ne!(order(&scene, &nobodys).await.status(), 200);
    assert_ne!(order(&scene, &[("do", "redirect_uri"), ("uri", "")]).await.status(), 200);
}

#[tokio::test]
async fn garbage_comes_once_and_only_where_it_was_ordered() {
    let scene = scene().await;
    order(&scene, &[("do", "fail"), ("how", "garbage"), ("path", METADATA)]).await;
    assert_eq!(fetch(&scene, "/.well-known/jwks.json").await.status(), 200);
    let response = fetch(&scene, METADATA).await;
    assert_eq!(response.status(), 200);
    assert!(serde_json::from_str::<Value>(&response.text().await.unwrap()).is_err());
    let response = fetch(&scene, METADATA).await;
    assert!(response.json::<Value>().await.is_ok(), "it was ordered once");
}

#[tokio::test]
async fn faults_can_be_many_and_be_taken_back() {
    let scene = scene().await;
    order(&scene, &[("do", "fail"), ("how", "error"), ("path", "/v2/*"), ("times", "2")]).await;
    for _ in 0..2 {
        assert_eq!(fetch(&scene, "/v2/user/me").await.status(), 400);
    }
    assert_eq!(fetch(&scene, "/v2/user/me").await.status(), 401);
    order(&scene, &[("do", "fail"), ("how", "redirect")]).await;
    assert_eq!(fetch(&scene, METADATA).await.status(), StatusCode::FOUND);
    order(&scene, &[("do", "fail"), ("how", "error"), ("times", "100")]).await;
    order(&scene, &[("do", "mend")]).await;
    assert_eq!(fetch(&scene, METADATA).await.status(), 200);
}

#[tokio::test]
async fn too_much_is_really_much() {
    let scene = scene().await;
    order(&scene, &[("do", "fail"), ("how", "huge")]).await;
    assert!(fetch(&scene, METADATA).await.bytes().await.unwrap().len() > 16_000_000);
}

#[tokio::test]
async fn a_stall_costs_only_who_waits_and_does_not_keep_the_simulator_from_stopping() {
    let scene = scene().await;
    let stall = Command::Fail { how: FaultKind::Stall, path: None, code: None, seconds: None, times: None };
    scene.simulator.control(stall).await.unwrap();
    let mut waiting = stalled(&scene).await;
    assert!(tokio::time::timeout(STALLED, &mut waiting).await.is_err(), "it waits");
    waiting.abort();
    assert_eq!(fetch(&scene, METADATA).await.status(), 200);
    order(&scene, &[("do", "fail"), ("how", "stall")]).await;
    let waiting = stalled(&scene).await;
    scene.simulator.stop().await;
    assert!(waiting.await.unwrap().is_ok(), "it is let go");
}

/// A request that meets the fault that was ordered.
async fn stalled(scene: &Scene) -> JoinHandle<reqwest::Result<Response>> {
    let request = scene.http.get(scene.url(METADATA));
    let waiting = tokio::spawn(request.send());
    until("the fault is used up", async || scene.state().await["faults"] == json!([])).await;
    waiting
}

impl Scene {
    pub(crate) async fn state(&self) -> Value {
        fetch(self, "/control/state").await.json().await.unwrap()
    }
}

#[tokio::test]
async fn the_e_mail_address_changes_for_good() {
    let scene = scene().await;
    let change =
        json!({ "do": "change_email", "person": "ryan", "email": "new@example.test", "verified": false });
    let response = scene.http.post(scene.url("/control")).json(&change).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let state = scene.state().await;
    let ryan = state["people"].as_array().unwrap().iter().find(|person| person["name"] == "ryan").unwrap();
    assert_eq!((&ryan["email"], &ryan["email_verified"]), (&json!("new@example.test"), &json!(false)));
    order(&scene, &[("do", "change_email"), ("person", "ryan"), ("email", "")]).await;
    let state = scene.state().await;
    let ryan = state["people"].as_array().unwrap().iter().find(|person| person["name"] == "ryan").unwrap();
    assert_eq!(ryan["email"], Value::Null);
}

#[tokio::test]
async fn apps_and_people_can_be_added() {
    let scene = scene().await;
    let app = [
        ("do", "app"),
        ("client_id", "mine"),
        ("client_secret", "s"),
        ("redirect_uris", "http://localhost:1/a"),
        ("redirect_uris", "http://localhost:1/b"),
    ];
    assert_eq!(order(&scene, &app).await.status(), 200);
    let person = json!({ "do": "person", "name": "tube", "id": "77", "login": "tube", "password": "p", "nickname": "튜브" });
    let response = scene.http.post(scene.url("/control")).json(&person).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let address = scene.address(
        "/oauth/authorize",
        &[("client_id", "mine"), ("redirect_uri", "http://localhost:1/b"), ("response_type", "code")],
    );
    let browser = Browser::new();
    let page = browser.open(&address).await;
    let page = browser.press(&page, "login-submit", &[("login", "tube"), ("password", "p")]).await;
    assert!(page.has("consent-approve"));
}

#[tokio::test]
async fn what_is_wrong_with_a_command_is_said() {
    let scene = scene().await;
    for form in [
        &[("do", "explode")][..],
        &[("do", "unlink"), ("person", "nobody")],
        &[("do", "unlink"), ("person", "ryan")],
        &[("do", "fact"), ("name", "code_seconds"), ("value", "soon")],
        &[("do", "webhook"), ("kind", "nonsense"), ("url", "http://localhost/")],
        &[("do", "webhook"), ("kind", "unlink"), ("url", "http://localhost/"), ("method", "BREW")],
        &[("do", "expire"), ("tokens", "all"), ("person", "nobody")],
        &[("do", "app")],
    ] {
        let response = order(&scene, form).await;
        assert_eq!(response.status(), 400, "{form:?}");
        let error: Value = response.json().await.unwrap();
        assert!(error["error"].as_str().is_some_and(|text| !text.is_empty()), "{form:?}");
    }
}

#[tokio::test]
async fn uncertain_facts_can_be_changed_before_and_after_the_start() {
    let settings =
        Settings { facts: vec![("error_page_status".into(), "200".into())], ..Settings::default() };
    let scene = Scene::with(Provider::Kakao, settings).await;
    assert_eq!(fetch(&scene, "/oauth/authorize").await.status(), 200);
    order(&scene, &[("do", "fact"), ("name", "error_page_status"), ("value", "403")]).await;
    assert_eq!(fetch(&scene, "/oauth/authorize").await.status(), 403);
    let settings = Settings { facts: vec![("no such".into(), "1".into())], ..Settings::default() };
    let refused = Simulator::start(Provider::Kakao, settings).await;
    assert!(matches!(refused, Err(StartError::Fact(_))));
}

#[tokio::test]
async fn the_buttons_of_the_page_do_the_same() {
    let scene = scene().await;
    let browser = Browser::new();
    let page = browser.open(&scene.url("/control")).await;
    assert!(page.has("simulation"));
    let pressed = browser.press(&page, "fail-submit", &[("how", "error"), ("path", METADATA)]).await;
    assert_eq!((pressed.status, pressed.location().path()), (StatusCode::SEE_OTHER, "/control"));
    assert_ne!(fetch(&scene, METADATA).await.status(), 200);
    let page = browser.open(&scene.url("/")).await;
    browser.press(&page, "advance-submit", &[("seconds", "60")]).await;
    assert_eq!(scene.state().await["now"], crate::scene::NOW + 60);
    let page = browser.open(&scene.url("/control")).await;
    browser.press(&page, "delete-ryan", &[]).await;
    assert!(!browser.open(&scene.url("/control")).await.has("delete-ryan"));
}

#[tokio::test]
async fn pages_of_other_sites_press_no_button() {
    let scene = scene().await;
    for (name, value) in
        [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")]
    {
        let request = scene.http.post(scene.url("/control")).header(name, value);
        let response = request.form(&[("do", "delete"), ("person", "ryan")]).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{name}: {value}");
    }
    assert!(scene.state().await["people"].to_string().contains("\"ryan\""));
}

#[tokio::test]
async fn a_strange_name_that_leads_here_is_not_answered() {
    let scene = scene().await;
    for (host, status) in [
        ("evil.example", StatusCode::MISDIRECTED_REQUEST),
        ("localhost.evil.example", StatusCode::MISDIRECTED_REQUEST),
        ("127.0.0.1", StatusCode::OK),
        ("kakao.localhost:9100", StatusCode::OK),
        ("[::1]:9100", StatusCode::OK),
    ] {
        let response = scene.http.get(scene.url("/control/state")).header("host", host).send().await.unwrap();
        assert_eq!(response.status(), status, "{host}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_so() {
    let scene = scene().await;
    let port: u16 = scene.simulator.base_url().rsplit(':').next().unwrap().parse().unwrap();
    let settings = Settings { listen: ([127, 0, 0, 1], port).into(), ..Settings::default() };
    let error = Simulator::start(Provider::Kakao, settings).await.unwrap_err();
    assert!(error.to_string().contains(&port.to_string()), "{error}");
}

#[tokio::test]
async fn the_control_page_is_in_the_readers_language_and_wide() {
    let scene = scene().await;
    for (language, certainty, login) in
        [("ko", "확인 안 됨", "비밀번호 simulation"), ("en", "unconfirmed", "password simulation")]
    {
        let page = Browser::speaking(language).open(&scene.url("/control")).await;
        assert!(
            page.values("main", "class") == ["wide"] && page.text(".facts").contains(certainty),
            "{language}"
        );
        assert!(page.text("main").contains(login), "{language}: {}", page.text("main"));
    }
    for icon in ["/favicon.ico", "/simulator/icon.svg"] {
        assert_eq!(scene.http.get(scene.url(icon)).send().await.unwrap().status(), StatusCode::OK);
    }
}

#[tokio::test]
async fn what_one_comes_for_stands_first_on_the_control_page_and_all_parts_are_linked_from_its_top() {
    for provider in Provider::ALL {
        let scene = Scene::of(*provider).await;
        let page = Browser::new().open(&scene.url("/control")).await;
        let parts = page.values("main h2[id]", "id");
        assert_eq!(parts, ["people", "next", "clock", "apps", "webhooks", "uncertain"], "{provider}");
        let links: Vec<String> = parts.iter().map(|part| format!("#{part}")).collect();
        assert_eq!(page.values("nav.parts a", "href"), links, "{provider}");
    }
}

#[tokio::test]
async fn who_is_linked_to_no_app_cannot_be_unlinked_and_the_page_says_why() {
    let kakao = crate::kakao::Kakao::new().await;
    kakao.tokens("ryan", &[]).await;
    for (language, why) in [("ko", "연결된 앱이 없어서"), ("en", "Linked to no app")] {
        let page = Browser::speaking(language).open(&kakao.0.url("/control")).await;
        assert!(page.values("#unlink-ryan, #revoke-ryan", "disabled").is_empty());
        assert!(!page.has("why-ryan"));
        for button in ["#unlink-muzi", "#revoke-muzi"] {
            assert_eq!(page.values(button, "disabled").len(), 1, "{button}");
            assert_eq!(page.values(button, "aria-describedby"), ["why-muzi"]);
        }
        assert!(page.text("#why-muzi").contains(why), "{}", page.text("#why-muzi"));
    }
}

/// A program is answered in JSON, as before.
#[tokio::test]
async fn whoever_presses_a_button_in_vain_is_told_so_in_their_language() {
    let scene = scene().await;
    for (form, ko, en) in [
        (&[("do", "unlink"), ("person", "ryan")][..], "연결되어 있지 않아요", "not connected"),
        (&[("do", "delete"), ("person", "nobody")], "그런 사람이 없어요", "no such person"),
        (&[("do", "explode")], "알 수 없는 명령", "This is no command"),
        (&[("do", "app")], "빠진 것이 있어요", "Something is missing"),
    ] {
        for (language, words, others) in [("ko", ko, en), ("en", en, ko)] {
            let request = scene.http.post(scene.url("/control")).header("accept", "text/html");
            let response = request.header("accept-language", language).form(form).send().await.unwrap();
            assert_eq!(response.status(), 400, "{form:?}");
            let body = response.text().await.unwrap();
            assert!(body.contains(&format!("<html lang=\"{language}\">")), "{body}");
            assert!(body.contains(words) && !body.contains(others), "{language}: {body}");
        }
    }
}
