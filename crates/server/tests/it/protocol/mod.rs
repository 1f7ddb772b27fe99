//! The protocol over HTTP, against the whole server, as clients written by others see it.

mod code_flow;
mod refresh;
