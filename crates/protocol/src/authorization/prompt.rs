//! `prompt`: which pages must be shown — OIDC Core §3.1.2.1, OIDC Prompt Create §4.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Error;

macro_rules! prompts {
    ($( $(#[$doc:meta])* $variant:ident = $text:literal; )+) => {
        /// One value of `prompt`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Prompt {
            $( $(#[$doc])* $variant, )+
        }

        impl Prompt {
            /// Every value, as metadata lists them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value as it travels.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $text, )+ }
            }
        }
    };
}

prompts! {
    /// No page may be shown.
    None = "none";
    /// The person signs in again, even with a session.
    Login = "login";
    /// The person is asked for consent, even if it was given.
    Consent = "consent";
    /// The person chooses an account.
    SelectAccount = "select_account";
    /// The person makes an account (OIDC Prompt Create §4).
    Create = "create";
}

/// The values of one `prompt` parameter; `none` stands alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Prompts(BTreeSet<Prompt>);

impl Prompts {
    /// Parses the parameter; an empty text is no wish.
    ///
    /// # Errors
    /// [`Error::PromptUnknown`], [`Error::PromptNoneWithOthers`].
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut prompts = BTreeSet::new();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            let known = Prompt::ALL.iter().copied().find(|prompt| prompt.as_str() == word);
            prompts.insert(known.ok_or(Error::PromptUnknown)?);
        }
        if prompts.contains(&Prompt::None) && prompts.len() > 1 {
            return Err(Error::PromptNoneWithOthers);
        }
        Ok(Self(prompts))
    }

    /// Whether this value was asked for.
    #[must_use]
    pub fn contains(&self, prompt: Prompt) -> bool {
        self.0.contains(&prompt)
    }

    /// Whether no page may be shown.
    #[must_use]
    pub fn forbids_pages(&self) -> bool {
        self.contains(Prompt::None)
    }

    /// Whether there is no wish.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Prompts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|prompt| prompt.as_str()).collect();
        f.write_str(&words.join(" "))
    }
}

impl TryFrom<String> for Prompts {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        Self::parse(&text)
    }
}

impl From<Prompts> for String {
    fn from(prompts: Prompts) -> Self {
        prompts.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn az_28_none_stands_alone() {
        assert!(Prompts::parse("none").unwrap().forbids_pages());
        assert!(Prompts::parse("none none").unwrap().forbids_pages());
        for text in ["none login", "login none", "none consent select_account", "none create"] {
            assert_eq!(Prompts::parse(text), Err(Error::PromptNoneWithOthers), "{text}");
        }
    }

    #[test]
    fn values_are_known_or_refused() {
        let both = Prompts::parse("consent login").unwrap();
        assert!(both.contains(Prompt::Login) && both.contains(Prompt::Consent) && !both.forbids_pages());
        assert_eq!(both.to_string(), "login consent");
        for text in ["Create", "LOGIN", "login,consent", "login\tconsent", "none\0"] {
            assert_eq!(Prompts::parse(text), Err(Error::PromptUnknown), "{text:?}");
        }
        for &prompt in Prompt::ALL {
            assert!(Prompts::parse(prompt.as_str()).unwrap().contains(prompt));
        }
    }
}
