//! What people see and do, in a real Chromium: in both languages, on a telephone and on a computer.
//!
//! The app is at `127.0.0.1` and the server at `localhost`, so that all ways between them lead from site to site.

mod accessibility;
mod account;
mod attacks;
mod consenting;
mod console;
mod leaving;
mod refusals;
mod signing_in;
mod site;
mod stage;
mod terms;
