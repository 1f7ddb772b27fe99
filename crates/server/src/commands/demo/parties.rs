//! Who plays in the demo: two people, the apps and the calendar API, registered as anybody's would be.

use std::{io::Write as _, path::Path};

use mapae_demo::{API_SCOPES, Doors};
use mapae_protocol::{random, secret::Secret};
use serde::{Deserialize, Serialize};

use super::{clients, folder::Folder};
use crate::{
    App,
    accounts::NewPassword,
    client_auth::secret::digest,
    commands::failure::Failure,
    ids::Kind,
    store::{
        Unit,
        apis::{self, ApiScope, NewApi, TokenFormat},
        apps::{self, NewApp},
        users::{self, NewUser},
    },
};

/// A person to sign in as.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    pub(super) email: &'static str,
    pub(super) name: &'static str,
    pub(super) password: &'static str,
}

/// The demo's people. Their server is on loopback, and its data is gone when it stops.
pub(super) const ACCOUNTS: &[Account] = &[
    Account { email: "hong@example.com", name: "홍길동", password: "mapae-demo-hong" },
    Account { email: "kim@example.com", name: "김마패", password: "mapae-demo-kim" },
];

/// What the parties know each other by; kept beside the data, readable by its owner only.
#[derive(Serialize, Deserialize)]
pub(super) struct Credentials {
    pub(super) service_url: String,
    pub(super) api_url: String,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) api_client_id: String,
    pub(super) api_client_secret: String,
    pub(super) browser_app_id: String,
    pub(super) native_app_id: String,
    pub(super) back_end_id: String,
    pub(super) back_end_secret: String,
}

/// The registered parties.
pub(super) struct Parties {
    pub(super) credentials: Credentials,
    pub(super) accounts: &'static [Account],
}

impl Parties {
    /// Those of a folder that was used before, or new ones.
    pub(super) async fn register(app: &App, doors: &Doors, folder: &Folder) -> Result<Self, Failure> {
        let path = folder.credentials();
        let credentials = match read(&path)? {
            Some(known) if known.service_url == doors.service_url() && known.api_url == doors.api_url() => {
                known
            }
            Some(known) => {
                let message = format!(
                    "the folder {} belongs to a demo on {} and {}: start it on the same ports, or name another folder",
                    folder.path().display(),
                    known.service_url,
                    known.api_url
                );
                return Err(Failure::new("other_ports", message));
            }
            None => {
                let fresh = Credentials::fresh(doors);
                write(&path, &fresh).map_err(|error| unusable(&path, &error))?;
                fresh
            }
        };
        // A demo that was interrupted before this goes on with the credentials that it had written down.
        if apps::find(app.db(), &credentials.client_id).await?.is_none() {
            make(app, doors, &credentials).await?;
        }
        Ok(Self { credentials, accounts: ACCOUNTS })
    }
}

impl Credentials {
    fn fresh(doors: &Doors) -> Self {
        Self {
            service_url: doors.service_url(),
            api_url: doors.api_url(),
            client_id: Kind::App.fresh(),
            client_secret: random::token(),
            api_client_id: Kind::Api.fresh(),
            api_client_secret: random::token(),
            browser_app_id: Kind::App.fresh(),
            native_app_id: Kind::App.fresh(),
            back_end_id: Kind::App.fresh(),
            back_end_secret: random::token(),
        }
    }
}

/// Registers everybody in one unit.
async fn make(app: &App, doors: &Doors, credentials: &Credentials) -> Result<(), Failure> {
    let api = new_api(doors, credentials);
    let secret = |text: &str| Secret::new(text.to_owned());
    let service = clients::web_service(doors, &secret(&credentials.client_secret));
    let back_end = clients::back_end(&secret(&credentials.back_end_secret));
    let named = |id: &str, client: NewApp| NewApp { id: id.to_owned(), ..client };
    let service = named(&credentials.client_id, service);
    let browser_app = named(&credentials.browser_app_id, clients::browser_app(doors));
    let native_app = named(&credentials.native_app_id, clients::native_app());
    let back_end = named(&credentials.back_end_id, back_end);
    let now = app.now();
    let mut unit = Unit::new().with(apis::insert(&api, now));
    for client in [&service, &browser_app, &native_app, &back_end] {
        unit = unit.with(apps::insert(client, now));
    }
    for account in ACCOUNTS {
        unit = unit.with(users::insert(&new_user(app, account).await?, now));
    }
    app.commit(unit).await?;
    Ok(())
}

fn new_api(doors: &Doors, credentials: &Credentials) -> NewApi {
    let titled = |scope: &mapae_demo::ApiScope| ApiScope {
        scope: scope.name.to_owned(),
        title_ko: scope.title_ko.to_owned(),
        title_en: scope.title_en.to_owned(),
    };
    NewApi {
        id: credentials.api_client_id.clone(),
        identifier: doors.api_url(),
        name: "캘린더 API".to_owned(),
        token_format: TokenFormat::Jwt,
        secret_hash: digest(&Secret::new(credentials.api_client_secret.clone())).into(),
        scopes: API_SCOPES.iter().map(titled).collect(),
    }
}

async fn new_user(app: &App, account: &Account) -> Result<NewUser, Failure> {
    let password = NewPassword::parse(account.password);
    let password = password.map_err(|error| Failure::new("internal", error.to_string()))?;
    Ok(NewUser {
        id: Kind::User.fresh(),
        email: Some(account.email.to_owned()),
        email_verified: true,
        name: account.name.to_owned(),
        locale: None,
        password_hash: Some(app.passwords().hash(password).await?.into()),
        operator: false,
        claims: None,
    })
}

fn read(path: &Path) -> Result<Option<Credentials>, Failure> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| unusable(path, &error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(path, &error)),
    }
}

/// Whole or not at all.
fn write(path: &Path, credentials: &Credentials) -> std::io::Result<()> {
    let unfinished = path.with_extension("tmp");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(&serde_json::to_vec_pretty(credentials)?)?;
    file.sync_all()?;
    std::fs::rename(unfinished, path)
}

fn unusable(path: &Path, error: &dyn std::error::Error) -> Failure {
    let message = format!("{} cannot be used: {error}; name another folder with --data", path.display());
    Failure::new("folder", message)
}
