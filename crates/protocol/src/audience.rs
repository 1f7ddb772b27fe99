//! For whom a token is — RFC 7519 §4.1.3.

use std::fmt;

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, SeqAccess, Visitor},
    ser::SerializeSeq,
};

/// One or more recipients: a string or an array of strings in JSON, never empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Audience {
    first: String,
    others: Vec<String>,
}

impl Audience {
    /// The audience of exactly one recipient.
    #[must_use]
    pub fn one(recipient: impl Into<String>) -> Self {
        Self { first: recipient.into(), others: Vec::new() }
    }

    /// This audience and one recipient more; naming one twice changes nothing.
    #[must_use]
    pub fn and(mut self, recipient: impl Into<String>) -> Self {
        let recipient = recipient.into();
        if !self.contains(&recipient) {
            self.others.push(recipient);
        }
        self
    }

    /// The audience of all `recipients`, or `None` if there are none.
    pub fn of<S: Into<String>>(recipients: impl IntoIterator<Item = S>) -> Option<Self> {
        let mut recipients = recipients.into_iter();
        let first = Self::one(recipients.next()?);
        Some(recipients.fold(first, Self::and))
    }

    /// Whether `recipient` is addressed, by its exact name.
    #[must_use]
    pub fn contains(&self, recipient: &str) -> bool {
        self.iter().any(|one| one == recipient)
    }

    /// Whether `recipient` and nobody else is addressed.
    #[must_use]
    pub fn is_only(&self, recipient: &str) -> bool {
        self.iter().all(|one| one == recipient)
    }

    /// The recipients, in the order given.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.first).chain(&self.others).map(String::as_str)
    }
}

impl Serialize for Audience {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.others.is_empty() {
            return serializer.serialize_str(&self.first);
        }
        let mut recipients = serializer.serialize_seq(Some(1 + self.others.len()))?;
        for recipient in self.iter() {
            recipients.serialize_element(recipient)?;
        }
        recipients.end()
    }
}

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OneOrMany)
    }
}

struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = Audience;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an array of strings, not empty")
    }

    fn visit_str<E: de::Error>(self, recipient: &str) -> Result<Audience, E> {
        Ok(Audience::one(recipient))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut recipients: A) -> Result<Audience, A::Error> {
        let first = recipients.next_element()?.ok_or_else(|| de::Error::invalid_length(0, &self))?;
        let mut others = Vec::new();
        while let Some(recipient) = recipients.next_element()? {
            others.push(recipient);
        }
        Ok(Audience { first, others })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// RFC 7519 §4.1.3.
    #[test]
    fn rs_07_a_string_or_an_array_but_typed() {
        let parse = |text: &str| serde_json::from_str::<Audience>(text).ok();
        assert_eq!(parse(r#""api""#), Some(Audience::one("api")));
        assert_eq!(parse(r#"["api"]"#), Some(Audience::one("api")));
        assert_eq!(parse(r#"["api","web"]"#), Some(Audience::one("api").and("web")));
        for bad in ["[]", "null", "1", "{}", "true", r#"["api",1]"#, r#"[["api"]]"#, "[null]"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn rs_07_names_are_compared_whole() {
        let audience = Audience::one("https://api.example").and("https://web.example");
        assert!(audience.contains("https://web.example"));
        for near in [
            "https://web.example/",
            "https://web.exampl",
            "HTTPS://web.example",
            "",
            "https://api.example https://web.example",
        ] {
            assert!(!audience.contains(near), "{near:?}");
        }
        assert!(!audience.is_only("https://api.example"));
        assert!(Audience::one("a").and("a").is_only("a"));
        assert_eq!(Audience::of(Vec::<String>::new()), None);
    }

    #[test]
    fn one_recipient_is_written_as_a_string() {
        let print = |audience: &Audience| serde_json::to_string(audience).unwrap();
        assert_eq!(print(&Audience::one("a")), r#""a""#);
        assert_eq!(print(&Audience::one("a").and("b")), r#"["a","b"]"#);
    }

    proptest! {
        #[test]
        fn round_trip(recipients in prop::collection::btree_set(".{0,8}", 1..5)) {
            let audience = Audience::of(recipients.iter().cloned()).unwrap();
            let text = serde_json::to_string(&audience).unwrap();
            prop_assert!(recipients.iter().all(|one| audience.contains(one)));
            prop_assert_eq!(serde_json::from_str::<Audience>(&text).unwrap(), audience);
        }
    }
}
