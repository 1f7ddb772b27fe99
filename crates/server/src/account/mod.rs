//! A person's own pages: what they have connected, where they are signed in, their password.
//!
//! Whatever an address names is looked up among what belongs to the person: something of somebody else's is
//! not found, like something that never was.

pub(crate) mod browsers;
pub(crate) mod connection;
pub(crate) mod disconnect;
pub(crate) mod home;
mod notice;
pub(crate) mod password;
pub(crate) mod sign_out;
pub(crate) mod terms;
pub(crate) mod ways;
