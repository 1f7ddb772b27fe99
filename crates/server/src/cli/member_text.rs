//! What an app registers beyond what every app has, as the command line spells it — RFC 7591 §2.

use std::str::FromStr;

use clap::{Args, ValueEnum};
use mapae_protocol::fapi::Profile;
use serde_json::Value;

/// Members of the app's metadata.
#[derive(Args, Clone, Debug, Default)]
pub struct MetadataChoices {
    /// What else the app registers, by the registered name of the member; may be repeated
    ///
    /// For example tos_uri=https://my.example/terms or default_max_age=3600: JSON, or text that needs no quotes. A name
    /// with nothing after = takes the member back. `mapae app show` lists what is registered.
    #[arg(long = "metadata", value_name = "MEMBER=VALUE")]
    pub metadata: Vec<MemberText>,

    /// File with the app's public keys, a JWK Set (RFC 7517 §5): what the app signs is verified with them
    #[arg(long, value_name = "FILE", conflicts_with = "jwks_uri")]
    pub jwks_file: Option<KeysFile>,

    /// Address at which the app's public keys stand; they are read again when they change
    #[arg(long, value_name = "URI")]
    pub jwks_uri: Option<String>,

    /// FAPI 2.0 profile that the app is on: all of its rules are switched on together
    ///
    /// The app must prove itself by private_key_jwt, so it needs --jwks-file or --jwks-uri, and https redirect URIs. What
    /// was issued to it by looser rules ends.
    #[arg(long, value_name = "PROFILE", value_enum)]
    pub profile: Option<ProfileName>,
}

/// A profile of FAPI 2.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProfileName {
    /// No profile: the app chooses by itself
    #[value(name = "none")]
    None,
    /// Security Profile: pushed requests, PKCE, private_key_jwt, tokens bound by DPoP, no rotation of refresh tokens
    #[value(name = "fapi2_security")]
    Security,
    /// Message Signing: the same, with signed requests and signed answers
    #[value(name = "fapi2_message_signing")]
    MessageSigning,
}

impl ProfileName {
    fn value(self) -> Option<Value> {
        let profile = match self {
            Self::None => return None,
            Self::Security => Profile::Security,
            Self::MessageSigning => Profile::MessageSigning,
        };
        Some(Value::from(profile.as_str()))
    }
}

impl MetadataChoices {
    /// Nothing is named.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.metadata.is_empty()
            && self.jwks_file.is_none()
            && self.jwks_uri.is_none()
            && self.profile.is_none()
    }

    /// Everything that is named. Keys of one kind take the place of those of the other.
    pub fn named(&self) -> impl Iterator<Item = MemberText> {
        let member = |member: &str, value| MemberText { member: member.to_owned(), value };
        let file = self
            .jwks_file
            .iter()
            .flat_map(move |KeysFile(keys)| [member("jwks_uri", None), member("jwks", Some(keys.clone()))]);
        let uri = self
            .jwks_uri
            .iter()
            .flat_map(move |uri| [member("jwks", None), member("jwks_uri", Some(Value::from(uri.as_str())))]);
        let profile = self.profile.iter().map(move |profile| member("fapi_profile", profile.value()));
        self.metadata.iter().cloned().chain(file).chain(uri).chain(profile)
    }
}

/// What a file of keys says, as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeysFile(pub Value);

/// Why a file has no keys.
#[derive(Debug, thiserror::Error)]
pub enum NoKeys {
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    File(#[from] std::io::Error),
    /// It is no JSON.
    #[error("the file is not JSON: write a JWK Set, {{\"keys\": […]}}")]
    Json,
}

impl FromStr for KeysFile {
    type Err = NoKeys;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        let text = std::fs::read_to_string(path)?;
        serde_json::from_str(&text).map(Self).map_err(|_| NoKeys::Json)
    }
}

/// One member and its value; none: it is taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberText {
    /// The registered name.
    pub member: String,
    /// What it shall be.
    pub value: Option<Value>,
}

/// There is no `=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write MEMBER=VALUE, for example tos_uri=https://my.example/terms")]
pub struct NoMember;

impl FromStr for MemberText {
    type Err = NoMember;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (member, value) =
            text.split_once('=').filter(|(member, _)| !member.is_empty()).ok_or(NoMember)?;
        let value = match value.trim() {
            "" => None,
            json => Some(serde_json::from_str(json).unwrap_or_else(|_| Value::from(value))),
        };
        Ok(Self { member: member.to_owned(), value })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_json_or_text_that_needs_no_quotes() {
        for (text, member, value) in [
            ("tos_uri=https://a.example/?x=1", "tos_uri", Some(json!("https://a.example/?x=1"))),
            ("tos_uri=\"https://a.example/\"", "tos_uri", Some(json!("https://a.example/"))),
            ("default_max_age=3600", "default_max_age", Some(json!(3600))),
            ("a=[\"x\", 1]", "a", Some(json!(["x", 1]))),
            ("a={", "a", Some(json!("{"))),
            ("a=", "a", None),
        ] {
            assert_eq!(text.parse(), Ok(MemberText { member: member.to_owned(), value }), "{text}");
        }
        assert_eq!("tos_uri".parse::<MemberText>(), Err(NoMember));
        assert_eq!("=x".parse::<MemberText>(), Err(NoMember));
    }
}
