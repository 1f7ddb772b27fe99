//! The social providers of the demo: the simulators of `mapae simulate`, with the demo's service registered at each, and
//! with the authorization server as another app.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};

use mapae_demo::{
    Doors, PortTaken, SocialProvider, Stage,
    flow::{BackChannel, Tap},
};
use mapae_protocol::{
    base64url,
    jose::{Algorithm, SigningKey, SigningKeyError},
    random,
    secret::Secret,
};
use mapae_simulators::{App, Command, Provider, Settings, Simulator, Webhook};
use tokio::net::TcpListener;

use crate::{
    commands::failure::{Failure, with_causes},
    config::Site,
    upstream::{Options, Registry, Secrets, UpstreamSettings},
};

/// A provider at which the service signs people in, and the authorization server too.
struct Login {
    provider: Provider,
    /// How it tells that somebody unlinked an app.
    notice: &'static str,
    /// What the authorization server is called there.
    broker: &'static str,
}

/// The name of the authorization server on the providers' pages.
const BROKER: &str = "마패";
/// Its number where apps have one.
const BROKER_NUMBER: u64 = 5678;

/// In the order of their buttons.
const LOGINS: &[Login] = &[
    Login { provider: Provider::Kakao, notice: "unlink", broker: "mapaekakaorestapikey000000000002" },
    Login { provider: Provider::Naver, notice: "disconnect", broker: "mapaeNaverClient0002" },
    Login {
        provider: Provider::Google,
        notice: "risc",
        broker: "100000000002-mapae.apps.googleusercontent.com",
    },
    Login { provider: Provider::Facebook, notice: "deauthorize", broker: "1020304050607081" },
    Login { provider: Provider::Apple, notice: "notifications", broker: "com.example.mapae.server" },
];

/// The ports of all simulators, taken before anything is made.
pub(super) struct Sockets(Vec<(Provider, TcpListener)>);

/// The simulators that run.
pub(super) struct Providers(Vec<Simulator>, Keys);

/// The key of the developer account at the provider that keeps no secrets (Apple), made for this run.
struct Keys(SigningKey);

impl Keys {
    /// What Apple calls a key, in ten letters and digits.
    const NAME: &str = "THISRUNKEY";

    fn generate() -> Result<Self, Failure> {
        let failed = |error: SigningKeyError| Failure::new("simulator", with_causes(&error));
        let key = SigningKey::generate(Algorithm::Es256).and_then(|key| key.with_kid(Self::NAME));
        Ok(Self(key.map_err(failed)?))
    }

    /// The public half, as the provider's console has it.
    fn public(&self) -> Vec<serde_json::Value> {
        serde_json::to_value(self.0.public_jwk()).into_iter().collect()
    }

    /// The text of the `.p8` file (RFC 7468 §10).
    fn private(&self) -> Option<String> {
        let der = base64url::encode(self.0.to_pkcs8().ok()?.expose());
        let padding = "=".repeat((4 - der.len() % 4) % 4);
        let text = der.replace('-', "+").replace('_', "/");
        Some(format!("-----BEGIN PRIVATE KEY-----\n{text}{padding}\n-----END PRIVATE KEY-----\n"))
    }
}

impl Sockets {
    /// Takes the first port and those above it.
    pub(super) async fn open(first: u16) -> Result<Self, Failure> {
        let mut sockets = Vec::with_capacity(Provider::ALL.len());
        for &provider in Provider::ALL {
            let port = first.saturating_add(provider.port_offset());
            let socket = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await;
            let taken = |source| Failure::new("port_taken", PortTaken { port, source }.to_string());
            sockets.push((provider, socket.map_err(taken)?));
        }
        Ok(Self(sockets))
    }
}

impl Providers {
    /// Starts all simulators, drawn on this stage, and registers the service behind these doors.
    pub(super) async fn start(sockets: Sockets, doors: &Doors, stage: &Stage) -> Result<Self, Failure> {
        let keys = Keys::generate()?;
        let mut running = Vec::with_capacity(sockets.0.len());
        for (provider, socket) in sockets.0 {
            let name = provider.as_str();
            let settings =
                Settings { redirect_uris: vec![doors.redirect_uri_of(name)], ..Settings::default() };
            let tap = Tap::at_provider(stage, name);
            let simulator = Simulator::start_behind(socket, provider, &settings, |router| router.layer(tap));
            let simulator = simulator.map_err(|error| Failure::new("simulator", with_causes(&error)))?;
            control(&simulator, Command::App(Box::new(of_this_run(simulator.app(), &keys)))).await?;
            running.push(simulator);
        }
        let providers = Self(running, keys);
        for (login, simulator) in providers.logins() {
            let url = Some(doors.notice_url(login.provider.as_str(), login.notice));
            let webhook =
                Command::Webhook { kind: login.notice.to_owned(), url, method: None, client_id: None };
            control(simulator, webhook).await?;
        }
        Ok(providers)
    }

    /// Those at which the service signs people in, as it is registered there.
    pub(super) fn offered(&self) -> Vec<SocialProvider> {
        self.logins().map(|(_, simulator)| registered(simulator, &self.1)).collect()
    }

    /// Registers the authorization server at each, with secrets of its own; as what it is known there.
    pub(super) async fn register_broker(&self, site: &Site) -> Result<Vec<UpstreamSettings>, Failure> {
        let mut upstreams = Vec::with_capacity(LOGINS.len());
        for (login, simulator) in self.logins() {
            let app = broker(login, &simulator.app());
            let upstream = upstream(simulator, &app, &self.1);
            let webhook = |url: String| url.ends_with(login.notice).then(|| Webhook::to(url));
            let webhook = upstream.notice_uris(site).into_iter().find_map(webhook);
            let app = App {
                redirect_uris: vec![upstream.redirect_uri(site)],
                webhooks: webhook.into_iter().map(|webhook| (login.notice.to_owned(), webhook)).collect(),
                ..app
            };
            control(simulator, Command::App(Box::new(app))).await?;
            upstreams.push(upstream);
        }
        Ok(upstreams)
    }

    /// What each is called, and where it is.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|simulator| (simulator.provider().as_str(), simulator.base_url()))
    }

    /// Ends all of them.
    pub(super) async fn stop(self) {
        for simulator in self.0 {
            simulator.stop().await;
        }
    }

    fn logins(&self) -> impl Iterator<Item = (&'static Login, &Simulator)> {
        LOGINS.iter().filter_map(|login| {
            let simulator = self.0.iter().find(|simulator| simulator.provider() == login.provider)?;
            Some((login, simulator))
        })
    }
}

/// Draws what the authorization server says to its providers.
pub(super) fn watch(upstreams: &Registry, site: &Site, stage: &Stage) {
    upstreams.observe(site, |name| Arc::new(BackChannel::of_broker(stage, name)));
}

async fn control(simulator: &Simulator, command: Command) -> Result<(), Failure> {
    let done = simulator.control(command).await;
    done.map(drop).map_err(|error| Failure::new("simulator", error.to_string()))
}

/// The service with secrets that nobody has read in a source.
fn of_this_run(service: App, keys: &Keys) -> App {
    let client_keys = if service.client_keys.is_empty() { Vec::new() } else { keys.public() };
    App {
        client_secret: service.client_secret.as_ref().map(|_| random::token()),
        admin_key: service.admin_key.as_ref().map(|_| random::token()),
        client_keys,
        ..service
    }
}

/// Another app with the consent items of the service's.
fn broker(login: &Login, service: &App) -> App {
    App {
        client_id: login.broker.to_owned(),
        client_secret: service.client_secret.as_ref().map(|_| random::token()),
        name: BROKER.to_owned(),
        number: if service.number > 0 { BROKER_NUMBER } else { 0 },
        admin_key: service.admin_key.as_ref().map(|_| random::token()),
        ..service.clone()
    }
}

fn upstream(simulator: &Simulator, app: &App, keys: &Keys) -> UpstreamSettings {
    let name = simulator.provider().as_str().to_owned();
    UpstreamSettings {
        name: name.clone(),
        provider: name,
        client_id: app.client_id.clone(),
        secrets: Secrets {
            client_secret: app.client_secret.clone().map(Secret::new),
            credentials: credentials(app, keys).collect(),
        },
        options: Options { base_url: Some(simulator.base_url().to_owned()), ..Options::default() },
    }
}

fn registered(simulator: &Simulator, keys: &Keys) -> SocialProvider {
    let app = simulator.app();
    SocialProvider {
        name: simulator.provider().as_str().to_owned(),
        address: simulator.base_url().to_owned(),
        credentials: credentials(&app, keys).collect(),
        client_id: app.client_id,
        client_secret: app.client_secret.map(Secret::new),
    }
}

/// What an app knows of itself besides, as definitions of `mapae-client` name it.
fn credentials(app: &App, keys: &Keys) -> impl Iterator<Item = (String, Secret<String>)> + use<> {
    let App { number, admin_key, team_id, client_keys, .. } = app;
    let app_id = Some(number).filter(|number| **number > 0).map(u64::to_string);
    let key_id = client_keys.first().map(|_| Keys::NAME.to_owned());
    let private_key = client_keys.first().and_then(|_| keys.private());
    let known = [
        ("app_id", app_id),
        ("admin_key", admin_key.clone()),
        ("team_id", team_id.clone()),
        ("key_id", key_id),
        ("private_key", private_key),
    ];
    known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Secret::new(value?))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_secrets_are_those_of_one_run() {
        let known = App {
            client_secret: Some("in the source".to_owned()),
            admin_key: Some("in the source".to_owned()),
            client_keys: vec![serde_json::Value::Null],
            ..App::default()
        };
        let runs = [Keys::generate().unwrap(), Keys::generate().unwrap()];
        let [one, two] = runs.each_ref().map(|keys| {
            let app = of_this_run(known.clone(), keys);
            let said = credentials(&app, keys).map(|(name, value)| (name, value.expose().clone()));
            (app.client_secret.clone(), said.collect::<Vec<_>>(), app.client_keys)
        });
        assert!(one.0 != two.0 && one.1 != two.1 && one.2 != two.2);
        assert!(!format!("{one:?}").contains("in the source"));
        let without = of_this_run(App::default(), &runs[0]);
        assert_eq!(without, App::default(), "nobody gets what they had not");
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_what_to_do() {
        let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = taken.local_addr().unwrap().port();
        let Err(failure) = Sockets::open(port).await else { panic!("it was free") };
        let said = failure.to_string();
        assert!(
            said.contains(&format!("port {port} cannot be had")) && said.contains("--port-base"),
            "{said}"
        );
    }
}
