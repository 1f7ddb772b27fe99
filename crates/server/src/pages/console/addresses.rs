//! Mistakes in the addresses of an app — redirect URIs (RFC 6749 §3.1.2, RFC 8252 §7) and origins (RFC 6454 §7).

use crate::pages::{input::Mistake, texts::Texts};

/// What is wrong with a field that holds one address per line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressMistakes(pub Vec<AddressMistake>);

/// An address that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressMistake {
    /// Number of its line, from 1; 0 for the field as a whole.
    pub line: usize,
    /// What is wrong.
    pub why: AddressProblem,
    /// The address that was probably meant.
    pub instead: Option<String>,
}

/// What is wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressProblem {
    /// At least one is needed.
    Missing,
    /// More than this many.
    TooMany(usize),
    /// More than this many characters.
    TooLong(usize),
    /// Not an absolute address.
    NotAbsolute,
    /// `http` elsewhere than on this computer.
    NotHttps,
    /// A scheme that can run code or reaches into the computer.
    Scheme,
    /// Only an app on people's own devices may be reached there (RFC 8252 §7).
    NativeOnly,
    /// Scheme or host have capital letters.
    NotLowerCase,
    /// Its path has `.` or `..`.
    Dots,
    /// It has a part after `#`.
    Fragment,
    /// It has a user name or password in it.
    UserInfo,
    /// It has characters that do not belong there, or a wildcard.
    Characters,
    /// An origin with more than scheme, host and port.
    NotAnOrigin,
}

impl AddressProblem {
    fn text(self, t: &Texts) -> String {
        let key = match self {
            Self::TooMany(limit) => return t.count("mistake.address_too_many", limit),
            Self::TooLong(limit) => return t.count("mistake.too_long", limit),
            Self::Missing => "mistake.address_missing",
            Self::NotAbsolute => "mistake.address_not_absolute",
            Self::NotHttps => "mistake.address_not_https",
            Self::Scheme => "mistake.address_scheme",
            Self::NativeOnly => "mistake.address_native_only",
            Self::NotLowerCase => "mistake.address_not_lower_case",
            Self::Dots => "mistake.address_dots",
            Self::Fragment => "mistake.address_fragment",
            Self::UserInfo => "mistake.address_user_info",
            Self::Characters => "mistake.address_characters",
            Self::NotAnOrigin => "mistake.address_not_an_origin",
        };
        t.of(key).to_owned()
    }
}

impl AddressMistake {
    /// One that concerns the field as a whole.
    pub const fn whole(why: AddressProblem) -> Self {
        Self { line: 0, why, instead: None }
    }
}

impl Mistake for AddressMistake {
    fn text(&self, t: &Texts) -> String {
        let line = (self.line > 0).then(|| t.count("mistake.line", self.line));
        let instead =
            self.instead.as_ref().map(|address| t.with("mistake.address_instead", "address", address));
        let parts = [line, Some(self.why.text(t)), instead];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

impl Mistake for AddressMistakes {
    fn text(&self, t: &Texts) -> String {
        self.0.iter().map(|mistake| mistake.text(t)).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::locale::Locale;

    use super::*;

    #[test]
    fn each_line_is_named_with_what_to_write_instead() {
        let mistakes = AddressMistakes(vec![
            AddressMistake { line: 2, why: AddressProblem::NotHttps, instead: Some("https://b".to_owned()) },
            AddressMistake { line: 3, why: AddressProblem::Scheme, instead: None },
        ]);
        let text = mistakes.text(&Texts::new(Locale::En));
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].starts_with("Line 2: ") && lines[0].ends_with("https://b"), "{text}");
        assert!(lines[1].starts_with("Line 3: "), "{text}");
        let whole = AddressMistake::whole(AddressProblem::Missing);
        assert!(!whole.text(&Texts::new(Locale::Ko)).contains('0'));
    }
}
