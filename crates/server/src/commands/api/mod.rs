//! `mapae api`.

pub(super) mod create;
mod draft;
pub(super) mod list;
mod view;
