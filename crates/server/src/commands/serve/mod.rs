//! `mapae serve`.

mod setup_link;
pub(super) mod socket;
pub(super) mod stop;
mod welcome;

use mapae_protocol::random;

use self::{
    stop::{Reason, Stop},
    welcome::Welcome,
};
use super::{
    answer::{self, Answer},
    data,
    failure::Failure,
};
use crate::{
    App,
    cli::Serve,
    clock::Clock,
    http::{
        Stack,
        listener::{self, Capacity, Door},
        tls::Tls,
    },
    jobs, router,
    store::Options,
};

/// Runs the server until it is told to stop, or must.
pub(super) async fn run(args: &Serve) -> Result<Answer, Failure> {
    random::prepare();
    let stop = Stop::watch()
        .map_err(|error| Failure::new("internal", format!("signals cannot be heard: {error}")))?;
    let config = data::settings(&args.flags())?;
    // Before anything is made: a port that is taken is the usual mistake.
    let socket = socket::bind(config.listen, socket::Elsewhere::Listen).await?;
    let database = Options { on_fatal: stop.fatal_hook(), ..Options::default() };
    let app = App::start_with(config, Clock::System, database).await?;
    let address = socket
        .local_addr()
        .map_err(|error| socket::failure(app.config().listen, socket::Elsewhere::Listen, &error))?;
    let stack = Stack::new(router(app.clone()), app.config());
    let tls = app.config().tls.clone().map(Tls::load).transpose();
    let tls = tls.map_err(|error| Failure::new("cannot_listen", error.to_string()))?;
    let door = Door::with_tls(socket, tls.clone());
    let serving = tokio::spawn(listener::serve(door, stack, Capacity::of(app.config()), stop.requested()));
    let following = tls.map(|tls| tokio::spawn(async move { tls.follow().await }));
    let jobs = jobs::start(&app);
    let welcomed = welcome(&app, address, args.common.json).await;
    if welcomed.is_err() {
        stop.request(Reason::Told);
    }
    let served = serving.await;
    if let Some(following) = following {
        following.abort();
    }
    jobs.stop().await;
    app.mails_written().await;
    let db = app.db().clone();
    drop(app);
    db.close().await;
    welcomed?;
    served.map_err(|error| Failure::new("internal", format!("serving ended by itself: {error}")))?;
    Ok(match stop.reason() {
        Some(Reason::Damage) => Answer::silent().with_failure(),
        Some(Reason::Told) | None => Answer::silent(),
    })
}

/// Says where the server is. Nobody may be listening, and that does not stop it.
async fn welcome(app: &App, address: std::net::SocketAddr, json: bool) -> Result<(), Failure> {
    let link = setup_link::issue(app).await?;
    let welcome = Welcome::new(app, address, link);
    let text = if json { welcome.to_json()? } else { welcome.to_string() };
    if let Err(error) = answer::say(&text) {
        tracing::warn!(%error, "standard output is closed");
    }
    Ok(())
}
