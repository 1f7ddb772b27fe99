//! How an app signs its requests, and where they stand — OIDC Registration §2, RFC 9101 §10.5.

use mapae_protocol::client_jwt::ClientAlgorithm;
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
        let uris = listed.iter().map(|item| address(item, rules).map_err(|_| problem));
        metadata.request_uris = uris.collect::<Result<_, _>>()?;
        Ok(())
    }
}
