//! From the button to one's account, the first time and every other.

use std::time::Instant;

use mapae_simulators::{Command, FaultKind};
use mapae_testkit::{Browser, Page, until};
use serde_json::{Value, json};

use super::stage::{PASSWORD, Stage, by_password, for_each_engine, posted, sign_up, written};

fn told(page: &Page) -> String {
    page.text("#trouble").unwrap_or_else(|| panic!("nothing is told: {} {}", page.status, page.body))
}

/// Whether every fault that was ordered at a simulated provider was met.
async fn is_mended(stage: &Stage, id: &str) -> bool {
    let address = format!("{}/control/state", stage.simulator(id).base_url());
    let answer = mapae_testkit::http().get(address).send().await.unwrap();
    let state: Value = answer.json().await.unwrap();
    state["faults"] == json!([])
}

/// While somebody waits for Kakao, which stalls, somebody else comes from Naver: whether they are in before the other is
/// told that it does not answer.
async fn is_overtaken(stage: &Stage) -> bool {
    let path = Some("/oauth/token".into());
    let stall = Command::Fail { how: FaultKind::Stall, path, code: None, seconds: None, times: None };
    stage.simulator("kakao").control(stall).await.unwrap();
    let (browser, another) = (Browser::default(), Browser::default());
    let waits = async {
        let page = stage.come(&browser, "kakao", ("ryan", &[])).await;
        (page, Instant::now())
    };
    let overtakes = async {
        until("the server waits for Kakao", async || is_mended(stage, "kakao").await).await;
        stage.enter(&another, "naver", ("yuna", &[])).await;
        Instant::now()
    };
    let ((page, is_told), is_in) = tokio::join!(waits, overtakes);
    assert!(told(&page).contains("응답하지 않아요"), "{}", told(&page));
    is_in < is_told
}

for_each_engine! {
    async fn a_new_person_says_their_name_and_is_in_at_once_the_next_time(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let page = stage.come(&browser, "kakao", ("ryan", &["account_email"])).await;
        assert!(page.has("have-account"), "{} {}", page.status, page.body);
        assert_eq!(page.values("#name", "value"), ["라이언"], "what is known is not asked");
        assert_eq!(page.values("#email", "value"), ["ryan@example.test"]);
        assert!(stage.accounts().await.is_empty(), "nobody is made before they agree");
        let account = sign_up(&browser, &page, "라이언").await;
        assert!(account.has("services"), "{} {}", account.status, account.body);
        let made = stage.accounts().await.pop().unwrap();
        assert_eq!((made.user.email.as_deref(), made.user.email_verified), (Some("ryan@example.test"), true));
        assert!(made.password_hash.is_none());

        let elsewhere = Browser::default();
        let account = stage.come(&elsewhere, "kakao", ("ryan", &[])).await;
        assert!(account.has("services"), "{} {}", account.status, account.body);
        assert_eq!(stage.accounts().await.len(), 1);
    }

    async fn the_buttons_stand_as_they_were_added_and_the_last_used_one_first(
        stage: Stage of ["naver", "kakao", "google"]
    ) {
        let browser = Browser::default();
        let order = async || stage.door(&browser).await.values("a[id^=upstream-]", "id");
        assert_eq!(order().await, ["upstream-naver", "upstream-kakao", "upstream-google"]);
        let door = stage.door(&browser).await;
        stage.press(&browser, &door, "google").await;
        assert_eq!(order().await, ["upstream-google", "upstream-naver", "upstream-kakao"]);
        stage.add("kakao", "a-second-kakao", None).await;
        assert_eq!(order().await.last().unwrap(), "upstream-a-second-kakao", "by no name");
    }

    async fn who_gives_no_address_has_an_account_without_one(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let page = stage.come(&browser, "kakao", ("muzi", &["account_email"])).await;
        assert!(page.has("have-account") && !page.has("email"), "{}", page.body);
        sign_up(&browser, &page, "무지").await;
        let account = stage.enter(&Browser::default(), "kakao", ("muzi", &[])).await;
        assert!(account.body.contains("무지") && !account.body.contains("usr_"), "an id is no address");
        assert_eq!(stage.accounts().await.pop().unwrap().user.email, None);
        let listed = stage.mapae(&["user", "list"]).await;
        assert!(listed["users"][0]["email"].is_null(), "{listed}");
        let id = listed["users"][0]["id"].as_str().unwrap();
        assert_eq!(stage.mapae(&["user", "disable", id]).await["disabled"], true, "known by their id");
    }

    async fn each_of_the_others_signs_up_and_in(stage: Stage of ["naver", "google", "facebook"]) {
        for (name, who) in [("naver", "yuna"), ("google", "minseo"), ("facebook", "sora")] {
            stage.enter(&Browser::default(), name, (who, &[])).await;
            let account = stage.come(&Browser::default(), name, (who, &[])).await;
            assert!(account.has("services"), "{name}: {} {}", account.status, account.body);
        }
        assert_eq!(stage.accounts().await.len(), 3);
    }

    async fn rp_15_apple_posts_its_answer_and_signs_up_and_in(stage: Stage of ["apple"]) {
        for _ in 0..2 {
            stage.enter(&Browser::default(), "apple", ("haru", &[])).await;
        }
        assert_eq!(stage.accounts().await.len(), 1);
        // What is no answer leads to a page that says so.
        for body in ["", "code=c", "state=s&state=t&code=c", "code=%ff"] {
            let page = posted(&stage.server.at("/upstream/apple/callback"), body).await;
            let page = Browser::default().follow(page).await;
            assert!(page.status.is_client_error(), "{body}: {}", page.status);
        }
    }

    /// On this machine the ports of one host share their cookies, and a neighbour can plant one.
    async fn se_25_who_signs_out_with_two_cookies_of_one_name_leaves_no_session(stage: Stage of ["kakao"]) {
        let (browser, thief) = (Browser::default(), Browser::default());
        stage.enter(&browser, "kakao", ("ryan", &[])).await;
        let here = stage.server.at("/");
        let cookies = browser.cookies(&here);
        let session = cookies.split("; ").find(|cookie| cookie.starts_with("mapae_session")).unwrap();
        thief.plant(session, &here);
        assert!(stage.door(&thief).await.has("services"), "the cookie is good");
        let (name, _) = session.split_once('=').unwrap();
        browser.plant(&format!("{name}={}; Path=/sign-out", "x".repeat(43)), &here);
        let unseen = browser.send("HEAD", &stage.server.at("/sign-out"), &[], Vec::new()).await;
        assert_eq!(unseen.status, 204);
        assert!(stage.door(&thief).await.has("services"), "nobody has seen a page");
        let page = browser.visit(&stage.server.at("/sign-out")).await;
        assert!(page.body.contains("로그아웃") && !page.has("logout-confirm"), "{}", page.body);
        assert!(stage.door(&browser).await.has("login-submit"));
        assert!(stage.door(&thief).await.has("login-submit"), "what the page said is so");
    }

    async fn rp_13_only_people_of_the_hosted_domain_come_in(stage: Stage of ["google"]) {
        stage.mapae(&["upstream", "update", "google", "--hosted-domain", "corp.example"]).await;
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let left = stage.press(&browser, &door, "google").await;
        assert_eq!(left.answered("hd").as_deref(), Some("corp.example"), "Google shows the right accounts");
        // What is asked for decides nothing: somebody takes it out of the address.
        let page = stage.through(&browser, &door, "google", ("jiwoo", &[])).await;
        assert!(page.has("trouble"), "{} {}", page.status, page.body);
        assert!(stage.accounts().await.is_empty());
        stage.enter(&Browser::default(), "google", ("minseo", &[])).await;
        stage.mapae(&["upstream", "update", "google", "--hosted-domain", ""]).await;
        stage.enter(&Browser::default(), "google", ("jiwoo", &[])).await;
        let refused = stage.run(&["upstream", "add", "kakao", "--name", "k", "--client-id", "x", "--hosted-domain", "corp.example"]).await;
        assert!(String::from_utf8_lossy(&refused.stdout).contains("--hosted-domain"), "{refused:?}");
    }

    /// Any issuer can say that it has checked any address.
    async fn lk_02_rp_11_the_word_of_an_issuer_that_anybody_runs_founds_no_address(stage: Stage of ["google"]) {
        let (simulator, owner) = (stage.simulator("google"), stage.server.user("minji@example.test").await);
        let uri = stage.server.at("/upstream/company/callback");
        simulator.control(Command::RedirectUri { uri, client_id: None }).await.unwrap();
        let (app, base) = (simulator.app(), simulator.base_url());
        let secret = written(stage.server.data(), "company", &app.client_secret.unwrap());
        stage.mapae(&["upstream", "remove", "google"]).await;
        stage
            .mapae(&[
                "upstream", "add", "oidc", "--name", "company", "--issuer", base, "--base-url", base, "--client-id",
                &app.client_id, "--client-secret-file", &secret, "--scopes", "openid email profile",
            ])
            .await;
        let page = stage.come(&Browser::default(), "company", ("minji", &[])).await;
        assert!(page.has("have-account"), "nobody is said to be the owner of that account: {}", page.body);
        sign_up(&Browser::default(), &page, "x").await;
        stage.enter(&Browser::default(), "company", ("jiwoo", &[])).await;
        let made = stage.accounts().await.into_iter().find(|account| account.user.id != owner.id).unwrap();
        assert_eq!(made.user.email, None, "an account is made, without an address");
        stage.mapae(&["upstream", "update", "company", "--trust-emails"]).await;
        stage.enter(&Browser::default(), "company", ("minseo", &[])).await;
        let emails: Vec<_> = stage.accounts().await.into_iter().filter_map(|account| account.user.email).collect();
        assert!(emails.iter().any(|email| email == "minseo@corp.example"), "{emails:?}");
        let page = stage.come(&Browser::default(), "company", ("minji", &[])).await;
        assert!(page.has("linking"), "and now whose account it is must be proved: {}", page.body);
    }

    async fn the_last_used_comes_first(stage: Stage of ["kakao", "naver"]) {
        let buttons = |page: &Page| page.values(".brands a", "id");
        let browser = Browser::default();
        assert_eq!(buttons(&stage.door(&browser).await), ["upstream-kakao", "upstream-naver"]);
        let door = stage.door(&browser).await;
        assert!(!door.has("last-used"));
        stage.press(&browser, &door, "naver").await;
        let door = stage.door(&browser).await;
        assert_eq!(buttons(&door), ["upstream-naver", "upstream-kakao"]);
        assert_eq!(door.text("#last-used").as_deref(), Some("최근 로그인"));
    }

    async fn google_is_not_offered_inside_another_app_and_says_so(stage: Stage of ["kakao", "google"]) {
        let browser = Browser::default();
        let agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 KAKAOTALK 25.9.0";
        let request = browser.client().get(stage.server.at("/sign-in")).header("user-agent", agent);
        let body = request.send().await.unwrap().text().await.unwrap();
        assert!(body.contains("upstream-kakao") && !body.contains("upstream-google"), "{body}");
        assert!(body.contains("kept-out") && body.contains("Safari"), "how to open a real browser");
        assert!(stage.door(&browser).await.has("upstream-google"));
    }

    async fn who_cancels_is_back_where_they_were_and_told_what_to_do(stage: Stage of ["kakao"]) {
        stage.server.user("hong@example.com").await;
        let browser = Browser::default();
        let page = stage.come(&browser, "kakao", ("ryan", &["cancel"])).await;
        assert!(told(&page).contains("카카오 로그인을 취소했어요."), "{}", told(&page));
        assert!(page.has("upstream-kakao"), "it can be tried again");
        assert!(!page.address.as_str().contains("code=") && !page.address.as_str().contains("state="));
        let account = by_password(&browser, &page, "hong@example.com", PASSWORD).await;
        assert!(account.has("services"), "and another way goes on to where the person was going");
    }

    async fn rp_18_a_provider_that_is_down_costs_its_own_button(stage: Stage of ["kakao", "naver"]) {
        let browser = Browser::default();
        let fail = Command::Fail { how: FaultKind::Garbage, path: Some("/oauth/token".into()), code: None, seconds: None, times: None };
        stage.simulator("kakao").control(fail).await.unwrap();
        let page = stage.come(&browser, "kakao", ("ryan", &[])).await;
        assert!(told(&page).contains("응답하지 않아요"), "{}", told(&page));
        stage.enter(&Browser::default(), "naver", ("yuna", &[])).await;
        assert_eq!(stage.accounts().await.len(), 1);
    }

    async fn rp_18_a_provider_that_stalls_keeps_nobody_waiting_who_comes_from_another(
        stage: Stage of ["kakao", "naver"]
    ) {
        // A machine may stand still for as long as Kakao is waited for, but not each time.
        let mut tries = 1;
        while !is_overtaken(&stage).await {
            tries += 1;
            assert!(tries <= 3, "who comes from Naver waits for Kakao");
        }
        assert_eq!(stage.accounts().await.len(), 1);
    }

    async fn a_wrong_secret_is_the_operators_matter(stage: Stage of ["kakao"]) {
        stage.mapae(&["upstream", "remove", "kakao"]).await;
        stage.add("kakao", "kakao", Some("wrong")).await;
        let page = stage.come(&Browser::default(), "kakao", ("ryan", &[])).await;
        assert!(told(&page).contains("지금은 카카오 로그인을 쓸 수 없어요."), "{}", told(&page));
        let words = page.body.split(|letter: char| !letter.is_alphanumeric());
        let code = |word: &&str| word.strip_prefix("KOE").is_some_and(|rest| rest.parse::<u16>().is_ok());
        assert_eq!(words.clone().find(code), None, "what the provider said is for the log");
    }

    async fn a_provider_that_is_switched_off_has_no_button_and_lets_nobody_in(stage: Stage of ["kakao"]) {
        let browser = Browser::default();
        let door = stage.door(&browser).await;
        let left = stage.press(&browser, &door, "kakao").await;
        let back = stage.at_the_provider(&browser, &left, ("ryan", &[])).await;
        assert_eq!(stage.mapae(&["upstream", "disable", "kakao"]).await["changed"], true);
        assert!(!stage.door(&Browser::default()).await.has("upstream-kakao"));
        assert_eq!(browser.visit(back.as_str()).await.status, 404, "switched off while the person was there");
        assert_eq!(stage.press(&browser, &door, "kakao").await.status, 404);
        assert_eq!(stage.mapae(&["upstream", "disable", "kakao"]).await["changed"], false);
        stage.mapae(&["upstream", "enable", "kakao"]).await;
        stage.enter(&browser, "kakao", ("ryan", &[])).await;
    }
}
