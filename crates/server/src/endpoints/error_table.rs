//! What goes wrong, with the code, the status and the headers that a peer gets — RFC 6749 §5.2, RFC 6750 §3.1.
//!
//! The table is one snapshot, so that any change of what peers see shows in review. A variant that is added to one of
//! the errors does not compile before it has its rows here.

use axum::{
    body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use mapae_protocol::{
    bearer, client_authentication, device, dpop,
    error::{ErrorCode, OAuthError},
    locale::Locale,
    params, revocation_feed,
    time::Seconds,
    token, token_exchange, token_parameter,
};
use serde_json::Value;

use super::{bearer_error::BearerError, registration_error::RegistrationError, token_error::TokenError};
use crate::{
    dpop::NONCE,
    fault::Fault,
    http::{RequestId, body::BodyError, form::FormError, retry_after},
    interaction::{PageError, StepError},
    registration::{AuthenticationProblem, Refused},
    upstream,
};

const BODIES: [BodyError; 6] = [
    BodyError::TooLarge,
    BodyError::TimedOut,
    BodyError::Busy,
    BodyError::Incomplete,
    BodyError::NotAForm,
    BodyError::Encoded,
];

/// One that passes, and one that does not.
fn faults() -> [Fault; 2] {
    [Fault::Contention, Fault::Unprompted]
}

/// Each refusal of a proof, with a nonce where one is told.
fn proofs() -> impl Iterator<Item = (dpop::Error, Option<HeaderValue>)> {
    let nonce = |error| (error == dpop::Error::Nonce).then_some(HeaderValue::from_static("sealed"));
    dpop::Error::ALL.iter().map(move |error| (*error, nonce(*error)))
}

fn forms() -> Vec<FormError> {
    let params = params::Error::ALL.iter().copied().map(FormError::Params);
    BODIES.into_iter().map(FormError::Body).chain(params).chain([FormError::Query]).collect()
}

fn steps() -> Vec<StepError> {
    let faults = faults().map(StepError::Fault);
    [StepError::Foreign, StepError::Over, StepError::Full].into_iter().chain(faults).collect()
}

fn token_errors() -> Vec<TokenError> {
    let rules: [Vec<OAuthError>; 6] = [
        token::Error::ALL.iter().map(|error| (*error).into()).collect(),
        token_parameter::Error::ALL.iter().map(|error| (*error).into()).collect(),
        revocation_feed::Error::ALL.iter().map(|error| (*error).into()).collect(),
        device::Error::ALL.iter().map(|error| (*error).into()).collect(),
        token_exchange::Error::ALL.iter().map(|error| (*error).into()).collect(),
        device::PollError::ALL.iter().map(|error| (*error).into()).collect(),
    ];
    let grant_is_dead =
        OAuthError::new(ErrorCode::InvalidGrant, "the code is not valid, or not valid any more");
    let ways = [false, true];
    let authentications = client_authentication::Error::ALL
        .iter()
        .flat_map(|error| ways.map(|basic| TokenError::Authentication { error: *error, basic }));
    let mut errors: Vec<TokenError> = forms().into_iter().map(TokenError::Form).collect();
    errors.push(TokenError::Repeated);
    errors.extend(authentications);
    errors.extend(ways.map(|basic| TokenError::InvalidClient { basic }));
    errors.extend([TokenError::UnsupportedGrantType, TokenError::UnauthorizedGrantType]);
    errors.extend([TokenError::TooMany, TokenError::Unavailable]);
    errors.extend(rules.concat().into_iter().chain([grant_is_dead]).map(TokenError::Refused));
    errors.extend(proofs().map(|(error, nonce)| TokenError::Proof { error, nonce }));
    errors.extend(faults().map(TokenError::Fault));
    errors
}

fn bearer_errors() -> Vec<BearerError> {
    let mut errors = vec![BearerError::NoCredentials, BearerError::Malformed];
    errors.extend(bearer::Error::ALL.iter().copied().map(BearerError::Request));
    errors.extend([BearerError::InvalidToken, BearerError::InsufficientScope]);
    errors.extend(upstream::scope_token_of("kakao").map(BearerError::NotOfUpstream));
    errors.extend(proofs().map(|(error, nonce)| BearerError::Proof { error, nonce }));
    errors.extend([BearerError::InvalidBoundToken, BearerError::TooMany]);
    errors.extend(faults().map(BearerError::Fault));
    errors
}

fn registration_errors() -> Vec<RegistrationError> {
    let mut errors: Vec<RegistrationError> = BODIES.into_iter().map(RegistrationError::Body).collect();
    errors.push(RegistrationError::NotJson);
    errors.extend(bearer::Error::ALL.iter().copied().map(RegistrationError::Request));
    errors.extend([RegistrationError::NoCredentials, RegistrationError::InvalidToken]);
    errors.extend([RegistrationError::Throttled(Seconds::minutes(1)), RegistrationError::Full]);
    let refused = [
        Refused::SoftwareStatement,
        Refused::Kind("redirect_uris"),
        Refused::Kind("client_name"),
        Refused::AuthMethod,
        Refused::Authentication(AuthenticationProblem::NoKeys),
        Refused::Authentication(AuthenticationProblem::ForeignAlgorithm),
        Refused::Authentication(AuthenticationProblem::NoSecret),
        Refused::GrantTypes,
        Refused::ResponseTypes,
        Refused::Algorithm,
        Refused::SubjectType,
        Refused::SeveralSectors,
        Refused::SectorDocument,
        Refused::LeavesSector,
        Refused::NotTheClient,
    ];
    errors.extend(refused.map(RegistrationError::Refused));
    errors.extend(faults().map(RegistrationError::Fault));
    errors
}

fn page_errors() -> Vec<PageError> {
    let mut errors = vec![PageError::UnknownApp, PageError::WrongRedirectUri, PageError::BadRequest];
    errors.extend(forms().into_iter().map(PageError::Form));
    errors.extend(steps().into_iter().map(PageError::Step));
    errors.extend([
        PageError::ForgedForm,
        PageError::NotFound,
        PageError::TooMany,
        PageError::WrongLogoutUri,
        PageError::DeviceTaken,
        PageError::NoLogoutHint,
    ]);
    errors.extend(faults().map(PageError::Fault));
    errors
}

/// The kinds, counted; one that is not matched here does not compile.
fn kind_of_token_error(error: &TokenError) -> usize {
    match error {
        TokenError::Form(_) => 0,
        TokenError::Repeated => 1,
        TokenError::Authentication { .. } => 2,
        TokenError::InvalidClient { .. } => 3,
        TokenError::UnsupportedGrantType => 4,
        TokenError::UnauthorizedGrantType => 5,
        TokenError::TooMany => 6,
        TokenError::Unavailable => 7,
        TokenError::Refused(_) => 8,
        TokenError::Proof { .. } => 9,
        TokenError::Fault(_) => 10,
    }
}

fn kind_of_bearer_error(error: &BearerError) -> usize {
    match error {
        BearerError::NoCredentials => 0,
        BearerError::Malformed => 1,
        BearerError::Request(_) => 2,
        BearerError::InvalidToken => 3,
        BearerError::InsufficientScope => 4,
        BearerError::NotOfUpstream(_) => 5,
        BearerError::Proof { .. } => 6,
        BearerError::InvalidBoundToken => 7,
        BearerError::TooMany => 8,
        BearerError::Fault(_) => 9,
    }
}

fn kind_of_registration_error(error: &RegistrationError) -> usize {
    match error {
        RegistrationError::Body(_) => 0,
        RegistrationError::NotJson => 1,
        RegistrationError::Request(_) => 2,
        RegistrationError::NoCredentials => 3,
        RegistrationError::InvalidToken => 4,
        RegistrationError::Throttled(_) => 5,
        RegistrationError::Full => 6,
        RegistrationError::Refused(_) => 7,
        RegistrationError::Fault(_) => 8,
    }
}

fn kind_of_page_error(error: &PageError) -> usize {
    match error {
        PageError::UnknownApp => 0,
        PageError::WrongRedirectUri => 1,
        PageError::BadRequest => 2,
        PageError::Form(_) => 3,
        PageError::Step(_) => 4,
        PageError::ForgedForm => 5,
        PageError::NotFound => 6,
        PageError::TooMany => 7,
        PageError::WrongLogoutUri => 8,
        PageError::DeviceTaken => 9,
        PageError::NoLogoutHint => 10,
        PageError::Fault(_) => 11,
    }
}

/// Every kind is there, in its order.
fn all_in_order<E>(errors: &[E], count: usize, kind: impl Fn(&E) -> usize) {
    let mut kinds: Vec<usize> = errors.iter().map(kind).collect();
    assert!(kinds.is_sorted());
    kinds.dedup();
    assert_eq!(kinds, (0..count).collect::<Vec<_>>());
}

/// `rule → code → status → headers`, without the headers that every answer has.
async fn row(rule: String, mut response: Response) -> String {
    retry_after::apply(response.status(), response.headers_mut());
    let (parts, body) = response.into_parts();
    let body = body::to_bytes(body, usize::MAX).await.unwrap();
    let said = match serde_json::from_slice::<Value>(&body) {
        Ok(answer) => answer["error"].as_str().unwrap().to_owned(),
        Err(_) if body.is_empty() => "no code".to_owned(),
        Err(_) => {
            let page = std::str::from_utf8(&body).unwrap();
            let title = page.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap();
            format!("page \"{title}\"")
        }
    };
    let telling =
        [header::WWW_AUTHENTICATE, header::RETRY_AFTER, header::CACHE_CONTROL, header::LOCATION, NONCE];
    let headers = telling.iter().filter_map(|name| {
        let values = parts.headers.get_all(name).iter().map(|value| value.to_str().unwrap());
        let values = values.collect::<Vec<_>>().join(", ");
        (!values.is_empty()).then(|| format!("{name}: {values}"))
    });
    let headers = headers.collect::<Vec<_>>().join(" | ");
    format!("{rule} → {said} → {} → {headers}", parts.status.as_u16())
}

#[tokio::test]
async fn every_rule_has_its_code_its_status_and_its_headers() {
    let (tokens, bearers, pages) = (token_errors(), bearer_errors(), page_errors());
    let registrations = registration_errors();
    all_in_order(&registrations, 9, kind_of_registration_error);
    all_in_order(&tokens, 11, kind_of_token_error);
    all_in_order(&bearers, 10, kind_of_bearer_error);
    all_in_order(&pages, 12, kind_of_page_error);
    let mut rows = Vec::new();
    for error in tokens {
        rows.push(row(format!("TokenError::{error:?}"), error.into_response()).await);
    }
    for error in bearers {
        rows.push(row(format!("BearerError::{error:?}"), error.into_response()).await);
    }
    for error in registrations {
        rows.push(row(format!("RegistrationError::{error:?}"), error.into_response()).await);
    }
    for error in pages {
        let response = error.page(Locale::En, RequestId::SAMPLE);
        rows.push(row(format!("PageError::{error:?}"), response).await);
    }
    insta::assert_snapshot!(rows.join("\n"));
}
