//! How a token is presented — RFC 6750 §2, RFC 6750 §3.

use axum::{Router, body::Body, extract::OriginalUri, routing::get};
use http::{HeaderName, HeaderValue, Request, Uri, header};
use mapae_resource::protocol::jose::MAX_TOKEN;

use crate::{
    api::{Api, request},
    issuer::Issuer,
};

const METADATA: &str =
    "resource_metadata=\"http://localhost:4000/.well-known/oauth-protected-resource/calendar\"";

#[tokio::test]
async fn no_credentials_get_a_challenge_without_an_error() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    for headers in
        [&[][..], &[(header::AUTHORIZATION, "Basic YTpi")], &[(header::AUTHORIZATION, "Digest x=y")]]
    {
        let answer = api.with_headers("/events", headers).await;
        assert_eq!(
            (answer.status.as_u16(), answer.challenge()),
            (401, format!("Bearer {METADATA}").as_str())
        );
        assert_eq!(answer.body, "");
        assert_eq!(answer.headers[header::ACCESS_CONTROL_EXPOSE_HEADERS], "WWW-Authenticate");
    }
}

#[tokio::test]
async fn challenges_say_what_is_wrong_and_nothing_that_came_in() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let malformed = api.with_headers("/events", &[(header::AUTHORIZATION, "Bearer <script>")]).await;
    assert_eq!(
        malformed.challenge(),
        format!(
            "Bearer error=\"invalid_request\", error_description=\"the bearer token is malformed\", {METADATA}"
        )
    );
    assert_eq!(malformed.status, 400);
    assert_eq!(
        malformed.body,
        "{\"error\":\"invalid_request\",\"error_description\":\"the bearer token is malformed\"}"
    );
    let garbage = api.events("garbage").await;
    assert_eq!(
        garbage.challenge(),
        format!(
            "Bearer error=\"invalid_token\", \
             error_description=\"the access token is malformed or not signed as it must be\", {METADATA}"
        )
    );
    let narrow = issuer.sign(&issuer.claims_with("scope", "openid".into()));
    let narrow = api.events(&narrow).await;
    assert_eq!(
        narrow.challenge(),
        format!(
            "Bearer error=\"insufficient_scope\", error_description=\"the access token does not have the scope \
             that is needed\", scope=\"calendar.read\", {METADATA}"
        )
    );
    assert_eq!(
        (narrow.status.as_u16(), &narrow.headers[header::CACHE_CONTROL]),
        (403, &"no-store".parse().unwrap())
    );
}

#[tokio::test]
async fn rs_11_authorization_headers() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let token = issuer.token();
    for good in [format!("Bearer {token}"), format!("bEARER {token}"), format!("Bearer   {token}")] {
        assert_eq!(
            api.with_headers("/events", &[(header::AUTHORIZATION, &good)]).await.status,
            200,
            "{good}"
        );
    }
    let huge = format!("Bearer {}", "a".repeat(100 * 1024));
    let too_long = format!("Bearer {}", "a".repeat(MAX_TOKEN + 1));
    for bad in [
        "Bearer",
        "Bearer ",
        &format!("Bearer\t{token}"),
        &format!("Bearer {token},{token}"),
        &format!("Bearer {token}, Basic YTpi"),
        &format!("Bearer {token} x"),
        &format!("Bearer=\"{token}\""),
        &huge,
        &too_long,
    ] {
        let answer = api.with_headers("/events", &[(header::AUTHORIZATION, bad)]).await;
        assert_eq!(answer.verdict(), "400 invalid_request", "{:.60}", bad);
    }
    let bearer = format!("Bearer {token}");
    for second in [bearer.as_str(), "Bearer x", "Basic YTpi", ""] {
        let twice = [(header::AUTHORIZATION, bearer.as_str()), (header::AUTHORIZATION, second)];
        assert_eq!(api.with_headers("/events", &twice).await.verdict(), "400 invalid_request", "{second}");
    }
    let mut binary = Request::get("/events").body(Body::empty()).unwrap();
    let value = HeaderValue::from_bytes(b"Bearer \xff\xfe").unwrap();
    binary.headers_mut().insert(header::AUTHORIZATION, value);
    assert_eq!(api.send(binary).await.verdict(), "400 invalid_request");
}

#[tokio::test]
async fn ui_03_a_token_in_the_address_is_refused_where_it_was_not_allowed() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let token = issuer.token();
    for path in [
        format!("/events?access_token={token}"),
        format!("/events?a=%zz&%61ccess_token={token}"),
        "/nowhere?access_token=x".into(),
    ] {
        let answer = api.with_headers(&path, &[]).await;
        assert_eq!(answer.verdict(), "400 invalid_request");
        assert!(!answer.challenge().contains(&token));
    }
    let bearer = format!("Bearer {token}");
    let both = api.with_headers("/events?access_token=x", &[(header::AUTHORIZATION, &bearer)]).await;
    assert_eq!(both.verdict(), "400 invalid_request");
    let own = api.get("/events?q=100%&access_tokens=1&page=2", &token).await;
    assert_eq!(own.status, 200, "the application's own parameters are not looked at");
}

#[tokio::test]
async fn a_route_may_allow_the_token_in_the_address() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let token = issuer.token();
    let by_address = api.with_headers(&format!("/calendar.ics?a=1&access_token={token}&b"), &[]).await;
    assert_eq!((by_address.status.as_u16(), by_address.body.as_str()), (200, "/calendar.ics?a=1&b None"));
    assert_eq!(by_address.headers[header::CACHE_CONTROL], "no-store, private");
    let by_header = api.get("/calendar.ics?a=1", &token).await;
    assert_eq!(by_header.body, "/calendar.ics?a=1 Some(Sensitive)", "no log shows the token");
    assert!(by_header.headers.get(header::CACHE_CONTROL).is_none());
    let bearer = format!("Bearer {token}");
    let path = format!("/calendar.ics?access_token={token}");
    for (path, headers, verdict) in [
        (path.as_str(), &[(header::AUTHORIZATION, bearer.as_str())][..], "400 invalid_request"),
        (&format!("{path}&access_token={token}"), &[], "400 invalid_request"),
        ("/calendar.ics?access_token=a%22b", &[], "400 invalid_request"),
        ("/calendar.ics?access_token=%zz", &[], "400 invalid_request"),
        ("/calendar.ics?access_token=garbage", &[], "401 invalid_token"),
        ("/calendar.ics?access_token=", &[], "401 -"),
        ("/calendar.ics", &[], "401 -"),
    ] {
        assert_eq!(api.with_headers(path, headers).await.verdict(), verdict, "{path:.40}");
    }
    let form = Request::post("/calendar.ics")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("access_token={token}")))
        .unwrap();
    assert_ne!(api.send(form).await.status, 200, "bodies are never read");
}

/// RFC 6750 §5.3.
#[tokio::test]
async fn a_token_in_the_address_is_in_no_address_that_a_handler_sees() {
    async fn addresses(shown: Uri, OriginalUri(asked): OriginalUri) -> String {
        format!("{shown} {asked}")
    }
    let issuer = Issuer::start().await;
    let mut api = Api::start(&issuer).await;
    let subscription = Router::new()
        .route("/calendar.ics", get(addresses))
        .route_layer(api.resource.layer().allow_query_token());
    api.app = Router::new().nest("/team", subscription);
    let path = format!("/team/calendar.ics?a=1&access_token={}&b", issuer.token());
    let answer = api.with_headers(&path, &[]).await;
    assert_eq!(answer.body, "/calendar.ics?a=1&b /team/calendar.ics?a=1&b");
}

#[tokio::test]
async fn rs_09_headers_of_the_request_identify_nobody() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    let names = [
        "x-user",
        "x_user",
        "x-forwarded-user",
        "x-auth-request-user",
        "x-remote-user",
        "remote-user",
        "sub",
    ];
    let posing: Vec<_> = names.map(|name| (HeaderName::from_static(name), "mallory")).to_vec();
    assert_eq!(api.with_headers("/whoami", &posing).await.verdict(), "401 -");
    let bearer = format!("Bearer {}", issuer.token());
    let with_token = [&[(header::AUTHORIZATION, bearer.as_str())][..], &posing].concat();
    assert_eq!(api.with_headers("/whoami", &with_token).await.json()["sub"], "alice");
}

#[tokio::test]
async fn rs_10_nobody_is_special() {
    let issuer = Issuer::start().await;
    let api = Api::start(&issuer).await;
    for (name, value) in [
        ("user-agent", "kube-probe/1.30"),
        ("user-agent", "ELB-HealthChecker/2.0"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-uri", "/health"),
        ("x-original-url", "/health"),
        ("x-rewrite-url", "/health"),
        ("host", "localhost"),
        ("cookie", "session=1"),
        ("x-http-method-override", "OPTIONS"),
    ] {
        let answer = api.with_headers("/events", &[(HeaderName::from_static(name), value)]).await;
        assert_eq!(answer.verdict(), "401 -", "{name}: {value}");
    }
    let spoofed = request(http::Method::GET, "http://evil.example/events", &[(header::HOST, "evil.example")]);
    assert!(api.send(spoofed).await.challenge().contains("http://localhost:4000/"), "Host is not believed");
}
