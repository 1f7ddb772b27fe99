//! `mapae upstream add`.

use std::{collections::BTreeMap, fmt};

use mapae_client::Definition;
use mapae_protocol::secret::Secret;
use serde::Serialize;

use super::{Registered, all, master_key, view::View, with};
use crate::{
    cli::AddUpstream,
    commands::{
        answer::Answer,
        data::Data,
        failure::Failure,
        refusals::{INVALID, Refusals},
    },
    config::{Unusable, read_secret, unusable},
    store::{CommitError, upstreams},
    upstream::{Options, Origin, Secrets, UpstreamSettings, read_definition, sealed},
};

/// The provider that was added.
#[derive(Debug, Serialize)]
struct Added {
    #[serde(flatten)]
    upstream: View,
}

/// Adds a provider; a running server offers it within a second.
pub(in crate::commands) async fn run(args: &AddUpstream) -> Result<Answer, Failure> {
    with(&args.common, async |data| add(args, data).await).await
}

async fn add(args: &AddUpstream, data: &Data) -> Result<Answer, Failure> {
    let mut refusals = Refusals::default();
    let settings = settings(args, &mut refusals);
    refuse_useless(args, data, &settings, &mut refusals);
    if all(data).await?.iter().any(|known| known.settings.name == settings.name) {
        refuse_taken(&settings.name, &mut refusals);
    }
    let settings = refusals.or(Some(settings))?;
    let row = sealed(&settings, &master_key(data).await?, data.now)?;
    match data.db.commit(upstreams::insert(&row)).await {
        Ok(_) => {
            let registered = Registered { settings, origin: Origin::Database, disabled: false };
            Answer::of(&Added { upstream: View::of(&registered, &data.config.site) })
        }
        Err(CommitError::Conflict { .. }) => {
            let mut refusals = Refusals::default();
            refuse_taken(&settings.name, &mut refusals);
            Err(refusals.into())
        }
        Err(error) => Err(error.into()),
    }
}

fn settings(args: &AddUpstream, refusals: &mut Refusals) -> UpstreamSettings {
    let secrets = secrets(args.client_secret_file.as_deref(), &args.credential_files, refusals);
    UpstreamSettings {
        name: args.name.clone().unwrap_or_else(|| args.provider.clone()),
        provider: args.provider.clone(),
        client_id: args.client_id.clone(),
        secrets,
        options: Options {
            scopes: args.scopes.clone(),
            issuer: args.issuer.clone(),
            vars: vars(&args.vars, refusals).into_iter().collect(),
            base_url: args.base_url.clone(),
            without_openid: args.without_openid,
            label: args.label.clone(),
            hosted_domain: args.hosted_domain.clone(),
            trust_emails: args.emails.choice(),
            definition: args
                .definition_file
                .as_ref()
                .and_then(|path| definition(&args.provider, path, refusals)),
        },
    }
}

/// Values for names of the definition.
pub(super) fn vars(entries: &[String], refusals: &mut Refusals) -> Vec<(String, String)> {
    let mut vars = Vec::new();
    for entry in entries {
        match entry.split_once('=') {
            Some((name, value)) => vars.push((name.to_owned(), value.to_owned())),
            None => refusals.add(INVALID, "--var", "It has no equals sign.", "Write NAME=VALUE."),
        }
    }
    vars
}

/// What stands in the files that the command line names.
pub(super) fn secrets(
    client_secret_file: Option<&str>,
    credential_files: &[String],
    refusals: &mut Refusals,
) -> Secrets {
    let secret = |option: &'static str, path: &str, refusals: &mut Refusals| match read_secret(path) {
        Ok(secret) => Some(secret),
        Err(wrong) => {
            let instead = "Name a file that you may read and that holds only the secret.";
            refusals.add(INVALID, option, wrong, instead);
            None
        }
    };
    let client_secret = client_secret_file.and_then(|path| secret("--client-secret-file", path, refusals));
    let mut credentials: BTreeMap<String, Secret<String>> = BTreeMap::new();
    for entry in credential_files {
        match entry.split_once('=') {
            Some((name, path)) => {
                let value = secret("--credential-file", path, refusals);
                credentials.extend(value.map(|value| (name.to_owned(), value)));
            }
            None => refusals.add(INVALID, "--credential-file", "It has no equals sign.", "Write NAME=FILE."),
        }
    }
    Secrets { client_secret, credentials }
}

/// The text of a definition of one's own, which must be the one that is meant.
pub(super) fn definition(provider: &str, path: &str, refusals: &mut Refusals) -> Option<String> {
    match read_definition(path) {
        Ok((id, text)) if id == provider => Some(text),
        Ok((id, _)) => {
            let wrong = format!("The file {path:?} defines {id:?} and not {provider:?}.");
            refusals.add(INVALID, "PROVIDER", wrong, format!("Write {id}."));
            None
        }
        Err(wrong) => {
            let instead = "Name a file with a definition; docs/commands.md shows one.";
            refusals.add(INVALID, "--definition-file", wrong, instead);
            None
        }
    }
}

fn refuse_useless(args: &AddUpstream, data: &Data, settings: &UpstreamSettings, refusals: &mut Refusals) {
    if !settings.is_defined() && args.definition_file.is_none() {
        let ids: Vec<&str> = Definition::ids().collect();
        let wrong = format!("There is no provider {:?}.", args.provider);
        return refusals.add(INVALID, "PROVIDER", wrong, format!("Write one of {}.", ids.join(", ")));
    }
    if !UpstreamSettings::is_name(&settings.name) {
        let wrong = format!("{:?} cannot stand in an address.", settings.name);
        return refusals.add(INVALID, "--name", wrong, "Write at most 32 of a to z, 0 to 9 and the hyphen.");
    }
    if settings.is_defined()
        && let Some(Unusable { key, wrong, instead }) = unusable(settings, &data.config.site)
    {
        refusals.add(INVALID, option(key), wrong, instead);
    }
}

/// The option of this command for a setting of `[[upstream]]`.
pub(super) fn option(key: &str) -> &'static str {
    match key {
        "client_id" => "--client-id",
        "client_secret_file" => "--client-secret-file",
        "credential_files" => "--credential-file",
        "issuer" => "--issuer",
        "vars" => "--var",
        "scopes" => "--scopes",
        "hosted_domain" => "--hosted-domain",
        _ => "PROVIDER",
    }
}

fn refuse_taken(name: &str, refusals: &mut Refusals) {
    let wrong = format!("A provider is called {name:?} already.");
    refusals.add("name_taken", "--name", wrong, "Give this one another name, or remove that one first.");
}

impl fmt::Display for Added {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}\n\nRegister this redirect URI at the provider; then `mapae upstream test` says whether it knows you.",
            self.upstream
        )
    }
}
