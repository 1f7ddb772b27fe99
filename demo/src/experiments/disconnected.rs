//! The person takes back at the provider what the service was given — the revocation feed, RFC 7009 §2.1.

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::timeout;

use super::{Experiment, Finding, Lab, Setback, Start, lab::ServiceCall};
use crate::flow::{Endpoint, Journal, message::Kind};

/// How long the person may take to press the button over there.
const PATIENCE: Duration = Duration::from_secs(300);

pub(super) struct Disconnected;

#[async_trait]
impl Experiment for Disconnected {
    fn name(&self) -> &'static str {
        "disconnected"
    }

    fn ends_session(&self) -> bool {
        true
    }

    async fn begin(&self, lab: &Lab) -> Result<Start, Setback> {
        lab.token().await?;
        let journal = lab.desk().stage().journal().clone();
        let seen = *journal.changes().borrow();
        let ready =
            async move { timeout(PATIENCE, disconnection(&journal, seen)).await.ok().flatten().map(drop) };
        Ok(Start::Later(Box::pin(ready), Finding::WaitingForPerson))
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        let journal = lab.desk().stage().journal();
        let pressed = last_disconnection(journal).unwrap_or_else(|| journal.now());
        Ok(match lab.as_the_service_once_refused().await? {
            ServiceCall::SignInAgain { refused_after: Some(_) } => {
                Finding::AsExpected(Some((journal.now() - pressed).max(1)))
            }
            // The access token was due for a refresh at that very moment: the refusal has been seen there.
            ServiceCall::SignInAgain { refused_after: None } => Finding::AsExpected(None),
            // Whoever has signed in again meanwhile has tokens that nobody has ended.
            ServiceCall::Served { .. } if signed_in_since(journal, pressed) => Finding::Overtaken,
            ServiceCall::Served { .. } | ServiceCall::Refused => Finding::Otherwise,
        })
    }
}

/// Waits until the authorization server has answered a disconnection after the message `seen`.
async fn disconnection(journal: &Journal, seen: u64) -> Option<u64> {
    let mut changes = journal.changes();
    loop {
        changes.borrow_and_update();
        let news = journal.after(seen);
        let found = news.iter().find(|message| {
            message.endpoint == Endpoint::Disconnect
                && message.kind == Kind::Response
                && message.status.is_some_and(|status| status < 400)
        });
        if let Some(message) = found {
            return Some(message.seq);
        }
        changes.changed().await.ok()?;
    }
}

/// When the last disconnection was answered, in Unix milliseconds.
fn last_disconnection(journal: &Journal) -> Option<i64> {
    let messages = journal.after(0);
    let found = messages
        .iter()
        .rev()
        .find(|message| message.endpoint == Endpoint::Disconnect && message.kind == Kind::Response);
    found.map(|message| message.time)
}

/// Whether the service has redeemed a code after this time, in Unix milliseconds.
fn signed_in_since(journal: &Journal, time: i64) -> bool {
    journal.after(0).iter().any(|message| {
        message.endpoint == Endpoint::Redemption
            && message.kind == Kind::Response
            && message.status.is_some_and(|status| status < 400)
            && message.time >= time
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::{Lifeline, message::Draft};

    fn answer(endpoint: Endpoint, status: u16) -> Draft {
        let mut draft =
            Draft::new(Kind::Response, endpoint, Lifeline::AuthorizationServer, Lifeline::Browser);
        draft.status = Some(status);
        draft
    }

    #[tokio::test]
    async fn only_a_disconnection_that_went_through_counts_and_only_a_later_one() {
        let journal = Journal::new(0);
        let seen = journal.record(answer(Endpoint::Disconnect, 303));
        journal.record(answer(Endpoint::Disconnect, 403));
        journal.record(answer(Endpoint::ServerPage, 200));
        let later = journal.clone();
        let (found, expected) = tokio::join!(disconnection(&journal, seen), async move {
            tokio::task::yield_now().await;
            later.record(answer(Endpoint::Disconnect, 303))
        });
        assert_eq!(found, Some(expected));
    }
}
