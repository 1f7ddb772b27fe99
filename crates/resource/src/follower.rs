//! The task that follows the revocation feed (see [`mapae_protocol::revocation_feed`]).

use std::{sync::Arc, time::Duration};

use mapae_protocol::{
    endpoint_uri::EndpointUri,
    params,
    revocation_feed::{Cursor, FeedRequest, FeedResponse},
    time::Seconds,
};
use reqwest::{StatusCode, header};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{
    backoff::Backoff,
    health::Part,
    outbound::{self, PATIENCE},
    problem::{Asked, Problem},
    verifier::Verifier,
};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A server that does not hold requests open, or forgets its cursors, is asked no more often than this.
const SHORTEST_ROUND: Duration = Duration::from_millis(250);

/// Reads the feed from its beginning, then follows it by cursor. Ends only with the resource server.
pub(crate) async fn follow(verifier: Arc<Verifier>) {
    let mut follower = Follower { verifier, cursor: None, caught_up: false, largest: 0 };
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        let begun = Instant::now();
        let read = follower.read().await;
        follower.verifier.health.note(Part::Feed, read.as_ref().err().copied());
        match read {
            Ok(Round::News) => backoff.reset(),
            Ok(Round::Quiet) => {
                backoff.reset();
                sleep_until(begun + SHORTEST_ROUND).await;
            }
            Err(_) => {
                // Whatever happened meanwhile is to be known at once, not when the server lets go.
                follower.caught_up = false;
                sleep(backoff.pause()).await;
            }
        }
    }
}

struct Follower {
    verifier: Arc<Verifier>,
    cursor: Option<Cursor>,
    /// Whether everything was read, so that the next request may wait for news.
    caught_up: bool,
    /// The largest answer since the feed was last read to its end.
    largest: usize,
}

/// How a request ended.
enum Round {
    /// There may be more at once.
    News,
    /// There was nothing, or the server made us start over.
    Quiet,
}

impl Follower {
    /// One request and what follows from its answer.
    async fn read(&mut self) -> Result<Round, Problem> {
        let wait = if self.caught_up { self.longest_wait() } else { Seconds::ZERO };
        let request = FeedRequest { after: self.cursor.clone(), wait };
        let Some(FeedResponse { events, cursor, complete_since }) = self.ask(&request).await? else {
            // The server does not know the cursor any more. What is known stays known.
            self.cursor = None;
            self.caught_up = false;
            return Ok(Round::Quiet);
        };
        let (count, moved) = (events.len(), self.cursor.as_ref() != Some(&cursor));
        if count > 0 && !moved {
            return Err(Problem::Malformed(Asked::Feed));
        }
        let keys_withdrawn = events.iter().any(|event| event.handle.is_of_signing_key());
        self.verifier.dead.learn(events, complete_since);
        if keys_withdrawn {
            self.verifier.keys.renew();
        }
        self.cursor = Some(cursor);
        // How much fits into an answer is the server's affair. One that is smaller than another had room for more.
        self.caught_up = count == 0 || count < self.largest;
        self.largest = if self.caught_up { 0 } else { count };
        if self.caught_up {
            self.verifier.dead.heard(self.verifier.now());
        }
        let waited = request.wait > Seconds::ZERO;
        Ok(if count == 0 && waited { Round::Quiet } else { Round::News })
    }

    /// The answer; `None` for a cursor that is unknown there.
    async fn ask(&self, request: &FeedRequest) -> Result<Option<FeedResponse>, Problem> {
        let (client, settings) = (&self.verifier.client, &self.verifier.settings);
        let address = self.address().await?;
        let mut sent = client
            .post(address.as_str())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(params::encode(request.parameters()));
        if let Some(credential) = &settings.credential {
            sent = sent.header(header::AUTHORIZATION, credential.header());
        }
        let held = Duration::from_secs(u64::try_from(request.wait.get()).unwrap_or(0));
        let answer = outbound::exchange(sent, FeedResponse::MAX_BYTES, held + PATIENCE).await;
        let answer = answer.map_err(|why| Problem::NoAnswer(Asked::Feed, why))?;
        match answer.status {
            StatusCode::OK => {
                let response = FeedResponse::parse(&answer.body);
                response.map(Some).map_err(|_| Problem::Malformed(Asked::Feed))
            }
            StatusCode::BAD_REQUEST if request.after.is_some() => Ok(None),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Problem::Credential(Asked::Feed)),
            status => Err(Problem::Status(Asked::Feed, status.as_u16())),
        }
    }

    /// The feed's address, once the metadata is known.
    async fn address(&self) -> Result<EndpointUri, Problem> {
        let mut endpoints = self.verifier.endpoints.subscribe();
        let known = endpoints.wait_for(Option::is_some).await.map(|endpoints| endpoints.clone());
        known.ok().flatten().ok_or(Problem::NotOffered(Asked::Feed))?.feed
    }

    /// How long a request may be held open: two thirds of the silence that is believed, so that one lost answer
    /// is noticed and repeated in time.
    fn longest_wait(&self) -> Seconds {
        let two_thirds = self.verifier.settings.feed_max_age.as_secs().saturating_mul(2) / 3;
        let capped = u32::try_from(two_thirds).unwrap_or(u32::MAX).max(1);
        Seconds::seconds(capped).min(FeedRequest::LONGEST_WAIT)
    }
}
