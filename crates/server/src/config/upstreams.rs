//! `[[upstream]]`: providers that people sign in with, one table each.

use std::{collections::BTreeMap, fs};

use mapae_client::Definition;
use mapae_protocol::secret::Secret;

use super::{
    file::{Table, Value},
    issuer::Site,
    mistake::{Mistake, Place},
    source::Source,
    suggestion,
};
use crate::upstream::{Options, Secrets, UpstreamSettings, read_definition};

/// A key of the table, and what it means.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) example: &'static str,
}

const fn key(name: &'static str, meaning: &'static str, example: &'static str) -> Key {
    Key { name, meaning, example }
}

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
        "Further credentials, each as NAME=FILE: `admin_key` and `app_id` of Kakao prove its notices.",
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
    key("issuer", "The issuer, for `oidc`.", "\"https://id.example.com\""),
    key(
        "openid",
        "`off` where the provider leaves the choice and its console has it off (Kakao).",
        "\"off\"",
    ),
    key("label", "What people read in the place of the provider's usual name.", "\"우리 회사\""),
    key("base_url", "The address of a simulator: `mapae simulate`.", "\"http://localhost:9100\""),
];

/// Reads the tables; what is wrong goes to the mistakes.
pub(super) fn read(source: &mut Source<'_>, site: Option<&Site>) -> Vec<UpstreamSettings> {
    let mut read: Vec<UpstreamSettings> = Vec::new();
    for table in source.upstreams() {
        let mut reading = Reading { table: &table, mistakes: Vec::new() };
        reading.refuse_unknown();
        let settings = reading.settings();
        if let (Some(settings), Some(site)) = (&settings, site)
            && reading.mistakes.is_empty()
        {
            reading.refuse_useless(settings, site);
        }
        if let Some(settings) = &settings
            && read.iter().any(|other| other.name == settings.name)
        {
            reading.mistake("name", "Two providers have one name.", "Give one of them another name.");
        }
        for Mistake { place, wrong, instead } in reading.mistakes {
            source.mistake(place, wrong, instead);
        }
        read.extend(settings);
    }
    read
}

struct Reading<'a> {
    table: &'a Table,
    mistakes: Vec<Mistake>,
}

impl Reading<'_> {
    fn settings(&mut self) -> Option<UpstreamSettings> {
        let (id, definition) = self.definition().unzip();
        let provider =
            if id.is_some() { self.text("provider").or(id.clone()) } else { self.required("provider") };
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
            base_url: self.text("base_url"),
            without_openid: self.is_off("openid"),
            label: self.text("label"),
            definition,
        };
        Some(UpstreamSettings { name: name?, provider: provider?, client_id: client_id?, secrets, options })
    }

    fn refuse_unknown(&mut self) {
        let unknown: Vec<String> = self
            .table
            .keys()
            .filter(|key| KEYS.iter().all(|known| known.name != *key))
            .map(str::to_owned)
            .collect();
        for key in unknown {
            let instead = match suggestion::nearest(&key, KEYS.iter().map(|known| known.name)) {
                Some(near) => format!("Did you mean {near}?"),
                None => "Remove it; docs/config.md lists all settings.".to_owned(),
            };
            self.mistake(&key, "There is no such setting.", instead);
        }
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
        if let Err(error) = settings.provider(site) {
            let instead =
                format!("Look at {}; docs/config.md says what belongs there.", error.setting().name());
            self.mistake("provider", format!("This provider cannot be used: {error}."), instead);
        }
    }

    fn required(&mut self, key: &str) -> Option<String> {
        if !self.table.has(key) {
            self.mistake(key, "It is missing.", "Write it; docs/config.md says what belongs there.");
        }
        self.text(key)
    }

    fn text(&mut self, key: &str) -> Option<String> {
        match self.table.value(key)? {
            Value::Text(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Value::Text(_) | Value::Integer(_) | Value::List(_) | Value::Other(_) => {
                self.mistake(
                    key,
                    "This is not a text, or it is empty.",
                    "Write a text between quotation marks.",
                );
                None
            }
        }
    }

    fn list(&mut self, key: &str) -> Option<Vec<String>> {
        match self.table.value(key)? {
            Value::List(list) => Some(list.clone()),
            Value::Text(_) | Value::Integer(_) | Value::Other(_) => {
                self.mistake(key, "This is not a list.", "Write a list of texts: [\"one\", \"two\"].");
                None
            }
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

    fn is_off(&mut self, key: &str) -> bool {
        match self.text(key).as_deref() {
            None | Some("on") => false,
            Some("off") => true,
            Some(_) => {
                self.mistake(
                    key,
                    "This is neither \"on\" nor \"off\".",
                    "Write one of them, or remove the key.",
                );
                false
            }
        }
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

    fn mistake(&mut self, key: &str, wrong: impl Into<String>, instead: impl Into<String>) {
        let place: Place = self.table.place(key);
        self.mistakes.push(Mistake { place, wrong: wrong.into(), instead: instead.into() });
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
