//! A connected service: what was agreed, and taking back one optional item.

use std::sync::Arc;

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use mapae_protocol::{client_metadata::SubjectType, endpoint_uri::EndpointUri, locale::Locale, params};

use super::notice;
use crate::{
    app::App,
    audit::{About, Event},
    catalog::Client,
    client_document, contention,
    interaction::{PageError, Visit, in_the_name_of, person_page, see_other},
    pages::{
        account::AccountNotice,
        at,
        connected_service::{AgreedItem, ItemNotice, ServicePage},
        look::AppCard,
        moment::Moment,
        scope_text::ScopeText,
        shown::Shown,
    },
    store::{
        CommitError,
        apps::Standing,
        consents::{self, Connection},
        sessions::SignedIn,
    },
    upstream,
};

/// `GET /account/services/{id}`.
pub(crate) async fn show(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    person_page(app, request, |visit, signed_in| async move {
        let connection = find(&visit, &signed_in, &id).await?;
        let now = visit.app.now().unix();
        let client = client(&visit, &connection).await?;
        let (agreed, refused) = items(&visit, &connection, &client);
        let page = ServicePage {
            desk: visit.desk(&signed_in),
            id,
            app: card(&connection, Some(&client)),
            opens: client
                .metadata()
                .initiate_login
                .as_ref()
                .filter(|_| !client.is_disabled())
                .map(|address| opening(&visit, address)),
            items: agreed,
            refused,
            since: Moment::new(connection.consent.created_at.unix(), now),
            last_used: connection.last_used_at.map(|used| Moment::new(used.unix(), now)),
            notice: notice::of_service(&visit)?,
        };
        Ok(visit.show(&page, None))
    })
    .await
}

/// `POST /account/services/{id}/drop`.
pub(crate) async fn drop_item(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    person_page(app, request, |visit, signed_in| async move {
        let scope = visit.one("item")?.ok_or(PageError::BadRequest)?;
        contention::until_done(|| async {
            let connection = find(&visit, &signed_in, &id).await?;
            if is_required(&visit, &connection, scope).await? {
                return Err(PageError::BadRequest);
            }
            // Taken back already, or never agreed to: it is as the person wants it.
            let Some(unit) = consents::drop_scope(&connection.consent, scope, visit.app.now()) else {
                return Ok(Some(see_other(&notice::service(&id, ItemNotice::Dropped))?));
            };
            match visit.app.commit(unit).await {
                Ok(_) => {
                    let about = About::user(&signed_in.user.id).with_app(&connection.consent.app_id);
                    about.note(Event::ConsentItemWithdrawn);
                    Ok(Some(see_other(&after_dropping(&connection, scope))?))
                }
                Err(CommitError::Conflict { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
        .await
    })
    .await
}

/// `POST /account/services/{id}/agree`.
pub(crate) async fn agree_to_item(
    State(app): State<App>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    person_page(app, request, |visit, signed_in| async move {
        let scope = visit.one("item")?.ok_or(PageError::BadRequest)?;
        contention::until_done(|| async {
            let connection = find(&visit, &signed_in, &id).await?;
            let client = client(&visit, &connection).await?;
            if !may_be_agreed_to(&client, scope) {
                return Err(PageError::BadRequest);
            }
            // Agreed to already, or never asked for: nothing is given that no page has shown.
            let Some(write) = consents::add_scope(&connection.consent, scope, visit.app.now()) else {
                return Ok(Some(see_other(&at::service(&id))?));
            };
            match visit.app.commit(in_the_name_of(&signed_in).with(write)).await {
                Ok(_) => {
                    let about = About::user(&signed_in.user.id).with_app(&connection.consent.app_id);
                    about.note(Event::ConsentItemGiven);
                    Ok(Some(see_other(&notice::service(&id, ItemNotice::Agreed))?))
                }
                Err(CommitError::Conflict { .. }) => {
                    let again = visit.is_still_of(&signed_in).await?;
                    // Whoever was here is not any more: the page says so.
                    Ok(if again { None } else { Some(see_other(at::ACCOUNT)?) })
                }
                Err(error) => Err(error.into()),
            }
        })
        .await
    })
    .await
}

/// Whether the app asks for it still, as something that may be left out.
fn may_be_agreed_to(client: &Client, scope: &str) -> bool {
    client.item(scope).is_some() && !client.required().contains(scope)
}

/// The app that is connected.
pub(super) async fn client(visit: &Visit, connection: &Connection) -> Result<Arc<Client>, PageError> {
    visit.app.catalog().client(&connection.consent.app_id).await?.ok_or(PageError::NotFound)
}

/// Without its last item a service is not connected any more.
fn after_dropping(connection: &Connection, scope: &str) -> String {
    if connection.consent.scopes == scope {
        notice::account(AccountNotice::Disconnected)
    } else {
        notice::service(&connection.consent.id, ItemNotice::Dropped)
    }
}

/// The connection of this name, among this person's.
pub(super) async fn find(visit: &Visit, signed_in: &SignedIn, id: &str) -> Result<Connection, PageError> {
    let connections = consents::connected(visit.app.db(), &signed_in.user.id).await?;
    connections.into_iter().find(|connection| connection.consent.id == id).ok_or(PageError::NotFound)
}

/// How a connected app is shown: one that is an address as who is there. Where any other says that it is at home is shown
/// only of those that are verified: anybody can name any address.
pub(super) fn card(connection: &Connection, client: Option<&Client>) -> AppCard {
    let standing = client.map_or(Standing::Unverified, Client::standing);
    let homepage = connection.app_homepage.as_deref().filter(|_| standing == Standing::Verified);
    let homepage = homepage.and_then(|homepage| url::Url::parse(homepage).ok());
    let at_home = homepage.as_ref().and_then(url::Url::host_str);
    let address = client_document::place(&connection.consent.app_id).map(|(host, _)| host);
    AppCard {
        icon: connection.app_icon.clone(),
        leads_to: address.or(at_home).map(Shown::place),
        standing,
        ..AppCard::named(&connection.app_name)
    }
}

/// Where the app begins a login, and learns with whom (OIDC Core §4).
fn opening(visit: &Visit, address: &EndpointUri) -> String {
    let mut address = address.to_string();
    address.push(if address.contains('?') { '&' } else { '?' });
    address.push_str(&params::encode([("iss", visit.app.issuer().as_str())]));
    address
}

/// A scope of the app in the person's language. Of ids from an app that is gone nothing is promised.
pub(super) fn titled(visit: &Visit, client: Option<&Client>, scope: &str) -> ScopeText {
    let subject_type = client.map_or(SubjectType::Public, Client::subject_type);
    upstream::scope_text(&visit.app, subject_type, scope, visit.locale(None))
}

/// The scopes that were agreed, as on the page where they were agreed to: required ones first, each kind as the app
/// declares it. An app that is gone declares nothing any more.
pub(super) fn in_order<'c>(connection: &'c Connection, client: Option<&Client>) -> Vec<&'c str> {
    let agreed = connection.consent.scopes.split_ascii_whitespace();
    let Some(client) = client else { return agreed.collect() };
    let mut ordered = client.in_declared_order(agreed);
    ordered.sort_by_key(|scope| !client.required().contains(scope));
    ordered
}

/// What was agreed, and what was left out and can be agreed to.
fn items(visit: &Visit, connection: &Connection, client: &Client) -> (Vec<AgreedItem>, Vec<AgreedItem>) {
    let purpose = |scope: &str| {
        let item = client.item(scope)?;
        let purpose = match visit.locale(None) {
            Locale::Ko => &item.purpose_ko,
            Locale::En => &item.purpose_en,
        };
        (!purpose.is_empty()).then(|| Shown::sentence(purpose))
    };
    let shown = |scope: &str| AgreedItem {
        scope: titled(visit, Some(client), scope),
        purpose: purpose(scope),
        optional: !client.required().contains(scope),
    };
    let refused = client.in_declared_order(connection.consent.refused.split_ascii_whitespace());
    let refused = refused.into_iter().filter(|scope| may_be_agreed_to(client, scope));
    let agreed = in_order(connection, Some(client));
    (agreed.into_iter().map(&shown).collect(), refused.map(&shown).collect())
}

async fn is_required(visit: &Visit, connection: &Connection, scope: &str) -> Result<bool, PageError> {
    let client = visit.app.catalog().client(&connection.consent.app_id).await?.ok_or(PageError::NotFound)?;
    Ok(client.required().contains(scope))
}
