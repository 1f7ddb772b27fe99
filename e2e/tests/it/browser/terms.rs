//! The terms of whoever runs the server, where people make an account and when there is a new version.

use std::fs;

use mapae_e2e::chromium::{self, Screen};
use mapae_testkit::{AppSpec, Authorization, Browser, Options, TestServer};
use tempfile::TempDir;

const PASSWORD: &str = "a password of its own";
const SETTINGS: &str = r#"
[[terms]]
id = "service"
version = "2026-11-01"
title_ko = "마패 이용약관"
title_en = "Mapae terms of service"
address_ko = "https://id.example/ko/terms"
address_en = "https://id.example/en/terms"

[[terms]]
id = "news"
version = "1"
required = "off"
title_ko = "새 소식을 이메일로 받아 보기"
title_en = "News by e-mail"
"#;

async fn server() -> TestServer {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("mapae.toml");
    fs::write(&file, SETTINGS).unwrap();
    let settings = vec![("MAPAE_CONFIG".to_owned(), file.display().to_string())];
    TestServer::start_with(Options { settings, ..Options::default() }).await
}

#[tokio::test]
async fn whoever_makes_an_account_agrees_and_whoever_has_one_is_asked_on_the_way() {
    let server = server().await;
    let app = server.register(AppSpec::default()).await;
    let address = Authorization::of(&app, "openid").address(&server);
    let mut chromium = chromium::open().await;
    for (number, screen) in Screen::ALL.into_iter().enumerate() {
        chromium.hand_over(screen).await;
        let newcomer = format!("new{number}@example.com");
        let elsewhere = Browser::default();
        let form = elsewhere.visit(&server.at("/sign-up")).await;
        elsewhere.submit(&form, "login-submit", &[("email", newcomer.as_str())]).await;
        chromium.goto(&server.link_to(&newcomer).await).await;
        chromium.fill("name", "길동").await;
        chromium.fill("password", PASSWORD).await;
        chromium.wait_for("term-service").await;
        chromium.shot("sign-up-terms").await;
        chromium.click("term-service").await;
        chromium.click("login-submit").await;
        chromium.wait_for("services").await;

        // Somebody whom the operator made has agreed to nothing yet.
        let member = server.user(&format!("member{number}@example.com")).await;
        chromium.hand_over(screen).await;
        chromium.goto(&address).await;
        chromium.fill("email", &member.email).await;
        chromium.fill("password", &member.password).await;
        chromium.click("login-submit").await;
        chromium.wait_for("terms-submit").await;
        chromium.shot("terms").await;
        chromium.click("term-service").await;
        chromium.click("terms-submit").await;
        chromium.wait_for("consent-approve").await;
        assert_eq!(chromium.complaints().await, Vec::<String>::new());
    }
    chromium.close().await;
}
