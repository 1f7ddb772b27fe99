//! What providers tell of: a person who pressed "unlink" there is out here when the provider's call has been answered.

use std::sync::{Arc, atomic::Ordering};

use axum::Router;
use http::HeaderMap;
use mapae_client::{AccessError, Client, EndUser, Notice, ServiceTokenError, axum::routes};
use mapae_protocol::{base64url, digest::HmacKey};
use mapae_simulators::{Command, Webhook};
use mapae_testkit::until;
use reqwest::header;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Semaphore};

use super::scene::{Person, Scene, Setup};
use crate::website::{User, http_client};

/// The service, listening for notices of this kind.
pub(super) async fn listening(scene: &Scene, id: &str, kind: &str, method: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/notices/{id}/{kind}", listener.local_addr().unwrap());
    let app: Router = routes(&scene.client);
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let Webhook { url, .. } = Webhook::to(url);
    let (method, hook) = (Some(method.to_owned()), Some(url.clone()));
    let command = Command::Webhook { kind: kind.to_owned(), url: hook, method, client_id: None };
    scene.simulator.control(command).await.unwrap();
    url
}

/// RFC 8417 §2, RFC 8935 §2.
/// RFC 8935 §2.1.
#[tokio::test]
async fn lk_12_who_unlinks_at_the_provider_is_out_here_at_once() {
    for (id, name, kind, method) in [
        ("kakao", "ryan", "unlink", "POST"),
        ("kakao", "ryan", "unlink", "GET"),
        ("kakao", "ryan", "account", "POST"),
        ("naver", "yuna", "disconnect", "POST"),
        ("naver-oidc", "yuna", "disconnect", "POST"),
        ("google", "jiwoo", "risc", "POST"),
        ("facebook", "sora", "deauthorize", "POST"),
        ("facebook", "sora", "data_deletion", "POST"),
        ("apple", "haru", "notifications", "POST"),
    ] {
        let scene = Scene::of(id).await;
        listening(&scene, id, kind, method).await;
        let (mut person, other) = (Person::default(), if id.starts_with("naver") { "bada" } else { "minji" });
        let mut bystander = Person::default();
        scene.sign_in(&mut person, name, &[]).await.unwrap();
        scene.sign_in(&mut bystander, other, &[]).await.unwrap();
        let key = scene.key(&person).await.unwrap();
        scene.simulator.control(Command::unlink(name)).await.unwrap();
        assert!(scene.key(&person).await.is_none(), "{id} {kind} {method}");
        assert!(
            matches!(scene.client.access_token(&key).await, Err(AccessError::SignInAgain)),
            "{id} {kind}"
        );
        assert!(scene.key(&bystander).await.is_some(), "{id} {kind}: and nobody else");
        scene.sign_in(&mut person, name, &[]).await.unwrap();
        assert_eq!(scene.users.count(), 2, "{id} {kind}: the account stayed");
    }
}

#[tokio::test]
async fn lk_12_naver_tells_in_either_alphabet() {
    for id in ["naver", "naver-oidc"] {
        let scene = Scene::of(id).await;
        listening(&scene, id, "disconnect", "POST").await;
        let name = "notice_in_standard_base64".to_owned();
        scene.simulator.control(Command::Fact { name, value: "true".to_owned() }).await.unwrap();
        let mut person = Person::default();
        scene.sign_in(&mut person, "yuna", &[]).await.unwrap();
        let done = scene.simulator.control(Command::unlink("yuna")).await.unwrap();
        let [told] = done.notices.as_slice() else { panic!("{done:?}") };
        assert!(told.sent.contains("%3D&timestamp="), "with padding: {}", told.sent);
        assert_eq!(told.status, Some(204), "{id}");
        assert!(scene.key(&person).await.is_none(), "{id}");
    }
}

#[tokio::test]
async fn lk_12_a_wish_for_deletion_is_answered_with_a_page_that_says_what_became_of_it() {
    let scene = Scene::of("facebook").await;
    let url = listening(&scene, "facebook", "data_deletion", "POST").await;
    let mut person = Person::default();
    scene.sign_in(&mut person, "sora", &[]).await.unwrap();
    let done = scene.simulator.control(Command::unlink("sora")).await.unwrap();
    let [told] = done.notices.as_slice() else { panic!("{done:?}") };
    assert_eq!(told.status, Some(200));
    let answer: Value = serde_json::from_str(&told.answer).unwrap();
    let (page, code) =
        (answer["url"].as_str().unwrap(), answer["confirmation_code"].as_str().unwrap().to_owned());
    assert_eq!(page, format!("http://localhost:3000/deletion?code={code}"));
    assert!(code.len() == 24 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{code}");
    let http = http_client();
    let again =
        http.post(&url).header("content-type", "application/x-www-form-urlencoded").body(told.sent.clone());
    let again: Value = again.send().await.unwrap().json().await.unwrap();
    assert_eq!(again, answer, "the same code, however often it is told");
    let page = url.split("/notices").next().unwrap().to_owned() + "/deletion";
    let get = async |query: &str, language: &str| {
        let request = http.get(format!("{page}{query}")).header(header::ACCEPT_LANGUAGE, language);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    let query = format!("?code={code}");
    for (language, words) in [("ko", "데이터를 삭제했습니다."), ("en", "The data was deleted.")] {
        let (status, text) = get(&query, language).await;
        assert!(status == 200 && text.contains(words) && text.contains(&code), "{status} {text}");
        assert!(text.contains("2027-01-15"), "when it was asked for: {text}");
    }
    for unknown in ["", "?code=", "?code=%3Cscript%3E", "?code=a&code=b", "?code=0123456789abcdef01234567"] {
        let (status, text) = get(unknown, "en").await;
        assert!(
            status == 404 && text.contains("no such request") && !text.contains("<script>"),
            "{unknown} {text}"
        );
    }
    scene.clock.advance(90 * 86_400);
    assert_eq!(get(&query, "en").await.0, 404, "and nobody asks for ever");
}

#[tokio::test]
async fn notices_of_strangers_change_nothing() {
    let scene = Scene::of("kakao").await;
    let url = listening(&scene, "kakao", "unlink", "POST").await;
    let mut person = Person::default();
    scene.sign_in(&mut person, "ryan", &[]).await.unwrap();
    let http = http_client();
    let form =
        [("app_id", "1234"), ("user_id", "1376016924429759228"), ("referrer_type", "UNLINK_FROM_APPS")];
    for (path, authorization, status) in [
        ("/unlink", None, 403),
        ("/unlink", Some("KakaoAK "), 403),
        ("/unlink", Some("KakaoAK wrong"), 403),
        ("/account", None, 400),
        ("/nothing", None, 404),
    ] {
        let mut request = http.post(url.replace("/unlink", path)).form(&form);
        if let Some(value) = authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        assert_eq!(request.send().await.unwrap().status(), status, "{path} {authorization:?}");
    }
    for token in ["", "e.y.J", "eyJhbGciOiJub25lIn0.e30."] {
        let answer = http.post(url.replace("/unlink", "/account")).body(token).send().await.unwrap();
        assert_eq!(
            (answer.status(), answer.headers()["content-language"].as_bytes()),
            (400.try_into().unwrap(), &b"en"[..])
        );
    }
    assert!(scene.key(&person).await.is_some(), "still signed in");
}

#[tokio::test]
async fn re_08_rp_26_who_unlinks_at_the_provider_has_no_tokens_of_the_service_any_more() {
    for (id, name, kind) in
        [("kakao", "ryan", "unlink"), ("naver", "yuna", "disconnect"), ("google", "jiwoo", "risc")]
    {
        let scene = Scene::with(id, Setup { tokens: true, ..Setup::default() }).await;
        listening(&scene, id, kind, "POST").await;
        let mut person = Person::default();
        scene.sign_in(&mut person, name, &[]).await.unwrap();
        person.cookies.hand_over(&scene.client).await.unwrap();
        assert!(scene.key(&person).await.is_some());
        person.cookies.renew(&scene.client).await.unwrap();
        scene.simulator.control(Command::unlink(name)).await.unwrap();
        assert!(scene.key(&person).await.is_none(), "{id}: the JWT opens nothing here");
        let refused = person.cookies.renew(&scene.client).await.unwrap_err();
        assert!(matches!(refused, ServiceTokenError::InvalidGrant), "{id} {refused:?}");
    }
}

#[tokio::test]
async fn lk_12_a_used_signature_is_not_shown_under_the_other_notice_later() {
    let scene = Scene::of("facebook").await;
    let url = listening(&scene, "facebook", "deauthorize", "POST").await;
    let mut person = Person::default();
    scene.sign_in(&mut person, "sora", &[]).await.unwrap();
    let done = scene.simulator.control(Command::unlink("sora")).await.unwrap();
    let [told] = done.notices.as_slice() else { panic!("{done:?}") };
    scene.sign_in(&mut person, "sora", &[]).await.unwrap();
    let show = async |kind: &str| {
        let request = http_client().post(url.replace("deauthorize", kind)).body(told.sent.clone());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.send().await.unwrap().status().as_u16()
    };
    scene.clock.advance(121);
    assert_eq!((show("data_deletion").await, show("deauthorize").await), (400, 200));
    assert!(scene.key(&person).await.is_some(), "nobody is signed out, and nothing is deleted");
}

/// What Facebook posts when this person removes the app there.
fn deauthorization(scene: &Scene, person: &EndUser) -> String {
    let payload = json!({
        "algorithm": "HMAC-SHA256", "issued_at": scene.clock.unix(), "user_id": person.subject(),
    });
    let payload = base64url::encode(payload.to_string());
    let secret = scene.simulator.app().client_secret.unwrap();
    let signature = HmacKey::new(secret.as_bytes()).sign(payload.as_bytes());
    format!("signed_request={}.{payload}", base64url::encode(signature))
}

/// How many events are heard of it.
async fn tell(client: Client<User>, body: String) -> Result<usize, u16> {
    let headers = HeaderMap::new();
    let notice = Notice { headers: &headers, query: None, body: body.as_bytes() };
    let answer = client.notified("facebook", "deauthorize", &notice).await;
    answer.map(|answer| answer.events.len()).map_err(|error| error.status().as_u16())
}

#[tokio::test]
async fn lk_12_mx_02_a_notice_that_is_repeated_while_it_is_carried_out_ends_nothing_that_came_after() {
    let scene = Scene::of("facebook").await;
    let mut person = Person::default();
    scene.sign_in(&mut person, "sora", &[]).await.unwrap();
    let key = scene.key(&person).await.unwrap();
    let body = deauthorization(&scene, &key);
    let gate = Arc::new(Semaphore::new(0));
    *scene.users.held.lock().unwrap() = Some(Arc::clone(&gate));
    let first = tokio::spawn(tell(scene.client.clone(), body.clone()));
    until("the application is told", async || scene.users.heard.load(Ordering::SeqCst) == 1).await;
    assert!(scene.key(&person).await.is_none());
    scene.sign_in(&mut person, "sora", &[]).await.unwrap();
    assert_eq!(tell(scene.client.clone(), body.clone()).await, Err(503), "somebody is at it");
    assert!(scene.key(&person).await.is_some());
    scene.client.access_token(&key).await.unwrap();
    gate.add_permits(1);
    assert_eq!(first.await.unwrap(), Ok(1));
    assert_eq!(tell(scene.client.clone(), body).await, Ok(0), "it was carried out");
    assert!(scene.key(&person).await.is_some());
    assert_eq!(scene.users.heard.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn lk_12_a_notice_is_carried_out_to_its_end_though_the_provider_hangs_up() {
    let scene = Scene::of("facebook").await;
    let mut person = Person::default();
    scene.sign_in(&mut person, "sora", &[]).await.unwrap();
    let body = deauthorization(&scene, &scene.key(&person).await.unwrap());
    let gate = Arc::new(Semaphore::new(0));
    *scene.users.held.lock().unwrap() = Some(Arc::clone(&gate));
    let first = tokio::spawn(tell(scene.client.clone(), body.clone()));
    until("the application is told", async || scene.users.heard.load(Ordering::SeqCst) == 1).await;
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    gate.add_permits(1);
    until("it is known", async || tell(scene.client.clone(), body.clone()).await == Ok(0)).await;
    assert_eq!(scene.users.heard.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn lk_12_a_notice_of_which_the_application_could_not_hear_is_told_again() {
    let scene = Scene::of("facebook").await;
    let mut person = Person::default();
    scene.sign_in(&mut person, "sora", &[]).await.unwrap();
    let body = deauthorization(&scene, &scene.key(&person).await.unwrap());
    scene.users.deaf.store(true, Ordering::SeqCst);
    assert_eq!(tell(scene.client.clone(), body.clone()).await, Err(503));
    assert!(scene.key(&person).await.is_none(), "it has ended all the same");
    scene.users.deaf.store(false, Ordering::SeqCst);
    assert_eq!(tell(scene.client.clone(), body.clone()).await, Ok(1), "at once");
    assert_eq!(tell(scene.client.clone(), body).await, Ok(0));
}
