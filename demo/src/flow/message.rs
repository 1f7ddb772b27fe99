//! One message of the diagram, as viewers get it.

use mapae_protocol::params::Params;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Endpoint, Lifeline, curl,
    mask::{self, Shown},
    outcome,
    stories::Story,
    words::{self, Key, Meaning, Step},
};

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A full arrow.
    Request,
    /// A dashed arrow back.
    Response,
    /// A note across the lifelines: a word of the demo itself.
    Event,
}

/// Where a parameter stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the address.
    Query,
    /// In a form.
    Form,
    /// In the address that a redirect names.
    Location,
    /// In a JSON document.
    Json,
}

/// A parameter as it may be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// Where it stood.
    pub place: Place,
    /// Its name.
    pub name: String,
    /// Its value, masked if need be.
    pub value: Shown,
    /// What it is for.
    #[serde(flatten)]
    pub meaning: Option<&'static Meaning>,
}

/// How a message ended, at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing to judge.
    Open,
    /// It did what it was for.
    Ok,
    /// Somebody said no.
    Refused,
}

/// A message that was seen, before it has a number and a story. All of it may be shown.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Who sent it.
    pub from: Lifeline,
    /// Who got it.
    pub to: Lifeline,
    /// What is drawn.
    pub kind: Kind,
    /// What it is for.
    pub endpoint: Endpoint,
    /// How it ended, for the choice of the sentence.
    pub outcome: Option<String>,
    /// The method of a request.
    pub method: Option<String>,
    /// The address of a request, masked.
    pub address: Option<Shown>,
    /// The status of a response.
    pub status: Option<u16>,
    /// Which social provider it is about: `kakao`.
    pub provider: Option<&'static str>,
    /// What was said.
    pub parameters: Vec<Parameter>,
    /// Headers that matter.
    pub headers: Vec<(String, Shown)>,
    /// A JSON body, masked.
    pub body: Option<Value>,
    /// The request that this answers.
    pub answers: Option<u64>,
    /// Whether it is back-channel traffic that nobody asked for just now.
    pub noise: bool,
    /// How long ago it happened, in milliseconds, if it is told of later.
    pub ago: u64,
    /// Words of the demo itself, in the place of the table's.
    pub note: Option<Note>,
}

/// A word of the demo about what it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What happens.
    pub title_ko: String,
    /// The same in English.
    pub title_en: String,
    /// Why.
    pub sentence_ko: String,
    /// The same in English.
    pub sentence_en: String,
}

/// A message of the diagram. Nothing in it is secret.
#[derive(Clone, Debug, Serialize)]
pub struct Message {
    /// Its name, for links.
    pub id: String,
    /// Its number; later messages have higher ones.
    pub seq: u64,
    /// When, in Unix milliseconds.
    pub time: i64,
    /// Who sent it.
    pub from: Lifeline,
    /// Who got it.
    pub to: Lifeline,
    /// What is drawn.
    pub kind: Kind,
    /// What it is for.
    pub endpoint: Endpoint,
    /// The group it belongs to.
    pub story: Story,
    /// The request that this answers.
    pub answers: Option<u64>,
    /// The method of a request.
    pub method: Option<String>,
    /// The address of a request, masked.
    pub address: Option<Shown>,
    /// The status of a response.
    pub status: Option<u16>,
    /// Which social provider it is about: `kakao`.
    pub provider: Option<&'static str>,
    /// What was said.
    pub parameters: Vec<Parameter>,
    /// Headers that matter.
    pub headers: Vec<Header>,
    /// A JSON body, masked.
    pub body: Option<Value>,
    /// The same request as a command line.
    pub curl: Option<String>,
    /// How it ended.
    pub verdict: Verdict,
    /// Which part and line of the textbook.
    pub phase: Option<u8>,
    /// Whether it is back-channel traffic that nobody asked for just now.
    pub noise: bool,
    /// What it is for.
    #[serde(flatten)]
    words: Words,
}

/// A header as it may be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Header {
    /// Its name, in lower case.
    pub name: String,
    /// Its value, masked if need be.
    pub value: Shown,
    /// What it is for.
    #[serde(flatten)]
    pub meaning: Option<&'static Meaning>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Words {
    Note(Note),
    Step(&'static Step),
    None {},
}

impl Parameter {
    /// A parameter, masked by its name.
    #[must_use]
    pub fn new(place: Place, name: &str, value: &str) -> Self {
        Self::shown(place, name, mask::parameter(name, value))
    }

    /// A parameter that is masked already.
    #[must_use]
    pub fn shown(place: Place, name: &str, value: Shown) -> Self {
        Self { place, name: name.to_owned(), value, meaning: words::meaning(name) }
    }

    /// All of a query or form.
    #[must_use]
    pub fn all(place: Place, params: &Params) -> Vec<Self> {
        params.iter().map(|(name, value)| Self::new(place, name, value)).collect()
    }
}

impl Draft {
    /// A message about which nothing more is known.
    #[must_use]
    pub fn new(kind: Kind, endpoint: Endpoint, from: Lifeline, to: Lifeline) -> Self {
        Self {
            from,
            to,
            kind,
            endpoint,
            outcome: None,
            method: None,
            address: None,
            status: None,
            provider: None,
            parameters: Vec::new(),
            headers: Vec::new(),
            body: None,
            answers: None,
            noise: false,
            ago: 0,
            note: None,
        }
    }

    pub(crate) fn into_message(mut self, seq: u64, now: i64, story: Story) -> Message {
        self.endpoint = self.endpoint.within(story.kind);
        if self.from == Lifeline::Provider || self.to == Lifeline::Provider {
            self.endpoint = self.endpoint.at_provider_within(story.kind);
        }
        let words = self.words();
        let phase = match &words {
            Words::Step(step) => step.number.and_then(|number| step.book.phase_of(number)),
            Words::Note(_) | Words::None {} => None,
        };
        Message {
            id: format!("m{seq}"),
            seq,
            time: now - i64::try_from(self.ago).unwrap_or(0),
            from: self.from,
            to: self.to,
            kind: self.kind,
            endpoint: self.endpoint,
            story,
            answers: self.answers,
            curl: self.curl(),
            verdict: self.verdict(),
            phase,
            words,
            method: self.method,
            address: self.address,
            status: self.status,
            provider: self.provider,
            parameters: self.parameters,
            headers: self.headers.into_iter().map(Header::from).collect(),
            body: self.body,
            noise: self.noise,
        }
    }

    fn words(&self) -> Words {
        if let Some(note) = &self.note {
            return Words::Note(note.clone());
        }
        let key = Key {
            endpoint: self.endpoint,
            kind: self.kind,
            from: self.from,
            to: self.to,
            outcome: self.outcome.as_deref(),
        };
        words::step(&key).map_or(Words::None {}, Words::Step)
    }

    fn verdict(&self) -> Verdict {
        let refusal = self.outcome.as_deref().is_some_and(outcome::is_refusal);
        match (self.kind, self.status) {
            // The page that says why somebody was signed out: it is what the unlinking was to lead to.
            (Kind::Response, Some(401)) if self.endpoint == Endpoint::SignedOut => Verdict::Ok,
            (Kind::Response, Some(status)) if status >= 400 || refusal => Verdict::Refused,
            (Kind::Response, Some(_)) => Verdict::Ok,
            (Kind::Response, None) => Verdict::Refused,
            (Kind::Event, _) if refusal => Verdict::Refused,
            (Kind::Request | Kind::Event, _) => Verdict::Open,
        }
    }

    fn curl(&self) -> Option<String> {
        let (method, address) = (self.method.as_deref()?, self.address.as_ref()?.as_str());
        let at = |place| self.parameters.iter().filter(move |parameter| parameter.place == place).cloned();
        let (query, form): (Vec<_>, Vec<_>) = (at(Place::Query).collect(), at(Place::Form).collect());
        let headers: Vec<(String, String)> =
            self.headers.iter().map(|(name, value)| (name.clone(), value.as_str().to_owned())).collect();
        let body = self.body.as_ref().map(Value::to_string);
        Some(curl::command(&curl::Request {
            method,
            address: address.split('?').next().unwrap_or(address),
            query: &query,
            headers: &headers,
            form: &form,
            body: body.as_deref(),
        }))
    }
}

impl From<(String, Shown)> for Header {
    fn from((name, value): (String, Shown)) -> Self {
        let meaning = words::meaning(&name);
        Self { name, value, meaning }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::stories::StoryKind;

    fn message(draft: Draft) -> Value {
        serde_json::to_value(draft.into_message(7, 1_000, Story { id: 1, kind: StoryKind::Login })).unwrap()
    }

    #[test]
    fn a_message_carries_its_words_and_no_secret() {
        let mut draft = Draft::new(Kind::Request, Endpoint::Callback, Lifeline::Browser, Lifeline::Client);
        draft.method = Some("GET".to_owned());
        draft.address = Some(mask::address("http://localhost:3000/callback?code=the-secret-code&state=xyz"));
        draft.parameters = vec![
            Parameter::new(Place::Query, "code", "the-secret-code"),
            Parameter::new(Place::Query, "state", "xyz"),
        ];
        let message = message(draft);
        assert_eq!(
            (&message["id"], &message["seq"], &message["time"]),
            (&"m7".into(), &7.into(), &1_000.into())
        );
        assert_eq!((&message["number"], &message["phase"]), (&7.into(), &3.into()));
        assert!(message["sentence_ko"].is_string() && message["title_en"].is_string());
        assert!(message["parameters"][0]["ko"].is_string());
        assert!(message["curl"].as_str().unwrap().contains("code=\"$CODE\""));
        assert!(!message.to_string().contains("the-secret-code"));
    }

    #[test]
    fn a_refusal_is_seen_by_its_status_or_by_what_it_says() {
        let verdict = |status, outcome: Option<&str>| {
            let (from, to) = (Lifeline::AuthorizationServer, Lifeline::Browser);
            let mut draft = Draft::new(Kind::Response, Endpoint::Authorize, from, to);
            draft.status = status;
            draft.outcome = outcome.map(str::to_owned);
            draft.verdict()
        };
        assert_eq!(verdict(Some(200), None), Verdict::Ok);
        assert_eq!(verdict(Some(303), Some("code")), Verdict::Ok);
        assert_eq!(verdict(Some(303), Some("error")), Verdict::Refused);
        assert_eq!(verdict(Some(400), None), Verdict::Refused);
        assert_eq!(verdict(None, None), Verdict::Refused);
    }
}
