//! Who answers stands in every answer — RFC 9207 §2, §2.1, §3; threat AZ-39.

use mapae_testkit::{AppSpec, Authorization, Browser, TestServer, client::send};
use serde_json::json;

use super::{claims, sign_in, signed_responses::sent, to_consent};

/// The values of `iss` that a page sends to the app.
fn issuers(page: &mapae_testkit::Page) -> Vec<String> {
    sent(page).into_iter().filter(|(name, _)| name == "iss").map(|(_, value)| value).collect()
}

/// RFC 9207 §2, §2.1.
/// RFC 9207 §3.
#[tokio::test]
async fn az_39_every_answer_and_every_error_says_who_gives_it() {
    let server = TestServer::start().await;
    let app = server.register(AppSpec::default()).await;
    let metadata = send(mapae_testkit::http().get(server.at("/.well-known/openid-configuration"))).await;
    assert_eq!(metadata.json["authorization_response_iss_parameter_supported"], json!(true));
    assert_eq!(metadata.json["issuer"], server.issuer());
    let signed_in = sign_in(&server, &app, "openid").await;
    for mode in ["query", "fragment", "form_post", "query.jwt", "fragment.jwt", "form_post.jwt"] {
        let asked = Authorization::of(&app, "openid").with("response_mode", mode);
        for (wrong, value, error) in [
            ("", "", ""),
            ("max_age", "0", "login_required"),
            ("scope", "openid email", "consent_required"),
            ("scope", "nothing", "invalid_scope"),
            ("code_challenge_method", "plain", "invalid_request"),
            ("response_type", "token", "unsupported_response_type"),
        ] {
            let asked = if wrong.is_empty() { asked.clone() } else { asked.clone().with(wrong, value) };
            let silent = asked.with("prompt", "none").address(&server);
            let page = signed_in.browser.open(&silent).await;
            let answer = sent(&page);
            let told =
                |name: &str| answer.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
            if mode.ends_with("jwt") {
                // JARM §2.1: in it, and not beside it.
                let said = claims(told("response").unwrap());
                assert_eq!(said["iss"], server.issuer(), "{mode} {wrong}");
                assert_eq!(said["error"].as_str().unwrap_or_default(), error, "{mode} {wrong}");
                assert_eq!(issuers(&page), [""; 0], "{mode} {wrong}");
            } else {
                assert_eq!(issuers(&page), [server.issuer()], "{mode} {wrong}: {answer:?}");
                assert_eq!(told("error").unwrap_or_default(), error, "{mode} {wrong}");
            }
        }
    }
    // So does the answer of a person who says no.
    let other = server.register(AppSpec::default()).await;
    let asked = Authorization::of(&other, "openid");
    let browser = Browser::default();
    let consent = to_consent(&server, &browser, &signed_in.user, &asked).await;
    let page = browser.submit(&consent, "consent-deny", &[]).await;
    assert_eq!(
        (issuers(&page), page.answered("error").as_deref()),
        (vec![server.issuer().to_owned()], Some("access_denied"))
    );
}
