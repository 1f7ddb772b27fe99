//! Where the authorization server answers — RFC 8414 §3, OIDC Discovery §4.

use mapae_protocol::{
    endpoint_uri::EndpointUri, issuer::Issuer, server_metadata, server_metadata::ServerMetadata, uri::Uri,
};
use reqwest::StatusCode;

use crate::{
    outbound::{self, Answer, PATIENCE},
    problem::{Asked, Problem},
    verifier::Verifier,
};

/// The addresses that are used here. Each is at the issuer's origin, or at one that the application allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoints {
    pub(crate) keys: Result<EndpointUri, Problem>,
    pub(crate) introspection: Result<EndpointUri, Problem>,
    pub(crate) feed: Result<EndpointUri, Problem>,
}

impl Verifier {
    /// Asks the issuer for its metadata: where OAuth puts it, then where OpenID Connect does.
    pub(crate) async fn discover(&self) -> Result<Endpoints, Problem> {
        let issuer = &self.settings.issuer;
        let mut answer = self.metadata_at(&issuer.oauth_metadata()).await?;
        if answer.status == StatusCode::NOT_FOUND {
            answer = self.metadata_at(&issuer.openid_configuration()).await?;
        }
        if answer.status != StatusCode::OK {
            return Err(Problem::Status(Asked::Metadata, answer.status.as_u16()));
        }
        let metadata = ServerMetadata::parse(&answer.body, issuer).map_err(|error| match error {
            server_metadata::Error::IssuerMismatch => Problem::OtherIssuer,
            server_metadata::Error::NotAnObject | server_metadata::Error::Malformed => {
                Problem::Malformed(Asked::Metadata)
            }
        })?;
        Ok(Endpoints::of(metadata, issuer, &self.settings.origins))
    }

    async fn metadata_at(&self, address: &EndpointUri) -> Result<Answer, Problem> {
        let request = self.client.get(address.as_str());
        let answer = outbound::exchange(request, ServerMetadata::MAX_BYTES, PATIENCE).await;
        answer.map_err(|why| Problem::NoAnswer(Asked::Metadata, why))
    }
}

impl Endpoints {
    fn of(metadata: ServerMetadata, issuer: &Issuer, origins: &[String]) -> Self {
        let admit = |address: Option<EndpointUri>, asked| {
            let address = address.ok_or(Problem::NotOffered(asked))?;
            // Else whoever can write into the metadata could have the API's credential sent to himself.
            let origin = Uri::parse(address.as_str()).ok().and_then(|uri| uri.origin());
            let known = |origin: &String| origin == issuer.origin() || origins.contains(origin);
            if origin.as_ref().is_some_and(known) { Ok(address) } else { Err(Problem::OtherOrigin(asked)) }
        };
        Self {
            keys: admit(metadata.jwks_uri, Asked::Keys),
            introspection: admit(metadata.introspection_endpoint, Asked::Introspection),
            feed: admit(metadata.revocation_feed_endpoint, Asked::Feed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(jwks_uri: Option<&str>, origins: &[&str]) -> Result<EndpointUri, Problem> {
        let issuer = Issuer::parse("https://as.example/tenant").unwrap();
        let mut metadata = ServerMetadata::new(issuer.clone());
        metadata.jwks_uri = jwks_uri.map(|address| EndpointUri::parse(address).unwrap());
        let origins: Vec<_> = origins.iter().map(|origin| (*origin).to_owned()).collect();
        Endpoints::of(metadata, &issuer, &origins).keys
    }

    #[test]
    fn rs_06_keys_come_from_the_issuers_origin_or_one_that_was_allowed() {
        assert!(endpoints(Some("https://as.example/jwks"), &[]).is_ok());
        for elsewhere in [
            "https://keys.example/jwks",
            "https://as.example:8443/jwks",
            "http://localhost/jwks",
            "https://AS.example/",
        ] {
            assert_eq!(
                endpoints(Some(elsewhere), &[]),
                Err(Problem::OtherOrigin(Asked::Keys)),
                "{elsewhere}"
            );
        }
        assert!(endpoints(Some("https://keys.example/jwks"), &["https://keys.example"]).is_ok());
        assert_eq!(endpoints(None, &[]), Err(Problem::NotOffered(Asked::Keys)));
    }
}
