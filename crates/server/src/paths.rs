//! Addresses of the protocol, on the server's own origin and below the path of its issuer. Metadata is derived from them.

pub(crate) const AUTHORIZE: &str = "/authorize";
pub(crate) const PUSHED_REQUEST: &str = "/par";
pub(crate) const DEVICE_AUTHORIZATION: &str = "/device_authorization";
pub(crate) const TOKEN: &str = "/token";
pub(crate) const USERINFO: &str = "/userinfo";
pub(crate) const INTROSPECT: &str = "/introspect";
pub(crate) const REVOKE: &str = "/revoke";
pub(crate) const REVOCATIONS: &str = "/revocations";
pub(crate) const LOGOUT: &str = "/logout";
pub(crate) const JWKS: &str = "/jwks";
pub(crate) const REGISTER: &str = "/register";
pub(crate) const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
pub(crate) const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";
