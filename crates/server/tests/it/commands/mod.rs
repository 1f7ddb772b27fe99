//! The command line: the real program, in folders of its own, on each engine, alone and beside a server.

mod installation;
mod server;

mod api;
mod app;
mod app_secrets;
mod back_channel_logout;
mod change_propagation;
mod check;
mod concurrent_changes;
mod keys;
mod killed;
mod mails;
mod memory;
mod migrate;
mod profile;
mod registration;
mod serve;
mod serve_tls;
mod simulate;
mod trouble;
mod user;
