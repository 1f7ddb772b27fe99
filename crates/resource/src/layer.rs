//! The layer that lets only valid tokens through.

use std::{
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header, request::Parts};
use http_body_util::{Either, Full};
use mapae_protocol::{
    bearer::{self, BearerToken, Place},
    dpop,
    token::TokenType,
};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    ResourceServer, challenge, demands::Demands, query_token, refusal::Refusal, resource_server::seconds,
};

/// Lets a request through only with a valid access token; what the token says is then in the request's
/// extensions as [`Authorized`](crate::Authorized). Everything that the layer wraps is protected: it does not
/// look at paths, except for the one of the public metadata document.
///
/// Made by [`ResourceServer::layer`]. Works around any service of HTTP requests: axum routers and routes, tower
/// stacks, plain hyper.
#[derive(Clone, Debug)]
pub struct AccessLayer {
    guard: Arc<Guard>,
}

/// What the layer decides by; shared by all services that it made.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    pub(crate) server: ResourceServer,
    accepts_query: bool,
    demands: Demands,
}

/// A service behind the layer.
#[derive(Clone, Debug)]
pub struct Guarded<S> {
    inner: S,
    guard: Arc<Guard>,
}

/// The body of a response: the layer's own, or the application's.
pub type AccessBody<B> = Either<Full<Bytes>, B>;

/// By which layer a request was let through, and in which scheme its token came; for [`require`](crate::require).
#[derive(Clone, Debug)]
pub(crate) struct LetThrough(pub(crate) Arc<Guard>, pub(crate) TokenType);

impl AccessLayer {
    pub(crate) fn new(server: ResourceServer) -> Self {
        let guard = Guard { server, accepts_query: false, demands: Demands::default() };
        Self { guard: Arc::new(guard) }
    }

    /// Accepts the token as `?access_token=` too, for what cannot send headers: a calendar subscription, an
    /// `<img>`. Addresses get into logs and histories (RFC 9700 §4.3.2), so opt in for single routes.
    ///
    /// The handler does not see the parameter, not in axum's `OriginalUri` either, and its answer gets
    /// `Cache-Control: no-store, private`.
    #[must_use]
    pub fn allow_query_token(self) -> Self {
        self.with(|guard| guard.accepts_query = true)
    }

    /// Demands a scope of every request, by its exact name (RFC 6749 §3.3). Call it again for more; all are
    /// needed. A text that cannot be a scope refuses everybody.
    #[must_use]
    pub fn require(self, scope: &str) -> Self {
        self.with(|guard| guard.demands.scope(scope))
    }

    /// Demands that the person signed in within this time (RFC 9470 §3).
    #[must_use]
    pub fn signed_in_within(self, age: Duration) -> Self {
        self.with(|guard| guard.demands.max_age(seconds(age)))
    }

    /// Demands this authentication context (RFC 9470 §3). Call it again for alternatives; one is needed.
    #[must_use]
    pub fn acr(self, acr: &str) -> Self {
        self.with(|guard| guard.demands.acr(acr))
    }

    fn with(self, change: impl FnOnce(&mut Guard)) -> Self {
        let mut guard = Arc::unwrap_or_clone(self.guard);
        change(&mut guard);
        Self { guard: Arc::new(guard) }
    }
}

impl<S> Layer<S> for AccessLayer {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { inner, guard: Arc::clone(&self.guard) }
    }
}

impl<S, B, C> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<C>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
{
    type Response = Response<AccessBody<C>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that was polled ready is the one to call.
        let unready = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, unready);
        let guard = Arc::clone(&self.guard);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            if let Some(document) = guard.server.document(&parts.method, parts.uri.path()) {
                return Ok(document.map(Either::Left));
            }
            match guard.admit(&mut parts).await {
                Err((refusal, scheme)) => Ok(guard.refuse(&refusal, scheme).map(Either::Left)),
                Ok(Admitted { transport, next_nonce }) => {
                    let mut response = inner.call(Request::from_parts(parts, body)).await?;
                    if transport == Transport::Query {
                        keep_private(&mut response);
                    }
                    if let Some(nonce) = next_nonce {
                        challenge::tell_nonce(&mut response, nonce);
                    }
                    Ok(response.map(Either::Right))
                }
            }
        })
    }
}

/// What the answer to a request that was let through must say.
struct Admitted {
    transport: Transport,
    next_nonce: Option<HeaderValue>,
}

/// How the token came.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Header,
    Query,
}

impl Guard {
    pub(crate) fn refuse(&self, refusal: &Refusal, scheme: TokenType) -> Response<Full<Bytes>> {
        let ways = self.server.verifier().possession.ways();
        refusal.to_response(self.server.metadata_address(), scheme, ways)
    }

    async fn admit(self: &Arc<Self>, parts: &mut Parts) -> Result<Admitted, (Refusal, TokenType)> {
        let ((scheme, token), transport) =
            self.take(parts).map_err(|refusal| (refusal, TokenType::Bearer))?;
        let next_nonce = self.judge(parts, (scheme, &token)).await.map_err(|refusal| (refusal, scheme))?;
        // Whatever prints the request from here on shows no token and no proof.
        for name in [header::AUTHORIZATION.as_str(), dpop::NAME] {
            if let Some(value) = parts.headers.get_mut(name) {
                value.set_sensitive(true);
            }
        }
        if transport == Transport::Query {
            query_token::take_out(parts);
        }
        parts.extensions.insert(LetThrough(Arc::clone(self), scheme));
        Ok(Admitted { transport, next_nonce })
    }

    /// Whether the token is good and the sender may use it here; what it says is in the extensions then.
    async fn judge(
        &self,
        parts: &mut Parts,
        (scheme, token): (TokenType, &BearerToken),
    ) -> Result<Option<HeaderValue>, Refusal> {
        let verifier = self.server.verifier();
        let authorized = verifier.check(token.expose()).await?;
        let presented = (scheme, token.expose().as_str());
        let next_nonce = verifier.possession.admit(parts, presented, &authorized, verifier.now())?;
        self.demands.check(&authorized, verifier.clock.now())?;
        parts.extensions.insert(authorized);
        Ok(next_nonce)
    }

    fn take(&self, parts: &Parts) -> Result<((TokenType, BearerToken), Transport), Refusal> {
        let query = query_token::parse(parts.uri.query().unwrap_or_default())?;
        let place = if self.accepts_query { Place::Accepted(&query) } else { Place::Refused(&query) };
        let headers = parts.headers.get_all(header::AUTHORIZATION).iter().map(HeaderValue::as_bytes);
        let token = bearer::take_of_any_type(headers, place, Place::Absent)?;
        let token = token.ok_or(Refusal::NoCredentials)?;
        // A token in both places was refused, so a query that has one is where it came from.
        let transport = if query.iter().any(|(_, value)| !value.is_empty()) {
            Transport::Query
        } else {
            Transport::Header
        };
        Ok((token, transport))
    }
}

/// RFC 6750 §2.3: a response to an address with a token in it is nobody else's.
fn keep_private<B>(response: &mut Response<B>) {
    let value = HeaderValue::from_static("no-store, private");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
}
