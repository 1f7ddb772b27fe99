//! Who may do what: every address of the console × everybody — AD-01, AD-03, AD-06, MX-04.

use mapae::console::{ROUTES, Route};
use mapae_testkit::{AppSpec, Browser, Engine, Page, TestServer};

use super::{Developer, REDIRECT, developer, kept, operator};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// A form that the address would carry out, without its token.
fn form_for(path: &str) -> &'static str {
    match path.rsplit('/').next().unwrap() {
        "new" => "name=x&kind=public&redirect_uris=https%3A%2F%2Fx.example%2F",
        "general" => "name=x&homepage=&kind=public",
        "icon" => "decision=drop",
        "addresses" => "redirect_uris=https%3A%2F%2Fx.example%2F&origins=",
        "items" => "level.email=required",
        "secrets" => "decision=replace",
        "security" => {
            "auth_method=client_secret_post&pkce=optional&refresh_tokens=keep&jwks=&jwks_uri=&requests=any&tokens=any&profile=none"
        }
        "grants" => "grant.authorization_code=on&grant.refresh_token=on&grant.device_code=on",
        "signing-out" => {
            "post_logout_redirect_uris=https%3A%2F%2Fmy.example%2F&backchannel_logout_uri=&frontchannel_logout_uri=&backchannel_logout_session_required=off&frontchannel_logout_session_required=off"
        }
        "requests" => {
            "require_pushed_authorization_requests=on&request_object_signing_alg=none&request_uris=&default_max_age=&default_acr_values="
        }
        "tokens" => {
            "id_token_signed_response_alg=ES256&userinfo_signed_response_alg=none&authorization_signed_response_alg=none&token_endpoint_auth_signing_alg=none"
        }
        "links" => "policy_uri=https%3A%2F%2Fmy.example%2F&tos_uri=&initiate_login_uri=&contacts=",
        "state" => "decision=disable",
        "delete" => "name=%EB%82%98%EC%9D%98+%EC%84%9C%EB%B9%84%EC%8A%A4",
        other => panic!("no form for {other}"),
    }
}

async fn token_of(server: &TestServer, developer: &Developer) -> String {
    let page = developer.browser.open(&server.at("/console/apps/new")).await;
    let (_, fields) = page.form("app-create");
    fields.into_iter().find(|(name, _)| name == "csrf").unwrap().1
}

/// Sends what the address expects, with a token or none.
async fn send(
    server: &TestServer,
    browser: &Browser,
    (method, path): (&str, &str),
    token: Option<&str>,
) -> Page {
    let body = match (method, token) {
        ("GET" | "HEAD", _) => String::new(),
        (_, None) => form_for(path).to_owned(),
        (_, Some(token)) => format!("{}&csrf={token}", form_for(path)),
    };
    browser.send(method, &server.at(path), &[FORM], body.into_bytes()).await
}

/// The page without what differs from one showing to the next.
fn essence(page: &Page) -> (u16, Option<String>, Option<String>) {
    (page.status.as_u16(), page.text("h1"), page.text("main p"))
}

fn for_app<'a>(routes: &'a [Route], id: &str) -> Vec<(&'a str, String)> {
    let each = routes.iter().flat_map(|route| {
        let path = route.path.replace("{id}", id);
        route.methods.iter().map(move |method| (*method, path.clone()))
    });
    each.collect()
}

#[tokio::test]
async fn ad_01_an_app_of_somebody_else_is_like_one_that_never_was() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let owner = developer(&server, "owner@example.com").await;
        let other = developer(&server, "other@example.com").await;
        let app = owner.register(&server, "나의 서비스").await;
        let before = kept(&server, &app.client_id).await;
        let token = token_of(&server, &other).await;
        let own_routes: Vec<_> =
            for_app(ROUTES, &app.client_id).into_iter().filter(|(_, path)| path.contains("app_")).collect();
        assert_eq!(own_routes.len(), 15, "every address of an app");
        for (method, path) in own_routes {
            let foreign = send(&server, &other.browser, (method, &path), Some(&token)).await;
            let unknown_path = path.replace(&app.client_id, "app_AAAAAAAAAAAAAAAAAAAAAA");
            let unknown = send(&server, &other.browser, (method, &unknown_path), Some(&token)).await;
            assert_eq!(foreign.status, 404, "{engine:?} {method} {path}");
            assert_eq!(essence(&foreign), essence(&unknown), "{engine:?} {method} {path}");
            assert!(!foreign.body.contains("나의 서비스"), "{engine:?} {method} {path}");
        }
        assert_eq!(kept(&server, &app.client_id).await, before, "{engine:?}: nothing changed");
        let home = other.browser.open(&server.at("/console")).await;
        assert!(!home.body.contains(&app.client_id) && !home.body.contains("나의 서비스"), "{engine:?}");
    }
}

#[tokio::test]
async fn ad_01_who_runs_the_server_sees_their_own_apps_only() {
    let server = TestServer::start().await;
    let owner = developer(&server, "owner@example.com").await;
    let app = owner.register(&server, "나의 서비스").await;
    let unowned = server.register(AppSpec::default()).await;
    let other = developer(&server, "other@example.com").await;
    for id in [&app.client_id, &unowned.client_id] {
        assert_eq!(other.page(&server, id).await.status, 404, "an app without an owner belongs to nobody");
    }
    for id in ["", "..", "%00", "%2e%2e", "app_%F0%9F%90%B4", "x%2F..%2Fnew", &"x".repeat(3000)] {
        let page = other.page(&server, id).await;
        assert!([400, 404].contains(&page.status.as_u16()), "{id}: {}", page.status);
    }
}

#[tokio::test]
async fn mx_04_every_address_asks_who_is_there_and_for_a_form_of_ours() {
    let server = TestServer::start().await;
    let owner = developer(&server, "owner@example.com").await;
    let app = owner.register(&server, "나의 서비스").await;
    let before = kept(&server, &app.client_id).await;
    let other = developer(&server, "other@example.com").await;
    let stolen = token_of(&server, &other).await;
    for (method, path) in for_app(ROUTES, &app.client_id) {
        let at = (method, path.as_str());
        let anonymous = send(&server, &Browser::default(), at, Some(&stolen)).await;
        assert_eq!(anonymous.status, 303, "{method} {path}");
        let asked = if method == "GET" { "/sign-in" } else { "/console" };
        assert_eq!(anonymous.location().unwrap().path(), asked, "{method} {path}");
        if method == "GET" {
            assert_eq!(send(&server, &owner.browser, at, None).await.status, 200, "{path}");
            continue;
        }
        for token in [None, Some(""), Some("x"), Some(stolen.as_str())] {
            let forged = send(&server, &owner.browser, at, token).await;
            assert_eq!(forged.status, 403, "{path} with {token:?}");
        }
        let good = token_of(&server, &owner).await;
        let body = format!("{}&csrf={good}", form_for(&path)).into_bytes();
        for headers in [
            [FORM, ("sec-fetch-site", "cross-site")],
            [FORM, ("sec-fetch-site", "same-site")],
            [FORM, ("origin", "https://evil.example")],
        ] {
            let foreign = owner.browser.send("POST", &server.at(&path), &headers, body.clone()).await;
            assert_eq!(foreign.status, 403, "{path} with {headers:?}");
        }
        for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x"] {
            let headers = [("content-type", kind)];
            let other = owner.browser.send("POST", &server.at(&path), &headers, body.clone()).await;
            assert!([400, 403, 415].contains(&other.status.as_u16()), "{path} as {kind}: {}", other.status);
        }
        let long = format!("{}&csrf={good}&x={}", form_for(&path), "x".repeat(300_000)).into_bytes();
        let long = owner.browser.send("POST", &server.at(&path), &[FORM], long).await;
        assert!([400, 413].contains(&long.status.as_u16()), "{path}: {}", long.status);
    }
    assert_eq!(kept(&server, &app.client_id).await, before, "nothing of all this changed anything");
}

#[tokio::test]
async fn ad_06_nothing_changes_by_another_method() {
    let server = TestServer::start().await;
    let owner = developer(&server, "owner@example.com").await;
    let app = owner.register(&server, "나의 서비스").await;
    let before = kept(&server, &app.client_id).await;
    let token = token_of(&server, &owner).await;
    for route in ROUTES {
        let path = route.path.replace("{id}", &app.client_id);
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY"] {
            if route.methods.contains(&method) {
                continue;
            }
            let form = if route.methods.contains(&"POST") { form_for(&path) } else { "name=x" };
            let query = format!("{path}?{form}&csrf={token}&_method=POST");
            let headers = [FORM, ("x-http-method-override", "POST")];
            let body = if method == "GET" { Vec::new() } else { format!("{form}&csrf={token}").into_bytes() };
            let answer = owner.browser.send(method, &server.at(&query), &headers, body).await;
            assert_eq!(answer.status, 405, "{method} {path}");
        }
        if route.methods.contains(&"POST") {
            let override_field = format!("{}&csrf={token}&_method=DELETE", form_for(&path)).into_bytes();
            let answer = owner.browser.send("POST", &server.at(&path), &[FORM], override_field).await;
            assert_eq!(answer.status, 400, "{path}");
        }
    }
    assert_eq!(kept(&server, &app.client_id).await, before);
}

/// A page, the button of one of its forms, and a change that the form is for.
type Form<'a> = (&'a Page, &'a str, &'a [(&'a str, &'a str)]);

/// What no form of the page is for.
const INTRUDERS: [(&str, &str); 22] = [
    ("owner_id", "usr_somebody"),
    ("operator", "1"),
    ("is_admin", "true"),
    ("first_party", "1"),
    ("skip_consent", "1"),
    ("verified", "1"),
    ("id", "app_mine"),
    ("app_id", "app_mine"),
    ("client_id", "app_mine"),
    ("client_secret", "mine"),
    ("epoch", "0"),
    ("grant_types", "client_credentials"),
    ("grant", "client_credentials"),
    ("subject_type", "public"),
    ("pkce_required", "0"),
    ("rotate_refresh", "false"),
    ("token_endpoint_auth_method", "none"),
    ("id_token_alg", "none"),
    ("icon", "https://evil.example/x.svg"),
    ("level.openid", "none"),
    ("purpose_ko.openid", "x"),
    ("level.admin.everything", "required"),
];

#[tokio::test]
async fn ad_03_nothing_can_be_slipped_into_a_form() {
    let server = TestServer::start().await;
    let owner = developer(&server, "owner@example.com").await;
    let app = owner.register(&server, "나의 서비스").await;
    let before = kept(&server, &app.client_id).await;
    let page = owner.page(&server, &app.client_id).await;
    let new = owner.browser.open(&server.at("/console/apps/new")).await;
    // Each form with a change of its own, which is good: refused is what was slipped in beside it.
    let forms: [Form<'_>; 12] = [
        (&new, "app-create", &[("name", "다른 것"), ("redirect_uris", REDIRECT)]),
        (&page, "save-general", &[("name", "다른 것")]),
        (&page, "save-addresses", &[("redirect_uris", "https://other.example/cb")]),
        (&page, "save-items", &[("level.profile", "none")]),
        (&page, "secret-rotate", &[]),
        (&page, "save-security", &[("pkce", "optional")]),
        (&page, "save-grants", &[("grant.device_code", "on")]),
        (&page, "save-signing-out", &[("backchannel_logout_uri", "https://my.example/told")]),
        (&page, "save-requests", &[("default_max_age", "60")]),
        (&page, "save-tokens", &[("id_token_signed_response_alg", "ES256")]),
        (&page, "save-links", &[("policy_uri", "https://my.example/privacy")]),
        (&page, "app-disable", &[]),
    ];
    for (page, button, change) in forms {
        for intruder in INTRUDERS {
            let answer = owner.browser.submit(page, button, &[change, &[intruder]].concat()).await;
            assert_eq!(answer.status, 400, "{button} with {}", intruder.0);
        }
        let (action, mut fields) = page.form(button);
        let twice = fields.iter().find(|(name, _)| name != "csrf").cloned();
        fields.extend(twice);
        assert_eq!(
            owner.browser.post(&action, page, &fields).await.status,
            400,
            "{button} with a field twice"
        );
    }
    assert_eq!(kept(&server, &app.client_id).await, before);
    for (page, button, change) in forms {
        let before = kept(&server, &app.client_id).await;
        let answer = owner.browser.submit(page, button, change).await;
        assert!([200, 303].contains(&answer.status.as_u16()), "{button} alone: {}", answer.status);
        let changed = kept(&server, &app.client_id).await != before;
        assert_eq!(changed, button != "app-create", "{button} alone");
    }
}

#[tokio::test]
async fn ad_04_a_field_left_out_is_not_left_as_it_is() {
    let server = TestServer::start().await;
    let owner = developer(&server, "owner@example.com").await;
    let app = owner.register(&server, "나의 서비스").await;
    let before = kept(&server, &app.client_id).await;
    let page = owner.page(&server, &app.client_id).await;
    for (button, names) in [
        ("save-general", &["name", "homepage", "kind"][..]),
        ("save-addresses", &["redirect_uris", "origins"]),
        ("secret-rotate", &["decision"]),
        (
            "save-security",
            &["auth_method", "jwks", "jwks_uri", "pkce", "refresh_tokens", "requests", "tokens", "profile"],
        ),
        ("save-grants", &["grant.authorization_code", "grant.refresh_token", "grant.device_code"]),
        (
            "save-signing-out",
            &["post_logout_redirect_uris", "backchannel_logout_uri", "frontchannel_logout_session_required"],
        ),
        ("save-requests", &["request_object_signing_alg", "request_uris", "default_acr_values"]),
        ("save-tokens", &["id_token_signed_response_alg", "token_endpoint_auth_signing_alg"]),
        ("save-links", &["policy_uri", "contacts"]),
        ("app-disable", &["decision"]),
    ] {
        for left_out in names {
            let (action, fields) = page.form(button);
            let fields: Vec<_> = fields.into_iter().filter(|(name, _)| name != left_out).collect();
            assert_eq!(
                owner.browser.post(&action, &page, &fields).await.status,
                400,
                "{button} without {left_out}"
            );
        }
    }
    for (name, value) in [("kind", ""), ("kind", "PUBLIC"), ("kind", "null")] {
        let answer = owner.browser.submit(&page, "save-general", &[(name, value)]).await;
        assert_eq!(answer.status, 400, "{value:?}");
    }
    let answer = owner.browser.submit(&page, "save-items", &[("level.email", "always")]).await;
    assert_eq!(answer.status, 400);
    assert_eq!(kept(&server, &app.client_id).await, before);
}

#[tokio::test]
async fn se_26_a_person_who_was_disabled_or_signed_out_changes_nothing() {
    let server = TestServer::start().await;
    let owner = developer(&server, "owner@example.com").await;
    let app = owner.register(&server, "나의 서비스").await;
    let page = owner.page(&server, &app.client_id).await;
    let before = kept(&server, &app.client_id).await;
    server.write(mapae::store::users::disable(&owner.user.id, server.now())).await;
    for button in [
        "save-general",
        "save-addresses",
        "save-items",
        "secret-rotate",
        "save-security",
        "save-grants",
        "save-signing-out",
        "save-requests",
        "save-tokens",
        "save-links",
        "app-disable",
    ] {
        let answer = owner.browser.submit(&page, button, &[]).await;
        assert_eq!(answer.status, 303, "{button}");
        assert_eq!(answer.location().unwrap().path(), "/sign-in", "{button}");
    }
    assert_eq!(kept(&server, &app.client_id).await, before);
    assert_eq!(before.lists.redirect_uris, [REDIRECT]);
}

#[tokio::test]
async fn ad_01_an_app_that_nobody_owns_belongs_to_the_operator_alone() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let (operator, stranger) =
        (operator(&server, "root@example.com").await, developer(&server, "dev@example.com").await);
    let address = format!("/console/apps/{}", app.client_id);
    let home = operator.browser.open(&server.at("/console")).await;
    assert!(home.values("a", "href").contains(&address), "{}", home.body);
    assert_eq!(operator.page(&server, &app.client_id).await.status, 200);
    let saved = operator.save(&server, &app.client_id, "save-general", &[("name", "새 이름")]).await;
    assert_eq!(saved.status, 303, "{}", saved.body);
    assert_eq!(kept(&server, &app.client_id).await.app.settings.name, "새 이름");
    let home = stranger.browser.open(&server.at("/console")).await;
    assert!(!home.values("a", "href").contains(&address), "{}", home.body);
    assert_eq!(stranger.page(&server, &app.client_id).await.status, 404);
    // What somebody else owns is not the operator's to change here.
    let owned = stranger.register(&server, "남의 것").await;
    assert_eq!(operator.page(&server, &owned.client_id).await.status, 404);
}
