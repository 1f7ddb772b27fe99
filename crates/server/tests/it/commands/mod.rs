//! The command line: the real program, in folders of its own, on each engine, alone and beside a server.

mod installation;
mod server;

mod api;
mod app;
mod beside;
mod check;
mod keys;
mod killed;
mod mails;
mod meanwhile;
mod memory;
mod migrate;
mod profile;
mod registration;
mod serve;
mod serve_tls;
mod simulate;
mod told;
mod trouble;
mod user;
