//! What is known of an app, and how a row becomes it.

use std::collections::BTreeMap;

use mapae_protocol::time::Timestamp;

use crate::store::{
    app_secrets::{AppSecret, NewSecret},
    db::{Concealed, Row, StoreError},
};

/// Whether the operator has verified an app of `apps a`.
macro_rules! app_verified {
    () => {
        "((a.owner_id IS NULL AND NOT EXISTS (SELECT 1 FROM registrations n WHERE n.app_id = a.id)) \
         OR a.vouched_at IS NOT NULL \
         OR EXISTS (SELECT 1 FROM users o WHERE o.id = a.owner_id AND o.operator = TRUE))"
    };
}
pub(in crate::store) use app_verified;

/// The columns of [`App`], of `apps a`.
macro_rules! app_columns {
    () => {
        concat!("a.id, a.owner_id, a.name, a.icon, a.homepage, a.public, a.grant_types, a.token_endpoint_auth_method, \
         a.id_token_alg, a.subject_type, a.pkce_required, a.rotate_refresh, a.held_members, a.epoch, a.revision, a.disabled_at, a.blocked_at, \
         a.deleted_at, a.created_at, a.updated_at, ", app_verified!())
    };
}
pub(super) use app_columns;

/// The columns of [`AppState`], of `apps a`. Who switched an app off makes no difference to what it holds.
macro_rules! app_state_columns {
    () => {
        "a.epoch, COALESCE(a.blocked_at, a.disabled_at), a.deleted_at"
    };
}
pub(in crate::store) use app_state_columns;

/// What can be changed about an app, apart from its lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppSettings {
    /// As people see it.
    pub name: String,
    /// A reference to its picture.
    pub icon: Option<String>,
    /// Where it leads.
    pub homepage: Option<String>,
    /// Whether it cannot keep a secret (RFC 6749 §2.1).
    pub public: bool,
    /// Space-separated grant types.
    pub grant_types: String,
    /// The one way in which it authenticates; `None`: basic and post.
    pub token_endpoint_auth_method: Option<String>,
    /// The algorithm of its ID tokens.
    pub id_token_alg: String,
    /// `pairwise` or `public`.
    pub subject_type: String,
    /// Whether it must use PKCE.
    pub pkce_required: bool,
    /// Whether its refresh tokens rotate.
    pub rotate_refresh: bool,
    /// Space-separated members that somebody else than the app itself has set: it makes them stricter and never looser.
    pub held_members: String,
}

/// An app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// The `client_id`, `app_…`.
    pub id: String,
    /// The developer; `None` for apps made on the command line.
    pub owner_id: Option<String>,
    /// What can be changed.
    pub settings: AppSettings,
    /// Raised when everything that was made before must end.
    pub epoch: i64,
    /// Raised when what is registered changes.
    pub revision: i64,
    /// Since when its owner has it switched off.
    pub disabled_at: Option<Timestamp>,
    /// Since when the operator has it switched off: only the operator ends that.
    pub blocked_at: Option<Timestamp>,
    /// Since when it exists only for the sake of what refers to it.
    pub deleted_at: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
    /// Whether the operator stands behind it: it is their own, or they have looked at it.
    pub verified: bool,
}

/// What is known about who stands behind an app: one that nobody has checked is trusted with less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The operator of this server has verified it, or vouches for all that register themselves.
    Verified,
    /// Nobody has checked it.
    Unverified,
}

impl Standing {
    /// Of an app that is `verified` or is not.
    pub const fn of(verified: bool) -> Self {
        if verified { Self::Verified } else { Self::Unverified }
    }
}

/// Who has an app switched off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OffBy {
    /// Its owner, who may switch it on again.
    Owner,
    /// The operator of this server, who alone may.
    Operator,
}

/// What is alive about an app, as far as grants and tokens depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppState {
    /// Its epoch.
    pub epoch: i64,
    /// Since when it may do nothing, whoever switched it off.
    pub disabled_at: Option<Timestamp>,
    /// Since when it is gone.
    pub deleted_at: Option<Timestamp>,
}

/// How many columns [`AppState`] has.
pub(in crate::store) const APP_STATE_WIDTH: usize = 3;

/// A scope that an app may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppScope {
    /// The scope.
    pub scope: String,
    /// Whether the app does not work without it (필수).
    pub required: bool,
    /// What for, in Korean; empty if nothing was written.
    pub purpose_ko: String,
    /// What for, in English.
    pub purpose_en: String,
}

/// The lists of an app, each in the order in which the developer wrote it, and its metadata.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppLists {
    /// Registered redirect URIs, byte for byte.
    pub redirect_uris: Vec<String>,
    /// Origins that may call from a browser.
    pub origins: Vec<String>,
    /// Scopes that it may ask for.
    pub scopes: Vec<AppScope>,
    /// What else it registered, by the member's registered name (RFC 7591 §2), each value as JSON.
    pub metadata: BTreeMap<String, String>,
}

/// An app with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredApp {
    /// The app.
    pub app: App,
    /// Its lists.
    pub lists: AppLists,
    /// Its secrets, also those that have expired but are not swept yet.
    pub secrets: Vec<AppSecret>,
    /// Of an app that registered itself.
    pub registered: Option<SelfRegistered>,
}

/// What is known of an app because it registered itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelfRegistered {
    /// Among whom it knows one person by one name (OIDC Core §8.1); `None`: for itself alone.
    pub sector: Option<String>,
    /// When it goes unless somebody agrees to it before; `None` when somebody has.
    pub expires_at: Option<Timestamp>,
}

/// An app to be registered.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// The `client_id`.
    pub id: String,
    /// The developer.
    pub owner_id: Option<String>,
    /// What can be changed later.
    pub settings: AppSettings,
    /// Its lists.
    pub lists: AppLists,
    /// Its first secret; `None` for a public app.
    pub secret: Option<NewSecret>,
}

impl RegisteredApp {
    /// Who stands behind it, where the operator `vouches` for every app that registers itself or does not.
    pub const fn standing(&self, vouches: bool) -> Standing {
        Standing::of(self.app.verified || (vouches && self.registered.is_some()))
    }

    /// Reads one part of the union of `FIND`; all its columns are `NULL` if the app has no parts.
    pub(super) fn add(&mut self, row: &mut Row) -> Result<(), StoreError> {
        let part = row.optional_text()?;
        let name = row.optional_text()?.unwrap_or_default();
        let first = row.optional_text()?.unwrap_or_default();
        let second = row.optional_text()?.unwrap_or_default();
        let flag = row.joined(1, Row::bool)?.unwrap_or_default();
        let number = row.optional_timestamp()?.unwrap_or(self.app.created_at);
        let until = row.optional_timestamp()?;
        match part.as_deref() {
            None => {}
            Some("redirect_uri") => self.lists.redirect_uris.push(name),
            Some("origin") => self.lists.origins.push(name),
            Some("scope") => self.lists.scopes.push(AppScope {
                scope: name,
                required: flag,
                purpose_ko: first,
                purpose_en: second,
            }),
            Some("metadata") => drop(self.lists.metadata.insert(name, first)),
            Some("registration") => {
                let sector = Some(name).filter(|sector| !sector.is_empty());
                self.registered = Some(SelfRegistered { sector, expires_at: until });
            }
            Some("secret") => self.secrets.push(AppSecret {
                id: name,
                hash: first.into(),
                sealed: Some(second).filter(|sealed| !sealed.is_empty()).map(Concealed::from),
                created_at: number,
                expires_at: until,
            }),
            Some(_) => return Err(row.corrupt_last()),
        }
        Ok(())
    }
}

impl App {
    /// Who has it switched off; the operator's word counts more.
    pub const fn off_by(&self) -> Option<OffBy> {
        match (self.blocked_at, self.disabled_at) {
            (Some(_), _) => Some(OffBy::Operator),
            (None, Some(_)) => Some(OffBy::Owner),
            (None, None) => None,
        }
    }

    pub(super) fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.text()?,
            owner_id: row.optional_text()?,
            settings: AppSettings {
                name: row.text()?,
                icon: row.optional_text()?,
                homepage: row.optional_text()?,
                public: row.bool()?,
                grant_types: row.text()?,
                token_endpoint_auth_method: row.optional_text()?,
                id_token_alg: row.text()?,
                subject_type: row.text()?,
                pkce_required: row.bool()?,
                rotate_refresh: row.bool()?,
                held_members: row.text()?,
            },
            epoch: row.int()?,
            revision: row.int()?,
            disabled_at: row.optional_timestamp()?,
            blocked_at: row.optional_timestamp()?,
            deleted_at: row.optional_timestamp()?,
            created_at: row.timestamp()?,
            updated_at: row.timestamp()?,
            verified: row.bool()?,
        })
    }
}

impl AppState {
    pub(in crate::store) fn read(row: &mut Row) -> Result<Self, StoreError> {
        Ok(Self {
            epoch: row.int()?,
            disabled_at: row.optional_timestamp()?,
            deleted_at: row.optional_timestamp()?,
        })
    }
}
