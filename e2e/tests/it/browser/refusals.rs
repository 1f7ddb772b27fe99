//! When it cannot go on: every page says what is wrong and what to do, and leads nobody away.

use mapae_e2e::chromium::{self, Chromium, Screen};
use mapae_protocol::time::Seconds;
use mapae_testkit::{AppSpec, Authorization, Browser, TestServer, UserFixture};

use super::stage::Stage;

/// How many wrong passwords one address may send at once.
const ATTEMPTS: usize = 10;

async fn sign_in(chromium: &Chromium, user: &UserFixture, password: &str) {
    chromium.fill("email", &user.email).await;
    chromium.fill("password", password).await;
    chromium.click("login-submit").await;
}

async fn problem_says(chromium: &Chromium, words: [&str; 2]) {
    let problem = chromium.wait_for("problem").await.text().await.unwrap_or_default();
    assert!(words.iter().all(|word| problem.contains(word)), "{words:?}: {problem}");
    assert_eq!(chromium.focused().await, "problem", "it is read out, and the next key leads on");
}

async fn main_says(chromium: &Chromium, words: [&str; 2]) {
    let main = chromium.text("main").await;
    assert!(words.iter().all(|word| main.contains(word)), "{words:?}: {main}");
}

#[tokio::test]
async fn a_wrong_password_too_many_of_them_and_a_step_that_is_over_each_say_what_to_do() {
    let server = TestServer::start().await;
    let user = server.user("gildong@example.com").await;
    let app = server.register(AppSpec::default()).await;
    let address = Authorization::of(&app, "openid profile").address(&server);
    let mut chromium = chromium::open().await;
    for screen in Screen::ALL {
        chromium.hand_over(screen).await;
        chromium.goto(&address).await;
        sign_in(&chromium, &user, "wrong horse battery").await;
        let words = [
            screen.says("이메일 또는 비밀번호가 맞지 않아요.", "Wrong email or password."),
            screen.says("한/영 키를 확인해 주세요.", "then try again."),
        ];
        problem_says(&chromium, words).await;
        chromium.shot("wrong-password").await;
        sign_in(&chromium, &user, &user.password).await;
        chromium.wait_for("consent-approve").await;
    }
    let guesser = Browser::speaking("ko");
    let page = guesser.visit(&address).await;
    for _ in 0..ATTEMPTS {
        let guess = [("email", user.email.as_str()), ("password", "wrong horse battery")];
        guesser.submit(&page, "login-submit", &guess).await;
    }
    for screen in Screen::ALL {
        chromium.hand_over(screen).await;
        chromium.goto(&address).await;
        sign_in(&chromium, &user, &user.password).await;
        let words = [
            screen.says("로그인 시도가 너무 많았어요.", "Too many sign-in attempts."),
            screen.says("뒤에 다시 시도해 주세요.", "Try again in a minute."),
        ];
        problem_says(&chromium, words).await;
        chromium.shot("too-many-attempts").await;
    }
    server.advance(Seconds::minutes(1));
    sign_in(&chromium, &user, &user.password).await;
    chromium.wait_for("consent-approve").await;
    for screen in Screen::ALL {
        chromium.hand_over(screen).await;
        chromium.goto(&address).await;
        chromium.wait_for("login-submit").await;
        server.advance(Seconds::minutes(61));
        sign_in(&chromium, &user, &user.password).await;
        chromium.wait_for("support-id").await;
        let words = [
            screen.says("로그인 시간이 지났어요", "This sign-in has run out"),
            screen.says("서비스로 돌아가 다시 로그인해 주세요.", "Go back to the service and sign in again."),
        ];
        main_says(&chromium, words).await;
        chromium.shot("step-over").await;
    }
    assert_eq!(chromium.complaints().await, Vec::<String>::new());
    chromium.close().await;
}

#[tokio::test]
async fn az_01_an_unknown_app_and_az_02_a_wrong_redirect_uri_are_pages_that_lead_nowhere() {
    let mut stage = Stage::set().await;
    let evil = stage.site.at("/evil");
    for screen in Screen::ALL {
        stage.chromium.hand_over(screen).await;
        let pages = [
            (
                "unknown-app",
                [("client_id", "app_unknown")],
                screen.says("알 수 없는 앱이에요", "We don’t know this app"),
            ),
            (
                "wrong-redirect-uri",
                [("redirect_uri", evil.as_str())],
                screen.says("돌아갈 주소가 등록되지 않았어요", "The return address isn’t registered"),
            ),
        ];
        for (page, wrong, heading) in pages {
            stage.chromium.goto(&stage.asked(&wrong).address).await;
            let id = stage.chromium.text("#support-id").await;
            assert!(!id.is_empty(), "an id for support");
            main_says(&stage.chromium, [heading, &id]).await;
            assert!(stage.chromium.address().await.starts_with(&stage.at("/authorize")));
            stage.chromium.shot(page).await;
        }
    }
    assert!(stage.site.others().is_empty(), "nobody was led away");
    stage.was_clean().await;
    stage.clear().await;
}
