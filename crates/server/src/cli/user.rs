//! `mapae user`.

use clap::{Args, Subcommand};

use super::Common;

/// Manage people's accounts.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make an account
    Create(CreateUser),
    /// Replace what is known of somebody beyond their name and address
    Claims(UserClaims),
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

/// Replace what is known of somebody.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example of a file:
  {\"given_name\": \"길동\", \"family_name\": \"홍\", \"birthdate\": \"1990-03-01\",
   \"phone_number\": \"+82 10-1234-5678\", \"phone_number_verified\": true,
   \"address\": {\"formatted\": \"서울특별시 종로구 세종대로 1\", \"country\": \"대한민국\"}}")]
pub struct UserClaims {
    /// The person.
    #[command(flatten)]
    pub user: OneUser,

    /// Standard claims of OpenID Connect (OIDC Core §5.1) as a JSON object; they replace all that were there. Apps are
    /// told those that the person agrees to
    #[arg(long, value_name = "FILE", required_unless_present = "clear")]
    pub claims_file: Option<String>,

    /// Forget them all
    #[arg(long, conflicts_with = "claims_file")]
    pub clear: bool,
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

    /// Standard claims of OpenID Connect (OIDC Core §5.1) beyond name and address, as a JSON object; see
    /// `mapae user claims`
    #[arg(long, value_name = "FILE")]
    pub claims_file: Option<String>,
}
