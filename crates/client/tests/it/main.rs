//! The client against a real issuer over HTTP that can misbehave in every way that threats.md names.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod back_channel_logout;
#[cfg(test)]
mod by_file;
#[cfg(test)]
mod callbacks;
#[cfg(test)]
mod defined;
#[cfg(test)]
mod ended_grants;
#[cfg(test)]
mod forge;
#[cfg(test)]
mod id_tokens;
#[cfg(test)]
mod issuer;
#[cfg(test)]
mod left_alone;
#[cfg(test)]
mod linking;
#[cfg(test)]
mod logins;
#[cfg(test)]
mod native;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod on_the_way;
#[cfg(test)]
mod place;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod refreshing;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod service_tokens;
#[cfg(test)]
mod signed_answers;
#[cfg(test)]
mod signed_requests;
#[cfg(test)]
mod social;
#[cfg(test)]
mod two_processes;
#[cfg(test)]
mod unauthorized;
#[cfg(test)]
mod unlinking;
#[cfg(test)]
mod website;
#[cfg(test)]
mod wrong_clocks;

#[cfg(test)]
mod engine {
    /// Where the vaults of the tests are. `tests/postgres` holds the same tests, on the other one.
    pub(crate) const POSTGRES: bool = false;
}
