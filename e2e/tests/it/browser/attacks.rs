//! Pages of another site that turn a signed-in person's browser against them — threats SE-02, SE-05, SE-06, AD-06.

use mapae_e2e::chromium::Screen;
use serde_json::{Value, json};

use super::stage::{CALLBACK, PASSWORD, Stage, run};

/// A page that sends a form as soon as it is opened.
fn auto_posting(action: &str, fields: &[(&str, &str)]) -> String {
    let fields =
        fields.iter().map(|(name, value)| format!("<input type=hidden name='{name}' value='{value}'>"));
    let fields: String = fields.collect();
    format!("<form method=post action='{action}'>{fields}</form><script>document.forms[0].submit()</script>")
}

/// What the attacker could never know, and still must not be enough.
struct Known {
    csrf: String,
    step: String,
    service: String,
    own_app: String,
}

impl Known {
    async fn of(stage: &Stage) -> Self {
        let chromium = &stage.chromium;
        chromium.goto(&stage.asked(&[("prompt", "consent")]).address).await;
        chromium.wait_for("consent-approve").await;
        let step = chromium.read("return document.querySelector('[name=step]').value;").await;
        chromium.goto(&stage.at("/console")).await;
        let own_app = chromium.read("return document.querySelector('main .list a').pathname;").await;
        chromium.goto(&stage.at("/account")).await;
        let csrf = chromium.read("return document.querySelector('[name=csrf]').value;").await;
        let service = chromium.read("return document.querySelector('#services a').pathname;").await;
        assert!([&csrf, &step, &service, &own_app].iter().all(|known| !known.is_empty()));
        Self { csrf, step, service, own_app }
    }
}

/// Everything that another site might post, with the names of the forms' fields.
fn forgeries<'k>(known: &'k Known, email: &'k str) -> Vec<(String, Vec<(&'k str, &'k str)>)> {
    let csrf = ("csrf", known.csrf.as_str());
    let step = ("step", known.step.as_str());
    let new = [csrf, ("present_password", PASSWORD), ("new_password", "stolen horse battery")];
    let app =
        [csrf, ("name", "Evil"), ("kind", "confidential"), ("redirect_uris", "https://evil.example/cb")];
    let posted = |path: &str, fields: &[(&'k str, &'k str)]| (path.to_owned(), fields.to_vec());
    vec![
        posted("/sign-in", &[step, ("email", email), ("password", PASSWORD)]),
        posted("/consent", &[step, ("all", "1"), ("decision", "approve")]),
        posted("/select-account", &[step, ("account", "this")]),
        posted("/account/password", &new),
        posted("/account/browsers/end-others", &[csrf]),
        posted("/sign-out", &[csrf]),
        posted("/sign-up", &[("email", "victim@example.com")]),
        posted("/password/forgot", &[("email", email)]),
        posted("/console/apps/new", &app),
        posted(&format!("{}/disconnect", known.service), &[csrf]),
        posted(&format!("{}/drop", known.service), &[csrf, ("item", "email")]),
        posted(&format!("{}/state", known.own_app), &[csrf, ("decision", "disable")]),
        posted(&format!("{}/secrets", known.own_app), &[csrf, ("decision", "replace")]),
        posted(&format!("{}/delete", known.own_app), &[csrf, ("name", "Own")]),
    ]
}

/// What must be the same before and after.
async fn state(stage: &Stage) -> (Value, String) {
    let apps = run(&stage.installation, &["app", "list"]).await;
    stage.chromium.goto(&stage.at("/account")).await;
    let consents = stage.chromium.text("#services .chips").await;
    (apps, consents)
}

#[tokio::test]
async fn se_05_ad_06_forms_of_another_site_are_refused_and_change_nothing() {
    let mut stage = Stage::set().await;
    let email = stage.hand_over(Screen::desk("ko")).await;
    stage.connect(&email).await;
    let words =
        ["app", "create", "--name", "Own", "--redirect-uri", "https://own.example/cb", "--owner", &email];
    run(&stage.installation, &[&words[..], &["--required-scope", "openid"]].concat()).await;
    let known = Known::of(&stage).await;
    let before = state(&stage).await;
    assert!(before.1.contains("일정 보기"), "{before:?}");
    stage.site.others();
    for (path, fields) in forgeries(&known, &email) {
        let target = stage.at(&path);
        stage.site.show("/attack", &auto_posting(&target, &fields));
        stage.chromium.exchanges().await;
        stage.chromium.goto(&stage.site.at("/attack")).await;
        let left = "return location.hostname === 'localhost' && document.readyState === 'complete';";
        stage.chromium.wait_until(left).await;
        let sent = stage.chromium.exchanges().await.into_iter().find(|exchange| exchange.address == target);
        let status = sent.and_then(|sent| sent.status);
        assert_eq!(status, Some(403), "{path}: {}", stage.chromium.text("body").await);
        assert!(stage.chromium.text("body").await.contains("This request came from another site"), "{path}");
    }
    let arrived: Vec<_> = stage.site.others().into_iter().filter(|visit| visit.path == CALLBACK).collect();
    assert!(arrived.is_empty(), "no code was issued: {arrived:?}");
    assert_eq!(state(&stage).await, before);
    stage.chromium.hand_over(Screen::desk("ko")).await;
    stage.sign_in_to_account(&email).await;
    assert_eq!(stage.installation.faults(), Vec::<String>::new());
    stage.clear().await;
}

#[tokio::test]
async fn se_05_a_form_of_our_own_page_is_accepted_in_the_same_browser() {
    // Without this the test above could pass because nothing is ever accepted.
    let mut stage = Stage::set().await;
    let email = stage.hand_over(Screen::desk("en")).await;
    stage.connect(&email).await;
    stage.chromium.goto(&stage.at("/sign-out")).await;
    stage.chromium.shot("sign-out").await;
    stage.chromium.click("logout-confirm").await;
    stage.chromium.wait_without("logout-confirm").await;
    stage.chromium.goto(&stage.at("/account")).await;
    stage.chromium.wait_for("login-submit").await;
    stage.was_clean().await;
    stage.clear().await;
}

#[tokio::test]
async fn se_06_no_page_is_shown_in_a_frame_of_another_site() {
    let mut stage = Stage::set().await;
    let email = stage.hand_over(Screen::desk("en")).await;
    stage.connect(&email).await;
    stage.site.show("/harmless", "<h1 id=framed>Framed</h1>");
    let mut pages = vec![stage.site.at("/harmless"), stage.asked(&[("prompt", "consent")]).address];
    for path in ["/sign-in", "/sign-up", "/account", "/console", "/sign-out", "/no-such-page"] {
        pages.push(stage.at(path));
    }
    pages.push(stage.asked(&[("client_id", "app_unknown")]).address);
    stage.chromium.complaints().await;
    for (number, page) in pages.iter().enumerate() {
        let source = page.replace('&', "&amp;");
        stage.site.show("/frame", &format!("<iframe width=800 height=600 src=\"{source}\"></iframe>"));
        stage.chromium.goto(&stage.site.at("/frame")).await;
        stage.chromium.enter_frame(true).await;
        if number == 0 {
            stage.chromium.wait_for("framed").await;
        } else {
            stage.chromium.wait_until("return location.protocol === 'chrome-error:';").await;
            stage.chromium.complains_of("frame-ancestors").await;
        }
        stage.chromium.enter_frame(false).await;
    }
    stage.clear().await;
}

#[tokio::test]
async fn az_28_a_silent_request_in_a_frame_of_another_site_tells_nothing_of_who_is_signed_in() {
    let mut stage = Stage::set().await;
    let email = stage.hand_over(Screen::desk("en")).await;
    stage.connect(&email).await;
    let silent = stage.asked(&[("prompt", "none")]).address;
    stage.chromium.goto(&silent).await;
    assert!(stage.site.visit(CALLBACK).await.field("code").is_some(), "it is answered in the open");
    let source = silent.replace('&', "&amp;");
    stage.site.show("/frame", &format!("<iframe src=\"{source}\"></iframe>"));
    stage.chromium.goto(&stage.site.at("/frame")).await;
    let landing = stage.site.visit(CALLBACK).await;
    assert_eq!((landing.field("code"), landing.field("error")), (None, Some("login_required")));
    stage.was_clean().await;
    stage.clear().await;
}

#[tokio::test]
async fn se_02_a_step_that_somebody_else_began_is_worth_nothing_here() {
    let mut stage = Stage::set().await;
    let attacker = mapae_testkit::Browser::speaking("ko");
    for screen in Screen::ALL {
        stage.chromium.hand_over(screen).await;
        let begun = attacker.visit(&stage.asked(&[]).address).await;
        assert!(begun.has("login-submit"), "{}", begun.body);
        stage.site.show("/lure", &format!("<a id=lure href=\"{}\">Win</a>", begun.address));
        stage.chromium.goto(&stage.site.at("/lure")).await;
        stage.chromium.click("lure").await;
        stage.chromium.wait_for("support-id").await;
        let heading = stage.chromium.text("h1").await;
        assert_eq!(
            heading,
            screen.says("이 브라우저에서 시작한 로그인이 아니에요", "This sign-in began in another browser")
        );
        stage.chromium.shot("other-browser").await;
    }
    stage.was_clean().await;
    stage.clear().await;
}

#[tokio::test]
async fn se_29_another_site_reads_nothing_and_has_no_hand_on_our_windows() {
    let mut stage = Stage::set().await;
    let email = stage.hand_over(Screen::desk("en")).await;
    stage.connect(&email).await;
    stage.chromium.goto(&stage.site.at("/harmless")).await;
    let read = "const [address, done] = arguments; fetch(address, {credentials: 'include'}).then( \
                () => done('read'), () => done('refused'));";
    for path in ["/account", "/sign-in", "/console"] {
        assert_eq!(
            stage.chromium.ask_later(read, vec![json!(stage.at(path))]).await,
            json!("refused"),
            "{path}"
        );
    }
    let token = stage.chromium.ask_later(read, vec![json!(stage.at("/jwks"))]).await;
    assert_eq!(token, json!("refused"), "credentials are never allowed, not even where everybody may read");
    stage.clear().await;
}
