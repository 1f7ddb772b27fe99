//! Proofs of possession that come with requests — RFC 9449 §5, §7, §8, §9, §10.1.
//!
//! The rules of one proof are [`mapae_protocol::dpop`]'s. Here stands what needs the server: its address, its nonces, and
//! the row that makes a proof good for one request. That row is committed with what the request changes, and also when the
//! request is refused.

mod nonce;

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, Method},
    response::Response,
};
use mapae_protocol::{
    dpop::{self, Address, Error, Expectations, NonceStanding, Proof, Thumbprint},
    endpoint_uri::EndpointUri,
};

use crate::{
    app::App,
    catalog::Client,
    fault::Fault,
    store::{CommitError, Unit, dpop_proofs},
};

/// The response header of a nonce (RFC 9449 §8.1).
pub(crate) const NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// A request that may bring a proof.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) method: &'a Method,
    /// Where it went, by what is configured.
    pub(crate) address: &'a EndpointUri,
    pub(crate) headers: &'a HeaderMap,
    /// The access token that came with it.
    pub(crate) access_token: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// A form that was posted to this address, for which no access token counts.
    pub(crate) const fn posted(address: &'a EndpointUri, headers: &'a HeaderMap) -> Self {
        Self { method: &Method::POST, address, headers, access_token: None }
    }
}

/// A proof that is good for this request, unless it was used before.
#[derive(Debug)]
pub(crate) struct Possession {
    proof: Proof,
    next_nonce: Option<HeaderValue>,
}

/// Why a proof is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// By its rules; with the nonce that it must have instead.
    #[error("{error}")]
    Proof { error: Error, nonce: Option<HeaderValue> },
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Refused {
    /// Whether it asks for the same request once more, with a proof that has the nonce which comes with it.
    pub(crate) const fn gives_nonce(&self) -> bool {
        matches!(self, Self::Proof { nonce: Some(_), .. })
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Proof { error, nonce: None }
    }
}

impl Possession {
    /// The key whose possession is proven.
    pub(crate) const fn key(&self) -> Thumbprint {
        self.proof.key()
    }

    /// Uses the proof, in the unit of what the request changes. Conflict at [`dpop_proofs::USED_BEFORE`].
    pub(crate) fn using(&self) -> Unit {
        Unit::from(dpop_proofs::use_up(&self.proof.use_id(), self.proof.refused_from()))
    }

    /// Uses the proof of a request that changes nothing else, or is refused.
    pub(crate) async fn use_alone(&self, app: &App) -> Result<(), Refused> {
        match app.commit(self.using()).await {
            Ok(_) => Ok(()),
            Err(CommitError::Conflict { .. }) => Err(Error::Replayed.into()),
            Err(error) => Err(Fault::from(error).into()),
        }
    }

    /// Tells the next nonce when this one is nearly over.
    pub(crate) fn renew(&self, response: Response) -> Response {
        telling(response, self.next_nonce.as_ref())
    }
}

/// The response, with this nonce.
pub(crate) fn telling(mut response: Response, nonce: Option<&HeaderValue>) -> Response {
    if let Some(nonce) = nonce {
        response.headers_mut().insert(NONCE, nonce.clone());
    }
    response
}

/// The possession that an app proves at an endpoint of the authorization server; `None` if it proves none and need not.
pub(crate) async fn of_client(
    app: &App,
    client: &Client,
    request: &Request<'_>,
) -> Result<Option<Possession>, Refused> {
    possession(app, request, Some(client)).await
}

/// The possession that a request proves.
///
/// That of an app which registered for bound tokens must have a nonce of ours, and nobody else is given one: so nobody who
/// was may leave it out (RFC 9449 §11.3, decisions 0131, 0238).
pub(crate) async fn possession(
    app: &App,
    request: &Request<'_>,
    client: Option<&Client>,
) -> Result<Option<Possession>, Refused> {
    let headers = request.headers.get_all(dpop::NAME).iter().map(HeaderValue::as_bytes);
    let Some(text) = Proof::take(headers)? else { return Ok(None) };
    let address = Address::of(request.address).ok_or(Error::Address)?;
    let expected = Expectations {
        method: request.method.as_str(),
        address: &address,
        access_token: request.access_token,
        now: app.now(),
    };
    let proof = Proof::verify(text, &expected)?;
    if client.is_some_and(|client| !client.algorithms(None).contains(&proof.algorithm())) {
        return Err(Error::Malformed.into());
    }
    let standing = match proof.nonce() {
        _ if !client.is_some_and(Client::binds_tokens) => NonceStanding::Good,
        Some(nonce) => nonce::standing(app, nonce).await?,
        None => NonceStanding::Bad,
    };
    let next_nonce = match standing {
        NonceStanding::Good => None,
        NonceStanding::NearlyOver => nonce::fresh(app),
        NonceStanding::Bad => {
            return Err(Refused::Proof { error: Error::Nonce, nonce: nonce::fresh(app) });
        }
    };
    Ok(Some(Possession { proof, next_nonce }))
}
