//! `mapae upstream update`.

use std::fmt;

use mapae_client::Provider;
use mapae_protocol::seal::MasterKey;
use serde::Serialize;

use super::{
    Registered,
    add::{definition, option, secrets, vars},
    master_key, missing, of_settings,
    view::View,
    with,
};
use crate::{
    cli::UpdateUpstream,
    commands::{
        answer::Answer,
        data::Data,
        failure::Failure,
        refusals::{INVALID, Refusals},
    },
    config::{Site, Unusable, unusable},
    store::{Unit, upstreams},
    upstream::{Origin, UpstreamSettings, opened, sealed},
};

/// The provider as it is now.
#[derive(Debug, Serialize)]
struct Updated {
    #[serde(flatten)]
    upstream: View,
}

/// Changes a provider; a running server speaks to it so within a second.
pub(in crate::commands) async fn run(args: &UpdateUpstream) -> Result<Answer, Failure> {
    with(&args.common, async |data| update(args, data).await).await
}

async fn update(args: &UpdateUpstream, data: &Data) -> Result<Answer, Failure> {
    if data.config.upstreams.iter().any(|known| known.name == args.name) {
        return Err(of_settings(&args.name));
    }
    let rows = upstreams::all(&data.db).await?;
    let before = rows.into_iter().find(|row| row.name == args.name).ok_or_else(|| missing(&args.name))?;
    let (unit, settings) = written(args, &data.config.site, &master_key(data).await?, &before)?;
    match data.db.commit(unit).await {
        Ok(_) => {
            let disabled = before.disabled_at.is_some();
            let registered = Registered { settings, origin: Origin::Database, disabled };
            Answer::of(&Updated { upstream: View::of(&registered, &data.config.site) })
        }
        Err(error) => Err(error.into()),
    }
}

/// What is written in the place of this row. What stays as it was is taken from the same row that the write names: what
/// somebody else has written since makes it conflict, and is not undone.
fn written(
    args: &UpdateUpstream,
    site: &Site,
    master: &MasterKey,
    before: &upstreams::Upstream,
) -> Result<(Unit, UpstreamSettings), Failure> {
    let settings = changed(args, site, &opened(before.clone(), master)?)?;
    let after = sealed(&settings, master, before.created_at)?;
    Ok((upstreams::update(before, &after), settings))
}

/// The settings with what the command line says, if that makes a provider that can be used.
fn changed(
    args: &UpdateUpstream,
    site: &Site,
    before: &UpstreamSettings,
) -> Result<UpstreamSettings, Failure> {
    let mut refusals = Refusals::default();
    let mut settings = before.clone();
    let new = secrets(args.client_secret_file.as_deref(), &args.credential_files, &mut refusals);
    settings.secrets.client_secret = new.client_secret.or(settings.secrets.client_secret);
    settings.secrets.credentials.extend(new.credentials);
    let options = &mut settings.options;
    let text = |said: &Option<String>, before: Option<String>| match said {
        Some(said) => Some(said.trim().to_owned()).filter(|said| !said.is_empty()),
        None => before,
    };
    options.scopes = text(&args.scopes, options.scopes.take());
    options.label = text(&args.label, options.label.take());
    options.hosted_domain = text(&args.hosted_domain, options.hosted_domain.take());
    for (name, value) in vars(&args.vars, &mut refusals) {
        if value.is_empty() {
            options.vars.remove(&name);
        } else {
            options.vars.insert(name, value);
        }
    }
    options.trust_emails = args.emails.choice().or(options.trust_emails);
    options.without_openid = (options.without_openid || args.without_openid) && !args.with_openid;
    if let Some(path) = &args.definition_file {
        let text = definition(&before.provider, path, &mut refusals);
        options.definition = text.or_else(|| options.definition.take());
    }
    let says_something = args.client_secret_file.is_some()
        || !args.credential_files.is_empty()
        || args.definition_file.is_some()
        || args.scopes.is_some()
        || args.label.is_some()
        || !args.vars.is_empty()
        || args.hosted_domain.is_some()
        || args.emails.choice().is_some()
        || args.with_openid
        || args.without_openid;
    if !says_something {
        refusals.add(INVALID, "NAME", "Nothing is to be changed.", "Say what is: --label, --scopes, ….");
    }
    if let Some(Unusable { key, wrong, instead }) = unusable(&settings, site) {
        refusals.add(INVALID, option(key), wrong, instead);
    }
    let is_another = |new: &Provider| before.provider(site).is_ok_and(|old| old.issuer() != new.issuer());
    if settings.provider(site).is_ok_and(|new| is_another(&new)) {
        let wrong = "The provider would have another issuer, and the accounts of people would be others'.";
        let place = if args.definition_file.is_some() { "--definition-file" } else { "--var" };
        refusals.add(INVALID, place, wrong, "Add it under another name.");
    }
    refusals.or(Some(settings))
}

impl fmt::Display for Updated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.upstream.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use mapae_protocol::secret::Secret;

    use super::*;
    use crate::{
        cli::{Cli, Command, UpstreamCommand},
        clock::Clock,
        jobs::tests::server,
        store::{CommitError, Db},
        upstream::{Options, Secrets},
    };

    /// The words after `mapae upstream update kakao`.
    fn args(words: [&str; 2]) -> UpdateUpstream {
        let line = ["mapae", "upstream", "update", "kakao"].into_iter().chain(words);
        match Cli::try_parse_from(line).unwrap().command {
            Command::Upstream(UpstreamCommand::Update(args)) => *args,
            other => panic!("{other:?}"),
        }
    }

    async fn row(db: &Db) -> upstreams::Upstream {
        upstreams::all(db).await.unwrap().remove(0)
    }

    #[tokio::test]
    async fn what_somebody_else_has_changed_since_it_was_read_is_not_undone() {
        let (app, _folder) = server(Clock::default()).await;
        let (db, master, site) = (app.db(), app.master_key(), &app.config().site);
        let kakao = UpstreamSettings {
            name: "kakao".to_owned(),
            provider: "kakao".to_owned(),
            client_id: "key".to_owned(),
            secrets: Secrets { client_secret: Some(Secret::new("s3cret".to_owned())), ..Secrets::default() },
            options: Options::default(),
        };
        db.commit(upstreams::insert(&sealed(&kakao, master, app.now()).unwrap())).await.unwrap();
        let read = row(db).await;
        let (of_another, _) = written(&args(["--scopes", "account_email"]), site, master, &read).unwrap();
        db.commit(of_another).await.unwrap();
        let (late, _) = written(&args(["--label", "A"]), site, master, &read).unwrap();
        let refused = db.commit(late).await;
        assert!(matches!(refused, Err(CommitError::Conflict { .. })), "{refused:?}");
        let (again, _) = written(&args(["--label", "A"]), site, master, &row(db).await).unwrap();
        db.commit(again).await.unwrap();
        let options = opened(row(db).await, master).unwrap().options;
        assert_eq!((options.scopes.as_deref(), options.label.as_deref()), (Some("account_email"), Some("A")));
    }
}
