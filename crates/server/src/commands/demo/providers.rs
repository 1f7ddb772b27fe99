//! The social providers of the demo: the simulators of `mapae simulate`, with the demo's service registered at each.

use std::net::{Ipv4Addr, SocketAddr};

use mapae_demo::{Doors, PortTaken, SocialProvider, Stage, flow::Tap};
use mapae_protocol::secret::Secret;
use mapae_simulators::{App, Command, Provider, Settings, Simulator};
use tokio::net::TcpListener;

use crate::commands::failure::{Failure, with_causes};

/// A provider at which the service signs people in.
struct Login {
    provider: Provider,
    /// How it tells that somebody unlinked the service.
    notice: &'static str,
}

/// In the order of their buttons.
const LOGINS: &[Login] = &[
    Login { provider: Provider::Kakao, notice: "unlink" },
    Login { provider: Provider::Naver, notice: "disconnect" },
    Login { provider: Provider::Google, notice: "risc" },
    Login { provider: Provider::Facebook, notice: "deauthorize" },
    Login { provider: Provider::Apple, notice: "notifications" },
];

/// The ports of all simulators, taken before anything is made.
pub(super) struct Sockets(Vec<(Provider, TcpListener)>);

/// The simulators that run.
pub(super) struct Providers(Vec<Simulator>);

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
        let mut running = Vec::with_capacity(sockets.0.len());
        for (provider, socket) in sockets.0 {
            let name = provider.as_str();
            let settings =
                Settings { redirect_uris: vec![doors.redirect_uri_of(name)], ..Settings::default() };
            let tap = Tap::at_provider(stage, name);
            let simulator = Simulator::start_behind(socket, provider, &settings, |router| router.layer(tap));
            running.push(simulator.map_err(|error| Failure::new("simulator", with_causes(&error)))?);
        }
        let providers = Self(running);
        for (login, simulator) in providers.logins() {
            let url = Some(doors.notice_url(login.provider.as_str(), login.notice));
            let webhook =
                Command::Webhook { kind: login.notice.to_owned(), url, method: None, client_id: None };
            let set = simulator.control(webhook).await;
            set.map_err(|error| Failure::new("simulator", error.to_string()))?;
        }
        Ok(providers)
    }

    /// Those at which the service signs people in, as it is registered there.
    pub(super) fn offered(&self) -> Vec<SocialProvider> {
        self.logins().map(|(_, simulator)| registered(simulator)).collect()
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

fn registered(simulator: &Simulator) -> SocialProvider {
    let App { client_id, client_secret, number, admin_key, team_id, client_keys, .. } = simulator.app();
    let app_id = Some(number).filter(|number| *number > 0).map(|number| number.to_string());
    let key_id = client_keys.first().and_then(|key| Some(key.get("kid")?.as_str()?.to_owned()));
    let credentials = [
        ("app_id", app_id),
        ("admin_key", admin_key),
        ("team_id", team_id),
        ("key_id", key_id),
        ("private_key", simulator.client_key().map(str::to_owned)),
    ];
    let credentials =
        credentials.into_iter().filter_map(|(name, value)| Some((name.to_owned(), Secret::new(value?))));
    SocialProvider {
        name: simulator.provider().as_str().to_owned(),
        address: simulator.base_url().to_owned(),
        client_id,
        client_secret: client_secret.map(Secret::new),
        credentials: credentials.collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
