//! What comes to the authorization endpoint.

use mapae_protocol::{
    authorization::{AuthorizationRequest, Prompts, request_object::Given, target::RequestedTarget},
    claims_request::ClaimsRequest,
    dpop::Thumbprint,
    error::OAuthError,
    params::{Limits, Params},
    pkce::{self, CodeChallenge, CodeVerifier},
    pushed_request, redirect_uri,
    response_mode::Mode,
    revocation_feed::{Cursor, Handle},
    scope::{ScopeToken, Scopes},
};

use crate::property::{fixed, survives_json, text, two};

/// The target is what was named, and the rest is kept as it came.
pub(crate) fn authorization_request(bytes: &[u8]) {
    let Ok(params) = Params::parse(bytes, Limits::REQUEST) else { return };
    let sent = text(bytes).unwrap_or_default();
    match RequestedTarget::parse(&params) {
        Ok(target) => {
            assert_eq!(params.one("client_id"), Ok(Some(target.client_id.as_str())));
            assert_eq!(params.one("redirect_uri"), Ok(target.redirect_uri.as_deref()));
            assert!(target.trust([], true).is_none(), "nothing is registered");
            let kept = pushed_request::kept(&params, target.client_id.as_str());
            assert!(RequestedTarget::parse(&kept).is_ok_and(|again| again.client_id == target.client_id));
        }
        Err(error) => fixed(&error, sent),
    }
    if let Err(error) = Given::of(&params) {
        fixed(&OAuthError::from(error).description, sent);
    }
    match AuthorizationRequest::parse(&params) {
        Ok(request) => {
            assert_eq!(params.one("state"), Ok(request.state.as_deref()));
            assert_eq!(params.one("nonce"), Ok(request.nonce.as_deref()));
            assert!(params.one("code_challenge_method") != Ok(Some("plain")), "plain was taken");
            kept(request);
        }
        Err(error) => fixed(&OAuthError::from(error).description, sent),
    }
}

/// What is stored of a request comes back, but for what is not kept on purpose.
fn kept(request: AuthorizationRequest) {
    let without = AuthorizationRequest {
        acr_values: Vec::new(),
        id_token_hint: None,
        claims: ClaimsRequest::default(),
        ..request
    };
    survives_json(&without);
}

/// `claims`: read, written and read again.
pub(crate) fn claims_request(bytes: &[u8]) {
    let Some(sent) = text(bytes) else { return };
    match ClaimsRequest::parse(sent) {
        Ok(request) => {
            survives_json(&request);
            let written = serde_json::to_string(&request).unwrap_or_default();
            assert_eq!(ClaimsRequest::parse(&written), Ok(request.clone()), "{written}");
            assert!(
                request.clone().retain(|_| false).is_empty() && request.clone().retain(|_| true) == request
            );
        }
        Err(error) => fixed(&error, sent),
    }
}

/// Scopes in their one order; every word that was read was sent.
pub(crate) fn scope(bytes: &[u8]) {
    let Some(sent) = text(bytes) else { return };
    match Scopes::parse(sent) {
        Ok(scopes) => {
            let written = scopes.to_string();
            assert_eq!(Scopes::parse(&written).as_ref(), Ok(&scopes));
            assert_eq!(Scopes::restore(&written).as_ref(), Ok(&scopes));
            assert!(sent.split(' ').all(|word| word.is_empty() || scopes.contains(word)));
            assert!(scopes.iter().all(|token| sent.split(' ').any(|word| word == token.as_str())));
            survives_json(&scopes);
        }
        Err(error) => fixed(&error, sent),
    }
    assert!(
        ScopeToken::parse(sent).is_ok_and(|token| token.as_str() == sent) || ScopeToken::parse(sent).is_err()
    );
    if let Ok(prompts) = Prompts::parse(sent) {
        assert_eq!(Prompts::parse(&prompts.to_string()), Ok(prompts));
    }
    assert!(Mode::parse(sent).is_none_or(|mode| mode.name() == sent));
}

/// A verifier proves its own challenge and no other.
pub(crate) fn proof_key(bytes: &[u8]) {
    let (first, second) = two(bytes);
    let (Some(first), Some(second)) = (text(first), text(second)) else { return };
    if let Ok(challenge) = CodeChallenge::parse(first) {
        assert_eq!(challenge.to_string(), first);
        survives_json(&challenge);
    }
    assert!(Thumbprint::parse(first).is_none_or(|thumbprint| thumbprint.to_string() == first));
    let (one, other) = (CodeVerifier::parse(first), CodeVerifier::parse(second));
    if let Ok(one) = &one {
        assert!((43..=128).contains(&first.len()) && one.expose() == first);
        assert_eq!(pkce::verify(Some(&one.challenge()), Some(one)), Ok(()));
        assert!(
            pkce::verify(Some(&one.challenge()), None).is_err() && pkce::verify(None, Some(one)).is_err()
        );
        if let Ok(other) = &other {
            assert_eq!(pkce::verify(Some(&one.challenge()), Some(other)).is_ok(), first == second);
        }
    }
    assert!(redirect_uri::sole_registered([]).is_none());
    assert!(
        Cursor::parse(first).is_ok_and(|cursor| cursor.as_str() == first) || Cursor::parse(first).is_err()
    );
    assert!(
        Handle::parse(first).is_ok_and(|handle| handle.as_str() == first) || Handle::parse(first).is_err()
    );
}
