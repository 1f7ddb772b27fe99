//! Requests to the authorization server: bounded in time and size, no redirects, nothing decoded that was not
//! asked for.

use std::time::Duration;

use reqwest::{RequestBuilder, StatusCode, header, redirect};
use tokio::time::timeout;

use crate::{build_error::BuildError, problem::NoAnswer};

/// How long an answer may take that is not held open.
pub(crate) const PATIENCE: Duration = Duration::from_secs(3);

/// A complete answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
}

/// The client used unless the application brings its own.
pub(crate) fn default_client(loopback: bool) -> Result<reqwest::Client, BuildError> {
    let builder = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(PATIENCE)
        .user_agent(concat!("mapae-resource/", env!("CARGO_PKG_VERSION")));
    // A proxy would look for localhost at its own place.
    let builder = if loopback { builder.no_proxy() } else { builder };
    builder.build().map_err(|_| BuildError::HttpClient)
}

/// Sends and reads all of the answer, at most `limit` bytes, within `patience`.
pub(crate) async fn exchange(
    request: RequestBuilder,
    limit: usize,
    patience: Duration,
) -> Result<Answer, NoAnswer> {
    let request = request.header(header::ACCEPT, "application/json");
    timeout(patience, read(request, limit)).await.unwrap_or(Err(NoAnswer::TimedOut))
}

async fn read(request: RequestBuilder, limit: usize) -> Result<Answer, NoAnswer> {
    let (client, request) = request.build_split();
    let request = request.map_err(|_| NoAnswer::Unreachable)?;
    let asked = request.url().clone();
    let mut response = client.execute(request).await.map_err(|_| NoAnswer::Unreachable)?;
    let status = response.status();
    // An application's own client may follow redirects; what was fetched elsewhere is not believed.
    if status.is_redirection() || *response.url() != asked {
        return Err(NoAnswer::Redirect);
    }
    let announced = response.content_length().unwrap_or(0);
    if usize::try_from(announced).map_or(true, |announced| announced > limit) {
        return Err(NoAnswer::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| NoAnswer::BrokenOff)? {
        if body.len() + chunk.len() > limit {
            return Err(NoAnswer::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer { status, body })
}
