//! The service on a port of its own, and a person who walks between it and the provider.

use std::mem;

use axum::{Router, routing::get};
use http::{StatusCode, header};
use mapae_client::{Client, Locale, SignedIn, axum::routes};
use reqwest::redirect::Policy;
use tokio::net::TcpListener;

use super::{Facts, Refusing};
use crate::{
    social::scene::{Back, CALLBACK, Person, Scene, Setup},
    website::{PATIENCE, User},
};

pub(super) const LANGUAGES: [Locale; 2] = [Locale::Ko, Locale::En];

/// A service where a nickname is asked for at the first login.
pub(super) struct Visit {
    pub(super) scene: Scene,
    base: String,
    http: reqwest::Client,
}

/// What the person sees of the service.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) status: StatusCode,
    pub(super) location: Option<String>,
    pub(super) body: String,
}

async fn home(SignedIn { user, .. }: SignedIn<User>) -> String {
    user.nickname
}

async fn serve(client: &Client<User>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let app = Router::new().route("/home", get(home)).merge(routes(client)).with_state(client.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    base
}

impl Visit {
    pub(super) async fn to(facts: &Facts) -> Self {
        let scopes = match facts.refusing {
            Refusing::Scope(_) => {
                Some("openid email profile https://www.googleapis.com/auth/calendar.readonly")
            }
            Refusing::Item(_) | Refusing::Relay(_) => None,
        };
        let scene = Scene::with(facts.id, Setup { sign_up: true, scopes, ..Setup::default() }).await;
        let base = serve(&scene.client).await;
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { scene, base, http }
    }

    /// The same service, set up otherwise.
    pub(super) async fn set_up(mut self, setup: Setup) -> Self {
        self.base = serve(&self.scene.again(&Setup { sign_up: true, ..setup })).await;
        self
    }

    pub(super) async fn open(&self, person: &mut Person, path: &str, language: Locale) -> Shown {
        let request = self.http.get(format!("{}{path}", self.base)).headers(person.cookies.headers());
        self.send(person, request, language).await
    }

    async fn send(&self, person: &mut Person, request: reqwest::RequestBuilder, language: Locale) -> Shown {
        let request =
            request.header(header::ACCEPT, "text/html").header(header::ACCEPT_LANGUAGE, language.as_str());
        let response = request.send().await.unwrap();
        let cookies: Vec<_> = response.headers().get_all(header::SET_COOKIE).iter().cloned().collect();
        person.cookies.take(&cookies);
        let location = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        Shown { status: response.status(), location, body: response.text().await.unwrap() }
    }

    /// Presses the button and does at the provider what there is to do.
    pub(super) async fn go(&self, person: &mut Person, name: &str, items: &[&str]) -> Back {
        let started = self.open(person, "/login", Locale::Ko).await;
        person.at_the_provider(&started.location.unwrap(), name, items).await
    }

    /// Where the login button leads.
    pub(super) async fn button(&self, person: &mut Person) -> String {
        self.open(person, "/login", Locale::Ko).await.location.unwrap()
    }

    /// Follows the provider back to the service, as a browser does: with no cookie of ours in a form of theirs.
    pub(super) async fn come_back(&self, person: &mut Person, back: &Back, language: Locale) -> Shown {
        let arrived = |address: &str| address.strip_prefix("http://localhost:3000").unwrap().to_owned();
        match back {
            Back::Address(address) => self.open(person, &arrived(address.as_str()), language).await,
            Back::Form(form) => {
                let request =
                    self.http.post(format!("{}{}", self.base, arrived(CALLBACK))).body(form.clone());
                let request = request.header(header::ORIGIN, self.scene.simulator.base_url());
                let onwards =
                    self.send(person, request.header("sec-fetch-site", "cross-site"), language).await;
                assert_eq!(onwards.status, StatusCode::SEE_OTHER, "{onwards:?}");
                self.open(person, &onwards.location.unwrap(), language).await
            }
        }
    }

    /// The same to a provider that stalls: the service waits for it no longer than it must here.
    pub(super) async fn come_back_in_vain(
        &mut self,
        person: &mut Person,
        back: &Back,
        language: Locale,
    ) -> Shown {
        let impatient = Setup { sign_up: true, patience: Some(PATIENCE), ..Setup::default() };
        let impatient = serve(&self.scene.again(&impatient)).await;
        let patient = mem::replace(&mut self.base, impatient);
        let shown = self.come_back(person, back, language).await;
        self.base = patient;
        shown
    }

    pub(super) async fn log_in(&self, person: &mut Person, name: &str, items: &[&str]) -> Shown {
        let back = self.go(person, name, items).await;
        self.come_back(person, &back, Locale::Ko).await
    }

    pub(super) async fn sign_up(&self, person: &mut Person) -> Shown {
        let request = self.http.post(format!("{}/sign-up", self.base)).headers(person.cookies.headers());
        let request = request.header(header::ORIGIN, "http://localhost:3000").body("nickname=ryan");
        self.send(person, request, Locale::Ko).await
    }

    /// Somebody who has signed up and is in.
    pub(super) async fn member(&self, facts: &Facts) -> Person {
        let mut person = Person::default();
        assert_eq!(self.log_in(&mut person, facts.name, &[]).await.location.as_deref(), Some("/sign-up"));
        assert_eq!(self.sign_up(&mut person).await.location.as_deref(), Some("/"));
        self.is_in(&mut person).await;
        person
    }

    pub(super) async fn is_in(&self, person: &mut Person) {
        let shown = self.open(person, "/home", Locale::Ko).await;
        assert_eq!((shown.status, shown.body.as_str()), (StatusCode::OK, "ryan"));
    }

    /// Whoever is out is led to the login and comes back to the page that they wanted.
    pub(super) async fn is_out(&self, person: &mut Person) {
        for language in LANGUAGES {
            let shown = self.open(person, "/home", language).await;
            assert_eq!(shown.location.as_deref(), Some("/login?return_to=%2Fhome"), "{shown:?}");
        }
    }

    /// A page in the person's language that says what is wrong and what to do, and nothing of the provider's.
    pub(super) fn says(shown: &Shown, status: u16, language: Locale, words: (&str, &str)) {
        let expected = match language {
            Locale::Ko => words.0,
            Locale::En => words.1,
        };
        assert_eq!(shown.status.as_u16(), status, "{shown:?}");
        let tag = format!("<html lang=\"{}\">", language.as_str());
        assert!(shown.body.contains(&tag) && shown.body.contains(expected), "{expected}: {}", shown.body);
        // With its digit: three letters stand in long random texts, too.
        let kakaos = ["KOE0", "KOE1", "KOE2", "KOE3"];
        for secret in ["code=", "state=", "access_denied", "invalid_", "Exception"].iter().chain(&kakaos) {
            assert!(!shown.body.contains(secret), "{secret}: {}", shown.body);
        }
    }
}
