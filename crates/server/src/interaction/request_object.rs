//! Requests that come in an object which the app has signed — RFC 9101 §5, §6, OIDC Core §6; threats PA-10 … PA-14.

use axum::response::Response;
use mapae_protocol::{
    authorization::{
        ReturnPath,
        request_object::{self, Error, Expectations, Flaw, Given},
        target::RequestedTarget,
    },
    client_jwt::{ClientAlgorithm, ClientKeys},
    error::{ErrorCode, OAuthError},
    fapi::Profile,
    jose::MAX_TOKEN,
    params::Params,
    time::Leeway,
};

use super::{PageError, Visit, pushed::client_of, refuse};
use crate::{
    accounts::{fetches, throttle::REQUEST_OBJECTS},
    app::App,
    app_keys,
    catalog::Client,
    client_auth::shared_keys,
    client_document,
    fault::Fault,
    fetch::FetchError,
    http::ClientAddress,
};

/// How far the clocks of an app and of this server may differ.
const LEEWAY: Leeway = Leeway::seconds(10);
/// RFC 6749 §4.1.2.1.
const UNAVAILABLE: OAuthError = OAuthError::new(
    ErrorCode::TemporarilyUnavailable,
    "the keys of the app cannot be read now: try again in a minute",
);

/// Why an object is no request.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unopened {
    #[error(transparent)]
    Refused(#[from] Error),
    #[error("too many objects are asked for from one source")]
    TooMany,
    /// Nobody knows whether the app has signed it.
    #[error("the keys of the app cannot be had now")]
    Unavailable,
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<app_keys::Unavailable> for Unopened {
    fn from(unavailable: app_keys::Unavailable) -> Self {
        match unavailable {
            app_keys::Unavailable::Unread => Self::Unavailable,
            app_keys::Unavailable::TooMany => Self::TooMany,
        }
    }
}

/// A visit with its request, out of the object if it came in one.
pub(crate) enum Unfolded {
    /// The visit, and whether the app has signed what it asks.
    Request(Box<Visit>, bool),
    /// The app has been answered.
    Answered(Response),
}

/// Takes the request of a visit out of its object. What stands outside counts no more, but for telling who asks and, when
/// the object is none, where the app hears of that.
pub(crate) async fn unfolded(mut visit: Visit) -> Result<Unfolded, PageError> {
    let given = Given::of(&visit.params);
    if matches!(given, Ok(None)) {
        return Ok(Unfolded::Request(visit.into(), false));
    }
    let (client_id, from) = (client_of(&visit)?, visit.context.client);
    client_document::follow(&visit.app, client_id.as_str(), from).await?;
    let client = visit.app.catalog().client(client_id.as_str()).await?;
    let client = client.filter(|client| !client.is_disabled()).ok_or(PageError::UnknownApp)?;
    let opened = match given {
        Ok(Some(given)) => open(&visit.app, &client, given, from).await,
        Ok(None) => return Ok(Unfolded::Request(visit.into(), false)),
        Err(error) => Err(error.into()),
    };
    match opened {
        Ok(params) => {
            visit.params = params;
            Ok(Unfolded::Request(visit.into(), true))
        }
        Err(Unopened::TooMany) => Err(PageError::TooMany),
        Err(Unopened::Fault(fault)) => Err(fault.into()),
        Err(Unopened::Unavailable) => answered(&visit, &client, UNAVAILABLE).await.map(Unfolded::Answered),
        Err(Unopened::Refused(error)) => {
            answered(&visit, &client, error.into()).await.map(Unfolded::Answered)
        }
    }
}

/// Nobody has signed where the answer shall go, so that only an address counts that the app has registered, as for any
/// request; without one there is a page.
async fn answered(visit: &Visit, client: &Client, error: OAuthError) -> Result<Response, PageError> {
    let target = RequestedTarget::parse(&visit.params).ok();
    let redirect = target.and_then(|target| client.trust(&target)).ok_or(PageError::BadRequest)?;
    let back = ReturnPath::of(&visit.params);
    Ok(refuse(visit, client, &redirect, &back, error).await?)
}

/// The request that an app has signed, verified with its keys of this moment.
pub(crate) async fn open(
    app: &App,
    client: &Client,
    given: Given,
    from: ClientAddress,
) -> Result<Params, Unopened> {
    let metadata = client.metadata();
    let object = match given {
        Given::Object(object) => object,
        Given::Reference(address) => fetched(app, client, &address, from).await?,
    };
    let expected = Expectations {
        client_id: client.id(),
        issuer: app.issuer().as_str(),
        now: app.now(),
        leeway: LEEWAY,
        dated: client.profile().is_some_and(Profile::signs_messages),
    };
    let opened = match metadata.request_object_algorithm {
        Some(ClientAlgorithm::Shared) if client.profile().is_none() => {
            let keys = shared_keys(app, client)?;
            request_object::verify(&object, ClientKeys::Shared(&keys), &expected)
        }
        _ if metadata.keys.is_none() && metadata.keys_address.is_none() => {
            return Err(Error::NotSupported.into());
        }
        only => {
            let only = match only {
                Some(ClientAlgorithm::Private(only)) => Some(only),
                Some(ClientAlgorithm::Shared) | None => None,
            };
            let keys = app_keys::of(app, client, &object, &from.throttle_key().to_string()).await?;
            let algorithms = client.algorithms(only);
            let keys = ClientKeys::Public { keys: &keys, algorithms: &algorithms };
            request_object::verify(&object, keys, &expected)
        }
    };
    Ok(opened.map_err(|flaw| noted(client, flaw))?)
}

/// What is wrong with an object is for the app's operator to find out.
fn noted(client: &Client, flaw: Flaw) -> Error {
    let reason: &dyn std::error::Error = &flaw;
    tracing::info!(client = client.id(), reason, "a request object was refused");
    flaw.into()
}

/// What stands at an address that the app has registered, byte for byte (OIDC Core §6.2, RFC 9101 §10.4): nobody else makes
/// this server ask anywhere.
async fn fetched(app: &App, client: &Client, address: &str, from: ClientAddress) -> Result<String, Unopened> {
    let registered = &client.metadata().request_uris;
    if registered.is_empty() {
        return Err(Error::UriNotSupported.into());
    }
    let Some(address) = registered.iter().find(|registered| registered.as_str() == address) else {
        return Err(Error::UriNotRegistered.into());
    };
    let source = from.throttle_key().to_string();
    let asker = fetches::asker(Some(client.registered()), &source);
    let charged = app.throttle().charge(REQUEST_OBJECTS, &source, app.now());
    charged.and_then(|()| fetches::charge(app, asker)).map_err(|_| Unopened::TooMany)?;
    let fetched = app.fetcher().get(address.address(), MAX_TOKEN, asker).await.map_err(|error| {
        let shown: &dyn std::error::Error = &error;
        tracing::info!(address = address.as_str(), error = shown, "a request object was not fetched");
        match error {
            FetchError::Crowded => Unopened::TooMany,
            _ => Error::UriNotFetched.into(),
        }
    })?;
    let text = String::from_utf8(fetched.body).map_err(|_| Error::UriNotFetched)?;
    Ok(text.trim_ascii().to_owned())
}
