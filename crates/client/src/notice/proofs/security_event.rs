//! A security event token, signed with the provider's keys — RFC 8417 §2.

use std::collections::BTreeMap;

use mapae_protocol::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{event, proved, signed_part, told_once, younger_than};
use crate::{
    definition::NoticeRule,
    notice::{LATE, Notice, NoticeError, ProvedNotice},
    provider::Provider,
};

#[derive(Deserialize)]
struct Claims {
    iat: Timestamp,
    jti: String,
    events: BTreeMap<String, Value>,
}

/// It has no end; `jti` makes it work once.
pub(super) async fn signed_token(
    provider: &Provider,
    rule: &NoticeRule,
    notice: &Notice<'_>,
    now: Timestamp,
) -> Result<ProvedNotice, NoticeError> {
    let token = std::str::from_utf8(notice.body).map_err(|_| NoticeError::Malformed)?.trim();
    let claims = provider.security_event(token, now).await?;
    in_security_event(provider, rule, (token, claims), now)
}

pub(in crate::notice) fn in_security_event(
    provider: &Provider,
    rule: &NoticeRule,
    (token, claims): (&str, Map<String, Value>),
    now: Timestamp,
) -> Result<ProvedNotice, NoticeError> {
    let claims: Claims = serde_json::from_value(Value::Object(claims)).map_err(|_| NoticeError::Malformed)?;
    younger_than(LATE, claims.iat.unix(), now)?;
    let event = |(uri, details): (&String, &Value)| {
        let kind = *rule.kinds.get(uri)?;
        let subject = details.pointer("/subject/sub")?.as_str()?;
        let issuer = details.pointer("/subject/iss")?.as_str()?;
        provider.is_called(issuer).then(|| event(provider, subject, kind))
    };
    // What is not known is no mistake: providers invent new events.
    let events = claims.events.iter().filter_map(event).collect();
    Ok(told_once(claims.jti, proved(rule, events, signed_part(token))))
}
