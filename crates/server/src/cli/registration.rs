//! `mapae registration`.

use std::str::FromStr;

use clap::{Args, Subcommand};
use mapae_protocol::time::Seconds;

use super::Common;

/// Let apps register themselves.
#[derive(Debug, Subcommand)]
pub enum RegistrationCommand {
    /// Manage the tokens with which apps may register (RFC 7591)
    ///
    /// They count where registration.policy is `initial_access_token`, and where it is `open`, too.
    #[command(subcommand)]
    Token(InitialTokenCommand),
}

/// Manage the tokens with which apps may register.
#[derive(Debug, Subcommand)]
pub enum InitialTokenCommand {
    /// Make a token, which is printed once
    Create(CreateInitialToken),
    /// List the tokens that have not expired, the oldest first
    List(Common),
    /// End a token; apps that were registered with it stay
    Revoke(OneInitialToken),
}

/// Make a token with which apps may register.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example:
  mapae registration token create --uses 20 --expires 30d --label \"partners, autumn\"")]
pub struct CreateInitialToken {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// How many apps may register with it
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    pub uses: i64,

    /// When it ends: a number with s, m, h or d, at most a year
    #[arg(long, value_name = "TIME", default_value = "7d")]
    pub expires: Span,

    /// What you call it
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub label: String,
}

/// One token.
#[derive(Args, Clone, Debug)]
pub struct OneInitialToken {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// The token's id, as `mapae registration token list` shows it
    #[arg(value_name = "ID")]
    pub id: String,
}

/// A time from now, at most a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span(pub Seconds);

/// It is no such time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a number with s, m, h or d, at most 365d, for example 12h or 30d")]
pub struct NoSpan;

impl FromStr for Span {
    type Err = NoSpan;

    fn from_str(text: &str) -> Result<Self, NoSpan> {
        let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or(NoSpan)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(NoSpan),
        };
        let number: u32 = number.parse().map_err(|_| NoSpan)?;
        let span = number.checked_mul(seconds).filter(|span| (1..=365 * 86_400).contains(span));
        span.map(|span| Self(Seconds::seconds(span))).ok_or(NoSpan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_number_and_a_unit() {
        for (text, seconds) in [("1s", 1), ("90m", 5_400), ("12h", 43_200), ("365d", 31_536_000)] {
            assert_eq!(text.parse(), Ok(Span(Seconds::seconds(seconds))), "{text}");
        }
        for text in ["", "d", "0d", "366d", "1w", "1", "-1d", "1.5h", "99999999999d", "1일"] {
            assert_eq!(text.parse::<Span>(), Err(NoSpan), "{text}");
        }
    }
}
