//! An issuer with a path, beside others on its host — RFC 8414 §3.1, §5, OIDC Discovery §4.1.

use std::collections::BTreeSet;

use mapae_protocol::{issuer::Issuer, server_metadata::ServerMetadata};
use mapae_testkit::{Authorization, Browser, Options, Page, TestServer, client::send};

use super::{calendar, claims, to_consent};

const PATH: &str = "/team-1/log_in";

async fn below() -> TestServer {
    TestServer::start_with(Options { below: PATH, ..Options::default() }).await
}

/// The host without the path.
fn host(server: &TestServer) -> &str {
    server.issuer().strip_suffix(PATH).unwrap()
}

#[tokio::test]
async fn me_01_metadata_of_an_issuer_with_a_path_is_where_each_specification_looks_for_it() {
    let server = below().await;
    let http = mapae_testkit::http();
    let issuer = Issuer::parse(server.issuer()).unwrap();
    for address in [
        format!("{}/.well-known/oauth-authorization-server{PATH}", host(&server)),
        format!("{}/.well-known/openid-configuration{PATH}", host(&server)),
        server.at("/.well-known/openid-configuration"),
    ] {
        let answer = send(http.get(&address)).await;
        let body = answer.json.to_string();
        ServerMetadata::parse(body.as_bytes(), &issuer).unwrap_or_else(|error| panic!("{address}: {error}"));
        for (name, value) in answer.json.as_object().unwrap() {
            if name.ends_with("_endpoint") || name == "jwks_uri" {
                assert!(value.as_str().unwrap().starts_with(&server.at("/")), "{name}: {value}");
            }
        }
    }
    for elsewhere in [
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/team-1",
        "/jwks",
        "/",
        "/team-1",
        "/team-1/log_inx/jwks",
        "/team-1%2Flog_in/jwks",
    ] {
        let answer = http.get(format!("{}{elsewhere}", host(&server))).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{elsewhere}");
        assert!(answer.headers().contains_key("content-security-policy"), "{elsewhere}");
        assert_eq!(answer.text().await.unwrap(), "There is nothing at this address.\n", "{elsewhere}");
    }
}

#[tokio::test]
async fn a_person_signs_in_agrees_manages_and_leaves_below_the_path() {
    let server = below().await;
    let (api, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::speaking("en");
    let authorization = Authorization::of(&app, "openid email calendar.read");
    let consent = to_consent(&server, &browser, &user, &authorization).await;
    leads_nowhere_else(&server, &consent);
    let back = browser.submit(&consent, "consent-approve", &[("item", "calendar.read")]).await;
    assert_eq!(back.answered("iss").as_deref(), Some(server.issuer()));
    let tokens = server.redeem(&app, &back.answered("code").unwrap(), &authorization.verifier).await;
    assert_eq!(claims(&tokens.text("id_token"))["iss"], server.issuer());
    assert!(server.is_active(&api, &tokens.text("access_token")).await);
    assert_eq!(server.userinfo(&tokens.text("access_token")).await.status, 200);

    let seen = crawl(&server, &browser, &server.at("/account")).await;
    for page in ["/account", "/console", "/console/apps/new"] {
        assert!(seen.contains(&server.at(page)), "{page}: {seen:?}");
    }
    assert!(seen.len() > 6, "{seen:?}");

    let page = browser.open(&server.at("/sign-out")).await;
    let gone = browser.submit(&page, "logout-confirm", &[]).await;
    let gone = browser.follow(gone).await;
    assert!(gone.status.is_success(), "{} {}", gone.status, gone.body);
    assert!(browser.visit(&server.at("/account")).await.has("login-submit"));
}

/// All pages that can be reached by links, each as whole as at a root.
async fn crawl(server: &TestServer, browser: &Browser, from: &str) -> BTreeSet<String> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from.to_owned()]);
    while let Some(address) = open.pop() {
        if !seen.insert(address.clone()) {
            continue;
        }
        let page = browser.visit(&address).await;
        assert!(page.status.is_success(), "{address}: {}", page.status);
        leads_nowhere_else(server, &page);
        for link in page.values("a[href]", "href") {
            let link = page.address.join(&link).unwrap();
            if link.as_str().starts_with(server.issuer()) && link.fragment().is_none() {
                open.push(link.to_string());
            }
        }
        for (elements, attribute) in
            [("link[href]", "href"), ("script[src], img[src]", "src"), ("source[srcset]", "srcset")]
        {
            for kept in page.values(elements, attribute) {
                let asset = browser.open(page.address.join(&kept).unwrap().as_str()).await;
                assert!(asset.status.is_success(), "{kept}");
            }
        }
    }
    seen
}

/// Whatever a page leads to on this host is below the path.
fn leads_nowhere_else(server: &TestServer, page: &Page) {
    let mut led = 0;
    for (elements, attribute) in
        [("[href]", "href"), ("[action]", "action"), ("[src]", "src"), ("[srcset]", "srcset")]
    {
        for address in page.values(elements, attribute) {
            let address = page.address.join(&address).unwrap();
            let is_here = address.origin() == page.address.origin();
            let is_below = address.as_str().starts_with(server.issuer());
            assert!(!is_here || is_below, "{address} at {}", page.address);
            led += usize::from(is_here);
        }
    }
    assert!(led > 2, "{}", page.address);
}

/// RFC 6749 §4.1.2: the state comes back as it was.
#[tokio::test]
async fn what_an_app_wrote_is_not_taken_for_an_address_of_ours() {
    let server = below().await;
    let (_, app) = calendar(&server, false).await;
    let user = server.user("hong@example.com").await;
    let browser = Browser::default();
    let state = "a&url=/b\"url=/c href=/d";
    let authorization =
        Authorization::of(&app, "openid").with("response_mode", "form_post").with("state", state);
    let consent = to_consent(&server, &browser, &user, &authorization).await;
    let back = browser.submit(&consent, "consent-approve", &[]).await;
    assert_eq!(back.values("input[name=state]", "value"), [state], "{}", back.body);
}

#[tokio::test]
async fn an_address_below_the_path_that_nobody_has_is_a_page_of_ours() {
    let server = below().await;
    let page = Browser::speaking("en").open(&server.at("/nowhere")).await;
    assert_eq!(page.status, 404);
    leads_nowhere_else(&server, &page);
}
