//! What every story needs: the real program, an app at another site, people, and a browser.

use std::sync::atomic::{AtomicU32, Ordering};

use mapae_e2e::{
    chromium::{self, Chromium, Screen},
    process::{Installation, Process},
    wire::Wire,
};
use mapae_protocol::{params, pkce::CodeVerifier};
use serde_json::Value;

use super::site::Site;

/// Where the app takes answers.
pub(super) const CALLBACK: &str = "/callback";
/// What the app asks for.
pub(super) const SCOPE: &str = "openid profile email calendar.read";
/// Everybody's password.
pub(super) const PASSWORD: &str = "correct horse battery";
/// The API whose scope the app would like to have.
const API: &str = "https://calendar.example";

/// Everything.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) chromium: Chromium,
    pub(super) site: Site,
    pub(super) process: Process,
    pub(super) installation: Installation,
    pub(super) app: App,
    people: AtomicU32,
}

/// The app, whose pages are on the site.
#[derive(Clone, Debug)]
pub(super) struct App {
    pub(super) name: &'static str,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    redirect_uri: String,
}

/// An authorization request of the app.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Where the app sends the browser.
    pub(super) address: String,
    verifier: String,
}

impl Stage {
    /// Sets it up.
    pub(super) async fn set() -> Self {
        let installation = Installation::on_sqlite();
        let (process, site) = tokio::join!(installation.start(), Site::open());
        let scope = "calendar.read=일정 보기|See your calendar";
        run(&installation, &["api", "create", "--identifier", API, "--name", "Calendar", "--scope", scope])
            .await;
        let app = App::create(&installation, &site).await;
        let chromium = chromium::open().await;
        Self { chromium, site, process, installation, app, people: AtomicU32::new(0) }
    }

    /// Somebody new with an account, by their e-mail address.
    pub(super) async fn somebody(&self) -> String {
        let email = format!("gildong{}@example.com", self.people.fetch_add(1, Ordering::Relaxed));
        let words =
            ["user", "create", "--email", &email, "--name", "홍길동", "--email-verified", "--password-stdin"];
        let made = self.installation.run(&words, &format!("{PASSWORD}\n")).await;
        made.unwrap_or_else(|complaint| panic!("{complaint}"));
        email
    }

    /// An address on the server.
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.process.node().issuer)
    }

    /// The ordinary request of the app, with some more parameters.
    pub(super) fn asked(&self, more: &[(&str, &str)]) -> Asked {
        let verifier = CodeVerifier::generate();
        let challenge = verifier.challenge().to_string();
        let parameters = [
            ("response_type", "code"),
            ("client_id", self.app.client_id.as_str()),
            ("redirect_uri", self.app.redirect_uri.as_str()),
            ("scope", SCOPE),
            ("state", "af0ifjsldkj"),
            ("resource", API),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        let replaced = |name| more.iter().any(|(other, _)| *other == name);
        let kept = parameters.into_iter().filter(|(name, _)| !replaced(*name));
        let query = params::encode(kept.chain(more.iter().copied()));
        Asked { address: self.at(&format!("/authorize?{query}")), verifier: verifier.expose().to_owned() }
    }

    /// Shows the app's own page in the browser, with a link that leads to the server.
    pub(super) async fn visit_app(&self, asked: &Asked) {
        let link = asked.address.replace('&', "&amp;");
        self.site.show("/", &format!("<h1>App</h1><a id=sign-in href=\"{link}\">Sign in</a>"));
        self.chromium.goto(&self.site.at("/")).await;
    }

    /// Signs somebody in at the page that is shown.
    pub(super) async fn sign_in(&self, email: &str) {
        self.chromium.fill("email", email).await;
        self.chromium.fill("password", PASSWORD).await;
        self.chromium.click("login-submit").await;
    }

    /// Signs somebody in to their own account, without an app.
    pub(super) async fn sign_in_to_account(&self, email: &str) {
        self.chromium.goto(&self.at("/account")).await;
        self.sign_in(email).await;
        self.chromium.wait_for("services").await;
    }

    /// Signs somebody in to the app, and agrees to everything.
    pub(super) async fn connect(&mut self, email: &str) -> Value {
        let asked = self.asked(&[]);
        self.chromium.goto(&asked.address).await;
        self.sign_in(email).await;
        self.chromium.click("agree-all").await;
        self.chromium.click("consent-approve").await;
        let landing = self.site.visit(CALLBACK).await;
        self.redeem(&asked, landing.field("code").expect("there is a code")).await
    }

    /// What the app gets for a code, from its own server.
    pub(super) async fn redeem(&self, asked: &Asked, code: &str) -> Value {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.app.redirect_uri),
            ("code_verifier", &asked.verifier),
        ];
        self.token(&form).await
    }

    /// What the app is answered at the token endpoint.
    pub(super) async fn token(&self, form: &[(&str, &str)]) -> Value {
        let credential =
            [("client_id", self.app.client_id.as_str()), ("client_secret", &self.app.client_secret)];
        let reply = Wire::to(self.process.node()).post("/token", &[], &[form, &credential].concat()).await;
        reply.expect("the server answers").json()
    }

    /// Nothing was loaded from elsewhere, nothing was against the policy of a page, and the server had no fault.
    pub(super) async fn was_clean(&self) {
        assert_eq!(self.chromium.complaints().await, Vec::<String>::new());
        let own = [self.at("/"), self.site.at("/")];
        for exchange in self.chromium.exchanges().await {
            let address = &exchange.address;
            let known = own.iter().any(|own| address.starts_with(own));
            assert!(known, "az_40: nothing is loaded from elsewhere: {exchange:?}");
        }
        assert_eq!(self.installation.faults(), Vec::<String>::new());
    }

    /// Hands the browser over to somebody new, on another screen.
    pub(super) async fn hand_over(&mut self, screen: Screen) -> String {
        self.chromium.hand_over(screen).await;
        self.somebody().await
    }

    /// Clears the stage.
    pub(super) async fn clear(self) {
        self.chromium.close().await;
    }
}

impl App {
    async fn create(installation: &Installation, site: &Site) -> Self {
        let (name, redirect_uri) = ("나의 서비스", site.at(CALLBACK));
        let words = ["app", "create", "--name", name, "--redirect-uri", &redirect_uri];
        let required = ["--required-scope", "openid", "--required-scope", "profile"];
        let optional = ["--optional-scope", "email", "--optional-scope", "calendar.read"];
        let made = run(installation, &[&words[..], &required, &optional].concat()).await;
        let text = |name: &str| made.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { name, client_id: text("client_id"), client_secret: text("client_secret"), redirect_uri }
    }
}

/// Carries out a command of the program that must succeed.
pub(super) async fn run(installation: &Installation, words: &[&str]) -> Value {
    installation.run(words, "").await.unwrap_or_else(|complaint| panic!("{complaint}"))
}
