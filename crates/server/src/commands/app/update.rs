//! `mapae app update`.

use mapae_protocol::secret::Secret;

use super::{draft, find, known_scopes, list::Owners, new_secret, owner, security, view::View};
use crate::{
    cli::UpdateApp,
    commands::{answer::Answer, data::Data, failure::Failure, refusals::Refusals},
    config::Development,
    registration::{
        ID_TOKEN_ALG, Surroundings, TOKEN_ENDPOINT_AUTH_METHOD, ends_what_was_made, held_after, keeps_secret,
        sector_after, signs_with_secret,
    },
    store::{
        Unit,
        app_secrets::{self, Before},
        apps::{self, AppLists, AppSettings, RegisteredApp},
    },
};

/// Changes an app, and shows it as it is then.
pub(in crate::commands) async fn run(args: &UpdateApp) -> Result<Answer, Failure> {
    Data::with(&args.common, async |data| update(args, data).await).await
}

async fn update(args: &UpdateApp, data: &Data) -> Result<Answer, Failure> {
    let secret = data.write(async || change(args, data).await).await?;
    let changed = find(data, &args.client_id).await?;
    let owner = Owners::default().email(data, changed.app.owner_id.clone()).await?;
    Answer::of(&View::new(changed, owner).with_secret(secret))
}

/// What is to be written, and the secret that the app gets with it, perhaps.
async fn change(args: &UpdateApp, data: &Data) -> Result<(Unit, Option<Secret<String>>), Failure> {
    let registered = find(data, &args.client_id).await?;
    let mut refusals = Refusals::default();
    let described = described(args, data, &registered, &mut refusals).await?;
    security::tell(&args.security, registered.app.settings.public, &mut refusals);
    let owner = match &args.owner {
        Some(email) => owner::find(data, email, &mut refusals).await?,
        None => None,
    };
    let (settings, lists) = refusals.or(described)?;
    let settings = security::choose(&args.security, settings);
    let id_token_alg = args.id_token_alg.clone().unwrap_or_else(|| settings.id_token_alg.clone());
    let settings = AppSettings { id_token_alg, ..settings };
    let (settings, lists) = security::judged((settings, lists))?;
    let held_members = held_after(&registered, (&settings, &lists), &named(args));
    let settings = AppSettings { held_members, ..settings };
    let (secrets, secret) = secrets(data, &registered, (&settings, &lists)).await?;
    let owner = owner.map(|owner| apps::give_to(&args.client_id, &owner.id, data.now));
    let sector = sector_after(&registered, &settings, &lists);
    let update = apps::update_moving(&registered, (&settings, &lists), sector.as_deref(), data.now);
    let ends = ends_what_was_made(&registered, (&settings, &lists), sector.as_deref());
    let ended = ends.then(|| apps::revoke(&args.client_id, data.now));
    Ok((update.with_all(ended).with_all(owner).with(secrets), secret))
}

/// The members that are named, by their registered names.
fn named(args: &UpdateApp) -> Vec<String> {
    let method = args.security.auth_method.is_some().then(|| TOKEN_ENDPOINT_AUTH_METHOD.to_owned());
    let algorithm = args.id_token_alg.is_some().then(|| ID_TOKEN_ALG.to_owned());
    args.metadata.named().map(|named| named.member).chain(method).chain(algorithm).collect()
}

/// Who begins to sign with a secret, or to keep one, gets one for that; who signs with a key keeps none.
async fn secrets(
    data: &Data,
    registered: &RegisteredApp,
    (settings, lists): (&AppSettings, &AppLists),
) -> Result<(Unit, Option<Secret<String>>), Failure> {
    let (id, before) = (registered.app.id.as_str(), &registered.app.settings);
    let signs = registered.secrets.iter().any(|secret| secret.valid(data.now) && secret.sealed.is_some());
    if !keeps_secret(settings) {
        let gone = (!registered.secrets.is_empty()).then(|| app_secrets::remove_all(id));
        return Ok((Unit::new().with_all(gone), None));
    }
    if keeps_secret(before) && (signs || !signs_with_secret(settings, lists)) {
        return Ok((Unit::new(), None));
    }
    let (secret, kept) = new_secret(data, id, (settings, lists)).await?;
    Ok((app_secrets::rotate(id, &kept, Before::EndNow, data.now), Some(secret)))
}

/// What is registered of the app, with what is named of it changed; by the rules by which a new app is judged.
async fn described(
    args: &UpdateApp,
    data: &Data,
    registered: &RegisteredApp,
    refusals: &mut Refusals,
) -> Result<Option<(AppSettings, AppLists)>, Failure> {
    let before = &registered.app.settings;
    let Some(draft) = draft::changed(args, registered) else {
        return Ok(Some((before.clone(), registered.lists.clone())));
    };
    let scopes = known_scopes(data, Some(&args.client_id)).await?;
    let around = Surroundings { scopes: &scopes, development: Development::of(&data.config.site) };
    Ok(draft::judge(&draft, around, refusals).map(|app| app.changed(before)))
}
