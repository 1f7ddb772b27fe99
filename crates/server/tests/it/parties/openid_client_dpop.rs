//! Somebody else's client with DPoP: npm `openid-client`, unchanged — RFC 9449 §5, §7, §8.

use std::process::Command;

use mapae::clock::Clock;
use mapae_testkit::{AppSpec, Authorization, Browser, Options, TestServer, npm_folder};
use serde_json::{Value, json};

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(npm_folder("social")).output();
    let output = output.unwrap_or_else(|error| panic!("this test needs {program}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {said} {}", String::from_utf8_lossy(&output.stderr));
    said
}

/// A public app that registered for bound tokens: proofs, nonces, a refresh token that goes with the key.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn openid_client_redeems_refreshes_and_asks_with_its_dpop_handle() {
    let server = TestServer::start_with(Options { clock: Some(Clock::System), ..Options::default() }).await;
    let metadata = [("dpop_bound_access_tokens".to_owned(), json!(true))].into();
    let app = server.register(AppSpec { public: true, metadata, ..AppSpec::default() }).await;
    let user = server.user("hong@example.com").await;
    let authorization = Authorization::of(&app, "openid email");
    let page = server.authorize(&Browser::default(), &user, &authorization).await;
    let parameter = |name: &str| {
        authorization.parameters.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone())
    };
    let argument = json!({
        "issuer": server.issuer(),
        "client_id": app.client_id,
        "callback": page.location().unwrap().to_string(),
        "checks": {
            "pkceCodeVerifier": authorization.verifier,
            "expectedState": parameter("state"),
            "expectedNonce": parameter("nonce"),
            "idTokenExpected": true,
        },
    });
    let said = tokio::task::block_in_place(|| run("node", &["dpop.mjs", &argument.to_string()]));
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        said,
        json!({
            "types": ["dpop", "dpop"],
            "bound": [true, true],
            "emails": ["hong@example.com", "hong@example.com"],
            "without": "invalid_grant",
        })
    );
}
