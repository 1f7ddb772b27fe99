//! `mapae user`.

use clap::{Args, Subcommand};

use super::Common;

/// Manage people's accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make an account
    Create(CreateUser),
    /// List the accounts, the oldest first
    List(Common),
    /// Switch an account off: the person is signed out everywhere, and no app acts in their name any longer
    Disable(OneUser),
    /// Switch an account on again; what had ended stays dead
    Enable(OneUser),
}

/// One person.
#[derive(Args, Clone, Debug)]
pub struct OneUser {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// E-mail address with which the person signs in
    #[arg(value_name = "E-MAIL")]
    pub email: String,
}

/// Make an account. The password is read from standard input, where no list of processes shows it.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example:
  mapae user create --email mina@example.com --name 미나 --email-verified \\
    --password-stdin < password.txt")]
pub struct CreateUser {
    /// Options of every command.
    #[command(flatten)]
    pub common: Common,

    /// E-mail address with which the person signs in
    #[arg(long, value_name = "E-MAIL")]
    pub email: String,

    /// Name as the person wants to be called
    #[arg(long, value_name = "NAME")]
    pub name: String,

    /// Read the password from standard input; a line feed at its end does not belong to it
    #[arg(long, required = true)]
    pub password_stdin: bool,

    /// The address is known to be the person's
    #[arg(long)]
    pub email_verified: bool,
}
