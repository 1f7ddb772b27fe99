//! The demo on ports of its own, with an authorization server that is not there and social providers that are.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use mapae_demo::{
    ApiSettings, Doors, OtherClients, Running, Settings, SocialProvider, Stage, flow::Tap, start,
};
use mapae_protocol::time::Timestamp;
use mapae_simulators::{Command, Provider, Simulator};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A time that passes when a test says so.
#[derive(Clone)]
pub(crate) struct Time(Arc<AtomicI64>);

impl Time {
    /// 2026-11-21.
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicI64::new(1_795_219_200)))
    }

    fn now(&self) -> Timestamp {
        Timestamp::from_unix(self.0.load(Ordering::SeqCst))
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

/// A running demo and a client without cookies that follows no redirect.
pub(crate) struct Play {
    pub(crate) running: Running,
    pub(crate) http: reqwest::Client,
    simulators: Vec<Simulator>,
    _folder: TempDir,
}

/// A provider, and people who have an account there.
pub(crate) struct Login {
    pub(crate) name: &'static str,
    /// In Korean.
    pub(crate) ko: &'static str,
    pub(crate) en: &'static str,
    pub(crate) person: &'static str,
    pub(crate) other: &'static str,
    provider: Provider,
    /// Where codes and refresh tokens are redeemed.
    pub(crate) token_path: &'static str,
    /// For how long a token is used.
    pub(crate) token_seconds: i64,
    notice: &'static str,
}

/// Those that are offered.
pub(crate) const LOGINS: &[Login] = &[
    Login {
        name: "kakao",
        ko: "카카오",
        en: "Kakao",
        person: "ryan",
        other: "apeach",
        provider: Provider::Kakao,
        token_path: "/oauth/token",
        token_seconds: 21_599,
        notice: "unlink",
    },
    Login {
        name: "naver",
        ko: "네이버",
        en: "Naver",
        person: "yuna",
        other: "bada",
        provider: Provider::Naver,
        token_path: "/oauth2.0/token",
        token_seconds: 3_600,
        notice: "disconnect",
    },
    Login {
        name: "google",
        ko: "Google",
        en: "Google",
        person: "jiwoo",
        other: "alex",
        provider: Provider::Google,
        token_path: "/token",
        token_seconds: 3_599,
        notice: "risc",
    },
    Login {
        name: "facebook",
        ko: "Facebook",
        en: "Facebook",
        person: "sora",
        other: "taeo",
        provider: Provider::Facebook,
        token_path: "/v25.0/oauth/access_token",
        token_seconds: 7_200,
        notice: "deauthorize",
    },
    Login {
        name: "apple",
        ko: "Apple",
        en: "Apple",
        person: "haru",
        other: "garam",
        provider: Provider::Apple,
        token_path: "/auth/token",
        token_seconds: 108_000,
        notice: "notifications",
    },
];

impl Login {
    /// Apple says all that it says in the ID token.
    pub(crate) fn has_user_info(&self) -> bool {
        self.provider != Provider::Apple
    }
}

impl Play {
    /// Mapae alone, which is not there.
    pub(crate) async fn begin() -> Self {
        let doors = Doors::open(0, 0).await.unwrap();
        Self::of(doors, Stage::new(), Vec::new())
    }

    /// With all that are offered, drawn on the stage.
    pub(crate) async fn with_providers() -> Self {
        Self::by_clocks(mapae_client::Clock::system(), &mapae_simulators::Clock::system()).await
    }

    /// The same, where everybody's time is this one.
    pub(crate) async fn at(time: &Time) -> Self {
        let (ours, theirs) = (time.clone(), time.clone());
        let clock = mapae_client::Clock::new(move || ours.now());
        Self::by_clocks(clock, &mapae_simulators::Clock::new(move || theirs.now())).await
    }

    async fn by_clocks(clock: mapae_client::Clock, theirs: &mapae_simulators::Clock) -> Self {
        let (doors, stage) = (Doors::open(0, 0).await.unwrap(), Stage::with_clock(clock));
        let mut simulators = Vec::new();
        for login in LOGINS {
            let settings = mapae_simulators::Settings {
                redirect_uris: vec![doors.redirect_uri_of(login.name)],
                clock: theirs.clone(),
                ..mapae_simulators::Settings::default()
            };
            let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let tap = Tap::at_provider(&stage, login.name);
            let layer = |router: axum::Router| router.layer(tap);
            let simulator = Simulator::start_behind(socket, login.provider, &settings, layer).unwrap();
            let (kind, url) = (login.notice.to_owned(), Some(doors.notice_url(login.name, login.notice)));
            simulator.control(Command::Webhook { kind, url, method: None, client_id: None }).await.unwrap();
            simulators.push(simulator);
        }
        Self::of(doors, stage, simulators)
    }

    fn of(doors: Doors, stage: Stage, simulators: Vec<Simulator>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let api = ApiSettings {
            identifier: doors.api_url(),
            client_id: "api_1".to_owned(),
            client_secret: "api-secret".to_owned().into(),
        };
        let settings = Settings {
            // Nobody listens on the port of discarded packets.
            issuer: "http://localhost:9".to_owned(),
            client_id: "app_1".to_owned(),
            client_secret: "app-secret".to_owned().into(),
            api,
            others: OtherClients {
                browser_app_id: "app_2".to_owned(),
                native_app_id: "app_3".to_owned(),
                back_end_id: "app_4".to_owned(),
                back_end_secret: "back-end-secret".to_owned().into(),
            },
            providers: simulators.iter().map(registered).collect(),
            data: folder.path().to_owned(),
            stage,
        };
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let running = start(doors, settings).unwrap();
        Self { running, http: http.build().unwrap(), simulators, _folder: folder }
    }

    pub(crate) fn page(&self, path: &str) -> reqwest::RequestBuilder {
        self.http.get(format!("{}{path}", self.running.service_url))
    }

    /// A form as a page of the service posts it.
    pub(crate) fn form(&self, path: &str, body: &str) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}{path}", self.running.service_url));
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(body.to_owned());
        request.header("sec-fetch-site", "same-origin")
    }

    pub(crate) fn events(&self) -> String {
        format!("{}/events", self.running.api_url)
    }

    pub(crate) fn simulator(&self, name: &str) -> &Simulator {
        self.simulators.iter().find(|simulator| simulator.provider().as_str() == name).unwrap()
    }

    pub(crate) async fn end(self) {
        self.running.shutdown().await;
        for simulator in self.simulators {
            simulator.stop().await;
        }
    }
}

fn registered(simulator: &Simulator) -> SocialProvider {
    let app = simulator.app();
    let key_id = app.client_keys.first().and_then(|key| Some(key.get("kid")?.as_str()?.to_owned()));
    let credentials = [
        ("app_id", Some(app.number.to_string())),
        ("admin_key", app.admin_key),
        ("team_id", app.team_id),
        ("key_id", key_id),
        ("private_key", simulator.client_key().map(str::to_owned)),
    ];
    let credentials =
        credentials.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into())));
    SocialProvider {
        name: simulator.provider().as_str().to_owned(),
        address: simulator.base_url().to_owned(),
        client_id: app.client_id,
        client_secret: app.client_secret.map(Into::into),
        credentials: credentials.collect(),
    }
}

/// A header of an answer.
pub(crate) fn header<'a>(response: &'a reqwest::Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}
