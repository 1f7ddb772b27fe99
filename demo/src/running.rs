//! Starting and stopping the demo.

use std::{future::Future, sync::Arc};

use axum::Router;
use mapae_client::{
    Client, ClientRegistration, ConfigurationError, Definition, Provider, ProviderSettings, StoreError, Vault,
};
use mapae_resource::{BuildError, ResourceServer};
use tokio::{net::TcpListener, sync::Mutex, task::JoinHandle};

use crate::{
    api,
    database::{Calendars, DatabaseError, User, Users},
    doors::Doors,
    experiments::Errands,
    flow::{BackChannel, Stage},
    settings::{Settings, SocialProvider, requested_scopes},
    site::{self, CalendarApi, Departures, Desk, Inner, Members, Offered},
};

/// The name of the service's first provider.
const PROVIDER: &str = "mapae";

/// A running demo. Dropping it does not stop it: see [`shutdown`](Self::shutdown).
#[derive(Debug)]
pub struct Running {
    /// The service: `http://localhost:3000`.
    pub service_url: String,
    /// The live sequence diagram: `http://localhost:3000/flow`.
    pub flow_url: String,
    /// The calendar API: `http://localhost:4000`.
    pub api_url: String,
    api: ResourceServer,
    stage: Stage,
    tasks: Vec<JoinHandle<()>>,
}

/// Why the demo does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The vault cannot be opened.
    #[error(transparent)]
    Vault(#[from] StoreError),
    /// The data folder cannot be used.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The service's registration cannot be used.
    #[error(transparent)]
    Client(#[from] ConfigurationError),
    /// The API's registration cannot be used.
    #[error(transparent)]
    Api(#[from] BuildError),
    /// No HTTP client could be made.
    #[error("no HTTP client could be made")]
    Http(#[source] reqwest::Error),
}

/// Starts the service and the API behind these doors. The authorization server need not be up yet.
///
/// # Errors
/// A wrong setting, or a data folder that cannot be used.
pub fn start(doors: Doors, settings: Settings) -> Result<Running, StartError> {
    let (service_url, api_url) = (doors.service_url(), doors.api_url());
    let stage = settings.stage.clone();
    stage.is_about(&settings.client_id);
    let calendars = Calendars::open(&settings.data.join("calendar.db"))?;
    let api = api::resource_server(&settings.issuer, &settings.api)?;
    let api_router = api::router(&api, calendars, &stage, &service_url);
    let desk = desk(&doors, settings)?;
    let tasks = vec![serve(doors.api, api_router, &stage), serve(doors.service, site::router(&desk), &stage)];
    let flow_url = format!("{service_url}/flow");
    Ok(Running { service_url, flow_url, api_url, api, stage, tasks })
}

impl Running {
    /// Waits until the API has the authorization server's keys and its revocation feed; never ends while that
    /// cannot be reached. Nobody has to wait: until then the API answers 503.
    pub async fn ready(&self) {
        self.api.ready().await;
    }

    /// The stage of the diagram.
    #[must_use]
    pub const fn stage(&self) -> &Stage {
        &self.stage
    }

    /// Lets viewers go, answers what is under way, and ends.
    pub async fn shutdown(self) {
        self.stage.close();
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(error = &error as &dyn std::error::Error, "a part of the demo went down");
            }
        }
    }
}

fn desk(doors: &Doors, settings: Settings) -> Result<Desk, StartError> {
    let http = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(StartError::Http)?;
    let Settings { issuer, client_id, client_secret, api, others, providers, data, stage } = settings;
    let registration = ClientRegistration::new(&client_id, doors.redirect_uri())
        .with_secret(client_secret.expose().as_str())
        .with_scopes(requested_scopes())
        .with_resource(&api.identifier);
    let provider =
        ProviderSettings::new(PROVIDER).for_development().observed_by(Arc::new(BackChannel::new(&stage)));
    let departures = Departures::default();
    let members = Members::new(Users::open(&data.join("service.db"))?, &departures);
    let mut client = Client::builder(Vault::open(data.join("vault.db"))?, members)
        .name(site::NAME)
        .provider(Provider::discover(&issuer, registration, provider)?)
        .sign_up(site::sign_up_fields())
        .clock(stage.clock());
    let mut offered = Vec::with_capacity(providers.len());
    for provider in providers {
        offered.extend(Offered::of(&provider.name, &provider.address));
        client = client.provider(social(doors, provider, &stage)?);
    }
    let client: Client<User> = client.build()?;
    Ok(Desk::new(Inner {
        client,
        api: CalendarApi::new(http.clone(), doors.api_url()),
        http,
        stage,
        issuer,
        client_id,
        client_secret,
        resource: api.identifier,
        others,
        offered,
        departures,
        turn: Mutex::new(()),
        errands: Errands::default(),
    }))
}

/// A social provider, spoken to as its definition says, at the address of its simulator.
fn social(doors: &Doors, provider: SocialProvider, stage: &Stage) -> Result<Provider, ConfigurationError> {
    let SocialProvider { name, address, client_id, client_secret, credentials } = provider;
    let mut registration = ClientRegistration::new(client_id, doors.redirect_uri_of(&name));
    if let Some(secret) = client_secret {
        registration = registration.with_secret(secret.expose().as_str());
    }
    for (credential, value) in credentials {
        registration = registration.with_credential(credential, value.expose().as_str());
    }
    let observer = Arc::new(BackChannel::to_provider(stage, &name));
    let settings = ProviderSettings::new(&name).for_development().observed_by(observer);
    Provider::new(Definition::named(&name)?.at(address), registration, settings)
}

fn serve(listener: TcpListener, router: Router, stage: &Stage) -> JoinHandle<()> {
    let closing = closed(stage);
    tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(closing).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "a door of the demo cannot be kept open"
            );
        }
    })
}

fn closed(stage: &Stage) -> impl Future<Output = ()> + Send + 'static {
    let mut closing = stage.closing();
    async move {
        // The stage outlives its doors.
        let _ = closing.wait_for(|closed| *closed).await;
    }
}
