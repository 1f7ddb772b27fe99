//! The demo's apps: a web service, and the other kinds of clients beside it — RFC 6749 §2.1, RFC 8252 §7.3.

use mapae_demo::{APP_NAME, APP_SCOPES, DemoScope, Doors, OTHER_SCOPES};
use mapae_protocol::{secret::Secret, token::grant_type::CLIENT_CREDENTIALS};
use serde_json::Value;

use crate::{
    client_auth::secret::digest,
    ids::Kind,
    store::{
        app_secrets::NewSecret,
        apps::{AppLists, AppScope, AppSettings, NewApp},
    },
};

/// What tells one app from another.
struct Kinds<'a> {
    name: &'a str,
    homepage: Option<String>,
    grant_types: &'a str,
    redirect_uris: Vec<String>,
    origins: Vec<String>,
    scopes: &'a [DemoScope],
    /// Without one it is public.
    secret: Option<&'a Secret<String>>,
    /// Where it is told that somebody has signed out.
    back_channel_logout: Option<String>,
}

/// A server that keeps a secret and signs people in.
pub(super) fn web_service(doors: &Doors, secret: &Secret<String>) -> NewApp {
    app(Kinds {
        name: APP_NAME,
        homepage: Some(doors.service_url()),
        grant_types: "authorization_code refresh_token",
        redirect_uris: vec![doors.redirect_uri()],
        origins: Vec::new(),
        scopes: APP_SCOPES,
        secret: Some(secret),
        back_channel_logout: Some(doors.back_channel_logout_uri()),
    })
}

/// A page whose script is the client: it can keep no secret.
pub(super) fn browser_app(doors: &Doors) -> NewApp {
    app(Kinds {
        name: "브라우저 앱",
        homepage: Some(doors.browser_app_url()),
        grant_types: "authorization_code refresh_token",
        redirect_uris: vec![doors.browser_app_url()],
        origins: vec![doors.service_url()],
        scopes: OTHER_SCOPES,
        secret: None,
        back_channel_logout: None,
    })
}

/// A program on somebody's machine, which the browser answers on any port of loopback.
pub(super) fn native_app() -> NewApp {
    // What the example program asks for.
    let scopes = APP_SCOPES.iter().filter(|scope| ["openid", "profile", "email"].contains(&scope.name));
    app(Kinds {
        name: "터미널 앱",
        homepage: None,
        grant_types: "authorization_code refresh_token",
        redirect_uris: vec!["http://127.0.0.1/callback".to_owned()],
        origins: Vec::new(),
        scopes: &scopes.copied().collect::<Vec<_>>(),
        secret: None,
        back_channel_logout: None,
    })
}

/// A program that acts for itself, without any person.
pub(super) fn back_end(secret: &Secret<String>) -> NewApp {
    let scopes = OTHER_SCOPES.iter().filter(|scope| scope.name.starts_with("calendar."));
    app(Kinds {
        name: "통계 서버",
        homepage: None,
        grant_types: CLIENT_CREDENTIALS,
        redirect_uris: Vec::new(),
        origins: Vec::new(),
        scopes: &scopes.copied().collect::<Vec<_>>(),
        secret: Some(secret),
        back_channel_logout: None,
    })
}

fn app(kinds: Kinds<'_>) -> NewApp {
    let item = |scope: &DemoScope| AppScope {
        scope: scope.name.to_owned(),
        required: scope.required,
        purpose_ko: scope.purpose_ko.to_owned(),
        purpose_en: scope.purpose_en.to_owned(),
    };
    let logout = kinds.back_channel_logout.map(|uri| Value::from(uri).to_string());
    let metadata = logout.into_iter().map(|uri| ("backchannel_logout_uri".to_owned(), uri));
    NewApp {
        id: Kind::App.fresh(),
        owner_id: None,
        settings: AppSettings {
            name: kinds.name.to_owned(),
            icon: None,
            homepage: kinds.homepage,
            public: kinds.secret.is_none(),
            grant_types: kinds.grant_types.to_owned(),
            token_endpoint_auth_method: None,
            id_token_alg: "ES256".to_owned(),
            subject_type: "pairwise".to_owned(),
            pkce_required: true,
            rotate_refresh: true,
            held_members: String::new(),
        },
        lists: AppLists {
            redirect_uris: kinds.redirect_uris,
            origins: kinds.origins,
            scopes: kinds.scopes.iter().map(item).collect(),
            metadata: metadata.collect(),
        },
        secret: kinds.secret.map(|secret| NewSecret {
            id: Kind::Secret.fresh(),
            hash: digest(secret).into(),
            sealed: None,
        }),
    }
}
