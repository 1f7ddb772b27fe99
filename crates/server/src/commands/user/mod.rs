//! `mapae user`.

pub(super) mod create;
mod password;
