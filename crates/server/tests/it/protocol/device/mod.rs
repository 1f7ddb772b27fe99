//! The device authorization grant — RFC 8628.

mod answers;
mod codes;
mod foreign;
mod guesses;
mod polls;

use mapae_protocol::device::DEVICE_CODE;
use mapae_testkit::{Answer, AppFixture, AppSpec, Browser, Page, TestServer, UserFixture};

/// What an app that runs on a device is registered for.
pub(crate) const GRANTS: &str = "urn:ietf:params:oauth:grant-type:device_code refresh_token";

/// A device that waits.
pub(crate) struct Device {
    pub(crate) app: AppFixture,
    pub(crate) device_code: String,
    pub(crate) user_code: String,
    pub(crate) complete: String,
}

/// An app of televisions: it sends nobody anywhere and keeps no secret.
pub(crate) fn television() -> AppSpec {
    AppSpec {
        name: "거실 TV".to_owned(),
        redirect_uris: Vec::new(),
        public: true,
        grant_types: GRANTS.to_owned(),
        optional: ["email", "profile", "offline_access", "calendar.read"].map(str::to_owned).to_vec(),
        ..AppSpec::default()
    }
}

/// Asks for codes.
pub(crate) async fn ask(server: &TestServer, app: &AppFixture, form: &[(&str, &str)]) -> Answer {
    let path = "/device_authorization";
    match &app.client_secret {
        Some(secret) => server.post(path, Some((&app.client_id, secret)), form).await,
        None => server.post(path, None, &[form, &[("client_id", &app.client_id)]].concat()).await,
    }
}

/// A device that begins to wait.
pub(crate) async fn begin(server: &TestServer, app: &AppFixture, scope: &str) -> Device {
    let answer = ask(server, app, &[("scope", scope)]).await;
    assert_eq!(answer.status, 200, "{}", answer.json);
    Device {
        app: app.clone(),
        device_code: answer.text("device_code"),
        user_code: answer.text("user_code"),
        complete: answer.text("verification_uri_complete"),
    }
}

impl Device {
    pub(crate) async fn poll(&self, server: &TestServer) -> Answer {
        self.poll_as(server, &self.app).await
    }

    pub(crate) async fn poll_as(&self, server: &TestServer, app: &AppFixture) -> Answer {
        server.token(app, &[("grant_type", DEVICE_CODE), ("device_code", &self.device_code)]).await
    }

    /// Types the code in a browser and signs in if asked; where that leads.
    pub(crate) async fn open(&self, server: &TestServer, browser: &Browser, user: &UserFixture) -> Page {
        let page = type_code(server, browser, &self.user_code).await;
        sign_in_at(browser, page, user).await
    }

    /// All that a person does to allow it.
    pub(crate) async fn allow(&self, server: &TestServer, browser: &Browser, user: &UserFixture) {
        let confirm = self.open(server, browser, user).await;
        let done = browser.submit(&confirm, "device-allow", &[("all", "1")]).await;
        assert!(done.has("done"), "{} {}", done.status, done.body);
    }
}

/// A television that waits, and a person who has the page before them on which it is allowed.
pub(crate) struct Confirming {
    pub(crate) app: AppFixture,
    pub(crate) user: UserFixture,
    pub(crate) browser: Browser,
    pub(crate) device: Device,
    pub(crate) page: Page,
}

impl Confirming {
    pub(crate) async fn on(server: &TestServer, browser: Browser, scope: &str) -> Self {
        let app = server.register(television()).await;
        let user = server.user("hong@example.com").await;
        let device = begin(server, &app, scope).await;
        let page = device.open(server, &browser, &user).await;
        Self { app, user, browser, device, page }
    }
}

/// Types a code, whatever it is.
pub(crate) async fn type_code(server: &TestServer, browser: &Browser, code: &str) -> Page {
    let form = browser.visit(&server.at("/device")).await;
    let page = browser.submit(&form, "device-continue", &[("user_code", code)]).await;
    browser.follow(page).await
}

/// Signs in where a page asks for it.
pub(crate) async fn sign_in_at(browser: &Browser, page: Page, user: &UserFixture) -> Page {
    if !page.has("password") {
        return page;
    }
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    browser.follow(browser.submit(&page, "login-submit", &fields).await).await
}
