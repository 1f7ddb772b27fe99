//! Apps that are an address: what stands there is their registration — draft-ietf-oauth-client-id-metadata-document §3, §4, §5.
//!
//! The document is fetched when somebody is sent here by the app, and kept as an app that registered itself: what is issued
//! rests on a row, as for any other. It is public or signs with a key of its own, because there is nobody to give a secret
//! to, and one that nobody has checked. When what people saw of it changes, everybody is asked again.

mod fresh;
mod keeping;

use std::time::Duration;

use mapae_protocol::{client_id::ClientId, endpoint_uri::EndpointUri, strict_json, uri::Uri};
use serde_json::{Map, Value};
use tokio::time::timeout;

pub(crate) use self::fresh::FreshDocuments;
use self::{fresh::Wanted, keeping::Kept};
use crate::{
    accounts::{fetches, throttle::CLIENT_DOCUMENTS},
    app::App,
    catalog::Client,
    client_auth::{self, NONE},
    config::Development,
    contention,
    fault::Fault,
    fetch::{Asker, FetchError},
    http::ClientAddress,
    interaction::PageError,
    registration::{
        Refused,
        described::{self, NotDescribed},
    },
    store::{
        apps::{self, RegisteredApp},
        registrations::Networks,
    },
};

/// Longest document (draft-ietf-oauth-client-id-metadata-document §8.7 recommends a limit).
const BYTES: usize = 16 * 1_024;
/// For how long somebody waits for another one who fetches the same document, and for all of it if the app can go on as it
/// was read last.
const PATIENCE: Duration = Duration::from_secs(5);
/// What can only be agreed on with somebody (draft-ietf-oauth-client-id-metadata-document §4.1).
const SECRETS: [&str; 2] = ["client_secret", "client_secret_expires_at"];

/// Why there is no document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    /// Nobody knows what stands there now.
    Unknown,
    /// Too much else is fetched.
    TooMany,
    /// No document that is one.
    Wrong,
}

/// Why an app that is an address cannot be taken as it is now.
#[derive(Debug)]
pub(crate) enum Unread {
    /// There is no such app.
    NoApp,
    /// Its site does not answer, and nobody knows what it said last.
    Unreachable,
    /// Too many documents were asked for.
    TooMany,
    Fault(Fault),
}

impl From<Fault> for Unread {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<Unread> for PageError {
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::NoApp | Unread::Unreachable => Self::UnknownApp,
            Unread::TooMany => Self::TooMany,
            Unread::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// Reads the document of an app that is an address, unless that was done not long ago. Any other app is as it is
/// registered.
///
/// # Errors
/// There is no such document, or it cannot be taken: then there is no such app. While its site does not answer, and when too
/// many documents were asked for, the app goes on as it was read last, for a day.
pub(crate) async fn follow(app: &App, id: &str, from: ClientAddress) -> Result<(), Unread> {
    look(app, id, Wanted::Fresh, from).await
}

/// The same for a key that the app does not have by what was read: its document is read again, but not all the time.
///
/// # Errors
/// As [`follow`]
pub(crate) async fn follow_for_key(app: &App, id: &str, from: ClientAddress) -> Result<(), Unread> {
    look(app, id, Wanted::Key, from).await
}

async fn look(app: &App, id: &str, wanted: Wanted, from: ClientAddress) -> Result<(), Unread> {
    let Some(address) = address(app, id) else { return Ok(()) };
    let documents = app.fresh_documents();
    if documents.suffices(id, wanted, app.now()) {
        return Ok(());
    }
    let goes_on = documents.bridges(id, app.now());
    let (of_task, of_document) = (app.clone(), id.to_owned());
    let fetch = move || async move { looked_again(&of_task, &of_document, &address, wanted, from).await };
    let looked = async {
        let Ok(begun) = timeout(PATIENCE, documents.begin(id, fetch)).await else {
            return documents.going_on(id, Unread::TooMany, app.now());
        };
        begun.await.unwrap_or(Err(Unread::Unreachable))
    };
    if !goes_on {
        return looked.await;
    }
    // It is somebody else's server that is slow.
    timeout(PATIENCE, looked).await.unwrap_or(Ok(()))
}

async fn looked_again(
    app: &App,
    id: &str,
    address: &EndpointUri,
    wanted: Wanted,
    from: ClientAddress,
) -> Result<(), Unread> {
    let (documents, now) = (app.fresh_documents(), app.now());
    if documents.suffices(id, wanted, now) {
        return Ok(());
    }
    let Some(asker) = charged(app, id, from).await? else {
        return documents.going_on(id, Unread::TooMany, now);
    };
    documents.ask(id, asker.verified, now);
    // What is fetched is news of the app as it is before: another node may fetch it later, and keep it earlier.
    let before = apps::find(app.db(), id).await.map_err(Fault::from)?;
    let read = match fetch(app, address, asker).await {
        Ok(said) => read(app, (id, before.as_ref()), &said, from).await,
        Err(Missing::Unknown) => return documents.going_on(id, Unread::Unreachable, app.now()),
        Err(Missing::TooMany) => return documents.going_on(id, Unread::TooMany, app.now()),
        Err(Missing::Wrong) => Err(Unread::NoApp),
    };
    match &read {
        Ok(Kept::AsSaid) => documents.add(id, asker.verified, now),
        // Nobody knows which of the two is newer: whoever comes next looks again. What the other wrote counts here at once.
        Ok(Kept::AsOthersSay) => drop(app.changes().follow(app).await?),
        Err(Unread::NoApp) => documents.forget(id),
        Err(Unread::Unreachable | Unread::TooMany) if documents.bridges(id, app.now()) => return Ok(()),
        Err(Unread::Unreachable | Unread::TooMany | Unread::Fault(_)) => {}
    }
    read.map(|_| ())
}

/// Who makes this server fetch the document, unless that was too often.
async fn charged(app: &App, id: &str, from: ClientAddress) -> Result<Option<Asker>, Fault> {
    let source = from.throttle_key().to_string();
    if app.throttle().charge(CLIENT_DOCUMENTS, &source, app.now()).is_err() {
        return Ok(None);
    }
    let client = app.catalog().client(id).await?;
    let asker = fetches::asker(client.as_deref().map(Client::registered), &source);
    Ok(fetches::charge(app, asker).is_ok().then_some(asker))
}

/// Takes in what the document says of an app that was so `before` it was fetched. What it names is fetched once.
async fn read(
    app: &App,
    (id, before): (&str, Option<&RegisteredApp>),
    said: &Map<String, Value>,
    from: ClientAddress,
) -> Result<Kept, Unread> {
    let source = from.throttle_key().to_string();
    let asked = described::ask(app, said, present(before), &source).await.map_err(refused)?;
    let networks = Networks::of(from.ip());
    let attempt = || keeping::keep(app, (id, before), &asked, &networks);
    // An app that is there needs no room, and so does not wait for it among those that come.
    let kept = match present(before) {
        Some(_) => contention::until_done(attempt).await,
        None => app.newcomers().until_done(attempt).await,
    };
    match kept {
        // Others were always faster.
        Err(Unread::Fault(Fault::Contention)) => Err(Unread::TooMany),
        kept => kept,
    }
}

/// The app, unless it is gone.
fn present(before: Option<&RegisteredApp>) -> Option<&RegisteredApp> {
    before.filter(|before| before.app.deleted_at.is_none())
}

/// The address that a client id is, if this server takes such and it is one of those that there may be
/// (draft-ietf-oauth-client-id-metadata-document §3).
fn address(app: &App, id: &str) -> Option<EndpointUri> {
    let config = app.config();
    let desk = config.fetch.private_addresses && Development::of(&config.site) == Development::Yes;
    let uri = Uri::parse(id).ok()?;
    let secure = uri.scheme == "https" || desk;
    let plain = secure && !uri.path.is_empty() && uri.query.is_none() && !uri.has_dot_segment();
    // Browsers show one address however its host is written: there is one app at it.
    let is_lower = |part: &str| !part.bytes().any(|byte| byte.is_ascii_uppercase());
    let lower = is_lower(uri.scheme) && uri.authority.is_some_and(|authority| is_lower(authority.host));
    let taken = config.registration.client_documents && plain && lower && ClientId::parse(id).is_ok();
    taken.then(|| EndpointUri::parse(id).ok()).flatten()
}

/// What the document says, if it is about the address at which it stands
/// (draft-ietf-oauth-client-id-metadata-document §4).
async fn fetch(app: &App, address: &EndpointUri, asker: Asker) -> Result<Map<String, Value>, Missing> {
    let fetched = app.fetcher().get(address, BYTES, asker).await;
    let fetched = fetched.map_err(|error| {
        let shown: &dyn std::error::Error = &error;
        tracing::info!(address = address.as_str(), error = shown, "a client document was not fetched");
        match error {
            // A site that is being deployed says nothing about its app.
            FetchError::Timeout
            | FetchError::Unreachable
            | FetchError::Broken
            | FetchError::Status
            | FetchError::NoRoots => Missing::Unknown,
            FetchError::Crowded => Missing::TooMany,
            FetchError::Gone
            | FetchError::Insecure
            | FetchError::Forbidden
            | FetchError::Redirected
            | FetchError::TooLong
            | FetchError::Compressed => Missing::Wrong,
        }
    })?;
    let is_json = fetched.media_type == "application/json"
        || (fetched.media_type.starts_with("application/") && fetched.media_type.ends_with("+json"));
    let said = strict_json::parse_object(&fetched.body, BYTES).ok().filter(|_| is_json);
    said.and_then(|said| own(said, address.as_str())).ok_or(Missing::Wrong)
}

/// The document, unless it is another's or of an app that shares a secret
/// (draft-ietf-oauth-client-id-metadata-document §4.1). One that does not say how it
/// authenticates cannot: the default of RFC 7591 §2 is a secret, and there is none.
pub(crate) fn own(mut said: Map<String, Value>, id: &str) -> Option<Map<String, Value>> {
    let method = said.entry("token_endpoint_auth_method").or_insert_with(|| Value::from(NONE));
    let known = method.as_str().and_then(client_auth::named);
    let secretless = known.is_some_and(|method| !method.means().keeps_secret());
    let shares = SECRETS.iter().any(|name| said.contains_key(*name));
    let storable = !strict_json::holds_nul(&said);
    (secretless && !shares && storable && said.get("client_id").is_some_and(|own| *own == id)).then_some(said)
}

/// Why it cannot be taken is for its owner to find out, not for whoever was sent here.
fn refused(error: NotDescribed) -> Unread {
    match error {
        NotDescribed::Fault(fault) => Unread::Fault(fault),
        // It may be another site that is away.
        NotDescribed::Refused(Refused::SectorDocument) => Unread::Unreachable,
        refused @ NotDescribed::Refused(_) => {
            let refused: &dyn std::error::Error = &refused;
            tracing::info!(refused, "a client document was refused");
            Unread::NoApp
        }
    }
}

/// The host and the origin of an app that is an address: who it is, wherever it leads.
pub(crate) fn place(id: &str) -> Option<(&str, String)> {
    let uri = Uri::parse(id).ok().filter(Uri::is_web)?;
    Some((uri.authority?.host, uri.origin()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(said: &Value) -> Option<Map<String, Value>> {
        own(said.as_object().unwrap().clone(), "https://a.example/app.json")
    }

    /// draft-ietf-oauth-client-id-metadata-document §4, §4.1.
    #[test]
    fn dc_11_a_document_is_about_its_address_and_shares_no_secret() {
        let id = "https://a.example/app.json";
        assert_eq!(read(&json!({ "client_id": id })).unwrap()["token_endpoint_auth_method"], "none");
        let signs = json!({ "client_id": id, "token_endpoint_auth_method": "private_key_jwt" });
        assert!(read(&signs).is_some(), "a key of its own is no shared secret");
        for wrong in [
            json!({}),
            json!({ "client_id": "https://a.example:443/app.json" }),
            json!({ "client_id": "https://A.example/app.json" }),
            json!({ "client_id": [id] }),
            json!({ "client_id": id, "token_endpoint_auth_method": "client_secret_basic" }),
            json!({ "client_id": id, "token_endpoint_auth_method": "client_secret_post" }),
            json!({ "client_id": id, "token_endpoint_auth_method": "client_secret_jwt" }),
            json!({ "client_id": id, "token_endpoint_auth_method": null }),
            json!({ "client_id": id, "client_secret": "x" }),
            json!({ "client_id": id, "client_secret_expires_at": 0 }),
            json!({ "client_id": id, "client_name": "a\u{0}b" }),
        ] {
            assert_eq!(read(&wrong), None, "{wrong}");
        }
    }
}
