//! From a provider's answers to an identity, by the pointers of its definition.

use std::collections::BTreeSet;

use mapae_protocol::scope::{OPENID, Scopes};
use serde_json::{Map, Value};

use super::{
    Definition,
    schema::{EmailMap, Field, Form, IdentityMap, ItemList},
};
use crate::{
    calendar,
    identity::{Email, Mapped, ProviderTerm, Verification},
};

/// The longest name that a provider may have for somebody, in bytes.
const MAX_SUBJECT: usize = 255;

/// What the provider said, part by part.
#[derive(Clone, Debug, Default)]
pub(crate) struct Document(Map<String, Value>);

/// The part of a document in which the provider lists terms.
pub(crate) const TERMS: &str = "terms";

impl Document {
    pub(crate) fn with(mut self, part: impl Into<String>, value: Value) -> Self {
        self.0.insert(part.into(), value);
        self
    }

    pub(crate) fn has(&self, part: &str) -> bool {
        self.0.contains_key(part)
    }

    /// OIDC Core §5.3.2.
    pub(crate) fn subject_of_user_info(&self) -> Option<&str> {
        self.at("/user_info/sub")?.as_str()
    }

    fn at(&self, pointer: &str) -> Option<&Value> {
        let (part, rest) = split(pointer)?;
        self.0.get(part)?.pointer(rest).filter(|value| !value.is_null())
    }

    /// The text that is there, and nothing that could be taken for one.
    pub(crate) fn text_at(&self, pointer: &str) -> Option<&str> {
        self.at(pointer)?.as_str()
    }

    fn first(&self, pointers: &[String]) -> Option<&Value> {
        pointers.iter().find_map(|pointer| self.at(pointer))
    }

    fn text(&self, pointers: &[String]) -> Option<String> {
        pointers.iter().find_map(|pointer| text(self.at(pointer)?))
    }

    fn is_true(&self, pointer: &str) -> bool {
        self.at(pointer) == Some(&Value::Bool(true))
    }
}

impl Definition {
    /// Who the provider says somebody is; `None` without a subject.
    pub(crate) fn identify(&self, document: &Document) -> Option<Mapped> {
        let map = &self.schema().identity;
        let subject = document.text(&map.subject).filter(|subject| is_subject(subject))?;
        let mut claims = if map.standard_claims { standard_claims(document) } else { Map::new() };
        for (name, field) in &map.claims {
            claims.extend(value(document, field).map(|value| (name.clone(), value)));
        }
        claims.extend(full_name(&claims).map(|name| ("name".to_owned(), name.into())));
        claims.extend(birth_date(document, map).map(|date| ("birthdate".to_owned(), date.into())));
        let mut emails: Vec<Email> = Vec::new();
        for found in map.emails.iter().filter_map(|rule| email(document, rule)) {
            // The first word about an address counts: UserInfo's is fresher than the ID token's.
            if !emails.iter().any(|known| known.address == found.address) {
                emails.push(found);
            }
        }
        let items = |items: &std::collections::BTreeMap<String, String>, there: &dyn Fn(&str) -> bool| {
            items.iter().filter(|(_, pointer)| there(pointer)).map(|(item, _)| item.clone()).collect()
        };
        let mut granted: Vec<String> = items(&map.granted, &|pointer| document.at(pointer).is_some());
        let mut refused: Vec<String> = items(&map.refused, &|pointer| document.is_true(pointer));
        for (status, item) in map.items.iter().flat_map(|rule| listed(document, rule)) {
            let side = if status { &mut granted } else { &mut refused };
            if !side.contains(&item) {
                side.push(item);
            }
        }
        Some(Mapped { subject, claims, emails, granted, refused, terms: self.terms(document) })
    }
}

impl Definition {
    /// RFC 6749 §5.1: scopes of an answer that are others than those of the request are what the person granted. Where items
    /// are scopes, each that was asked for is among them, or was refused. `openid` is no item: it is the sign-in itself.
    pub(crate) fn add_scopes(&self, mapped: &mut Mapped, asked: &Scopes, given: &Scopes) {
        let Some(spellings) = &self.schema().identity.scopes else { return };
        let names = |scopes: &Scopes| -> BTreeSet<String> {
            let name = |scope: &str| {
                let known = spellings.iter().find(|(_, spelling)| *spelling == scope);
                known.map_or(scope, |(name, _)| name.as_str()).to_owned()
            };
            scopes.iter().map(|scope| name(scope.as_str())).filter(|name| name != OPENID).collect()
        };
        let (asked, given) = (names(asked), names(given));
        mapped.refused.extend(asked.difference(&given).cloned());
        mapped.granted.extend(given);
    }

    /// What the provider says of the service's terms, if it says something. What has no tag is none.
    fn terms(&self, document: &Document) -> Option<Vec<ProviderTerm>> {
        let rules = self.schema().terms.as_ref()?;
        let list = document.0.get(TERMS)?.pointer(&rules.list)?.as_array()?;
        let term = |said: &Value| {
            let at = |pointer: &str| said.pointer(pointer);
            Some(ProviderTerm {
                tag: at(&rules.tag)?.as_str().filter(|tag| !tag.is_empty())?.to_owned(),
                required: at(&rules.required) == Some(&Value::Bool(true)),
                // Only a plain yes is one.
                agreed: at(&rules.agreed) == Some(&Value::Bool(true)),
                agreed_at: at(&rules.agreed_at).and_then(Value::as_str).and_then(calendar::rfc3339),
            })
        };
        Some(list.iter().filter_map(term).collect())
    }
}

/// Items of a list that were granted (`true`) or refused; of others nothing is known.
fn listed<'a>(document: &'a Document, rule: &'a ItemList) -> impl Iterator<Item = (bool, String)> + 'a {
    let entries = document.at(&rule.list).and_then(Value::as_array).into_iter().flatten();
    entries.filter_map(|entry| {
        let at = |pointer: &str| entry.pointer(pointer)?.as_str().filter(|text| !text.is_empty());
        let (name, status) = (at(&rule.name)?, at(&rule.status)?);
        let granted = status == rule.granted;
        (granted || status == rule.refused).then(|| (granted, name.to_owned()))
    })
}

/// OIDC Core §2 has 255 characters at most. Some stores keep no control characters, and none has a longer key.
fn is_subject(said: &str) -> bool {
    said.len() <= MAX_SUBJECT && !said.chars().any(char::is_control)
}

/// `/user_info/a/b` → `user_info`, `/a/b`.
fn split(pointer: &str) -> Option<(&str, &str)> {
    let inside = pointer.strip_prefix('/')?;
    Some(inside.find('/').map_or((inside, ""), |at| inside.split_at(at)))
}

/// OIDC Core §5.1: those of UserInfo are fresher.
fn standard_claims(document: &Document) -> Map<String, Value> {
    let mut claims = Map::new();
    for part in ["id_token", "user_info"] {
        claims.extend(document.0.get(part).and_then(Value::as_object).cloned().unwrap_or_default());
    }
    claims.remove("sub");
    claims
}

/// A text, or a whole number as decimal digits: numbers beyond 2⁵³ stay what they are.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}

fn value(document: &Document, field: &Field) -> Option<Value> {
    if field.unless.as_deref().is_some_and(|pointer| document.is_true(pointer)) {
        return None;
    }
    let said = document.first(&field.from)?;
    if field.form == Form::AgeLimits {
        return age_limits(said).map(Value::String);
    }
    let said = text(said)?;
    let formed = match field.form {
        Form::Text => Some(said),
        Form::Phone => phone(&said),
        Form::Gender => gender(&said),
        Form::AgeRange | Form::AgeLimits => age_range(&said),
        Form::MonthDayYear => month_day_year(&said),
    };
    formed.map(Value::String)
}

/// Of its parts, where the provider gives no whole: `김하루`, and `Haru Yoon`.
fn full_name(claims: &Map<String, Value>) -> Option<String> {
    let part = |name: &str| claims.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    if part("name").is_some() {
        return None;
    }
    let east_asian = |text: &str| {
        text.chars().all(|letter| matches!(letter, '\u{ac00}'..='\u{d7a3}' | '\u{4e00}'..='\u{9fff}' | '\u{3040}'..='\u{30ff}'))
    };
    match (part("given_name"), part("family_name")) {
        (Some(given), Some(family)) if east_asian(given) && east_asian(family) => {
            Some(format!("{family}{given}"))
        }
        (Some(given), Some(family)) => Some(format!("{given} {family}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

/// `+82 10-1234-5678` → `+821012345678`. A number without its country stays as it is: nobody guesses one.
fn phone(said: &str) -> Option<String> {
    let digits: String =
        said.chars().filter(|character| !matches!(character, ' ' | '-' | '(' | ')')).collect();
    let number = digits.strip_prefix('+').unwrap_or(&digits);
    let fine = (5..=20).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    fine.then_some(digits)
}

fn gender(said: &str) -> Option<String> {
    match said.to_ascii_lowercase().as_str() {
        "female" | "f" => Some("female".to_owned()),
        "male" | "m" => Some("male".to_owned()),
        _ => None,
    }
}

/// `20~29` (Kakao) and `20-29` (Naver) are the same; `90~` has no end.
fn age_range(said: &str) -> Option<String> {
    let range = said.replace('~', "-");
    let (from, to) = range.split_once('-')?;
    let number = |text: &str| text.len() <= 3 && text.bytes().all(|byte| byte.is_ascii_digit());
    (!from.is_empty() && number(from) && number(to)).then_some(range)
}

/// `{"min": 21}` → `21-`.
fn age_limits(said: &Value) -> Option<String> {
    let age = |name: &str| said.get(name)?.as_u64().filter(|age| *age < 150);
    let to = age("max").map(|age| age.to_string()).unwrap_or_default();
    Some(format!("{}-{to}", age("min")?))
}

/// `12/31/1990` → `1990-12-31`, `12/31` → `0000-12-31`, `1990` stays.
fn month_day_year(said: &str) -> Option<String> {
    let parts: Vec<&str> = said.split('/').collect();
    let number =
        |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    match *parts.as_slice() {
        [year] if number(year, 4) => Some(year.to_owned()),
        [month, day] if number(month, 2) && number(day, 2) => Some(format!("0000-{month}-{day}")),
        [month, day, year] if number(month, 2) && number(day, 2) && number(year, 4) => {
            Some(format!("{year}-{month}-{day}"))
        }
        _ => None,
    }
}

/// OIDC Core §5.1: `YYYY-MM-DD`, `0000-MM-DD` without the year, `YYYY` without the day.
fn birth_date(document: &Document, map: &IdentityMap) -> Option<String> {
    let map = map.birth_date.as_ref()?;
    let digits = |pointer: &str, length: usize| {
        let said: String =
            text(document.at(pointer)?)?.chars().filter(|character| *character != '-').collect();
        (said.len() == length && said.bytes().all(|byte| byte.is_ascii_digit())).then_some(said)
    };
    let counts = map.day_when.as_ref().is_none_or(|when| document.at(&when.at) == Some(&when.is));
    let day = digits(&map.day, 4).filter(|_| counts);
    let day = day.and_then(|day| Some(format!("{}-{}", day.get(..2)?, day.get(2..)?)));
    match (digits(&map.year, 4), day) {
        (Some(year), Some(day)) => Some(format!("{year}-{day}")),
        (None, Some(day)) => Some(format!("0000-{day}")),
        (year, None) => year,
    }
}

fn email(document: &Document, rule: &EmailMap) -> Option<Email> {
    let entry;
    let document = match &rule.list {
        Some(list) => {
            let entries = document.at(list)?.as_array()?;
            let primary =
                entries.iter().find(|entry| entry.pointer("/primary") == Some(&Value::Bool(true)))?;
            entry = Document::default().with("entry", primary.clone());
            &entry
        }
        None => document,
    };
    let address = document.text(&rule.address)?;
    let (name, domain) = address.rsplit_once('@')?;
    // `a@evil.example@corp.example` is read differently by every reader (RP-13).
    if name.contains('@') || address.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
        return None;
    }
    // A text "false" is true in some languages: texts count only where the definition says that they do.
    let said = |pointer: &String| {
        let text = document.at(pointer).and_then(Value::as_str);
        document.is_true(pointer) || (rule.texts_are_true && text == Some("true"))
    };
    let verified = !rule.verified.is_empty() && rule.verified.iter().all(said);
    let own = rule.own_domains.iter().any(|own| own.eq_ignore_ascii_case(domain))
        || rule.own_when.iter().any(|pointer| document.at(pointer).is_some());
    let is_relay = rule.relay.iter().any(said);
    let verification = match (verified, own) {
        (true, true) => Verification::ByMailHost,
        (true, false) => Verification::ByProvider,
        (false, _) => Verification::None,
    };
    (!name.is_empty() && !domain.is_empty()).then(|| Email {
        verification,
        is_relay,
        address: address.clone(),
    })
}
