//! What other servers answer.

use mapae_protocol::{
    claims::UserInfo, error::ErrorResponse, introspection::IntrospectionResponse, issuer::Issuer,
    resource::ResourceIndicator, resource_metadata::ResourceMetadata, revocation_feed::FeedResponse,
    server_metadata::ServerMetadata, token::TokenResponse,
};
use serde_json::Value;

use crate::property::{fixed, text};

/// A token answer that is taken has a token; `parse` takes no more than `parse_any`.
pub(crate) fn token_answer(bytes: &[u8]) {
    let (bearer, any) = (TokenResponse::parse(bytes), TokenResponse::parse_any(bytes));
    assert!(bearer.is_err() || any.is_ok());
    match &any {
        Ok(answer) => {
            let written = serde_json::to_vec(answer).unwrap_or_default();
            assert!(TokenResponse::parse_any(&written).is_ok(), "it cannot be read again");
            let said: Value = serde_json::from_slice(bytes).unwrap_or_default();
            assert!(said.get("access_token").is_some_and(Value::is_string));
        }
        Err(error) => fixed(error, text(bytes).unwrap_or_default()),
    }
    if let Ok(error) = ErrorResponse::parse(bytes) {
        assert!(error.known_code().is_none_or(|code| code.as_str() == error.code));
    }
}

/// What an introspection endpoint says: active only if it says so.
pub(crate) fn introspection_answer(bytes: &[u8]) {
    if let Ok(answer) = IntrospectionResponse::parse(bytes) {
        let said: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let active = matches!(answer, IntrospectionResponse::Active(_));
        assert_eq!(said.get("active"), Some(&Value::Bool(active)));
        let written = serde_json::to_vec(&answer).unwrap_or_default();
        assert!(IntrospectionResponse::parse(&written).is_ok(), "it cannot be read again");
    }
    if let Some(active) = mapae_resource::fuzzing::introspection_answer(bytes) {
        let said: Value = serde_json::from_slice(bytes).unwrap_or_default();
        assert_eq!(said.get("active"), Some(&Value::Bool(active)));
    }
}

/// Metadata is of whom it was asked for.
pub(crate) fn metadata(bytes: &[u8]) {
    let said: Value = serde_json::from_slice(bytes).unwrap_or_default();
    if let (Ok(issuer), Ok(resource)) =
        (Issuer::parse("https://issuer.example"), ResourceIndicator::parse("https://api.example"))
    {
        match ServerMetadata::parse(bytes, &issuer) {
            Ok(_) => assert_eq!(said.get("issuer"), Some(&Value::from(issuer.as_str()))),
            Err(error) => fixed(&error, text(bytes).unwrap_or_default()),
        }
        match ResourceMetadata::parse(bytes, &resource) {
            Ok(_) => assert_eq!(said.get("resource"), Some(&Value::from(resource.as_str()))),
            Err(error) => fixed(&error, text(bytes).unwrap_or_default()),
        }
    }
}

/// UserInfo is about who was asked for; the feed comes back as it was read.
pub(crate) fn user_info(bytes: &[u8]) {
    match UserInfo::parse(bytes, "alice") {
        Ok(answer) => {
            assert_eq!(answer.sub, "alice");
            let written = serde_json::to_vec(&answer).unwrap_or_default();
            assert_eq!(UserInfo::parse(&written, "alice"), Ok(answer));
        }
        Err(error) => fixed(&error, text(bytes).unwrap_or_default()),
    }
    if let Ok(feed) = FeedResponse::parse(bytes) {
        let written = serde_json::to_vec(&feed).unwrap_or_default();
        assert!(FeedResponse::parse(&written).is_ok(), "it cannot be read again");
    }
}
