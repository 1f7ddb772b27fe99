//! Where a browser goes next.

use http::HeaderValue;

/// Where a browser is sent, and what it is told to remember.
#[derive(Debug)]
pub struct Redirect {
    /// The address.
    pub location: String,
    /// `Set-Cookie` headers.
    pub cookies: Vec<HeaderValue>,
}
