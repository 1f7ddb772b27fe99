//! Other people's libraries log in: npm `arctic`, which knows all five, and `openid-client`, which discovers.
//!
//! Nothing of them is changed: requests to the providers' hosts go to the simulators instead.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::LazyLock,
};

use mapae_simulators::{Provider, Settings, Simulator};
use serde_json::{Value, json};

/// The folder in which the libraries are, once they are there.
pub(crate) fn installed() -> &'static Path {
    static INSTALLED: LazyLock<PathBuf> = LazyLock::new(|| {
        run("npm", &["ci", "--no-audit", "--no-fund", "--ignore-scripts"]);
        folder()
    });
    &INSTALLED
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e/social")
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(folder()).output();
    let output = output.unwrap_or_else(|error| panic!("this test needs {program}: {error}"));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{program}: {said} {}", String::from_utf8_lossy(&output.stderr));
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn arctic_and_openid_client_log_in_unchanged() {
    let mut running = Vec::new();
    for provider in Provider::ALL {
        running.push(Simulator::start(*provider, Settings::default()).await.unwrap());
    }
    let simulators: Vec<Value> = running
        .iter()
        .map(|simulator| {
            let app = simulator.app();
            json!({
                "provider": simulator.provider(),
                "base_url": simulator.base_url(),
                "client_id": app.client_id,
                "client_secret": app.client_secret,
            })
        })
        .collect();
    let simulators = json!({ "simulators": simulators }).to_string();
    let seen = tokio::task::block_in_place(|| {
        installed();
        run("node", &["login.mjs", &simulators])
    });
    let seen: Value = serde_json::from_str(&seen).unwrap();
    let arctic = &seen["arctic"];
    assert_eq!(
        arctic["kakao"],
        json!({ "id": "1376016924429759228", "refresh": true, "expires": arctic["kakao"]["expires"], "refreshed": true })
    );
    assert_eq!(arctic["naver"]["email"], "yuna@naver.com");
    assert_eq!(arctic["google"]["hd"], "corp.example");
    assert_eq!(arctic["facebook"]["email"], "sora@example.test");
    assert_eq!(arctic["apple"]["email"], "haru@icloud.example");
    assert_eq!(arctic["apple"]["user"]["name"]["firstName"], "Haru");
    let openid = &seen["openid"];
    assert_eq!(openid["kakao"], json!({ "sub": "9007199254740993", "email": "apeach@example.test" }));
    assert!(openid["naver"]["sub"].is_string());
    assert_eq!(openid["google"]["email"], "jiwoo.simulated@gmail.com");
    assert_eq!(openid["apple"], json!({ "sub": arctic["apple"]["sub"], "email": "haru@icloud.example" }));
}
