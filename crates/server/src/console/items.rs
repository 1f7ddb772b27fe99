//! What an app may ask people for, and what it says of each item.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use super::{
    app_page::Typed,
    change::{self, Change},
    developer::console_page,
    facts::{Facts, is_fixed},
    fields::Fields,
};
use crate::{
    app::App, interaction::PageError, pages::console::items::ItemLevel, registration::Draft,
    store::apps::AppScope,
};

/// A row of the form.
#[derive(Clone, Debug)]
pub(super) struct TypedItem {
    pub(super) scope: String,
    pub(super) level: ItemLevel,
    pub(super) purpose_ko: String,
    pub(super) purpose_en: String,
}

/// `POST /console/apps/{id}/items`.
pub(crate) async fn submit(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    console_page(app, request, async |developer| {
        let facts = Facts::read(&developer, &id).await?;
        let names: Vec<String> = facts
            .offered()
            .filter(|(scope, _)| !is_fixed(scope))
            .flat_map(|(scope, _)| {
                ["level", "purpose_ko", "purpose_en"].map(|field| format!("{field}.{scope}"))
            })
            .collect();
        let fields = Fields::of(developer.visit(), |name| names.iter().any(|known| known == name))?;
        change::save(&developer, &id, &fields, |facts| {
            let draft = facts.draft();
            let items = facts.offered().map(|(scope, _)| TypedItem::read(scope, &draft, &fields));
            let items = items.collect::<Result<Vec<_>, _>>()?;
            let used = items.iter().filter_map(TypedItem::used).collect();
            Ok(Change {
                typed: Typed { items: Some(items), ..Typed::default() },
                ..Change::of(Draft { items: used, ..draft }, facts)
            })
        })
        .await
    })
    .await
}

impl TypedItem {
    /// As it is registered.
    pub(super) fn of(item: &AppScope) -> Self {
        Self {
            scope: item.scope.clone(),
            level: if item.required { ItemLevel::Required } else { ItemLevel::Optional },
            purpose_ko: item.purpose_ko.clone(),
            purpose_en: item.purpose_en.clone(),
        }
    }

    /// One that the app does not ask for.
    pub(super) fn unused(scope: &str) -> Self {
        Self {
            scope: scope.to_owned(),
            level: ItemLevel::Unused,
            purpose_ko: String::new(),
            purpose_en: String::new(),
        }
    }

    /// As the form has it. An item that appeared since the page was shown stays as it is.
    fn read(scope: &str, draft: &Draft, fields: &Fields<'_>) -> Result<Self, PageError> {
        let registered = draft.items.iter().find(|item| item.scope == scope);
        let mut item = registered.map_or_else(|| Self::unused(scope), Self::of);
        item.level = match fields.optional(&format!("level.{scope}")) {
            None => item.level,
            Some("none") => ItemLevel::Unused,
            Some("optional") => ItemLevel::Optional,
            Some("required") => ItemLevel::Required,
            Some(_) => return Err(PageError::BadRequest),
        };
        for (field, purpose) in [("purpose_ko", &mut item.purpose_ko), ("purpose_en", &mut item.purpose_en)] {
            if let Some(typed) = fields.optional(&format!("{field}.{scope}")) {
                typed.clone_into(purpose);
            }
        }
        Ok(item)
    }

    /// As it would be registered; `None` when the app does not ask for it.
    fn used(&self) -> Option<AppScope> {
        let Self { scope, level, purpose_ko, purpose_en } = self.clone();
        let required = match level {
            ItemLevel::Unused => return None,
            ItemLevel::Optional => false,
            ItemLevel::Required => true,
        };
        Some(AppScope { scope, required, purpose_ko, purpose_en })
    }
}
