//! Forms that are not from the person's own page, and things that are not theirs — threats SE-05, AD-06.

use mapae::store::{consents, sessions, users};
use mapae_testkit::{AppSpec, Authorization, Browser, Page, TestServer, UserFixture};

use super::{NEW_PASSWORD, account, for_each_engine, gets_in, is_in};

/// A person with a connected service and two browsers.
struct Somebody {
    user: UserFixture,
    here: Browser,
    page: Page,
    service: String,
    there: String,
}

impl Somebody {
    async fn new(server: &TestServer, email: &str) -> Self {
        let app = server.register(AppSpec::default()).await;
        let user = server.user(email).await;
        let (here, there) = (Browser::default(), Browser::default());
        server.code(&there, &user, &Authorization::of(&app, "openid email")).await;
        let elsewhere = sessions::list(server.app().db(), &user.id, server.now()).await.unwrap().remove(0).id;
        let page = account(server, &here, &user).await;
        let consent = consents::find(server.app().db(), &user.id, &app.client_id).await.unwrap().unwrap();
        Self { user, here, page, service: consent.id, there: elsewhere }
    }

    fn csrf(&self) -> String {
        self.page.values("input[name=csrf]", "value").remove(0)
    }

    /// Every form that a signed-in person can send, filled in.
    fn forms(&self) -> Vec<(String, Vec<(&'static str, String)>)> {
        let password =
            vec![("present_password", self.user.password.clone()), ("new_password", NEW_PASSWORD.to_owned())];
        vec![
            (format!("/account/services/{}/drop", self.service), vec![("item", "email".to_owned())]),
            (format!("/account/services/{}/disconnect", self.service), Vec::new()),
            (format!("/account/browsers/{}/end", self.there), Vec::new()),
            ("/account/browsers/end-others".to_owned(), Vec::new()),
            ("/account/password".to_owned(), password),
            ("/sign-out".to_owned(), Vec::new()),
        ]
    }

    /// What could have changed.
    async fn state(&self, server: &TestServer) -> impl PartialEq + std::fmt::Debug + use<> {
        let db = server.app().db();
        let living = sessions::list(db, &self.user.id, server.now()).await.unwrap();
        (
            users::by_id(db, &self.user.id).await.unwrap(),
            consents::connected(db, &self.user.id).await.unwrap(),
            living.into_iter().map(|session| (session.id, session.epoch)).collect::<Vec<_>>(),
        )
    }
}

async fn post(
    browser: &Browser,
    page: &Page,
    action: &str,
    fields: &[(&str, String)],
    csrf: Option<&str>,
) -> Page {
    let csrf = csrf.map(|csrf| ("csrf", csrf.to_owned()));
    let fields = fields.iter().cloned().chain(csrf).map(|(name, value)| (name.to_owned(), value));
    browser.post(action, page, &fields.collect::<Vec<_>>()).await
}

for_each_engine! {
    async fn se_05_ad_06_a_form_without_this_sessions_token_changes_nothing(server: TestServer) {
        let victim = Somebody::new(&server, "hong@example.com").await;
        let evil = Somebody::new(&server, "evil@example.com").await;
        let other_session = account(&server, &Browser::default(), &victim.user).await;
        let sign_up = victim.here.visit(&server.at("/sign-in?account=other")).await;
        let (foreign, other) = (evil.csrf(), other_session.values("input[name=csrf]", "value").remove(0));
        let step = sign_up.values("input[name=step]", "value").remove(0);
        let changed = format!("{}A", victim.csrf());
        let tokens = [
            None, Some(""), Some("x"), Some(foreign.as_str()), Some(other.as_str()), Some(step.as_str()), Some(changed.as_str()),
        ];
        let before = victim.state(&server).await;
        for (action, fields) in victim.forms() {
            for token in tokens {
                let page = post(&victim.here, &victim.page, &action, &fields, token).await;
                assert_eq!(page.status, 403, "{action} {token:?}");
                assert!(page.location().is_none());
            }
            let mut twice = fields.clone();
            twice.push(("csrf", victim.csrf()));
            let page = post(&victim.here, &victim.page, &action, &twice, Some(&victim.csrf())).await;
            assert_eq!(page.status, 400, "{action}");
        }
        assert_eq!(victim.state(&server).await, before);
        assert!(is_in(&server, &victim.here).await);
    }

    async fn ad_06_what_belongs_to_somebody_else_is_not_found(server: TestServer) {
        let victim = Somebody::new(&server, "hong@example.com").await;
        let evil = Somebody::new(&server, "evil@example.com").await;
        let before = victim.state(&server).await;
        for (action, fields) in victim.forms().into_iter().take(3) {
            let page = post(&evil.here, &evil.page, &action, &fields, Some(&evil.csrf())).await;
            assert_eq!(page.status, 404, "{action}");
            let unknown = action.replace(&victim.service, "con_unknown").replace(&victim.there, "ses_unknown");
            let nothing = post(&evil.here, &evil.page, &unknown, &fields, Some(&evil.csrf())).await;
            assert_eq!((nothing.status, nothing.text("main")), (page.status, with_the_id_of(&page, &nothing)));
        }
        for path in ["", "/disconnect"] {
            let address = server.at(&format!("/account/services/{}{path}", victim.service));
            let page = evil.here.visit(&address).await;
            assert_eq!(page.status, 404, "{path}");
            assert!(!page.body.contains("시험 앱"));
        }
        assert_eq!(victim.state(&server).await, before);
        assert!(is_in(&server, &victim.here).await);
    }
}

/// The text of a page with the support id of another one.
fn with_the_id_of(page: &Page, other: &Page) -> Option<String> {
    let id = |page: &Page| page.headers["x-request-id"].to_str().unwrap().to_owned();
    page.text("main").map(|text| text.replace(&id(page), &id(other)))
}

#[tokio::test]
async fn ad_06_nothing_changes_by_a_link() {
    let server = TestServer::start().await;
    let victim = Somebody::new(&server, "hong@example.com").await;
    let before = victim.state(&server).await;
    for (action, fields) in victim.forms() {
        let query = fields.iter().map(|(name, value)| (*name, value.as_str()));
        let query = mapae_protocol::params::encode(
            query.chain([("csrf", victim.csrf().as_str()), ("_method", "POST")]),
        );
        let page = victim.here.open(&server.at(&format!("{action}?{query}"))).await;
        assert!(matches!(page.status.as_u16(), 200 | 303 | 405), "{action} {}", page.status);
    }
    assert_eq!(victim.state(&server).await, before);
    assert!(gets_in(&server, &victim.user.email, &victim.user.password).await);
}

#[tokio::test]
async fn se_05_a_form_from_another_site_is_refused_even_with_the_token() {
    let server = TestServer::start().await;
    let victim = Somebody::new(&server, "hong@example.com").await;
    let before = victim.state(&server).await;
    for (action, mut fields) in victim.forms() {
        fields.push(("csrf", victim.csrf()));
        for (name, value) in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "http://localhost:1"),
        ] {
            let request = victim.here.client().post(server.at(&action)).header(name, value);
            let answer = request.form(&fields).send().await.unwrap();
            assert_eq!(answer.status(), 403, "{action} {name} {value}");
        }
    }
    assert_eq!(victim.state(&server).await, before);
}

#[tokio::test]
async fn a_form_of_somebody_who_was_signed_out_is_not_sent_again() {
    let server = TestServer::start().await;
    let victim = Somebody::new(&server, "hong@example.com").await;
    let id = sessions::list(server.app().db(), &victim.user.id, server.now()).await.unwrap();
    for session in &id {
        server.write(sessions::end(&session.id, &victim.user.id, server.now())).await;
    }
    for (action, fields) in victim.forms().into_iter().take(5) {
        let page = post(&victim.here, &victim.page, &action, &fields, Some(&victim.csrf())).await;
        assert_eq!((page.status.as_u16(), page.location().unwrap().path()), (303, "/sign-in"), "{action}");
        let page = victim.here.follow(page).await;
        let back = super::sign_in(&victim.here, &page, &victim.user.email, &victim.user.password).await;
        assert_eq!(back.address.path(), "/account", "{action}");
        let living = sessions::list(server.app().db(), &victim.user.id, server.now()).await.unwrap();
        server.write(sessions::end(&living[0].id, &victim.user.id, server.now())).await;
    }
    assert_eq!(consents::connected(server.app().db(), &victim.user.id).await.unwrap().len(), 1);
}
