//! `examples/cli.rs` of `mapae-client` as a process: a native program, public, with PKCE — RFC 8252 §7.3.

use mapae_e2e::program;
use tokio::{io::AsyncWriteExt as _, net::TcpStream};
use url::Url;

use super::program::{App, Person, Program, Provider};

async fn register(provider: &Provider) -> App {
    let words = ["--public", "--redirect-uri", "http://127.0.0.1/callback", "--required-scope", "openid"];
    let optional = ["--optional-scope", "profile", "--optional-scope", "email"];
    provider.register(&[&words[..], &optional].concat()).await
}

/// Starts the program and waits until it says where to go.
async fn start(provider: &Provider, app: &App) -> (Program, Url) {
    let arguments = [provider.gateway.issuer(), &app.client_id, "--no-browser"];
    let mut cli = Program::start(program::client_example("cli"), &arguments);
    assert_eq!(cli.line().await.as_deref(), Some("Open this address in a browser:"));
    let address = Url::parse(&cli.line().await.unwrap()).unwrap();
    (cli, address)
}

fn parameter(address: &Url, name: &str) -> String {
    address.query_pairs().find(|(present, _)| present == name).unwrap().1.into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn az_13_rp_08_a_native_program_signs_in_through_the_browser() {
    let provider = Provider::open(&[]).await;
    let app = register(&provider).await;
    let (mut cli, address) = start(&provider, &app).await;
    assert!(app.client_secret.is_empty(), "there is no secret that a program could leak");
    assert_eq!(parameter(&address, "code_challenge_method"), "S256");
    let loopback = Url::parse(&parameter(&address, "redirect_uri")).unwrap();
    assert_eq!((loopback.host_str(), loopback.path()), (Some("127.0.0.1"), "/callback"));

    // What other pages and programs do meanwhile ends nothing.
    let port = loopback.port().unwrap();
    let _silent = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut halting = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    halting.write_all(b"GET /callback?code=").await.unwrap();
    let person = Person::new();
    for (path, status) in [
        ("/favicon.ico", 404),
        ("/callback", 404),
        ("/callback?code=planted&state=planted", 400),
        ("/callback?error=access_denied&state=planted", 400),
        ("/callback?error=access_denied", 400),
        ("/callback?code=a&code=b&state=c", 400),
    ] {
        assert_eq!(person.open(&format!("http://127.0.0.1:{port}{path}")).await.status, status, "{path}");
        assert!(cli.runs(), "{path}");
    }

    let last = person.walk(address.as_str(), "consent-approve", |_| false).await;
    assert_eq!(
        (last.address.path(), last.body.as_str()),
        ("/callback", "Signed in. You can close this window.")
    );
    let (fine, said) = cli.end().await;
    assert!(
        fine && said.contains("Signed in: 홍길동") && said.contains("E-mail:    gildong@example.com"),
        "{said}"
    );
    assert_eq!(provider.gateway.grants("authorization_code"), 1);
    for token in provider.gateway.tokens() {
        assert!(!said.contains(&token), "it prints no token");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_native_program_whose_person_says_no_says_so_and_fails() {
    let provider = Provider::open(&[]).await;
    let app = register(&provider).await;
    let (cli, address) = start(&provider, &app).await;
    let last = Person::new().walk(address.as_str(), "consent-deny", |_| false).await;
    assert_eq!((last.status.as_u16(), last.address.path()), (400, "/callback"));
    let (fine, said) = cli.end().await;
    assert!(!fine && !said.contains("Signed in"), "{said}");
    assert_eq!(provider.gateway.grants("authorization_code"), 0);
}
