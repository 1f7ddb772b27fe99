//! Work that goes on when whoever asked for it hangs up.

use std::panic;

use crate::{error::Error, vault::StoreError};

/// Runs to the end. Dropped half-way, what is written already would be told to nobody: an owner hears of a new way into their
/// account whatever the browser does that added it.
pub(super) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    match tokio::spawn(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(payload) => panic::resume_unwind(payload),
            // The process ends.
            Err(_) => Err(StoreError::Busy.into()),
        },
    }
}
