//! Who plays in the demo: two people, the service's app and the calendar API, registered as anybody's would be.

use std::{io::Write as _, path::Path};

use mapae_demo::{API_SCOPES, APP_NAME, APP_SCOPES, Doors};
use mapae_protocol::{random, secret::Secret};
use serde::{Deserialize, Serialize};

use super::folder::Folder;
use crate::{
    App,
    accounts::NewPassword,
    client_auth::secret::digest,
    commands::failure::Failure,
    ids::Kind,
    store::{
        Concealed, Unit,
        apis::{self, ApiScope, NewApi, TokenFormat},
        app_secrets::NewSecret,
        apps::{self, AppLists, AppScope, AppSettings, NewApp},
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
        }
    }
}

/// Registers everybody in one unit.
async fn make(app: &App, doors: &Doors, credentials: &Credentials) -> Result<(), Failure> {
    let (service, api) = (new_app(doors, credentials), new_api(doors, credentials));
    let now = app.now();
    let mut unit = Unit::new().with(apps::insert(&service, now)).with(apis::insert(&api, now));
    for account in ACCOUNTS {
        unit = unit.with(users::insert(&new_user(app, account).await?, now));
    }
    app.commit(unit).await?;
    Ok(())
}

fn kept(secret: &str) -> Concealed {
    digest(&Secret::new(secret.to_owned())).into()
}

fn new_app(doors: &Doors, credentials: &Credentials) -> NewApp {
    let item = |scope: &mapae_demo::DemoScope| AppScope {
        scope: scope.name.to_owned(),
        required: scope.required,
        purpose_ko: scope.purpose_ko.to_owned(),
        purpose_en: scope.purpose_en.to_owned(),
    };
    NewApp {
        id: credentials.client_id.clone(),
        owner_id: None,
        settings: AppSettings {
            name: APP_NAME.to_owned(),
            icon: None,
            homepage: Some(doors.service_url()),
            public: false,
            grant_types: "authorization_code refresh_token".to_owned(),
            token_endpoint_auth_method: None,
            id_token_alg: "ES256".to_owned(),
            subject_type: "pairwise".to_owned(),
            pkce_required: true,
            rotate_refresh: true,
        },
        lists: AppLists {
            redirect_uris: vec![doors.redirect_uri()],
            origins: Vec::new(),
            scopes: APP_SCOPES.iter().map(item).collect(),
        },
        secret: Some(NewSecret { id: Kind::Secret.fresh(), hash: kept(&credentials.client_secret) }),
    }
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
        secret_hash: kept(&credentials.api_client_secret),
        scopes: API_SCOPES.iter().map(titled).collect(),
    }
}

async fn new_user(app: &App, account: &Account) -> Result<NewUser, Failure> {
    let password = NewPassword::parse(account.password);
    let password = password.map_err(|error| Failure::new("internal", error.to_string()))?;
    Ok(NewUser {
        id: Kind::User.fresh(),
        email: account.email.to_owned(),
        email_verified: true,
        name: account.name.to_owned(),
        locale: None,
        password_hash: Some(app.passwords().hash(password).await?.into()),
        operator: false,
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
