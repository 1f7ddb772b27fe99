//! The protocol's endpoints, one file each.

pub(crate) mod asset;
pub(crate) mod authorize;
pub(crate) mod bearer_error;
mod called;
pub(crate) mod cors;
pub(crate) mod device_authorization;
pub(crate) mod discovery;
pub(crate) mod end_session;
#[cfg(test)]
mod error_table;
pub(crate) mod icon;
pub(crate) mod introspect;
pub(crate) mod json;
pub(crate) mod jwks;
pub(crate) mod pushed_request;
pub(crate) mod register;
pub(crate) mod registration_error;
pub(crate) mod revocations;
pub(crate) mod revoke;
pub(crate) mod token;
pub(crate) mod token_error;
pub(crate) mod upstream_token;
pub(crate) mod userinfo;
