//! A token with less scope than the request needs — RFC 6749 §6, RFC 6750 §3.1.

use async_trait::async_trait;
use http::StatusCode;
use mapae_client::AccessToken;

use super::{Experiment, Finding, Lab, Setback};
use crate::{
    api::{READ, WRITE},
    flow::{Endpoint, Grant},
    site::Ask,
};

pub(super) struct DroppedScope;

#[async_trait]
impl Experiment for DroppedScope {
    fn name(&self) -> &'static str {
        "dropped_scope"
    }

    async fn run(&self, lab: &Lab) -> Result<Finding, Setback> {
        let token = lab.token().await?;
        let grant = lab.grant().await?;
        if !token.scopes().contains(WRITE) {
            // The person has refused it already: the token in use is narrow enough.
            return Ok(finding(write(lab, token.expose()).await?));
        }
        if !Lab::may_read(&token) {
            return Ok(Finding::Otherwise);
        }
        let narrow = narrowed(lab, &grant).await?;
        let status = match &narrow {
            Some(narrow) => Some(write(lab, narrow).await?),
            None => None,
        };
        give_back(lab, &token).await?;
        Ok(status.map_or(Finding::Otherwise, finding))
    }
}

/// A refresh may ask for less than was granted, never for more.
async fn narrowed(lab: &Lab, grant: &Grant) -> Result<Option<String>, Setback> {
    let refresh_token = grant.refresh_token.as_ref().ok_or(Setback::NothingOverheard)?;
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.expose().as_str()),
        ("scope", READ),
        ("resource", lab.desk().parts().resource.as_str()),
    ];
    let answer = lab.post(Endpoint::Refresh, &form).await?;
    Ok(answer.body.get("access_token").and_then(|token| token.as_str()).map(str::to_owned))
}

/// That refresh has used up the refresh token in the service's vault. For a few seconds its successor is given once
/// more to whoever presents the same token, as after a lost answer: that brings the vault up to date, with the full
/// scope.
async fn give_back(lab: &Lab, token: &AccessToken) -> Result<(), Setback> {
    lab.refreshed(token).await.map(drop)
}

async fn write(lab: &Lab, token: &str) -> Result<StatusCode, Setback> {
    let ask = Ask::Write { title: "scope".to_owned(), date: "2026-01-01".to_owned(), time: None };
    Ok(lab.call(&ask, token).await?.status)
}

fn finding(status: StatusCode) -> Finding {
    if status == StatusCode::FORBIDDEN { Finding::AsExpected(None) } else { Finding::Otherwise }
}
