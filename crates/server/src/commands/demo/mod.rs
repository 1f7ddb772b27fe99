//! `mapae demo`: the server, its client, its API and simulated social providers in one process, with demo accounts.

mod addresses;
mod clients;
mod folder;
mod parties;
mod providers;
mod welcome;

use mapae_demo::{
    ApiSettings, Doors, OtherClients, Settings, Stage,
    flow::{Lifeline, Tap},
};
use tokio::net::TcpListener;

use self::{
    addresses::Addresses,
    folder::Folder,
    parties::Parties,
    providers::{Providers, Sockets},
    welcome::Welcome,
};
use super::{
    answer::{self, Answer},
    failure::Failure,
    serve::{
        socket,
        stop::{Reason, Stop},
    },
};
use crate::{
    App,
    cli::Demo,
    clock::Clock,
    config::{Config, Environment, Flags},
    http::{
        Stack,
        listener::{self, Capacity},
    },
    jobs, router,
    store::Options,
};

/// Access tokens live this long here, so that the refresh is seen.
const ACCESS_TOKEN_SECONDS: &str = "60";

/// Runs everything until it is told to stop.
pub(super) async fn run(args: &Demo) -> Result<Answer, Failure> {
    let stop = Stop::watch()
        .map_err(|error| Failure::new("internal", format!("signals cannot be heard: {error}")))?;
    let addresses = Addresses::of(args.port_base);
    // All ports before anything is made: one that is taken is the usual mistake.
    let socket = socket::bind(addresses.server, socket::Elsewhere::PortBase).await?;
    let doors = Doors::open(addresses.service_port, addresses.api_port)
        .await
        .map_err(|taken| Failure::new("port_taken", taken.to_string()))?;
    let providers = Sockets::open(addresses.first_provider_port).await?;
    let folder = Folder::open(args.data.as_deref())?;
    let mut config = config(&folder, addresses)?;
    let stage = Stage::new();
    let providers = Providers::start(providers, &doors, &stage).await?;
    config.upstreams = providers.register_broker(&config.site).await?;
    let database = Options { on_fatal: stop.fatal_hook(), ..Options::default() };
    let app = App::start_with(config, Clock::System, database).await?;
    let entrances = Entrances { socket, doors };
    let scene = Scene { args, folder: &folder, stop: &stop, providers: &providers, stage };
    let outcome = play(&app, entrances, &scene).await;
    drop(scene);
    providers.stop().await;
    let db = app.db().clone();
    drop(app);
    db.close().await;
    folder.leave();
    outcome
}

/// What the demo plays in.
struct Scene<'a> {
    args: &'a Demo,
    folder: &'a Folder,
    stop: &'a Stop,
    providers: &'a Providers,
    stage: Stage,
}

/// The ports of the parties, taken.
struct Entrances {
    socket: TcpListener,
    doors: Doors,
}

async fn play(app: &App, entrances: Entrances, scene: &Scene<'_>) -> Result<Answer, Failure> {
    let Entrances { socket, doors } = entrances;
    let parties = Parties::register(app, &doors, scene.folder).await?;
    providers::watch(app.upstreams(), &app.config().site, &scene.stage);
    let tapped = router(app.clone()).layer(Tap::new(&scene.stage, Lifeline::AuthorizationServer));
    let stack = Stack::new(tapped, app.config());
    let serving =
        tokio::spawn(listener::serve(socket, stack, Capacity::of(app.config()), scene.stop.requested()));
    let jobs = jobs::start(app);
    let running = mapae_demo::start(doors, settings(app, &parties, scene))
        .map_err(|error| Failure::new("demo", error.to_string()))?;
    tokio::select! {
        () = running.ready() => greet(&Welcome::new(app, &running, scene.providers, parties.accounts), scene),
        () = scene.stop.requested() => {}
    }
    scene.stop.requested().await;
    running.shutdown().await;
    let served = serving.await;
    jobs.stop().await;
    served.map_err(|error| Failure::new("internal", format!("serving ended by itself: {error}")))?;
    Ok(match scene.stop.reason() {
        Some(Reason::Damage) => Answer::silent().with_failure(),
        Some(Reason::Told) | None => Answer::silent(),
    })
}

fn greet(welcome: &Welcome, scene: &Scene<'_>) {
    if let Err(error) = answer::say(&welcome.to_string()) {
        tracing::warn!(%error, "standard output is closed");
    }
    if !scene.args.no_browser {
        welcome.open_browser();
    }
}

fn settings(app: &App, parties: &Parties, scene: &Scene<'_>) -> Settings {
    let credentials = &parties.credentials;
    Settings {
        issuer: app.issuer().as_str().to_owned(),
        client_id: credentials.client_id.clone(),
        client_secret: credentials.client_secret.clone().into(),
        api: ApiSettings {
            identifier: credentials.api_url.clone(),
            client_id: credentials.api_client_id.clone(),
            client_secret: credentials.api_client_secret.clone().into(),
        },
        others: OtherClients {
            browser_app_id: credentials.browser_app_id.clone(),
            native_app_id: credentials.native_app_id.clone(),
            back_end_id: credentials.back_end_id.clone(),
            back_end_secret: credentials.back_end_secret.clone().into(),
        },
        providers: scene.providers.offered(),
        data: scene.folder.of_the_service(),
        stage: scene.stage.clone(),
    }
}

/// The settings of the demo's server. What the environment says is meant for a real one.
fn config(folder: &Folder, addresses: Addresses) -> Result<Config, Failure> {
    let flags = Flags {
        data: Some(folder.of_the_server().display().to_string()),
        listen: Some(addresses.server.to_string()),
        issuer: Some(addresses.issuer()),
        ..Flags::default()
    };
    let life = ("MAPAE_TOKENS__ACCESS_TOKEN_SECONDS".to_owned(), ACCESS_TOKEN_SECONDS.to_owned());
    // The service is told of a logout on this machine.
    let private = ("MAPAE_FETCH__PRIVATE_ADDRESSES".to_owned(), "true".to_owned());
    let environment: Environment = [life, private].into_iter().collect();
    Ok(Config::load(&flags, &environment)?)
}
