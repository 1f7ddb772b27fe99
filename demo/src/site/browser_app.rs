//! Another client at the same authorization server: a page whose script signs people in without any server — RFC 6749
//! §2.1 (public clients), RFC 7636, RFC 9700 §2.1.1.
//!
//! The service only hands out its file. The page has a `client_id` of its own and no secret, and keeps its tokens in
//! its memory.

use askama::Template;
use axum::{extract::State, response::Response};
use http::StatusCode;

use super::{
    Desk, Texts,
    trouble::{Frame, html},
};
use crate::settings::OTHER_SCOPES;

/// Where it is; also its redirect URI.
pub(super) const PATH: &str = "/browser-app";

/// The page.
#[derive(Template)]
#[template(path = "browser_app.html")]
pub(super) struct BrowserAppPage {
    pub(super) t: Texts,
    pub(super) frame: Frame,
    pub(super) issuer: String,
    pub(super) client_id: String,
    pub(super) api: String,
    pub(super) scope: String,
}

pub(super) async fn show(State(desk): State<Desk>, t: Texts) -> Response {
    let scopes: Vec<&str> = OTHER_SCOPES.iter().map(|scope| scope.name).collect();
    let page = BrowserAppPage {
        t,
        frame: Frame::new(PATH, None),
        issuer: desk.issuer().to_owned(),
        client_id: desk.parts().others.browser_app_id.clone(),
        api: desk.parts().resource.clone(),
        scope: scopes.join(" "),
    };
    html(StatusCode::OK, &page)
}
