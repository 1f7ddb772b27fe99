//! Signing in through a provider: the real server in front of simulators, on both engines.

mod accounts;
mod apps;
mod callbacks;
mod commands;
mod console;
mod devices;
mod github;
mod hint;
mod notices;
mod overtaken;
mod refreshing;
mod registered_anew;
mod resets;
mod sign_in;
pub(crate) mod stage;
mod standing;
mod stranger;
mod terms;
mod tokens;
mod ways;
