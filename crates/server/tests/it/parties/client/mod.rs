//! `mapae-client` against the server: a web service, its vault and its people, over HTTP.

mod callbacks;
mod logins;
mod outages;
mod refreshing;
mod website;
mod stage;
