//! A simulator at a fixed time, an app that speaks to it, and answers as text that does not change.

use std::{collections::BTreeMap, fmt::Write as _};

use mapae_protocol::{
    jose::{JwkSet, Unverified},
    time::Timestamp,
};
use mapae_simulators::{Clock, Provider, Settings, Simulator};
use reqwest::{Client, Response, header, redirect::Policy};
use serde_json::{Map, Value};

use crate::browser::{Browser, Page};

/// When everything happens: 2026-10-26.
pub(crate) const NOW: i64 = 1_793_000_000;

/// Where the app waits for its answers.
pub(crate) const CALLBACK: &str = "http://localhost:3000/callback";

/// A simulator with an app in front.
pub(crate) struct Scene {
    pub(crate) simulator: Simulator,
    pub(crate) http: Client,
}

impl Scene {
    pub(crate) async fn of(provider: Provider) -> Self {
        Self::with(provider, Settings::default()).await
    }

    /// With other settings, at the fixed time all the same.
    pub(crate) async fn with(provider: Provider, settings: Settings) -> Self {
        let clock = Clock::new(|| Timestamp::from_unix(NOW));
        let simulator = Simulator::start(provider, Settings { clock, ..settings }).await.unwrap();
        let http = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        Self { simulator, http }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.simulator.base_url())
    }

    /// An address with these parameters.
    pub(crate) fn address(&self, path: &str, parameters: &[(&str, &str)]) -> String {
        let mut address = self.url(path) + "?";
        mapae_protocol::params::append(&mut address, parameters.iter().copied());
        address
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Response {
        self.http.get(self.url(path)).bearer_auth(token).send().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.http.post(self.url(path)).form(form).send().await.unwrap()
    }

    /// A response as text: status, the headers that matter, and the body with everything random named instead.
    pub(crate) async fn shown(&self, response: Response) -> String {
        let mut text = response.status().as_u16().to_string();
        for name in [header::CONTENT_TYPE, header::WWW_AUTHENTICATE, header::LOCATION] {
            for value in response.headers().get_all(&name) {
                write!(text, "\n{name}: {}", value.to_str().unwrap()).unwrap();
            }
        }
        let body = response.text().await.unwrap();
        let body = match serde_json::from_str::<Value>(&body) {
            Ok(mut json) => {
                mask(&mut json);
                serde_json::to_string_pretty(&in_order(json)).unwrap()
            }
            Err(_) => body,
        };
        self.neutral(&format!("{text}\n\n{body}"))
    }

    /// Without the port, which is another one each time.
    pub(crate) fn neutral(&self, text: &str) -> String {
        text.replace(self.simulator.base_url(), "[base]")
    }

    /// The claims of a token that was signed with the simulator's key.
    pub(crate) async fn claims(&self, token: &str, keys: &str) -> Map<String, Value> {
        let keys = self.http.get(self.url(keys)).send().await.unwrap().bytes().await.unwrap();
        let keys = JwkSet::parse(&keys).unwrap();
        Unverified::parse(token).unwrap().verify_with(&keys).unwrap().claims(&[]).unwrap()
    }

    /// Claims as text that does not change.
    pub(crate) fn shown_claims(&self, claims: Map<String, Value>) -> String {
        let mut json = Value::Object(claims);
        mask(&mut json);
        self.neutral(&serde_json::to_string_pretty(&in_order(json)).unwrap())
    }
}

/// Members by name: whether serde_json keeps the order of writing depends on what else is built with it.
pub(crate) fn in_order(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(in_order).collect(),
        Value::Object(members) => {
            let members: BTreeMap<String, Value> =
                members.into_iter().map(|(name, value)| (name, in_order(value))).collect();
            Value::Object(members.into_iter().collect())
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}

/// Whatever is random.
const RANDOM: &[&str] = &[
    "access_token",
    "refresh_token",
    "id_token",
    "at_hash",
    "jti",
    "txm",
    "kid",
    "n",
    "fbtrace_id",
    "token",
    "c_hash",
];

fn mask(json: &mut Value) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                if RANDOM.contains(&name.as_str()) && value.is_string() {
                    *value = format!("[{name}]").into();
                } else {
                    mask(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mask),
        _ => {}
    }
}

/// Signs in as a person of the list and stops before the consent page, if there is one.
pub(crate) async fn sign_in(browser: &Browser, address: &str, person: &str) -> Page {
    let page = browser.open(address).await;
    browser.press(&page, &format!("login-as-{person}"), &[]).await
}

/// Agrees to these optional items.
pub(crate) async fn agree(browser: &Browser, page: &Page, items: &[&str]) -> Page {
    let fields: Vec<(&str, &str)> = items.iter().map(|item| ("item", *item)).collect();
    browser.press(page, "consent-approve", &fields).await
}

/// What people see who come with a request that must not go back to the app: a line for each case.
pub(crate) async fn error_pages(browser: fn() -> Browser, cases: &[(&str, String)]) -> String {
    let mut table = String::new();
    for (case, address) in cases {
        let page = browser().open(address).await;
        assert!(page.headers.get("location").is_none(), "{case}");
        let (code, text) = (page.text("#trouble-code"), page.text("#trouble-text"));
        writeln!(table, "{case}: {} {code} {text}", page.status.as_u16()).unwrap();
    }
    table
}
