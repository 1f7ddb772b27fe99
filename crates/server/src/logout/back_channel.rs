//! One try to tell one app — OIDC Back-Channel Logout §2.5; threat LO-07.

use http::StatusCode;

use crate::{
    app::App, catalog::Client, fault::Fault, fetch::FetchError, issue::LogoutToken,
    store::logout_notices::LogoutNotice,
};

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// It has taken it.
    Taken,
    /// It says that this is not for it, or that it cannot.
    Refused,
    /// It says that it failed.
    Failed,
    /// It did not answer.
    Unreachable,
    /// There is nobody to be told, or this is not how to tell it.
    Nobody,
}

/// Tells the app of this notice, by the way for those whom the operator knows or by that for strangers.
pub(super) async fn tell(app: &App, notice: &LogoutNotice, verified: bool) -> Result<Told, Fault> {
    let client = app.catalog().client(&notice.app_id).await?;
    let Some(client) = client.filter(|client| is_for(notice, client)) else { return Ok(Told::Nobody) };
    let Some(address) = client.told_of_logout() else { return Ok(Told::Nobody) };
    let keys = app.keys().current();
    let token = LogoutToken::new(app.issuer(), &keys, &client, notice, app.now()).sign(&keys, &client)?;
    let told = app.fetcher().post_form(address, &[("logout_token", &token)], verified).await;
    Ok(understood(told))
}

/// An end of everything is told once, to those that understand it; to others session by session.
fn is_for(notice: &LogoutNotice, client: &Client) -> bool {
    let by_session = client.metadata().back_channel_by_session;
    !client.is_disabled() && (!notice.everything || notice.session_id.is_some() == by_session)
}

/// OIDC Back-Channel Logout §2.8: 200 is yes, and 204 is understood so by many.
fn understood(told: Result<StatusCode, FetchError>) -> Told {
    match told {
        Ok(status) if status.is_success() => Told::Taken,
        Ok(status) if status.is_client_error() => Told::Refused,
        // Waiting does not make another address of it.
        Err(FetchError::Forbidden | FetchError::Insecure | FetchError::Redirected) => Told::Refused,
        // It works, and not for this one: its other notices are not to blame.
        Ok(_) => Told::Failed,
        Err(_) => Told::Unreachable,
    }
}
