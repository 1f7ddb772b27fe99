//! Social login in the demo: Kakao, Naver, Google, Facebook and Apple, simulated, beside Mapae's own server.

use mapae_e2e::{accessible::sane, chromium::Screen, diagram::Message};

use super::stage::Stage;

/// Everybody's password at the simulators.
const PASSWORD: &str = "simulation";
const USERS: &str = "SELECT issuer, subject, nickname FROM users";
const SESSIONS: &str = "SELECT subject FROM sessions";
/// Milliseconds from the notice of the provider to the page that says why.
const BOUND: u64 = 1000;
/// How often that is tried at a provider: a machine that stands still once is not the demo.
const TRIES: usize = 3;

/// A provider and somebody with an account there.
struct Login {
    name: &'static str,
    ko: &'static str,
    en: &'static str,
    person: &'static str,
    /// What is typed to sign in.
    login: &'static str,
}

const KAKAO: Login = Login { name: "kakao", ko: "카카오", en: "Kakao", person: "ryan", login: "ryan" };
const OTHERS: [Login; 4] = [
    Login { name: "naver", ko: "네이버", en: "Naver", person: "yuna", login: "yuna" },
    Login { name: "google", ko: "Google", en: "Google", person: "jiwoo", login: "jiwoo" },
    Login { name: "facebook", ko: "Facebook", en: "Facebook", person: "sora", login: "sora" },
    Login { name: "apple", ko: "Apple", en: "Apple", person: "haru", login: "haru" },
];

impl Login {
    fn label(&self, screen: Screen) -> &'static str {
        screen.says(self.ko, self.en)
    }

    /// From the start page to the provider's consent page.
    async fn go(&self, stage: &Stage) {
        stage.look_at_service().await;
        stage.chromium.goto(&stage.client("/")).await;
        stage.chromium.click(&format!("login-{}", self.name)).await;
        stage.chromium.fill("login", self.login).await;
        stage.chromium.fill("password", PASSWORD).await;
        stage.chromium.click("login-submit").await;
    }

    /// The whole first way in; it ends at the member's page.
    async fn join(&self, stage: &Stage) {
        self.go(stage).await;
        stage.chromium.click("consent-approve").await;
        stage.sign_up("길동").await;
    }

    /// Presses "unlink" on the provider's own page, in a window of its own.
    async fn unlink(&self, stage: &Stage) {
        stage.chromium.click("to-provider").await;
        let window = stage.look_at_another().await;
        let id = format!("unlink-{}", self.person);
        stage.chromium.wait_for(&id).await;
        let noted = format!("document.body.innerText.split('/notices/{}/').length", self.name);
        let before = stage.chromium.ask(&format!("return {noted};"), Vec::new()).await;
        stage.chromium.click(&id).await;
        // Whoever closes the window before the provider has answered may have pressed in vain. Its page names the
        // addresses of notices before, too: one more of them is the answer.
        let answered = format!("return document.readyState === 'complete' && {noted} > {before};");
        stage.chromium.wait_until(&answered).await;
        stage.close_this(&window).await;
    }
}

/// The lines of the social textbook between two messages, in order.
fn lines(stage: &Stage, first: &Message, last: &Message) -> Vec<u64> {
    let of_the_book = stage.diagram.between(first, last).filter(|message| message.text("book") == "social");
    of_the_book.filter_map(|message| message.number("number")).collect()
}

#[tokio::test]
async fn a_login_with_kakao_goes_through_the_thirteen_steps_to_the_services_own_session() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    // One without e-mail address and one whose address was never verified are among them.
    let people = [("ryan", "ryan"), ("muzi", "01087654321"), ("apeach", "apeach"), ("frodo", "frodo")];
    for (known, (screen, (person, login))) in Screen::ALL.into_iter().zip(people).enumerate() {
        stage.hand_over(screen).await;
        let kakao = Login { person, login, ..KAKAO };
        let mark = stage.mark_here().await;
        stage.chromium.goto(&stage.client("/")).await;
        stage.chromium.wait_for("login-kakao").await;
        stage.chromium.shot("demo-social-welcome").await;
        kakao.go(&stage).await;
        stage.chromium.wait_for("consent-approve").await;
        stage.chromium.shot("demo-social-consent").await;
        stage.chromium.click("consent-approve").await;
        stage.chromium.wait_for("sign-up-submit").await;
        assert!(!stage.chromium.has("password").await, "the service has no field for it");
        stage.chromium.shot("demo-social-sign-up").await;
        assert_eq!((stage.user_rows(USERS).len(), stage.vault_rows(SESSIONS).len()), (known, known));
        stage.sign_up("길동").await;
        stage.chromium.shot("demo-social-member").await;
        sane(&stage.chromium, "the member's page").await;
        let users = stage.user_rows(USERS);
        assert!(users.len() == known + 1 && users[known][0] == stage.demo.provider("kakao"), "{users:?}");

        let (request, answer) = stage.diagram.exchange("social_sign_up").await;
        assert_eq!(answer.status(), 303);
        assert_eq!(lines(&stage, &mark, &answer), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13]);
        assert_eq!(request.story().1, "social_login");
        for message in stage.diagram.between(&mark, &answer).filter(|message| !message.is_noise()) {
            assert!(!message.has(PASSWORD), "{message:?}");
            let carries = message.has("\"password\"");
            assert!(!carries || message.way() == ("browser", "provider"), "{message:?}");
        }
        stage.is_drawn(&answer).await;
        let title = stage.chromium.text(".story.kind-social_login h2").await;
        assert_eq!(title, screen.says("카카오 로그인", "Kakao sign-in"));
        let open = "return document.querySelector('.phases:not([hidden])').dataset.book;";
        assert_eq!(stage.chromium.read(open).await, "social", "the textbook follows");
        stage.chromium.glimpse("demo-social-flow").await;
        let (redeemed, _) = stage.diagram.last_exchange("redemption");
        let details = stage.opened(&redeemed).await;
        assert!(details.contains("curl ") && details.contains("$CODE"), "{details}");
        stage.chromium.glimpse("demo-social-flow-arrow").await;

        let mark = stage.mark_here().await;
        stage.look_at_service().await;
        stage.chromium.click("sign-out").await;
        stage.chromium.click("login-kakao").await;
        stage.chromium.wait_for("signed-in-with").await;
        let (_, answer) = stage.diagram.exchange("social_callback").await;
        assert_eq!(lines(&stage, &mark, &answer), [1, 2, 3, 6, 7, 8, 9, 10, 11], "known: in at once");
        assert_eq!(stage.user_rows(USERS), users);
        stage.is_drawn(&answer).await;
    }
    stage.clear().await;
}

#[tokio::test]
async fn who_unlinks_at_the_simulated_provider_is_out_within_a_second_and_the_page_says_why() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    let logins = [KAKAO].into_iter().chain(OTHERS);
    for (others, (screen, login)) in Screen::ALL.into_iter().cycle().zip(logins).enumerate() {
        stage.hand_over(screen).await;
        login.join(&stage).await;
        let mut times = Vec::new();
        while times.iter().all(|took| *took >= BOUND) {
            assert!(times.len() < TRIES, "{}: {times:?} ms", login.name);
            times.push(out_by_unlinking(&mut stage, &login, others).await);
        }
        println!("{}: {times:?} ms from the button to the page that says why", login.name);
    }
    assert_eq!(stage.user_rows(USERS).len(), 1 + OTHERS.len());
    stage.clear().await;
}

/// Somebody who is in unlinks at the provider, and comes back: how many milliseconds it took until the page said why.
async fn out_by_unlinking(stage: &mut Stage, login: &Login, others: usize) -> u64 {
    let screen = stage.chromium.screen();
    let mark = stage.mark_here().await;
    stage.look_at_service().await;
    login.unlink(stage).await;
    // Nobody touches the page of the service: it goes by itself.
    stage.chromium.wait_until("return Boolean(document.querySelector('main.trouble'));").await;
    let heading = stage.chromium.text("h1").await;
    let expected = screen
        .says("{} 연결이 끊겨서 로그아웃됐어요", "You were signed out: {} is unlinked")
        .replace("{}", login.label(screen));
    assert_eq!(heading, expected);
    stage.chromium.shot(&format!("demo-social-unlinked-{}", login.name)).await;
    assert_eq!(stage.vault_rows(SESSIONS).len(), others, "of the people before, who are back");

    let (pressed, _) = stage.diagram.exchange("unlink").await;
    let (told, taken) = stage.diagram.exchange("notice").await;
    let (_, refused) = stage.diagram.exchange("signed_out").await;
    assert_eq!((told.way(), refused.status()), (("provider", "client"), 401));
    assert!((200..300).contains(&taken.status()), "{taken:?}");
    for message in [&pressed, &told, &taken, &refused] {
        assert_eq!(message.story().1, "unlinking", "{message:?}");
        stage.is_drawn(message).await;
    }
    assert!(!stage.diagram.has_between(&mark, &refused, "login"), "nobody was asked to sign in");
    stage.chromium.glimpse(&format!("demo-social-flow-unlinked-{}", login.name)).await;

    // The account stayed; the provider asks for consent again.
    stage.look_at_service().await;
    stage.chromium.click("login").await;
    stage.chromium.click("consent-approve").await;
    stage.chromium.wait_for("signed-in-with").await;
    let at = |message: &Message| message.number("time").unwrap_or_default();
    at(&refused) - at(&pressed)
}

#[tokio::test]
async fn naver_google_facebook_and_apple_sign_in_too_and_who_cancels_is_told_so_by_name() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    let screens = [Screen::desk("ko"), Screen::phone("en"), Screen::desk("en"), Screen::phone("ko")];
    for (screen, login) in screens.into_iter().zip(OTHERS) {
        stage.hand_over(screen).await;
        login.go(&stage).await;
        stage.chromium.click("consent-deny").await;
        stage.chromium.wait_for("login").await;
        let heading = stage.chromium.text("h1").await;
        assert_eq!(heading, screen.says("로그인을 취소했어요", "You cancelled the sign-in"));
        assert!(stage.chromium.text("main").await.contains(login.label(screen)));
        stage.chromium.shot(&format!("demo-social-cancelled-{}", login.name)).await;
        // The provider knows the person by now, and asks for consent only.
        stage.chromium.click("login").await;
        stage.chromium.click("consent-approve").await;
        stage.sign_up("길동").await;
        let said = stage.chromium.text("#signed-in-with").await;
        assert!(said.contains(login.label(screen)), "{said}");
        stage.chromium.shot(&format!("demo-social-member-{}", login.name)).await;
        stage.chromium.click("sign-out").await;
        stage.chromium.click(&format!("login-{}", login.name)).await;
        stage.chromium.wait_for("signed-in-with").await;
        stage.chromium.click("unlink").await;
        stage.chromium.wait_for("login").await;
        let expected =
            screen.says("{} 연결을 해제했어요", "{} is unlinked").replace("{}", login.label(screen));
        assert_eq!(stage.chromium.text("h1").await, expected);
    }
    assert_eq!(stage.user_rows(USERS).len(), OTHERS.len(), "the accounts stayed");
    assert!(stage.vault_rows(SESSIONS).is_empty());
    stage.clear().await;
}

/// By the service's own pages: a proof at the provider, another way in, and off it again.
#[tokio::test]
async fn lk_03_a_way_to_sign_in_is_added_and_removed_by_the_services_own_buttons() {
    let mut stage = Stage::set(Screen::phone("ko")).await;
    let [naver, ..] = &OTHERS;
    for (screen, person) in Screen::ALL.into_iter().zip(["ryan", "apeach", "frodo", "muzi"]) {
        stage.hand_over(screen).await;
        let login = if person == "muzi" { "01087654321" } else { person };
        let kakao = Login { person, login, ..KAKAO };
        kakao.join(&stage).await;
        stage.chromium.click("ways").await;
        stage.chromium.wait_for("prove-kakao").await;
        stage.chromium.shot("demo-ways-confirm").await;
        sane(&stage.chromium, "the ways to sign in").await;
        stage.chromium.click("prove-kakao").await;
        stage.chromium.fill("login", kakao.login).await;
        stage.chromium.fill("password", PASSWORD).await;
        stage.chromium.click("login-submit").await;
        stage.chromium.click("add-naver").await;
        stage.chromium.fill("login", naver.login).await;
        stage.chromium.fill("password", PASSWORD).await;
        stage.chromium.click("login-submit").await;
        stage.chromium.click("consent-approve").await;
        // LK-04: whose account at the provider it is, before it opens this one.
        stage.chromium.wait_for("confirm-submit").await;
        assert!(stage.chromium.text("#method").await.contains(naver.label(screen)));
        stage.chromium.shot("demo-ways-adding").await;
        sane(&stage.chromium, "whose account is added").await;
        stage.chromium.click("confirm-submit").await;
        stage.chromium.wait_for("remove-naver").await;
        stage.chromium.shot("demo-ways-two").await;
        sane(&stage.chromium, "two ways to sign in").await;
        stage.chromium.click("remove-naver").await;
        stage.chromium.wait_until("return document.querySelectorAll('#ways li').length === 1;").await;
    }
}
