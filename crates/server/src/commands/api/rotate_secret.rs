//! `mapae api rotate-secret`.

use std::fmt;

use serde::Serialize;

use super::find;
use crate::{
    cli::OneApi,
    client_auth::secret,
    commands::{answer::Answer, data::Data, failure::Failure, fields::Fields},
    ids::Kind,
    store::apis,
};

/// The new secret.
#[derive(Debug, Serialize)]
struct Rotated {
    identifier: String,
    client_id: String,
    client_secret: String,
}

/// Gives the API a new secret; the old one is dead at once.
pub(in crate::commands) async fn run(args: &OneApi) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| {
        let api = find(data, &args.identifier).await?;
        let (secret, kept) = secret::generate(Kind::Secret.fresh());
        data.db.commit(apis::rotate_secret(&api.id, &kept.hash)).await?;
        let client_secret = secret.expose().clone();
        Answer::of(&Rotated { identifier: api.identifier, client_id: api.id, client_secret })
    })
    .await
}

impl fmt::Display for Rotated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secret = format!(
            "{}\nShown only now: give it to the API at once. Until then it cannot ask about tokens.",
            self.client_secret
        );
        Fields::default()
            .with("identifier", self.identifier.as_str())
            .with("client_id", self.client_id.as_str())
            .with("client_secret", secret)
            .fmt(f)
    }
}
