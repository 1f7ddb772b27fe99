//! Providers that people sign in with, for whoever runs the server — OIDC Core §3.1; threats AD-01, AD-06.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use mapae_client::Class;

use super::developer::{Developer, Written, console_page};
use crate::{
    app::App,
    config::{HOSTED_DOMAIN, unusable},
    contention::until_done,
    interaction::{PageError, see_other},
    pages::{
        at,
        console::upstreams::{ChoiceMistake, Choices, Finding, ShownUpstream, Upstreams},
        input::Input,
        shown::Shown,
    },
    store::upstreams,
    upstream::{Origin, Upstream, UpstreamSettings, opened, sealed},
};

/// The parameter that says of which provider the choices were written down.
const SAVED: &str = "saved";

/// `GET /console/upstreams`.
pub(super) async fn show(State(app): State<App>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        only_operator(&developer)?;
        let saved = developer.visit().one(SAVED)?.unwrap_or_default();
        Ok(developer.show(&with(&developer, saved, |shown| shown.saved = true)))
    })
    .await
}

/// `POST /console/upstreams/{id}/test`: asks the provider whether it knows this server.
pub(super) async fn test(State(app): State<App>, Path(name): Path<String>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        only_operator(&developer)?;
        let upstream = developer.app().upstreams().registered(&name).ok_or(PageError::NotFound)?;
        let found = Some(finding(&developer, &upstream).await);
        Ok(developer.show(&with(&developer, &name, |shown| shown.finding = found)))
    })
    .await
}

/// `POST /console/upstreams/{id}/choices`: whose word on addresses is taken, and whose people are let in.
pub(super) async fn choose(State(app): State<App>, Path(name): Path<String>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        only_operator(&developer)?;
        let upstream = developer.app().upstreams().registered(&name).ok_or(PageError::NotFound)?;
        if upstream.origin == Origin::Settings {
            return Err(PageError::BadRequest);
        }
        until_done(|| write_choices(&developer, &name)).await
    })
    .await
}

/// What somebody else writes meanwhile is read again, and stays.
async fn write_choices(developer: &Developer, name: &str) -> Result<Option<Response>, PageError> {
    let (app, visit) = (developer.app(), developer.visit());
    let rows = upstreams::all(app.db()).await?;
    let before = rows.into_iter().find(|row| row.name == name).ok_or(PageError::NotFound)?;
    let known = opened(before.clone(), app.master_key())?;
    let trust_emails = visit.one("trust_emails")?.is_some();
    let typed = visit.one(HOSTED_DOMAIN)?.unwrap_or_default().trim().to_owned();
    let settings = chosen(&known, trust_emails, &typed);
    if settings == known {
        return Ok(Some(saved(name)?));
    }
    if let Some(wrong) = unusable(&settings, &app.config().site) {
        tracing::info!(upstream = name, key = wrong.key, wrong = wrong.wrong, "a choice was refused");
        return Ok(Some(developer.refuse(&with(developer, name, |shown| {
            shown.choices.trust_emails = trust_emails;
            if let Some(domain) = &mut shown.choices.hosted_domain {
                domain.value = typed;
                domain.mistake = (wrong.key == HOSTED_DOMAIN).then_some(ChoiceMistake::NotADomain);
            }
            if wrong.key != HOSTED_DOMAIN {
                shown.finding = Some(Finding::Unusable { setting: Shown::sentence(wrong.key) });
            }
        }))));
    }
    let after = sealed(&settings, app.master_key(), before.created_at)?;
    match developer.commit(upstreams::update(&before, &after)).await? {
        Written::Done => Ok(Some(saved(name)?)),
        Written::Changed { .. } => Ok(None),
    }
}

/// The settings with what was chosen. What is as it would be without a choice stays without one.
fn chosen(known: &UpstreamSettings, trust_emails: bool, hosted_domain: &str) -> UpstreamSettings {
    let mut settings = known.clone();
    if trust_emails != known.trusts_its_emails() {
        settings.options.trust_emails = Some(trust_emails);
    }
    let is_signed = known.definition().is_ok_and(|definition| definition.signs_hosted_domain());
    if is_signed {
        settings.options.hosted_domain = Some(hosted_domain.to_owned()).filter(|domain| !domain.is_empty());
    }
    settings
}

fn saved(name: &str) -> Result<Response, PageError> {
    Ok(see_other(&at::with(at::UPSTREAMS, SAVED, name))?)
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

/// All of them, one shown otherwise.
fn with(developer: &Developer, name: &str, otherwise: impl FnOnce(&mut ShownUpstream)) -> Upstreams {
    let all = developer.app().upstreams().all();
    let mut upstreams: Vec<_> = all.iter().map(|upstream| shown(developer, upstream)).collect();
    if let Some(one) = upstreams.iter_mut().find(|shown| shown.id == name) {
        otherwise(one);
    }
    Upstreams { desk: developer.desk(), upstreams }
}

fn shown(developer: &Developer, upstream: &Upstream) -> ShownUpstream {
    let (site, settings) = (&developer.app().config().site, &upstream.settings);
    let domain = settings.options.hosted_domain.clone().unwrap_or_default();
    ShownUpstream {
        id: upstream.name().to_owned(),
        provider: Shown::name(upstream.label(developer.visit().locale(None))),
        client_id: Shown::sentence(&settings.client_id),
        redirect_uri: settings.redirect_uri(site),
        notice_uris: settings.notice_uris(site),
        missing_for_notices: missing(&settings.missing_for_notices()),
        of_settings: upstream.origin == Origin::Settings,
        disabled: upstream.disabled,
        finding: None,
        choices: Choices {
            trust_emails: settings.trusts_its_emails(),
            hosted_domain: upstream.definition().signs_hosted_domain().then(|| Input::holding(domain)),
        },
        saved: false,
    }
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
