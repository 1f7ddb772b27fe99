//! `mapae registration token create`.

use std::fmt;

use mapae_protocol::{random, secret::Secret, time::Timestamp};
use serde::Serialize;

use crate::{
    cli::CreateInitialToken,
    client_auth::secret,
    commands::{
        answer::Answer,
        data::Data,
        failure::Failure,
        fields::{Fields, moment},
        refusals::{INVALID, Refusals},
    },
    ids::Kind,
    store::{
        Unit,
        initial_access_tokens::{self, InitialAccessToken},
    },
};

/// Longest label, in characters.
const MAX_LABEL: usize = 120;

/// A new token, for the one time when it is known.
#[derive(Debug, Serialize)]
struct Made {
    id: String,
    token: String,
    label: String,
    uses: i64,
    expires_at: i64,
    /// Whether there is an endpoint at which it counts.
    open: bool,
}

/// Makes a token.
pub(in crate::commands) async fn run(args: &CreateInitialToken) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| create(args, data).await).await
}

async fn create(args: &CreateInitialToken, data: &Data) -> Result<Answer, Failure> {
    let mut refusals = Refusals::default();
    if args.label.chars().count() > MAX_LABEL || args.label.contains(char::is_control) {
        let wrong = "The label cannot be shown.";
        refusals.add(INVALID, "--label", wrong, format!("Write one line of at most {MAX_LABEL} characters."));
    }
    refusals.or(Some(()))?;
    let secret = Secret::new(random::token());
    let token = InitialAccessToken {
        id: Kind::InitialToken.fresh(),
        label: args.label.trim().to_owned(),
        uses_left: args.uses,
        created_at: data.now,
        expires_at: data.now.plus(args.expires.0),
    };
    let kept = initial_access_tokens::insert(&token, &secret::digest(&secret).into());
    data.db.commit(Unit::from(kept)).await?;
    Answer::of(&Made {
        id: token.id,
        token: secret.expose().clone(),
        label: token.label,
        uses: token.uses_left,
        expires_at: token.expires_at.unix(),
        open: data.config.registration.policy.lets_register(),
    })
}

impl fmt::Display for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = format!("{}\nShown only now. Lost? Make another, and revoke this one.", self.token);
        let closed = (!self.open).then_some(
            "Registration is closed here: the token counts once registration.policy is initial_access_token or open.",
        );
        Fields::default()
            .with("id", self.id.as_str())
            .with("token", token)
            .with("label", self.label.as_str())
            .with("uses", self.uses.to_string())
            .with("expires", moment(Timestamp::from_unix(self.expires_at)))
            .with_some("note", closed)
            .fmt(f)
    }
}
