//! What the demo says when it is ready: where to look, and as whom.

use std::{
    fmt,
    process::{Command, Stdio},
};

use mapae_demo::Running;

use super::{parties::Account, providers::Providers};
use crate::App;

/// The addresses and the people.
pub(super) struct Welcome {
    service: String,
    flow: String,
    api: String,
    issuer: String,
    mailbox: String,
    providers: Vec<(&'static str, String)>,
    accounts: &'static [Account],
}

impl Welcome {
    pub(super) fn new(
        app: &App,
        running: &Running,
        providers: &Providers,
        accounts: &'static [Account],
    ) -> Self {
        Self {
            service: running.service_url.clone(),
            flow: running.flow_url.clone(),
            api: format!("{}/events", running.api_url),
            issuer: app.issuer().as_str().to_owned(),
            mailbox: app.mailbox().folder().display().to_string(),
            providers: providers.addresses().map(|(name, address)| (name, address.to_owned())).collect(),
            accounts,
        }
    }

    /// Opens the diagram in the person's browser; without one the address stands in the terminal.
    pub(super) fn open_browser(&self) {
        let opener = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
        let mut command = Command::new(opener);
        command.arg(&self.flow).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Err(error) = command.spawn() {
            tracing::debug!(%error, "no browser was opened");
        }
    }
}

impl fmt::Display for Welcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "The demo is ready. 데모가 준비됐어요.\n")?;
        writeln!(f, "  live diagram          {}", self.flow)?;
        writeln!(f, "  나의 서비스 (client)    {}", self.service)?;
        writeln!(f, "  authorization server  {}", self.issuer)?;
        writeln!(f, "  calendar API          {}", self.api)?;
        writeln!(f, "  mailbox               {}\n", self.mailbox)?;
        writeln!(f, "Simulated providers · 시뮬레이션 제공자 (/control)\n")?;
        for (name, address) in &self.providers {
            writeln!(f, "  {name:<20}  {address}")?;
        }
        writeln!(f)?;
        writeln!(f, "Sign in as · 이 계정으로 로그인하세요\n")?;
        for account in self.accounts {
            writeln!(f, "  {}  {}  ({})", account.email, account.password, account.name)?;
        }
        write!(f, "\nCtrl+C stops it. Ctrl+C로 끝나요.")
    }
}
