//! A client secret that is a token, signed here with the key of the developer account — RFC 7523 §3 in Apple's reading.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use mapae_protocol::{
    base64url,
    jose::{Algorithm, HeaderType, SigningKey},
    secret::Secret,
    time::{Seconds, Timestamp},
};
use serde_json::json;

use crate::setting::{ConfigurationError, Setting};

/// How long a secret is good. Apple takes half a year; whoever finds one should not have it that long.
const LIFE: Seconds = Seconds::minutes(10);

/// For how long one is used again.
const REUSE: Seconds = Seconds::minutes(5);

/// Makes the secrets of one client.
pub(crate) struct SecretSigner {
    key: SigningKey,
    team_id: String,
    made: Mutex<Option<(Secret<String>, Timestamp)>>,
}

impl SecretSigner {
    /// From the credentials as they come from the provider's console: the names of the team and of the key, and the key as
    /// the text of its `.p8` file.
    pub(crate) fn new(team_id: &str, key_id: &str, private_key: &str) -> Result<Self, ConfigurationError> {
        let wrong = |problem| ConfigurationError::new(Setting::ClientSecret, problem);
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !plain(team_id) {
            return Err(wrong("`team_id` is not the ten letters and digits of the team"));
        }
        let not_a_key = "`private_key` is not the text of the .p8 file";
        let der = pkcs8(private_key).ok_or_else(|| wrong(not_a_key))?;
        let key = SigningKey::from_pkcs8(Algorithm::Es256, der.expose()).map_err(|_| wrong(not_a_key))?;
        let key = key.with_kid(key_id).map_err(|_| wrong("`key_id` is not the name of a key"))?;
        Ok(Self { key, team_id: team_id.to_owned(), made: Mutex::default() })
    }

    /// The secret for now: `audience` is the provider, `client_id` ourselves.
    pub(super) fn secret(
        &self,
        client_id: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<Secret<String>, ConfigurationError> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back makes a new one: the old one would lie in the future.
        let good = made.as_ref().filter(|(_, at)| *at <= now && now < at.plus(REUSE));
        if let Some((secret, _)) = good {
            return Ok(secret.clone());
        }
        let claims = json!({
            "iss": self.team_id, "sub": client_id, "aud": audience, "iat": now.unix(), "exp": now.plus(LIFE).unix(),
        });
        let failed =
            ConfigurationError::new(Setting::ClientSecret, "nothing can be signed with `private_key`");
        let secret = Secret::new(self.key.sign(HeaderType::Jwt, &claims).map_err(|_| failed)?);
        *made = Some((secret.clone(), now));
        Ok(secret)
    }
}

impl fmt::Debug for SecretSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretSigner").field("key", &self.key).finish_non_exhaustive()
    }
}

/// RFC 7468 §10: the bytes between the lines. Base64 of files differs from that of tokens in two letters and padding.
pub(super) fn pkcs8(pem: &str) -> Option<Secret<Vec<u8>>> {
    let mut lines = pem.lines().map(str::trim).filter(|line| !line.is_empty());
    let begun = lines.next() == Some("-----BEGIN PRIVATE KEY-----");
    let text: String = lines.by_ref().take_while(|line| !line.starts_with("-----")).collect();
    let text = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    base64url::decode(&text).ok().filter(|_| begun).map(Secret::new)
}

#[cfg(test)]
mod tests {
    use mapae_protocol::jose::{JwkSet, Unverified};
    use serde_json::Value;

    use super::*;

    const NOW: Timestamp = Timestamp::from_unix(1_793_000_000);
    const APPLE: &str = "https://appleid.apple.com";

    fn pem(key: &SigningKey) -> String {
        let der = key.to_pkcs8().unwrap();
        let mut text = base64url::encode(der.expose()).replace('-', "+").replace('_', "/");
        while !text.len().is_multiple_of(4) {
            text.push('=');
        }
        let lines: Vec<&str> =
            text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
    }

    fn signer() -> SecretSigner {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        SecretSigner::new("TEAM000001", "KEY0000001", &pem(&key)).unwrap()
    }

    #[test]
    fn a_secret_says_who_made_it_for_whom_and_until_when() {
        let signer = signer();
        let secret = signer.secret("com.example.web", APPLE, NOW).unwrap();
        let token = Unverified::parse(secret.expose()).unwrap();
        assert_eq!((token.kid(), token.algorithm()), (Some("KEY0000001"), Algorithm::Es256));
        let keys = JwkSet::new(vec![signer.key.public_jwk().clone()]);
        let claims: Value = token.verify_with(&keys).unwrap().claims(&[]).unwrap();
        let expected = json!({
            "iss": "TEAM000001", "sub": "com.example.web", "aud": APPLE, "iat": 1_793_000_000, "exp": 1_793_000_600,
        });
        assert_eq!(claims, expected);
        assert!(!format!("{signer:?}").contains(secret.expose()));
    }

    #[test]
    fn a_secret_is_used_again_while_half_of_its_life_is_left() {
        let signer = signer();
        let at = |seconds| {
            let now = Timestamp::from_unix(NOW.unix() + seconds);
            signer.secret("com.example.web", APPLE, now).unwrap().expose().clone()
        };
        let first = at(0);
        assert_eq!(at(299), first);
        let second = at(300);
        assert_ne!(second, first);
        assert_ne!(at(-1), second, "a clock that was set back");
    }

    /// RFC 7468 §10.
    #[test]
    fn what_is_not_the_key_is_said_before_the_first_login() {
        let key = pem(&SigningKey::generate(Algorithm::Es256).unwrap());
        let rsa = pem(&SigningKey::generate(Algorithm::Rs256).unwrap());
        for (team, name, text, part) in [
            ("", "KEY0000001", key.as_str(), "`team_id`"),
            ("TEAM\"", "KEY0000001", &key, "`team_id`"),
            ("TEAM000001", "", &key, "`key_id`"),
            ("TEAM000001", "KEY\",\"alg\":\"none", &key, "`key_id`"),
            ("TEAM000001", "KEY0000001", "", "`private_key`"),
            ("TEAM000001", "KEY0000001", "AuthKey_KEY0000001.p8", "`private_key`"),
            ("TEAM000001", "KEY0000001", &rsa, "`private_key`"),
            ("TEAM000001", "KEY0000001", &key.replace("BEGIN PRIVATE", "BEGIN PUBLIC"), "`private_key`"),
        ] {
            let error = SecretSigner::new(team, name, text).unwrap_err();
            assert_eq!(error.setting(), Setting::ClientSecret);
            assert!(error.problem().contains(part), "{error}");
        }
        assert!(SecretSigner::new("TEAM000001", "KEY0000001", &key.replace('\n', "\r\n")).is_ok());
    }
}
