//! `mapae app`.

pub(super) mod create;
pub(super) mod delete;
mod draft;
pub(super) mod list;
mod owner;
mod redirects;
pub(super) mod rotate_secret;
mod scopes;
mod security;
pub(super) mod show;
pub(super) mod switch;
pub(super) mod update;
pub(super) mod verify;
mod view;

use mapae_protocol::secret::Secret;

use super::{data::Data, failure::Failure, upstream::master_key};
use crate::{
    client_auth::secret,
    ids::Kind,
    registration::{KnownScopes, signs_with_secret},
    store::{
        apis,
        app_secrets::NewSecret,
        apps::{self, AppLists, AppSettings, RegisteredApp},
        upstream_permissions,
    },
    upstream,
};

/// The app of that `client_id`; a deleted one is none.
pub(super) async fn find(data: &Data, client_id: &str) -> Result<RegisteredApp, Failure> {
    let found = apps::find(&data.db, client_id).await?;
    found.filter(|registered| registered.app.deleted_at.is_none()).ok_or_else(|| {
        Failure::new("not_found", format!("there is no app {client_id:?}; `mapae app list` shows all"))
    })
}

/// The scopes that an app may be given; of providers those whose tokens it may have.
async fn known_scopes(data: &Data, client_id: Option<&str>) -> Result<KnownScopes, Failure> {
    let apis = apis::all(&data.db).await?;
    let of_apis = apis.iter().flat_map(|api| &api.scopes).map(|scope| scope.scope.as_str());
    let permitted = match client_id {
        Some(client_id) => upstream_permissions::of_app(&data.db, client_id).await?,
        None => Vec::new(),
    };
    let of_upstreams: Vec<String> = permitted.iter().map(|name| upstream::scope_of(name)).collect();
    Ok(KnownScopes::standard_and(of_apis.chain(of_upstreams.iter().map(String::as_str))))
}

/// A secret of an app like this, and what the database keeps of it.
async fn new_secret(
    data: &Data,
    id: &str,
    (settings, lists): (&AppSettings, &AppLists),
) -> Result<(Secret<String>, NewSecret), Failure> {
    let master = if signs_with_secret(settings, lists) { Some(master_key(data).await?) } else { None };
    Ok(secret::generate_for(id, Kind::Secret.fresh(), master.as_ref()))
}

/// Beside a secret, for people.
fn shown_once(secret: &str, replace: &str) -> String {
    format!("{secret}\nShown only now: keep it where only the app can read it. Lost? {replace}")
}
