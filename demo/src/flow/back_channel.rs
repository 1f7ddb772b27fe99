//! What the client and a provider, Mapae or another, say to each other, drawn from the client's own words.

use http::StatusCode;
use mapae_client::observe::{Exchange, Observer, Outcome, Purpose};
use serde_json::{Value, json};

use super::{
    Endpoint, Lifeline, Stage, mask,
    mask::Shown,
    message::{Draft, Kind, Parameter, Place},
    social,
};

/// Watches the back channel of a client: the demo's, or the authorization server where a provider signs people in for
/// it. Everything it is told is masked already.
#[derive(Clone, Debug)]
pub struct BackChannel {
    stage: Stage,
    caller: Lifeline,
    party: Lifeline,
    provider: Option<&'static str>,
}

impl BackChannel {
    /// Draws what is said to the authorization server, on this stage.
    #[must_use]
    pub fn new(stage: &Stage) -> Self {
        Self {
            stage: stage.clone(),
            caller: Lifeline::Client,
            party: Lifeline::AuthorizationServer,
            provider: None,
        }
    }

    /// Draws what is said to a social provider: `kakao`.
    #[must_use]
    pub fn to_provider(stage: &Stage, name: &str) -> Self {
        let provider = social::known(name);
        Self { stage: stage.clone(), caller: Lifeline::Client, party: Lifeline::Provider, provider }
    }

    /// Draws what the authorization server says to a social provider.
    #[must_use]
    pub fn of_broker(stage: &Stage, name: &str) -> Self {
        Self { caller: Lifeline::AuthorizationServer, ..Self::to_provider(stage, name) }
    }

    fn draft(&self, kind: Kind, purpose: Purpose) -> Draft {
        let (from, to) = match kind {
            Kind::Response => (self.party, self.caller),
            Kind::Request | Kind::Event => (self.caller, self.party),
        };
        let mut draft = Draft::new(kind, Endpoint::of_purpose(purpose), from, to);
        draft.provider = self.provider;
        draft.noise = is_noise(purpose);
        draft
    }
}

impl Observer for BackChannel {
    fn exchanged(&self, exchange: &Exchange) {
        let asked = request(self.draft(Kind::Request, exchange.purpose), exchange);
        let request = self.stage.journal().record(asked);
        let answered = response(self.draft(Kind::Response, exchange.purpose), exchange, request);
        self.stage.journal().record(answered);
    }
}

fn request(mut draft: Draft, exchange: &Exchange) -> Draft {
    draft.method = Some(exchange.method.clone());
    draft.address = Some(mask::address(&exchange.url));
    let parameters = exchange.parameters.iter();
    draft.parameters =
        parameters.map(|(name, value)| Parameter::shown(Place::Form, name, mask::observed(value))).collect();
    draft.headers = headers(&exchange.headers);
    draft.ago = exchange.milliseconds;
    draft
}

fn response(mut draft: Draft, exchange: &Exchange, request: u64) -> Draft {
    draft.answers = Some(request);
    match &exchange.outcome {
        Outcome::Answered { status, headers: answered, body } => {
            draft.status = Some(*status);
            draft.headers = headers(answered);
            draft.body = (!body.is_null()).then(|| shortened(exchange.purpose, body));
            draft.outcome = refusal(*status, body);
        }
        Outcome::Failed { reason } => {
            draft.body = Some(json!({ "reason": reason }));
            draft.outcome = Some("failed".to_owned());
        }
    }
    draft
}

/// Metadata and keys are fetched once and kept: they are not part of any one login.
const fn is_noise(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Discovery | Purpose::Keys)
}

fn headers(pairs: &[(String, String)]) -> Vec<(String, Shown)> {
    pairs.iter().map(|(name, value)| (name.clone(), mask::observed(value))).collect()
}

fn refusal(status: u16, body: &Value) -> Option<String> {
    let status = StatusCode::from_u16(status).unwrap_or_default();
    if status.is_server_error() {
        return Some("failed".to_owned());
    }
    let error = body.get("error").and_then(Value::as_str);
    status.is_client_error().then(|| error.unwrap_or("refused").to_owned())
}

/// Metadata is long; what it says is worth seeing all the same.
fn shortened(purpose: Purpose, body: &Value) -> Value {
    let keep = |name: &str| name.ends_with("_endpoint") || name.ends_with("_uri") || name == "issuer";
    match (purpose, body) {
        (Purpose::Discovery, Value::Object(members)) => {
            let kept = members.iter().filter(|(name, _)| keep(name));
            Value::Object(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
        }
        _ => body.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exchange_is_two_arrows() {
        let stage = Stage::new();
        let exchange = Exchange {
            purpose: Purpose::Refresh,
            method: "POST".to_owned(),
            url: "http://localhost:9000/token".to_owned(),
            headers: vec![("authorization".to_owned(), "Basic ***".to_owned())],
            parameters: vec![("refresh_token".to_owned(), "***ab12".to_owned())],
            outcome: Outcome::Answered {
                status: 400,
                headers: Vec::new(),
                body: json!({"error": "invalid_grant"}),
            },
            milliseconds: 12,
        };
        BackChannel::new(&stage).exchanged(&exchange);
        let messages = stage.journal().after(0);
        assert_eq!(messages.len(), 2);
        assert_eq!((messages[1].answers, messages[1].status), (Some(1), Some(400)));
        assert_eq!(messages[0].story, messages[1].story);
        let curl = messages[0].curl.as_deref().unwrap();
        assert!(curl.contains("refresh_token=\"$REFRESH_TOKEN\"") && !curl.contains("ab12"), "{curl}");
    }
}
