//! `mapae keys`.

use clap::{Args, Subcommand};

use super::{Common, app::algorithms};

/// List and rotate the keys that sign and seal tokens.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// List the keys: which one signs, which are published before or after they do
    List(Common),
    /// Replace the keys that sign and seal by new ones
    Rotate(RotateKeys),
}

/// Replace the keys that sign and seal by new ones.
///
/// New keys are published first and used only when everybody had time to fetch them; old ones are accepted
/// until the last of what they made has expired. So nothing breaks.
#[derive(Args, Clone, Debug)]
pub struct RotateKeys {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// Keys have leaked: use the new ones at once and void all that the old ones made
    ///
    /// Access tokens, ID tokens, refresh tokens, codes and pages that are open end. People stay signed in to this
    /// server, and apps send them here once more. APIs that follow the revocation feed refuse old signatures within
    /// a second, others when they fetch the keys anew.
    #[arg(long)]
    pub now: bool,

    /// Only the key that signs with this algorithm; may be repeated
    #[arg(long = "algorithm", value_name = "ALGORITHM", value_parser = algorithms(), conflicts_with = "now")]
    pub algorithms: Vec<String>,
}
