//! `mapae simulate`.

use std::net::IpAddr;

use clap::Args;
use mapae_simulators::Provider;
use url::Url;

/// The highest offset of a provider's port above the base.
const HIGHEST: u16 = 4;

/// Kakao, Naver, Google, Facebook and Apple on this machine, without internet and without keys.
///
/// Each listens on a port of its own with the real paths, pages, errors and notifications, so a program in any
/// language logs in unchanged except for the base address. Credentials, people and buttons are on each
/// one's page; nothing is kept. Whoever reaches a simulator may sign in as anybody.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  mapae simulate
  mapae simulate kakao --redirect-uri http://localhost:8000/auth/kakao/callback
  curl -d do=unlink -d person=ryan http://localhost:9100/control")]
pub struct Simulate {
    /// Which; all of them when none is named
    #[arg(value_name = "PROVIDER", value_parser = provider)]
    pub providers: Vec<Provider>,

    /// Take the ports N (kakao), N+1 (naver), N+2 (google), N+3 (facebook) and N+4 (apple)
    #[arg(long, value_name = "N", default_value_t = 9100, value_parser = clap::value_parser!(u16).range(1024..=i64::from(u16::MAX - HIGHEST)))]
    pub port_base: u16,

    /// Address to listen on; other machines reach only what is not loopback
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub listen: IpAddr,

    /// Name under which browsers and programs reach the simulators; they answer to no other
    #[arg(long, value_name = "NAME", default_value = "localhost")]
    pub host: String,

    /// Redirect URI to register for the app that is there from the start; may be repeated
    #[arg(long = "redirect-uri", value_name = "URI", value_parser = redirect_uri)]
    pub redirect_uris: Vec<String>,

    /// Take any client id, with any secret and any redirect URI
    #[arg(long)]
    pub any_client: bool,

    /// Let tokens name the provider's real issuer instead of the simulator's address
    #[arg(long)]
    pub real_issuer: bool,

    /// Print one JSON object on standard output when the simulators are ready, errors too
    #[arg(long)]
    pub json: bool,
}

/// A simulator takes what the provider's console would; `localhost:8000/callback` is the usual slip.
fn redirect_uri(text: &str) -> Result<String, String> {
    let private_use = |url: &Url| url.scheme().contains('.');
    match Url::parse(text) {
        Ok(url) if url.fragment().is_none() && (url.has_host() || private_use(&url)) => Ok(text.to_owned()),
        _ => Err("write the whole address, for example http://localhost:8000/callback".to_owned()),
    }
}

fn provider(name: &str) -> Result<Provider, String> {
    Provider::parse(name).ok_or_else(|| {
        let known: Vec<&str> = Provider::ALL.iter().map(|provider| provider.as_str()).collect();
        format!("choose among {}", known.join(", "))
    })
}
