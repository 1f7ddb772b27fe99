//! Apple로 로그인 in a real Chromium: the answer is posted from another site, and no cookie of ours comes with it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{Router, routing::get};
use mapae_client::{
    Accounts, Answers, BoxError, Client, ClientRegistration, CreateError, Definition, EndUser, Field,
    Identity, Provider, ProviderSettings, SignedIn, Vault, axum::routes,
};
use mapae_e2e::chromium;
use mapae_simulators::{Settings, Simulator};
use tempfile::TempDir;
use tokio::net::TcpListener;

#[derive(Clone, Default)]
struct Users(Arc<Mutex<HashMap<EndUser, String>>>);

impl Accounts for Users {
    type User = String;

    async fn find(&self, person: &EndUser) -> Result<Option<String>, BoxError> {
        Ok(self.0.lock().unwrap().get(person).cloned())
    }

    async fn create(&self, identity: &Identity, answers: &Answers) -> Result<String, CreateError> {
        let nickname = answers.text("nickname").unwrap_or_default();
        let user = format!("{nickname} = {}", identity.name().unwrap_or_default());
        self.0.lock().unwrap().insert(identity.person().clone(), user.clone());
        Ok(user)
    }
}

async fn home(SignedIn { user, .. }: SignedIn<String>) -> axum::response::Html<String> {
    axum::response::Html(format!("<!doctype html><title>home</title><p id=\"user\">{user}</p>"))
}

/// Apple is `localhost` and the service `127.0.0.1`: two sites, as in life.
async fn service() -> (String, Simulator, TempDir) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let callback = format!("{base}/callback");
    let settings = Settings { redirect_uris: vec![callback.clone()], ..Settings::default() };
    let apple = Simulator::start(mapae_simulators::Provider::Apple, settings).await.unwrap();
    assert!(apple.base_url().starts_with("http://localhost:"));
    let app = apple.app();
    let key = include_str!("../../../../crates/simulators/assets/AuthKey_SIMULATED1.p8");
    let registration = ClientRegistration::new(app.client_id, callback)
        .with_credential("team_id", app.team_id.unwrap())
        .with_credential("key_id", "SIMULATED1")
        .with_credential("private_key", key);
    let definition = Definition::named("apple").unwrap().at(apple.base_url());
    let provider =
        Provider::new(definition, registration, ProviderSettings::new("apple").for_development()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::open(folder.path().join("client.db")).unwrap();
    let builder = Client::builder(vault, Users::default()).name("shop").provider(provider);
    let client = builder.sign_up([Field::required("nickname")]).build().unwrap();
    let router = Router::new().route("/", get(home)).merge(routes(&client)).with_state(client);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (base, apple, folder)
}

#[tokio::test]
async fn rp_15_the_answer_of_another_site_finds_the_cookies_of_this_one() {
    let (base, apple, _folder) = service().await;
    let browser = chromium::open().await;
    browser.goto(&base).await;
    browser.click("login-as-haru").await;
    browser.click("consent-approve").await;
    browser.wait_for("sign-up-submit").await;
    let addresses: Vec<String> =
        browser.exchanges().await.into_iter().map(|exchange| exchange.address).collect();
    let ours: Vec<&String> = addresses.iter().filter(|address| address.starts_with(&base)).collect();
    assert!(ours.iter().any(|address| address.ends_with("/callback")), "{ours:?}");
    assert!(ours.iter().all(|address| !address.contains("code=") && !address.contains("state=")), "{ours:?}");
    browser.wait_until("document.querySelector('input[name=nickname]').value = 'haru'; return true").await;
    browser.click("sign-up-submit").await;
    browser.wait_for("user").await;
    assert_eq!(browser.text("#user").await, "haru = Haru Yoon");
    browser.close().await;
    apple.stop().await;
}
