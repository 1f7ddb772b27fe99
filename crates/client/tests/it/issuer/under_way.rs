//! A refresh that the issuer has done and not answered.

use std::sync::Arc;

use mapae_client::{AccessError, AccessToken, EndUser};
use tokio::{sync::Semaphore, task::JoinHandle};

use super::{Behaviour, Issuer};
use crate::website::Website;

pub(crate) struct UnderWay {
    gate: Arc<Semaphore>,
    pub(crate) caller: JoinHandle<Result<AccessToken, AccessError>>,
}

impl UnderWay {
    /// Begins it, and waits until it has come to the issuer, which behaves like this.
    pub(crate) async fn begin(
        (website, issuer): (&Website, &Issuer),
        person: &EndUser,
        how: impl FnOnce(&mut Behaviour),
    ) -> Self {
        let gate = Arc::new(Semaphore::new(0));
        {
            let mut behaviour = issuer.behave();
            behaviour.gate = Some(Arc::clone(&gate));
            how(&mut behaviour);
        }
        let (client, person) = (website.client.clone(), person.clone());
        let caller = tokio::spawn(async move { client.access_token(&person).await });
        issuer.refresh_arrives().await;
        Self { gate, caller }
    }

    /// Has the issuer answer.
    pub(crate) fn answers(&self) {
        self.gate.add_permits(1);
    }

    /// The same; what the caller gets then.
    pub(crate) async fn answered(self) -> Result<AccessToken, AccessError> {
        self.answers();
        self.caller.await.unwrap()
    }
}
