//! `mapae user list`.

use std::fmt;

use serde::Serialize;

use crate::{
    cli::Common,
    commands::{answer::Answer, data::Data, failure::Failure},
    store::users::{self, Account},
};

/// More people than anybody reads.
const LIMIT: i64 = 10_000;

/// The oldest accounts.
#[derive(Debug, Serialize)]
struct List {
    users: Vec<Line>,
}

/// One of them.
#[derive(Debug, Serialize)]
struct Line {
    id: String,
    email: Option<String>,
    email_verified: bool,
    name: String,
    operator: bool,
    disabled: bool,
    created_at: i64,
}

/// Lists people's accounts, the oldest first.
pub(in crate::commands) async fn run(common: &Common) -> Result<Answer, Failure> {
    Data::with(common, async |data| {
        let users = users::list(&data.db, LIMIT).await?.into_iter().map(Line::from).collect();
        Answer::of(&List { users })
    })
    .await
}

impl From<Account> for Line {
    fn from(Account { user, created_at, .. }: Account) -> Self {
        Self {
            id: user.id,
            email: user.email,
            email_verified: user.email_verified,
            name: user.name,
            operator: user.operator,
            disabled: user.disabled_at.is_some(),
            created_at: created_at.unix(),
        }
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.users.is_empty() {
            return f.write_str("There is no account yet: `mapae user create --help` says how to make one.");
        }
        for (position, user) in self.users.iter().enumerate() {
            let gap = if position == 0 { "" } else { "\n" };
            let operator = if user.operator { "  operator" } else { "" };
            let disabled = if user.disabled { "  disabled" } else { "" };
            write!(
                f,
                "{gap}{}  {}{operator}{disabled}",
                user.email.as_deref().unwrap_or(&user.id),
                user.name
            )?;
        }
        Ok(())
    }
}
