//! For axum: a whole router behind the layer, and [`Authorized`] as an argument of handlers.

use axum::{
    Router,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
    routing::any,
};
use http::{Method, StatusCode, Uri, request::Parts};
use mapae_protocol::{self as protocol, endpoint_uri::EndpointUri};

use crate::{ResourceServer, authorized::Authorized, refusal::Refusal};

impl ResourceServer {
    /// Puts everything that `router` has behind the layer: its routes, its fallback, and what it answers to methods
    /// that a route does not have. A path that matches nothing, or that was written so as to match nothing (`//`,
    /// `%2e`, capital letters), is refused like any other: there is no second reading of paths that could differ
    /// from the router's. Adds [`metadata_routes`](Self::metadata_routes).
    ///
    /// Call it once, at the root, and merge the result **into** the router of what is for everybody, so that this
    /// fallback is the one that stays:
    ///
    /// ```
    /// # use axum::{Router, routing::get};
    /// # fn app(resource: &mapae_resource::ResourceServer, routes: Router) -> Router {
    /// Router::new().route("/health", get(|| async { "ok" })).merge(resource.protect(routes))
    /// # }
    /// ```
    pub fn protect<S: Clone + Send + Sync + 'static>(&self, router: Router<S>) -> Router<S> {
        self.metadata_routes().merge(router.layer(self.layer()))
    }

    /// The metadata document as a route of its own (RFC 9728 §3), for applications that put
    /// [`layer`](Self::layer) around single routes. Empty if this API's identifier is not an address on the web.
    pub fn metadata_routes<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        let Some(path) = self.metadata_address().and_then(route_path) else { return Router::new() };
        let server = self.clone();
        let answer = async move |method: Method, address: Uri| {
            let document = server.document(&method, address.path());
            document
                .map_or_else(|| StatusCode::METHOD_NOT_ALLOWED.into_response(), IntoResponse::into_response)
        };
        Router::new().route(&path, any(answer))
    }
}

/// The path of an address, unless axum would take it for a pattern.
fn route_path(address: &EndpointUri) -> Option<String> {
    let path = protocol::uri::Uri::parse(address.as_str()).ok()?.path;
    let is_literal = |segment: &str| !segment.starts_with([':', '*']);
    path.split('/').all(is_literal).then(|| path.to_owned())
}

/// The request did not come through the layer, so nobody checked a token: 500. The handler is not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unprotected;

impl IntoResponse for Unprotected {
    fn into_response(self) -> Response {
        Refusal::misconfigured().into_response()
    }
}

impl<S: Sync> FromRequestParts<S> for Authorized {
    type Rejection = Unprotected;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Unprotected> {
        parts.extensions.get().cloned().ok_or_else(|| {
            tracing::error!("a handler takes Authorized but is not behind the layer of a ResourceServer");
            Unprotected
        })
    }
}
