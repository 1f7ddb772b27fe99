//! Ways in for the crate `mapae-fuzz`, to parsers that are nobody else's business. Nothing here is promised.

use std::net::IpAddr;

use bytes::Bytes;
use http::{HeaderMap, Uri};
use mapae_protocol::seal::SealRoot;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{
    accounts::known_claims,
    client_document,
    config::{Development, ForwardedHeader, Site},
    console::picture::Picture,
    http::{Proxies, head_lines, host, multipart},
    interaction::{Authorize, Errand, Step},
    issue::{AuthorizationCode, OpaqueAccessToken, RefreshToken},
    keys::Seals,
    registration::{self, KnownScopes, Offer, Request, Surroundings},
};

/// A field of a form: its name, whether it is a file, what it holds, and whether that is all of it.
pub type Part = (String, bool, Vec<u8>, bool);

/// The fields of a form with files.
#[must_use]
pub fn multipart(body: &[u8], boundary: &str, cut: bool) -> Option<Vec<Part>> {
    let parts = multipart::parse(&Bytes::copy_from_slice(body), boundary, cut).ok()?;
    Some(parts.into_iter().map(|part| (part.name, part.is_file, part.content.to_vec(), part.whole)).collect())
}

/// The boundary that headers announce.
#[must_use]
pub fn boundary(headers: &HeaderMap) -> Option<&str> {
    multipart::boundary(headers)
}

/// A picture, drawn anew: PNG in base64url.
#[must_use]
pub fn picture(file: &[u8]) -> Option<String> {
    Picture::draw(file).ok().map(|picture| picture.png)
}

/// The redirect URIs of an app that may be registered as it says; `None`: it may not.
#[must_use]
pub fn registration(said: &Map<String, Value>) -> Option<Vec<String>> {
    let scopes = KnownScopes::standard_and(["calendar.read"]);
    let request = Request::parse(said, Offer { scopes: &scopes }).ok()?;
    let around = Surroundings { scopes: &scopes, development: Development::No };
    match request.draft.judge(around) {
        Ok(app) => Some(app.new_app(request.id_token_alg.as_str()).1.redirect_uris),
        Err(mistakes) => {
            assert!(request.refused(&mistakes).is_some(), "refused for nothing");
            None
        }
    }
}

/// What a document says of the app that is the address `id`.
#[must_use]
pub fn client_document(said: Map<String, Value>, id: &str) -> Option<Map<String, Value>> {
    client_document::own(said, id)
}

/// Whether a document names every one of these redirect URIs.
#[must_use]
pub fn sector_document(document: &[u8], redirect_uris: &[String]) -> bool {
    registration::names_all(document, redirect_uris)
}

/// Whose a request is that comes from `peer`, with proxies in `10.0.0.0/8`.
#[must_use]
pub fn client_address(peer: IpAddr, headers: &HeaderMap) -> [IpAddr; 2] {
    let networks = || "10.0.0.0/8".parse().into_iter().collect();
    let of = |header| Proxies::new(networks(), header).client(peer, headers).ip();
    [of(ForwardedHeader::XForwardedFor), of(ForwardedHeader::Forwarded)]
}

/// What the parser of heads is given of these bytes when they come in pieces of this length.
#[must_use]
pub fn head_lines(bytes: &[u8], length: usize) -> Vec<u8> {
    head_lines::passed_on(bytes, length)
}

/// Whether a request with these headers is for the server at `site`.
#[must_use]
pub fn is_for(headers: &HeaderMap, site: &Site) -> bool {
    host::verify(&Uri::default(), headers, site).is_ok()
}

/// What an operator tells of a person, as it is kept.
#[must_use]
pub fn known_claims(text: &[u8]) -> Option<String> {
    known_claims::parse(text).ok()
}

/// How many kinds of what this server seals for strangers a text is.
#[must_use]
pub fn sealed(text: &str, root: &SealRoot) -> usize {
    let Ok(seals) = Seals::new(std::slice::from_ref(root)) else { return 0 };
    let opened = [
        AuthorizationCode::open(text, &seals.codes).is_some(),
        RefreshToken::open(text, &seals.refresh_tokens).is_some(),
        OpaqueAccessToken::open(text, &seals.access_tokens).is_some(),
        seals.steps.open(text, b"").is_ok(),
    ];
    opened.into_iter().filter(|opened| *opened).count()
}

/// What is inside of a seal: read, written, and read again.
pub fn unsealed(bytes: &[u8]) {
    same::<AuthorizationCode>(bytes);
    same::<RefreshToken>(bytes);
    same::<OpaqueAccessToken>(bytes);
    same_text::<Step<Errand>>(bytes);
    same_text::<Authorize>(bytes);
}

fn same<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    let Ok(read) = postcard::from_bytes::<T>(bytes) else { return };
    let written = postcard::to_allocvec(&read).unwrap_or_default();
    assert!(postcard::from_bytes::<T>(&written).is_ok_and(|again| again == read), "{read:?}");
}

/// The same for JSON, by its text: these types are compared nowhere and have no equality.
fn same_text<T: Serialize + DeserializeOwned>(bytes: &[u8]) {
    let Ok(read) = serde_json::from_slice::<T>(bytes) else { return };
    let written = serde_json::to_vec(&read).unwrap_or_default();
    let again = serde_json::from_slice::<T>(&written).ok().and_then(|again| serde_json::to_vec(&again).ok());
    assert_eq!(again, Some(written), "it came back as something else");
}
