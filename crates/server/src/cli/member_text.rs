//! What an app registers beyond what every app has, as the command line spells it — RFC 7591 §2.

use std::str::FromStr;

use clap::Args;
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
