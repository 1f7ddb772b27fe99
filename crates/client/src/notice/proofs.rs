//! How a notice is proved to be the provider's.

use std::{collections::BTreeMap, fmt::Write as _};

use aws_lc_rs::{
    cipher::{AES_128, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey},
    iv::FixedLength,
};
use http::header;
use mapae_protocol::{
    base64url,
    digest::{HmacKey, sha256},
    jose::HeaderType,
    params::{Limits, Params},
    secret::constant_time_eq,
    strict_json,
    time::{Seconds, Timestamp},
};
use md5::{Digest as _, Md5};
use serde::Deserialize;
use serde_json::{Map, Value};

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

/// For how long one signature may stand under two notices: whoever removes the app and asks for deletion does both at once.
const TWINS: Seconds = Seconds::minutes(2);

pub(super) async fn prove(
    provider: &Provider,
    rule: &NoticeRule,
    notice: &Notice<'_>,
    now: Timestamp,
) -> Result<ProvedNotice, NoticeError> {
    match rule.proof {
        NoticeProof::SharedHeader => shared_header(provider, rule, notice),
        NoticeProof::SignedToken => signed_token(provider, rule, notice, now).await,
        NoticeProof::SignedRequest => signed_request(provider, rule, notice, now),
        NoticeProof::Naver => naver(provider, rule, notice, now),
        NoticeProof::Apple => apple(provider, rule, notice, now).await,
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

/// Kakao: whoever knows the admin key is Kakao.
fn shared_header(
    provider: &Provider,
    rule: &NoticeRule,
    notice: &Notice<'_>,
) -> Result<ProvedNotice, NoticeError> {
    let mut given = notice.headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (given.next(), given.next()) else { return Err(NoticeError::Unproved) };
    let expected = format!("{}{}", rule.prefix, credential(provider, &rule.credential)?);
    if !constant_time_eq(only.as_bytes(), expected.as_bytes()) {
        return Err(NoticeError::Unproved);
    }
    let params = parameters(notice)?;
    for (parameter, name) in &rule.checks {
        if one(&params, parameter)? != credential(provider, name)? {
            return Err(NoticeError::Unproved);
        }
    }
    let subject = one(&params, &rule.subject)?;
    // Nothing is signed here: only who knows the credential can make this.
    about(provider, rule, subject, &HmacKey::new(expected.as_bytes()).sign(subject.as_bytes()))
}

#[derive(Deserialize)]
struct Claims {
    iat: Timestamp,
    jti: String,
    events: BTreeMap<String, Value>,
}

/// RFC 8417 §2: a security event token, signed with the provider's keys. It has no end; `jti` makes it work once.
async fn signed_token(
    provider: &Provider,
    rule: &NoticeRule,
    notice: &Notice<'_>,
    now: Timestamp,
) -> Result<ProvedNotice, NoticeError> {
    let token = std::str::from_utf8(notice.body).map_err(|_| NoticeError::Malformed)?.trim();
    let claims = provider.security_event(token, now).await?;
    in_security_event(provider, rule, (token, claims), now)
}

pub(super) fn in_security_event(
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

/// Apple: a token in JSON, signed with the keys of its ID tokens, whose `events` is JSON as a text. An ID token has none, so
/// it is no notice, and a notice has neither `sub` nor `nonce`, so it is no ID token.
async fn apple(
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

pub(super) fn in_apples_token(
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
    let events = rule.kinds.get(&event.kind).map(|kind| self::event(provider, &event.sub, *kind));
    Ok(told_once(claims.jti, proved(rule, events.into_iter().collect(), signed_part(payload))))
}

#[derive(Deserialize)]
struct Payload {
    algorithm: String,
    issued_at: i64,
    user_id: String,
}

/// Facebook: HMAC-SHA256 under the app's secret over the encoded payload.
fn signed_request(
    provider: &Provider,
    rule: &NoticeRule,
    notice: &Notice<'_>,
    now: Timestamp,
) -> Result<ProvedNotice, NoticeError> {
    let params = parameters(notice)?;
    let (signature, payload) =
        one(&params, "signed_request")?.split_once('.').ok_or(NoticeError::Malformed)?;
    let signature = base64url::decode(signature).map_err(|_| NoticeError::Malformed)?;
    if !HmacKey::new(secret(provider)?.as_bytes()).verify(payload.as_bytes(), &signature) {
        return Err(NoticeError::Unproved);
    }
    let payload = base64url::decode(payload).map_err(|_| NoticeError::Malformed)?;
    let members: Map<String, Value> =
        strict_json::parse_object(&payload, Limits::REQUEST.bytes).map_err(|_| NoticeError::Malformed)?;
    let payload: Payload = serde_json::from_value(members.into()).map_err(|_| NoticeError::Malformed)?;
    if payload.algorithm != "HMAC-SHA256" {
        return Err(NoticeError::Unproved);
    }
    fresh(payload.issued_at, now)?;
    let twin_until = Timestamp::from_unix(payload.issued_at).plus(TWINS);
    let proved = named(&signature, about(provider, rule, &payload.user_id, &signature)?);
    Ok(ProvedNotice { twin_until: Some(twin_until), ..proved })
}

/// Naver: HMAC-SHA256 over three parameters and AES-128-CBC over the person's id, both under the MD5 of the secret.
fn naver(
    provider: &Provider,
    rule: &NoticeRule,
    notice: &Notice<'_>,
    now: Timestamp,
) -> Result<ProvedNotice, NoticeError> {
    let params = parameters(notice)?;
    let (client_id, encrypted) = (one(&params, "clientId")?, one(&params, "encryptUniqueId")?);
    let timestamp = one(&params, "timestamp")?;
    let key: [u8; 16] = Md5::digest(secret(provider)?.as_bytes()).into();
    let signed = format!("clientId={client_id}&encryptUniqueId={encrypted}&timestamp={timestamp}");
    let signature = base64url::decode(one(&params, "signature")?).map_err(|_| NoticeError::Malformed)?;
    if !HmacKey::new(&key).verify(signed.as_bytes(), &signature) || client_id != provider.client_id() {
        return Err(NoticeError::Unproved);
    }
    fresh(timestamp.parse().map_err(|_| NoticeError::Malformed)?, now)?;
    let id = decrypt(&key, encrypted).ok_or(NoticeError::Malformed)?;
    Ok(named(&signature, about(provider, rule, &id, &signature)?))
}

fn decrypt(key: &[u8; 16], encrypted: &str) -> Option<String> {
    let bytes = base64url::decode(encrypted).ok()?;
    let (iv, text) = bytes.split_at_checked(16)?;
    let iv: [u8; 16] = iv.try_into().ok()?;
    let key = PaddedBlockDecryptingKey::cbc_pkcs7(UnboundCipherKey::new(&AES_128, key).ok()?).ok()?;
    let mut text = text.to_vec();
    let plain = key.decrypt(&mut text, DecryptionContext::Iv128(FixedLength::from(iv))).ok()?;
    String::from_utf8(plain.to_vec()).ok().filter(|id| !id.is_empty())
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
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::{ClientRegistration, Definition, ProviderSettings};

    const NOW: Timestamp = Timestamp::from_unix(1_793_000_000);

    fn provider(id: &str, client_id: &str, secret: &str) -> Provider {
        let registration = ClientRegistration::new(client_id, "https://app.example/callback")
            .with_secret(secret)
            .with_credential("admin_key", "admin")
            .with_credential("app_id", "1234");
        Provider::new(Definition::named(id).unwrap(), registration, ProviderSettings::new(id)).unwrap()
    }

    fn heard(provider: &Provider, name: &str, body: &str, now: i64) -> Result<Vec<(String, EventKind)>, u16> {
        let headers = HeaderMap::new();
        let notice = Notice { headers: &headers, query: None, body: body.as_bytes() };
        let rule = provider.definition().schema().notices.iter().find(|rule| rule.name == name).unwrap();
        let now = Timestamp::from_unix(now);
        let proved = match rule.proof {
            NoticeProof::SignedRequest => signed_request(provider, rule, &notice, now),
            _ => naver(provider, rule, &notice, now),
        };
        let events = proved.map_err(|error| error.status().as_u16())?.events;
        Ok(events.into_iter().map(|event| (event.person.subject().to_owned(), event.kind)).collect())
    }

    #[test]
    fn naver_the_documented_vector_and_everything_that_is_not_it() {
        let provider = provider("naver", "emuClient01", "emuSecret01");
        let id = "AAECAwQFBgcICQoLDA0ODz-Ycz2I-knxtG3KxhouHKo";
        let good = format!(
            "clientId=emuClient01&encryptUniqueId={id}&timestamp=1793000000&signature=ShQ5kLJotY0qanlQ0A3pFmJCmnOmijfhFf2xBxfu05w"
        );
        let hear = |body: &str, now| heard(&provider, "disconnect", body, now);
        assert_eq!(hear(&good, NOW.unix()), Ok(vec![("Nv-Emu_User0001".to_owned(), EventKind::Unlinked)]));
        assert_eq!(hear(&good, NOW.unix() + 3_601), Err(400), "an old one");
        assert_eq!(hear(&good, NOW.unix() - 61), Err(400), "from the future");
        assert_eq!(hear(&good.replace("1793000000", "1793000001"), NOW.unix()), Err(403));
        assert_eq!(hear(&good.replace("AAECAw", "AAECAx"), NOW.unix()), Err(403));
        assert_eq!(hear(&good.replace("emuClient01", "emuClient02"), NOW.unix()), Err(403));
        assert_eq!(hear(&good.replace("ShQ5", "ShQ6"), NOW.unix()), Err(403));
        assert_eq!(hear(&format!("{good}&clientId=emuClient01"), NOW.unix()), Err(400));
        assert_eq!(hear("", NOW.unix()), Err(400));
    }

    #[test]
    fn facebook_the_documented_vector_and_everything_that_is_not_it() {
        let provider = provider("facebook", "1020304050", "0123456789abcdef0123456789abcdef");
        let good = "signed_request=oFX6JArHK9kaOfpGqNS2KJ6P6-UDM6oUMnDM3qRUsHg.eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImlzc3VlZF9hdCI6MTc5MzAwMDAwMCwidXNlcl9pZCI6IjEwMjAzMDQwNTA2MDcwODAifQ";
        let hear = |name: &str, body: &str, now| heard(&provider, name, body, now);
        let unlinked = vec![("1020304050607080".to_owned(), EventKind::Unlinked)];
        assert_eq!(hear("deauthorize", good, NOW.unix()), Ok(unlinked));
        let deletion = vec![("1020304050607080".to_owned(), EventKind::DataDeletionRequested)];
        assert_eq!(hear("data_deletion", good, NOW.unix()), Ok(deletion));
        assert_eq!(hear("deauthorize", good, NOW.unix() + 3_601), Err(400));
        assert_eq!(hear("deauthorize", &good.replace("oFX6", "oFX7"), NOW.unix()), Err(403));
        assert_eq!(hear("deauthorize", "signed_request=x", NOW.unix()), Err(400));
        let stranger = self::provider("facebook", "1020304050", "another secret");
        assert_eq!(heard(&stranger, "deauthorize", good, NOW.unix()), Err(403));
    }

    #[test]
    fn lk_12_what_is_added_to_a_notice_makes_no_other_code() {
        let provider = provider("facebook", "1020304050", "secret");
        let rules = &provider.definition().schema().notices;
        let rule = rules.iter().find(|rule| rule.name == "data_deletion").unwrap();
        let signed = |person: &str| {
            let payload = serde_json::json!({
                "algorithm": "HMAC-SHA256", "issued_at": NOW.unix(), "user_id": person,
            });
            let payload = base64url::encode(payload.to_string());
            let signature = base64url::encode(HmacKey::new(b"secret").sign(payload.as_bytes()));
            format!("signed_request={signature}.{payload}")
        };
        let code = |query: Option<&str>, body: &str| {
            let notice = Notice { headers: &HeaderMap::new(), query, body: body.as_bytes() };
            signed_request(&provider, rule, &notice, NOW).unwrap().deletion_code.unwrap()
        };
        let (good, plain) = (signed("1"), code(None, &signed("1")));
        for (query, body) in [
            (Some("x=1"), good.clone()),
            (None, format!("{good}&x=1")),
            (None, format!("x=2&{good}")),
            (None, good.replace('.', "%2E")),
        ] {
            assert_eq!(code(query, &body), plain, "{body}");
        }
        assert_ne!(code(None, &signed("2")), plain);
    }

    #[test]
    fn facebook_the_algorithm_is_the_one_that_was_verified() {
        let provider = provider("facebook", "1020304050", "secret");
        let hear = |algorithm: &str| {
            let payload =
                serde_json::json!({ "algorithm": algorithm, "issued_at": NOW.unix(), "user_id": "1" });
            let payload = base64url::encode(payload.to_string());
            let signature = base64url::encode(HmacKey::new(b"secret").sign(payload.as_bytes()));
            heard(&provider, "deauthorize", &format!("signed_request={signature}.{payload}"), NOW.unix())
        };
        assert_eq!(hear("HMAC-SHA256"), Ok(vec![("1".to_owned(), EventKind::Unlinked)]));
        assert_eq!(hear("none"), Err(403));
    }

    #[test]
    fn kakao_whoever_does_not_know_the_admin_key_is_not_kakao() {
        let provider = provider("kakao", "rest-api-key", "secret");
        let rule = provider.definition().schema().notices.iter().find(|rule| rule.name == "unlink").unwrap();
        let hear = |authorization: &[&str], body: &str| {
            let headers: HeaderMap = authorization
                .iter()
                .map(|value| (header::AUTHORIZATION, http::HeaderValue::try_from(*value).unwrap()))
                .collect();
            let by_form = Notice { headers: &headers, query: None, body: body.as_bytes() };
            let by_address = Notice { headers: &headers, query: Some(body), body: b"" };
            let heard =
                |notice| shared_header(&provider, rule, &notice).map_err(|error| error.status().as_u16());
            let (first, second) = (heard(by_form), heard(by_address));
            assert_eq!(
                first.as_ref().map(|proved| &proved.events),
                second.as_ref().map(|proved| &proved.events)
            );
            first.map(|proved| proved.events.len())
        };
        let body = "app_id=1234&user_id=1376016924429759228&referrer_type=UNLINK_FROM_APPS";
        assert_eq!(hear(&["KakaoAK admin"], body), Ok(1));
        for wrong in
            [&[][..], &["KakaoAK "], &["KakaoAK admi"], &["admin"], &["KakaoAK admin", "KakaoAK admin"]]
        {
            assert_eq!(hear(wrong, body), Err(403), "{wrong:?}");
        }
        assert_eq!(hear(&["KakaoAK admin"], "app_id=9&user_id=1"), Err(403), "another app");
        assert_eq!(hear(&["KakaoAK admin"], "app_id=1234"), Err(400));
    }
}
