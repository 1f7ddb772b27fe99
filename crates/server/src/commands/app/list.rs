//! `mapae app list`.

use std::{collections::HashMap, fmt};

use serde::Serialize;

use crate::{
    cli::Common,
    commands::{answer::Answer, data::Data, failure::Failure},
    store::{
        apps::{self, App},
        users,
    },
};

/// All apps, the oldest first.
#[derive(Debug, Serialize)]
struct List {
    apps: Vec<Line>,
}

/// One of them.
#[derive(Debug, Serialize)]
struct Line {
    client_id: String,
    name: String,
    public: bool,
    owner: Option<String>,
    disabled: bool,
    created_at: i64,
}

/// Lists all apps.
pub(in crate::commands) async fn run(common: &Common) -> Result<Answer, Failure> {
    Data::with(common, async |data| {
        let mut owners = Owners::default();
        let mut lines = Vec::new();
        for app in apps::list(&data.db, i64::MAX).await? {
            let disabled = app.off_by().is_some();
            let App { id, owner_id, settings, created_at, .. } = app;
            lines.push(Line {
                client_id: id,
                name: settings.name,
                public: settings.public,
                owner: owners.email(data, owner_id).await?,
                disabled,
                created_at: created_at.unix(),
            });
        }
        Answer::of(&List { apps: lines })
    })
    .await
}

/// Addresses of owners, each looked up once.
#[derive(Debug, Default)]
pub(super) struct Owners(HashMap<String, Option<String>>);

impl Owners {
    pub(super) async fn email(&mut self, data: &Data, id: Option<String>) -> Result<Option<String>, Failure> {
        let Some(id) = id else { return Ok(None) };
        if let Some(known) = self.0.get(&id) {
            return Ok(known.clone());
        }
        let email = users::by_id(&data.db, &id).await?.and_then(|account| account.user.email);
        self.0.insert(id, email.clone());
        Ok(email)
    }
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.apps.is_empty() {
            return f.write_str("There is no app yet: `mapae app create --help` says how to register one.");
        }
        for (position, Line { client_id, name, public, owner, disabled, .. }) in self.apps.iter().enumerate()
        {
            let feed = if position == 0 { "" } else { "\n" };
            let kind = if *public { "public" } else { "confidential" };
            let state = if *disabled { ", disabled" } else { "" };
            let owner = owner.as_deref().unwrap_or("-");
            // The name is last: nothing has to be aligned after letters of double width.
            write!(f, "{feed}{client_id}  {:24}  {owner}  {name}", format!("{kind}{state}"))?;
        }
        Ok(())
    }
}
