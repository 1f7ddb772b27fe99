//! Whether a registration is right, found out without anybody signing in — RFC 6749 §5.2.

use mapae_protocol::{
    error::{Endpoint, ErrorCode},
    random,
    secret::Secret,
    time::Timestamp,
};

use super::{Provider, ProviderError};
use crate::{
    class::Class, error::Error, intent::Intent, pending::PendingLogin, possession::ProofKey,
    return_to::ReturnTo,
};

impl Provider {
    /// Asks the token endpoint to redeem a code that does not exist. A provider that says so has read client id and
    /// secret first and found them right; whether the redirect URI is registered shows at the first login only.
    ///
    /// # Errors
    /// What is wrong: [`Class::Configuration`] with the setting, [`Class::Unavailable`] when there is no usable answer.
    pub async fn probe(&self, now: Timestamp) -> Result<(), Error> {
        self.metadata(now).await?;
        let mut pending = PendingLogin::begin(self, Intent::SignIn, ReturnTo::default(), now);
        pending.key = self.registration().binds_tokens.then(ProofKey::generate).transpose()?;
        match self.redeem(&Secret::new(random::token()), &pending, now).await {
            Ok(_) => Err(ProviderError::TokenResponse.into()),
            Err(error) if is_unknown_code(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn is_unknown_code(error: &Error) -> bool {
    match error {
        Error::Provider(ProviderError::Refused { at, code }) => {
            *at == Endpoint::Token && *code == Some(ErrorCode::InvalidGrant)
        }
        Error::Provider(ProviderError::Ruled(class)) => matches!(class, Class::Restart | Class::SignInAgain),
        _ => false,
    }
}
