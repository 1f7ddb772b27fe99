//! The other parties' libraries against the whole server: what an API and a client really see.

mod client;
mod resource_server;
