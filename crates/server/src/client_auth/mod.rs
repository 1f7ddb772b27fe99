//! Client authentication — RFC 6749 §2.3, RFC 7521 §4.2, OIDC Core §9. One file a method, one line each in [`METHODS`].

mod assertion;
mod client_secret_basic;
mod client_secret_jwt;
mod client_secret_post;
mod none;
mod private_key_jwt;
pub(crate) mod secret;

use std::sync::Arc;

use mapae_protocol::{
    client_assertion::VerifiedAssertion,
    client_authentication::{self, PresentedCredential},
    client_jwt::{ClientAlgorithm, is_known},
    time::Timestamp,
};

use self::assertion::Keys;
pub(crate) use self::{
    assertion::shared_keys, client_secret_basic::NAME as CLIENT_SECRET_BASIC, none::NAME as NONE,
    private_key_jwt::NAME as PRIVATE_KEY_JWT,
};
use crate::{
    app::App,
    audit::{About, Event},
    catalog::{Api, Client},
    client_document::{self, Unread},
    fault::Fault,
    http::form::Form,
};

/// One way in which a client says who it is.
pub(crate) trait Method: Sync {
    /// Its name in metadata (RFC 7591 §2).
    fn name(&self) -> &'static str;

    /// By what it proves the client.
    fn means(&self) -> Means;

    /// How it does, as the help of the command line says it.
    fn meaning(&self) -> &'static str;

    /// What of this credential proves that the client presented it by this method; `None`: nothing.
    fn verify(&self, credential: &PresentedCredential, facts: &Facts<'_>) -> Option<Proof>;

    /// What a client may sign with, if it signs something.
    fn algorithms(&self) -> Vec<ClientAlgorithm> {
        Vec::new()
    }
}

/// By what a client proves itself: what registration, the console and the command line must know of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Means {
    /// By nothing: it only names itself.
    Nothing,
    /// By its secret, which it sends.
    SentSecret,
    /// By what its secret signs; the secret is not sent.
    SigningSecret,
    /// By what a private key of its own signs; there is no secret.
    SigningKey,
}

impl Means {
    /// The client has a secret.
    pub(crate) const fn keeps_secret(self) -> bool {
        matches!(self, Self::SentSecret | Self::SigningSecret)
    }

    /// The client signs what proves it.
    pub(crate) const fn signs(self) -> bool {
        matches!(self, Self::SigningSecret | Self::SigningKey)
    }
}

/// What a method decides by.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    client: &'a Client,
    /// Of a client that presents an assertion.
    keys: Keys,
    issuer: &'a str,
    token_endpoint: &'a str,
    now: Timestamp,
}

/// Who the client is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// Proven.
    Complete,
    /// Proven if this comes for the first time.
    Once(VerifiedAssertion),
}

/// All methods. Discovery, registration, the console and the command line derive from this slice.
pub(crate) const METHODS: &[&dyn Method] = &[
    &client_secret_basic::ClientSecretBasic,
    &client_secret_post::ClientSecretPost,
    &client_secret_jwt::ClientSecretJwt,
    &private_key_jwt::PrivateKeyJwt,
    &none::None,
];

/// The method of this registered name.
pub(crate) fn named(name: &str) -> Option<&'static dyn Method> {
    METHODS.iter().copied().find(|method| method.name() == name)
}

/// Those by which an app that is not public can prove itself.
pub(crate) fn of_confidential_apps() -> impl Iterator<Item = &'static dyn Method> {
    METHODS.iter().copied().filter(|method| method.means() != Means::Nothing)
}

/// Who calls a back-channel endpoint.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    App(Arc<Client>),
    Api(Arc<Api>),
}

/// Why nobody is let in. `basic`: the header was used to say who it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// It is not said in one way who it is.
    #[error("{error}")]
    Malformed { error: client_authentication::Error, basic: bool },
    /// Nobody, or somebody else than it says.
    #[error("the client is not authenticated")]
    NotProven { basic: bool },
    /// Whether it is the client cannot be known now: it is not that it is not (RFC 7009 §2.2.1).
    #[error("what the client says of itself at an address cannot be read")]
    Unavailable,
    #[error("too many requests from one source")]
    TooMany,
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// An app that is proven, as far as the assertion with which it came was not used before.
#[derive(Debug)]
pub(crate) struct Recognised {
    pub(crate) client: Arc<Client>,
    once: Option<VerifiedAssertion>,
}

impl Recognised {
    /// Uses the assertion up, if there is one.
    ///
    /// # Errors
    /// [`Refused::NotProven`]: it was used before
    pub(crate) async fn admitted(self, app: &App, form: &Form) -> Result<Arc<Client>, Refused> {
        if let Some(assertion) = &self.once {
            assertion::use_up(app, &self.client, assertion, &form.source()).await?;
        }
        Ok(self.client)
    }
}

/// The app that calls. Unknown, disabled and wrongly authenticated look alike.
///
/// # Errors
/// As [`authenticate`]; an API is no app
pub(crate) async fn recognise_app(app: &App, form: &Form) -> Result<Recognised, Refused> {
    let (caller, once) = recognise(app, form).await?;
    match caller {
        Caller::App(client) => Ok(Recognised { client, once }),
        Caller::Api(api) => {
            About::api(&api.client_id).note(Event::AuthenticationRefused);
            Err(Refused::NotProven { basic: form.has_authorization() })
        }
    }
}

/// The app or API that calls.
///
/// # Errors
/// [`Refused`]
pub(crate) async fn authenticate(app: &App, form: &Form) -> Result<Caller, Refused> {
    match recognise(app, form).await? {
        (Caller::App(client), once) => {
            Ok(Caller::App(Recognised { client, once }.admitted(app, form).await?))
        }
        (api, _) => Ok(api),
    }
}

/// Who calls, and the assertion that is still to be used up.
type Found = (Caller, Option<VerifiedAssertion>);

async fn recognise(app: &App, form: &Form) -> Result<Found, Refused> {
    let basic = form.has_authorization();
    let credential = PresentedCredential::parse(form.authorization(), &form.params).map_err(|error| {
        About::default().note(Event::AuthenticationRefused);
        Refused::Malformed { error, basic }
    })?;
    let id = credential.client_id().as_str();
    if let Some(from) = form.from {
        client_document::follow(app, id, from).await.map_err(|unread| unread_as(unread, basic))?;
        if names_unknown_key(app, &credential).await? {
            client_document::follow_for_key(app, id, from)
                .await
                .map_err(|unread| unread_as(unread, basic))?;
        }
    }
    let found = find(app, &credential, &form.source()).await?;
    found.ok_or(Refused::NotProven { basic })
}

/// Whether an app that is an address signs with a key that its document did not have. Keys at an address of their own are
/// looked after where they are kept.
async fn names_unknown_key(app: &App, credential: &PresentedCredential) -> Result<bool, Refused> {
    let PresentedCredential::Assertion { client_id, assertion } = credential else { return Ok(false) };
    if client_document::place(client_id.as_str()).is_none() {
        return Ok(false);
    }
    let client = app.catalog().client(client_id.as_str()).await?;
    let keys = client.as_ref().and_then(|client| client.metadata().keys.as_ref());
    Ok(keys.is_some_and(|keys| !is_known(assertion.expose(), keys)))
}

fn unread_as(unread: Unread, basic: bool) -> Refused {
    match unread {
        Unread::NoApp => {
            About::default().note(Event::AuthenticationRefused);
            Refused::NotProven { basic }
        }
        // Whoever it is may come again.
        Unread::Unreachable => Refused::Unavailable,
        Unread::TooMany => Refused::TooMany,
        Unread::Fault(fault) => Refused::Fault(fault),
    }
}

async fn find(app: &App, credential: &PresentedCredential, source: &str) -> Result<Option<Found>, Refused> {
    // Before the client is looked up: nothing after this reads of a machine whether it still is what memory says it is.
    app.changes().require_present(app).await?;
    let id = credential.client_id().as_str();
    if let Some(client) = app.catalog().client(id).await? {
        let proof =
            if client.is_disabled() { None } else { proven(app, credential, &client, source).await? };
        let once = match proof {
            Some(Proof::Complete) => None,
            Some(Proof::Once(assertion)) => Some(assertion),
            None => {
                About::app(client.id()).note(Event::AuthenticationRefused);
                return Ok(None);
            }
        };
        return Ok(Some((Caller::App(client), once)));
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
    Ok(proven.map(|api| (Caller::Api(Arc::clone(api)), None)))
}

/// What the credential proves of the client now.
async fn proven(
    app: &App,
    credential: &PresentedCredential,
    client: &Client,
    source: &str,
) -> Result<Option<Proof>, Refused> {
    let keys = assertion::keys(app, credential, client, source).await?;
    let (issuer, token_endpoint) = (app.issuer().as_str(), app.token_endpoint());
    Ok(proof(credential, &Facts { client, keys, issuer, token_endpoint, now: app.now() }))
}

/// What the credential proves by the method that the client registered, and by no other (RFC 6749 §2.3).
fn proof(credential: &PresentedCredential, facts: &Facts<'_>) -> Option<Proof> {
    let registered = METHODS.iter().filter(|method| facts.client.may_authenticate_by(**method));
    registered.filter_map(|method| method.verify(credential, facts)).next()
}
