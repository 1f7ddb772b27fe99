//! What the READMEs say about the simulators is carried out as it stands there.

use std::{fs, path::Path, process::Command};

use mapae_simulators::Provider;

use crate::scene::Scene;

/// The second block of commands of the section with this heading.
fn commands(file: &str, heading: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    let text = fs::read_to_string(path).unwrap();
    let section = text.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
    section.split("```sh\n").nth(2).unwrap().split("```").next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_log_in_with_kakao_by_curl() {
    for (file, heading) in [
        ("README.md", "## Developing \"Login with Kakao\" without keys"),
        ("README.ko.md", "## 카카오 로그인을 키 없이 개발하기"),
    ] {
        let kakao = Scene::of(Provider::Kakao).await;
        let script = commands(file, heading).replace("http://localhost:9100", kakao.simulator.base_url());
        let run = || Command::new("sh").args(["-euc", &script]).output();
        let output = tokio::task::block_in_place(run).expect("sh can be started");
        let said = String::from_utf8(output.stdout).unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{file} needs sh, sed and curl: {said} {complaint}");
        let answers =
            ["\"id\":1376016924429759228", "ryan@example.test", "the connection is removed", "\"code\":-401"];
        let at: Vec<_> = answers.iter().map(|answer| said.find(answer)).collect();
        assert!(at.iter().all(Option::is_some) && at.is_sorted(), "{file}: {at:?} in {said}");
    }
}
