//! `[[upstream]]`: providers that people sign in with, one table each.

use std::{collections::BTreeMap, fs};

use mapae_client::Definition;
use mapae_protocol::secret::Secret;

use super::{
    issuer::Site,
    source::Source,
    table::{Key, Reading, key},
    unusable::{Unusable, unusable},
};
use crate::upstream::{Options, Secrets, UpstreamSettings, read_definition};

/// The name of the tables in the file.
pub(super) const UPSTREAM: &str = "upstream";

/// Every key. A test reads each.
pub(super) const KEYS: &[Key] = &[
    key(
        "provider",
        "The provider: `kakao`, `naver`, `naver-oidc`, `google`, `facebook`, `apple`, `github`, or `oidc` for any OpenID provider.",
        "\"kakao\"",
    ),
    key(
        "name",
        "What it is called here, when it is not its provider's name: it stands in the redirect URI, `ISSUER/upstream/NAME/callback`.",
        "\"kakao\"",
    ),
    key("client_id", "What this server is called there: of Kakao the REST API key.", "\"0123456789abcdef\""),
    key(
        "client_secret_file",
        "A file that holds the client secret and nothing else; files of settings are copied about and must not hold it.",
        "\"/run/secrets/kakao\"",
    ),
    key(
        "credential_files",
        "Further credentials, each as NAME=FILE: `admin_key` and `app_id` of Kakao prove its notices; `team_id`, `key_id` and `private_key` of Apple sign its client secrets.",
        "[\"admin_key=/run/secrets/kakao-admin\", \"app_id=/run/secrets/kakao-app\"]",
    ),
    key(
        "scopes",
        "What is asked for; without it what the provider's console says, or its usual scopes.",
        "[\"openid\", \"account_email\"]",
    ),
    key(
        "definition",
        "A file that says how a provider is spoken to that Mapae does not know by itself; `provider` may then be left out. \
         docs/commands.md says what stands in it.",
        "\"/etc/mapae/company.toml\"",
    ),
    key(
        "vars",
        "Values that the definition has otherwise, each as NAME=VALUE: `version` of Facebook's Graph API, of which each lives about two years.",
        "[\"version=v26.0\"]",
    ),
    key("issuer", "The issuer, for `oidc`.", "\"https://id.example.com\""),
    key(
        "openid",
        "`off` where the provider leaves the choice and its console has it off (Kakao).",
        "\"off\"",
    ),
    key(
        "hosted_domain",
        "The organisation whose people are let in, where the provider signs whose they are (Google Workspace).",
        "\"example.com\"",
    ),
    key(
        "trust_emails",
        "`on` where an address may be taken for its owner's because this provider says that it checked it, `off` where not. Without it: `off` for `oidc`, behind which any issuer may stand, and `on` for the others.",
        "\"on\"",
    ),
    key("label", "What people read in the place of the provider's usual name.", "\"우리 회사\""),
    key("base_url", "The address of a simulator: `mapae simulate`.", "\"http://localhost:9100\""),
];

/// Reads the tables; what is wrong goes to the mistakes.
pub(super) fn read(source: &mut Source<'_>, site: Option<&Site>) -> Vec<UpstreamSettings> {
    let mut read: Vec<UpstreamSettings> = Vec::new();
    for table in source.tables(UPSTREAM) {
        let mut reading = Reading::of(&table);
        reading.refuse_unknown(KEYS);
        let settings = reading.settings();
        if let (Some(settings), Some(site)) = (&settings, site)
            && reading.is_right()
        {
            reading.refuse_useless(settings, site);
        }
        if let Some(settings) = &settings
            && read.iter().any(|other| other.name == settings.name)
        {
            reading.mistake("name", "Two providers have one name.", "Give one of them another name.");
        }
        reading.tell(source);
        read.extend(settings);
    }
    read
}

impl Reading<'_> {
    fn settings(&mut self) -> Option<UpstreamSettings> {
        let (id, definition) = self.definition().unzip();
        let provider = if id.is_some() {
            self.text("provider").or_else(|| id.clone())
        } else {
            self.required("provider")
        };
        if let (Some(id), Some(provider)) = (&id, &provider)
            && id != provider
        {
            let instead = "Remove the key, or write what stands at `id` in the file.";
            self.mistake("provider", "The definition has another id.", instead);
        }
        let client_id = self.required("client_id");
        let name = self.text("name").or_else(|| provider.clone());
        let secrets = Secrets {
            client_secret: self
                .text("client_secret_file")
                .and_then(|path| self.secret("client_secret_file", &path)),
            credentials: self.credentials(),
        };
        let options = Options {
            scopes: self.list("scopes").map(|scopes| scopes.join(" ")),
            issuer: self.text("issuer"),
            vars: self.vars(),
            base_url: self.text("base_url"),
            without_openid: self.is_off("openid"),
            label: self.text("label"),
            hosted_domain: self.text("hosted_domain"),
            trust_emails: self.switch("trust_emails"),
            definition,
        };
        Some(UpstreamSettings { name: name?, provider: provider?, client_id: client_id?, secrets, options })
    }

    /// What each value is by itself is known; whether the provider can be spoken to with them is seen here.
    fn refuse_useless(&mut self, settings: &UpstreamSettings, site: &Site) {
        if !UpstreamSettings::is_name(&settings.name) {
            let instead = "Write at most 32 of a to z, 0 to 9 and the hyphen.";
            return self.mistake("name", "This cannot stand in an address.", instead);
        }
        if !settings.is_defined() {
            let ids: Vec<&str> = Definition::ids().collect();
            return self.mistake(
                "provider",
                "There is no such provider.",
                format!("Write one of {}.", ids.join(", ")),
            );
        }
        if let Some(Unusable { key, wrong, instead }) = unusable(settings, site) {
            self.mistake(key, wrong, instead);
        }
    }

    /// The id of a definition of one's own, and its text.
    fn definition(&mut self) -> Option<(String, String)> {
        let path = self.text("definition")?;
        match read_definition(&path) {
            Ok(found) => Some(found),
            Err(wrong) => {
                self.mistake(
                    "definition",
                    wrong,
                    "Name a file with a definition; docs/commands.md shows one.",
                );
                None
            }
        }
    }

    fn vars(&mut self) -> BTreeMap<String, String> {
        let mut vars = BTreeMap::new();
        for entry in self.list("vars").unwrap_or_default() {
            match entry.split_once('=') {
                Some((name, value)) => drop(vars.insert(name.to_owned(), value.to_owned())),
                None => self.mistake("vars", "An entry has no equals sign.", "Write each as NAME=VALUE."),
            }
        }
        vars
    }

    fn credentials(&mut self) -> BTreeMap<String, Secret<String>> {
        let mut credentials = BTreeMap::new();
        for entry in self.list("credential_files").unwrap_or_default() {
            match entry.split_once('=') {
                Some((name, path)) => {
                    let secret = self.secret("credential_files", path);
                    credentials.extend(secret.map(|secret| (name.to_owned(), secret)));
                }
                None => self.mistake(
                    "credential_files",
                    "An entry has no equals sign.",
                    "Write each as NAME=FILE.",
                ),
            }
        }
        credentials
    }

    fn secret(&mut self, key: &str, path: &str) -> Option<Secret<String>> {
        match read_secret(path) {
            Ok(secret) => Some(secret),
            Err(wrong) => {
                self.mistake(
                    key,
                    wrong,
                    "Name a file that this user may read and that holds only the secret.",
                );
                None
            }
        }
    }
}

/// The secret in a file, without the line feed at its end: one line, or a key in PEM (RFC 7468 §2).
///
/// # Errors
/// What is wrong, as a sentence that does not repeat the content.
pub(crate) fn read_secret(path: &str) -> Result<Secret<String>, String> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("The file {path:?} cannot be read: {error}."))?;
    let secret = text.trim_end_matches(['\r', '\n']);
    let is_pem = secret.starts_with("-----BEGIN ") && secret.ends_with("-----");
    let odd = |sign: char| sign.is_control() && !(is_pem && matches!(sign, '\r' | '\n'));
    if secret.is_empty() || secret.chars().any(odd) {
        return Err(format!("The file {path:?} is empty, or has more than one line."));
    }
    Ok(Secret::new(secret.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// RFC 7468 §2: a key is text with lines in it; any other secret is one line.
    #[test]
    fn op_15_a_secret_is_one_line_or_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let read = |text: &str| {
            fs::write(&path, text).unwrap();
            read_secret(path.to_str().unwrap()).map(|secret| secret.expose().clone()).ok()
        };
        let key = "-----BEGIN PRIVATE KEY-----\r\nMIGH\r\n-----END PRIVATE KEY-----";
        assert_eq!(read("s3cret\r\n"), Some("s3cret".to_owned()));
        assert_eq!(read(&format!("{key}\n")), Some(key.to_owned()));
        for wrong in ["", "\n", "two\nlines", "a\u{0}b", "-----BEGIN x\nno end", &key.replace("MIGH", "\t")] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
