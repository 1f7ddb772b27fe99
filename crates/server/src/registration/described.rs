//! An app as it describes itself, judged, with what had to be fetched for that — RFC 7591 §2, OIDC Registration §5.

use mapae_protocol::{client_metadata::SubjectType, endpoint_uri::EndpointUri};
use serde_json::{Map, Value};

use super::{
    KnownScopes, LOGO_URI, Offer, Refused, Registrable, Request, Surroundings, judge_authentication,
    keep_held, keep_profile, keys_address, names_all, profile_of, sector as sector_of, settled,
};
use crate::{
    accounts::fetches,
    app::App,
    config::Development,
    console::picture::{Picture, drawing},
    fault::Fault,
    fetch::{Asker, DOCUMENT_BYTES, FetchError, Fetched},
    pages::at,
    store::apps::{AppLists, AppSettings, RegisteredApp},
};

/// Most bytes of a logo.
const LOGO_BYTES: usize = 256 * 1_024;

/// Why an app is not what it says of itself.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotDescribed {
    #[error("refused: {0:?}")]
    Refused(Refused),
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<Refused> for NotDescribed {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

/// An app that may be registered.
#[derive(Debug)]
pub(crate) struct Described {
    pub(crate) settings: AppSettings,
    pub(crate) lists: AppLists,
    /// Among whom it knows one person by one name; `None`: for itself alone.
    pub(crate) sector: Option<String>,
    /// A picture that is new.
    pub(crate) logo: Option<Picture>,
}

/// What an app asks to be registered as, with what had to be fetched for that.
#[derive(Debug)]
pub(crate) struct Asked {
    said: Map<String, Value>,
    sector: Option<String>,
    /// The picture at the address of its logo, if it was asked for and could be had.
    picture: Option<Picture>,
}

/// Reads what an app says of itself, and fetches what it names unless it is refused anyway. Everything is fetched once,
/// however often the app is judged afterwards; it counts for the source of the request.
pub(crate) async fn ask(
    app: &App,
    said: &Map<String, Value>,
    before: Option<&RegisteredApp>,
    source: &str,
) -> Result<Asked, NotDescribed> {
    let asker = fetches::asker(before, source);
    let request = read(app, said, before)?;
    let (_, lists) = judged(app, &request)?.new_app(request.id_token_alg.as_str());
    let sector = sector(app, &request, &lists, asker).await?;
    let picture = match &request.logo {
        Some(address) if Logo::of(&lists, before) == Logo::Asked => picture(app, address, asker).await?,
        _ => None,
    };
    Ok(Asked { said: said.clone(), sector, picture })
}

/// What is said, on the profile that the app is on by now, and as strict as others have set it (decisions 0214, 0237).
fn read(app: &App, said: &Map<String, Value>, before: Option<&RegisteredApp>) -> Result<Request, Refused> {
    let said = keep_held(keep_profile(said, before.map(|before| &before.lists)), before);
    Request::parse(&said, Offer { scopes: &scopes(app) })
}

impl Asked {
    /// Judges it by what is known now, as a new app or in place of what is registered.
    pub(crate) fn describe(
        &self,
        app: &App,
        id: &str,
        before: Option<&RegisteredApp>,
    ) -> Result<Described, NotDescribed> {
        let request = read(app, &self.said, before)?;
        let (settings, lists) = match before {
            None => judged(app, &request)?.new_app(request.id_token_alg.as_str()),
            Some(before) => judged(app, &request)?.changed(&before.app.settings),
        };
        // The operator may ask more of one app than of all.
        let more = before.is_some_and(|before| before.app.settings.pkce_required);
        let settings = AppSettings {
            token_endpoint_auth_method: (!settings.public).then(|| request.auth_method.to_owned()),
            id_token_alg: request.id_token_alg.as_str().to_owned(),
            subject_type: request.subject_type.as_str().to_owned(),
            pkce_required: more
                || app.config().registration.require_pkce
                || profile_of(&lists.metadata).is_some(),
            ..settings
        };
        judge_authentication(&settings, &lists).map_err(Refused::Authentication)?;
        let sector = match before {
            Some(before) => settled(self.sector.clone(), (&settings, &lists), before)?,
            None => self.sector.clone(),
        };
        let described = Described { settings, lists, sector, logo: None };
        Ok(described.with_logo(id, before, self.picture.clone()))
    }
}

fn judged(app: &App, request: &Request) -> Result<Registrable, Refused> {
    let scopes = scopes(app);
    let around = Surroundings { scopes: &scopes, development: Development::of(&app.config().site) };
    let judged = request.draft.judge(around);
    judged.map_err(|mistakes| request.refused(&mistakes).unwrap_or(Refused::NotTheClient))
}

/// What an app that registers itself may ask for: what is about the person, and what the operator gives of the APIs.
fn scopes(app: &App) -> KnownScopes {
    let apis = app.catalog().apis();
    let given = &app.config().registration.scopes;
    let known = apis.scope_names().filter(|name| given.iter().any(|given| given == name));
    KnownScopes::standard_and(known)
}

async fn sector(
    app: &App,
    request: &Request,
    lists: &AppLists,
    asker: Asker,
) -> Result<Option<String>, NotDescribed> {
    let document = request.sector_identifier_uri.as_ref();
    let public = request.subject_type == SubjectType::Public;
    let elsewhere = request.draft.grants.elsewhere();
    let keys = keys_address(Some(request.auth_method), lists).filter(|_| elsewhere);
    if let Some(address) = document {
        let named: Vec<String> = lists.redirect_uris.iter().cloned().chain(keys.clone()).collect();
        // Nothing in a document would say whose devices these are.
        let of_nobody = elsewhere && keys.is_none() && !public;
        if of_nobody || !is_named(app, address, &named, asker).await {
            return Err(Refused::SectorDocument.into());
        }
    }
    let host = match sector_of(&lists.redirect_uris, document) {
        // Everybody knows its people by the same name.
        Err(Refused::SeveralSectors) if public => None,
        outcome => outcome?,
    };
    Ok(host.filter(|_| !elsewhere || (document.is_some() && keys.is_some())))
}

/// Whether the document at this address can be had and names all of these.
async fn is_named(app: &App, address: &EndpointUri, named: &[String], asker: Asker) -> bool {
    let fetched = fetched(app, address, DOCUMENT_BYTES, asker).await;
    let fetched = fetched.map_err(|error| unfetched(address, error)).ok();
    let is_json = |fetched: &Fetched| fetched.media_type == "application/json";
    fetched.filter(is_json).is_some_and(|fetched| names_all(&fetched.body, named))
}

/// What stands at this address, if it may be asked for now.
async fn fetched(app: &App, address: &EndpointUri, most: usize, asker: Asker) -> Result<Fetched, FetchError> {
    fetches::charge(app, asker).map_err(|_| FetchError::Crowded)?;
    app.fetcher().get(address, most, asker).await
}

/// For the log, which the operator reads; the app is told nothing of it.
fn unfetched(address: &EndpointUri, error: FetchError) {
    tracing::info!(address = address.as_str(), error = &error as &dyn std::error::Error, "not fetched");
}

/// What is to be done about the picture of an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Logo {
    /// It is the one that is shown already.
    Same,
    /// The operator's own icon counts more.
    Operators,
    /// It is asked for, if the app names one.
    Asked,
}

impl Logo {
    fn of(lists: &AppLists, before: Option<&RegisteredApp>) -> Self {
        let registered = before.and_then(|before| before.lists.metadata.get(LOGO_URI));
        let shown = before.is_some_and(|before| before.app.settings.icon.is_some());
        match registered {
            Some(_) if shown && registered == lists.metadata.get(LOGO_URI) => Self::Same,
            None if shown => Self::Operators,
            _ => Self::Asked,
        }
    }
}

async fn picture(app: &App, address: &EndpointUri, asker: Asker) -> Result<Option<Picture>, NotDescribed> {
    let fetched = fetched(app, address, LOGO_BYTES, asker).await;
    match fetched.map_err(|error| unfetched(address, error)) {
        Ok(fetched) => Ok(drawing::draw(app.drawing(), fetched.body).await?.ok()),
        Err(()) => Ok(None),
    }
}

impl Described {
    /// With its logo. What cannot be fetched or is no picture is not shown; that it was named is kept, so that it is no news
    /// when it can be had.
    fn with_logo(mut self, id: &str, before: Option<&RegisteredApp>, picture: Option<Picture>) -> Self {
        match (Logo::of(&self.lists, before), picture) {
            (Logo::Same, _) => {}
            (Logo::Operators, _) => {
                self.lists.metadata.remove(LOGO_URI);
                self.settings.icon = before.and_then(|before| before.app.settings.icon.clone());
            }
            (Logo::Asked, picture) => {
                self.settings.icon = picture.as_ref().map(|picture| at::icon(id, &picture.digest));
                self.logo = picture;
            }
        }
        self
    }
}
