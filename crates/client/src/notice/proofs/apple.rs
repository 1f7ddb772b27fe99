//! A signed token in JSON, whose `events` is JSON once more (Apple).

use mapae_protocol::{jose::HeaderType, params::Limits, strict_json, time::Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{proved, signed_part, told_once, younger_than};
use crate::{
    definition::NoticeRule,
    notice::{LATE, Notice, NoticeError, ProvedNotice},
    provider::Provider,
};

#[derive(Deserialize)]
struct AppleClaims {
    iat: Timestamp,
    jti: String,
    events: String,
}

#[derive(Deserialize)]
struct AppleEvent {
    #[serde(rename = "type")]
    kind: String,
    sub: String,
}

/// It is signed with the keys of the ID tokens. An ID token has no `events`, so
/// it is no notice, and a notice has neither `sub` nor `nonce`, so it is no ID token.
pub(super) async fn apple(
    provider: &Provider,
    rule: &NoticeRule,
    notice: &Notice<'_>,
    now: Timestamp,
) -> Result<ProvedNotice, NoticeError> {
    let malformed = |_| NoticeError::Malformed;
    let body: Map<String, Value> =
        strict_json::parse_object(notice.body, Limits::REQUEST.bytes).map_err(malformed)?;
    let payload = body.get("payload").and_then(Value::as_str).ok_or(NoticeError::Malformed)?;
    let claims = provider.notice_token(payload, HeaderType::Jwt, now).await?;
    in_apples_token(provider, rule, (payload, claims), now)
}

pub(in crate::notice) fn in_apples_token(
    provider: &Provider,
    rule: &NoticeRule,
    (payload, claims): (&str, Map<String, Value>),
    now: Timestamp,
) -> Result<ProvedNotice, NoticeError> {
    let malformed = |_| NoticeError::Malformed;
    let claims: AppleClaims = serde_json::from_value(claims.into()).map_err(|_| NoticeError::Malformed)?;
    younger_than(LATE, claims.iat.unix(), now)?;
    let event: AppleEvent =
        strict_json::parse_object(claims.events.as_bytes(), Limits::REQUEST.bytes).map_err(malformed)?;
    let events = rule.kinds.get(&event.kind).map(|kind| super::event(provider, &event.sub, *kind));
    Ok(told_once(claims.jti, proved(rule, events.into_iter().collect(), signed_part(payload))))
}
