//! Signing in through a provider: the real server in front of simulators, on both engines.

mod accounts;
mod apps;
mod callbacks;
mod commands;
mod console;
mod notices;
mod sign_in;
mod stage;
mod terms;
mod tokens;
mod ways;
