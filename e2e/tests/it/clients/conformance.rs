//! `docs/manual/conformance.md`: its commands as they stand, its configuration, and its relying party at the server —
//! OIDC RP-Initiated Logout §2, OIDC Back-Channel Logout §2.5.

use std::{
    collections::HashMap,
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use mapae_e2e::program::{client_example, path};
use mapae_testkit::{Browser, free_port};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{process::Command, time::timeout};
use url::Url;

use super::program::{PASSWORD, Person, Program};

const MANUAL: &str = include_str!("../../../../docs/manual/conformance.md");
/// Whatever is waited for here takes a moment.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder in which somebody follows the manual, on ports that are free.
struct Desk {
    folder: TempDir,
    ports: HashMap<&'static str, String>,
}

impl Desk {
    fn set() -> Self {
        let ports = ["9443", "3000"].map(|port| (port, free_port().to_string())).into();
        let desk = Self { folder: tempfile::tempdir().unwrap(), ports };
        fs::create_dir(desk.at("bin")).unwrap();
        symlink(path(), desk.at("bin/mapae")).unwrap();
        symlink(client_example("conformance_rp"), desk.at("bin/conformance_rp")).unwrap();
        fs::write(desk.at("mapae.toml"), desk.block("toml", "issuer =")).unwrap();
        fs::write(desk.at("claims.json"), desk.block("json", "given_name")).unwrap();
        desk
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// All blocks of a language, as this desk writes them.
    fn blocks(&self, language: &str) -> Vec<String> {
        // A port of ours may contain one of the manual's.
        let marked =
            self.ports.keys().fold(MANUAL.to_owned(), |text, port| text.replace(port, &format!("<{port}>")));
        let manual =
            self.ports.iter().fold(marked, |text, (port, own)| text.replace(&format!("<{port}>"), own));
        let begins = format!("```{language}\n");
        manual.split(&begins).skip(1).map(|block| block.split("```").next().unwrap().to_owned()).collect()
    }

    fn block(&self, language: &str, holding: &str) -> String {
        self.blocks(language).into_iter().find(|block| block.contains(holding)).unwrap()
    }

    fn shell(&self, text: &str) -> Command {
        let mut command = Command::new("sh");
        let programs = self.at("bin");
        let all = [programs.as_path(), Path::new(&env::var_os("PATH").unwrap())]
            .map(Path::as_os_str)
            .join(":".as_ref());
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("MAPAE_")) {
            command.env_remove(name);
        }
        command.args(["-e", "-c", text]).current_dir(self.folder.path()).env("PATH", all).kill_on_drop(true);
        command
    }

    /// What a block prints, all of whose commands must succeed.
    async fn run(&self, text: &str) -> String {
        let ended = self.shell(text).output().await.unwrap();
        let said = String::from_utf8(ended.stdout).unwrap();
        assert!(ended.status.success(), "{text}: {said} {}", String::from_utf8_lossy(&ended.stderr));
        said
    }

    /// Starts what goes on until somebody ends it.
    fn start(&self, text: &str) -> Program {
        Program::of(
            self.shell(&format!("exec {}", text.trim().replacen("SSL_CERT_FILE", "env SSL_CERT_FILE", 1))),
        )
    }

    fn service(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.ports["3000"])
    }
}

/// The word behind a name in what a command has printed.
fn told(said: &str, name: &str) -> String {
    let line = said.lines().find(|line| line.trim_start().starts_with(name));
    let word = line.and_then(|line| line.split_whitespace().last());
    word.unwrap_or_else(|| panic!("no {name}: {said}")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_manual_of_the_conformance_suite_works_as_it_stands() {
    let desk = Desk::set();
    let mut blocks = desk.blocks("sh").into_iter();
    let certificates = blocks.next().unwrap();
    assert!(certificates.starts_with("openssl"), "{certificates}");
    desk.run(&certificates).await;
    let mut server = desk.start(&blocks.next().unwrap());
    server.line().await.expect("it says that it is ready");
    let (mut last, mut services) = (String::new(), 0);
    for block in blocks {
        if block.contains("conformance_rp") {
            services += 1;
            serve(&desk, &block, &last).await;
        } else {
            last = desk.run(&block).await;
        }
    }
    assert_eq!(services, 4);
}

/// One of the manual's ways to start the relying party, for the app that was made last: somebody signs in, and out.
async fn serve(desk: &Desk, block: &str, last: &str) {
    let root = fs::read(desk.at("suite.pem")).unwrap();
    let person = Person(Browser::trusting(&root, "en"));
    let issuer = format!("https://localhost:{}", desk.ports["9443"]);
    let by_key = block.contains("--private-key");
    if !by_key {
        fs::write(desk.at("secret.txt"), told(last, "client_secret")).unwrap();
    }
    let client_id = told(last, "client_id");
    let words = block.replace("CLIENT_ID", &client_id);
    let mut service = desk.start(&words);
    assert_eq!(service.line().await.unwrap(), desk.service("/"));
    let page = person.walk(&desk.service("/"), "consent-approve", |_| false).await;
    let said: Value = serde_json::from_str(&page.body).unwrap_or_else(|_| panic!("{}", page.body));
    let scope = if by_key { "openid" } else { "email openid profile" };
    assert_eq!((said["scope"].as_str(), said["issuer"].as_str()), (Some(scope), Some(issuer.as_str())));
    assert_eq!(said["bound"], by_key);
    let refreshed = person.open(&desk.service("/refresh")).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.body);
    if by_key || block.contains("--form-post") {
        return service.kill().await;
    }
    pages(desk, &person, &issuer, &client_id, &desk.service("/callback")).await;

    let out = person.walk(&desk.service("/out"), "logout-confirm", |_| false).await;
    assert!(out.body.contains("signed out") || out.has("onwards"), "{} {}", out.address, out.body);
    let told = async {
        // The logout token comes by itself; whoever is signed out is sent to the sign-in page.
        while person.open(&desk.service("/")).await.status == 200 {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, told).await.expect("the service hears of it");

    // Whoever leaves without an app.
    let person = Person(Browser::trusting(&root, "en"));
    person.walk(&format!("{issuer}/account"), "", |_| false).await;
    let asked = person.open(&format!("{issuer}/logout")).await;
    assert!(asked.has("logout-cancel") && asked.body.contains(sentence("Sign out?")), "{}", asked.body);
    let left = person.0.follow(person.0.submit(&asked, "logout-confirm", &[]).await).await;
    assert!(left.body.contains(sentence("You’re signed out")), "{}", left.body);
}

/// Whether the manual's browser does something on a page of this address.
fn is_met(desk: &Desk, task: &str, address: &Url) -> bool {
    let browser: Value = serde_json::from_str(&desk.block("json", "browser")).unwrap();
    let tasks =
        browser["browser"].as_array().unwrap().iter().flat_map(|entry| entry["tasks"].as_array().unwrap());
    let task = tasks.into_iter().find(|known| known["task"] == task).unwrap();
    let pattern = task["match"].as_str().unwrap();
    pattern.strip_suffix('*').is_some_and(|begin| address.as_str().starts_with(begin))
}

/// A sentence that the manual names.
fn sentence(text: &str) -> &str {
    assert!(MANUAL.contains(text), "{text}");
    text
}

/// What the manual says of pages is what they say.
async fn pages(desk: &Desk, person: &Person, issuer: &str, client_id: &str, redirect_uri: &str) {
    let good = format!("client_id={client_id}&redirect_uri={redirect_uri}&response_type=code&scope=openid");
    for (query, expected) in [
        (good.replace(client_id, "app_nobody"), "We don’t know this app"),
        (good.replace(redirect_uri, "https://a.example/"), "The return address isn’t registered"),
        (format!("{good}&client_id={client_id}"), "This request can’t be used"),
    ] {
        let page = person.open(&format!("{issuer}/authorize?{query}")).await;
        assert!(
            page.has("support-id") && page.body.contains(sentence(expected)),
            "{expected}: {}",
            page.body
        );
    }
    let asked = "For your security, the service asked you to enter your password again.";
    let pkce = "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    let page = person.0.visit(&format!("{issuer}/authorize?{good}&{pkce}&prompt=login")).await;
    assert!(page.has("again") && page.body.contains(sentence(asked)), "{} {}", page.address, page.body);
    assert!(is_met(desk, "Sign in", &page.address), "{}", page.address);
    person.0.submit(&page, "login-submit", &[("password", PASSWORD)]).await;
    let consent = person.0.visit(&format!("{issuer}/authorize?{good}&{pkce}&prompt=consent")).await;
    assert!(consent.has("consent-deny") && is_met(desk, "Agree", &consent.address), "{}", consent.address);
    for (hint, expected) in [
        ("", "This request to sign out can’t be used"),
        ("id_token_hint=x.y.z&", "This request to sign out can’t be used"),
    ] {
        let page = person
            .open(&format!("{issuer}/logout?{hint}post_logout_redirect_uri=https%3A%2F%2Fa.example%2F"))
            .await;
        assert!(page.has("support-id") && page.body.contains(sentence(expected)), "{}", page.body);
    }
    let unregistered = format!("client_id={client_id}&post_logout_redirect_uri=https%3A%2F%2Fa.example%2F");
    let page = person.open(&format!("{issuer}/logout?{unregistered}")).await;
    let expected = sentence("The address to return to after signing out isn’t registered");
    assert!(page.has("support-id") && page.body.contains(expected), "{}", page.body);
}
