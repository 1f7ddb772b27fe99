//! The ID token, which is all that Apple says about a person — OIDC Core §2, §3.3.2.11.

use mapae_protocol::{
    id_token::at_hash,
    jose::{Algorithm, HeaderType},
};
use serde_json::{Map, Value};

use super::{address, subject};
use crate::engine::{Engine, Grant};

/// What came along with the token.
pub(super) enum Hash<'a> {
    /// A code.
    Code(&'a str),
    /// An access token; `later` when it comes from a refresh.
    Access { token: &'a str, later: bool },
}

pub(super) fn id_token(engine: &Engine, grant: &Grant, hash: &Hash<'_>) -> Option<String> {
    let (person, app, link, facts) = engine.with(|world| {
        let person = world.people.get(&grant.person)?.clone();
        let app = world.apps.get(&grant.client_id)?.clone();
        let link = world.link(&grant.client_id, &grant.person)?.clone();
        Some((person, app, link, world.facts.clone()))
    })?;
    let now = engine.now();
    let flag = |flag: bool| -> Value {
        if facts.is("booleans_as_strings") { flag.to_string().into() } else { flag.into() }
    };
    let mut claims: Map<String, Value> = Map::new();
    let mut put = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
    put("iss", engine.issuer().into());
    put("aud", grant.client_id.clone().into());
    put("sub", subject(&person, &app).into());
    put("iat", now.unix().into());
    put("exp", now.plus(facts.seconds("id_token_seconds")).unix().into());
    put("auth_time", grant.auth_time.unix().into());
    put("nonce_supported", flag(true));
    let later = match hash {
        Hash::Code(code) => {
            put("c_hash", at_hash(Algorithm::Rs256, code).into());
            false
        }
        Hash::Access { token, later } => {
            put("at_hash", at_hash(Algorithm::Rs256, token).into());
            *later
        }
    };
    if let Some(nonce) = grant.nonce.as_ref().filter(|_| !later) {
        put("nonce", nonce.clone().into());
    }
    if !later || facts.is("email_in_later_tokens") {
        if let Some((email, relay)) = address(&person, &app, &link) {
            put("email", email.into());
            put("email_verified", flag(person.email_verified || relay));
            if relay {
                put("is_private_email", flag(true));
            }
        }
    }
    Some(engine.sign(HeaderType::Jwt, &claims))
}
