//! The public keys of an app — RFC 7591 §2 (`jwks`, `jwks_uri`), RFC 7517 §5.

use std::sync::Arc;

use mapae_protocol::jose::{Jwk, KeyError, MAX_KEYS};
use serde_json::Value;

use super::{Around, Member, MemberProblem, MemberRules, Metadata, address};

/// `jwks`.
#[derive(Debug)]
pub(super) struct Jwks;

/// `jwks_uri`.
#[derive(Debug)]
pub(super) struct JwksUri;

/// The two names; an app has at most one of them.
const BOTH: [&str; 2] = ["jwks", "jwks_uri"];

fn alone(around: &Around<'_>) -> Result<(), MemberProblem> {
    let both = BOTH.iter().all(|name| around.kept.contains_key(*name));
    if both { Err(MemberProblem::KeysTwice) } else { Ok(()) }
}

impl Member for Jwks {
    fn name(&self) -> &'static str {
        "jwks"
    }

    fn read(&self, value: &Value, _: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        let keys = value.as_object().and_then(|set| set.get("keys")).and_then(Value::as_array);
        let keys = keys.filter(|keys| !keys.is_empty() && keys.len() <= MAX_KEYS);
        let keys = keys.ok_or(MemberProblem::NotKeys(MAX_KEYS))?;
        if !keys.iter().all(is_public_key) {
            return Err(MemberProblem::NotPublicKey);
        }
        let fit = |key: &Value| key.as_object().and_then(|members| Jwk::from_members(members).ok());
        metadata.keys = Some(Arc::new(keys.iter().filter_map(fit).collect()));
        Ok(())
    }

    fn fits(&self, _: &Value, around: &Around<'_>) -> Result<(), MemberProblem> {
        alone(around)
    }
}

impl Member for JwksUri {
    fn name(&self) -> &'static str {
        "jwks_uri"
    }

    fn read(&self, value: &Value, rules: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        metadata.keys_address = Some(address(value, rules)?);
        Ok(())
    }

    fn fits(&self, _: &Value, around: &Around<'_>) -> Result<(), MemberProblem> {
        alone(around)
    }
}

/// A key that is for something else than our signatures may stand among the others (RFC 7517 §5). One that is secret, weak
/// or no key at all is a mistake that its owner must hear of.
fn is_public_key(key: &Value) -> bool {
    let Some(members) = key.as_object() else { return false };
    match Jwk::from_members(members) {
        Ok(_) | Err(KeyError::NotForSignatures | KeyError::Algorithm) => true,
        Err(KeyError::Unsupported) => members.get("kty").is_some_and(|kind| kind != "oct"),
        Err(
            KeyError::Json
            | KeyError::MissingMember
            | KeyError::MalformedMember
            | KeyError::Private
            | KeyError::RsaModulus
            | KeyError::RsaExponent
            | KeyError::NotOnTheCurve
            | KeyError::SmallOrder,
        ) => false,
    }
}
