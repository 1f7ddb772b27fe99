//! Who calls `kapi.kakao.com`: a token, or the admin key and a target.

use http::HeaderMap;
use mapae_protocol::{params::Params, secret::constant_time_eq};

use super::error::ApiError;
use crate::{
    App, Person,
    engine::{Access, Engine, Link, TokenState},
    web::bearer,
};

/// A call that may be answered.
pub(super) struct Call {
    pub(super) app: App,
    pub(super) person: Person,
    pub(super) link: Link,
    /// The token; `None` with the admin key.
    pub(super) token: Option<Access>,
}

impl Call {
    /// By a token only.
    pub(super) fn by_token(engine: &Engine, headers: &HeaderMap) -> Result<Self, ApiError> {
        let text = bearer::token(headers).ok_or(ApiError::NoCredentials)?;
        let now = engine.now();
        engine.with(|world| {
            let token = match world.access(text, now) {
                TokenState::Alive(token) => token,
                TokenState::Expired => return Err(ApiError::TokenExpired),
                TokenState::Unknown => return Err(ApiError::TokenUnknown),
            };
            let of = &token.grant;
            let app = world.apps.get(&of.client_id).cloned().ok_or(ApiError::TokenUnknown)?;
            let person = world.people.get(&of.person).cloned().ok_or(ApiError::NoAccount)?;
            let link = world.link(&of.client_id, &of.person).cloned().ok_or(ApiError::TokenUnknown)?;
            Ok(Self { app, person, link, token: Some(token) })
        })
    }

    /// By a token, or by the admin key and `target_id`.
    pub(super) fn by_either(engine: &Engine, headers: &HeaderMap, sent: &Params) -> Result<Self, ApiError> {
        let Some(presented) = bearer::credentials(headers, "KakaoAK") else {
            return Self::by_token(engine, headers);
        };
        let malformed = ApiError::Argument("target_id_type and target_id must be given");
        let given = (sent.one("target_id_type"), sent.one("target_id"));
        let (Ok(Some("user_id")), Ok(Some(target))) = given else { return Err(malformed) };
        engine.with(|world| {
            let knows = |app: &&App| {
                let key = app.admin_key.as_deref();
                key.is_some_and(|key| constant_time_eq(key.as_bytes(), presented.as_bytes()))
            };
            let app = world.apps.values().find(knows).cloned().ok_or(ApiError::AdminKey)?;
            let person = world.people.values().find(|person| person.id == target).cloned();
            let person = person.ok_or(ApiError::NotLinked)?;
            let link = world.link(&app.client_id, &person.name).cloned().ok_or(ApiError::NotLinked)?;
            Ok(Self { app, person, link, token: None })
        })
    }
}
