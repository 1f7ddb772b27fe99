//! A tower layer that draws the requests to one party, and the answers to them.

use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use http::{HeaderMap, Request, Response, header, request::Parts};
use mapae_protocol::{
    client_credentials_header::ClientCredentials,
    params::{Limits, Params},
};
use tower::{Layer, Service};

use super::{
    Endpoint, Lifeline, Stage,
    endpoint::LOGOUT_NOTICES,
    hearing::{self, Heard},
    mask,
    message::{Draft, Kind, Parameter, Place},
    outcome, social,
};

/// What the demo's service and its experiments call themselves.
pub(crate) const SERVICE_AGENT: &str = concat!("mapae-demo-service/", env!("CARGO_PKG_VERSION"));

/// The layer. Put it around the router of a party:
///
/// ```
/// use axum::Router;
/// use mapae_demo::{Stage, flow::{Lifeline, Tap}};
///
/// # fn authorization_server() -> Router { Router::new() }
/// let stage = Stage::new();
/// let router = authorization_server().layer(Tap::new(&stage, Lifeline::AuthorizationServer));
/// # let _: Router = router;
/// ```
///
/// It reads forms and JSON of known small size, and passes everything on as it came. What the demo's own client
/// says to the authorization server is not drawn here, nor what either of them says to a provider: clients tell of that
/// themselves.
#[derive(Clone, Debug)]
pub struct Tap {
    stage: Stage,
    party: Lifeline,
    provider: Option<&'static str>,
}

/// A service behind a [`Tap`].
#[derive(Clone, Debug)]
pub struct Tapped<S> {
    inner: S,
    tap: Tap,
}

/// Who sent a request, and whether it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Caller {
    Drawn(Lifeline),
    /// The API asks by itself, all the time.
    Quiet(Lifeline),
    /// The client tells of it itself.
    Own,
}

impl Tap {
    /// Draws what is asked of `party`.
    #[must_use]
    pub fn new(stage: &Stage, party: Lifeline) -> Self {
        Self { stage: stage.clone(), party, provider: None }
    }

    /// Draws what is asked of a social provider: `kakao`.
    #[must_use]
    pub fn at_provider(stage: &Stage, name: &str) -> Self {
        Self { stage: stage.clone(), party: Lifeline::Provider, provider: social::known(name) }
    }

    fn caller(&self, parts: &Parts) -> Caller {
        let agent =
            parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let service = agent == SERVICE_AGENT;
        match self.party {
            // Whoever comes there is the authorization server or a provider, or pretends to be.
            Lifeline::Client if parts.uri.path().starts_with(LOGOUT_NOTICES) => {
                Caller::Drawn(Lifeline::AuthorizationServer)
            }
            Lifeline::Client | Lifeline::AuthorizationServer if is_for_notices(parts.uri.path()) => {
                Caller::Drawn(Lifeline::Provider)
            }
            Lifeline::AuthorizationServer | Lifeline::Provider
                if service || agent.starts_with("mapae-client/") =>
            {
                Caller::Own
            }
            Lifeline::AuthorizationServer if agent.starts_with("mapae-resource/") => {
                Caller::Quiet(Lifeline::ResourceServer)
            }
            Lifeline::ResourceServer if service => Caller::Drawn(Lifeline::Client),
            _ => Caller::Drawn(Lifeline::Browser),
        }
    }

    /// Whether an exchange gives tokens that the service keeps: those of codes that an experiment redeems it does not.
    fn is_of_the_login(&self, headers: &HeaderMap, endpoint: Endpoint) -> bool {
        // What other providers give is nobody's business here.
        if self.party != Lifeline::AuthorizationServer {
            return false;
        }
        let experiment = headers.get(header::USER_AGENT).is_some_and(|agent| agent == SERVICE_AGENT);
        match endpoint {
            Endpoint::Redemption => !experiment,
            Endpoint::Refresh => true,
            _ => false,
        }
    }

    fn draw_request(&self, caller: Caller, endpoint: Endpoint, parts: &Parts, heard: &Heard) -> Option<Open> {
        let (from, noise) = match caller {
            Caller::Drawn(from) => (from, false),
            Caller::Quiet(from) => (from, true),
            Caller::Own => return None,
        };
        let mut draft = Draft::new(Kind::Request, endpoint, from, self.party);
        draft.noise = noise;
        draft.provider = self.provider_of(parts);
        draft.method = Some(parts.method.to_string());
        draft.address = Some(mask::address(&full_address(parts)));
        draft.parameters = heard.parameters(parts.uri.query());
        draft.outcome = outcome::of_request(endpoint, parts.uri.query()).map(str::to_owned);
        draft.headers = hearing::headers(&parts.headers);
        draft.body = heard.json();
        let provider = draft.provider;
        Some(Open { seq: self.stage.journal().record(draft), endpoint, caller: from, noise, provider })
    }

    fn provider_of(&self, parts: &Parts) -> Option<&'static str> {
        match self.party {
            Lifeline::Client | Lifeline::AuthorizationServer => {
                social::of_address(parts.uri.path(), parts.uri.query())
            }
            Lifeline::Browser | Lifeline::Provider | Lifeline::ResourceServer => self.provider,
        }
    }

    fn draw_response(&self, open: &Open, response: &Response<Body>, heard: &Heard) {
        let mut draft = Draft::new(Kind::Response, open.endpoint, self.party, open.caller);
        draft.answers = Some(open.seq);
        draft.noise = open.noise && !heard.has_news();
        draft.provider = open.provider;
        draft.status = Some(response.status().as_u16());
        draft.headers = hearing::headers(response.headers());
        draft.body = heard.json();
        let location = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        let fields = location.map(mask::query_of).unwrap_or_default().into_iter();
        draft.parameters =
            fields.map(|(name, value)| Parameter::shown(Place::Location, &name, value)).collect();
        draft.outcome = outcome::of(response.status(), response.headers(), heard.error());
        self.stage.journal().record(draft);
    }

    /// An exchange of the service's own client at the token endpoint, for the experiments.
    fn overhear(&self, headers: &HeaderMap, form: &Heard, answer: &Heard) {
        let Some(form) = form.form().and_then(|form| Params::parse(form, Limits::REQUEST).ok()) else {
            return;
        };
        let basic = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| ClientCredentials::parse(value.as_bytes()).ok());
        let client_id = match &basic {
            Some(basic) => Some(basic.client_id.as_str()),
            None => form.one("client_id").ok().flatten(),
        };
        if client_id.is_some_and(|client_id| self.stage.is_own(client_id)) {
            self.stage.overheard().learn(&form, answer.bytes(), self.stage.now());
        }
    }
}

/// A request that is drawn and not yet answered.
struct Open {
    seq: u64,
    endpoint: Endpoint,
    caller: Lifeline,
    noise: bool,
    provider: Option<&'static str>,
}

impl<S> Layer<S> for Tap {
    type Service = Tapped<S>;

    fn layer(&self, inner: S) -> Tapped<S> {
        Tapped { inner, tap: self.clone() }
    }
}

impl<S> Service<Request<Body>> for Tapped<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        // The service that was polled ready is the one to call.
        let unready = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, unready);
        let tap = self.tap.clone();
        let (parts, body) = request.into_parts();
        let Some(endpoint) = Endpoint::of(tap.party, &parts.method, parts.uri.path()) else {
            return Box::pin(inner.call(Request::from_parts(parts, body)));
        };
        Box::pin(async move {
            let caller = tap.caller(&parts);
            let (asked, body) = hearing::request(&parts.headers, body).await;
            let endpoint = endpoint
                .with_grant_type(asked.field("grant_type").as_deref())
                .with_command(asked.field("do").as_deref())
                .with_provider(tap.provider_of(&parts));
            let open = tap.draw_request(caller, endpoint, &parts, &asked);
            let redeems = caller == Caller::Own && tap.is_of_the_login(&parts.headers, endpoint);
            let headers = redeems.then(|| parts.headers.clone());
            let response = inner.call(Request::from_parts(parts, body)).await?;
            if open.is_none() && !redeems {
                return Ok(response);
            }
            let (answered, response) = hearing::response(response).await;
            if let Some(open) = &open {
                tap.draw_response(open, &response, &answered);
            }
            if let Some(headers) = headers.filter(|_| response.status().is_success()) {
                tap.overhear(&headers, &asked, &answered);
            }
            Ok(response)
        })
    }
}

/// Whether this address is there for what providers have to tell.
fn is_for_notices(path: &str) -> bool {
    path.starts_with("/notices/") || path.starts_with("/upstream/") && path.contains("/notices/")
}

/// As the sender wrote it.
fn full_address(parts: &Parts) -> String {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    format!("http://{host}{}", parts.uri.path_and_query().map_or("/", |target| target.as_str()))
}
