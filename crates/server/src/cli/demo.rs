//! `mapae demo`.

use clap::Args;

/// The highest port that the demo takes, above its base.
const HIGHEST: u16 = 14;

/// All parties of OAuth on this machine.
///
/// Starts the authorization server, a web service that is its client, a calendar API and simulated social
/// providers, with demo accounts, and prints where to look. Everything stays on this machine, and nothing is kept unless a folder is named.
#[derive(Args, Clone, Debug)]
pub struct Demo {
    /// Take the ports N, N+1, N+2 and up to N+14 [default: 9000, 3000, 4000 and 9100 to 9104]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1024..=i64::from(u16::MAX - HIGHEST)))]
    pub port_base: Option<u16>,

    /// Do not open the browser
    #[arg(long)]
    pub no_browser: bool,

    /// Keep the data in this folder; without this it is fresh each time
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,
}
