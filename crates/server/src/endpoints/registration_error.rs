//! Errors of registration and its management — RFC 7591 §3.2.2, RFC 7592 §2, RFC 6750 §3.1.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use mapae_protocol::{
    bearer,
    challenge::{BearerError as Kind, Challenge, Ways},
    error::{ErrorCode, OAuthError},
    time::Seconds,
    token::TokenType,
};
use serde::Serialize;

use super::json;
use crate::{
    fault::Fault,
    http::body::BodyError,
    registration::{
        GrantsProblem, HomepageProblem, ItemsProblem, Mistake, OriginsProblem, ProfileProblem,
        RedirectUrisProblem, Refused, described::NotDescribed,
    },
    store::{CommitError, StoreError},
};

/// What goes wrong when an app registers itself or manages that.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistrationError {
    #[error(transparent)]
    Body(#[from] BodyError),
    /// RFC 7591 §3.1: a JSON object.
    #[error("the body is not a JSON object with unique names")]
    NotJson,
    #[error(transparent)]
    Request(#[from] bearer::Error),
    /// 401 and no code: there was nothing wrong.
    #[error("a token is needed")]
    NoCredentials,
    /// Unknown, revoked, used up, of another app, of none: one answer for all (DC-07).
    #[error("the token is not valid, or not valid any more")]
    InvalidToken,
    #[error("too many registrations or changes in a short time")]
    Throttled(Seconds),
    /// As many apps wait for their first person as may (DC-12).
    #[error("there is no room for more apps that nobody uses")]
    Full,
    #[error("refused: {0:?}")]
    Refused(Refused),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<Refused> for RegistrationError {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<NotDescribed> for RegistrationError {
    fn from(error: NotDescribed) -> Self {
        match error {
            NotDescribed::Refused(refused) => Self::Refused(refused),
            NotDescribed::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<StoreError> for RegistrationError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<CommitError> for RegistrationError {
    fn from(error: CommitError) -> Self {
        Self::Fault(error.into())
    }
}

/// RFC 7591 §3.2.2. The description is made of fixed texts: which of what was said is wrong, never what was said.
#[derive(Serialize)]
struct Answer {
    error: ErrorCode,
    error_description: String,
}

impl RegistrationError {
    fn status(&self) -> StatusCode {
        match self {
            Self::Body(error) => error.status(),
            Self::NotJson | Self::Request(_) | Self::Refused(_) => StatusCode::BAD_REQUEST,
            Self::NoCredentials | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(fault) if fault.passes() => StatusCode::SERVICE_UNAVAILABLE,
            Self::Fault(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn answer(&self) -> Answer {
        let (error, text) = match self {
            Self::Body(BodyError::Busy) => (ErrorCode::TemporarilyUnavailable, "try again in a few seconds"),
            Self::Body(_) | Self::NotJson => (
                ErrorCode::InvalidClientMetadata,
                "the request is not a JSON object with unique names in the body",
            ),
            Self::Request(error) => {
                let OAuthError { code, description } = (*error).into();
                (code, description)
            }
            Self::NoCredentials => (ErrorCode::InvalidToken, "a token is needed"),
            Self::InvalidToken => (ErrorCode::InvalidToken, "the token is not valid, or not valid any more"),
            Self::Throttled(_) => {
                (ErrorCode::TemporarilyUnavailable, "too many registrations or changes; try later")
            }
            Self::Full => (
                ErrorCode::TemporarilyUnavailable,
                "too many registered apps have never been used; try later",
            ),
            Self::Refused(refused) => return refused_answer(*refused),
            Self::Fault(fault) if fault.passes() => {
                (ErrorCode::TemporarilyUnavailable, "try again in a few seconds")
            }
            Self::Fault(_) => (ErrorCode::ServerError, "an error of this server; it was logged"),
        };
        Answer { error, error_description: text.to_owned() }
    }

    fn challenge(&self) -> Option<HeaderValue> {
        let (error, description) = match self {
            Self::NoCredentials => (Kind::NoCredentials, None),
            Self::InvalidToken => (Kind::InvalidToken, Some("the token is not valid, or not valid any more")),
            _ => return None,
        };
        let challenge = Challenge { description, ..Challenge::new(TokenType::Bearer, error) };
        challenge.header_values(Ways::BEARER).into_iter().next()
    }

    /// When to come back, in seconds, where that is known better than for every answer.
    fn retry_after(&self) -> Option<HeaderValue> {
        match self {
            Self::Throttled(after) => HeaderValue::try_from(after.get().to_string()).ok(),
            Self::Full => Some(HeaderValue::from_static("3600")),
            _ => None,
        }
    }
}

fn refused_answer(refused: Refused) -> Answer {
    let answer = |error, text: &str| Answer { error, error_description: text.to_owned() };
    let metadata = |text: &str| answer(ErrorCode::InvalidClientMetadata, text);
    match refused {
        Refused::SoftwareStatement => {
            answer(ErrorCode::InvalidSoftwareStatement, "this server trusts nobody's software statements")
        }
        Refused::Kind("redirect_uris") => {
            answer(ErrorCode::InvalidRedirectUri, "redirect_uris must be a list of addresses")
        }
        Refused::Kind(member) => metadata(&format!("{member} has the wrong type")),
        Refused::AuthMethod => metadata("token_endpoint_auth_method is none that this server supports"),
        Refused::Authentication(problem) => metadata(&problem.to_string()),
        Refused::GrantTypes => metadata("grant_types has none that an app can register itself for"),
        Refused::ResponseTypes => {
            metadata("response_types has none that this server supports with these grant_types")
        }
        Refused::Algorithm => metadata("id_token_signed_response_alg is none that this server supports"),
        Refused::SubjectType => metadata("subject_type must be pairwise or public"),
        Refused::SeveralSectors => {
            metadata("the redirect_uris have several hosts: a sector_identifier_uri is needed")
        }
        Refused::SectorDocument => metadata(
            "the document at sector_identifier_uri cannot be read or lacks one of the redirect_uris, or the jwks_uri of an \
             app of devices, which authenticates by private_key_jwt",
        ),
        Refused::LeavesSector => metadata(
            "an app of devices cannot share its host's subjects: register another app for devices, or name a \
             sector_identifier_uri that lists jwks_uri, or ask for public subjects",
        ),
        Refused::NotTheClient => metadata(
            "an update names this client_id, its own client_secret or none, and nothing that only the server gives",
        ),
        Refused::Mistake(mistake, member) => mistake_answer(mistake, member),
    }
}

/// The rules for all apps, in the words of the standard's members.
fn mistake_answer(mistake: Mistake, member: &str) -> Answer {
    let metadata = |text: String| Answer { error: ErrorCode::InvalidClientMetadata, error_description: text };
    match mistake {
        Mistake::RedirectUris(problem) => {
            Answer { error: ErrorCode::InvalidRedirectUri, error_description: redirect_uris(problem) }
        }
        Mistake::Name(_) => {
            metadata("client_name must be a name that people can read and tell from others".to_owned())
        }
        Mistake::Homepage(
            HomepageProblem::Uri(_)
            | HomepageProblem::TooLong(_)
            | HomepageProblem::Fragment
            | HomepageProblem::NotHttps,
        ) => metadata("client_uri must be an https address without a part after #".to_owned()),
        Mistake::Grants(GrantsProblem::RefreshWithoutCode) => {
            metadata("grant_types: refresh_token is of no use without authorization_code".to_owned())
        }
        Mistake::Grants(GrantsProblem::None | GrantsProblem::PublicMachine) => {
            metadata("grant_types has none that an app can register itself for".to_owned())
        }
        // What it may not ask for was left out before, and its origins follow from its redirect URIs.
        Mistake::Items(
            ItemsProblem::Missing
            | ItemsProblem::TooMany(_)
            | ItemsProblem::Scope { .. }
            | ItemsProblem::Purpose { .. },
        ) => metadata("scope is not acceptable".to_owned()),
        Mistake::Origins(
            OriginsProblem::OfMachine | OriginsProblem::TooMany(_) | OriginsProblem::NotAnOrigin { .. },
        ) => metadata("redirect_uris are not acceptable".to_owned()),
        Mistake::Profile(problem @ ProfileProblem::RedirectUri { .. }) => {
            Answer { error: ErrorCode::InvalidRedirectUri, error_description: problem.to_string() }
        }
        Mistake::Profile(problem) => metadata(problem.to_string()),
        Mistake::Member(wrong) => metadata(format!("{member}: {}", wrong.problem)),
    }
}

fn redirect_uris(problem: RedirectUrisProblem) -> String {
    match problem {
        RedirectUrisProblem::Missing => "redirect_uris is missing".to_owned(),
        RedirectUrisProblem::OfMachine => {
            "redirect_uris are for the grant type authorization_code".to_owned()
        }
        RedirectUrisProblem::TooMany(most) => format!("redirect_uris has more than {most} addresses"),
        RedirectUrisProblem::Refused { position, error } => {
            format!("redirect_uris, number {}: {error}", position + 1)
        }
    }
}

impl IntoResponse for RegistrationError {
    fn into_response(self) -> Response {
        if let Self::Fault(fault) = &self {
            fault.log("registration failed");
        }
        let mut response = match self {
            Self::NoCredentials => json::empty(StatusCode::UNAUTHORIZED),
            _ => json::with_status(self.status(), &self.answer()),
        };
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = self.challenge() {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(after) = self.retry_after() {
            headers.insert(header::RETRY_AFTER, after);
        }
        response
    }
}
