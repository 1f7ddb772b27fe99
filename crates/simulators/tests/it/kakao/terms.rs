//! The service's own terms on the consent page (Kakao Sync), and the APIs about them.

use mapae_simulators::{App, Provider, ServiceTerm, Settings};
use serde_json::{Value, json};

use super::{Kakao, text};
use crate::{
    browser::Browser,
    scene::{Scene, agree, sign_in},
};

async fn kakao_sync() -> Kakao {
    let terms = vec![
        ServiceTerm::required("service_2026", "이용약관"),
        ServiceTerm::required("privacy_2026", "개인정보 수집·이용"),
        ServiceTerm::optional("news", "소식 받기"),
        ServiceTerm::optional("night", "야간 소식 받기"),
    ];
    let app = App { terms, ..Kakao::new().await.0.simulator.app() };
    Kakao(Scene::with(Provider::Kakao, Settings { apps: vec![app], ..Settings::default() }).await)
}

impl Kakao {
    async fn terms(&self, token: &str, query: &[(&str, &str)]) -> Value {
        let address = self.0.address("/v2/user/service_terms", query);
        self.0.http.get(address).bearer_auth(token).send().await.unwrap().json().await.unwrap()
    }

    async fn change(&self, token: &str, what: &str, tags: &str) -> (u16, Value) {
        let request =
            self.0.http.post(self.0.url(&format!("/v2/user/{what}/service_terms"))).bearer_auth(token);
        let response = request.form(&[("tags", tags)]).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }
}

fn tags(said: &Value, list: &str) -> Vec<String> {
    said[list].as_array().unwrap().iter().map(|term| term["tag"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_first_login_shows_all_terms_and_required_ones_cannot_be_left_out() {
    let kakao = kakao_sync().await;
    let browser = Browser::new();
    let page = sign_in(&browser, &kakao.authorize(&[]), "ryan").await;
    for (tag, title) in [("service_2026", "이용약관"), ("news", "소식 받기")] {
        assert!(page.has(&format!("item-term:{tag}")) && page.body.contains(title), "{}", page.body);
    }
    assert!(page.body.contains("서비스 약관") && page.body.contains("정보 제공"), "{}", page.body);
    let code = agree(&browser, &page, &["term:news"]).await.answered("code").unwrap();
    let tokens: Value = kakao.exchange(&[("code", &code)]).await.json().await.unwrap();
    let token = text(&tokens, "access_token");
    let said = kakao.terms(token, &[]).await;
    assert_eq!(tags(&said, "service_terms"), ["service_2026", "privacy_2026", "news"], "{said}");
    let first = &said["service_terms"][0];
    assert_eq!(
        (&first["required"], &first["agreed"], &first["revocable"]),
        (&true.into(), &true.into(), &false.into())
    );
    assert!(first["agreed_at"].as_str().unwrap().ends_with('Z') && first["agreed_by"] == "KAUTH", "{first}");
    let all = kakao.terms(token, &[("result", "app_service_terms")]).await;
    let night = all["service_terms"].as_array().unwrap().iter().find(|term| term["tag"] == "night").unwrap();
    assert_eq!(*night, json!({ "tag": "night", "required": false, "agreed": false, "revocable": true }));
    let some = kakao.terms(token, &[("result", "app_service_terms"), ("tags", "night,service_2026")]).await;
    assert_eq!(tags(&some, "service_terms"), ["service_2026", "night"]);
    for wrong in [("tags", "unheard"), ("result", "everything")] {
        assert_eq!(kakao.terms(token, &[wrong]).await["code"], -2, "{wrong:?}");
    }
    assert!(!text(&tokens, "scope").contains("term"), "terms are no scopes");
}

#[tokio::test]
async fn later_only_terms_that_are_selected_are_asked_and_only_beside_a_required_one() {
    let kakao = kakao_sync().await;
    let browser = Browser::new();
    let only = kakao.authorize(&[("service_terms", "service_2026,news")]);
    let page = sign_in(&browser, &only, "ryan").await;
    assert!(page.has("item-term:service_2026") && !page.has("item-term:privacy_2026"), "{}", page.body);
    agree(&browser, &page, &[]).await;
    for (selected, asked) in [
        ("", false),
        ("service_2026", false),
        ("news,night", false),
        ("unheard", false),
        ("privacy_2026,service_2026,news", true),
    ] {
        let page = browser.open(&kakao.authorize(&[("service_terms", selected)])).await;
        assert_eq!(page.has("item-term:privacy_2026"), asked, "{selected}: {}", page.body);
        assert_eq!(page.has("item-term:news"), asked, "what is open, and nothing else: {selected}");
        assert!(!page.has("item-term:service_2026"), "{selected}");
        let silent = browser.open(&kakao.authorize(&[("service_terms", selected), ("prompt", "none")])).await;
        assert_eq!(silent.answered("error").is_some(), asked, "{selected}");
    }
}

#[tokio::test]
async fn terms_are_withdrawn_and_agreed_to_by_the_service() {
    let kakao = kakao_sync().await;
    let code = kakao.code("ryan", &["term:news"], &[]).await;
    let tokens: Value = kakao.exchange(&[("code", &code)]).await.json().await.unwrap();
    let token = text(&tokens, "access_token");
    let (status, said) = kakao.change(token, "revoke", "news,service_2026,night").await;
    assert_eq!((status, &said["revoked_service_terms"]), (200, &json!([{ "tag": "news", "agreed": false }])));
    let (_, said) = kakao.change(token, "upgrade", "night,service_2026").await;
    assert_eq!(tags(&said, "agreed_service_terms"), ["night"], "{said}");
    let now = kakao.terms(token, &[("tags", "night")]).await;
    assert_eq!(now["service_terms"][0]["agreed_by"], "KAPI");
    assert_eq!(
        tags(&kakao.terms(token, &[]).await, "service_terms"),
        ["service_2026", "privacy_2026", "night"]
    );
    for what in ["revoke", "upgrade"] {
        let (status, said) = kakao.change(token, what, "unheard").await;
        assert_eq!((status, &said["code"]), (400, &(-2).into()), "{what}");
    }
    assert_eq!(kakao.change("dead", "revoke", "news").await.0, 401);
    let plain = Kakao::new().await;
    let tokens = plain.tokens("ryan", &[]).await;
    assert_eq!(plain.terms(text(&tokens, "access_token"), &[]).await["service_terms"], json!([]));
}
