//! The API's own credential at the authorization server — RFC 6749 §2.3.1, RFC 6749 Appendix B.

use std::fmt;

use http::HeaderValue;
use mapae_protocol::{client_credentials_header::ClientCredentials, client_id::ClientId, secret::Secret};

use crate::build_error::BuildError;

/// A client identifier and secret, ready to be sent as `Authorization: Basic`.
#[derive(Clone)]
pub(crate) struct Credential {
    header: HeaderValue,
}

impl Credential {
    pub(crate) fn new(client_id: &str, secret: Secret<String>) -> Result<Self, BuildError> {
        let client_id = ClientId::parse(client_id).map_err(|_| BuildError::Credential)?;
        if secret.expose().is_empty() {
            return Err(BuildError::Credential);
        }
        let encoded = ClientCredentials { client_id, secret }.to_header_value();
        let mut header = HeaderValue::from_str(encoded.expose()).map_err(|_| BuildError::Credential)?;
        header.set_sensitive(true);
        Ok(Self { header })
    }

    /// The value of the `Authorization` header; marked as sensitive.
    pub(crate) fn header(&self) -> HeaderValue {
        self.header.clone()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_never_printed() {
        let credential = Credential::new("api:one", Secret::new("hunter2".into())).unwrap();
        assert_eq!(format!("{credential:?} {:?}", credential.header()), "Credential(***) Sensitive");
    }

    #[test]
    fn an_empty_credential_is_none() {
        assert_eq!(Credential::new("", Secret::new("s".into())).unwrap_err(), BuildError::Credential);
        assert_eq!(Credential::new("a", Secret::new(String::new())).unwrap_err(), BuildError::Credential);
    }
}
