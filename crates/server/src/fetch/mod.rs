//! What goes out because a client asked for it — RFC 7591 §5, RFC 9101 §10.4, threats DC-04, AD-16.
//!
//! Keys, request objects, sector documents, logos, logout notices: whoever registers an app chooses these addresses, and
//! this server is inside somebody's network. All of it goes out here: to public addresses only, judged after the name was
//! resolved and before anything is connected to, over TLS, without credentials, redirects and proxies, small and quick.
//!
//! A [`FetchError`] is for the log. Whoever caused the fetch is told one thing for all of them: nobody is to learn from
//! us what answers where.

mod address;
mod places;
pub(crate) mod readings;
mod resolver;
pub(crate) mod site;
pub(crate) mod turns;

use std::{
    error::Error,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::{StatusCode, header};
use mapae_protocol::{endpoint_uri::EndpointUri, params};
use reqwest::{Certificate, Client, RequestBuilder, Response, redirect, retry};
use tokio::time::timeout;
use url::{Host, Url};

pub(crate) use self::address::is_public;
use self::{
    places::Places,
    resolver::{Forbidden, Judge, Resolver, System},
};
use crate::config::{self, Development};

/// How much fetches may cost.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// From the wish to the last byte.
    time: Duration,
    in_all: usize,
    of_site: usize,
}

impl Limits {
    const USUAL: Self = Self { time: Duration::from_secs(3), in_all: 32, of_site: 4 };
}

/// Most bytes of a document that programs read.
pub(crate) const DOCUMENT_BYTES: usize = 64 * 1_024;

/// Why a fetch gave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    /// `http`, where the settings do not allow it.
    #[error("the address is not https")]
    Insecure,
    /// Not on the public internet.
    #[error("the address is not public")]
    Forbidden,
    /// There is no such host, nothing listens there, or its certificate is not trusted.
    #[error("the host cannot be reached")]
    Unreachable,
    /// The time was up, before it had its turn or before the answer was complete.
    #[error("the fetch took too long")]
    Timeout,
    /// Too many others wait for their turn, or strangers have had what there is for them.
    #[error("too much is fetched at this moment")]
    Crowded,
    /// The connection broke, or what came was not HTTP.
    #[error("the connection broke before the answer was complete")]
    Broken,
    /// The answer sends us elsewhere.
    #[error("the answer is a redirect")]
    Redirected,
    /// There is nothing at the address (any more).
    #[error("there is nothing at the address")]
    Gone,
    /// The answer has another status than 200.
    #[error("the answer has an unexpected status")]
    Status,
    /// The answer is longer than is read.
    #[error("the answer is too long")]
    TooLong,
    /// The answer is compressed although that was not asked for.
    #[error("the answer is compressed")]
    Compressed,
    /// No certificate authority could be loaded.
    #[error("no certificate authorities could be loaded")]
    NoRoots,
}

/// What stood at an address.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// Its declared type without parameters, in lower case; empty when there is none.
    pub(crate) media_type: String,
    pub(crate) body: Vec<u8>,
}

/// For whom something is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    /// For an app that the operator stands behind.
    pub(crate) verified: bool,
    /// Where the request comes from that makes this server read it.
    pub(crate) source: IpAddr,
}

/// The one way out.
#[derive(Debug)]
pub(crate) struct Fetcher {
    rules: Rules,
    limits: Limits,
    reading: Ways,
    /// For what is told: whoever makes this server read from slow hosts keeps no notice of logout waiting, and the other
    /// way round. Who tells counts by site and by owner beforehand (`logout/room.rs`), so that nobody waits here.
    telling: Ways,
}

/// One way for apps that the operator stands behind, whom no stranger's hosts keep waiting, however many and slow; and one
/// for all others.
#[derive(Debug)]
struct Ways {
    verified: Way,
    strangers: Way,
}

impl Ways {
    fn new(limits: Limits, resolver: impl Fn() -> Arc<dyn Resolver>) -> Self {
        let way = || Way::new(limits, resolver());
        Self { verified: way(), strangers: way() }
    }

    const fn of(&self, verified: bool) -> &Way {
        if verified { &self.verified } else { &self.strangers }
    }
}

/// A way out with places and lookups of its own.
#[derive(Debug)]
struct Way {
    places: Places,
    resolver: Arc<dyn Resolver>,
    /// Made when it is first used: loading the machine's certificate authorities takes longer than a start.
    client: OnceLock<Option<Client>>,
}

impl Way {
    fn new(limits: Limits, resolver: Arc<dyn Resolver>) -> Self {
        let places = Places::new(limits.in_all, limits.of_site);
        Self { places, resolver, client: OnceLock::new() }
    }
}

/// What one exchange goes by.
struct Errand<'a> {
    way: &'a Way,
    address: &'a EndpointUri,
    source: IpAddr,
}

#[derive(Debug)]
struct Rules {
    private: bool,
    /// `http` to this machine.
    loopback_http: bool,
    roots: Vec<Certificate>,
}

impl Fetcher {
    /// Fetches by these settings. `http` is for development, and to private addresses.
    pub(crate) fn new(settings: &config::Fetch, development: Development) -> Self {
        let rules = Rules {
            private: settings.private_addresses,
            loopback_http: settings.private_addresses && development == Development::Yes,
            roots: settings.root_certificates.clone(),
        };
        Self::with(rules, Limits::USUAL, || Arc::new(System::default()))
    }

    fn with(rules: Rules, limits: Limits, resolver: impl Fn() -> Arc<dyn Resolver>) -> Self {
        let telling = Limits { of_site: limits.in_all, ..limits };
        Self { rules, limits, reading: Ways::new(limits, &resolver), telling: Ways::new(telling, &resolver) }
    }

    /// What stands at an address, of at most so many bytes.
    ///
    /// # Errors
    /// Anything but a direct `200 OK`.
    pub(crate) async fn get(
        &self,
        address: &EndpointUri,
        most: usize,
        asker: Asker,
    ) -> Result<Fetched, FetchError> {
        let read = async |response: Response| {
            let response = direct(response)?;
            match response.status() {
                StatusCode::OK => {}
                StatusCode::NOT_FOUND | StatusCode::GONE => return Err(FetchError::Gone),
                _ => return Err(FetchError::Status),
            }
            let media_type = media_type(&response);
            Ok(Fetched { media_type, body: body(response, most).await? })
        };
        let errand = Errand { way: self.reading.of(asker.verified), address, source: asker.source };
        self.exchange(errand, |client, url| client.get(url), read).await
    }

    /// Posts a form, for an app that the operator stands behind or for another one. What is answered is not read, only with which status.
    ///
    /// # Errors
    /// No answer, or one that sends us elsewhere.
    pub(crate) async fn post_form(
        &self,
        address: &EndpointUri,
        form: &[(&str, &str)],
        verified: bool,
    ) -> Result<StatusCode, FetchError> {
        let body = params::encode(form.iter().copied());
        let post = |client: &Client, url| {
            let form = "application/x-www-form-urlencoded";
            client.post(url).header(header::CONTENT_TYPE, form).body(body)
        };
        // Nobody in particular causes it.
        let errand = Errand { way: self.telling.of(verified), address, source: Ipv4Addr::UNSPECIFIED.into() };
        self.exchange(errand, post, async |response| Ok(direct(response)?.status())).await
    }

    async fn exchange<T>(
        &self,
        errand: Errand<'_>,
        request: impl FnOnce(&Client, Url) -> RequestBuilder,
        read: impl AsyncFnOnce(Response) -> Result<T, FetchError>,
    ) -> Result<T, FetchError> {
        let Errand { way, address, source } = errand;
        let url = self.judged(address)?;
        let client = self.client(way).ok_or(FetchError::NoRoots)?;
        let site = site::of(&url);
        let request = request(client, url);
        let exchange = async {
            let _place = way.places.take(&site, source).await.map_err(|_| FetchError::Crowded)?;
            read(request.send().await.map_err(|error| classify(&error))?).await
        };
        timeout(self.limits.time, exchange).await.unwrap_or(Err(FetchError::Timeout))
    }

    /// The address as it is connected to. The resolver is not asked for a host that is an address itself, in whatever
    /// notation, so it is judged here.
    fn judged(&self, address: &EndpointUri) -> Result<Url, FetchError> {
        let url = Url::parse(address.as_str()).map_err(|_| FetchError::Unreachable)?;
        if url.scheme() != "https" && !self.rules.loopback_http {
            return Err(FetchError::Insecure);
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(FetchError::Unreachable),
        };
        match literal {
            Some(address) if !self.rules.private && !is_public(address) => Err(FetchError::Forbidden),
            _ => Ok(url),
        }
    }

    fn client<'a>(&self, way: &'a Way) -> Option<&'a Client> {
        way.client.get_or_init(|| self.build(way)).as_ref()
    }

    fn build(&self, way: &Way) -> Option<Client> {
        let judge = Judge { resolver: Arc::clone(&way.resolver), private: self.rules.private };
        let builder = Client::builder()
            .dns_resolver(judge)
            .https_only(!self.rules.loopback_http)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            // A name is resolved and judged for each fetch.
            .pool_max_idle_per_host(0)
            .user_agent(concat!("mapae/", env!("CARGO_PKG_VERSION")));
        builder.tls_certs_merge(self.rules.roots.iter().cloned()).build().ok()
    }
}

/// The answer, unless it sends us elsewhere.
fn direct(response: Response) -> Result<Response, FetchError> {
    if response.status().is_redirection() { Err(FetchError::Redirected) } else { Ok(response) }
}

fn media_type(response: &Response) -> String {
    let declared = response.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = declared.unwrap_or_default().split(';').next().unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

async fn body(mut response: Response, most: usize) -> Result<Vec<u8>, FetchError> {
    if response.headers().get(header::CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(FetchError::Compressed);
    }
    if response.content_length().is_some_and(|length| length > most as u64) {
        return Err(FetchError::TooLong);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        if body.len() + chunk.len() > most {
            return Err(FetchError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn classify(error: &reqwest::Error) -> FetchError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<Forbidden>() {
            return FetchError::Forbidden;
        }
        cause = inner.source();
    }
    if error.is_connect() || error.is_builder() { FetchError::Unreachable } else { FetchError::Broken }
}

#[cfg(test)]
mod tests;
