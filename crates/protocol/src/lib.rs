//! The wire types and rules of OAuth 2.0 and OpenID Connect.
//!
//! Everything here is pure: no input or output, no clock, no runtime. A value exists only if it is well
//! formed, a rule is a function of its arguments, and "now" is one of them. The server, the client and
//! the resource library speak through these types, so a rule is read and tested once.
//!
//! - what travels: one module per concept, named as its specification names it;
//! - what is signed: [`jose`], [`access_token`], [`id_token`];
//! - what is sealed for ourselves: [`seal`];
//! - what does not travel, and both the server and its clients keep to: [`lease`], [`tombstone`];
//! - what everything stands on: [`time`], [`secret`], [`random`], [`digest`], [`base64url`],
//!   [`strict_json`].

pub mod access_token;
pub mod audience;
pub mod authorization;
pub mod base64url;
pub mod bearer;
pub mod challenge;
pub mod claims;
pub mod claims_request;
pub mod client_assertion;
pub mod client_authentication;
pub mod client_credentials_header;
pub mod client_id;
pub mod client_jwt;
pub mod client_metadata;
pub mod cookie;
pub mod device;
pub mod digest;
pub mod dpop;
pub mod email_address;
pub mod endpoint_uri;
pub mod error;
pub mod fapi;
pub mod id_token;
pub mod introspection;
pub mod issuer;
pub mod jose;
pub mod language_tag;
pub mod lease;
pub mod locale;
pub mod logout;
pub mod logout_token;
pub mod origin;
pub mod params;
mod parsed_text;
pub mod percent;
pub mod pkce;
pub mod pushed_request;
pub mod random;
pub mod redirect_uri;
pub mod resource;
pub mod resource_metadata;
pub mod response_mode;
pub mod revocation_feed;
pub mod same_origin;
pub mod scope;
pub mod seal;
pub mod secret;
pub mod server_metadata;
pub mod strict_json;
pub mod time;
pub mod token;
pub mod token_exchange;
pub mod token_parameter;
pub mod tombstone;
pub mod uri;
