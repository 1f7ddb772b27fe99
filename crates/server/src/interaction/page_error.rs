//! What a person reads when a page cannot go on: a plain sentence, what to do, and an id for support.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use mapae_protocol::locale::Locale;

use super::StepError;
use crate::{
    accounts::HashError,
    fault::Fault,
    http::{RequestId, body::BodyError, form::FormError},
    pages::{
        self,
        blocked::{Blocked, BlockedReason},
        shown::Shown,
    },
    store::{CommitError, StoreError},
};

/// Why a page is not shown. Never leads anywhere by itself: no `Location`, whatever the request said.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    #[error("unknown, disabled or deleted app")]
    UnknownApp,
    #[error("the redirect URI is none of the app's")]
    WrongRedirectUri,
    #[error("the address after signing out is none of the app's")]
    WrongLogoutUri,
    #[error("nothing says which app asks to sign out")]
    NoLogoutHint,
    #[error("the request cannot be understood")]
    BadRequest,
    #[error(transparent)]
    Form(#[from] FormError),
    #[error(transparent)]
    Step(#[from] StepError),
    #[error("the form is not from a page of ours")]
    ForgedForm,
    #[error("another browser has the device")]
    DeviceTaken,
    #[error("no such page")]
    NotFound,
    #[error("too many requests")]
    TooMany,
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<StoreError> for PageError {
    fn from(error: StoreError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<CommitError> for PageError {
    fn from(error: CommitError) -> Self {
        Self::Fault(error.into())
    }
}

impl From<HashError> for PageError {
    fn from(error: HashError) -> Self {
        match error {
            HashError::Busy => Self::TooMany,
            HashError::Failed(_) => Fault::Password(error).into(),
        }
    }
}

impl PageError {
    fn reason(&self) -> (StatusCode, BlockedReason) {
        match self {
            Self::UnknownApp => (StatusCode::BAD_REQUEST, BlockedReason::UnknownApp),
            Self::WrongRedirectUri => (StatusCode::BAD_REQUEST, BlockedReason::WrongRedirectUri),
            Self::WrongLogoutUri => (StatusCode::BAD_REQUEST, BlockedReason::WrongLogoutUri),
            Self::NoLogoutHint => (StatusCode::BAD_REQUEST, BlockedReason::NoLogoutHint),
            Self::Form(FormError::Body(BodyError::Busy)) => {
                (StatusCode::SERVICE_UNAVAILABLE, BlockedReason::Busy)
            }
            Self::BadRequest | Self::Form(_) => (StatusCode::BAD_REQUEST, BlockedReason::BadRequest),
            Self::Step(StepError::Foreign) => (StatusCode::BAD_REQUEST, BlockedReason::OtherBrowser),
            Self::Step(StepError::Over) => (StatusCode::BAD_REQUEST, BlockedReason::StepOver),
            Self::ForgedForm => (StatusCode::FORBIDDEN, BlockedReason::ForgedForm),
            Self::DeviceTaken => (StatusCode::FORBIDDEN, BlockedReason::DeviceTaken),
            Self::NotFound => (StatusCode::NOT_FOUND, BlockedReason::NotFound),
            Self::Step(StepError::Full) | Self::TooMany => {
                (StatusCode::TOO_MANY_REQUESTS, BlockedReason::TooMany)
            }
            Self::Step(StepError::Fault(fault)) | Self::Fault(fault) if fault.passes() => {
                (StatusCode::SERVICE_UNAVAILABLE, BlockedReason::Busy)
            }
            Self::Step(StepError::Fault(_)) | Self::Fault(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, BlockedReason::Fault)
            }
        }
    }

    /// The page, in the person's language.
    pub(crate) fn page(&self, locale: Locale, id: RequestId) -> Response {
        let (status, reason) = self.reason();
        if let Self::Step(StepError::Fault(fault)) | Self::Fault(fault) = self {
            fault.log("page failed");
        } else {
            tracing::info!(request_id = %id, reason = %self, "page refused");
        }
        let page = Blocked { reason, support_id: Some(Shown::name(&id.to_string())) };
        let mut response = pages::render(&page, locale).into_response();
        *response.status_mut() = status;
        response
    }
}
