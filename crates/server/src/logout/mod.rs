//! Signing out: what an app asks, the end of the session, and telling the other apps of it, by a message of ours or by the
//! browser that frames their pages.

mod back_channel;
mod courier;
mod ending;
mod front_channel;
mod room;
mod wish;

pub(crate) use courier::run;
pub(crate) use ending::{end, forget};
pub(crate) use wish::{Said, Wish};
