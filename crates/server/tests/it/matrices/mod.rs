//! Matrices: everything of one kind × every way to get it wrong — threats MX.

mod addresses;
mod kinds;
mod once;
mod optional_inputs;
