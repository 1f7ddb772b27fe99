//! From the button to the tokens.

use insta::assert_snapshot;
use mapae_protocol::{id_token::at_hash, jose::Algorithm, pkce::CodeVerifier, time::Seconds};
use serde_json::Value;

use super::{CALENDAR, Google};
use crate::{
    app::text,
    browser::Browser,
    scene::{agree, sign_in},
};

#[tokio::test]
async fn the_answer_has_more_than_code_and_state() {
    let google = Google::new().await;
    let page = google.0.visit(&google.authorize(&[]), "minseo", &[]).await;
    let location = page.location();
    let names: Vec<String> = location.query_pairs().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["state", "iss", "code", "scope", "authuser", "hd", "prompt"]);
    assert_eq!(page.answered("iss").as_deref(), Some(google.0.simulator.issuer()));
    assert!(page.answered("code").unwrap().starts_with("4/0Ab"));
    assert!(location.query().unwrap().contains("code=4%2F0Ab"), "the slash arrives encoded");
    assert_eq!(page.answered("prompt").as_deref(), Some("consent"));
    let code = page.answered("code").unwrap();
    let response = google.exchange(&[("code", &code)]).await;
    assert_snapshot!("google_token", google.0.shown(response).await);
}

#[tokio::test]
async fn the_id_token_and_the_user_information() {
    let google = Google::new().await;
    let tokens = google.tokens("minseo", &[("nonce", "a nonce")]).await;
    let access = text(&tokens, "access_token");
    let claims = google.0.claims(text(&tokens, "id_token"), "/oauth2/v3/certs").await;
    assert_eq!(claims["at_hash"], at_hash(Algorithm::Rs256, access));
    assert_snapshot!("google_id_token", google.0.shown_claims(claims));
    assert_snapshot!("google_userinfo", google.0.shown(google.0.get("/v1/userinfo", access).await).await);
    let response = google.0.get("/oauth2/v2/userinfo", access).await;
    assert_snapshot!("google_userinfo_v2", google.0.shown(response).await);
    for (person, snapshot) in
        [("minji", "google_third_party"), ("alex", "google_unverified"), ("nameless", "google_nameless")]
    {
        let tokens = google.tokens(person, &[]).await;
        let response = google.0.get("/oauth2/v3/userinfo", text(&tokens, "access_token")).await;
        assert_snapshot!(snapshot, google.0.shown(response).await);
    }
}

#[tokio::test]
async fn a_refresh_token_needs_offline_access_and_fresh_consent() {
    let google = Google::new().await;
    assert!(google.tokens("jiwoo", &[]).await.get("refresh_token").is_none(), "online");
    let offline = [("access_type", "offline")];
    assert!(
        google.tokens("jiwoo", &offline).await.get("refresh_token").is_none(),
        "no consent page was shown"
    );
    let offline = [("access_type", "offline"), ("prompt", "consent")];
    assert!(google.tokens("jiwoo", &offline).await.get("refresh_token").is_some());
    assert!(google.tokens("alex", &offline[..1]).await.get("refresh_token").is_some(), "the first time");
}

#[tokio::test]
async fn a_refresh_brings_no_new_refresh_token_and_keeps_the_old_one_alive() {
    let google = Google::new().await;
    let tokens = google.tokens("jiwoo", &[("access_type", "offline"), ("nonce", "a nonce")]).await;
    let refresh = text(&tokens, "refresh_token");
    google.0.simulator.advance(Seconds::seconds(3_599));
    let dead = google.0.get("/v1/userinfo", text(&tokens, "access_token")).await;
    assert_snapshot!("google_userinfo_expired", google.0.shown(dead).await);
    assert_snapshot!("google_refresh", google.0.shown(google.refresh(refresh).await).await);
    for _ in 0..3 {
        google.0.simulator.advance(Seconds::days(150));
        assert_eq!(google.refresh(refresh).await.status(), 200, "it lives as long as it is used");
    }
    google.0.simulator.advance(Seconds::days(180));
    assert_snapshot!("google_refresh_dead", google.0.shown(google.refresh(refresh).await).await);
}

#[tokio::test]
async fn of_too_many_refresh_tokens_the_oldest_dies_silently() {
    let google = Google::new().await;
    let fact = mapae_simulators::Command::Fact { name: "most_refresh_tokens".into(), value: "2".into() };
    google.0.simulator.control(fact).await.unwrap();
    let mut tokens = Vec::new();
    for _ in 0..3 {
        let given = google.tokens("jiwoo", &[("access_type", "offline"), ("prompt", "consent")]).await;
        tokens.push(text(&given, "refresh_token").to_owned());
    }
    let mut alive = Vec::new();
    for token in &tokens {
        alive.push(google.refresh(token).await.status() == 200);
    }
    assert_eq!(alive, [false, true, true]);
}

#[tokio::test]
async fn more_is_asked_for_step_by_step() {
    let google = Google::new().await;
    let browser = Browser::new();
    let page = sign_in(&browser, &google.authorize(&[]), "jiwoo").await;
    agree(&browser, &page, &[]).await;
    let more = format!("openid {CALENDAR}");
    let page = browser.open(&google.authorize(&[("scope", &more)])).await;
    assert_eq!(page.values("input[name=item]", "value"), [CALENDAR]);
    let refused = agree(&browser, &page, &[]).await;
    assert_eq!(refused.answered("scope").as_deref(), Some("openid"), "it was left out");
    let all = [("scope", more.as_str()), ("include_granted_scopes", "true")];
    let page = browser.open(&google.authorize(&all)).await;
    let page = agree(&browser, &page, &[CALENDAR]).await;
    assert_eq!(
        page.answered("scope").unwrap(),
        format!(
            "openid {CALENDAR} https://www.googleapis.com/auth/userinfo.email https://www.googleapis.com/auth/userinfo.profile"
        )
    );
    let page = browser.open(&google.authorize(&[("prompt", "select_account")])).await;
    assert!(page.has("login-as-jiwoo"));
}

#[tokio::test]
async fn both_challenges_and_both_ways_to_authenticate() {
    let google = Google::new().await;
    let verifier = CodeVerifier::generate();
    let s256 = verifier.challenge().to_string();
    for (challenge, method) in
        [(s256.as_str(), "S256"), (verifier.expose(), "plain"), (verifier.expose(), "")]
    {
        let pkce = [("code_challenge", challenge), ("code_challenge_method", method)];
        let code = google.code("jiwoo", &pkce).await;
        let wrong = google.exchange(&[("code", &code), ("code_verifier", &"x".repeat(43))]).await;
        assert_eq!(text(&wrong.json().await.unwrap(), "error"), "invalid_grant");
        let app = google.0.simulator.app();
        let request = google.0.http.post(google.0.url("/token"));
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", crate::scene::CALLBACK),
            ("code_verifier", verifier.expose()),
        ];
        let response = request.basic_auth(app.client_id, app.client_secret).form(&form).send().await.unwrap();
        assert_eq!(response.status(), 200, "{method}");
    }
}

#[tokio::test]
async fn metadata_and_token_information() {
    let google = Google::new().await;
    for (path, snapshot) in [
        ("/.well-known/openid-configuration", "google_discovery"),
        ("/.well-known/risc-configuration", "google_risc_configuration"),
    ] {
        let response = google.0.http.get(google.0.url(path)).send().await.unwrap();
        assert_snapshot!(snapshot, google.0.shown(response).await);
    }
    let tokens = google.tokens("jiwoo", &[]).await;
    for kind in ["id_token", "access_token"] {
        let address = google.0.address("/tokeninfo", &[(kind, text(&tokens, kind))]);
        let info: Value = google.0.http.get(address).send().await.unwrap().json().await.unwrap();
        assert!(info.as_object().unwrap().values().all(Value::is_string), "{info}");
        assert_eq!(text(&info, "sub"), "112233445566778899001");
    }
    let response =
        google.0.http.get(google.0.address("/tokeninfo", &[("id_token", "x")])).send().await.unwrap();
    assert_eq!(response.status(), 400);
}
