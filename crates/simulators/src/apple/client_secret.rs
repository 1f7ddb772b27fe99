//! The client secret, which is a JWT that the app signs — RFC 7523 §3 in Apple's reading.

use axum::response::IntoResponse;
use http::header;
use mapae_protocol::{
    jose::{Algorithm, JwkSet, Unverified},
    time::{Seconds, Timestamp},
};
use serde::Deserialize;
use serde_json::json;

use crate::{App, app::one_or_many, engine::Engine};

/// The private half of the default app's key. It protects nothing, which is why it can be given to everybody.
pub(super) const DEFAULT_KEY: &str = include_str!("../../assets/AuthKey_SIMULATED1.p8");

/// `GET /simulator/client-key.p8`: what one downloads from Apple's console once.
pub(super) async fn default_key() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/x-pem-file")], DEFAULT_KEY)
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    /// A text, or a list: npm `arctic` sends one, and Apple takes it.
    #[serde(deserialize_with = "one_or_many")]
    aud: Vec<String>,
    iat: Timestamp,
    exp: Timestamp,
}

/// Whether this secret was made by the team, for this client and for us, and is not made for too long.
pub(super) fn proves(engine: &Engine, app: &App, secret: &str) -> bool {
    if app.lenient {
        return true;
    }
    let keys = JwkSet::parse(json!({ "keys": app.client_keys }).to_string().as_bytes()).unwrap_or_default();
    let Ok(unverified) = Unverified::parse(secret) else { return false };
    if unverified.algorithm() != Algorithm::Es256 || unverified.kid().is_none() {
        return false;
    }
    let Ok(verified) = unverified.verify_with(&keys) else { return false };
    let Ok(claims) = verified.claims::<Claims>(&["iss", "sub", "aud", "iat", "exp"]) else { return false };
    let longest = engine.with(|world| world.facts.number("longest_client_secret_seconds"));
    let now = engine.now();
    let own = [engine.issuer(), engine.rules().description().real_issuer, engine.base()];
    let audience = claims.aud.iter().any(|audience| own.contains(&audience.as_str()));
    audience
        && Some(claims.iss.as_str()) == app.team_id.as_deref()
        && claims.sub == app.client_id
        && claims.exp > now
        && claims.exp <= now.plus(Seconds::seconds(longest))
        && claims.iat <= now.plus(Seconds::minutes(5))
}
