//! Texts of the pages, from `locales/*.toml`: sections of flat keys, `{name}` placeholders.

use std::{
    collections::{BTreeMap, HashMap},
    fmt::{Display, Write as _},
    sync::LazyLock,
};

use askama::{filters, filters::Safe};
use mapae_protocol::locale::Locale;

use crate::pages::{
    input::Mistake,
    moment::Moment,
    scope_text::{ScopeText, ScopeTitle},
};

/// Stands where a text is missing; a test finds it on any page.
pub(in crate::pages) const MISSING: &str = "\u{FFFD}";

static KO: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::parse(KO_SOURCE).unwrap_or_default());
static EN: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::parse(EN_SOURCE).unwrap_or_default());
pub(in crate::pages) const KO_SOURCE: &str = include_str!("../../locales/ko.toml");
pub(in crate::pages) const EN_SOURCE: &str = include_str!("../../locales/en.toml");

/// All texts of one language by `section.key`.
#[derive(Debug, Default)]
pub(in crate::pages) struct Catalogue(pub(in crate::pages) HashMap<String, String>);

impl Catalogue {
    /// Reads a file of sections; anything but text in sections is refused.
    pub(in crate::pages) fn parse(source: &str) -> Result<Self, toml::de::Error> {
        let sections: BTreeMap<String, BTreeMap<String, String>> = toml::from_str(source)?;
        let flat = sections.into_iter().flat_map(|(section, texts)| {
            texts.into_iter().map(move |(key, text)| (format!("{section}.{key}"), text))
        });
        Ok(Self(flat.collect()))
    }
}

/// The texts of one language, as templates use them.
#[derive(Debug, Clone, Copy)]
pub struct Texts {
    locale: Locale,
}

impl Texts {
    /// Texts in this language.
    pub const fn new(locale: Locale) -> Self {
        Self { locale }
    }

    /// The language.
    pub const fn locale(&self) -> Locale {
        self.locale
    }

    /// The text of a key.
    pub fn of(&self, key: &str) -> &'static str {
        let catalogue: &'static Catalogue = match self.locale {
            Locale::Ko => &KO,
            Locale::En => &EN,
        };
        catalogue.0.get(key).map_or(MISSING, String::as_str)
    }

    /// The text with one placeholder filled in; plain text, to be escaped like any other.
    pub fn with(&self, key: &str, name: &str, value: impl Display) -> String {
        fill(self.of(key), name, &value.to_string())
    }

    /// The text with a number at `{n}`; when it is 1 the key with `_one` is taken if there is one.
    pub fn count(&self, key: &str, n: impl Display) -> String {
        let n = n.to_string();
        let one = self.of(&format!("{key}_one"));
        let text = if n == "1" && one != MISSING { one } else { self.of(key) };
        fill(text, "n", &grouped(&n))
    }

    /// The text with a string of somebody's set off and isolated (`<bdi>`), both escaped: HTML.
    pub fn rich(&self, key: &str, name: &str, value: impl Display) -> Safe<String> {
        let text = escape(self.of(key));
        let mut set_off = String::new();
        let _ = write!(set_off, "<bdi>{}</bdi>", escape(&value.to_string()));
        Safe(fill(&text, name, &set_off))
    }

    /// What is wrong with a field.
    pub fn mistake(&self, mistake: &impl Mistake) -> String {
        mistake.text(self)
    }

    /// How long ago something was; a date when that was more than a month ago.
    pub fn ago(&self, moment: &Moment) -> String {
        let minutes = moment.seconds_passed() / 60;
        match minutes {
            ..=0 => self.of("time.now").to_owned(),
            1..60 => self.count("time.minutes_ago", minutes),
            60..1_440 => self.count("time.hours_ago", minutes / 60),
            1_440..43_200 => self.count("time.days_ago", minutes / 1_440),
            43_200.. => self.date(moment),
        }
    }

    /// How long until something, rounded up to whole hours (to minutes within the last one).
    pub fn until(&self, moment: &Moment) -> String {
        let minutes = moment.seconds_left().div_ceil(60).max(1);
        self.span(u32::try_from(minutes).unwrap_or(u32::MAX))
    }

    /// A number of minutes, rounded up to whole hours when it is an hour or more.
    pub fn span(&self, minutes: u32) -> String {
        match minutes {
            minutes @ ..60 => self.count("time.minutes", minutes),
            minutes @ 60.. => self.count("time.hours", minutes.div_ceil(60)),
        }
    }

    /// A number of minutes, rounded up to whole days when it is two days or more.
    pub fn life(&self, minutes: u32) -> String {
        match minutes {
            minutes @ ..2_880 => self.span(minutes),
            minutes @ 2_880.. => self.count("time.days", minutes.div_ceil(1_440)),
        }
    }

    /// The day (UTC) in this language's usual form.
    pub fn date(&self, moment: &Moment) -> String {
        moment.format(self.of("time.date"))
    }

    /// What a scope lets an app see or do, for the person.
    pub fn scope(&self, scope: &ScopeText) -> String {
        match &scope.title {
            ScopeTitle::Standard(standard) => self.of(standard.title_key()).to_owned(),
            ScopeTitle::Own(title) => title.to_string(),
            ScopeTitle::Upstream(provider) => self.with("scope.upstream", "provider", provider),
        }
    }

    /// What exactly a scope of this server gives; nothing for scopes of APIs, whose title is all there is.
    pub fn scope_detail(&self, scope: &ScopeText) -> Option<&'static str> {
        match &scope.title {
            ScopeTitle::Standard(standard) => Some(self.of(standard.detail_key())),
            ScopeTitle::Upstream(_) => Some(self.of("scope.upstream_detail")),
            ScopeTitle::Own(_) => None,
        }
    }
}

/// A whole number with commas between thousands, as both languages write it.
fn grouped(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (left, digit) in (1..=digits.len()).rev().zip(digits.chars()) {
        grouped.push(digit);
        if left > 1 && left % 3 == 1 {
            grouped.push(',');
        }
    }
    grouped
}

fn fill(text: &str, name: &str, value: &str) -> String {
    text.replace(&format!("{{{name}}}"), value)
}

fn escape(text: &str) -> String {
    filters::escape(text, filters::Html).map_or_else(|never| match never {}, |escaped| escaped.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_and_people_are_escaped() {
        let t = Texts::new(Locale::En);
        assert_eq!(t.with("sign_in.heading_app", "app", "Calendar"), "Sign in to Calendar");
        let rich = t.rich("sign_in.heading_app", "app", "<b>\"x\"").0;
        assert_eq!(rich, "Sign in to <bdi>&#60;b&#62;&#34;x&#34;</bdi>");
    }

    #[test]
    fn a_value_is_never_taken_for_a_placeholder_of_its_own() {
        let t = Texts::new(Locale::Ko);
        assert!(t.with("sign_in.heading_app", "app", "{app}").contains("{app}"));
    }

    #[test]
    fn english_counts_one() {
        let t = Texts::new(Locale::En);
        assert_eq!(t.count("time.minutes_ago", 1), "1 minute ago");
        assert_eq!(t.count("time.minutes_ago", 2), "2 minutes ago");
        assert_eq!(["7", "640", "1204", "1234567"].map(grouped), ["7", "640", "1,204", "1,234,567"]);
    }

    #[test]
    fn times_are_told_as_people_do() {
        let (ko, en) = (Texts::new(Locale::Ko), Texts::new(Locale::En));
        let now = 1_800_000_000;
        let ago = |seconds| Moment::new(now - seconds, now);
        assert_eq!(ko.ago(&ago(5)), "방금 전");
        assert_eq!(ko.ago(&ago(-5)), "방금 전");
        assert_eq!(ko.ago(&ago(3 * 3_600)), "3시간 전");
        assert_eq!(en.ago(&ago(86_400)), "1 day ago");
        assert_eq!(ko.ago(&ago(90 * 86_400)), "2026년 10월 17일");
        assert_eq!(en.ago(&ago(90 * 86_400)), "October 17, 2026");
        assert_eq!(en.until(&ago(-3_601)), "2 hours");
    }
}
