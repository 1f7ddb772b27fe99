//! How an app signs its requests, and where they stand — OIDC Registration §2, RFC 9101 §10.5.

use mapae_protocol::{client_jwt::ClientAlgorithm, endpoint_uri::EndpointUri, uri::Uri};
use serde_json::Value;

use super::{Member, MemberProblem, MemberRules, Metadata, address, boolean, text};

/// `request_object_signing_alg`.
#[derive(Debug)]
pub(super) struct RequestObjectSigningAlg;

/// `require_signed_request_object`.
#[derive(Debug)]
pub(super) struct RequireSignedRequestObject;

/// `request_uris`.
#[derive(Debug)]
pub(super) struct RequestUris;

/// Most addresses at which requests of one app stand.
const MOST_URIS: usize = 20;

/// Where a request of an app stands. The part after `#` names a version of it and is asked of nobody (OIDC Core §6.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RegisteredRequestUri {
    said: String,
    address: EndpointUri,
}

impl RegisteredRequestUri {
    fn parse(value: &Value, rules: MemberRules) -> Result<Self, MemberProblem> {
        let said = text(value)?;
        // What stands behind the sign is of the grammar, too.
        Uri::parse(said).map_err(|_| MemberProblem::NotAddress)?;
        let address_part = said.split_once('#').map_or(said, |(address, _)| address);
        Ok(Self { said: said.to_owned(), address: address(&Value::from(address_part), rules)? })
    }

    /// As it was registered, byte for byte.
    pub(crate) fn as_str(&self) -> &str {
        &self.said
    }

    /// Where it is fetched.
    pub(crate) const fn address(&self) -> &EndpointUri {
        &self.address
    }
}

impl Member for RequestObjectSigningAlg {
    fn name(&self) -> &'static str {
        "request_object_signing_alg"
    }

    /// `none` is no algorithm: a request that nobody signed says no more than its parameters.
    fn read(&self, value: &Value, _: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        let algorithm = ClientAlgorithm::parse(text(value)?).ok_or(MemberProblem::NotClientAlgorithm)?;
        metadata.request_object_algorithm = Some(algorithm);
        Ok(())
    }
}

impl Member for RequireSignedRequestObject {
    fn name(&self) -> &'static str {
        "require_signed_request_object"
    }

    fn read(&self, value: &Value, _: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        metadata.signs_requests = boolean(value)?;
        Ok(())
    }
}

impl Member for RequestUris {
    fn name(&self) -> &'static str {
        "request_uris"
    }

    fn read(&self, value: &Value, rules: MemberRules, metadata: &mut Metadata) -> Result<(), MemberProblem> {
        let problem = MemberProblem::NotAddresses(MOST_URIS);
        let listed = value.as_array().filter(|listed| listed.len() <= MOST_URIS).ok_or(problem)?;
        let uris = listed.iter().map(|item| RegisteredRequestUri::parse(item, rules).map_err(|_| problem));
        metadata.request_uris = uris.collect::<Result<_, _>>()?;
        Ok(())
    }
}
