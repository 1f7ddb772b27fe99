//! Providers that people sign in with, for whoever runs the server — OIDC Core §3.1; threats AD-01, AD-06.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use mapae_client::Class;

use super::developer::{Developer, Written, console_page};
use crate::{
    app::App,
    interaction::{PageError, see_other},
    pages::{
        at,
        console::upstreams::{Finding, ShownUpstream, Upstreams},
        shown::Shown,
    },
    store::upstreams,
    upstream::{Origin, Upstream},
};

/// `GET /console/upstreams`.
pub(super) async fn show(State(app): State<App>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        only_operator(&developer)?;
        Ok(page(&developer, None))
    })
    .await
}

/// `POST /console/upstreams/{id}/test`: asks the provider whether it knows this server.
pub(super) async fn test(State(app): State<App>, Path(name): Path<String>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        only_operator(&developer)?;
        let upstream = developer.app().upstreams().registered(&name).ok_or(PageError::NotFound)?;
        let finding = finding(&developer, &upstream).await;
        Ok(page(&developer, Some(&(name.as_str(), finding))))
    })
    .await
}

/// `POST /console/upstreams/{id}/state`: on or off.
pub(super) async fn state(State(app): State<App>, Path(name): Path<String>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        only_operator(&developer)?;
        let upstream = developer.app().upstreams().registered(&name).ok_or(PageError::NotFound)?;
        if upstream.origin == Origin::Settings {
            return Err(PageError::BadRequest);
        }
        let unit = match developer.visit().one("state")? {
            Some("on") => upstreams::enable(&name),
            Some("off") => upstreams::disable(&name, developer.now()),
            _ => return Err(PageError::BadRequest),
        };
        // Changed: it stands so already, or is gone. The page shows which.
        let _: Written = developer.commit(unit).await?;
        Ok(see_other(at::UPSTREAMS)?)
    })
    .await
}

/// To everybody else there is no such page.
fn only_operator(developer: &Developer) -> Result<(), PageError> {
    if developer.user().operator { Ok(()) } else { Err(PageError::NotFound) }
}

fn page(developer: &Developer, tested: Option<&(&str, Finding)>) -> Response {
    let all = developer.app().upstreams().all();
    let shown = |upstream: &Upstream| {
        let site = &developer.app().config().site;
        let finding = tested.filter(|(name, _)| *name == upstream.name());
        ShownUpstream {
            id: upstream.name().to_owned(),
            provider: Shown::name(upstream.label(developer.visit().locale(None))),
            client_id: Shown::sentence(&upstream.settings.client_id),
            redirect_uri: upstream.settings.redirect_uri(site),
            notice_uris: upstream.settings.notice_uris(site),
            missing_for_notices: missing(&upstream.settings.missing_for_notices()),
            of_settings: upstream.origin == Origin::Settings,
            disabled: upstream.disabled,
            finding: finding.map(|(_, finding)| finding.clone()),
        }
    };
    let upstreams = all.iter().map(|upstream| shown(upstream)).collect();
    developer.show(&Upstreams { desk: developer.desk(), upstreams })
}

fn missing(names: &[String]) -> Option<Shown> {
    (!names.is_empty()).then(|| Shown::sentence(&names.join(", ")))
}

async fn finding(developer: &Developer, upstream: &Upstream) -> Finding {
    let spoken = developer.visit().locale(None);
    match upstream.provider.probe(developer.now()).await {
        Ok(()) => Finding::Right,
        Err(error) => {
            tracing::info!(upstream = upstream.name(), %error, "the test of a provider failed");
            let advice = match error.class() {
                Class::Configuration(setting) => upstream.provider.advice(setting, spoken),
                _ => error.explain(spoken).advice.to_owned(),
            };
            Finding::Wrong { code: Shown::sentence(&error.to_string()), advice: Shown::sentence(&advice) }
        }
    }
}
