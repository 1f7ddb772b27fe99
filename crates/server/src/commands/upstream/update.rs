//! `mapae upstream update`.

use std::fmt;

use serde::Serialize;

use super::{
    Registered,
    add::{definition, option, secrets, vars},
    find_own, master_key, missing,
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
    config::{Unusable, unusable},
    store::upstreams,
    upstream::{Origin, UpstreamSettings, sealed},
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
    let Registered { settings, disabled, .. } = find_own(data, &args.name).await?;
    let rows = upstreams::all(&data.db).await?;
    let before = rows.into_iter().find(|row| row.name == settings.name).ok_or_else(|| missing(&args.name))?;
    let settings = changed(args, data, &settings)?;
    let after = sealed(&settings, &master_key(data).await?, before.created_at)?;
    match data.db.commit(upstreams::update(&before, &after)).await {
        Ok(_) => {
            let registered = Registered { settings, origin: Origin::Database, disabled };
            Answer::of(&Updated { upstream: View::of(&registered, &data.config.site) })
        }
        Err(error) => Err(error.into()),
    }
}

/// The settings with what the command line says, if that makes a provider that can be used.
fn changed(
    args: &UpdateUpstream,
    data: &Data,
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
    if let Some(Unusable { key, wrong, instead }) = unusable(&settings, &data.config.site) {
        refusals.add(INVALID, option(key), wrong, instead);
    }
    if settings
        .provider(&data.config.site)
        .is_ok_and(|new| before.provider(&data.config.site).is_ok_and(|old| old.issuer() != new.issuer()))
    {
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
