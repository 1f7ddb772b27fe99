//! `mapae clock`.

pub(super) mod reset;
