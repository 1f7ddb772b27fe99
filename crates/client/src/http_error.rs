//! Why a provider gave no usable answer.

/// Why there is no usable answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// No connection could be made: nothing was sent.
    #[error("the provider cannot be reached")]
    Unreachable,
    /// The time was up before the answer was complete.
    #[error("the provider took too long to answer")]
    Timeout,
    /// The connection broke: whether the provider acted on the request is unknown.
    #[error("the connection broke before the answer was complete")]
    Broken,
    /// The answer is longer than is read.
    #[error("the answer is too long")]
    TooLong,
    /// The answer sends us elsewhere; a secret never follows.
    #[error("the answer is a redirect")]
    Redirected,
    /// The answer is compressed although that was not asked for.
    #[error("the answer is compressed")]
    Compressed,
    /// The answer is not declared as JSON.
    #[error("the answer is not JSON")]
    NotJson,
    /// The answer has a status that the protocol does not know here.
    #[error("the answer has an unexpected status")]
    Status,
}
