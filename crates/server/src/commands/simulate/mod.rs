//! `mapae simulate`: the offline providers, until told to stop.

mod ready;

use std::net::SocketAddr;

use mapae_simulators::{IssuerName, Provider, Settings, Simulator};
use tokio::net::TcpListener;

use self::ready::Ready;
use super::{
    answer::{self, Answer},
    failure::{Failure, with_causes},
    serve::stop::Stop,
};
use crate::cli::Simulate;

/// Runs the simulators until it is told to stop.
pub(super) async fn run(args: &Simulate) -> Result<Answer, Failure> {
    let stop = Stop::watch()
        .map_err(|error| Failure::new("internal", format!("signals cannot be heard: {error}")))?;
    let mut providers = args.providers.clone();
    if providers.is_empty() {
        providers.extend_from_slice(Provider::ALL);
    }
    providers.sort();
    providers.dedup();
    // All ports before anything is started: one that is taken is the usual mistake.
    let mut sockets = Vec::with_capacity(providers.len());
    for provider in providers {
        sockets.push((provider, bind(args, provider).await?));
    }
    let mut running = Vec::with_capacity(sockets.len());
    for (provider, socket) in sockets {
        let started = Simulator::start_on(socket, provider, &settings(args, provider));
        running.push(started.map_err(|error| Failure::new("simulator", with_causes(&error)))?);
    }
    let ready = Ready::of(&running);
    let text = if args.json { serde_json::to_string(&ready).unwrap_or_default() } else { ready.to_string() };
    if let Err(error) = answer::say(&text) {
        tracing::warn!(%error, "standard output is closed");
    }
    stop.requested().await;
    for simulator in running {
        simulator.stop().await;
    }
    Ok(Answer::silent())
}

const fn port(args: &Simulate, provider: Provider) -> u16 {
    args.port_base.saturating_add(provider.port_offset())
}

async fn bind(args: &Simulate, provider: Provider) -> Result<TcpListener, Failure> {
    let address = SocketAddr::new(args.listen, port(args, provider));
    TcpListener::bind(address).await.map_err(|error| {
        let message = format!(
            "{provider} cannot listen on {address}: {error}; stop the program that has the port, \
             or choose other ports with --port-base"
        );
        let code =
            if error.kind() == std::io::ErrorKind::AddrInUse { "port_in_use" } else { "cannot_listen" };
        Failure::new(code, message)
    })
}

fn settings(args: &Simulate, provider: Provider) -> Settings {
    Settings {
        public_url: Some(format!("http://{}:{}", args.host, port(args, provider))),
        issuer: if args.real_issuer { IssuerName::Real } else { IssuerName::Simulator },
        redirect_uris: args.redirect_uris.clone(),
        any_client: args.any_client,
        ..Settings::default()
    }
}
