//! Errors, and which to use when.
//!
//! A rule that was broken is a variant of the small enum beside that rule. [`Error`] gathers them without
//! losing the rule, for the log; [`Error::class`] says what can be done, for the person. Nothing that a peer
//! sent is ever part of either.

mod account;
mod explain;

use std::{error, sync::Arc};

use http::StatusCode;
use mapae_protocol::id_token;
pub use mapae_protocol::locale::Locale;

use crate::{
    callback_response::CallbackError, login::LoginError, provider::ProviderError,
    sign_in_methods::AccountError, sign_up::SignUpError, vault::StoreError,
};
pub use crate::{
    class::Class,
    setting::{ConfigurationError, Setting},
};
pub use explain::Explanation;

/// Anything that can go wrong between the button and the session.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A login was asked for in a way that cannot be.
    #[error(transparent)]
    Login(#[from] LoginError),
    /// What the browser brought back is not the answer to a login of this browser.
    #[error(transparent)]
    Callback(#[from] CallbackError),
    /// The provider refused, did not answer, or answered nonsense.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The ID token does not prove who this is.
    #[error(transparent)]
    IdToken(#[from] id_token::Error),
    /// The sign-up cannot be finished.
    #[error(transparent)]
    SignUp(#[from] SignUpError),
    /// Nothing is done with an account.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// A setting is wrong.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// The application's accounts could not be read or written.
    #[error("the application's accounts failed")]
    Accounts(#[source] Arc<dyn error::Error + Send + Sync>),
    /// The vault failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// What can be done about it.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::Login(_) | Self::Callback(_) | Self::IdToken(_) | Self::SignUp(_) => Class::Restart,
            Self::Provider(error) => error.class(),
            Self::Account(error) => error.class(),
            Self::Configuration(error) => Class::Configuration(error.setting()),
            Self::Accounts(_) | Self::Store(_) => Class::Unavailable,
        }
    }

    /// The status of an HTTP answer that says so.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        match (self.class(), self) {
            (_, Self::Account(error)) => error.status(),
            (_, Self::Login(LoginError::UnknownProvider)) => StatusCode::NOT_FOUND,
            (Class::Cancelled | Class::Restart | Class::Reconsent, _) => StatusCode::BAD_REQUEST,
            (Class::Denied, _) => StatusCode::FORBIDDEN,
            (Class::SignInAgain | Class::InteractionNeeded, _) => StatusCode::UNAUTHORIZED,
            (Class::Configuration(_), _) => StatusCode::INTERNAL_SERVER_ERROR,
            (Class::Unavailable, Self::Provider(_)) => StatusCode::BAD_GATEWAY,
            (Class::Unavailable | Class::RateLimited, _) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What is wrong and what to do, for the person in front of the screen.
    #[must_use]
    pub const fn explain(&self, language: Locale) -> Explanation {
        match self {
            Self::Account(error) => account::explain(*error, language),
            Self::Login(LoginError::UnknownProvider) => explain::no_such_way(language),
            Self::Login(LoginError::InsideAnotherApp) => explain::inside_another_app(language),
            _ => explain::explain(self.class(), language),
        }
    }
}
