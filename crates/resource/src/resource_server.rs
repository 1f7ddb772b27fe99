//! The resource server: what a service builds once and puts in front of its routes — RFC 6749 §7.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, Response};
use http_body_util::Full;
use mapae_protocol::endpoint_uri::EndpointUri;
use tokio::task::AbortHandle;

use crate::{
    builder::Builder, document::Document, follower, health::Status, keeper, layer::AccessLayer,
    verifier::Verifier,
};

/// An API's view of its authorization server: keys, withdrawn tokens, how to ask. Clones share it; so do the
/// layers that it makes. When the last of them is dropped, its tasks end and its connections close.
#[derive(Clone)]
pub struct ResourceServer {
    verifier: Arc<Verifier>,
    document: Option<Arc<Document>>,
    /// Held, and dropped with the last clone.
    _tasks: Arc<Tasks>,
}

struct Tasks(Vec<AbortHandle>);

impl Drop for Tasks {
    fn drop(&mut self) {
        for task in &self.0 {
            task.abort();
        }
    }
}

impl ResourceServer {
    /// Begins a configuration. Both arguments are mandatory: an API that does not say whose tokens it accepts, and
    /// that they must be for itself, accepts everybody's (RFC 9068 §4).
    ///
    /// `issuer` is the authorization server, exactly as it spells itself; `audience` is this API's identifier,
    /// exactly as it is registered there.
    #[must_use]
    pub fn builder(issuer: impl Into<String>, audience: impl Into<String>) -> Builder {
        Builder::new(issuer.into(), audience.into())
    }

    /// The layer that lets only valid tokens through.
    #[must_use]
    pub fn layer(&self) -> AccessLayer {
        AccessLayer::new(self.clone())
    }

    /// Waits until valid tokens are let through: metadata and keys were fetched, the revocation feed was read to its
    /// end. Never ends while the authorization server cannot be used; [`status`](Self::status) then says why.
    ///
    /// Nobody has to wait: until then requests are answered with 503.
    pub async fn ready(&self) {
        let mut changes = self.verifier.health.changes();
        // The sender lives as long as `self`.
        while !self.verifier.is_ready() && changes.changed().await.is_ok() {}
    }

    /// What works and what does not, for health checks.
    #[must_use]
    pub fn status(&self) -> Status {
        self.verifier.status()
    }

    /// Where this API describes itself (RFC 9728 §3.1); `None` if its identifier is not an address on the web.
    #[must_use]
    pub fn metadata_address(&self) -> Option<&EndpointUri> {
        self.document.as_ref().map(|document| document.address())
    }

    pub(crate) fn start(verifier: Verifier, document: Option<Document>) -> Self {
        let verifier = Arc::new(verifier);
        let mut tasks = vec![tokio::spawn(keeper::keep(Arc::clone(&verifier))).abort_handle()];
        if verifier.settings.checking.follows_the_feed() {
            tasks.push(tokio::spawn(follower::follow(Arc::clone(&verifier))).abort_handle());
        }
        Self { verifier, document: document.map(Arc::new), _tasks: Arc::new(Tasks(tasks)) }
    }

    pub(crate) fn verifier(&self) -> &Arc<Verifier> {
        &self.verifier
    }

    /// The answer to a request for the metadata document.
    pub(crate) fn document(&self, method: &Method, path: &str) -> Option<Response<Full<Bytes>>> {
        self.document.as_ref()?.answer(method, path)
    }
}

impl fmt::Debug for ResourceServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResourceServer")
            .field("issuer", &self.verifier.settings.issuer)
            .field("audience", &self.verifier.settings.audience)
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}

/// A span in whole seconds, as far as they can be written.
pub(crate) fn seconds(span: Duration) -> u32 {
    u32::try_from(span.as_secs()).unwrap_or(u32::MAX)
}
