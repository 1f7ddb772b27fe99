//! The official MCP SDK's client, as it comes from npm, at an MCP server behind `mapae-resource` — RFC 9728 §5.1,
//! RFC 8414 §3, RFC 7591 §3.1, RFC 8707 §2, draft-ietf-oauth-client-id-metadata-document §3.

use std::io::Write as _;

use mapae_e2e::{
    chromium::{self, Screen},
    program::resource_example,
};
use mapae_testkit::{free_port, npm_folder};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::process::Command;
use url::Url;

use super::program::{EMAIL, PASSWORD, Person, Program, Scheme, Server};

const CALLBACK: &str = "http://127.0.0.1:8484/callback";
const SETTINGS: &[(&str, &str)] = &[
    ("MAPAE_REGISTRATION__POLICY", "open"),
    ("MAPAE_REGISTRATION__CLIENT_DOCUMENTS", "true"),
    ("MAPAE_REGISTRATION__SCOPES", "notes.read,notes.write"),
    ("MAPAE_FETCH__PRIVATE_ADDRESSES", "true"),
];

/// The authorization server, and an MCP server that trusts it.
struct Scene {
    server: Server,
    identifier: String,
    _protected: Program,
}

/// An MCP server with these scopes, and the credentials of its own.
async fn api(server: &Server, name: &str, scopes: &[&str]) -> (String, Program) {
    let identifier = format!("http://localhost:{}/mcp", free_port());
    let words = ["api", "create", "--identifier", &identifier, "--name", name];
    let scopes = scopes.iter().flat_map(|scope| ["--scope", scope]);
    let made = server.run(&words.into_iter().chain(scopes).collect::<Vec<_>>()).await;
    let mut secret = NamedTempFile::new().unwrap();
    secret.write_all(made["client_secret"].as_str().unwrap().as_bytes()).unwrap();
    let mut command = Command::new(resource_example("mcp_server"));
    command.args([server.issuer(), &identifier, made["client_id"].as_str().unwrap()]).arg(secret.path());
    command.env("SSL_CERT_FILE", server.certificate.root());
    let mut program = Program::of(command);
    let document = program.line().await.unwrap();
    assert!(document.ends_with("/.well-known/oauth-protected-resource/mcp"), "{document}");
    (identifier, program)
}

impl Scene {
    async fn set(scheme: Scheme) -> Self {
        let server = Server::on(scheme, SETTINGS).await;
        let scopes = ["notes.read=메모 보기|Read your notes", "notes.write=메모 쓰기|Write notes"];
        let (identifier, protected) = api(&server, "Notes", &scopes).await;
        Self { server, identifier, _protected: protected }
    }

    /// Starts the client. With `at` it is an address: the document stands there, served by the client's own site.
    fn client(&self, grants: &[&str], at: Option<&str>) -> Program {
        let metadata = json!({
            "client_name": "메모 도우미", "redirect_uris": [CALLBACK], "grant_types": grants,
            "response_types": ["code"], "token_endpoint_auth_method": "none",
        });
        let argument = json!({
            "server": self.identifier, "client_metadata": metadata, "document": at,
            "certificate": self.server.certificate.certificate(), "key": self.server.certificate.key(),
        });
        let mut command = Command::new("node");
        command.arg("client.mjs").arg(argument.to_string()).current_dir(npm_folder("mcp"));
        command.env("NODE_EXTRA_CA_CERTS", self.server.certificate.root());
        Program::of(command)
    }
}

/// The client sends somebody: what it asks for, and the person who agrees to everything.
async fn agree(client: &mut Program, person: &Person) -> Url {
    let address = Url::parse(&client.line().await.unwrap()).unwrap();
    let back = |url: &Url| url.as_str().starts_with(CALLBACK);
    let page = person.walk(address.as_str(), "consent-approve", back).await;
    client.tell(page.location().unwrap_or_else(|| panic!("{}", page.body)).as_str()).await;
    address
}

fn parameter(address: &Url, name: &str) -> Option<String> {
    address.query_pairs().find(|(present, _)| present == name).map(|(_, value)| value.into_owned())
}

async fn seen(client: Program) -> Value {
    let (fine, said) = client.end().await;
    assert!(fine, "{said}");
    serde_json::from_str(said.trim()).unwrap_or_else(|error| panic!("{error}: {said}"))
}

async fn rs_01_finds_and_registers(scheme: Scheme) {
    let scene = Scene::set(scheme).await;
    let grants = ["authorization_code", "refresh_token"];
    let (mut client, person) = (scene.client(&grants, None), &scene.server.person);
    let address = agree(&mut client, person).await;
    for (name, expected) in [
        ("resource", scene.identifier.as_str()),
        ("scope", "notes.read"),
        ("code_challenge_method", "S256"),
        ("redirect_uri", CALLBACK),
    ] {
        assert_eq!(parameter(&address, name).as_deref(), Some(expected), "{address}");
    }
    assert!(parameter(&address, "client_id").unwrap().starts_with("app_"), "it registered itself");
    let seen = seen(client).await;
    assert_eq!(seen["tools"], json!(["list_notes", "add_note"]));
    let claims = json!({ "aud": scene.identifier, "scope": "notes.read" });
    assert_eq!((&seen["first"], &seen["last"]), (&claims, &claims));
    assert_eq!((&seen["refreshes"], &seen["refreshed"]), (&json!(true), &json!(true)));
    // While it has a refresh token, the SDK only refreshes when more is needed, and then says that it was refused.
    assert_eq!((&seen["before"], &seen["refused"], seen.get("written")), (&json!(""), &json!(403), None));

    // The same token at another MCP server of the same authorization server.
    let (other, _protected) = api(&scene.server, "Mail", &["mail.read=메일 보기|Read your mail"]).await;
    let ping = json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }).to_string();
    let own = scene.identifier.trim_end_matches("/mcp");
    for (server, origin, status) in [
        (&scene.identifier, own, 200),
        (&scene.identifier, "https://evil.example", 403),
        (&other, other.trim_end_matches("/mcp"), 401),
    ] {
        let bearer = format!("Bearer {}", seen["token"].as_str().unwrap());
        let headers =
            [("authorization", bearer.as_str()), ("content-type", "application/json"), ("origin", origin)];
        let answer = person.0.send("POST", server, &headers, ping.clone().into_bytes()).await;
        assert_eq!(answer.status, status, "{server} {origin}: {}", answer.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rs_01_the_mcp_client_finds_and_registers_refreshes_and_its_token_is_for_one_server_on_http() {
    rs_01_finds_and_registers(Scheme::Http).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rs_01_the_mcp_client_finds_and_registers_refreshes_and_its_token_is_for_one_server_on_https() {
    rs_01_finds_and_registers(Scheme::Https).await;
}

/// A client that is an address sends somebody: it, its address, and where it sends them.
async fn introduced(scene: &Scene) -> (Program, String, Url) {
    let document = format!("https://localhost:{}/client.json", free_port());
    let mut client = scene.client(&["authorization_code"], Some(&document));
    let address = Url::parse(&client.line().await.unwrap()).unwrap();
    assert_eq!(parameter(&address, "client_id").as_deref(), Some(document.as_str()));
    (client, document, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dc_11_people_see_which_mcp_client_asks_for_what_and_how_long() {
    let scene = Scene::set(Scheme::Http).await;
    let (_client, _, address) = introduced(&scene).await;
    let mut chromium = chromium::open().await;
    for screen in Screen::ALL {
        chromium.hand_over(screen).await;
        chromium.goto(address.as_str()).await;
        chromium.fill("email", EMAIL).await;
        chromium.fill("password", PASSWORD).await;
        chromium.click("login-submit").await;
        chromium.wait_for("consent-approve").await;
        let page = chromium.text("main").await;
        for words in [
            "localhost → http://127.0.0.1:8484",
            screen.says("확인되지 않은 앱이에요", "This app is unverified"),
            screen.says("메모 보기", "Read your notes"),
            screen.says("늦어도 5분 뒤에", "after 5 minutes at the latest"),
            "메모 도우미",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
        assert!(!page.contains(screen.says("메모 쓰기", "Write notes")), "not asked for yet: {page}");
        chromium.shot("consent-mcp").await;
    }
    chromium.close().await;
}

async fn dc_11_is_an_address_and_steps_up(scheme: Scheme) {
    let scene = Scene::set(scheme).await;
    let (mut client, document, address) = introduced(&scene).await;
    let (person, back) = (&scene.server.person, |url: &Url| url.as_str().starts_with(CALLBACK));
    let page = person.walk(address.as_str(), "consent-approve", back).await;
    client.tell(page.location().unwrap().as_str()).await;
    // Its second tool needs more: the server says what, and the client asks for it.
    let address = agree(&mut client, person).await;
    assert_eq!(parameter(&address, "scope").as_deref(), Some("notes.read notes.write"));
    let seen = seen(client).await;
    assert_eq!(seen["client_id"], document);
    let claims = |scope: &str| json!({ "aud": scene.identifier, "scope": scope });
    assert_eq!((&seen["first"], &seen["last"]), (&claims("notes.read"), &claims("notes.read notes.write")));
    let expected = (&json!(""), &json!("written"), &json!("우유 사기"));
    assert_eq!((&seen["before"], &seen["written"], &seen["after"]), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dc_11_the_mcp_client_is_an_address_and_steps_up_on_http() {
    dc_11_is_an_address_and_steps_up(Scheme::Http).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dc_11_the_mcp_client_is_an_address_and_steps_up_on_https() {
    dc_11_is_an_address_and_steps_up(Scheme::Https).await;
}
