//! A secret in the `Authorization` header (Kakao).

use http::header;
use mapae_protocol::{digest::HmacKey, secret::constant_time_eq};

use super::{about, credential, one, parameters};
use crate::{
    definition::NoticeRule,
    notice::{Notice, NoticeError, ProvedNotice},
    provider::Provider,
};

/// Whoever knows the admin key is Kakao.
pub(super) fn shared_header(
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

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::notice::proofs::provider;

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
