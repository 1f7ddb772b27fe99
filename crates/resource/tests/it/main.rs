//! `mapae-resource` against a real small authorization server on a loopback port, obedient or hostile.
//!
//! `#[cfg(test)]` stands for "everything in here is a test": panicking is how it fails, also in the functions that
//! tests share.

#[cfg(test)]
mod api;
#[cfg(test)]
mod configuration;
#[cfg(test)]
mod feed;
#[cfg(test)]
mod forge;
#[cfg(test)]
mod http_server;
#[cfg(test)]
mod introspection;
#[cfg(test)]
mod issuer;
#[cfg(test)]
mod jose;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod metadata;
#[cfg(test)]
mod outages;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod test_clock;
#[cfg(test)]
mod tokens;
