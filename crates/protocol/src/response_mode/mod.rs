//! Response modes: how an authorization response travels — OAuth 2.0 Multiple Response Types §2.1, JARM §2.3.
//!
//! A mode is one file and one line in [`MODES`]; metadata and the request parser read the list.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::redirect_uri::TrustedRedirect;

mod form_post;
mod fragment;
mod query;
mod signed;

use signed::Signed;

/// Every response mode, in the order of the metadata, which means nothing: the default of the code flow is that of [`Mode`].
pub const MODES: &[&dyn ResponseMode] = &[
    &query::Query,
    &fragment::Fragment,
    &form_post::FormPost,
    &Signed::DEFAULT,
    &Signed::QUERY,
    &Signed::FRAGMENT,
    &Signed::FORM_POST,
];

/// How to send a list of parameters to a redirect URI.
pub trait ResponseMode: Sync {
    /// The value of `response_mode`.
    fn name(&self) -> &'static str;

    /// Whether the parameters travel as claims of a JWT (JARM §2.1).
    fn is_signed(&self) -> bool {
        false
    }

    /// What the browser must be told so that the parameters reach the app.
    fn deliver(&self, to: &TrustedRedirect, parameters: &[(&'static str, String)]) -> Delivery;
}

/// What a browser is told. Holds the code, so `Debug` shows neither address nor fields.
#[derive(Clone, PartialEq, Eq)]
pub enum Delivery {
    /// A redirect to this address, with 303 (RFC 9700 §4.12).
    Redirect(String),
    /// A page with a form that posts these fields.
    Form {
        /// Where the form leads.
        action: String,
        /// The hidden fields, to be escaped by the page.
        fields: Vec<(&'static str, String)>,
    },
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Redirect(_) => "Redirect(***)",
            Self::Form { .. } => "Form(***)",
        })
    }
}

/// One of [`MODES`]; travels and is stored as its name.
#[derive(Clone, Copy)]
pub struct Mode(&'static dyn ResponseMode);

impl Mode {
    /// The mode of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        MODES.iter().find(|mode| mode.name() == name).map(|mode| Self(*mode))
    }

    /// The value of `response_mode`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// See [`ResponseMode::is_signed`].
    #[must_use]
    pub fn is_signed(self) -> bool {
        self.0.is_signed()
    }

    /// See [`ResponseMode::deliver`].
    #[must_use]
    pub fn deliver(self, to: &TrustedRedirect, parameters: &[(&'static str, String)]) -> Delivery {
        self.0.deliver(to, parameters)
    }
}

impl Default for Mode {
    /// `query`, the default of `response_type=code`.
    fn default() -> Self {
        Self(&query::Query)
    }
}

impl PartialEq for Mode {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Mode {}

impl fmt::Debug for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?)
            .ok_or_else(|| de::Error::custom("no such response mode"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{Limits, Params};
    use crate::redirect_uri::{RedirectUri, match_registered};

    #[test]
    fn names_are_unique_and_found() {
        for mode in MODES {
            assert_eq!(Mode::parse(mode.name()).unwrap().name(), mode.name());
        }
        let names: std::collections::BTreeSet<_> = MODES.iter().map(|mode| mode.name()).collect();
        assert_eq!(names.len(), MODES.len());
        assert_eq!(Mode::default(), Mode::parse("query").unwrap());
    }

    #[test]
    fn az_19_no_other_mode_exists() {
        for name in ["", "carrier_pigeon", "jwt.query", ".jwt", "JWT", "QUERY", "query "] {
            assert!(Mode::parse(name).is_none(), "{name}");
            assert!(serde_json::from_value::<Mode>(name.into()).is_err(), "{name}");
        }
    }

    /// OAuth 2.0 Multiple Response Types §2.1.
    #[test]
    fn az_21_every_mode_delivers_hostile_values_byte_for_byte() {
        let registered = RedirectUri::parse("https://app.example.com/cb?x=1").unwrap();
        let to = match_registered(registered.as_str(), [&registered], false).unwrap();
        let hostile = "a b&state=2#\r\nSet-Cookie: x=y\"><script>한%0d%0a";
        for mode in MODES {
            let sent = mode.deliver(&to, &[("code", "c".into()), ("state", hostile.into())]);
            match sent {
                Delivery::Redirect(url) => {
                    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url}");
                    let (address, query) = url.split_once('?').unwrap();
                    assert_eq!(address, "https://app.example.com/cb");
                    // Behind a fragment there is no further field of the query.
                    let whole = query.replacen('#', "&", 1);
                    assert_eq!(whole != query, mode.name().starts_with("fragment"), "{}", mode.name());
                    let params = Params::parse(whole.as_bytes(), Limits::REQUEST).unwrap();
                    let fields: Vec<_> = params.iter().collect();
                    assert_eq!(fields, [("x", "1"), ("code", "c"), ("state", hostile)]);
                }
                Delivery::Form { action, fields } => {
                    assert_eq!(action, registered.as_str());
                    assert_eq!(fields, [("code", "c".to_owned()), ("state", hostile.to_owned())]);
                }
            }
        }
    }

    #[test]
    fn debug_shows_no_code() {
        assert_eq!(format!("{:?}", Delivery::Redirect("https://x/?code=1".into())), "Redirect(***)");
        let form = Delivery::Form { action: "https://x".into(), fields: vec![("code", "1".into())] };
        assert_eq!(format!("{form:?}"), "Form(***)");
    }
}
