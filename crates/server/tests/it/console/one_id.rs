//! One source of the id: the address says which app is changed, and nothing else does — AD-02.

use mapae::console::ROUTES;
use mapae_testkit::{Engine, TestServer};

use super::{developer, kept};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

/// Names under which somebody might send another id.
const NAMES: [&str; 6] = ["id", "app", "app_id", "client_id", "owner_id", "state"];

/// What each form carries out, so that only the other id is wrong with it.
fn form_of(path: &str) -> &'static str {
    match path.rsplit('/').next() {
        Some("general") => "name=renamed&homepage=&kind=confidential",
        Some("icon") => "decision=drop",
        Some("addresses") => "redirect_uris=https%3A%2F%2Fchanged.example%2F&origins=",
        Some("items") => "level.email=required",
        Some("security") => {
            "auth_method=client_secret_post&pkce=optional&refresh_tokens=keep&jwks=&jwks_uri=&requests=any&tokens=any&profile=none"
        }
        Some("secrets") => "decision=replace",
        Some("grants") => "grant.authorization_code=on&grant.refresh_token=on&grant.device_code=on",
        Some("signing-out") => {
            "post_logout_redirect_uris=https%3A%2F%2Fmy.example%2F&backchannel_logout_uri=&frontchannel_logout_uri=&backchannel_logout_session_required=off&frontchannel_logout_session_required=off"
        }
        Some("requests") => {
            "require_pushed_authorization_requests=on&request_object_signing_alg=none&request_uris=&default_max_age=&default_acr_values="
        }
        Some("tokens") => {
            "id_token_signed_response_alg=ES256&userinfo_signed_response_alg=none&authorization_signed_response_alg=none&token_endpoint_auth_signing_alg=none"
        }
        Some("links") => "policy_uri=https%3A%2F%2Fmy.example%2F&tos_uri=&initiate_login_uri=&contacts=",
        Some("state") => "decision=disable",
        Some("delete") => "name=One",
        other => panic!("no form for {other:?}"),
    }
}

#[tokio::test]
async fn ad_02_another_id_in_the_form_or_the_query_changes_nothing_of_the_other() {
    for engine in Engine::ALL {
        let server = TestServer::on(engine).await;
        let owner = developer(&server, "dev@example.com").await;
        let one = owner.register(&server, "One").await;
        let two = owner.register(&server, "Two").await;
        let foreign = developer(&server, "other@example.com").await.register(&server, "Theirs").await;
        let token = owner.page(&server, &one.client_id).await.values("input[name=csrf]", "value").remove(0);
        let forms =
            ROUTES.iter().filter(|route| route.path.contains("{id}") && route.methods.contains(&"POST"));
        let mut tried = 0;
        for route in forms {
            let path = route.path.replace("{id}", &one.client_id);
            for other in [&two.client_id, &foreign.client_id] {
                let before = (kept(&server, &one.client_id).await, kept(&server, other).await);
                for name in NAMES {
                    let body = format!("{}&csrf={token}&{name}={other}", form_of(&path));
                    let page =
                        owner.browser.send("POST", &server.at(&path), &[FORM], body.into_bytes()).await;
                    assert_eq!(page.status, 400, "{engine:?} {path} {name}: two ids that differ");
                    tried += 1;
                }
                assert_eq!(
                    (kept(&server, &one.client_id).await, kept(&server, other).await),
                    before,
                    "{engine:?} {path}: nothing was done to either"
                );
                // In the address beside the path it is not looked at; the form itself is refused for its token.
                for name in NAMES {
                    let address = server.at(&format!("{path}?{name}={other}"));
                    let body = format!("{}&csrf=x", form_of(&path)).into_bytes();
                    let page = owner.browser.send("POST", &address, &[FORM], body).await;
                    assert!(
                        [400, 403].contains(&page.status.as_u16()),
                        "{engine:?} {path}?{name}: {}",
                        page.status
                    );
                }
                assert_eq!(kept(&server, other).await, before.1, "{engine:?} {path}");
            }
        }
        assert_eq!(tried, 13 * 2 * NAMES.len(), "every form of an app");

        // The other one in the query, and a form that is carried out: it is done to the one in the path.
        let (before, address) = (
            kept(&server, &two.client_id).await,
            format!("/console/apps/{}/state?id={}", one.client_id, two.client_id),
        );
        let body = format!("decision=disable&csrf={token}").into_bytes();
        let page = owner.browser.send("POST", &server.at(&address), &[FORM], body).await;
        assert!([303, 400].contains(&page.status.as_u16()), "{engine:?}: {}", page.status);
        assert_eq!(kept(&server, &two.client_id).await, before, "{engine:?}");
    }
}
