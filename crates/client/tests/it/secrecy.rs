//! What must not be readable: in the file, in what observers see, in what is printed.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use mapae_client::{
    ProviderSettings, StoreError, Vault, VaultKey,
    observe::{Exchange, Observer, Outcome, Purpose, mask},
};
use mapae_protocol::base64url;

use crate::{
    engine::POSTGRES,
    website::{SECRET, Setup, Website},
};

/// Everything secret that travelled.
fn secrets(hits: &[crate::issuer::Hit], cookies: &[String]) -> Vec<String> {
    let mut secrets = vec![SECRET.to_owned()];
    for hit in hits {
        for name in ["code", "code_verifier", "refresh_token"] {
            secrets.extend(hit.form.get(name).cloned());
        }
        secrets.extend(
            hit.authorization
                .iter()
                .filter_map(|value| value.split_once(' '))
                .map(|(_, token)| token.to_owned()),
        );
    }
    secrets.extend(cookies.iter().cloned());
    assert!(secrets.len() >= 8, "too few to prove anything: {secrets:?}");
    secrets
}

#[tokio::test]
async fn rp_21_a_copy_of_the_vault_holds_no_token() {
    let (website, issuer) = Website::start().await;
    let (browser, _) = website.sign_in(&issuer, "alice").await.unwrap();
    let person = browser.person(&website).await.unwrap();
    website.clock.advance(60);
    let token = website.client.access_token(&person).await.unwrap();
    let cookies: Vec<String> = browser.cookies.values().cloned().collect();
    let mut hits = issuer.hits("/token");
    hits.extend(issuer.hits("/userinfo"));
    let mut secrets = secrets(&hits, &cookies);
    secrets.push(token.expose().to_owned());

    let dump = website.place.copy().await;
    let contains = |wanted: &[u8]| dump.windows(wanted.len()).any(|window| window == wanted);
    assert!(contains(b"alice"), "the dump is of the right file");
    for secret in secrets {
        assert!(!contains(secret.as_bytes()), "{secret}");
        if let Ok(raw) = base64url::decode(&secret) {
            assert!(!contains(&raw), "{secret}, decoded");
        }
    }
}

#[tokio::test]
async fn rp_21_a_copy_of_the_vault_opens_with_its_own_key_only() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    let other_key = VaultKey::from_bytes([7; 32]).unwrap();
    let refused = Vault::connect(website.place.url(), &other_key).await.unwrap_err();
    assert!(matches!(refused, StoreError::Open(_)), "{refused:?}");
    website.place.open().await;
    assert!(website.client.access_token(&person).await.is_ok(), "and nothing is lost by trying");
}

#[tokio::test]
async fn rp_21_a_vault_from_before_keys_were_noted_knows_its_own_by_what_it_sealed() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    website.place.execute("DELETE FROM vault_keys").await;
    let other_key = VaultKey::from_bytes([7; 32]).unwrap();
    let refused = Vault::connect(website.place.url(), &other_key).await.unwrap_err();
    let source = std::error::Error::source(&refused).unwrap().to_string();
    assert!(source.contains("not the key of this vault"), "{source}");
    let again = website.second_process(&issuer).await;
    assert!(again.client.access_token(&person).await.is_ok(), "the other one was not noted");
}

#[cfg(unix)]
#[tokio::test]
async fn the_vaults_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let (website, issuer) = Website::start().await;
    website.sign_in(&issuer, "alice").await.unwrap();
    for file in fs::read_dir(website.place.folder()).unwrap().map(|file| file.unwrap()) {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
    }
}

#[derive(Default)]
struct Recorder(Mutex<Vec<Exchange>>);

impl Observer for Recorder {
    fn exchanged(&self, exchange: &Exchange) {
        self.0.lock().unwrap().push(exchange.clone());
    }
}

static RECORDER: std::sync::LazyLock<Arc<Recorder>> = std::sync::LazyLock::new(Arc::default);

fn observed(settings: ProviderSettings) -> ProviderSettings {
    let recorder: Arc<dyn Observer> = Arc::clone(&*RECORDER) as _;
    settings.observed_by(recorder)
}

#[tokio::test]
async fn rp_21_an_observer_sees_every_exchange_and_no_secret() {
    let (website, issuer) = Website::start_with(Setup { settings: observed, ..Setup::default() }).await;
    let person = website.signed_in_person(&issuer).await;
    website.clock.advance(60);
    let token = website.client.access_token(&person).await.unwrap();
    issuer.behave().refreshes_are_dead = true;
    website.clock.advance(60);
    assert!(website.client.access_token(&person).await.is_err());

    let seen = RECORDER.0.lock().unwrap().clone();
    let purposes: Vec<Purpose> = seen.iter().map(|exchange| exchange.purpose).collect();
    let expected = [
        Purpose::Discovery,
        Purpose::Redemption,
        Purpose::Keys,
        Purpose::UserInfo,
        Purpose::Refresh,
        Purpose::Refresh,
    ];
    assert_eq!(purposes, expected);
    let text = serde_json::to_string(&seen).unwrap();
    let mut hits = issuer.hits("/token");
    hits.extend(issuer.hits("/userinfo"));
    for secret in secrets(&hits, &[token.expose().to_owned()]) {
        assert!(!text.contains(&secret), "{secret} in {text}");
    }
    assert!(!text.contains(".eyJ"), "no ID token");
    for open in [
        "authorization_code",
        "refresh_token",
        "http://localhost:3000/callback/op",
        "Basic ***",
        "invalid_grant",
    ] {
        assert!(text.contains(open), "{open}");
    }
    // The same token has the same mask on every arrow.
    let masked = format!(
        "Bearer {}",
        mask(hits.last().unwrap().authorization.as_ref().unwrap().split_once(' ').unwrap().1)
    );
    let user_info = seen.iter().find(|exchange| exchange.purpose == Purpose::UserInfo).unwrap();
    assert!(user_info.headers.iter().any(|(_, value)| *value == masked));
    let Outcome::Answered { status, body, .. } = &seen[1].outcome else { panic!() };
    assert_eq!((*status, &body["expires_in"]), (200, &serde_json::json!(60)));
    assert_eq!(format!("Bearer {}", body["access_token"].as_str().unwrap()), masked);
}

/// The key is lost: whoever starts the service hears it and what to do, and the vault stays as it is.
#[tokio::test]
async fn rp_21_a_vault_does_not_open_with_a_new_key_without_a_word() {
    let (website, issuer) = Website::start().await;
    let person = website.signed_in_person(&issuer).await;
    let (file, aside) = (website.place.key_file(), website.place.folder().join("aside"));
    fs::rename(&file, &aside).unwrap();
    for _ in 0..2 {
        let refused = if POSTGRES {
            // Beside no file: whether it is the right key, only the vault can say.
            let key = VaultKey::file(&file).unwrap();
            Vault::connect(website.place.url(), &key).await.unwrap_err()
        } else {
            Vault::open(website.place.folder().join("client.db")).unwrap_err()
        };
        let source = std::error::Error::source(&refused).unwrap().to_string();
        assert!(source.contains("put the key") && source.contains("move the vault"), "{source}");
    }
    assert_eq!(file.exists(), POSTGRES, "no key is made beside a vault");
    fs::rename(&aside, &file).unwrap();
    website.place.open().await;
    website.client.access_token(&person).await.unwrap();
}
