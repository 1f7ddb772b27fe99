//! `mapae user`.

pub(super) mod claims;
pub(super) mod create;
pub(super) mod list;
mod password;
pub(super) mod switch;
