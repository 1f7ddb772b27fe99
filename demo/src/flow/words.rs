//! The texts of the diagram, which live in data files: `data/steps/*.toml` and `data/parameters.toml`.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::{Deserialize, Serialize};

use super::{Endpoint, Lifeline, message::Kind, outcome, textbook::Book};

/// What a message is for, in two languages, and where it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What was asked for; without one, anything.
    #[serde(default, skip_serializing)]
    pub endpoint: Option<Endpoint>,
    /// Request, response or a word of the demo.
    #[serde(skip_serializing)]
    pub kind: Kind,
    /// Who sends it, where the same endpoint is asked by several parties.
    #[serde(default, skip_serializing)]
    pub from: Option<Lifeline>,
    /// Who gets it, where the same endpoint answers several parties.
    #[serde(default, skip_serializing)]
    pub to: Option<Lifeline>,
    /// How it ended: an OAuth error code, `code`, `sign_in`, `consent`, `diagram`, `error`, `no_credentials`, or what
    /// an experiment knows better; `refused` stands for every other refusal; without one, it is an ordinary success.
    #[serde(default, skip_serializing)]
    pub outcome: Option<String>,
    /// Which line of its textbook this is.
    #[serde(default)]
    pub number: Option<u8>,
    /// Which textbook that is.
    #[serde(default)]
    pub book: Book,
    /// A few words on the arrow.
    pub title_ko: String,
    /// The same in English.
    pub title_en: String,
    /// What this step is for.
    pub sentence_ko: String,
    /// The same in English.
    pub sentence_en: String,
    /// Where it is written: `RFC 6749 §4.1.1`.
    #[serde(default)]
    pub sources: Vec<String>,
}

/// What a parameter is for, in a phrase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Meaning {
    /// In Korean.
    pub ko: String,
    /// In English.
    pub en: String,
}

/// What a step is looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    /// What was asked for.
    pub endpoint: Endpoint,
    /// Request, response or a word of the demo.
    pub kind: Kind,
    /// Who sends it.
    pub from: Lifeline,
    /// Who gets it.
    pub to: Lifeline,
    /// How it ended.
    pub outcome: Option<&'a str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Steps {
    step: Vec<Step>,
}

/// Every file of steps; one for each party that is asked.
const FILES: &[&str] = &[
    include_str!("../../data/steps/service.toml"),
    include_str!("../../data/steps/social.toml"),
    include_str!("../../data/steps/provider.toml"),
    include_str!("../../data/steps/broker.toml"),
    include_str!("../../data/steps/front_channel.toml"),
    include_str!("../../data/steps/back_channel.toml"),
    include_str!("../../data/steps/api.toml"),
    include_str!("../../data/steps/any.toml"),
];

static STEPS: LazyLock<Vec<Step>> = LazyLock::new(|| {
    // The files are part of the program; a test reads them.
    let steps = FILES.iter().filter_map(|file| toml::from_str::<Steps>(file).ok());
    steps.flat_map(|steps| steps.step).collect()
});

static MEANINGS: LazyLock<BTreeMap<String, Meaning>> =
    LazyLock::new(|| toml::from_str(include_str!("../../data/parameters.toml")).unwrap_or_default());

/// The step that fits best: first by how it ended, then by what was asked for, then by who said it to whom. A refusal
/// never gets the words of a success.
#[must_use]
pub fn step(key: &Key<'_>) -> Option<&'static Step> {
    let general = key.outcome.filter(|outcome| outcome::is_refusal(outcome)).map(|_| "refused");
    let ends = [key.outcome, general, None];
    ends.into_iter().find_map(|end| {
        let fitting = STEPS.iter().filter(|step| step.fits(key, end));
        fitting.max_by_key(|step| step.precision())
    })
}

/// What a parameter or header of this name is for.
#[must_use]
pub fn meaning(name: &str) -> Option<&'static Meaning> {
    MEANINGS.get(name)
}

impl Step {
    fn fits(&self, key: &Key<'_>, end: Option<&str>) -> bool {
        self.outcome.as_deref() == end
            && self.kind == key.kind
            && self.endpoint.is_none_or(|endpoint| endpoint == key.endpoint)
            && self.from.is_none_or(|from| from == key.from)
            && self.to.is_none_or(|to| to == key.to)
    }

    const fn precision(&self) -> u8 {
        self.from.is_some() as u8 + self.to.is_some() as u8 + 4 * self.endpoint.is_some() as u8
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_file_can_be_read() {
        for file in FILES {
            toml::from_str::<Steps>(file).unwrap();
        }
        toml::from_str::<BTreeMap<String, Meaning>>(include_str!("../../data/parameters.toml")).unwrap();
    }

    #[test]
    fn every_step_of_every_endpoint_has_its_sentence() {
        for &endpoint in Endpoint::ALL {
            let kinds: &[Kind] = if matches!(endpoint, Endpoint::Experiment | Endpoint::OwnDatabase) {
                &[Kind::Event]
            } else {
                &[Kind::Request, Kind::Response]
            };
            for &kind in kinds {
                let pairs =
                    Lifeline::ALL.iter().flat_map(|from| Lifeline::ALL.iter().map(move |to| (*from, *to)));
                for (from, to) in pairs {
                    for outcome in [None, Some("refused"), Some("failed"), Some("something-new")] {
                        let key = Key { endpoint, kind, from, to, outcome };
                        let step = step(&key).unwrap();
                        let refused = outcome.is_some() && kind == Kind::Response;
                        assert_eq!(step.outcome.is_some(), refused, "{key:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn refusals_that_the_experiments_cause_have_a_sentence_of_their_own() {
        for (endpoint, outcome) in [
            (Endpoint::Authorize, "refused"),
            (Endpoint::Authorize, "code"),
            (Endpoint::Authorize, "error"),
            (Endpoint::Redemption, "invalid_grant"),
            (Endpoint::Redemption, "replayed"),
            (Endpoint::Redemption, "late"),
            (Endpoint::Redemption, "another_app"),
            (Endpoint::Redemption, "another_redirect_uri"),
            (Endpoint::Redemption, "another_verifier"),
            (Endpoint::Redemption, "invalid_client"),
            (Endpoint::Refresh, "invalid_grant"),
            (Endpoint::Refresh, "invalid_client"),
            (Endpoint::ReadEvents, "invalid_token"),
            (Endpoint::ReadEvents, "no_credentials"),
            (Endpoint::WriteEvents, "insufficient_scope"),
        ] {
            let key = Key {
                endpoint,
                kind: Kind::Response,
                from: Lifeline::AuthorizationServer,
                to: Lifeline::Client,
                outcome: Some(outcome),
            };
            assert_eq!(step(&key).unwrap().outcome.as_deref(), Some(outcome), "{key:?}");
        }
    }

    #[test]
    fn no_text_is_empty_and_no_two_steps_are_for_the_same() {
        let mut keys = BTreeSet::new();
        for step in STEPS.iter() {
            let texts = [&step.title_ko, &step.title_en, &step.sentence_ko, &step.sentence_en];
            assert!(texts.iter().all(|text| !text.trim().is_empty()), "{step:?}");
            let korean = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
            assert!(korean(&step.sentence_ko) && !korean(&step.sentence_en), "{step:?}");
            assert!(step.title_ko.chars().count() <= 30 && step.title_en.chars().count() <= 44, "{step:?}");
            let who = (step.from, step.to);
            let key = format!("{:?} {:?} {who:?} {:?}", step.endpoint, step.kind, step.outcome);
            assert!(keys.insert(key), "{step:?}");
        }
    }

    #[test]
    fn sources_are_spelt_as_everywhere() {
        for source in STEPS.iter().flat_map(|step| &step.sources) {
            let (document, section) = source.split_once(" §").unwrap();
            assert!(document.starts_with("RFC ") || document.starts_with("OIDC "), "{source}");
            assert!(section.starts_with(|c: char| c.is_ascii_digit()), "{source}");
        }
    }

    #[test]
    fn every_line_of_a_textbook_is_reached() {
        for &book in Book::ALL {
            let reached: BTreeSet<u8> =
                STEPS.iter().filter(|step| step.book == book).filter_map(|step| step.number).collect();
            assert_eq!(reached, (1..=13).collect(), "{book:?}");
        }
    }

    #[test]
    fn every_parameter_of_the_flow_is_explained() {
        for name in [
            "response_type",
            "client_id",
            "redirect_uri",
            "scope",
            "state",
            "nonce",
            "code_challenge",
            "code_challenge_method",
            "resource",
            "code",
            "iss",
            "grant_type",
            "code_verifier",
            "access_token",
            "refresh_token",
            "id_token",
            "expires_in",
            "token_type",
            "authorization",
            "www-authenticate",
            "location",
            "set-cookie",
            "cookie",
            "error",
            "error_description",
            "token",
            "password",
            "email",
        ] {
            assert!(meaning(name).is_some(), "{name}");
        }
    }
}
