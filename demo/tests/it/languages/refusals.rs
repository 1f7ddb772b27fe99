//! Logins that come to nothing: by the person, by time, by a setting, by the provider.

use mapae_simulators::{FaultKind, Tokens};

use super::*;

#[tokio::test]
async fn a_cancelled_login_in_both_languages() {
    let play = Play::with_providers().await;
    for visitor in visitors(&play) {
        let page = visitor.press_the_button().await;
        let at_once = visitor.person.press(&page, "login-cancel", &[]).await;
        let consent = visitor.arrive().await;
        let later = visitor.person.press(&consent, "consent-deny", &[]).await;
        for told in [at_once, later] {
            let words = (
                "{} 화면에서 취소해서 로그인하지 않았어요.",
                "You cancelled at {}, so you are not signed in.",
            );
            visitor.is_told(&told, ("cancelled", 400), words);
            visitor.says(&told, ("다시 로그인하기", "Sign in again"));
        }
        // A page that was used up, when somebody goes back to it.
        let over = visitor.person.press(&consent, "consent-approve", &[]).await;
        assert_eq!(over.status, 400, "{}", over.body);
        visitor.says(&over, ("이 화면은 이미 쓰였거나 시간이 지났어요.", "This page was used already"));
    }
    play.end().await;
}

#[tokio::test]
async fn an_expired_code_in_both_languages() {
    let play = Play::with_providers().await;
    for visitor in visitors(&play) {
        let consent = visitor.arrive().await;
        let back = visitor.person.press_only(&consent, "consent-approve").await;
        visitor.control(&play, Command::Expire { tokens: Tokens::Codes, person: None }).await;
        let told = visitor.person.follow(back).await;
        let words = ("처음부터 다시 로그인해 주세요.", "Please sign in again from the beginning.");
        visitor.is_told(&told, ("restart", 400), words);
        let form = visitor.press_the_button().await;
        assert!(form.has("sign-up-submit"), "a new attempt works: {}", form.body);
    }
    play.end().await;
}

#[tokio::test]
async fn a_wrong_secret_in_both_languages() {
    let play = Play::with_providers().await;
    for login in LOGINS {
        // Another secret was made in the provider's console, or the key was revoked there.
        change_app(&play, login, |app| {
            app.client_secret = app.client_secret.take().map(|_| "another secret".to_owned());
            app.client_keys.clear();
        })
        .await;
    }
    for visitor in visitors(&play) {
        let consent = visitor.arrive().await;
        let told = visitor.person.agree(consent).await;
        let words = ("{}에서 나의 서비스를 받아 주지 않아요.", "{} does not accept this service.");
        visitor.is_told(&told, ("configuration", 500), words);
        visitor.says(&told, ("서비스 설정이 잘못됐어요", "This service is not set up correctly"));
        assert!(!told.has("login"), "to sign in again is no help: {}", told.body);
    }
    play.end().await;
}

/// The provider's own page is the last one: nobody is sent to an address that is not registered.
#[tokio::test]
async fn a_wrong_redirect_uri_in_both_languages() {
    let play = Play::with_providers().await;
    for login in LOGINS {
        change_app(&play, login, |app| {
            app.redirect_uris = vec!["http://localhost:3000/elsewhere".to_owned()];
        })
        .await;
    }
    for visitor in visitors(&play) {
        let page = visitor.press_the_button().await;
        let provider = play.simulator(visitor.login.name).base_url();
        assert!(page.address.as_str().starts_with(provider), "{}", page.address);
        assert!(page.status >= 400 && page.has("trouble") && !page.has("login-submit"), "{}", page.body);
        visitor
            .says(&page, ("제어판의 앱 목록에서 바로 등록할 수 있어요.", "register it in the list of apps"));
        assert!(!page.paragraph("trouble-text").is_empty(), "and the provider's own words: {}", page.body);
    }
    play.end().await;
}

#[tokio::test]
async fn a_provider_that_is_down_in_both_languages() {
    let play = Play::with_providers().await;
    for visitor in visitors(&play) {
        for (turn, how) in [FaultKind::Garbage, FaultKind::Redirect, FaultKind::Huge].into_iter().enumerate()
        {
            let path = Some(visitor.login.token_path.to_owned());
            let fail = Command::Fail { how, path, code: None, seconds: None, times: None };
            // Whoever has agreed is not asked again.
            let told = if turn == 0 {
                let consent = visitor.arrive().await;
                visitor.control(&play, fail).await;
                visitor.person.agree(consent).await
            } else {
                visitor.control(&play, fail).await;
                visitor.press_the_button().await
            };
            let words = ("{} 쪽에서 답하지 않아요.", "{} does not answer.");
            visitor.is_told(&told, ("sign_in_unavailable", 502), words);
            visitor.control(&play, Command::Mend {}).await;
        }
    }
    play.end().await;
}
