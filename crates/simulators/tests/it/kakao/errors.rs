//! Every documented error, by what really causes it.

use std::fmt::Write as _;

use insta::assert_snapshot;
use mapae_protocol::time::Seconds;
use mapae_simulators::{App, Command, Provider, Settings};

use super::{ALL, Kakao, text};
use crate::{
    browser::Browser,
    scene::{CALLBACK, Scene, sign_in},
};

#[tokio::test]
async fn what_is_configured_wrong_is_a_page_and_no_redirect() {
    let kakao = Kakao::new().await;
    let admin = kakao.0.simulator.app().admin_key.unwrap();
    let twice = kakao.authorize(&[]) + "&state=again";
    let mut table = String::new();
    for (case, address) in [
        ("repeated parameter", twice),
        ("redirect URI of nobody", kakao.authorize(&[("redirect_uri", "https://evil.example/cb")])),
        (
            "redirect URI with more behind it",
            kakao.authorize(&[("redirect_uri", &format!("{CALLBACK}/more"))]),
        ),
        ("unknown key", kakao.authorize(&[("client_id", "nobody")])),
        ("admin key", kakao.authorize(&[("client_id", &admin)])),
        ("no key", kakao.authorize(&[("client_id", "")])),
        ("no response_type", kakao.authorize(&[("response_type", "")])),
        ("response_type=token", kakao.authorize(&[("response_type", "token")])),
        ("response_type=id_token", kakao.authorize(&[("response_type", "id_token")])),
        ("item that is not configured", kakao.authorize(&[("scope", "account_email,friends")])),
        ("channel", kakao.authorize(&[("channel_public_id", "_abc")])),
        (
            "logout elsewhere",
            kakao.0.address(
                "/oauth/logout",
                &[
                    ("client_id", &kakao.0.simulator.app().client_id),
                    ("logout_redirect_uri", "https://evil.example/"),
                ],
            ),
        ),
    ] {
        let page = Browser::new().open(&address).await;
        assert!(page.headers.get("location").is_none(), "{case}");
        assert!(page.has("simulation"), "{case}");
        writeln!(
            table,
            "{case}: {} {} {}",
            page.status.as_u16(),
            page.text("#trouble-code"),
            page.text("#trouble-text")
        )
        .unwrap();
    }
    assert_snapshot!("kakao_error_pages", table);
}

#[tokio::test]
async fn apps_that_are_off_or_not_reviewed() {
    let first = Kakao::new().await.0.simulator.app();
    let off = App { client_id: "off".into(), inactive: true, ..first.clone() };
    let test = App { client_id: "test".into(), testers: vec!["muzi".into()], ..first };
    let settings = Settings { apps: vec![off, test], ..Settings::default() };
    let kakao = Kakao(Scene::with(Provider::Kakao, settings).await);
    let browser = Browser::new();
    let page = browser.open(&kakao.authorize(&[("client_id", "off")])).await;
    assert_eq!(page.text("#trouble-code"), "KOE004");
    let page = sign_in(&browser, &kakao.authorize(&[("client_id", "test")]), "ryan").await;
    let page = browser.press(&page, "consent-approve", &[]).await;
    assert_eq!(page.text("#trouble-code"), "KOE005");
    let page = sign_in(&Browser::new(), &kakao.authorize(&[("client_id", "test")]), "muzi").await;
    assert!(page.has("consent-approve"));
}

#[tokio::test]
async fn the_redirect_uri_to_register_is_shown_and_escaped() {
    let kakao = Kakao::new().await;
    let uri = "https://a.example/<script>alert(1)</script>";
    let page = Browser::new().open(&kakao.authorize(&[("redirect_uri", uri)])).await;
    assert_eq!(page.text("dl.detail code"), uri);
    assert!(!page.body.contains("<script>"), "{}", page.body);
}

#[tokio::test]
async fn the_token_endpoint_refuses_with_its_codes() {
    let kakao = Kakao::new().await;
    let (used, expired, elsewhere) = (
        kakao.code("ryan", &[], &[]).await,
        kakao.code("ryan", &[], &[]).await,
        kakao.code("ryan", &[], &[]).await,
    );
    assert_eq!(kakao.exchange(&[("code", &used)]).await.status(), 200);
    let mut table = String::new();
    for (case, fields) in [
        ("no grant type", &[("grant_type", ""), ("code", "x")][..]),
        ("wrong grant type", &[("grant_type", "password")]),
        ("no client id", &[("client_id", ""), ("code", "x")]),
        ("unknown client id", &[("client_id", "nobody"), ("code", "x")]),
        ("wrong secret", &[("client_secret", "wrong"), ("code", "x")]),
        ("no secret", &[("client_secret", ""), ("code", "x")]),
        ("no code", &[]),
        ("unknown code", &[("code", "emu-used-code")]),
        ("another redirect URI", &[("code", &elsewhere), ("redirect_uri", "http://localhost:8080/callback")]),
        ("used code", &[("code", &used)]),
        ("no refresh token", &[("grant_type", "refresh_token")]),
        ("unknown refresh token", &[("grant_type", "refresh_token"), ("refresh_token", "x")]),
    ] {
        let shown = kakao.0.shown(kakao.exchange(fields).await).await;
        writeln!(table, "# {case}\n{}\n", shown.replace(&used, "[used]")).unwrap();
    }
    kakao.0.simulator.advance(Seconds::seconds(600));
    let shown = kakao.0.shown(kakao.exchange(&[("code", &expired)]).await).await;
    writeln!(table, "# expired code\n{}", shown.replace(&expired, "[expired]")).unwrap();
    assert_snapshot!("kakao_token_errors", table);
}

#[tokio::test]
async fn a_secret_that_is_off_is_not_asked_for() {
    let app = App { client_secret: None, ..Kakao::new().await.0.simulator.app() };
    let settings = Settings { apps: vec![app], ..Settings::default() };
    let kakao = Kakao(Scene::with(Provider::Kakao, settings).await);
    let code = kakao.code("ryan", &[], &[]).await;
    assert_eq!(kakao.exchange(&[("code", &code), ("client_secret", "")]).await.status(), 200);
}

#[tokio::test]
async fn the_api_refuses_with_its_codes() {
    let kakao = Kakao::new().await;
    let tokens = kakao.tokens("ryan", ALL).await;
    let access = text(&tokens, "access_token");
    let app = kakao.0.simulator.app();
    let admin = format!("KakaoAK {}", app.admin_key.unwrap());
    let ask = async |path: &str, authorization: &str, form: &[(&str, &str)]| {
        let request = kakao.0.http.post(kakao.0.url(path)).form(form);
        let request =
            if authorization.is_empty() { request } else { request.header("authorization", authorization) };
        kakao.0.shown(request.send().await.unwrap()).await
    };
    let bearer = format!("Bearer {access}");
    let target = |id: &'static str| [("target_id_type", "user_id"), ("target_id", id)];
    let mut table = String::new();
    for (case, path, authorization, form) in [
        ("no token", "/v2/user/me", "", &[][..]),
        ("unknown token", "/v2/user/me", "Bearer nonsense", &[]),
        ("wrong admin key", "/v2/user/me", "KakaoAK wrong", &target("1376016924429759228")),
        ("admin key without target", "/v2/user/me", &admin, &[]),
        ("admin key, nobody", "/v2/user/me", &admin, &target("1")),
        ("admin key, not connected", "/v1/user/unlink", &admin, &target("4029384756")),
        ("property keys that are no list", "/v2/user/me", &bearer, &[("property_keys", "email")]),
        ("unknown property key", "/v2/user/me", &bearer, &[("property_keys", "[\"shoe_size\"]")]),
        ("signed up already", "/v1/user/signup", &bearer, &[]),
        ("scopes to revoke are missing", "/v2/user/revoke/scopes", &bearer, &[]),
        ("required item revoked", "/v2/user/revoke/scopes", &bearer, &[("scopes", "[\"profile_nickname\"]")]),
    ] {
        writeln!(table, "# {case}\n{}\n", ask(path, authorization, form).await).unwrap();
    }
    kakao.0.simulator.advance(Seconds::seconds(21_599));
    writeln!(table, "# expired token\n{}", ask("/v2/user/me", &bearer, &[]).await).unwrap();
    assert_snapshot!("kakao_api_errors", table);
}

#[tokio::test]
async fn what_nothing_causes_here_can_be_ordered() {
    let kakao = Kakao::new().await;
    let mut table = String::new();
    for (path, code) in [
        ("/oauth/token", "KOE003"),
        ("/oauth/token", "KOE009"),
        ("/oauth/token", "KOE237"),
        ("/v2/user/me", "-1"),
        ("/v2/user/me", "-10"),
        ("/v2/user/me", "-103"),
        ("/v2/user/me", "-402"),
        ("/v2/user/me", "-406"),
    ] {
        kakao.0.simulator.control(Command::fail(path, code)).await.unwrap();
        let shown = kakao.0.shown(kakao.0.post(path, &[]).await).await;
        writeln!(table, "# {path} {code}\n{shown}\n").unwrap();
    }
    assert_snapshot!("kakao_ordered_errors", table);
    kakao.0.simulator.control(Command::fail("/oauth/authorize", "KOE003")).await.unwrap();
    let page = Browser::new().open(&kakao.authorize(&[])).await;
    assert_eq!(page.text("#trouble-code"), "KOE003");
}

#[tokio::test]
async fn tokeninfo_reads_id_tokens_only() {
    let kakao = Kakao::new().await;
    let tokens = kakao.tokens("ryan", &[]).await;
    let token = text(&tokens, "id_token");
    let response = kakao.0.post("/oauth/tokeninfo", &[("id_token", token)]).await;
    assert_eq!(response.status(), 200);
    let response = kakao.0.post("/oauth/tokeninfo", &[("id_token", "e30.e30.e30")]).await;
    assert_snapshot!("kakao_tokeninfo_error", kakao.0.shown(response).await);
    kakao.0.simulator.advance(Seconds::seconds(21_599));
    assert_eq!(kakao.0.post("/oauth/tokeninfo", &[("id_token", token)]).await.status(), 400);
}
