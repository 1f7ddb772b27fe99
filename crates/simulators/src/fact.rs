//! What is not certain about a provider, as settings instead of constants.

use std::collections::BTreeMap;

use mapae_protocol::time::Seconds;

/// How well something about a provider is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The provider's own document says so.
    Documented,
    /// Several independent libraries or measurements agree.
    Practice,
    /// A guess that was needed to have a value at all.
    Unconfirmed,
}

impl Certainty {
    /// The word for it, for people who read Korean.
    pub(crate) const fn in_korean(self) -> &'static str {
        match self {
            Self::Documented => "공식 문서",
            Self::Practice => "실제 사례",
            Self::Unconfirmed => "확인 안 됨",
        }
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Documented => "documented",
            Self::Practice => "practice",
            Self::Unconfirmed => "unconfirmed",
        }
    }
}

/// Something about a provider that can be changed, because it is uncertain or because tests want it otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its name in [`Settings::facts`](crate::Settings::facts) and for `do=fact`.
    pub name: &'static str,
    /// Its value until it is changed.
    pub value: &'static str,
    /// How well that value is known.
    pub certainty: Certainty,
    /// What it says, in Korean.
    pub about_ko: &'static str,
    /// The same in English.
    pub about: &'static str,
}

impl Fact {
    pub(crate) const fn new(
        name: &'static str,
        value: &'static str,
        certainty: Certainty,
        about_ko: &'static str,
        about: &'static str,
    ) -> Self {
        Self { name, value, certainty, about_ko, about }
    }

    /// What may be its value: numbers stay numbers, flags stay flags.
    pub(crate) fn accepts(&self, value: &str) -> bool {
        if self.value.parse::<u32>().is_ok() {
            return value.parse::<u32>().is_ok();
        }
        !matches!(self.value, "true" | "false") || matches!(value, "true" | "false")
    }
}

/// The facts of one simulator as they stand.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    known: &'static [Fact],
    changed: BTreeMap<&'static str, String>,
}

impl Facts {
    pub(crate) const fn of(known: &'static [Fact]) -> Self {
        Self { known, changed: BTreeMap::new() }
    }

    /// Changes one; `false` when there is none by that name, or the value is of another kind.
    pub(crate) fn change(&mut self, name: &str, value: &str) -> bool {
        let Some(fact) = self.known.iter().find(|fact| fact.name == name) else { return false };
        if !fact.accepts(value) {
            return false;
        }
        self.changed.insert(fact.name, value.to_owned());
        true
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static Fact, &str)> {
        self.known.iter().map(|fact| (fact, self.text(fact.name)))
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        if let Some(value) = self.changed.get(name) {
            return value;
        }
        self.known.iter().find(|fact| fact.name == name).map_or("", |fact| fact.value)
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.text(name) == "true"
    }

    pub(crate) fn number(&self, name: &str) -> u32 {
        self.text(name).parse().unwrap_or_default()
    }

    pub(crate) fn seconds(&self, name: &str) -> Seconds {
        Seconds::seconds(self.number(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[Fact] = &[
        Fact::new("life", "600", Certainty::Unconfirmed, "", ""),
        Fact::new("strict", "true", Certainty::Practice, "", ""),
        Fact::new("text", "no", Certainty::Practice, "", ""),
    ];

    #[test]
    fn a_fact_keeps_its_kind() {
        let mut facts = Facts::of(KNOWN);
        assert_eq!((facts.number("life"), facts.is("strict"), facts.text("text")), (600, true, "no"));
        for (name, value) in [("life", "soon"), ("life", "-1"), ("strict", "1"), ("unknown", "1")] {
            assert!(!facts.change(name, value), "{name}={value}");
        }
        for (name, value) in [("life", "5"), ("strict", "false"), ("text", "anything")] {
            assert!(facts.change(name, value), "{name}={value}");
        }
        assert_eq!((facts.number("life"), facts.is("strict"), facts.text("text")), (5, false, "anything"));
    }
}
