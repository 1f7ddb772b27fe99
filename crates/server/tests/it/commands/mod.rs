//! The command line: the real program, in folders of its own, on each engine, alone and beside a server.

mod installation;
mod server;

mod api;
mod app;
mod beside;
mod check;
mod keys;
mod killed;
mod migrate;
mod serve;
mod simulate;
mod trouble;
mod user;
