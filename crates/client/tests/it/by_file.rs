//! Providers without OpenID Connect: GitHub as compiled in, and another one by a file of the application.

use mapae_client::{
    AccessError, CallbackError, Class, Client, ClientRegistration, Definition, EndUser, Error, Field,
    Identity, LoginRequest, Provider, ProviderSettings, Setting, Vault, Verification,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    forge::{CALLBACK, CLIENT, Forge, SECRET},
    website::{Browser, TestClock, User, Users},
};

/// What an application writes for a provider of which nobody has heard.
const FILE: &str = r##"
schema = 1
id = "octopus"
label = { ko = "문어", en = "Octopus" }
issuer = "{base}"
openid = "never"

[endpoints]
authorization = "{base}/authorize"
token = "{base}/token"
user_info = "{base}/api/me"

[authorization]
scopes = ["profile", "mail"]
iss = "{base}/login/oauth"

[token]
authentication = "basic"
secret_required = true

[user_info]
inside = "/data/user"
success = { at = "/ok", is = true }

[identity]
subject = ["/user_info/uuid"]

[identity.claims]
nickname = { from = ["/user_info/display/nick"] }
phone_number = { from = ["/user_info/cell"], form = "phone" }

[[identity.emails]]
address = ["/user_info/mail/address"]
verified = ["/user_info/mail/checked"]
texts_are_true = true

[[errors]]
place = "refresh"
at = "/error"
is = ["invalid_grant"]
class = "sign_in_again"

[button]
background = "#FFFFFF"
foreground = "#000000"
sign_in = { ko = "문어로 로그인", en = "Sign in with Octopus" }
"##;

struct Service {
    forge: Forge,
    client: Client<User>,
    clock: TestClock,
    _folder: TempDir,
}

impl Service {
    async fn github() -> Self {
        Self::with(|forge| Definition::named("github").unwrap().at(forge.url()), SECRET).await
    }

    async fn octopus() -> Self {
        Self::with(|forge| Definition::parse(FILE).unwrap().with("base", forge.url()), SECRET).await
    }

    async fn with(definition: impl Fn(&Forge) -> Definition, secret: &str) -> Self {
        let (forge, clock, folder) = (Forge::start().await, TestClock::new(), tempfile::tempdir().unwrap());
        let registration = ClientRegistration::new(CLIENT, CALLBACK).with_secret(secret);
        let settings = ProviderSettings::new("forge").for_development();
        let provider = Provider::new(definition(&forge), registration, settings).unwrap();
        let vault = Vault::open(folder.path().join("client.db")).unwrap();
        let builder = Client::builder(vault, Users::default()).provider(provider).clock(clock.clock());
        let client = builder.sign_up([Field::required("nickname")]).build().unwrap();
        Self { forge, client, clock, _folder: folder }
    }

    async fn begin(&self, browser: &mut Browser) -> String {
        let started = self.client.login(&LoginRequest::new(), &browser.headers()).await.unwrap();
        browser.take(&started.cookies);
        started.location
    }

    async fn come_back(&self, browser: &mut Browser, query: &str) -> Result<String, Error> {
        let arrived = self.client.callback("forge", Some(query), &browser.headers()).await?;
        browser.take(&arrived.cookies);
        Ok(arrived.location)
    }

    async fn sign_in(&self, browser: &mut Browser, scopes: Option<&str>) -> Result<String, Error> {
        let url = self.begin(browser).await;
        self.come_back(browser, &self.forge.agree(&url, scopes)).await
    }

    async fn waiting(&self, browser: &Browser) -> Identity {
        self.client.sign_up_form(&browser.headers()).await.unwrap().identity
    }

    /// A new person's first login, to the end.
    async fn account(&self, browser: &mut Browser) -> EndUser {
        assert_eq!(self.sign_in(browser, None).await.unwrap(), "/sign-up");
        let outcome = self.client.sign_up(&browser.headers(), b"nickname=octo").await.unwrap();
        let mapae_client::SignUpOutcome::Done(redirect) = outcome else { panic!("the form is shown again") };
        browser.take(&redirect.cookies);
        self.key(browser).await.unwrap()
    }

    async fn key(&self, browser: &Browser) -> Option<EndUser> {
        self.client.signed_in(&browser.headers()).await.unwrap().map(|(session, _)| session.person)
    }
}

#[tokio::test]
async fn rp_11_github_knows_people_by_number_and_addresses_by_its_list() {
    let service = Service::github().await;
    let mut browser = Browser::default();
    service.sign_in(&mut browser, None).await.unwrap();
    let identity = service.waiting(&browser).await;
    assert_eq!(identity.person().subject(), "9007199254740993", "the login changes hands; beyond 2⁵³");
    assert_eq!((identity.name(), identity.nickname()), (None, Some("octo")));
    let email = identity.email().unwrap();
    assert_eq!((email.address.as_str(), email.verification), ("octo@example.test", Verification::ByProvider));
    assert_eq!(identity.emails().len(), 1, "the public one is whatever somebody wrote there");

    let list = |entry: Value| service.forge.mood().emails = Some(entry);
    for (entry, expected) in [
        (json!([{ "email": "a@b.example", "primary": true, "verified": false }]), Some(Verification::None)),
        (json!([{ "email": "a@b.example", "primary": true, "verified": "true" }]), Some(Verification::None)),
        (json!([{ "email": "a@b.example", "primary": false, "verified": true }]), None),
        (json!([]), None),
        (json!({ "message": "moved" }), None),
    ] {
        list(entry.clone());
        let mut browser = Browser::default();
        service.sign_in(&mut browser, None).await.unwrap();
        let email = service.waiting(&browser).await.email();
        assert_eq!(email.map(|email| email.verification), expected, "{entry}");
    }
}

#[tokio::test]
async fn github_again_straight_in_and_without_the_list_all_the_same() {
    let service = Service::github().await;
    let mut browser = Browser::default();
    let key = service.account(&mut browser).await;
    let token = service.client.access_token(&key).await.unwrap();
    assert_eq!(token.scopes().to_string(), "read:user user:email", "with commas on the way");
    let mut elsewhere = Browser::default();
    assert_eq!(
        service.sign_in(&mut elsewhere, Some("read:user")).await.unwrap(),
        "/",
        "the list was refused"
    );
    assert_eq!(service.key(&elsewhere).await.unwrap(), key);
    // A token of an OAuth app has no end: it is used until GitHub says no.
    service.clock.advance(300 * 86_400);
    let token = service.client.access_token(&key).await.unwrap();
    let refused = service.client.after_unauthorized(&key, &token).await.unwrap_err();
    assert!(matches!(refused, AccessError::SignInAgain), "{refused:?}");
}

#[tokio::test]
async fn github_renewed_until_its_refresh_token_is_bad() {
    let service = Service::github().await;
    service.forge.mood().expiring = true;
    let mut browser = Browser::default();
    let key = service.account(&mut browser).await;
    let mut last = service.client.access_token(&key).await.unwrap();
    for _ in 0..3 {
        service.clock.advance(8 * 3_600);
        let next = service.client.access_token(&key).await.unwrap();
        assert!(!next.is(&last), "each refresh token works once");
        last = next;
    }
    service.forge.mood().dead = true;
    service.clock.advance(8 * 3_600);
    assert!(matches!(service.client.access_token(&key).await, Err(AccessError::SignInAgain)));
    assert!(service.key(&browser).await.is_none());
    service.forge.mood().dead = false;
    service.sign_in(&mut browser, None).await.unwrap();
    assert!(service.key(&browser).await.is_some());
}

#[tokio::test]
async fn github_hears_of_an_unlinking_and_one_that_is_over_there_ends_here() {
    let service = Service::github().await;
    let mut browser = Browser::default();
    let key = service.account(&mut browser).await;
    service.forge.mood().renewed_secret = true;
    let refused = service.client.unlink(&key).await.unwrap_err();
    assert_eq!(refused.class(), Class::Configuration(Setting::ClientSecret), "{refused:?}");
    assert!(service.forge.has_grants() && service.key(&browser).await.is_some(), "nothing has ended");
    service.forge.mood().renewed_secret = false;
    assert!(service.client.unlink(&key).await.unwrap(), "the app ends its grant by its own secret");
    assert!(!service.forge.has_grants());
    assert!(service.key(&browser).await.is_none());
    service.sign_in(&mut browser, None).await.unwrap();
    service.forge.end_grants();
    assert!(!service.client.unlink(&key).await.unwrap(), "GitHub knows of none");
    assert!(service.key(&browser).await.is_none());
}

#[tokio::test]
async fn github_says_no_with_status_200() {
    let service = Service::github().await;
    let mut browser = Browser::default();
    let url = service.begin(&mut browser).await;
    let query = service.forge.agree(&url, None).replacen("code=", "code=x", 1);
    let spent = service.come_back(&mut browser, &query).await.unwrap_err();
    assert_eq!(spent.class(), Class::Restart, "{spent:?}");

    let url = service.begin(&mut browser).await;
    let query = service.forge.agree(&url, None);
    let (_, state) = query.split_once("state=").unwrap();
    let cancelled = format!("error=access_denied&error_description=x&error_uri=y&state={state}");
    let cancelled = service.come_back(&mut browser, &cancelled).await.unwrap_err();
    assert_eq!(cancelled.class(), Class::Cancelled);

    let wrong =
        Service::with(|forge| Definition::named("github").unwrap().at(forge.url()), "wrong-secret").await;
    let refused = wrong.sign_in(&mut Browser::default(), None).await.unwrap_err();
    assert_eq!(refused.class(), Class::Configuration(Setting::ClientSecret), "{refused:?}");
}

#[tokio::test]
async fn rp_03_githubs_iss_is_compared_though_there_are_no_id_tokens() {
    for service in [Service::github().await, Service::octopus().await] {
        for iss in ["https://github.com/login/oauth", "https://evil.example", "https://github.com"] {
            service.forge.mood().iss = Some(iss);
            let refused = service.sign_in(&mut Browser::default(), None).await.unwrap_err();
            assert!(matches!(refused, Error::Callback(CallbackError::IssuerMismatch)), "{iss} {refused:?}");
        }
        service.forge.mood().iss = Some("");
        assert!(
            service.sign_in(&mut Browser::default(), None).await.is_ok(),
            "it is not promised everywhere yet"
        );
    }
}

#[tokio::test]
async fn a_file_is_enough_for_a_provider_of_which_nobody_has_heard() {
    let service = Service::octopus().await;
    service.forge.mood().expiring = true;
    let mut browser = Browser::default();
    let key = service.account(&mut browser).await;
    assert_eq!((key.issuer(), key.subject()), (service.forge.url(), "u-17"));
    let mut elsewhere = Browser::default();
    assert_eq!(service.sign_in(&mut elsewhere, None).await.unwrap(), "/");
    let first = service.client.access_token(&key).await.unwrap();
    service.clock.advance(8 * 3_600);
    assert!(!service.client.access_token(&key).await.unwrap().is(&first));
    assert!(!service.client.unlink(&key).await.unwrap(), "the file says of no way to tell it");
    assert!(service.key(&browser).await.is_none(), "what is here ends all the same");

    let other = Service::octopus().await;
    other.sign_in(&mut browser, None).await.unwrap();
    let identity = other.waiting(&browser).await;
    assert_eq!((identity.nickname(), identity.phone()), (Some("문어"), Some("01012345678")));
    assert_eq!(identity.email().unwrap().verification, Verification::ByProvider);
    let wrong =
        Service::with(|forge| Definition::parse(FILE).unwrap().with("base", forge.url()), "wrong").await;
    let refused = wrong.sign_in(&mut browser, None).await.unwrap_err();
    assert_eq!(refused.class(), Class::Configuration(Setting::ClientSecret), "{refused:?}");
}
