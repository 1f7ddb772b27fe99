//! What an app asks when it sends somebody here to be signed out, as far as it is proven — OIDC RP-Initiated Logout §2, §3.

use std::sync::Arc;

use axum::response::Response;
use mapae_protocol::{
    id_token::IdTokenClaims,
    logout::LogoutRequest,
    redirect_uri::{TrustedRedirect, match_registered},
};

use super::ending::forget;
use crate::{
    app::App,
    catalog::Client,
    interaction::{IdTokenHint, PageError, Visit, login, see_other},
    issue::{Sector, session_name, subject},
    pages::{
        shown::Shown,
        sign_out::{Back, LogoutFrame, SignedOut},
    },
    store::{apps::Standing, sessions::SignedIn},
};

/// Who said that the session shall end, and which pages of apps are framed now that it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// The person, on our page.
    ByThePerson(Vec<LogoutFrame>),
    /// The app, which proved whose session it means.
    ByTheApp(Vec<LogoutFrame>),
    /// There was none.
    Nothing,
}

/// What an app asks, as far as it is proven.
#[derive(Debug)]
pub(crate) struct Wish {
    pub(crate) client: Option<Arc<Client>>,
    hint: Option<IdTokenClaims>,
    pub(crate) back: Option<TrustedRedirect>,
    state: Option<String>,
}

impl Wish {
    /// Reads the request of this visit. An app that is named and unknown, and an address that is not registered, end
    /// here: nobody is signed out and nobody is led anywhere.
    pub(crate) async fn read(visit: &Visit) -> Result<Self, PageError> {
        let asked = LogoutRequest::parse(&visit.params).map_err(|_| PageError::BadRequest)?;
        let keys = visit.app.keys().current();
        let hint = asked.id_token_hint.as_deref();
        let hint = hint.and_then(|token| IdTokenHint::claims(token, &visit.app, &keys));
        let hinted =
            hint.as_ref().and_then(|claims| claims.aud.iter().next().filter(|app| claims.aud.is_only(app)));
        let named = asked.client_id.as_ref().map(|id| id.as_str());
        if let (Some(hinted), Some(named)) = (hinted, named)
            && hinted != named
        {
            return Err(PageError::BadRequest);
        }
        let client = match named.or(hinted) {
            Some(id) => {
                let client = visit.app.catalog().client(id).await?.filter(|client| !client.is_disabled());
                Some(client.ok_or(PageError::UnknownApp)?)
            }
            None => None,
        };
        let back = match asked.post_logout_redirect_uri.as_deref() {
            Some(uri) => {
                let client = client.as_ref().ok_or(PageError::NoLogoutHint)?;
                let registered = &client.metadata().post_logout;
                let back = match_registered(uri, registered, client.is_public());
                Some(back.ok_or(PageError::WrongLogoutUri)?)
            }
            None => None,
        };
        Ok(Self { client, hint, back, state: asked.state })
    }

    /// Whether the app holds an ID token of this session: then the person has told it to end it.
    pub(crate) fn proves(&self, app: &App, signed_in: &SignedIn) -> bool {
        let (Some(client), Some(hint)) = (&self.client, &self.hint) else { return false };
        let keys = app.keys().current();
        let key = keys.subject_key();
        let session = session_name(key, client.id(), &signed_in.session.id);
        hint.sub == subject(key, Sector::of(client), &signed_in.user.id)
            && hint.sid.as_deref() == Some(&session)
    }

    /// What the form of our page brings again. The hint has had its say.
    pub(crate) fn fields(&self) -> Vec<(&'static str, String)> {
        let client = self.client.as_ref().map(|client| ("client_id", client.id().to_owned()));
        let back =
            self.back.as_ref().map(|back| ("post_logout_redirect_uri", back.uri().as_str().to_owned()));
        let state = self.state.clone().map(|state| ("state", state));
        client.into_iter().chain(back).chain(state).collect()
    }

    /// The way on, now that nobody is signed in here. Nobody is led to an app that nobody has verified unless they or
    /// the app have just said something here: they read first where the way leads (AZ-37).
    pub(crate) async fn fulfilled(&self, visit: &Visit, said: Said) -> Result<Response, PageError> {
        let spoken = said != Said::Nothing;
        let frames = match said {
            Said::ByThePerson(frames) | Said::ByTheApp(frames) => frames,
            Said::Nothing => Vec::new(),
        };
        let mut response = match (&self.back, &self.client) {
            (None, _) | (_, None) => visit.show(&SignedOut { frames, ..SignedOut::here() }, None),
            (Some(back), Some(client)) => {
                let address = back.uri().append_query(self.state.iter().map(|state| ("state", state)));
                if !frames.is_empty() {
                    visit.show(&SignedOut { frames, onwards: Some(address), ..SignedOut::here() }, None)
                } else if spoken || client.standing() == Standing::Verified {
                    see_other(&address)?
                } else {
                    let app = login::card_alone(client).name;
                    let back = Back { app, leads_to: Shown::place(&back.uri().origin()), address };
                    visit.show(&SignedOut { back: Some(back), ..SignedOut::here() }, None)
                }
            }
        };
        forget(visit, &mut response).await?;
        Ok(response)
    }
}
