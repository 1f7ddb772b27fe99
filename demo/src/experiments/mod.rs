//! The buttons beside the diagram: what goes wrong in OAuth, really done against the real servers, and why it is
//! harmless. Each is one file and one line in [`EXPERIMENTS`]; its texts are in the section `experiment` of the locale files.

mod back_end;
mod call_api;
mod changed_redirect_uri;
mod dead_refresh_token;
mod disconnected;
mod dropped_scope;
mod errand;
mod expired_access_token;
mod finding;
mod foreign_access_token;
mod forged_access_token;
mod lab;
mod late_code;
mod outgoing;
mod replayed_code;
mod revoked_access_token;
mod stolen_code;
mod token_in_address;
mod wrong_secret;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use mapae_client::EndUser;
use mapae_protocol::locale::Locale;

pub(crate) use errand::{Brought, Errands, Wanted};
pub(crate) use finding::Finding;
pub(crate) use lab::{Lab, Setback};

use crate::{
    flow::{
        Endpoint, Lifeline,
        message::{Draft, Kind, Note},
    },
    site::{Desk, Texts},
};

/// Every experiment, in the order of the page.
pub(crate) const EXPERIMENTS: &[&dyn Experiment] = &[
    &call_api::CallApi,
    &token_in_address::TokenInAddress,
    &expired_access_token::ExpiredAccessToken,
    &forged_access_token::ForgedAccessToken,
    &foreign_access_token::ForeignAccessToken,
    &revoked_access_token::RevokedAccessToken,
    &dropped_scope::DroppedScope,
    &wrong_secret::WrongSecret,
    &changed_redirect_uri::ChangedRedirectUri,
    &stolen_code::StolenCode,
    &late_code::LateCode,
    &replayed_code::ReplayedCode,
    &dead_refresh_token::DeadRefreshToken,
    &disconnected::Disconnected,
];

/// What is no trespass at all: another kind of client.
pub(crate) const OTHER_CLIENTS: &[&dyn Experiment] = &[&back_end::BackEnd];

/// A button.
#[async_trait]
pub(crate) trait Experiment: Send + Sync {
    /// In addresses and in the locale files.
    fn name(&self) -> &'static str;

    /// Whether the person must sign in again afterwards.
    fn ends_session(&self) -> bool {
        false
    }

    /// Whether it is done with a person's tokens.
    fn needs_sign_in(&self) -> bool {
        true
    }

    /// Whether the browser leaves for another page.
    fn leaves(&self) -> bool {
        false
    }

    /// Whether the browser is sent for a code first, and for what kind; it comes back with it.
    fn wants_code(&self) -> Option<Wanted> {
        None
    }

    /// When it can be done.
    async fn begin(&self, lab: &Lab) -> Result<Start, Setback> {
        let _ = lab;
        Ok(Start::Now)
    }

    /// Does it, and says what was found.
    async fn run(&self, lab: &Lab) -> Result<Finding, Setback>;
}

/// When an experiment can be done.
pub(crate) enum Start {
    /// At once.
    Now,
    /// When this future says so; meanwhile the person is told this. If it gives nothing, never.
    Later(BoxFuture<'static, Option<()>>, Finding),
}

/// The experiment of this name.
pub(crate) fn find(name: &str) -> Option<&'static dyn Experiment> {
    EXPERIMENTS.iter().chain(OTHER_CLIENTS).copied().find(|experiment| experiment.name() == name)
}

/// Does an experiment with the tokens of a person; one that needs nobody is done without. One that wants a code
/// sends the browser for it first.
pub(crate) async fn perform(
    desk: &Desk,
    experiment: &'static dyn Experiment,
    person: Option<&EndUser>,
) -> Finding {
    let lab = Lab::new(desk, person.cloned());
    let Some(wanted) = experiment.wants_code() else { return carry_out(lab, experiment, false).await };
    let sent = tell(&lab, experiment, false, async {
        Ok(Begun::Sent(Finding::Go(errand::send(&lab, experiment, wanted).await?)))
    });
    sent.await.into_finding()
}

/// Goes on with an experiment whose browser is back.
pub(crate) async fn go_on(desk: &Desk, brought: Brought) -> (&'static dyn Experiment, Finding) {
    let Brought { experiment, person, code } = brought;
    let lab = Lab::new(desk, Some(person));
    let lab = match code {
        Some(code) => lab.with_code(code),
        None => lab,
    };
    (experiment, carry_out(lab, experiment, true).await)
}

async fn carry_out(lab: Lab, experiment: &'static dyn Experiment, goes_on: bool) -> Finding {
    let begun = tell(&lab, experiment, goes_on, async {
        match experiment.begin(&lab).await? {
            Start::Now => Ok(Begun::Done(experiment.run(&lab).await?)),
            Start::Later(ready, meanwhile) => Ok(Begun::Waiting(ready, meanwhile)),
        }
    })
    .await;
    let Begun::Waiting(ready, meanwhile) = begun else { return begun.into_finding() };
    tokio::spawn(async move {
        if ready.await.is_some() {
            tell(&lab, experiment, false, async { experiment.run(&lab).await.map(Begun::Done) }).await;
        }
    });
    meanwhile
}

/// How far an experiment came.
enum Begun {
    Done(Finding),
    Waiting(BoxFuture<'static, Option<()>>, Finding),
    /// The browser is away; there is nothing to say yet.
    Sent(Finding),
}

impl Begun {
    const fn finding(&self) -> Option<&Finding> {
        match self {
            Self::Done(finding) | Self::Waiting(_, finding) => Some(finding),
            Self::Sent(_) => None,
        }
    }

    fn into_finding(self) -> Finding {
        match self {
            Self::Done(finding) | Self::Waiting(_, finding) | Self::Sent(finding) => finding,
        }
    }
}

/// One at a time, and as one story: what is done, what happens, what it means. One that goes on has been announced.
async fn tell(
    lab: &Lab,
    experiment: &'static dyn Experiment,
    goes_on: bool,
    act: impl Future<Output = Result<Begun, Setback>> + Send,
) -> Begun {
    let _turn = lab.desk().parts().turn.lock().await;
    let journal = lab.desk().stage().journal();
    let _story = if goes_on { journal.resumed_experiment() } else { journal.experiment() };
    let key = |part: &str| format!("experiment.{}_{part}", experiment.name());
    if !goes_on {
        journal.record(word(&key("title"), |t| t.of(&key("what")).to_owned(), None));
    }
    let begun = act.await.unwrap_or_else(|setback| Begun::Done(setback.into()));
    let Some(finding) = begun.finding() else { return begun };
    let outcome = if finding.is_as_expected() { None } else { Some("refused") };
    journal.record(word(finding.heading(), |t| finding.text(experiment.name(), t), outcome));
    begun
}

/// A note across the diagram, in both languages.
fn word(title: &str, sentence: impl Fn(Texts) -> String, outcome: Option<&str>) -> Draft {
    let (ko, en) = (Texts::new(Locale::Ko), Texts::new(Locale::En));
    let mut draft =
        Draft::new(Kind::Event, Endpoint::Experiment, Lifeline::Browser, Lifeline::ResourceServer);
    draft.outcome = outcome.map(str::to_owned);
    draft.note = Some(Note {
        title_ko: ko.of(title).to_owned(),
        title_en: en.of(title).to_owned(),
        sentence_ko: sentence(ko),
        sentence_en: sentence(en),
    });
    draft
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_experiment_has_its_texts_in_both_languages() {
        let all = EXPERIMENTS.iter().chain(OTHER_CLIENTS);
        let names: BTreeSet<&str> = all.map(|experiment| experiment.name()).collect();
        assert_eq!(names.len(), EXPERIMENTS.len() + OTHER_CLIENTS.len());
        for locale in Locale::ALL {
            let t = Texts::new(*locale);
            for name in &names {
                for part in ["title", "what", "found"] {
                    assert!(t.find(&format!("experiment.{name}_{part}")).is_some(), "{locale} {name}_{part}");
                }
                for finding in Finding::samples() {
                    assert!(
                        !finding.text(name, t).contains(['{', '\u{FFFD}']),
                        "{locale} {name} {finding:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn everything_that_the_textbook_names_is_there() {
        for name in [
            "expired_access_token",
            "forged_access_token",
            "revoked_access_token",
            "dead_refresh_token",
            "replayed_code",
            "changed_redirect_uri",
            "wrong_secret",
            "dropped_scope",
            "disconnected",
            "foreign_access_token",
            "stolen_code",
            "late_code",
            "back_end",
        ] {
            assert!(find(name).is_some(), "{name}");
        }
        assert!(find("").is_none() && find("../x").is_none());
    }
}
