//! A refresh whose answer may get lost — RFC 6749 §6.
//!
//! A refresh token may be spent by its use, so an answer that does not arrive could cost the person's grant. It is asked for
//! again with the same refresh token, within the few seconds in which a provider gives the same successor once more.

use mapae_protocol::time::Timestamp;

use super::{Provider, ProviderError};
use crate::{error::Error, http_error::HttpError, identity::EndUser, observe::Purpose, tokens::Tokens};

/// How often one refresh is asked for when its answer is lost.
const ATTEMPTS: usize = 2;

impl Provider {
    /// As [`refresh`](Self::refresh), and asked for once more if the answer is lost. `has_turn` says before that whether it
    /// is still this caller's turn: whoever has taken over uses the same refresh token. `None`: somebody has.
    ///
    /// # Errors
    /// Those of [`refresh`](Self::refresh), and what `has_turn` says.
    pub async fn refresh_in_turn<E: From<Error>, F: Future<Output = Result<bool, E>>>(
        &self,
        person: &EndUser,
        tokens: &Tokens,
        now: impl Fn() -> Timestamp,
        has_turn: impl Fn() -> F,
    ) -> Result<Option<Tokens>, E> {
        let mut attempt = 1;
        loop {
            match self.refresh(person, tokens, now()).await {
                Err(error) if attempt < ATTEMPTS && is_lost_answer(&error) => attempt += 1,
                settled => return Ok(Some(settled?)),
            }
            if !has_turn().await? {
                return Ok(None);
            }
        }
    }
}

/// The provider may have acted on the request: its answer did not arrive.
const fn is_lost_answer(error: &Error) -> bool {
    matches!(
        error,
        Error::Provider(ProviderError::NoAnswer(Purpose::Refresh, HttpError::Timeout | HttpError::Broken))
    )
}
