//! Calls of the calendar API with an access token — RFC 6750 §2.1.

use std::time::Duration;

use http::{StatusCode, header};
use mapae_client::Attempt;
use mapae_protocol::{locale::Locale, params};
use serde_json::{Value, json};

use crate::{database::Entry, flow::SERVICE_AGENT};

/// How long an answer may take: a person waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// The API as the service knows it. Cloning is cheap.
#[derive(Clone, Debug)]
pub(crate) struct CalendarApi {
    http: reqwest::Client,
    base: String,
}

/// What the API said.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ApiAnswer {
    /// The status.
    pub(crate) status: StatusCode,
    /// The JSON document; `null` if there is none.
    pub(crate) body: Value,
}

/// The API did not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the calendar API does not answer")]
pub(crate) struct NoAnswer;

/// What is asked of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    /// The entries of a month, `YYYY-MM`; all without.
    Read { month: Option<String>, locale: Locale },
    /// The same, with the token in the address (RFC 6750 §2.3).
    ReadByAddress,
    /// A new entry.
    Write { title: String, date: String, time: Option<String> },
}

impl CalendarApi {
    /// The API at this address.
    pub(crate) const fn new(http: reqwest::Client, base: String) -> Self {
        Self { http, base }
    }

    /// One call.
    pub(crate) async fn call(&self, ask: &Ask, token: &str) -> Result<ApiAnswer, NoAnswer> {
        let sent = self.request(ask, token).timeout(PATIENCE).send().await.map_err(|_| NoAnswer)?;
        let status = sent.status();
        let body = sent.json().await.unwrap_or(Value::Null);
        Ok(ApiAnswer { status, body })
    }

    /// One call, as `mapae-client` wants to know it.
    pub(crate) async fn attempt(&self, ask: &Ask, token: &str) -> Result<Attempt<ApiAnswer>, NoAnswer> {
        let answer = self.call(ask, token).await?;
        Ok(Attempt::of(answer.status, answer))
    }

    fn request(&self, ask: &Ask, token: &str) -> reqwest::RequestBuilder {
        let mut address = format!("{}/events", self.base);
        let request = match ask {
            Ask::Read { month, locale } => {
                if let Some(month) = month {
                    address.push('?');
                    params::append(&mut address, [("month", month)]);
                }
                self.http.get(&address).header(header::ACCEPT_LANGUAGE, locale.as_str())
            }
            Ask::ReadByAddress => {
                address.push('?');
                params::append(&mut address, [("access_token", token)]);
                return self.http.get(&address).header(header::USER_AGENT, SERVICE_AGENT);
            }
            Ask::Write { title, date, time } => {
                self.http.post(&address).json(&json!({ "title": title, "date": date, "time": time }))
            }
        };
        request.header(header::USER_AGENT, SERVICE_AGENT).bearer_auth(token)
    }
}

impl ApiAnswer {
    /// The entries of a calendar.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let events = self.body.get("events").cloned().unwrap_or(Value::Null);
        serde_json::from_value(events).unwrap_or_default()
    }
}
