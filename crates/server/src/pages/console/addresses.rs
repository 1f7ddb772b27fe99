//! Mistakes in the addresses of an app — redirect URIs (RFC 6749 §3.1.2, RFC 8252 §7) and origins (RFC 6454 §7).

use crate::pages::{input::Mistake, texts::Texts};

/// A line of a field that holds one address per line, and what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressMistake {
    /// Number of the line, from 1; 0 for the field as a whole.
    pub line: usize,
    /// What is wrong.
    pub why: AddressProblem,
}

/// What is wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressProblem {
    /// At least one is needed.
    Missing,
    /// More than this many.
    TooMany(usize),
    /// The same one twice.
    Twice,
    /// Not an absolute address.
    NotAbsolute,
    /// `http` elsewhere than on this computer.
    NotHttps,
    /// A scheme that can run code or reaches into the computer.
    Scheme,
    /// It has a part after `#`.
    Fragment,
    /// It has a user name or password in it.
    UserInfo,
    /// It has characters that do not belong there, a wildcard, or a path with `..`.
    Characters,
    /// An origin with more than scheme, host and port.
    NotAnOrigin,
}

impl Mistake for AddressMistake {
    fn text(&self, t: &Texts) -> String {
        let why = match self.why {
            AddressProblem::Missing => t.of("mistake.address_missing").to_owned(),
            AddressProblem::TooMany(limit) => t.count("mistake.address_too_many", limit),
            AddressProblem::Twice => t.of("mistake.address_twice").to_owned(),
            AddressProblem::NotAbsolute => t.of("mistake.address_not_absolute").to_owned(),
            AddressProblem::NotHttps => t.of("mistake.address_not_https").to_owned(),
            AddressProblem::Scheme => t.of("mistake.address_scheme").to_owned(),
            AddressProblem::Fragment => t.of("mistake.address_fragment").to_owned(),
            AddressProblem::UserInfo => t.of("mistake.address_user_info").to_owned(),
            AddressProblem::Characters => t.of("mistake.address_characters").to_owned(),
            AddressProblem::NotAnOrigin => t.of("mistake.address_not_an_origin").to_owned(),
        };
        match self.line {
            0 => why,
            line => format!("{} {why}", t.count("mistake.line", line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use mapae_protocol::locale::Locale;

    use super::*;
    use crate::pages::input::Input;

    #[test]
    fn the_line_is_named() {
        let mistake = AddressMistake { line: 2, why: AddressProblem::NotHttps };
        let input: Input<AddressMistake> = Input::refused("https://a\nhttp://b", mistake);
        let text = input.mistake.map(|mistake| mistake.text(&Texts::new(Locale::En))).unwrap_or_default();
        assert!(text.starts_with("Line 2: "), "{text}");
        let whole = AddressMistake { line: 0, why: AddressProblem::Missing };
        assert!(!whole.text(&Texts::new(Locale::Ko)).contains('0'));
    }
}
