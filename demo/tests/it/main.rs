//! The demo without an authorization server, and with simulated social providers: what it shows, what it keeps to itself, and what it does when the server is away.

#[cfg(test)]
mod api;
#[cfg(test)]
mod diagram;
#[cfg(test)]
mod languages;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod person;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod social;
#[cfg(test)]
mod stage;
#[cfg(test)]
mod web_service;
