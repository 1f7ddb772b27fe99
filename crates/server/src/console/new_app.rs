//! Registering an app — RFC 6749 §2, RFC 8628 §3.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use mapae_protocol::{
    device::DEVICE_CODE,
    token::grant_type::{AUTHORIZATION_CODE, REFRESH_TOKEN},
};

use super::{
    QUOTA, change,
    developer::{Developer, console_page},
    facts::Facts,
    fields::{Fields, is_public},
    wording,
};
use crate::{
    accounts::throttle,
    app::App,
    audit::Event,
    client_auth::secret,
    config::Development,
    ids::Kind,
    interaction::{PageError, see_other},
    pages::console::{app::AppNotice, members::ON, new_app::NewApp as NewAppPage},
    registration::{Draft, Grants, KnownScopes, Members, Mistake, Surroundings, usual_items},
    store::{
        CommitError,
        apps::{self, NewApp},
        developers,
    },
};

/// What its ID tokens are signed with until somebody says otherwise: what every client knows (OIDC Core §15.1).
const ID_TOKEN_ALG: &str = "RS256";

/// `GET /console/apps/new`.
pub(crate) async fn show(State(app): State<App>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        let own = apps::list_by_owner(developer.db(), &developer.user().id, i64::from(QUOTA)).await?;
        let full = own.len() >= QUOTA as usize;
        let page = page(&developer, &Draft { redirect_uris: Vec::new(), ..blank() }, &[]);
        Ok(developer.show(&NewAppPage { limit_reached: full.then_some(QUOTA), ..page }))
    })
    .await
}

/// `POST /console/apps/new`.
pub(crate) async fn submit(State(app): State<App>, request: Request) -> Response {
    console_page(app, request, register).await
}

async fn register(developer: Developer) -> Result<Response, PageError> {
    let fields = Fields::named(developer.visit(), &["name", "kind", "device", "redirect_uris"])?;
    let redirect_uris = fields.lines("redirect_uris")?;
    let device = match fields.optional("device") {
        None => false,
        Some(ON) => true,
        Some(_) => return Err(PageError::BadRequest),
    };
    let draft = Draft {
        name: fields.text("name")?.to_owned(),
        public: is_public(fields.text("kind")?)?,
        grants: grants(device, !redirect_uris.is_empty()),
        redirect_uris,
        ..blank()
    };
    let judged = draft.judge(around(&developer, &KnownScopes::standard_and([])));
    let (settings, lists) = match judged {
        Ok(app) => app.new_app(ID_TOKEN_ALG),
        Err(mistakes) => return Ok(developer.refuse(&page(&developer, &draft, &mistakes))),
    };
    let user = developer.user();
    let throttled = developer.app().throttle().charge(throttle::REGISTRATIONS, &user.id, developer.now());
    throttled.map_err(|_| PageError::TooMany)?;
    let keeps_secret = !settings.public;
    let id = developer.name_of(Kind::App, &fields);
    let (shown, kept) = keeps_secret.then(|| secret::generate(Kind::Secret.fresh())).unzip();
    let app = NewApp { id, owner_id: Some(user.id.clone()), settings, lists, secret: kept };
    let owner = developers::Developer { id: &user.id, epoch: user.epoch };
    let unit = developers::register(owner, i64::from(QUOTA), &app, developer.now());
    match developer.app().commit(unit).await {
        Ok(_) => developer.about(&app.id).note(Event::AppRegistered),
        Err(CommitError::Conflict { statement: developers::NO_ROOM }) => {
            let page = NewAppPage { limit_reached: Some(QUOTA), ..page(&developer, &draft, &[]) };
            return Ok((StatusCode::CONFLICT, developer.show(&page)).into_response());
        }
        // The same form again: the app is there.
        Err(CommitError::Conflict { statement: developers::KNOWN }) => {
            let notice = if keeps_secret { AppNotice::SecretShown } else { AppNotice::Registered };
            return Ok(see_other(&change::told(&app.id, notice))?);
        }
        Err(error) => return Err(error.into()),
    }
    match shown {
        None => Ok(see_other(&change::told(&app.id, AppNotice::Registered))?),
        Some(secret) => {
            let facts = Facts::read(&developer, &app.id).await?;
            Ok(change::show_secret(&developer, &facts, &secret))
        }
    }
}

fn around<'a>(developer: &Developer, scopes: &'a KnownScopes) -> Surroundings<'a> {
    Surroundings { scopes, development: Development::of(&developer.app().config().site) }
}

/// Of an app for a device without a browser, which sends people here only if it has redirect URIs, too; of any other, it does.
fn grants(device: bool, has_redirect_uris: bool) -> Grants {
    match (device, has_redirect_uris) {
        (false, _) => Grants::sign_in(),
        (true, true) => Grants::named([AUTHORIZATION_CODE, REFRESH_TOKEN, DEVICE_CODE]),
        (true, false) => Grants::named([DEVICE_CODE, REFRESH_TOKEN]),
    }
}

/// What the form does not ask.
fn blank() -> Draft {
    Draft {
        name: String::new(),
        homepage: String::new(),
        public: false,
        grants: Grants::sign_in(),
        redirect_uris: Vec::new(),
        origins: Vec::new(),
        items: usual_items(),
        metadata: Members::default(),
    }
}

fn page(developer: &Developer, draft: &Draft, mistakes: &[Mistake]) -> NewAppPage {
    let known = KnownScopes::standard_and([]);
    NewAppPage {
        desk: developer.desk(),
        name: wording::name(draft, mistakes),
        public: draft.public,
        device: draft.grants == grants(true, draft.grants.code()),
        redirect_uris: wording::redirect_uris(draft, around(developer, &known), mistakes),
        limit_reached: None,
    }
}
