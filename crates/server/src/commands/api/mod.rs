//! `mapae api`.

pub(super) mod create;
pub(super) mod delete;
mod draft;
pub(super) mod exchange;
pub(super) mod list;
pub(super) mod rotate_secret;
pub(super) mod show;
pub(super) mod switch;
pub(super) mod update;
mod view;

use super::{data::Data, failure::Failure};
use crate::store::apis::{self, Api};

/// The API of that identifier.
async fn find(data: &Data, identifier: &str) -> Result<Api, Failure> {
    apis::by_identifier(&data.db, identifier).await?.ok_or_else(|| {
        Failure::new("not_found", format!("there is no API {identifier:?}; `mapae api list` shows all"))
    })
}
