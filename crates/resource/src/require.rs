//! What single routes demand beyond a valid token — RFC 6750 §3.1, RFC 9470 §3.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Extensions, Request, Response};
use http_body_util::{Either, Full};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    authorized::Authorized,
    demands::Demands,
    layer::{AccessBody, LetThrough},
    refusal::Refusal,
    resource_server::seconds,
};

/// Demands a scope of the requests to one route, by its exact name (RFC 6749 §3.3): `calendar.read` is not in
/// `calendar.readwrite`. To be put inside of [`ResourceServer::layer`](crate::ResourceServer::layer) or
/// [`protect`](crate::ResourceServer::protect); without them it refuses everybody, as does a text that cannot be
/// a scope.
///
/// ```
/// use axum::{Router, routing::get};
/// use mapae_resource::require;
///
/// let routes: Router = Router::new()
///     .route("/events", get(|| async { "…" }).layer(require("calendar.read")))
///     .route("/events/all", get(|| async { "…" }).layer(require("calendar.read").and("calendar.admin")));
/// ```
#[must_use]
pub fn require(scope: &str) -> Require {
    Require { demands: Demands::default() }.and(scope)
}

/// The layer made by [`require`].
#[derive(Clone, Debug)]
pub struct Require {
    demands: Demands,
}

/// A service behind [`Require`].
#[derive(Clone, Debug)]
pub struct Required<S> {
    inner: S,
    demands: Demands,
}

impl Require {
    /// Demands a further scope; all are needed.
    #[must_use]
    pub fn and(self, scope: &str) -> Self {
        self.with(|demands| demands.scope(scope))
    }

    /// Demands that the person signed in within this time (RFC 9470 §3).
    #[must_use]
    pub fn signed_in_within(self, age: Duration) -> Self {
        self.with(|demands| demands.max_age(seconds(age)))
    }

    /// Demands this authentication context (RFC 9470 §3). Call it again for alternatives; one is needed.
    #[must_use]
    pub fn acr(self, acr: &str) -> Self {
        self.with(|demands| demands.acr(acr))
    }

    /// The answer to a request that does not meet the demands; `None` if it does. For handlers that learn only from the
    /// body what is needed, as a JSON-RPC server does: the extensions are those of a request that came through the layer.
    #[must_use]
    pub fn refusal(&self, extensions: &Extensions) -> Option<Response<Full<Bytes>>> {
        self.demands.refuse(extensions)
    }

    fn with(mut self, change: impl FnOnce(&mut Demands)) -> Self {
        change(&mut self.demands);
        self
    }
}

impl<S> Layer<S> for Require {
    type Service = Required<S>;

    fn layer(&self, inner: S) -> Required<S> {
        Required { inner, demands: self.demands.clone() }
    }
}

impl<S, B, C> Service<Request<B>> for Required<S>
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
        if let Some(refused) = self.demands.refuse(request.extensions()) {
            return Box::pin(async { Ok(refused.map(Either::Left)) });
        }
        // The service that was polled ready is the one to call.
        let unready = self.inner.clone();
        let answer = mem::replace(&mut self.inner, unready).call(request);
        Box::pin(async { Ok(answer.await?.map(Either::Right)) })
    }
}

impl Demands {
    /// The refusal, if the request does not meet the demands.
    fn refuse(&self, extensions: &Extensions) -> Option<Response<Full<Bytes>>> {
        let (Some(authorized), Some(LetThrough(guard, scheme))) =
            (extensions.get::<Authorized>(), extensions.get::<LetThrough>())
        else {
            tracing::error!("a route has require() but is not behind the layer of a ResourceServer");
            return Some(Refusal::misconfigured());
        };
        let now = guard.server.verifier().clock.now();
        self.check(authorized, now).err().map(|refusal| guard.refuse(&refusal, *scheme))
    }
}
