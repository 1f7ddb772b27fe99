//! What becomes of a login afterwards: renewed tokens, and every way in which it ends.

use mapae_simulators::Tokens;

use super::*;

/// When a token of any of them is due and not over: 95 of 100 parts of its life.
fn due(login: &Login) -> i64 {
    login.token_seconds * 95 / 100
}

/// The same, where tokens live no longer than a session of the service.
async fn scene() -> (Time, Play) {
    let time = Time::new();
    let play = Play::at(&time).await;
    let fact = Command::Fact { name: "user_token_seconds".to_owned(), value: "7200".to_owned() };
    play.simulator("facebook").control(fact).await.unwrap();
    (time, play)
}

/// How often this provider was asked for fresh tokens.
fn refreshes(play: &Play, login: &Login) -> usize {
    let messages = play.running.stage().journal().after(0);
    let messages = messages.iter().map(|message| serde_json::to_value(&**message).unwrap());
    let is_one = |message: &serde_json::Value| {
        message["kind"] == "request" && message["endpoint"] == "refresh" && message["provider"] == login.name
    };
    messages.filter(is_one).count()
}

const SIGNED_IN: (&str, &str) = ("{} 계정으로 로그인했어요", "Signed in with {}");
const LEFT: (&str, &str) = ("지금 쓰는 액세스 토큰은", "The access token in use ends in");
const OVER: (&str, &str) = ("{} 연결이 이미 끝나 있었어요.", "The connection to {} had ended already");
const SIGN_IN_AGAIN: (&str, &str) = ("다시 로그인하기", "Sign in again");
const UNLINKED: (&str, &str) = ("{} 연결이 끊겨서 로그아웃됐어요", "You were signed out: {} is unlinked");

impl Visitor {
    /// The page that says why is shown once; then one may come back.
    async fn is_told_once(&self, page: &Page, (id, words): (&str, (&str, &str))) {
        self.is_told(page, (id, 401), words);
        self.says(page, SIGN_IN_AGAIN);
        let welcome = self.person.visit("/").await;
        assert_eq!(welcome.status, 200, "{}", welcome.body);
        self.says(&welcome, WELCOME);
    }

    /// Presses the provider's button, and says who it is where so much time has passed that the provider has forgotten.
    async fn come_again(&self) -> Page {
        let page = self.press_the_button().await;
        if page.has("login-submit") { self.identify(&page).await } else { page }
    }

    /// Presses a button of the provider's control page, as the person would do in its settings.
    async fn at_the_control(&self, play: &Play, button: &str) -> Page {
        let control = format!("{}/control", play.simulator(self.login.name).base_url());
        let page = self.person.open(&control).await;
        self.says(&page, ("제어판", "Control"));
        let done = self.person.press(&page, &format!("{button}-{}", self.name), &[]).await;
        assert_eq!(done.status, 200, "{}", done.body);
        done
    }
}

#[tokio::test]
async fn a_refresh_in_both_languages() {
    let (time, play) = scene().await;
    for visitor in visitors(&play) {
        let member = visitor.join().await;
        visitor.says(&member, LEFT);
        for _ in 0..2 {
            let before = refreshes(&play, visitor.login);
            visitor.says(&visitor.person.visit("/").await, SIGNED_IN);
            assert_eq!(refreshes(&play, visitor.login), before, "not before it is due");
            time.advance(due(visitor.login));
            let member = visitor.person.visit("/").await;
            assert_eq!(member.status, 200, "{}", member.body);
            visitor.says(&member, SIGNED_IN);
            visitor.says(&member, LEFT);
            assert_eq!(refreshes(&play, visitor.login), before + 1);
        }
    }
    play.end().await;
}

#[tokio::test]
async fn a_refresh_that_does_not_work_now_in_both_languages() {
    let (time, play) = scene().await;
    for visitor in visitors(&play) {
        visitor.join().await;
        time.advance(visitor.login.token_seconds + 1);
        let path = Some(visitor.login.token_path.to_owned());
        let how = mapae_simulators::FaultKind::Garbage;
        let fail = Command::Fail { how, path, code: None, seconds: None, times: Some(9) };
        visitor.control(&play, fail).await;
        let member = visitor.person.visit("/").await;
        assert_eq!(member.status, 200, "nobody is sent away for it: {}", member.body);
        visitor.says(&member, SIGNED_IN);
        assert!(!member.has("token-left"), "{}", member.body);
        let told = visitor.person.press(&member, "unlink", &[]).await;
        let words = ("로그인은 그대로 남아 있으니", "You are still signed in");
        visitor.is_told(&told, ("unavailable", 503), words);
        visitor.control(&play, Command::Mend {}).await;
    }
    play.end().await;
}

#[tokio::test]
async fn a_dead_refresh_means_signing_in_again_in_both_languages() {
    let (time, play) = scene().await;
    for visitor in visitors(&play) {
        for by_unlinking in [false, true] {
            let member = if by_unlinking { visitor.come_again().await } else { visitor.join().await };
            visitor.says(&member, SIGNED_IN);
            visitor.control(&play, Command::Expire { tokens: Tokens::All, person: None }).await;
            time.advance(due(visitor.login));
            let told = match by_unlinking {
                true => visitor.person.press(&member, "unlink", &[]).await,
                false => visitor.person.visit("/").await,
            };
            visitor.is_told_once(&told, ("over", OVER)).await;
        }
        let member = visitor.come_again().await;
        visitor.says(&member, SIGNED_IN);
    }
    play.end().await;
}

#[tokio::test]
async fn unlinked_from_our_side_in_both_languages() {
    let play = Play::with_providers().await;
    for visitor in visitors(&play) {
        let member = visitor.join().await;
        visitor.says(&member, ("여기에서 {} 연결 해제", "Unlink {} here"));
        let told = visitor.person.press(&member, "unlink", &[]).await;
        visitor.is_told_once(&told, ("unlinked_here", ("{} 연결을 해제했어요", "{} is unlinked"))).await;
        // The provider asks as at the first time; the account is still there.
        let consent = visitor.press_the_button().await;
        visitor.says(&consent, AT_CONSENT);
        visitor.says(&visitor.person.agree(consent).await, SIGNED_IN);
    }
    play.end().await;
}

#[tokio::test]
async fn lk_12_unlinked_from_their_side_in_both_languages() {
    let play = Play::with_providers().await;
    for visitor in visitors(&play) {
        visitor.join().await;
        visitor.at_the_control(&play, "unlink").await;
        let told = visitor.person.visit("/").await;
        let id = if visitor.login.name == "google" { "tokens_revoked" } else { "unlinked" };
        visitor.is_told_once(&told, (id, UNLINKED)).await;
        let consent = visitor.press_the_button().await;
        visitor.says(&consent, AT_CONSENT);
        visitor.says(&visitor.person.agree(consent).await, SIGNED_IN);
    }
    play.end().await;
}

#[tokio::test]
async fn lk_12_an_account_that_is_deleted_there_in_both_languages() {
    let play = Play::with_providers().await;
    for visitor in visitors(&play) {
        visitor.join().await;
        let control = visitor.at_the_control(&play, "delete").await;
        assert!(!control.has(&format!("delete-{}", visitor.name)), "{}", control.body);
        let told = visitor.person.visit("/").await;
        // Google closes accounts, and first takes the tokens back.
        let id = if visitor.login.name == "google" { "tokens_revoked" } else { "unlinked" };
        visitor.is_told_once(&told, (id, UNLINKED)).await;
        let page = visitor.press_the_button().await;
        let refused = visitor.identify(&page).await;
        assert_eq!(refused.status, 401, "nobody there has this name any more: {}", refused.body);
        visitor
            .says(&refused, ("계정 또는 비밀번호가 맞지 않아요.", "The account or the password is wrong."));
    }
    play.end().await;
}

/// Google tells of it at once. With the others it shows when a token is due.
#[tokio::test]
async fn tokens_that_are_revoked_there_in_both_languages() {
    let (time, play) = scene().await;
    for visitor in visitors(&play) {
        visitor.join().await;
        visitor.at_the_control(&play, "revoke").await;
        let page = visitor.person.visit("/").await;
        if visitor.login.name == "google" {
            let words = (
                "{} 로그인이 끝나서 여기서도 로그아웃됐어요",
                "Your sign-in at {} has ended, and so has it here",
            );
            visitor.is_told_once(&page, ("sessions_revoked", words)).await;
        } else {
            visitor.says(&page, SIGNED_IN);
            time.advance(due(visitor.login));
            let told = visitor.person.visit("/").await;
            visitor.is_told_once(&told, ("over", OVER)).await;
        }
        // The link is still there: nothing is asked.
        let member = visitor.come_again().await;
        visitor.says(&member, SIGNED_IN);
    }
    play.end().await;
}
