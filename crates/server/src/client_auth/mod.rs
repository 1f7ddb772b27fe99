//! Client authentication — RFC 6749 §2.3, OIDC Core §9. One file a method, one line each in [`METHODS`].

mod client_secret_basic;
mod client_secret_post;
mod none;
pub(crate) mod secret;

use std::sync::Arc;

use mapae_protocol::{client_authentication::PresentedCredential, time::Timestamp};

use crate::{
    app::App,
    audit::{About, Event},
    catalog::{Api, Client},
    endpoints::{form::Form, token_error::TokenError},
};

/// One way in which a client says who it is.
pub(crate) trait Method: Sync {
    /// Its name in metadata (RFC 7591 §2).
    fn name(&self) -> &'static str;

    /// Whether this credential is of this method and proves that the client presented it.
    fn verify(&self, credential: &PresentedCredential, client: &Client, now: Timestamp) -> bool;
}

/// All methods; what discovery says of them derives from this slice.
pub(crate) const METHODS: &[&dyn Method] =
    &[&client_secret_basic::ClientSecretBasic, &client_secret_post::ClientSecretPost, &none::None];

/// Who calls a back-channel endpoint.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    App(Arc<Client>),
    Api(Arc<Api>),
}

/// The app that calls. Unknown, disabled and wrongly authenticated look alike.
pub(crate) async fn authenticate_app(app: &App, form: &Form) -> Result<Arc<Client>, TokenError> {
    match authenticate(app, form).await? {
        Caller::App(client) => Ok(client),
        Caller::Api(api) => {
            About::api(&api.client_id).note(Event::AuthenticationRefused);
            Err(TokenError::InvalidClient { basic: form.has_authorization() })
        }
    }
}

/// The app or API that calls.
pub(crate) async fn authenticate(app: &App, form: &Form) -> Result<Caller, TokenError> {
    let basic = form.has_authorization();
    let credential = PresentedCredential::parse(form.authorization(), &form.params).map_err(|error| {
        About::default().note(Event::AuthenticationRefused);
        TokenError::Authentication { error, basic }
    })?;
    let caller = find(app, &credential).await?;
    caller.ok_or(TokenError::InvalidClient { basic })
}

async fn find(app: &App, credential: &PresentedCredential) -> Result<Option<Caller>, TokenError> {
    let id = credential.client_id().as_str();
    if let Some(client) = app.catalog().client(id).await? {
        let proven = !client.is_disabled() && proves(credential, &client, app.now());
        if !proven {
            About::app(client.id()).note(Event::AuthenticationRefused);
        }
        return Ok(proven.then_some(Caller::App(client)));
    }
    let apis = app.catalog().apis();
    let api = apis.by_client_id(id);
    let proven = api.filter(|api| !api.disabled).filter(|api| {
        credential.secret().is_some_and(|presented| api.secret_hash.matches(&secret::digest(presented)))
    });
    if proven.is_none() {
        let about = api.map_or_else(About::default, |api| About::api(&api.client_id));
        about.note(Event::AuthenticationRefused);
    }
    Ok(proven.map(|api| Caller::Api(Arc::clone(api))))
}

/// Whether the credential proves the client by the method that it registered, and by no other (RFC 6749 §2.3).
fn proves(credential: &PresentedCredential, client: &Client, now: Timestamp) -> bool {
    METHODS
        .iter()
        .any(|method| client.may_authenticate_by(method.name()) && method.verify(credential, client, now))
}
