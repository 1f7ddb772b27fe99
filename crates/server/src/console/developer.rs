//! Whoever is signed in, as the owner of their apps.

use std::collections::HashMap;

use axum::{
    extract::Request,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use mapae_protocol::{client_id::ClientId, time::Timestamp};

use super::fields::Fields;
use crate::{
    accounts::session,
    app::App,
    audit::About,
    ids::Kind,
    interaction::{PageError, Visit, person_page},
    pages::{Page, look::Desk, moment::Moment},
    store::{
        CommitError, Db, Unit,
        apps::{self, App as Registered, RegisteredApp},
        db::Sql,
        developers,
        sessions::SignedIn,
        users::{self, User},
    },
};

/// A developer on a visit to the console.
#[derive(Debug)]
pub(super) struct Developer {
    visit: Visit,
    signed_in: SignedIn,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    Done,
    /// Nothing: what it rests on had changed.
    Changed {
        /// The first statement that met something else than it expected.
        statement: Sql,
    },
}

/// Runs a page of the console for whoever is signed in; a POST only when its form is from a page of theirs.
pub(super) async fn console_page<F>(app: App, request: Request, work: impl FnOnce(Developer) -> F) -> Response
where
    F: Future<Output = Result<Response, PageError>>,
{
    person_page(app, request, |visit, signed_in| work(Developer { visit, signed_in })).await
}

/// Whether somebody is signed in who may change this app: asked before a file is taken in. Another's app is not
/// found.
pub(super) async fn may_change(app: &App, headers: &HeaderMap, id: &str) -> Result<bool, PageError> {
    let Some(signed_in) = session::current(app, headers).await? else { return Ok(false) };
    owned(app.db(), &signed_in.user, id).await.map(|_| true)
}

/// A person's app of this id. Somebody else's, a deleted one and none at all look alike (AD-01).
async fn owned(db: &Db, user: &User, id: &str) -> Result<RegisteredApp, PageError> {
    let id = ClientId::parse(id).map_err(|_| PageError::NotFound)?;
    let found = apps::find(db, id.as_str()).await?;
    let own = |found: &RegisteredApp| {
        found.app.deleted_at.is_none()
            && match &found.app.owner_id {
                Some(owner) => *owner == user.id,
                // The command line made it: it belongs to whoever runs the server.
                None => user.operator,
            }
    };
    found.filter(own).ok_or(PageError::NotFound)
}

impl Developer {
    pub(super) const fn visit(&self) -> &Visit {
        &self.visit
    }

    pub(super) const fn app(&self) -> &App {
        &self.visit.app
    }

    pub(super) fn db(&self) -> &Db {
        self.visit.app.db()
    }

    pub(super) const fn user(&self) -> &User {
        &self.signed_in.user
    }

    pub(super) fn now(&self) -> Timestamp {
        self.visit.app.now()
    }

    pub(super) fn moment(&self, at: Timestamp) -> Moment {
        Moment::new(at.unix(), self.now().unix())
    }

    pub(super) fn desk(&self) -> Desk {
        self.visit.desk(&self.signed_in)
    }

    pub(super) fn show<P: Page>(&self, page: &P) -> Response {
        self.visit.show(page, None)
    }

    /// A page that says what is wrong with the form.
    pub(super) fn refuse<P: Page>(&self, page: &P) -> Response {
        (StatusCode::UNPROCESSABLE_ENTITY, self.show(page)).into_response()
    }

    /// All apps that are this person's, the oldest first: their own and, for the operator, those that nobody owns.
    pub(super) async fn apps(&self, limit: i64) -> Result<Vec<Registered>, PageError> {
        let mut apps = apps::list_by_owner(self.db(), &self.user().id, limit).await?;
        if self.user().operator {
            apps.extend(apps::list_ownerless(self.db(), limit).await?);
            apps.sort_by_key(|app| app.created_at);
        }
        Ok(apps)
    }

    /// How many people are connected to each of them; apps without any are not named.
    pub(super) async fn people(&self) -> Result<HashMap<String, i64>, PageError> {
        let mut people = developers::people(self.db(), &self.user().id).await?;
        if self.user().operator {
            people.extend(developers::people_of_ownerless(self.db()).await?);
        }
        Ok(people)
    }

    /// The developer's app of this id.
    pub(super) async fn own_app(&self, id: &str) -> Result<RegisteredApp, PageError> {
        owned(self.db(), self.user(), id).await
    }

    /// Writes a unit that only this person may write, as they are signed in now. When something else that it
    /// rests on has changed meanwhile, nothing is written, and its first such statement is told.
    pub(super) async fn commit(&self, unit: Unit) -> Result<Written, PageError> {
        let user = self.user();
        match self.app().commit(unit.with(users::guard(&user.id, user.epoch))).await {
            Ok(_) => Ok(Written::Done),
            Err(CommitError::Conflict { statement }) => Ok(Written::Changed { statement }),
            Err(error) => Err(error.into()),
        }
    }

    /// What the log says of this person and their app.
    pub(super) fn about<'a>(&'a self, app: &'a str) -> About<'a> {
        About::user(&self.user().id).with_app(app)
    }

    /// The name of what this very form makes: when it is sent again, by a reload or a second click, it names the
    /// same thing again instead of making another one.
    pub(super) fn name_of(&self, kind: Kind, fields: &Fields<'_>) -> String {
        kind.named_by(&fields.fingerprint())
    }
}
