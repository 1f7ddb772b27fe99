//! What `mapae demo` shows of OAuth: in its own pages, on its live diagram and in what really happened.
//!
//! `mapae demo` runs as anybody would start it. In one window of the browser the diagram stays open, in another the
//! person uses the service; the tests read the diagram's messages as well as its page, and look into the databases
//! of the parties.

mod access;
mod broker;
mod clients;
mod codes;
mod diagram;
mod disconnecting;
mod registering;
mod renewing;
mod signing_in;
mod social;
mod stage;
mod waiting;
