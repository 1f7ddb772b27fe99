//! The developer console: one's own apps, and nothing of anybody else's — threats AD-01 to AD-07.
//!
//! Every page belongs to whoever is signed in. An app is looked up among theirs: one of somebody else's is not
//! found, like one that never was. A form brings exactly the fields that its page has. A change is judged by the
//! rules of [`registration`](crate::registration) as the whole app that it would make, and written only if
//! nothing that the judgement rests on has changed meanwhile.

mod addresses;
mod app_page;
mod change;
mod delete;
mod developer;
mod facts;
mod fields;
mod general;
mod grants;
mod home;
mod icon;
mod items;
mod member_forms;
mod member_wording;
mod new_app;
pub(crate) mod picture;
mod secrets;
mod security;
mod security_wording;
mod state;
mod upload;
mod upstreams;
mod wording;

use axum::{
    Extension, Router,
    routing::{MethodRouter, get, post},
};
use mapae_protocol::params::Limits;

use crate::{app::App, pages::at};

/// Most apps of one developer.
pub const QUOTA: u32 = 25;
/// Most fields of a form: three for each item, for more items than a page can reasonably show.
const MAX_FIELDS: usize = 1_000;

/// An address of the console.
#[derive(Debug)]
pub struct Route {
    /// With `{id}` where an app's `client_id`, or a provider's name, stands.
    pub path: &'static str,
    /// What may be sent there.
    pub methods: &'static [&'static str],
    serve: fn() -> MethodRouter<App>,
}

/// Every address of the console for its developers.
pub const ROUTES: &[Route] = &[
    Route { path: at::CONSOLE, methods: &["GET"], serve: || get(home::show) },
    Route {
        path: at::NEW_APP,
        methods: &["GET", "POST"],
        serve: || get(new_app::show).post(new_app::submit),
    },
    Route { path: "/console/apps/{id}", methods: &["GET"], serve: || get(app_page::show) },
    Route { path: "/console/apps/{id}/general", methods: &["POST"], serve: || post(general::submit) },
    Route { path: "/console/apps/{id}/icon", methods: &["POST"], serve: || post(icon::submit) },
    Route { path: "/console/apps/{id}/addresses", methods: &["POST"], serve: || post(addresses::submit) },
    Route { path: "/console/apps/{id}/items", methods: &["POST"], serve: || post(items::submit) },
    Route { path: "/console/apps/{id}/secrets", methods: &["POST"], serve: || post(secrets::submit) },
    Route { path: "/console/apps/{id}/security", methods: &["POST"], serve: || post(security::submit) },
    Route { path: "/console/apps/{id}/grants", methods: &["POST"], serve: || post(grants::submit) },
    Route {
        path: "/console/apps/{id}/signing-out",
        methods: &["POST"],
        serve: || post(member_forms::signing_out),
    },
    Route { path: "/console/apps/{id}/requests", methods: &["POST"], serve: || post(member_forms::requests) },
    Route { path: "/console/apps/{id}/tokens", methods: &["POST"], serve: || post(member_forms::tokens) },
    Route { path: "/console/apps/{id}/links", methods: &["POST"], serve: || post(member_forms::links) },
    Route { path: "/console/apps/{id}/state", methods: &["POST"], serve: || post(state::submit) },
    Route {
        path: "/console/apps/{id}/delete",
        methods: &["GET", "POST"],
        serve: || get(delete::show).post(delete::submit),
    },
];

/// Addresses for whoever runs the server; to everybody else there is nothing.
pub const OPERATORS_ROUTES: &[Route] = &[
    Route { path: at::UPSTREAMS, methods: &["GET"], serve: || get(upstreams::show) },
    Route { path: "/console/upstreams/{id}/test", methods: &["POST"], serve: || post(upstreams::test) },
    Route { path: "/console/upstreams/{id}/choices", methods: &["POST"], serve: || post(upstreams::choose) },
    Route { path: "/console/upstreams/{id}/state", methods: &["POST"], serve: || post(upstreams::state) },
];

/// The console's part of the router. Its forms may be of `form_bytes`.
pub(crate) fn router(form_bytes: usize) -> Router<App> {
    let limits = Limits { bytes: form_bytes, fields: MAX_FIELDS };
    let routes = ROUTES
        .iter()
        .chain(OPERATORS_ROUTES)
        .fold(Router::new(), |router, route| router.route(route.path, (route.serve)()));
    routes.route_layer(Extension(limits))
}
