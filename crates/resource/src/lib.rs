//! Protects an API with OAuth 2.0 access tokens: a tower layer for axum, hyper and everything between.
//!
//! ```no_run
//! use axum::{Json, Router, routing::{get, post}};
//! use mapae_resource::{Authorized, ResourceServer, require};
//!
//! async fn events(caller: Authorized) -> Json<Vec<String>> {
//!     Json(vec![format!("the events of {}", caller.subject())])
//! }
//!
//! async fn add_event(caller: Authorized, title: String) -> String {
//!     format!("{} added \"{title}\" for {}", caller.client_id(), caller.subject())
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let resource = ResourceServer::builder("http://localhost:9000", "http://localhost:4000")
//!         .credential("the API's client_id", "its secret")
//!         .scopes(["calendar.read", "calendar.write"])
//!         .build()?;
//!     let routes = Router::new()
//!         .route("/events", get(events).layer(require("calendar.read")))
//!         .route("/events", post(add_event).layer(require("calendar.write")));
//!     let public = Router::new().route("/health", get(|| async { "ok" }));
//!     let app = public.merge(resource.protect(routes));
//!     let listener = tokio::net::TcpListener::bind("127.0.0.1:4000").await?;
//!     Ok(axum::serve(listener, app).await?)
//! }
//! ```
//!
//! Register the API at the authorization server (`mapae api create`), which prints the identifier, `client_id` and
//! secret that stand above. That is all: addresses and keys are found by the issuer's name.
//!
//! # What is checked
//!
//! - **The token**, by RFC 9068 §4: `typ` is `at+jwt`, the signature is that of a key which the issuer publishes,
//!   `iss` and `aud` are exactly those configured, the dates are numbers and hold. The key decides the algorithm;
//!   no header can name a key or an address.
//! - **That it was not withdrawn**: a task follows the authorization server's revocation feed
//!   ([`mapae_protocol::revocation_feed`]). When a person disconnects an app, signs out or is disabled, the API
//!   refuses the tokens concerned within a second, and no request has to ask. A signing key that was stolen and withdrawn
//!   vouches for nothing from then on, whether or not a token names it and whatever a cache says that the keys are.
//! - **What the route demands**: [`require`] compares whole scope tokens; [`Require::signed_in_within`] and
//!   [`Require::acr`] ask for a better sign-in (RFC 9470).
//!
//! - **That the sender has its key**, if it is bound to one (RFC 9449): such a token comes as `Authorization: DPoP` with a
//!   proof in the header `DPoP`, for this method, this address and this token, made a moment ago and used once.
//!   [`require_bound_tokens`](Builder::require_bound_tokens) refuses all others, and
//!   [`proof_algorithms`](Builder::proof_algorithms) takes proofs of some algorithms alone, as FAPI 2.0 wants it.
//!
//! # Proofs of possession
//!
//! The address in a proof is compared with the one that is configured, never with `Host`: the origin of the API's
//! identifier, or [`address`](Builder::address) where the identifier is none or a proxy takes a part of the path away. Paths
//! count as they were asked for, also within a nested axum router. Without such an address key-bound tokens are refused.
//!
//! Which proofs were used is remembered **in this process**, for the minute in which one is good: at most 131 072 of them, and
//! when it is full requests with a proof get 503. Who runs several processes of one API and must exclude that a proof is
//! used once at each of them sends a sender's requests to the same one. [`dpop_nonces`](Builder::dpop_nonces) lets nobody
//! make proofs in advance.
//!
//! # Ways to check
//!
//! | configuration | JWT | opaque token | withdrawn tokens |
//! |---|---|---|---|
//! | [`credential`](Builder::credential) | signature and feed | refused | refused within a second |
//! | … and [`opaque_tokens`](Builder::opaque_tokens) | signature and feed | introspection | within a second |
//! | … and [`introspect_all`](Builder::introspect_all) | introspection | introspection | within a second |
//! | [`without_revocation`](Builder::without_revocation) | signature | refused | **accepted until they expire** |
//!
//! An introspection answer serves for at most a second, for the very same token only. RFC 7662 §2.2 leaves it to the server
//! what an answer says; here a token is refused unless it says `sub`, `client_id`, `aud`, `token_type` and `exp`. Mapae says
//! all of them of every access token, and `sub` is the client where no person is involved.
//!
//! # When the authorization server is away
//!
//! Nobody is let in because nobody could be asked. Keys serve until they are ten minutes old
//! ([`jwks_max_age`](Builder::jwks_max_age)), the feed may be silent for 30 seconds
//! ([`feed_max_age`](Builder::feed_max_age)); then requests get 503 with `Retry-After`, and so do those that would
//! have to be introspected. Everything recovers by itself. A token that names an unknown key causes one fetch of
//! the keys, shared by all who wait for it, at most every 30 seconds; so do keys that grew old while the machine slept.
//! [`ResourceServer::status`] says what is wrong.
//!
//! # Answers
//!
//! Those of RFC 6750 §3, with `resource_metadata` (RFC 9728 §5.1):
//!
//! | request | answer |
//! |---|---|
//! | without token | 401, no error code |
//! | unreadable: two tokens, a malformed header, `?access_token=` where it is not allowed | 400 `invalid_request` |
//! | token expired, forged, foreign, withdrawn, bound to another key or without its proof | 401 `invalid_token` and which of these |
//! | proof of possession missing, malformed, for another request, too old, used before | 401 `DPoP error="invalid_dpop_proof"` |
//! | nonce missing, too old or another API's | 401 `DPoP error="use_dpop_nonce"` and `DPoP-Nonce` |
//! | scope missing | 403 `insufficient_scope` and the scope |
//! | sign-in too old or too weak | 401 `insufficient_user_authentication` and what is needed |
//! | nobody can tell | 503 |
//!
//! The metadata document itself is served at [`ResourceServer::metadata_address`].
//!
//! # Everything is refused unless it is let through
//!
//! [`ResourceServer::protect`] covers all of a router, its fallback too. A handler that takes [`Authorized`] cannot
//! run without a checked token; a [`require`] outside of the layer refuses everybody. Identity comes from the token
//! alone: no header of the request is ever believed, none is set. `OPTIONS` needs a token as any method does, so put
//! a CORS layer outside of this one.
//!
//! Without axum (`default-features = false`) [`ResourceServer::layer`] wraps any
//! `Service<http::Request<B>, Response = http::Response<C>>`, and [`Authorized`] is in the request's extensions.

mod authorized;
#[cfg(feature = "axum")]
mod axum_integration;
mod backoff;
mod build_error;
mod builder;
mod challenge;
mod clock;
mod credential;
mod dead_set;
mod demands;
mod document;
mod endpoints;
mod follower;
#[doc(hidden)]
pub mod fuzzing;
mod health;
mod introspection;
mod keeper;
mod key_ring;
mod layer;
mod outbound;
mod possession;
mod problem;
mod query_token;
mod recent;
mod refusal;
mod require;
mod resource_server;
mod verifier;

pub use mapae_protocol as protocol;

#[cfg(feature = "axum")]
pub use crate::axum_integration::Unprotected;
pub use crate::{
    authorized::Authorized,
    build_error::BuildError,
    builder::Builder,
    clock::{Clock, SystemClock},
    health::Status,
    layer::{AccessBody, AccessLayer, Guarded},
    problem::{Asked, NoAnswer, Problem},
    require::{Require, Required, require},
    resource_server::ResourceServer,
};
