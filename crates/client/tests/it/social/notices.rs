//! What providers tell of: a person who pressed "unlink" there is out here when the provider's call has been answered.

use axum::Router;
use mapae_client::{AccessError, ServiceTokenError, axum::routes};
use mapae_simulators::{Command, Webhook};
use reqwest::header;
use tokio::net::TcpListener;

use super::scene::{Person, Scene, Setup};

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
async fn notices_of_strangers_change_nothing() {
    let scene = Scene::of("kakao").await;
    let url = listening(&scene, "kakao", "unlink", "POST").await;
    let mut person = Person::default();
    scene.sign_in(&mut person, "ryan", &[]).await.unwrap();
    let http = reqwest::Client::new();
    let form =
        [("app_id", "1234"), ("user_id", "1376016924429759228"), ("referrer_type", "UNLINK_FROM_APPS")];
    for (path, authorization, status) in [
        ("/unlink", None, 403),
        ("/unlink", Some("KakaoAK "), 403),
        ("/unlink", Some("KakaoAK wrong"), 403),
        ("/account", None, 403),
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
        assert!(answer.status().is_client_error(), "{token}");
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
