//! What the READMEs say about the simulators is carried out as it stands there.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use mapae_simulators::{Provider, Settings, Simulator};
use mapae_testkit::free_port;

use crate::{
    browser::Browser,
    foreign::installed,
    scene::{Scene, agree, sign_in},
};

/// The READMEs, and the heading of the section about the simulators.
const SECTIONS: [(&str, &str); 2] = [
    ("README.md", "## Developing \"Login with Kakao\" without keys"),
    ("README.ko.md", "## 카카오 로그인을 키 없이 개발하기"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The block of this number and language in the section with this heading.
fn block(file: &str, heading: &str, (language, number): (&str, usize)) -> String {
    let text = fs::read_to_string(root().join(file)).unwrap();
    let section = text.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
    section.split(&format!("```{language}\n")).nth(number).unwrap().split("```").next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_log_in_with_kakao_by_curl() {
    for (file, heading) in SECTIONS {
        let kakao = Scene::of(Provider::Kakao).await;
        let script =
            block(file, heading, ("sh", 2)).replace("http://localhost:9100", kakao.simulator.base_url());
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

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_log_in_with_kakao_by_openid_client() {
    let folder = tokio::task::block_in_place(installed);
    for (file, heading) in SECTIONS {
        let port = free_port();
        let service = format!("http://localhost:{port}");
        let redirect_uris = vec![format!("{service}/callback")];
        let settings = Settings { redirect_uris, ..Settings::default() };
        let kakao = Simulator::start(Provider::Kakao, settings).await.unwrap();
        let program = block(file, heading, ("js", 1))
            .replace("http://localhost:9100", kakao.base_url())
            .replace("http://localhost:3000", &service)
            .replace("listen(3000,", &format!("listen({port},"));
        let mut node = Command::new("node")
            .args(["--input-type=module", "--eval", &program])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test needs node");
        let mut said = BufReader::new(node.stdout.take().unwrap());
        let mut line = String::new();
        tokio::task::block_in_place(|| said.read_line(&mut line)).unwrap();
        let address = &line[line.find("http://").unwrap_or_else(|| panic!("{file}: {line}"))..];

        let browser = Browser::new();
        let page = sign_in(&browser, address.trim(), "apeach").await;
        let callback = agree(&browser, &page, &["account_email"]).await.location();
        assert_eq!(browser.open(callback.as_str()).await.body, "OK");

        let mut rest = String::new();
        tokio::task::block_in_place(|| said.read_to_string(&mut rest)).unwrap();
        assert!(node.wait().unwrap().success(), "{file}: {rest}");
        for known in ["9007199254740993", "apeach@example.test"] {
            assert!(rest.contains(known), "{file}: no {known} in {rest}");
        }
    }
}
