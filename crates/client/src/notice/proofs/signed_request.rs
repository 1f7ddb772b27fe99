//! HMAC-SHA256 under the app's secret over an encoded payload: Facebook's `signed_request`.

use mapae_protocol::{
    base64url,
    digest::HmacKey,
    params::Limits,
    strict_json,
    time::{Seconds, Timestamp},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{about, fresh, named, one, parameters, secret};
use crate::{
    definition::NoticeRule,
    notice::{Notice, NoticeError, ProvedNotice},
    provider::Provider,
};

/// For how long one signature may stand under two notices: whoever removes the app and asks for deletion does both at once.
const TWINS: Seconds = Seconds::minutes(2);

#[derive(Deserialize)]
struct Payload {
    algorithm: String,
    issued_at: i64,
    user_id: String,
}

pub(super) fn signed_request(
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

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::notice::{
        EventKind,
        proofs::{NOW, heard, provider},
    };

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
}
