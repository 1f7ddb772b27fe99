//! Types that are a text which was parsed: they print as it, and are read from it by their own rule.

/// For a tuple struct of one `String` with `parse(&str) -> Result<Self, $error>`: how it prints, and how `serde` goes
/// through its rule, by `#[serde(try_from = "String", into = "String")]`.
macro_rules! parsed_text {
    ($name:ident, $error:ty) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(parsed: $name) -> Self {
                parsed.0
            }
        }
    };
}
pub(crate) use parsed_text;
