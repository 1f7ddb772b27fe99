//! The document in which the API describes itself — RFC 9728 §2, RFC 9728 §3.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use mapae_protocol::{endpoint_uri::EndpointUri, resource_metadata::ResourceMetadata, uri::Uri};

const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
];

/// For browser applications that send headers of their own when they read the document.
const PREFLIGHT_HEADERS: [(HeaderName, HeaderValue); 2] = [
    (header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, HEAD")),
    (header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static("*")),
];

/// The document as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    address: EndpointUri,
    path: String,
    json: Bytes,
}

impl Document {
    /// `None` if the API's identifier is not an address on the web, or the document has no JSON form.
    pub(crate) fn of(metadata: &ResourceMetadata) -> Option<Self> {
        let address = ResourceMetadata::address_of(&metadata.resource)?;
        let path = Uri::parse(address.as_str()).ok()?.path.to_owned();
        let json = serde_json::to_vec(metadata).ok()?.into();
        Some(Self { address, path, json })
    }

    pub(crate) const fn address(&self) -> &EndpointUri {
        &self.address
    }

    /// The answer, if this request asks for the document. It needs no token and never reaches the application.
    pub(crate) fn answer(&self, method: &Method, path: &str) -> Option<Response<Full<Bytes>>> {
        if path != self.path {
            return None;
        }
        match *method {
            Method::GET | Method::HEAD => Some(self.content(method)),
            Method::OPTIONS => Some(preflight()),
            _ => None,
        }
    }

    fn content(&self, method: &Method) -> Response<Full<Bytes>> {
        let body = if method == Method::HEAD { Bytes::new() } else { self.json.clone() };
        let mut response = Response::new(Full::new(body));
        let headers = response.headers_mut();
        headers.extend(HEADERS);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}

fn preflight() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    response.headers_mut().extend(HEADERS);
    response.headers_mut().extend(PREFLIGHT_HEADERS);
    response
}
