//! The terms of whoever runs the server: in the steps that make an account, and again when there is a new version.

use mapae::store::term_agreements;
use mapae_testkit::{AppSpec, Authorization, Browser, Engine, Options, Page, TestServer};

use super::stage::{PASSWORD, Stage, by_password, sign_up};

const REQUIRED: (&str, &str) = ("term.service", "2026-11-01");
const OPTIONAL: (&str, &str) = ("term.news", "1");

fn terms(version: &str) -> String {
    format!(
        "[[terms]]\nid = \"service\"\nversion = \"{version}\"\ntitle_ko = \"이용약관\"\ntitle_en = \"Terms\"\n\
         address_ko = \"https://id.example/terms\"\n\
         [[terms]]\nid = \"news\"\nversion = \"1\"\nrequired = \"off\"\ntitle_ko = \"소식 받기\"\ntitle_en = \"News\"\n"
    )
}

/// A server with these terms; `before` is one whose database it takes over.
async fn server(engine: Engine, version: &str, before: Option<&TestServer>) -> TestServer {
    let file = std::env::temp_dir().join(format!("mapae-terms-{}.toml", mapae_protocol::random::text::<9>()));
    std::fs::write(&file, terms(version)).unwrap();
    let settings = vec![("MAPAE_CONFIG".to_owned(), file.display().to_string())];
    let options = match before {
        None => Options { database: TestServer::database_on(engine).await, settings, ..Options::default() },
        Some(before) => Options {
            database: Some(before.database().to_owned()),
            beside: Some(before.data().to_owned()),
            settings,
            ..Options::default()
        },
    };
    let server = TestServer::start_with(options).await;
    std::fs::remove_file(file).unwrap();
    server
}

/// The same with Kakao before it.
async fn stage(engine: Engine) -> Stage {
    Stage::before(server(engine, "2026-11-01", None).await, &["kakao"]).await
}

async fn agreed(server: &TestServer, user_id: &str) -> Vec<(String, String)> {
    let agreed = term_agreements::of_user(server.app().db(), user_id).await.unwrap();
    let mut agreed: Vec<_> =
        agreed.into_iter().map(|agreement| (agreement.term, agreement.version)).collect();
    agreed.sort();
    agreed
}

fn pair(term: &str, version: &str) -> (String, String) {
    (term.to_owned(), version.to_owned())
}

async fn answer(browser: &Browser, page: &Page, button: &str, fields: &[(&str, &str)]) -> Page {
    browser.follow(browser.submit(page, button, fields).await).await
}

/// Each once for each engine.
macro_rules! on_each_engine {
    ($($name:ident)+) => {
        on_each_engine!(@engine sqlite Sqlite $($name)+);
        on_each_engine!(@engine postgres Postgres $($name)+);
    };
    (@engine $module:ident $engine:ident $($name:ident)+) => {
        mod $module {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    super::$name(mapae_testkit::Engine::$engine).await;
                }
            )+
        }
    };
}

on_each_engine! {
    se_07_who_comes_from_a_provider_agrees_before_there_is_an_account
    who_comes_by_a_mailed_link_agrees_too
    a_new_version_of_a_required_term_is_asked_before_anything_else
    se_08_the_step_of_one_page_answers_no_other
    who_is_signed_in_silently_is_not_stopped
    what_was_agreed_to_is_listed_and_optional_terms_are_withdrawn_and_agreed_to
    agreements_to_other_versions_and_to_terms_that_are_gone_are_listed_too
    se_07_nobody_changes_what_another_agreed_to
}

async fn se_07_who_comes_from_a_provider_agrees_before_there_is_an_account(engine: Engine) {
    let stage = stage(engine).await;
    let browser = Browser::default();
    let page = stage.come(&browser, "kakao", ("ryan", &["account_email"])).await;
    assert!(page.has("term-service") && page.has("term-news"), "{} {}", page.status, page.body);
    assert!(
        page.body.contains("이용약관") && page.body.contains("https://id.example/terms"),
        "{}",
        page.body
    );
    assert!(!page.body.contains("checked"), "nothing is ticked beforehand");
    let another = [("name", "라이언"), ("term.service", "2026-10-01")];
    for fields in [&[("name", "라이언")][..], &[("name", "라이언"), OPTIONAL], &another] {
        let refused = browser.submit(&page, "login-submit", fields).await;
        assert!(
            refused.status == 422 && refused.has("term-service-wrong"),
            "{} {}",
            refused.status,
            refused.body
        );
        assert!(stage.accounts().await.is_empty(), "{fields:?}");
    }
    let refused = browser.submit(&page, "login-submit", &[("name", ""), REQUIRED]).await;
    assert!(
        refused.status == 422 && refused.body.contains("checked"),
        "what was ticked stays: {}",
        refused.body
    );
    let account = answer(&browser, &page, "login-submit", &[("name", "라이언"), REQUIRED]).await;
    assert!(account.has("services"), "{} {}", account.status, account.body);
    let made = stage.accounts().await.remove(0).user.id;
    assert_eq!(agreed(&stage.server, &made).await, [pair("service", "2026-11-01")]);
    let again = stage.come(&Browser::default(), "kakao", ("ryan", &[])).await;
    assert!(again.has("services"), "nobody is asked twice: {}", again.body);
}

async fn who_comes_by_a_mailed_link_agrees_too(engine: Engine) {
    let stage = stage(engine).await;
    let browser = Browser::default();
    let door = stage.door(&browser).await;
    let ask = door.values("a[href^='/sign-up']", "href").remove(0);
    let page = browser.visit(door.address.join(&ask).unwrap().as_str()).await;
    browser.submit(&page, "login-submit", &[("email", "new@example.com")]).await;
    let page = browser.visit(&stage.server.link_to("new@example.com").await).await;
    let typed = [("name", "새사람"), ("password", "a-password-of-its-own")];
    let refused = browser.submit(&page, "login-submit", &typed).await;
    assert!(
        refused.status == 422 && refused.has("term-service-wrong"),
        "{} {}",
        refused.status,
        refused.body
    );
    assert!(stage.accounts().await.is_empty());
    let all = [&typed[..], &[REQUIRED, OPTIONAL]].concat();
    let account = answer(&browser, &page, "login-submit", &all).await;
    assert!(account.has("services"), "{} {}", account.status, account.body);
    let made = stage.accounts().await.remove(0).user.id;
    assert_eq!(agreed(&stage.server, &made).await, [pair("news", "1"), pair("service", "2026-11-01")]);
}

/// Whoever is asked goes on by agreeing only.
async fn nothing_leads_round(browser: &Browser, page: &Page) {
    let around = page.address.as_str().replace("/terms?", "/consent?");
    let back = browser.visit(&around).await;
    assert!(back.has("terms-submit"), "{} {}", back.status, back.body);
    for fields in [&[][..], &[OPTIONAL], &[REQUIRED]] {
        let refused = browser.submit(page, "terms-submit", fields).await;
        assert_eq!(refused.status, 422, "{fields:?}");
    }
}

/// The page of one is not answered by another.
async fn nobody_else_answers(server: &TestServer, authorization: &Authorization, page: &Page) {
    let other = server.user("kim@example.com").await;
    let strange = Browser::default();
    let door = strange.visit(&authorization.address(server)).await;
    let theirs = by_password(&strange, &door, &other.email, PASSWORD).await;
    assert!(theirs.has("terms-submit"), "{}", theirs.body);
    assert_eq!(strange.submit(page, "terms-submit", &[("term.service", "2026-12-01")]).await.status, 400);
    assert_eq!(agreed(server, &other.id).await, []);
}

async fn a_new_version_of_a_required_term_is_asked_before_anything_else(engine: Engine) {
    let stage = stage(engine).await;
    let first = Browser::default();
    let page = stage.come(&first, "kakao", ("ryan", &[])).await;
    answer(&first, &page, "login-submit", &[("name", "라이언"), REQUIRED]).await;
    // Somebody whom an operator made has agreed to nothing.
    let user = stage.server.user("hong@example.com").await;
    let next = server(engine, "2026-12-01", Some(&stage.server)).await;
    let app = next.register(AppSpec::default()).await;
    let authorization = Authorization::of(&app, "openid profile");
    let browser = Browser::default();
    let door = browser.visit(&authorization.address(&next)).await;
    let page = by_password(&browser, &door, &user.email, PASSWORD).await;
    assert!(page.has("terms-submit") && page.has("term-news"), "{} {}", page.status, page.body);
    nothing_leads_round(&browser, &page).await;
    nobody_else_answers(&next, &authorization, &page).await;
    let page = answer(&browser, &page, "terms-submit", &[("term.service", "2026-12-01")]).await;
    assert!(page.has("consent-approve"), "{} {}", page.status, page.body);
    assert_eq!(agreed(&next, &user.id).await, [pair("service", "2026-12-01")]);
    let page = browser.submit(&page, "consent-approve", &[]).await;
    assert!(page.answered("code").is_some(), "{} {}", page.status, page.body);
    let again = browser.visit(&authorization.address(&next)).await;
    assert!(again.answered("code").is_some(), "an optional one stops nobody: {}", again.body);
    // Whoever agreed to the former version is asked for this one, and keeps both.
    let made = stage.accounts().await;
    let ryan = &made.iter().find(|account| account.password_hash.is_none()).unwrap().user.id;
    assert_eq!(agreed(&next, ryan).await, [pair("service", "2026-11-01")]);
    let page = first.visit(&authorization.address(&next)).await;
    assert!(page.has("login-submit"), "another server is another site: {}", page.body);
}

/// Where a page must be seen although everything is agreed.
async fn se_08_the_step_of_one_page_answers_no_other(engine: Engine) {
    let next = server(engine, "2026-12-01", None).await;
    let user = next.user("hong@example.com").await;
    let app = next.register(AppSpec::default()).await;
    let authorization = Authorization::of(&app, "openid profile").with("prompt", "consent");
    let browser = Browser::default();
    let door = browser.visit(&authorization.address(&next)).await;
    let terms = by_password(&browser, &door, &user.email, PASSWORD).await;
    let consent = answer(&browser, &terms, "terms-submit", &[("term.service", "2026-12-01")]).await;
    let done = browser.submit(&consent, "consent-approve", &[("all", "1")]).await;
    assert!(done.answered("code").is_some(), "{} {}", done.status, done.body);
    let step_of = |page: &Page| page.values("input[name=step]", "value").remove(0);
    let step = step_of(&terms);
    let shown = browser.submit(&consent, "consent-approve", &[("step", step.as_str())]).await;
    assert_eq!((shown.status.as_u16(), shown.location()), (200, None), "{}", shown.body);
    assert!(shown.has("consent-approve") && shown.has("problem"), "it was not this page: {}", shown.body);
    let step = step_of(&consent);
    let fields = [("step", step.as_str()), ("term.service", "2026-12-01")];
    let refused = browser.submit(&terms, "terms-submit", &fields).await;
    assert_eq!((refused.status.as_u16(), refused.location()), (403, None), "{}", refused.body);
    // Each answers its own.
    let again = browser.submit(&shown, "consent-approve", &[]).await;
    assert!(again.answered("code").is_some(), "{} {}", again.status, again.body);
}

async fn who_is_signed_in_silently_is_not_stopped(engine: Engine) {
    let stage = stage(engine).await;
    let browser = Browser::default();
    let app = stage.server.register(AppSpec::default()).await;
    let authorization = Authorization::of(&app, "openid");
    let page = browser.visit(&authorization.address(&stage.server)).await;
    let page = stage.through(&browser, &page, "kakao", ("ryan", &[])).await;
    let page = answer(&browser, &page, "login-submit", &[("name", "라이언"), REQUIRED]).await;
    assert!(browser.submit(&page, "consent-approve", &[]).await.answered("code").is_some(), "{}", page.body);
    let silent = format!("{}&prompt=none", authorization.address(&stage.server));
    assert!(browser.visit(&silent).await.answered("code").is_some());
}

/// Presses a button beside a term on the account's page.
async fn press(browser: &Browser, page: &Page, button: &str) -> Page {
    let done = answer(browser, page, button, &[]).await;
    assert!(done.has("notice"), "{button} {} {}", done.status, done.body);
    done
}

async fn what_was_agreed_to_is_listed_and_optional_terms_are_withdrawn_and_agreed_to(engine: Engine) {
    let stage = stage(engine).await;
    let browser = Browser::default();
    let page = stage.come(&browser, "kakao", ("ryan", &[])).await;
    let account = answer(&browser, &page, "login-submit", &[("name", "라이언"), REQUIRED]).await;
    let made = stage.accounts().await.remove(0).user.id;
    let seen = account.text("#terms").unwrap();
    assert!(seen.contains("이용약관") && seen.contains("버전 2026-11-01") && seen.contains("방금"), "{seen}");
    assert!(seen.contains("소식 받기") && seen.contains("동의하지 않음"), "{seen}");
    assert!(
        !account.has("withdraw-service") && !account.has("agree-service"),
        "a required one has no button"
    );
    let account = press(&browser, &account, "agree-news").await;
    assert_eq!(agreed(&stage.server, &made).await, [pair("news", "1"), pair("service", "2026-11-01")]);
    stage.advance(3_600);
    let account = press(&browser, &account, "withdraw-news").await;
    assert_eq!(agreed(&stage.server, &made).await, [pair("service", "2026-11-01")]);
    assert!(account.has("agree-news") && !account.has("withdraw-news"), "{}", account.body);
    let again = press(&browser, &account, "agree-news").await;
    let now = term_agreements::of_user(stage.server.app().db(), &made).await.unwrap();
    let news = now.iter().find(|agreement| agreement.term == "news").unwrap();
    assert_eq!(news.agreed_at, stage.server.now(), "anew, and not as if it had never been withdrawn");
    let english = browser.visit(&stage.server.at("/account?lang=en")).await;
    let seen = english.text("#terms").unwrap();
    assert!(seen.contains("Version 1") && seen.contains("News") && seen.contains("Withdraw"), "{seen}");
    assert!(again.has("withdraw-news"));
}

async fn agreements_to_other_versions_and_to_terms_that_are_gone_are_listed_too(engine: Engine) {
    let next = server(engine, "2026-12-01", None).await;
    let user = next.user("hong@example.com").await;
    for (term, version) in [("service", "2026-11-01"), ("gone", "7")] {
        let agree = term_agreements::agree(&user.id, (term, version), next.now());
        next.app().db().commit(agree).await.unwrap();
    }
    let browser = Browser::default();
    let door = browser.visit(&next.at("/account")).await;
    let page = by_password(&browser, &door, &user.email, PASSWORD).await;
    let page = answer(&browser, &page, "terms-submit", &[("term.service", "2026-12-01")]).await;
    let seen = page.text("#terms").unwrap();
    for words in ["2026-11-01", "2026-12-01", "gone", "버전 7"] {
        assert!(seen.contains(words), "{words} in {seen}");
    }
    assert!(!page.has("withdraw-gone") && !page.has("withdraw-service"), "{}", page.body);
}

async fn se_07_nobody_changes_what_another_agreed_to(engine: Engine) {
    let stage = stage(engine).await;
    let (own, other) = (Browser::default(), Browser::default());
    for (browser, who) in [(&own, "ryan"), (&other, "muzi")] {
        let page = stage.come(browser, "kakao", (who, &[])).await;
        answer(browser, &page, "login-submit", &[("name", who), REQUIRED, OPTIONAL]).await;
    }
    let page = stage.door(&own).await;
    let csrf = page.values("#terms input[name=csrf]", "value").remove(0);
    let post = async |browser: &Browser, path: &str, fields: &[(&str, &str)]| {
        let fields: Vec<_> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        browser.post(path, &page, &fields).await.status.as_u16()
    };
    let form = [("csrf", csrf.as_str())];
    assert_eq!(post(&own, "/account/terms/news/withdraw", &[]).await, 403, "without the form's token");
    assert_eq!(post(&other, "/account/terms/news/withdraw", &form).await, 403, "the token is another's");
    for (path, status) in [
        ("/account/terms/service/withdraw", 404),
        ("/account/terms/service/agree", 404),
        ("/account/terms/unheard/withdraw", 404),
        ("/account/terms/news/agree", 400),
    ] {
        assert_eq!(post(&own, path, &form).await, status, "{path}");
    }
    let another = [("csrf", csrf.as_str()), ("version", "2")];
    assert_eq!(post(&own, "/account/terms/news/agree", &another).await, 400, "another version stood there");
    for account in stage.accounts().await {
        let both = [pair("news", "1"), pair("service", "2026-11-01")];
        assert_eq!(agreed(&stage.server, &account.user.id).await, both);
    }
    assert_eq!(post(&own, "/account/terms/news/withdraw", &form).await, 303);
    let left = stage.accounts().await.into_iter().map(|account| account.user.id);
    let mut kept = 0;
    for user in left {
        kept += agreed(&stage.server, &user).await.len();
    }
    assert_eq!(kept, 3, "one's own, and nobody else's");
}

#[tokio::test]
async fn without_terms_nobody_is_asked() {
    let stage = Stage::of(Engine::Sqlite, &["kakao"]).await;
    let browser = Browser::default();
    let page = stage.come(&browser, "kakao", ("ryan", &[])).await;
    assert!(!page.body.contains("term-"), "{}", page.body);
    let account = sign_up(&browser, &page, "라이언").await;
    assert!(account.has("services"), "{}", account.body);
    let lost = browser.visit(&stage.server.at("/terms")).await;
    assert_eq!(lost.status, 400, "without a step there is no such page");
}
