//! What `mapae simulate` says when the simulators answer: where they are, and with which credentials.

use std::{collections::BTreeSet, fmt};

use mapae_simulators::{Provider, Simulator};
use serde::Serialize;

/// The simulators that run.
#[derive(Debug, Serialize)]
pub(super) struct Ready {
    simulators: Vec<Entry>,
}

/// One of them, with the app that is there from the start.
#[derive(Debug, Serialize)]
struct Entry {
    provider: Provider,
    base_url: String,
    issuer: String,
    control: String,
    client_id: String,
    /// `null` for Apple, whose secrets the client signs itself.
    client_secret: Option<String>,
    /// Kakao's, without which its notices are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    app_id: Option<String>,
    redirect_uris: Vec<String>,
}

impl Ready {
    pub(super) fn of(running: &[Simulator]) -> Self {
        let entry = |simulator: &Simulator| {
            let app = simulator.app();
            Entry {
                provider: simulator.provider(),
                base_url: simulator.base_url().to_owned(),
                issuer: simulator.issuer().to_owned(),
                control: format!("{}/control", simulator.base_url()),
                client_id: app.client_id,
                client_secret: app.client_secret,
                app_id: app.admin_key.is_some().then(|| app.number.to_string()),
                admin_key: app.admin_key,
                redirect_uris: app.redirect_uris,
            }
        };
        Self { simulators: running.iter().map(entry).collect() }
    }

    /// Each once: all simulators have the same.
    fn redirect_uris(&self) -> BTreeSet<&str> {
        self.simulators.iter().flat_map(|entry| &entry.redirect_uris).map(String::as_str).collect()
    }
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "These are simulations. 시뮬레이션이에요. 실제 서비스가 아니에요.\n")?;
        for entry in &self.simulators {
            writeln!(f, "  {:<9} {}", entry.provider.as_str(), entry.base_url)?;
            writeln!(f, "            client_id      {}", entry.client_id)?;
            let secret = entry.client_secret.as_deref();
            writeln!(
                f,
                "            client_secret  {}",
                secret.unwrap_or("signed with the key on its page")
            )?;
            for (name, value) in [("admin_key", &entry.admin_key), ("app_id", &entry.app_id)] {
                if let Some(value) = value {
                    writeln!(f, "            {name:<13}  {value}")?;
                }
            }
        }
        writeln!(
            f,
            "\nPeople and buttons are on each one's page /control. 사람과 버튼은 각 주소의 /control에 있어요."
        )?;
        writeln!(
            f,
            "Registered redirect URIs; --redirect-uri adds one. 등록된 리다이렉트 URI. --redirect-uri로 더해요."
        )?;
        for uri in self.redirect_uris() {
            writeln!(f, "  {uri}")?;
        }
        write!(f, "\nCtrl+C stops them. Ctrl+C로 끝나요.")
    }
}
