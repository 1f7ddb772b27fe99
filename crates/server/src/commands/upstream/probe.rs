//! `mapae upstream test`.

use std::fmt;

use mapae_client::Class;
use mapae_protocol::locale::Locale;
use serde::Serialize;

use super::{find, with};
use crate::{
    cli::OneUpstream,
    commands::{answer::Answer, failure::Failure},
};

/// What a provider said.
#[derive(Debug, Serialize)]
struct Tested {
    name: String,
    ok: bool,
    finding: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    todo: Option<String>,
    redirect_uri: String,
}

/// Asks a provider whether it knows this server; ends with 1 when it does not.
pub(in crate::commands) async fn run(args: &OneUpstream) -> Result<Answer, Failure> {
    with(&args.common, async |data| {
        let registered = find(data, &args.name).await?;
        let settings = &registered.settings;
        let provider = settings.provider(&data.config.site).map_err(|error| {
            Failure::new("unusable", format!("{} cannot be used: {error}", settings.name))
        })?;
        let (ok, finding, todo) = match provider.probe(data.now).await {
            Ok(()) => (true, "client id and secret are right".to_owned(), None),
            Err(error) => {
                let todo = match (error.class(), &settings.options.base_url) {
                    (Class::Configuration(setting), _) => provider.advice(setting, Locale::En),
                    (Class::Unavailable, Some(address)) => {
                        format!("Is a simulator running at {address}? `mapae simulate` starts them.")
                    }
                    _ => error.explain(Locale::En).advice.to_owned(),
                };
                (false, error.to_string(), Some(todo))
            }
        };
        let redirect_uri = settings.redirect_uri(&data.config.site);
        let answer = Answer::of(&Tested { name: settings.name.clone(), ok, finding, todo, redirect_uri })?;
        Ok(if ok { answer } else { answer.with_failure() })
    })
    .await
}

impl fmt::Display for Tested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.finding)?;
        if let Some(todo) = &self.todo {
            write!(f, "\n  {todo}")?;
        }
        if self.ok {
            write!(
                f,
                "\n  The redirect URI shows at the first sign-in only. It must be registered as\n  {}",
                self.redirect_uri
            )?;
        }
        Ok(())
    }
}
