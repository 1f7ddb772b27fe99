//! MX-01: every path that issues anything × every fact that blocks it. What a provider gave is issued in other ways: that
//! matrix is in `upstream::tokens`.

mod overtaken;

use mapae::store::{
    Unit, apis,
    app_secrets::{self, Before, NewSecret},
    apps, consents, exchange_permissions, sessions, users,
};
use mapae_protocol::{device::DEVICE_CODE, digest::sha256_base64url};
use mapae_testkit::{
    ApiFixture, AppFixture, AppSpec, Authorization, Browser, Engine, Page, TestServer, UserFixture,
    client::send,
};
use serde_json::Value;

use super::{
    device::{self, Device},
    token_exchange,
};

const SCOPE: &str = "openid calendar.read";

/// A fact that must stop what was begun before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fact {
    UserDisabled,
    PasswordChanged,
    AppDisabled,
    AppBlocked,
    AppDeleted,
    AppRevoked,
    SecretStolen,
    Disconnected,
    ItemDropped,
    SignedOut,
    ApiDisabled,
    ExchangeForbidden,
}

/// A place where something is issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    /// `grant_type=authorization_code`, with a code in flight.
    Code,
    /// `grant_type=refresh_token`.
    Refresh,
    /// `grant_type=client_credentials`.
    ClientCredentials,
    /// `grant_type=urn:ietf:params:oauth:grant-type:device_code`, for a device that was allowed.
    Device,
    /// `grant_type=urn:ietf:params:oauth:grant-type:token-exchange`, by a service that was called with a token.
    Exchange,
    /// The yes to a device, on the page that was opened before.
    DeviceConfirm,
    /// A code without a page, for a browser that is signed in.
    Silent,
    /// A code by the account page that was opened before.
    Account,
    /// A code by the consent page that was opened before.
    Consent,
    /// A session by the sign-in page that was opened before.
    SignIn,
}

impl Fact {
    const ALL: [Self; 12] = [
        Self::UserDisabled,
        Self::PasswordChanged,
        Self::AppDisabled,
        Self::AppBlocked,
        Self::AppDeleted,
        Self::AppRevoked,
        Self::SecretStolen,
        Self::Disconnected,
        Self::ItemDropped,
        Self::SignedOut,
        Self::ApiDisabled,
        Self::ExchangeForbidden,
    ];

    /// Lets it happen; returns the app with the secret that is good afterwards.
    async fn happen(self, server: &TestServer, begun: &Begun) -> AppFixture {
        let Begun { user, app, api, service, .. } = begun;
        let db = server.app().db();
        let now = server.now();
        let consent = || async { consents::find(db, &user.id, &app.client_id).await.unwrap().unwrap() };
        let mut after = app.clone();
        let unit: Unit = match self {
            Self::UserDisabled => users::disable(&user.id, now),
            Self::PasswordChanged => {
                users::set_password(&user.id, 0, &"$argon2id$new".to_owned().into(), now)
            }
            Self::AppDisabled => apps::disable(&app.client_id, now),
            Self::AppBlocked => apps::block(&app.client_id, now),
            Self::AppDeleted => apps::delete(&app.client_id, now),
            Self::AppRevoked => apps::revoke(&app.client_id, now),
            Self::SecretStolen => {
                let secret = "the secret that replaces the stolen one";
                let hash = sha256_base64url(secret).into();
                after.client_secret = Some(secret.to_owned());
                let secret = NewSecret { id: "sec_next".to_owned(), hash, sealed: None };
                app_secrets::rotate(&app.client_id, &secret, Before::Stolen, now)
            }
            Self::Disconnected => consents::disconnect(&consent().await.id, &user.id, now),
            Self::ItemDropped => consents::drop_scope(&consent().await, "calendar.read", now).unwrap(),
            Self::SignedOut => {
                for session in sessions::list(db, &user.id, now).await.unwrap() {
                    server.write(sessions::end(&session.id, &user.id, now)).await;
                }
                return after;
            }
            Self::ApiDisabled => apis::disable(&api.client_id, now),
            Self::ExchangeForbidden => {
                exchange_permissions::forbid(&api.client_id, &service.client_id).into()
            }
        };
        server.write(unit).await;
        after
    }

    /// Whether nothing may come of a path that was begun before. What goes on is begun anew by somebody who
    /// may: an app with its secret, a person who is there and agrees.
    const fn stops(self, path: Path) -> bool {
        if matches!(self, Self::ExchangeForbidden) {
            return matches!(path, Path::Exchange);
        }
        if matches!(self, Self::ApiDisabled) {
            // A page that was open gives a code or allows a device, for which there is no token: that is `Code` and `Device`.
            return !matches!(path, Path::DeviceConfirm | Path::Account | Path::Consent | Path::SignIn);
        }
        match path {
            Path::Code | Path::Refresh | Path::Device | Path::Exchange => true,
            Path::ClientCredentials => {
                matches!(self, Self::AppDisabled | Self::AppBlocked | Self::AppDeleted)
            }
            Path::Silent | Path::Account => {
                !matches!(self, Self::AppRevoked | Self::SecretStolen | Self::ItemDropped)
            }
            // Who is there may agree anew, to a page that asks what is not agreed any more.
            Path::Consent | Path::DeviceConfirm => !matches!(self, Self::AppRevoked | Self::SecretStolen),
            Path::SignIn => matches!(
                self,
                Self::UserDisabled
                    | Self::PasswordChanged
                    | Self::AppDisabled
                    | Self::AppBlocked
                    | Self::AppDeleted
            ),
        }
    }

    /// Whether it ends what the app was given for the person.
    const fn ends_tokens(self) -> bool {
        !matches!(self, Self::ApiDisabled | Self::ExchangeForbidden)
    }

    /// Whether it ends what the app was given for itself.
    const fn ends_machine_tokens(self) -> bool {
        matches!(
            self,
            Self::AppDisabled | Self::AppBlocked | Self::AppDeleted | Self::AppRevoked | Self::SecretStolen
        )
    }
}

impl Path {
    const ALL: [Self; 10] = [
        Self::Code,
        Self::Refresh,
        Self::ClientCredentials,
        Self::Device,
        Self::Exchange,
        Self::DeviceConfirm,
        Self::Silent,
        Self::Account,
        Self::Consent,
        Self::SignIn,
    ];

    /// The grant type whose path it is.
    const fn grant_type(self) -> Option<&'static str> {
        match self {
            Self::Code => Some("authorization_code"),
            Self::Refresh => Some("refresh_token"),
            Self::ClientCredentials => Some("client_credentials"),
            Self::Device => Some(DEVICE_CODE),
            Self::Exchange => Some("urn:ietf:params:oauth:grant-type:token-exchange"),
            Self::DeviceConfirm | Self::Silent | Self::Account | Self::Consent | Self::SignIn => None,
        }
    }
}

/// Everything in the middle of something.
struct Begun {
    api: ApiFixture,
    app: AppFixture,
    user: UserFixture,
    browser: Browser,
    authorization: Authorization,
    code: String,
    access: String,
    refresh: String,
    machine_access: String,
    service: AppFixture,
    device: Device,
    device_page: Page,
    account_page: Page,
    consent_page: Page,
    stranger: Browser,
    sign_in_page: Page,
}

impl Begun {
    async fn on(server: &TestServer) -> Self {
        let api = server.register_api("https://calendar.example", &["calendar.read"], false).await;
        let app = AppSpec {
            grant_types: format!("authorization_code refresh_token client_credentials {DEVICE_CODE}"),
            optional: vec!["calendar.read".to_owned()],
            ..AppSpec::default()
        };
        let app = server.register(app).await;
        let user = server.user("hong@example.com").await;
        let (browser, stranger) = (Browser::default(), Browser::default());
        let authorization = Authorization::of(&app, SCOPE);
        let first = server.code(&browser, &user, &authorization).await;
        let tokens = server.redeem(&app, &first, &authorization.verifier).await;
        let code = server.code(&browser, &user, &authorization).await;
        let service = token_exchange::service(server, &api, &["calendar.read"]).await;
        let device = device::begin(server, &app, SCOPE).await;
        device.allow(server, &browser, &user).await;
        let device_page = device::begin(server, &app, SCOPE).await.open(server, &browser, &user).await;
        let page = |prompt| browser_at(&browser, server, &authorization, prompt);
        let (account_page, consent_page) = (page("select_account").await, page("consent").await);
        let sign_in_page = stranger.visit(&authorization.address(server)).await;
        let machine = server.token(&app, &MACHINE).await;
        Self {
            access: tokens.text("access_token"),
            refresh: tokens.text("refresh_token"),
            machine_access: machine.text("access_token"),
            api,
            app,
            user,
            browser,
            authorization,
            code,
            service,
            device,
            device_page,
            account_page,
            consent_page,
            stranger,
            sign_in_page,
        }
    }

    /// Goes on where a path was begun; whether something was issued.
    async fn go_on(&self, server: &TestServer, app: &AppFixture, path: Path) -> bool {
        let answer = match path {
            Path::Code => server.redeem(app, &self.code, &self.authorization.verifier).await,
            Path::Refresh => server.refresh(app, &self.refresh).await,
            Path::ClientCredentials => server.token(app, &MACHINE).await,
            Path::Device => self.device.poll_as(server, app).await,
            Path::Exchange => token_exchange::exchange(server, &self.service, &self.access, &[]).await,
            Path::DeviceConfirm => {
                let answer = self.browser.submit(&self.device_page, "device-allow", &[("all", "1")]).await;
                return answer.has("done");
            }
            Path::Silent => {
                let address = self.authorization.clone().with("prompt", "none").address(server);
                return self.browser.visit(&address).await.answered("code").is_some();
            }
            Path::Account => {
                let answer = self.browser.submit(&self.account_page, "login-submit", &[]).await;
                return self.browser.follow(answer).await.answered("code").is_some();
            }
            Path::Consent => {
                let answer =
                    self.browser.submit(&self.consent_page, "consent-approve", &[("all", "1")]).await;
                return self.browser.follow(answer).await.answered("code").is_some();
            }
            Path::SignIn => {
                let fields = [("email", self.user.email.as_str()), ("password", self.user.password.as_str())];
                let answer = self.stranger.submit(&self.sign_in_page, "login-submit", &fields).await;
                return answer.headers.contains_key("set-cookie");
            }
        };
        let refused = ["invalid_grant", "invalid_client", "invalid_request", "invalid_target"]
            .contains(&answer.error());
        assert!(refused || answer.status == 200, "{path:?}: {}", answer.json);
        !refused
    }
}

const MACHINE: [(&str, &str); 2] = [("grant_type", "client_credentials"), ("scope", "calendar.read")];

async fn browser_at(
    browser: &Browser,
    server: &TestServer,
    authorization: &Authorization,
    prompt: &str,
) -> Page {
    browser.visit(&authorization.clone().with("prompt", prompt).address(server)).await
}

#[tokio::test]
async fn mx_01_co_12_re_08_nothing_is_issued_on_what_has_ended() {
    for engine in Engine::ALL {
        for fact in Fact::ALL {
            let server = TestServer::on(engine).await;
            let begun = Begun::on(&server).await;
            let app = fact.happen(&server, &begun).await;
            for path in Path::ALL {
                let issued = begun.go_on(&server, &app, path).await;
                assert_eq!(issued, !fact.stops(path), "{engine:?} {fact:?} {path:?}");
            }
            let told = server.userinfo(&begun.access).await.status;
            assert_eq!(told == 401, fact.ends_tokens(), "{engine:?} {fact:?} userinfo: {told}");
            if fact == Fact::ApiDisabled {
                let asked = server.introspect(&begun.api, &begun.access).await;
                assert_eq!(asked.status, 401, "{engine:?}: it learns nothing about tokens");
                continue;
            }
            let active = server.is_active(&begun.api, &begun.access).await;
            assert_eq!(active, !fact.ends_tokens(), "{engine:?} {fact:?} introspection");
            let machine = server.is_active(&begun.api, &begun.machine_access).await;
            assert_eq!(machine, !fact.ends_machine_tokens(), "{engine:?} {fact:?} machine");
            if fact == Fact::SecretStolen {
                assert_eq!(server.token(&begun.app, &MACHINE).await.error(), "invalid_client", "{engine:?}");
            }
        }
    }
}

#[tokio::test]
async fn mx_01_without_a_blocking_fact_every_path_issues() {
    let server = TestServer::start().await;
    let begun = Begun::on(&server).await;
    for path in Path::ALL {
        assert!(begun.go_on(&server, &begun.app, path).await, "{path:?}");
    }
}

/// A grant type that is added must be added to the paths above.
#[tokio::test]
async fn mx_01_every_grant_type_is_among_the_paths() {
    let server = TestServer::start().await;
    let address = server.at("/.well-known/openid-configuration");
    let metadata = send(mapae_testkit::http().get(address)).await.json;
    let served: Vec<_> =
        metadata["grant_types_supported"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    let tried: Vec<_> = Path::ALL.into_iter().filter_map(Path::grant_type).collect();
    assert_eq!(served, tried);
}
