//! Telling apps that somebody has signed out: by a message of ours, or by the browser that frames their pages.

mod back_channel;
mod courier;
mod front_channel;

pub(crate) use courier::run;
pub(crate) use front_channel::frames;
