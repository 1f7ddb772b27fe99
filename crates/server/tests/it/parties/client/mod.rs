//! `mapae-client` against the server: a web service, its vault and its people, over HTTP.

mod bound;
mod callbacks;
mod logins;
mod message_signing;
mod outages;
mod refreshing;
mod stage;
mod web_service;
