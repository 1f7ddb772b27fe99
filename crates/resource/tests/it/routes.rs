//! Nothing gets past the layer by the way it is asked for.

use axum::body::Body;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tower::{Layer, service_fn};

use crate::{
    api::{Api, request},
    http_server::HttpServer,
    issuer::Issuer,
};

const METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
    Method::OPTIONS,
    Method::TRACE,
    Method::CONNECT,
];

/// Ways to write a path that some layer may read as the path and another as something else.
fn tricks(path: &str) -> Vec<String> {
    let inner = &path[1..];
    let (first, rest) = inner.split_at(1);
    let mut tricks = vec![
        path.into(),
        format!("/{path}"),
        format!("{path}/"),
        format!("{path}//"),
        format!("/.{path}"),
        format!("/..{path}"),
        format!("/health/..{path}"),
        format!("/health/%2e%2e{path}"),
        format!("/%2e{path}"),
        format!("/%2f{inner}"),
        format!("{path}%2f"),
        format!("{path}%00"),
        format!("{path};a=b"),
        format!("/;{path}"),
        format!("{path}?"),
        format!("{path}?/health"),
        format!("{path}.json"),
        format!("{path}%20"),
        format!("{path}%0a"),
        path.to_uppercase(),
        format!("/%{:02x}{rest}", first.as_bytes()[0]),
        format!("/%25{:02x}{rest}", first.as_bytes()[0]),
        format!("http://localhost{path}"),
        format!("http://localhost/{path}"),
        format!("/.well-known/oauth-protected-resource/calendar/..{path}"),
        format!("/.well-known/oauth-protected-resource/calendar{path}"),
    ];
    tricks.extend(["*", "/", "/nowhere"].map(String::from));
    tricks
}

#[tokio::test]
async fn rs_08_no_way_of_asking_reaches_a_handler_without_a_token() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    for route in ["/events", "/whoami", "/socket", "/both", "/recent", "/strong", "/broken", "/calendar.ics"]
    {
        for path in tricks(route) {
            for method in METHODS {
                let answer = api.send(request(method.clone(), &path, &[])).await;
                let refused = matches!(answer.status.as_u16(), 401 | 404 | 405);
                assert!(refused, "{method} {path}: {answer:?}");
            }
        }
    }
    assert_eq!(api.handled(), 0);
}

#[tokio::test]
async fn rs_08_a_scope_is_demanded_however_the_route_is_asked_for() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let token = format!("Bearer {}", issuer.sign(&issuer.claims_with("scope", "openid".into())));
    for route in ["/events", "/both", "/recent", "/strong", "/broken", "/calendar.ics"] {
        for path in tricks(route) {
            for method in METHODS {
                let request = request(method.clone(), &path, &[(header::AUTHORIZATION, &token)]);
                let status = api.send(request).await.status.as_u16();
                assert!(matches!(status, 403..=405 | 500), "{method} {path}: {status}");
            }
        }
    }
    assert_eq!(api.handled(), 0);
}

#[tokio::test]
async fn rs_08_method_overrides_and_upgrades_change_nothing() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let upgrade = Request::get("/socket")
        .header(header::UPGRADE, "websocket")
        .header(header::CONNECTION, "Upgrade")
        .header(header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ==")
        .header(header::SEC_WEBSOCKET_VERSION, "13")
        .body(Body::empty())
        .unwrap();
    assert_eq!(api.send(upgrade).await.verdict(), "401 -");
    let read_only = issuer.sign(&issuer.claims_with("scope", "calendar.read".into()));
    let overriding = Request::post("/events?_method=GET")
        .header(header::AUTHORIZATION, format!("Bearer {read_only}"))
        .header("x-http-method-override", "GET")
        .body(Body::from("_method=GET"))
        .unwrap();
    assert_eq!(api.send(overriding).await.verdict(), "403 insufficient_scope");
    assert_eq!(api.handled(), 0);
}

#[tokio::test]
async fn rs_08_what_is_outside_of_the_layer_refuses_by_itself() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let token = issuer.token();
    assert_eq!(api.get("/forgotten", &token).await.status, 500, "the extractor");
    assert_eq!(api.get("/unguarded", &token).await.status, 500, "require()");
    assert_eq!(api.get("/broken", &token).await.status, 500, "a demand that cannot be");
    assert_eq!(api.handled(), 0);
    assert_eq!(api.with_headers("/health", &[]).await.body, "ok");
}

#[tokio::test]
async fn a_plain_hyper_service_is_protected_too() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let echo = service_fn(async |request: Request<Incoming>| {
        let caller = request.extensions().get::<mapae_resource::Authorized>().unwrap().subject().to_owned();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let text = format!("{caller} says {}", String::from_utf8_lossy(&body));
        Ok::<_, std::convert::Infallible>(http::Response::new(Full::new(Bytes::from(text))))
    });
    let listener = HttpServer::bind(0).await;
    let address = listener.local_addr().unwrap();
    let _server = HttpServer::serve(listener, api.resource.layer().require("calendar.write").layer(echo));

    let answer = async |head: String| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        text
    };
    let close = "Host: x\r\nConnection: close\r\n";
    let authorized = format!("Authorization: Bearer {}\r\n", issuer.token());
    let said = answer(format!("POST / HTTP/1.1\r\n{close}{authorized}Content-Length: 2\r\n\r\nhi")).await;
    assert!(said.starts_with("HTTP/1.1 200") && said.ends_with("alice says hi"), "{said}");
    let refused = answer(format!("POST / HTTP/1.1\r\n{close}\r\n")).await;
    assert!(
        refused.starts_with("HTTP/1.1 401") && refused.contains("www-authenticate: Bearer res"),
        "{refused}"
    );
    let narrow = issuer.sign(&issuer.claims_with("scope", "calendar.read".into()));
    let narrow = answer(format!("GET / HTTP/1.1\r\n{close}Authorization: Bearer {narrow}\r\n\r\n")).await;
    assert!(narrow.starts_with("HTTP/1.1 403"), "{narrow}");
    let path = "/.well-known/oauth-protected-resource/calendar";
    let document = answer(format!("GET {path} HTTP/1.1\r\n{close}\r\n")).await;
    assert!(document.contains("\"resource\":\"http://localhost:4000/calendar\""), "{document}");
}
