//! Colours as a definition writes them.

use serde::Deserialize;

/// The colours of a button.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Colours {
    pub(super) background: Colour,
    pub(super) foreground: Colour,
    pub(super) border: Option<Colour>,
}

/// A colour as a number (CSS Color 4), and nothing else that a style sheet would understand.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Colour(String);

impl TryFrom<String> for Colour {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.strip_prefix('#').unwrap_or_default();
        let is_colour =
            matches!(digits.len(), 3 | 4 | 6 | 8) && digits.bytes().all(|b| b.is_ascii_hexdigit());
        if is_colour { Ok(Self(text)) } else { Err("a colour is written like #FEE500 or #000000D9") }
    }
}

impl Colour {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Colours {
    pub(super) fn rule(&self, selector: &str) -> String {
        let Self { background: Colour(background), foreground: Colour(foreground), border } = self;
        let border = border.as_ref().map_or("transparent", |Colour(border)| border);
        format!("{selector} {{ background: {background}; color: {foreground}; border-color: {border}; }}\n")
    }
}
