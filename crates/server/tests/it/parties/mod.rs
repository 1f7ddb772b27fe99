//! The other parties' libraries against the whole server: what an API and a client really see.

mod client;
mod openid_client_dpop;
mod openid_client_signing;
pub(crate) mod resource_server;
