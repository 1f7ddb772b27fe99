//! The tests of `tests/it` that keep something, with the vault on PostgreSQL.

#[cfg(test)]
#[path = "../it/accounts.rs"]
mod accounts;
#[cfg(test)]
#[path = "../it/answers.rs"]
mod answers;
#[cfg(test)]
#[path = "../it/back_channel_logout.rs"]
mod back_channel_logout;
#[cfg(test)]
#[path = "../it/callbacks.rs"]
mod callbacks;
#[cfg(test)]
#[path = "../it/ended_grants.rs"]
mod ended_grants;
#[cfg(test)]
#[path = "../it/id_tokens.rs"]
mod id_tokens;
#[cfg(test)]
#[path = "../it/issuer/mod.rs"]
mod issuer;
#[cfg(test)]
#[path = "../it/left_alone.rs"]
mod left_alone;
#[cfg(test)]
#[path = "../it/linking/mod.rs"]
mod linking;
#[cfg(test)]
#[path = "../it/logins.rs"]
mod logins;
#[cfg(test)]
#[path = "../it/native.rs"]
mod native;
#[cfg(test)]
#[path = "../it/notices.rs"]
mod notices;
#[cfg(test)]
mod outages;
#[cfg(test)]
#[path = "../it/place.rs"]
mod place;
#[cfg(test)]
#[path = "../it/processes/mod.rs"]
mod processes;
#[cfg(test)]
#[path = "../it/refreshing.rs"]
mod refreshing;
#[cfg(test)]
#[path = "../it/routes.rs"]
mod routes;
#[cfg(test)]
#[path = "../it/secrecy.rs"]
mod secrecy;
#[cfg(test)]
#[path = "../it/service_tokens/mod.rs"]
mod service_tokens;
#[cfg(test)]
#[path = "../it/signed_answers.rs"]
mod signed_answers;
#[cfg(test)]
#[path = "../it/signed_requests.rs"]
mod signed_requests;
#[cfg(test)]
#[path = "../it/social/mod.rs"]
mod social;
#[cfg(test)]
mod sweeping;
#[cfg(test)]
#[path = "../it/two_processes.rs"]
mod two_processes;
#[cfg(test)]
#[path = "../it/unauthorized.rs"]
mod unauthorized;
#[cfg(test)]
#[path = "../it/unlinking.rs"]
mod unlinking;
#[cfg(test)]
#[path = "../it/website.rs"]
mod website;
#[cfg(test)]
#[path = "../it/wrong_clocks.rs"]
mod wrong_clocks;

#[cfg(test)]
mod engine {
    /// Where the vaults of the tests are.
    pub(crate) const POSTGRES: bool = true;
}
