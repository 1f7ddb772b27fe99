//! What another server answers, as it arrived.

use anyhow::{Context as _, anyhow};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use bytes::Bytes;

use crate::{
    crowd::{Script, Step},
    http::{Answer, Connection},
    scenario::{Scenario, Tokens},
    target::Target,
};

/// One answer, ready to be given again.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// One answer of each kind.
#[derive(Debug)]
pub(super) struct Samples {
    pub(super) discovery: Sample,
    pub(super) jwks: Sample,
    /// The redirect with a code.
    pub(super) authorize: Sample,
    /// The tokens of a machine.
    pub(super) machine: Sample,
    /// The tokens of a person.
    pub(super) person: Sample,
    /// What was pushed is kept.
    pub(super) pushed: Sample,
    /// The tokens of a person, bound to a key.
    pub(super) bound: Sample,
    pub(super) exchanged: Sample,
    pub(super) introspection: Sample,
    pub(super) userinfo: Sample,
}

impl Samples {
    /// Asks a server for everything once.
    ///
    /// # Errors
    /// When an answer is not the right one.
    pub(super) async fn of(target: &Target) -> anyhow::Result<Self> {
        let mut asking = Asking { target, connection: Connection::open(target.address).await? };
        let [authorize, person] = asking.all(Scenario::CodeFlow).await?;
        let [pushed, _, bound] = asking.all(Scenario::BoundFlow).await?;
        Ok(Self {
            discovery: asking.one(Scenario::Discovery).await?,
            jwks: asking.one(Scenario::Jwks).await?,
            authorize,
            machine: asking.one(Scenario::ClientCredentials).await?,
            person,
            pushed,
            bound,
            exchanged: asking.one(Scenario::TokenExchange).await?,
            introspection: asking.one(Scenario::IntrospectJwt).await?,
            userinfo: asking.one(Scenario::UserinfoJwt).await?,
        })
    }
}

struct Asking<'a> {
    target: &'a Target,
    connection: Connection,
}

impl Asking<'_> {
    async fn one(&mut self, scenario: Scenario) -> anyhow::Result<Sample> {
        let [sample] = self.all(scenario).await?;
        Ok(sample)
    }

    /// The last answers of a piece of work: before them, the server may want to be asked again.
    async fn all<const COUNT: usize>(&mut self, scenario: Scenario) -> anyhow::Result<[Sample; COUNT]> {
        let mut script = self.script(scenario).await?;
        let mut samples = Vec::new();
        loop {
            let (sample, step) = self.ask(&mut *script).await?;
            samples.push(sample);
            if step == Step::Done {
                break;
            }
        }
        let last = samples.split_off(samples.len().saturating_sub(COUNT));
        last.try_into().map_err(|_| anyhow!("the work took fewer requests than it has"))
    }

    async fn script(&self, scenario: Scenario) -> anyhow::Result<Box<dyn Script>> {
        let tokens = Tokens::made_by(self.target, scenario, 1).await?;
        tokens.offer_rest();
        scenario.scripts(self.target, &tokens, 1)?.pop().context("one script was wanted")
    }

    async fn ask(&mut self, script: &mut dyn Script) -> anyhow::Result<(Sample, Step)> {
        let mut request = Vec::new();
        script.request(&mut request);
        let answer = self.connection.exchange(&request).await?;
        let step = script.judge(&answer)?;
        Ok((Sample::of(&answer)?, step))
    }
}

impl Sample {
    fn of(answer: &Answer<'_>) -> anyhow::Result<Self> {
        let mut headers = HeaderMap::new();
        // What belongs to the connection is added to each answer.
        for (name, value) in answer.fields() {
            let name = HeaderName::try_from(name)?;
            if ![header::DATE, header::CONTENT_LENGTH, header::CONNECTION].contains(&name) {
                headers.append(name, HeaderValue::try_from(value)?);
            }
        }
        let status = StatusCode::from_u16(answer.status)?;
        Ok(Self { status, headers, body: Bytes::copy_from_slice(answer.body) })
    }
}
