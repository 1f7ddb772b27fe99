//! What holds for every request, around the router.

use std::{convert::Infallible, net::IpAddr, panic::AssertUnwindSafe, sync::Arc, time::Instant};

use axum::{
    Router,
    body::{Body, HttpBody},
    extract::FromRequestParts,
    response::Response,
};
use bytes::Bytes;
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{HeaderName, Method, Request, StatusCode, Uri, request::Parts};
use tower::Service as _;

use super::{
    body_budget::{self, BodyBudget, Counted},
    client_address::{ClientAddress, Proxies},
    host::{self, HostError},
    issuer_path::{IssuerPath, Outside},
    own_head, panic, plain,
    request_id::{RequestId, RequestIds},
    retry_after, security_headers,
};
use crate::config::{Config, Site};

/// Longest path and query, in bytes.
const MAX_TARGET: usize = 8 * 1024;

const NOT_ONE_HOST: &str = "A request names its host exactly once.\n";
const UNKNOWN_HOST: &str = "This server does not answer for that host.\n";
const NOWHERE: &str = "There is nothing at this address.\n";
const LONG_TARGET: &str = "The address is too long.\n";

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The router and what stands around it. Cloning is cheap.
#[derive(Clone, Debug)]
pub struct Stack {
    router: Router,
    rules: Arc<Rules>,
}

#[derive(Debug)]
struct Rules {
    site: Site,
    issuer_path: IssuerPath,
    proxies: Proxies,
    ids: RequestIds,
    bodies: BodyBudget,
}

/// What is known about a request before its route: an extension of it, and an extractor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestContext {
    /// Its name in the log.
    pub id: RequestId,
    /// Where it came from.
    pub client: ClientAddress,
}

impl Stack {
    /// Stands around `router`.
    pub fn new(router: Router, config: &Config) -> Self {
        let rules = Rules {
            site: config.site.clone(),
            issuer_path: IssuerPath::new(config.site.path()),
            proxies: Proxies::new(config.trusted_proxies.clone(), config.forwarded_header),
            ids: RequestIds::new(),
            bodies: BodyBudget::new(),
        };
        Self { router, rules: Arc::new(rules) }
    }

    /// Answers a request that came over a connection from `peer`.
    pub fn respond<B>(
        &self,
        request: Request<B>,
        peer: IpAddr,
    ) -> impl Future<Output = Response> + Send + use<B>
    where
        B: HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + Unpin + 'static,
    {
        let Self { router, rules } = self.clone();
        let context =
            RequestContext { id: rules.ids.issue(), client: rules.proxies.client(peer, request.headers()) };
        let line = LogLine::begin(&request);
        let answer =
            rules.admit(&request).map(|inside| route(router, rules.take(request, inside, context), context));
        async move {
            let mut response = match answer {
                Ok(answer) => rules.issuer_path.leave(answer.await).await,
                Err((status, text)) => plain(status, text),
            };
            let status = response.status();
            retry_after::apply(status, response.headers_mut());
            security_headers::apply(response.headers_mut(), rules.site.is_https());
            if status.is_client_error() || status.is_server_error() {
                let id = context.id.header_value();
                response.headers_mut().extend(id.map(|id| (X_REQUEST_ID, id)));
            }
            if let Some(line) = line {
                line.end(context, status);
            }
            response
        }
    }
}

impl Rules {
    /// The address as the router knows it where that is another one, or what is said to a request that no route may see.
    fn admit<B>(&self, request: &Request<B>) -> Result<Option<Uri>, (StatusCode, &'static str)> {
        match host::verify(request.uri(), request.headers(), &self.site) {
            Ok(()) => {}
            Err(HostError::NotOne) => return Err((StatusCode::BAD_REQUEST, NOT_ONE_HOST)),
            Err(HostError::Unknown) => return Err((StatusCode::MISDIRECTED_REQUEST, UNKNOWN_HOST)),
        }
        let length = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
        if length > MAX_TARGET {
            return Err((StatusCode::URI_TOO_LONG, LONG_TARGET));
        }
        self.issuer_path.enter(request.uri()).map_err(|Outside| (StatusCode::NOT_FOUND, NOWHERE))
    }

    /// The request as its route sees it: at this address, with a body that is counted.
    fn take<B: HttpBody>(
        &self,
        request: Request<B>,
        inside: Option<Uri>,
        context: RequestContext,
    ) -> Request<Counted<B>> {
        let (bodies, address) = (self.bodies.clone(), context.client.throttle_key());
        let head = own_head::size(&request);
        let mut request = own_head::own(request, body_budget::FREE);
        if let Some(inside) = inside {
            *request.uri_mut() = inside;
        }
        request.extensions_mut().insert(context);
        request.map(|body| bodies.count(body, head, address))
    }
}

/// Runs the route; a panic in it becomes an answer and harms no other request.
///
/// Boxed: the future of an answer is moved as a whole several times before it runs, and what awaits it holds it twice.
fn route<B>(mut router: Router, request: Request<B>, context: RequestContext) -> BoxFuture<'static, Response>
where
    B: HttpBody<Data = Bytes, Error: Into<axum::BoxError>> + Send + 'static,
{
    let answer = AssertUnwindSafe(async move { router.call(request.map(Body::new)).await }).catch_unwind();
    let answer = answer.map(move |answer| match answer {
        Ok(Ok::<_, Infallible>(response)) => response,
        Err(_) => panic::answer(context.id),
    });
    Box::pin(context.id.around(answer))
}

/// One line of the log per request, at `debug`. The query stays out of it: it holds codes and states.
struct LogLine {
    begun: Instant,
    method: Method,
    path: String,
}

impl LogLine {
    fn begin<B>(request: &Request<B>) -> Option<Self> {
        tracing::enabled!(tracing::Level::DEBUG).then(|| Self {
            begun: Instant::now(),
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
        })
    }

    fn end(self, context: RequestContext, status: StatusCode) {
        tracing::debug!(
            request_id = %context.id,
            client = %context.client,
            method = %self.method,
            path = self.path,
            status = status.as_u16(),
            micros = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX),
            "answered"
        );
    }
}

/// Fails with 500 when no [`Stack`] stands around the router.
impl<S: Sync> FromRequestParts<S> for RequestContext {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().copied().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::config::{Environment, Flags};

    fn stack(issuer: &str) -> Stack {
        let environment =
            [("MAPAE_ISSUER".to_owned(), issuer.to_owned())].into_iter().collect::<Environment>();
        let flags = Flags { trusted_proxies: vec!["10.0.0.0/8".to_owned()], ..Flags::default() };
        let router = Router::new()
            .route("/", get(|| async { "fine" }))
            .route(
                "/context",
                get(|context: RequestContext| async move { format!("{} {}", context.id, context.client) }),
            )
            .route("/panic", get(panics))
            .route("/many", get(|| async { StatusCode::TOO_MANY_REQUESTS }))
            .route("/away", get(|| async { StatusCode::SERVICE_UNAVAILABLE }))
            .route("/later", get(|| async { (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "3600")]) }))
            .route("/cached", get(|| async { ([("cache-control", "public, max-age=300")], "{}") }));
        Stack::new(router, &Config::load(&flags, &environment).unwrap())
    }

    async fn panics() -> &'static str {
        panic!("secret of the handler")
    }

    fn request(method: &str, target: &str) -> Request<Body> {
        Request::builder()
            .method(method)
            .uri(target)
            .header("host", "id.example.com")
            .body(Body::empty())
            .unwrap()
    }

    async fn ask(method: &str, target: &str) -> (Response, String) {
        let response =
            stack("https://id.example.com").respond(request(method, target), [10, 0, 0, 1].into()).await;
        let (parts, body) = response.into_parts();
        let text = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
        (Response::from_parts(parts, Body::empty()), text)
    }

    #[tokio::test]
    async fn op_02_every_status_carries_the_headers() {
        let long = format!("/?{}", "a".repeat(MAX_TARGET));
        for (method, target, status) in [
            ("GET", "/", 200),
            ("HEAD", "/", 200),
            ("GET", "/nowhere", 404),
            ("POST", "/", 405),
            ("OPTIONS", "/", 405),
            ("GET", "/panic", 500),
            ("GET", "https://evil.example/", 421),
            ("GET", long.as_str(), 414),
        ] {
            let (response, _) = ask(method, target).await;
            assert_eq!(response.status(), status, "{method} {target:.20}");
            for name in [
                "content-security-policy",
                "strict-transport-security",
                "x-content-type-options",
                "referrer-policy",
                "x-frame-options",
                "cross-origin-opener-policy",
                "cross-origin-resource-policy",
                "permissions-policy",
                "cache-control",
            ] {
                assert_eq!(
                    response.headers().get_all(name).iter().count(),
                    1,
                    "{method} {target:.20}: {name}"
                );
            }
            assert_eq!(
                response.headers().contains_key("x-request-id"),
                status >= 400,
                "{method} {target:.20}"
            );
        }
        assert_eq!(ask("GET", "/cached").await.0.headers()["cache-control"], "public, max-age=300");
    }

    /// RFC 6585 §4, RFC 9110 §10.2.3, RFC 9110 §15.6.4.
    #[tokio::test]
    async fn who_is_turned_away_hears_when_to_come_back() {
        for (target, status, after) in [
            ("/", 200, None),
            ("/nowhere", 404, None),
            ("/panic", 500, None),
            ("/many", 429, Some("60")),
            ("/away", 503, Some("1")),
            ("/later", 503, Some("3600")),
        ] {
            let (response, _) = ask("GET", target).await;
            let said = response.headers().get("retry-after").map(|value| value.to_str().unwrap());
            assert_eq!((response.status().as_u16(), said), (status, after), "{target}");
        }
    }

    #[tokio::test]
    async fn op_09_a_panic_becomes_an_answer_that_tells_nothing() {
        let (response, body) = ask("GET", "/panic").await;
        assert_eq!(response.status(), 500);
        assert_eq!(body, "{\"error\":\"server_error\"}");
        assert_eq!(response.headers()["content-type"], "application/json");
        let (response, _) = ask("GET", "/").await;
        assert_eq!(response.status(), 200);
    }

    #[tokio::test]
    async fn op_01_handlers_see_the_client_and_not_the_proxy() {
        let mut request = request("GET", "/context");
        request
            .headers_mut()
            .insert("x-forwarded-for", http::HeaderValue::from_static("1.1.1.1, 198.51.100.7"));
        let response = stack("https://id.example.com").respond(request, [10, 0, 0, 1].into()).await;
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let text = std::str::from_utf8(&body).unwrap();
        assert_eq!(text.split_once(' ').map(|(id, client)| (id.len(), client)), Some((13, "198.51.100.7")));
    }

    #[tokio::test]
    async fn se_21_a_request_without_a_host_is_bad() {
        let request = Request::builder().uri("/").body(Body::empty()).unwrap();
        let response = stack("https://id.example.com").respond(request, [10, 0, 0, 1].into()).await;
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    }

    #[tokio::test]
    async fn g_36_a_target_at_the_limit_is_answered() {
        let target = format!("/?{}", "a".repeat(MAX_TARGET - 2));
        assert_eq!(ask("GET", &target).await.0.status(), 200);
    }

    #[tokio::test]
    async fn the_context_is_missing_without_the_stack() {
        let mut router =
            Router::new().route("/", get(|context: RequestContext| async move { context.id.to_string() }));
        let response = router.call(request("GET", "/")).await.unwrap();
        assert_eq!(response.status(), 500);
    }
}
