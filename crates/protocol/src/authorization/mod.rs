//! Authorization request and response — RFC 6749 §4.1.1, §4.1.2, OIDC Core §3.1.2.
//!
//! A request is read in two phases that the types keep apart. [`target::RequestedTarget`] says who asks and where
//! the answer shall go; until the app's registration has turned it into a
//! [`TrustedRedirect`](crate::redirect_uri::TrustedRedirect), every error is a page (open redirect, RFC 9700
//! §4.11). Only then is the rest read as an [`AuthorizationRequest`], whose errors travel to the app by the
//! [`ReturnPath`] that is known even when nothing else could be read.
//!
//! ```
//! use mapae_protocol::authorization::{AuthorizationRequest, ReturnPath, response, target::RequestedTarget};
//! use mapae_protocol::issuer::Issuer;
//! use mapae_protocol::params::{Limits, Params};
//! use mapae_protocol::redirect_uri::RedirectUri;
//!
//! let query = b"client_id=app&redirect_uri=https://app.example.com/cb&response_type=token&state=s";
//! let params = Params::parse(query, Limits::REQUEST)?;
//! let registered = [RedirectUri::parse("https://app.example.com/cb")?];
//! let issuer = Issuer::parse("https://as.example.com")?;
//!
//! let target = RequestedTarget::parse(&params)?; // an error here is a page
//! let trusted = target.trust(&registered, false).ok_or("a page as well")?;
//! let back = ReturnPath::of(&params);
//! let refused = AuthorizationRequest::parse(&params).unwrap_err();
//! let answer = response::error(refused.into(), back.state.as_deref(), &issuer);
//! let _delivery = back.mode.deliver(&trusted, &answer);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod members;
mod prompt;
mod request;
pub mod request_object;
pub mod response;
pub mod signed_response;
pub mod target;

pub use error::Error;
pub use prompt::{Prompt, Prompts};
pub use request::{AuthorizationRequest, ResponseType, ReturnPath, limits};

#[cfg(test)]
mod request_tests;
