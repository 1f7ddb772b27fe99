//! Programs that sign in with the server: each a process of its own, at the worst moment a killed one.

mod conformance;
mod foreign;
mod mcp;
mod native;
mod program;
mod web_service;
