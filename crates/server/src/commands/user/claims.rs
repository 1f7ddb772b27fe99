//! `mapae user claims`, and the file of claims of `mapae user create` — OIDC Core §5.1.

use std::fmt;

use serde::Serialize;

use super::switch::find;
use crate::{
    accounts::known_claims,
    cli::UserClaims,
    commands::{
        answer::Answer,
        data::Data,
        failure::Failure,
        refusals::{INVALID, Refusals},
    },
    store::users,
};

/// Whose claims were replaced.
#[derive(Debug, Serialize)]
struct Replaced {
    id: String,
    email: Option<String>,
    /// The names of those that are known now.
    claims: Vec<String>,
}

/// Replaces what is known of a person beyond what every account has.
pub(in crate::commands) async fn run(args: &UserClaims) -> Result<Answer, Failure> {
    let mut refusals = Refusals::default();
    let claims = args.claims_file.as_deref().map(|path| read(path, &mut refusals));
    let claims = refusals.or(Some(claims.flatten()))?;
    Data::with(&args.user.common, async |data| {
        let user = find(data, &args.user.email).await?;
        data.db.commit(users::set_claims(&user.id, claims.as_deref(), data.now)).await?;
        Answer::of(&Replaced { id: user.id, email: user.email, claims: names(claims.as_deref()) })
    })
    .await
}

/// A file of claims, as it is kept.
pub(super) fn read(path: &str, refusals: &mut Refusals) -> Option<String> {
    const OPTION: &str = "--claims-file";
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) => {
            let wrong = format!("The file {path:?} cannot be read: {error}.");
            refusals.add(INVALID, OPTION, wrong, "Name a file that you may read.");
            return None;
        }
    };
    let kept = known_claims::parse(&text);
    kept.map_err(|problem| {
        let example = r#"{"given_name": "길동", "birthdate": "1990-03-01"}"#;
        let instead = format!("Write an object of standard claims, for instance {example}.");
        refusals.add(INVALID, OPTION, format!("The file {path:?}: {problem}."), instead);
    })
    .ok()
}

/// The names of claims that are kept.
fn names(kept: Option<&str>) -> Vec<String> {
    let object = kept.and_then(|text| serde_json::from_str::<serde_json::Map<_, _>>(text).ok());
    object.map(|object| object.into_iter().map(|(name, _)| name).collect()).unwrap_or_default()
}

impl fmt::Display for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = self.email.as_deref().unwrap_or(&self.id);
        if self.claims.is_empty() {
            return write!(f, "Nothing is known of {who} any longer beyond their name and address.");
        }
        write!(f, "Of {who} is known: {}", self.claims.join(", "))
    }
}
