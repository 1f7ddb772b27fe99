//! The back channel: HTTP to a provider, within limits.
//!
//! A provider is another party: it can be slow, huge, broken or hostile. Whatever it does costs at most
//! [`Limits::TIME`] and [`Limits::BYTES`], and what is not a direct answer of the expected kind is a typed error.

use std::{fmt, iter, sync::Arc, time::Duration};

use http::{HeaderMap, Method, StatusCode, header};
use mapae_protocol::{
    client_credentials_header::ClientCredentials, dpop, endpoint_uri::EndpointUri, params, secret::Secret,
};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::{
    http_error::HttpError,
    observe::{self, Exchange, Hidden, Observer, Outcome, Purpose},
    possession::asks_for_nonce,
    setting::{ConfigurationError, Setting},
};

/// How much an answer may cost.
pub(crate) enum Limits {}

impl Limits {
    /// How long it may take, from connecting to the last byte.
    pub(crate) const TIME: Duration = Duration::from_secs(5);
    /// The longest answer that is read.
    pub(crate) const BYTES: usize = 64 * 1_024;
}

tokio::task_local! {
    /// When everything is over that belongs to what goes on.
    static DEADLINE: Instant;
}

/// All requests of `work` together take no longer than this, and no more does what it waits for [`in_time`].
pub(crate) async fn within<T>(time: Duration, work: impl Future<Output = T>) -> T {
    DEADLINE.scope(Instant::now() + time, work).await
}

/// Waits for something that others wait for as well and that goes on without the caller, until everything is over that the
/// caller belongs to.
///
/// # Errors
/// The time is over.
pub(crate) async fn in_time<T>(work: impl Future<Output = T>) -> Result<T, HttpError> {
    match DEADLINE.try_with(|deadline| *deadline) {
        Ok(deadline) => timeout_at(deadline, work).await.map_err(|_| HttpError::Timeout),
        Err(_) => Ok(work.await),
    }
}

/// A request to a provider.
pub(crate) struct Outgoing<'a> {
    pub(crate) purpose: Purpose,
    pub(crate) url: &'a EndpointUri,
    pub(crate) credential: Option<Credential>,
    pub(crate) method: Method,
    /// The body.
    pub(crate) form: Option<&'a Form>,
    /// The proof that a key is in our hands (RFC 9449 §4.1).
    pub(crate) proof: Option<Secret<String>>,
}

/// The credential of the `Authorization` header.
pub(crate) enum Credential {
    /// RFC 6749 §2.3.1.
    Basic(ClientCredentials),
    /// RFC 6750 §2.1.
    Bearer(Secret<String>),
    /// RFC 9449 §7.1.
    Dpop(Secret<String>),
}

/// The parameters of a form.
#[derive(Clone, Default)]
pub(crate) struct Form {
    pairs: Vec<(String, Secret<String>)>,
    is_json: bool,
}

/// An answer with a status of 2xx, 4xx or 5xx.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
    pub(crate) headers: HeaderMap,
    json: bool,
}

/// Speaks to one provider.
pub(crate) struct BackChannel {
    client: reqwest::Client,
    time: Duration,
    observer: Option<Arc<dyn Observer>>,
}

impl BackChannel {
    /// `time`: how long an answer may take, from connecting to the last byte; at most [`Limits::TIME`].
    /// `trusts_nobody`: the provider is on this machine without TLS, so no certificate authority is needed.
    pub(crate) fn new(
        time: Duration,
        trusts_nobody: bool,
        observer: Option<Arc<dyn Observer>>,
    ) -> Result<Self, ConfigurationError> {
        let mut builder = reqwest::Client::builder()
            .timeout(time)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .no_proxy()
            .user_agent(concat!("mapae-client/", env!("CARGO_PKG_VERSION")));
        if trusts_nobody {
            builder = builder.tls_certs_only(iter::empty::<reqwest::Certificate>());
        }
        let missing = ConfigurationError::new(Setting::CertificateAuthorities, "none could be loaded");
        let client = builder.build().map_err(|_| missing)?;
        Ok(Self { client, time, observer })
    }

    /// One request, one answer; nothing is tried twice.
    pub(crate) async fn send(&self, outgoing: &Outgoing<'_>) -> Result<Answer, HttpError> {
        let started = Instant::now();
        let received = self.exchange(outgoing).await;
        if let Some(observer) = &self.observer {
            let outcome = match &received {
                Ok(answer) => outgoing.shown_answer(answer),
                Err(error) => Outcome::failed(*error),
            };
            observer.exchanged(&outgoing.shown(outcome, started.elapsed()));
        }
        received
    }

    async fn exchange(&self, outgoing: &Outgoing<'_>) -> Result<Answer, HttpError> {
        let mut request = self.request(outgoing);
        if let Ok(deadline) = DEADLINE.try_with(|deadline| *deadline) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(HttpError::Timeout);
            }
            request = request.timeout(left.min(self.time));
        }
        let response = request.send().await.map_err(|error| classify(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status.is_redirection() {
            return Err(HttpError::Redirected);
        }
        if headers.get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(HttpError::Compressed);
        }
        let body = read(response).await?;
        let json = is_json(&headers);
        Ok(Answer { status, body, headers, json })
    }

    fn request(&self, outgoing: &Outgoing<'_>) -> reqwest::RequestBuilder {
        let mut request = self.client.request(outgoing.method.clone(), outgoing.url.as_str());
        request = request.header(header::ACCEPT, "application/json");
        if let Some(credential) = &outgoing.credential {
            request = request.header(header::AUTHORIZATION, credential.header_value().expose());
        }
        if let Some(proof) = &outgoing.proof {
            request = request.header(dpop::NAME, proof.expose());
        }
        match outgoing.form {
            Some(form) => request.header(header::CONTENT_TYPE, form.media_type()).body(form.encode()),
            None => request,
        }
    }
}

impl fmt::Debug for BackChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BackChannel")
    }
}

impl Answer {
    /// The body of an answer that must be `200 OK` and JSON.
    pub(crate) fn into_json(self) -> Result<Vec<u8>, HttpError> {
        match (self.status, self.json) {
            (StatusCode::OK, true) => Ok(self.body),
            (StatusCode::OK, false) => Err(HttpError::NotJson),
            _ => Err(HttpError::Status),
        }
    }

    /// Whether the request was refused for want of the nonce that is told here (RFC 9449 §8, §9): then it has done nothing,
    /// and is made again.
    pub(crate) fn wants_nonce(&self) -> bool {
        let refused = matches!(self.status, StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED);
        let said = || serde_json::from_slice::<Value>(&self.body).ok()?.get("error").cloned();
        let told = self.headers.contains_key(dpop::NONCE_HEADER);
        refused
            && told
            && (asks_for_nonce(&self.headers) || said().is_some_and(|error| error == "use_dpop_nonce"))
    }

    /// Whether the answer is declared as JSON.
    pub(crate) const fn is_json(&self) -> bool {
        self.json
    }
}

impl Form {
    /// Adds a parameter.
    pub(crate) fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.pairs.push((name.into(), Secret::new(value.into())));
        self
    }

    /// Adds a parameter that may be absent.
    pub(crate) fn with_some(self, name: &'static str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The same as a JSON object.
    pub(crate) const fn in_json(mut self) -> Self {
        self.is_json = true;
        self
    }

    const fn media_type(&self) -> &'static str {
        if self.is_json { "application/json" } else { "application/x-www-form-urlencoded" }
    }

    fn encode(&self) -> String {
        let pairs = self.pairs.iter().map(|(name, value)| (name.as_str(), value.expose()));
        if self.is_json {
            let object = pairs.map(|(name, value)| (name.to_owned(), Value::from(value.as_str())));
            return Value::Object(object.collect()).to_string();
        }
        params::encode(pairs)
    }
}

impl Credential {
    fn header_value(&self) -> Secret<String> {
        match self {
            Self::Basic(client) => client.to_header_value(),
            Self::Bearer(token) => Secret::new(format!("Bearer {}", token.expose())),
            Self::Dpop(token) => Secret::new(format!("DPoP {}", token.expose())),
        }
    }

    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Basic(client) => ("Basic", client.secret.expose()),
            Self::Bearer(token) => ("Bearer", token.expose()),
            Self::Dpop(token) => ("DPoP", token.expose()),
        }
    }
}

impl Outgoing<'_> {
    fn shown(&self, outcome: Outcome, took: Duration) -> Exchange {
        let mut headers = vec![("accept".to_owned(), "application/json".to_owned())];
        if let Some((scheme, credential)) = self.credential.as_ref().map(Credential::parts) {
            headers.push(observe::header("authorization", scheme, credential));
        }
        headers.extend(self.proof.as_ref().map(|proof| ("dpop".to_owned(), observe::mask(proof.expose()))));
        let pairs = self.form.iter().flat_map(|form| &form.pairs);
        Exchange {
            purpose: self.purpose,
            method: self.method.to_string(),
            url: observe::address(self.url.as_str()),
            headers,
            parameters: pairs.map(|(name, value)| observe::parameter(name, value.expose())).collect(),
            outcome,
            milliseconds: observe::milliseconds(took),
        }
    }

    fn shown_answer(&self, answer: &Answer) -> Outcome {
        let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let shown = [header::CONTENT_TYPE, header::CACHE_CONTROL, header::RETRY_AFTER]
            .into_iter()
            .filter_map(|name| {
                let value = answer.headers.get(&name)?.to_str().ok()?.to_owned();
                Some((name.to_string(), value))
            });
        Outcome::Answered {
            status: answer.status.as_u16(),
            headers: shown.collect(),
            body: observe::answer(self.purpose, body, &self.hidden()),
        }
    }

    /// What this request sent that nobody may see.
    fn hidden(&self) -> Vec<Hidden<'_>> {
        let pairs = self.form.iter().flat_map(|form| &form.pairs);
        let parameters = pairs.map(|(name, value)| Hidden::parameter(name, value.expose()));
        let credential = self.credential.as_ref().map(Credential::parts);
        let credential = credential.map(|(scheme, credential)| Hidden::credential(scheme, credential));
        parameters.flatten().chain(credential).collect()
    }
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, HttpError> {
    if response.content_length().is_some_and(|length| length > Limits::BYTES as u64) {
        return Err(HttpError::TooLong);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        if body.len() + chunk.len() > Limits::BYTES {
            return Err(HttpError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn classify(error: &reqwest::Error) -> HttpError {
    if error.is_connect() || error.is_builder() {
        HttpError::Unreachable
    } else if error.is_timeout() {
        HttpError::Timeout
    } else {
        HttpError::Broken
    }
}

/// `application/json` or a type derived from it (RFC 6839 §3.1), whatever its parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let declared =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media_type = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    /// RFC 6839 §3.1: the suffix says that it is JSON; nothing else does.
    #[test]
    fn an_answer_is_json_if_it_says_so() {
        let declared =
            |kind| is_json(&HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]));
        for kind in ["application/json", "Application/JSON; charset=utf-8", "application/problem+json"] {
            assert!(declared(kind), "{kind}");
        }
        for kind in ["", "text/json", "application/jsonx", "text/x+json", "application/json+xml", "json"] {
            assert!(!declared(kind), "{kind}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }
}
