//! What cannot be built.

use std::time::Duration;

use mapae_resource::{BuildError, Builder, ResourceServer};

use crate::issuer::AUDIENCE;

const ISSUER: &str = "https://login.example.com";

fn builder() -> Builder {
    ResourceServer::builder(ISSUER, AUDIENCE)
}

fn refused(builder: Builder) -> BuildError {
    builder.build().unwrap_err()
}

#[tokio::test]
async fn rs_01_issuer_and_audience_must_be_ones() {
    for issuer in
        ["", "login.example.com", "http://login.example.com", "https://a@login.example.com", "https://x/?a"]
    {
        let error = refused(ResourceServer::builder(issuer, AUDIENCE).without_revocation());
        assert!(matches!(error, BuildError::Issuer(_)), "{issuer}: {error}");
    }
    for audience in ["", "calendar", "https://api.example.com/#x"] {
        let error = refused(ResourceServer::builder(ISSUER, audience).without_revocation());
        assert!(matches!(error, BuildError::Audience(_)), "{audience}: {error}");
    }
}

#[tokio::test]
async fn withdrawn_tokens_are_accepted_by_explicit_choice_only() {
    assert_eq!(refused(builder()), BuildError::NoCredential);
    assert_eq!(refused(builder().opaque_tokens()), BuildError::IntrospectionWithoutCredential);
    assert_eq!(refused(builder().introspect_all()), BuildError::IntrospectionWithoutCredential);
    assert_eq!(
        refused(builder().credential("a", "b").opaque_tokens().without_revocation()),
        BuildError::Contradiction
    );
    assert_eq!(refused(builder().introspect_all().without_revocation()), BuildError::Contradiction);
    assert!(builder().without_revocation().build().is_ok());
    assert!(builder().credential("a", "b").build().is_ok());
}

#[tokio::test]
async fn other_mistakes_are_named() {
    for (id, secret) in [("", "s"), ("a", ""), ("앱", "s")] {
        assert_eq!(refused(builder().credential(id, secret)), BuildError::Credential);
    }
    let short = Duration::from_secs(2);
    assert_eq!(refused(builder().credential("a", "b").jwks_max_age(short)), BuildError::MaxAge);
    assert_eq!(refused(builder().credential("a", "b").feed_max_age(short)), BuildError::MaxAge);
    for origin in ["keys.example.com", "https://keys.example.com/", "http://keys.example.com"] {
        let error = refused(builder().without_revocation().endpoint_origin(origin));
        assert!(matches!(error, BuildError::Origin(_)), "{origin}");
    }
}

#[test]
fn tasks_need_a_runtime() {
    assert_eq!(refused(builder().without_revocation()), BuildError::NoRuntime);
}

#[tokio::test]
async fn nothing_prints_the_secret() {
    let builder = builder().credential("api", "hunter2");
    assert!(!format!("{builder:?}").contains("hunter2"));
    assert!(!format!("{:?}", builder.build().unwrap()).contains("hunter2"));
}
