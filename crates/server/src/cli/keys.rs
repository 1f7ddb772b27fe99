//! `mapae keys`.

use clap::{Args, Subcommand};

use super::Common;

/// List and rotate the keys that sign tokens.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the keys: which one signs, which are published before or after they do
    List(Common),
    /// Replace the signing keys by new ones
    Rotate(RotateKeys),
}

/// Replace the signing keys by new ones.
///
/// New keys are published first and sign only when everybody had time to fetch them; old ones stay published
/// until the last of their tokens has expired. So nothing breaks.
#[derive(Args, Clone, Debug)]
pub struct RotateKeys {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// A key has leaked: sign with the new ones at once and withdraw the old ones; their tokens stop working
    #[arg(long)]
    pub now: bool,
}
