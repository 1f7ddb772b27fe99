//! How a notice is proved to be the provider's: one file for each proof.

mod apple;
mod naver;
mod security_event;
mod shared_header;
mod signed_request;

use std::fmt::Write as _;

use mapae_protocol::{
    base64url,
    digest::sha256,
    params::{Limits, Params},
    time::{Seconds, Timestamp},
};

pub(super) use apple::in_apples_token;
pub(super) use security_event::in_security_event;

use super::{AGE, EventKind, LATE, Notice, NoticeError, ProvedNotice, ProviderEvent};
use crate::{
    definition::{NoticeProof, NoticeRule},
    identity::EndUser,
    provider::Provider,
};

/// How long the code of a deletion is, in bytes.
const CODE_BYTES: usize = 12;

/// How far a provider's clock may be ahead.
const AHEAD: Seconds = Seconds::minutes(1);

pub(super) async fn prove(
    provider: &Provider,
    rule: &NoticeRule,
    notice: &Notice<'_>,
    now: Timestamp,
) -> Result<ProvedNotice, NoticeError> {
    match rule.proof {
        NoticeProof::SharedHeader => shared_header::shared_header(provider, rule, notice),
        NoticeProof::SignedToken => security_event::signed_token(provider, rule, notice, now).await,
        NoticeProof::SignedRequest => signed_request::signed_request(provider, rule, notice, now),
        NoticeProof::Naver => naver::naver(provider, rule, notice, now),
        NoticeProof::Apple => apple::apple(provider, rule, notice, now).await,
    }
}

/// Letters and digits that only who has the notice can know, made of what proves it and of nothing around that: whatever is
/// added to a notice, its code is the same.
fn code_of(proof: &[u8]) -> String {
    let said = [b"deletion\0", proof].concat();
    sha256(&said).iter().take(CODE_BYTES).fold(String::new(), |mut code, byte| {
        let _ = write!(code, "{byte:02x}");
        code
    })
}

fn fresh(made_at: i64, now: Timestamp) -> Result<(), NoticeError> {
    younger_than(AGE, made_at, now)
}

fn younger_than(age: Seconds, made_at: i64, now: Timestamp) -> Result<(), NoticeError> {
    let been = now.unix().saturating_sub(made_at);
    if (-AHEAD.get()..=age.get()).contains(&been) { Ok(()) } else { Err(NoticeError::Stale) }
}

fn about(
    provider: &Provider,
    rule: &NoticeRule,
    subject: &str,
    proof: &[u8],
) -> Result<ProvedNotice, NoticeError> {
    let kind = rule.kind.ok_or(NoticeError::Unknown)?;
    Ok(proved(rule, vec![event(provider, subject, kind)], proof))
}

/// What is signed with its time has the signature for a name: told again, it happens once.
fn named(signature: &[u8], proved: ProvedNotice) -> ProvedNotice {
    ProvedNotice { id: Some(base64url::encode(signature)), ..proved }
}

/// What has a name of its own is told until it was taken, and happens once.
fn told_once(jti: String, proved: ProvedNotice) -> ProvedNotice {
    ProvedNotice { id: Some(jti), known_for: LATE.and(AGE), ..proved }
}

fn proved(rule: &NoticeRule, events: Vec<ProviderEvent>, proof: &[u8]) -> ProvedNotice {
    let deletion_code = rule.deletion_page.as_ref().map(|_| code_of(proof));
    let known_for = AGE.and(AGE);
    ProvedNotice { events, id: None, known_for, twin_until: None, status: rule.status(), deletion_code }
}

/// What a token's signature covers. The signature itself can be written in more than one way.
fn signed_part(token: &str) -> &[u8] {
    token.rsplit_once('.').map_or(token, |(signed, _)| signed).as_bytes()
}

fn event(provider: &Provider, subject: &str, kind: EventKind) -> ProviderEvent {
    ProviderEvent { person: EndUser::new(provider.issuer().as_str(), subject), kind }
}

/// In the form, or where the app chose so (Kakao) in the address.
fn parameters(notice: &Notice<'_>) -> Result<Params, NoticeError> {
    let text = if notice.body.is_empty() { notice.query.unwrap_or_default().as_bytes() } else { notice.body };
    Params::parse(text, Limits::REQUEST).map_err(|_| NoticeError::Malformed)
}

fn one<'a>(params: &'a Params, name: &str) -> Result<&'a str, NoticeError> {
    params.one(name).ok().flatten().filter(|value| !value.is_empty()).ok_or(NoticeError::Malformed)
}

fn credential<'a>(provider: &'a Provider, name: &str) -> Result<&'a str, NoticeError> {
    let missing = || NoticeError::CredentialMissing(name.to_owned());
    provider.credential(name).filter(|value| !value.is_empty()).ok_or_else(missing)
}

fn secret(provider: &Provider) -> Result<&str, NoticeError> {
    credential(provider, "client_secret")
}

#[cfg(test)]
const NOW: Timestamp = Timestamp::from_unix(1_793_000_000);

#[cfg(test)]
fn provider(id: &str, client_id: &str, secret: &str) -> Provider {
    use crate::{ClientRegistration, Definition, ProviderSettings};
    let registration = ClientRegistration::new(client_id, "https://app.example/callback")
        .with_secret(secret)
        .with_credential("admin_key", "admin")
        .with_credential("app_id", "1234");
    Provider::new(Definition::named(id).unwrap(), registration, ProviderSettings::new(id)).unwrap()
}

#[cfg(test)]
fn heard(provider: &Provider, name: &str, body: &str, now: i64) -> Result<Vec<(String, EventKind)>, u16> {
    let headers = http::HeaderMap::new();
    let notice = Notice { headers: &headers, query: None, body: body.as_bytes() };
    let rule = provider.definition().schema().notices.iter().find(|rule| rule.name == name).unwrap();
    let now = Timestamp::from_unix(now);
    let proved = match rule.proof {
        NoticeProof::SignedRequest => signed_request::signed_request(provider, rule, &notice, now),
        NoticeProof::Naver => naver::naver(provider, rule, &notice, now),
        NoticeProof::SharedHeader | NoticeProof::SignedToken | NoticeProof::Apple => panic!("{name}"),
    };
    let events = proved.map_err(|error| error.status().as_u16())?.events;
    Ok(events.into_iter().map(|event| (event.person.subject().to_owned(), event.kind)).collect())
}
