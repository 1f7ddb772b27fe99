//! The pages of apps that sign people out there, framed in ours — OIDC Front-Channel Logout §2, §3; threat LO-08.

use mapae_protocol::redirect_uri::RedirectUri;

use crate::{
    app::App, catalog::Client, fault::Fault, issue::session_name, pages::sign_out::LogoutFrame,
    store::session_apps,
};

/// How many pages are framed: as many as people use in one session, and no more than a browser bears.
const MAX_FRAMES: usize = 32;

/// What is framed when this session ends. Only who registered to be told which session that is, is told.
pub(crate) async fn frames(app: &App, session_id: &str) -> Result<Vec<LogoutFrame>, Fault> {
    let mut frames = Vec::new();
    for app_id in session_apps::of_session(app.db(), session_id, app.now()).await? {
        let client = app.catalog().client(&app_id).await?.filter(|client| !client.is_disabled());
        let Some(client) = client.filter(|_| frames.len() < MAX_FRAMES) else { continue };
        if let Some(registered) = client.framed_at_logout().filter(|uri| !is_own(app, uri)) {
            frames.extend(LogoutFrame::new(registered, address(app, &client, registered, session_id)));
        }
    }
    Ok(frames)
}

/// A page of ours is never framed, not even by us.
fn is_own(app: &App, uri: &RedirectUri) -> bool {
    RedirectUri::parse(app.issuer().as_str()).is_ok_and(|own| own.origin() == uri.origin())
}

fn address(app: &App, client: &Client, registered: &RedirectUri, session_id: &str) -> String {
    if !client.metadata().front_channel_by_session {
        return registered.as_str().to_owned();
    }
    let sid = session_name(app.keys().current().subject_key(), client.id(), session_id);
    registered.append_query([("iss", app.issuer().as_str()), ("sid", sid.as_str())])
}
