//! Tokens that are bound to a key, and the proofs that come with them — RFC 9449 §7, §9, §11.1.

mod nonces;
mod used;

use http::{HeaderName, HeaderValue, request::Parts};
use mapae_protocol::{
    access_token::{self, bound_to},
    challenge::Ways,
    dpop::{self, Address, Error, Expectations, NonceStanding, Proof},
    jose::Algorithm,
    token::TokenType,
};

pub(crate) use self::{nonces::Nonces, used::Used};
use crate::{
    authorized::Authorized,
    clock::Moment,
    refusal::{Invalid, Refusal},
};

/// The response header of a nonce (RFC 9449 §8.1).
pub(crate) const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// What is configured about proofs, and which were used.
#[derive(Debug)]
pub(crate) struct Possession {
    /// Where the API is reached, without a slash at the end; `None`: no proof can be checked.
    base: Option<String>,
    /// Whether a token that is bound to no key is refused.
    required: bool,
    nonces: Option<Nonces>,
    /// By which algorithms a proof may be signed.
    algorithms: Vec<Algorithm>,
    used: Used,
}

impl Possession {
    pub(crate) fn new(
        base: Option<String>,
        required: bool,
        nonces: Option<Nonces>,
        algorithms: Vec<Algorithm>,
    ) -> Self {
        Self { base, required, nonces, algorithms, used: Used::new(used::MOST) }
    }

    pub(crate) fn ways(&self) -> Ways<'_> {
        Ways { bearer: !self.required, proofs: self.base.is_some().then_some(self.algorithms.as_slice()) }
    }

    /// Whether the token may come like this: bound to a key with a proof of that key for this request, once; any other
    /// without one. The nonce that the answer shall bring, if it is time for the next.
    pub(crate) fn admit(
        &self,
        parts: &Parts,
        (scheme, token): (TokenType, &str),
        authorized: &Authorized,
        now: Moment,
    ) -> Result<Option<HeaderValue>, Refusal> {
        let cnf = authorized.confirmation();
        if scheme == TokenType::Bearer {
            bound_to(cnf, None)?;
            return if self.required { Err(Invalid::Unbound.into()) } else { Ok(None) };
        }
        let proof = self.proof(parts, token, now)?;
        bound_to(cnf, Some(proof.key()))?;
        let next = self.judge_nonce(&proof, now)?;
        self.used.take(&proof, now)?;
        Ok(next)
    }

    fn proof(&self, parts: &Parts, token: &str, now: Moment) -> Result<Proof, Refusal> {
        // Without an address of its own it would have to believe `Host`.
        let base = self.base.as_ref().ok_or(access_token::Error::SenderConstrained)?;
        let headers = parts.headers.get_all(dpop::NAME).iter().map(HeaderValue::as_bytes);
        let text = Proof::take(headers)?.ok_or(Error::Missing)?;
        let address = Address::at(base, asked_path(parts)).ok_or(Error::Address)?;
        let expected = Expectations {
            method: parts.method.as_str(),
            address: &address,
            access_token: Some(token),
            now: now.date,
        };
        let proof = Proof::verify(text, &expected)?;
        if self.algorithms.contains(&proof.algorithm()) { Ok(proof) } else { Err(Error::Malformed.into()) }
    }

    fn judge_nonce(&self, proof: &Proof, now: Moment) -> Result<Option<HeaderValue>, Refusal> {
        let Some(nonces) = &self.nonces else { return Ok(None) };
        match nonces.judge(proof.nonce(), now.date) {
            NonceStanding::Good => Ok(None),
            NonceStanding::NearlyOver => Ok(Some(nonces.fresh(now.date))),
            NonceStanding::Bad => Err(Refusal::Proof(Error::Nonce, Some(nonces.fresh(now.date)))),
        }
    }
}

/// The path that was asked for: a router that nests another shows that one less of it.
#[cfg(feature = "axum")]
fn asked_path(parts: &Parts) -> &str {
    let original = parts.extensions.get::<axum::extract::OriginalUri>();
    original.map_or(&parts.uri, |original| &original.0).path()
}

#[cfg(not(feature = "axum"))]
fn asked_path(parts: &Parts) -> &str {
    parts.uri.path()
}
