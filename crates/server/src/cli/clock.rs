//! `mapae clock`.

use clap::Subcommand;

use super::Common;

/// Mend what a wrong clock has left in the database.
#[derive(Debug, Subcommand)]
pub enum ClockCommand {
    /// Take this machine's time for the highest that was seen, after a clock was ahead and has been set right
    ///
    /// A server issues nothing while its clock is more than five minutes behind the highest time that was noted.
    /// `mapae check` says when that is so.
    Reset(Common),
}
