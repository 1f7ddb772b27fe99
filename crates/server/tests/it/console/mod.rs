//! The developer console over HTTP, against the whole server.

mod changing;
mod ending;
mod grants;
mod icons;
mod members;
mod one_id;
mod races;
mod registering;
mod secrecy;
mod secrets;
mod security;
mod texts;
mod unverified;
mod who_may;

use mapae::store::apps::{self, RegisteredApp};
use mapae_testkit::{AppFixture, Browser, Page, TestServer, UserFixture};

/// A developer at the console.
pub(crate) struct Developer {
    pub(crate) user: UserFixture,
    pub(crate) browser: Browser,
}

pub(super) const REDIRECT: &str = "https://my.example/callback";

/// Somebody who signs in on the way to the console.
pub(crate) async fn developer(server: &TestServer, email: &str) -> Developer {
    signed_in(server, server.user(email).await).await
}

/// The operator of the server, likewise.
pub(super) async fn operator(server: &TestServer, email: &str) -> Developer {
    signed_in(server, server.operator(email).await).await
}

async fn signed_in(server: &TestServer, user: UserFixture) -> Developer {
    let browser = Browser::speaking("en");
    let sign_in = browser.visit(&server.at("/console")).await;
    let fields = [("email", user.email.as_str()), ("password", user.password.as_str())];
    let home = browser.follow(browser.submit(&sign_in, "login-submit", &fields).await).await;
    assert_eq!((home.status.as_u16(), home.address.path()), (200, "/console"), "{}", home.body);
    Developer { user, browser }
}

impl Developer {
    /// Sends the form for a new app.
    pub(super) async fn try_register(&self, server: &TestServer, fields: &[(&str, &str)]) -> Page {
        let form = self.browser.open(&server.at("/console/apps/new")).await;
        self.browser.submit(&form, "app-create", fields).await
    }

    /// A confidential app, and the page that shows its secret.
    pub(crate) async fn register(&self, server: &TestServer, name: &str) -> AppFixture {
        let page = self.try_register(server, &[("name", name), ("redirect_uris", REDIRECT)]).await;
        fixture(&page)
    }

    /// A public app.
    pub(super) async fn register_public(&self, server: &TestServer, name: &str, uri: &str) -> AppFixture {
        let fields = [("name", name), ("kind", "public"), ("redirect_uris", uri)];
        let page = self.browser.follow(self.try_register(server, &fields).await).await;
        assert!(page.has("notice"), "{}", page.body);
        let client_id = page.text("#client-id").unwrap();
        AppFixture { client_id, client_secret: None, redirect_uri: uri.to_owned() }
    }

    /// The page of an app.
    pub(crate) async fn page(&self, server: &TestServer, id: &str) -> Page {
        self.browser.open(&server.at(&format!("/console/apps/{id}"))).await
    }

    /// Sends one form of an app's page.
    pub(crate) async fn save(
        &self,
        server: &TestServer,
        id: &str,
        button: &str,
        fields: &[(&str, &str)],
    ) -> Page {
        let page = self.page(server, id).await;
        assert_eq!(page.status, 200, "{}", page.body);
        self.browser.submit(&page, button, fields).await
    }
}

/// The app that the page with its secret is about.
pub(super) fn fixture(page: &Page) -> AppFixture {
    assert_eq!(page.status, 200, "{}", page.body);
    AppFixture {
        client_id: page.text("#client-id").expect("the id is shown"),
        client_secret: Some(page.text("#client-secret").expect("the secret is shown")),
        redirect_uri: REDIRECT.to_owned(),
    }
}

/// What the server keeps of an app.
pub(crate) async fn kept(server: &TestServer, id: &str) -> RegisteredApp {
    apps::find(server.app().db(), id).await.unwrap().unwrap()
}

/// The path to which a form that was carried out leads.
pub(crate) fn led_to(page: &Page) -> String {
    assert_eq!(page.status, 303, "{}", page.body);
    let location = page.location().unwrap();
    location
        .query()
        .map_or_else(|| location.path().to_owned(), |query| format!("{}?{query}", location.path()))
}
