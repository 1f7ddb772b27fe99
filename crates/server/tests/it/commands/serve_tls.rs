//! `mapae serve --tls-cert … --tls-key …`: the process speaks TLS itself — OIDC Core §3.1.2.1, RFC 9325 §4.2.

use std::{fs, path::PathBuf};

use mapae_testkit::free_port;
use reqwest::Certificate;
use serde_json::Value;

use super::{
    installation::{Installation, text},
    server::{PATIENCE, Server},
};

/// A certificate for `localhost` in this folder, and who trusts it.
struct Issued {
    certificate: PathBuf,
    key: PathBuf,
    trusted: Certificate,
}

fn issue(mapae: &Installation, name: &str) -> Issued {
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let folder = mapae.data().with_file_name(format!("tls-{name}"));
    fs::create_dir_all(&folder).unwrap();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    fs::write(&certificate, issued.cert.pem()).unwrap();
    fs::write(&key, issued.signing_key.serialize_pem()).unwrap();
    Issued { certificate, key, trusted: Certificate::from_pem(issued.cert.pem().as_bytes()).unwrap() }
}

fn client(issued: &Issued) -> reqwest::Client {
    reqwest::Client::builder().tls_certs_only([issued.trusted.clone()]).build().unwrap()
}

#[tokio::test]
async fn op_08_the_process_speaks_tls_and_takes_a_new_certificate_without_a_restart() {
    let mapae = Installation::new(mapae::store::db::Engine::Sqlite).await;
    let (port, issued) = (free_port(), issue(&mapae, "first"));
    let listen = format!("127.0.0.1:{port}");
    let files = [issued.certificate.to_str().unwrap(), issued.key.to_str().unwrap()];
    let words = ["serve", "--listen", &listen, "--tls-cert", files[0], "--tls-key", files[1], "--json"];
    let server = Server::of(mapae.command(&words), port);
    assert_eq!(server.issuer, format!("https://localhost:{port}"));

    let address = format!("{}/.well-known/openid-configuration", server.issuer);
    let answer = client(&issued).get(&address).send().await.unwrap();
    assert!(answer.headers().contains_key("strict-transport-security"));
    let metadata: Value = answer.json().await.unwrap();
    for endpoint in ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"] {
        assert!(text(&metadata, endpoint).starts_with(&server.issuer), "{endpoint}");
    }
    let plain = mapae_testkit::http().get(address.replace("https:", "http:")).send().await;
    assert!(plain.is_err(), "nothing is said without TLS: {plain:?}");

    let next = issue(&mapae, "next");
    fs::copy(&next.certificate, &issued.certificate).unwrap();
    fs::copy(&next.key, &issued.key).unwrap();
    let taken = async {
        // A client for each: one that has connected before would go on over that connection.
        while client(&next).get(&address).send().await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, taken).await.expect("the new certificate is served");
    let stopped = server.stop("TERM");
    assert!(stopped.status.success(), "{}", stopped.log);
}

#[tokio::test]
async fn what_is_wrong_with_the_certificate_is_said_before_anything_is_made() {
    let mapae = Installation::new(mapae::store::db::Engine::Sqlite).await;
    let issued = issue(&mapae, "first");
    let other = issue(&mapae, "other");
    let (certificate, key) = (issued.certificate.to_str().unwrap(), issued.key.to_str().unwrap());
    for (words, wrong) in [
        (vec!["--tls-cert", certificate], "not its key"),
        (vec!["--tls-key", key], "not its certificate"),
        (vec!["--tls-cert", "/nowhere.pem", "--tls-key", key], "cannot be read"),
        (vec!["--tls-cert", key, "--tls-key", key], "holds no certificate"),
        (vec!["--tls-cert", certificate, "--tls-key", certificate], "holds no private key"),
        (vec!["--tls-cert", certificate, "--tls-key", other.key.to_str().unwrap()], "do not fit"),
        (
            vec!["--tls-cert", certificate, "--tls-key", key, "--issuer", "http://localhost:9000"],
            "http issuer",
        ),
    ] {
        let ended = mapae.run(&[&["serve"], &words[..]].concat());
        assert_eq!(ended.code, Some(2), "{words:?}: {ended:?}");
        assert!(ended.errors.contains(wrong), "{words:?}: {}", ended.errors);
    }
    assert!(!mapae.data().join("master.key").exists(), "nothing was made");
}
