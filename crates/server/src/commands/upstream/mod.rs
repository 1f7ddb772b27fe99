//! `mapae upstream …`.

pub(super) mod add;
pub(super) mod list;
pub(super) mod permission;
pub(super) mod probe;
pub(super) mod remove;
pub(super) mod show;
pub(super) mod switch;
pub(super) mod update;
mod view;

use mapae_protocol::seal::MasterKey;

use super::{data::Data, failure::Failure};
use crate::{
    app,
    cli::Common,
    store::upstreams,
    upstream::{Origin, UpstreamSettings, opened},
};

/// A provider wherever it was written down.
pub(super) struct Registered {
    pub(super) settings: UpstreamSettings,
    pub(super) origin: Origin,
    pub(super) disabled: bool,
}

/// As [`Data::with`], for what prints addresses that are registered elsewhere.
async fn with<T>(common: &Common, work: impl AsyncFnOnce(&Data) -> Result<T, Failure>) -> Result<T, Failure> {
    Data::with(common, async |data| {
        data.tell_site();
        work(data).await
    })
    .await
}

/// All of them: those of the settings first, which hold where two have one name.
pub(super) async fn all(data: &Data) -> Result<Vec<Registered>, Failure> {
    let of_settings = data.config.upstreams.iter().cloned();
    let mut all: Vec<Registered> = of_settings
        .map(|settings| Registered { settings, origin: Origin::Settings, disabled: false })
        .collect();
    let rows = upstreams::all(&data.db).await?;
    if rows.is_empty() {
        return Ok(all);
    }
    let master = master_key(data).await?;
    for row in rows {
        let disabled = row.disabled_at.is_some();
        let settings = opened(row, &master)?;
        if all.iter().all(|known| known.settings.name != settings.name) {
            all.push(Registered { settings, origin: Origin::Database, disabled });
        }
    }
    Ok(all)
}

/// The provider of this name.
pub(super) async fn find(data: &Data, name: &str) -> Result<Registered, Failure> {
    let found = all(data).await?.into_iter().find(|known| known.settings.name == name);
    found.ok_or_else(|| missing(name))
}

/// The same, to be changed: those of the settings are changed there.
pub(super) async fn find_own(data: &Data, name: &str) -> Result<Registered, Failure> {
    let found = find(data, name).await?;
    if found.origin == Origin::Settings {
        return Err(of_settings(name));
    }
    Ok(found)
}

fn of_settings(name: &str) -> Failure {
    let text = format!("{name:?} stands in the file of settings: change it there and start the server again");
    Failure::new("of_settings", text)
}

pub(super) fn missing(name: &str) -> Failure {
    Failure::new("not_found", format!("no provider is called {name:?}; `mapae upstream list` shows all"))
}

pub(super) async fn master_key(data: &Data) -> Result<MasterKey, Failure> {
    Ok(app::master_key(&data.config.keys.master_key, &data.db).await?)
}
