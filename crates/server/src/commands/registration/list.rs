//! `mapae registration token list`.

use std::fmt;

use mapae_protocol::time::Timestamp;
use serde::Serialize;

use crate::{
    cli::Common,
    commands::{
        answer::Answer,
        data::Data,
        failure::Failure,
        fields::{Fields, moment},
    },
    store::initial_access_tokens::{self, InitialAccessToken},
};

/// All tokens that have not expired, the oldest first.
#[derive(Debug, Serialize)]
struct List {
    tokens: Vec<Token>,
}

/// One of them.
#[derive(Debug, Serialize)]
struct Token {
    id: String,
    label: String,
    uses_left: i64,
    created_at: i64,
    expires_at: i64,
}

impl From<InitialAccessToken> for Token {
    fn from(token: InitialAccessToken) -> Self {
        let InitialAccessToken { id, label, uses_left, created_at, expires_at } = token;
        Self { id, label, uses_left, created_at: created_at.unix(), expires_at: expires_at.unix() }
    }
}

/// Lists the tokens.
pub(in crate::commands) async fn run(common: &Common) -> Result<Answer, Failure> {
    Data::with(common, async |data| {
        let tokens = initial_access_tokens::all(&data.db, data.now).await?;
        Answer::of(&List { tokens: tokens.into_iter().map(Token::from).collect() })
    })
    .await
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tokens.is_empty() {
            return f.write_str("There is no token: `mapae registration token create` makes one.");
        }
        for (position, token) in self.tokens.iter().enumerate() {
            f.write_str(if position == 0 { "" } else { "\n\n" })?;
            Fields::default()
                .with("id", token.id.as_str())
                .with("label", token.label.as_str())
                .with("uses left", token.uses_left.to_string())
                .with("expires", moment(Timestamp::from_unix(token.expires_at)))
                .fmt(f)?;
        }
        Ok(())
    }
}
