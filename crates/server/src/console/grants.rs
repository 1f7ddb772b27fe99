//! By which grant types an app gets tokens — RFC 6749 §4, RFC 8628, RFC 8693; threats DC-06, TX-01.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use super::{
    app_page::Typed,
    change::{self, Change},
    developer::{Developer, console_page},
    facts::Facts,
    fields::Fields,
    items::TypedItem,
};
use crate::{
    app::App,
    grant_types::short_name,
    interaction::PageError,
    pages::console::{
        grants::{GrantRow, GrantsForm},
        members::{OFF, ON},
    },
    registration::{Draft, Grants, left_under},
};

/// `POST /console/apps/{id}/grants`.
pub(crate) async fn submit(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        let facts = Facts::read(&developer, &id).await?;
        let by_operator = developer.user().operator;
        let names: Vec<String> =
            facts.grants().to_choose(by_operator).map(|(it, _)| field(short_name(it))).collect();
        let known = |name: &str| name == "redirect_uris" || names.iter().any(|known| known == name);
        let fields = Fields::of(developer.visit(), known)?;
        change::save(&developer, &id, &fields, |facts| {
            let chosen = chosen(&fields, facts.grants(), by_operator)?;
            // What would go is shown as long as it has not gone.
            let items = facts.draft().items.iter().map(TypedItem::of).collect();
            Ok(Change {
                typed: Typed { items: Some(items), ..Typed::default() },
                ..Change::of(changed(&fields, facts, chosen)?, facts)
            })
        })
        .await
    })
    .await
}

/// The form for an app that has these grant types, with those that it would have.
pub(super) fn shown(before: Grants, after: Grants, developer: &Developer) -> GrantsForm {
    let chosen = after.names();
    let rows = before.to_choose(developer.user().operator).map(|(grant_type, _)| GrantRow {
        name: grant_type.name(),
        short_name: short_name(grant_type),
        words: grant_type.terms().words,
        chosen: chosen.contains(&grant_type.name()),
        of_operator: Grants::is_of_operator(grant_type) && !developer.user().operator,
    });
    GrantsForm { rows: rows.collect(), sends_people: before.code(), mistake: None }
}

fn field(short_name: &str) -> String {
    format!("grant.{short_name}")
}

/// Every row of the form is chosen or not; leaving one out is neither (AD-04).
fn chosen(fields: &Fields<'_>, before: Grants, by_operator: bool) -> Result<Grants, PageError> {
    let mut names = Vec::new();
    for (grant_type, _) in before.to_choose(by_operator) {
        match fields.text(&field(short_name(grant_type)))? {
            ON => names.push(grant_type.name()),
            OFF => {}
            _ => return Err(PageError::BadRequest),
        }
    }
    Ok(Grants::named(names))
}

/// The app with these grant types. What is of no use to it any more goes with what it gave up: addresses to which nobody is
/// sent, and items that it can never get.
fn changed(fields: &Fields<'_>, facts: &Facts, grants: Grants) -> Result<Draft, PageError> {
    let draft = facts.draft();
    // The page asks for them while there are none; a field of an older page stays as it was typed there.
    let typed = fields.optional("redirect_uris").map(|_| fields.lines("redirect_uris")).transpose()?;
    let typed = typed.filter(|typed| !typed.is_empty() || !facts.grants().code());
    let redirect_uris = if grants.code() { typed.unwrap_or(draft.redirect_uris) } else { Vec::new() };
    let origins = if grants.is_machine_only() { Vec::new() } else { draft.origins };
    let items = left_under(grants, draft.items);
    Ok(Draft { grants, redirect_uris, origins, items, ..draft })
}
